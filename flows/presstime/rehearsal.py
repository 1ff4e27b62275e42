"""The coming schedule in fast-forward, from now on and as if nothing had gone out before: the real plan and the real engine, against the sandbox's networks, in simulated time, with
faults from a seed. Nothing leaves this machine, and neither the log nor any cache or feed of the newsroom is touched."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from presstime.model import Action, Attachment, Delivery, DeliveryState, Secret, Status, Traits
from presstime.networks import load
from presstime.sandbox.app import TWINS
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import Media, State
from presstime.wire import SANDBOX, Desk, content_root

if TYPE_CHECKING:
    from presstime.ledger.log import Ledger
    from presstime.model import Channel
    from presstime.networks.base import Adapter
    from presstime.publish.timing import Timing
    from presstime.stores.base import Store

FAULTS = {  # as the sandbox calls them, and for people
    "429": "too many requests",
    "5xx-before": "a server error, and nothing was posted",
    "5xx-after": "a server error, though it was posted",
    "drop-before": "a connection lost on the way there",
    "drop-after": "a connection lost on the way back",
    "401": "a credential that is refused",
    "forbidden": "a right that is missing",
    "slow": "a slow answer",
}
CHANCE = 0.08  # of a delivery to meet a fault
SECONDS = (5.0, 60.0, 900.0)  # how long a limit lasts
AGAIN = timedelta(minutes=1)  # the next pass, where something is left to do
TRIES = 12  # passes, after which a delivery that still does not go out is one for a person
OVER = (Status.PUBLISHED, Status.REFUSED, Status.MISSED, Status.RETRACTED, Status.DROPPED)


@dataclass
class Clock:
    """The time of a rehearsal. Nobody waits for it."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Step:
    """A delivery at a pass: when, what became of it, and the fault it met ("" for none)."""

    at: datetime
    delivery: Delivery
    due: datetime | None
    status: str
    reason: str
    attempts: int
    fault: str = ""

    @property
    def late(self) -> timedelta:
        """How long after its instant, where it went out."""
        return self.at - self.due if self.due and self.status == Status.PUBLISHED else timedelta(0)


class Stage(Desk):
    """A desk whose log, time, networks and folders are those of a rehearsal."""

    server: SandboxServer
    clock: Clock
    folder: Path

    def state_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    @cached_property
    def store(self) -> "Store":
        from presstime.stores.memory import Bucket, MemoryStore

        return MemoryStore(Bucket(self.clock.now))

    @cached_property
    def timing(self) -> "Timing":
        from presstime.publish.timing import Timing

        chance = random.Random(0)  # noqa: S311 - pauses between tries: the same in every rehearsal
        return Timing(self.store, self.clock.now, self.clock.sleep, self.clock.monotonic, chance.uniform)

    @cached_property
    def ledger(self) -> "Ledger":
        from presstime.ledger.cache import Cache
        from presstime.ledger.log import Ledger
        from presstime.processes import own_name

        cache = Cache(None, self.store.name)
        self.stack.callback(cache.close)
        return Ledger(self.store, cache, own_name(), sleep=self.clock.sleep, monotonic=self.clock.monotonic)

    def adapter(self, name: str) -> "Adapter":
        if name not in self._adapters:
            adapter = self.adapter_with(self.settings.channels[name], Secret(f"sandbox-{name}"))
            if adapter.traits.public_media:
                adapter.address_of = self._address
            self._adapters[name] = adapter
        return self._adapters[name]

    def _placed(self, channel: "Channel", traits: Traits) -> "Channel":
        placed = super()._placed(channel, traits)
        if "path" not in placed.options:
            return placed
        return replace(placed, options={**placed.options, "path": str(self.folder / "files" / channel.name)})

    def _address(self, item: Attachment, content: bytes) -> str:
        self.server.state.add_media(Media(item.digest, "", "", item.mime, content))
        return f"{self.server.url}/_sandbox/media/{item.digest}"


