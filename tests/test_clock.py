"""Instants and zones: what `clock.py` makes of local times, against the standard library's zone data as the oracle."""

import contextlib
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime import clock
from presstime.clock import NonExistentLocalTime

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def instants_that_show(naive: datetime, zone: str) -> list[datetime]:
    """The oracle: every UTC instant whose local time is `naive`. It uses only the UTC-to-local direction, which has no doubt."""
    rules = zoneinfo.ZoneInfo(zone)
    around = [
        (naive + timedelta(hours=h)).replace(tzinfo=UTC).astimezone(rules).utcoffset() for h in (-48, -24, 24, 48)
    ]
    guesses = {(naive - offset).replace(tzinfo=UTC) for offset in around if offset is not None}
    return sorted(g for g in guesses if g.astimezone(rules).replace(tzinfo=None) == naive)


def offset(at: datetime, rules: zoneinfo.ZoneInfo) -> timedelta:
    found = at.astimezone(rules).utcoffset()
    assert found is not None
    return found


def transitions(zone: str) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """Each instant at which the zone's offset changes, with the offsets before and after."""
    rules = zoneinfo.ZoneInfo(zone)
    day, before = FIRST, offset(FIRST, rules)
    while day < LAST:
        following = day + timedelta(days=1)
        after = offset(following, rules)
        if after != before:
            low, high = day, following
            while high - low > SECOND:
                middle = low + timedelta(seconds=(high - low) // SECOND // 2)
                low, high = (middle, high) if offset(middle, rules) == before else (low, middle)
            yield high, before, after
        day, before = following, after


def check_against_oracle(naive: datetime, zone: str) -> None:
    shown = instants_that_show(naive, zone)
    if not shown:
        with pytest.raises(NonExistentLocalTime) as refused:
            clock.resolve_local(naive, zone)
        check_neighbours(refused.value, naive, zone)
        return
    assert clock.resolve_local(naive, zone) == shown[0]
    assert clock.resolve_local(naive, zone, 1) == shown[0]
    assert clock.resolve_local(naive, zone, 2) == shown[-1]


def check_neighbours(refused: NonExistentLocalTime, naive: datetime, zone: str) -> None:
    assert refused.before < naive < refused.after
    assert instants_that_show(refused.before, zone)
    assert instants_that_show(refused.after, zone)
    assert not instants_that_show(refused.before + timedelta(minutes=1), zone)
    assert not instants_that_show(refused.after - SECOND, zone)


def test_every_zone_and_transition_until_2038_equals_the_zone_data() -> None:
    """At every change of every zone, a time in the gap is refused, one in the overlap is the first, or with fold 2 the second."""
    seen = 0
    for zone in sorted(zoneinfo.available_timezones() - {"localtime"}):
        for at, before, after in transitions(zone):
            edges = (at + before).replace(tzinfo=None), (at + after).replace(tzinfo=None)
            for edge in (*edges, edges[0] + (after - before) / 2):
                for shift in (-SECOND, timedelta(0), SECOND):
                    check_against_oracle(edge + shift, zone)
            seen += 1
    assert seen > 5000


@given(
    zone=st.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime"})),
    naive=st.datetimes(datetime(1975, 1, 1), datetime(2099, 12, 31)).map(lambda d: d.replace(microsecond=0)),
)
def test_any_local_time_equals_the_zone_data(zone: str, naive: datetime) -> None:
    """A local time anywhere in any zone resolves to an instant that shows it."""
    check_against_oracle(naive, zone)


def test_a_skipped_day_is_refused_with_its_neighbours() -> None:
    """Samoa had no 30 December 2011: the nearest times are the last minute of the 29th and the first of the 31st."""
    with pytest.raises(NonExistentLocalTime, match="does not exist in Pacific/Apia") as refused:
        clock.resolve_local(datetime(2011, 12, 30, 12), "Pacific/Apia")
    assert refused.value.before == datetime(2011, 12, 29, 23, 59)
    assert refused.value.after == datetime(2011, 12, 31)


def test_an_unusable_zone_or_date_is_a_value_error() -> None:
    """No zone name and no date ends in anything but a ValueError."""
    with pytest.raises(ValueError, match="Mars"):
        clock.resolve_local(datetime(2026, 1, 1), "Mars/Olympus")
    with pytest.raises(ValueError, match="end of the calendar"):
        clock.resolve_local(datetime.min, "Asia/Tokyo")


@pytest.mark.parametrize("name", ["Europe/Paris", "UTC", "Asia/Kathmandu", "America/Argentina/Ushuaia", "Etc/GMT+3"])
def test_zones_of_the_database_exist(name: str) -> None:
    """IANA names are zones."""
    assert clock.zone_exists(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "Europe/",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/Pari",
        "+01:00",
        "a\0b",
        "x" * 5000,
        "zone.tab",
    ],
)
def test_anything_else_is_not_a_zone(name: str) -> None:
    """Folders and other files of the database, offsets and paths are no zones, and do no harm."""
    assert not clock.zone_exists(name)


