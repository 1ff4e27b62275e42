"""TOML with places: tomllib reads the values, a scan of the source finds the line and column of every key.

tomllib tells where a syntax error is, but not where a value stood. The scan is made only when somebody asks.
"""

import contextlib
import re
from typing import Any

from presstime.problems import Place

Path = tuple[str | int, ...]  # keys, and indexes into arrays
MAX_PARTS = 32  # parts of one dotted key; tomllib takes time in the square of it

_SPACE = re.compile(r"[ \t]*")
_TRIVIA = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"""(?:"{0,2})'
    r"|'''(?:[^']|'{1,2}(?!'))*'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
)
_PLAIN = re.compile(r"[^,\]}#\n]+")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class TomlError(ValueError):
    """The source is not TOML. `place` is where tomllib stopped."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


def load(text: str) -> dict[str, Any]:
    """The values of a TOML document. Raises `TomlError` for whatever is wrong with it."""
    import tomllib

    if text.count(".") > MAX_PARTS:
        places(text)  # refuses a long key before tomllib meets it
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlError("it is nested too deep", (1, 1)) from None
    except ValueError as error:  # TOMLDecodeError, or an int of thousands of digits
        raise TomlError(_AT.sub("", str(error)), _place_in(str(error), text)) from None


def _place_in(message: str, text: str) -> Place:
    match = _AT.search(message)
    if match and match[1]:
        return int(match[1]), int(match[2])
    lines = text.rstrip().split("\n")
    return (len(lines), len(lines[-1]) + 1) if match else (1, 1)


def places(text: str) -> dict[Path, Place]:
    """Where each key of a TOML document stands. Of a document with a syntax error, the keys before it.

    Raises `TomlError` for a key of more than MAX_PARTS parts."""
    scanner = _Scanner(text)
    with contextlib.suppress(_LostError):
        scanner.document()
    return scanner.found


class _LostError(Exception):
    """The source is not as TOML says; tomllib has the message."""


class _Scanner:
    """Walks the statements of a document. It checks nothing that tomllib checks, so it accepts more than tomllib."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, Place] = {}
        self._tables: dict[Path, int] = {}  # arrays of tables, with the number of tables so far
        self._line = 1
        self._start = 0  # of the line

    def document(self) -> None:
        table: Path = ()
        while True:
            self._skip(_TRIVIA)
            if self.at == len(self.text):
                return
            if self._take("[["):
                table = self._header(array=True)
            elif self._take("["):
                table = self._header(array=False)
            else:
                self._pair(table, 0)

    def _header(self, array: bool) -> Path:
        begin = self.at - 1 - array
        path: Path = ()
        keys = self._key()
        for index, key in enumerate(keys):
            path = (*path, key)
            if array and index == len(keys) - 1:
                self._tables[path] = self._tables.get(path, 0) + 1
            self._mark(path, begin)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        self._mark(path, begin)
        self._want("]]" if array else "]")
        return path

    def _pair(self, table: Path, depth: int) -> None:
        begin = self.at
        path = table
        for key in self._key():
            path = (*path, key)
            self._mark(path, begin)
        self._want("=")
        self._skip(_SPACE)
        self._value(path, depth)

    def _key(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            keys.append(self._word())
            self._skip(_SPACE)
            if not self._take("."):
                return keys
            if len(keys) == MAX_PARTS:
                raise TomlError(f"a key has more than {MAX_PARTS} parts", (self.text.count("\n", 0, self.at) + 1, 1))

    def _word(self) -> str:
        bare = self._skip(_BARE)
        if bare:
            return bare
        quoted = self._skip(_STRING)
        if not quoted:
            raise _LostError
        return _unquoted(quoted)

    def _value(self, path: Path, depth: int) -> None:
        if depth > MAX_PARTS:
            raise _LostError
        if self._take("["):
            self._array(path, depth + 1)
        elif self._take("{"):
            self._inline_table(path, depth + 1)
        elif not (self._skip(_STRING) or self._skip(_PLAIN)):
            raise _LostError

    def _array(self, path: Path, depth: int) -> None:
        index = 0
        while True:
            self._skip(_TRIVIA)
            if self._take("]"):
                return
            self._mark((*path, index), self.at)
            self._value((*path, index), depth)
            self._skip(_TRIVIA)
            self._take(",")
            index += 1

    def _inline_table(self, path: Path, depth: int) -> None:
        while True:
            self._skip(_TRIVIA)
            if self._take("}"):
                return
            self._pair(path, depth)
            self._skip(_TRIVIA)
            self._take(",")

    def _mark(self, path: Path, at: int) -> None:
        """Remember where `path` stands, the first time. Marks come in the order of the source."""
        if path in self.found:
            return
        lines = self.text.count("\n", self._start, at)
        if lines:
            self._line += lines
            self._start = self.text.rindex("\n", self._start, at) + 1
        self.found[path] = (self._line, at - self._start + 1)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def _take(self, mark: str) -> bool:
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def _want(self, mark: str) -> None:
        if not self._take(mark):
            raise _LostError


def _unquoted(key: str) -> str:
    import tomllib

    try:
        value: str = tomllib.loads(f"k = {key}")["k"]
    except ValueError:
        raise _LostError from None
    return value
