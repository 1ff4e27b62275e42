"""Instants, zones and the rules for local times that do not exist or exist twice. The only user of pendulum.

The rule is ours, not a library's: a local time that a zone skips is refused, one that comes twice is the first of the two
unless `fold: 2` says the second. Both are decided from the zone's offsets on either side (PEP 495), and checked in the
tests against the zone's own UTC-to-local map. Pendulum 3 moves a skipped time silently and takes the second of two.
"""

import re
import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

# Both are patterns of the front matter's JSON Schema, too: nothing may stand here that ECMA-262 reads otherwise.
INSTANT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)? *([Zz]|UTC|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
DURATION = re.compile(r"(?:(\d{1,6})d)? *(?:(\d{1,6})h)? *(?:(\d{1,6})m)? *(?:(\d{1,6})s)?", re.ASCII)
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
    import pendulum  # costs as much to import as the rest of `check`

    return pendulum.timezone(name)


def zone_exists(name: str) -> bool:
    """Whether the IANA database has a zone of that name."""
    try:
        _zone(name)
    except (ValueError, OSError):  # OSError: "Europe" is a folder of the database
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

    Raises ValueError, saying how to write it, for anything else.
    """
    match = INSTANT.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{_quote(text)} is not a date-time: write 2026-03-24T09:00, or with an offset 2026-03-24T09:00+01:00"
        )
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


def format_local(instant: datetime, zone: str) -> str:
    """An instant for people, with the zone's offset and name: `Tue 24 Mar 2026 09:00 +01:00 (Europe/Paris)`."""
    import pendulum

    return f"{pendulum.instance(instant).in_timezone(zone).format('ddd D MMM YYYY HH:mm Z')} ({zone})"