AWARE = {
    "2026-03-24T03:00:00.000Z": datetime(2026, 3, 24, 3, tzinfo=UTC),
    "2026-03-24 09:00:00 +0100": datetime(2026, 3, 24, 8, tzinfo=UTC),
    "2026-03-24 09:00:00 +01:00": datetime(2026, 3, 24, 8, tzinfo=UTC),
    "2026-03-24T09:00:00-05:30": datetime(2026, 3, 24, 14, 30, tzinfo=UTC),
    "2026-03-24T09:00+01": datetime(2026, 3, 24, 8, tzinfo=UTC),
    "2026-03-24t09:00z": datetime(2026, 3, 24, 9, tzinfo=UTC),
    "2026-03-24 09:00 UTC": datetime(2026, 3, 24, 9, tzinfo=UTC),
    "2026-03-24T09:00:00.1234567Z": datetime(2026, 3, 24, 9, 0, 0, 123456, tzinfo=UTC),
    "  2026-01-01T00:30+01:00 ": datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
}
NAIVE = {
    "2026-03-24 09:00": datetime(2026, 3, 24, 9),
    "2026-03-24T09:00:30": datetime(2026, 3, 24, 9, 0, 30),
    "2026-03-24  9:05": datetime(2026, 3, 24, 9, 5),
    "2026-03-24": datetime(2026, 3, 24),
    "2026-3-4": datetime(2026, 3, 4),
}


@pytest.mark.parametrize("text", AWARE)
def test_a_time_with_an_offset_is_an_instant(text: str) -> None:
    """With an offset, in any generator's spelling, a date-time is an instant in UTC."""
    found = clock.parse_instant(text)
    assert found == AWARE[text]
    assert found.tzinfo is UTC


@pytest.mark.parametrize("text", NAIVE)
def test_a_time_without_an_offset_is_local(text: str) -> None:
    """Without an offset it stays a local time; a bare date is its midnight."""
    assert clock.parse_instant(text) == NAIVE[text]
    assert clock.parse_instant(text).tzinfo is None


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "9:30", "24/03/2026", "03-24-2026", "20260324", "2026-W13-2", "2026-03-24T09", "2026-02-30", "2026-03-24 24:00",
        "2026-03-24 09:60", "2026-03-24 09:00:60", "2026-03-24 09:00 CET", "2026-03-24 09:00 pm", "2026-03-24T09:00+25:00",
        "2026-03-24Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "٢٠٢٦-٠٣-٢٤", "2026-03-24\n09:00", "570", "x" * 70000,
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    """What is no date-time is refused with a sentence that quotes it."""
    with pytest.raises(ValueError, match=r"is not a date-time|calendar|offset|the year"):
        clock.parse_instant(text)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text at all is a date-time, or a ValueError."""
    try:
        clock.parse_instant(text)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("90m", 5400),
        ("2h", 7200),
        ("1d", 86400),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("0s", 0),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    """A length of time is written as numbers with d, h, m, s, from large to small."""
    assert clock.parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2", "h", "2 hours", "-2h", "30m1h", "1.5h", "9999999d"])
def test_other_durations_are_refused(text: str) -> None:
    """Anything else is refused with the spellings that work."""
    with pytest.raises(ValueError, match="write 30s"):
        clock.parse_duration(text)


def test_format_for_people() -> None:
    """People read day, local time, offset and zone."""
    at = datetime(2026, 3, 24, 8, tzinfo=UTC)
    assert clock.format_local(at, "Europe/Paris") == "Tue 24 Mar 2026 09:00 +01:00 (Europe/Paris)"


def test_now_is_utc() -> None:
    """The clock speaks UTC."""
    assert clock.now().tzinfo is UTC


# --- slots, recurrence, quiet hours -----------------------------------------------------------------------------------

PARIS = "Europe/Paris"


def paris(text: str) -> datetime:
    return clock.resolve_local(datetime.fromisoformat(text), PARIS)


@pytest.mark.parametrize(
    ("text", "shown"), [("Mon 09:00", "Mon 09:00"), ("friday 7:05", "Fri 07:05"), ("SUN 23:59", "Sun 23:59")]
)
def test_slots_are_times_of_the_week(text: str, shown: str) -> None:
    """A weekday, whole or its first letters, and a time of day."""
    assert str(clock.parse_slot(text)) == shown


@pytest.mark.parametrize("text", ["", "Monday", "09:00", "Mon 24:00", "Mon 09:60", "Xyz 09:00", "Mond 09:00", "Mon 9"])
def test_what_is_no_slot_says_how_to_write_one(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r"Mon 09:00|no such time"):
        clock.parse_slot(text)


def test_the_next_slots() -> None:
    """Later than the given instant, in order, week after week, on the zone's own clocks also when they change."""
    slots = [clock.parse_slot(text) for text in ("Fri 17:00", "Mon 09:00")]
    found = list(clock.slots_after(slots, PARIS, paris("2026-10-23T17:00"), paris("2026-11-02T09:00")))
    assert found == [paris("2026-10-26T09:00"), paris("2026-10-30T17:00"), paris("2026-11-02T09:00")]
    assert found[0] - paris("2026-10-19T09:00") == timedelta(weeks=1, hours=1)
    assert list(clock.slots_after([], PARIS, FIRST, LAST)) == []
    assert clock.is_slot(found[0], slots, PARIS)
    assert not clock.is_slot(found[0] + SECOND, slots, PARIS)


