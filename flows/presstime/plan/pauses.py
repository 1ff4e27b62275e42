"""What a person has paused is held; and when it is over, its rule says what becomes of what was kept back. Nothing is passed over in
silence.

A pause keeps a delivery back if the log knew of it before the pause ended and it could have gone out meanwhile: it came due in that
time, or was late and still allowed to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from presstime.model import UNGIVEN, Action, Delivery, DeliveryState, Status, Target
from presstime.pauses import Pause, Subject, scopes_of
from presstime.plan.situation import ON_TIME, Situation, Wanted

STOPPED = (
    "publish",
    "wait",
    "edit",
    "missed",
)  # a takedown puts nothing before readers, and may be what the pause is for
DECIDED = (Status.PUBLISHED, Status.RETRACTED, Status.HANDED, Status.SKIPPED, Status.MISSED)  # these no pause moves


def hold_paused(actions: Sequence[Action], wanted: Mapping[Delivery, Wanted], situation: Situation) -> list[Action]:
    """The actions, with a hold in place of each that a pause holds, and a skip in place of each that one has kept back whose rule is
    `skip`."""
    if not situation.pauses:
        return list(actions)
    return [_paused(action, wanted.get(action.delivery), situation) for action in actions]


def _paused(action: Action, item: Wanted | None, situation: Situation) -> Action:
    state = situation.states.get(action.delivery)
    if action.action not in STOPPED or (state is not None and (state.status is Status.HANDED or situation.busy(state))):
        return action
    scopes = scopes_of(action.delivery.channel, situation.groups, item.post.campaign if item else None)
    begun = state is not None and state.begun
    if item is not None and not begun and action.action in ("publish", "wait"):
        found = [p for p in situation.pauses if p.rule == "skip" and p.scope in scopes]
        if pause := next((p for p in found if kept_back(item.target, item.post.expires_at, state, p)), None):
            return replace(action, action="skip", reason=f"it came due while {pause.told}; its rule is `skip`")
    pause = Subject(scopes, action.due).held_by(situation.pauses, situation.now)
    if pause is None or (action.action == "missed" and not _was_in_time(item, pause)):
        return action
    return replace(action, action="hold", reason=pause.told, paused=True)


def _was_in_time(item: Wanted | None, pause: Pause) -> bool:
    """Whether a delivery that is too late now was not so when the pause began."""
    if item is None:
        return False
    over = lapse(item.target, item.post.expires_at)
    return over is None or over > pause.since


def lapse(target: Target, expires_at: datetime | None) -> datetime | None:
    """The instant from which on a delivery may not go out any more without a person; None: it always may."""
    late = target.late
    ends = {"within": target.due + max(late.window, ON_TIME), "publish": None}.get(late.rule, target.due + ON_TIME)
    return min((end for end in (ends, expires_at) if end), default=None)


def kept_back(target: Target, expires_at: datetime | None, state: DeliveryState | None, pause: Pause) -> bool:
    """Whether a pause that was ended by somebody, or by its time, kept a delivery from going out. One without an end holds it
    still."""
    if pause.end is None or state is None or state.first is None or state.first >= pause.end:
        return False
    over = lapse(target, expires_at)
    return target.due < pause.end and (over is None or over > pause.since)


# --- what the rules of pauses that are over make of instants ------------------------------------------------------------


def put_back(
    item: Wanted,
    state: DeliveryState | None,
    pauses: Iterable[Pause],
    groups: Mapping[str, Sequence[str]],
    now: datetime,
) -> Wanted:
    """The delivery at the instant that pauses with the rule `reschedule` have moved it to. What was moved once stays so, as long as
    Git names the same instant."""
    named = item.target.due
    if state is None:
        return item
    if state.moved == named and state.due is not None:
        item = _at(item, state.due)
    if not (state.begun or state.status in DECIDED):
        scopes = scopes_of(item.target.channel, groups, item.post.campaign)
        for pause in _over(pauses, "reschedule", now):
            if pause.scope in scopes and pause.end and kept_back(item.target, item.post.expires_at, state, pause):
                item = _at(item, item.target.due + (pause.end - pause.since))
    return item if item.target.due == named else replace(item, note="moved by a pause", named=named)


def slot_is_lost(
    item: Wanted, state: DeliveryState, pauses: Iterable[Pause], groups: Mapping[str, Sequence[str]], now: datetime
) -> bool:
    """Whether a pause with the rule `reschedule` has kept back what had this slot: it waits for another one."""
    if state.begun or state.status in DECIDED or state.due is None:
        return False
    scopes = scopes_of(item.target.channel, groups, item.post.campaign)
    target = replace(item.target, due=state.due)
    found = (p for p in _over(pauses, "reschedule", now) if p.scope in scopes)
    return any(kept_back(target, item.post.expires_at, state, pause) for pause in found)


def gap_after(item: Wanted | None, state: DeliveryState | None, situation: Situation) -> timedelta:
    """How far apart from the one before a delivery goes out that was kept back; nothing where none was."""
    if item is None or not situation.pauses or item.target.due == UNGIVEN:
        return timedelta(0)
    scopes = scopes_of(item.target.channel, situation.groups, item.post.campaign)
    found = (p for p in _over(situation.pauses, "release", situation.now) if p.scope in scopes)
    gaps = [p.gap for p in found if kept_back(item.target, item.post.expires_at, state, p)]
    return max(gaps, default=timedelta(0))


def _over(pauses: Iterable[Pause], rule: str, now: datetime) -> list[Pause]:
    """Those with a rule that are over, in the order in which they ended."""
    found = [pause for pause in pauses if pause.rule == rule and not pause.holds(now)]
    return sorted(found, key=lambda p: (p.end or now, p.since, p.scope))


def _at(item: Wanted, due: datetime) -> Wanted:
    return replace(item, target=replace(item.target, due=due))
