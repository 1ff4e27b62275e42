"""Claims: the right of one worker to act on one delivery for a while, judged by S3's clock and fenced by an epoch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from presstime.errors import ClaimLost, Paused
from presstime.ledger.log import Ledger, View
from presstime.model import Delivery, DeliveryState, Event, Intent, Json, Receipt, Seen, Status, to_iso
from presstime.pauses import UNHELD, Pause, Subject
from presstime.processes import is_gone

LEASE_SECONDS = 120.0  # longer than any send with its retries; a worker that is gone is not waited for, see worker.py
SLACK_SECONDS = 5.0  # S3 gives its time in whole seconds, and a reply travels
Later = Callable[[DeliveryState], datetime | None]
ENDED = (Status.PUBLISHED, Status.REFUSED, Status.MISSED, Status.HELD, Status.RETRACTED, Status.DROPPED, Status.SKIPPED)


def held_by_another(state: DeliveryState, now: datetime, worker: str, is_gone: Callable[[str], bool] = is_gone) -> bool:
    """Whether some other worker may still act on this delivery."""
    claim = state.claim
    if claim is None or claim.worker == worker or is_gone(claim.worker):
        return False
    return now <= claim.until + timedelta(seconds=SLACK_SECONDS)


def claimable(
    state: DeliveryState | None, digest: str, now: datetime, worker: str, is_gone: Callable[[str], bool] = is_gone
) -> bool:
    """Whether a worker may claim a delivery that it wants to send as `digest`; never what a person may have posted."""
    if state is None or state.status in ENDED or state.review or state.handed is not None:
        return False
    wanted = state.sent_digest if state.begun else state.digest
    return wanted == digest and not held_by_another(state, now, worker, is_gone)


@dataclass(frozen=True, slots=True)
class Announcement:
    """A send about to happen: which segment, under which idempotency key, and what the network was left ahead of it."""

    segment: int
    key: str
    deposit: Mapping[str, Json] = field(default_factory=dict)


@dataclass
class ClaimHandle:
    """A claim that was won. Its methods write the steps of the delivery into the log."""

    ledger: Ledger
    delivery: Delivery
    digest: str
    epoch: int
    clock: Callable[[], datetime]
    announced: bool = False  # whether the open intent is this claim's own
    subject: Subject = UNHELD  # of pauses
    since: float = 0.0  # by the ledger's monotonic clock: before the write that the lease is counted from was sent

    @property
    def state(self) -> DeliveryState:
        state = self.ledger.state(self.delivery)
        assert state is not None and state.epoch >= self.epoch  # noqa: S101, PT018 - our own claim is in the fold
        return state

    def intend(self, announcement: Announcement) -> None:
        """Say in the log what is about to be sent. Raises `ClaimLost` if another worker has taken over,
        `Paused` if somebody has stopped it."""

        def propose(view: View) -> Sequence[Event]:
            state = self._mine(view)
            self._not_paused(view.pauses())
            self.announced, self.since = True, self.ledger.monotonic()
            return [self._sending(state, announcement)]

        self.ledger.append(propose)

    def doubt(self) -> Intent | None:
        """The announced send that has no outcome yet; None if the log has been told by its sender meanwhile.

        Raises `ClaimLost` if another worker has taken over: then it is that one's to settle."""
        return self._mine(self.ledger.state).intent

    def fence(self) -> None:
        """Still mine, and not paused? The last look before a send. Raises `ClaimLost`, `Paused`.

        By S3's clock, and by our own time since the claim was asked for: what we know of S3's clock is as old as the last
        reply, and if this process stood still while that reply came in, it is older than we think. The log itself was asked whether it is paused when the send was announced; here it is what this machine
        has heard since."""
        self._not_paused(self.ledger.cache.pauses())
        state = self.state
        until = state.claim.until if state.claim and state.epoch == self.epoch else None
        held_for = self.ledger.monotonic() - self.since
        over = held_for >= LEASE_SECONDS - SLACK_SECONDS
        if until is None or over or self.ledger.store.now() + timedelta(seconds=SLACK_SECONDS) >= until:
            raise ClaimLost(
                f"{self.delivery}: the claim ran out before the send; nothing was sent", "The next pass takes over."
            )

    def _not_paused(self, pauses: Sequence[Pause]) -> None:
        """Raises `Paused` if one of these holds the delivery."""
        if pause := self.subject.held_by(pauses, self.ledger.store.now()):
            raise Paused(pause.told, "It goes on when that is over, as its rule says.")

    def is_there(self, seen: Sequence[Seen]) -> None:
        """Record that what was to be sent again is there after all, as it was sent but for what was `seen` otherwise."""
        self._append("drifted", seen=[item.to_json() for item in seen])

    def accepted(self, segment: int, receipt: Receipt, last: bool) -> None:
        """Record a receipt, whoever holds the claim by now: what a network accepted is a fact."""
        events = [self._event("accepted", segment=segment, receipt=receipt.to_json())]
        self._append_fact(events, segment, last, receipt)

    def settled(self, segment: int, how: str, receipt: Receipt, last: bool) -> None:
        """Record that a send whose reply was lost did take effect."""
        events = [self._event("settled", segment=segment, found=True, how=how, receipt=receipt.to_json())]
        self._append_fact(events, segment, last, receipt)

    def not_found(self, segment: int, how: str, review: bool, resend: bool = False) -> None:
        """Record that a lost send was looked for and is not there: a person decides, or it may be sent again."""
        self._append("settled", segment=segment, found=False, how=how, review=review, resend=resend)

    def refused(self, segment: int, reason: str, code: str) -> None:
        self._append("refused", segment=segment, reason=reason, code=code)

    def deferred(self, reason: str, until: datetime | None, needs_person: bool, tried: bool = False) -> None:
        """Record that it was certainly not accepted. `tried`: the network said so."""
        self._append("deferred", **_deferral(reason, until, needs_person, tried))

    def unknown(self, segment: int, reason: str) -> None:
        """Record that a send may have taken effect."""
        self._append("unknown", segment=segment, reason=reason, over=False)

    def still_unknown(self, segment: int, reason: str, until: datetime | None, tried: bool) -> None:
        """Record that this cannot be found out now. The claim ends with it, and a pass after `until` settles it. `tried`: the network
        was asked."""
        waits = {"until": until and to_iso(until), "tried": True} if tried else {}
        self._append("unknown", segment=segment, reason=reason, over=True, **waits)

    def _append_fact(self, events: Sequence[Event], segment: int, last: bool, receipt: Receipt) -> None:
        """What the network accepted is written down even if it was settled meanwhile: a second post of one segment is what
        nobody else can tell of."""

        def propose(view: View) -> Sequence[Event]:
            state = view(self.delivery)
            assert state is not None  # noqa: S101 - a claim was won on it
            known = [r.id for r in state.receipts[segment : segment + 1]]
            if self.epoch < state.fresh:  # of what is gone since, and to be sent again
                lost = [r.id for r in state.lost[segment : segment + 1]]
                return () if receipt.id in (*known, *lost) else events
            if receipt.id in known:
                return ()
            if known or state.status in (Status.PUBLISHED, Status.RETRACTED):
                return events
            first = state.receipts[0].url if state.receipts else receipt.url
            return [*events, self._event("published", url=first)] if last else events

        self.ledger.append(propose)

    def _append(self, kind: str, **data: Json) -> None:
        self.ledger.append(lambda view: [self._event(kind, **data)] if self._is_open(view, data.get("segment")) else ())

    def _is_open(self, view: View, segment: int | None) -> bool:
        """Whether this is still for us to say: the claim is the latest one, and no overtaken sender has come back meanwhile
        with a receipt that ends the delivery, or the doubt about the segment that it is about."""
        state = view(self.delivery)
        if state is None or state.epoch != self.epoch or state.status in (Status.PUBLISHED, Status.RETRACTED):
            return False
        return segment is None or (state.intent is not None and state.intent.segment == segment)

    def _mine(self, view: Callable[[Delivery], DeliveryState | None]) -> DeliveryState:
        state = view(self.delivery)
        if state is None or state.epoch != self.epoch:
            raise ClaimLost(f"{self.delivery}: another worker has taken over", "Nothing to do: it goes on there.")
        return state

    def _sending(self, state: DeliveryState, announcement: Announcement) -> Event:
        return self._event(
            "sending",
            segment=announcement.segment,
            digest=self.digest,
            key=announcement.key,
            lease=LEASE_SECONDS,
            origin=dict(state.origin),
            **({"deposit": dict(announcement.deposit)} if announcement.deposit else {}),
        )

    def _event(self, kind: str, **data: Json) -> Event:
        return step(kind, self.delivery, self.clock, epoch=self.epoch, **data)


