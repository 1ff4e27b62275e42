"""The two ends of a worker: its store and its network, as the twins are, with points around every call and faults in them."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from presstime.errors import AlreadyExists, InDoubt, NetworkError
from presstime.model import Json, Outcome, Receipt, Settling, Sighting, Traits, Unknown, Variant
from presstime.networks.base import Order, ReadBytes
from presstime.networks.memory import Fault, Memory, MemoryNetwork, MemoryPost
from presstime.stores.base import Object, Stat
from presstime.stores.memory import MemoryStore
from tests.simulation.machine import Process
from tests.simulation.newsroom import instant

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
ANSWERED = (None, "conflict", "own-412")  # what a reply of the store comes with; every reply carries a `Date`
_KIND = re.compile(rb'"kind":"(\w+)"')
_FOUND = re.compile(rb'"found":(true|false)')


def name_of(body: bytes) -> str:
    """What a write is for, from the kinds of the events in it: the points are named after it."""
    kinds = list(dict.fromkeys(kind.decode() for kind in _KIND.findall(body)))
    found = _FOUND.search(body)
    if found and "settled" in kinds:
        kinds[kinds.index("settled")] = "found" if found[1] == b"true" else "not-found"
    return "write " + "+".join(kinds)


class SimStore(MemoryStore):
    """A worker's client of the bucket. Its clock is the last `Date` it got and the time since, as the real one's is."""

    def __init__(self, world: "World", process: Process) -> None:
        super().__init__(world.bucket, lambda operation, key: self._fault)  # type: ignore[arg-type, return-value]
        self.world = world
        self.process = process
        self._fault: str | None = None
        self._date: tuple[datetime, int] | None = None

    def create(self, key: str, body: bytes) -> Stat:
        def write() -> Stat:
            if self._fault == "late":
                self.world.baton.later(self.world.faults.lateness(), lambda: self._arrive(key, body))
                raise InDoubt(f"{key}: the reply was lost")
            stat = super(SimStore, self).create(key, body)
            if self._fault == "own-412":
                raise AlreadyExists(f"{key} is there already")
            return stat

        return self._reach(name_of(body), self.world.faults.of_write, write)

    def get(self, key: str) -> Object:
        return self._reach("get", self.world.faults.of_read, lambda: super(SimStore, self).get(key))

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        found = self._reach("list", self.world.faults.of_read, lambda: [*super(SimStore, self).list(prefix, after)])
        return iter(found)

    def now(self) -> datetime:
        if self._date is None:
            self.list("clock/")
        assert self._date is not None
        date, at = self._date
        return date + timedelta(microseconds=self.world.baton.now - at)

    def _reach(self, what: str, fault: Callable[[str, int], str | None], effect: Callable[[], T]) -> T:
        self.process.point(f"{what} before")
        self._fault = wrong = fault(self.process.name, self.world.baton.now)
        date = instant(self.world.baton.now).replace(microsecond=0)
        try:
            return effect()
        finally:
            self.process.point(f"{what} after")
            if wrong in ANSWERED:
                self._date = (date, self.world.baton.now)

    def _arrive(self, key: str, body: bytes) -> None:
        if key not in self.bucket.objects:
            self._write(key, body)

    def _write(self, key: str, body: bytes) -> Stat:
        self.world.tell(self.process.name, "stored", name_of(body), key)
        self.world.unpark()
        return super()._write(key, body)


class SimNetwork(MemoryNetwork):
    """The network's server; what it accepts is in the history: from which send, as which post, and whether as a new one."""

    def __init__(self, world: "World", traits: Traits) -> None:
        super().__init__(traits, now=world.now)
        self.world = world
        self.taken: set[str] = set()  # the ids of what somebody has removed on the network itself
        self.sender = ("", 0)  # the worker and the number of the send that is being served

    def accept(self, account: str, order: Order) -> MemoryPost:
        before = len(self.posts)
        post = super().accept(account, order)
        who, call = self.sender
        data = {"call": call, "post": post.id, "new": len(self.posts) > before}
        self.world.tell(who, "accepted", f"{order.delivery} {order.segment.index}", data)
        return post


