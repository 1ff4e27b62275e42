"""Stage 2: (posts, what the log says, the time) -> actions. Pure, and every action says why.

A delivery's words are asked for through `say`, which renders when it must; a post that cannot be rendered is held with the
renderer's own words."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from presstime.errors import RenderError
from presstime.model import Action, Delivery, DeliveryState, Post, Status, Target, digest_of

ON_TIME = timedelta(minutes=2)  # later than this is late: a tick of a minute, and a minute to spare

Verdict = Literal["publish", "wait", "edit", "retract", "hold", "missed"]
Say = Callable[[Post, Target], str]  # the digest of a delivery's words; raises RenderError

REMEDY = "give it a new publish_at, or `late: publish`, to send it after all"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What Git wants of one delivery: `source` is the digest of everything in Git that its words come from."""

    post: Post
    target: Target
    source: str

    @property
    def delivery(self) -> Delivery:
        return Delivery(self.post.id, self.target.channel)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the plan depends on beside Git: the log's states, the time, and who is asking.

    `engine` is the digest of what renders; `busy` tells whether a state's claim still belongs to another worker; `min_gap` spaces what is late on one channel."""

    states: Mapping[Delivery, DeliveryState]
    now: datetime
    engine: str = ""
    lead: timedelta = timedelta(0)  # what is due within it is picked up now, and waited for by whoever sends it
    busy: Callable[[DeliveryState], bool] = lambda state: False
    min_gap: timedelta = timedelta(0)


def source_of(post: Post, target: Target, settings_blob: str, templates: str) -> str:
    """The digest of what Git says about a delivery: the post's file, its media, presstime.toml, the templates."""
    media = target.media if target.media is not None else post.media
    return digest_of([post.blob, [m.blob for m in media], settings_blob, templates])


def plan(wanted: Iterable[Wanted], situation: Situation, say: Say) -> list[Action]:
    """The actions for everything Git wants or has begun, in due order. Published deliveries that did not change have none.

    `say` gives the digest of a delivery's variant or raises `RenderError`."""
    seen: set[Delivery] = set()
    actions: list[Action] = []
    for item in wanted:
        seen.add(item.delivery)
        if action := _decide(item, situation.states.get(item.delivery), situation, say):
            actions.append(action)
    actions += [_orphan(state, situation) for state in situation.states.values() if _is_open(state, seen)]
    actions.sort(key=lambda a: (a.due is None, a.due or situation.now, a.delivery))
    return _spaced(actions, situation)


def _decide(item: Wanted, state: DeliveryState | None, situation: Situation, say: Say) -> Action | None:
    if state is not None and (known := _as_the_log_says(item, state, situation, say)) is not PROCEED:
        return known
    if gone := _too_late_for_words(item, situation.now):
        told = state is not None and state.status is Status.MISSED and state.due == item.target.due
        return replace(gone, reason=state.reason) if told and state and gone.action == "missed" else gone
    try:
        digest = _known_digest(item, state, situation) or say(item.post, item.target)
    except RenderError as error:
        return _action(item, "hold", f"{error.message} [{error.code}]. {error.advice}".strip())
    if state is not None and state.status is Status.REFUSED and digest == state.sent_digest:
        return _action(item, "hold", f"refused by the network, and still says the same: {state.reason}", digest)
    if state is not None and _drifted(item, state, digest):
        return _action(
            item,
            "hold",
            "its text would differ from what was approved, though nothing in Git changed (an upgrade did): commit the post "
            "again to approve the new text, or go back to the version before",
            digest,
        )
    return _by_the_clock(item, state, situation, digest)


PROCEED = Action(Delivery("-", "-"), "wait", None, "")  # no verdict from the log: the content and the clock decide


def _as_the_log_says(item: Wanted, state: DeliveryState, situation: Situation, say: Say) -> Action | None:
    """What follows from the log alone, or PROCEED."""
    if state.status is Status.PUBLISHED:
        return _published(item, state, say)
    if state.review:
        return _action(item, "hold", f"unknown, a person must look: {state.reason}", state.sent_digest)
    if state.begun and state.status is not Status.REFUSED:
        return _unfinished(item, state, situation)
    if state.status is Status.REFUSED and state.source == item.source:
        return _action(item, "hold", f"refused by the network: {state.reason}", state.digest)
    if state.status is Status.REFUSED and state.receipts:
        return _action(
            item, "hold", f"refused after {len(state.receipts)} segments went out: {state.reason}", state.digest
        )
    approved = state.digest if state.source == item.source else ""  # what changed meanwhile is planned after the wait
    if situation.busy(state):
        return _action(item, "wait", "another worker is at it", approved)
    if state.until and state.until > situation.now and state.status is Status.DEFERRED:
        return _action(item, "wait", f"put off until {state.until:%H:%M:%S} UTC: {state.reason}", approved)
    return PROCEED


def _published(item: Wanted, state: DeliveryState, say: Say) -> Action | None:
    if state.source == item.source:
        return None
    try:
        digest = say(item.post, item.target)
    except RenderError:
        digest = ""
    if digest == state.sent_digest:
        return None
    return _action(
        item, "hold", "published already; what changed in Git since then is not sent: this version does not edit"
    )


