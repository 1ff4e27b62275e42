"""What a person says about a delivery in doubt, and when they may not."""

import pytest

from presstime.errors import UsageError
from presstime.ledger.by_hand import end_change_by_hand, settle_by_hand
from presstime.ledger.claims import claim
from presstime.model import Receipt, Settling, Status
from presstime.networks.memory import Fault
from presstime.publish.change import takedown
from tests.publish.kit import D, World

URL = "https://t.me/verne/7"


def in_doubt(*texts: str) -> World:
    """A world in which the answer to a message was lost, on a network that cannot be read back."""
    world = World(Settling.NONE)
    job = world.job(*texts)
    world.plan(job)
    world.network.faults = [Fault("drop-after")]
    assert world.publish(job).review
    return world


def test_it_is_there() -> None:
    """A message that a person saw is a receipt with its address, under the person's name, and is not sent again."""
    world = in_doubt()
    settle_by_hand(world.worker().ledger, D, world.now, "bea", Receipt(URL, URL), last=True)
    state = world.publish(world.job())
    assert (state.status, state.url, world.texts()) == (Status.PUBLISHED, URL, ["Hello"])
    ledger = world.worker().ledger
    assert "bea looked at the channel" in ledger.entry(ledger.cache.head().n).events[0].data["how"]


def test_it_is_not_there() -> None:
    """A message that a person did not find is sent again."""
    world = in_doubt()
    world.network.posts.clear()
    settle_by_hand(world.worker().ledger, D, world.now, "bea", None, last=True)
    assert world.publish(world.job()).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_a_thread_goes_on_behind_it() -> None:
    """After a person has settled one message of a thread, the rest follows."""
    world = in_doubt("One", "Two")
    settle_by_hand(world.worker().ledger, D, world.now, "bea", Receipt("1", URL), last=False)
    assert world.publish(world.job("One", "Two")).status is Status.PUBLISHED
    assert world.texts() == ["One", "Two"]


def test_nothing_is_in_doubt() -> None:
    """What is not in doubt cannot be settled, and nothing is written."""
    world = World()
    ledger = world.worker().ledger
    with pytest.raises(UsageError, match="knows no delivery"):
        settle_by_hand(ledger, D, world.now, "bea", None, last=True)
    job = world.job()
    world.plan(job)
    world.publish(job)
    before = world.kinds()
    ledger = world.worker().ledger
    with pytest.raises(UsageError, match="nothing about it is in doubt"):
        settle_by_hand(ledger, D, world.now, "bea", None, last=True)
    assert world.kinds() == before


def test_not_while_a_worker_is_at_it() -> None:
    """While a worker that may be alive holds the claim, a person waits."""
    from presstime.ledger.claims import Announcement

    world = World()
    job = world.job()
    world.plan(job)
    assert claim(world.worker("a/m/1/1").ledger, D, job.variant.digest, world.now, Announcement(0, "k"))
    ledger = world.worker("b/m/1/1").ledger
    with pytest.raises(UsageError, match="another worker"):
        settle_by_hand(ledger, D, world.now, "bea", None, last=True)


# --- changes that cannot be made --------------------------------------------------------------------------------------


def refused_takedown() -> World:
    world = World()
    job = world.job()
    world.plan(job)
    world.publish(job)
    world.network.faults = [Fault("refused")]
    state = world.worker().change(takedown(job.variant, world.channel, reason="gone"), world.adapter())
    assert (state.status, state.needs_look) == (Status.PUBLISHED, True)
    return world


@pytest.mark.parametrize(("there", "status"), [(False, Status.RETRACTED), (True, Status.PUBLISHED)])
def test_a_person_ends_a_change_that_was_refused(there: bool, status: Status) -> None:
    """Gone by hand, or left as it is: either way nobody is needed any more, and the log has the person's name."""
    world = refused_takedown()
    end_change_by_hand(world.worker().ledger, D, world.now, "bea", there)
    state = world.worker().ledger.state(D)
    assert state is not None
    assert (state.status, state.change, state.needs_look) == (status, None, False)
    assert "bea" in state.reason


def test_no_change_to_be_ended() -> None:
    """Where no edit or takedown waits for anybody, nothing is written."""
    world = World()
    job = world.job()
    world.plan(job)
    world.publish(job)
    before = world.kinds()
    with pytest.raises(UsageError, match="no edit or takedown"):
        end_change_by_hand(world.worker().ledger, D, world.now, "bea", there=True)
    assert world.kinds() == before
