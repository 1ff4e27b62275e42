"""The nouns of Presstime, frozen. This module imports nothing of ours, so that everything else may import it.

Instants are timezone-aware `datetime`s in UTC unless a docstring says otherwise. `Json` values are what `json` reads and
writes.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Self

Json = Any
JsonObject = dict[str, Any]


def canonical(value: Json) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8. Digests and the log are taken over it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest_of(value: Json | bytes) -> str:
    """SHA-256 of bytes, or of a JSON value's canonical form, in lower-case hex."""
    data = value if isinstance(value, bytes) else canonical(value)
    return hashlib.sha256(data).hexdigest()


def to_iso(instant: datetime) -> str:
    """An instant as ISO 8601 in UTC with offset, to the second unless it has a fraction."""
    return instant.astimezone(UTC).isoformat()


def from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class Secret:
    """A credential. It shows as `**redacted**` wherever it is printed; `reveal` is the one way to its value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "**redacted**"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not pickled")


# --- what the newsroom says -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Late:
    """What happens to a delivery that could not go out at its instant."""

    rule: Literal["publish", "within", "skip", "ask"] = "within"
    window: timedelta = timedelta(hours=2)

    def __str__(self) -> str:
        hours, minutes = divmod(int(self.window.total_seconds()) // 60, 60)
        span = f"{hours}h" * bool(hours) + f"{minutes}m" * bool(minutes)
        return f"within {span}" if self.rule == "within" else self.rule


@dataclass(frozen=True, slots=True)
class Channel:
    """One account on a network. `credentials` names where the secret is (`env:NAME`), it never holds it."""

    name: str
    network: str
    base_url: str | None = None
    account: str | None = None
    credentials: str | None = None
    credentials_until: datetime | None = (
        None  # when they end, as somebody wrote it down: for `check`, which sees no secrets
    )
    timezone: str | None = None
    vars: Mapping[str, Json] = field(default_factory=dict)
    options: Mapping[str, Json] = field(default_factory=dict)  # the network's own settings, e.g. a feed's `path`
    slots: str | None = None  # the set of weekly slots that `next-slot` takes from, unless the post names one
    fit: tuple[str, ...] = ("thread", "shorten", "refuse")
    numbering: bool = False  # whether the messages of a thread are numbered
    on_unknown: Literal["review", "resend"] = "review"
    limits: Mapping[str, int] = field(default_factory=dict)  # of the account's own server, by the names in LIMITS
    mode: Literal["direct", "assisted"] = "direct"  # assisted: a person posts what we have made ready
    listen: bool | None = (
        None  # whether what is out is looked at by itself; None: where the network does not charge for it
    )

    @property
    def assisted(self) -> bool:
        return self.mode == "assisted"


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A media file as a post names it: a blob of the post's own commit. `blob` is the Git object id, `size` in bytes."""

    path: str
    blob: str
    size: int
    alt: str
    caption: str | None = None
    focus: tuple[float, float] | None = None  # x, y in -1..1, as Mastodon's `focus`: 0,0 is the middle, y points up


@dataclass(frozen=True, slots=True)
class Repeat:
    """A post that goes out again and again: the rule (RFC 5545), and the naive local time in `zone` that it begins at."""

    rule: str
    start: datetime
    zone: str


UNGIVEN = datetime(9999, 1, 1, tzinfo=UTC)  # the instant of a target that waits for a slot: the plan gives it one


@dataclass(frozen=True, slots=True)
class Target:
    """One channel a post is meant for, with what the post says about it. `due` is already resolved to UTC.

    With `slots`, the name of a set of weekly slots, in `zone`, `due` is UNGIVEN until the plan has found a free one. With
    `repeat` it stands for all its occurrences; each of them is a target of its own, `number` (from 1) and named `occurrence`."""

    channel: str
    due: datetime
    late: Late
    text: str | None = None
    media: tuple[MediaRef, ...] | None = None
    template: str | None = None
    zone: str = "UTC"
    slots: str | None = None
    repeat: Repeat | None = None
    occurrence: str = "once"
    number: int = 1

    def of(self, post: str) -> "Delivery":
        """The delivery of a post to this target."""
        return Delivery(post, self.channel, self.occurrence)


