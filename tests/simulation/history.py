"""What happened, in order: every effect and every point that a worker passed, with the simulated time."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from presstime.model import Json, canonical


class Line(NamedTuple):
    """One thing that happened at `at` (microseconds) to `who` (a process, or "" for the outside).

    The kinds: `point` (a worker passed an instrumented point), `sleep`, `crash`, `pause`, `start`, `pass`, `clock`; `stored`
    (an object was created), `call` (a send began: its fence has just been passed), `change` (an edit or a takedown likewise), `accepted` (the network took it),
    `answer` (what the worker got), `late` (a request went on by itself after its sender was told that it was lost)."""

    n: int  # the line's number: what came before what, also within one instant
    at: int
    who: str
    kind: str
    what: str
    data: Json = None


class History:
    """The lines of one run."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(self, at: int, who: str, kind: str, what: str, data: Json = None) -> None:
        self.lines.append(Line(len(self.lines), at, who, kind, what, data))

    def of(self, *kinds: str) -> Iterator[Line]:
        return (line for line in self.lines if line.kind in kinds)

    def digest(self) -> str:
        """SHA-256 over all of it: equal for equal runs, byte for byte."""
        whole = hashlib.sha256()
        for line in self.lines:
            whole.update(canonical(list(line)) + b"\n")
        return whole.hexdigest()

    def __str__(self) -> str:
        start = self.lines[0].at if self.lines else 0
        return "\n".join(
            f"{(line.at - start) / 1e6:14.6f}  {line.who:10} {line.kind:9} {line.what}"
            + ("" if line.data is None else f"  {line.data}")
            for line in self.lines
        )
