"""The [pause] tables of presstime.toml: what is stopped by a commit, why, until when, and what becomes of it afterwards."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from presstime.clock import parse_duration, parse_instant, resolve_local
from presstime.pauses import EVERYTHING, RULES, Rule, Scope
from presstime.problems import shorten, suggest
from presstime.settings.tables import Table

CAMPAIGN = "campaign:"
GAP = timedelta(minutes=5)  # between what is let out after a pause, where neither it nor [defaults] min_gap says one


@dataclass(frozen=True, slots=True)
class Stop:
    """One scope that presstime.toml pauses."""

    scope: Scope
    reason: str
    until: datetime | None = None
    rule: Rule = "release"
    gap: timedelta = GAP


def scope_named(text: str, channels: Collection[str], groups: Collection[str]) -> Scope:
    """What a person calls a scope: `everything`, the name of a channel or a group, or `campaign:NAME`. Raises ValueError."""
    if text == "everything":
        return EVERYTHING
    if text.startswith(CAMPAIGN) and text != CAMPAIGN:
        return Scope("campaign", text.removeprefix(CAMPAIGN).strip())
    if text in channels:
        return Scope("channel", text)
    if text in groups:
        return Scope("group", text)
    raise ValueError(f"there is no channel or group {shorten(text)}")


def read_pauses(
    table: Table, channels: Collection[str], groups: Collection[str], zone: str, min_gap: timedelta
) -> tuple[Stop, ...]:
    """Every scope that the tables below [pause] name, each once: the first that names it counts."""
    found: dict[Scope, Stop] = {}
    for _, one in table.named_tables():
        reason = one.text("reason")
        if reason is None and "reason" not in one:
            one.error(None, "missing-key", "a pause says no reason", 'Add reason = "...": people will ask.')
        until, gap = _until(one, zone), _gap(one, min_gap)
        resume = one.one_of("resume", RULES)
        rule: Rule = next((r for r in RULES if r == resume), "release")
        for scope in _scopes(one, channels, groups):
            if scope in found:
                one.error("what", "duplicate-name", f"{scope} is paused twice", "Say it in one of the tables.")
            found.setdefault(scope, Stop(scope, reason or "", until, rule, gap))
        one.warn_of_unread()
    return tuple(found.values())


def _scopes(table: Table, channels: Collection[str], groups: Collection[str]) -> list[Scope]:
    if "what" not in table:
        table.error(None, "missing-key", "a pause does not say what it is of", 'Add e.g. what = "everything".')
    found = []
    for text in table.texts("what") or ():
        try:
            found.append(scope_named(text, channels, groups))
        except ValueError as error:
            choices = ["everything", *channels, *groups]
            table.error("what", "unknown-channel", str(error), suggest(text, choices, "choices, beside campaign:NAME"))
    return found


def _until(table: Table, zone: str) -> datetime | None:
    """TOML's own dates are as good as texts."""
    value = table.take("until")
    if value is None:
        return None
    try:
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        found = value if isinstance(value, datetime) else parse_instant(str(value))
        return found if found.tzinfo else resolve_local(found, zone)
    except ValueError as error:
        table.error(
            "until", "bad-time", f"{shorten(str(value))} is not a time: {error}", "Write e.g. 2026-03-24T09:00."
        )
        return None


def _gap(table: Table, min_gap: timedelta) -> timedelta:
    text = table.text("gap")
    try:
        return parse_duration(text) if text else min_gap or GAP
    except ValueError as error:
        table.error("gap", "bad-duration", str(error), 'Write e.g. gap = "10m".')
        return GAP
