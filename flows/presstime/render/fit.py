"""Making a text fit: as a thread, or shortened with its link kept, or not at all.

The channel says in which order to try; the network's traits and the post say what is allowed.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from presstime.errors import RenderError
from presstime.model import Span, TextRule
from presstime.render.breaks import SENTENCE_END, Break, Edges, Level, breaks
from presstime.render.entities import Convention, find
from presstime.render.measure import measure, over, utf8
from presstime.render.rich import Rich, joined
from presstime.render.web import ADDRESS

MAX_SEGMENTS = 25
UNITS = {  # as people say them; the others by their own names
    "weighted": "weighted characters",
    "graphemes": "characters",
    "scalars": "characters",
    "utf16": "UTF-16 units",
    "emoji_bytes": "characters (an emoji counts as its bytes)",
}
FULL_ENOUGH = {Level.PARAGRAPH: 0.33, Level.LINE: 0.33, Level.SENTENCE: 0.25}  # of what would fit


@dataclass(frozen=True, slots=True)
class Room:
    """What a channel offers: the rule of the first message (it may accompany media) and of the others."""

    first: TextRule
    rest: TextRule
    convention: Convention
    threads: bool = False
    manual: bool = False
    order: tuple[str, ...] = ("thread", "shorten", "refuse")
    link: str | None = None  # the post's own link, which a shortened text must not lose
    numbered: bool = False  # whether each message of a thread says which it is: ` 1/3` at its end

    def rule(self, index: int) -> TextRule:
        return self.first if index == 0 else self.rest


def fit(rich: Rich, room: Room) -> list[Rich]:
    """The messages that say it, each within its limit. Raises `RenderError` (`too-long`)."""
    rich = rich.stripped()
    if rich.splits and room.manual and room.threads:
        return _manual(rich, room)
    if not over(rich.text, room.first):
        return [rich]
    ways: dict[str, Callable[[Rich, Room], list[Rich] | None]] = {"thread": _thread, "shorten": _shorten}
    for name in room.order:
        if name in ways and (found := ways[name](rich, room)):
            return found
    raise too_long(rich.text, room.first)


def too_long(text: str, rule: TextRule, where: str = "the text") -> RenderError:
    """The refusal that says how much too long, and what to do."""
    length, unit = measure(text, rule), UNITS.get(rule.unit, rule.unit)
    if length > rule.limit:
        what = f"{where} is {length - rule.limit} {unit} too long: {length} of at most {rule.limit}"
    else:
        size = utf8(text)
        what = f"{where} is {size - (rule.max_bytes or 0)} bytes too long: {size} of at most {rule.max_bytes} bytes"
    return RenderError(
        what,
        "Shorten it, give this channel a `text` of its own, or let it be a thread, or be cut short with a `link` to the rest.",
        "too-long",
    )


def _manual(rich: Rich, room: Room) -> list[Rich]:
    """The author's own parts: between one `---` rule and the next. Each must fit."""
    marks = [0, *rich.splits, len(rich.text)]
    parts = [rich.slice(start, end).stripped() for start, end in pairwise(marks)]
    parts = [part for part in parts if part.text]
    parts = _numbered(parts) if room.numbered else parts
    for index, part in enumerate(parts):
        if over(part.text, room.rule(index)):
            raise too_long(part.text, room.rule(index), f"part {index + 1} of the thread")
    if len(parts) > MAX_SEGMENTS:
        raise RenderError(
            f"the thread has {len(parts)} parts, at most {MAX_SEGMENTS} are sent", "Join or drop some.", "too-long"
        )
    return parts


def _numbered(parts: list[Rich]) -> list[Rich]:
    """Each message with its number and how many there are; a single one needs none."""
    if len(parts) < 2:
        return parts
    return [joined([part, Rich(f" {index}/{len(parts)}")]) for index, part in enumerate(parts, start=1)]


# --- thread -----------------------------------------------------------------------------------------------------------


def _thread(rich: Rich, room: Room) -> list[Rich] | None:
    """Full messages cut at paragraphs, else sentences, else words; None if there would be too many or a word is too long."""
    if not room.threads or measure(rich.text, room.rest) > 2 * MAX_SEGMENTS * room.rest.limit:
        return None
    if not room.numbered:
        return _cut(rich, room, "")
    few = _cut(rich, room, " 9/9")
    parts = few if few and len(few) < 10 else _cut(rich, room, f" {MAX_SEGMENTS}/{MAX_SEGMENTS}")
    return _numbered(parts) if parts else None


def _cut(rich: Rich, room: Room, ending: str) -> list[Rich] | None:
    """The messages, each with room for an ending."""
    head, _ = _parted(rich, room.convention)
    cutter = _Cutter(rich, room.convention, lambda start, end: rich.text[start:end] + ending)
    cutter.hold_from(len(head.text))
    parts: list[Rich] = []
    start = 0
    while start < len(rich.text):
        cut = cutter.cut(start, room.rule(len(parts)))
        if cut is None or len(parts) == MAX_SEGMENTS:
            return None
        parts.append(rich.slice(start, cut.end))
        start = cut.start
    return parts


