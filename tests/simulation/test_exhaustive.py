"""R9: all sequences of up to three operations by two workers, under all interleavings down to a depth."""

import pytest

from tests.simulation.exhaustive import Exhaust, explore, programs

DEPTH = 2  # `python -m tests.simulation exhaustive --depth 12` goes all the way


@pytest.mark.parametrize("policy", ["lookup-resend"])
def test_every_interleaving_to_a_depth(policy: str) -> None:
    """No sequence of publishes, kills and lost answers, in whatever order they meet, breaks a promise."""
    runs = 0
    for program in programs():
        for trial in explore(program, policy, DEPTH):
            assert trial.verdict.findings == [], trial.seed
            runs += 1
    assert runs > 1_000


def test_the_enumeration_is_complete() -> None:
    """Three choices of two and one of three: each combination comes once."""
    exhaust, seen = Exhaust(depth=3), []
    while True:
        kind = exhaust.pick(3)
        seen.append((kind, *(exhaust.choose(2) for _ in range(3))))
        assert exhaust.choose(2) == 0, "beyond the depth there is no choice"
        if not exhaust.next():
            break
    assert len(seen) == len(set(seen)) == 24


def test_programs_are_all_there() -> None:
    """Two publishes of one post by two workers with a kill between them are among the programs."""
    found = [set(program.operations) for program in programs()]
    assert {"w1 publishes p1", "w2 publishes p1", "w1 is killed"} in found or {
        "w1 publishes p1",
        "w2 publishes p1",
        "w2 is killed",
    } in found
    assert all(len(operations) <= 3 for operations in found)
