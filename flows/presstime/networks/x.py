"""X, through API v2 with an OAuth 2.0 user token (scopes tweet.read tweet.write users.read media.write).

Facts: docs.x.com (manage posts, counting characters, media best practices, rate limits) and the OpenAPI file 2.167. There is
no idempotency key; a lost reply is settled by reading the account's own posts back.
"""

from datetime import timedelta

from presstime.errors import Unsupported
from presstime.model import JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Adapter
from presstime.networks.holes import media_hole

TRAITS = Traits(
    network="x",
    title="X",
    settling=Settling.LOOKUP,
    text=TextRule(280, "weighted", url_weight=23),
    media=MediaRule(4, ("image/jpeg", "image/png", "image/webp", "image/gif"), max_bytes=5_000_000, alt_limit=1000),
    visible_after=timedelta(seconds=60),  # not documented; own posts are seen to lag by seconds
    threads=True,
    default_base_url="https://api.x.com",
    can_find=True,
)


class X(Adapter):
    """One X account. The credential is its user access token."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /2/tweets`: 4 pictures, or one GIF alone."""
        if len(segment.media) > 1 and any(item.mime == "image/gif" for item in segment.media):
            raise Unsupported("X takes one GIF alone, or up to four pictures", "Give the GIF a post of its own.")
        body: JsonObject = {"text": segment.text}
        if segment.media:
            body["media"] = {"media_ids": [media_hole(item) for item in segment.media]}
        return body
