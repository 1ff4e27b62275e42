"""Instants, zones and the rules for local times that do not exist or exist twice; weekly slots, recurrence, quiet hours. The
only user of pendulum and dateutil.

The rule is ours, not a library's: a local time that a zone skips is refused, one that comes twice is the first of the two
unless `fold: 2` says the second. Both are decided from the zone's offsets on either side (PEP 495), and checked in the
tests against the zone's own UTC-to-local map. Pendulum 3 moves a skipped time silently and takes the second of two.

A time that nobody wrote down (a weekly slot, an occurrence of a rule) cannot be refused: where the clocks skip it, it is
read with the offset before the jump, as RFC 5545 (3.3.5) has it, so 02:30 becomes 03:30.
"""

import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import time as clock_time
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

# Both are patterns of the front matter's JSON Schema, too: nothing may stand here that ECMA-262 reads otherwise.
INSTANT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)? *([Zz]|UTC|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
DURATION = re.compile(r"(?:(\d{1,6})d)? *(?:(\d{1,6})h)? *(?:(\d{1,6})m)? *(?:(\d{1,6})s)?", re.ASCII)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SLOT = re.compile(r"([A-Za-z]{2,9}) +(\d{1,2}):(\d{2})", re.ASCII)
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST"}
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
WEEK = timedelta(weeks=1)
OCCURRENCES_MAX = 20_000  # looked through from a rule's start: a daily one for fifty years
YEARS = range(1900, 3000)  # outside of these a date is a slip of the pen, and near the ends no zone can be applied


class NonExistentLocalTime(ValueError):
    """A local time that the zone's clocks skip. `before` and `after` are the nearest naive local times that exist:
    the last full minute before the gap and the first instant after it."""

    def __init__(self, naive: datetime, zone: str, before: datetime, after: datetime) -> None:
        super().__init__(f"{naive:%Y-%m-%d %H:%M} does not exist in {zone}: the clocks skip it")
        self.before = before
        self.after = after


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds that no setting of the clock changes, and that also pass while the machine sleeps where the system can tell
    (Linux, CLOCK_BOOTTIME)."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(boot) if boot is not None else time.monotonic()


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo:
    """The rules of a zone. Pendulum's zones are these with more to them, and take as long to import as half of `check`.

    Raises ValueError for a name of no zone."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo("UTC" if name.upper() == "UTC" else name)
    except (KeyError, OSError):  # OSError: "Europe" is a folder of the database
        raise ValueError(f"there is no time zone {_quote(name)}") from None


def zone_exists(name: str) -> bool:
    """Whether the IANA database has a zone of that name."""
    try:
        _zone(name)
    except ValueError:
        return False
    return True


def resolve_local(naive: datetime, zone: str, fold: int | None = None) -> datetime:
    """The instant, in UTC, at which clocks in `zone` show `naive`.

    A time that comes twice is the first of the two, or the second if `fold` is 2. Raises `NonExistentLocalTime` for a
    time the zone skips, ValueError for an unknown zone.
    """
    rules = _zone(zone)
    try:
        first = naive.replace(tzinfo=rules, fold=0).astimezone(UTC)
        second = naive.replace(tzinfo=rules, fold=1).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{naive.isoformat()} is at the end of the calendar") from None
    if first > second:  # the offset before the jump is the smaller one: no instant shows this time
        raise _gap(naive, zone, rules, second, first)
    return second if fold == 2 else first


def moved_local(naive: datetime, zone: str) -> datetime:
    """As `resolve_local`, but a time that the zone skips is moved behind the jump by as much. Raises ValueError."""
    try:
        return resolve_local(naive, zone)
    except NonExistentLocalTime:
        return naive.replace(tzinfo=_zone(zone), fold=0).astimezone(UTC)


def to_local(instant: datetime, zone: str) -> datetime:
    """What clocks in `zone` show at an instant, naive."""
    return instant.astimezone(_zone(zone)).replace(tzinfo=None)


def _gap(naive: datetime, zone: str, rules: tzinfo, low: datetime, high: datetime) -> NonExistentLocalTime:
    """The refusal of `naive`. The jump lies after `low` and not after `high`: halve until its second is known."""
    offset = low.astimezone(rules).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        middle = middle if middle > low else low + timedelta(seconds=1)
        if middle.astimezone(rules).utcoffset() == offset:
            low = middle
        else:
            high = middle
    jump = high.replace(microsecond=0)
    after = jump.astimezone(rules).replace(tzinfo=None)
    last = (jump - timedelta(seconds=1)).astimezone(rules).replace(tzinfo=None)
    return NonExistentLocalTime(naive, zone, last.replace(second=0), after)


def parse_instant(text: str) -> datetime:
    """A date-time as site generators write it: aware (in UTC) if it has an offset, else naive; a bare date is 00:00.

    Raises ValueError, quoting it, for anything else.
    """
    match = INSTANT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{_quote(text)} is not a date-time")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if int(year) not in YEARS:
        raise ValueError(f"{text!r}: the year {year} cannot be meant; write a year from {YEARS[0]} to {YEARS[-1]}")
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    try:
        naive = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro)
    except ValueError as error:
        raise ValueError(f"{text!r} is not on any calendar or clock: {error}") from None
    return naive if offset is None else (naive - _offset(offset)).replace(tzinfo=UTC)


def _quote(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}...")


@lru_cache(maxsize=256)
def _offset(written: str) -> timedelta:
    if written in ("Z", "z", "UTC"):
        return timedelta(0)
    hours, minutes = int(written[1:3]), int(written[-2:]) if len(written) > 3 else 0
    if hours > 15 or minutes > 59:
        raise ValueError(f"no place has the offset {written}: write hours and minutes, e.g. +01:00")
    return timedelta(hours=hours, minutes=minutes) * (-1 if written[0] == "-" else 1)


def parse_duration(text: str) -> timedelta:
    """A length of time: `30s`, `5m`, `2h`, `1d`, or several from large to small, `1h30m`. Raises ValueError."""
    match = DURATION.fullmatch(text.strip())
    if match is None or match.lastindex is None:
        raise ValueError(f"{_quote(text)} is not a length of time: write 30s, 5m, 2h, 1d or 1h30m")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


# --- slots ------------------------------------------------------------------------------------------------------------


class Slot(NamedTuple):
    """A time of the week: weekday 0 is Monday."""

    weekday: int
    hour: int
    minute: int

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday][:3].title()} {self.hour:02d}:{self.minute:02d}"


def parse_slot(text: str) -> Slot:
    """A weekly slot, as `Mon 09:00`. Raises ValueError, saying how to write it."""
    match = SLOT.fullmatch(text.strip())
    day = match[1].lower() if match else ""
    weekdays = [n for n, name in enumerate(WEEKDAYS) if name.startswith(day[:3]) and (len(day) <= 3 or name == day)]
    if match is None or len(weekdays) != 1:
        raise ValueError(f"{_quote(text)} is not a weekly slot: write it like Mon 09:00")
    hour, minute = int(match[2]), int(match[3])
    if hour > 23 or minute > 59:
        raise ValueError(f"{_quote(text)}: there is no such time of day")
    return Slot(weekdays[0], hour, minute)


def slots_after(slots: Sequence[Slot], zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """The instants later than `after` and not later than `until` at which one of the slots is, in order."""
    local = to_local(after, zone)
    monday = datetime.combine(local.date(), clock_time()) - timedelta(days=local.weekday())
    last = None
    while True:
        week = sorted({moved_local(_in_week(monday, slot), zone) for slot in slots})
        for instant in week:
            if instant > until:
                return
            if instant > after and instant != last:
                yield instant
                last = instant
        if not slots:
            return
        monday += WEEK


def is_slot(instant: datetime, slots: Sequence[Slot], zone: str) -> bool:
    """Whether an instant is one of the slots'."""
    return instant in slots_after(slots, zone, instant - timedelta(seconds=1), instant)


def _in_week(monday: datetime, slot: Slot) -> datetime:
    return monday + timedelta(days=slot.weekday, hours=slot.hour, minutes=slot.minute)


# --- recurrence -------------------------------------------------------------------------------------------------------


class Occurrence(NamedTuple):
    """One time of a post that repeats: which one it is (from 1), what local clocks show then, and the instant."""

    number: int
    local: datetime
    at: datetime

    @property
    def name(self) -> str:
        """How it is called in a delivery: the local date and time, as `2026-03-24T09:00`."""
        return self.local.isoformat(timespec="minutes" if not self.local.second else "seconds")


def check_rule(text: str) -> None:
    """Raises ValueError for what is not a recurrence rule (RFC 5545, 3.3.10) that this can follow, or never comes to pass."""
    if next(iter(_rule(text, datetime(2024, 1, 1))), None) is None:
        raise ValueError(f"{_quote(text)} never comes to pass")


def occurrences(rule: str, start: datetime, zone: str, first: datetime, last: datetime) -> Iterator[Occurrence]:
    """The occurrences from `first` to `last` (instants) of a rule that begins at the naive local time `start`, which is the
    first of them. Raises ValueError for a rule that `check_rule` refuses.

    Of a rule without an end no more than OCCURRENCES_MAX are looked through."""
    found = _rule(rule, start)
    count = found._count  # dateutil has no public name for it
    later = (local for local in found if local != start)
    for number, local in enumerate(chain([start], later), 1):
        if number > OCCURRENCES_MAX or (count and number > count):
            return
        at = moved_local(local, zone)
        if at > last:
            return
        if at >= first:
            yield Occurrence(number, local, at)


@lru_cache(maxsize=1024)
def _rule(text: str, start: datetime) -> Any:
    from dateutil.rrule import rrulestr

    parts = dict(part.partition("=")[::2] for part in text.upper().removeprefix("RRULE:").replace(" ", "").split(";"))
    if refusal := _unfollowed(parts):
        raise ValueError(f"{_quote(text)}: {refusal}")
    until = parts.get("UNTIL", "")
    if until.endswith("Z"):  # ours are local times: the instant is compared as it is written
        parts["UNTIL"] = until.removesuffix("Z")
    try:
        return rrulestr(";".join(f"{key}={value}" for key, value in parts.items()), dtstart=start)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"{_quote(text)} is not a recurrence rule: {error}") from None


