"""One delivery after the other: what follows from the log, then from the content, then from the clock.

A delivery's words are asked for through `say`, which renders when it must; a post that cannot be rendered is held with the
renderer's own words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from presstime.errors import RenderError
from presstime.model import Action, Delivery, DeliveryState, Post, Status, Target
from presstime.plan import assisted
from presstime.plan.approval import hold_unapproved
from presstime.plan.drift import not_again
from presstime.plan.lag import wait_for_newer
from presstime.plan.pauses import gap_after, hold_paused
from presstime.plan.situation import ON_TIME, Situation, Verdict, Wanted, action_of, action_on, span_of, utc
from presstime.plan.standing import is_out, partly_out, published, restored, too_many, unwanted

Say = Callable[[Post, Target], str]  # the digest of a delivery's words; raises RenderError

REMEDY = "give it a new publish_at, or `late: publish`, to send it after all"


def plan(
    wanted: Iterable[Wanted], situation: Situation, say: Say, waiting: Iterable[tuple[Wanted, str]] = ()
) -> list[Action]:
    """The actions for everything Git wants or has begun, in due order. Published deliveries that did not change have none.

    `say` gives the digest of a delivery's variant or raises `RenderError`; `waiting` have no instant, and why."""
    actions = [Action(item.delivery, "hold", None, reason, "", item.post.path) for item, reason in waiting]
    seen = {action.delivery for action in actions}
    known: dict[Delivery, Wanted] = {}
    for item in wanted:
        seen.add(item.delivery)
        known[item.delivery] = item
        if action := _decide(item, situation.states.get(item.delivery), situation, say):
            actions.append(action)
    lost = [state for state in situation.states.values() if state.delivery not in seen]
    excess = too_many(lost, situation)
    actions += [action for state in lost if (action := _orphan(state, situation, excess))]
    actions = hold_unapproved(wait_for_newer(actions, known, situation), known, situation)
    actions = hold_paused(actions, known, situation)
    return _spaced(sorted(actions, key=by_due(situation.now)), known, situation)


def by_due(now: datetime) -> Callable[[Action], tuple[bool, datetime, Delivery]]:
    """What sorts actions: by their instant, those that have none last."""
    return lambda action: (action.due is None, action.due or now, action.delivery)


def _decide(item: Wanted, state: DeliveryState | None, situation: Situation, say: Say) -> Action | None:
    if state is not None and (known := _as_the_log_says(item, state, situation)) is not PROCEED:
        return known
    if gone := _too_late(item, state, situation.now):
        told = state is not None and state.status is Status.MISSED and state.due == item.target.due
        return replace(gone, reason=state.reason) if told and state and gone.action == "missed" else gone
    if state is not None and (doubt := assisted.not_sent(item, state, situation)):
        return doubt
    try:
        digest = _known_digest(item, state, situation) or say(item.post, item.target)
    except RenderError as error:
        return action_of(item, "hold", f"{error.message} [{error.code}]. {error.advice}".strip())
    if state is not None and state.status is Status.REFUSED and digest == state.sent_digest:
        return action_of(item, "hold", f"refused by the network, and still says the same: {state.reason}", digest)
    if again := _says_again(item, state, situation, digest):
        return again
    if state is not None and _drifted(item, state, digest):
        return action_of(
            item,
            "hold",
            "its text would differ from what was approved, though nothing in Git changed (an upgrade did): commit the post "
            "again to approve the new text, or go back to the version before",
            digest,
        )
    return _by_the_clock(item, state, situation, digest)


def _says_again(item: Wanted, state: DeliveryState | None, situation: Situation, digest: str) -> Action | None:
    """Held, where another post has said just this on the channel: more likely an id that was changed than a wish."""
    if item.post.again or (state is not None and state.status is not Status.HELD):
        return None
    twin = situation.twin(item.post, item.target)
    if twin is None:
        return None
    when = f" on {utc(twin.done)}" if twin.done else ""
    way = f"give it back the id {twin.delivery.post!r}, or add `again: true` if it is meant"
    return action_of(item, "hold", f"says the same as {twin.delivery}, published{when}: a rename? Then {way}", digest)


