"""Stage 4: publish one delivery, once. `Publisher.publish` is the whole story."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from presstime.errors import ClaimLost, LedgerError, NetworkError, StoreError, WrongClock
from presstime.ledger.assisted import hand_over
from presstime.ledger.changes import ChangeHandle, claim_change, put_off_change
from presstime.ledger.claims import LEASE_SECONDS, Announcement, ClaimHandle, claim, put_off
from presstime.ledger.log import Ledger
from presstime.model import (
    Accepted,
    Attachment,
    Channel,
    Deferred,
    DeliveryState,
    Json,
    Outcome,
    Receipt,
    Refused,
    Segment,
    Status,
    Unknown,
    Variant,
    digest_of,
)
from presstime.networks.base import Adapter, Order
from presstime.pauses import Scope, Subject, scopes_of
from presstime.publish.burst import Bursts, Part
from presstime.publish.change import ChangeJob, Changing, failure, takedown
from presstime.publish.fence import fenced
from presstime.publish.looking import look_at
from presstime.publish.retry import RetryRule, left_alone, send_patiently, write_patiently
from presstime.publish.settle import Settlement, settle
from presstime.publish.timing import LATENCY, Timing


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery to publish: what it says, through which channel, when. `read` gives the bytes of its media; `on_partial`
    says what becomes of a thread's first messages when a later one is refused."""

    variant: Variant
    channel: Channel
    due: datetime
    read: Callable[[Attachment], bytes]
    on_partial: str = "resume"
    scopes: frozenset[Scope] = frozenset()  # what it is a part of, beside its channel
    ends: datetime | None = (
        None  # from when on its late rule or its end lets it go out no more, as long as nothing of it is out
    )

    @property
    def subject(self) -> Subject:
        """What a pause may hold of it."""
        return Subject(self.scopes | scopes_of(self.channel.name, {}, None), self.due)


