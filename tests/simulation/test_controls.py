"""The judge can see: with a part of the engine taken out it finds what that part prevents."""

import pytest

from tests.simulation.cases import Case
from tests.simulation.controls import broken
from tests.simulation.tally import Tally


def run_broken(control: str, *cases: tuple[str, str, str], seeds: int = 12) -> Tally:
    with broken(control):
        return Tally().run([Case(f, p, point, seed) for f, p, point in cases for seed in range(seeds)])


@pytest.mark.parametrize("policy", ["lookup-review", "none", "container"])
def test_blind_resend_is_found(policy: str) -> None:
    """Where what is in doubt is simply sent again, posts are out twice, and not in the gap."""
    assert run_broken("blind resend", ("doubt", policy, "")).duplicates


def test_a_forgotten_container_is_found() -> None:
    """Where the log does not keep which container was to be published, a later worker makes a second one."""
    assert run_broken("no deposit", ("crash", "container", "send after")).duplicates


@pytest.mark.parametrize("policy", ["lookup-resend", "keyed-resend", "none"])
def test_a_missing_fence_is_found(policy: str) -> None:
    """Without the last look, a worker that was frozen sends what is not its own any more."""
    points = ("wait before", "write claimed+sending after")
    tally = run_broken("no fence", *(("pause", policy, point) for point in points), seeds=60)
    assert tally.found["unfenced"]
    assert policy != "lookup-resend" or tally.duplicates


def test_a_missing_intent_is_found() -> None:
    """Without the intent in the log, a worker that dies after its send leaves nothing to settle: it is sent again."""
    tally = run_broken("no intent", ("crash", "lookup-review", "send after"))
    assert tally.duplicates
    assert tally.found["unannounced"]


def test_a_missing_epoch_is_found() -> None:
    """Without the epoch, a worker that lost its claim goes on writing into the log."""
    points = ("send before", "write unknown before", "wait before")
    tally = run_broken("no epoch", *(("pause", "lookup-review", point) for point in points), seeds=6)
    assert any("of epoch" in finding.detail for _, finding in tally.failures)