@dataclass(frozen=True, slots=True)
class Post:
    """A Markdown file with front matter, at a commit (`commit` is None when read from the working tree)."""

    id: str
    path: str
    blob: str
    commit: str | None
    title: str
    body: str  # Markdown, without the front matter
    summary: str | None = None
    status: Literal["ready", "draft", "retracted"] = "ready"
    link: str | None = None
    language: str | None = None  # BCP 47
    tags: tuple[str, ...] = ()
    media: tuple[MediaRef, ...] = ()
    targets: tuple[Target, ...] = ()
    thread: Literal["auto", "never", "manual"] = "auto"
    on_partial: Literal["resume", "retract", "leave"] = "resume"
    expires_at: datetime | None = None
    retract: bool = False  # whether what is up is taken down at `expires_at`
    campaign: str | None = None
    template: str | None = None  # says the words instead of the channel's or the network's
    again: bool = False  # meant to be said once more, though another post said the same
    extra: Mapping[str, Json] = field(default_factory=dict)  # front matter we do not know, for templates

    def media_on(self, target: Target) -> tuple[MediaRef, ...]:
        """What is shown on a channel."""
        return target.media if target.media is not None else self.media

    def content_on(self, target: Target) -> str:
        """The digest of what the post itself says on a channel: its file and its media."""
        return digest_of([self.blob, [ref.blob for ref in self.media_on(target)]])


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who stands behind a post at a commit: the last commit that touched it, and the one that brought it to the branch."""

    commit: str
    blob: str
    author: str
    approver: str
    touched: str  # the commit that last changed the post's file
    # Where the branch has a rule of approval, what was found good under it; keys as their fingerprints.
    signer: str = ""  # the mail address that the key of the touching commit is listed for
    signer_key: str = ""
    approver_key: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Delivery:
    """One post, on one channel, at one occurrence: the unit of publishing. Written `post/channel`, `/occurrence` if it repeats."""

    post: str
    channel: str
    occurrence: str = "once"

    def __str__(self) -> str:
        tail = "" if self.occurrence == "once" else f"/{self.occurrence}"
        return f"{self.post}/{self.channel}{tail}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`. Raises ValueError for anything else."""
        parts = text.split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"a delivery is written post/channel or post/channel/occurrence, not {text!r}")
        return cls(*parts)


# --- what a delivery says ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A marked stretch of a segment's text. `start` and `end` count Unicode code points, `end` is exclusive."""

    start: int
    end: int
    kind: Literal["link", "mention", "tag", "bold", "italic", "code", "pre", "quote", "strike"]
    value: str = ""  # the link's URL, the mention's handle, the tag's word without '#', a code block's language


