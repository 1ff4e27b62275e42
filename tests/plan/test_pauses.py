"""What is paused is held; what became due meanwhile goes on as the pause's rule says, and nothing is passed over in silence."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.model import Action, DeliveryState, Receipt, Status
from presstime.pauses import EVERYTHING, Pause, Rule, Scope, holding
from presstime.plan import Rules, Situation, Wanted, plan, timetable
from presstime.plan.pauses import kept_back, lapse
from tests.plan.kit import NOW, D, Words, ago, ahead, begun, decide, partly_out, state, told, wanted

LONG_AGO = ago(days=9)


def pause(
    scope: Scope = EVERYTHING,
    since: datetime = NOW - timedelta(hours=3),
    until: datetime | None = None,
    rule: Rule = "release",
    ended: datetime | None = None,
    gap: float = 5,
) -> Pause:
    return Pause(scope, since, "ada", "a storm", until, rule, timedelta(minutes=gap), ended=ended)


def known(status: Status = Status.PLANNED, **more: Any) -> DeliveryState:
    return state(status, **{"first": LONG_AGO, **more})


@pytest.mark.parametrize(
    "scope",
    [EVERYTHING, Scope("channel", "brand"), Scope("group", "house"), Scope("campaign", "spring")],
)
def test_each_scope_holds_what_is_of_it(scope: Scope) -> None:
    """Everything, a channel, a group and a campaign: what is of it is held, with who, since when, until when and why."""
    item = wanted(NOW, campaign="spring")
    found = decide(item, known(), pauses=[pause(scope)], groups={"house": ("brand", "other")})
    assert found is not None
    assert (found.action, found.paused) == ("hold", True)
    told = "is paused by ada since 2026-11-23 06:00 UTC, until somebody resumes it: a storm"
    assert found.reason == f"{scope} {told}"


@pytest.mark.parametrize(
    "scope", [Scope("channel", "other"), Scope("group", "house"), Scope("campaign", "autumn"), Scope("campaign", "")]
)
def test_what_is_of_another_scope_goes_out(scope: Scope) -> None:
    """A pause of something else holds nothing back, and says nothing."""
    found = decide(wanted(NOW, campaign="spring"), known(), pauses=[pause(scope)], groups={"house": ("other",)})
    assert found == decide(wanted(NOW, campaign="spring"), known())


def test_what_is_due_after_the_end_waits_as_ever() -> None:
    """A pause until nine holds what is due before nine, and not what is due at nine."""
    until = pause(until=ahead(hours=2))
    assert told(wanted(ahead(hours=1)), pauses=[until]).startswith("hold: everything is paused")
    assert told(wanted(ahead(hours=2)), pauses=[until]).startswith("wait: due in")
    assert told(
        wanted(ahead(seconds=50)), pauses=[pause(until=ahead(seconds=50))], lead=timedelta(minutes=1)
    ).startswith("publish")


def test_what_is_begun_is_held_too() -> None:
    """A thread half out, and a send in doubt that settling would send again: not while it is paused."""
    for one in (partly_out(Status.CLAIMED), begun(Status.UNKNOWN), begun(Status.SENDING)):
        for item in (wanted(NOW), None):
            found = decide(item, one, pauses=[pause()])
            assert found is not None
            assert (found.action, found.paused) == ("hold", True)


def test_an_edit_is_held_and_a_takedown_is_not() -> None:
    """An edit puts words before readers. A takedown does not, and may be what everything else was stopped for."""
    out = partly_out(Status.PUBLISHED, content="c1", sent_digest="d1", done=ago(days=1))
    changed = replace(out, digest="d2")
    assert told(wanted(ago(days=1), content="c1"), changed, pauses=[pause()]).startswith("hold: everything is paused")
    from presstime.networks.memory import TRAITS

    gone: dict[str, Any] = {"traits": lambda channel: TRAITS, "pauses": [pause()]}
    from presstime.plan import Gone

    assert told(None, out, gone=lambda s: Gone("removed", retract=True), **gone).startswith("retract")


def test_what_was_missed_before_stays_missed() -> None:
    """A pause is no excuse for what was too late before it began; what became too late during it is held."""
    assert told(wanted(ago(hours=6)), known(), pauses=[pause()]).startswith("missed")
    assert told(wanted(ago(hours=2, minutes=30)), known(), pauses=[pause()]).startswith("hold")
    assert told(wanted(ago(hours=4)), known(), pauses=[pause()]).startswith("hold"), "it was late, and still allowed"


# --- afterwards -------------------------------------------------------------------------------------------------------


def over(rule: Rule, **more: Any) -> Pause:
    """One that ended just now."""
    return pause(rule=rule, ended=NOW, **more)


def test_skip_lets_nothing_out_and_says_so() -> None:
    """What came due while a pause with the rule `skip` held it does not go out, whatever its late rule; the plan says why."""
    for late in ("publish", "within 2h"):
        found = decide(wanted(ago(hours=1), late), known(due=ago(hours=1)), pauses=[over("skip")])
        assert found is not None
        assert found.action == "skip"
        assert "its rule is `skip`" in found.reason
    skipped = known(Status.SKIPPED, due=ago(hours=1), reason="it came due")
    assert told(wanted(ago(hours=1), "publish"), skipped) == "skip: it came due"
    assert told(wanted(ahead(hours=1), "publish"), skipped).startswith("wait"), "a new publish_at plans it anew"


def test_skip_is_of_what_the_log_knew() -> None:
    """A post that came after the pause was over was not kept back by it."""
    item = wanted(ago(hours=1), "publish")
    assert told(item, None, pauses=[over("skip")]).startswith("publish")
    late_comer = known(first=NOW, due=ago(hours=1))
    assert told(item, late_comer, pauses=[over("skip")]).startswith("publish")
    assert told(wanted(ago(hours=9), "within 2h"), known(), pauses=[over("skip")]).startswith("missed")


def test_release_goes_by_the_late_rule_and_spaces() -> None:
    """After the rule `release` the late rule decides, and what goes out keeps the pause's gap, though the newsroom has none."""
    dues = [ago(hours=1), ago(minutes=1), ago(hours=2, minutes=30)]
    items = [wanted(due, post=f"p{n}") for n, due in enumerate(dues)]
    states = {i.delivery: known(delivery=i.delivery, due=i.target.due) for i in items}
    situation = Situation(states, NOW, pauses=[over("release", gap=10)])
    found = {a.delivery.post: a for a in plan(items, situation, Words())}
    assert {p: a.action for p, a in found.items()} == {"p0": "publish", "p1": "wait", "p2": "missed"}
    assert found["p1"].due == ahead(minutes=10)
    free = {a.delivery.post: a.action for a in plan(items, Situation(states, NOW), Words())}
    assert free == {"p0": "publish", "p1": "publish", "p2": "missed"}


