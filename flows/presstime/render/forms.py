"""Each markup's way from a parsed text to what is sent: whole texts, and messages that were cut to fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from markdown_it.token import Token

from presstime.errors import RenderError
from presstime.render.dialects import Dialect, to_markdown
from presstime.render.fit import Room, fit, too_long
from presstime.render.marking import Pen, written
from presstime.render.markup import to_chat_html, to_html
from presstime.render.measure import over
from presstime.render.pens import CHAT, LITTLE, MRKDWN
from presstime.render.rich import Rich
from presstime.render.web import Links

Write = Callable[[Rich], Rich]


@dataclass(frozen=True, slots=True)
class Document:
    """A markup for whole texts. `more` is how one ends that was cut: a link to the rest."""

    write: Callable[[Sequence[Token], Links], str]
    more: Callable[[str], str]


def _markdown(dialect: Dialect) -> Document:
    return Document(lambda tokens, links: to_markdown(tokens, links, dialect), lambda link: f"\n\n[…]({link})")


def _html(write: Callable[[Sequence[Token], Links], str]) -> Document:
    return Document(write, lambda link: f'\n<p><a href="{escape(link)}">…</a></p>')


DOCUMENTS: Mapping[str, Document] = {
    "html": _html(to_html),
    "chat-html": _html(to_chat_html),
    "markdown": _markdown(Dialect()),
    "liquid": _markdown(Dialect(liquid=True)),
    "snudown": _markdown(Dialect(pictures=False, fences=False)),
}
PENS: Mapping[str, Pen] = {"chat": CHAT, "mrkdwn": MRKDWN, "littletext": LITTLE}


def fit_written(rich: Rich, room: Room, write: Write) -> list[Rich]:
    """The messages that say it, as `write` spells them, each within its limit. Markup takes room of its own: where it is too
    much, the words get that much less, until it fits. Raises `RenderError` (`too-long`)."""
    spare = 0
    while True:
        try:
            parts = [write(part) for part in fit(rich, _tighter(room, spare))]
        except RenderError as error:
            if error.code == "too-long" and spare:
                raise too_long(write(rich).text, room.first) from None
            raise
        excess = max(over(part.text, room.rule(index)) for index, part in enumerate(parts))
        if not excess:
            return parts
        spare += excess


def _tighter(room: Room, spare: int) -> Room:
    first, rest = (replace(rule, limit=rule.limit - spare) for rule in (room.first, room.rest))
    return replace(room, first=first, rest=rest)


def pen_of(markup: str) -> Write:
    """How the messages of a markup are spelled; as they are where marks stand beside the words, or nowhere."""
    pen = PENS.get(markup)
    return (lambda rich: written(rich, pen)) if pen else (lambda rich: rich)
