"""A race of processes for the same deliveries: one bucket, one network, each with its own cache, all at the same moment."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from presstime.ledger.cache import Cache
from presstime.ledger.log import Ledger
from presstime.ledger.verify import verify
from presstime.sandbox.server import SandboxServer
from presstime.stores.s3 import S3Store
from tests.conftest import S3Server
from tests.kit import Folder
from tests.real.strace_kit import HERE, SETTINGS

pytestmark = pytest.mark.real

ALL = os.environ.get("PRESSTIME_ALL") == "1"
PROCESSES, POSTS, CHANNELS = (8, 250, 4) if ALL else (3, 20, 3)
THREADS = 4
CHANNEL = '[channels.m{n}]\nnetwork = "mastodon"\nbase_url = "https://m.example"\ncredentials = "env:TOKEN_{n}"\n'


def newsroom(path: Path, server: S3Server, bucket: str) -> Folder:
    """Posts that are all due, each for every channel."""
    names = range(CHANNELS)
    channels = "".join(CHANNEL.format(n=n) for n in names)
    listed = ", ".join(f'"m{n}"' for n in names)
    folder = Folder(
        path, SETTINGS.format(bucket=bucket, name="race", url=server.url, channels=channels, networks=listed)
    )
    due = datetime.now(UTC) - timedelta(minutes=5)
    for n in range(POSTS):
        folder.post(f"post-{n:04}", f"This is number {n:04}.", due, late="publish")
    folder.commit()
    return folder


def race(folder: Folder, server: S3Server, sandbox: SandboxServer, tmp_path: Path) -> list[dict[str, Any]]:
    """What each process saw, in clones of their own."""
    access, secret = server.credentials
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        **{f"TOKEN_{n}": f"sandbox-m{n}" for n in range(CHANNELS)},
        "AWS_ACCESS_KEY_ID": access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "PRESSTIME_SANDBOX": sandbox.url,
        "PYTHONPATH": str(HERE),
    }
    go, racers = tmp_path / "go", []
    for n in range(PROCESSES):
        root = folder.copy(tmp_path / f"clone-{n}").path
        command = [sys.executable, "-m", "tests.real.racer", root, go, str(n), str(PROCESSES), str(THREADS)]
        racers.append(subprocess.Popen(command, env=environment, cwd=HERE, stdout=subprocess.PIPE, text=True))
    try:
        for racer in racers:
            assert racer.stdout
            assert racer.stdout.readline() == "ready\n"
        go.touch()
        return [json.loads(racer.communicate(timeout=1200)[0]) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()


def test_race_of_processes(tmp_path: Path, s3_server: S3Server) -> None:
    """Whoever of many publishes a delivery, it is out once and told once, and the log is whole and without a gap."""
    bucket = s3_server.store().bucket
    folder = newsroom(tmp_path / "newsroom", s3_server, bucket)
    store = S3Store(bucket, "race/", s3_server.url, credentials=s3_server.credentials)
    with SandboxServer() as sandbox:
        begun = time.monotonic()
        racers = race(folder, s3_server, sandbox, tmp_path)
        seconds = round(time.monotonic() - begun, 1)
        posts = Counter((post.account, post.text) for post in sandbox.state.posts)
    ledger = Ledger(store, Cache(None, "race"), "judge/m/1/1")
    entries = ledger.catch_up()
    kinds = Counter(event.kind for _, entry in ledger.entries() for event in entry.events)
    retried = sum(racer["retried"] for racer in racers)
    print(json.dumps({"processes": PROCESSES, "deliveries": POSTS * CHANNELS, "entries": entries, "retried": retried}))
    print(json.dumps({"seconds": seconds, "kinds": kinds, "racers": racers}))
    assert all(racer["due"] for racer in racers), "each had something to race for"
    assert set(posts.values()) == {1}
    assert len(posts) == POSTS * CHANNELS
    assert kinds["planned"] == kinds["claimed"] == kinds["accepted"] == kinds["published"] == POSTS * CHANNELS
    assert {state.status.value for state in ledger.states().values()} == {"published"}
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    assert verdict.entries == entries
