"""LinkedIn, through the Posts API (`POST /rest/posts`): pages of organisations, and members.

Facts: learn.microsoft.com (posts-api, little-text-format, images-api, videos-api). The words are little text, in which an unescaped
reserved character silently ends the post. 3,000 characters is the documented limit of the older API; whether escapes count is
not said, so they are counted. LinkedIn makes no link card: we supply it. A page's posts can be read back; a member's cannot,
with what anybody is given.
"""

from dataclasses import replace

from presstime.errors import Unsupported
from presstime.model import Card, Json, JsonObject, MediaRule, MovingRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import media_hole

PICTURES = ("image/jpeg", "image/png", "image/gif")
# Sizes in bytes of pictures are not documented, only pixels: the bound keeps uploads short.
PICTURE = MediaRule(
    20,
    PICTURES,
    max_bytes=20_000_000,
    max_pixels=36_152_319,
    alt_limit=4086,
    animation=MovingRule(("image/gif",), max_bytes=20_000_000, max_frames=250),
)
FILM = MovingRule(("video/mp4",), max_bytes=500_000_000, min_seconds=3, max_seconds=1800, alone=True)
PAGE = Traits(
    network="linkedin",
    title="LinkedIn",
    # Takes no words; the address that LinkedIn's own share plugin opens.
    compose_links=("https://www.linkedin.com/sharing/share-offsite/?url={link}", "https://www.linkedin.com/feed/"),
    settling=Settling.LOOKUP,
    text=TextRule(3000, "characters"),
    media=replace(PICTURE, video=FILM),
    thumb=replace(PICTURE, max_count=1),
    markup="littletext",
    marks=frozenset({"mention", "tag"}),
    mentions="urn:li:",
    card=True,
    needs_account=True,
    default_base_url="https://api.linkedin.com",
    options=frozenset({"version"}),
    can_find=True,
    edits=frozenset({"text"}),
    can_retract=True,
)
MEMBER = replace(PAGE, network="linkedin_member", title="LinkedIn (member)", settling=Settling.NONE, can_find=False)


class LinkedInPage(Composer):
    """The page of an organisation; `account` is `urn:li:organization:1`. Option `version` is the API's, such as 202605."""

    traits = PAGE

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /rest/posts`, but for its author."""
        body: JsonObject = {
            "commentary": segment.text,
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        if content := _content(segment):
            body["content"] = content
        return body


class LinkedInMember(LinkedInPage):
    """A person; `account` is `urn:li:person:ID`."""

    traits = MEMBER


def _content(segment: Segment) -> Json:
    if segment.media and segment.card:
        raise Unsupported("LinkedIn shows pictures or a link card, not both", "Leave one of them out.")
    if segment.media and segment.media[0].mime.startswith("video/"):
        return {"media": {"id": media_hole(segment.media[0])}}
    images = [{"id": media_hole(item), "altText": item.alt} for item in segment.media]
    if images:
        return {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}
    return {"article": _article(segment.card)} if segment.card else None


def _article(card: Card) -> JsonObject:
    article: JsonObject = {"source": card.url, "title": card.title, "description": card.description}
    if card.thumb:
        article["thumbnail"] = media_hole(card.thumb)
    return article
