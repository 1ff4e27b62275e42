"""What a network makes of a plain text by itself: links, mentions, hashtags and cashtags, with their places.

Each convention follows its vendor: `twitter` is twitter-text 3 (extraction rules and conformance cases), `mastodon` the
same with Mastodon's own path characters, no links without a scheme and `@user@domain` mentions (its Extractor and
regular expressions), `bluesky` the detection of the AT Protocol client library.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import regex

from presstime.model import Traits
from presstime.render.domains import MAX_NAME, ascii_length, fits_dns, is_domain, top_level

Convention = Literal["twitter", "mastodon", "bluesky"]
MAX_URL = 4096  # twitter-text: a longer address is not a link

BAD = "\ufffe\ufeff\uffff"  # twitter-text: characters that make a text invalid
TURNS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks of writing direction
NAME = rf"[^\s\p{{Z}}\p{{Cc}}{BAD}{TURNS}!-/:-@\[-`{{-~]"  # a letter of a host name, in any script
GLUED = rf"(?<![A-Za-z0-9@＠$#＃{BAD}])"  # what a link may not directly follow
TLD = r"(?:\L<tlds>|xn--[-0-9a-z]+)(?![0-9a-z@+-])"
# twitter-text: Latin letters with accents, and their combining marks
ACCENTED = (
    r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b"
    r"\u02bb\u0300-\u036f\u1e00-\u1eff"
)
WORD = r"\p{L}\p{M}\p{Nd}\p{Pc}"  # Ruby's [[:word:]]
WIDE = rf"{ACCENTED}\p{{Cyrillic}}"  # letters that twitter-text takes in a path
SHORTENED = regex.compile(
    r"(?i)https?://t\.co/(?P<slug>[a-z0-9]+)(?:\?[-a-z0-9!?*'();:&=+$/%#\[\]_.,~|@]*[-a-z0-9_&=#/])?"
)
MAX_SLUG = 40  # twitter-text: of X's own short addresses
MORE_SCHEMES = "dat|dweb|ipfs|ipns|ssb|gopher|gemini"  # Mastodon's


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of text that means something to the network. `value` is the address of a link, the handle of a mention
    without `@`, the word of a hashtag without `#`, a cashtag with its `$`."""

    start: int
    end: int
    kind: Literal["link", "mention", "tag", "cashtag"]
    value: str


def _tail(path: str, end: str, query: str, query_end: str) -> str:
    """A path (parentheses in pairs, one pair inside another at most) and a query, neither ending in punctuation."""
    pair = rf"\((?:{path}+|{path}*\({path}+\){path}*)\)"
    return rf"(?:/(?:(?:{pair}|{path})*(?:{pair}|{end}))?)?(?:\?{query}*{query_end})?"


AFTER_DOT = regex.compile(r"\.([^\W_]+)")
_met: frozenset[str] = frozenset()  # the top-level domains that texts have shown so far


def _web(convention: Convention, scheme: bool, text: str) -> regex.Pattern[str]:
    """Addresses with a scheme, or those that begin with a bare domain, as far as `text` can hold them.

    A pattern over all 1,500 top-level domains takes 25 ms to build; those that texts show are few."""
    global _met
    known = top_level()
    runs = (match[1].casefold() for match in AFTER_DOT.finditer(text))
    shown = {run[:size] for run in runs for size in range(1, len(run) + 1) if run[:size] in known}
    if not shown <= _met:
        _met = _met | shown
    return _built(convention, scheme, _met)


@lru_cache(maxsize=16)
def _built(convention: Convention, scheme: bool, tlds: frozenset[str]) -> regex.Pattern[str]:
    if convention == "mastodon":
        tail = _tail(
            r"[^\s\p{Z}<>()?]",
            r"""[^\s\p{Z}()?!*"'「」<>;:=,.$%\[\]~&|@]""",
            r"[-a-z0-9!?*'();:&=+$/%#\[\]_.,~|@^\u00a0-\U0010fffd]",
            r"[-a-z0-9_&=#/\u00a0-\U0010fffd]",
        )
    else:
        tail = _tail(
            rf"[a-z0-9!*';:=+,.$/%#\[\]\p{{Pd}}_~@|&{WIDE}]",
            rf"[-a-z0-9=_#/+{WIDE}]",
            r"[-a-z0-9!?*'@();:&=+$/%#\[\]_.,~|]",
            r"[-a-z0-9_&=#/]",
        )
    if scheme:
        label = rf"{NAME}(?:(?:{NAME}|[_-]){{0,62}}{NAME})?\."
        own = rf"{NAME}(?:(?:{NAME}|-){{0,62}}{NAME})?\."
        schemes = rf"https?|{MORE_SCHEMES}" if convention == "mastodon" else "https?"
        whole = rf"{GLUED}(?:{schemes})://(?P<host>(?:{label}){{0,126}}{own}{TLD})(?::[0-9]+)?{tail}"
    else:  # a port or query belongs to it only if there is a path
        letter = rf"[a-z0-9{ACCENTED}]"
        label = rf"{letter}(?:[-_a-z0-9{ACCENTED}]{{0,61}}{letter})?\."
        own = rf"{letter}(?:[-a-z0-9{ACCENTED}]{{0,61}}{letter})?\."
        whole = rf"{GLUED}(?<![-_./])(?P<host>(?:{label}){{0,126}}{own}{TLD})(?:(?=(?::[0-9]+)?/)(?::[0-9]+)?{tail})?"
    return regex.compile(rf"(?i){whole}", tlds=tlds or {"com"})


