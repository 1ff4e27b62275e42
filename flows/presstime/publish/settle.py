"""Settling: find out whether a send whose answer was lost took effect, as far as the network lets anybody find out.

The five classes are data in `Traits`; nothing here asks a network's name."""

from dataclasses import dataclass, replace
from datetime import timedelta

from presstime.errors import Unsupported
from presstime.ledger.claims import LEASE_SECONDS, ClaimHandle
from presstime.model import Accepted, Deferred, Intent, Outcome, Receipt, Refused, Settling, Unknown
from presstime.networks.base import Adapter, Order
from presstime.publish.fence import fenced
from presstime.publish.retry import RetryRule, send_patiently
from presstime.publish.timing import Timing

RESENDS_MAX = 3  # sends of one delivery, after which even a channel that chose `resend` gets a person


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of settling. A `receipt`: it is out. An `outcome`: the network answered otherwise. Neither: it was not
    found, or cannot be looked for; then `review` (a person decides) or `resend` (the channel chose to send again)."""

    how: str
    receipt: Receipt | None = None
    outcome: Outcome | None = None
    review: bool = False
    resend: bool = False


def settle(
    adapter: Adapter, order: Order, held: ClaimHandle, on_unknown: str, timing: Timing, rule: RetryRule
) -> Settlement | None:
    """Find out what became of the announced send. None: its sender has told the log meanwhile, nothing is in doubt.

    Raises `NetworkError` if the network cannot be asked now, `ClaimLost` if another worker has taken over, `WrongClock` if
    this machine cannot tell the time any more."""
    traits, intent = adapter.traits, held.doubt()
    if intent is None:
        return None
    if traits.settling is Settling.NATURAL:
        return _same_again(adapter, order, held, "the same object was sent again", timing, rule)
    if traits.settling is Settling.CONTAINER:
        return _published_or_again(adapter, order, held, timing, rule)
    left = _window_left(traits.key_window.total_seconds(), intent, timing)
    if traits.settling is Settling.KEYED and left > 0:
        within = replace(rule, seconds=min(rule.seconds, left))
        return _same_again(adapter, order, held, "sent again under the same idempotency key", timing, within)
    if traits.can_find:
        may_resend = on_unknown == "resend" and held.state.attempts < RESENDS_MAX
        return _look(adapter, order, may_resend, timing, intent, held.announced)
    doubt = f"{held.state.reason.rstrip('.')}. " if held.state.reason else ""  # which may say where to look
    return Settlement(f"{doubt}{traits.title} offers no way to find out; look at the channel", review=True)


def _same_again(
    adapter: Adapter, order: Order, held: ClaimHandle, how: str, timing: Timing, rule: RetryRule
) -> Settlement:
    """The network itself makes sure that the same order twice is one post."""

    outcome = send_patiently(
        lambda: fenced(lambda: adapter.send(order), held, timing), rule, timing, again_if=(Deferred, Unknown)
    )
    if isinstance(outcome, Accepted):
        return Settlement(how, receipt=outcome.receipt)
    return Settlement(how, outcome=outcome)


def _published_or_again(
    adapter: Adapter, order: Order, held: ClaimHandle, timing: Timing, rule: RetryRule
) -> Settlement | None:
    """Ask what became of the container that was to be published. While it can still be, publishing it again makes no second
    post; a new one is never made while this one is in doubt."""
    found = adapter.find(order)
    how = "the container's own status"
    if isinstance(found, Receipt):
        return Settlement(how, receipt=found)
    if isinstance(found, Refused):
        return Settlement(how, outcome=found)
    return _same_again(adapter, order, held, "the same container was published again", timing, rule)


def _look(adapter: Adapter, order: Order, may_resend: bool, timing: Timing, intent: Intent, own: bool) -> Settlement:
    """Read own posts back, not before the network shows what it accepted.

    Our own send ended just now, however long after its intent it began. Another worker's began before its claim ran out."""
    now = timing.store.now()
    sent_by = now if own else min(now, intent.at + timedelta(seconds=LEASE_SECONDS))
    timing.wait_for(sent_by + adapter.traits.visible_after - now)
    try:
        found = adapter.find(order)
    except Unsupported as error:
        return Settlement(error.message, review=True)
    how = "found among the channel's own posts"
    if isinstance(found, Refused):
        return Settlement(how, outcome=found)
    if found is not None:
        return Settlement(how, receipt=found)
    if may_resend:
        return Settlement("not found among the channel's own posts; sent again, as the channel chose", resend=True)
    return Settlement("not found among the channel's own posts; look at the channel", review=True)


def _window_left(seconds: float, intent: Intent, timing: Timing) -> float:
    """Seconds for which the network still honours the key, with a tenth of the window to spare."""
    return 0.9 * seconds - (timing.store.now() - intent.at).total_seconds()
