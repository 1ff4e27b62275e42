"""The twin of the port, in memory: a network that does what its traits say, keeps what it accepted, and fails on demand.

The server is an object that adapters share; nothing is global. Its clock and its waiting are given, so that it runs as well
in simulated time.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from presstime.errors import NetworkError, SettingsError, Unsupported
from presstime.model import (
    Accepted,
    Channel,
    Deferred,
    Delivery,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    Metric,
    Outcome,
    Receipt,
    Refused,
    Reply,
    Secret,
    Segment,
    Settling,
    Sighting,
    TextRule,
    Traits,
    Unknown,
    Variant,
)
from presstime.networks.base import GONE, Adapter, Order, by_hand

FaultKind = Literal[
    "refused", "unreachable", "429", "401", "5xx-before", "5xx-after", "drop-before", "drop-after", "slow"
]
TRAITS = Traits(
    network="memory",
    title="Memory",
    settling=Settling.LOOKUP,
    text=TextRule(500, "characters"),
    media=MediaRule(4, ("image/jpeg", "image/png"), max_bytes=5_000_000),
    threads=True,
    needs_credentials=False,
    options=frozenset({"server"}),
    can_find=True,
    can_look=True,
    edits=frozenset({"text", "media"}),
    can_retract=True,
    metrics=frozenset({Metric.LIKES, Metric.REPLIES}),
    can_hear=True,
)


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next requests: `times` of them, on one `account` or on all, after `skip` that go well.

    `seconds` is how long a "slow" one waits, and after how long a "429" ends."""

    kind: FaultKind
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    account: str | None = None


@dataclass(frozen=True, slots=True)
class MemoryPost:
    """A message the network accepted."""

    id: str
    account: str
    delivery: Delivery
    index: int
    key: str  # what makes two sends one: the order's key, or the container that was published
    text: str
    at: datetime  # when it was accepted, by the server's clock
    parent: str | None
    media: tuple[str, ...]  # digests
    alts: tuple[str, ...]
    payload: JsonObject
    edits: tuple[str, ...] = ()  # the texts it had before, oldest first


@dataclass(slots=True)
class MemoryNetwork:
    """The server: `posts` is what readers see, `removed` what they see no more, `requests` counts the requests that reached
    it."""

    traits: Traits = TRAITS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    posts: list[MemoryPost] = field(default_factory=list)
    removed: list[MemoryPost] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    answers: list[Reply] = field(default_factory=list)
    likes: dict[str, int] = field(default_factory=dict)  # by the id of a post
    requests: int = 0
    containers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def adapter_class(self) -> type["Memory"]:
        """The adapter with this server and its traits built in, as `networks.load` would give it."""
        return type("Memory", (Memory,), {"traits": self.traits, "server": self})

    def take_fault(self, account: str) -> Fault | None:
        with self._lock:
            self.requests += 1
            for fault in self.faults:
                if fault.times < 1 or fault.account not in (None, account):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def accept(self, account: str, order: Order) -> MemoryPost:
        """The post this order leads to: a new one, or the one it led to before where the traits promise that."""
        with self._lock:
            key = str(order.deposit.get("container", order.key))
            known = next((p for p in self.posts if p.account == account and p.key == key), None)
            if known and self._honours(known):
                return known
            post = MemoryPost(
                id=str(len(self.posts) + len(self.removed) + 1),
                account=account,
                delivery=order.delivery,
                index=order.segment.index,
                key=key,
                text=order.segment.text,
                at=self.now(),
                parent=order.previous[-1].id if order.previous else None,
                media=tuple(item.digest for item in order.segment.media),
                alts=tuple(item.alt for item in order.segment.media),
                payload=order.segment.payload,
            )
            self.posts.append(post)
            return post

    def container(self) -> str:
        """The id of a new container: it shows nothing, and is published once."""
        with self._lock:
            self.containers += 1
            return f"c{self.containers}"

    def edit(self, account: str, order: Order, post_id: str) -> MemoryPost | None:
        """The post as it is once it says what the order says; None if readers do not see it any more."""
        with self._lock:
            known = self._seen(account, post_id)
            if known is None:
                return None
            said = replace(
                known,
                text=order.segment.text,
                media=tuple(item.digest for item in order.segment.media),
                alts=tuple(item.alt for item in order.segment.media),
                payload=order.segment.payload,
            )
            if said == known:
                return known
            self.posts[self.posts.index(known)] = post = replace(said, edits=(*known.edits, known.text))
            return post

    def retract(self, account: str, post_id: str) -> None:
        """Readers see the post no more. Nothing happens if they do not see it now."""
        with self._lock:
            if known := self._seen(account, post_id):
                self.posts.remove(known)
                self.removed.append(known)

    def alter(self, post_id: str, text: str) -> None:
        """Somebody changes a post on the network itself. Raises `LookupError` if it is not there."""
        with self._lock:
            known = self._at(post_id)
            self.posts[self.posts.index(known)] = replace(known, text=text)

    def remove(self, post_id: str) -> None:
        """Somebody removes a post on the network itself. Raises `LookupError` if it is not there."""
        with self._lock:
            known = self._at(post_id)
            self.posts.remove(known)
            self.removed.append(known)

    def seen(self, account: str, post_id: str) -> MemoryPost | None:
        """An account's post as readers see it now, if they do."""
        with self._lock:
            return self._seen(account, post_id)

    def visible(self, account: str) -> Sequence[MemoryPost]:
        """What a read-back shows: not yet what is younger than the traits' lag."""
        newest = self.now() - self.traits.visible_after
        with self._lock:
            return [post for post in self.posts if post.account == account and post.at <= newest]

    def _seen(self, account: str, post_id: str) -> MemoryPost | None:
        return next((post for post in self.posts if (post.account, post.id) == (account, post_id)), None)

    def _at(self, post_id: str) -> MemoryPost:
        found = next((post for post in self.posts if post.id == post_id), None)
        if found is None:
            raise LookupError(f"there is no post {post_id!r}")
        return found

    def _honours(self, known: MemoryPost) -> bool:
        if self.traits.settling in (Settling.NATURAL, Settling.CONTAINER):
            return True
        return self.traits.settling is Settling.KEYED and self.now() - known.at < self.traits.key_window


