"""Edits and takedowns under crashes, pauses and lost replies: in the end readers see what Git says last, or nothing."""

import pytest

from tests.simulation.cases import POLICIES
from tests.simulation.controls import broken
from tests.simulation.tally import Tally, cases

SEEDS = 40


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_out_becomes_what_git_says(policy: str) -> None:
    """Wherever a worker is killed or frozen while Git changes, nothing stays as it was, comes twice or stays up in silence."""
    tally = Tally().run(cases("change", policy, range(SEEDS), share=6))
    assert tally.failures == [], tally.complaint()
    assert tally.ends["retracted"] > 0
    assert len(tally.struck) >= 12, f"too few points were really struck: {tally.struck}"


def test_a_change_without_a_fence_is_found() -> None:
    """Without the last look, a worker that was frozen edits what is not its own any more: the judge sees it."""
    with broken("no fence"):
        found = Tally().run(cases("change", "natural", range(40), share=3))
    assert found.found["unfenced"] > 0


def test_a_change_that_is_not_told_is_found() -> None:
    """Without the record of an edit the log goes on wanting it: it is made again and again, and never over."""
    with broken("no record of edits"):
        found = Tally().run(cases("change", "natural", range(3), share=6))
    assert found.lost or found.found["stale"] or found.others
