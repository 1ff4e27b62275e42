"""What becomes of deliveries that are out: edited, taken down, or left as they are, with the reason."""

from collections.abc import Iterable
from datetime import datetime

from presstime.errors import RenderError
from presstime.model import Action, DeliveryState, Status, Traits
from presstime.plan.drift import with_drift
from presstime.plan.situation import Difference, Situation, Wanted, action_of, action_on, span_of, utc

LEFT = "leave"  # as the digest of a note: the post said to leave what is out of a thread
STAYS = "what is out stays"
POSTED_BY_HAND = "a person posts on this channel"
BY_HAND = "take it down by hand, then `presstime settle --not-there`"
PARTS = {
    "text": "the words",
    "media": "the pictures",
    "card": "the link card",
    "page": "the title, link or tags",
    "thread": "the number of messages",
}


def published(item: Wanted, state: DeliveryState, situation: Situation) -> Action | None:
    """The action on what is out and wanted; None if it says what Git says."""
    return _put_off(_published(item, state, situation), state, situation)


def _published(item: Wanted, state: DeliveryState, situation: Situation) -> Action | None:
    if state.review:
        return action_of(item, "hold", f"a person must look: {state.reason}", state.sent_digest)
    if situation.busy(state):
        return _busy(state)
    if item.post.retract and item.post.expires_at and item.post.expires_at <= situation.now:
        return takedown(state, f"it expired at {utc(item.post.expires_at)}", situation)
    if state.change and state.change.what == "retract":
        return takedown(state, state.change.why or "its takedown was begun before", situation)
    return with_drift(_against_git(item, state, situation), state)


def _against_git(item: Wanted, state: DeliveryState, situation: Situation) -> Action | None:
    """What follows from what Git says and what the log has as sent."""
    if same_content(item, state):
        return _known(item, state, situation)
    try:
        difference = situation.compare(item.post, item.target, state)
    except RenderError as error:
        return action_of(item, "hold", f"published, and what it says now cannot be sent: {error.told} [{error.code}]")
    if not difference.parts and (state.change is None or state.final):
        return None
    return _changed(item, state, difference, situation)


def same_content(item: Wanted, state: DeliveryState) -> bool:
    """Whether the post's file and media are those last looked at."""
    if state.content:
        return state.content == item.content
    return state.origin.get("blob") == item.post.blob  # a log from before contents were told apart


def _known(item: Wanted, state: DeliveryState, situation: Situation) -> Action | None:
    """What an earlier look at the same content came to."""
    if state.change and state.final:
        advice = "change the post once more, or put back what is out"
        return action_of(item, "hold", f"the edit was refused: {state.reason} ({advice})", state.digest)
    if state.change:
        why = f"begun before: {state.reason}" if state.reason else "begun before, and not known to be done"
        return action_of(item, "edit", why, state.digest)
    if state.digest in ("", state.sent_digest):
        return None
    if state.final == state.digest:
        return action_of(item, "note", state.reason, state.digest)
    if _is_by_hand(state, situation):
        return _changed_by_hand(item, state, state.digest)
    return action_of(item, "edit", "it was changed in Git after it was published", state.digest)


def _changed(item: Wanted, state: DeliveryState, difference: Difference, situation: Situation) -> Action:
    if _is_by_hand(state, situation):
        return _changed_by_hand(item, state, difference.digest)
    if obstacle := cannot_edit(situation.traits(state.delivery.channel), difference):
        return action_of(
            item, "note", f"changed in Git after it was published, but {obstacle}: {STAYS}", difference.digest
        )
    what = " and ".join(PARTS[part] for part in PARTS if part in difference.parts) or "what was half changed"
    return action_of(item, "edit", f"changed in Git after it was published: {what}", difference.digest)


def partly_out(item: Wanted, state: DeliveryState, situation: Situation) -> Action | None:
    """A thread whose next message was refused: as the post says, with what is out of it."""
    many = len(state.receipts)
    out = f"{many} messages of it are out" if many > 1 else f"{many} message of it is out"
    if item.post.on_partial == "retract":
        return takedown(state, f"refused while {out}, and the post says `retract`: {state.reason}", situation)
    if item.post.on_partial == "leave":
        told = state.final == LEFT
        reason = state.reason if told else f"refused while {out}, and the post says `leave`: {state.reason}"
        return action_of(item, "note", reason, LEFT)
    advice = "remove the post, or write `status: retracted`, to take them down; give the rest an id of its own"
    return action_of(item, "hold", f"refused while {out}: {state.reason} ({advice})", state.digest)


def unwanted(state: DeliveryState, situation: Situation, excess: str) -> Action | None:
    """The action on what is out, wholly or in part, and that Git does not want any more. `excess`: see `too_many`."""
    return _put_off(_unwanted(state, situation, excess), state, situation)


