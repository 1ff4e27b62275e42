"""What one process sends at one instant: all of it is claimed ahead of the instant, then all of it is sent, and only then do the log and
Prefect hear of it.

To send takes two milliseconds of a processor, to tell of it ten times that. Otherwise the first that are through would keep the processor
from those behind them, and every receipt would be an entry of its own in the log, one after the other. Of a few deliveries nothing waits
noticeably."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from presstime.publish.timing import LATENCY

# What one more takes to be claimed, or sent, where several processes are at it on two cores.
EACH = timedelta(milliseconds=20)
AHEAD_MAX = timedelta(seconds=10)
TOGETHER = timedelta(seconds=1)  # at most, for which a receipt waits for the others' before it is written down
PATIENCE = timedelta(seconds=2)  # at most, for which all else waits then


@dataclass
class _Burst:
    left: int = 0  # that have no answer yet
    size: int = 0
    looked: bool = False


@dataclass
class Bursts:
    """The deliveries of a process that have no answer yet, by their instant. Threads share it."""

    each: timedelta = EACH
    together: timedelta = TOGETHER
    patience: timedelta = PATIENCE
    _of: dict[datetime, _Burst] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def joined(self, instant: datetime) -> "Iterator[Part]":
        """As long as the block lasts, or until it has its answer, a delivery is one of those that are due at `instant`."""
        with self._changed:
            burst = self._of.setdefault(instant, _Burst())
            burst.left += 1
            burst.size += 1
        part = Part(self, instant)
        try:
            yield part
        finally:
            part.leave()

    def ahead(self, instant: datetime) -> timedelta:
        """How much earlier than one alone they have to be claimed, for all to be by the instant; nothing for one alone."""
        burst = self._of.get(instant)
        return min(AHEAD_MAX, self.each * (burst.size - 1)) if burst else timedelta(0)

    def looks(self, instant: datetime) -> bool:
        """Whether it is the caller who looks once more, for all of them, whether somebody has stopped them: true once, and only where
        they were claimed so early that somebody may have."""
        with self._changed:
            burst = self._of.get(instant)
            if burst is None or burst.looked or self.ahead(instant) < LATENCY:
                return False
            burst.looked = True
            return True

    def leave(self, instant: datetime) -> None:
        with self._changed:
            burst = self._of[instant]
            burst.left -= 1
            if not burst.left:
                del self._of[instant]
                self._changed.notify_all()

    def wait(self, instant: datetime) -> None:
        """Until all that are due at `instant` have an answer; as long as their number is worth, and no longer than `patience`."""
        self._wait(instant, self.patience)

    def answered(self, instant: datetime) -> None:
        """One is sent: let the others be, before anything is told of it; no longer than `together`."""
        self.leave(instant)
        self._wait(instant, self.together)

    def _wait(self, instant: datetime, most: timedelta) -> None:
        with self._changed:
            if burst := self._of.get(instant):
                seconds = min(most, self.each * burst.size).total_seconds()
                self._changed.wait_for(lambda: self._of.get(instant) is not burst, seconds)


@dataclass
class Part:
    """One delivery's place among those of its instant."""

    bursts: Bursts
    instant: datetime
    over: bool = False

    def ahead(self) -> timedelta:
        return self.bursts.ahead(self.instant)

    def looks(self) -> bool:
        return self.bursts.looks(self.instant)

    def leave(self) -> None:
        if not self.over:
            self.over = True
            self.bursts.leave(self.instant)

    def answered(self) -> None:
        if not self.over:
            self.over = True
            self.bursts.answered(self.instant)
