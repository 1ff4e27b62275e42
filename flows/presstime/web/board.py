"""What is coming and what became of it, arranged for people. It asks `plan` and `render` and has no opinion of its own."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from presstime.clock import to_local
from presstime.errors import LedgerError, RenderError
from presstime.model import (
    Action,
    Attachment,
    Delivery,
    DeliveryState,
    Segment,
    Span,
    Status,
    Traits,
    Variant,
    digest_of,
)
from presstime.networks import load
from presstime.plan.drift import told
from presstime.publish.cost import cost_of, money
from presstime.publish.sync import Sync
from presstime.render.entities import convention_of, find
from presstime.web.looks import Look, folded, look_of, part
from presstime.web.marks import words

if TYPE_CHECKING:
    from markupsafe import Markup

OVER = ("published", "retracted", "missed", "skipped", "dropped")  # nothing more comes of these by itself
STATES = {
    "wait": "planned",
    "publish": "due",
    "hold": "held",
    "note": "noted",
    "skip": "skipped",
}  # of actions, as people say it
HTML = ("html", "chat-html")
SAFE = re.compile(r"[a-z0-9_-][a-z0-9_.-]{0,99}")
ESCAPED = re.compile(r"\\(.)|\{hashtag\|\\#\|([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Message:
    """One segment as its readers see it: `words` before the network's fold and `rest` behind it, or a whole `page` of HTML."""

    words: "Markup"
    rest: "Markup"
    page: str
    media: tuple[Attachment, ...]
    segment: Segment


@dataclass(frozen=True, slots=True)
class Card:
    """One delivery on one channel. `at` is its instant, `local` the same by the channel's clock; `state` is a word of STATES or a
    status of the log; `trouble` says why nothing can be shown. Of a rehearsal, `met` are the faults that it met and `late` the minutes
    that it was out too late."""

    delivery: Delivery
    account: str
    network: str
    title: str
    look: Look
    at: datetime
    local: datetime
    zone: str
    state: str
    reason: str = ""
    url: str | None = None
    digest: str = ""
    messages: tuple[Message, ...] = ()
    variant: Variant | None = None
    trouble: str = ""
    cost: str = ""
    met: tuple[str, ...] = ()
    late: int = 0
    drift: str = ""  # what was changed or removed on the network since, as a sentence without its end
    there: tuple[str, ...] = ()  # the words that stand there instead

    @property
    def anchor(self) -> str:
        return re.sub(r"[^A-Za-z0-9_.-]", "-", f"{self.delivery.channel}-{self.delivery.occurrence}")


@dataclass(frozen=True, slots=True)
class Story:
    """A post with its deliveries, in the order of their instants."""

    id: str
    title: str
    path: str
    campaign: str
    cards: tuple[Card, ...]

    @property
    def file(self) -> str:
        """Its page: the id, where every file system and web server takes that and keeps it apart from others."""
        if SAFE.fullmatch(self.id):
            return f"post/{self.id}.html"
        return f"post/{re.sub(r'[^a-z0-9_-]+', '-', self.id.lower())[:60]}.{digest_of(self.id.encode())[:10]}.html"


class Pictures:
    """Pictures by the digest of their bytes. These lie in a folder that goes when this does: those of a large newsroom are more
    than its machine may have memory for."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="presstime-preview-")
        self._items: dict[str, Attachment] = {}

    def __contains__(self, item: Attachment) -> bool:
        return item.digest in self._items

    def add(self, item: Attachment, content: bytes) -> None:
        if item not in self:
            (Path(self._folder.name) / item.digest).write_bytes(content)
            self._items[item.digest] = item

    def each(self) -> Iterator[tuple[Attachment, bytes]]:
        for digest, item in self._items.items():
            yield item, (Path(self._folder.name) / digest).read_bytes()


@dataclass
class Board:
    """Everything that the pages show, as it stood at `now`. `rehearsed`: all of it was made up by a rehearsal."""

    name: str
    zone: str
    now: datetime
    commit: str
    stories: list[Story]
    groups: Mapping[str, Sequence[str]]
    problems: int = 0
    pictures: Pictures = field(default_factory=Pictures)
    rehearsed: bool = False

    def cards(self) -> Iterator[tuple[Story, Card]]:
        """Every delivery with its post, in the order of their instants."""
        pairs = [(story, card) for story in self.stories for card in story.cards]
        return iter(sorted(pairs, key=lambda pair: (pair[1].at, str(pair[1].delivery))))

    def coming(self) -> list[tuple[Story, Card]]:
        return [(story, card) for story, card in self.cards() if card.state not in OVER]

    def past(self) -> list[tuple[Story, Card]]:
        """What is over, the newest first."""
        over = [(story, card) for story, card in self.cards() if card.state in OVER]
        return sorted(over, key=lambda pair: pair[1].at, reverse=True)  # which keeps the order of those of one instant

    def note_rehearsal(self, told: Mapping[Delivery, tuple[tuple[str, ...], int]]) -> None:
        """Say of each delivery which faults it met and how many minutes late it was."""
        self.rehearsed = True
        self.stories = [
            replace(
                story,
                cards=tuple(_with(c, met=m, late=n) for c in story.cards for m, n in [told.get(c.delivery, ((), 0))]),
            )
            for story in self.stories
        ]

    def local(self, at: datetime) -> datetime:
        """An instant by the newsroom's clock."""
        return to_local(at, self.zone)


