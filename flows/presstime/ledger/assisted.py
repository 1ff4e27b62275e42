"""What a person posts: the steps of a delivery on an assisted channel, in the log.

It is handed over instead of being claimed: what is on the network then is up to a person, whom no lease can hold to a time. So
once it was handed over no worker claims it any more, and only that person's word (`done`) says that it is out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from presstime.errors import UsageError
from presstime.ledger.claims import ENDED, held_by_another, step
from presstime.ledger.log import Ledger, View
from presstime.model import Delivery, DeliveryState, Event, Json, Receipt, Status, to_iso
from presstime.pauses import UNHELD, Subject


def hand_over(
    ledger: Ledger,
    delivery: Delivery,
    digest: str,
    clock: Callable[[], datetime],
    until: datetime | None,
    subject: Subject = UNHELD,
) -> bool:
    """Record that `digest` is the person's to post, of use until `until`. False: it is theirs already, not to be posted
    any more, or paused.

    Raises `StoreError` where the log cannot be written."""

    def propose(view: View) -> Sequence[Event]:
        state = view(delivery)
        if not _can_be_handed(state, digest, ledger) or subject.held_by(view.pauses(), ledger.store.now()):
            return ()
        assert state is not None  # noqa: S101 - _can_be_handed says so
        told: Mapping[str, Json] = {"digest": digest, "until": until and to_iso(until), "origin": dict(state.origin)}
        return [step("handed", delivery, clock, epoch=state.epoch + 1, worker=ledger.writer, run=ledger.run, **told)]

    return bool(ledger.append(propose))


def _can_be_handed(state: DeliveryState | None, digest: str, ledger: Ledger) -> bool:
    if state is None or state.status in ENDED or state.begun or state.digest != digest:
        return False
    if state.status is Status.HANDED and state.sent_digest == digest:
        return False
    return not held_by_another(state, ledger.store.now(), ledger.writer, ledger.is_gone)


def done_by_hand(
    ledger: Ledger, delivery: Delivery, clock: Callable[[], datetime], who: str, addresses: Sequence[str]
) -> bool:
    """Record where a person posted it, message by message; the words are taken to be those last handed over. That it was
    missed, held or dropped meanwhile changes nothing: it is out. False: the log says just that already.

    Raises `UsageError` where it was never handed over or is said to be elsewhere; nothing is written then."""

    def propose(view: View) -> Sequence[Event]:
        state = _handed_before(view(delivery), delivery)
        if state.receipts:
            return _said_before(state, addresses)
        by = {"by": who, "digest": state.sent_digest}
        receipts = [Receipt(url, url, {"by": who}).to_json() for url in addresses]
        told = [step("accepted", delivery, clock, segment=n, receipt=r, **by) for n, r in enumerate(receipts)]
        return [*told, step("published", delivery, clock, url=addresses[0])]

    return bool(ledger.append(propose))


def _handed_before(state: DeliveryState | None, delivery: Delivery) -> DeliveryState:
    if state is None:
        raise UsageError(
            f"the log knows no delivery {delivery}", "`presstime done` lists those that wait for a person."
        )
    if state.handed is None:
        advice = (
            "Only what is posted by hand is told like this; `presstime settle` is for a send whose answer was lost."
        )
        if state.status in (Status.PLANNED, Status.HELD) and state.due:
            advice = "Its text is handed to a person when it is due; `presstime plan` says when, or what keeps it."
        raise UsageError(f"{delivery} is {state.status.value}, and was not handed to a person", advice)
    return state


def _said_before(state: DeliveryState, addresses: Sequence[str]) -> Sequence[Event]:
    known = [receipt.id for receipt in state.receipts]
    if state.status is Status.RETRACTED or known != list(addresses):
        first = state.receipts[0]
        told = f"{first.data.get('by', 'somebody')} said that it is at {first.url}"
        advice = "If it is out twice, remove one of the two on the channel. What the log says stays."
        raise UsageError(f"{state.delivery} is {state.status.value}: {told}", advice)
    return ()
