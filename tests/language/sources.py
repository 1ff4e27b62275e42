"""Every sentence in the source that a person may meet, as the catalog names it: read from the syntax tree, not from a run.

A sentence is a literal with words: an f-string with all its pieces, implicit concatenation included. A piece that is one of two
texts (`'s' if n > 1 else ''`) makes two sentences. What stands where no person reads it is left out, by the rules below.
"""

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "flows" / "presstime"
FIELD = re.compile(r"\{([^{}:!]*)(?::([a-z]+))?\}")
VALUE = "\0"  # what stands for a field while a text is judged
WORD = r"[^\W\d_]{2,}"
PROSE = re.compile(rf"{WORD}\b.* .*{WORD}")  # a text is a sentence from two words on
WORDS = re.compile(rf"(?:^|[\s(`]){WORD}[,.:;)]?(?=$|\s)")  # beside values one word is enough
# What twins of vendors say and stores in memory, for tests; what is written down as evidence.
SILENT = ("sandbox/", "stores/memory.py")
UNREAD_CALLS = {"TypeError", "NotImplementedError", "AssertionError", "cast", "TypeVar", "_re", "execute", "compile"}
LOGGERS = re.compile(r"\b(?:log|logger|logging)\b", re.IGNORECASE)
PROGRAM = re.compile(
    r"^\s*(?:SELECT|INSERT|DELETE|UPDATE|CREATE|PRAGMA|BEGIN|https?://|<|presstime/|\[newsroom\]|---\n)"  # SQL, HTML, files
    r"|[\\^]|= \?|%s|\{\{ |\{% |^[\w-]+(?:,[\w-]+)+$"
)


@dataclass(frozen=True)
class Source:
    """One sentence: its shape (`there is no time zone {}`), and where it stands."""

    shape: str
    file: str
    line: int = field(compare=False, default=0)


def shape_of(text: str) -> str:
    """A message id without the names and kinds of its fields, and without its last full stop."""
    shape = FIELD.sub("{}", text)
    return shape[:-1] if shape.endswith(".") and not shape.endswith("..") else shape


def sentences() -> list[Source]:
    """All of them, in the order of files."""
    found: dict[Source, Source] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE).as_posix()
        if not path.startswith(SILENT):
            for source in _of(path, ast.parse(file.read_text())):
                found.setdefault(source, source)
    return list(found)


def _of(path: str, tree: ast.Module) -> Iterator[Source]:
    yield from _helps(path, tree) if path.startswith("cli/") else ()
    for node, inner in _literals(tree):
        for text in _texts(node):
            if PROGRAM.search(text):
                continue
            for line in text.split("\n"):
                bare = line.strip()
                if (WORDS if inner or VALUE in text else PROSE).search(bare):
                    yield Source(shape_of(bare.replace(VALUE, "{}")), path, node.lineno)


def _helps(path: str, tree: ast.Module) -> Iterator[Source]:
    """The paragraphs of what a verb says of itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            re.search("command|group", ast.unparse(d)) for d in node.decorator_list
        ):
            for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                yield Source(shape_of(" ".join(paragraph.split())), path, node.lineno)


def _literals(tree: ast.Module) -> Iterator[tuple[ast.expr, bool]]:
    """Every text literal outside of docstrings, types, patterns and the log; and whether it is a piece within another one."""
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, inner = stack.pop()
        if isinstance(node, ast.JoinedStr):
            yield node, inner
            stack += [(v.value, True) for v in node.values if isinstance(v, ast.FormattedValue) and not _arms(v.value)]
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node, False
        elif not _unread(node):
            unread = {id(getattr(node, name, None)) for name in ("annotation", "returns")}
            kept = node.values if isinstance(node, ast.Dict) else ast.iter_child_nodes(node)  # keys are for programs
            stack += [(child, inner) for child in kept if id(child) not in unread]


def _unread(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    if isinstance(node, ast.Attribute) and node.attr == "split":
        return True  # a list of words
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    return (
        name in UNREAD_CALLS
        or owner in ("re", "regex")
        or bool(LOGGERS.search(owner) and name in ("info", "warning", "error"))
    )


def _arms(node: ast.expr) -> list[ast.expr]:
    """The two texts of a piece that is one of two texts."""
    if isinstance(node, ast.IfExp):
        arms = [node.body, node.orelse]
        if all(
            isinstance(a, ast.JoinedStr) or (isinstance(a, ast.Constant) and isinstance(a.value, str)) for a in arms
        ):
            return arms
    return []


def _texts(node: ast.expr) -> Iterator[str]:
    """A literal with VALUE for each field; several where a piece is one of two texts."""
    if isinstance(node, ast.Constant):
        yield FIELD.sub(VALUE, node.value)
        return
    assert isinstance(node, ast.JoinedStr)
    pieces: list[list[str]] = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            pieces.append([value.value])
        elif isinstance(value, ast.FormattedValue):
            pieces.append([text for arm in _arms(value.value) for text in _texts(arm)] or [VALUE])
    yield from map("".join, itertools.product(*pieces))
