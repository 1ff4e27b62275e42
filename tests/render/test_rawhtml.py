"""Blocks of raw HTML: what never ends costs no more than what does."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from presstime.render.markdown import to_rich

LOOKS = ("parse_starttag", "parse_endtag", "parse_comment", "parse_pi", "parse_html_declaration")


@pytest.fixture
def vain(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many letters were looked through, each time that no end was found."""
    found: list[int] = []

    def counted(look: Callable[..., int]) -> Callable[..., int]:
        def counting(self: Any, i: int, *more: Any) -> int:
            end = look(self, i, *more)
            if end < 0:
                found.append(len(self.rawdata) - i)
            return end

        return counting

    for name in LOOKS:
        monkeypatch.setattr(HTMLParser, name, counted(getattr(HTMLParser, name)))
    return found


@pytest.mark.parametrize("unit", ["<!--", "<!-- a > ", "<?", "<?a ", "</a ", "<a b='>' ", "<a x ", "<!doctype "])
def test_what_never_ends_is_looked_through_once(vain: list[int], unit: str) -> None:
    """However often it is begun: a block of 60 KB must not take the time of its square."""
    source = "<div>shown " + unit * (60_000 // len(unit))
    assert to_rich(source).text == "shown"
    assert 0 < sum(vain) <= len(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<div>a <!-- b\nc</div>", "a"),
        ("<div>a <a href='x>b\nc</div>", "a"),
        ("<div>a <!-- b --> c <!-- d", "a c"),
        ("<div>a < b and c</div>", "a < b and c"),
    ],
)
def test_what_never_ends_hides_the_rest(source: str, said: str) -> None:
    """As in a browser, and in every Python alike: none of its letters come out as words."""
    assert to_rich(source).text == said
