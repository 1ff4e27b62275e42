"""The cases: what is run under which faults, each with a name that says all and from which it is run again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from presstime.model import Settling
from presstime.pauses import Rule
from tests.simulation.court import Trial, try_out
from tests.simulation.faults import HOUR, QUIET, ROUGH, SECOND, Armed, Blow, Rates
from tests.simulation.newsroom import Later, Wanted, wanted
from tests.simulation.world import Decider, Meddler, Order, Person, Policy, Setup

if TYPE_CHECKING:
    from tests.simulation.world import World

LAG = 10  # seconds
POLICIES = {
    policy.name: policy
    for policy in (
        Policy("natural", Settling.NATURAL),
        Policy("keyed-review", Settling.KEYED, lag=LAG),
        Policy("keyed-resend", Settling.KEYED, "resend", lag=LAG),
        Policy("container", Settling.CONTAINER, lag=LAG),
        Policy("lookup-review", Settling.LOOKUP, lag=LAG),
        Policy("lookup-resend", Settling.LOOKUP, "resend", lag=LAG),
        Policy("none", Settling.NONE),
    )
}
STEPS = (
    "list",
    "get",
    "prepare",
    "deposit",
    "wait",
    "pause",
    "send",
    "find",
    "write planned",
    "write claimed+sending",
    "write claimed",
    "write sending",
    "write accepted",
    "write accepted+published",
    "write unknown",
    "write found",
    "write found+published",
    "write not-found",
    "write deferred",
)
POINTS = tuple(f"{step} {side}" for step in STEPS for side in ("before", "after"))
NEVER = {  # steps that a class has not
    "natural": ("deposit", "find", "write not-found"),
    "keyed-review": ("deposit",),
    "keyed-resend": ("deposit",),
    "container": ("write not-found",),
    "lookup-review": ("deposit",),
    "lookup-resend": ("deposit",),
    "none": ("deposit", "find", "write found", "write found+published"),
}
CHANGE_STEPS = (
    "edit",
    "retract",
    "write claimed+editing",
    "write edited",
    "write claimed+retracting",
    "write retracted",
    "write planned",
    "write deferred",
    "write unknown",
)
CHANGE_POINTS = tuple(f"{step} {side}" for step in CHANGE_STEPS for side in ("before", "after"))
DOUBT = ("find", "write unknown", "write found", "write found+published", "write not-found")
MACHINES = (("m1", "m2"), ("m1", "m1"), ("m1", "m1", "m2"))


@dataclass(frozen=True)
class Case:
    """Written `family:policy:point:seed`; `point` is empty where the family strikes anywhere."""

    family: str
    policy: str
    point: str
    seed: int

    def __str__(self) -> str:
        return ":".join((self.family, self.policy, self.point.replace(" ", "_"), str(self.seed)))

    @classmethod
    def parse(cls, text: str) -> "Case":
        family, policy, point, seed = text.split(":")
        return cls(family, policy, point.replace("_", " "), int(seed))

    @property
    def replay(self) -> str:
        """The command that shows this run again."""
        return f"python -m tests.simulation replay {self}"

    def setup(self) -> Setup:
        return FAMILIES[self.family](POLICIES[self.policy], self.point, Random(f"{self}/setup"))

    def run(self) -> Trial:
        return try_out(self.setup(), str(self))


def points_of(policy: str) -> list[str]:
    """The points that a class can come to."""
    never = NEVER.get(policy, ())
    return [point for point in POINTS if point.rpartition(" ")[0] not in never]


def shape(chance: Random, threads_wanted: bool) -> tuple[Wanted, ...]:
    """Mostly one delivery, often two, of one to three segments; some may not go out after their time."""
    window = 2 * HOUR if chance.random() < 0.15 else None
    draw = chance.random()
    if threads_wanted:
        return (wanted("p1", "a", chance.choice((2, 2, 3)), 60, window),)
    if draw < 0.65:
        return (wanted("p1", "a", 1, 60, window),)
    if draw < 0.8:
        return (wanted("p1", "a", 2, 60), wanted("p2", "a", 1, 60))
    return (wanted("p1", "a", 1, 60), wanted("p2", "b", chance.choice((1, 2)), 61, window))


def _rough(policy: Policy, point: str, chance: Random, more: Rates) -> Setup:
    """A run under rough conditions, such that the point is likely to be reached."""
    step, rates = point.rpartition(" ")[0], more
    long = step in ("write accepted", "write sending", "write found")
    if step in DOUBT:
        rates = replace(rates, send_lost_before=0.25, send_lost_after=0.35)
    if step == "write deferred":
        rates = replace(rates, send_busy=0.4)
    if step == "pause":
        rates = replace(rates, write_conflict=0.3)
    if step == "write claimed":
        rates = replace(rates, crash=0.04)
    alone = chance.random() < (0.4 if policy.settling is Settling.KEYED else 0.1)
    setup = Setup(policy, shape(chance, long), chance.choice(MACHINES), rates, threads=chance.random() < 0.3)
    if not alone:
        return setup
    # One worker that stays away, when it dies, for longer than a network remembers a key.
    rates = replace(rates, crash=max(rates.crash, 0.05 if step in DOUBT else 0.02))
    return replace(setup, hosts=("m1",), rates=rates, downtime=3 * 3600, calm=6 * HOUR)


def _crash(policy: Policy, point: str, chance: Random) -> Setup:
    """A kill -9 at the point, and now and then another one anywhere."""
    more = replace(ROUGH, crash=chance.choice((0.0, 0.01)))
    setup = replace(_rough(policy, point, chance, more), armed=Armed("crash", point, chance.choice((1, 1, 1, 2))))
    if not point.startswith("wait"):
        return setup
    # Of the many waits also the last ones, before the instant; and an heir that knows at once.
    return replace(setup, hosts=("m1", "m1"), armed=Armed("crash", point, chance.randint(1, 6)))


def _pause(policy: Policy, point: str, chance: Random) -> Setup:
    """A worker frozen at the point for 30 s to 2.5 h, others frozen or killed now and then."""
    more = replace(ROUGH, crash=chance.choice((0.0, 0.01)), pause=chance.choice((0.0, 0.004)))
    return replace(_rough(policy, point, chance, more), armed=Armed("pause", point, chance.choice((1, 1, 1, 2))))


def _doubt(policy: Policy, point: str, chance: Random) -> Setup:
    """Most sends end without an answer, and asking the network fails half of the time."""
    rates = replace(ROUGH, send_lost_before=0.3, send_lost_after=0.4, send_busy=0.0, find_fails=0.5, crash=0.01)
    return _rough(policy, point, chance, rates)


def _late(policy: Policy, point: str, chance: Random) -> Setup:
    """Requests that go on alone: what was reported lost arrives seconds or minutes later, in the store and on the network."""
    rates = replace(ROUGH, send_late=0.3, write_late=0.15, crash=chance.choice((0.0, 0.02)))
    return _rough(policy, point, chance, rates)


def _clocks(policy: Policy, point: str, chance: Random) -> Setup:
    """Machines whose clocks are wrong, are set while they run, or stand still; two workers of three machines are right."""
    rates = replace(QUIET if chance.random() < 0.5 else ROUGH, crash=0.005)
    items = (wanted("p1", "a", 1, 60), wanted("p2", "b", 2, 75))
    return Setup(policy, items, hosts=("m1", "m2", "m3"), rates=rates, clocks=wrong_clocks)


def _change(policy: Policy, point: str, chance: Random) -> Setup:
    """Git changes while deliveries go out and afterwards, once or twice: other words, or none; workers are killed and frozen
    while they edit and take down, and their requests may go on alone."""
    more = replace(
        ROUGH, crash=chance.choice((0.0, 0.01)), pause=chance.choice((0.0, 0.004)), send_late=chance.choice((0, 0, 0.1))
    )
    first = int(chance.uniform(55, 200) * SECOND)
    texts = tuple(tuple(f"p1 {n + 1} v{version}" for n in range(2)) for version in (2, 3))
    later = {
        "edit": (Later(first, texts[0]),),
        "twice": (Later(first, texts[0]), Later(first + int(chance.uniform(5, 90) * SECOND), texts[1])),
        "back": (Later(first, texts[0]), Later(first + int(chance.uniform(5, 90) * SECOND), ("p1 1", "p1 2"))),
        "gone": (Later(first, None),),
        "edit, gone": (Later(first, texts[0]), Later(first + int(chance.uniform(5, 90) * SECOND), None)),
    }
    kinds = ["gone", "edit, gone"] if "retract" in point else ["edit", "twice", "back", "edit, gone"]
    items = (replace(wanted("p1", "a", 2, 60), changes=later[chance.choice(kinds)]), wanted("p2", "b", 1, 60))
    blow: Blow = chance.choice(("crash", "crash", "pause"))
    return Setup(policy, items, chance.choice(MACHINES), more, Armed(blow, point), threads=chance.random() < 0.3)


def _race(policy: Policy, point: str, chance: Random) -> Setup:
    """Eight workers that begin within milliseconds of each other, half of the time on a store that also loses replies."""
    store = Rates(write_conflict=0.1, write_lost_after=0.1, write_lost_before=0.05, write_own_412=0.05)
    return Setup(
        policy,
        (wanted("p1", "a", 1, 60),),
        hosts=tuple(f"m{n}" for n in range(8)),
        rates=chance.choice((QUIET, store)),
        pace=0.05,
        spread=0.02,
    )


def _assisted(policy: Policy, point: str, chance: Random) -> Setup:
    """A delivery that a person posts, or two people at once, or nobody, beside one that goes out by itself. Its words may change
    or go meanwhile; what people do takes seconds or hours, and their word may come just when the time is over."""
    window = chance.choice((None, HOUR, 2 * HOUR))
    changes = chance.choice(((), (), (Later(chance.randint(1, 90) * 60 * SECOND, chance.choice((("p1 new",), None))),)))
    mine = replace(wanted("p1", "a", chance.choice((1, 2)), 60, window), assisted=True, changes=changes)
    if mine.last is not None and len(mine.texts) != len(mine.last):
        mine = replace(mine, texts=("p1 1",))
    lengths = (SECOND, 60 * SECOND, HOUR - SECOND, HOUR, HOUR + 60 * SECOND, 2 * HOUR, 3 * HOUR)
    people = tuple(
        Person(mine.delivery, f"https://post.example/{n}", chance.choice(lengths))
        for n in range(chance.choice((0, 1, 2, 2)))
    )
    if len(people) == 2 and chance.random() < 0.5:
        people = tuple(replace(person, after=people[0].after) for person in people)
    rates = chance.choice((QUIET, ROUGH, replace(ROUGH, crash=0.02)))
    items = (mine, wanted("p2", "b", 1, 61))
    return Setup(policy, items, chance.choice(MACHINES), rates, calm=4 * HOUR, people=people)


def _stop(policy: Policy, point: str, chance: Random) -> Setup:
    """Two people pause and resume everything around the instants, by each rule, with an end or without, while workers are killed
    and frozen; in the end everything is resumed."""
    more = replace(ROUGH, crash=chance.choice((0.0, 0.01)), pause=chance.choice((0.0, 0.004)))
    rules: tuple[Rule, ...] = ("release", "reschedule", "skip")
    orders = []
    for _ in range(chance.choice((1, 1, 2, 2, 3))):
        at = int(chance.choice((chance.uniform(54, 64), chance.uniform(30, 200))) * SECOND)
        until = None if chance.random() < 0.5 else at + int(chance.choice((2, 20, 300, 9000)) * SECOND)
        orders.append(Order(at, "pause", chance.choice(rules), until))
        orders.append(Order(at + int(chance.choice((1, 30, 600)) * SECOND), "resume"))
    orders.append(Order(4 * HOUR, "resume"))
    return replace(_rough(policy, point, chance, more), orders=tuple(orders), calm=5 * HOUR)


def _drift(policy: Policy, point: str, chance: Random) -> Setup:
    """People change, remove and hide posts on the network itself, once to three times, minutes after they went out; others accept
    that or have it undone, at once or later; Git may say something else meanwhile. Workers are killed and frozen."""
    more = replace(ROUGH, crash=chance.choice((0.0, 0.01)), pause=chance.choice((0.0, 0.004)))
    item = wanted("p1", "a", chance.choice((1, 1, 2)), 60)
    times = sorted(int(chance.uniform(5, 25) * 60 * SECOND) for _ in range(chance.choice((1, 1, 2, 3))))
    does = ("alter", "alter", "remove", "remove", "hide")
    meddlers = tuple(
        Meddler(
            at,
            item.delivery,
            chance.randrange(len(item.texts)),
            chance.choice(does),
            int(chance.uniform(1, 8) * 60 * SECOND),
        )  # type: ignore[arg-type]
        for at in times
    )
    if len(item.texts) == 2 and chance.random() < 0.4:  # the whole thread
        meddlers = tuple(replace(m, segment=n, does="remove") for m in meddlers[:1] for n in range(2))
    later = Later(times[0] + int(chance.uniform(1, 15) * 60 * SECOND), chance.choice(((*item.texts[:-1], "new"), None)))
    item = replace(item, changes=(later,) if chance.random() < 0.3 else ())
    after = int(chance.choice((1, 60, 300)) * SECOND)
    decider = Decider(item.delivery, chance.choice(("accept", "undo", "undo", "toss")), after)  # type: ignore[arg-type]
    items = (item, wanted("p2", "b", 1, 61))
    hosts = chance.choice(MACHINES)
    return Setup(policy, items, hosts, more, calm=20 * 60 * SECOND, meddlers=meddlers, deciders=(decider,))


STORE_TROUBLES = {
    "lost reply": Rates(write_lost_after=1.0),
    "request lost half of the time": Rates(write_lost_before=0.5, write_lost_after=0.5),
    "own success answered as taken": Rates(write_own_412=1.0),
    "conflict storm": Rates(write_conflict=0.6),
    "all of it": Rates(write_conflict=0.2, write_lost_after=0.3, write_lost_before=0.2, write_own_412=0.3),
}


def _store(policy: Policy, point: str, chance: Random) -> Setup:
    """A store that leaves its writers in doubt; the point is its trouble."""
    hosts = chance.choice((("m1",), ("m1", "m2")))
    items = (wanted("p1", "a", 1, 60), wanted("p2", "b", 2, 61))
    return Setup(policy, items, hosts=hosts, rates=STORE_TROUBLES[point], calm=HOUR)


def wrong_clocks(chance: Random, world: "World") -> None:
    """Set the machines' clocks wrong, up to five minutes either way; NTP mends them in the calm."""
    for machine in world.machines.values():
        clock, trouble = machine.clock, chance.choice(("right", "constant", "small", "step", "frozen", "small step"))
        big, small = int(chance.uniform(-300, 300) * SECOND), int(chance.uniform(-30, 30) * SECOND)
        if trouble in ("constant", "small"):
            clock.error = big if trouble == "constant" else small
        elif trouble in ("step", "small step"):
            clock.steps = [(int(chance.uniform(50, 80) * SECOND), big if trouble == "step" else small)]
        elif trouble == "frozen":
            clock.frozen = int(chance.uniform(0, 80) * SECOND)
        world.baton.later(world.setup.calm, clock.mend)


FAMILIES: dict[str, Callable[[Policy, str, Random], Setup]] = {
    "crash": _crash,
    "pause": _pause,
    "doubt": _doubt,
    "late": _late,
    "clocks": _clocks,
    "race": _race,
    "store": _store,
    "change": _change,
    "assisted": _assisted,
    "stop": _stop,
    "drift": _drift,
}
