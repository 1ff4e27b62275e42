"""TOML front matter as nodes. tomllib types the values and refuses duplicates; dates become the strings they stand for."""

from datetime import date, datetime, time
from math import isfinite
from typing import Any

from presstime.content.nodes import CONTROL, MAX_DEPTH, MAX_NODES, Node
from presstime.problems import Problems
from presstime.settings import toml


class TomlMarks:
    """Turns paths of keys into places, scanning the source when first asked. A place itself stays as it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: dict[toml.Path, tuple[int, int]] | None = None

    def where(self, mark: Any) -> tuple[int, int]:
        if isinstance(mark, _At):
            return mark.place
        if self._places is None:
            self._places = toml.places(self._text)
        while mark and mark not in self._places:
            mark = mark[:-1]
        return self._places.get(mark, (1, 1))


class _At:
    """The mark of a syntax error, whose place tomllib knows."""

    def __init__(self, place: tuple[int, int]) -> None:
        self.place = place


def load(text: str, problems: Problems[Any]) -> dict[str, Node]:
    """The keys of a TOML document. What is wrong is noted in `problems`, whose marks are paths of keys."""
    try:
        values = toml.load(text)
    except toml.TomlError as error:
        advice = "Mend the TOML at this place: texts need quotes, and no key may stand twice."
        problems.error(_At(error.place), "toml-syntax", f"this is not TOML: {error}", advice)
        return {}
    builder = _Builder(problems)
    return {key: builder.node(value, (key,)) for key, value in values.items()}


class _Builder:
    def __init__(self, problems: Problems[Any]) -> None:
        self._problems = problems
        self._left = MAX_NODES

    def node(self, value: Any, path: toml.Path) -> Node:
        return Node(self._value(value, path), path, path)

    def _value(self, value: Any, path: toml.Path) -> Any:
        self._left -= 1
        if len(path) >= MAX_DEPTH and isinstance(value, (list, dict)):
            self._problems.error(
                path, "too-deep", f"the front matter is nested more than {MAX_DEPTH} deep", "Make it flatter."
            )
            return None
        if self._left <= 0:
            if self._left == 0:
                message = f"the front matter holds over {MAX_NODES} values"
                self._problems.error(path, "too-many-values", message, "Make it smaller.")
            return None
        if isinstance(value, list):
            return [self.node(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.node(item, (*path, key)) for key, item in value.items()}
        return self._leaf(value, path)

    def _leaf(self, value: Any, path: toml.Path) -> Any:
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, float) and not isfinite(value):
            self._problems.error(path, "bad-value", "a number must be finite", "Write a number.")
        if isinstance(value, str) and not value.isprintable() and CONTROL.search(value):
            self._problems.error(
                path, "control-character", "a value holds an invisible control character", "Remove it."
            )
        return value
