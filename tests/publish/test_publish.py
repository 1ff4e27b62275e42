"""Publishing: the steps in order, what each outcome leads to, and what a worker that died leaves to the next one."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from presstime.errors import ClaimLost, NetworkError, StoreError, WrongClock
from presstime.ledger.claims import LEASE_SECONDS, Announcement, claim
from presstime.model import Receipt, Settling, Status, Unknown
from presstime.networks.base import Order
from presstime.networks.memory import Fault, Memory
from presstime.publish.retry import RetryRule
from presstime.stores.memory import MemoryStore
from tests.publish.kit import D, Killed, World

CLASSES = [Settling.NATURAL, Settling.KEYED, Settling.LOOKUP, Settling.NONE]


def test_the_steps_of_a_publish() -> None:
    """Claim and intent stand in one entry before the send, receipt and `published` in one after it."""
    world = World()
    job = world.job()
    world.plan(job)
    state = world.publish(job)
    assert state.status is Status.PUBLISHED
    assert state.url == "memory:brand/1"
    assert world.kinds() == ["planned", "claimed", "sending", "accepted", "published"]
    assert world.worker().ledger.cache.head().n == 3  # planned; claimed + sending; accepted + published
    assert world.texts() == ["Hello"]


def test_nothing_is_sent_before_its_intent_is_in_the_log() -> None:
    """If the intent cannot be written, nothing is sent."""
    world = World()
    job = world.job()
    world.plan(job)
    with pytest.raises(StoreError):
        world.publish(job, world.worker(fault=lambda op, key: "unreachable" if op == "create" else None))
    assert world.texts() == []


def test_never_early() -> None:
    """A delivery that is not due yet is sent at its instant, not before, and its claim is taken a second ahead at most."""
    world = World()
    job = world.job(due=world.time + timedelta(seconds=40))
    world.plan(job)
    world.publish(job)
    assert world.network.posts[0].at == job.due
    ledger = world.worker().ledger
    claimed = ledger.store.get("log/00000000000000000002.json").modified
    assert claimed >= job.due - timedelta(seconds=1)


def test_published_is_published() -> None:
    """A second worker, and the same one again, find it done and send nothing."""
    world = World()
    job = world.job()
    world.plan(job)
    for name in ("a/m/1/1", "b/m/1/1", "a/m/1/1"):
        assert world.publish(job, world.worker(name)).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_a_claim_keeps_others_out_until_it_ends() -> None:
    """While a worker's claim lasts nobody else acts; after it, by the store's clock, the next one does."""
    world = World()
    job = world.job()
    world.plan(job)
    assert claim(world.worker("a/m/1/1").ledger, D, job.variant.digest, world.now) is not None
    assert world.publish(job, world.worker("b/m/1/1")).status is Status.CLAIMED
    assert world.texts() == []
    world.pass_time(seconds=LEASE_SECONDS + 10)
    assert world.publish(job, world.worker("b/m/1/1")).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_what_was_not_planned_is_not_sent() -> None:
    """A variant whose digest is not the planned one is not claimed: what ships is what was approved."""
    world = World()
    world.plan(world.job("Approved"))
    state = world.publish(world.job("Something else"))
    assert state.status is Status.PLANNED
    assert world.texts() == []


def test_refused_is_final_at_once() -> None:
    """A network's no is one request, and not tried again."""
    world = World()
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("refused", times=9)]
    state = world.publish(job)
    assert (state.status, state.reason) == (Status.REFUSED, "the network refused it")
    world.publish(job)
    assert world.network.requests == 1


def test_deferred_is_tried_again_and_goes_out() -> None:
    """What was certainly not accepted is tried again after a pause, and is one post in the end."""
    world = World()
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("unreachable", times=2)]
    assert world.publish(job).status is Status.PUBLISHED
    assert (world.network.requests, world.texts()) == (3, ["Hello"])


def test_one_retry_layer() -> None:
    """A network that stays away costs exactly the rule's attempts in one pass, and no intent stays open."""
    world = World()
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("unreachable", times=99)]
    state = world.publish(job)
    assert state.status is Status.DEFERRED
    assert state.intent is None
    assert world.network.requests == RetryRule().attempts
    assert sum(world.sleeps) <= RetryRule().seconds + RetryRule().pause_max


