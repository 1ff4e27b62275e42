"""What Git says in the simulation: deliveries whose words are given, in the form that the stages read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace

from presstime.model import Channel, Delivery, JsonObject, Late, Post, Provenance, Segment, Target, Variant
from tests.simulation.faults import SECOND

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # microsecond 0


def instant(at: int) -> datetime:
    return START + timedelta(microseconds=at)


@dataclass(frozen=True)
class Wanted:
    """One delivery that is to go out: its segments' texts, when (microseconds), and how late it may be (None: ever)."""

    delivery: Delivery
    texts: tuple[str, ...]
    due: int
    window: int | None = None
    refused: bool = False  # the network will never take it

    @property
    def late(self) -> Late:
        return Late("publish") if self.window is None else Late("within", timedelta(microseconds=self.window))


def wanted(name: str, channel: str, segments: int, due_seconds: float, window: int | None = None) -> Wanted:
    texts = tuple(f"{name} {n + 1}" for n in range(segments))
    return Wanted(Delivery(name, channel), texts, int(due_seconds * SECOND), window)


@dataclass
class Words:
    """Stands in for rendering: the words of each delivery, the same for every worker."""

    channels: Mapping[str, Channel]
    variants: Mapping[Delivery, Variant]
    digests: Mapping[Delivery, str]
    engine: str = "e1"
    newsroom: object = field(default=None)

    def channel(self, name: str) -> Channel:
        return self.channels[name]

    def render(self, post: Post, target: Target) -> SimpleNamespace:
        return SimpleNamespace(variant=self.variants[Delivery(post.id, target.channel)], files={})

    def digest(self, post: Post, target: Target) -> str:
        return self.digests[Delivery(post.id, target.channel)]

    def payload(self, delivery: Delivery) -> JsonObject:
        return self.variants[delivery].to_json()

    def reread(self, variant: Variant, item: object) -> bytes:
        raise AssertionError("no media in the simulation")


@lru_cache(maxsize=256)
def words_of(items: tuple[Wanted, ...], on_unknown: str) -> Words:
    names = {item.delivery.channel for item in items}
    channels = {name: Channel(name, "memory", on_unknown=on_unknown) for name in names}  # type: ignore[arg-type]
    variants = {
        item.delivery: Variant(
            item.delivery, "memory", instant(item.due), tuple(Segment(n, text) for n, text in enumerate(item.texts))
        )
        for item in items
    }
    posts = tuple(_post(item) for item in items)
    newsroom = SimpleNamespace(
        commit="c1",
        settings_blob="s1",
        templates_digest="t1",
        settings=SimpleNamespace(min_gap_seconds=0),
        loaded=SimpleNamespace(posts=posts),
    )
    digests = {delivery: variant.digest for delivery, variant in variants.items()}
    return Words(channels, variants, digests, newsroom=newsroom)


def _post(item: Wanted) -> Post:
    name, target = item.delivery.post, Target(item.delivery.channel, instant(item.due), item.late)
    return Post(name, f"posts/{name}.md", f"blob-{name}", "c1", name.title(), "", targets=(target,))


def provenance(paths: Collection[str]) -> Mapping[str, Provenance]:
    return {path: Provenance("c1", f"blob-{path}", "Ada", "Bea", "c1") for path in paths}
