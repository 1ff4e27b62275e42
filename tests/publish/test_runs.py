"""Which Prefect runs a plan wants: one a minute, named and tagged for people, and none for what waits for its turn or is paused."""

from datetime import timedelta
from pathlib import Path

from presstime.ledger import stopping
from presstime.pauses import EVERYTHING
from tests.kit import SETTINGS, START, Folder, Office

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
