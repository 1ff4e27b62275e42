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
from presstime.model import Channel, Delivery, DeliveryState, Outcome, Segment, Status, Variant
from presstime.networks.base import Adapter, Order
from presstime.networks.memory import TRAITS, MemoryNetwork
from presstime.pauses import EVERYTHING
from presstime.publish.burst import EACH, Bursts
from presstime.publish.send import Job, Publisher
from presstime.publish.timing import LATENCY, Timing
from presstime.stores.memory import Bucket, MemoryStore

MANY = 60
BEFORE = LATENCY + EACH * (MANY - 1)  # when the first of so many is claimed


class Wire:
    """A real clock, a log and a network in memory; what happens `before` a request is a test's to say."""

    def __init__(self, count: int, due: datetime) -> None:
        self.bucket = Bucket(now)
        self.network = MemoryNetwork(TRAITS)
        self.publisher = self.worker("worker/m/1/1")
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


def soon(span: timedelta) -> datetime:
    return now() + span


def test_all_are_claimed_then_all_are_sent_then_told_of() -> None:
    """However the answers come in, the log has few entries, and none of a receipt before the last claim."""
    wire = Wire(MANY, soon(BEFORE + timedelta(seconds=0.5)))
    sent: list[datetime] = []

    def before(order: Order) -> None:
        sent.append(now())
        threading.Event().wait(len(sent) % 7 / 50)

    wire.before = before
    assert {state.status for state in wire.publish_all()} == {Status.PUBLISHED}
    assert min(sent) >= wire.jobs[0].due
    kinds = list(wire.entries())
    assert kinds == sorted(kinds, key=lambda found: "accepted" in found)
    assert len(kinds) < MANY / 4


def test_a_pause_after_the_claims_is_heard() -> None:
    """What somebody elsewhere stops while all are claimed and wait is stopped, as it would be of one that is not claimed so early."""
    wire = Wire(MANY, soon(BEFORE + timedelta(seconds=1)))
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