def test_a_network_says_when_to_come_back() -> None:
    """A 429 with a reset soon is waited out exactly; with one far away it is put off to a later pass."""
    world = World()
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("429", seconds=7)]
    world.publish(job)
    assert world.network.posts[0].at == job.due + timedelta(seconds=7)

    world = World()
    world.plan(job)
    world.network.faults = [Fault("429", seconds=900)]
    state = world.publish(job)
    assert (state.status, world.network.requests) == (Status.DEFERRED, 1)
    assert state.until == world.time + timedelta(seconds=900)


def test_refused_credentials_wait_for_a_person() -> None:
    """Refused credentials are one request a pass, and the delivery goes out once they are mended."""
    world = World()
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("401")]
    state = world.publish(job)
    assert (state.status, world.network.requests) == (Status.DEFERRED, 1)
    assert world.publish(job).status is Status.PUBLISHED


@pytest.mark.parametrize("fault", ["5xx-before", "5xx-after", "drop-before", "drop-after"])
@pytest.mark.parametrize("settling", CLASSES)
def test_a_lost_reply_is_settled(settling: Settling, fault: str) -> None:
    """Whatever became of a send without an answer: one post at most, and published or held for a person, per class."""
    world = World(settling)
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault(fault)]  # type: ignore[arg-type]
    state = world.publish(job)
    if settling in (Settling.NATURAL, Settling.KEYED) or (settling is Settling.LOOKUP and fault.endswith("after")):
        assert state.status is Status.PUBLISHED
        assert world.texts() == ["Hello"]
    else:
        assert (state.status, state.review) == (Status.UNKNOWN, True)
        assert state.reason
        assert len(world.texts()) == (1 if fault.endswith("after") else 0)
    before = world.texts()
    world.pass_time(hours=3)
    world.publish(job, world.worker("next/m/1/1"))
    assert world.texts() == before


def test_resend_by_choice() -> None:
    """A channel that chose `resend` sends again what was looked for and not found, and the log says so."""
    world = World(on_unknown="resend")
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("drop-before")]
    assert world.publish(job).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]
    assert world.kinds()[-6:] == ["sending", "unknown", "settled", "sending", "accepted", "published"]


def test_a_read_back_waits_for_the_send_not_for_its_intent() -> None:
    """A send that came late after its intent is looked for only when the network shows it: it is not sent again."""
    world = World(on_unknown="resend")
    world.network.traits = replace(world.network.traits, visible_after=timedelta(seconds=10))
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("429", seconds=20), Fault("drop-after")]
    assert world.publish(job).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


@pytest.mark.parametrize("segment", [0, 1])
def test_a_read_back_waits_for_a_send_that_took_long(segment: int) -> None:
    """A worker that stood still in its send knows that it ended just now, and looks no earlier than the network shows it."""
    world = World(on_unknown="resend")
    world.network.traits = replace(world.network.traits, visible_after=timedelta(seconds=10))
    job = world.job("One", "Two")
    world.plan(job)

    class Frozen(Memory):
        def send(self, order: Order):  # type: ignore[no-untyped-def]
            world.pass_time(seconds=LEASE_SECONDS + 5 if order.segment.index == segment else 0)
            return super().send(order)

    world.network.faults = [Fault("drop-after", skip=segment)]
    adapter = type("Frozen", (Frozen,), {"traits": world.network.traits, "server": world.network})
    assert world.worker().publish(job, adapter(world.channel, None)).status is Status.PUBLISHED
    assert world.texts() == ["One", "Two"]


def test_a_read_back_waits_whatever_the_clock_does() -> None:
    """A clock that is set forward between a lost send and its read-back does not make the read-back come too early."""
    world = World(on_unknown="resend")
    world.network.traits = replace(world.network.traits, visible_after=timedelta(seconds=10))
    job = world.job()
    world.plan(job)
    worker = world.worker()
    world.network.faults = [Fault("drop-after")]

    def now() -> datetime:
        return world.time + timedelta(seconds=25 if world.sleeps else 0)

    worker.timing = replace(worker.timing, now=now)
    assert world.publish(job, worker).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_a_key_is_not_tried_again_when_its_window_ends() -> None:
    """The tries under a key end with the key's window, though the rule has time left."""
    world = World(Settling.KEYED)
    world.network.traits = replace(world.network.traits, key_window=timedelta(seconds=100))
    job = world.job()
    world.plan(job)
    kill(world, job, 0, "after-send")
    heir = world.worker("heir/m/1/1")
    heir.ledger.is_gone = lambda name: True
    world.pass_time(seconds=85)
    world.network.faults = [Fault("429", seconds=20)]
    state = world.publish(job, heir)
    assert (state.status, state.review, world.texts()) == (Status.UNKNOWN, False, ["Hello"])
    assert world.publish(job, heir).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_a_read_back_of_old_does_not_wait() -> None:
    """What was in doubt long ago is looked for at once."""
    world = World()
    world.network.traits = replace(world.network.traits, visible_after=timedelta(seconds=10))
    job = world.job()
    world.plan(job)
    kill(world, job, 0, "after-send")
    world.pass_time(hours=1)
    world.sleeps.clear()
    assert world.publish(job).status is Status.PUBLISHED
    assert world.sleeps == []


