"""The front matter that nearly all posts have, read without a YAML parser: lines of `key: value` and lists of words.

Only what YAML reads in one way is read here; at the first line that could be anything else, all of it goes to the parser.
It is there for speed (a third of the time that libyaml's events take), and a test holds it to the parser's own reading.
"""

import re
from typing import Any

from presstime.content.nodes import Node
from presstime.problems import Place

MAX_TEXT = 8192  # characters; more is no usual front matter
NULLS = frozenset(("", "~", "null", "Null", "NULL"))

# A key at the line's start; then nothing, a quoted text without escapes, a list of plain words, or a plain text that
# begins with a letter or a digit. `[^\W_]` is a letter or digit of any script.
_LINE = re.compile(
    r"""([A-Za-z][A-Za-z0-9_-]*):
        (?:\ +(?: ("[^"\\]*"|'[^']*') | \[([^\W_][\w./-]*(?:,\ ?[^\W_][\w./-]*)*)\] | ([^\W_].*?) ))?\ *""",
    re.VERBOSE,
)


def load(text: str) -> dict[str, Node] | None:
    """The keys, with (line, column) counted from 0 as marks; None if the parser has to read it."""
    lines = text.split("\n")
    if len(text) > MAX_TEXT or not "".join(lines).isprintable():
        return None
    found: dict[str, Node] = {}
    for number, line in enumerate(lines):
        match = _LINE.fullmatch(line)
        if match is None:
            if line:
                return None
            continue
        key, quoted, words, plain = match.groups()
        column = match.start(match.lastindex)  # type: ignore[arg-type]  # the key's group is always there
        if plain is not None:
            if ": " in plain or " #" in plain or plain[-1] == ":":
                return None
            value: object = None if plain in NULLS else plain
        elif quoted is not None:
            value = quoted[1:-1]
        elif words is not None:
            value, column = _words(words, number, column), column - 1
        else:
            value, column = None, len(key) + 1
        if key in found:
            return None
        found[key] = Node(value, (number, column), (number, 0))
    return found


def _words(words: str, number: int, column: int) -> list[Node]:
    nodes = []
    for word in words.split(","):
        bare = word.lstrip(" ")
        at = column + len(word) - len(bare)
        nodes.append(Node(None if bare in NULLS else bare, (number, at), None))
        column += len(word) + 1
    return nodes


class Marks:
    """Turns marks, those of `load` and the parser's, into places of the file. Lines are counted here: YAML takes U+2028 and others for the end of one, and
    editors do not. Front matter begins in line 2, after the `---`."""

    def __init__(self, text: str) -> None:
        self._text = text

    def where(self, mark: Any) -> Place:
        if mark is None:
            return 1, 1
        if type(mark) is tuple:  # of `load`
            return mark[0] + 2, mark[1] + 1
        at: int = mark.index
        return self._text.count("\n", 0, at) + 2, at - self._text.rfind("\n", 0, at)