def convention_of(traits: Traits) -> Convention:
    """Whose rules say what is a link, mention or hashtag: read off the network's unit and markup."""
    if traits.text.unit == "weighted":
        return "twitter"
    return "bluesky" if traits.markup == "spans" else "mastodon"


def links(text: str, convention: Convention) -> list[Entity]:
    """The links that the network finds by itself, in order."""
    if "." not in text:
        return []
    if convention == "bluesky":
        return list(_bluesky_links(text))
    found = list(_schemed(text, convention)) if "://" in text else []
    if convention == "twitter":
        return merged(found, list(_bare(text)))
    return found


def _schemed(text: str, convention: Convention) -> Iterator[Entity]:
    for match in _web(convention, True, text).finditer(text):
        written = _unshortened(match[0])
        if written and _sound(match):
            yield Entity(match.start(), match.start() + len(written), "link", written)


def _unshortened(address: str) -> str:
    """The address, or of one of X's own short ones as much as belongs to it: "" if it is too long to be one."""
    short = SHORTENED.match(address)
    if short is None:
        return address
    return short[0] if len(short["slug"]) <= MAX_SLUG else ""


def _bare(text: str) -> Iterator[Entity]:
    for match in _web("twitter", False, text).finditer(text):
        if _sound(match):
            yield Entity(match.start(), match.end(), "link", f"https://{match[0]}")


def _sound(match: regex.Match[str]) -> bool:
    host = match["host"]
    grown = sum(ascii_length(label) - len(label) for label in host.split("."))
    return fits_dns(host) and len(match[0]) + grown <= MAX_URL


BLUESKY_LINK = regex.compile(
    r"(?i)(?<![^\s(])(?:https?://\S+|(?P<host>[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)(?=[\s/?#:.,;!)]|$)\S*)"
)


def _bluesky_links(text: str) -> Iterator[Entity]:
    for match in BLUESKY_LINK.finditer(text):
        written = match[0]
        if match["host"] and not is_domain(match["host"]):
            continue
        if written[-1] in ".,;:!?":
            written = written[:-1]
        if written.endswith(")") and "(" not in written:
            written = written[:-1]
        if not written.rstrip("/").endswith(":"):
            address = f"https://{written}" if match["host"] else written
            yield Entity(match.start(), match.start() + len(written), "link", address)


# twitter-text: a name of up to 20 letters, digits and underscores, perhaps with a list's, not glued to what comes before
# (but for `RT`) or to another @
TWITTER_MENTION = regex.compile(
    r"(?:(?<![A-Za-z0-9_!#$%&*@＠])|(?<=(?:^|[^A-Za-z0-9_+~.-])[Rr][Tt]:?))[@＠](?P<value>[A-Za-z0-9_]{1,20}+)"
    rf"(?:/[A-Za-z][A-Za-z0-9_-]{{0,24}}+)?+(?![@＠{ACCENTED}]|://)"
)
MASTODON_MENTION = regex.compile(
    rf"(?<![=/{WORD}])@(?P<value>(?>(?P<user>[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*)"
    rf"(?:@(?P<domain>[{WORD}]+(?:[.-]+[{WORD}]+)*))?))(?![@＠{ACCENTED}]|://)"
)
BLUESKY_MENTION = regex.compile(r"(?<![^\s(])@(?P<value>[A-Za-z0-9.-]*[A-Za-z0-9])\b")