def test_a_slot_that_the_clocks_skip_comes_behind_the_jump() -> None:
    """Nobody wrote the date down, so nobody can mend it: 02:30 is 03:30 in the night that clocks go forward."""
    slots = [clock.parse_slot("Sun 02:30")]
    [found] = clock.slots_after(slots, PARIS, paris("2026-03-28T12:00"), paris("2026-03-29T12:00"))
    assert clock.to_local(found, PARIS) == datetime(2026, 3, 29, 3, 30)


def names(rule: str, start: str, first: str, last: str) -> list[tuple[int, str]]:
    found = clock.occurrences(rule, datetime.fromisoformat(start), PARIS, paris(first), paris(last))
    return [(one.number, one.name) for one in found]


def test_occurrences_keep_the_local_time() -> None:
    """A weekly post stays at nine when the clocks change; publish_at is the first of its occurrences, counted too."""
    found = names("FREQ=WEEKLY;COUNT=3", "2026-10-19T09:00", "2026-01-01T00:00", "2027-01-01T00:00")
    assert found == [(1, "2026-10-19T09:00"), (2, "2026-10-26T09:00"), (3, "2026-11-02T09:00")]
    gap = list(clock.occurrences("FREQ=DAILY", datetime(2026, 3, 28, 2, 30), PARIS, FIRST, paris("2026-03-30T12:00")))
    assert [clock.to_local(one.at, PARIS).hour for one in gap] == [2, 3, 2]


def test_occurrences_between_two_instants_keep_their_numbers() -> None:
    """Only what lies between is given, under the number it has from the start; a start outside of the rule is the first."""
    assert names("FREQ=MONTHLY;BYDAY=1MO", "2026-01-01T09:00", "2026-02-15T00:00", "2026-04-30T00:00") == [
        (4, "2026-03-02T09:00"),
        (5, "2026-04-06T09:00"),
    ]
    assert names("FREQ=DAILY;UNTIL=20260103T235959Z", "2026-01-01T09:00", "2026-01-01T00:00", "2027-01-01T00:00")[
        -1
    ] == (
        3,
        "2026-01-03T09:00",
    )


@pytest.mark.parametrize(
    "rule",
    ["", "weekly", "FREQ=MINUTELY", "FREQ=SECONDLY", "FREQ=DAILY;COUNT=x", "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;FOO=1",
     "FREQ=DAILY;BYMINUTE=1,2", "FREQ=DAILY;COUNT=2;UNTIL=20270101", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=1;BYDAY=MO;BYSETPOS=9"],
)  # fmt: skip
def test_what_is_no_rule_is_refused(rule: str) -> None:
    """A rule that cannot be followed is a ValueError with the rule in it, and never an endless loop."""
    with pytest.raises(ValueError, match=r"rule|never"):
        clock.check_rule(rule)


@given(st.text(max_size=40))
def test_no_text_breaks_the_rules(text: str) -> None:
    """Whatever is written, it is a rule or a ValueError."""
    for read in (clock.check_rule, clock.parse_slot):
        with contextlib.suppress(ValueError):
            read(text)


def test_quiet_hours_end() -> None:
    """What lies in the quiet hours comes at their end; what does not stays, on either side of midnight."""
    night = (datetime(1, 1, 1, 22).time(), datetime(1, 1, 1, 7).time())
    noon = (datetime(1, 1, 1, 12).time(), datetime(1, 1, 1, 14).time())
    assert clock.after_hours(paris("2026-03-24T23:00"), night, PARIS) == paris("2026-03-25T07:00")
    assert clock.after_hours(paris("2026-03-25T06:59"), night, PARIS) == paris("2026-03-25T07:00")
    assert clock.after_hours(paris("2026-03-25T07:00"), night, PARIS) == paris("2026-03-25T07:00")
    assert clock.after_hours(paris("2026-03-25T21:59"), night, PARIS) == paris("2026-03-25T21:59")
    assert clock.after_hours(paris("2026-03-25T13:00"), noon, PARIS) == paris("2026-03-25T14:00")
