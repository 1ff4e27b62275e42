"""Where in a post's file something stands that was noticed later, when the file had become a post."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from presstime.content.frontmatter import split
from presstime.content.keys import sort_keys
from presstime.content.nodes import Node
from presstime.problems import Place, Problems

SAID = ("title", "summary", "tags", "media", "channels")  # the keys whose texts are said


class Hit(Protocol):
    def start(self) -> int: ...


Search = Callable[[str], Iterator[Hit]]


class Places(NamedTuple):
    """A post's file, taken apart once more. It was sound before: nothing is raised."""

    keys: dict[str, Node]
    where: Callable[[Any], Place]
    lines: list[str]  # of the whole file
    body: str
    first: int  # the line on which the body begins

    @classmethod
    def of(cls, source: bytes) -> "Places":
        front, body, first = split(source, "")
        keys, _ = sort_keys(front, Problems("", front.where))
        text = source.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        return cls(keys, front.where, text.split("\n"), body, first)

    def of_key(self, name: str) -> Place:
        """Where the value of a key stands; the top if the file has no such key."""
        node = self.keys.get(name)
        return self.where(node.mark) if node is not None else (1, 1)

    def of_words(self, search: Search) -> list[Place]:
        """Where what `search` finds in a text stands in what the post says, from top to bottom."""
        nodes = [self.keys[name] for name in SAID if name in self.keys]
        front = [
            self._within(node, search) for top in nodes for node in _texts(top) if any(True for _ in search(node.value))
        ]
        body = [self._in_body(hit.start()) for hit in search(self.body)]
        return sorted(dict.fromkeys([*front, *body]))

    def _in_body(self, at: int) -> Place:
        return self.first + self.body.count("\n", 0, at), at - self.body.rfind("\n", 0, at)

    def _within(self, node: Node, search: Search) -> Place:
        """The first place in a value, or where the value begins, if it is not written as it is read."""
        line, column = self.where(node.mark)
        for number in range(line, self.first - 1):
            begin = column - 1 if number == line else 0
            for hit in search(self.lines[number - 1][begin:]):
                return number, begin + hit.start() + 1
        return line, column


def _texts(node: Node) -> Iterator[Node]:
    """The texts of a value, itself or inside of it."""
    inner = node.value if type(node.value) is list else node.value.values() if type(node.value) is dict else ()
    if type(node.value) is str:
        yield node
    for item in inner:
        yield from _texts(item)
