"""Drift in the log: what was seen on the network in place of what was sent, and what a person wants done about it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from presstime.errors import UsageError
from presstime.ledger.by_hand import free
from presstime.ledger.claims import held_by_another, step
from presstime.ledger.log import Ledger, View
from presstime.model import Delivery, DeliveryState, Event, Seen, Status


def note_drift(
    ledger: Ledger, known: DeliveryState, seen: Sequence[Seen], clock: Callable[[], datetime]
) -> DeliveryState | None:
    """Write down what was seen of a delivery that stood as `known` before anybody looked: once, and again only when it is another.
    Nothing `seen`: it is as it was sent. Returns the state afterwards, None where nothing was news, or the log has gone on meanwhile: then
    the next look tells.

    Raises `StoreError`."""

    def propose(view: View) -> Sequence[Event]:
        state = view(known.delivery)
        if state is None or state.entry != known.entry or not is_news(state, seen):
            return ()
        if held_by_another(
            state, ledger.store.now(), "", ledger.is_gone
        ):  # also one of ours: it may be changing it just now
            return ()
        return [step("drifted", known.delivery, clock, seen=[item.to_json() for item in seen])]

    return ledger.state(known.delivery) if ledger.append(propose) else None


def is_news(state: DeliveryState, seen: Sequence[Seen]) -> bool:
    """Whether the log does not say just this."""
    return tuple(seen) != (state.drift.seen if state.drift else ())


def keep_by_hand(ledger: Ledger, delivery: Delivery, clock: Callable[[], datetime], who: str, reason: str) -> None:
    """Let what drifted stand: it is told no more, and nothing puts it back. Raises `UsageError` where there is no such thing;
    nothing is written then."""

    def propose(view: View) -> Sequence[Event]:
        state = free(view(delivery), delivery, ledger)
        if not state.is_lost:
            _drifted(state)
            if state.drift and state.drift.kept:
                raise UsageError(f"{delivery}: somebody let it stand already", "There is nothing to do.")
        return [step("kept", delivery, clock, by=who, reason=f"{who} let it stand: {reason}")]

    ledger.append(propose)


def undo_by_hand(ledger: Ledger, delivery: Delivery, clock: Callable[[], datetime], who: str, reason: str) -> bool:
    """Have what was sent put back at the next pass. True: all of it is gone, and it is sent again, if it is not there by then.

    Raises `UsageError` where nothing drifted, or it cannot be put back; nothing is written then."""
    again = False

    def propose(view: View) -> Sequence[Event]:
        nonlocal again
        state = free(view(delivery), delivery, ledger)
        _drifted(state)
        assert state.drift is not None  # noqa: S101 - the line before says so
        if state.drift.undo:
            raise UsageError(f"{delivery}: somebody ordered that already", "The next pass does it.")
        gone = state.drift.gone
        if gone and len(gone) < len(state.receipts):
            raise UsageError(
                f"{delivery}: of its {len(state.receipts)} messages {len(gone)} are gone, and a thread is not mended in its middle",
                "Take the rest down (`presstime retract`) and give the post a new id; or accept it as it is.",
            )
        again = bool(gone)
        more = {"epoch": state.epoch + 1} if again else {}
        return [step("undone", delivery, clock, by=who, reason=f"{who} had it put back: {reason}", **more)]

    ledger.append(propose)
    return again


def _drifted(state: DeliveryState) -> None:
    """Raises `UsageError` for what did not drift, or is being changed just now."""
    if state.drift is None or state.status is not Status.PUBLISHED:
        raise UsageError(
            f"{state.delivery}: nothing is known to have changed on the network", "`presstime drift` lists what has."
        )
    if state.change is not None and not state.final:
        raise UsageError(
            f"{state.delivery}: an edit or a takedown of it is under way", "`presstime plan` tells what comes of it."
        )