def _unfinished(item: Wanted, state: DeliveryState, situation: Situation) -> Action:
    """Something may be on the network already: it is settled and finished as it was begun, whatever Git says by now."""
    if situation.busy(state):
        return _action(item, "wait", "another worker is sending it", state.sent_digest)
    if state.until and state.until > situation.now:
        return _action(item, "wait", f"put off until {state.until:%H:%M:%S} UTC: {state.reason}", state.sent_digest)
    why = "a send without an answer is settled first" if state.intent else f"{len(state.receipts)} segments are out"
    return _action(item, "publish", f"begun before: {why}", state.sent_digest)


def _is_open(state: DeliveryState, seen: set[Delivery]) -> bool:
    """Whether a delivery that Git no longer wants was begun and never ended."""
    over = (Status.PUBLISHED, Status.REFUSED)
    return state.delivery not in seen and state.begun and state.status not in over


def _orphan(state: DeliveryState, situation: Situation) -> Action:
    verdict: Verdict
    if state.review:
        verdict, reason = "hold", f"unknown, a person must look: {state.reason}"
    elif situation.busy(state):
        verdict, reason = "wait", "another worker is sending it"
    else:
        verdict, reason = "publish", "begun before Git dropped it: it is settled and finished"
    return Action(state.delivery, verdict, state.due, reason, state.sent_digest, state.path)


def _too_late_for_words(item: Wanted, now: datetime) -> Action | None:
    """Lateness that no text can change: found before rendering, so that an old archive costs nothing."""
    expires, due, late = item.post.expires_at, item.target.due, item.target.late
    if expires and expires <= now:
        return _action(item, "missed", f"expired at {_utc(expires)} before it was published")
    overdue = now - due
    if overdue <= ON_TIME or late.rule == "publish":
        return None
    if late.rule == "within" and overdue <= late.window:
        return None
    if late.rule == "ask":
        # No span that grows: a reason that changes is news, and would be written into the log at every pass.
        return _action(item, "hold", f"was due at {_utc(due)} and its late rule is `ask`: {REMEDY}")
    return _action(
        item, "missed", f"was due at {_utc(due)}, {_ago(overdue)} before; its late rule is `{late}`: {REMEDY}"
    )


def _by_the_clock(item: Wanted, state: DeliveryState | None, situation: Situation, digest: str) -> Action:
    due, overdue = item.target.due, situation.now - item.target.due
    if due > situation.now:
        verdict: Verdict = "publish" if due <= situation.now + situation.lead else "wait"
        return _action(item, verdict, f"due in {_ago(-overdue)}", digest)
    if state is not None and state.status is Status.DEFERRED:
        return _action(item, "publish", f"tried before: {state.reason}", digest)
    return _action(item, "publish", "due now" if overdue <= ON_TIME else f"late by {_ago(overdue)}", digest)


def _known_digest(item: Wanted, state: DeliveryState | None, situation: Situation) -> str:
    """The planned digest, where nothing it depends on has changed since: rendering would only repeat it."""
    if state is None or state.status not in (Status.PLANNED, Status.DEFERRED, Status.CLAIMED):
        return ""
    same = (state.source, state.engine, state.due) == (item.source, situation.engine, item.target.due)
    return state.digest if same else ""


def _drifted(item: Wanted, state: DeliveryState, digest: str) -> bool:
    """Promise 1: nothing in Git changed since the words were approved, and yet they would differ."""
    approved = state.digest != "" and state.source == item.source
    return approved and state.due == item.target.due and digest != state.digest


def _spaced(actions: Sequence[Action], situation: Situation) -> list[Action]:
    """Late deliveries of one channel keep the minimum gap from each other and from what went out last."""
    if not situation.min_gap:
        return list(actions)
    last: dict[str, datetime] = defaultdict(lambda: situation.now - situation.min_gap)
    for state in situation.states.values():
        if state.done:
            last[state.delivery.channel] = max(last[state.delivery.channel], state.done)
    return [_after_gap(action, last, situation) for action in actions]


def _after_gap(action: Action, last: dict[str, datetime], situation: Situation) -> Action:
    channel = action.delivery.channel
    if action.action != "publish" or action.due is None or situation.now - action.due <= ON_TIME:
        return action
    earliest = last[channel] + situation.min_gap
    if earliest <= situation.now:
        last[channel] = situation.now
        return action
    last[channel] = earliest
    reason = f"{action.reason}; spaced by {_ago(situation.min_gap)} from the one before on {channel}"
    return replace(action, action="wait", due=earliest, reason=reason)


def _action(item: Wanted, action: Verdict, reason: str, digest: str = "") -> Action:
    return Action(item.delivery, action, item.target.due, reason, digest, item.post.path)


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _ago(span: timedelta) -> str:
    """A span as people say it: `3 days`, `2 h 5 min`, `40 s`."""
    seconds = int(span.total_seconds())
    if seconds >= 172_800:
        return f"{seconds // 86_400} days"
    if seconds >= 3_600:
        return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
    return f"{seconds // 60} min" if seconds >= 120 else f"{seconds} s"
