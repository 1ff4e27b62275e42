"""Collecting problems: each with its place, all of them before anything is said."""

from collections.abc import Callable, Iterable
from typing import Generic, Literal, TypeVar

from presstime.model import Problem

Place = tuple[int, int]  # line and column, both from 1
Mark = TypeVar("Mark")  # what a reader remembers of a place until somebody asks


class Problems(Generic[Mark]):
    """The problems of one file. `where` turns a reader's mark into a place; it is asked only when there is a problem."""

    def __init__(self, path: str, where: Callable[[Mark], Place]) -> None:
        self.path = path
        self.found: list[Problem] = []
        self.where = where

    def error(self, mark: Mark, code: str, message: str, advice: str) -> None:
        self._add(mark, "error", code, message, advice)

    def warning(self, mark: Mark, code: str, message: str, advice: str) -> None:
        self._add(mark, "warning", code, message, advice)

    def _add(self, mark: Mark, severity: Literal["error", "warning"], code: str, message: str, advice: str) -> None:
        line, column = self.where(mark)
        self.found.append(Problem(self.path, line, column, severity, code, message, advice))

    @property
    def failed(self) -> bool:
        return any(p.severity == "error" for p in self.found)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if any is like it. Case does not count."""
    import difflib  # only a mistake needs it

    spellings = {k.lower(): k for k in known}
    close = difflib.get_close_matches(name.lower(), spellings, n=1, cutoff=0.6)
    return spellings[close[0]] if close else None


def suggest(name: str, known: Iterable[str], what: str) -> str:
    """Advice for a name that is not known: the nearest one, or the whole list if nothing is near."""
    names = sorted(known)
    close = nearest(name, names)
    if close:
        return f"Did you mean {close!r}?"
    return f"Known {what}: {', '.join(names[:40])}." if names else f"There are no {what} yet."


def shorten(value: object, limit: int = 60) -> str:
    """A value as a message quotes it: not longer than one can read."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}...{text[0] if text[0] in chr(34) + chr(39) else ''}"
