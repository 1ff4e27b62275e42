"""What Git says in the simulation: deliveries whose words are given, in the form that the stages read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace

from presstime.content.posts import Loaded
from presstime.model import Channel, Delivery, JsonObject, Late, Post, Provenance, Segment, Target, Traits, Variant
from presstime.settings.policy import Policy
from tests.simulation.faults import SECOND

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # microsecond 0


def instant(at: int) -> datetime:
    return START + timedelta(microseconds=at)


@dataclass(frozen=True)
class Later:
    """What Git says of a delivery from some time on (microseconds): other texts, or None: the post is gone."""

    at: int
    texts: tuple[str, ...] | None


@dataclass(frozen=True)
class Wanted:
    """One delivery that is to go out: its segments' texts, when (microseconds), and how late it may be (None: ever);
    `changes` are what Git says afterwards, oldest first."""

    delivery: Delivery
    texts: tuple[str, ...]
    due: int
    window: int | None = None
    refused: bool = False  # the network will never take it
    changes: tuple[Later, ...] = ()
    assisted: bool = False  # a person posts on its channel

    @property
    def late(self) -> Late:
        return Late("publish") if self.window is None else Late("within", timedelta(microseconds=self.window))

    def says(self, now: int) -> tuple[str, ...] | None:
        """What Git says at a time; None when it says nothing any more."""
        texts: tuple[str, ...] | None = self.texts
        for change in self.changes:
            texts = change.texts if now >= change.at else texts
        return texts

    @property
    def last(self) -> tuple[str, ...] | None:
        return self.changes[-1].texts if self.changes else self.texts


def wanted(name: str, channel: str, segments: int, due_seconds: float, window: int | None = None) -> Wanted:
    texts = tuple(f"{name} {n + 1}" for n in range(segments))
    return Wanted(Delivery(name, channel), texts, int(due_seconds * SECOND), window)


@dataclass
class Words:
    """Stands in for rendering: the words of each delivery at one commit, the same for every worker."""

    channels: Mapping[str, Channel]
    variants: Mapping[Delivery, Variant]
    digests: Mapping[Delivery, str]
    shown: Traits | None = None
    engine: str = "e1"
    newsroom: object = field(default=None)

    def channel(self, name: str) -> Channel:
        return self.channels[name]

    def traits(self, name: str) -> Traits | None:
        return self.shown

    def assisted(self, name: str) -> bool:
        return self.channels[name].assisted

    def render(self, post: Post, target: Target) -> SimpleNamespace:
        return SimpleNamespace(variant=self.variant(post, target), files={})

    def variant(self, post: Post, target: Target) -> Variant:
        return self.variants[Delivery(post.id, target.channel)]

    def digest(self, post: Post, target: Target) -> str:
        return self.digests[Delivery(post.id, target.channel)]

    def said(self, post: Post, target: Target) -> str:
        return "|".join(segment.text for segment in self.variant(post, target).segments)

    def payload(self, delivery: Delivery) -> JsonObject:
        return self.variants[delivery].to_json()

    def reread(self, variant: Variant, item: object) -> bytes:
        raise AssertionError("no media in the simulation")


def commits(items: tuple[Wanted, ...]) -> list[int]:
    """When Git changes, in microseconds; the first commit was always there."""
    return [0, *sorted({change.at for item in items for change in item.changes})]


@lru_cache(maxsize=256)
def words_of(items: tuple[Wanted, ...], on_unknown: str, commit: int = 0) -> Words:
    """What Git says from the time of a commit on; the network's traits are still to be added."""
    names = {item.delivery.channel for item in items}
    assisted = {item.delivery.channel for item in items if item.assisted}
    modes = {name: "assisted" if name in assisted else "direct" for name in names}
    channels = {name: Channel(name, "memory", on_unknown=on_unknown, mode=modes[name]) for name in names}  # type: ignore[arg-type]
    said = [(item, texts) for item in items if (texts := item.says(commit)) is not None]
    variants = {item.delivery: _variant(item, texts) for item, texts in said}
    posts = tuple(_post(item, texts) for item, texts in said)
    newsroom = SimpleNamespace(
        commit=f"c{commit}",
        settings_blob="s1",
        templates={},
        templates_digest="t1",
        settings=SimpleNamespace(
            min_gap_seconds=0,
            retract_max=20,
            remind=timedelta(hours=1),
            slots={},
            groups={},
            pauses=(),
            policy=Policy(),
        ),
        loaded=Loaded(posts, (), (), len(posts), frozenset(post.id for post in posts)),
        source=SimpleNamespace(find=lambda path: None),
    )
    digests = {delivery: variant.digest for delivery, variant in variants.items()}
    return Words(channels, variants, digests, newsroom=newsroom)


def _variant(item: Wanted, texts: tuple[str, ...]) -> Variant:
    segments = tuple(Segment(n, text, payload={"text": text}) for n, text in enumerate(texts))
    return Variant(item.delivery, "memory", instant(item.due), segments)


def _post(item: Wanted, texts: tuple[str, ...]) -> Post:
    name, target = item.delivery.post, Target(item.delivery.channel, instant(item.due), item.late)
    return Post(name, f"posts/{name}.md", f"blob-{'|'.join(texts)}", "c1", name.title(), "", targets=(target,))


def provenance(paths: Collection[str], commit: str = "c0") -> Mapping[str, Provenance]:
    return {path: Provenance(commit, f"blob-{path}", "Ada", "Bea", "c1") for path in paths}