def _unwanted(state: DeliveryState, situation: Situation, excess: str) -> Action | None:
    if state.review:
        return action_on(state, "hold", f"a person must look: {state.reason}")
    if situation.busy(state):
        return _busy(state)
    if excess and _is_removed(state, situation):
        return action_on(state, "hold", excess)
    gone = situation.gone(state)
    if gone.retract or (state.change and state.change.what == "retract"):
        why = gone.reason if gone.retract or not state.change else state.change.why
        return takedown(state, why, situation)
    if state.status is Status.REFUSED or not gone.reason:
        return with_drift(None, state)
    return with_drift(action_on(state, "note", f"{gone.reason}: {STAYS}"), state)


def takedown(state: DeliveryState, reason: str, situation: Situation) -> Action:
    if state.final == "retract" and state.change is None:
        return action_on(state, "note", state.reason)
    if state.final == "retract":
        return action_on(state, "hold", f"{reason}, but its takedown was refused: {state.reason} ({BY_HAND})")
    if _is_by_hand(state, situation):
        return action_on(state, "note", f"{reason}, and {POSTED_BY_HAND}: take it down there by hand")
    if obstacle := cannot_retract(situation.traits(state.delivery.channel), state, situation.now):
        return action_on(state, "note", f"{reason}, but {obstacle}: {STAYS}")
    return action_on(state, "retract", reason)


def restored(item: Wanted, state: DeliveryState) -> Action:
    """Wanted again after it was taken down: a delivery goes out once."""
    if state.withdrawn:
        return action_of(item, "note", state.reason)
    why = f"it was taken down ({state.reason})" if state.reason else "it was taken down"
    return action_of(item, "hold", f"{why}, and a post goes out once: give it a new id to publish it again")


def too_many(lost: Iterable[DeliveryState], situation: Situation) -> str:
    """Why nothing is taken down because of files that are gone; "" if it may be. A commit that removes a whole folder of
    published posts is more likely a slip than a wish."""
    gone = {state.delivery.post for state in lost if is_out(state) and _is_removed(state, situation)}
    if len(gone) <= situation.retract_max:
        return ""
    return (
        f"{len(gone)} published posts are gone from Git at once, more than [defaults] retract_max = {situation.retract_max} "
        "lets go: nothing is taken down. Bring the files back; or if it is meant, raise retract_max"
    )


def is_out(state: DeliveryState) -> bool:
    """Whether readers see it, or a part of it, and nothing about it is in doubt."""
    return state.status is Status.PUBLISHED or (state.status is Status.REFUSED and bool(state.receipts))


def _is_removed(state: DeliveryState, situation: Situation) -> bool:
    gone = situation.gone(state)
    return gone.retract and not gone.asked and state.change is None


def _is_by_hand(state: DeliveryState, situation: Situation) -> bool:
    """Whether only a person can change what is out: one posted it, or posts there now."""
    return state.handed is not None or situation.assisted(state.delivery.channel)


def _changed_by_hand(item: Wanted, state: DeliveryState, digest: str) -> Action:
    shown = f"`presstime render {item.post.path} --channel {state.delivery.channel}`"
    how = f"changed in Git after it was published, and {POSTED_BY_HAND}: change it there by hand, to what {shown} shows"
    return action_of(item, "note", how, digest)


def cannot_edit(traits: Traits | None, difference: Difference) -> str:
    """Why a network cannot make what is out say what Git says now; "" if it can."""
    if traits is None:
        return "its channel is not there any more"
    if "thread" in difference.parts:
        return "it would be another number of messages"
    beyond = [PARTS[part] for part in PARTS if part in difference.parts - traits.edits]
    if not beyond:
        return ""
    return (
        f"{traits.title} changes nothing that is out"
        if not traits.edits
        else f"{traits.title} cannot change {' and '.join(beyond)}"
    )


def cannot_retract(traits: Traits | None, state: DeliveryState, now: datetime) -> str:
    """Why a network cannot take down what is out; "" if it can."""
    if traits is None:
        return "its channel is not there any more"
    if not traits.can_retract:
        return f"{traits.title} takes nothing down"
    window = traits.retract_window
    if window and state.done and now - state.done > window:
        return f"{traits.title} takes down only what is younger than {span_of(window)}"
    return ""


def _busy(state: DeliveryState) -> Action:
    return action_on(state, "wait", "another worker is at it")


def _put_off(action: Action | None, state: DeliveryState, situation: Situation) -> Action | None:
    """The action, or a wait where just this change was put off: another one is worth a try of its own."""
    change = state.change
    if action is None or change is None or state.until is None or state.until <= situation.now:
        return action
    if change.what != action.action or (change.what == "edit" and change.digest != action.digest):
        return action
    return action_on(state, "wait", f"put off until {state.until:%H:%M:%S} UTC: {state.reason}")
