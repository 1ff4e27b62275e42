"""The fold: what one event makes of a delivery's state. Pure, and the only place that says what events mean.

Every event names the delivery and carries `at` (the worker's clock); those of a claim carry its `epoch`. Beside these:

planned   digest, source, content, said, engine, due, slot, path, commit, blob, author, approver
claimed   worker, lease (seconds), digest, run, origin (commit, blob, author, approver)
sending   segment, digest, key, lease, origin; deposit, where the network works in two steps: what names the first one's
accepted  segment, receipt
refused   segment, reason, code
deferred  reason, until, needs_person; tried, where it was tried before that
unknown   segment, reason, over (whether the claim ended with it); then until and tried as well, where the network was asked
settled   segment, found, how, receipt; or review (a person decides) or resend
published url
missed    due, reason
held      reason
dropped   reason, commit: planned once, and not wanted any more
skipped   by, reason, due: it is not to go out at the instant it was to
retried   by, reason: a person wants it tried again, whatever the network said and until when it was put off
told      problem: people were told of it, in a word
withdrawn by, reason: a person wants what is out taken down, whatever Git says
released  reason
editing    digest, lease, origin: what is out is about to be made to say `digest`
edited     digest, receipts: and now says it
retracting reason, lease, commit: what is out is about to be taken down
retracted  reason: and now is
noted      digest, reason: a change that will not be made, a takedown ("retract") likewise, or a thread that is left as it is
handed     epoch, digest, until, origin, worker, run: what a person is to post on an assisted channel, and until when it is of any use
reminded   since, times: nobody said yet that it is out
drifted    seen: what stands on the network in place of what was sent, as [segment, text, digest], text null where it is gone; []: it is as sent
kept       by, reason: a person lets stand what drifted
undone     by, reason: a person wants what was sent to stand there again; epoch, where all of it is gone and it is to be sent again

Two kinds are about no delivery but about a scope, see pauses.py; they stand under `*/channel:NAME` and the like:

paused    by, reason, until, rule, gap (seconds); commit, where it stands in presstime.toml
resumed   by, reason; rule and gap, where they are to be others

Where presstime.toml has an [approval], `planned` and `origin` also have who was found to have signed, and by which keys:
signer (a mail address), signer_key and approver_key (fingerprints).

What a person posted is `accepted` with `by` (who says so) and `digest` (of what they were last handed), then `published`.

`refused`, `deferred` and `unknown` with a `change` ("edit", "retract") are about a change: what was published stays so. Such an `unknown`
is like `deferred`, since a change may be made twice without harm.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from presstime.model import (
    Change,
    Claim,
    Delivery,
    DeliveryState,
    Drift,
    Event,
    Intent,
    Receipt,
    Seen,
    Status,
    from_iso,
)
from presstime.pauses import Pause, after_paused, after_resumed

ORIGIN = ("commit", "blob", "author", "approver")
MARKS = ("signer", "signer_key", "approver_key")
UNSEEN = "-"  # as the digest of a content: it is to be compared once more
Rule = Callable[[DeliveryState, Event, datetime], DeliveryState]


def apply(state: DeliveryState | None, event: Event, at: datetime, entry: int) -> DeliveryState:
    """The state after `event`, which stands in entry number `entry`, written `at` by the store's clock.

    Kinds this version does not know change nothing: a newer worker may write them."""
    before = state or DeliveryState(event.delivery, Status.PLANNED, first=at)
    rule = RULES.get(event.kind)
    if rule is None:
        return before
    after = replace(rule(before, event, at), entry=entry)
    return replace(after, told="", needs_person=False) if event.kind in ENDS_TROUBLE else after


# What is wrong after one of these is wrong anew.
ENDS_TROUBLE = frozenset({"published", "edited", "retracted", "released", "retried", "skipped", "dropped", "handed"})


def apply_to_pauses(before: Sequence[Pause], event: Event, at: datetime, entry: int) -> tuple[Pause, ...]:
    """The pauses of a scope, oldest first, after an event that stands under it."""
    if event.kind == "paused":
        return after_paused(before, event.delivery, dict(event.data), at, entry)
    return after_resumed(before, dict(event.data), at) if event.kind == "resumed" else tuple(before)


def _planned(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    data = event.data
    planned = replace(
        state,
        digest=data["digest"],
        source=data["source"],
        content=data.get("content", ""),
        said=data.get("said", ""),
        slot=data.get("slot", ""),
        engine=data.get("engine", ""),
        due=from_iso(data["due"]),
        moved=from_iso(data["moved"]) if data.get("moved") else None,
        commit=data["commit"],
        path=data["path"],
        origin={k: data.get(k, "") for k in ORIGIN} | {k: data[k] for k in MARKS if k in data},
    )
    if state.status is Status.PUBLISHED and state.final and planned.digest == state.sent_digest:
        return replace(planned, change=None, final="", reason="")  # Git says again what is out: nothing is left to do
    if state.begun or state.status in (Status.PUBLISHED, Status.RETRACTED):
        return planned  # what is on the network, or may be, stays what it is
    if state.status is Status.HANDED and planned.digest == state.sent_digest:
        return planned  # the person has just these words
    return replace(planned, status=Status.PLANNED, reason="", until=None, deferrals=0)


def _claimed(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    data = event.data
    if data["epoch"] <= state.epoch:
        return state  # an older claim cannot follow a newer one
    claim = Claim(data["worker"], data["epoch"], at + timedelta(seconds=data["lease"]))
    free = state.status in (Status.PLANNED, Status.DEFERRED)
    return replace(state, claim=claim, epoch=claim.epoch, status=Status.CLAIMED if free else state.status)


def _sending(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    data = event.data
    return replace(
        state,
        status=Status.SENDING,
        intent=Intent(data["segment"], data["digest"], data["key"], at, data.get("deposit", {})),
        deferred=None,
        sent_digest=data["digest"],
        attempts=state.attempts + 1,
        claim=_extended(state.claim, data, at),
    )


def _extended(claim: Claim | None, data: Mapping[str, object], at: datetime) -> Claim | None:
    lease = data.get("lease")
    if claim is None or not isinstance(lease, int | float) or data.get("epoch") != claim.epoch:
        return claim
    return replace(claim, until=max(claim.until, at + timedelta(seconds=lease)))


def _accepted(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    n, receipt = event.data["segment"], Receipt.from_json(event.data["receipt"])
    if event.data.get("epoch", state.fresh) < state.fresh:
        return _told_late(state, n, receipt)
    if state.status is Status.PUBLISHED or n != len(state.receipts):
        return _told_late(state, n, receipt)
    receipts = (*state.receipts, receipt)
    known = replace(state, receipts=receipts, intent=None, until=None, deferrals=0)
    return replace(known, status=Status.CLAIMED, review=False, reason="")


def _told_late(state: DeliveryState, n: int, receipt: Receipt) -> DeliveryState:
    """A receipt of a segment that was settled meanwhile: the same one again is no news, another one is a second post."""
    if receipt.id in [r.id for r in (*state.receipts[n : n + 1], *state.lost[n : n + 1])]:
        return state
    reason = f"segment {n + 1} is out twice, also as {receipt.url or receipt.id}: look at the channel, and remove one"
    return replace(state, reason=reason, review=state.review or state.status is Status.PUBLISHED or state.is_lost)


def _refused(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    if event.data.get("change"):
        change, drift = _change(state, event, at), state.drift
        if drift is not None and drift.undo and change.digest == state.sent_digest:  # it is for a person to decide anew
            drift = replace(drift, undo=False, refused=event.data["reason"])
            return replace(state, change=None, claim=None, until=None, reason="", drift=drift, told="")
        final, reason = change.digest or change.what, event.data["reason"]
        return replace(state, change=change, claim=None, until=None, final=final, reason=reason, deferrals=0)
    return replace(state, status=Status.REFUSED, intent=None, claim=None, reason=event.data["reason"])


def _deferred(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    if event.data.get("change"):
        return _put_off(state, event, at)
    deferred = replace(_waiting(state, event), status=Status.DEFERRED, intent=None, claim=None)
    urgent, left = bool(event.data.get("needs_person")), state.intent or state.deferred
    return replace(deferred, needs_person=urgent, deferred=left)


def _put_off(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    return replace(_waiting(state, event), claim=None, change=_change(state, event, at))


def _waiting(state: DeliveryState, event: Event) -> DeliveryState:
    until = from_iso(event.data["until"]) if event.data.get("until") else None
    count = state.deferrals + bool(event.data.get("tried"))
    return replace(state, reason=event.data["reason"], until=until, deferrals=count)


def _unknown(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    if event.data.get("change"):
        return _put_off(state, event, at)
    if event.data.get("over"):
        return replace(_waiting(state, event), status=Status.UNKNOWN, claim=None)
    return replace(state, status=Status.UNKNOWN, reason=event.data["reason"])


def _settled(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    data = event.data
    if data["found"]:
        return _accepted(state, event, at)
    if data.get("resend"):
        return replace(state, status=Status.CLAIMED, intent=None, review=False, reason="", until=None)
    unknown = replace(state, status=Status.UNKNOWN, claim=None, until=None)
    return replace(unknown, review=bool(data.get("review")), reason=data["how"])


def _published(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    return replace(
        state,
        status=Status.PUBLISHED,
        claim=None,
        intent=None,
        until=None,
        reason="",
        url=event.data.get("url"),
        done=at,
        lost=(),
        drift=None,
    )


def _missed(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    due = from_iso(event.data["due"])
    return replace(state, status=Status.MISSED, claim=None, reason=event.data["reason"], due=due)


def _held(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    return replace(state, status=Status.HELD, claim=None, reason=event.data["reason"])


def _dropped(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    commit = event.data.get("commit") or state.commit
    return replace(state, status=Status.DROPPED, claim=None, reason=event.data["reason"], commit=commit)


def _skipped(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    due = from_iso(event.data["due"])
    return replace(state, status=Status.SKIPPED, claim=None, until=None, reason=event.data["reason"], due=due)


def _retried(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    again = replace(state, until=None, reason="", final="", claim=None, deferrals=0)
    if state.status in (Status.PUBLISHED, Status.RETRACTED, Status.UNKNOWN):
        return again
    return replace(again, status=Status.PLANNED)


def _withdrawn(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    change = Change("retract", "", at, event.data["reason"])
    return replace(state, change=change, withdrawn=True, until=None, reason="", final="")


def _released(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    return replace(state, status=Status.PLANNED, reason="", review=False)


def _change(state: DeliveryState, event: Event, at: datetime) -> Change:
    """The change that an event is about: the one under way, or one that was put off before it began."""
    what = event.data["change"]
    if state.change and state.change.what == what:
        return state.change
    return Change(what, state.digest if what == "edit" else "", at)


def _changing(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    data = event.data
    edits = event.kind == "editing"
    change = Change("edit" if edits else "retract", data["digest"] if edits else "", at, data.get("reason", ""))
    known, deferrals = state.change, 0
    if known is not None and (known.what, known.digest) == (change.what, change.digest) and not state.final:
        change, deferrals = replace(change, at=known.at), state.deferrals  # one more try of it
    claim = _extended(state.claim, data, at)
    return replace(state, change=change, claim=claim, until=None, reason="", final="", deferrals=deferrals)


def _edited(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    receipts = tuple(Receipt.from_json(r) for r in event.data["receipts"])
    known = replace(state, sent_digest=event.data["digest"], receipts=receipts, final="", reason="", until=None)
    return replace(known, deferrals=0, change=None, claim=None, url=receipts[0].url or state.url, drift=None, edited=at)


def _retracted(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    down = replace(state, status=Status.RETRACTED, change=None, claim=None, intent=None, until=None, review=False)
    return replace(down, reason=event.data["reason"], final="", drift=None, lost=(), deferrals=0)


def _noted(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    drift = state.drift
    if drift is not None and drift.undo and state.change is not None:  # left there as it is, as a person said
        drift = replace(drift, undo=False, kept=True)
    noted = replace(state, final=event.data["digest"], reason=event.data["reason"], change=None, claim=None, until=None)
    return replace(noted, drift=drift, deferrals=0)


def _handed(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    if state.begun or state.status in (Status.PUBLISHED, Status.RETRACTED):
        return state
    until = from_iso(event.data["until"]) if event.data.get("until") else None
    # Like a claim it ends all earlier ones; unlike one it does not run out.
    epoch = max(state.epoch, event.data["epoch"])
    known = replace(state, status=Status.HANDED, sent_digest=event.data["digest"], handed=at, reminded=0, until=until)
    return replace(known, claim=None, epoch=epoch, reason="")


def _reminded(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    return replace(state, reminded=max(state.reminded, event.data["times"]))


def _drifted(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    seen = tuple(Seen(*item) for item in event.data["seen"])
    told = "" if state.told == "drifted" else state.told
    drift = Drift(seen, at) if seen else None
    if not seen and state.drift and state.drift.gone and state.final:  # what was refused for being gone is tried again
        state = replace(state, final="", reason="")
    if state.is_lost:  # looked for once more before it was sent again, and there
        state = replace(state, status=Status.PUBLISHED, receipts=state.lost, lost=(), claim=None)
    return replace(state, drift=drift, told=told)


def _kept(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    drift = state.drift
    if state.is_lost or (drift is not None and len(drift.gone) == len(state.receipts)):
        return replace(_retracted(state, event, at), withdrawn=True)
    return replace(state, drift=replace(drift, kept=True, undo=False)) if drift else state


def _undone(state: DeliveryState, event: Event, at: datetime) -> DeliveryState:
    drift = state.drift
    if drift is None:
        return state
    wanted = replace(drift, kept=False, undo=True, refused="")
    # What Git said since, and the network cannot show, is to be noted anew after this.
    content = state.content if state.digest in ("", state.sent_digest) else UNSEEN
    known = replace(state, drift=wanted, content=content, final="", reason="", until=None)
    if "epoch" not in event.data:
        return known
    again = replace(known, status=Status.PLANNED, lost=state.receipts, receipts=(), drift=None, change=None, claim=None)
    epoch = max(state.epoch, event.data["epoch"])  # like a claim it ends all earlier ones
    return replace(again, epoch=epoch, fresh=epoch, attempts=0, deferred=None, deferrals=0)


RULES: dict[str, Rule] = {
    "planned": _planned,
    "claimed": _claimed,
    "sending": _sending,
    "accepted": _accepted,
    "refused": _refused,
    "deferred": _deferred,
    "unknown": _unknown,
    "settled": _settled,
    "published": _published,
    "missed": _missed,
    "held": _held,
    "dropped": _dropped,
    "skipped": _skipped,
    "retried": _retried,
    "withdrawn": _withdrawn,
    "told": lambda state, event, at: replace(state, told=event.data["problem"]),
    "released": _released,
    "editing": _changing,
    "edited": _edited,
    "retracting": _changing,
    "retracted": _retracted,
    "noted": _noted,
    "handed": _handed,
    "reminded": _reminded,
    "drifted": _drifted,
    "kept": _kept,
    "undone": _undone,
}

States = Mapping[Delivery, DeliveryState]
