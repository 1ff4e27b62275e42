"""One Markdown parse, many outputs."""

from bisect import bisect_right
from collections.abc import Callable

from presstime.render.markup import to_html
from presstime.render.parser import parse, spread
from presstime.render.rich import Rich
from presstime.render.words import Style, words

PLAIN = Style()


def to_rich(source: str, style: Style = PLAIN) -> Rich:
    """Markdown as text and spans, for networks with plain words or marked stretches."""
    return words(parse(source).tokens, style)


def html_of(source: str, base: str | None = None) -> str:
    """Markdown as safe HTML. `base` is the page that relative links are seen from."""
    return to_html(parse(source).tokens, base)


def html_within(source: str, base: str | None, fits: Callable[[str], bool]) -> str:
    """The HTML of as many whole blocks from the beginning as fit."""
    tokens = parse(source).tokens
    ends = [end for _, end in spread(tokens, 0, len(tokens))]
    kept = bisect_right(ends, 0, key=lambda end: not fits(to_html(tokens[:end], base)))
    return to_html(tokens[: ends[kept - 1]], base) if kept else ""
