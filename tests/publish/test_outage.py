"""S1: after an outage of any length each delivery went out once or is missed or held with its reason, in due order, spaced."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from presstime.model import Status
from tests.kit import START
from tests.publish.outage import CHANNELS, GAP, late_by, simulate

SPREAD = timedelta(hours=12)


@pytest.mark.parametrize("outage", ["1m", "59m", "61m", "24h", "30d"])
def test_an_outage(tmp_path: Path, outage: str) -> None:
    """Nothing is skipped in silence, nothing comes twice or early; what is late comes in due order, the gap apart."""
    from presstime.clock import parse_duration

    length = parse_duration(outage)
    found = simulate(tmp_path / "newsroom", 60, START + timedelta(hours=3, minutes=30), length, SPREAD)
    out = [pair for went in found.went.values() for pair in went]
    assert len(found.states) == 60
    assert len(out) == len(found.of(Status.PUBLISHED)) == len({(s.delivery) for _, s in out})
    assert {s.status for s in found.states} <= {Status.PUBLISHED, Status.MISSED, Status.HELD}
    assert all(s.reason for s in found.states if s.status is not Status.PUBLISHED)
    assert all(late_by(s, at) >= timedelta(0) for at, s in out)
    assert all(gap >= GAP for gap in found.gaps())
    for went in found.went.values():
        late = [s.due for at, s in went if late_by(s, at) > timedelta(minutes=2)]
        assert all(a <= b for a, b in pairwise(late) if a and b)
    _by_the_rules(found, length)
    assert len(found.went) == CHANNELS


def _by_the_rules(found, length: timedelta) -> None:  # type: ignore[no-untyped-def]
    """`publish` always goes out; the others are missed or held only if the outage kept them longer than they allow."""
    for state in found.states:
        rule, due = found.lates[state.delivery.post], state.due
        assert due is not None
        away = found.begin <= due < found.end
        if rule == "publish" or not away:
            assert state.status is Status.PUBLISHED, (state, rule)
        elif found.end - due > timedelta(hours=2, minutes=10):
            assert state.status is (Status.HELD if rule == "ask" else Status.MISSED)
        elif rule == "ask":
            assert state.status in (Status.PUBLISHED, Status.HELD)
