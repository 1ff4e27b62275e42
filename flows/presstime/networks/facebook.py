"""Facebook Pages, through the Graph API (`POST /{page}/feed` with a Page token).

Facts: the edges of Meta's business SDK specifications (Page, PagePost, Photo) and developers.facebook.com. Facebook makes the
link card itself. 63,206 characters is what everybody reports as the limit; Meta's own pages do not say. An exact repeat is
refused (code 506) without naming the post, so a lost reply is settled by reading `published_posts` back. Films go by
another edge (`/{page}/videos`), which is not used here.
"""

from presstime.model import JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import media_hole

TRAITS = Traits(
    network="facebook",
    title="Facebook",
    settling=Settling.LOOKUP,
    text=TextRule(63_206, "characters"),
    media=MediaRule(10, ("image/jpeg", "image/png", "image/gif"), max_bytes=4_000_000),
    card=True,
    needs_account=True,
    default_base_url="https://graph.facebook.com",
    options=frozenset({"version"}),
    can_find=True,
    edits=frozenset({"text"}),
    can_retract=True,
)


class Facebook(Composer):
    """One Page; `account` is its id, the credential a Page access token."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The parameters of `/{page}/feed`. Pictures are uploaded before, unpublished and with their `alt_text_custom`."""
        params: JsonObject = {"message": segment.text}
        if segment.media:
            params["attached_media"] = [{"media_fbid": media_hole(item)} for item in segment.media]
        elif segment.card:
            params["link"] = segment.card.url
        return params
