"""When to send: never early, on a clock that does not jump, and not at all on a clock that is wrong."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from presstime.clock import elapsed, now
from presstime.errors import WrongClock
from presstime.stores.base import Store

SKEW_MAX = timedelta(seconds=30)
# How far our clock may be from the store's, as we know it, and both be right: the store tells whole seconds, and later.
AGREES = (timedelta(seconds=-0.5), timedelta(seconds=1.5))
LATENCY = timedelta(seconds=1)  # the store's, allowed for between the intent in the log and the send
NAP_SECONDS = 0.5  # a long wait looks at the clock this often, so that a correction of the clock is followed


@dataclass(frozen=True, slots=True)
class Timing:
    """This machine's clock (kept right by NTP, finer than S3's whole seconds), checked against the store's."""

    store: Store
    now: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = elapsed
    jitter: Callable[[float, float], float] = random.uniform

    def check_skew(self) -> None:
        """Raises `WrongClock` when this machine's clock and the store's are more than 30 s apart."""
        skew = self.now() - self.store.now()
        if abs(skew) > SKEW_MAX:
            raise WrongClock(
                f"this machine's clock is {abs(skew).total_seconds():.0f} s {'ahead of' if skew > timedelta(0) else 'behind'} "
                f"the store's ({self.store.name}); nothing is published on a clock that is wrong",
                "Set the clock (NTP) on this machine, or on the S3 server if it is your own.",
            )

    def time(self) -> datetime:
        """The time to publish by: our clock's, which is finer, as long as it agrees with the store's; else the store's."""
        ours, theirs = self.now(), self.store.now()
        return ours if AGREES[0] <= ours - theirs <= AGREES[1] else theirs

    def wait_for(self, span: timedelta) -> None:
        """Let a span of time pass, whatever happens to the clock."""
        if span > timedelta(0):
            self.sleep(span.total_seconds())

    def wait_until(self, instant: datetime, ahead: Callable[[], timedelta] = timedelta) -> None:
        """Return at `instant`, less what `ahead` says by then, or just after it, never before. A clock that is some seconds wrong is
        made good by the store's, to the second that it tells. Raises `WrongClock` if ours is too wrong, or becomes so meanwhile."""
        while (left := (instant - ahead() - self.time()).total_seconds()) > 0:
            self.check_skew()
            self.sleep(min(left, NAP_SECONDS))
