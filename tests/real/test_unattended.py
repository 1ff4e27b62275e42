"""Prefect left alone, on a server of its own that dies at the end: what it forgets, what it says when nothing runs, who publishes then."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from httpx import HTTPStatusError

from presstime.embedded import prefect as server
from presstime.embedded.service import Service
from tests.cli.kit import PRESSTIME, Newsroom, ask_prefect, newsroom_on, own_prefect_server
from tests.conftest import S3Server

pytestmark = pytest.mark.real

QUICK = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "2",
    "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1S",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_TIMEOUT": "1",
}


class Hook(BaseHTTPRequestHandler):
    """Where notifications go: `told` are their subjects, oldest first."""

    told: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.told.append(json.loads(body)["subject"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def hook() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}/hook"
        found.shutdown()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that looks every second or two for what is old and for what did not come."""
    with own_prefect_server(tmp_path_factory, **QUICK) as found:
        yield found


@pytest.fixture(scope="module")
def prefect(running: Service) -> Mapping[str, str]:
    return server.client_env(running.running_port, running.folder)


@pytest.fixture
def newsroom(s3_server: S3Server, tmp_path: Path) -> Newsroom:
    found = newsroom_on(s3_server, tmp_path / "newsroom")
    settings = found.settings.replace('"site-feed", "brand-mastodon"', '"site-feed"')
    found.folder.write("presstime.toml", settings + '[alerts]\nwebhook = "env:HOOK"\n')
    found.folder.commit()
    return found


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)
    return condition()


def run(code: str, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


RUNS = """
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.states import Completed

@flow(name="forgotten")
def forgotten():
    pass

with get_client(sync_client=True) as client:
    for days in (20, 10):
        client.create_flow_run(forgotten, name=f"{days} days ago", state=Completed())
"""


def test_runs_do_not_stay_for_ever(prefect: Mapping[str, str], running: Service) -> None:
    """A run that ended three weeks ago is deleted by the server itself; one of ten days is not."""
    run(RUNS, prefect)
    with closing(sqlite3.connect(running.folder / "prefect.db", timeout=30)) as database, database:
        for days in (20, 10):  # a client cannot say so: the server writes the end down itself
            change = "UPDATE flow_run SET end_time = datetime(end_time, ?) WHERE name = ?"
            database.execute(change, (f"-{days} days", f"{days} days ago"))

    def names() -> set[str]:
        found = ask_prefect(prefect, "flow_runs/filter", flows={"name": {"any_": ["forgotten"]}})
        return {one["name"] for one in found}

    assert within(30, lambda: names() == {"10 days ago"}), names()


ARRANGE = """
import asyncio, os, sys
from datetime import timedelta
from pathlib import Path
from prefect.client.orchestration import get_client
from presstime.orchestration import alarms
from presstime.orchestration.deployments import deploy
from presstime.wire import open_desk

alarms.STANDSTILL = timedelta(seconds=10)
alarms.UNSIGNED = timedelta(seconds=10)

with open_desk(Path(sys.argv[1])) as desk:
    deploy(desk, "presstime")
"""


def ends(prefect: Mapping[str, str], newsroom: str) -> None:
    """A pass and a checkpoint of a newsroom end well."""
    for flow in ("sync", "checkpoint"):
        named = {"flows": {"name": {"any_": [flow]}}, "deployments": {"name": {"any_": [f"{flow}-{newsroom}"]}}}
        [found] = ask(prefect, "deployments/filter", **named)
        run = ask(prefect, f"deployments/{found['id']}/create_flow_run")
        for state in ("RUNNING", "COMPLETED"):
            ask(prefect, f"flow_runs/{run['id']}/set_state", state={"type": state}, force=True)


def ask(prefect: Mapping[str, str], path: str, **body: Any) -> Any:
    """What Prefect's API answers, once it has one: with SQLite it is busy now and then (503), which its own client bears, too."""
    for _ in range(20):
        with suppress(HTTPStatusError):
            return ask_prefect(prefect, path, **body)
        time.sleep(0.5)
    return ask_prefect(prefect, path, **body)


def test_silence_is_told_once(newsroom: Newsroom, prefect: Mapping[str, str], hook: str) -> None:
    """When passes and checkpoints stop coming, one message each, however long it lasts, and though those of another newsroom on the
    server go on; after they came again and stopped again, the next. The times are set to ten seconds."""
    env = {**newsroom.env, **prefect, "HOOK": hook}
    silent = ["Presstime stands still", "Presstime's log was not signed for two hours"]
    run(f"import sys; sys.argv = ['', {str(newsroom.folder.path)!r}]\n{ARRANGE}", env)
    for flow in ask(prefect, "flows/filter"):
        ask(prefect, "deployments/", name=f"{flow['name']}-others", flow_id=flow["id"])

    def told(times: int) -> bool:
        ends(prefect, "others")
        time.sleep(1)
        return len(Hook.told) >= 2 * times

    for turn in (1, 2):
        ends(prefect, "maison-verne")
        assert within(40, lambda turn=turn: told(turn)), Hook.told
        time.sleep(3 if turn == 1 else 0)
        assert sorted(Hook.told) == sorted(silent * turn)


def test_a_stand_in_publishes_while_prefect_is_away(
    newsroom: Newsroom, prefect: Mapping[str, str], running: Service
) -> None:
    """Prefect's server is killed. Beside it `presstime standby` says so, and publishes what is merged afterwards at its instant; it
    ends when it is told to."""
    env = {**os.environ, **newsroom.env, **prefect}
    command = [str(PRESSTIME), "-C", str(newsroom.folder.path), "standby", "--after", "2s"]
    feed = newsroom.folder.path / "public/feed/atom.xml"
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        lines: list[str] = []
        assert process.stderr
        threading.Thread(target=lambda: lines.extend(process.stderr or ()), daemon=True).start()
        try:
            assert within(20, lambda: any("Standing by" in line for line in lines))
            os.kill(json.loads(running.note.read_text())["pid"], 9)
            assert within(20, lambda: any("Prefect has not answered for" in line for line in lines)), lines
            due = datetime.now(UTC) + timedelta(seconds=5)
            newsroom.folder.post("hello", "Hello there.", due)
            newsroom.folder.commit()
            assert within(15, feed.exists)
            assert timedelta(0) <= datetime.now(UTC) - due < timedelta(seconds=2)
        finally:
            process.terminate()
            assert process.wait(30) == 0
