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

from presstime.render.domains import MAX_NAME, ascii_length, fits_dns, is_domain, top_level

Convention = Literal["twitter", "mastodon", "bluesky"]
MAX_URL = 4096  # twitter-text: a longer address is not a link

BAD = "\ufffe\ufeff\uffff"  # twitter-text: characters that make a text invalid
TURNS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks of writing direction
NAME = rf"[^\s\p{{Z}}\p{{Cc}}{BAD}{TURNS}!-/:-@\[-`{{-~]"  # a letter of a host name, in any script
GLUED = rf"(?<![A-Za-z0-9@＠$#＃{BAD}])"  # what a link may not directly follow
TLD = r"(?:\L<tlds>|xn--[-0-9a-z]+)(?![0-9a-z@+-])"
WIDE = r"\u00c0-\u024f\u0253-\u0259\u1e00-\u1eff\p{Cyrillic}"  # letters that twitter-text takes in a path


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
            rf"[-a-z0-9!*';:=+,.$/%#\[\]–_~@|&{WIDE}]",
            rf"[-a-z0-9=_#/+{WIDE}]",
            r"[-a-z0-9!?*'@();:&=+$/%#\[\]_.,~|]",
            r"[-a-z0-9_&=#/]",
        )
    if scheme:
        label = rf"{NAME}(?:(?:{NAME}|[_-])*{NAME})?\."
        own = rf"{NAME}(?:(?:{NAME}|-)*{NAME})?\."
        host = rf"{GLUED}(?P<scheme>https?://)(?P<host>(?:{label})*{own}{TLD})"
    else:
        letter = rf"[a-z0-9{WIDE}]"
        label = rf"{letter}(?:[-_a-z0-9{WIDE}]{{0,61}}{letter})?\."
        own = rf"{letter}(?:[-a-z0-9{WIDE}]{{0,61}}{letter})?\."
        host = rf"{GLUED}(?<![-_./])(?P<host>(?:{label})*{own}{TLD})"
    return regex.compile(rf"(?i){host}(?::[0-9]+)?{tail}", tlds=tlds or {"com"})


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
        if _sound(match):
            yield Entity(match.start(), match.end(), "link", match[0])


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


# twitter-text: a name of up to 20 letters, digits and underscores, not glued to what comes before or to another @
TWITTER_MENTION = regex.compile(
    r"(?<![A-Za-z0-9_!#$%&*@＠])[@＠](?P<value>[A-Za-z0-9_]{1,20})(?![A-Za-z0-9_@＠\u00c0-\u024f]|://)"
)
MASTODON_MENTION = regex.compile(
    r"(?<![=/\w])@(?P<value>(?P<user>[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*)(?:@(?P<domain>\w+(?:[.-]+\w+)*))?)"
    r"(?![@＠\u00c0-\u024f]|://)"
)
BLUESKY_MENTION = regex.compile(r"(?<![^\s(])@(?P<value>[A-Za-z0-9.-]*[A-Za-z0-9])\b")

TWITTER_TAG = regex.compile(
    r"(?<![\w&])[#＃](?!\ufe0f|\u20e3)(?P<value>[\w\u200c\u00b7\u30fb]*[\p{L}\p{M}][\w\u200c\u00b7\u30fb]*)(?![#＃]|://)"
)
MASTODON_TAG = regex.compile(r"(?<![=/)\w])#(?P<value>\w[\w\u00b7\u200c\u30fb]*)")
BLUESKY_TAG = regex.compile(
    r"(?<!\S)[#＃](?!\ufe0f)(?P<value>[^\s\u00ad\u2060\u200a-\u200d\u20e2]*[^\d\s\p{P}\u00ad\u2060\u200a-\u200d\u20e2])"
)
CASHTAG = regex.compile(r"(?<![^\s(])\$(?P<value>[A-Za-z]{1,6})(?=$|[\s\p{P}])")

MENTIONS = {"twitter": TWITTER_MENTION, "mastodon": MASTODON_MENTION, "bluesky": BLUESKY_MENTION}
TAGS = {"twitter": TWITTER_TAG, "mastodon": MASTODON_TAG, "bluesky": BLUESKY_TAG}
MAX_BLUESKY_TAG = 64  # graphemes: the lexicon of app.bsky.richtext.facet


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
    found = (Entity(m.start(), m.end(), "tag", m["value"]) for m in TAGS[convention].finditer(text))
    return [tag for tag in found if _is_tag(tag.value, convention)]


def _is_tag(word: str, convention: Convention) -> bool:
    if convention == "bluesky":
        return len(regex.findall(r"\X", word)) <= MAX_BLUESKY_TAG
    return not word.replace("_", "").isdigit()


def cashtags(text: str, convention: Convention) -> list[Entity]:
    """Ticker symbols: X and Bluesky link them, Mastodon does not."""
    if "$" not in text or convention == "mastodon":
        return []
    return [Entity(m.start(), m.end(), "cashtag", "$" + m["value"].upper()) for m in CASHTAG.finditer(text)]


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
