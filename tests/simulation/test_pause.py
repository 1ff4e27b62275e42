"""R3: a worker that stands still for 30 s to 2.5 h at any point and then goes on."""

import pytest

from tests.simulation.cases import POLICIES
from tests.simulation.tally import Tally, cases

SEEDS = 50
CLOSED = {"natural", "container", "lookup-review", "none"}  # whose gap between the last look and the send does no harm


@pytest.mark.parametrize("policy", POLICIES)
def test_a_worker_frozen_at_any_point(policy: str) -> None:
    """A frozen worker that wakes up sends nothing that is not its own any more, but for the gap that no lease closes."""
    tally = Tally().run(cases("pause", policy, range(SEEDS), share=8))
    assert tally.failures == [], tally.complaint()
    assert policy not in CLOSED or not tally.found
    assert len(tally.struck) >= 20
