"""WordPress sites, through the REST API (`POST /wp/v2/posts`).

Facts: the vendor's schemas and the REST API handbook. A `slug` of our own is how a post is found again, since there is no
key; one that is taken gets `-2` behind it in silence. Words in square brackets may be shortcodes, which WordPress runs: they
are written so that they are read.
"""

from datetime import UTC
from html import escape

from presstime.model import Attachment, JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import hole, media_address, media_hole

TRAITS = Traits(
    network="wordpress",
    title="WordPress",
    compose_links=("{server}/wp-admin/post-new.php",),  # the dashboard, "Add New Post"
    settling=Settling.LOOKUP,
    text=TextRule(1_000_000, "characters"),  # none is documented; a bound against accidents
    media=MediaRule(10, ("image/jpeg", "image/png", "image/gif", "image/webp"), max_bytes=10_000_000),
    markup="html",
    link_in_text=False,
    hashtags=False,
    needs_account=True,
    can_find=True,
    edits=frozenset({"text", "media", "page"}),
    can_retract=True,
)


class WordPress(Composer):
    """One site (`base_url`); `account` is the user, the credential an application password."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /wp/v2/posts`: tags by name, since only the site knows their ids; the first picture leads."""
        body: JsonObject = {
            "title": variant.title,
            "content": _unrun(segment.text) + "".join(map(_figure, segment.media[1:])),
            "excerpt": variant.summary,
            "slug": variant.delivery.post.lower().replace(".", "-").replace("_", "-"),
            "status": "publish",
            "date_gmt": f"{variant.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        }
        if variant.tags:
            body["tags"] = [hole(f"tag:{tag}") for tag in variant.tags]
        if segment.media:
            body["featured_media"] = media_hole(segment.media[0])
        return body


def _unrun(html: str) -> str:
    return html.replace("[", "&#91;")


def _figure(item: Attachment) -> str:
    return f'\n<figure><img src="{media_address(item)}" alt="{escape(item.alt)}" /></figure>'
