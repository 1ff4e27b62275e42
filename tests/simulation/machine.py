"""A machine and the processes on it: their clocks, their lives, and the points at which they can be stopped or killed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tests.simulation.baton import Killed
from tests.simulation.newsroom import instant

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass
class Clock:
    """What a machine believes the time to be: true time and an error, which may change when the clock is set (`steps`: from
    when on it is off by how much); from `frozen` on it stands still. All in microseconds."""

    error: int = 0
    steps: list[tuple[int, int]] = field(default_factory=list)
    frozen: int | None = None

    def shows(self, now: int) -> int:
        at = now if self.frozen is None else min(now, self.frozen)
        error = self.error
        for since, changed in self.steps:
            if now >= since:
                error = changed
        return at + error

    def mend(self) -> None:
        """What NTP does in the end."""
        self.error, self.steps, self.frozen = 0, [], None


@dataclass
class Machine:
    name: str
    clock: Clock = field(default_factory=Clock)


class Process:
    """One run of a worker's program, from its start to its death. `point` is what every effect passes before and after."""

    def __init__(self, world: "World", machine: Machine, name: str) -> None:
        self.world = world
        self.machine = machine
        self.name = name
        self.alive = True
        self._frozen_until = 0

    def now(self) -> datetime:
        """By this machine's clock."""
        return instant(self.machine.clock.shows(self.world.baton.now))

    def monotonic(self) -> float:
        """Seconds that pass whatever happens to the clock, also while the process stands still (CLOCK_BOOTTIME)."""
        return self.world.baton.now / 1e6

    def clock_error(self) -> int:
        """By how many microseconds this machine's clock is ahead."""
        return self.machine.clock.shows(self.world.baton.now) - self.world.baton.now

    def sleeper(self, what: str) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            self.point(f"{what} before", latency=False)
            self.pass_time(int(seconds * 1e6))
            self.point(f"{what} after", latency=False)

        return sleep

    def point(self, name: str, latency: bool = True) -> None:
        """Here this process may be frozen or die; and, if the step takes its time, somebody else may go on."""
        world = self.world
        self._must_live()
        world.tell(self.name, "point", name)
        blow = world.faults.at_point(self.name, name, world.baton.now)
        if blow == "crash":
            self.die(name)
        if blow == "pause":
            length = world.faults.pause()
            self._frozen_until = world.baton.now + length
            world.tell(self.name, "pause", name, length)
        if blow or (latency and world.hands_over(name)):
            self.pass_time(world.latency())

    def pass_time(self, microseconds: int) -> None:
        baton = self.world.baton
        baton.wait(microseconds)
        while self._frozen_until > baton.now:  # a frozen process is frozen in all its threads
            baton.wait(self._frozen_until - baton.now)
        self._must_live()

    def die(self, where: str) -> None:
        self.alive = False
        self.world.tell(self.name, "crash", where)
        raise Killed

    def _must_live(self) -> None:
        if not self.alive:
            raise Killed

    def knows_dead(self, name: str) -> bool:
        """As `processes.is_gone`: only of processes on the same machine, and then at once."""
        other = self.world.processes.get(name)
        return other is not None and other.machine is self.machine and not other.alive
