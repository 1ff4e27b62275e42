"""What front matter is made of: values that know where they stand."""

import re
from collections.abc import Callable
from typing import Any

from presstime.model import Json
from presstime.problems import Place

MAX_DEPTH = 10
MAX_NODES = 5_000
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # neither a tab nor the end of a line


class Node:
    """A value and its mark; for a value of a mapping also the mark of its key. A mark is whatever the loader's `where`
    turns into a place, so that places cost nothing until there is a problem.

    `value` is a str, None, a list of nodes or a dict of nodes; from TOML also a bool, an int or a float."""

    __slots__ = ("key", "mark", "value")

    def __init__(self, value: Any, mark: Any, key: Any) -> None:
        self.value = value
        self.mark = mark
        self.key = key

    def plain(self) -> Json:
        """The value without its places, as JSON."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        return self.value


class FrontMatter:
    """The keys of a file's front matter. `kind` is `yaml` or `toml`."""

    __slots__ = ("keys", "kind", "where")

    def __init__(self, kind: str, keys: dict[str, Node], where: Callable[[Any], Place]) -> None:
        self.kind = kind
        self.keys = keys
        self.where = where