@dataclass(frozen=True, slots=True)
class Attachment:
    """A media file as it will be sent: `digest` is of the bytes sent, `blob` of the file in Git they were made from."""

    path: str
    blob: str
    digest: str
    mime: str
    size: int
    width: int
    height: int
    alt: str
    focus: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A link card, for networks that let the poster supply one."""

    url: str
    title: str
    description: str = ""
    thumb: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One message of a variant. `text` is in the network's own markup, `plain` the same words without any, for networks
    that take both. `length` and `limit` are in the network's own `unit`; `payload` is the network's request but for what
    only the network can tell (media ids, the id replied to)."""

    index: int
    text: str
    spans: tuple[Span, ...] = ()
    media: tuple[Attachment, ...] = ()
    card: Card | None = None
    length: int = 0
    limit: int = 0
    unit: str = ""
    payload: JsonObject = field(default_factory=dict)
    plain: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """What a delivery says. Everything that will be sent is in here, so that its digest binds plan and publish."""

    delivery: Delivery
    network: str
    at: datetime  # the nominal instant: part of what is said (Bluesky's createdAt, a feed's `published`)
    segments: tuple[Segment, ...]
    title: str = ""
    summary: str = ""
    link: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()

    def to_json(self) -> JsonObject:
        """The form that the log keeps and the digest is taken over: JSON values only."""
        return {
            "delivery": str(self.delivery),
            "network": self.network,
            "at": to_iso(self.at),
            "title": self.title,
            "summary": self.summary,
            "link": self.link,
            "language": self.language,
            "tags": list(self.tags),
            "segments": [_segment_to_json(s) for s in self.segments],
        }

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        """The inverse of `to_json`: a settling worker rebuilds from the log what an earlier one meant to send."""
        return cls(
            delivery=Delivery.parse(data["delivery"]),
            network=data["network"],
            at=from_iso(data["at"]),
            title=data["title"],
            summary=data["summary"],
            link=data["link"],
            language=data["language"],
            tags=tuple(data["tags"]),
            segments=tuple(_segment_from_json(s) for s in data["segments"]),
        )

    @property
    def digest(self) -> str:
        return digest_of(self.to_json())

    def attachments(self) -> tuple[Attachment, ...]:
        """Every file the variant sends, thumbnails included, each once, in order."""
        found: dict[str, Attachment] = {}
        for segment in self.segments:
            for item in (*segment.media, *((segment.card.thumb,) if segment.card and segment.card.thumb else ())):
                found.setdefault(item.digest, item)
        return tuple(found.values())


def _attachment_to_json(item: Attachment) -> JsonObject:
    return {
        "path": item.path,
        "blob": item.blob,
        "digest": item.digest,
        "mime": item.mime,
        "size": item.size,
        "width": item.width,
        "height": item.height,
        "alt": item.alt,
        "focus": list(item.focus) if item.focus else None,
    }


def _attachment_from_json(data: JsonObject) -> Attachment:
    focus = data["focus"]
    return Attachment(**{**data, "focus": (focus[0], focus[1]) if focus else None})


def _segment_to_json(segment: Segment) -> JsonObject:
    card = segment.card
    return {
        "index": segment.index,
        "text": segment.text,
        "spans": [[s.start, s.end, s.kind, s.value] for s in segment.spans],
        "media": [_attachment_to_json(m) for m in segment.media],
        "card": card
        and {
            "url": card.url,
            "title": card.title,
            "description": card.description,
            "thumb": card.thumb and _attachment_to_json(card.thumb),
        },
        "length": segment.length,
        "limit": segment.limit,
        "unit": segment.unit,
        "payload": segment.payload,
    } | ({"plain": segment.plain} if segment.plain else {})


def _segment_from_json(data: JsonObject) -> Segment:
    card = data["card"]
    return Segment(
        index=data["index"],
        text=data["text"],
        spans=tuple(Span(*s) for s in data["spans"]),
        media=tuple(_attachment_from_json(m) for m in data["media"]),
        card=card
        and Card(
            card["url"], card["title"], card["description"], card["thumb"] and _attachment_from_json(card["thumb"])
        ),
        length=data["length"],
        limit=data["limit"],
        unit=data["unit"],
        payload=data["payload"],
        plain=data.get("plain", ""),
    )


# --- what a network is ------------------------------------------------------------------------------------------------


class Settling(StrEnum):
    """What a network offers to find out whether a send whose reply was lost took effect."""

    NATURAL = "natural"  # the same object sent again is a no-op, for ever
    KEYED = "keyed"  # an idempotency key, honoured within a window
    CONTAINER = "container"  # two steps: what the first one left there is published once, and its status tells
    LOOKUP = "lookup"  # own posts can be read back and compared
    NONE = "none"  # nothing: a person looks


