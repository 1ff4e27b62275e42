"""People pause and resume while workers send, are killed, are frozen and lose replies: behind a pause nothing is announced, and
afterwards everything is out, once, or is missed or skipped as the rules have it."""

from unittest.mock import patch

import pytest

from presstime.pauses import Subject
from tests.simulation.cases import POLICIES
from tests.simulation.tally import Tally, cases

SEEDS = 60


@pytest.mark.parametrize("policy", POLICIES)
def test_a_pause_against_racing_sends(policy: str) -> None:
    """No claim and no intent stands behind a pause in the log; nothing is lost, and nothing comes twice because of one."""
    tally = Tally().run(cases("stop", policy, range(SEEDS)))
    assert tally.failures == [], tally.complaint()
    assert tally.ends["published"] > SEEDS // 4
    assert tally.ends["skipped"] > 0


def test_a_worker_that_asks_only_its_plan_is_found() -> None:
    """If the last look before the intent does not see the pauses in the log, the judge sees that something was announced."""
    with patch.object(Subject, "held_by", lambda self, pauses, now: None):
        found = Tally().run(cases("stop", "natural", range(40)))
    assert found.found["paused"] > 0
