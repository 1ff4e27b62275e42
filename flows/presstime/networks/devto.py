"""dev.to, and other sites that run Forem (`POST /api/articles`).

Facts: the vendor's OpenAPI file and Forem's source (article.rb, markdown_processor). The words are Markdown in which Liquid tags
are run. At most four tags, of letters and digits. Articles are found again by their `canonical_url`; there is no delete, an
article is unpublished.
"""

import re

from presstime.model import Attachment, JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import media_address, media_hole

TRAITS = Traits(
    network="devto",
    title="dev.to",
    settling=Settling.LOOKUP,
    text=TextRule(800_000, "bytes"),
    fields={"title": TextRule(128, "characters")},
    # Forem takes no upload: pictures are fetched from a public address, and served in whatever size is asked for.
    media=MediaRule(10, ("image/jpeg", "image/png", "image/gif", "image/webp"), max_bytes=10_000_000),
    markup="liquid",
    link_in_text=False,
    hashtags=False,
    default_base_url="https://dev.to",
    can_find=True,
    edits=frozenset({"text", "media", "page"}),
    can_retract=True,
)
TAGS, TAG = 4, 30


class DevTo(Composer):
    """One account; the credential is its API key."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /api/articles`: the first picture leads, further ones stand at the end."""
        article: JsonObject = {
            "title": variant.title,
            "body_markdown": "\n\n".join([segment.text, *map(_picture, segment.media[1:])]),
            "published": True,
        }
        optional = {"canonical_url": variant.link, "description": variant.summary, "tags": ", ".join(_tags(variant))}
        article |= {key: value for key, value in optional.items() if value}
        if segment.media:
            article["main_image"] = media_hole(segment.media[0])
        return {"article": article}


def _tags(variant: Variant) -> list[str]:
    words = (re.sub(r"[\W_]", "", tag).lower() for tag in variant.tags)
    return list(dict.fromkeys(word for word in words if 0 < len(word) <= TAG))[:TAGS]


def _picture(item: Attachment) -> str:
    alt = re.sub(r"([\\\[\]])", r"\\\1", " ".join(item.alt.split()))
    return f"![{alt}]({media_address(item)})"