class _Cutter:
    """Finds where the next message of a text ends."""

    def __init__(self, rich: Rich, convention: Convention, shape: Callable[[int, int], str] | None = None) -> None:
        self.text = rich.text
        self.shape = shape or (lambda start, end: rich.text[start:end])  # the message that would be sent
        self.atoms = atoms(rich, convention)
        self.edges = Edges(rich.text)
        self.breaks = [*breaks(rich, self.atoms), Break(len(rich.text), len(rich.text), Level.PARAGRAPH)]
        self.ends = [one.end for one in self.breaks]

    def hold_from(self, end: int) -> None:
        """The link and hashtags that end a text should rather not be a message of their own."""
        self.breaks[:-1] = [replace(b, level=Level.WORD) if b.end >= end else b for b in self.breaks[:-1]]

    def cut(self, start: int, rule: TextRule) -> Break | None:
        """The best break at which the text from `start` fits the rule."""
        low = bisect_left(self.ends, start + 1)
        high = self.furthest(low, start, rule)
        if high is None:
            return self.inside(start, rule)
        if high == len(self.breaks) - 1:
            return self.breaks[high]
        return self.best(low, high, start, rule)

    def fits(self, start: int, end: int, rule: TextRule) -> bool:
        return not over(self.shape(start, end), rule)

    def furthest(self, low: int, start: int, rule: TextRule) -> int | None:
        """The last break within the limit. Lengths grow with the text but for links that a cut makes or unmakes, so the
        place found by halving is checked, and the ones before it if need be."""
        step = 1
        while low + step < len(self.ends) and self.fits(start, self.ends[low + step], rule):
            step *= 2
        bottom, top = low + step // 2, min(low + step, len(self.ends) - 1)
        while bottom < top:
            middle = (bottom + top + 1) // 2
            bottom, top = (middle, top) if self.fits(start, self.ends[middle], rule) else (bottom, middle - 1)
        return next((at for at in range(bottom, low - 1, -1) if self.fits(start, self.ends[at], rule)), None)

    def best(self, low: int, high: int, start: int, rule: TextRule) -> Break:
        """Of the breaks that fit: the last one of the best level that leaves no message nearly empty for nothing."""
        reach = self.ends[high] - start
        for level, share in FULL_ENOUGH.items():
            at = next((at for at in range(high, low - 1, -1) if self.breaks[at].level <= level), None)
            if at is None or not self.fits(start, self.ends[at], rule):
                continue
            if self.ends[at] - start >= share * reach or self.follows_whole(at, level, rule):
                return self.breaks[at]
        return self.breaks[high]

    def follows_whole(self, at: int, level: Level, rule: TextRule) -> bool:
        """Whether what comes next, up to a break as good, fits into a message of its own."""
        following = next(one for one in self.breaks[at + 1 :] if one.level <= level)
        return self.fits(self.breaks[at].start, following.end, rule)

    def inside(self, start: int, rule: TextRule) -> Break | None:
        """Where even the first word is too long: between its characters, but not inside a link, mention or hashtag."""
        last = self.ends[bisect_left(self.ends, start + 1)]
        found = None
        for at in self.edges.within(start + 1, last):
            if any(first < at < end for first, end in self.atoms):
                continue
            if not self.fits(start, at, rule):
                break
            found = Break(at, at, Level.CHARACTER)
        return found


def atoms(rich: Rich, convention: Convention) -> list[tuple[int, int]]:
    """The stretches that are never cut: links by their words, addresses whether or not the network would link them, and
    what it finds by itself. In order, apart."""
    found = [(one.start, one.end) for one in find(rich.text, convention)]
    found += [match.span() for match in ADDRESS.finditer(rich.text)]
    found += [(span.start, span.end) for span in rich.spans if span.kind in ("link", "mention", "tag")]
    whole: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if whole and start < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


# --- shorten ----------------------------------------------------------------------------------------------------------


def _shorten(rich: Rich, room: Room) -> list[Rich] | None:
    """The beginning, an ellipsis, and what the text ends with: its link and hashtags. Where not even a word fits beside
    them the hashtags go; the post's own link stays in any case."""
    head, tail = _parted(rich, room.convention)
    for pieces in (tail, [piece for piece in tail if not piece.text.lstrip().startswith(("#", "＃"))]):
        ending = joined(pieces)
        found = beginning(head, ending, room)
        if found and room.link and not _leads_to(joined([found, ending]), room.link):
            own = Rich(room.link, (Span(0, len(room.link), "link", room.link),))
            ending = joined([Rich("\n\n"), own, ending])
            found = beginning(head, ending, room)
        if found:
            return [joined([found, ending])]
    return None


def _parted(rich: Rich, convention: Convention) -> tuple[Rich, list[Rich]]:
    """What a text says, and the links, mentions and hashtags at its end, each with the white space before it."""
    pieces: list[Rich] = []
    end = len(rich.text)
    for first, last in reversed(atoms(rich, convention)):
        if rich.text[last:end].strip():
            break
        start = len(rich.text[:first].rstrip())
        pieces.insert(0, rich.slice(start, last))
        end = start
    return rich.slice(0, end), pieces


def _leads_to(rich: Rich, link: str) -> bool:
    return link in rich.text or any(span.value == link for span in rich.spans)


def beginning(head: Rich, ending: Rich, room: Room) -> Rich | None:
    """As much of `head` as fits before `ending`: whole sentences if that is at least half of it, else whole words, and an
    ellipsis; None if not even a word fits."""

    def said(end: int) -> Rich:
        cut = head.slice(0, end)
        if end == len(head.text):
            return cut
        words = cut.text.rstrip(" ,;:–—-(«“")
        return joined([cut.slice(0, len(words)), Rich(" …" if SENTENCE_END.search(words) else "…")])

    cutter = _Cutter(head, room.convention, lambda start, end: said(end).text + ending.text)
    last = cutter.furthest(0, 0, room.first)
    if last is None:
        return None
    reach = cutter.ends[last]
    sentences = (at for at in range(last, -1, -1) if cutter.breaks[at].level <= Level.SENTENCE)
    whole = next((at for at in sentences if cutter.fits(0, cutter.ends[at], room.first)), None)
    return said(cutter.ends[whole] if whole is not None and cutter.ends[whole] * 2 >= reach else reach)
