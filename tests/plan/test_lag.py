"""A worker whose clone is behind changes nothing that others planned from a newer commit."""

import pytest

from presstime.model import DeliveryState, Status
from presstime.networks.memory import TRAITS
from presstime.plan import Difference, Gone, Situation, plan
from tests.plan.kit import NOW, D, Words, partly_out, state, told, wanted

NEWER = {"ahead": lambda commit: commit == "c9"}


@pytest.mark.parametrize(
    "known",
    [
        state(Status.PLANNED, source="s9", digest="d9", commit="c9"),
        state(Status.DROPPED, commit="c9"),
        state(Status.HELD, source="s9", commit="c9", reason="because"),
    ],
)
def test_a_newer_plan_is_not_overwritten(known: DeliveryState) -> None:
    """Words, drops and holds of a newer commit stay; from the same commit or an older one they are planned anew."""
    assert told(wanted(), known, **NEWER).startswith("wait: the log has a plan of it from commit c9")
    assert not told(wanted(), known).startswith("wait: the log has a plan")


def test_what_says_the_same_goes_out() -> None:
    """Nothing keeps a worker that is behind from sending what the newer commit approved, too."""
    assert told(wanted(), state(Status.PLANNED, commit="c9"), **NEWER) == "publish: due now"


@pytest.mark.parametrize("item", [None, wanted(content="c2")])
def test_what_is_out_is_not_changed_back(item: object) -> None:
    """A post that this clone has not yet is not taken down, and newer words are not edited into older ones."""
    out = partly_out(Status.PUBLISHED, sent_digest="d1", content="c1", commit="c9", done=NOW)
    more = {
        "traits": lambda channel: TRAITS,
        "gone": lambda s: Gone("its file was removed", retract=True),
        "compare": lambda *asked: Difference("d2", frozenset({"text"})),
    }
    [behind] = plan([item] if item else [], Situation({D: out}, NOW, **more, **NEWER), Words())  # type: ignore[arg-type, list-item]
    [level] = plan([item] if item else [], Situation({D: out}, NOW, **more), Words())  # type: ignore[arg-type, list-item]
    assert behind.action == "wait"
    assert level.action == ("edit" if item else "retract")
