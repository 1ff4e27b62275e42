"""What is handed to a person, in the log: once, never beside a worker's claim, and out only by that person's word."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from presstime.errors import ClaimLost, UsageError
from presstime.ledger.assisted import done_by_hand, hand_over
from presstime.ledger.by_hand import settle_by_hand
from presstime.ledger.claims import Announcement, claim, put_off, step
from presstime.ledger.log import Ledger
from presstime.model import DeliveryState, Receipt, Status
from tests.publish.kit import START, D, World

URL, OTHER = "https://www.linkedin.com/posts/verne-1", "https://www.linkedin.com/posts/verne-2"
UNTIL = START + timedelta(hours=2)


def handed(*texts: str) -> World:
    """A world in which a delivery was handed to a person."""
    world = World()
    job = world.job(*texts)
    world.plan(job)
    assert hand_over(world.worker().ledger, D, job.variant.digest, world.now, UNTIL)
    return world


def done(world: World, *urls: str, who: str = "bea", ledger: Ledger | None = None) -> bool:
    return done_by_hand(ledger or world.worker().ledger, D, world.now, who, urls or (URL,))


def known(world: World) -> DeliveryState:
    state = world.worker().ledger.state(D)
    assert state is not None
    return state


def test_handed_once() -> None:
    """However many workers hand it over, and however often, the log says it once."""
    world = handed()
    for name in ("a/m/1/1", "b/m/1/1"):
        assert not hand_over(world.worker(name).ledger, D, world.job().variant.digest, world.now, UNTIL)
    assert world.kinds() == ["planned", "handed"]
    assert (known(world).status, known(world).until) == (Status.HANDED, UNTIL)


def test_only_what_was_approved_is_handed_over() -> None:
    """Words of another digest than the planned one are not handed to anybody."""
    world = World()
    world.plan(world.job("Approved"))
    assert not hand_over(world.worker().ledger, D, world.job("Other").variant.digest, world.now, UNTIL)
    assert known(world).status is Status.PLANNED


def test_nobody_sends_what_a_person_has() -> None:
    """What was handed over is claimed by no worker any more: not while it waits, and not after it was missed."""
    world = handed()
    digest = world.job().variant.digest
    for _ in range(2):
        assert claim(world.worker().ledger, D, digest, world.now, Announcement(0, "k")) is None
        put_off(world.worker().ledger, D, digest, world.now, "r", needs_person=True)
        missed = step("missed", D, world.now, due=START.isoformat(), reason="late")
        world.worker().ledger.append(lambda view, told=missed: [told])  # type: ignore[misc]
    assert set(world.kinds()) == {"planned", "handed", "missed"}
    assert world.publish(world.job()).status is Status.MISSED
    assert world.texts() == []


def test_not_handed_over_while_a_worker_is_at_it() -> None:
    """A worker that still sees the channel as its own keeps what it has claimed; what it sent is never a person's."""
    world = World()
    job = world.job()
    world.plan(job)
    held = claim(world.worker("a/m/1/1").ledger, D, job.variant.digest, world.now)
    assert held is not None
    assert not hand_over(world.worker("b/m/1/1").ledger, D, job.variant.digest, world.now, UNTIL)
    held.intend(Announcement(0, "k"))
    world.pass_time(hours=1)
    assert not hand_over(world.worker("b/m/1/1").ledger, D, job.variant.digest, world.now, UNTIL)


def test_a_claim_that_ended_with_the_handing_over_sends_nothing() -> None:
    """A worker that stood still while its claim ran out and the delivery was handed over is fenced off."""
    world = World()
    job = world.job()
    world.plan(job)
    slow = world.worker("a/m/1/1")
    held = claim(slow.ledger, D, job.variant.digest, world.now)
    assert held is not None
    world.pass_time(hours=1)
    assert hand_over(world.worker("b/m/1/1").ledger, D, job.variant.digest, world.now, UNTIL)
    slow.ledger.catch_up()
    with pytest.raises(ClaimLost):
        held.fence()
    with pytest.raises(ClaimLost):
        held.intend(Announcement(0, "k"))


# --- done -------------------------------------------------------------------------------------------------------------


