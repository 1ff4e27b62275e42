"""Claims on what is out: the right of one worker to edit it or take it down, and the steps of that in the log."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from presstime.ledger.claims import LEASE_SECONDS, ClaimHandle, claimed, held_by_another, step
from presstime.ledger.log import Ledger, View
from presstime.model import Delivery, DeliveryState, Event, Json, Receipt, Status, to_iso
from presstime.pauses import UNHELD, Subject

What = Literal["edit", "retract"]


def changeable(state: DeliveryState | None, what: What, digest: str, ledger: Ledger) -> bool:
    """Whether a worker may now edit what is out into `digest`, or take down what is out as `digest`."""
    if state is None or state.review or state.intent is not None or not state.receipts:
        return False
    if what == "edit":
        back = state.drift is not None and state.drift.undo and state.sent_digest == digest
        wanted = state.status is Status.PUBLISHED and (state.digest == digest or back)
    else:
        wanted = state.status in (Status.PUBLISHED, Status.REFUSED) and state.sent_digest == digest
    return wanted and not held_by_another(state, ledger.store.now(), ledger.writer, ledger.is_gone)


@dataclass
class ChangeHandle(ClaimHandle):
    """A claim on what is out that was won. Its methods write the steps of the change into the log."""

    what: What = "edit"

    def edited(self, receipts: Sequence[Receipt]) -> None:
        """Record that what is out says `digest` now, whoever holds the claim by now: it is a fact. The log keeps it in the
        order it is told; where another worker's words were there already, the next plan edits them back."""
        told = self._event("edited", digest=self.digest, receipts=[r.to_json() for r in receipts])

        def propose(view: View) -> Sequence[Event]:
            state = view(self.delivery)
            if state is None or state.status is Status.RETRACTED:
                return ()
            return () if state.sent_digest == self.digest and state.change is None else [told]

        self.ledger.append(propose)

    def retracted(self, reason: str) -> None:
        """Record that what was out is down."""
        told = self._event("retracted", reason=reason)

        def propose(view: View) -> Sequence[Event]:
            state = view(self.delivery)
            return [told] if state is not None and state.status is not Status.RETRACTED else ()

        self.ledger.append(propose)

    def not_done(self, kind: str, reason: str, **data: Json) -> None:
        """`refused`, `deferred` or `unknown`: record that the change was refused for good, or is to be tried again, unless another worker has taken over."""
        told = self._event(kind, change=self.what, reason=reason, **data)

        def propose(view: View) -> Sequence[Event]:
            state = view(self.delivery)
            ours = state is not None and state.epoch == self.epoch and state.change is not None
            return [told] if ours and state is not None and state.status is not Status.RETRACTED else ()

        self.ledger.append(propose)


def claim_change(
    ledger: Ledger,
    delivery: Delivery,
    what: What,
    digest: str,
    clock: Callable[[], datetime],
    why: Mapping[str, Json],
    subject: Subject = UNHELD,
) -> ChangeHandle | None:
    """Claim what is out in order to change it, and say so in the log, in one entry. `why`: `reason`, and the `commit` that
    wants it. None: somebody else has it, or it is not there to be changed any more, or it is
    paused."""
    handle = ChangeHandle(ledger, delivery, digest, 0, clock, what=what, subject=subject)

    def propose(view: View) -> Sequence[Event]:
        state = view(delivery)
        if not changeable(state, what, digest, ledger) or subject.held_by(view.pauses(), ledger.store.now()):
            return ()
        assert state is not None  # noqa: S101 - changeable says so
        handle.epoch, handle.since = state.epoch + 1, ledger.monotonic()
        begun = "editing" if what == "edit" else "retracting"
        intent = handle._event(begun, digest=digest, lease=LEASE_SECONDS, origin=dict(state.origin), **why)
        return [handle._event("claimed", **claimed(ledger, state, digest)), intent]

    return handle if ledger.append(propose) else None


def put_off_change(
    ledger: Ledger,
    delivery: Delivery,
    what: What,
    digest: str,
    clock: Callable[[], datetime],
    reason: str,
    needs_person: bool,
    until: datetime | None = None,
) -> None:
    """Record that a change could not even be begun, unless the log says just that already."""

    def propose(view: View) -> Sequence[Event]:
        state = view(delivery)
        if not changeable(state, what, digest, ledger):
            return ()
        assert state is not None  # noqa: S101 - changeable says so
        if state.change is not None and state.reason == reason:
            return ()
        data = {"change": what, "reason": reason, "until": until and to_iso(until), "needs_person": needs_person}
        return [step("deferred", delivery, clock, **data)]

    ledger.append(propose)
