"""What is out and is not on the network as it was sent: how a plan tells it, and what it does where a person wants it undone."""

from dataclasses import replace

from presstime.model import Action, DeliveryState, Drift
from presstime.plan.situation import action_on

SHOWN = 160  # characters of the words that stand there
WAYS = "`presstime drift` accepts or undoes it"


def told(drift: Drift, count: int, quoting: bool = True) -> str:
    """What was seen of a delivery of `count` messages, as a sentence without its end; with the words that stand there, if `quoting`."""
    gone = drift.gone
    if len(gone) == count:
        return "it is gone from the network" if count == 1 else f"all {count} messages of it are gone from the network"
    parts = [f"message {n + 1} is gone from the network" for n in gone]
    for seen in drift.seen:
        if seen.text is not None:
            what = "it" if count == 1 else f"message {seen.segment + 1}"
            said = f"{what} was changed on the network, and says there {_quoted(seen.text)}"
            parts.append(said if quoting else f"{what} was changed on the network")
    if drift.refused:
        parts.append(f"the network would not have it put back: {drift.refused}")
    return "; ".join(parts)


def with_drift(found: Action | None, state: DeliveryState) -> Action | None:
    """The action on what is out, with what its drift makes of it. `found` is what follows from Git and the log alone."""
    drift = state.drift
    if drift is None:
        return found
    if drift.undo and (found is None or found.action == "note" or puts_back(state)):
        return _put_back(state)
    if found is not None and found.action not in ("edit", "note"):
        return found
    what = told(drift, len(state.receipts))
    if found is not None and found.action == "edit":
        if drift.gone:
            return _note(state, f"changed in Git after it was published, but {what}")
        return replace(found, reason=f"{found.reason}. On the network {_what_goes(drift)} is put over")
    return _note(state, f"{what}: {WAYS}") if found is None and drift.open else found


def puts_back(state: DeliveryState) -> bool:
    """Whether the edit under way is that of putting back what was sent."""
    return state.change is not None and state.change.what == "edit" and state.change.digest == state.sent_digest


def not_again(state: DeliveryState, why: str) -> Action:
    """The action on what a person wanted sent again, and Git does not want any more."""
    return action_on(
        state, "hold", f"it is gone from the network, and is not sent again: {why} (`presstime drift accept` ends it)"
    )


def _put_back(state: DeliveryState) -> Action:
    edit = action_on(state, "edit", "a person wants what was sent put back in place of what stands on the network")
    return replace(edit, drifted=True)


def _note(state: DeliveryState, reason: str) -> Action:
    return replace(action_on(state, "note", reason), digest="", drifted=True)


def _what_goes(drift: Drift) -> str:
    """What an edit puts something else in the place of."""
    return " and ".join(_quoted(seen.text) for seen in drift.seen if seen.text is not None)


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= SHOWN else f'"{flat[:SHOWN]}…"'
