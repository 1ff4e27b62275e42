"""The whole of it: hosts that run the real engine pass after pass on one bucket and one network, until all is decided."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Literal

from presstime.errors import ClaimLost, LedgerError, PresstimeError, StoreError, UsageError
from presstime.ledger import stopping
from presstime.ledger.assisted import done_by_hand
from presstime.ledger.cache import Cache
from presstime.ledger.claims import ENDED
from presstime.ledger.log import Ledger
from presstime.model import Action, Delivery, Json, Settling, Status
from presstime.networks.memory import TRAITS
from presstime.pauses import EVERYTHING, Rule
from presstime.plan.assisted import time_ends
from presstime.publish.jobs import Jobs
from presstime.publish.send import Publisher
from presstime.publish.sync import Sync
from presstime.publish.timing import Timing
from presstime.stores.memory import Bucket
from tests.simulation import meddling
from tests.simulation.baton import Baton, BatonLock, Killed, Task
from tests.simulation.ends import SimAdapter, SimNetwork, SimStore
from tests.simulation.faults import HOUR, MINUTE, SECOND, Armed, Faults, Rates
from tests.simulation.history import History
from tests.simulation.machine import Machine, Process
from tests.simulation.newsroom import Wanted, Words, commits, instant, provenance, words_of

LEAD = timedelta(seconds=60)
TICK = MINUTE
HORIZON = 30 * 24 * HOUR  # after the calm: what is undecided then is stuck
KEY_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Policy:
    """A settling class and what its channel chose for sends that were looked for and not found."""

    name: str
    settling: Settling
    on_unknown: str = "review"
    lag: int = 0  # seconds by which a read-back lags behind


@dataclass(frozen=True)
class Person:
    """Somebody who posts a delivery of an assisted channel by hand, some time after it was handed to them (microseconds), and
    says where it is."""

    delivery: Delivery
    address: str
    after: int


@dataclass(frozen=True)
class Setup:
    """Everything a run follows from, beside its seed. `hosts`: the machine of each worker; workers of one machine know each
    other's death at once. `threads`: whether a worker sends its deliveries side by side, on one ledger."""

    policy: Policy
    items: tuple[Wanted, ...]
    hosts: tuple[str, ...] = ("m1", "m2")
    rates: Rates = field(default_factory=Rates)
    armed: Armed | None = None
    calm: int = 5 * MINUTE
    threads: bool = False
    pace: float = 1.0  # how long calls take, as a multiple of what is usual; 0: no time at all
    coarse: bool = False
    downtime: int = 200  # seconds until there is a worker again, at most
    spread: float = 3.0  # seconds before the first instant within which the workers start
    clocks: Callable[[Random, "World"], None] | None = None
    people: tuple[Person, ...] = ()
    orders: tuple["Order", ...] = ()
    meddlers: tuple["Meddler", ...] = ()
    deciders: tuple["Decider", ...] = ()


@dataclass(frozen=True)
class Meddler:
    """Somebody who changes a message on the network itself, removes it, or removes it and puts it back `after` a while (times in
    microseconds)."""

    at: int
    delivery: Delivery
    segment: int
    does: Literal["alter", "remove", "hide"]
    after: int = 0


@dataclass(frozen=True)
class Decider:
    """A person who looks for drift of a delivery and, some time after they saw it (microseconds), accepts it or has it undone; what cannot be
    undone they accept."""

    delivery: Delivery
    does: Literal["accept", "undo", "toss"]
    after: int


@dataclass(frozen=True)
class Order:
    """A person pauses everything (until a time, or until it is resumed), or resumes it. Times in microseconds."""

    at: int
    does: Literal["pause", "resume"]
    rule: Rule = "release"
    until: int | None = None