def _unfollowed(parts: dict[str, str]) -> str:
    """Why a rule cannot be followed; "" if it may be one. What would have to be looked for until the year 9999 is refused."""
    if parts.get("FREQ") not in FREQUENCIES:
        return f"write a rule such as FREQ=WEEKLY;COUNT=4 (FREQ is one of {', '.join(FREQUENCIES)})"
    if unknown := sorted(parts.keys() - RULE_PARTS):
        return f"a rule has no part {unknown[0]} here; the time of day is publish_at's"
    if "COUNT" in parts and "UNTIL" in parts:
        return "a rule has a COUNT or an UNTIL, not both"
    if not parts.get("INTERVAL", "1").isdigit() or int(parts.get("INTERVAL", "1")) < 1:
        return "INTERVAL in a rule is a whole number from 1 on"
    months, days = ([int(n) for n in re.findall(r"-?\d+", parts.get(key, ""))] for key in ("BYMONTH", "BYMONTHDAY"))
    longest = max((LONGEST_MONTHS[m - 1] for m in months if 1 <= m <= 12), default=31)
    if days and min(map(abs, days)) > longest:
        return "no month of the rule has such a day"
    return ""


# --- quiet hours ------------------------------------------------------------------------------------------------------


def is_within(local: clock_time, hours: tuple[clock_time, clock_time]) -> bool:
    """Whether a time of day lies in a span of hours, from the first (included) to the second (not), maybe over midnight."""
    begin, end = hours
    return begin <= local < end if begin <= end else local >= begin or local < end


def after_hours(instant: datetime, hours: tuple[clock_time, clock_time], zone: str) -> datetime:
    """The instant itself, or the end of the span of hours that it lies in."""
    local = to_local(instant, zone)
    if not is_within(local.time(), hours):
        return instant
    end = datetime.combine(local.date(), hours[1])
    return moved_local(end if end > local else end + timedelta(days=1), zone)


def format_local(instant: datetime, zone: str) -> str:
    """An instant for people, with the zone's offset and name: `Tue 24 Mar 2026 09:00 +01:00 (Europe/Paris)`."""
    import pendulum

    return f"{pendulum.instance(instant).in_timezone(zone).format('ddd D MMM YYYY HH:mm Z')} ({zone})"
