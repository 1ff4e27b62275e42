"""Threads, through graph.threads.net: a container is made of the words and pictures, then published.

Facts: Meta's Postman collection and developers.facebook.com/docs/threads. Emoji count as their UTF-8 bytes. Pictures and
films (MP4 or MOV, at most 1 GB and 5 minutes) are fetched from a public address. A post has one topic instead of hashtags. A container is published once: its status settles a
lost reply. There is no edit.
"""

from presstime.model import Attachment, JsonObject, MediaRule, MovingRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import media_hole

TRAITS = Traits(
    network="threads",
    title="Threads",
    settling=Settling.CONTAINER,
    text=TextRule(500, "emoji_bytes"),
    media=MediaRule(
        20,
        ("image/jpeg", "image/png"),
        max_bytes=8_000_000,
        alt_limit=1000,
        max_ratio=10,
        video=MovingRule(("video/mp4", "video/quicktime"), max_bytes=1_000_000_000, max_seconds=300),
    ),
    threads=True,
    card=True,
    hashtags=False,
    default_base_url="https://graph.threads.net",
    can_find=True,
    can_retract=True,
)
TOPIC = 50  # characters, without "." and "&"


class Threads(Composer):
    """One account; the credential is its long-lived token."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The parameters of `POST /me/threads`, but for `reply_to_id`. `children` are made before, and stand for their
        containers' ids."""
        params: JsonObject = {**_shown(segment), "text": segment.text}
        if segment.card:
            params["link_attachment"] = segment.card.url
        if segment.index == 0 and (topic := _topic(variant.tags)):
            params["topic_tag"] = topic
        return params


def _shown(segment: Segment) -> JsonObject:
    if not segment.media:
        return {"media_type": "TEXT"}
    if len(segment.media) == 1:
        return _file(segment.media[0])
    return {
        "media_type": "CAROUSEL",
        "children": [{**_file(item), "is_carousel_item": True} for item in segment.media],
    }


def _file(item: Attachment) -> JsonObject:
    if item.mime.startswith("video/"):
        return {"media_type": "VIDEO", "video_url": media_hole(item), "alt_text": item.alt}
    return {"media_type": "IMAGE", "image_url": media_hole(item), "alt_text": item.alt}


def _topic(tags: tuple[str, ...]) -> str | None:
    """The first tag that can be a topic."""
    return next((tag for tag in tags if len(tag) <= TOPIC and not set(tag) & set(".&")), None)
