"""R1 and R4: a kill -9 at any point, and doubts of every kind, end with one post or with a person being told."""

from collections import Counter

import pytest

from tests.simulation.cases import POLICIES, Case
from tests.simulation.tally import Tally, cases

SEEDS = 50  # each with every fourth point, so that all of it takes seconds; `python -m tests.simulation crash` runs them all


@pytest.mark.parametrize("policy", POLICIES)
def test_a_worker_killed_at_any_point(policy: str) -> None:
    """Wherever a worker is killed, nothing is out twice and nothing is lost: published, or a person is told."""
    tally = Tally().run(cases("crash", policy, range(SEEDS), share=4))
    assert tally.failures == [], tally.complaint()
    assert tally.found == Counter()
    assert len(tally.struck) >= 20, f"too few points were really struck: {tally.struck}"
    assert tally.ends["open"] == 0


@pytest.mark.parametrize("policy", POLICIES)
def test_doubts_end(policy: str) -> None:
    """However many answers are lost, a delivery is published or flagged within two ticks after that can be known."""
    tally = Tally().run([Case("doubt", policy, "", seed) for seed in range(SEEDS)])
    assert tally.failures == [], tally.complaint()
    assert set(tally.ends) <= {"published", "review", "missed"}


@pytest.mark.parametrize("policy", POLICIES)
def test_requests_that_arrive_late(policy: str) -> None:
    """A request that goes on alone after its sender gave up is a duplicate only where the channel chose to send again."""
    tally = Tally().run([Case("late", policy, "", seed) for seed in range(SEEDS)])
    assert tally.failures == [], tally.complaint()
    assert policy == "lookup-resend" or not tally.found["duplicate in the gap"]
