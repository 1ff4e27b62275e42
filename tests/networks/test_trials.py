"""Every network under the same trials: once or clearly flagged, whatever happens; and README.md says what comes of each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import pytest

from presstime.model import Settling, Status
from presstime.sandbox.app import TWINS
from tests.networks.trials import CASES, Result, run, section, table

GOOD = {"text", "thread", "four pictures", "link", "429, for 10 s"}
LOST = {"5xx before acceptance", "5xx after acceptance", "connection lost after acceptance"}


@cache
def results() -> Sequence[Result]:
    return run()


@pytest.mark.parametrize("network", [twin.network for twin in TWINS])
def test_once_or_flagged(network: str) -> None:
    """Nothing is there twice. What went out says so, and what nobody can know is a person's."""
    for result in (r for r in results() if r.network.network == network):
        messages = 3 if result.case == "thread" else 1
        if result.case in GOOD:
            assert (result.state.status, result.seen) == (Status.PUBLISHED, messages), result
        if result.case in LOST and result.network.settling is not Settling.NONE:
            assert result.seen == (result.state.status is Status.PUBLISHED), result
        if result.case in LOST:
            assert result.state.status is Status.PUBLISHED or result.state.review, result
            assert result.seen <= 1, result
        if result.case.endswith("in mid-thread"):
            assert result.seen in (1, 3), result
        if result.state.status is not Status.PUBLISHED:
            assert result.network.title in result.reads or result.state.review, result


@pytest.mark.parametrize("network", [twin.network for twin in TWINS])
def test_what_needs_a_person_is_not_sent(network: str) -> None:
    """Withdrawn permissions, refused pictures and long limits leave nothing behind, and a reason."""
    stopped = {"429, for an hour", "permission withdrawn", "picture refused"}
    for result in (r for r in results() if r.network.network == network and r.case in stopped):
        assert result.seen == 0, result
        assert result.state.status in (Status.DEFERRED, Status.REFUSED), result
        assert result.reads, result


def test_every_case_is_tried() -> None:
    """A case that no network can be put to proves nothing."""
    assert {result.case for result in results()} == {case.name for case in CASES}


def test_the_readme_says_what_comes_of_it() -> None:
    """The table is generated; `python -m tests.networks.trials` writes it anew."""
    if datetime.now(UTC).hour == 23:
        pytest.skip(
            "LinkedIn's limits end at midnight UTC: within the trials' hour, they end earlier than the table says"
        )
    assert section() == table(results())