@dataclass
class Rehearsal:
    """One run through the schedule, from `begin` to `end`."""

    stage: Stage
    begin: datetime
    end: datetime
    chance: random.Random | None
    tell: Callable[[datetime], None] = lambda at: None
    steps: list[Step] = field(default_factory=list)
    untried: dict[str, str] = field(default_factory=dict)  # channels whose network has no twin, and which it is
    _tries: Counter[Delivery] = field(default_factory=Counter)

    def run(self) -> None:
        """Pass after pass, until the end or until nothing is left to do."""
        for channel in self.stage.settings.channels.values():
            traits = load(channel.network).traits
            if traits.needs_credentials and channel.network not in {twin.network for twin in TWINS}:
                self.untried[channel.name] = traits.title
        while True:
            self.tell(self.stage.clock.at)
            actions = [action for action in self.stage.plan() if self._is_ours(action)]
            for action in actions:
                if action.acts:
                    self._do(action)
            coming = self._next(actions)
            if coming is None or coming > self.end:
                return
            self.stage.clock.at = max(coming, self.stage.clock.at)

    def _is_ours(self, action: Action) -> bool:
        """Whether an action is of what is still to come, and worth another try."""
        if action.due is None or action.due < self.begin or action.delivery.channel in self.untried:
            return False
        return self._tries[action.delivery] < TRIES

    def _do(self, action: Action) -> None:
        self._tries[action.delivery] += 1
        fault = self._fault(action)
        state = self.stage.publish(str(action.delivery))
        self.stage.server.state.faults.waiting.clear()
        if state is not None:
            now = self.stage.clock.at
            self.steps.append(Step(now, action.delivery, action.due, state.status, state.reason, state.attempts, fault))

    def _fault(self, action: Action) -> str:
        """Script what goes wrong with this delivery, if anything does."""
        if self.chance is None or self.chance.random() >= CHANCE:
            return ""
        kind, seconds = self.chance.choice(list(FAULTS)), self.chance.choice(SECONDS)
        network = self.stage.settings.channels[action.delivery.channel].network
        if network in {twin.network for twin in TWINS}:
            self.stage.server.state.faults.add(
                {"network": network, "kind": kind, "seconds": min(seconds, 1) if kind == "slow" else seconds}
            )
            return kind
        return ""

    def _next(self, actions: list[Action]) -> datetime | None:
        """The instant of the next pass: that of the next delivery, or a minute on where something is to be tried again."""
        now = self.stage.clock.at
        tried = [a for a in actions if a.acts and self._is_ours(a)]
        open_still = any(self._is_open(self.stage.ledger.state(a.delivery)) for a in tried)
        waits = [a.due for a in actions if a.action == "wait" and a.due is not None and a.due > now]
        put_off = any(a.action == "wait" and a.due is not None and a.due <= now for a in actions)
        times = [*waits, *([now + AGAIN] if open_still or put_off else [])]
        return min(times, default=None)

    @staticmethod
    def _is_open(state: DeliveryState | None) -> bool:
        return state is not None and state.status not in OVER and not state.review and state.status is not Status.HANDED

    def met(self, delivery: Delivery) -> tuple[str, ...]:
        """The faults that a delivery met, each once, for people."""
        return tuple(dict.fromkeys(FAULTS[s.fault] for s in self.steps if s.delivery == delivery and s.fault))

    def last(self) -> list[Step]:
        """What became of each delivery in the end, in the order of their instants."""
        found = {step.delivery: step for step in self.steps}
        for delivery, step in found.items():
            state = self.stage.ledger.state(delivery)
            if state is not None and state.status != step.status:  # a plan has ended it: it was missed
                found[delivery] = replace(step, status=state.status, reason=state.reason)
        return sorted(found.values(), key=lambda step: (step.due or step.at, str(step.delivery)))


@contextmanager
def rehearsal(
    directory: Path,
    begin: datetime,
    end: datetime,
    seed: int | None,
    tell: Callable[[datetime], None] = lambda at: None,
) -> Iterator[Rehearsal]:
    """A rehearsal of the publishing branch's newest commit; `seed` None: nothing goes wrong. Raises `GitError`, `SettingsError`."""
    from presstime.content.git import Repository

    root, clock = content_root(directory), Clock(begin)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="presstime-rehearsal-")))
        server = stack.enter_context(SandboxServer(state=State(now=clock.now)))
        stage = Stage(root, Repository.discover(root), {SANDBOX: server.url}, stack, _read_at=float("inf"))
        stage.server, stage.clock, stage.folder = server, clock, folder
        yield Rehearsal(stage, begin, end, None if seed is None else random.Random(seed), tell)  # noqa: S311 - repeatable on purpose
