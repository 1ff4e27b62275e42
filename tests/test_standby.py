"""The stand-in for a Prefect that runs nothing: it does the pass, says so, and leaves a Prefect that works alone."""

import os
import time
from pathlib import Path

import pytest

from presstime.standby import Standby
from presstime.wire import MARK, STATE
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
