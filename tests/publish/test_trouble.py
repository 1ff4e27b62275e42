"""What people are told of: each problem once, whoever finds it and however often it is tried again."""

from datetime import timedelta
from pathlib import Path

import pytest

from presstime.model import Settling, Status
from presstime.networks.memory import Fault
from presstime.publish.trouble import PATIENCE, Troubles
from tests.publish.newsdesk import Newsdesk


def told(desk: Newsdesk, worker: str = "reader/m/1/1") -> list[str]:
    with desk.office.desk(worker) as open_desk:
        open_desk.ledger.catch_up()
        return [f"{t.state.delivery} {t.problem}" for t in Troubles(open_desk.ledger, open_desk.timing).tell()]


def test_a_problem_is_told_once(tmp_path: Path) -> None:
    """An unknown delivery is told by one of two workers, once; when it is solved and something else goes wrong, that is told."""
    desk = Newsdesk(tmp_path / "newsroom", Settling.NONE)
    assert told(desk) == []
    desk.network.faults = [Fault("lost-after")]
    assert desk.work().review
    assert [*told(desk), *told(desk, "other/m/2/2")] == ["launch/brand-mastodon unknown"]
    desk.work()
    assert told(desk) == []


def test_what_is_tried_again_is_told_when_it_does_not_come_off(tmp_path: Path) -> None:
    """A network that is away for a moment wakes nobody; one that stays away is told of once, not at every try."""
    desk = Newsdesk(tmp_path / "newsroom")
    desk.network.faults = [Fault("429", times=99, seconds=30)]
    assert desk.work(minutes=1).status is Status.DEFERRED
    assert told(desk) == []
    desk.office.pass_time(minutes=PATIENCE / timedelta(minutes=1))
    for n in range(3):
        assert desk.work().status is Status.DEFERRED
        assert told(desk) == (["launch/brand-mastodon deferred"] if n == 0 else [])
    desk.network.faults = []
    assert desk.work().status is Status.PUBLISHED
    assert told(desk) == []


@pytest.mark.parametrize("what", ["edit", "retract"])
def test_a_change_that_does_not_come_off_is_told(tmp_path: Path, what: str) -> None:
    """What is out and cannot be changed is told of when it has been tried for a quarter of an hour, once, and wakes nobody before."""
    desk = Newsdesk(tmp_path / "newsroom")
    desk.work(0)
    if what == "edit":
        desk.commit("Edited.")
    else:
        desk.commit("Lift-off.", status="retracted")
    desk.network.faults = [Fault("unreachable", times=999)]
    heard = {}
    for minute in range(60):
        desk.work(minutes=1)
        for problem in told(desk):
            heard[minute] = problem
    assert list(heard.values()) == ["launch/brand-mastodon not changed"]
    assert next(iter(heard)) in range(15, 17)
    desk.network.faults = []
    desk.work(minutes=30)
    assert not desk.work().needs_look


def test_what_was_missed_is_told(tmp_path: Path) -> None:
    """A post that never went out is told of, once; one that was missed long ago, as in an archive, is not."""
    desk = Newsdesk(tmp_path / "newsroom")
    desk.folder.post("launch", "Late.", late="skip")
    desk.folder.post("old", "Old.", desk.office.time - timedelta(days=9), late="skip")
    desk.folder.commit("Skip")
    desk.work(minutes=30)
    assert told(desk) == ["launch/brand-mastodon missed"]
    assert told(desk) == []