def test_resend_has_an_end() -> None:
    """Even a channel that chose `resend` gets a person after a few sends that all vanished."""
    world = World(on_unknown="resend")
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("drop-before", times=50)]
    calls = []
    adapter = world.adapter()
    adapter.find = lambda order: calls.append(order) or None  # type: ignore[method-assign, func-returns-value]
    state = world.worker().publish(job, adapter)
    assert (state.status, state.review) == (Status.UNKNOWN, True)
    assert len(calls) == 3


def test_cannot_be_settled_now() -> None:
    """While the network cannot be asked, the doubt stays in the log; a later pass asks again and finds the post."""
    world = World(Settling.LOOKUP)
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("drop-after"), Fault("unreachable")]
    state = world.publish(job)
    assert (state.status, state.review) == (Status.UNKNOWN, False)
    assert world.publish(job, world.worker("b/m/1/1")).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_a_429_while_settling_takes_no_doubt_away() -> None:
    """A "later" in answer to the same order again says nothing about the first one: it stays unknown."""
    world = World(Settling.KEYED)
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("drop-after"), Fault("429", seconds=1200)]
    assert world.publish(job).status is Status.UNKNOWN
    world.pass_time(minutes=21)
    assert world.publish(job).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_a_key_is_not_used_after_its_window() -> None:
    """Outside its window a key protects from nothing: the network is read back instead."""
    world = World(Settling.KEYED)
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("drop-after"), Fault("429", seconds=9000)]
    world.publish(job)
    world.pass_time(hours=2)
    assert world.publish(job).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]
    assert "found among" in str(world.worker().ledger.entry(world.worker().ledger.cache.head().n).events[0].data["how"])


@pytest.mark.parametrize("settling", CLASSES)
def test_settling_is_not_early_either(settling: Settling) -> None:
    """Who takes over from a worker that died between its intent and the instant waits for the instant, too."""
    world = World(settling)
    job = world.job(due=world.time + timedelta(seconds=40))
    world.plan(job)
    doomed, heir = world.worker("doomed/m/1/1"), world.worker("heir/m/1/1")

    def nap(seconds: float) -> None:
        if world.kinds()[-1] == "sending":
            raise Killed
        world.sleep(seconds)

    doomed.timing = replace(doomed.timing, sleep=nap)
    with pytest.raises(Killed):
        world.publish(job, doomed)
    assert world.time < job.due
    heir.ledger.is_gone = lambda name: True
    heir.ledger.catch_up()
    world.publish(job, heir)
    assert world.time >= job.due
    assert all(post.at >= job.due for post in world.network.posts)


def test_threads_go_on_where_they_stopped() -> None:
    """A thread whose second segment is put off goes on with the second, in reply to the first."""
    world = World()
    job = world.job("One", "Two", "Three")
    world.plan(job)
    world.network.faults = [Fault("429", skip=1, seconds=600)]
    state = world.publish(job)
    assert (state.status, world.texts()) == (Status.DEFERRED, ["One"])
    world.pass_time(minutes=11)
    assert world.publish(job, world.worker("b/m/1/1")).status is Status.PUBLISHED
    assert world.texts() == ["One", "Two", "Three"]
    assert [p.parent for p in world.network.posts] == [None, "1", "2"]


def test_what_was_begun_meanwhile_is_not_sent_blindly() -> None:
    """A worker that finds, when it claims, that another one has begun and died meanwhile leaves it to be settled first."""
    world = World(Settling.LOOKUP)
    job = world.job()
    world.plan(job)
    slow, adapter = world.worker("slow/m/1/1"), world.adapter()

    def prepare(variant: object, read: object) -> dict[str, object]:
        kill(world, job, 0, "after-send")
        world.pass_time(seconds=LEASE_SECONDS + 10)
        return {}

    adapter.prepare = prepare  # type: ignore[method-assign, assignment]
    assert slow.publish(job, adapter).begun
    assert world.texts() == ["Hello"]
    assert world.publish(job).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


