"""Finished English sentences in another language.

A message id has named fields: `there is no time zone {zone}`. A sentence is held against the fixed words of the ids, the longest
first, and what stood in its fields is put into the translation. A field may have a kind, after a colon:

    {zone}        left as it is: names, paths, ids, addresses, what people wrote
    {code:w}      the same, without blanks; {name:q} in quotes; {delivery:d} like post/channel; {link:u} an address;
                  {text:words} whatever somebody wrote
    {count:n}     a number, with the language's signs
    {due:time}    an instant or a span of time
    {reason:say}  words that are translated in turn, as far as they are messages; may be empty
    {wanted:known}  the same, where the catalog has them whole: else this is not that message
    {names:list}  `a, b and c`

A text is looked up line by line. A line that is no message is parted at full stops, semicolons and colons, and its parts are.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from heapq import merge

from presstime.language.figures import Figures

FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
# A value ends with its sentence, what follows is one of its own; and before words of its sentence no other one ends.
WITHIN, BEFORE = r"(?:(?!\. [A-Z]|; ).)+?", r"(?:(?!\. [A-Z]|; |: ).)+?"
KINDS = {
    "": WITHIN,
    "w": r"\S*?[^\s:;,.]",
    "u": r"https?://\S+",
    "q": r"'[^']*'|\"[^\"]*\"",
    "d": r"[^\s/]+/[^\s,]+?",
    "n": r"\d[\d,.]*",
    "time": rf"(?:[A-Z][a-z]{{2}} )?\d{WITHIN}",
    "say": ".*?",
    "known": ".+?",
    "words": ".+",
    "list": WITHIN,
}
SEAM = re.compile(r"(?<=\.) |; |: ")
CONTEXT = "\x04"  # gettext's sign between the context of a message and the message
LONGEST = 4_000  # characters of what is looked at; longer texts are not messages
REMEMBERED = 5_000


class Sentence:
    """A message id with fields, to be found in what was said, and its translation."""

    def __init__(self, english: str, other: str) -> None:
        pieces = FIELD.split(english)
        self.fixed, self.names, self.kinds = pieces[::3], pieces[1::3], [kind or "" for kind in pieces[2::3]]
        self.other = other
        self.weight = sum(map(len, self.fixed))
        self._pattern: re.Pattern[str] | None = None

    def first(self) -> str:
        """The word that it begins with; "" if that is not fixed."""
        word, blank, _ = self.fixed[0].partition(" ")
        return word if blank else ""

    def found_in(self, text: str) -> re.Match[str] | None:
        at = 0
        for piece in self.fixed:  # most of what does not match ends here, without a pattern
            at = text.find(piece, at) + len(piece)
            if at < len(piece):
                return None
        return self.pattern.fullmatch(text)

    @property
    def pattern(self) -> re.Pattern[str]:
        if self._pattern is None:
            parts = [re.escape(self.fixed[0])]
            for kind, piece in zip(self.kinds, self.fixed[1:], strict=True):
                parts += [f"({BEFORE if piece and not kind else KINDS[kind]})", re.escape(piece)]
            self._pattern = re.compile("".join(parts))
        return self._pattern


class Phrases:
    """The catalog of one language: message ids with their translations; keys with gettext's context are words of `Figures`."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._exact: dict[str, str] = {}
        self._by_word: dict[str, list[Sentence]] = {"": []}
        self._told: dict[str, str] = {}
        for english, other in entries.items():
            if CONTEXT in english:
                continue
            if FIELD.search(english):
                sentence = Sentence(_unstopped(english), _unstopped(other))
                self._by_word.setdefault(sentence.first(), []).append(sentence)
            else:
                self._exact[_unstopped(english)] = _unstopped(other)
        for sentences in self._by_word.values():
            sentences.sort(key=_heaviest)
        self.figures = Figures(lambda kind, word: entries.get(f"{kind}{CONTEXT}{word}", word))
        self._kinds: dict[str, Callable[[str], str | None]] = {
            "n": self.figures.number,
            "time": self.figures.time,
            "say": self.say,
            "known": self.whole,
            "list": self._list,
        }

    def say(self, text: str) -> str:
        found = self._told.get(text)
        if found is None:
            if len(self._told) >= REMEMBERED:
                self._told.clear()
            found = self._told[text] = self._say(text)
        return found

    def _say(self, text: str) -> str:
        bare = text.strip()
        if not bare or len(bare) > LONGEST:
            return text
        if "\n" in bare:
            return "\n".join(map(self.say, text.split("\n")))
        if bare != text:
            begin = text.index(bare)
            return text[:begin] + self.say(bare) + text[begin + len(bare) :]
        if self.figures.is_instant(text):
            return self.figures.time(text)
        return self.whole(text) or self._parted(text) or text

    def whole(self, text: str) -> str | None:
        """The translation of a text that is one message; its last full stop counts for nothing."""
        bare = _unstopped(text)
        known = self._exact.get(bare)
        if known is None:
            known = next(self._matches(bare), None)
        return None if known is None else known if known.endswith(".") else known + text[len(bare) :]

    def _matches(self, text: str) -> Iterator[str]:
        """What the sentences make of a text, the one with the most fixed words first."""
        word = text.partition(" ")[0]
        for sentence in merge(self._by_word.get(word, ()), self._by_word[""], key=_heaviest):
            if match := sentence.found_in(text):
                values = [self._value(*pair) for pair in zip(sentence.kinds, match.groups(), strict=True)]
                if None not in values:
                    named = dict(zip(sentence.names, values, strict=True))
                    yield FIELD.sub(lambda field, named=named: str(named[field[1]]), sentence.other)  # type: ignore[misc]

    def _value(self, kind: str, value: str) -> str | None:
        return self._kinds[kind](value) if kind in self._kinds else value

    def _list(self, text: str) -> str:
        """`a, b and c`: the joining word, and those items that are words of the catalog."""
        for word in (" and ", " or "):
            if word in text:
                items = text.replace(word, ", ").split(", ")
                joint = f" {self._exact.get(word.strip(), word.strip())} "
                return ", ".join(map(self._item, items[:-1])) + joint + self._item(items[-1])
        return ", ".join(map(self._item, text.split(", ")))

    def _item(self, text: str) -> str:
        """A single word is a name."""
        return (self.whole(text) if " " in text else None) or text

    def _parted(self, text: str) -> str | None:
        """A text of several messages, or of a message behind a name and a colon."""
        seams = list(SEAM.finditer(text))
        for seam in seams:
            if known := self.whole(text[: seam.start()]):
                return known + self._sign(seam[0]) + self.say(text[seam.end() :])
        for seam in seams:
            if known := self.whole(text[seam.end() :]):
                return text[: seam.start()] + self._sign(seam[0]) + known
        return None

    def _sign(self, seam: str) -> str:
        return self._exact.get(seam.strip(), seam.strip()) + " "


def _heaviest(sentence: Sentence) -> tuple[int, int]:
    return -sentence.weight, len(sentence.names)


def _unstopped(text: str) -> str:
    """Without its last full stop."""
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text
