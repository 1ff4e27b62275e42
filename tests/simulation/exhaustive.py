"""Bounded and exhaustive: every sequence of up to three operations, under every interleaving down to a depth.

The operations are: a worker publishes one of two deliveries, a worker is killed at some point of its way, the answer to a
worker's next send is lost, the answer to its next write is lost. Two workers on one machine, which know each other's death
at once; afterwards a third one, without faults, must bring everything to its end. A choice is which worker goes on at a
call of the store or network, and where exactly a fault strikes; beyond the depth the worker that waits longest goes on."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from random import Random

from tests.simulation.cases import POLICIES
from tests.simulation.checker import judge
from tests.simulation.court import Trial, evidence_of
from tests.simulation.faults import MINUTE, QUIET, Blow, Faults
from tests.simulation.newsroom import wanted
from tests.simulation.world import Setup, World

WORKERS = ("w1", "w2")
ITEMS = (wanted("p1", "a", 1, -10), wanted("p2", "b", 1, -10))
OPERATIONS = (
    *(f"{worker} publishes {post}" for worker in WORKERS for post in ("p1", "p2")),
    *(f"{worker} {fault}" for worker in WORKERS for fault in ("is killed", "loses a send", "loses a write")),
)
POINTS = 12  # of a worker that publishes once: where it may die
SETTLED = 5 * MINUTE


class Exhaust:
    """Enumerates every sequence of choices: ask while there is something to choose, then `next`, until it is False.

    `choose` is for interleavings and ends at the depth, `pick` for faults and does not."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self._path: list[list[int]] = []
        self._at = 0
        self._deep = 0

    def choose(self, count: int) -> int:
        if self._deep >= self.depth:
            return 0
        self._deep += 1
        return self.pick(count)

    def pick(self, count: int) -> int:
        if self._at == len(self._path):
            self._path.append([0, count])
        choice, known = self._path[self._at]
        assert known == count, "the same choices led elsewhere: the run is not deterministic"
        self._at += 1
        return choice

    def next(self) -> bool:
        del self._path[self._at :]
        self._at = self._deep = 0
        while self._path and self._path[-1][0] == self._path[-1][1] - 1:
            self._path.pop()
        if not self._path:
            return False
        self._path[-1][0] += 1
        return True

    @property
    def path(self) -> tuple[int, ...]:
        return tuple(choice for choice, _ in self._path)


@dataclass(frozen=True)
class Program:
    """What the two workers are to do, and what is to happen to them."""

    operations: tuple[str, ...]

    def posts_of(self, worker: str) -> list[str]:
        return [o.split()[-1] for o in self.operations if o.startswith(f"{worker} publishes")]

    def suffers(self, worker: str, what: str) -> bool:
        return f"{worker} {what}" in self.operations


def programs(longest: int = 3) -> Iterator[Program]:
    """Every set of operations that differs: the order counts among what one worker publishes, and nowhere else, since the
    interleaving decides the rest; a fault needs a worker that does something; and the workers have no names."""
    seen = set()
    for length in range(1, longest + 1):
        for operations in product(OPERATIONS, repeat=length):
            program = Program(operations)
            form = tuple(_form(program, worker) for worker in WORKERS)
            if any(faults and not posts for posts, faults in form) or form in seen or form[::-1] in seen:
                continue
            seen.add(form)
            yield program


def _form(program: Program, worker: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    faults = tuple(sorted({o for o in program.operations if o.startswith(worker) and "publishes" not in o}))
    return tuple(program.posts_of(worker)), tuple(o.split(" ", 1)[1] for o in faults)


class ChosenFaults(Faults):
    """Faults that strike where the enumeration says."""

    def __init__(self, program: Program, pick: Callable[[int], int]) -> None:
        super().__init__(QUIET, Random(0), calm=0)
        self._points: Counter[str] = Counter()
        self._dies_at = {}
        self._words: dict[tuple[str, str], str] = {}
        for worker in WORKERS:
            if program.suffers(worker, "is killed"):
                self._dies_at[worker] = 1 + pick(POINTS * len(program.posts_of(worker)))
            if program.suffers(worker, "loses a send"):
                self._words[worker, "send"] = ("drop-before", "drop-after")[pick(2)]
            if program.suffers(worker, "loses a write"):
                self._words[worker, "write"] = ("lost-before", "lost-after")[pick(2)]

    def at_point(self, who: str, point: str, now: int) -> Blow | None:
        self._points[_worker(who)] += 1
        return "crash" if self._points[_worker(who)] == self._dies_at.get(_worker(who)) else None

    def of_write(self, who: str, now: int) -> str | None:
        return self._words.pop((_worker(who), "write"), None)

    def of_send(self, who: str, now: int) -> str | None:
        return self._words.pop((_worker(who), "send"), None)


def _worker(process: str) -> str:
    return process.partition("/")[2].partition(".")[0]


def run(program: Program, policy: str, exhaust: Exhaust) -> Trial:
    """One run: the choices that `exhaust` has come to."""
    setup = Setup(POLICIES[policy], ITEMS, hosts=("m1",), calm=SETTLED, pace=0, coarse=True)
    world = World(setup, 0, exhaust.choose)
    world.faults = ChosenFaults(program, exhaust.pick)
    machine = world.machines["m1"]

    def work(name: str) -> None:
        worker = world.boot(machine, name)
        for post in program.posts_of(name):
            worker.one_pass(only=post)

    def main() -> None:
        world.boot(machine, "planner").sync.run()
        for task in [world.baton.spawn(name, partial(work, name)) for name in WORKERS]:
            world.baton.join(task)
        world.baton.wait(SETTLED)
        heir = world.boot(machine, "heir")
        for _ in range(2):
            heir.one_pass()

    world.baton.spawn("main", main)
    world.baton.run()
    return Trial(setup, f"{program.operations} {exhaust.path}", world, judge(evidence_of(world)))


def explore(program: Program, policy: str, depth: int) -> Iterator[Trial]:
    """Every run of a program down to a depth."""
    exhaust = Exhaust(depth)
    yield run(program, policy, exhaust)
    while exhaust.next():
        yield run(program, policy, exhaust)
