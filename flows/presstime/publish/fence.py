"""The last look before a request that readers will see, and the request."""

from collections.abc import Callable

from presstime.ledger.claims import ClaimHandle
from presstime.model import Outcome
from presstime.publish.timing import Timing


def fenced(request: Callable[[], Outcome], held: ClaimHandle, timing: Timing) -> Outcome:
    """Make the request, if the clock is still right and the claim still ours: both may have changed since the last time we
    looked.

    Raises `WrongClock` or `ClaimLost`, and then nothing was sent. What happens between the look and the request leaving
    this machine is the gap that no lease can close."""
    timing.check_skew()
    held.fence()
    return request()
