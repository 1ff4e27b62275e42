"""Google Business Profile posts: what Google+ was to companies.

Facts: the My Business API v4 reference, `accounts.locations.localPosts`; the limits are those that resellers report, the
reference has none. Pictures are fetched from a public address. A post may be accepted and then rejected, for a telephone
number in its words for instance, so what became of it is read back.
"""

from presstime.model import JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import media_hole

TRAITS = Traits(
    network="google_business",
    title="Google Business Profile",
    compose_links=("https://business.google.com/",),  # has no page that takes words
    settling=Settling.LOOKUP,
    text=TextRule(1500, "characters"),
    media=MediaRule(1, ("image/jpeg", "image/png"), max_bytes=5_000_000, alt_limit=0, min_side=250),
    link_in_text=False,
    hashtags=False,
    needs_account=True,
    default_base_url="https://mybusiness.googleapis.com",
    can_find=True,
    edits=frozenset({"text", "media", "page"}),
    can_retract=True,
)


class GoogleBusiness(Composer):
    """One location; `account` is its resource name, `accounts/1/locations/2`."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST .../localPosts`: the link is a button."""
        body: JsonObject = {"topicType": "STANDARD", "summary": segment.text}
        if variant.language:
            body["languageCode"] = variant.language
        if variant.link:
            body["callToAction"] = {"actionType": "LEARN_MORE", "url": variant.link}
        if segment.media:
            body["media"] = [{"mediaFormat": "PHOTO", "sourceUrl": media_hole(item)} for item in segment.media]
        return body
