"""Splitting a Markdown file into its front matter and its body."""

import re
from collections.abc import Callable
from typing import Any

from presstime.content import tomltext, yamllines
from presstime.content.nodes import FrontMatter
from presstime.errors import ContentError
from presstime.model import Problem
from presstime.problems import Place, Problems

MAX_SIZE = 64 * 1024  # bytes of front matter
_OPENING = re.compile(r"(---|\+\+\+)[ \t]*(?:\r?\n|\Z)")
_CLOSING = {  # YAML may also end with `...`, which Jekyll reads
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*\r?(?:\n|\Z)", re.MULTILINE),
}


def split(source: bytes, path: str) -> tuple[FrontMatter, str, int]:
    """The front matter, the body with its line ends as `\\n`, and the line (from 1) on which the body begins.

    Raises `ContentError` with every problem of the front matter, and nothing else, for any bytes."""
    text = _decode(source, path)
    opening = _OPENING.match(text)
    if opening is None:
        advice = "Begin the file with a line ---, then lines such as title: My post, then another line ---."
        raise _one(path, 1, "no-front-matter", "there is no front matter", advice)
    fence = opening[1]
    closing = _CLOSING[fence].search(text, opening.end())
    if closing is None:
        raise _one(
            path,
            1,
            "no-closing-line",
            f"the front matter has no end: a second line {fence} is missing",
            f"Add a line {fence} before the text.",
        )
    front = text[opening.end() : closing.start()]
    if len(front) > MAX_SIZE // 4 and len(front.encode()) > MAX_SIZE:
        raise _one(
            path,
            1,
            "too-large",
            f"the front matter is larger than {MAX_SIZE // 1024} KiB",
            "Move what is text into the body.",
        )
    keys = _yaml(front, path) if fence == "---" else _toml(front, path)
    body = text[closing.end() :]
    if "\r" in body:
        body = body.replace("\r\n", "\n").replace("\r", "\n")
    return keys, body, text.count("\n", 0, closing.end()) + 1


def _decode(source: bytes, path: str) -> str:
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig", "replace")) + 1
        problem = (
            before.count(b"\n") + 1,
            column,
            "error",
            "not-utf-8",
            "the file is not UTF-8 text",
            "Save it as UTF-8.",
        )
        raise ContentError([Problem(path, *problem)]) from None  # type: ignore[arg-type]  # a tuple of literals


def _one(path: str, line: int, code: str, message: str, advice: str) -> ContentError:
    return ContentError([Problem(path, line, 1, "error", code, message, advice)])


def _yaml(front: str, path: str) -> FrontMatter:
    where = yamllines.Marks(front).where
    problems = Problems(path, where)
    keys = yamllines.load(front)
    if keys is None:
        from presstime.content import yamltext  # most posts need no parser, and it takes long to import

        keys = yamltext.parse(front, problems)
    return _checked("yaml", keys, problems, where)


def _toml(front: str, path: str) -> FrontMatter:
    marks = tomltext.TomlMarks(front)

    def where(mark: Any) -> Place:
        line, column = marks.where(mark) if mark is not None else (0, 1)
        return line + 1, column

    problems = Problems(path, where)
    return _checked("toml", tomltext.load(front, problems), problems, where)


def _checked(kind: str, keys: Any, problems: Problems[Any], where: Callable[[Any], Place]) -> FrontMatter:
    if problems.found:
        raise ContentError(problems.found)
    return FrontMatter(kind, keys, where)