@dataclass(frozen=True, slots=True)
class TextRule:
    """How long a text may be: at most `limit` in `unit`, and at most `max_bytes` of UTF-8 where that is set."""

    limit: int
    unit: Literal["weighted", "graphemes", "scalars", "characters", "utf16", "bytes", "emoji_bytes"]
    url_weight: int | None = None  # what a link counts, whatever its length; None: as written
    mention_local_part: bool = False  # Mastodon: `@user@domain` counts as `@user`
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class MovingRule:
    """What videos or moving pictures a network takes: they are sent as they are. Ratios are width by height; None: no
    limit known. `max_pixels` is of all frames together for moving pictures, of one for videos; `max_frames` is of the former, `max_fps` of
    the latter."""

    mimes: tuple[str, ...]
    max_bytes: int
    min_seconds: float | None = None
    max_seconds: float | None = None
    min_side: int | None = None
    max_width: int | None = None
    max_height: int | None = None
    min_ratio: float | None = None
    max_ratio: float | None = None
    max_fps: float | None = None
    max_frames: int | None = None
    max_pixels: int | None = None
    alone: bool = False  # whether it may only be the one medium of a message


@dataclass(frozen=True, slots=True)
class MediaRule:
    """What media a network takes. Sizes in bytes and pixels, ratios are width by height: a picture beyond them is cropped
    around its focus. `alt_limit` None: no limit known; 0: no alt text field. `animation` and `video` None: as pictures."""

    max_count: int
    mimes: tuple[str, ...]
    max_bytes: int
    max_side: int | None = None
    max_pixels: int | None = None
    alt_limit: int | None = None
    required: bool = False
    min_side: int | None = None
    min_ratio: float | None = None
    max_ratio: float | None = None
    animation: MovingRule | None = None
    video: MovingRule | None = None


# How a network wants its words. `plain` without any marks; `spans` with marked stretches beside them (facets, entities).
# Messages: `chat` is Discord's Markdown, `mrkdwn` Slack's markup, `littletext` LinkedIn's. Whole texts: `html`; `chat-html`
# without pictures and attributes (Matrix); `markdown`; `liquid` is Markdown in which Liquid tags are run (Forem); `snudown`
# Reddit's.
Markup = Literal["plain", "spans", "chat", "mrkdwn", "littletext", "html", "chat-html", "markdown", "liquid", "snudown"]


@dataclass(frozen=True, slots=True)
class Price:
    """What a network charges for a message, in `currency` (ISO 4217); `with_link` for one with a URL in its words."""

    message: float
    with_link: float
    currency: str = "USD"
    look: float = 0.0  # for reading one message back


# What a channel may set in its `limits`, and which of the traits' rules that changes: the limits that differ from server to
# server, or with what an account pays.
LIMITS: Mapping[str, tuple[str, ...]] = {
    "characters": ("text.limit",),
    "url_weight": ("text.url_weight",),
    "media": ("media.max_count",),
    "alt": ("media.alt_limit",),
    "image_bytes": ("media.max_bytes", "media.animation.max_bytes"),
    "image_pixels": ("media.max_pixels",),
    "video_bytes": ("media.video.max_bytes",),
    "video_pixels": ("media.video.max_pixels",),
    "video_fps": ("media.video.max_fps",),
}


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """A network's API whose versions are named YYYYMM and served for about so many months; a channel's option `version` takes
    the place of the default."""

    default: str
    months: int


