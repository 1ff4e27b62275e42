"""Posts are changed and removed on the network itself while workers are killed and people decide: nothing is doubled for it, what was
accepted is never put back, what was undone ends as it was approved."""

from unittest.mock import patch

import pytest

from presstime.ledger.fold import RULES
from presstime.publish.send import Publisher
from tests.simulation.tally import Tally, cases

SEEDS = 16


@pytest.mark.parametrize("policy", ["natural", "keyed-review", "lookup-review"])
def test_what_is_meddled_with_ends_as_people_decide(policy: str) -> None:
    """Whoever is killed or frozen, and whatever is meddled with meanwhile."""
    tally = Tally().run(cases("drift", policy, range(SEEDS)))
    assert tally.failures == [], tally.complaint()
    assert tally.ends["published"] >= SEEDS
    assert tally.ends["retracted"] > 0


def test_a_worker_that_does_not_look_again_is_found() -> None:
    """Sent again without a look at that moment, what was only hidden stands there twice: the judge sees it."""
    with patch.object(Publisher, "_still_gone", lambda self, job, adapter, held: True):
        found = Tally().run(cases("drift", "natural", [92]))
    assert found.found["duplicate"] > 0


def test_a_word_that_is_not_kept_is_found() -> None:
    """Where the log's "let it stand" makes a worker put it back, the judge sees it."""
    with patch.dict(RULES, kept=RULES["undone"]):
        found = Tally().run(cases("drift", "natural", [3]))
    assert found.found["put back"] > 0