@dataclass
class Publisher:
    """Publishes jobs through adapters, writing every step into the ledger before and after it is taken."""

    ledger: Ledger
    timing: Timing
    rule: RetryRule = field(default_factory=RetryRule)
    down: dict[str, NetworkError] = field(default_factory=dict)  # channels found unusable in this pass, and why
    bursts: Bursts = field(default_factory=Bursts)

    def publish(self, job: Job, adapter: Adapter) -> DeliveryState:
        """Claim, fence, intent, send, record. Returns where the delivery stands afterwards.

        Raises `StoreError` or `LedgerError` where the log cannot be used: then nothing more is sent."""
        self.timing.check_skew()
        state = self.ledger.state(job.variant.delivery)
        begun = state is not None and state.begun
        if job.channel.name in self.down:  # one that waits for a dead server is enough: the rest of its queue need not
            return self._as_logged(job) if begun else self._not_ready(job, self.down[job.channel.name], tried=False)
        with self.bursts.joined(job.due) as part:
            return self._resume(job, adapter, part) if begun else self._begin(job, adapter, part, state)

    def _begin(self, job: Job, adapter: Adapter, part: Part, state: DeliveryState | None) -> DeliveryState:
        """Make it ready, claim it in time, send it."""
        delivery, variant = job.variant.delivery, job.variant
        try:
            media = adapter.prepare(variant, job.read)
            first = _deposited(adapter, self._order(job, variant.segments[0], media, state), state)
        except NetworkError as error:
            return self._not_ready(job, error)
        self.timing.wait_until(job.due - LATENCY, part.ahead)
        held = claim(self.ledger, delivery, variant.digest, self.timing.now, _announcement(first), job.subject)
        if held is None:
            return self._as_logged(job)
        if part.looks():
            self._look_again(job.due)
        return self._go_on(job, adapter, part, held, media, announced=first)

    def _look_again(self, due: datetime) -> None:
        """Hear of pauses as late as one alone would. Without the store what is known has to do, as for one alone."""
        self.timing.wait_until(due - LATENCY)
        with suppress(StoreError):
            self.ledger.catch_up()

    def _resume(self, job: Job, adapter: Adapter, part: Part) -> DeliveryState:
        """Take over what an earlier worker began: settle its open intent, then send the segments that are left."""
        held = claim(self.ledger, job.variant.delivery, job.variant.digest, self.timing.now, subject=job.subject)
        if held is None:
            return self._as_logged(job)
        try:
            media = adapter.prepare(job.variant, job.read)
        except NetworkError as error:
            self._cannot_tell(held, error)
            return self._as_logged(job)
        intent = held.state.intent
        if held.state.is_lost and not self._still_gone(job, adapter, held):
            return self._as_logged(job)
        if intent is not None:
            order = self._order(job, job.variant.segments[intent.segment], media, held.state)
            order = replace(order, deposit=intent.deposit)
            if not self._settle(job, adapter, held, order):
                return self._as_logged(job)
        return self._go_on(job, adapter, part, held, media)

    def _go_on(
        self,
        job: Job,
        adapter: Adapter,
        part: Part,
        held: ClaimHandle,
        media: Mapping[str, Json],
        announced: Order | None = None,
    ) -> DeliveryState:
        """Send every segment that has no receipt yet, in order. Stops at the first that is not accepted."""
        segments = job.variant.segments
        try:
            while (n := len(held.state.receipts)) < len(segments):
                order = announced or _deposited(adapter, self._order(job, segments[n], media, held.state), held.state)
                if not announced:
                    held.intend(_announcement(order))
                announced = None
                self.timing.wait_until(job.due)
                outcome = self._send(adapter, held, order)
                part.answered()
                if not self._record(job, adapter, held, order, outcome):
                    break
        except (ClaimLost, WrongClock, NetworkError) as error:
            # Nothing was sent after the last look. If nobody took over yet, that is worth knowing.
            person, tried = getattr(error, "needs_person", False), isinstance(error, NetworkError)
            until = self._left_alone(job, held.state, person) if tried else None
            held.deferred(error.message, until, person, tried)
        return self._after(job, adapter)

    def _after(self, job: Job, adapter: Adapter) -> DeliveryState:
        """Where the delivery stands; what is out of a refused thread is taken down at once, if the post says so."""
        state = self._as_logged(job)
        partly = state.status is Status.REFUSED and state.receipts and job.on_partial == "retract"
        if not partly or not adapter.traits.can_retract:
            return state
        reason = f"a later message was refused, and the post says `retract`: {state.reason}"
        return self.change(takedown(job.variant, job.channel, reason=reason), adapter)

    def hand(self, job: Job, until: datetime | None) -> DeliveryState:
        """Give a delivery to the person who posts on its channel, at its instant: of use until `until`. Returns where the
        delivery stands afterwards.

        Raises `StoreError` or `LedgerError` where the log cannot be used."""
        self.timing.check_skew()
        self.timing.wait_until(job.due)
        hand_over(self.ledger, job.variant.delivery, job.variant.digest, self.timing.now, until, job.subject)
        return self._as_logged(job)

    def change(self, job: ChangeJob, adapter: Adapter) -> DeliveryState:
        """Edit what is out, or take it down. Returns where the delivery stands afterwards.

        Raises `StoreError` or `LedgerError` where the log cannot be used."""
        self.timing.check_skew()
        known = self._as_logged(job)
        if job.channel.name in self.down:
            return self._change_not_ready(job, self.down[job.channel.name])
        try:
            media = adapter.prepare(job.after, job.read) if job.what == "edit" else {}
        except NetworkError as error:
            return self._change_not_ready(job, error)
        held = claim_change(
            self.ledger, job.after.delivery, job.what, job.digest, self.timing.now, job.why, job.subject
        )
        if held is None:
            return self._as_logged(job)
        changing = Changing(job, adapter, held, self.timing, self.rule, media)
        try:
            outcome = changing.carry_out(whole=known.change is not None or known.drift is not None)
        except (ClaimLost, WrongClock) as error:
            outcome = Deferred(error.message)
        if not isinstance(outcome, Accepted):
            self._not_changed(job, held, outcome)
        return self._as_logged(job)

    def _not_changed(self, job: ChangeJob, held: ChangeHandle, outcome: Outcome) -> None:
        if isinstance(outcome, Deferred) and outcome.needs_person:
            self.down[job.channel.name] = NetworkError(outcome.reason, needs_person=True)
        kind, reason, more = failure(outcome, held.state, self.timing.now())
        self._surely(lambda: held.not_done(kind, reason, **more))

    def _change_not_ready(self, job: ChangeJob, error: NetworkError) -> DeliveryState:
        if not error.alone:
            self.down[job.channel.name] = error
        delivery, now = job.after.delivery, self.timing.now
        put_off_change(self.ledger, delivery, job.what, job.digest, now, error.told, error.needs_person)
        return self._as_logged(job)

    def _send(self, adapter: Adapter, held: ClaimHandle, order: Order) -> Outcome:
        return send_patiently(lambda: fenced(lambda: adapter.send(order), held, self.timing), self.rule, self.timing)

    def _record(self, job: Job, adapter: Adapter, held: ClaimHandle, order: Order, outcome: Outcome) -> bool:
        """Write the outcome into the log. True: go on, with the next segment or, by choice, with the same again."""
        n = order.segment.index
        match outcome:
            case Accepted(receipt):
                self._surely(lambda: held.accepted(n, receipt, _is_last(order)))
                return True
            case Refused(reason, code):
                self._surely(lambda: held.refused(n, reason, code))
            case Deferred(reason, until, needs_person):
                self.down[job.channel.name] = NetworkError(reason, needs_person=needs_person)
                later = until or self._left_alone(job, held.state, needs_person)
                self._surely(lambda: held.deferred(reason, later, needs_person, tried=True))
            case Unknown(reason):
                self._surely(lambda: held.unknown(n, reason))
                return self._settle(job, adapter, held, order)
        return False

    def _settle(self, job: Job, adapter: Adapter, held: ClaimHandle, order: Order) -> bool:
        """Find out what became of a send without an answer, and write it down. True: go on, as `_record` says."""
        n = order.segment.index
        try:
            # An earlier worker may have died between its intent and the instant; settling may send, and is not early either.
            self.timing.wait_until(job.due)
            found = settle(adapter, order, held, job.channel.on_unknown, self.timing, self.rule)
        except (NetworkError, ClaimLost, WrongClock) as error:
            self._cannot_tell(held, error)
            return False
        match found:
            case None:
                return True
            case Settlement(receipt=Receipt() as receipt):
                self._surely(lambda: held.settled(n, found.how, receipt, _is_last(order)))
                return True
            case Settlement(outcome=Refused(reason, code)):
                # Had the first one been accepted, the same again would have been, too; or the network took it and turned it
                # down later: this refusal is the answer.
                self._surely(lambda: held.refused(n, reason, code))
            case Settlement(outcome=Deferred(reason=reason) | Unknown(reason=reason)):
                self._still_unknown(held, n, reason, tried=True)
            case _:
                self._surely(lambda: held.not_found(n, found.how, found.review, found.resend))
                return found.resend
        return False

    def _cannot_tell(self, held: ClaimHandle, error: NetworkError | ClaimLost | WrongClock) -> None:
        """Now is not the time to find out: what is in doubt stays in doubt, and a later pass tries again."""
        intent, tried = held.state.intent, isinstance(error, NetworkError)
        if intent is not None:
            self._still_unknown(held, intent.segment, error.message, tried)
        else:
            person = getattr(error, "needs_person", False)
            until = left_alone(held.state, self.timing.now(), needs_person=person) if tried else None
            self._surely(lambda: held.deferred(error.message, until, person, tried))

    def _still_unknown(self, held: ClaimHandle, segment: int, reason: str, tried: bool) -> None:
        until = left_alone(held.state, self.timing.now()) if tried else None
        self._surely(lambda: held.still_unknown(segment, f"cannot be settled yet: {reason}", until, tried))

    def _left_alone(self, job: Job, state: DeliveryState, needs_person: bool = False) -> datetime | None:
        ends = None if state.begun and state.receipts else job.ends
        return left_alone(state, self.timing.now(), ends, needs_person)

    def _not_ready(self, job: Job, error: NetworkError, tried: bool = True) -> DeliveryState:
        """Nothing was sent, and the log says why. What only a person can mend it says once, not at every pass."""
        if not error.alone:
            self.down[job.channel.name] = error
        later = (lambda state: self._left_alone(job, state)) if tried and not error.needs_person else None
        delivery, digest, now = job.variant.delivery, job.variant.digest, self.timing.now
        put_off(self.ledger, delivery, digest, now, error.told, error.needs_person, later)
        return self._as_logged(job)

    def _still_gone(self, job: Job, adapter: Adapter, held: ClaimHandle) -> bool:
        """Whether what a person wants sent again is not there, looked for under the claim. What is there after all, or cannot be
        looked for now, is written down."""
        try:
            seen = look_at(adapter, job.variant, held.state.lost)
        except NetworkError as error:
            self._cannot_tell(held, error)
            return False
        if len([item for item in seen if item.text is None]) == len(held.state.lost):
            return True
        self._surely(lambda: held.is_there(seen))
        return False

    def _order(self, job: Job, segment: Segment, media: Mapping[str, Json], state: DeliveryState | None) -> Order:
        """What is sent again has other keys than what it takes the place of: else the network would answer with that."""
        fresh = [state.fresh] if state is not None and state.fresh else []
        key = digest_of([str(job.variant.delivery), job.variant.digest, segment.index, *fresh])
        previous = state.receipts if state is not None else ()
        return Order(job.variant.delivery, job.variant, segment, key, job.variant.at, previous, media)

    def _as_logged(self, job: Job | ChangeJob) -> DeliveryState:
        delivery = job.variant.delivery if isinstance(job, Job) else job.after.delivery
        state = self.ledger.state(delivery)
        if state is None:
            raise LedgerError(f"{delivery} is not in the log", "Run `presstime publish` again.")
        return state

    def _surely(self, write: Callable[[], None]) -> None:
        """What happened on a network must get into the log: patience until the claim could be taken over."""
        write_patiently(write, LEASE_SECONDS, self.timing)


def _deposited(adapter: Adapter, order: Order, state: DeliveryState | None) -> Order:
    """The order, with what the network has been left for it, now or for an earlier try that it put off. Raises `NetworkError`."""
    before = state.deferred if state else None
    if before is not None and before.key == order.key:
        order = replace(order, deposit=before.deposit)
    return replace(order, deposit=adapter.deposit(order))


def _announcement(order: Order) -> Announcement:
    return Announcement(order.segment.index, order.key, order.deposit)


def _is_last(order: Order) -> bool:
    return order.segment.index == len(order.variant.segments) - 1
