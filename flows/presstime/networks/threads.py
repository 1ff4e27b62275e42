"""Threads, through graph.threads.net: a container is made of the words and pictures, then published.

Facts: Meta's Postman collection and developers.facebook.com/docs/threads. Emoji count as their UTF-8 bytes. Pictures and
films (MP4 or MOV, at most 1 GB and 5 minutes) are fetched from a public address. A post has one topic instead of hashtags, and
a link attachment where it has no pictures. There is no edit. The token goes as a parameter, which is what is documented. An
account's own replies are not among its posts (`/me/threads`) but among its replies (`/me/replies`). 250 posts and 1,000
replies a day, which is asked each time.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from presstime.model import (
    Attachment,
    Identity,
    JsonObject,
    MediaRule,
    Metric,
    MovingRule,
    Outcome,
    Receipt,
    Reply,
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
from presstime.networks.http import confirmed

METRICS = {
    "views": Metric.VIEWS,
    "likes": Metric.LIKES,
    "replies": Metric.REPLIES,
    "reposts": Metric.SHARES,
    "quotes": Metric.QUOTES,
}
TRAITS = Traits(
    network="threads",
    title="Threads",
    compose_links=("https://www.threads.com/intent/post?text={text}",),  # developers.facebook.com, "Web Intents"
    settling=Settling.CONTAINER,
    text=TextRule(500, "emoji_bytes"),
    media=MediaRule(
        20,
        ("image/jpeg", "image/png"),
        max_bytes=8_000_000,
        alt_limit=1000,
        max_ratio=10,
        video=MovingRule(("video/mp4", "video/quicktime"), max_bytes=1_000_000_000, max_seconds=300),
    ),
    threads=True,
    card=True,
    hashtags=False,
    default_base_url="https://graph.threads.net",
    options=frozenset({"version"}),
    can_find=True,
    can_look=True,
    can_retract=True,
    public_media=True,
    metrics=frozenset(METRICS.values()),
    can_hear=True,
)
TOPIC = 50  # characters, without "." and "&"
QUOTAS = {False: ("quota_usage", "config", "posts"), True: ("reply_quota_usage", "reply_config", "replies")}


class Threads(ContainerAdapter):
    """One account; the credential is its long-lived token."""

    traits = TRAITS
    credential_field = "access_token"
    version = "v1.0"
    dialect = dialect(
        "Get a new token, with the rights threads_basic, _content_publish, _read_replies, _manage_insights."
    )
    profile = "id,username"
    needed = ("threads_basic", "threads_content_publish")
    making, publishing = "threads", "threads_publish"
    status = ("status", "error_message")
    caption, own_posts = "text", "threads"

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The parameters of `POST /me/threads`, but for `reply_to_id`. `children` are made before, and stand for their
        containers' ids."""
        params: JsonObject = {**_shown(segment), "text": segment.text}
        if segment.card and not segment.media:
            params["link_attachment"] = segment.card.url
        if segment.index == 0 and (topic := _topic(variant.tags)):
            params["topic_tag"] = topic
        return params

    def _place(self, order: Order) -> JsonObject:
        usage, config, what = QUOTAS[bool(order.previous)]
        [quota] = self.get("me/threads_publishing_limit", fields=f"{usage},{config}")["data"]
        within(quota[usage], quota[config], f"Threads {what}")
        return {"reply_to_id": order.previous[-1].id} if order.previous else {}

    def _posts(self, order: Order) -> Iterator[JsonObject]:
        parent = order.previous[-1].id if order.previous else None
        edge, more = ("me/replies", ",replied_to") if parent else ("me/threads", "")
        posts = self.recent(edge, order, "timestamp", fields=f"id,text,permalink,timestamp{more}")
        return (post for post in posts if post.get("replied_to", {}).get("id") == parent)

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        path = f"{self.root}/{quote(receipt.id, safe='')}"
        outcome = self.http.change("DELETE", path, lambda answer: confirmed(receipt, answer["success"]))
        return self.unless_foreign(outcome, receipt)

    def owner(self, receipt: Receipt) -> tuple[str | None, str]:
        """A post's address has the name of its author."""
        author = re.search(r"/@([^/]+)/", receipt.url or "")
        return author and author[1], self.account["username"]

    def _identity(self) -> Identity:
        name = self.account["username"]
        return self.whose(f"@{name}", f"https://www.threads.net/@{name}")

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        answer = self.get(f"{quote(receipt.id, safe='')}/insights", metric=",".join(METRICS))
        return counted(answer["data"], METRICS)

    def _replies(self, receipt: Receipt) -> Iterator[Reply]:
        """Direct answers; those to an answer are listed below it, and are not asked for."""
        fields = "id,text,username,permalink,timestamp,is_reply_owned_by_me"
        for said in self.pages(f"{quote(receipt.id, safe='')}/replies", whole=False, limit=None, fields=fields):
            if not said.get("is_reply_owned_by_me"):
                author, at = f"@{said['username']}", instant(said["timestamp"])
                yield Reply(said["id"], author, said.get("text", ""), at, said.get("permalink"), receipt.id)


def _shown(segment: Segment) -> JsonObject:
    if not segment.media:
        return {"media_type": "TEXT"}
    if len(segment.media) == 1:
        return _file(segment.media[0])
    return {
        "media_type": "CAROUSEL",
        "children": [{**_file(item), "is_carousel_item": True} for item in segment.media],
    }


def _file(item: Attachment) -> JsonObject:
    kind, name = ("VIDEO", "video_url") if item.mime.startswith("video/") else ("IMAGE", "image_url")
    return {"media_type": kind, name: media_hole(item), **({"alt_text": item.alt} if item.alt else {})}


def _topic(tags: tuple[str, ...]) -> str | None:
    """The first tag that can be a topic."""
    return next((tag for tag in tags if len(tag) <= TOPIC and not set(tag) & set(".&")), None)
