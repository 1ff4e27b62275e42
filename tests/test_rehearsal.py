"""`presstime rehearse`: the schedule as it would go, the same for the same seed, and nothing of the newsroom touched."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from presstime.rehearsal import TRIES, Step, rehearsal
from tests.kit import Folder

BEGIN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "UTC"
[audit]
bucket = "no-such-bucket"
endpoint_url = "https://s3.nowhere.example"
[channels.site-feed]
network = "feed"
path = "public/feed"
[channels.brand-x]
network = "x"
account = "@verne"
credentials = "env:NOT_SET"
[channels.brand-bluesky]
network = "bluesky"
account = "verne.example"
credentials = "env:NOT_SET"
[channels.brand-instagram]
network = "instagram"
account = "1931"
credentials = "env:NOT_SET"
[channels.journal]
network = "devto"
credentials = "env:NOT_SET"
[defaults]
channels = ["site-feed", "brand-x", "brand-bluesky"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Thirty days with a post each, and one that is over."""
    found = Folder(tmp_path / "newsroom", SETTINGS)
    for day in range(30):
        found.post(f"day-{day}", f"Day {day} at sea.", BEGIN + timedelta(days=day, hours=1))
    found.post("over", "Long ago.", BEGIN - timedelta(days=9), late="publish")
    found.post("elsewhere", "For the journal.", BEGIN + timedelta(days=2), channels="[journal]")
    found.commit()
    return found


def rehearsed(folder: Folder, seed: int | None, days: int = 30) -> list[Step]:
    with rehearsal(folder.path, BEGIN, BEGIN + timedelta(days=days), seed) as found:
        found.run()
        assert found.stage.server.state.violations == []
        assert found.untried == {"journal": "DEV"} or list(found.untried) == ["journal"]
        return found.last()


def told(steps: list[Step]) -> str:
    return json.dumps([[str(s.delivery), s.at.isoformat(), s.status, s.reason, s.attempts, s.fault] for s in steps])


def test_everything_goes_out_on_time(folder: Folder) -> None:
    """Without faults each delivery is out at its instant; what is over is not part of it."""
    steps = rehearsed(folder, None)
    assert len(steps) == 90
    assert {step.status for step in steps} == {"published"}
    assert all(step.at == step.due for step in steps)
    assert "over" not in {step.delivery.post for step in steps}


def test_the_same_seed_the_same_result(folder: Folder) -> None:
    """Faults come from the seed alone; another seed is another month."""
    first = rehearsed(folder, 7)
    assert told(rehearsed(folder, 7)) == told(first)
    assert told(rehearsed(folder, 8)) != told(first)
    assert any(step.fault for step in first)
    ends = Counter(step.status for step in first)
    assert ends["published"] >= 80
    assert sum(ends.values()) == 90


def test_the_end(folder: Folder) -> None:
    """Only what is due until then is rehearsed."""
    assert {step.delivery.post for step in rehearsed(folder, None, days=3)} == {"day-0", "day-1", "day-2"}


def test_nothing_of_the_newsroom_is_touched(folder: Folder) -> None:
    """Neither its caches, its feeds nor its log, which is nowhere; nor is a credential needed."""
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    rehearsed(folder, 7, days=3)
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


def test_what_cannot_go_out_is_not_tried_for_ever(folder: Folder) -> None:
    """A post that Instagram refuses for want of a picture says so, and the rehearsal ends."""
    folder.post("bare", "No picture.", BEGIN + timedelta(hours=2), channels="[brand-instagram]")
    folder.commit()
    with rehearsal(folder.path, BEGIN, BEGIN + timedelta(days=1), None) as found:
        found.run()
        plan = {str(a.delivery): a for a in found.stage.sync.actions(found.stage.clock.at)}
    assert plan["bare/brand-instagram"].action == "hold"
    assert max(Counter(step.delivery for step in found.steps).values()) <= TRIES


def test_the_pages_say_what_was_met(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the preview's pages each delivery has the faults that it met in words and how late it was, and each page says that nothing
    was sent."""
    from presstime import rehearsal as module
    from presstime.cli.rehearse import write_pages

    monkeypatch.setattr(module, "CHANCE", 0.6)
    with rehearsal(folder.path, BEGIN, BEGIN + timedelta(days=3), 7) as found:
        found.run()
        write_pages(found, tmp_path / "pages")
        steps = found.last()
        met = {step.delivery: found.met(step.delivery) for step in steps}
    late = {step.delivery: int(step.late.total_seconds() // 60) for step in steps}
    page = "".join(file.read_text() for file in (tmp_path / "pages").glob("*.html"))
    assert sum(map(bool, met.values())) >= 3
    assert page.count("Rehearsed:") == sum(bool(met[name]) or late[name] > 0 for name in met)
    assert all(fault in page for faults in met.values() for fault in faults)
    assert all("nothing of it was sent" in file.read_text() for file in (tmp_path / "pages").rglob("*.html"))