@dataclass(frozen=True, slots=True)
class Traits:
    """What a network can do, as data: generic code reads this and never asks for a network's name."""

    network: str
    title: str  # as people write it: "X", "Bluesky"
    settling: Settling
    text: TextRule
    media: MediaRule | None = None
    caption: TextRule | None = None  # the rule for a text that accompanies media, where it differs
    key_window: timedelta = timedelta(0)  # how long a key is honoured, for KEYED
    visible_after: timedelta = timedelta(0)  # how long a read-back may lag behind a send, for LOOKUP
    threads: bool = False
    markup: Markup = "plain"
    marks: frozenset[str] = frozenset()  # the span kinds it takes
    mentions: str = ""  # how the address of an account here begins, where a link to one is a mention
    fallback: bool = False  # takes the words without markup as well
    fields: Mapping[str, TextRule] = field(default_factory=dict)  # the rules of `title` and `summary`, if it has any
    card: bool = False  # takes a link card made by us
    thumb: MediaRule | None = None  # the rule for a card's picture, where it differs from `media`
    link_in_text: bool = True  # whether the post's own link belongs in the words
    hashtags: bool = True
    safe_statuses: frozenset[int] = frozenset({429})  # HTTP statuses after which nothing was certainly accepted
    needs_credentials: bool = True
    needs_account: bool = False
    default_base_url: str | None = None
    options: frozenset[str] = frozenset()  # channel settings of its own
    required_options: frozenset[str] = frozenset()  # those of them that a channel must have
    limits: frozenset[str] = frozenset()  # those of LIMITS that a channel may set
    can_find: bool = False
    edits: frozenset[str] = (
        frozenset()
    )  # what of a message can be changed once it is out: "text", "media", "card", "page"
    can_look: bool = False  # what stands at a receipt can be read: whether it is there still, and in our words
    can_retract: bool = False
    retract_window: timedelta | None = None  # how long after a send it can be taken down; None: for ever
    public_media: bool = False  # fetches pictures and films itself, from a public address
    metrics: frozenset[str] = frozenset()  # what it counts of a message: names of `Metric`
    can_hear: bool = False  # what readers answer can be read
    price: Price | None = None  # what a message costs
    version: ApiVersion | None = None  # where the version of the API is a thing that grows old
    # Where a person writes a post: the first of these whose fields can all be filled is shown. Fields: {text}, {link}, {title},
    # percent-encoded, and as they are {server} (the channel's base_url) and {account}.
    compose_links: tuple[str, ...] = ()

    def limited(self, limits: Mapping[str, int]) -> "Traits":
        """These traits with a channel's own limits in place of the network's, as far as the network lets a channel set them."""
        found = self
        for name in limits.keys() & self.limits:
            for path in LIMITS[name]:
                found = _with(found, path.split("."), limits[name])
        return found

    def limit(self, name: str) -> int | None:
        """What one of LIMITS is; None where there is none."""
        found: Any = self
        for part in LIMITS[name][0].split("."):
            found = getattr(found, part, None)
        return None if found is None else int(found)


def _with(rule: Any, path: Sequence[str], value: int) -> Any:
    """A copy of a rule in which the field at the end of the path has another value; as it is, where the path leads nowhere."""
    name, *rest = path
    inner = getattr(rule, name)
    if rest and inner is None:
        return rule
    return replace(rule, **{name: _with(inner, rest, value) if rest else value})


