"""One Markdown parse, many outputs."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from markdown_it.token import Token

from presstime.render.markup import to_html
from presstime.render.parser import parse, spread
from presstime.render.rich import Rich
from presstime.render.web import Links
from presstime.render.words import Style, words

PLAIN = Style()


def to_rich(source: str, style: Style = PLAIN) -> Rich:
    """Markdown as text and spans, for networks with plain words or marked stretches."""
    return words(parse(source).tokens, style)


def html_of(source: str, links: Links = Links()) -> str:  # noqa: B008 - frozen
    """Markdown as safe HTML."""
    return to_html(parse(source).tokens, links)


def beginning_of(tokens: Sequence[Token], fits: Callable[[Sequence[Token]], bool]) -> Sequence[Token]:
    """As many whole blocks from the beginning of a parsed text as fit; empty if not even the first does."""
    ends = [0, *(end for _, end in spread(tokens, 0, len(tokens)))]
    kept = bisect_right(ends, 0, lo=1, key=lambda end: not fits(tokens[:end]))
    return tokens[: ends[kept - 1]]
