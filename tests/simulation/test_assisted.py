"""What people post, beside crashes, pauses, lost replies and changes in Git: handed over once, out by their word alone, never
missed in silence."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from presstime.ledger import assisted as engine
from presstime.plan import assisted as rules
from tests.simulation.tally import Tally, cases

SEEDS = 150


@pytest.fixture(scope="module")
def tally() -> Tally:
    return Tally().run(cases("assisted", "lookup-review", range(SEEDS)))


def test_whatever_happens(tally: Tally) -> None:
    """Nothing is handed over early or twice, sent by a machine, called missed while it could be posted, or lost in the log."""
    assert tally.failures == [], tally.complaint()


def test_it_all_happened(tally: Tally) -> None:
    """The runs end in all the ways there are: out, missed, taken out of Git, and with a person for ever."""
    assert {"published", "missed", "dropped", "handed"} <= set(tally.ends)


def test_two_people_contradict_each_other() -> None:
    """In some runs two people say two things: exactly one is in the log, and the other is told so."""
    contradicted = 0
    for case in cases("assisted", "lookup-review", range(60)):
        trial = case.run()
        assert trial.verdict.ok, case.replay
        contradicted += len(list(trial.world.history.of("contradicted")))
    assert contradicted > 5


@contextmanager
def replaced(monkeypatch: pytest.MonkeyPatch, where: object, name: str, by: object) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(where, name, by)
        yield


def found_without(monkeypatch: pytest.MonkeyPatch, where: object, name: str, by: object) -> Tally:
    with replaced(monkeypatch, where, name, by):
        return Tally().run(cases("assisted", "lookup-review", range(40)))


def test_the_judge_sees_a_word_that_is_noted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at what was said before, two people's words are both in the log."""
    found = found_without(
        monkeypatch,
        engine,
        "_said_before",
        lambda state, addresses: [
            engine.step("accepted", state.delivery, segment=1, receipt=_receipt(addresses[0]), digest=state.sent_digest)
        ],
    )
    assert found.found["duplicate"] > 0


def _receipt(address: str) -> object:
    return {"id": address, "url": address, "data": {}}


def test_the_judge_sees_what_is_handed_over_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at what a person has already, several workers hand over the same."""
    found = found_without(
        monkeypatch,
        engine,
        "_can_be_handed",
        lambda state, digest, ledger: state is not None and not state.begun and state.digest == digest,
    )
    assert found.found["log"] > 0


def test_the_judge_sees_a_wait_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the late rule what nobody posted is never called missed."""
    found = found_without(monkeypatch, rules, "too_late", lambda item, state, now: None)
    assert found.lost > 0
