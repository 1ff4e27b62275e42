"""The [policy] of presstime.toml: the rules that a newsroom sets for what it says."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, cast

from presstime.clock import parse_duration, parse_instant, resolve_local
from presstime.problems import suggest
from presstime.settings.tables import Table

# What each rule's problems are called. `quiet` says itself how much its own weighs.
WEIGHED = ("forbidden-word", "repeated-text", "broken-link", "too-many-hashtags", "no-link", "no-summary")
QUIET_HOURS = "quiet-hours"
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) *- *([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules; those that are not set ask for nothing."""

    forbidden_words: tuple[str, ...] = ()
    repeat_within: timedelta | None = None
    check_links: bool = False
    quiet_hours: tuple[time, time] | None = None  # from, to: over midnight if `to` is the smaller
    quiet: Literal["move", "hold", "warn"] = "hold"
    max_hashtags: int | None = None
    require_link: bool = False
    require_summary: bool = False
    since: datetime | None = None  # what is due before is left alone, so that an archive need not be rewritten
    warn: frozenset[str] = frozenset()  # codes of rules that only warn

    def severity(self, code: str) -> Literal["error", "warning"]:
        """What breaking a rule is: an error holds the delivery, a warning is told."""
        warns = self.quiet == "warn" if code == QUIET_HOURS else code in self.warn
        return "warning" if warns else "error"

    def covers(self, due: datetime) -> bool:
        return self.since is None or due >= self.since


NO_RULES = Policy()


def read_policy(table: Table, zone: str) -> Policy:
    """The [policy] table. Its local times are of the newsroom's `zone`."""
    policy = Policy(
        forbidden_words=tuple(dict.fromkeys(" ".join(word.split()) for word in table.texts("forbidden_words") or ())),
        repeat_within=_duration(table, "repeat_within"),
        check_links=table.flag("check_links", False),
        quiet_hours=_hours(table),
        quiet=cast(Literal["move", "hold", "warn"], table.one_of("quiet", ("move", "hold", "warn")) or "hold"),
        max_hashtags=table.number("max_hashtags", 3) if "max_hashtags" in table else None,
        require_link=table.flag("require_link", False),
        require_summary=table.flag("require_summary", False),
        since=_since(table, zone),
        warn=_warn(table),
    )
    if "require_alt" in table.unread():
        table.take("require_alt")
        advice = "Write require_alt under [content]: true is what happens without it."
        table.problems.warning((*table.path, "require_alt"), "unknown-key", "policy.require_alt has no meaning", advice)
    table.warn_of_unread()
    return policy


def _duration(table: Table, key: str) -> timedelta | None:
    text = table.text(key)
    try:
        return parse_duration(text) if text else None
    except ValueError as error:
        table.error(key, "bad-duration", str(error), f'Write e.g. {key} = "30d".')
        return None


def _hours(table: Table) -> tuple[time, time] | None:
    text = table.text("quiet_hours")
    match = _HOURS.fullmatch(text.strip()) if text else None
    if match is not None and match[1].zfill(2) + match[2] != match[3].zfill(2) + match[4]:
        return time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if text:
        message = f"policy.quiet_hours = {text!r} is no span of hours"
        table.error("quiet_hours", "bad-value", message, 'Write e.g. quiet_hours = "22:00-07:00".')
    return None


def _since(table: Table, zone: str) -> datetime | None:
    value = table.take("since")
    if value is None:
        return None
    try:
        at = parse_instant(value.isoformat() if isinstance(value, date) else value)
        return at if at.tzinfo is not None else resolve_local(at, zone)
    except (ValueError, AttributeError):  # AttributeError: neither a date nor a text
        table.wrong("since", "a date, e.g. 2026-06-01")
        return None


def _warn(table: Table) -> frozenset[str]:
    codes = table.texts("warn") or ()
    for code in codes:
        if code not in WEIGHED:
            message = f"policy.warn names {code!r}, which is no rule's problem"
            table.error("warn", "bad-value", message, suggest(code, WEIGHED, "codes"))
    return frozenset(codes)