@pytest.mark.parametrize("settling", CLASSES)
def test_a_slow_sender_is_overtaken(settling: Settling) -> None:
    """A send that takes longer than its claim, and ends in doubt, is settled by whoever took over, not a second time."""
    world = World(settling)
    job = world.job("One", "Two")
    world.plan(job)
    overtaken = []

    class Slow(Memory):
        def send(self, order: Order):  # type: ignore[no-untyped-def]
            super().send(order)
            if not overtaken:
                world.pass_time(seconds=LEASE_SECONDS + 10)
                overtaken.append(world.publish(job, world.worker("next/m/1/1")))
            return Unknown("the reply was lost")

    adapter = type("Slow", (Slow,), {"traits": world.network.traits, "server": world.network})
    state = world.worker("slow/m/1/1").publish(job, adapter(world.channel, None))
    assert state == overtaken[0]
    assert (state.status is Status.PUBLISHED) is (settling is not Settling.NONE)
    assert world.texts() == (["One"] if settling is Settling.NONE else ["One", "Two"])


def test_the_sender_itself_may_settle_a_doubt() -> None:
    """A receipt that a slow sender brings while another worker is in doubt of the same segment ends the doubt."""
    world = World(Settling.LOOKUP, on_unknown="resend")
    job = world.job("One", "Two")
    world.plan(job)
    slow = world.worker("slow/m/1/1")
    held = claim(slow.ledger, D, job.variant.digest, world.now, Announcement(0, "k"))
    assert held is not None
    world.pass_time(seconds=LEASE_SECONDS + 10)
    late = iter([True])

    class Overtaken(Memory):
        def send(self, order: Order):  # type: ignore[no-untyped-def]
            if not next(late, False):
                return super().send(order)
            held.accepted(0, super().send(order).receipt, last=False)  # type: ignore[union-attr]
            return Unknown("the reply was lost")

    adapter = type("Overtaken", (Overtaken,), {"traits": world.network.traits, "server": world.network})
    world.worker("next/m/1/1").publish(job, adapter(world.channel, None))
    assert world.texts() == ["One", "Two"]
    assert world.kinds()[-3:] == ["sending", "accepted", "published"]


@pytest.mark.parametrize("settling", [Settling.NATURAL, Settling.LOOKUP])
@pytest.mark.parametrize("texts", [("One",), ("One", "Two")])
def test_what_is_published_stays_published(settling: Settling, texts: tuple[str, ...]) -> None:
    """A worker that cannot settle a doubt now says nothing if the doubt's own sender has come back with the receipt."""
    world = World(settling)
    job = world.job(*texts)
    world.plan(job)
    slow = world.worker("slow/m/1/1")
    held = claim(slow.ledger, D, job.variant.digest, world.now, Announcement(0, "k"))
    assert held is not None
    world.pass_time(seconds=LEASE_SECONDS + 10)

    class Away(Memory):
        def send(self, order: Order):  # type: ignore[no-untyped-def]
            self.find(order)

        def find(self, order: Order):  # type: ignore[no-untyped-def]
            held.accepted(0, Receipt("1"), last=len(texts) == 1)
            raise NetworkError("nobody answers")

    adapter = type("Away", (Away,), {"traits": world.network.traits, "server": world.network})
    state = world.worker("next/m/1/1").publish(job, adapter(world.channel, None))
    assert (len(state.receipts), state.intent) == (1, None)
    assert world.kinds()[-1] == ("published" if len(texts) == 1 else "accepted")


@pytest.mark.parametrize("texts", [("One",), ("One", "Two")])
def test_twice_is_never_silent(texts: tuple[str, ...]) -> None:
    """A worker frozen between its last look and its send posts a second time, which no lease prevents: the log says so."""
    world = World(Settling.KEYED)
    job = world.job(*texts)
    world.plan(job)

    class Frozen(Memory):
        def send(self, order: Order):  # type: ignore[no-untyped-def]
            if world.network.posts:
                return super().send(order)
            world.pass_time(seconds=LEASE_SECONDS + 10)
            world.publish(job, world.worker("next/m/1/1"))
            world.pass_time(hours=2)
            return super().send(order)

    adapter = type("Frozen", (Frozen,), {"traits": world.network.traits, "server": world.network})
    state = world.worker("frozen/m/1/1").publish(job, adapter(world.channel, None))
    assert world.texts() == [*texts, "One"]
    assert (state.status, state.review) == (Status.PUBLISHED, True)
    assert f"out twice, also as memory:brand/{len(texts) + 1}" in state.reason
    assert world.kinds()[-1] == "accepted"


