"""`presstime measure`, as a person and as a program use it."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from presstime.cli import cli
from presstime.errors import SettingsError, UsageError


@pytest.fixture
def measure() -> Callable[..., Result]:
    def run(*options: str, given: str | bytes) -> Result:
        return CliRunner().invoke(cli, ["measure", *options], input=given, standalone_mode=False)

    return run


def test_people_read_a_sentence(measure: Callable[..., Result]) -> None:
    """Length, limit, unit, and whether it fits; the last line's end does not count."""
    assert measure("--network", "x", given="Hi http://test.co\n").output == "26 of 280 (weighted): fits X\n"
    assert (
        measure("--network", "x", given="x" * 300).output == "300 of 280 (weighted): 20 too many for X, in weighted\n"
    )
    said = measure("--network", "bluesky", given="é" + "👨‍👩‍👧‍👦" * 200).output
    assert said == "201 of 300 (graphemes): 2002 too many for Bluesky, in bytes of UTF-8 (at most 3000)\n"


def test_programs_read_json(measure: Callable[..., Result]) -> None:
    """One document with stable keys."""
    result = measure(
        "--network", "mastodon", "--format", "json", given="@me@verne.example https://verne.fr/" + "a" * 99
    )
    assert json.loads(result.output) == {"length": 27, "limit": 500, "unit": "graphemes", "fits": True}


def test_lines_answer_lines(measure: Callable[..., Result]) -> None:
    """A JSON string a line in, a JSON object a line out, in order; line ends inside a string count."""
    result = measure("--network", "x", "--lines", given='"a\\nb"\n\n"\\ud83d\\ude00"\n"' + "x" * 281 + '"\n')
    answers = [json.loads(line) for line in result.output.splitlines()]
    assert [(one["length"], one["fits"]) for one in answers] == [(3, True), (2, True), (281, False)]


@pytest.mark.parametrize("line", ["nope", "3", '["a"]'])
def test_a_line_that_is_no_string_is_named(measure: Callable[..., Result], line: str) -> None:
    """With its number; wrong usage ends with 2."""
    result = measure("--network", "x", "--lines", given=f'"a"\n{line}\n')
    assert isinstance(result.exception, UsageError)
    assert "line 2" in result.exception.message
    assert result.exception.exit_code == 2


def test_what_is_not_utf8_is_told(measure: Callable[..., Result]) -> None:
    """Not with a traceback."""
    assert isinstance(measure("--network", "x", given=b"\xff").exception, UsageError)


def test_an_unknown_network_is_told(measure: Callable[..., Result]) -> None:
    """As a mistake in what is asked for: exit code 2."""
    error = measure("--network", "nowhere", given="x").exception
    assert isinstance(error, SettingsError)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("text", "mastodon", "bluesky"),
    [
        # Mastodon: 23 for each address with a scheme that it would link, `@user` for `@user@domain` (StatusLengthValidator
        # and Extractor of mastodon/mastodon). Bluesky: grapheme clusters of what is written (app.bsky.feed.post).
        ("https://verne.fr/a/very/long/path/indeed", 23, 40),
        ("https://verne.invalid/long", 26, 26),
        ("verne.example/a", 15, 15),
        ("see https://verne.fr/a, and", 32, 27),
        ("(https://verne.fr/a_(b))", 25, 24),
        ("[https://verne.fr/a]", 25, 20),
        ("https://verne.fr/a.", 24, 19),
        ("https://verne.fr/a?b=c!", 24, 23),
        ("xhttps://verne.fr", 17, 17),
        ("日本語https://verne.fr/です", 26, 22),
        ("https://münchen.de/ö", 23, 20),
        ("@user@verne.example hi", 8, 22),
        ("@user@münchen.example!", 6, 22),
        (".@user@verne.example,", 7, 21),
        ("user@verne.example", 18, 18),
        ("@user@a@b", 9, 9),
        ("#مرحبا_بكم", 10, 10),
        ("#ポスト・モダン", 8, 8),
        ("#हिन्दी", 3, 3),
        ("#été2026", 8, 8),
        ("👨‍👩‍👧‍👦🏳️‍🌈👩🏽‍🚀", 3, 3),
        ("🇫🇷🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿1️⃣", 4, 4),
        ("e\u0301a\u0308\u0323o", 3, 3),
        ("กำ가한", 3, 3),
        ("« Oui\u202f! »", 9, 9),
    ],
)
def test_each_network_counts_by_its_own_rules(
    measure: Callable[..., Result], text: str, mastodon: int, bluesky: int
) -> None:
    """Addresses, accounts, hashtags of any script, emoji and combining marks: as many as the network itself would count."""
    for network, length in (("mastodon", mastodon), ("bluesky", bluesky)):
        result = measure("--network", network, "--format", "json", given=text)
        assert json.loads(result.output)["length"] == length, network
