"""What one rendering of a template may take: turns, and the weight of everything it makes."""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from time import thread_time
from typing import Any

MAX_STEPS = (
    20_000  # turns of loops, calls, operators; and one for each 8 items or 1,024 characters handled. One more for
)
# each 16 characters of the post's own, so that 64 handlings of it cost no more than those of a short one
MAX_TEXT = 64 * 1024  # characters that a template adds to what the post itself says
MAX_BITS = 4096  # of a number
MAX_SECONDS = (
    1.0  # of a processor's time, and one more for each PACE characters of the post's own; a usual template takes 5 ms
)
PACE = 50_000


class Spent(Exception):
    """A template took more than its budget."""


class Budget:
    """Counts down. No value that a template makes may weigh more than `text`: its characters, and one for each item. Steps
    are the same on every machine; time is there for what one step may hide, and ends only what would run on and on."""

    def __init__(self, size: int) -> None:
        """`size`: characters of the post's own."""
        self.steps = self.allowed = MAX_STEPS + size // 16
        self.text = MAX_TEXT + size
        self.until = thread_time() + MAX_SECONDS + size / PACE

    def step(self, count: int = 1) -> None:
        self.steps -= count
        if self.steps < 0:
            raise Spent(f"it takes more than {self.allowed} steps")
        self.turn()

    def turn(self) -> None:
        if thread_time() > self.until:
            raise Spent("it takes too long")

    def room(self, size: int) -> None:
        """Check, before it is made, a text or list of that size."""
        if size > self.text:
            raise Spent(f"it makes more than {self.text} characters")
        self.step(1 + size // 1024)

    def hold(self, value: Any) -> Any:
        """Check a value with everything in it, as often as it is in it: a list of lists can be far larger than it looks."""
        if isinstance(value, str):
            self.room(len(value))
            return value
        items, characters, waiting = 0, 0, [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Mapping):
                waiting += [*one.keys(), *one.values()]
            elif isinstance(one, list | tuple):
                waiting += one
            items += 1
            characters += len(one) if isinstance(one, str) else 0
            if max(items + characters, len(waiting)) > self.text:
                raise Spent(f"it makes more than {self.text} characters")
        self.step(1 + items // 8 + characters // 1024)
        return value

    def all(self, values: Iterable[Any]) -> list[Any]:
        """The values of something that makes them one by one, checked as they come."""
        kept, weight = [], 0
        for value in values:
            weight += 1 + (len(value) if isinstance(value, str) else 0)
            if weight > self.text:
                raise Spent(f"it makes more than {self.text} characters")
            kept.append(value)
        return kept


current: ContextVar[Budget] = ContextVar("budget")
