"""Which Prefect runs a plan wants: one a minute, named and tagged for people, and none for what waits for its turn or is paused."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from httpx import ConnectError

from presstime.ledger import stopping
from presstime.model import Action, DeliveryState
from presstime.pauses import EVERYTHING
from presstime.wire import Desk
from tests.kit import SETTINGS, START, Folder, Office
from tests.publish.newsdesk import Newsdesk

ONLY = 'channels = ["site-feed", "brand-mastodon"]\n'
GAP = SETTINGS.replace("[defaults]", '[defaults]\nmin_gap = "10m"').replace('"site-feed", ', "")


def wished(office: Office) -> dict[str, list[str]]:
    """The tags of each run, by its name."""
    from presstime.orchestration.runs import wishes

    with office.desk("reader/m/1/1") as desk:
        return {wish.name: wish.tags for wish in wishes(desk, desk.plan(), office.now()).values()}


def test_one_run_a_minute(tmp_path: Path) -> None:
    """What is due together shares a run; its tags are channels and campaigns; what is further than a month away has none yet."""
    office = Office(Folder(tmp_path / "newsroom", GAP))
    due = START + timedelta(hours=1)
    for n, (name, campaign) in enumerate((("one", "spring"), ("two", None), ("three", None))):
        office.folder.post(name, f"Text {n}", due + timedelta(minutes=n // 2, seconds=20 * n), campaign=campaign)
    office.folder.post("far", "Far.", START + timedelta(days=40))
    office.folder.commit()
    found = wished(office)
    assert found == {
        "10:00 one +1 -> brand-mastodon": ["brand-mastodon", "campaign:spring"],
        "10:01 three -> brand-mastodon": ["brand-mastodon"],
    }


def test_a_large_fan_out_is_spread_over_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than one run should take is shared out by channel: each has all of some channels, and together they have all."""
    from presstime.orchestration import runs

    monkeypatch.setattr(runs, "PART", 3)
    names = [f"feed-{n}" for n in range(5)]
    tables = "".join(f'[channels.{name}]\nnetwork = "feed"\npath = "public/{name}"\n' for name in names)
    office = Office(Folder(tmp_path / "newsroom", f"{SETTINGS}channels = {names}\n{tables}".replace(ONLY, "")))
    due = START + timedelta(hours=1)
    for name in ("one", "two"):
        office.folder.post(name, f"Text {name}", due)
    office.folder.commit()
    with office.desk("reader/m/1/1") as desk:
        actions = desk.plan()
        found = runs.wishes(desk, actions, office.now())
        acting = [replace(action, action="publish") for action in desk.plan()]
        shares = [runs.in_part(acting, wish.part) for wish in found.values()]
    assert all(wish.name.endswith(f"({wish.part})") for wish in found.values())
    assert {wish.part.partition("/")[2] for wish in found.values()} == {"4"}
    assert sorted(str(a.delivery) for share in shares for a in share) == sorted(str(a.delivery) for a in actions)
    channels = [{a.delivery.channel for a in share} for share in shares]
    assert sum(map(len, channels)) == len(names)


def test_no_run_for_what_waits_for_its_turn(tmp_path: Path) -> None:
    """Late deliveries that keep their distance are taken by `sync`: their instants move with each pass, runs would come and go."""
    office = Office(Folder(tmp_path / "newsroom", GAP))
    for n in range(3):
        office.folder.post(f"p{n}", f"Text {n}", START - timedelta(minutes=30 - n), late="publish")
    office.folder.post("next", "Next.", START + timedelta(minutes=30))
    office.folder.commit()
    office.sync()
    assert list(wished(office)) == ["09:30 next -> brand-mastodon"]


def test_no_run_for_what_is_paused(tmp_path: Path) -> None:
    """What is held back is not among what is coming; what is due after the end is."""
    office = Office(Folder(tmp_path / "newsroom", GAP))
    office.folder.post("during", "During.", START + timedelta(hours=1))
    office.folder.post("after", "After.", START + timedelta(hours=3))
    office.folder.commit()
    with office.desk("ops/m/1/1") as desk:
        until = START + timedelta(hours=2)
        stopping.pause(desk.ledger, EVERYTHING, desk.timing.now, "ada", "x", until, "release", timedelta(0))
    assert list(wished(office)) == ["12:00 after -> brand-mastodon"]


def test_a_server_that_does_not_answer_keeps_nothing_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Prefect cannot be asked for runs or pages, what is overdue is published all the same, and the run's log says it."""
    from presstime import orchestration

    desk = Newsdesk(tmp_path / "newsroom")
    said: list[str] = []

    async def no_answer(*arguments: object) -> None:
        raise ConnectError("503")

    async def deliver(open_desk: Desk, actions: Sequence[Action]) -> list[DeliveryState]:
        return [state for a in actions if (state := open_desk.publish(str(a.delivery)))]

    logger = SimpleNamespace(warning=lambda text, *more: said.append(text % more), info=print, error=print)
    for name, stand_in in (
        ("runs.arrange", no_answer),
        ("pages.show_page", no_answer),
        ("deliver_all", deliver),
        ("alarms.tell", lambda *arguments: None),
        ("get_run_logger", lambda: logger),
        ("deployment", SimpleNamespace(id="here")),
        ("flow_run", SimpleNamespace(id=None)),
    ):
        monkeypatch.setattr(f"presstime.orchestration.{name}", stand_in)
    desk.office.pass_time(minutes=3)
    with desk.office.desk() as open_desk:
        desk.seat(open_desk)
        monkeypatch.setattr("presstime.orchestration.desks.DESKS", {str(open_desk.root): open_desk})
        asyncio.run(orchestration.sync.fn(str(open_desk.root)))  # type: ignore[arg-type]
    assert desk.texts == ["Lift-off."]
    assert len(said) == 2
    assert all("Prefect's server did not answer" in line for line in said)
