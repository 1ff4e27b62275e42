"""What the sandbox knows: posts, media, keys, faults, and what was asked of it."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from presstime.model import JsonObject, Span, from_iso, to_iso
from presstime.sandbox.archive import Archive
from presstime.sandbox.faults import Faults
from presstime.sandbox.grants import Grants

KEPT_CALLS = 20_000


@dataclass(slots=True)
class Media:
    """An uploaded file. `pending` looks at it still come back unfinished."""

    id: str
    network: str
    account: str
    mime: str
    content: bytes
    alt: str = ""
    pending: int = 0


@dataclass(slots=True)
class Container:
    """What was left to be published, once (Instagram, Threads). `pending` looks at it still come back unfinished; `error` is
    why it cannot be published."""

    id: str
    account: str
    at: datetime
    params: JsonObject
    media: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    pending: int = 0
    error: str = ""


@dataclass(slots=True)
class Post:
    """A message that a twin accepted. `path` is its page below the sandbox, `data` what its own API answers further; `edits`
    are the texts it had before, each with its `text` and `until` when it stood; `removed` is when it was retracted; `counts` has
    what the network counts of it, by the names of `model.Metric`; `hidden` is one that the network took and does not show, since
    it looks at it, or has turned it down."""

    network: str
    id: str
    account: str
    text: str
    at: datetime
    path: str
    spans: tuple[Span, ...] = ()
    media: tuple[str, ...] = ()
    card: JsonObject | None = None
    parent: str | None = None
    key: str | None = None
    data: JsonObject = field(default_factory=dict)
    edits: list[JsonObject] = field(default_factory=list)
    removed: datetime | None = None
    counts: dict[str, int] = field(default_factory=dict)
    hidden: bool = False

    def to_json(self) -> JsonObject:
        spans = [[s.start, s.end, s.kind, s.value] for s in self.spans]
        removed = to_iso(self.removed) if self.removed else None
        return asdict(self) | {"at": to_iso(self.at), "spans": spans, "removed": removed}

    @classmethod
    def from_json(cls, data: JsonObject) -> "Post":
        spans = tuple(Span(*s) for s in data["spans"])
        removed = from_iso(data["removed"]) if data.get("removed") else None
        times: JsonObject = {"at": from_iso(data["at"]), "removed": removed}
        return cls(**{**data, **times, "spans": spans, "media": tuple(data["media"])})


class State:
    """Everything, in memory; written through to an archive if there is one. `kept` are all posts in the order they came,
    `posts` those of them that readers see, `removed` the others."""

    def __init__(self, archive: Archive | None = None, now: Callable[[], datetime] | None = None) -> None:
        self.now = now or (lambda: datetime.now(UTC))
        self.kept: list[Post] = []
        self.media: dict[str, Media] = {}
        self.containers: dict[str, Container] = {}  # not in the archive: what comes of them is
        self.keys: dict[str, tuple[str, datetime]] = {}  # Mastodon: account and key -> status id, when
        self.owners: dict[tuple[str, str], str] = {}  # who used a page's or user's id first
        self.faults = Faults()
        self.grants = Grants(lambda: self.now())
        self.violations: list[JsonObject] = []
        self.calls: deque[JsonObject] = deque(maxlen=KEPT_CALLS)
        self.counts: Counter[str] = Counter()
        self._used: Counter[tuple[object, ...]] = Counter()
        self._last_number = 0
        self._archive = archive
        if archive:
            self._load(archive)

    @property
    def posts(self) -> list[Post]:
        return [post for post in self.kept if post.removed is None and not post.hidden]

    @property
    def removed(self) -> list[Post]:
        return [post for post in self.kept if post.removed is not None]

    def add(self, post: Post) -> None:
        self.kept.append(post)
        self.save(post)

    def save(self, post: Post) -> None:
        if self._archive:
            self._archive.put("post", f"{post.network}/{post.id}", post.to_json())

    def edit(self, post: Post, text: str, spans: tuple[Span, ...], media: tuple[str, ...]) -> None:
        """The post says something else from now on; what it said is kept."""
        post.edits.append({"text": post.text, "until": to_iso(self.now())})
        post.text, post.spans, post.media = text, spans, media
        self.save(post)

    def remove(self, post: Post) -> None:
        """Readers see the post no more. Its id may be given again (Bluesky's are the client's), so its record moves aside."""
        post.removed = self.now()
        self.save(post)
        if self._archive:
            key = f"{post.network}/{post.id}"
            self._archive.rename("post", key, f"{key} removed {len(self.removed)}")

    def find(self, network: str, post_id: str) -> Post | None:
        """The post of this id that readers see."""
        return next((p for p in self.kept if p.network == network and p.id == post_id and not p.removed), None)

    def answers(self, post: Post) -> list[Post]:
        """What others answered to a post, and to those answers, oldest first."""
        known, found = {post.id}, []
        for other in self.posts:
            if other.network == post.network and other.parent in known and other.account != post.account:
                known.add(other.id)
                found.append(other)
        return found

    def of(self, network: str, account: str, removed: bool = False) -> Iterator[Post]:
        """An account's posts, newest first; on request those, too, that were retracted."""
        own = (p for p in reversed(self.kept) if p.network == network and p.account == account)
        return own if removed else (p for p in own if not p.removed)

    def add_media(self, media: Media) -> None:
        self.media[media.id] = media
        if self._archive:
            about = {"network": media.network, "account": media.account, "mime": media.mime, "alt": media.alt}
            self._archive.put("media", media.id, about, media.content)

    def remember(self, key: str, post_id: str) -> None:
        self.keys[key] = (post_id, self.now())
        if self._archive:
            self._archive.put("key", key, {"id": post_id, "at": to_iso(self.now())})

    def number(self, epoch: int = 0, shift: int = 16) -> str:
        """A new id that grows with time: milliseconds since `epoch` (itself in ms), then a count, as vendors make theirs."""
        stamp = (int(self.now().timestamp() * 1000) - epoch) << shift
        self._last_number = max(self._last_number + 1, stamp)
        return str(self._last_number)

    def use(self, window: int, *bucket: object) -> tuple[int, datetime]:
        """Counts a request: how many there were in this window of `window` seconds, and when the next one begins."""
        index = int(self.now().timestamp()) // window
        self._used[(*bucket, index)] += 1
        return self._used[(*bucket, index)], datetime.fromtimestamp((index + 1) * window, UTC)

    def describe(self, post: Post) -> JsonObject:
        """A post as `/_sandbox/posts` shows it."""
        media = [{"id": m.id, "mime": m.mime, "alt": m.alt, "size": len(m.content)} for m in self.media_of(post)]
        return {
            "network": post.network,
            "account": post.account,
            "id": post.id,
            "text": post.text,
            "media": media,
            "card": post.card,
            "parent": post.parent,
            "time": to_iso(post.at),
            "edited": bool(post.edits),
            "counts": post.counts,
            "removed": to_iso(post.removed) if post.removed else None,
            "key": post.key,
            "path": post.path,
        }

    def media_of(self, post: Post) -> list[Media]:
        return [self.media[item] for item in post.media if item in self.media]

    def _load(self, archive: Archive) -> None:
        for _, about, _ in archive.all("post"):
            self.kept.append(Post.from_json(about))
        for key, about, content in archive.all("media"):
            self.media[key] = Media(id=key, content=content, **about)
        for key, about, _ in archive.all("key"):
            self.keys[key] = (about["id"], from_iso(about["at"]))
        self.kept.sort(key=lambda post: post.at)
        self._last_number = max((int(p.id) for p in self.kept if p.id.isdigit()), default=0)


def summary(call: JsonObject) -> JsonObject:
    """A call as `/_sandbox/requests` lists it: what and when, without its content."""
    names: tuple[str, ...] = ("time", "network", "account", "method", "path", "status", "fault")
    return {name: _plain(call.get(name)) for name in names}


def _plain(value: Any) -> Any:
    return to_iso(value) if isinstance(value, datetime) else value
