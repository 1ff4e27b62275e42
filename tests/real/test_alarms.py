"""Alarms raised for real, and what an operator reads then is what infra/RUNBOOK.md says he reads."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.kit import PRESSTIME, Newsroom, newsroom_on, prefect_server
from tests.conftest import S3Server
from tests.kit import SETTINGS

pytestmark = pytest.mark.real

RUNBOOK = (Path(__file__).parents[2] / "infra/RUNBOOK.md").read_text()


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with prefect_server(tmp_path_factory) as environment:
        yield environment


@pytest.fixture
def newsroom(s3_server: S3Server, tmp_path: Path) -> Newsroom:
    """One post, due a minute ago, for a feed: nothing but the alarm is in its way."""
    feed = SETTINGS.replace('channels = ["site-feed", "brand-mastodon"]', 'channels = ["site-feed"]')
    made = newsroom_on(s3_server, tmp_path, feed)
    made.folder.post("hello", "Hello there.", datetime.now(UTC) - timedelta(minutes=1), late="publish")
    made.folder.commit()
    return made


def said(text: str) -> None:
    """Hold what was read to a line of the runbook in back quotes, in which N stands for what differs each time."""
    quoted = [" ".join(line.split()) for line in re.findall(r"`([^`]+)`", RUNBOOK) if len(line) > 20]
    patterns = [re.sub(r"\bN\b", ".+?", re.escape(line)) for line in quoted]
    one_line = " ".join(text.split())
    assert any(re.search(pattern, one_line) for pattern in patterns), f"the runbook has no line for: {one_line}"


@pytest.mark.parametrize("shift", ["+120s", "-120s"])
def test_a_wrong_clock(newsroom: Newsroom, prefect: Mapping[str, str], shift: str) -> None:
    """Nothing is published on a clock two minutes wrong; publish says so and ends with 2, and is well when the clock is."""
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    env = {**newsroom.env, **prefect}
    wrong = subprocess.run(
        ["faketime", "-f", shift, str(PRESSTIME), "-C", str(newsroom.folder.path), "publish"],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert wrong.returncode == 2
    said(wrong.stderr)
    assert not (newsroom.folder.path / "public/feed/atom.xml").exists()
    assert newsroom.call("publish", env=env, seconds=200).code == 0


def test_the_log_is_out_of_reach(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    """Without S3 nothing is sent: publish ends with 2 and names the endpoint."""
    settings = newsroom.folder.path / "presstime.toml"
    settings.write_text(re.sub(r'endpoint_url = "[^"]+"', 'endpoint_url = "http://127.0.0.1:9"', settings.read_text()))
    newsroom.folder.commit()
    done = newsroom.call("publish", env={**newsroom.env, **prefect}, seconds=200)
    assert done.code == 2
    said(done.err)


def test_a_changed_entry(newsroom: Newsroom, prefect: Mapping[str, str], s3_server: S3Server) -> None:
    """A byte changed in the bucket: verify ends with 1 and names the first bad entry."""
    env = {**newsroom.env, **prefect}
    assert newsroom.call("publish", env=env, seconds=200).code == 0
    bucket = re.search(r'bucket = "([^"]+)"', (newsroom.folder.path / "presstime.toml").read_text())
    assert bucket
    s3 = s3_server.store(bucket[1])._writer
    key = "log/00000000000000000001.json"
    body = s3.get_object(Bucket=bucket[1], Key=key)["Body"].read()
    s3.put_object(Bucket=bucket[1], Key=key, Body=body.replace(b"Hello", b"Jello"))
    done = newsroom.call("audit", "verify", env=env)
    assert done.code == 1
    said(done.out + done.err)


def test_the_git_remote_is_away(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    """Nothing is published from what may be out of date: publish ends with 2 and names the command to try."""
    path = newsroom.folder.path
    newsroom.folder.write("presstime.toml", (path / "presstime.toml").read_text() + '[git]\nremote = "origin"\n')
    newsroom.folder.commit()
    subprocess.run(["git", "-C", path, "remote", "add", "origin", "http://127.0.0.1:9/x.git"], check=True)
    done = newsroom.call("publish", env={**newsroom.env, **prefect}, seconds=200)
    assert done.code == 2
    said(done.err)