# Runs of what a hashtag may hold; `_tag` takes from them what each network's own rule does.
IN_TAG = (
    r"\p{L}\p{M}\p{Nd}_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
)
TWITTER_TAG = regex.compile(
    rf"(?:(?<=[\ufe0e\ufe0f])|(?<![&{IN_TAG}]))[#＃](?![\ufe0f\u20e3])(?P<value>[{IN_TAG}]++)(?![#＃]|://)"
)
SEPARATORS = "\u00b7\u30fb\u200c"  # Mastodon's: inside a hashtag, not at its ends
MASTODON_TAG = regex.compile(rf"(?<![=/)\p{{Alnum}}])[#＃](?P<value>[{WORD}][{WORD}{SEPARATORS}]*+)(?P<address>://)?")
UNSEEN = r"\u00ad\u2060\u200a-\u200d\u20e2"
BLUESKY_TAG = regex.compile(rf"(?<!\S)[#＃](?!\ufe0f)(?P<value>[^\s{UNSEEN}]++)")
LETTER = regex.compile(r"[\p{L}\p{M}]")
WORDLIKE = regex.compile(r"[^0-9\s\p{P}]")
TWITTER_CASHTAG = regex.compile(
    rf"(?<![^\s{TURNS}])\$(?P<value>[A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?)(?=$|[\s!-/:-@\[-`{{-~])"
)
BLUESKY_CASHTAG = regex.compile(r"(?<![^\s(])\$(?P<value>[A-Za-z][A-Za-z0-9]{0,4})(?=$|[\s.,;:!?)\"'\u2019])")

MENTIONS = {"twitter": TWITTER_MENTION, "mastodon": MASTODON_MENTION, "bluesky": BLUESKY_MENTION}
TAGS = {"twitter": TWITTER_TAG, "mastodon": MASTODON_TAG, "bluesky": BLUESKY_TAG}
CASHTAGS = {"twitter": TWITTER_CASHTAG, "bluesky": BLUESKY_CASHTAG}
MAX_BLUESKY_TAG, MAX_BLUESKY_TAG_BYTES = 64, 640  # graphemes and bytes: the lexicon of app.bsky.richtext.facet


def mentions(text: str, convention: Convention) -> list[Entity]:
    """The accounts that the network finds in a text. Mastodon's value is `user` or `user@domain`."""
    if "@" not in text and "＠" not in text:
        return []
    return [
        Entity(match.start(), match.end(), "mention", match["value"])
        for match in MENTIONS[convention].finditer(text)
        if _is_account(match, convention)
    ]


def _is_account(match: regex.Match[str], convention: Convention) -> bool:
    if convention == "bluesky":  # a handle is a domain name
        return is_domain(match["value"]) or match["value"].endswith(".test")
    return convention != "mastodon" or len(match["domain"] or "") <= MAX_NAME


def tags(text: str, convention: Convention) -> list[Entity]:
    """The hashtags that the network finds in a text."""
    if "#" not in text and "＃" not in text:
        return []
    found = ((match, _tag(match, convention)) for match in TAGS[convention].finditer(text))
    return [Entity(match.start(), match.start() + 1 + len(word), "tag", word) for match, word in found if word]


def _tag(match: regex.Match[str], convention: Convention) -> str:
    """As much of a run of characters after `#` as the network takes for a hashtag; "" if it takes none."""
    word = match["value"]
    if convention == "twitter":
        return word if LETTER.search(word) else ""
    if convention == "mastodon":
        if match["address"]:
            word = regex.sub(r"(?<=.)https?$", "", word)
        word = word.rstrip(SEPARATORS)
        return word if LETTER.search(word) or set(word[1:-1]) & {*SEPARATORS, "_"} else ""
    word = regex.sub(r"(?<!\p{P})\p{P}++$", "", word)
    size = len(word.encode("utf-8", "surrogatepass"))
    short = size <= MAX_BLUESKY_TAG_BYTES and len(regex.findall(r"\X", word)) <= MAX_BLUESKY_TAG
    return word if short and WORDLIKE.search(word) else ""


def cashtags(text: str, convention: Convention) -> list[Entity]:
    """Ticker symbols: X and Bluesky link them, Mastodon does not."""
    if "$" not in text or convention not in CASHTAGS:
        return []
    found = CASHTAGS[convention].finditer(text)
    return [Entity(match.start(), match.end(), "cashtag", "$" + match["value"].upper()) for match in found]


def find(text: str, convention: Convention) -> tuple[Entity, ...]:
    """Everything that the network finds in a text by itself, in order; nothing overlaps, links come first."""
    kept = links(text, convention)
    for more in (mentions(text, convention), tags(text, convention), cashtags(text, convention)):
        kept = merged(kept, more)
    return tuple(kept)


def merged(kept: Sequence[Entity], more: Sequence[Entity]) -> list[Entity]:
    """Both in order, without those of `more` that overlap one of `kept`."""
    if not kept or not more:
        return list(kept or more)
    starts = [entity.start for entity in kept]
    free = [one for one in more if _is_free(one, kept, bisect_left(starts, one.end))]
    return sorted([*kept, *free], key=lambda entity: entity.start)


def _is_free(one: Entity, kept: Sequence[Entity], after: int) -> bool:
    """`after`: the first of `kept` that begins behind `one`; the one before it must have ended."""
    return after == 0 or kept[after - 1].end <= one.start
