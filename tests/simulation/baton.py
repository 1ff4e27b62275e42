"""Tasks that run real blocking code in threads of their own, one at a time, in simulated time.

Whoever holds the baton runs. A task hands it over only where it says so (`wait`), and who is next follows from the wake times
and from `chance` alone: the threads of the operating system decide nothing. Time is a number of microseconds that passes
only when every task waits."""

import heapq
import itertools
import threading
import traceback
from collections.abc import Callable
from random import Random

STEPS_MAX = 100_000  # hand-overs of one run, after which it is called a livelock


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing of ours catches it, and whoever meets it does nothing more."""


class Stopped(BaseException):
    """The run is over before the task is."""


class _Carrier(threading.Thread):
    """A thread that runs one task after another: starting one costs more than a hundred hand-overs."""

    idle: list["_Carrier"] = []  # noqa: RUF012 - shared on purpose, by runs of one process

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.turn = threading.Lock()
        self.turn.acquire()
        self.work: Callable[[], None] | None = None
        self.start()

    def run(self) -> None:
        while True:
            self.turn.acquire()
            assert self.work is not None
            self.work()


class Task:
    """Something that runs, waits, and ends."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self.name = name
        self.work = work
        self.over = False
        self.waiter: Task | None = None  # who wants to know when it is over
        self.carrier = _Carrier.idle.pop() if _Carrier.idle else _Carrier()


class Baton:
    """`chance` breaks ties between tasks that wake at one instant; `choose`, if given, decides them instead: it is called
    with the number of tasks that could go on, in the order in which they came."""

    def __init__(self, start: int, chance: Random, choose: Callable[[int], int] | None = None) -> None:
        self.now = start
        self.steps = 0
        self.errors: list[str] = []
        self._chance = chance
        self._choose = choose
        self._numbers = itertools.count()
        self._waiting: list[tuple[int, float, int, Task | Callable[[], None]]] = []
        self._current: Task | None = None
        self._end = threading.Lock()
        self._stopping = False
        self._alive = 0

    def spawn(self, name: str, work: Callable[[], None], delay: int = 0) -> Task:
        """A task that begins `delay` microseconds from now."""
        task = Task(name, work)
        self._alive += 1
        task.carrier.work = lambda: self._run(task)
        self._push(delay, task)
        return task

    def later(self, delay: int, happens: Callable[[], None]) -> None:
        """Something that happens by itself, without a task: a request that arrives late."""
        self._push(delay, happens)

    def run(self) -> None:
        """Run until every task has ended."""
        self._end.acquire()
        self._hand_over()
        self._end.acquire()
        if self._alive:
            self.errors.append(f"deadlock: {self._alive} tasks wait for each other")

    @property
    def current(self) -> Task:
        """Who holds the baton."""
        assert self._current is not None
        return self._current

    def wait(self, delay: int) -> None:
        """Hand the baton over, and go on when `delay` microseconds have passed and it is one's turn."""
        self._push(delay, self.current)
        self._yield(self.current)

    def block(self) -> None:
        """Hand the baton over until somebody calls `unblock`."""
        self._yield(self.current)

    def unblock(self, task: Task) -> None:
        self._push(0, task)

    def join(self, task: Task) -> None:
        """Wait until another task is over."""
        if not task.over:
            task.waiter = self.current
            self.block()

    def _push(self, delay: int, what: Task | Callable[[], None]) -> None:
        number = next(self._numbers)
        tie = float(number) if self._choose else self._chance.random()
        heapq.heappush(self._waiting, (self.now + max(0, delay), tie, number, what))

    def _yield(self, me: Task) -> None:
        self.steps += 1
        if self.steps > STEPS_MAX and not self._stopping:
            self.errors.append(f"livelock: {STEPS_MAX} hand-overs, the last by {me.name}")
            self._stopping = True
        if self._hand_over() is not me:
            me.carrier.turn.acquire()
        if self._stopping:
            raise Stopped

    def _hand_over(self) -> Task | None:
        """Give the baton to whoever is next; None: nobody is left."""
        me = self._current
        task = self._next()
        self._current = task
        if task is None:
            self._end.release()
        elif task is not me:
            task.carrier.turn.release()
        return task

    def _next(self) -> Task | None:
        while self._waiting:
            wake, _, _, what = self._pop()
            self.now = max(self.now, wake)
            if isinstance(what, Task):
                return what
            what()
        return None

    def _pop(self) -> tuple[int, float, int, Task | Callable[[], None]]:
        first = heapq.heappop(self._waiting)
        if self._choose is None:
            return first
        ready = [first]
        while self._waiting and self._waiting[0][0] <= max(self.now, first[0]):
            ready.append(heapq.heappop(self._waiting))
        chosen = ready.pop(self._choose(len(ready)) if len(ready) > 1 else 0)
        for other in ready:
            heapq.heappush(self._waiting, other)
        return chosen

    def _run(self, task: Task) -> None:
        try:
            task.work()
        except (Killed, Stopped):
            pass
        except BaseException:
            self.errors.append(f"{task.name}: {traceback.format_exc()}")
        task.over = True
        self._alive -= 1
        if task.waiter is not None:
            self.unblock(task.waiter)
        _Carrier.idle.append(task.carrier)
        self._hand_over()


class BatonLock:
    """A re-entrant lock for tasks: one that waits for it hands the baton over, where a real lock would stop everybody."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self._owner: Task | None = None
        self._depth = 0
        self._queue: list[Task] = []

    def __enter__(self) -> None:
        me = self._baton.current
        while self._owner not in (None, me):
            self._queue.append(me)
            self._baton.block()
        self._owner = me
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._owner = None
            if self._queue:
                self._baton.unblock(self._queue.pop(0))