class World:
    """One run. After `run`, everything there is to judge is in `history`, `bucket` and `network`."""

    def __init__(self, setup: Setup, seed: int | str, choose: Callable[[int], int] | None = None) -> None:
        self.setup = setup
        self.chance = Random(f"{seed}")
        self.baton = Baton(0, self.chance, choose)
        self.history = History()
        self.faults = Faults(setup.rates, self.chance, setup.calm, setup.armed)
        self.bucket = Bucket(self.now)
        self.network = SimNetwork(self, _traits(setup.policy))
        self.commits = commits(setup.items)
        self._words: dict[int, Words] = {}
        self.refusing = {item.delivery for item in setup.items if item.refused}
        self.processes: dict[str, Process] = {}
        self.machines = {name: Machine(name) for name in dict.fromkeys(setup.hosts)}
        self._parked: list[Task] = []
        self._calls = 0
        self._over = False
        self.busy_people = len(setup.people)
        if setup.clocks:
            setup.clocks(self.chance, self)

    def run(self) -> "World":
        for n, machine in enumerate(self.setup.hosts):
            host = Host(self, self.machines[machine], f"w{n + 1}")
            self.baton.spawn(host.name, host.live)
        for n, person in enumerate(self.setup.people):
            self.baton.spawn(f"person{n + 1}", partial(self._post_by_hand, person, f"person{n + 1}"))
        for n, order in enumerate(self.setup.orders):
            self.baton.spawn(f"ops{n}", partial(self._give, order, f"ops{n}"))
        for n, meddler in enumerate(self.setup.meddlers):
            self.baton.spawn(f"meddler{n}", partial(meddling.meddle, self, meddler))
        for n, decider in enumerate(self.setup.deciders):
            self.baton.spawn(f"decider{n}", partial(meddling.decide, self, decider, f"decider{n}"))
        self.baton.run()
        return self

    def _give(self, order: Order, name: str) -> None:
        """A person at a machine of their own tries until it is in the log, or is told that it is of no use."""
        self.baton.wait(order.at - self.baton.now)
        machine = Machine(name)
        while True:
            worker = self.boot(machine, name)
            try:
                worker.ledger.catch_up()
                _order(worker, order)
                return
            except Killed:
                self.baton.wait(SECOND)
            except UsageError:
                return
            except StoreError:
                self.baton.wait(2 * SECOND)
            finally:
                worker.ledger.cache.close()

    def now(self) -> datetime:
        return instant(self.baton.now)

    def _post_by_hand(self, person: Person, name: str) -> None:
        """Look now and then; once it is theirs, take the time to post it, and say so until the log has it, or has another's word."""
        machine, handed = Machine(name), False
        while not self.expired():
            worker = self.boot(machine, name)
            try:
                worker.ledger.catch_up()
                state = worker.ledger.state(person.delivery)
                if state is not None and state.handed and not handed:
                    handed = True
                    worker.process.pass_time(person.after)
                if handed:
                    said = done_by_hand(worker.ledger, person.delivery, worker.process.now, name, [person.address])
                    self.tell(name, "said", str(person.delivery), {"address": person.address, "new": said})
                    break
            except UsageError:
                self.tell(name, "contradicted", str(person.delivery), {"address": person.address})
                break
            except (StoreError, LedgerError, Killed):
                pass
            finally:
                worker.ledger.cache.close()
            self.baton.wait(MINUTE)
        self.busy_people -= 1
        self.unpark()

    @property
    def words(self) -> Words:
        """What Git says now."""
        commit = max(at for at in self.commits if at <= max(self.baton.now, 0))
        if commit not in self._words:
            found = words_of(self.setup.items, self.setup.policy.on_unknown, commit)
            self._words[commit] = replace(found, shown=self.network.traits)
        return self._words[commit]

    def tell(self, who: str, kind: str, what: str, data: Json = None) -> None:
        self.history.add(self.baton.now, who, kind, what, data)

    def latency(self) -> int:
        return int(self.faults.latency() * self.setup.pace) if self.setup.pace else 0

    def hands_over(self, point: str) -> bool:
        """Whether others may go on at this point. In coarse runs: before each call that others can see, and nowhere else."""
        return not self.setup.coarse or (point.endswith("before") and not point.startswith("prepare"))

    def next_call(self) -> int:
        self._calls += 1
        return self._calls

    def boot(self, machine: Machine, name: str) -> "Worker":
        """A new process, with a cache of its own."""
        process = Process(self, machine, f"{machine.name}/{name}.{len(self.processes)}")
        self.processes[process.name] = process
        self.tell(process.name, "start", machine.name)
        return Worker(self, process)

    # --- the end ---

    def expired(self) -> bool:
        return self._over or self.baton.now > self.setup.calm + HORIZON

    def park(self) -> None:
        """Wait for news: everything is decided as far as this worker knows. When all workers wait, the run is over."""
        self._parked.append(self.baton.current)
        if len(self._parked) == len(self.setup.hosts):
            self._over = True
            self.unpark()
        self.baton.block()

    def unpark(self) -> None:
        parked, self._parked = self._parked, []
        for task in parked:
            self.baton.unblock(task)


