"""Pinterest, through API v5 (`POST /v5/pins`).

Facts: the vendor's OpenAPI file 5.23. A pin is a picture first; its link has a field of its own, and addresses in its
description lead nowhere. Nothing is idempotent: own pins of the board are read back. With Trial access only the creator sees
what is pinned. A film wants an upload of its own and a cover, which is not done here.
"""

from presstime.errors import Unsupported
from presstime.model import Attachment, JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import media_hole

TRAITS = Traits(
    network="pinterest",
    title="Pinterest",
    settling=Settling.LOOKUP,
    text=TextRule(800, "characters"),
    fields={"title": TextRule(100, "characters")},
    # The file gives no size; 10 MB is what a request of JSON with base64 in it carries without trouble.
    media=MediaRule(5, ("image/jpeg", "image/png"), max_bytes=10_000_000, alt_limit=500, required=True),
    link_in_text=False,
    default_base_url="https://api.pinterest.com",
    options=frozenset({"board", "section"}),
    can_find=True,
    edits=frozenset({"text", "page"}),
    can_retract=True,
)
ALT, LINK = 500, 2048  # characters


class Pinterest(Composer):
    """One account. Option `board` is the id of the board that is pinned to, `section` of one of its sections."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /v5/pins`, but for the board."""
        if variant.link and len(variant.link) > LINK:
            raise Unsupported(f"Pinterest takes links of at most {LINK} characters", "Give the post a shorter `link`.")
        body: JsonObject = {"title": variant.title, "description": segment.text, "link": variant.link}
        body["alt_text"] = _alt(segment)
        body["media_source"] = _source(segment)
        return {key: value for key, value in body.items() if value}


def _alt(segment: Segment) -> str:
    """A pin has one alt text, also for several pictures."""
    whole = "\n".join(item.alt for item in segment.media if item.alt)
    if len(whole) > ALT:
        raise Unsupported(
            f"Pinterest takes {ALT} characters of alt text for all pictures of a pin, and these have {len(whole)}",
            "Shorten them, or give this channel fewer `media`.",
        )
    return whole


def _source(segment: Segment) -> JsonObject:
    images = [_image(item) for item in segment.media]
    if len(images) == 1:
        return {"source_type": "image_base64", **images[0]}
    return {"source_type": "multiple_image_base64", "items": images}


def _image(item: Attachment) -> JsonObject:
    return {"content_type": item.mime, "data": media_hole(item)}