def test_one_receipt_is_told_once() -> None:
    """A receipt that the log has already is not written again."""
    world = World()
    job = world.job("One", "Two")
    world.plan(job)
    held = claim(world.worker().ledger, D, job.variant.digest, world.now, Announcement(0, "k"))
    assert held is not None
    for _ in range(2):
        held.accepted(0, Receipt("1"), last=False)
    assert world.kinds() == ["planned", "claimed", "sending", "accepted"]


def writes_of(world: World) -> int:
    job = world.job("One", "Two")
    world.plan(job)
    world.bucket.requests.clear()
    world.publish(job)
    return world.bucket.requests["create"]


@pytest.mark.parametrize("settling", CLASSES)
def test_a_worker_killed_at_any_write(settling: Settling) -> None:
    """Killed before or after any write of the log or any send: the next passes end with each segment once, or unknown."""
    count = writes_of(World(settling))
    for nth in range(count):
        for moment in ("before-write", "after-write", "before-send", "after-send"):
            world = World(settling)
            job = world.job("One", "Two")
            world.plan(job)
            kill(world, job, nth, moment)
            for minutes in (0, 3, 6):
                world.pass_time(minutes=minutes)
                state = world.publish(job, world.worker("next/m/1/1"))
            assert len(set(world.texts())) == len(world.texts()), (nth, moment, world.texts())
            if state.status is Status.PUBLISHED:
                assert world.texts() == ["One", "Two"], (nth, moment)
            else:
                assert state.review, (nth, moment, state)
                assert settling not in (Settling.NATURAL, Settling.KEYED)


def kill(world: World, job: object, nth: int, moment: str) -> None:
    """Publish with a worker that dies at its nth write (or send), just before or just after it."""
    left = [nth]

    def now(kind: str) -> bool:
        if kind != moment:
            return False
        left[0] -= 1
        return left[0] < 0

    class DyingStore(MemoryStore):
        def create(self, key: str, body: bytes):  # type: ignore[no-untyped-def]
            if now("before-write"):
                raise Killed
            stat = super().create(key, body)
            if now("after-write"):
                raise Killed
            return stat

    class DyingNetwork(Memory):
        def send(self, order: Order):  # type: ignore[no-untyped-def]
            if now("before-send"):
                raise Killed
            outcome = super().send(order)
            if now("after-send"):
                raise Killed
            return outcome

    worker = world.worker("doomed/m/1/1")
    worker.ledger.store = DyingStore(world.bucket)
    adapter = type("Dying", (DyingNetwork,), {"traits": world.network.traits, "server": world.network})
    try:
        worker.publish(job, adapter(world.channel, None))  # type: ignore[arg-type]
    except Killed:
        return


def test_a_paused_worker_may_not_send() -> None:
    """A worker that slept past its claim finds that at the fence, and sends nothing."""
    world = World()
    job = world.job()
    world.plan(job)
    worker = world.worker()
    held = claim(worker.ledger, D, job.variant.digest, world.now)
    assert held is not None
    world.pass_time(seconds=LEASE_SECONDS)
    with pytest.raises(ClaimLost):
        held.fence()


def test_a_claim_is_also_timed_by_its_holder() -> None:
    """A worker that stood still while the store's reply came in knows an old time of the store's: its own tells it."""
    world = World()
    job = world.job()
    world.plan(job)
    worker = world.worker()
    held = claim(worker.ledger, D, job.variant.digest, world.now)
    assert held is not None
    asked = world.time
    worker.ledger.store.now = lambda: asked  # type: ignore[method-assign]
    held.fence()
    world.pass_time(seconds=LEASE_SECONDS)
    with pytest.raises(ClaimLost):
        held.fence()