class Memory(Adapter):
    """An account on a `MemoryNetwork`: the class's own (`adapter_class`) or the one in the channel's option `server`."""

    traits = TRAITS
    server: MemoryNetwork | None = None

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        super().__init__(channel, secret)
        server = self.server or channel.options.get("server")
        if not isinstance(server, MemoryNetwork):
            raise SettingsError(f"channel {channel.name!r}: the memory network lives in a program, which must give it")
        self.network = server
        self.account = channel.account or channel.name

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        return {"text": segment.text, "media": [item.digest for item in segment.media]}

    def deposit(self, order: Order) -> Mapping[str, Json]:
        if self.traits.settling is not Settling.CONTAINER:
            return {}
        return order.deposit or {"container": self.network.container()}

    def send(self, order: Order) -> Outcome:
        return self._too_long(order) or self._request(
            lambda: Accepted(_receipt(self.network.accept(self.account, order)))
        )

    def edit(self, order: Order, receipt: Receipt) -> Outcome:
        return self._too_long(order) or self._request(lambda: self._edited(order, receipt))

    def retract(self, order: Order, receipt: Receipt) -> Outcome:
        return self._request(lambda: self._retracted(receipt))

    def find(self, order: Order) -> Receipt | None:
        if not self.traits.can_find:
            raise Unsupported("this network cannot be read back")
        self._reach()
        if container := order.deposit.get("container"):
            return next((_receipt(p) for p in self.network.visible(self.account) if p.key == container), None)
        parent = order.previous[-1].id if order.previous else None
        for post in self.network.visible(self.account):
            if (post.text, post.parent) == (order.segment.text, parent) and post.at >= order.at - timedelta(minutes=5):
                return _receipt(post)
        return None

    def look(self, order: Order, receipt: Receipt) -> Sighting | None:
        if not self.traits.can_look or by_hand(receipt):
            return super().look(order, receipt)
        self._reach()
        post = self.network.seen(self.account, receipt.id)
        if post is None:
            return None
        media = tuple(item.digest for item in order.segment.media)
        return Sighting(post.text, (post.text, post.media) != (order.segment.text, media))

    def identity(self) -> Identity:
        return Identity(self.account)

    def metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        likes = self.network.likes.get(receipt.id, 0)
        return {Metric.LIKES: likes, Metric.REPLIES: len(self.replies(receipt))}

    def replies(self, receipt: Receipt) -> list[Reply]:
        return [reply for reply in self.network.answers if reply.parent == receipt.id]

    def _reach(self) -> None:
        """A read that reaches the server. Raises `NetworkError` for what the next fault makes of it."""
        if fault := self.network.take_fault(self.account):
            raise NetworkError(f"the network failed ({fault.kind})", needs_person=fault.kind == "401")

    def _too_long(self, order: Order) -> Refused | None:
        limit = self.traits.text.limit
        return (
            Refused(f"the text is longer than {limit} characters", "too_long")
            if len(order.segment.text) > limit
            else None
        )

    def _request(self, effect: Callable[[], Outcome]) -> Outcome:
        """What comes of a request: its effect, or what the next fault makes of it."""
        fault = self.network.take_fault(self.account)
        if fault is None:
            return effect()
        if fault.kind == "slow":
            self.network.sleep(fault.seconds)
            return effect()
        if fault.kind in ("5xx-after", "drop-after"):
            effect()
        return self._failure(fault)

    def _edited(self, order: Order, receipt: Receipt) -> Outcome:
        post = self.network.edit(self.account, order, receipt.id)
        return Accepted(_receipt(post)) if post else Refused("the message is not there any more", GONE)

    def _retracted(self, receipt: Receipt) -> Outcome:
        self.network.retract(self.account, receipt.id)
        return Accepted(receipt)

    def _failure(self, fault: Fault) -> Outcome:
        if fault.kind == "refused":
            return Refused("the network refused it", "refused")
        if fault.kind == "unreachable":
            return Deferred("the network cannot be reached")
        if fault.kind == "429":
            return Deferred("too many requests", until=self.network.now() + timedelta(seconds=fault.seconds))
        if fault.kind == "401":
            return Deferred("the credentials are refused", needs_person=True)
        return Unknown(f"the reply was lost ({fault.kind})")


def _receipt(post: MemoryPost) -> Receipt:
    return Receipt(post.id, f"memory:{post.account}/{post.id}")
