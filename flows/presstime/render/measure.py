"""How long a text is, in each network's own unit.

`weighted` is X's: twitter-text 3 with its configuration v3 (weights below). `graphemes` are extended grapheme clusters
(UAX 29), as Bluesky and Mastodon count; `scalars` and `characters` are code points; `utf16` is UTF-16 code units; `bytes` is
UTF-8. `emoji_bytes` is Threads': code points, but for emoji, which count as their bytes.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import regex

from presstime.model import TextRule
from presstime.render import entities

GRAPHEME = regex.compile(r"\X")
# One emoji: a flag, a keycap, or a picture with its modifier, presentation selector, tags and joined pictures. Letters
# such as (c) and (R) are emoji only with the selector U+FE0F; none is one with the text selector U+FE0E.
_PICTURE = (
    r"(?:[\u00a9\u00ae]\ufe0f|(?![\u00a9\u00ae])\p{Extended_Pictographic}(?!\ufe0e)(?:\ufe0f|\p{Emoji_Modifier})?)"
)
EMOJI = regex.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3"
    rf"|{_PICTURE}[\U000e0020-\U000e007e]*\U000e007f?(?:\u200d{_PICTURE})*"
)


@dataclass(frozen=True, slots=True)
class Weights:
    """A twitter-text configuration: code points of a range weigh `weight`, all others `default`, in 1/`scale`."""

    scale: int = 100
    default: int = 200
    # twitter-text config v3: Latin to Georgian, spaces and joiners, dashes and quotation marks, primes
    ranges: tuple[tuple[int, int, int], ...] = ((0, 4351, 100), (8192, 8205, 100), (8208, 8223, 100), (8242, 8247, 100))
    emoji: bool = True  # an emoji sequence weighs `default` as a whole

    def of(self, char: str) -> int:
        code = ord(char)
        return next((weight for first, last, weight in self.ranges if first <= code <= last), self.default)


V3 = Weights()


def measure(text: str, rule: TextRule) -> int:
    """The length of a text in the rule's unit."""
    if rule.unit == "weighted":
        return weigh(text, rule.url_weight)
    return LENGTHS[rule.unit](_shortened(text, rule))


def weigh(text: str, url_weight: int | None, weights: Weights = V3) -> int:
    """X's length: of the text in NFC, each link weighing `url_weight` whatever its length."""
    text = unicodedata.normalize("NFC", text)
    total = position = 0
    for link in entities.links(text, "twitter") if url_weight is not None else ():
        total += _weight(text[position : link.start], weights) + (url_weight or 0) * weights.scale
        position = link.end
    return (total + _weight(text[position:], weights)) // weights.scale


def _weight(text: str, weights: Weights) -> int:
    if text.isascii():
        return len(text) * weights.of("a")
    if weights.emoji:
        rest, count = EMOJI.subn("", text)
        return int(count) * weights.default + sum(map(weights.of, rest))
    return sum(map(weights.of, text))


def _shortened(text: str, rule: TextRule) -> str:
    """The text as a network counts it that gives links a fixed length, or mentions without their server."""
    if rule.url_weight is None and not rule.mention_local_part:
        return text
    pieces, position = [], 0
    for entity in entities.find(text, "mastodon"):
        if entity.kind == "link" and rule.url_weight is not None:
            stand_in = "x" * rule.url_weight
        elif entity.kind == "mention" and rule.mention_local_part:
            stand_in = "@" + entity.value.partition("@")[0]
        else:
            continue
        pieces += [text[position : entity.start], stand_in]
        position = entity.end
    return "".join([*pieces, text[position:]])


def graphemes(text: str) -> int:
    """What readers take for characters: extended grapheme clusters."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in GRAPHEME.finditer(text))


def utf8(text: str) -> int:
    """Bytes of UTF-8; half a surrogate pair, which has none, counts as three."""
    return len(text.encode("utf-8", "surrogatepass"))


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def emoji_as_bytes(text: str) -> int:
    """Code points, but for emoji: each sequence of them counts as its bytes of UTF-8."""
    if text.isascii():
        return len(text)
    return len(text) + sum(utf8(emoji) - len(emoji) for emoji in EMOJI.findall(text))


LENGTHS: dict[str, Callable[[str], int]] = {
    "graphemes": graphemes,
    "scalars": len,
    "characters": len,
    "utf16": utf16,
    "bytes": utf8,
    "emoji_bytes": emoji_as_bytes,
}


def over(text: str, rule: TextRule) -> int:
    """How many units too many: of the rule's unit, or of bytes where only those are too many; 0 if it fits."""
    excess = measure(text, rule) - rule.limit
    if excess > 0 or rule.max_bytes is None:
        return max(excess, 0)
    return max(utf8(text) - rule.max_bytes, 0)
