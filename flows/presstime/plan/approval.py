"""What is new is done only if it was approved: otherwise it is held, with the reason. What the log has as planned was looked
at then, and is not looked at again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from presstime.model import Action, Delivery, DeliveryState, Status
from presstime.plan.situation import Situation, Wanted, files_of


def hold_unapproved(actions: Sequence[Action], wanted: Mapping[Delivery, Wanted], situation: Situation) -> list[Action]:
    """The actions, with a hold in place of each that is not approved."""
    files: dict[Delivery, list[str]] = {}
    for action in actions:
        paths = _to_judge(action, wanted.get(action.delivery), situation.states.get(action.delivery), situation)
        if paths is not None:
            files[action.delivery] = paths
    refused = situation.unapproved(files) if files else {}
    return [_held(action, refused[action.delivery]) if action.delivery in refused else action for action in actions]


def _held(action: Action, reason: str) -> Action:
    told = {"edit": f"its edit: {reason}", "retract": f"its takedown: {reason}"}.get(action.action, reason)
    return replace(action, action="hold", reason=told)


def _to_judge(
    action: Action, item: Wanted | None, state: DeliveryState | None, situation: Situation
) -> list[str] | None:
    """The files of a post that an action is new in. What was begun has none, and yet is looked at: it is done as
    presstime.toml says now. None: nothing about it is new."""
    if action.action == "retract" and state is not None and state.change is None:
        return [item.post.path if item is not None else situation.gone(state).path or state.path]
    if item is not None and is_new(action, item, state):
        return files_of(item)
    return [] if action.acts and state is not None and state.begun else None


def is_new(action: Action, item: Wanted, state: DeliveryState | None) -> bool:
    """Whether the log must learn of an action's digest before anything acts on it."""
    if not action.digest or action.drifted:
        return False
    if state is not None and state.status is Status.PUBLISHED:
        new = (state.digest, state.content) != (action.digest, item.content)
        return action.action in ("edit", "note") and new
    if action.action not in ("publish", "wait") and not action.paused:
        return False
    if state is None:
        return True
    if state.begun and state.status is not Status.REFUSED:
        return False
    if state.status is Status.DROPPED:
        return True
    return (state.digest, state.source, state.due) != (action.digest, item.source, item.target.due)
