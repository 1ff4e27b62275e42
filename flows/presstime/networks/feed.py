"""Feeds on disk: `atom.xml` (RFC 4287) and `feed.json` (JSON Feed 1.1), for a web server or a static site to show.

Every entry has an id of its own that never changes, so writing it again changes nothing.
"""

from presstime.model import JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant, to_iso
from presstime.networks.base import Adapter

TRAITS = Traits(
    network="feed",
    title="Feed",
    settling=Settling.NATURAL,
    text=TextRule(1_000_000, "characters"),  # no limit in either format; a bound against accidents
    media=MediaRule(
        20,
        ("image/jpeg", "image/png", "image/gif", "image/webp", "image/svg+xml", "image/avif"),
        max_bytes=50_000_000,
    ),
    markup="html",
    marks=frozenset({"link", "mention", "tag", "bold", "italic", "code", "pre", "quote", "strike"}),
    link_in_text=False,
    hashtags=False,
    needs_credentials=False,
    options=frozenset({"title", "home", "path", "limit", "url"}),
    can_find=True,
)


class Feed(Adapter):
    """One pair of feed files, in the folder of option `path`.

    Further options: `title`, `home` (the site's address), `url` (the address the folder is served under: makes links to
    pictures absolute), `limit` (entries kept, 50 unless said otherwise).
    """

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The entry as a JSON Feed item, but for its id and the addresses of its pictures."""
        item: JsonObject = {"date_published": to_iso(variant.at), "content_html": segment.text}
        optional = {
            "url": variant.link,
            "title": variant.title,
            "summary": variant.summary,
            "language": variant.language,
            "tags": list(variant.tags),
        }
        return item | {key: value for key, value in optional.items() if value}
