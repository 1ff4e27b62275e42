"""Reddit: a text post in a subreddit (`POST /api/submit`).

Facts: the last open-source code (reddit-archive, 2017), for the current documentation wants a login; new programs need
Reddit's approval. Errors come with HTTP 200. Text posts have no guard against a second one, so own submissions are read back.
"""

from presstime.errors import Unsupported
from presstime.model import JsonObject, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer

TRAITS = Traits(
    network="reddit",
    title="Reddit",
    compose_links=("https://www.reddit.com/submit?title={title}",),  # the page of its share buttons
    settling=Settling.LOOKUP,
    text=TextRule(40_000, "characters"),
    fields={"title": TextRule(300, "characters")},
    markup="snudown",
    hashtags=False,
    needs_account=True,
    default_base_url="https://oauth.reddit.com",
    options=frozenset({"flair"}),
    can_find=True,
    edits=frozenset({"text"}),
    can_retract=True,
)


class Reddit(Composer):
    """One subreddit; `account` is its name, the credential a refresh token. Option `flair` is the id of the post's flair."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The form of `/api/submit`, but for the subreddit and the flair."""
        if not variant.title:
            raise Unsupported("Reddit takes no post without a title", "Give the post a `title`.")
        return {"api_type": "json", "kind": "self", "title": variant.title, "text": segment.text, "sendreplies": True}
