"""What follows for a delivery that a person has: it waits, is handed over anew, or is too late."""

from datetime import timedelta

import pytest

from presstime.model import DeliveryState, Receipt, Status
from presstime.plan.assisted import PATIENCE, reminder_due, time_ends
from tests.plan.kit import NOW, Words, ago, ahead, decide, state, told, wanted

HOUR = timedelta(hours=1)
ASSISTED = {"assisted": lambda channel: True}


def with_person(**more: object) -> DeliveryState:
    """One that was handed over at its instant, a quarter of an hour ago."""
    due = ago(minutes=15)
    return state(Status.HANDED, **{"due": due, "handed": due, "sent_digest": "d1", **more})


def test_it_waits() -> None:
    """What a person has and may still post waits, and nothing is rendered for it."""
    words = Words()
    action = decide(wanted(ago(minutes=15)), with_person(), words, **ASSISTED)
    assert action is not None
    assert (action.action, action.acts, words.asked) == ("wait", False, [])
    assert action.reason.startswith("waits for a person since 2026-11-23 08:45 UTC: `presstime done`")


@pytest.mark.parametrize(
    ("late", "due", "verdict"),
    [
        ("within 2h", ago(minutes=119), "wait"),
        ("within 2h", ago(minutes=121), "missed"),
        ("skip", ago(minutes=59), "wait"),
        ("skip", ago(minutes=61), "missed"),
        ("publish", ago(days=30), "wait"),
        ("ask", ago(days=30), "wait"),
    ],
)
def test_the_late_rule(late: str, due: object, verdict: str) -> None:
    """A person's time is what the post says: `skip` leaves an hour, `publish` and `ask` all the time there is."""
    known = with_person(due=due, handed=due)
    reason = told(wanted(due, late), known, **ASSISTED)  # type: ignore[arg-type]
    assert reason.startswith(verdict)
    if verdict == "missed":
        assert "nobody said by" in reason
        assert "presstime done launch/brand --url URL" in reason


def test_expired() -> None:
    """What expires is not waited for any longer, whatever its late rule."""
    item = wanted(ago(minutes=15), "publish", expires_at=ago(minutes=1))
    assert "missed" in told(item, with_person(), **ASSISTED)
    assert time_ends(item, NOW) == ago(minutes=1)


def test_told_once() -> None:
    """What was missed keeps its reason: it is no news at each pass."""
    due = ago(hours=3)
    missed = state(Status.MISSED, due=due, handed=due, sent_digest="d1", reason="handed, and nobody said so")
    assert told(wanted(due), missed, **ASSISTED) == "missed: handed, and nobody said so"


def test_a_change_is_handed_over_anew() -> None:
    """Other words go to the person once more; the same ones, from a commit that changed something else, do not."""
    item = wanted(ago(minutes=15), source="s2")
    assert told(item, with_person(), Words(launch="d2"), **ASSISTED).startswith(
        "publish: changed in Git since a person"
    )
    assert told(item, with_person(), Words(launch="d1"), **ASSISTED).startswith("wait: waits for a person")


def test_an_upgrade_takes_nothing_back() -> None:
    """A person who has what was approved keeps it, though this version would render it otherwise."""
    assert told(wanted(ago(minutes=15)), with_person(), Words(launch="d2"), engine="e2", **ASSISTED).startswith("wait")


def test_put_off_to_a_later_time() -> None:
    """A new instant in the future is planned, and the person's turn comes again then."""
    item = wanted(ahead(hours=5), source="s2")
    assert told(item, with_person(), Words(launch="d2"), **ASSISTED).startswith("wait: due in 5 h")


def test_a_channel_that_is_assisted_no_more() -> None:
    """What a person may have posted is never sent by us: somebody has to say. What is over stays over."""
    item = wanted(ago(minutes=15), source="s2")
    for known in (with_person(), state(Status.PLANNED, due=ago(minutes=15), handed=ago(minutes=15))):
        reason = told(item, known)
        assert reason.startswith("hold: it was handed to a person")
        assert "presstime done launch/brand --url URL" in reason
    late = ago(hours=3)
    assert told(wanted(late, source="s2"), with_person(due=late, handed=late)).startswith("missed")


def published(**more: object) -> DeliveryState:
    out = {"receipts": (Receipt("u", "u"),), "sent_digest": "d1", "content": "c1", "handed": ago(hours=3)}
    return state(Status.PUBLISHED, **{**out, **more})


@pytest.mark.parametrize("change", ["edit", "retract"])
@pytest.mark.parametrize("handed", [True, False])
def test_what_a_person_posted_is_changed_by_a_person(change: str, handed: bool) -> None:
    """An edit or a takedown is a note: of what was posted by hand, and of what is out on a channel that is assisted now."""
    from presstime.model import Settling, TextRule, Traits
    from presstime.plan import Difference, Gone

    able = Traits("m", "M", Settling.NONE, TextRule(9, "characters"), edits=frozenset({"text"}), can_retract=True)
    situation = {
        "traits": lambda channel: able,
        "compare": lambda post, target, known: Difference("d2", frozenset({"text"})),
        "gone": lambda known: Gone("its file was removed", retract=True),
        "assisted": lambda channel: not handed,
    }
    known = published(handed=ago(hours=3) if handed else None)
    item = wanted(source="s2", content="c2") if change == "edit" else None
    reason = told(item, known, **situation)
    assert reason.startswith("note: ")
    assert "by hand" in reason
    if handed:  # planned meanwhile, and not noted yet
        assert told(wanted(source="s2", content="c2"), published(digest="d2", content="c2"), **situation).startswith(
            "note"
        )


def test_reminders_grow() -> None:
    """The first after the time that the newsroom says, each further one after twice the time."""
    known = with_person(handed=NOW)
    due = [minutes for minutes in range(0, 600, 30) if reminder_due(known, NOW + timedelta(minutes=minutes), HOUR)]
    assert due[0] == 60
    for count, first in ((1, 120), (2, 240), (3, 480)):
        known = with_person(handed=NOW, reminded=count)
        assert not reminder_due(known, NOW + timedelta(minutes=first - 1), HOUR)
        assert reminder_due(known, NOW + timedelta(minutes=first), HOUR)


def test_no_reminders() -> None:
    """Nobody is reminded where the newsroom says 0, nor of what is not with anybody."""
    assert not reminder_due(with_person(), NOW + timedelta(days=9), timedelta(0))
    assert not reminder_due(state(Status.PUBLISHED, handed=NOW), NOW + timedelta(days=9), HOUR)
    assert not reminder_due(None, NOW, HOUR)
    assert PATIENCE == HOUR