def moved(item: Wanted, known_state: DeliveryState, *pauses: Pause, now: datetime = NOW) -> Wanted:
    found = timetable([item], {item.delivery: known_state}, Rules(pauses=pauses), now)
    return found.wanted[0]


def test_reschedule_moves_by_the_length_of_the_pause() -> None:
    """After `reschedule` what came due goes out as much later as the pause was long, and its late rule counts from there."""
    item = moved(wanted(ago(hours=2)), known(due=ago(hours=2)), over("reschedule"))
    assert item.target.due == ahead(hours=1)
    assert item.named == ago(hours=2)
    assert told(item, known(due=ago(hours=2))).startswith("wait: due in 1 h 0 min, moved by a pause")
    assert moved(wanted(ahead(hours=1)), known(), over("reschedule")).named is None
    assert moved(wanted(ago(hours=2)), known(), pause(rule="reschedule")).named is None, "it still holds"


def test_what_was_moved_stays_there() -> None:
    """Once the log has the moved instant it counts, long after the pause is forgotten; a new publish_at ends that."""
    due, later = ago(hours=2), ahead(hours=1)
    there = known(due=later, moved=due)
    for pauses in ((), (over("reschedule"),)):
        item = moved(wanted(due), there, *pauses)
        assert (item.target.due, item.named) == (later, due)
    assert moved(wanted(ahead(hours=5)), there).target.due == ahead(hours=5)


def test_what_is_out_does_not_move() -> None:
    """Of what is published, begun or skipped, no pause changes the instant."""
    skipped = known(Status.SKIPPED, due=ago(hours=2))
    for one in (known(Status.PUBLISHED, receipts=(Receipt("1"),)), begun(first=LONG_AGO), skipped):
        assert moved(wanted(ago(hours=2)), one, over("reschedule")).target.due == ago(hours=2)


def test_two_pauses_move_twice() -> None:
    """A delivery that falls into the next pause when the first has moved it is moved by that, too."""
    first = pause(rule="reschedule", since=ago(hours=6), ended=ago(hours=4))
    second = Pause(Scope("channel", "brand"), ago(hours=3), "bea", "y", None, "reschedule", ended=ago(hours=1))
    item = moved(wanted(ago(hours=5)), known(due=ago(hours=5)), first, second)
    assert item.target.due == ago(hours=1), "7 h -> 3 h before, in the second pause -> 1 h before"


# --- properties -------------------------------------------------------------------------------------------------------

minutes = st.integers(-600, 600)
rules = st.sampled_from(["release", "reschedule", "skip"])
lates = st.sampled_from(["publish", "skip", "ask", "within 1h", "within 8h"])


@given(st.lists(st.tuples(minutes, st.none() | st.integers(1, 600), rules), max_size=4), minutes, lates)
def test_nothing_is_lost_or_early(given_pauses: list[tuple[int, int | None, Rule]], due: int, late: str) -> None:
    """Whatever pauses there were, a delivery that is in the log has an action that says why; what is held by a pause is held by one
    that holds at its instant, nothing goes out while one does, and nothing before the instant that Git names."""
    at = NOW + timedelta(minutes=due)
    pauses = [
        pause(since=NOW + timedelta(minutes=m), until=None if n is None else NOW + timedelta(minutes=m + n), rule=r)
        for m, n, r in given_pauses
    ]
    pauses = [p for p in pauses if p.since <= NOW]
    item, one = wanted(at, late), known(due=at)
    found = moved(item, one, *pauses)
    assert found.target.due >= at
    [action] = plan([found], Situation({D: one}, NOW, pauses=pauses), Words())
    assert action.reason
    held = holding(pauses, [EVERYTHING], max(NOW, found.target.due))
    assert action.paused == (held is not None and action.action == "hold" and "paused" in action.reason)
    assert held is None or not action.acts
    _explained(action, found, one, pauses)


def _explained(action: Action, item: Wanted, one: DeliveryState, pauses: list[Pause]) -> None:
    """What does not go out in time is missed by its rule, skipped by a pause's, or held."""
    end = lapse(item.target, None)
    if action.action == "missed":
        assert end is not None
        assert end <= NOW
    if action.action == "skip":
        assert any(p.rule == "skip" and kept_back(item.target, None, one, p) for p in pauses)
