"""What a person decides about a delivery that nobody else can settle, written into the log like any other step."""

from collections.abc import Callable, Sequence
from datetime import datetime

from presstime.errors import UsageError
from presstime.ledger.claims import held_by_another, step
from presstime.ledger.log import Ledger, View
from presstime.model import Delivery, DeliveryState, Event, Receipt, Status, to_iso


def end_change_by_hand(
    ledger: Ledger, delivery: Delivery, clock: Callable[[], datetime], who: str, there: bool
) -> None:
    """Record what a person did about an edit or a takedown that cannot be made: the message is gone from the channel, or it
    stays there as it is. Raises `UsageError` where no change waits for anybody; nothing is written then."""

    def propose(view: View) -> Sequence[Event]:
        state = view(delivery)
        if state is None or state.change is None:
            raise UsageError(f"no edit or takedown of {delivery} is under way", "`presstime plan` tells what is.")
        if held_by_another(state, ledger.store.now(), ledger.writer):
            raise UsageError(f"{delivery}: another worker is at it", "Wait two minutes, then look again.")
        if not there:
            return [step("retracted", delivery, clock, reason=f"{who} looked at the channel: it is not there")]
        digest = state.change.digest or state.change.what
        return [step("noted", delivery, clock, digest=digest, reason=f"{who} left it there as it is")]

    ledger.append(propose)


def settle_by_hand(
    ledger: Ledger, delivery: Delivery, clock: Callable[[], datetime], who: str, receipt: Receipt | None, last: bool
) -> None:
    """Record what a person saw on the channel: the message is there (`receipt`), or it is not (None: it may be sent again).

    `last`: the message in doubt is the delivery's last one. Raises `UsageError` where nothing is in doubt, or where a worker
    may still be at it; nothing is written then."""

    def propose(view: View) -> Sequence[Event]:
        state = _in_doubt(view(delivery), delivery, ledger)
        assert state.intent is not None  # noqa: S101 - what is in doubt is a send that was announced
        n, how = state.intent.segment, f"{who} looked at the channel"
        if receipt is None:
            return [step("settled", delivery, clock, segment=n, found=False, how=f"{how}: not there", resend=True)]
        told = step(
            "settled", delivery, clock, segment=n, found=True, how=f"{how}: it is there", receipt=receipt.to_json()
        )
        first = state.receipts[0].url if state.receipts else receipt.url
        return [told, step("published", delivery, clock, url=first)] if last else [told]

    ledger.append(propose)


def _in_doubt(state: DeliveryState | None, delivery: Delivery, ledger: Ledger) -> DeliveryState:
    if state is None:
        raise UsageError(f"the log knows no delivery {delivery}", "`presstime status` lists those that need a person.")
    if state.intent is None:
        advice = "`presstime done` says where a person posted it." if state.handed else "There is nothing to settle."
        raise UsageError(f"{delivery} is {state.status.value}: nothing about it is in doubt", advice)
    if not state.review and held_by_another(state, ledger.store.now(), ledger.writer):
        raise UsageError(f"{delivery}: another worker is at it", "Wait two minutes, then look again.")
    return state


def retry_by_hand(ledger: Ledger, delivery: Delivery, clock: Callable[[], datetime], who: str, reason: str) -> None:
    """Have tried again what the network refused, what was put off, or what was skipped: at the next pass, by the same rules as ever.

    Raises `UsageError` where trying again could make a second message, or would come to nothing; nothing is written then."""

    def propose(view: View) -> Sequence[Event]:
        state = free(view(delivery), delivery, ledger)
        if state.intent is not None:
            advice = "Look at the channel, then `presstime settle`."
            raise UsageError(f"{delivery} may be out already: its answer was lost", advice)
        changing = state.change is not None or state.final != ""
        if not changing and state.status not in (Status.REFUSED, Status.DEFERRED, Status.SKIPPED):
            raise UsageError(f"{delivery} is {state.status.value}: there is nothing to retry", _other_way(state))
        return [step("retried", delivery, clock, by=who, reason=reason)]

    ledger.append(propose)


def skip_by_hand(ledger: Ledger, delivery: Delivery, clock: Callable[[], datetime], who: str, reason: str) -> None:
    """Have a delivery not go out at the instant it is planned for. A new publish_at plans it anew.

    Raises `UsageError` where something of it is out, or may be; nothing is written then."""

    def propose(view: View) -> Sequence[Event]:
        state = free(view(delivery), delivery, ledger)
        if state.begun or state.status in (Status.PUBLISHED, Status.RETRACTED, Status.HANDED):
            raise UsageError(f"{delivery} is {state.status.value}: it cannot be skipped any more", _other_way(state))
        if state.status in (Status.SKIPPED, Status.DROPPED) or state.due is None:
            raise UsageError(f"{delivery} is {state.status.value}: it will not go out", "There is nothing to skip.")
        return [step("skipped", delivery, clock, by=who, reason=f"{who} skipped it: {reason}", due=to_iso(state.due))]

    ledger.append(propose)


def withdraw_by_hand(ledger: Ledger, delivery: Delivery, clock: Callable[[], datetime], who: str, reason: str) -> None:
    """Have what is out taken down at the next pass, whatever Git says.

    Raises `UsageError` where nothing of it is out; nothing is written then."""

    def propose(view: View) -> Sequence[Event]:
        state = free(view(delivery), delivery, ledger)
        if state.intent is not None or not state.receipts or state.status is Status.RETRACTED:
            raise UsageError(f"{delivery} is {state.status.value}: nothing of it is out", _other_way(state))
        return [step("withdrawn", delivery, clock, by=who, reason=f"{who} withdrew it: {reason}")]

    ledger.append(propose)


def free(state: DeliveryState | None, delivery: Delivery, ledger: Ledger) -> DeliveryState:
    """A delivery that no other worker is at. Raises `UsageError`."""
    if state is None:
        raise UsageError(f"the log knows no delivery {delivery}", "`presstime plan` lists what there is.")
    if held_by_another(state, ledger.store.now(), ledger.writer, ledger.is_gone):
        raise UsageError(f"{delivery}: another worker is at it", "Wait two minutes, then look again.")
    return state


def _other_way(state: DeliveryState) -> str:
    ways = {
        Status.PUBLISHED: "`presstime retract` takes it down; a changed post edits it.",
        Status.MISSED: "Give the post a new publish_at, or `late: publish`, and commit it.",
        Status.HELD: "`presstime plan` says what holds it.",
        Status.HANDED: "A person has it: `presstime done` shows it.",
        Status.UNKNOWN: "Look at the channel, then `presstime settle`.",
        Status.SENDING: "Look at the channel, then `presstime settle`.",
        Status.RETRACTED: "It was taken down; a new id publishes it again.",
    }
    return ways.get(state.status, "`presstime plan` says what comes of it.")