def test_done() -> None:
    """A person's word is the receipt, under their name, with what they were handed."""
    world = handed()
    assert done(world)
    state = known(world)
    assert (state.status, state.url, state.done) == (Status.PUBLISHED, URL, world.time)
    assert (state.receipts[0].id, state.receipts[0].data["by"]) == (URL, "bea")
    ledger = world.worker().ledger
    accepted = ledger.entry(ledger.cache.head().n).events[0]
    assert (accepted.kind, accepted.data["by"], accepted.data["digest"]) == ("accepted", "bea", state.sent_digest)


def test_done_for_each_message_of_a_thread() -> None:
    """The addresses of a thread are its receipts in order; the first is the delivery's."""
    world = handed("One", "Two")
    done(world, URL, OTHER)
    assert ([r.url for r in known(world).receipts], known(world).url) == ([URL, OTHER], URL)


def test_done_twice() -> None:
    """The same again is no news, by whomever; another address is refused with the first one, and nothing is written."""
    world = handed()
    assert done(world)
    assert not done(world, who="ada")
    before = world.kinds()
    with pytest.raises(UsageError, match=f"bea said that it is at {URL}"):
        done(world, OTHER, who="ada")
    assert world.kinds() == before


@pytest.mark.parametrize("prepare", [lambda world: None, lambda world: world.plan(world.job())])
def test_not_what_nobody_was_handed(prepare: Callable[[World], None]) -> None:
    """An unknown delivery, or one that is not due yet, is refused."""
    world = World()
    prepare(world)
    before = world.kinds()
    with pytest.raises(UsageError, match=r"knows no delivery|was not handed to a person"):
        done(world)
    assert world.kinds() == before


def test_not_what_the_network_published() -> None:
    """Where we sent it ourselves, nobody says where it is."""
    world = World()
    job = world.job()
    world.plan(job)
    world.publish(job)
    with pytest.raises(UsageError, match="is published, and was not handed"):
        done(world)


def test_settle_sends_on_to_done() -> None:
    """Whoever takes the wrong verb for it is told the right one."""
    with pytest.raises(UsageError) as caught:
        settle_by_hand(handed().worker().ledger, D, World().now, "bea", Receipt(URL, URL), last=True)
    assert "presstime done" in caught.value.advice


# --- races ------------------------------------------------------------------------------------------------------------


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each of several calls came to, begun at the same moment; an error of use is its own answer."""
    barrier, found = threading.Barrier(len(calls)), dict[int, object]()

    def attempt(n: int) -> None:
        barrier.wait()
        try:
            found[n] = calls[n]()
        except UsageError as error:
            found[n] = error

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[n] for n in range(len(calls))]


@pytest.mark.parametrize("trial", range(10))
def test_two_people_say_so_at_once(trial: int) -> None:
    """Of two people with two addresses exactly one is noted, and the other is told which."""
    world = handed()
    one, two = world.worker("a/m/1/1").ledger, world.worker("b/m/1/1").ledger
    answers = at_once(
        lambda: done(world, URL, who="ada", ledger=one), lambda: done(world, OTHER, who="bea", ledger=two)
    )
    assert sorted(isinstance(answer, UsageError) for answer in answers) == [False, True]
    assert world.kinds() == ["planned", "handed", "accepted", "published"]
    assert len(known(world).receipts) == 1


@pytest.mark.parametrize("trial", range(10))
def test_done_and_missed_at_once(trial: int) -> None:
    """Whichever comes first: in the end it is out, and once done it is not called missed."""
    world = handed()
    person, worker = world.worker("a/m/1/1").ledger, world.worker("b/m/1/1").ledger
    missed = step("missed", D, world.now, due=START.isoformat(), reason="late")
    seen = worker.state(D)

    def miss() -> object:  # as `Sync` writes it: only if the delivery is still as the plan saw it
        return worker.append(lambda view: [missed] if view(D) == seen else [])

    at_once(lambda: done(world, ledger=person), miss)
    kinds = world.kinds()
    assert kinds in (
        ["planned", "handed", "accepted", "published"],
        ["planned", "handed", "missed", "accepted", "published"],
    )
    assert known(world).status is Status.PUBLISHED