PROCEED = Action(Delivery("-", "-"), "wait", None, "")  # no verdict from the log: the content and the clock decide


def _as_the_log_says(item: Wanted, state: DeliveryState, situation: Situation) -> Action | None:
    """What follows from the log alone, or PROCEED."""
    if state.status is Status.PUBLISHED:
        return published(item, state, situation)
    if state.status is Status.SKIPPED and state.due == item.target.due:
        return action_of(item, "skip", state.reason)
    if state.status is Status.RETRACTED:
        return None if _expired(item, situation.now) else restored(item, state)
    if state.review:
        return action_of(item, "hold", f"unknown, a person must look: {state.reason}", state.sent_digest)
    if state.is_lost and _expired(item, situation.now):
        return not_again(state, f"it expired at {utc(item.post.expires_at or situation.now)}")
    if state.is_lost and state.status is Status.REFUSED:
        return not_again(state, f"the network refused it: {state.reason}; `presstime retry` tries it once more")
    if state.begun and state.status is not Status.REFUSED:
        return _unfinished(item, state, situation)
    if state.status is Status.REFUSED and state.receipts:
        return partly_out(item, state, situation)
    if state.status is Status.REFUSED and state.source == item.source:
        return action_of(item, "hold", f"refused by the network: {state.reason}", state.digest)
    if assisted.unchanged(item, state) and situation.assisted(item.target.channel):
        return assisted.too_late(item, state, situation.now) or assisted.waits(item, state, state.digest)
    approved = state.digest if state.source == item.source else ""  # what changed meanwhile is planned after the wait
    if situation.busy(state):
        return action_of(item, "wait", "another worker is at it", approved)
    if state.until and state.until > situation.now and state.status is Status.DEFERRED:
        return action_of(item, "wait", f"put off until {state.until:%H:%M:%S} UTC: {state.reason}", approved)
    return PROCEED


def _unfinished(item: Wanted, state: DeliveryState, situation: Situation) -> Action:
    """Something may be on the network already: it is settled and finished as it was begun, whatever Git says by now."""
    if situation.busy(state):
        return action_of(item, "wait", "another worker is sending it", state.sent_digest)
    if state.until and state.until > situation.now:
        return action_of(item, "wait", f"put off until {state.until:%H:%M:%S} UTC: {state.reason}", state.sent_digest)
    if state.is_lost:
        return action_of(
            item, "publish", "it is gone from the network, and a person wants it sent again", state.sent_digest
        )
    why = "a send without an answer is settled first" if state.intent else f"{len(state.receipts)} segments are out"
    return action_of(item, "publish", f"begun before: {why}", state.sent_digest)


def _orphan(state: DeliveryState, situation: Situation, excess: str) -> Action | None:
    """The action on a delivery that Git does not want any more, if anything of it is or may be out."""
    if is_out(state):
        return unwanted(state, situation, excess)
    if not state.begun or state.status in (Status.REFUSED, Status.RETRACTED):
        return None
    if state.review:
        return action_on(state, "hold", f"unknown, a person must look: {state.reason}")
    if situation.busy(state):
        return action_on(state, "wait", "another worker is sending it")
    if state.is_lost:
        return not_again(state, situation.gone(state).reason or "Git does not want it any more")
    return action_on(state, "publish", "begun before Git dropped it: it is settled and finished")


def _expired(item: Wanted, now: datetime) -> bool:
    return item.post.expires_at is not None and item.post.expires_at <= now


def _too_late(item: Wanted, state: DeliveryState | None, now: datetime) -> Action | None:
    """Lateness, counted for a person where one has it."""
    if state is not None and state.status is Status.HANDED:
        return assisted.too_late(item, state, now)
    return _too_late_for_words(item, now)


