"""Marked words as a network's own markup for messages: Discord's Markdown, Slack's mrkdwn, LinkedIn's little text.

Unlike a whole text (dialects.py) a message was cut to fit before, so its marks are written from its spans: whatever the
cut left of a mark opens and closes within the message.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from presstime.model import Span
from presstime.render.rich import Rich, ordered

STYLES = ("bold", "italic", "strike")
BLOCKS = ("pre", "quote")


@dataclass(frozen=True, slots=True)
class Pen:
    """How a markup spells each thing. Every function gives finished markup; `escape` gets the whole text and a stretch of
    it, since a sign's meaning depends on what stands around it."""

    escape: Callable[[str, int, int], str]
    link: Callable[[str, str], str]  # of words and address
    code: Callable[[str], str]
    fence: Callable[[str, str], str]  # of content and language
    sign: Callable[
        [str, str, str, str], tuple[str, str]
    ]  # of a style, its words and what is around: how it opens, closes
    mention: Callable[[str, str], str]  # of words and account
    tag: Callable[[str], str]
    quote: str = "> "  # before each line


def written(rich: Rich, pen: Pen) -> Rich:
    """The markup, with a span for each link."""
    return _Writer(rich, pen).write()


class _Writer:
    def __init__(self, rich: Rich, pen: Pen) -> None:
        self.text = rich.text
        self.pen = pen
        self.out: list[str] = []
        self.length = 0
        self.links: list[Span] = []
        self.blocks = _apart([span for span in rich.spans if span.kind in BLOCKS])
        self.elements = _apart([span for span in rich.spans if span.kind not in (*BLOCKS, *STYLES)])
        styles = [span for span in rich.spans if span.kind in STYLES]
        marks = [*_styles(self.text, styles, self.elements), *self.elements]
        self.marks = sorted(
            marks, key=lambda mark: (mark.start, -mark.end)
        )  # of two that are one stretch the style is first

    def write(self) -> Rich:
        at = 0
        for block in self.blocks:
            self.stretch(at, block.start, self.marks)
            self.block(block)
            at = block.end
        self.stretch(at, len(self.text), self.marks)
        return Rich("".join(self.out), tuple(self.links))

    def say(self, text: str) -> None:
        self.out.append(text)
        self.length += len(text)

    def block(self, block: Span) -> None:
        if block.kind == "pre":
            self.say(self.pen.fence(self.text[block.start : block.end], block.value))
            return
        at = block.start
        for line in self.text[block.start : block.end].split("\n"):
            self.say(self.pen.quote if at == block.start else f"\n{self.pen.quote}")
            self.stretch(at, at + len(line), self.marks)
            at += len(line) + 1

    def stretch(self, start: int, end: int, marks: Sequence[Span]) -> None:
        """The words between two places, with the outermost of the marks that lie there; each writes what is inside it."""
        within = [mark for mark in marks if start <= mark.start < mark.end <= end]
        at = start
        while within:
            mark, *rest = within
            inside = [other for other in rest if other.end <= mark.end and other.start < mark.end]
            within = rest[len(inside) :]
            self.say(self.pen.escape(self.text, at, mark.start))
            self.mark(mark, inside)
            at = mark.end
        self.say(self.pen.escape(self.text, at, end))

    def mark(self, mark: Span, inside: Sequence[Span]) -> None:
        words = self.text[mark.start : mark.end]
        if mark.kind in STYLES:
            before, after = self.text[: mark.start][-1:], self.text[mark.end : mark.end + 1]
            opening, closing = self.pen.sign(mark.kind, words, before, after)
            self.say(opening)
            self.stretch(mark.start, mark.end, inside)
            self.say(closing)
        elif mark.kind == "link":
            start = self.length
            self.say(self.pen.link(" ".join(words.split()), mark.value))
            self.links.append(Span(start, self.length, "link", mark.value))
        else:
            self.say(self.element(mark, words))

    def element(self, mark: Span, words: str) -> str:
        if mark.kind == "code":
            return self.pen.code(words)
        return self.pen.tag(mark.value) if mark.kind == "tag" else self.pen.mention(words, mark.value)


def _apart(spans: Sequence[Span]) -> list[Span]:
    """The spans in order, without those that lie in an earlier one or begin there."""
    kept: list[Span] = []
    for span in ordered(spans):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _styles(text: str, spans: Sequence[Span], elements: Sequence[Span]) -> list[Span]:
    """Bold, italic and struck stretches as markup can say them: each within a line, without white space at its ends, around
    whole elements, and one inside the other or apart."""
    pieces: list[Span] = []
    for span in ordered(spans):
        for piece in _lines(text, span):
            pieces += _around(piece, elements)
    pieces = [trimmed for piece in pieces if (trimmed := _trimmed(text, piece))]
    return _nested(_united(pieces))


def _lines(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    for line in text[span.start : span.end].split("\n"):
        yield replace(span, start=start, end=start + len(line))
        start += len(line) + 1


def _around(span: Span, elements: Sequence[Span]) -> Iterator[Span]:
    """The parts of a stretch between the elements it cuts through; nothing of it lies inside one."""
    start = span.start
    for one in elements:
        if one.end <= span.start or one.start >= span.end or (span.start <= one.start and one.end <= span.end):
            continue
        if start < one.start:
            yield replace(span, start=start, end=one.start)
        start = max(start, one.end)
    if start < span.end:
        yield replace(span, start=start)


def _trimmed(text: str, span: Span) -> Span | None:
    words = text[span.start : span.end]
    start = span.start + len(words) - len(words.lstrip())
    end = span.start + len(words.rstrip())
    return replace(span, start=start, end=end) if start < end else None


def _united(spans: Sequence[Span]) -> list[Span]:
    """Stretches of one style that touch or overlap are one."""
    found: list[Span] = []
    for kind in STYLES:
        for span in ordered([one for one in spans if one.kind == kind]):
            if found and found[-1].kind == kind and span.start <= found[-1].end:
                found[-1] = replace(found[-1], end=max(found[-1].end, span.end))
            else:
                found.append(span)
    return found


def _nested(spans: Sequence[Span]) -> list[Span]:
    """What reaches out of a stretch that began before it is cut in two there."""
    waiting, found = list(ordered(spans)), []
    around: list[Span] = []
    while waiting:
        span = waiting.pop(0)
        around = [one for one in around if one.end > span.start]
        if around and span.end > around[-1].end:
            rest = replace(span, start=around[-1].end)
            span = replace(span, end=around[-1].end)
            waiting = list(ordered([*waiting, rest]))
        around.append(span)
        found.append(span)
    return found
