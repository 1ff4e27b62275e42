"""LinkedIn's little text, as LinkedIn reads it: what is not escaped and no element ends the words, silently."""

import re
from collections.abc import Sequence

from presstime.model import Json, Span

RESERVED = r"|{}@[]()<>#\*_~"
# What a stretch of little text may be: an escaped character, a mention, a hashtag in either form, or a character as it is.
PIECE = re.compile(
    r"\\(?P<char>[|{}@\[\]()<>#\\*_~])"
    r"|@\[(?P<name>(?:\\.|[^\\\]])+)\]\((?P<urn>urn:li:(?:person|organization):[A-Za-z0-9_-]+)\)"
    r"|\{hashtag\|\\[#\uff03]\|(?P<tag>(?:\\.|[^\\|{}])+)\}"
    r"|#(?P<word>\w+)"
    r"|(?P<plain>[^|{}@\[\]()<>#\\*_~])"
)


def read(commentary: str) -> tuple[str, tuple[Span, ...]]:
    """What readers see of little text: all up to the first reserved character that is neither escaped nor part of a mention or
    hashtag."""
    text, spans, position = "", [], 0
    while piece := PIECE.match(commentary, position):
        shown, span = _piece(piece)
        if span:
            spans.append(Span(len(text), len(text) + len(shown), *span))
        text, position = text + shown, piece.end()
    return text, tuple(spans)


def _piece(piece: re.Match[str]) -> tuple[str, Json]:
    if tag := piece["tag"] or piece["word"]:
        word = re.sub(r"\\(.)", r"\1", tag)
        return f"#{word}", ("tag", word)
    if piece["name"]:
        return re.sub(r"\\(.)", r"\1", piece["name"]), ("mention", piece["urn"])
    return piece["char"] or piece["plain"], None


def written(text: str, spans: Sequence[Span]) -> str:
    """Words as little text the way LinkedIn gives them back, however they were sent."""
    pieces, position = [], 0
    for span in spans:
        shown = escaped(text[span.start : span.end])
        mark = f"@[{shown}]({span.value})" if span.kind == "mention" else f"{{hashtag|\\#|{escaped(span.value)}}}"
        pieces += [escaped(text[position : span.start]), mark]
        position = span.end
    return "".join([*pieces, escaped(text[position:])])


def escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in RESERVED else char for char in text)
