"""What a person posts: when it is theirs, when it is too late, when they are reminded."""

from datetime import datetime, timedelta

from presstime.model import Action, DeliveryState, Status
from presstime.plan.situation import Situation, Wanted, action_of, utc

PATIENCE = timedelta(hours=1)  # what `late: skip` leaves a person, who posts nothing to the second
DOUBLINGS = 20  # of the time between two reminders; more than a newsroom's life


def unchanged(item: Wanted, state: DeliveryState) -> bool:
    """Whether a person has what Git says."""
    return state.status is Status.HANDED and (state.source, state.due) == (item.source, item.target.due)


def time_ends(item: Wanted, handed: datetime) -> datetime | None:
    """Until when it is of any use that a person posts it; None: for ever."""
    late = item.target.late
    ends = {"within": item.target.due + late.window, "skip": handed + PATIENCE}.get(late.rule)
    return min((end for end in (ends, item.post.expires_at) if end), default=None)


def too_late(item: Wanted, state: DeliveryState, now: datetime) -> Action | None:
    """The action on what a person was handed and did not post in time."""
    handed = state.handed or now
    end = time_ends(item, handed)
    if end is None or now <= end:
        return None
    why = "it expired" if end == item.post.expires_at else f"its late rule is `{item.target.late}`"
    reason = (
        f"handed to a person at {utc(handed)}, and nobody said by {utc(end)} that it is out ({why}): if it is, "
        f"`presstime done {item.delivery} --url URL`; if not, give it a new publish_at, or `late: publish`"
    )
    return action_of(item, "missed", reason)


def waits(item: Wanted, state: DeliveryState, digest: str) -> Action:
    """The action on what a person has and may still post."""
    since = utc(state.handed) if state.handed else "its time"
    reason = f"waits for a person since {since}: `presstime done` shows what to post, and with --url says where it is"
    return action_of(item, "wait", reason, digest)


def not_sent(item: Wanted, state: DeliveryState, situation: Situation) -> Action | None:
    """The action on what a person may have posted on a channel that is not assisted any more; None if there is no such doubt."""
    if state.handed is None or situation.assisted(item.target.channel):
        return None
    reason = (
        f"it was handed to a person at {utc(state.handed)}, who may have posted it, and its channel is not assisted any more: if it "
        f"is out, `presstime done {item.delivery} --url URL`; if not, give the post a new id"
    )
    return action_of(item, "hold", reason)


def reminder_due(state: DeliveryState | None, now: datetime, after: timedelta) -> bool:
    """Whether to remind the person who has it: some time after it was handed over, then twice as long after, and so on."""
    if state is None or state.status is not Status.HANDED or state.handed is None or not after:
        return False
    return now >= state.handed + after * (1 << min(state.reminded, DOUBLINGS))
