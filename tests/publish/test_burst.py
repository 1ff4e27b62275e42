"""Many deliveries of one process at one instant: all claimed ahead of it, all sent, then told of, and none kept by another for long."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from presstime.clock import now
from presstime.ledger import stopping
from presstime.ledger.cache import Cache
from presstime.ledger.claims import step
from presstime.ledger.log import Ledger
from presstime.model import Channel, Delivery, DeliveryState, Outcome, Segment, Status, Variant, from_iso
from presstime.networks.base import Adapter, Order
from presstime.networks.memory import TRAITS, MemoryNetwork
from presstime.pauses import EVERYTHING
from presstime.publish.burst import EACH, Bursts
from presstime.publish.send import Job, Publisher
from presstime.publish.timing import LATENCY, Timing
from presstime.stores.memory import Bucket, MemoryStore

MANY = 30
SLOW = timedelta(
    seconds=0.2
)  # what one more takes, where a machine that is busy with other things must be in time as well
BEFORE = LATENCY + SLOW * (MANY - 1)  # when the first of so many is claimed


class Wire:
    """A real clock, a log and a network in memory; what happens `before` a request is a test's to say."""

    def __init__(self, count: int, due: datetime, each: timedelta = EACH) -> None:
        self.bucket = Bucket(now)
        self.network = MemoryNetwork(TRAITS)
        self.publisher = self.worker("worker/m/1/1")
        self.publisher.bursts = Bursts(each, together=timedelta(minutes=1))
        self.before: Callable[[Order], None] = lambda order: None
        self.jobs = [self.job(n, due) for n in range(count)]

    def worker(self, name: str) -> Publisher:
        store = MemoryStore(self.bucket)
        ledger = Ledger(store, Cache(None, "log"), name)
        ledger.catch_up()
        return Publisher(ledger, Timing(store))

    def job(self, number: int, due: datetime) -> Job:
        channel = Channel(f"brand-{number}", "memory")
        delivery = Delivery("launch", channel.name)
        job = Job(Variant(delivery, "memory", due, (Segment(0, f"Number {number}."),)), channel, due, lambda item: b"")
        what = {"digest": job.variant.digest, "source": "s", "due": due.isoformat(), "path": "p.md", "commit": "c"}
        event = step("planned", delivery, now, **what, blob="b", author="Ada", approver="Bea")
        self.publisher.ledger.append(lambda view: [event], {job.variant.digest: job.variant.to_json()})
        return job

    def adapter(self, job: Job) -> Adapter:
        adapter = self.network.adapter_class()(job.channel, None)
        send = adapter.send

        def sent(order: Order) -> Outcome:
            self.before(order)
            return send(order)

        adapter.send = sent  # type: ignore[method-assign]
        return adapter

    def publish(self, job: Job) -> DeliveryState:
        return self.publisher.publish(job, self.adapter(job))

    def publish_all(self) -> list[DeliveryState]:
        with ThreadPoolExecutor(len(self.jobs)) as pool:
            return list(pool.map(self.publish, self.jobs))

    def entries(self) -> Iterator[set[str]]:
        """The kinds of each entry's events, without those that only plan."""
        for _, entry in self.worker("reader/m/1/1").ledger.entries():
            if kinds := {event.kind for event in entry.events} - {"planned"}:
                yield kinds

    def claimed(self) -> list[datetime]:
        """When each entry was written that claims something."""
        entries = self.worker("reader/m/1/1").ledger.entries()
        return [from_iso(e.time) for _, e in entries if "claimed" in {event.kind for event in e.events}]


def soon(span: timedelta) -> datetime:
    return now() + span


def waited_for(met: Callable[[], bool]) -> None:
    for _ in range(3000):
        if met():
            return
        threading.Event().wait(0.01)
    pytest.fail("nothing came of it in half a minute")


def test_all_are_claimed_then_all_are_sent_then_told_of() -> None:
    """The first is claimed as much ahead as all of them need; and as long as one has no answer, the log has none of the others'."""
    wire = Wire(MANY, soon(BEFORE + timedelta(seconds=1)), SLOW)
    due, behind = wire.jobs[0].due, iter(range(MANY - 1, -1, -1))
    sent: list[datetime] = []
    told: list[set[str]] = []

    def before(order: Order) -> None:
        sent.append(now())
        if not next(behind):
            waited_for(lambda: len(wire.network.posts) == MANY - 1)
            threading.Event().wait(0.5)  # for one that tells of it at once to be seen
            told.extend(kinds for kinds in wire.entries() if "accepted" in kinds)

    wire.before = before
    assert {state.status for state in wire.publish_all()} == {Status.PUBLISHED}
    assert len(sent) == MANY
    assert min(sent) >= due
    assert told == []
    assert min(wire.claimed()) < due - LATENCY - SLOW * (MANY / 2)
    kinds = list(wire.entries())
    assert kinds == sorted(kinds, key=lambda found: "accepted" in found)


def test_a_pause_after_the_claims_is_heard() -> None:
    """What somebody elsewhere stops while all are claimed and wait is stopped, as it would be of one that is not claimed so early."""
    wire = Wire(MANY, soon(BEFORE + timedelta(seconds=1)), SLOW)
    elsewhere = wire.worker("ops/n/1/1").ledger

    def stop() -> None:
        while not any("sending" in kinds for kinds in wire.entries()):
            threading.Event().wait(0.05)
        stopping.pause(elsewhere, EVERYTHING, now, "ada", "wrong", None, "release", timedelta(0))

    with ThreadPoolExecutor(1) as other:
        stopped = other.submit(stop)
        states = wire.publish_all()
        stopped.result()
    assert wire.network.posts == []
    kept = {state.status for state in states}
    assert Status.DEFERRED in kept <= {Status.DEFERRED, Status.PLANNED}  # those that were not claimed yet


def test_one_that_hangs_keeps_no_other() -> None:
    """A network that does not answer does not keep what others answered from the log."""
    wire = Wire(4, soon(timedelta(0)))
    answered = threading.Event()
    hanging = wire.jobs[0].variant

    def before(order: Order) -> None:
        if order.variant == hanging:
            assert answered.wait(60)

    wire.before = before
    with ThreadPoolExecutor(4) as pool:
        first, *others = [pool.submit(wire.publish, job) for job in wire.jobs]
        assert {other.result(30).status for other in others} == {Status.PUBLISHED}
        assert not first.done()
        answered.set()
        assert first.result(30).status is Status.PUBLISHED


@pytest.mark.parametrize("fails", [True, False])
def test_nothing_is_kept_of_what_is_through(fails: bool) -> None:
    """A process that runs for months does not collect instants, whatever ends a delivery."""
    bursts, instant = Bursts(), datetime(2026, 11, 23, 9, tzinfo=UTC)
    with pytest.raises(LookupError) if fails else bursts.joined(instant), bursts.joined(instant) as part:
        assert bursts.ahead(instant) == (timedelta(0) if fails else EACH)
        if fails:
            raise LookupError
        part.answered()
    assert bursts.ahead(instant) == timedelta(0)
    assert bursts == replace(Bursts(), _changed=bursts._changed)
