"""One Markdown parse, many outputs."""

from presstime.render.markup import to_html
from presstime.render.parser import parse
from presstime.render.rich import Rich
from presstime.render.words import Style, words

PLAIN = Style()


def to_rich(source: str, style: Style = PLAIN) -> Rich:
    """Markdown as text and spans, for networks with plain words or marked stretches."""
    return words(parse(source).tokens, style)


def html_of(source: str, base: str | None = None) -> str:
    """Markdown as safe HTML. `base` is the page that relative links are seen from."""
    return to_html(parse(source).tokens, base)
