"""From what a post says of time to instants: occurrences, slots that are given once, the end of the quiet hours."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from presstime.clock import parse_slot
from presstime.model import UNGIVEN, Delivery, DeliveryState, Repeat, Status, Target
from presstime.plan import Rules, Situation, Wanted, plan, timetable
from tests.plan.kit import NOW, D, Words, ahead, partly_out, state, told, wanted

# NOW is Monday, 23 November 2026, 09:00 UTC.
WEEKDAY = Rules({"weekday": tuple(map(parse_slot, ("Mon 09:00", "Wed 12:00", "Fri 17:00")))})
NIGHT = Rules(quiet=(time(22), time(7)))
WED, FRI, MON = (datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((25, 12), (27, 17), (30, 9)))


def queued(post: str = "launch", channel: str = "brand", slots: str = "weekday", content: str = "c1") -> Wanted:
    item = wanted(post=post, channel=channel, content=content)
    return replace(item, target=replace(item.target, due=UNGIVEN, slots=slots))


def given(due: datetime, post: str = "launch", status: Status = Status.PLANNED, **more: object) -> DeliveryState:
    known = {"slot": "weekday", "content": "c1", "due": due, "delivery": Delivery(post, "brand"), **more}
    return state(status, **known)


def dues(
    *items: Wanted, known: tuple[DeliveryState, ...] = (), rules: Rules = WEEKDAY, now: datetime = NOW
) -> dict[str, object]:
    """The instant of each delivery, or why it has none."""
    found = timetable(items, {s.delivery: s for s in known}, rules, now)
    return {str(i.delivery): i.target.due for i in found.wanted} | {str(i.delivery): why for i, why in found.waiting}


# --- slots ------------------------------------------------------------------------------------------------------------


def test_new_posts_get_the_next_free_slots_in_their_order() -> None:
    """The slot of this very moment is past; each instant of a channel goes to one post, other channels have their own."""
    found = dues(queued("a"), queued("b"), queued("c"), queued("a", "other"))
    assert found == {"a/brand": WED, "b/brand": FRI, "c/brand": MON, "a/other": WED}


def test_a_slot_once_given_is_kept() -> None:
    """Later commits do not shuffle the queue: a new post takes what is left, also an earlier slot that came free."""
    known = (given(FRI, "b"), given(MON, "c"))
    assert dues(queued("a"), queued("b"), queued("c"), known=known) == {"a/brand": WED, "b/brand": FRI, "c/brand": MON}
    assert dues(queued("b"), queued("d"), known=known) == {"b/brand": FRI, "d/brand": WED}


def test_a_post_of_its_own_time_takes_the_slot() -> None:
    """Where somebody wrote down the very time of a slot, it is not given to another."""
    assert dues(wanted(WED, post="fixed"), queued("a"))["a/brand"] == FRI


def test_one_slot_given_twice_stays_with_the_first() -> None:
    """Two workers may plan at the same time: whoever is first in the log keeps the slot, the other gets the next."""
    known = (given(WED, "a", entry=8), given(WED, "b", entry=7))
    assert dues(queued("a"), queued("b"), known=known) == {"a/brand": FRI, "b/brand": WED}
    begun = given(WED, "a", Status.SENDING, entry=8, receipts=partly_out(Status.SENDING).receipts)
    assert dues(queued("a"), queued("b"), known=(begun, known[1])) == {"a/brand": WED, "b/brand": FRI}


def test_a_post_that_asks_for_other_slots_gets_another() -> None:
    """A given slot is of its set; a missed one is asked for anew by changing the post, and not by waiting."""
    rules = Rules({**WEEKDAY.slots, "evening": (parse_slot("Tue 20:00"),)})
    assert dues(queued(slots="evening"), known=(given(FRI),), rules=rules) == {str(D): ahead(days=1, hours=11)}
    missed = given(NOW - timedelta(days=5), status=Status.MISSED)
    assert dues(queued(), known=(missed,)) == {str(D): NOW - timedelta(days=5)}
    assert dues(queued(content="c2"), known=(missed,)) == {str(D): WED}


def test_a_full_queue_is_explained() -> None:
    """Where no slot is free for a year, the post is held, with how many wait and what to do."""
    rules = Rules({"weekday": (parse_slot("Mon 09:00"),)})
    found = dues(*(queued(f"p{n:03}") for n in range(60)), rules=rules)
    held = [reason for reason in found.values() if isinstance(reason, str)]
    assert len(held) == 60 - 52
    assert "no slot of 'weekday' is free on brand" in held[0]
    assert "52 posts wait there" in held[0]
    assert "Add a slot under [slots]" in held[0]


def test_a_slot_that_is_no_more_is_kept_and_explained() -> None:
    """What was given stays, and the plan says that the newsroom has no such slot any more."""
    gone = Rules({"weekday": (parse_slot("Mon 09:00"),)})
    [item] = timetable([queued()], {D: given(FRI)}, gone, NOW).wanted
    assert item.target.due == FRI
    assert told(item, given(FRI)) == (
        "wait: due in 4 days, in the slot it was given; [slots] 'weekday' has none on Fri 17:00 any more"
    )
    [item] = timetable([queued()], {D: given(FRI)}, WEEKDAY, NOW).wanted
    assert told(item, given(FRI)) == "wait: due in 4 days, in its slot of 'weekday'"


def test_what_waits_is_in_the_plan_and_is_not_lost() -> None:
    """A delivery without a slot is held, also where the log knows it already."""
    found = timetable([queued()], {}, Rules({"weekday": ()}), NOW)
    actions = plan(found.wanted, Situation({D: given(FRI)}, NOW), Words(), found.waiting)
    assert [(a.delivery, a.action, a.due) for a in actions] == [(D, "hold", None)]


# --- what repeats -----------------------------------------------------------------------------------------------------


def repeating(rule: str, start: datetime, **post: object) -> Wanted:
    item = wanted(start, **post)  # type: ignore[arg-type]
    return replace(item, target=replace(item.target, repeat=Repeat(rule, start.replace(tzinfo=None), "UTC")))


def test_each_occurrence_is_a_delivery() -> None:
    """As far as plans reach, under its local time as a name and with its number; past ones are looked at for two months."""
    found = timetable([repeating("FREQ=WEEKLY", datetime(2026, 1, 5, 9, tzinfo=UTC))], {}, Rules(), NOW).wanted
    assert str(found[0].delivery) == "launch/brand/2026-09-28T09:00"
    assert str(found[-1].delivery) == "launch/brand/2026-12-28T09:00"
    assert [i.target.number for i in found] == list(range(39, 39 + 14))
    assert found[0].note == "occurrence 39"
    assert all(i.target.repeat is None for i in found)


def test_an_expiry_ends_the_occurrences() -> None:
    """Nothing repeats at or after `expires_at`."""
    rule = repeating("FREQ=DAILY", NOW, expires_at=ahead(days=3))
    assert len(timetable([rule], {}, Rules(), NOW).wanted) == 3


# --- quiet hours ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hour", "moved"), [(21, 21), (22, 31), (30, 31), (31, 31)])
def test_what_falls_into_the_quiet_hours_moves_to_their_end(hour: int, moved: int) -> None:
    """By the channel's own clocks; what is out stays where it was."""
    midnight = NOW.replace(hour=0)
    item = wanted(midnight + timedelta(hours=hour))
    [found] = timetable([item], {}, NIGHT, NOW).wanted
    assert found.target.due == midnight + timedelta(hours=moved)
    out = partly_out(Status.PUBLISHED)
    assert timetable([item], {D: out}, NIGHT, NOW).wanted == [item]