def board(sync: Sync, now: datetime, past: timedelta, known: bool = True) -> Board:
    """The newsroom at `now`: what the plan has for it, and what went out within `past`. Without a log (`known` False) nothing is
    said of what is over."""
    settings = sync.newsroom.settings
    found = Board(
        settings.name,
        settings.timezone,
        now,
        sync.newsroom.commit or "",
        [],
        settings.groups,
        len(sync.newsroom.loaded.problems),
    )
    cards: dict[str, list[Card]] = {}
    about: dict[str, tuple[str, str, str]] = {}
    for action in sync.actions(now, told=False):
        if (
            action.due is None
            or action.drifted
            or (not known and action.due < now)
            or (action.action == "missed" and action.due < now - past)
        ):
            continue
        cards.setdefault(action.delivery.post, []).append(_planned(sync, action, found))
    for state in _published(sync, now - past) if known else ():
        if all(card.delivery != state.delivery for card in cards.get(state.delivery.post, ())):
            cards.setdefault(state.delivery.post, []).append(_out(sync, state, found))
    for name, own in cards.items():
        post = sync.newsroom.loaded.of_id(name)
        whole = sync.newsroom.loaded.whole(post) if post else None
        about[name] = (whole.title or name, whole.path, whole.campaign or "") if whole else (name, "", "")
        title, path, campaign = about[name]
        found.stories.append(
            Story(name, title, path, campaign, tuple(sorted(own, key=lambda c: (c.at, str(c.delivery)))))
        )
    found.stories.sort(key=lambda story: (story.cards[0].at, story.id))
    return found


def _published(sync: Sync, since: datetime) -> Iterable[DeliveryState]:
    for state in sync.ledger.cache.standing(Status.PUBLISHED):
        if state.done is not None and state.done >= since:
            yield state


def _planned(sync: Sync, action: Action, found: Board) -> Card:
    said = STATES.get(action.action, action.action)
    card = _blank(sync, action.delivery, action.due or found.now, said, action.reason)
    state = sync.ledger.state(action.delivery)
    card = _with(card, url=state.url if state else None)  # where it is out already, what is planned changes it there
    wanted = sync.wanted(action.delivery)
    if wanted is None:
        return card
    try:
        rendered = sync.words.render(wanted.post, wanted.target)
    except RenderError as error:
        return _with(card, trouble=error.told)
    for item in rendered.variant.attachments():
        if item.digest in rendered.files:
            found.pictures.add(item, rendered.files[item.digest])
    return _shown(sync, card, rendered.variant)


def _out(sync: Sync, state: DeliveryState, found: Board) -> Card:
    """What was sent, as the log has it."""
    card = _blank(sync, state.delivery, state.due or found.now, state.status, state.reason)
    if state.drift is not None:
        there = tuple(seen.text for seen in state.drift.seen if seen.text is not None)
        card = _with(card, drift=told(state.drift, len(state.receipts), quoting=False), there=there)
    try:
        variant = Variant.from_json(sync.ledger.payload(state.sent_digest))
    except LedgerError as error:
        return _with(card, trouble=error.told, url=state.url)
    for item in variant.attachments():
        if item not in found.pictures:
            try:
                found.pictures.add(item, sync.words.reread(variant, item))
            except Exception:  # noqa: S112 - a picture that is not in Git any more is not shown
                continue
    return _shown(sync, _with(card, url=state.url), variant)


def _blank(sync: Sync, delivery: Delivery, at: datetime, state: str, reason: str) -> Card:
    channel = sync.newsroom.settings.channels.get(delivery.channel)
    zone = (channel.timezone if channel else None) or sync.newsroom.settings.timezone
    network = channel.network if channel else ""
    title = load(network).traits.title if channel else delivery.channel
    account = (channel.account if channel else None) or delivery.channel
    return Card(delivery, account, network, title, look_of(network), at, to_local(at, zone), zone, str(state), reason)


def _shown(sync: Sync, card: Card, variant: Variant) -> Card:
    traits = load(variant.network).traits
    messages = tuple(_message(segment, traits, card.look) for segment in variant.segments)
    cost = (
        "" if sync.words.assisted(card.delivery.channel) else _cost(variant, traits)
    )  # where a person posts, no API is paid
    return _with(card, variant=variant, digest=variant.digest, messages=messages, cost=cost)


def _with(card: Card, **more: object) -> Card:
    return replace(card, **more)  # type: ignore[arg-type]


def _message(segment: Segment, traits: Traits, look: Look) -> Message:
    if traits.markup in HTML:
        return Message(words("", ()), words("", ()), segment.text, segment.media, segment)
    text, spans = segment.text, segment.spans
    if traits.markup == "littletext":  # what LinkedIn makes of it
        text = ESCAPED.sub(lambda m: m[1] or f"#{m[2]}", text)
    if traits.markup != "spans":
        spans = tuple(
            Span(e.start, e.end, e.kind, e.value) for e in find(text, convention_of(traits)) if e.kind != "cashtag"
        )
    fold, end = folded(text, spans, look.fold), len(text)
    before, behind = words(text[:fold], part(spans, 0, fold)), words(text[fold:], part(spans, fold, end))
    return Message(before, behind, "", segment.media, segment)


def _cost(variant: Variant, traits: Traits) -> str:
    """What the network charges for it, e.g. `0.215 USD`."""
    if traits.price is None:
        return ""
    cost = cost_of(variant.delivery, traits, traits.price, variant.segments)
    return f"{money(cost.amount)} {cost.currency}"
