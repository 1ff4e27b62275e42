"""Any server of one's own: signed JSON, in the shape of Standard Webhooks (standardwebhooks.com).

The signature, the id and the time of sending are headers; this is the body that they are made over. Who receives it finds the
words as HTML and as plain text, and the pictures in base64. Whether a message whose reply was lost was taken, only the
receiver knows.
"""

from presstime.model import Attachment, JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant, to_iso
from presstime.networks.base import Composer
from presstime.networks.holes import file_name, media_hole

TRAITS = Traits(
    network="webhook",
    title="Webhook",
    settling=Settling.NONE,
    text=TextRule(1_000_000, "characters"),  # a bound against accidents
    media=MediaRule(10, ("image/jpeg", "image/png", "image/gif", "image/webp"), max_bytes=5_000_000),
    markup="html",
    fallback=True,
    link_in_text=False,
    hashtags=False,
)


class Webhook(Composer):
    """One address (`base_url`); the credential is the secret that requests are signed with."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of the request."""
        data: JsonObject = {
            "delivery": str(variant.delivery),
            "post": variant.delivery.post,
            "title": variant.title,
            "summary": variant.summary,
            "link": variant.link,
            "language": variant.language,
            "tags": list(variant.tags),
            "html": segment.text,
            "text": segment.plain,
            "media": [_file(item) for item in segment.media],
        }
        return {"type": "post.published", "timestamp": to_iso(variant.at), "data": data}


def _file(item: Attachment) -> JsonObject:
    return {
        "name": file_name(item),
        "mime": item.mime,
        "width": item.width,
        "height": item.height,
        "alt": item.alt,
        "sha256": item.digest,
        "content": media_hole(item),
    }