class Metric(StrEnum):
    """What networks count of a message, one name each for what they call differently."""

    VIEWS = "views"
    REACH = "reach"  # people or accounts that saw it
    LIKES = "likes"
    REPLIES = "replies"
    SHARES = "shares"  # reposts, boosts, re-pins
    QUOTES = "quotes"
    SAVES = "saves"  # bookmarks
    CLICKS = "clicks"  # on its link or card


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the network answered to an accepted send: its `id` for the message, the public `url`, and what else a later
    step needs (`data`, e.g. Bluesky's cid)."""

    id: str
    url: str | None = None
    data: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        return {"id": self.id, "url": self.url, "data": dict(self.data)}

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        return cls(data["id"], data["url"], data["data"])


@dataclass(frozen=True, slots=True)
class Sighting:
    """What stands on the network where a receipt points: its words as the network tells them, and whether it is not what
    was sent. What a network makes of words by itself is no change. `note` is what the network says besides, for a person: that
    readers do not see it, say."""

    text: str
    changed: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Refused:
    """The network said no, for good: sending the same again cannot help. `code` is the network's own word or status."""

    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Certainly not accepted, and worth another try: not before `until` if the network said so."""

    reason: str
    until: datetime | None = None
    needs_person: bool = False  # credentials, quota or permission: trying again at once is useless


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been accepted: the reply was lost or says nothing. Only settling may follow, never a plain retry."""

    reason: str


Outcome = Accepted | Refused | Deferred | Unknown


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are, as far as the network tells. `rights` are scopes or permissions by the network's own names,
    `lacking` those that publishing needs and they have not."""

    account: str
    url: str | None = None
    expires_at: datetime | None = None
    rights: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reader answered to a message. `parent` is the id of the message or reply that it answers."""

    id: str
    author: str
    text: str
    at: datetime
    url: str | None = None
    parent: str | None = None


# --- what the log says ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """One step of one delivery. `data` holds JSON values only; which keys each kind has stands in ledger/fold.py."""

    kind: str
    delivery: Delivery
    data: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        return {"kind": self.kind, "delivery": str(self.delivery), **self.data}

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        rest = {k: v for k, v in data.items() if k not in ("kind", "delivery")}
        return cls(data["kind"], Delivery.parse(data["delivery"]), rest)


class Status(StrEnum):
    """Where a delivery stands."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"  # an intent is in the log and no outcome: if its worker died, it must be settled
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    HELD = "held"
    HANDED = "handed"  # given to the person who posts on its channel, and not known to be out
    PUBLISHED = "published"
    REFUSED = "refused"
    MISSED = "missed"
    RETRACTED = "retracted"  # it was out, and was taken down
    DROPPED = "dropped"  # planned once; Git does not want it any more
    SKIPPED = "skipped"  # it is not to go out: a person said so, or the rule of a pause


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to act on a delivery until `until`, by S3's clock. A later claim has a greater `epoch`."""

    worker: str
    epoch: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """A send that was announced in the log: what was about to be sent, and under which key. `at` is by S3's clock."""

    segment: int
    digest: str
    key: str
    at: datetime
    deposit: Mapping[str, Json] = field(default_factory=dict)  # what the network had been left ahead of it


@dataclass(frozen=True, slots=True)
class Change:
    """An edit or a takedown of what is out, announced in the log and not known to be done: `digest` is of the words that
    are to stand there afterwards ("" after a takedown). Doing it again does no harm, so it is never in doubt for long."""

    what: Literal["edit", "retract"]
    digest: str
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands on the network in the place of one message (counted from 0): the beginning of its `text` there and the `digest` of
    all of it, or None: it is gone."""

    segment: int
    text: str | None
    digest: str = ""

    def to_json(self) -> list[Json]:
        return [self.segment, self.text, self.digest]


@dataclass(frozen=True, slots=True)
class Drift:
    """Where what is out is not as it was sent, as it was last seen: somebody changed or removed it on the network itself. `at` is when
    it was seen first, by S3's clock; a person may have let it stand (`kept`) or have ordered it undone."""

    seen: tuple[Seen, ...]
    at: datetime
    kept: bool = False
    undo: bool = False
    refused: str = ""  # why the network would not have it undone

    @property
    def open(self) -> bool:
        """Whether nobody has said yet what is to become of it."""
        return not self.kept and not self.undo

    @property
    def gone(self) -> tuple[int, ...]:
        """The messages that are not there any more."""
        return tuple(seen.segment for seen in self.seen if seen.text is None)


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """What the log says of one delivery: the fold of its events."""

    delivery: Delivery
    status: Status
    digest: str = ""  # of the variant last planned
    source: str = ""  # digest of what Git said when it was planned
    content: str = ""  # digest of the post's own file and media then: only a change of these edits what is out
    said: str = ""  # digest of the bare words and pictures: equal for two posts that say the same
    slot: str = ""  # the set of slots that `due` was given from
    engine: str = ""  # digest of the presstime that rendered it: its version, its templates
    due: datetime | None = None
    commit: str = ""
    path: str = ""
    origin: Mapping[str, str] = field(default_factory=dict)  # commit, blob, people and keys of what was planned
    reason: str = ""
    review: bool = False  # unknown, and only a person can tell
    claim: Claim | None = None
    epoch: int = 0
    intent: Intent | None = None
    receipts: tuple[Receipt, ...] = ()  # one per accepted segment, in order
    sent_digest: str = ""  # of the variant the receipts belong to
    attempts: int = 0
    deferred: Intent | None = (
        None  # the last announced send that was put off: what the network was left for it may be used again
    )
    deferrals: int = 0  # one after the other, each after a try
    until: datetime | None = None  # of a deferral; of what was handed to a person: the end of its time
    url: str | None = None
    done: datetime | None = None  # when it was published, by S3's clock
    change: Change | None = None  # an edit or takedown under way
    final: str = ""  # digest of an edit, or "retract", that the network refused: it is not tried again
    handed: datetime | None = None  # when it was last given to a person to post, by S3's clock
    reminded: int = 0  # how often that person was reminded since
    needs_person: bool = False  # of a deferral: trying again is of no use before a person did something
    told: str = ""  # the problem that people were told of, in a word: once, however often it is tried again
    withdrawn: bool = False  # a person had it taken down, whatever Git says
    moved: datetime | None = None  # the instant that Git names, where a pause has moved `due` away from it
    first: datetime | None = None  # when the log first heard of it, by S3's clock
    edited: datetime | None = None  # when what is out was changed by us last, by S3's clock
    drift: Drift | None = None
    lost: tuple[Receipt, ...] = ()  # of what is gone from the network, where a person wants it sent again
    fresh: int = 0  # the epoch of that order: what older claims tell is of what is gone
    entry: int = 0  # the log entry that changed it last

    @property
    def begun(self) -> bool:
        """Whether something may already be on the network."""
        return bool(self.receipts) or self.intent is not None or bool(self.lost)

    @property
    def is_lost(self) -> bool:
        """Whether it is gone from the network and to be sent again, and nothing of that was begun."""
        return bool(self.lost) and not self.receipts and self.intent is None

    @property
    def needs_look(self) -> bool:
        """Whether a person should look: nobody else can tell, or it is tried again and again, or the network said no."""
        if self.review or (self.change is not None and self.reason != ""):
            return True
        left = self.status is Status.REFUSED and self.final != ""
        return self.status in (Status.UNKNOWN, Status.REFUSED, Status.DEFERRED, Status.HELD) and not left


# --- what is to be done -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the plan. `reason` is a sentence for people; every action has one."""

    delivery: Delivery
    action: Literal["publish", "wait", "edit", "retract", "hold", "missed", "skip", "note"]
    due: datetime | None
    reason: str
    digest: str = ""
    path: str = ""
    paused: bool = False  # a hold for no other reason than that a person has paused it: nothing is wrong with it
    drifted: bool = False  # a note of a drift, or its undoing: nothing that Git says anew

    @property
    def acts(self) -> bool:
        """Whether there is something to be done on the network now."""
        return self.action in ("publish", "edit", "retract")

    def to_json(self) -> JsonObject:
        return {
            "delivery": str(self.delivery),
            "action": self.action,
            "due": to_iso(self.due) if self.due else None,
            "reason": self.reason,
            "digest": self.digest or None,
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the content or the settings, with the place and what to do. `line` and `column` count from 1."""

    path: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    code: str
    message: str
    advice: str

    def to_json(self) -> JsonObject:
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "advice": self.advice,
        }

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.severity} [{self.code}] {self.message}\n    {self.advice}"


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(p.severity == "error" for p in problems)


def with_payloads(variant: Variant, payloads: Sequence[JsonObject]) -> Variant:
    """The same variant with each segment's network payload filled in."""
    return replace(
        variant, segments=tuple(replace(s, payload=p) for s, p in zip(variant.segments, payloads, strict=True))
    )
