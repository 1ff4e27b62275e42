"""Facebook Pages, through the Graph API (`POST /{page}/feed` with a Page token).

Facts: the edges of Meta's business SDK specifications (Page, PagePost, Photo) and developers.facebook.com (Pages API: posts,
changelog, deprecated metrics). Facebook makes the link card itself. 63,206 characters is what everybody reports as the limit;
Meta's own pages do not say, so a channel may set another. An exact repeat of the latest post is refused (code 506) without
naming it, so a lost reply is settled by reading `published_posts` back. Films go by another edge (`/{page}/videos`), which is
not used here. Insights exist for Pages of 100 likes and more; a metric that was removed fails the whole call, so each is asked
for alone. What a token may do is told by `debug_token`, if it may look at itself, which is documented for the tokens of an
app's own people only.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import quote

from presstime.errors import NetworkError
from presstime.model import (
    Attachment,
    Channel,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    Metric,
    Outcome,
    Receipt,
    Refused,
    Reply,
    Secret,
    Segment,
    Settling,
    TextRule,
    Traits,
    Variant,
)
from presstime.networks.base import Order, ReadBytes
from presstime.networks.comparing import comparable
from presstime.networks.graph import GraphAdapter, counted, dialect, instant
from presstime.networks.holes import file_name, fill, media_hole
from presstime.networks.http import Failed, confirmed

INSIGHTS = {"post_media_view": Metric.VIEWS, "post_total_media_view_unique": Metric.REACH}
TRAITS = Traits(
    network="facebook",
    title="Facebook",
    compose_links=(
        "https://www.facebook.com/sharer/sharer.php?u={link}",
        "https://www.facebook.com/",
    ),  # takes no words, and is not in the documentation any more
    settling=Settling.LOOKUP,
    text=TextRule(63_206, "characters"),
    media=MediaRule(10, ("image/jpeg", "image/png", "image/gif"), max_bytes=4_000_000),
    visible_after=timedelta(seconds=60),  # not documented
    card=True,
    needs_account=True,
    default_base_url="https://graph.facebook.com",
    options=frozenset({"version"}),
    limits=frozenset({"characters"}),
    can_find=True,
    can_look=True,
    edits=frozenset({"text"}),
    can_retract=True,
    metrics=frozenset({*INSIGHTS.values(), Metric.LIKES, Metric.REPLIES, Metric.SHARES}),
    can_hear=True,
)
SUMS = "reactions.summary(total_count).limit(0),comments.summary(total_count).limit(0),shares"


class Facebook(GraphAdapter):
    """One Page; `account` is its id, the credential a Page access token."""

    traits = TRAITS
    bearer = True
    version = "v25.0"
    dialect = dialect(
        "Get a new Page token, with pages_manage_posts, pages_read_engagement, pages_read_user_content and read_insights."
    )
    profile = "id,name,link"
    needed = ("pages_manage_posts", "pages_read_engagement")
    caption, own_posts = "message", "published_posts"

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The parameters of `/{page}/feed`. Pictures are uploaded before, unpublished and with their `alt_text_custom`."""
        params: JsonObject = {"message": segment.text}
        if segment.media:
            params["attached_media"] = [{"media_fbid": media_hole(item)} for item in segment.media]
        elif segment.card:
            params["link"] = segment.card.url
        return params

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        super().__init__(channel, secret)
        self.page = quote(channel.account or "me", safe="")

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        # A card's picture is not among them: Facebook takes its own.
        shown = {item.digest: item for segment in variant.segments for item in segment.media}
        return {digest: self._upload(item, read(item)) for digest, item in shown.items()}

    def _upload(self, item: Attachment, content: bytes) -> str:
        fields = {"published": "false", **({"alt_text_custom": item.alt} if item.alt else {})}
        file = (file_name(item), content, item.mime)
        photo = self.http.ask("POST", f"{self.root}/{self.page}/photos", data=fields, files={"source": file})
        return str(photo["id"])

    def _send(self, order: Order) -> Outcome:
        body = fill(self.planned(order), order.media)
        path = f"{self.root}/{self.page}/feed"
        return self.http.post("POST", path, lambda answer: self._receipt(str(answer["id"])), json=body)

    def _edit(self, order: Order, receipt: Receipt) -> Outcome:
        return self._change("POST", receipt, json={"message": order.segment.text})

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        return self._change("DELETE", receipt)

    def _change(self, method: str, receipt: Receipt, **content: Json) -> Outcome:
        path = f"{self.root}/{quote(receipt.id, safe='')}"
        outcome = self.http.change(method, path, lambda answer: confirmed(receipt, answer["success"]), **content)
        return self.unless_foreign(outcome, receipt)

    def owner(self, receipt: Receipt) -> tuple[str | None, str]:
        """A post's id begins with its Page's."""
        return receipt.id.partition("_")[0], self.account["id"]

    def _find(self, order: Order) -> Receipt | None:
        wanted, pictures = comparable(order.segment.text), len(order.segment.media)
        fields = "id,message,created_time,permalink_url,attachments{type,subattachments}"
        for post in self.recent(f"{self.page}/published_posts", order, "created_time", fields=fields):
            if comparable(post.get("message", "")) == wanted and _pictures(post) == pictures:
                return Receipt(post["id"], post["permalink_url"])
        return None

    def _receipt(self, post_id: str) -> Receipt:
        return Receipt(post_id, self.permalink(quote(post_id, safe=""), "permalink_url"))

    def _identity(self) -> Identity:
        page = self.account
        if self.channel.account not in (None, page["id"]):
            reason = (
                f"the credential is of {page['name']} ({page['id']}), and the channel's account {self.channel.account}"
            )
            raise NetworkError(reason, "Give the channel the id of that Page, or its own token.", needs_person=True)
        return self.whose(page["name"], page.get("link"))

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        post = quote(receipt.id, safe="")
        sums = self.get(post, fields=SUMS)
        found = {
            Metric.LIKES: int(sums["reactions"]["summary"]["total_count"]),
            Metric.REPLIES: int(sums["comments"]["summary"]["total_count"]),
            Metric.SHARES: int(sums.get("shares", {}).get("count", 0)),
        }
        for name in INSIGHTS:
            try:
                answer = self.get(f"{post}/insights", metric=name, period="lifetime")
                found |= counted(answer["data"], INSIGHTS)
            except Failed as failed:
                if not isinstance(failed.verdict, Refused):  # refused is a metric that is gone
                    raise
        return found

    def _replies(self, receipt: Receipt) -> Iterator[Reply]:
        """All levels of comments. Whose they are is told with the right pages_read_user_content only."""
        fields = "id,message,from,created_time,permalink_url,parent"
        edge = f"{quote(receipt.id, safe='')}/comments"
        for said in self.pages(edge, whole=False, fields=fields, filter="stream", order="chronological"):
            author = said.get("from", {})
            if author.get("id") != receipt.id.partition("_")[0]:
                parent = said.get("parent", {}).get("id", receipt.id)
                at, url = instant(said["created_time"]), said.get("permalink_url")
                yield Reply(said["id"], author.get("name", ""), said.get("message", ""), at, url, parent)


def _pictures(post: JsonObject) -> int:
    """How many pictures a post shows; a link card's own is none."""
    shown = post.get("attachments", {}).get("data", [])
    return sum(len(item.get("subattachments", {}).get("data", [])) or item["type"] == "photo" for item in shown)
