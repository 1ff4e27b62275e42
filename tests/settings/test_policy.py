"""The [policy] of presstime.toml: every rule is read, every mistake is told at its place."""

from datetime import UTC, datetime, time, timedelta

import pytest

from presstime.errors import SettingsError
from presstime.settings import Settings, parse_settings
from presstime.settings.policy import Policy

TOP = '[newsroom]\ntimezone = "Europe/Paris"\n[policy]\n'


def read(lines: str) -> Settings:
    return parse_settings((TOP + lines).encode())


def test_every_rule_is_read() -> None:
    """Words lose superfluous blanks, spans of time are lengths, a local date is of the newsroom's zone."""
    settings = read("""
forbidden_words = ["gratis", "best   price", "gratis"]
repeat_within = "30d"
check_links = true
quiet_hours = "22:00 - 7:30"
quiet = "warn"
max_hashtags = 0
require_link = true
require_summary = true
since = 2026-06-01
warn = ["repeated-text", "broken-link"]
""")
    assert settings.warnings == ()
    assert settings.policy == Policy(
        forbidden_words=("gratis", "best price"),
        repeat_within=timedelta(days=30),
        check_links=True,
        quiet_hours=(time(22), time(7, 30)),
        quiet="warn",
        max_hashtags=0,
        require_link=True,
        require_summary=True,
        since=datetime(2026, 5, 31, 22, tzinfo=UTC),
        warn=frozenset({"repeated-text", "broken-link"}),
    )


def test_without_rules_nothing_is_asked() -> None:
    """A newsroom that says nothing of policy has none."""
    assert read("").policy == parse_settings(TOP.replace("[policy]\n", "").encode()).policy == Policy()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("forbidden_words = [1]", "wrong-type"),
        ('forbidden_words = [" "]', "wrong-type"),
        ('repeat_within = "a month"', "bad-duration"),
        ('check_links = "yes"', "wrong-type"),
        ('quiet_hours = "22-7"', "bad-value"),
        ('quiet_hours = "22:00-24:00"', "bad-value"),
        ('quiet_hours = "22:00-22:00"', "bad-value"),
        ('quiet = "shift"', "bad-value"),
        ("max_hashtags = -1", "wrong-type"),
        ("max_hashtags = true", "wrong-type"),
        ('since = "soon"', "wrong-type"),
        ("since = 5", "wrong-type"),
        ("since = 09:00:00", "wrong-type"),
        ('warn = ["no-lnik"]', "bad-value"),
        ('warn = ["quiet-hours"]', "bad-value"),
    ],
)
def test_what_is_no_rule_is_refused_at_its_line(line: str, code: str) -> None:
    """A rule that cannot be understood would hold nothing: it is an error, not a warning."""
    with pytest.raises(SettingsError) as error:
        read(f"{line}\n")
    assert [(p.line, p.code) for p in error.value.problems] == [(4, code)]


def test_required_alt_text_has_one_place() -> None:
    """`require_alt` belongs to [content]; whoever looks for it here is told where."""
    [warning] = read("require_alt = true\nforbiden_words = []\n").warnings[:1]
    assert (warning.line, warning.code) == (4, "unknown-key")
    assert "[content]" in warning.advice
    assert "forbidden_words" in read("forbiden_words = []\n").warnings[0].advice
