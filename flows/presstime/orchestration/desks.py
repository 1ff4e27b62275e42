"""The desks of a process: one for each content root, however many flows and tasks work at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from presstime.wire import Desk, open_desk

DESKS: dict[str, Desk] = {}


@contextmanager
def desk_at(root: str) -> Iterator[Desk]:
    """The desk of a content root: the one this process has open already, or a new one for the length of the block."""
    if root in DESKS:
        yield DESKS[root]
        return
    with open_desk(Path(root)) as desk:
        DESKS[root] = desk
        try:
            yield desk
        finally:
            del DESKS[root]
