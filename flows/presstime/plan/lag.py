"""A worker may have read an older commit than others have planned from: its clone is behind, or it stood still. What the log
has from a newer commit is not changed back by it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from presstime.model import Action, Delivery, DeliveryState
from presstime.plan.approval import is_new
from presstime.plan.situation import Situation, Wanted


def wait_for_newer(actions: Sequence[Action], wanted: Mapping[Delivery, Wanted], situation: Situation) -> list[Action]:
    """The actions, with a wait in place of each that would undo what a newer commit has planned."""
    return [_waits(action, wanted.get(action.delivery), situation) for action in actions]


def _waits(action: Action, item: Wanted | None, situation: Situation) -> Action:
    state = situation.states.get(action.delivery)
    if state is None or not state.commit or not _changes(action, item, state) or not situation.ahead(state.commit):
        return action
    reason = (
        f"the log has a plan of it from commit {state.commit[:12]}, which is newer than the one read here: this clone is behind, or "
        "the branch was set back; a new commit goes on from there"
    )
    return replace(action, action="wait", reason=reason, digest="")


def _changes(action: Action, item: Wanted | None, state: DeliveryState) -> bool:
    """Whether an action says something else than the log."""
    if action.action in ("edit", "retract", "note", "missed", "hold"):
        return state.change is None and state.reason != action.reason
    return item is not None and is_new(action, item, state)
