"""How the command line lays out what it says."""

import pytest

from presstime.cli.output import count, table


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "post", "0 posts"),
        (1, "post", "1 post"),
        (2, "entry", "2 entries"),
        (1, "delivery", "1 delivery"),
        (12_345, "event", "12,345 events"),
    ],
)
def test_count(number: int, noun: str, said: str) -> None:
    """A number with its noun, as people say it."""
    assert count(number, noun) == said


def test_columns_are_as_wide_as_they_need() -> None:
    """Every column but the last is as wide as its widest cell; no line ends in blanks."""
    lines = table(
        [("publish", "a/b", "due now"), ("wait", "long-name/b", "later")], ("action", "delivery", "why")
    ).split("\n")
    assert lines[0] == "action   delivery     why"
    assert lines[2] == "publish  a/b          due now"
    assert lines[3] == "wait     long-name/b  later"
    assert all(line == line.rstrip() for line in lines)


def test_long_reasons_are_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last column is broken at blanks within the terminal, under itself; a long address stays whole."""
    monkeypatch.setenv("COLUMNS", "60")
    url = "https://verne.example/" + "a" * 60
    lines = table([("hold", "word " * 20), ("publish", url)], ("action", "why")).split("\n")
    assert all(len(line) <= 60 for line in lines if url not in line)
    assert any(line.endswith(url) for line in lines)
    assert lines[3].startswith(" " * 9 + "word")


def test_empty_cells() -> None:
    """A row whose last cell is empty is still a line."""
    assert table([("a", "")], ("x", "y")).split("\n")[2] == "a"