def claim(
    ledger: Ledger,
    delivery: Delivery,
    digest: str,
    clock: Callable[[], datetime],
    announcement: Announcement | None = None,
    subject: Subject = UNHELD,
) -> ClaimHandle | None:
    """Claim a delivery in order to send `digest`; with an announcement, claim and first intent share one entry.

    An announcement is for a delivery that nobody has begun: what somebody began meanwhile is to be settled first.

    None: somebody else has it, or had it meanwhile, or it is paused. Raises `StoreError` where the log cannot be written."""
    handle = ClaimHandle(ledger, delivery, digest, 0, clock, announced=announcement is not None, subject=subject)

    def propose(view: View) -> Sequence[Event]:
        state = view(delivery)
        if not claimable(state, digest, ledger.store.now(), ledger.writer, ledger.is_gone):
            return ()
        assert state is not None  # noqa: S101 - claimable says so
        if (announcement and state.begun) or subject.held_by(view.pauses(), ledger.store.now()):
            return ()
        handle.epoch, handle.since = state.epoch + 1, ledger.monotonic()
        events = [handle._event("claimed", **claimed(ledger, state, digest))]
        return [*events, handle._sending(state, announcement)] if announcement else events

    return handle if ledger.append(propose) else None


def put_off(
    ledger: Ledger,
    delivery: Delivery,
    digest: str,
    clock: Callable[[], datetime],
    reason: str,
    needs_person: bool,
    later: Later | None = None,
) -> None:
    """Record that a delivery could not even be begun, or not be settled, unless the log says just that already. With `later` it was
    tried, which is news each time: that says, of the state, until when it is left alone."""

    def propose(view: View) -> Sequence[Event]:
        state = view(delivery)
        if state is None or not claimable(state, digest, ledger.store.now(), ledger.writer, ledger.is_gone):
            return ()
        told = state.status in (Status.DEFERRED, Status.UNKNOWN) and state.reason == reason
        waits = state.until is not None and state.until > clock()
        if told and (later is None or waits or state.intent is not None):
            return ()
        if state.intent is not None:  # it stays in doubt: "deferred" would say that nothing was sent
            return [step("unknown", delivery, clock, segment=state.intent.segment, reason=reason, over=True)]
        until = later(state) if later else None
        return [step("deferred", delivery, clock, **_deferral(reason, until, needs_person, later is not None))]

    ledger.append(propose)


def _deferral(reason: str, until: datetime | None, needs_person: bool, tried: bool) -> Mapping[str, Json]:
    told = {"reason": reason, "until": until and to_iso(until), "needs_person": needs_person}
    return {**told, "tried": True} if tried else told


def claimed(ledger: Ledger, state: DeliveryState, digest: str) -> Mapping[str, Json]:
    """What a `claimed` event says beside its epoch."""
    return {
        "worker": ledger.writer,
        "lease": LEASE_SECONDS,
        "digest": digest,
        "run": ledger.run,
        "origin": dict(state.origin),
    }


def step(
    kind: str, delivery: Delivery, clock: Callable[[], datetime] = lambda: datetime.now(UTC), **data: Json
) -> Event:
    """An event as every writer writes it: stamped with the writer's clock."""
    return Event(kind, delivery, {"at": to_iso(clock()), **data})
