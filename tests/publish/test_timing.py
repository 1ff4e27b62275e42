"""The time to publish by: our clock's while it agrees with the store's, else the store's; never early, not late either."""

from datetime import timedelta

import pytest

from presstime.errors import WrongClock
from presstime.publish.timing import Timing
from presstime.stores.memory import Bucket, MemoryStore
from tests.kit import START


class Clocks:
    """True time, which sleeping lets pass; the store tells it in whole seconds, and ours is wrong by `error` seconds."""

    def __init__(self, error: float) -> None:
        self.true, self.error = START, timedelta(seconds=error)
        store = MemoryStore(Bucket(lambda: self.true.replace(microsecond=0)))
        self.timing = Timing(store, lambda: self.true + self.error, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)


@pytest.mark.parametrize("error", [-25, -5, -0.4, 0, 0.4, 5, 25])
def test_a_clock_that_is_some_seconds_wrong_is_made_good(error: float) -> None:
    """What is due in 40 s goes out then, to the second that the store tells, whatever our clock says."""
    clocks, due = Clocks(error), START + timedelta(seconds=40, milliseconds=300)
    clocks.timing.wait_until(due)
    late = (clocks.true - due).total_seconds()
    assert -0.5 <= late <= 1.2
    assert error != 0 or 0 <= late < 0.01


@pytest.mark.parametrize("error", [-31, 31])
def test_a_clock_that_is_too_wrong_ends_the_wait(error: float) -> None:
    """Beyond half a minute nobody knows which of the two is right."""
    with pytest.raises(WrongClock, match="31 s"):
        Clocks(error).timing.wait_until(START + timedelta(seconds=40))