class Worker:
    """The engine in one process, put together as `wire` does."""

    def __init__(self, world: World, process: Process) -> None:
        self.world = world
        self.process = process
        chance = world.chance
        store = SimStore(world, process)
        self.ledger = Ledger(
            store,
            Cache(None, "log"),
            process.name,
            sleep=process.sleeper("pause"),
            clock=process.now,
            monotonic=process.monotonic,
            jitter=chance.uniform,
            nonce=lambda: f"{chance.getrandbits(64):016x}",
            is_gone=process.knows_dead,
            readers=1,
            _write_lock=BatonLock(world.baton),  # type: ignore[arg-type]
        )
        timing = Timing(store, process.now, process.sleeper("wait"), process.monotonic, chance.uniform)
        self.timing = timing
        self.read_git()
        self.publisher = Publisher(self.ledger, timing)
        self.heard: set[Delivery] = set()  # what was looked at in this pass, and is as the log says

    def read_git(self) -> None:
        """What a pass begins with: the commit as it is now."""
        words = self.world.words
        mine, read_at = int(str(words.newsroom.commit)[1:]), self.process.monotonic()  # type: ignore[attr-defined]
        self.sync = Sync(
            words.newsroom,  # type: ignore[arg-type]
            self.ledger,
            self.timing,
            words,  # type: ignore[arg-type]
            partial(provenance, commit=f"c{mine}"),
            ahead=lambda commit: int(commit[1:]) > mine,
            read_at=read_at,
        )
        self.jobs = Jobs(words, self.ledger, self.sync.wanted)  # type: ignore[arg-type]

    def one_pass(self, only: str = "") -> None:
        """What `wire.Desk` does: read Git, plan, then do what is due (or `only` one post), each delivery for itself."""
        self.world.tell(self.process.name, "pass", "begins")
        self.read_git()
        try:
            actions = self.sync.run(LEAD)
        except (StoreError, LedgerError) as error:
            self._failed("plan", error)
            return
        self.publisher.down.clear()
        due = [action for action in actions if action.acts and only in ("", action.delivery.post)]
        if self.world.setup.threads:
            self._side_by_side(due)
        else:
            for action in due:
                self.publish(action)
        if self.world.setup.meddlers:
            try:
                meddling.listen(self)
            except (StoreError, LedgerError) as error:
                self._failed("listen", error)

    def publish(self, action: Action) -> None:
        adapter, wanted = (
            SimAdapter(self.world, self.process, action.delivery.channel),
            self.sync.wanted(action.delivery),
        )
        try:
            if action.action == "publish":
                job = self.jobs.of(action)
                if job is not None and wanted is not None and self.world.words.assisted(action.delivery.channel):
                    self.publisher.hand(job, time_ends(wanted, max(job.due, self.timing.now())))
                elif job is not None:
                    self.publisher.publish(job, adapter)
            elif change := self.jobs.change_of(action):
                self.publisher.change(change, adapter)
        except (StoreError, LedgerError) as error:
            self._failed(str(action.delivery), error)

    def all_decided(self) -> bool:
        if self.world.baton.now < self.world.commits[-1]:
            return False
        return all(self._decided(item) for item in self.world.setup.items)

    def _decided(self, item: Wanted) -> bool:
        """Whether nothing more is to be done: published as Git says it last, taken down, or a person's."""
        state = self.ledger.state(item.delivery)
        if state is None:
            return item.last is None
        if item.assisted:
            theirs = state.status is Status.HANDED and item.window is None and state.digest == state.sent_digest
            return not self.world.busy_people and (theirs or state.status in ENDED)
        if self.world.setup.meddlers and not meddling.is_over(self, state):
            return False
        if state.review or state.final:
            return True
        if item.last is None and state.receipts:
            return state.status is Status.RETRACTED
        if state.status is Status.PUBLISHED and not (state.drift and state.drift.gone):
            words = self.world.words
            return state.change is None and state.sent_digest == words.digests[item.delivery]
        return state.status in ENDED

    def _side_by_side(self, actions: list[Action]) -> None:
        """As the flow does: channels side by side, the deliveries of one channel one after the other."""

        def series(own: list[Action]) -> None:
            for action in own:
                self.publish(action)

        baton, channels = self.world.baton, dict.fromkeys(action.delivery.channel for action in actions)
        mine = [[a for a in actions if a.delivery.channel == channel] for channel in channels]
        tasks = [baton.spawn(f"{self.process.name}-{n}", partial(series, own)) for n, own in enumerate(mine)]
        for task in tasks:
            baton.join(task)
        if not self.process.alive:
            raise Killed

    def _failed(self, what: str, error: PresstimeError) -> None:
        broken = isinstance(error, LedgerError) and not isinstance(error, ClaimLost)
        self.world.tell(self.process.name, "broken" if broken else "failed", f"{what}: {error.message}")


