"""What a person has stopped, and until when: everything, a channel, a group, or a campaign. Pure.

A pause holds from its entry in the log on, until its own end or until somebody resumes it. What comes due meanwhile is kept back;
its `rule` says what becomes of that afterwards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self, get_args

from presstime.model import Delivery, JsonObject, from_iso, to_iso

EVERY_POST = "*"  # in place of a post's id, which never is this
BY_COMMIT = "commit"  # in place of an occurrence: the pause stands in presstime.toml
KEPT = timedelta(days=62)  # how long a pause that is over is remembered: as long as occurrences are looked back for

Kind = Literal["everything", "channel", "group", "campaign"]
# What becomes of what was kept back: `release` lets out what its late rule still allows, spaced; `reschedule` moves it by the length of
# the pause, and its late rule counts from there; `skip` lets none of it out.
Rule = Literal["release", "reschedule", "skip"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What a pause is of. Everything has no name."""

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()

    @property
    def where(self) -> Delivery:
        """What the events of its pauses stand under: every post there."""
        name = self.name.replace("%", "%25").replace("/", "%2F")
        return Delivery(EVERY_POST, f"{self.kind}:{name}" if name else self.kind)

    @classmethod
    def of(cls, where: Delivery) -> Self:
        """The inverse of `where`."""
        kind, _, name = where.channel.partition(":")
        return cls(kind, name.replace("%2F", "/").replace("%25", "%"))  # type: ignore[arg-type]


EVERYTHING = Scope("everything")


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause. `since` and `ended` are by S3's clock; `ended` is when somebody resumed it; `commit` is the one it stands in, or
    that took it out, "" where a person said it; `entry` is the log entry that made it what it is."""

    scope: Scope
    since: datetime
    by: str
    reason: str
    until: datetime | None = None
    rule: Rule = "release"
    gap: timedelta = timedelta(0)
    commit: str = ""
    entry: int = 0
    ended: datetime | None = None

    @property
    def end(self) -> datetime | None:
        """When it ended or will end; None: when somebody says so."""
        return min((at for at in (self.until, self.ended) if at), default=None)

    def holds(self, at: datetime) -> bool:
        return self.end is None or at < self.end

    @property
    def told(self) -> str:
        """What a plan says of it; nothing that changes with time, since a reason that changes is news."""
        until = f"until {_utc(self.until)}" if self.until else "until somebody resumes it"
        return f"{self.scope} is paused by {self.by} since {_utc(self.since)}, {until}: {self.reason}"

    def to_json(self) -> JsonObject:
        return {
            "since": to_iso(self.since),
            "by": self.by,
            "reason": self.reason,
            "until": self.until and to_iso(self.until),
            "rule": self.rule,
            "gap": self.gap.total_seconds(),
            "commit": self.commit,
            "entry": self.entry,
            "ended": self.ended and to_iso(self.ended),
        }

    @classmethod
    def from_json(cls, scope: Scope, data: JsonObject) -> Self:
        instants = {name: data[name] and from_iso(data[name]) for name in ("since", "until", "ended")}
        return cls(scope, **{**data, **instants, "gap": timedelta(seconds=data["gap"])})


def scopes_of(channel: str, groups: Mapping[str, Sequence[str]], campaign: str | None) -> frozenset[Scope]:
    """Everything that a delivery is a part of, as far as a pause is concerned."""
    found = {EVERYTHING, Scope("channel", channel)}
    found |= {Scope("group", name) for name, members in groups.items() if channel in members}
    return frozenset(found | ({Scope("campaign", campaign)} if campaign else set()))


def holding(pauses: Iterable[Pause], scopes: Iterable[Scope], at: datetime) -> Pause | None:
    """The pause that holds a delivery of these scopes at an instant; of several, the one that ends last."""
    scopes = frozenset(scopes)
    found = [pause for pause in pauses if pause.scope in scopes and pause.holds(at)]
    return max(found, key=lambda p: (p.end is None, p.end or p.since, p.entry), default=None)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a pause may hold: a delivery by its scopes, and the instant before which it does not go out. Nothing holds what has no
    scopes."""

    scopes: frozenset[Scope] = frozenset()
    due: datetime | None = None

    def held_by(self, pauses: Iterable[Pause], now: datetime) -> Pause | None:
        return holding(pauses, self.scopes, max(now, self.due) if self.due else now)


UNHELD = Subject()


# --- what events make of them -----------------------------------------------------------------------------------------


def after_paused(
    before: Sequence[Pause], where: Delivery, data: JsonObject, at: datetime, entry: int
) -> tuple[Pause, ...]:
    """The pauses of a scope after a `paused` event. What is paused already is only ever made longer by a person: whoever stops
    something must not set free what a colleague wants stopped. A commit says the whole of it anew."""
    news = Pause(
        Scope.of(where),
        since=at,
        by=data["by"],
        reason=data["reason"],
        until=from_iso(data["until"]) if data.get("until") else None,
        rule=data["rule"],
        gap=timedelta(seconds=data["gap"]),
        commit=data.get("commit", ""),
        entry=entry,
    )
    kept = [pause for pause in before if pause.end is None or pause.end > at - KEPT]
    if not kept or not kept[-1].holds(at):
        return (*kept, news)
    last = kept.pop()
    news = replace(news, since=last.since)
    if where.occurrence != BY_COMMIT:
        longer = None if last.until is None or news.until is None else max(last.until, news.until)
        reason = last.reason if news.reason in last.reason else f"{last.reason}; {news.by}: {news.reason}"
        news = replace(news, by=last.by, reason=reason, until=longer)
    return (*kept, news)


def after_resumed(before: Sequence[Pause], data: JsonObject, at: datetime) -> tuple[Pause, ...]:
    """The pauses of a scope after a `resumed` event, which may say another rule for what was kept back."""
    if not before or not before[-1].holds(at):
        return tuple(before)
    *kept, last = before
    gap = timedelta(seconds=data["gap"]) if data.get("gap") is not None else last.gap
    commit = data.get("commit") or last.commit
    return (*kept, replace(last, ended=at, rule=data.get("rule") or last.rule, gap=gap, commit=commit))


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
