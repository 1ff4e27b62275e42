"""Bluesky, and any AT Protocol PDS.

Facts: the lexicons `app.bsky.feed.post` and `com.atproto.repo.putRecord`, the PDS source and docs.bsky.app. `putRecord` under
our own record key with `swapRecord: null` creates the record if it is absent, does nothing if it is the same, and answers
`InvalidSwap` if something else stands there: the same send may be repeated for ever.
"""

from datetime import UTC, datetime, timedelta

from presstime.errors import Unsupported
from presstime.model import Attachment, Json, JsonObject, MediaRule, Segment, Settling, Span, TextRule, Traits, Variant
from presstime.networks.base import Adapter
from presstime.networks.holes import hole, media_hole
from presstime.networks.offsets import utf8_range

PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
TRAITS = Traits(
    network="bluesky",
    title="Bluesky",
    settling=Settling.NATURAL,
    text=TextRule(300, "graphemes", max_bytes=3000),
    media=MediaRule(4, PICTURES, max_bytes=2_000_000),
    thumb=MediaRule(1, PICTURES, max_bytes=1_000_000),
    threads=True,
    markup="spans",
    marks=frozenset({"link", "mention", "tag"}),
    card=True,
    needs_account=True,
    default_base_url="https://bsky.social",
    can_find=True,
)


def mention_name(handle: str) -> str:
    """The name of the hole that a mention's DID goes into."""
    return f"mention:{handle.removeprefix('@').lower()}"


class Bluesky(Adapter):
    """One account on a PDS. `account` is its handle, the credential an app password."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The record of the post, but for its `reply` (strong references exist only once the earlier segment does)."""
        if segment.media and segment.card:
            raise Unsupported("Bluesky shows pictures or a link card, not both", "Leave one of them out.")
        record: JsonObject = {
            "$type": "app.bsky.feed.post",
            "text": segment.text,
            "createdAt": _created(variant.at, segment.index),
        }
        if variant.language:
            record["langs"] = [variant.language]
        if facets := [_facet(segment.text, span) for span in segment.spans if span.kind in TRAITS.marks]:
            record["facets"] = facets
        if embed := _embed(segment):
            record["embed"] = embed
        return record


def _created(at: datetime, index: int) -> str:
    """The nominal instant, a millisecond later for each segment so that readers' lists keep a thread in order."""
    instant = at.astimezone(UTC) + timedelta(milliseconds=index)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def _facet(text: str, span: Span) -> JsonObject:
    start, end = utf8_range(text, span)
    feature: JsonObject = {"$type": f"app.bsky.richtext.facet#{span.kind}"}
    if span.kind == "link":
        feature["uri"] = span.value
    elif span.kind == "tag":
        feature["tag"] = span.value
    else:
        feature["did"] = hole(mention_name(span.value))
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def _embed(segment: Segment) -> Json:
    if segment.media:
        return {"$type": "app.bsky.embed.images", "images": [_image(item) for item in segment.media]}
    if not segment.card:
        return None
    card = segment.card
    external = {"uri": card.url, "title": card.title, "description": card.description}
    if card.thumb:
        external["thumb"] = media_hole(card.thumb)
    return {"$type": "app.bsky.embed.external", "external": external}


def _image(item: Attachment) -> JsonObject:
    return {
        "image": media_hole(item),
        "alt": item.alt,
        "aspectRatio": {"width": item.width, "height": item.height},
    }