def _too_late_for_words(item: Wanted, now: datetime) -> Action | None:
    """Lateness that no text can change: found before rendering, so that an old archive costs nothing."""
    due, late = item.target.due, item.target.late
    if item.post.expires_at and _expired(item, now):
        return action_of(item, "missed", f"expired at {utc(item.post.expires_at)} before it was published")
    overdue = now - due
    if overdue <= ON_TIME or late.rule == "publish":
        return None
    if late.rule == "within" and overdue <= late.window:
        return None
    if late.rule == "ask":
        # No span that grows: a reason that changes is news, and would be written into the log at every pass.
        return action_of(item, "hold", f"was due at {utc(due)} and its late rule is `ask`: {REMEDY}")
    return action_of(
        item, "missed", f"was due at {utc(due)}, {span_of(overdue)} before; its late rule is `{late}`: {REMEDY}"
    )


def _by_the_clock(item: Wanted, state: DeliveryState | None, situation: Situation, digest: str) -> Action:
    due, overdue = item.target.due, situation.now - item.target.due
    if due > situation.now:
        verdict: Verdict = "publish" if due <= situation.now + situation.lead else "wait"
        span = span_of(-overdue)
        return action_of(item, verdict, f"due in {span}, {item.note}" if item.note else f"due in {span}", digest)
    if state is not None and state.status is Status.HANDED and state.sent_digest == digest:
        return assisted.waits(item, state, digest)
    if item.not_before is not None and item.not_before > situation.now:
        waits = action_of(item, "wait", f"late by {span_of(overdue)}, waits for the end of the quiet hours", digest)
        return replace(waits, due=item.not_before)
    if state is not None and state.status is Status.HANDED:
        return action_of(
            item, "publish", "changed in Git since a person was handed it, and nobody said it is out", digest
        )
    if state is not None and state.status is Status.DEFERRED:
        return action_of(item, "publish", f"tried before: {state.reason}", digest)
    return action_of(item, "publish", "due now" if overdue <= ON_TIME else f"late by {span_of(overdue)}", digest)


def _known_digest(item: Wanted, state: DeliveryState | None, situation: Situation) -> str:
    """The planned digest, where nothing it depends on has changed since: rendering would only repeat it."""
    if state is None or state.status not in (Status.PLANNED, Status.DEFERRED, Status.CLAIMED, Status.HANDED):
        return ""
    same = (state.source, state.engine, state.due) == (item.source, situation.engine, item.target.due)
    return state.digest if same else ""


def _drifted(item: Wanted, state: DeliveryState, digest: str) -> bool:
    """Promise 1: nothing in Git changed since the words were approved, and yet they would differ."""
    approved = state.digest != "" and state.source == item.source
    return approved and state.due == item.target.due and digest != state.digest


def _spaced(actions: Sequence[Action], wanted: Mapping[Delivery, Wanted], situation: Situation) -> list[Action]:
    """Late deliveries of one channel keep the minimum gap from each other and from what went out last; so does what a pause has kept
    back, with the pause's own gap."""
    if not situation.min_gap and not situation.pauses:
        return list(actions)
    last = {c: situation.last_done(c) for c in {a.delivery.channel for a in actions}}
    return [_after_gap(action, wanted.get(action.delivery), last, situation) for action in actions]


def _after_gap(action: Action, item: Wanted | None, last: dict[str, datetime | None], situation: Situation) -> Action:
    channel, now = action.delivery.channel, situation.now
    if action.action != "publish" or action.due is None or action.due > now:
        return action
    kept = gap_after(item, situation.states.get(action.delivery), situation)
    gap = max(kept, situation.min_gap)
    if not gap or (now - action.due <= ON_TIME and not kept):
        return action
    before = last[channel]
    if before is None or before + gap <= now:
        last[channel] = now
        return action
    last[channel] = before + gap
    reason = f"{action.reason}; spaced by {span_of(gap)} from the one before on {channel}"
    return replace(action, action="wait", due=before + gap, reason=reason)
