"""What is put off again and again: it waits longer from pass to pass, and what a network was left for it is used again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from presstime.ledger.by_hand import retry_by_hand, settle_by_hand
from presstime.model import Delivery, DeliveryState, Settling, Status
from presstime.networks.memory import Fault
from presstime.publish.retry import left_alone
from tests.publish.kit import World
from tests.publish.newsdesk import D, Newsdesk

AWAY = Fault("unreachable", times=999)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def put_off(times: int) -> DeliveryState:
    return DeliveryState(Delivery("a", "b"), Status.DEFERRED, deferrals=times)


def test_each_wait_is_about_as_long_as_all_before() -> None:
    """The first try that fails costs nothing; then a minute, two, four, and half an hour at most."""
    waits = [left_alone(put_off(n), NOON, None) for n in range(9)]
    assert waits[0] is None
    assert [(until - NOON) // timedelta(minutes=1) for until in waits[1:] if until] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_one_try_is_left_before_its_time_is_over() -> None:
    """Nobody waits so long that the late rule would end it untried; in the last minutes each pass tries it."""
    assert left_alone(put_off(9), NOON, NOON + timedelta(minutes=20)) == NOON + timedelta(minutes=18)
    assert left_alone(put_off(9), NOON, NOON + timedelta(minutes=2)) is None


def passes(desk: Newsdesk, minutes: int) -> tuple[list[int], DeliveryState]:
    """A pass a minute, each another worker's: the minutes in which the network was asked anything, and where the delivery stands."""
    tried = []
    for minute in range(minutes):
        before = desk.network.requests
        state = desk.work(minutes=1)
        if desk.network.requests > before:
            tried.append(minute)
    return tried, state


def test_all_workers_wait(tmp_path: Path) -> None:
    """A pass a minute, each another worker's, on a network that is away: the log keeps them all from trying, and `plan` says until
    when. What comes after the network is back goes out."""
    desk = Newsdesk(tmp_path)
    desk.network.faults.append(replace(AWAY))
    tried, state = passes(desk, 20)
    assert tried == [0, 1, 2, 4, 8, 16]
    assert state.until is not None
    assert desk.plan()[D] == f"wait: put off until {state.until:%H:%M:%S} UTC: the network cannot be reached"
    desk.network.faults.clear()
    assert desk.work(minutes=30).status is Status.PUBLISHED
    assert desk.work().deferrals == 0


@pytest.mark.parametrize("what", ["edit", "retract"])
def test_a_change_waits_as_well(tmp_path: Path, what: str) -> None:
    """Each try of an edit or a takedown is two entries in the log: one that does not come off for days does not fill it."""
    desk = Newsdesk(tmp_path)
    desk.work(0)
    _want(desk, what)
    desk.network.faults.append(replace(AWAY))
    tried, state = passes(desk, 40)
    assert tried == [0, 1, 2, 4, 8, 16, 32]
    assert state.until is not None
    assert desk.plan()[D] == f"wait: put off until {state.until:%H:%M:%S} UTC: the network cannot be reached"
    desk.network.faults.clear()
    state = desk.work(minutes=30)
    assert (state.change, state.deferrals, desk.texts) == (None, 0, ["Edited."] if what == "edit" else [])


@pytest.mark.parametrize("what", ["edit", "retract"])
def test_another_change_does_not_wait(tmp_path: Path, what: str) -> None:
    """Other words, or a takedown, are tried at once, however long the edit before them was put off."""
    desk = Newsdesk(tmp_path)
    desk.work(0)
    _want(desk, "edit")
    desk.network.faults.append(replace(AWAY))
    for _ in range(6):
        state = desk.work(minutes=20)
    assert state.until is not None
    desk.network.faults.clear()
    assert desk.work(minutes=1).change is not None
    if what == "edit":
        desk.commit("Edited once more.")
    else:
        _want(desk, "retract")
    assert desk.work(minutes=0.1).change is None
    assert desk.texts == (["Edited once more."] if what == "edit" else [])


