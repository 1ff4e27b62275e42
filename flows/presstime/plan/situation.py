"""What a plan is made of: what Git wants, what the log knows, and what the plan asks of the stages around it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from presstime.model import Action, Delivery, DeliveryState, Post, Target, Traits, digest_of
from presstime.pauses import Pause

Verdict = Literal["publish", "wait", "edit", "retract", "hold", "missed", "skip", "note"]
ON_TIME = timedelta(minutes=2)  # later than this is late: a tick of a minute, and a minute to spare


@dataclass(frozen=True, slots=True)
class Wanted:
    """What Git wants of one delivery: `source` is the digest of everything in Git that its words come from, `content` of the
    post's own file and media alone."""

    post: Post
    target: Target
    source: str
    content: str = ""
    note: str = ""  # how it came by its instant, in a few words: a slot, an occurrence, the quiet hours
    named: datetime | None = None  # the instant that Git names, where a pause has moved it
    not_before: datetime | None = None  # what is late waits for this: the end of the quiet hours

    @property
    def delivery(self) -> Delivery:
        return self.target.of(self.post.id)


@dataclass(frozen=True, slots=True)
class Difference:
    """How the words that Git has now differ from what is out: `parts` are "text", "media", "card", "page" and "thread" (the
    number of messages). None: readers see the same."""

    digest: str
    parts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gone:
    """Why Git does not want a delivery any more, and whether what is out is to be taken down for it; `asked`: because the
    post says so itself, not because a file is missing."""

    reason: str
    retract: bool = False
    asked: bool = False
    path: str = ""  # of the post that says so


Unapproved = Callable[[Mapping[Delivery, Collection[str]]], Mapping[Delivery, str]]
Compare = Callable[[Post, Target, DeliveryState], Difference]  # raises RenderError


def _same(post: Post, target: Target, state: DeliveryState) -> Difference:
    return Difference(state.sent_digest, frozenset())


@dataclass(frozen=True, slots=True)
class Situation:
    """What the plan depends on beside Git: the log's states, the time, and who is asking.

    `engine` is the digest of what renders; `busy` tells whether a state's claim still belongs to another worker; `min_gap`
    spaces what is late on one channel; `traits` is what a channel's network can do, None if there is no such channel or
    network any more; `compare` renders a published delivery's words of now and holds them against what is out; `gone` says
    why a delivery of the log is not wanted, with no reason where there is nothing to say; `twin` is a published delivery of
    another post that says just the same on the channel; `unapproved` says why deliveries are not approved, of those given with
    the files in which each is new; `last` is when something went out last on a channel, where `states` are not all there are."""

    states: Mapping[Delivery, DeliveryState]
    now: datetime
    engine: str = ""
    lead: timedelta = timedelta(0)  # what is due within it is picked up now, and waited for by whoever sends it
    busy: Callable[[DeliveryState], bool] = lambda state: False
    min_gap: timedelta = timedelta(0)
    traits: Callable[[str], Traits | None] = lambda channel: None
    compare: Compare = field(default=_same)
    gone: Callable[[DeliveryState], Gone] = lambda state: Gone("it is not in Git any more")
    twin: Callable[[Post, Target], DeliveryState | None] = lambda post, target: None
    ahead: Callable[[str], bool] = lambda commit: False
    retract_max: int = 20
    last: Callable[[str], datetime | None] | None = None
    unapproved: Unapproved = lambda files: {}
    pauses: Sequence[Pause] = ()  # by whomever, whether they hold still or are over
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of channels
    assisted: Callable[[str], bool] = lambda channel: False  # whether a person posts on it

    def last_done(self, channel: str) -> datetime | None:
        """When something went out last on a channel."""
        if self.last is not None:
            return self.last(channel)
        done = (s.done for s in self.states.values() if s.done and s.delivery.channel == channel)
        return max(done, default=None)


def source_of(post: Post, target: Target, settings_blob: str, templates: str) -> str:
    """The digest of what Git says about a delivery: the post's file, its media, presstime.toml, the templates."""
    return digest_of([post.blob, [m.blob for m in post.media_on(target)], settings_blob, templates])


def content_of(post: Post, target: Target) -> str:
    """The digest of what a post itself says on a channel: its file and its media. What a template or presstime.toml adds
    is not in it, so that a new footer edits no archive."""
    return post.content_on(target)


def files_of(item: Wanted) -> list[str]:
    """The paths of what a post itself says on a channel: its file and its media."""
    return [item.post.path, *(m.path for m in item.post.media_on(item.target))]


def action_of(item: Wanted, action: Verdict, reason: str, digest: str = "") -> Action:
    return Action(item.delivery, action, item.target.due, reason, digest, item.post.path)


def action_on(state: DeliveryState, action: Verdict, reason: str, digest: str = "") -> Action:
    """An action on a delivery that only the log speaks of."""
    return Action(state.delivery, action, state.due, reason, digest or state.sent_digest, state.path)


def utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span_of(span: timedelta) -> str:
    """A span as people say it: `3 days`, `2 h 5 min`, `40 s`."""
    seconds = int(span.total_seconds())
    if seconds >= 172_800:
        return f"{seconds // 86_400} days"
    if seconds >= 3_600:
        return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
    return f"{seconds // 60} min" if seconds >= 120 else f"{seconds} s"