def test_a_backlog_waits_for_the_end_of_the_quiet_hours() -> None:
    """What was due before and is late at night goes out in the morning."""
    night = NOW.replace(hour=23)
    [item] = timetable([wanted(night - timedelta(hours=2), "publish")], {}, NIGHT, night).wanted
    action = told(item, now=night)
    assert action == "wait: late by 2 h 0 min, waits for the end of the quiet hours"
    [item] = timetable([wanted(NOW - timedelta(hours=1), "publish")], {}, NIGHT, NOW).wanted
    assert told(item) == "publish: late by 1 h 0 min"


# --- renames ----------------------------------------------------------------------------------------------------------


def test_a_new_id_with_a_published_text_is_held() -> None:
    """More likely an id that was changed than a wish: the plan says whose words they are, and the two ways on."""
    twin = partly_out(Status.PUBLISHED, delivery=Delivery("old", "brand"), done=NOW)
    reason = told(wanted(), twin=lambda post, target: twin)
    assert reason.startswith("hold: says the same as old/brand, published on 2026-11-23 09:00 UTC: a rename?")
    assert "give it back the id 'old'" in reason
    assert "again: true" in reason
    assert told(wanted(again=True), twin=lambda post, target: twin) == "publish: due now"
    assert told(wanted(), state(Status.PLANNED), twin=lambda post, target: twin) == "publish: due now"
    assert told(wanted(), state(Status.HELD), twin=lambda post, target: twin).startswith("hold: says the same")


def test_a_target_names_its_delivery() -> None:
    """Post, channel and occurrence."""
    target = Target("brand", NOW, wanted().target.late, occurrence="2026-03-24T09:00")
    assert str(target.of("launch")) == "launch/brand/2026-03-24T09:00"