def test_what_waits_for_a_person_waits_less(tmp_path: Path) -> None:
    """Credentials that a network refuses for days do not fill the log either; once they are right it goes out within five minutes."""
    desk = Newsdesk(tmp_path)
    desk.network.faults.append(Fault("401", times=999))
    tried, state = passes(desk, 30)
    assert tried == [0, 1, 2, 4, 8, 13, 18, 23, 28]
    assert state.needs_person
    desk.network.faults.clear()
    assert desk.work(minutes=5).status is Status.PUBLISHED


def test_what_is_in_doubt_waits_as_well(tmp_path: Path) -> None:
    """A send without an answer, on a network that is away since: it is asked less and less often, and settled when it is back."""
    desk = Newsdesk(tmp_path)
    desk.network.faults += [Fault("drop-after"), replace(AWAY)]
    tried, state = passes(desk, 40)
    assert tried == [0, 1, 2, 4, 8, 16, 32]
    assert state.status is Status.UNKNOWN
    assert desk.plan()[D].startswith("wait: put off until ")
    desk.network.faults.clear()
    state = desk.work(minutes=30)
    assert (state.status, state.deferrals, state.until) == (Status.PUBLISHED, 0, None)
    assert desk.texts == ["Lift-off."]


def test_a_person_ends_the_doubt_at_once(tmp_path: Path) -> None:
    """What somebody has looked for and not found goes out at the next pass, however long it would have been left alone."""
    desk = Newsdesk(tmp_path)
    desk.network.faults += [Fault("drop-before"), replace(AWAY)]
    for _ in range(6):
        desk.work(minutes=30)
    with desk.office.desk("by/m/1/1") as seat:
        seat.ledger.catch_up()
        settle_by_hand(seat.ledger, Delivery.parse(D), desk.office.now, "Ada", None, last=True)
    desk.network.faults.clear()
    assert desk.work(minutes=0.1).status is Status.PUBLISHED
    assert desk.texts == ["Lift-off."]


def _want(desk: Newsdesk, what: str) -> None:
    if what == "edit":
        desk.commit("Edited.")
    else:
        desk.commit("Lift-off.", status="retracted")


def test_a_persons_retry_ends_the_wait(tmp_path: Path) -> None:
    """`presstime retry` has the next pass try it, and the waits begin anew."""
    desk = Newsdesk(tmp_path)
    desk.network.faults.append(replace(AWAY))
    for _ in range(6):
        desk.work(minutes=20)
    with desk.office.desk("by/m/1/1") as seat:
        seat.ledger.catch_up()
        retry_by_hand(seat.ledger, Delivery.parse(D), desk.office.now, "Ada", "it is back")
    desk.network.faults.clear()
    assert desk.work(minutes=0.1).status is Status.PUBLISHED


def test_the_networks_own_time_is_kept() -> None:
    """Where the network says when to come back, that is in the log, however often it was tried."""
    world = World()
    job = world.job()
    world.plan(job)
    for _ in range(3):
        world.network.faults = [Fault("429", times=9, seconds=7200)]
        state = world.publish(job)
    assert state.until is not None
    assert state.until > world.time + timedelta(minutes=110)
    assert state.deferrals == 3


@pytest.mark.parametrize("texts", [("One",), ("One", "Two")])
def test_a_container_is_used_again(texts: tuple[str, ...]) -> None:
    """What the network was left for a send that it put off is published by the next pass, whoever makes it: one container a message."""
    world = World(Settling.CONTAINER)
    job = world.job(*texts)
    world.plan(job)
    world.network.faults.append(Fault("unreachable", times=40, skip=len(texts) - 1))
    for n in range(6):
        assert world.publish(job, world.worker(f"elsewhere/m/{n}/1")).status is Status.DEFERRED
        world.pass_time(minutes=40)
    world.network.faults.clear()
    assert world.publish(job).status is Status.PUBLISHED
    assert world.texts() == list(texts)
    assert world.network.containers == len(texts)
