"""Nostr: notes (kind 1) and articles (kind 30023), as events that are signed when they are sent.

Facts: NIP-01, 10, 21, 23, 27, 92, 94. An event's id is the hash of its content, so the same event may be sent for ever. A link to
`nostr:npub1...` in a post is a mention. How long an event may be is each relay's to say (NIP-11): the limits here are below
what the usual relays take.
"""

from dataclasses import replace

from presstime.model import Attachment, JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import media_address

NOTE = Traits(
    network="nostr",
    title="Nostr",
    settling=Settling.NATURAL,
    text=TextRule(5000, "characters", max_bytes=16_000),
    media=MediaRule(10, ("image/jpeg", "image/png", "image/gif", "image/webp"), max_bytes=10_000_000),
    mentions="nostr:",
    threads=True,
    options=frozenset({"relays", "media_server"}),
    can_find=True,
    can_retract=True,
)
ARTICLE = replace(
    NOTE,
    network="nostr_article",
    title="Nostr (article)",
    text=TextRule(60_000, "bytes"),
    markup="markdown",
    threads=False,
    link_in_text=False,
    hashtags=False,
    edits=frozenset({"text", "media", "page"}),
)


class NostrNote(Composer):
    """One key. Options `relays` are where events are published, `media_server` where pictures are put (Blossom)."""

    traits = NOTE

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The event before it is signed. Pictures are addresses in its words, described by `imeta` tags."""
        content = "\n\n".join([segment.text, *map(media_address, segment.media)]).strip()
        tags = _topics(variant) if segment.index == 0 else []
        return _event(variant, segment, 1, content, [*tags, *map(_imeta, segment.media)])


class NostrArticle(Composer):
    """Long texts of one key. An article keeps its `d` tag, so that a newer event takes its place."""

    traits = ARTICLE

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The event before it is signed: the first picture leads, further ones stand at the end."""
        tags = [["d", variant.delivery.post], ["title", variant.title], ["published_at", _seconds(variant)]]
        if variant.summary:
            tags.append(["summary", variant.summary])
        if segment.media:
            tags.append(["image", media_address(segment.media[0])])
        if variant.link:
            tags.append(["r", variant.link])
        content = "\n\n".join([segment.text, *(f"![]({media_address(item)})" for item in segment.media[1:])])
        return _event(variant, segment, 30023, content, [*tags, *_topics(variant), *map(_imeta, segment.media)])


def _event(variant: Variant, segment: Segment, kind: int, content: str, tags: list[list[str]]) -> JsonObject:
    """`created_at` counts seconds: a thread's parts are a second apart, so that readers keep their order."""
    at = int(variant.at.timestamp()) + segment.index
    return {"kind": kind, "created_at": at, "content": content, "tags": tags}


def _seconds(variant: Variant) -> str:
    return str(int(variant.at.timestamp()))


def _topics(variant: Variant) -> list[list[str]]:
    return [["t", tag.lower()] for tag in variant.tags]


def _imeta(item: Attachment) -> list[str]:
    facts = [f"url {media_address(item)}", f"m {item.mime}", f"x {item.digest}", f"dim {item.width}x{item.height}"]
    return ["imeta", *facts, *([f"alt {' '.join(item.alt.split())}"] if item.alt else [])]
