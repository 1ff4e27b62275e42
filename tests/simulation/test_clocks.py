"""S4: clocks that are wrong, are set, or stand still."""

import pytest

from tests.simulation.cases import POLICIES, Case
from tests.simulation.checker import CLOCK_AHEAD
from tests.simulation.tally import Tally

SEEDS = 50


@pytest.mark.parametrize("policy", POLICIES)
def test_wrong_clocks(policy: str) -> None:
    """A clock more than 30 s ahead sends nothing; one that is less wrong is early by its own error and no more; no clock
    makes a duplicate or loses anything."""
    tally = Tally().run([Case("clocks", policy, "", seed) for seed in range(SEEDS)])
    assert tally.failures == [], tally.complaint()
    assert not tally.found
    assert tally.early <= CLOCK_AHEAD


def test_early_by_its_own_error() -> None:
    """What goes out early does so by the error of its sender's clock, within a store call's length."""
    for seed in range(SEEDS):
        case = Case("clocks", "natural", "", seed)
        world = case.run().world
        due = {str(item.delivery): item.due for item in world.setup.items}
        for call in world.history.of("call"):
            early = due[call.what.split()[0]] - call.at
            assert early <= max(0, call.data["clock"]), case.replay
