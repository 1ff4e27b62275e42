"""Mastodon, and servers that speak its API.

Facts: docs.joinmastodon.org (statuses, media, accounts) and the server's source. `Idempotency-Key` is kept for an hour, per
account, and does not look at the body.
"""

from datetime import timedelta

from presstime.model import JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Adapter
from presstime.networks.holes import media_hole

TRAITS = Traits(
    network="mastodon",
    title="Mastodon",
    settling=Settling.KEYED,
    key_window=timedelta(hours=1),
    text=TextRule(500, "graphemes", url_weight=23, mention_local_part=True),
    media=MediaRule(
        4,
        ("image/jpeg", "image/png", "image/gif", "image/webp"),
        max_bytes=16 * 1024 * 1024,
        max_pixels=33_177_600,
        alt_limit=1500,
    ),
    threads=True,
    # 429 comes from the gate before the application. 503 may come from a proxy, or from the application after the status
    # was saved (the key is written later still), so it is Unknown: the same key sent again settles it at no cost.
    safe_statuses=frozenset({429}),
    options=frozenset({"visibility"}),
    can_find=True,
)


class Mastodon(Adapter):
    """One account on a server (`base_url`). The credential is its access token."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /api/v1/statuses`."""
        body: JsonObject = {"status": segment.text}
        if variant.language:
            body["language"] = variant.language.split("-")[0].lower()  # ISO 639-1
        if segment.media:
            body["media_ids"] = [media_hole(item) for item in segment.media]
        return body
