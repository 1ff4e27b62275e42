"""What goes wrong, by seed, at rates far above those of any production. Everything is decided when it is asked for."""

from dataclasses import dataclass
from random import Random
from typing import Literal

SECOND = 1_000_000  # the simulation counts microseconds
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
PAUSE = (30 * SECOND, 150 * MINUTE)  # how long a frozen process stands: 30 s to 2.5 h

Blow = Literal["crash", "pause"]


@dataclass(frozen=True)
class Armed:
    """One blow that is certain: at the `nth` time that any worker reaches the point."""

    blow: Blow
    point: str
    nth: int = 1


@dataclass(frozen=True)
class Rates:
    """Chances, per call or per point. Store writes: the reply lost before or after the effect, a request that arrives by
    itself later, one's own success answered as "already there". Sends likewise; `busy` is a 429, `failing` a 5xx before
    the effect that the network is known to mean."""

    crash: float = 0.0
    pause: float = 0.0
    write_lost_before: float = 0.0
    write_lost_after: float = 0.0
    write_late: float = 0.0
    write_own_412: float = 0.0
    write_conflict: float = 0.0
    store_away: float = 0.0
    send_lost_before: float = 0.0
    send_lost_after: float = 0.0
    send_late: float = 0.0
    send_busy: float = 0.0
    send_failing: float = 0.0
    send_401: float = 0.0
    find_fails: float = 0.0
    prepare_fails: float = 0.0
    outages: int = 0  # spells in which nobody reaches the store
    storms: int = 0  # spells in which nearly every write meets a 409


QUIET = Rates()
ROUGH = Rates(
    write_lost_before=0.04,
    write_lost_after=0.06,
    write_late=0.02,
    write_own_412=0.03,
    write_conflict=0.05,
    store_away=0.02,
    send_lost_before=0.12,
    send_lost_after=0.15,
    send_late=0.0,
    send_busy=0.10,
    send_failing=0.05,
    send_401=0.02,
    find_fails=0.10,
    prepare_fails=0.03,
    outages=1,
    storms=1,
)


class Faults:
    """The faults of one run. From `calm` on nothing goes wrong any more, so that what is left undone then is the engine's."""

    def __init__(self, rates: Rates, chance: Random, calm: int, armed: Armed | None = None) -> None:
        self.rates = rates
        self.chance = chance
        self.calm = calm
        self.armed = armed
        self.reached = 0
        self.outages = [self._spell(10, 240) for _ in range(rates.outages) if chance.random() < 0.5]
        self.storms = [self._spell(5, 60) for _ in range(rates.storms) if chance.random() < 0.5]

    def at_point(self, who: str, point: str, now: int) -> Blow | None:
        """What befalls a process at a point."""
        if now >= self.calm:
            return None
        if self.armed and point == self.armed.point:
            self.reached += 1
            if self.reached == self.armed.nth:
                return self.armed.blow
        if self.rates.crash and self._happens(self.rates.crash):
            return "crash"
        if self.rates.pause and self._happens(self.rates.pause):
            return "pause"
        return None

    def of_write(self, who: str, now: int) -> str | None:
        """What happens to one create: a word of the store's twin, or `late`, `own-412`."""
        if now >= self.calm:
            return None
        if _within(self.outages, now):
            return "unreachable"
        if _within(self.storms, now) and self._happens(0.85):
            return "conflict"
        rates = self.rates
        return self._one_of(
            (rates.write_lost_before, "lost-before"),
            (rates.write_lost_after, "lost-after"),
            (rates.write_late, "late"),
            (rates.write_own_412, "own-412"),
            (rates.write_conflict, "conflict"),
            (rates.store_away, "unreachable"),
        )

    def of_read(self, who: str, now: int) -> str | None:
        away = now < self.calm and (_within(self.outages, now) or self._one_of((self.rates.store_away, "yes")))
        return "unreachable" if away else None

    def of_send(self, who: str, now: int) -> str | None:
        """What happens to one send: a word of the network's twin, or `late`."""
        if now >= self.calm:
            return None
        rates = self.rates
        return self._one_of(
            (rates.send_lost_before, "drop-before"),
            (rates.send_lost_after, "drop-after"),
            (rates.send_late, "late"),
            (rates.send_busy, "429"),
            (rates.send_failing, "unreachable"),
            (rates.send_401, "401"),
        )

    def fails(self, rate: float, now: int) -> bool:
        return now < self.calm and rate > 0 and self._happens(rate)

    def latency(self) -> int:
        """How long one half of a call takes: mostly milliseconds, now and then a second or two."""
        draw = self.chance.random()
        scale = 0.03 if draw < 0.7 else 0.3 if draw < 0.97 else 2.5
        return int(self.chance.random() * scale * SECOND)

    def pause(self) -> int:
        """A length between 30 s and 2.5 h, short ones as likely as long ones."""
        low, high = PAUSE
        return int(low * (high / low) ** self.chance.random())

    def lateness(self) -> int:
        """How long a request whose sender has given up still takes: 1 s to 3 min."""
        return int(self.chance.uniform(1, 180) * SECOND)

    def _spell(self, shortest: float, longest: float) -> tuple[int, int]:
        begin = int(self.chance.uniform(30, 150) * SECOND)
        return begin, begin + int(self.chance.uniform(shortest, longest) * SECOND)

    def _happens(self, rate: float) -> bool:
        return self.chance.random() < rate

    def _one_of(self, *choices: tuple[float, str]) -> str | None:
        draw = self.chance.random()
        for rate, word in choices:
            if draw < rate:
                return word
            draw -= rate
        return None


def _within(spells: list[tuple[int, int]], now: int) -> bool:
    return any(begin <= now < end for begin, end in spells)
