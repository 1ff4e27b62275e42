"""R8: the simulator itself. The same seed is the same run, byte for byte, and a failure is shown again by one line."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.simulation.baton import STEPS_MAX, Baton, BatonLock
from tests.simulation.cases import Case
from tests.simulation.controls import broken
from tests.simulation.tally import Tally

ROOT = Path(__file__).parents[2]
SOME = [
    "crash:lookup-resend:send_after:3",
    "pause:keyed-review:write_unknown_after:4",
    "clocks:none::5",
    "late:natural::6",
]


def replay(case: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *Case.parse(case).replay.split()[1:]]
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SOME)
def test_the_same_seed_is_the_same_run(name: str) -> None:
    """Two runs of one case have the same history, byte for byte; another seed has another."""
    case = Case.parse(name)
    digests = {case.run().world.history.digest() for _ in range(3)}
    other = Case(case.family, case.policy, case.point, case.seed + 1)
    assert len(digests) == 1
    assert other.run().world.history.digest() not in digests


def test_another_process_runs_the_same() -> None:
    """Nothing of a process (its hash seed, its threads, its time) is in a run."""
    digest = Case.parse(SOME[0]).run().world.history.digest()
    outputs = [replay(SOME[0], hash_seed).stdout for hash_seed in ("1", "2")]
    assert outputs[0] == outputs[1]
    assert outputs[0].endswith(f"history {digest}\n")


def test_a_failure_prints_the_line_that_shows_it_again() -> None:
    """What went wrong is told with a command, and the case in it goes wrong in the same way again."""
    with broken("blind resend"):
        tally = Tally().run([Case("doubt", "none", "", seed) for seed in range(5)])
        case, finding = tally.failures[0]
        assert f"{finding}\n    python -m tests.simulation replay {case}" in tally.complaint()
        assert finding in Case.parse(str(case)).run().verdict.findings
    shown = replay(str(case))  # by the whole engine, in which nothing is wrong
    assert shown.returncode == 0, shown.stderr
    assert "sending" in shown.stdout


def test_time_passes_when_all_wait() -> None:
    """Tasks go on in the order in which they wake, and an hour costs nothing."""
    baton, seen = Baton(0, Random(1)), []

    def work(name: str, *waits: int) -> None:
        for wait in waits:
            baton.wait(wait)
            seen.append((name, baton.now))

    baton.spawn("a", lambda: work("a", 10, 3_600_000_000))
    baton.spawn("b", lambda: work("b", 5, 10))
    baton.later(12, lambda: seen.append(("by itself", baton.now)))
    baton.run()
    assert seen == [("b", 5), ("a", 10), ("by itself", 12), ("b", 15), ("a", 3_600_000_010)]
    assert baton.errors == []


def test_a_lock_lets_others_run_and_keeps_them_out() -> None:
    """While one task holds the lock and waits, others go on, but not past the lock."""
    baton, seen = Baton(0, Random(1)), []
    lock = BatonLock(baton)

    def work(name: str, first: int) -> None:
        baton.wait(first)
        with lock, lock:
            seen.append(f"{name} in")
            baton.wait(100)
            seen.append(f"{name} out")

    for n in range(3):
        baton.spawn(f"t{n}", lambda n=n: work(f"t{n}", n))  # type: ignore[misc]
    baton.run()
    assert seen == ["t0 in", "t0 out", "t1 in", "t1 out", "t2 in", "t2 out"]


def test_what_never_ends_is_told() -> None:
    """Tasks that wait for each other, one that spins, and one that raises are errors of the run, not a hang."""
    baton = Baton(0, Random(1))
    baton.spawn("stuck", baton.block)
    baton.run()
    assert baton.errors == ["deadlock: 1 tasks wait for each other"]

    def spin() -> None:
        while True:
            baton.wait(1)

    baton = Baton(0, Random(1))
    baton.spawn("spinning", spin)
    baton.run()
    assert baton.errors == [f"livelock: {STEPS_MAX} hand-overs, the last by spinning"]

    baton = Baton(0, Random(1))
    baton.spawn("broken", lambda: [][1])
    baton.run()
    assert "IndexError" in baton.errors[0]
