"""Ghost sites, through the Admin API (`POST /ghost/api/admin/posts/?source=html`).

Facts: docs.ghost.org (creating a post) and the lengths in Ghost's own schema. Ghost turns HTML into its own form. A slug of our
own is how a post is found again. Nothing here names a newsletter: publishing with one mails people, and cannot be undone.
"""

from html import escape

from presstime.model import Attachment, JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant, to_iso
from presstime.networks.base import Composer
from presstime.networks.holes import media_address, media_hole

TRAITS = Traits(
    network="ghost",
    title="Ghost",
    settling=Settling.LOOKUP,
    text=TextRule(1_000_000, "characters"),  # none is documented; a bound against accidents
    fields={"title": TextRule(255, "characters"), "summary": TextRule(300, "characters")},
    media=MediaRule(10, ("image/jpeg", "image/png", "image/gif", "image/webp"), max_bytes=10_000_000, alt_limit=191),
    markup="html",
    link_in_text=False,
    hashtags=False,
    can_find=True,
    edits=frozenset({"text", "media", "page"}),
    can_retract=True,
)


class Ghost(Composer):
    """One site (`base_url`); the credential is an Admin API key."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of the request: the first picture leads, further ones stand at the end."""
        post: JsonObject = {
            "title": variant.title,
            "slug": variant.delivery.post.lower().replace(".", "-").replace("_", "-"),
            "html": segment.text + "".join(map(_figure, segment.media[1:])),
            "status": "published",
            "published_at": to_iso(variant.at),
            "tags": [{"name": tag} for tag in variant.tags],
        }
        if segment.media:
            lead = segment.media[0]
            post |= {"feature_image": media_hole(lead), "feature_image_alt": lead.alt}
        optional = {"custom_excerpt": variant.summary, "canonical_url": variant.link}
        return {"posts": [post | {key: value for key, value in optional.items() if value}]}


def _figure(item: Attachment) -> str:
    return f'\n<figure><img src="{media_address(item)}" alt="{escape(item.alt)}" /></figure>'
