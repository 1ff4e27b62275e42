"""Instagram, for professional accounts: a container is made of the pictures, then published.

Facts: developers.facebook.com (content publishing) and the SDK's IGUser specification; the limits of captions are what many
report, the specification has none. Pictures are fetched from a public address, JPEG only;
a film goes alone, as a reel: MP4 or MOV of 3 seconds to 15 minutes, at most 300 MB (the pages disagree: the smallest holds),
without an alt text. Addresses in a caption cannot be
followed, so they are not written. A container is published once: its status settles a lost reply. Captions cannot be edited;
deleting depends on the way of logging in, so it is not promised.
"""

from presstime.model import Attachment, JsonObject, MediaRule, MovingRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import media_hole

TRAITS = Traits(
    network="instagram",
    title="Instagram",
    settling=Settling.CONTAINER,
    text=TextRule(2200, "characters"),
    media=MediaRule(
        10,
        ("image/jpeg",),
        max_bytes=8_000_000,
        required=True,
        min_ratio=4 / 5,
        max_ratio=1.91,
        video=MovingRule(
            ("video/mp4", "video/quicktime"), max_bytes=300_000_000, min_seconds=3, max_seconds=900, alone=True
        ),
    ),
    link_in_text=False,
    needs_account=True,
    default_base_url="https://graph.instagram.com",
    can_find=True,
)


class Instagram(Composer):
    """One account; `account` is its numeric id, the credential a long-lived token."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The parameters of `POST /{user}/media`. `children` are made before, and stand for their containers' ids."""
        if segment.media and segment.media[0].mime.startswith("video/"):
            return {"media_type": "REELS", "video_url": media_hole(segment.media[0]), "caption": segment.text}
        if len(segment.media) == 1:
            return {**_image(segment.media[0]), "caption": segment.text}
        children = [{**_image(item), "is_carousel_item": True} for item in segment.media]
        return {"media_type": "CAROUSEL", "caption": segment.text, "children": children}


def _image(item: Attachment) -> JsonObject:
    return {"image_url": media_hole(item), "alt_text": item.alt}
