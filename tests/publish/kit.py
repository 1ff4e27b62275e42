"""A small world for the tests of publishing: a ledger in memory, a network in memory, a clock that waits for nobody."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from presstime.ledger.cache import Cache
from presstime.ledger.claims import step
from presstime.ledger.log import Ledger
from presstime.model import Channel, Delivery, DeliveryState, Segment, Settling, Variant
from presstime.networks.base import Adapter
from presstime.networks.memory import TRAITS, MemoryNetwork
from presstime.publish.retry import RetryRule
from presstime.publish.send import Job, Publisher
from presstime.publish.timing import Timing
from presstime.stores.memory import Bucket, FaultScript, MemoryStore

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
D = Delivery("launch", "brand")
KEY_WINDOW = timedelta(hours=1)


@dataclass
class World:
    """Everything shared: time, the bucket, the network. Each `worker` is a process of its own on it."""

    settling: Settling = Settling.LOOKUP
    time: datetime = START
    on_unknown: str = "review"
    sleeps: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bucket = Bucket(self.now)
        traits = replace(
            TRAITS, settling=self.settling, key_window=KEY_WINDOW, can_find=self.settling is not Settling.NONE
        )
        self.network = MemoryNetwork(traits, now=self.now, sleep=self.sleep)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += timedelta(seconds=seconds)

    def pass_time(self, **span: float) -> None:
        self.time += timedelta(**span)

    def worker(self, name: str = "elsewhere/m/1/1", fault: FaultScript | None = None) -> Publisher:
        store = MemoryStore(self.bucket, fault)
        ledger = Ledger(store, Cache(None, "log"), name, sleep=self.sleep, monotonic=self.monotonic)
        ledger.catch_up()
        return Publisher(ledger, Timing(store, self.now, self.sleep, self.monotonic), RetryRule())

    def adapter(self) -> Adapter:
        return self.network.adapter_class()(self.channel, None)

    @property
    def channel(self) -> Channel:
        return Channel("brand", "memory", on_unknown=self.on_unknown)  # type: ignore[arg-type]

    def job(self, *texts: str, due: datetime | None = None) -> Job:
        segments = tuple(Segment(n, text) for n, text in enumerate(texts or ("Hello",)))
        return Job(Variant(D, "memory", START, segments), self.channel, due or START, lambda item: b"")

    def plan(self, job: Job) -> None:
        """Put the job into the log as sync would."""
        event = step(
            "planned",
            D,
            self.now,
            digest=job.variant.digest,
            source="s",
            due=job.due.isoformat(),
            path="posts/launch.md",
            commit="c1",
            blob="b1",
            author="Ada",
            approver="Bea",
        )
        self.worker().ledger.append(lambda view: [event], {job.variant.digest: job.variant.to_json()})

    def publish(self, job: Job, worker: Publisher | None = None) -> DeliveryState:
        return (worker or self.worker()).publish(job, self.adapter())

    def kinds(self) -> list[str]:
        """The kinds of all events in the log, in order."""
        ledger = self.worker().ledger
        return [event.kind for n in range(1, ledger.cache.head().n + 1) for event in ledger.entry(n).events]

    def texts(self) -> list[str]:
        return [post.text for post in self.network.posts]


class Killed(BaseException):
    """What a simulated kill -9 raises: nothing of ours may catch it."""
