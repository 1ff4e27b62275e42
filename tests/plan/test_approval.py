"""Which actions are held for want of approval, and in which files each of them is new."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from presstime.model import Change, Delivery, Receipt, Status
from presstime.networks.memory import TRAITS
from presstime.plan import Difference, Gone
from tests.plan.kit import NOW, D, begun, decide, state, wanted

OUT = {"receipts": (Receipt("1"),), "sent_digest": "d1"}
EDITS = replace(TRAITS, can_retract=True)


@dataclass
class Nobody:
    """Nothing is approved; what was asked is remembered."""

    asked: dict[Delivery, list[str]] = field(default_factory=dict)

    def __call__(self, files: Mapping[Delivery, Collection[str]]) -> dict[Delivery, str]:
        self.asked |= {delivery: list(paths) for delivery, paths in files.items()}
        return dict.fromkeys(files, "nobody approved it")


@pytest.mark.parametrize("due", [NOW, NOW + timedelta(days=1)])
def test_what_is_new_is_held(due: datetime) -> None:
    """Due or to come, a delivery that the log does not know is held with the reason given."""
    nobody = Nobody()
    action = decide(wanted(due), unapproved=nobody)
    assert action is not None
    assert (action.action, action.reason) == ("hold", "nobody approved it")
    assert nobody.asked == {D: ["posts/launch.md"]}


def test_what_was_planned_is_not_asked_for_again() -> None:
    """Its approval was looked at when it was planned, and it says the same."""
    nobody = Nobody()
    action = decide(wanted(), state(Status.PLANNED), unapproved=nobody)
    assert action is not None
    assert action.action == "publish"
    assert nobody.asked == {}


def test_what_was_begun_asks_only_for_what_all_depend_on() -> None:
    """It says what it said when it began, so its own file does not matter; the channel is as presstime.toml has it now."""
    for known in (begun(), state(Status.PUBLISHED, change=Change("edit", "d1", NOW), content="c", **OUT)):
        nobody = Nobody()
        action = decide(wanted(source="s2", content="c"), known, unapproved=nobody)
        assert action is not None
        assert action.action == "hold"
        assert nobody.asked == {D: []}


def test_an_edit_that_is_not_approved_says_so() -> None:
    """The reason tells that it is the edit which is held, not the post."""
    known = state(Status.PUBLISHED, content="c1", **OUT)
    difference = Difference("d2", frozenset({"text"}))
    action = decide(
        wanted(content="c2"),
        known,
        compare=lambda *_: difference,
        traits=lambda channel: replace(TRAITS, edits=frozenset({"text"})),
        unapproved=Nobody(),
    )
    assert action is not None
    assert (action.action, action.reason) == ("hold", "its edit: nobody approved it")


@pytest.mark.parametrize(
    ("gone", "path"),
    [(Gone("it is gone", True), "posts/launch.md"), (Gone("it says so", True, True, "new.md"), "new.md")],
)
def test_a_takedown_is_judged_by_the_file_that_asks_for_it(gone: Gone, path: str) -> None:
    """Where the post itself says so, the file it is in now; else the file that was removed."""
    nobody = Nobody()
    action = decide(
        None, state(Status.PUBLISHED, **OUT), gone=lambda s: gone, traits=lambda c: EDITS, unapproved=nobody
    )
    assert action is not None
    assert (action.action, action.reason) == ("hold", "its takedown: nobody approved it")
    assert nobody.asked == {D: [path]}
