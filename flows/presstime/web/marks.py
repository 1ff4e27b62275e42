"""A segment's words as HTML: marked stretches, addresses that can be followed, and an account's colour and initials."""

import hashlib
import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from presstime.model import Span

if TYPE_CHECKING:
    from markupsafe import Markup

TAGS = {"bold": "strong", "italic": "em", "code": "code", "pre": "code", "quote": "q", "strike": "s"}


def words(text: str, spans: Sequence[Span]) -> "Markup":
    """A text with its marked stretches as HTML. Marks may overlap: each piece between two edges gets all that cover it."""
    from markupsafe import Markup, escape

    spans = [*spans, *_addresses(text, spans)]
    edges = sorted({0, len(text), *(edge for s in spans for edge in (s.start, s.end) if 0 < edge < len(text))})
    pieces = []
    for start, end in itertools.pairwise(edges):
        piece = escape(text[start:end])
        for span in spans:
            if span.start <= start and end <= span.end:
                piece = _mark(piece, span, text)
        pieces.append(piece)
    return Markup("").join(pieces)


def _addresses(text: str, spans: Sequence[Span]) -> list[Span]:
    """Addresses that the network itself does not link, such as those under `.example`: a reader here may still follow them."""
    taken = {place for span in spans if span.kind == "link" for place in range(span.start, span.end)}
    found = re.finditer(r"https?://\S*[\w/]", text)
    return [Span(m.start(), m.end(), "link", m[0]) for m in found if taken.isdisjoint(range(*m.span()))]


def _mark(piece: "Markup", span: Span, text: str) -> "Markup":
    from markupsafe import Markup

    if span.kind == "link":
        address = span.value or text[span.start : span.end]
        if urlsplit(address).scheme in ("http", "https"):
            return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, piece)
        return piece
    if span.kind in TAGS:
        return Markup("<{0}>{1}</{0}>").format(TAGS[span.kind], piece)
    return Markup('<span class="mark">{}</span>').format(piece)


def hue(account: str) -> int:
    """An account's own colour, in degrees."""
    return int(hashlib.sha256(account.encode()).hexdigest()[:4], 16) % 360


def initials(account: str) -> str:
    """One or two letters for an account: `maison-verne` is MV."""
    parts = [part for part in re.split(r"[\W_]+", account) if part]
    return "".join(part[0] for part in parts[:2]).upper() or "?"