def test_an_announcement_is_timed_by_its_holder() -> None:
    """Announcing the next segment begins the claim's time anew, from before it was written."""
    world = World()
    job = world.job("One", "Two")
    world.plan(job)
    held = claim(world.worker().ledger, D, job.variant.digest, world.now, Announcement(0, "k"))
    assert held is not None
    world.pass_time(seconds=100)
    held.intend(Announcement(1, "k"))
    world.pass_time(seconds=100)
    held.fence()
    world.pass_time(seconds=20)
    with pytest.raises(ClaimLost):
        held.fence()


@pytest.mark.parametrize("jump", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_a_clock_that_is_set_while_waiting(jump: timedelta) -> None:
    """A clock that jumps after the intent was written sends nothing, neither early nor late, and leaves no doubt behind."""
    world = World(Settling.NONE)
    job = world.job(due=world.time + timedelta(seconds=40))
    world.plan(job)
    worker = world.worker()

    def now() -> datetime:
        return world.time + (jump if world.kinds()[-1] == "sending" else timedelta(0))

    worker.timing = replace(worker.timing, now=now)
    state = world.publish(job, worker)
    assert (world.texts(), state.status, state.intent) == ([], Status.DEFERRED, None)
    assert "clock" in state.reason
    assert world.publish(job).status is Status.PUBLISHED
    assert world.network.posts[0].at == job.due


def test_a_clock_that_stops_while_waiting() -> None:
    """A clock that stands still does not keep its worker waiting for ever."""
    world = World()
    job = world.job(due=world.time + timedelta(hours=1))
    world.plan(job)
    worker = world.worker()
    stopped = world.time

    def nap(seconds: float) -> None:
        world.sleep(seconds)
        assert world.time - stopped < timedelta(minutes=1), "it waits for ever"

    worker.timing = replace(worker.timing, now=lambda: stopped, sleep=nap)
    with pytest.raises(WrongClock, match="behind the store's"):
        world.publish(job, worker)


def test_a_receipt_waits_for_the_store() -> None:
    """When the store is away just after a send, the worker keeps trying to write the receipt: no doubt arises."""
    world = World()
    job = world.job()
    world.plan(job)
    creates = []

    def script(operation: str, key: str) -> str | None:
        if operation != "create":
            return None
        creates.append(key)
        return "unreachable" if 2 <= len(creates) <= 4 else None

    state = world.publish(job, world.worker(fault=script))  # type: ignore[arg-type]
    assert state.status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_a_wrong_clock_stops_publishing() -> None:
    """A clock more than 30 s away from the store's publishes nothing, and the message says which way."""
    world = World()
    job = world.job()
    world.plan(job)
    worker = world.worker()
    worker.timing = type(worker.timing)(worker.ledger.store, lambda: world.time + timedelta(seconds=31), world.sleep)
    with pytest.raises(StoreError, match="31 s ahead of"):
        worker.publish(job, world.adapter())
    assert world.texts() == []


def test_not_ready_is_said_once() -> None:
    """A network that cannot even be prepared for is one `deferred` in the log, however many passes find it so."""
    from presstime.errors import NetworkError

    world = World()
    job = world.job()
    world.plan(job)
    adapter = world.adapter()

    def unable(variant: object, read: object) -> dict[str, object]:
        raise NetworkError("nobody answers", "Look at the network.", needs_person=True)

    adapter.prepare = unable  # type: ignore[method-assign, assignment]
    for _ in range(3):
        state = world.worker().publish(job, adapter)
    assert (state.status, state.reason) == (Status.DEFERRED, "nobody answers. Look at the network.")
    assert world.kinds() == ["planned", "deferred"]


@pytest.mark.parametrize("alone", [True, False])
def test_what_is_about_one_post_keeps_no_other_back(alone: bool) -> None:
    """A picture that a network refuses, say, is that post's business: the rest of the channel's queue goes on. A server that
    does not answer keeps all of it for the next pass."""
    world = World()
    job = world.job()
    world.plan(job)
    worker, adapter = world.worker(), world.adapter()
    whole = adapter.prepare

    def unable(variant: object, read: object) -> dict[str, object]:
        adapter.prepare = whole  # type: ignore[method-assign]
        raise NetworkError("not like this", needs_person=True, alone=alone)

    adapter.prepare = unable  # type: ignore[method-assign, assignment]
    assert worker.publish(job, adapter).status is Status.DEFERRED
    assert worker.publish(job, adapter).status is (Status.PUBLISHED if alone else Status.DEFERRED)
    assert len(world.texts()) == alone