@dataclass
class Host:
    """A place where there is always a worker again, some time after the last one died."""

    world: World
    machine: Machine
    name: str

    def live(self) -> None:
        world, chance = self.world, self.world.chance
        first = min(item.due for item in world.setup.items)
        world.baton.wait(first - int(chance.uniform(0, world.setup.spread) * SECOND))
        while not world.expired():
            worker = world.boot(self.machine, self.name)
            try:
                self._serve(worker)
            except Killed:
                world.baton.wait(int(chance.uniform(1, world.setup.downtime) * SECOND))
            finally:
                worker.ledger.cache.close()

    def _serve(self, worker: Worker) -> None:
        world = self.world
        while not world.expired():
            worker.one_pass()
            if worker.all_decided() and len(world.bucket.objects) == worker.ledger.cache.head().n:
                world.park()
            else:
                worker.process.pass_time(self._tick())

    def _tick(self) -> int:
        """A minute, as the schedule says; longer and longer once the calm has lasted for hours."""
        calm = self.world.baton.now - self.world.setup.calm
        return max(TICK, calm // 10) if calm > 4 * HOUR else TICK


def _order(worker: Worker, order: Order) -> None:
    if order.does == "resume":
        stopping.resume(worker.ledger, EVERYTHING, worker.process.now, "bea", "", None, None)
        return
    until = None if order.until is None else instant(order.until)
    gap = timedelta(0)
    stopping.pause(worker.ledger, EVERYTHING, worker.process.now, "ada", "x", until, order.rule, gap)


def _traits(policy: Policy):  # type: ignore[no-untyped-def]
    return replace(
        TRAITS,
        settling=policy.settling,
        key_window=KEY_WINDOW,
        visible_after=timedelta(seconds=policy.lag),
        can_find=policy.settling is not Settling.NONE,
    )
