"""The last look before a send, and the send."""

from presstime.ledger.claims import ClaimHandle
from presstime.model import Outcome
from presstime.networks.base import Adapter, Order
from presstime.publish.timing import Timing


def send_fenced(adapter: Adapter, order: Order, held: ClaimHandle, timing: Timing) -> Outcome:
    """Send, if the clock is still right and the claim still ours: both may have changed since the last time we looked.

    Raises `WrongClock` or `ClaimLost`, and then nothing was sent. What happens between the look and the request leaving
    this machine is the gap that no lease can close."""
    timing.check_skew()
    held.fence()
    return adapter.send(order)
