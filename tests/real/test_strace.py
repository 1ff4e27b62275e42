"""Killed at a system call: a pass dies at any call that touches the network, and the next one makes it good.

As `integration/fault` of transparency-dev/tessera does it: strace lists the calls of one run, then kills one run at each.
The ordinary form takes a seeded sample of the places; PRESSTIME_ALL=1 all of them."""

import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from presstime.sandbox.server import SandboxServer
from tests.conftest import S3Server
from tests.real.strace_kit import NETWORKS, Instance, Trial, instances, need_strace

pytestmark = pytest.mark.real

ALL = os.environ.get("PRESSTIME_ALL") == "1"
SEED = int(os.environ.get("PRESSTIME_STRACE_SEED", "20261123"))
KILLS, RESETS = 6, 2
SIDE_BY_SIDE = 3  # a trial is a process that mostly waits

NewTrial = Callable[[], Trial]


@pytest.fixture
def new_trial(tmp_path: Path, s3_server: S3Server) -> Iterator[NewTrial]:
    """Makes trials that share a sandbox and a bucket, and nothing in them."""
    need_strace()
    bucket, numbers = s3_server.store().bucket, count(1)
    with SandboxServer() as sandbox:
        yield lambda: Trial(s3_server, bucket, sandbox, tmp_path / f"trial{next(numbers):04}")


def calls_of_a_pass(trial: Trial) -> list[tuple[Instance, bool]]:
    assert trial.trace() == 0, trial.said
    assert set(trial.judge()) == {f"{network} published" for network in NETWORKS}
    return list(instances(trial.file))


def chosen(found: Sequence[tuple[Instance, bool]], how_many: int) -> list[Instance]:
    """All of them, those that begin a run of like calls first; or a sample of those."""
    if ALL:
        return [instance for instance, _ in sorted(found, key=lambda pair: not pair[1])]
    return random.Random(SEED).sample([instance for instance, begins in found if begins], how_many)


def try_all(new_trial: NewTrial, places: Sequence[Instance], what: str) -> dict[str, Any]:
    """A trial for each place. What came of them; under `failed` those that broke a promise."""
    ends: Counter[str] = Counter()
    total: dict[str, Any] = {"places": len(places), "broken off": 0, "untold": 0, "failed": []}

    def one(place: Instance) -> tuple[bool, int, Counter[str]]:
        trial = new_trial()
        code = trial.inject(place, what)
        untold = trial.untold()
        trial.rest()
        return code != 0, untold, trial.judge()

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for place, future in [(place, pool.submit(one, place)) for place in places]:
            try:
                broken, untold, ended = future.result()
            except AssertionError as error:
                total["failed"].append(f"{place}: {error}")
                continue
            print(
                json.dumps({"place": f"{place.call} {place.when}", "broken off": broken, "untold": untold, **ended}),
                flush=True,
            )
            total["broken off"] += broken
            total["untold"] += untold > 0
            ends += ended
    return total | {"ends": dict(sorted(ends.items()))}


def test_killed_at_a_system_call(new_trial: NewTrial) -> None:
    """Killed at any call that touches the network: afterwards nothing is out twice, what is missing is flagged for a person,
    only where the network gives no way to find out, and the log is whole."""
    found = calls_of_a_pass(new_trial())
    total = try_all(new_trial, chosen(found, KILLS), "signal=KILL")
    calls = Counter(instance.call for instance, _ in found)
    print(json.dumps({"seed": SEED, "calls": calls, "runs": sum(b for _, b in found), **total}))
    assert not total["failed"], total["failed"]
    assert total["broken off"] >= 0.9 * total["places"], f"most places are met again in another pass: {total}"


def test_connection_reset_at_a_system_call(new_trial: NewTrial) -> None:
    """A connection that breaks at any call is no reason for a second post or a silent loss either."""
    found = calls_of_a_pass(new_trial())
    total = try_all(new_trial, chosen(found, RESETS), "error=ECONNRESET")
    print(json.dumps({"seed": SEED, **total}))
    assert not total["failed"], total["failed"]
