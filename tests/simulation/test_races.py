"""R5 and R6: many workers at one delivery, and a store that leaves its writers in doubt."""

import json

import pytest

from tests.simulation.cases import POLICIES, STORE_TROUBLES, Case
from tests.simulation.checker import judge
from tests.simulation.court import Trial
from tests.simulation.tally import Tally

TRIALS = 1_000


def claims(trial: Trial) -> list[tuple[str, int, str]]:
    """(delivery, epoch, worker) of every claim in the log."""
    events = [e for o in trial.world.bucket.objects.values() for e in json.loads(o.body)["events"]]
    return [(e["delivery"], e["epoch"], e["worker"]) for e in events if e["kind"] == "claimed"]


def test_eight_publishers_at_one_delivery() -> None:
    """Eight workers race for one delivery: one claim is won, one post is out."""
    names = list(POLICIES)
    for seed in range(TRIALS):
        case = Case("race", names[seed % len(names)], "", seed)
        trial = case.run()
        assert trial.verdict.findings == [], case.replay
        assert [epoch for _, epoch, _ in claims(trial)] == [1], case.replay
        assert len(trial.world.network.posts) == 1, case.replay


@pytest.mark.parametrize("trouble", STORE_TROUBLES)
def test_a_store_that_leaves_its_writers_in_doubt(trouble: str) -> None:
    """Whatever replies are lost, a worker knows its own claim: it is claimed once, and published by who claimed it."""
    for seed in range(40):
        case = Case("store", "none", trouble, seed)
        trial = case.run()
        assert trial.verdict.findings == [], case.replay
        assert set(trial.verdict.ends.values()) == {"published"}, case.replay
        won = claims(trial)
        again = any(
            trial.world.history.of("failed")
        )  # a pass whose write met conflicts until it gave up: the next one goes on
        for name in ("p1/a", "p2/b"):
            epochs = sorted(epoch for of, epoch, _ in won if of == name)
            assert epochs == list(range(1, len(epochs) + 1)), case.replay
            assert len(epochs) == 1 or again, case.replay
        senders = {(line.what.split()[0], line.who) for line in trial.world.history.of("call")}
        assert senders == {(name, worker) for name, _, worker in won}, case.replay


def test_claims_are_counted_by_the_judge() -> None:
    """Were there two claims of one epoch in the log, the judge would say so."""
    from dataclasses import replace

    from tests.simulation.court import evidence_of

    trial = Case("race", "none", "", 0).run()
    evidence = evidence_of(trial.world)
    twice = [(key, body.replace(b'"epoch":1', b'"epoch":2')) for key, body in evidence.bodies]
    found = judge(replace(evidence, bodies=twice)).findings
    assert any("claims epoch 2 after 0" in finding.detail for finding in found)


def test_a_tally_counts_what_it_ran() -> None:
    """The figures of the long form are those of the runs."""
    tally = Tally().run([Case("race", "none", "", seed) for seed in range(3)])
    assert (tally.runs, tally.deliveries, tally.ends["published"]) == (3, 3, 3)
