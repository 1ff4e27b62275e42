"""Instagram, for professional accounts: a container is made of the pictures, then published.

Facts: developers.facebook.com (content publishing, content_publishing_limit, media insights, error codes) and the SDK's IGUser
specification; the limits of captions are what many report, the specification has none. Pictures are fetched from a public
address, JPEG only; a film goes alone, as a reel: MP4 or MOV of 3 seconds to 15 minutes, at most 300 MB (the pages disagree: the
smallest holds), without an alt text. Addresses in a caption cannot be followed, so they are not written. Captions cannot be
edited. Two ways of logging in have an address each: `base_url` is https://graph.instagram.com (Instagram Login, as given) or
https://graph.facebook.com (Facebook Login). Only the latter can delete, so it is not promised. How many posts a day allows is
said as 50 and as 100: it is asked each time.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from presstime.model import (
    Attachment,
    Channel,
    Identity,
    JsonObject,
    MediaRule,
    Metric,
    MovingRule,
    Receipt,
    Reply,
    Secret,
    Segment,
    Settling,
    TextRule,
    Traits,
    Variant,
)
from presstime.networks.base import Order
from presstime.networks.containers import ContainerAdapter, within
from presstime.networks.graph import counted, dialect, instant
from presstime.networks.holes import media_hole
from presstime.networks.http import Failed

METRICS = {
    "views": Metric.VIEWS,
    "reach": Metric.REACH,
    "likes": Metric.LIKES,
    "comments": Metric.REPLIES,
    "shares": Metric.SHARES,
    "saved": Metric.SAVES,
}
TRAITS = Traits(
    network="instagram",
    title="Instagram",
    compose_links=("https://www.instagram.com/",),  # has no page that takes words
    settling=Settling.CONTAINER,
    text=TextRule(2200, "characters"),
    media=MediaRule(
        10,
        ("image/jpeg",),
        max_bytes=8_000_000,
        required=True,
        min_ratio=4 / 5,
        max_ratio=1.91,
        video=MovingRule(
            ("video/mp4", "video/quicktime"), max_bytes=300_000_000, min_seconds=3, max_seconds=900, alone=True
        ),
    ),
    link_in_text=False,
    needs_account=True,
    default_base_url="https://graph.instagram.com",
    options=frozenset({"version"}),
    can_find=True,
    can_look=True,
    public_media=True,
    metrics=frozenset(METRICS.values()),
    can_hear=True,
)
PUBLISH = "instagram_business_content_publish"
COMMENT = "id,text,username,timestamp"


class Instagram(ContainerAdapter):
    """One account; `account` is its numeric id, the credential a long-lived token."""

    traits = TRAITS
    bearer = True
    version = "v25.0"
    dialect = dialect("Get a new token, with the rights to read and to publish, and to manage comments and insights.")
    profile = "id,username"
    making, publishing = "media", "media_publish"
    status = ("status_code", "status")
    caption, own_posts = "caption", "media"

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The parameters of `POST /{user}/media`. `children` are made before, and stand for their containers' ids."""
        if segment.media and segment.media[0].mime.startswith("video/"):
            return {"media_type": "REELS", "video_url": media_hole(segment.media[0]), "caption": segment.text}
        if len(segment.media) == 1:
            return {**_image(segment.media[0]), "caption": segment.text}
        children = [{**_image(item), "is_carousel_item": True} for item in segment.media]
        return {"media_type": "CAROUSEL", "caption": segment.text, "children": children}

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        super().__init__(channel, secret)
        self.home = quote(channel.account or "me", safe="")

    def _place(self, order: Order) -> JsonObject:
        quota = self._quota()
        within(quota["quota_usage"], quota["config"], "Instagram posts")
        return {}

    def _quota(self) -> JsonObject:
        [quota] = self.get(f"{self.home}/content_publishing_limit", fields="quota_usage,config")["data"]
        return dict(quota)

    def _posts(self, order: Order) -> Iterator[JsonObject]:
        return self.recent(f"{self.home}/media", order, "timestamp", fields="id,caption,permalink,timestamp")

    def _receipt(self, post_id: str, url: str | None) -> Receipt:
        """With whose it is: neither its id nor its address says that."""
        return Receipt(post_id, url, {"owner": self.home})

    def owner(self, receipt: Receipt) -> tuple[str | None, str]:
        return receipt.data.get("owner"), self.home

    def _identity(self) -> Identity:
        """Which rights an Instagram token has cannot be asked; whether it may publish shows where the quota can be read."""
        name, may_publish = self.account["username"], True
        try:
            self._quota()
        except Failed as failed:
            may_publish = not failed.as_error().needs_person
        lacking = () if may_publish else (PUBLISH,)
        return Identity(f"@{name}", f"https://www.instagram.com/{name}/", lacking=lacking)

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        answer = self.get(f"{quote(receipt.id, safe='')}/insights", metric=",".join(METRICS))
        return counted(answer["data"], METRICS)

    def _replies(self, receipt: Receipt) -> Iterator[Reply]:
        fields = f"{COMMENT},replies{{{COMMENT}}}"
        for comment in self.pages(f"{quote(receipt.id, safe='')}/comments", whole=False, fields=fields):
            answers = comment.get("replies", {}).get("data", [])
            for said, parent in ((comment, receipt.id), *((answer, comment["id"]) for answer in answers)):
                if said["username"] != self.account["username"]:
                    yield Reply(
                        said["id"], f"@{said['username']}", said["text"], instant(said["timestamp"]), parent=parent
                    )


def _image(item: Attachment) -> JsonObject:
    return {"image_url": media_hole(item), **({"alt_text": item.alt} if item.alt else {})}
