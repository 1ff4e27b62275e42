"""R7: one retry layer, whose number of tries and whose time are exact, in simulated time."""

from dataclasses import replace
from itertools import takewhile
from random import Random

import pytest

from presstime.publish.retry import RetryRule
from tests.simulation.cases import POLICIES
from tests.simulation.court import Trial, try_out
from tests.simulation.faults import HOUR, QUIET, Rates
from tests.simulation.newsroom import wanted
from tests.simulation.world import Setup

RULE = RetryRule()
AWAY = replace(QUIET, send_failing=1.0)


def setup(rates: Rates, refused: bool = False, pace: float = 1.0) -> Setup:
    item = replace(wanted("p1", "a", 1, 60), refused=refused)
    return Setup(POLICIES["lookup-review"], (item,), hosts=("m1",), rates=rates, calm=HOUR, pace=pace)


def calls_of_the_first_pass(trial: Trial) -> list[int]:
    """When the sends of the first pass began, in microseconds."""
    lines = iter(trial.world.history.of("call", "pass"))
    next(lines)
    return [line.at for line in takewhile(lambda line: line.kind == "call", lines)]


@pytest.mark.parametrize("seed", range(20))
def test_a_network_that_stays_away_costs_exactly_the_attempts(seed: int) -> None:
    """A network that is never reached gets the rule's attempts in a pass, the last one within the rule's time."""
    calls = calls_of_the_first_pass(try_out(setup(AWAY), seed))
    assert len(calls) == RULE.attempts
    assert calls[-1] - calls[0] <= RULE.seconds * 1e6


@pytest.mark.parametrize("seed", range(20))
def test_a_slow_network_costs_the_time_not_the_attempts(seed: int) -> None:
    """Where each try takes long, the time ends the tries before their number does."""
    calls = calls_of_the_first_pass(try_out(setup(AWAY, pace=60 + Random(seed).random() * 60), seed))
    assert calls[-1] - calls[0] <= RULE.seconds * 1e6
    assert 1 <= len(calls) <= RULE.attempts


def test_refused_is_one_send_for_ever() -> None:
    """A network's no is one request, in this pass and in all that follow."""
    trial = try_out(setup(QUIET, refused=True), 1)
    assert trial.verdict.findings == []
    assert trial.verdict.ends == {"p1/a": "refused"}
    assert len(list(trial.world.history.of("call"))) == 1
