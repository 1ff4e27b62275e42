"""The stand-in for a Prefect that runs nothing: it does the pass, says so, and leaves a Prefect that works alone."""

import os
import time
from pathlib import Path

import pytest

from presstime.ledger.claims import put_off
from presstime.standby import Standby, Watch
from presstime.wire import MARK, STATE, open_desk
from tests.conftest import S3Server
from tests.kit import Folder

SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "UTC"
[audit]
bucket = "{bucket}"
endpoint_url = "{url}"
[channels.site-feed]
network = "feed"
path = "public/feed"
[defaults]
channels = ["site-feed"]
late = "publish"
"""


@pytest.fixture
def folder(tmp_path: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.credentials[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.credentials[1])
    settings = SETTINGS.format(bucket=s3_server.store().bucket, url=s3_server.url)
    folder = Folder(tmp_path, settings)
    folder.post("launch")
    folder.commit()
    return folder


def waited(condition: object, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.05)
    return bool(condition())  # type: ignore[operator]


def test_steps_in_when_no_pass_happens(folder: Folder) -> None:
    """After its patience without a pass it publishes what is due, once, and tells ops to look at Prefect."""
    said: list[str] = []
    standby = Standby(folder.path, said.append, patience=0.2, look_every=0.05)
    standby.start()
    assert waited((folder.path / "public/feed/atom.xml").exists)
    standby.stop()
    assert "Prefect has run no pass" in said[0]
    assert standby.step_in() == 0  # it is out: nothing is due any more


def test_stays_away_while_passes_happen(folder: Folder) -> None:
    """While passes are begun in time it does nothing."""
    mark = folder.path / STATE / MARK
    mark.parent.mkdir(parents=True)
    mark.touch()
    os.utime(mark, (time.time() + 60, time.time() + 60))
    said: list[str] = []
    standby = Standby(folder.path, said.append, patience=0.2, look_every=0.01)
    standby.start()
    time.sleep(0.6)
    standby.stop()
    assert said == []


def test_a_failing_pass_is_said_and_survived(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that cannot be done (S3 is away) is said, not raised: the next look tries again."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    said: list[str] = []
    assert Standby(folder.path, said.append).step_in() == 0
    assert "secret key is wrong" in said[1]


class Prefect:
    """One that answers or not, and the time that passes between the looks of a stand-in."""

    def __init__(self, folder: Folder) -> None:
        self.answers, self.now, self.said = True, 0.0, list[str]()
        self.watch = Watch(folder.path, self.said.append, lambda: self.answers, patience=60.0, clock=lambda: self.now)

    def look(self, after: float = 0.0) -> int:
        self.now += after
        return self.watch.look()


def test_stands_in_while_prefect_does_not_answer(folder: Folder) -> None:
    """Beside a team it leaves what is due to the workers, until Prefect has not answered for as long as patience lasts; it says
    when it begins, once, and when Prefect is back."""
    prefect = Prefect(folder)
    prefect.answers = False
    assert prefect.look() == prefect.look(59) == 0
    assert prefect.said == []
    assert prefect.look(1) == 1
    assert (folder.path / "public/feed/atom.xml").exists()
    folder.post("second", "The second.")
    folder.commit()
    assert prefect.look(30) == 1
    prefect.answers = True
    assert prefect.look(30) == 0
    assert prefect.said == [
        "Prefect has not answered for 60 s: publishing here until it does.",
        "Prefect answers again: its workers go on.",
    ]


def test_takes_what_nobody_touches(folder: Folder) -> None:
    """While Prefect answers, what is due is taken only when it lay there at every look for as long as patience lasts."""
    prefect = Prefect(folder)
    assert prefect.look() == prefect.look(59) == 0
    folder.remove("posts/launch.md")
    folder.commit()
    assert prefect.look(1) == 0
    folder.post("again", "Once more.")
    folder.commit()
    assert prefect.look(1) == prefect.look(59) == 0  # it counts from when it was first seen
    assert prefect.look(1) == 1
    assert prefect.said[0].startswith("1 due and left untouched for 60 s, though Prefect answers")
    assert prefect.look(1) == 0


def test_leaves_what_others_try(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put off is tried again by who put it off: that it is still due is no sign that nobody is there."""
    prefect = Prefect(folder)
    assert prefect.look() == 0
    with open_desk(folder.path) as desk:
        [action] = [a for a in desk.plan() if a.acts]
        put_off(desk.ledger, action.delivery, action.digest, desk.timing.now, "its server is down", needs_person=False)
    assert prefect.look(60) == prefect.look(60) == 0
    assert prefect.said == []


def test_a_look_that_fails_is_said_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """While S3 is away too, that is said once, not at every look."""
    prefect = Prefect(folder)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert prefect.look() == prefect.look(30) == 0
    [said] = prefect.said
    assert "secret key is wrong" in said
