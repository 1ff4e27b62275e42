"""kill -9 in the middle of publishing, for real: a process, S3, networks over HTTP. The next pass leaves each post out once."""

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from presstime.sandbox.server import SandboxServer
from tests.cli.kit import PRESSTIME, Newsroom, newsroom_on, posts_on, prefect_server
from tests.conftest import S3Server
from tests.kit import SETTINGS

pytestmark = [pytest.mark.real, pytest.mark.slow]

SEED = int(os.environ.get("PRESSTIME_KILL_SEED", "20261123"))
MOMENTS = int(os.environ.get("PRESSTIME_KILL_MOMENTS", "3"))
SIDE_BY_SIDE = 6  # second passes: mostly they wait for what a network may show late
SLOW = 0.12  # seconds that every send takes, so that a kill finds some under way
POSTS = ("alpha", "beta", "gamma", "delta", "epsilon", "thread")
NETWORKS = ("mastodon", "bluesky", "x", "telegram")  # one of each class: keyed, natural, lookup, none
ACCOUNTS = {"bluesky": "verne.example", "telegram": "@verne"}
CHANNELS = "".join(
    f'[channels.{name}]\nnetwork = "{name}"\naccount = "{ACCOUNTS.get(name, "@verne")}"\ncredentials = "env:TOKEN"\n'
    for name in NETWORKS
)
NEWSROOM = (
    SETTINGS[: SETTINGS.index("[channels.site-feed]")]
    + CHANNELS
    + "[defaults]\nchannels = ["
    + ", ".join(f'"{name}"' for name in NETWORKS)
    + "]\n"
)


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with prefect_server(tmp_path_factory) as environment:
        yield environment


@dataclass
class Trial:
    """A newsroom of its own with a sandbox of its own: six posts, one of them a thread, for four networks, all due."""

    newsroom: Newsroom
    sandbox: SandboxServer
    prefect: Mapping[str, str]
    note: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        due = datetime.now(UTC) - timedelta(minutes=5)
        for name in POSTS[:-1]:
            self.newsroom.folder.post(name, f"This is {name}.", due, late="publish")
        parts = "\n\n---\n\n".join(f"This is thread, part {n}." for n in (1, 2, 3))
        self.newsroom.folder.post("thread", parts, due, late="publish", thread="manual")
        self.newsroom.folder.commit()
        self.env = {
            **os.environ,
            **self.newsroom.env,
            **self.prefect,
            "TOKEN": "sandbox-verne",
            "PRESSTIME_SANDBOX": self.sandbox.url,
        }

    def slow_down(self) -> None:
        for network in NETWORKS:
            fault = {"network": network, "kind": "slow", "seconds": SLOW, "times": 10_000}
            self.sandbox.state.faults.add(fault)

    def start(self) -> "subprocess.Popen[str]":
        """A pass, returned when it says that it publishes."""
        command = [str(PRESSTIME), "-C", str(self.newsroom.folder.path), "publish", "--format", "json"]
        process = subprocess.Popen(
            command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("Publishing"):
                return process
        raise AssertionError(f"the pass published nothing: {said}, {process.communicate()[0]}")

    def kill_after(self, messages: int, seconds: float) -> None:
        """A pass that is killed, the process alone, some seconds after so many messages were out."""
        process = self.start()
        while len(self.sandbox.state.posts) < messages and process.poll() is None:
            time.sleep(0.002)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        self.note |= {"after": messages, "and": round(seconds, 3), "ended": process.returncode == 0}
        self.note |= {"out": len(self.posts())}

    def finish(self) -> dict[str, dict[str, Any]]:
        """A second pass, to its end: the deliveries by name."""
        begun = time.monotonic()
        done = self.newsroom.call("publish", "--format", "json", env=self.env, seconds=400)
        self.note["seconds"] = round(time.monotonic() - begun, 1)
        assert done.out, (self.note, done.code, done.err)
        return {found["delivery"]: found for found in done.json["deliveries"]}

    def posts(self) -> list[tuple[str, str]]:
        """What is out, by network, each message by its first line."""
        return [(post["network"], post["text"].strip().split("\n")[0]) for post in posts_on(self.sandbox.url)]


@pytest.fixture
def trials(tmp_path: Path, s3_server: S3Server, prefect: Mapping[str, str]) -> Iterator[Any]:
    """Makes trials; their sandboxes end with the test."""
    servers: list[SandboxServer] = []

    def make(name: str) -> Trial:
        servers.append(SandboxServer().__enter__())
        return Trial(newsroom_on(s3_server, tmp_path / name, NEWSROOM), servers[-1], prefect)

    yield make
    for server in servers:
        server.__exit__(None, None, None)


def test_killed_at_any_moment(trials: Any) -> None:
    """Killed at random moments of a pass: after the next one every message is out exactly once, or its delivery is flagged
    unknown with a reason; the log is whole, and a third pass sends nothing."""
    control = trials("control")
    control.slow_down()
    control.start().communicate(timeout=200)
    wanted = Counter(control.posts())
    assert set(wanted.values()) == {1}
    assert len(wanted) >= len(POSTS) * len(NETWORKS)

    chance = random.Random(SEED)
    killed = []
    for n in range(MOMENTS):
        trial = trials(f"trial-{n}")
        trial.slow_down()
        trial.kill_after(chance.randrange(len(wanted)), chance.uniform(0, 2 * SLOW))
        killed.append(trial)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        ends = list(pool.map(Trial.finish, killed))
    for trial, deliveries in zip(killed, ends, strict=True):
        judge(trial, deliveries, wanted)
        print(json.dumps(trial.note))
    assert sum(not trial.note["ended"] for trial in killed) >= MOMENTS - 1, "kills are meant to hit a pass under way"


def _name(text: str) -> str:
    """The post that a message is of: `This is alpha.`, `This is thread, part 2.`; Telegram's begin with the title."""
    return text.lower().removeprefix("this is ").partition(",")[0].rstrip(".")


def judge(trial: Trial, deliveries: Mapping[str, Mapping[str, Any]], wanted: Counter[tuple[str, str]]) -> None:
    """Nothing twice, nothing missing but what is flagged, the log whole, and nothing left to do."""
    replay = f"PRESSTIME_KILL_SEED={SEED}, {trial.note}"
    posts = Counter(trial.posts())
    assert not [post for post, times in posts.items() if times > 1], replay
    assert posts.keys() <= wanted.keys(), replay
    assert len(deliveries) == len(POSTS) * len(NETWORKS), replay
    flagged = {name: d for name, d in deliveries.items() if d["state"] != "published"}
    trial.note["states"] = dict(Counter(d["state"] for d in deliveries.values()))
    for name, delivery in flagged.items():
        assert delivery["state"] == "unknown", (replay, delivery)
        assert delivery["reason"], (replay, delivery)
        assert name.partition("/")[2] in ("x", "telegram"), f"a key settles it without a person: {name}, {replay}"
    missing = {f"{_name(text)}/{network}" for network, text in wanted.keys() - posts.keys()}
    assert missing <= flagged.keys(), replay
    assert {name for name in flagged if name.endswith("/x")} <= missing, f"what can be read back is found: {replay}"
    verdict = trial.newsroom.call("audit", "verify", "--format", "json", env=trial.env)
    assert verdict.json["ok"], replay
    trial.newsroom.call("publish", env=trial.env)
    assert Counter(trial.posts()) == posts, replay
