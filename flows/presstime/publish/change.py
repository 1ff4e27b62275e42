"""Stage 4, afterwards: make what is out say what Git says now, or take it down. Both may be done twice without harm, so what
gets no answer is simply done again: in this pass, or by whoever takes over."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from presstime.ledger.changes import ChangeHandle, What
from presstime.model import (
    Accepted,
    Attachment,
    Channel,
    Deferred,
    DeliveryState,
    Json,
    JsonObject,
    Outcome,
    Receipt,
    Refused,
    Unknown,
    Variant,
    digest_of,
    to_iso,
)
from presstime.networks.base import Adapter, Order
from presstime.pauses import UNHELD, Scope, Subject, scopes_of
from presstime.plan import Difference
from presstime.publish.fence import fenced
from presstime.publish.retry import RetryRule, left_alone, send_patiently
from presstime.publish.timing import Timing


@dataclass(frozen=True, slots=True)
class ChangeJob:
    """A change of what is out: `before` is what was sent, `after` what is to stand there (the same again for a takedown).
    `why` goes into the log; `read` gives the bytes of media."""

    what: What
    before: Variant
    after: Variant
    channel: Channel
    read: Callable[[Attachment], bytes]
    why: Mapping[str, Json] = field(default_factory=dict)
    scopes: frozenset[Scope] = frozenset()

    @property
    def subject(self) -> Subject:
        """What a pause may hold of it: an edit puts words before readers, a takedown does not."""
        return UNHELD if self.what == "retract" else Subject(self.scopes | scopes_of(self.channel.name, {}, None))

    @property
    def digest(self) -> str:
        """The digest that the claim is for: of the new words, or of what is taken down."""
        return self.after.digest


def difference(before: Variant, after: Variant) -> Difference:
    """What readers would see change."""
    if len(before.segments) != len(after.segments):
        return Difference(after.digest, frozenset({"thread"}))
    parts = set()
    for old, new in zip(before.segments, after.segments, strict=True):
        if old.payload == new.payload and old.media == new.media:
            continue
        found = {name for name in ("text", "media", "card") if getattr(old, name) != getattr(new, name)}
        if old.spans != new.spans:
            found.add("text")
        parts |= found or {"page"}
    return Difference(after.digest, frozenset(parts))


@dataclass(frozen=True)
class Changing:
    """One change under way, with the claim on it."""

    job: ChangeJob
    adapter: Adapter
    held: ChangeHandle
    timing: Timing
    rule: RetryRule
    media: Mapping[str, Json]

    def carry_out(self, whole: bool) -> Outcome:
        """Change message after message, a takedown from the last to the first, and say so in the log. `whole`: every
        message, since an earlier change may have stopped half way. Returns the outcome that ended it.

        Raises `ClaimLost`, `WrongClock`; then nothing was done after the last look."""
        receipts = dict(enumerate(self.held.state.receipts))
        last: Outcome = Accepted(receipts[0])
        for n in self._todo(whole, len(receipts)):
            call = self.adapter.edit if self.job.what == "edit" else self.adapter.retract
            request = partial(call, self._order(n, receipts), receipts[n])
            last = send_patiently(partial(fenced, request, self.held, self.timing), self.rule, self.timing, AGAIN)
            if not isinstance(last, Accepted):
                return last
            receipts[n] = last.receipt
        self._done([receipts[n] for n in sorted(receipts)])
        return last

    def _todo(self, whole: bool, count: int) -> Iterator[int]:
        if self.job.what == "retract":
            yield from reversed(range(count))
            return
        for n, (old, new) in enumerate(zip(self.job.before.segments, self.job.after.segments, strict=True)):
            if whole or old.payload != new.payload or old.media != new.media:
                yield n

    def _order(self, n: int, receipts: Mapping[int, Receipt]) -> Order:
        variant = self.job.after
        key = digest_of([str(variant.delivery), variant.digest, self.job.what, n])
        previous = tuple(receipts[i] for i in range(n))
        return Order(variant.delivery, variant, variant.segments[n], key, variant.at, previous, self.media)

    def _done(self, receipts: list[Receipt]) -> None:
        if self.job.what == "edit":
            self.held.edited(receipts)
        else:
            self.held.retracted(str(self.job.why.get("reason", "")))


AGAIN = (Deferred, Unknown)


def failure(outcome: Outcome, state: DeliveryState, now: datetime) -> tuple[str, str, JsonObject]:
    """How the log tells an outcome that is not a success: the event's kind, its reason, and what else it says. Where the network does
    not say until when, it is as long as such a `state` is left alone."""
    match outcome:
        case Refused(reason, code):
            return "refused", reason, {"code": code}
        case Deferred(reason, until, needs_person):
            until = until or left_alone(state, now, needs_person=needs_person)
            return "deferred", reason, {"until": until and to_iso(until), "needs_person": needs_person, "tried": True}
        case Unknown(reason):
            until = left_alone(state, now)
            return "unknown", reason, {"until": until and to_iso(until), "tried": True}
    raise ValueError(f"{outcome} is a success")


def takedown(before: Variant, channel: Channel, **why: Json) -> ChangeJob:
    """The job of taking down what was sent."""
    return ChangeJob("retract", before, before, channel, _no_media, why)


def _no_media(item: Attachment) -> bytes:
    raise LookupError(f"{item.path}: nothing is uploaded in order to take something down")
