"""Where a text may be cut: never inside a link, mention, hashtag or character, and rather here than there."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import regex

from presstime.render.rich import Rich


class Level(IntEnum):
    """How good a place to cut is; less is better."""

    PARAGRAPH = 0
    LINE = 1
    SENTENCE = 2
    WORD = 3
    CHARACTER = 4


@dataclass(frozen=True, slots=True)
class Break:
    """A cut: the text goes on to `end`, what follows begins at `start` (white space between is dropped)."""

    end: int
    start: int
    level: Level


# White space at which lines may break (UAX 14): no-break spaces and the French thin space U+2009 hold words together.
SPACE = regex.compile(r"[ \t\n\r\u1680\u2000-\u2006\u2008\u200a\u2028\u2029\u205f\u3000]+")
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uff9f"  # scripts that break between characters
OPENING = r"\p{Ps}\p{Pi}"
CLOSING = r"\p{Pe}\p{Pf}"
# East Asian rules of line breaking: no closing mark, small kana or sound mark begins a line, no opening one ends it.
BETWEEN = regex.compile(
    rf"(?<=[{UNSPACED}])(?<![{OPENING}])(?=[^\s{CLOSING}、。，．！？：；・…‥ー々〻ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ｡､%％])"
    rf"|(?<=[\w])(?=[{UNSPACED}])(?![{CLOSING}、。，．！？：；・…‥ー々〻ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ｡､%％])"
)
SENTENCE_END = regex.compile(rf"[.!?…‽؟۔।॥։።]['\"{CLOSING}]*$")
UNSPACED_END = regex.compile(rf"[。！？．｡…]['\"{CLOSING}]*$")
# A full stop that ends no sentence: after an initial, or after a word that is written short.
SHORT = regex.compile(
    r"(?i)(?:^|[\s(«“\"'’\u00a0\u202f])(?:\p{L}|dr|mr|mrs|ms|mme|mlle|prof|st|ste|no|nr|vs|cf|e\.g|i\.e|z\.b|p\.ex|approx|bzw|ca|vol|fig|pp|jr|sr)\.$"
)
ITEM = regex.compile(r"[•☐☑]|\d+[.)] |> ")
HANGING = regex.compile(rf"[!?;:»%…,.]|[{CLOSING}]")  # what French sets apart from its word by a space still follows it


def breaks(rich: Rich, atoms: Sequence[tuple[int, int]]) -> list[Break]:
    """All places worth cutting at, in order. `atoms` are the stretches that stay whole, in order and apart."""
    starts = [start for start, _ in atoms]

    def whole(at: int) -> bool:
        before = bisect_left(starts, at) - 1
        return before >= 0 and atoms[before][0] < at < atoms[before][1]

    edges = Edges(rich.text)
    found = [*_at_spaces(rich), *_between(rich.text)]
    kept = (one for one in found if one.end > 0 and not whole(one.end) and not whole(one.start))
    return sorted((one for one in kept if one.end in edges and one.start in edges), key=lambda one: one.end)


class Edges:
    """The boundaries of a text's extended grapheme clusters."""

    def __init__(self, text: str) -> None:
        self.text = text
        plain = text.isascii() and "\r" not in text
        self.offsets = None if plain else {0, *(match.end() for match in regex.finditer(r"\X", text))}

    def __contains__(self, at: int) -> bool:
        return self.offsets is None or at in self.offsets

    def within(self, start: int, end: int) -> Iterator[int]:
        return (at for at in range(start, end) if at in self)


def _at_spaces(rich: Rich) -> Iterator[Break]:
    text, glued = rich.text, sorted(rich.glued)
    for match in SPACE.finditer(text):
        if match.end() == len(text):
            return
        held = bisect_left(glued, match.start())
        is_glued = held < len(glued) and glued[held] <= match.end()
        if (level := _level(text, match, is_glued)) is not None:
            yield Break(match.start(), match.end(), level)


def _level(text: str, space: regex.Match[str], is_glued: bool) -> Level | None:
    lines = space[0].count("\n")
    if is_glued:
        return Level.WORD
    before = text[max(0, space.start() - 40) : space.start()]
    if lines > 1:
        return Level.PARAGRAPH
    if lines:  # the next item of a list or a new sentence; else the line merely went on
        return Level.LINE if ITEM.match(text, space.end()) or SENTENCE_END.search(before) else Level.WORD
    if HANGING.match(text, space.end()) or before.endswith(("«", "“", "(", "[")):
        return None
    if UNSPACED_END.search(before) or (SENTENCE_END.search(before) and _begins(text, space.end(), before)):
        return Level.SENTENCE
    return Level.WORD


def _begins(text: str, at: int, before: str) -> bool:
    """Whether a new sentence begins there: not in lower case, and not after a word that only ends in a stop."""
    return not text[at : at + 1].islower() and not SHORT.search(before)


def _between(text: str) -> Iterator[Break]:
    for match in BETWEEN.finditer(text):
        at = match.start()
        ended = UNSPACED_END.search(text, max(0, at - 8), at)
        yield Break(at, at, Level.SENTENCE if ended else Level.WORD)