class SimAdapter(Memory):
    """A worker's account on the network."""

    network: SimNetwork

    def __init__(self, world: "World", process: Process, channel: str) -> None:
        self.traits = world.network.traits  # type: ignore[misc]
        self.server = world.network
        super().__init__(world.words.channel(channel), None)
        self.world = world
        self.process = process

    def prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        faults = self.world.faults
        self.process.point("prepare before")
        failed = faults.fails(faults.rates.prepare_fails, self.world.baton.now)
        self.process.point("prepare after")
        if failed:
            raise NetworkError("the network does not answer", "Wait.")
        return {}

    def deposit(self, order: Order) -> Mapping[str, Json]:
        if self.traits.settling is not Settling.CONTAINER:
            return {}
        faults = self.world.faults
        self.process.point("deposit before")
        failed = faults.fails(faults.rates.prepare_fails, self.world.baton.now)
        left = super().deposit(order)  # what an answer is lost of is left there all the same
        self.process.point("deposit after")
        if failed:
            raise NetworkError("the network does not answer", "Wait.")
        return left

    def send(self, order: Order) -> Outcome:
        return self._exchange("send", "call", order, lambda: self._sent(order))

    def edit(self, order: Order, receipt: Receipt) -> Outcome:
        return self._exchange("edit", "change", order, lambda: super(SimAdapter, self).edit(order, receipt))

    def retract(self, order: Order, receipt: Receipt) -> Outcome:
        return self._exchange("retract", "change", order, lambda: super(SimAdapter, self).retract(order, receipt))

    def _exchange(self, name: str, kind: str, order: Order, effect: Callable[[], Outcome]) -> Outcome:
        """One request that readers see the effect of; its last look at the claim has just been passed."""
        world, what = self.world, f"{order.delivery} {order.segment.index}"
        call = world.next_call()
        world.tell(self.process.name, kind, what, {"call": call, "clock": self.process.clock_error(), "does": name})
        self.process.point(f"{name} before")
        outcome = self._through(order, call, world.faults.of_send(self.process.name, world.baton.now), effect)
        self.process.point(f"{name} after")
        world.tell(self.process.name, "answer", what, {"call": call, "answer": type(outcome).__name__})
        return outcome

    def find(self, order: Order) -> Receipt | None:
        faults = self.world.faults
        self.process.point("find before")
        failing = faults.fails(faults.rates.find_fails, self.world.baton.now)
        self.network.faults = [Fault("unreachable")] if failing else []
        try:
            return super().find(order)
        finally:
            self.process.point("find after")

    def look(self, order: Order, receipt: Receipt) -> Sighting | None:
        faults = self.world.faults
        self.process.point("look before")
        failing = faults.fails(faults.rates.find_fails, self.world.baton.now)
        self.network.faults = [Fault("unreachable")] if failing else []
        try:
            return super().look(order, receipt)
        finally:
            self.process.point("look after")

    def _through(self, order: Order, call: int, fault: str | None, effect: Callable[[], Outcome]) -> Outcome:
        """One request, with what goes wrong with it."""
        faults = self.world.faults
        if order.delivery in self.world.refusing:
            fault = "refused"
        if fault == "late":
            self.world.baton.later(faults.lateness(), lambda: self._arrive(order, call, effect))
            return Unknown("the reply was lost")
        seconds = faults.chance.choice((1, 5, 20, 90, 600)) if fault == "429" else 0
        self.network.faults = [Fault(fault, seconds=seconds)] if fault else []  # type: ignore[arg-type]
        self.network.sender = (self.process.name, call)
        return effect()

    def _sent(self, order: Order) -> Outcome:
        return super().send(order)

    def _arrive(self, order: Order, call: int, effect: Callable[[], Outcome]) -> None:
        self.world.tell(self.process.name, "late", f"{order.delivery} {order.segment.index}", {"call": call})
        self.network.sender, self.network.faults = (self.process.name, call), []
        effect()
