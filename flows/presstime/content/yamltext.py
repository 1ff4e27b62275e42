"""YAML front matter, read event by event: strings and places, and nothing that could surprise.

YAML's own typing is never asked: `no`, `9:30`, `0x1F` and `2026-01-01` stay the strings they look like, and each key's own
type reads them later. Anchors, aliases, tags, merge keys and duplicate keys are refused: what they do is not visible in a
review. Reading events, not nodes, keeps the depth off the stack and the size in bounds while it is read.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import yaml

from presstime.content import yamllines
from presstime.content.nodes import CONTROL, MAX_DEPTH, MAX_NODES, Node
from presstime.problems import Problems, shorten

_Scalar, _End = yaml.ScalarEvent, yaml.StreamEndEvent
_Opening = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_Closing = (yaml.MappingEndEvent, yaml.SequenceEndEvent)

_HINTS = {
    "mapping values are not allowed": 'A value that holds a colon and a blank needs quotes: title: "One: two".',
    "cannot start any token": "A value must not begin with a tab, @, ` or %: put it in quotes.",
    "found unexpected end of stream": "A quote or a bracket is opened and never closed.",
    "did not find expected key": "Check the indentation, and that quotes inside of quotes are doubled.",
    "control characters": "Remove the invisible character.",
}
TOO_DEEP = ("too-deep", f"the front matter is nested more than {MAX_DEPTH} deep", "Make it flatter.")


def _parser() -> Callable[[str], Any]:
    """libyaml's parser where it is installed: the same events, many times faster."""
    try:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs do not name it
    except ImportError:
        return yaml.BaseLoader
    return CParser


_new_parser = _parser()


class _StopError(Exception):
    """There is no use in reading on; the problem is noted."""


def parse(text: str, problems: Problems[Any]) -> dict[str, Node]:
    """The keys of a YAML mapping. What is wrong is noted in `problems`, whose marks are PyYAML's."""
    try:
        return _Reader(problems).read(_new_parser(text).get_event)
    except _StopError:
        return {}
    except yaml.YAMLError as error:
        _syntax(error, text, problems)
    except (ValueError, OverflowError):  # the pure Python parser on an impossible \\U escape
        problems.error(
            None, "yaml-syntax", "the front matter holds an impossible escape", "Check what follows the backslashes."
        )
    return {}


class _Reader:
    """Builds nodes out of events. `_stack` holds the open containers, `_key` the key that waits for its value."""

    def __init__(self, problems: Problems[Any]) -> None:
        self._problems = problems
        self._left = MAX_NODES
        self._stack: list[tuple[Any, Any]] = []  # the enclosing container and the key it waits with
        self._container: Any = None
        self._key: Any = None  # the event of the key
        self._root: dict[str, Node] | None = None

    def read(self, next_event: Callable[[], Any]) -> dict[str, Node]:
        while True:
            event = next_event()
            kind = type(event)
            if kind is _Scalar:
                self._scalar(event)
            elif kind in _Opening:
                self._open(event, [] if kind is yaml.SequenceStartEvent else {})
            elif kind in _Closing:
                self._container, self._key = self._stack.pop()
            elif kind is yaml.AliasEvent:
                self._refuse_alias(event)
            elif kind is yaml.DocumentStartEvent and self._root is not None:
                self._stop(event.start_mark, "yaml-documents", "a second YAML document begins", "Remove the line.")
            elif kind is _End:
                return self._root or {}

    def _scalar(self, event: Any) -> None:
        value = event.value
        if event.anchor is not None or event.tag is not None:
            self._refuse_property(event)
        if not value.isprintable() and CONTROL.search(value):
            self._problems.error(
                event.start_mark, "control-character", "a value holds an invisible control character", "Remove it."
            )
        container = self._container
        if container is None:
            self._not_a_mapping(event, value)
        elif self._key is None and type(container) is dict:
            self._key = event
        else:
            self._put(Node(None if event.implicit[0] and value in yamllines.NULLS else value, event.start_mark, None))

    def _put(self, node: Node) -> None:
        self._left -= 1
        if self._left < 0:
            self._stop(
                node.mark, "too-many-values", f"the front matter holds over {MAX_NODES} values", "Make it smaller."
            )
        container = self._container
        if type(container) is list:
            container.append(node)
            return
        key, self._key = self._key, None
        name = key.value
        if name in container:
            self._refuse_duplicate(key, container[name])
        elif name == "<<" and key.implicit[0]:
            self._problems.error(key.start_mark, "yaml-merge", "merge keys (<<) are not read", "Write the keys out.")
        else:
            node.key = key.start_mark
            container[name] = node

    def _open(self, event: Any, container: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_property(event)
        if len(self._stack) >= MAX_DEPTH:
            self._stop(event.start_mark, *TOO_DEEP)
        if self._container is None:
            if type(container) is not dict:
                self._not_a_mapping(event, "a list")
            self._root = container
        elif self._key is None and type(self._container) is dict:
            self._stop(
                event.start_mark,
                "yaml-key",
                "a key is itself a list or a mapping",
                "Write keys as plain words, values in quotes.",
            )
        else:
            self._put(Node(container, event.start_mark, None))
        self._stack.append((self._container, self._key))
        self._container, self._key = container, None

    def _refuse_alias(self, event: Any) -> None:
        self._problems.error(
            event.start_mark, "yaml-alias", f"*{event.anchor} stands for a value elsewhere", "Write the value out here."
        )
        if self._container is None or (self._key is None and type(self._container) is dict):
            raise _StopError
        self._put(Node(None, event.start_mark, None))

    def _refuse_property(self, event: Any) -> None:
        if event.anchor is not None:
            advice = "Remove it, or quote the value if it begins with &."
            self._problems.error(
                event.start_mark, "yaml-anchor", f"&{event.anchor} marks a value for use elsewhere", advice
            )
        if event.tag is not None:
            advice = "Remove it, or quote the value if it begins with !."
            self._problems.error(event.start_mark, "yaml-tag", f"the tag {shorten(event.tag)} is not read", advice)

    def _refuse_duplicate(self, key: Any, first: Node) -> None:
        line = self._problems.where(first.key)[0]
        message = f"{shorten(key.value)} stands twice: first in line {line}"
        self._problems.error(key.start_mark, "duplicate-key", message, "Remove one of them.")

    def _not_a_mapping(self, event: Any, value: str) -> None:
        if event.start_mark is not None and not (type(event) is _Scalar and value == "" and event.implicit[0]):
            self._stop(
                event.start_mark,
                "not-a-mapping",
                "the front matter holds no keys",
                "Write lines such as: title: My post",
            )

    def _stop(self, mark: Any, code: str, message: str, advice: str) -> NoReturn:
        self._problems.error(mark, code, message, advice)
        raise _StopError


def _syntax(error: yaml.YAMLError, text: str, problems: Problems[Any]) -> None:
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None and isinstance(getattr(error, "position", None), int):
        mark = _Mark(text, error.position)  # type: ignore[attr-defined]
    if "nesting depth" in said:  # libyaml's own limit, which it comes to before we see an event
        problems.error(mark, *TOO_DEEP)
        return
    advice = next((hint for words, hint in _HINTS.items() if words in said), "Check the YAML at this place.")
    problems.error(mark, "yaml-syntax", f"this is not YAML: {said}", advice)


class _Mark:
    """The place of a character, for an error that tells only its position (libyaml counts bytes there)."""

    def __init__(self, text: str, position: int) -> None:
        self.index = len(text.encode("utf-8", "replace")[:position].decode("utf-8", "ignore"))
