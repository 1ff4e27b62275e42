"""Marked text: what a post says once its Markdown is read, before it is fitted to a network."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from presstime.model import Span


@dataclass(frozen=True, slots=True)
class Rich:
    """A text with its spans. Offsets count code points.

    `glued` are places where the text should rather not be cut (between a heading and what it heads), `splits` those where
    the author asked for a new message (a `---` rule of a manual thread)."""

    text: str
    spans: tuple[Span, ...] = ()
    glued: tuple[int, ...] = ()
    splits: tuple[int, ...] = ()

    def marked(self, kind: str, value: str = "") -> "Rich":
        """The whole of it under one more mark; nothing is marked where there is nothing."""
        if not self.text:
            return self
        return replace(self, spans=(Span(0, len(self.text), kind, value), *self.spans))  # type: ignore[arg-type]

    def slice(self, start: int, end: int) -> "Rich":
        """The part from `start` to `end`, its spans cut to it and counted from its beginning."""
        spans = (
            Span(max(s.start, start) - start, min(s.end, end) - start, s.kind, s.value)
            for s in self.spans
            if s.start < end and start < s.end
        )
        return Rich(
            self.text[start:end],
            tuple(spans),
            tuple(at - start for at in self.glued if start < at < end),
            tuple(at - start for at in self.splits if start < at < end),
        )

    def stripped(self) -> "Rich":
        """Without white space at either end (but for the indentation of a first line of code)."""
        end = len(self.text.rstrip())
        start = min(len(self.text) - len(self.text.lstrip()), end)
        if any(s.kind == "pre" and s.start < start < s.end for s in self.spans):
            start = self.text.rfind("\n", 0, start) + 1
        return self if start == 0 and end == len(self.text) else self.slice(start, end)

    def prefixed(self, first: str, rest: str) -> "Rich":
        """With `first` before the first line and `rest` before each further one (an empty line gets no space at its end)."""
        lines = self.text.split("\n")
        marks = [first, *(rest if line else rest.rstrip() for line in lines[1:])]
        added = list(accumulate(map(len, marks)))
        starts = list(accumulate((len(line) + 1 for line in lines[:-1]), initial=0))

        def moved(at: int) -> int:
            return at + added[bisect_right(starts, at) - 1]

        return Rich(
            "\n".join(mark + line for mark, line in zip(marks, lines, strict=True)),
            tuple(replace(s, start=moved(s.start), end=moved(s.end)) for s in self.spans),
            tuple(map(moved, self.glued)),
            tuple(map(moved, self.splits)),
        )


EMPTY = Rich("")


def joined(parts: Iterable[Rich], separator: str = "") -> Rich:
    """One text of several, in order."""
    texts: list[str] = []
    spans: list[Span] = []
    glued: list[int] = []
    splits: list[int] = []
    offset = 0
    for part in parts:
        if texts:
            texts.append(separator)
            offset += len(separator)
        spans += (Span(s.start + offset, s.end + offset, s.kind, s.value) for s in part.spans)
        glued += (at + offset for at in part.glued)
        splits += (at + offset for at in part.splits)
        texts.append(part.text)
        offset += len(part.text)
    return Rich("".join(texts), tuple(spans), tuple(glued), tuple(splits))


def ordered(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans by place; of two that begin together the longer first."""
    return tuple(sorted(spans, key=lambda s: (s.start, -s.end, s.kind, s.value)))
