"""X, through API v2 with an OAuth 2.0 user token (scopes tweet.read tweet.write users.read media.write).

Facts: docs.x.com (manage posts, counting characters, media best practices, rate limits) and the OpenAPI file 2.167. There is
no idempotency key; a lost reply is settled by reading the account's own posts back. What X calls an edit makes a new post,
within the hour and for paying accounts: not an edit here. A post has up to four pictures, or one moving GIF. Videos are taken
in parts only (`/2/media/upload/initialize`, `append`, `finalize`), which is not done here: they are refused when checked.
"""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from presstime.errors import Unsupported
from presstime.model import (
    Attachment,
    Deferred,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    Metric,
    MovingRule,
    Outcome,
    Price,
    Receipt,
    Refused,
    Reply,
    Segment,
    Settling,
    Sighting,
    TextRule,
    Traits,
    Variant,
)
from presstime.networks.base import Order, ReadBytes
from presstime.networks.comparing import comparable
from presstime.networks.holes import fill, media_hole
from presstime.networks.http import Failed, HttpAdapter, confirmed
from presstime.networks.verdict import Dialect, epoch_seconds

# What we call it, by its names in `public_metrics`. The OpenAPI file has `repost_count` where the pages have `retweet_count`.
COUNTS = {
    "impression_count": Metric.VIEWS,
    "like_count": Metric.LIKES,
    "reply_count": Metric.REPLIES,
    "repost_count": Metric.SHARES,
    "retweet_count": Metric.SHARES,
    "quote_count": Metric.QUOTES,
    "bookmark_count": Metric.SAVES,
}
TRAITS = Traits(
    network="x",
    title="X",
    compose_links=("https://x.com/intent/tweet?text={text}",),  # docs.x.com, "Web Intent"
    settling=Settling.LOOKUP,
    text=TextRule(280, "weighted", url_weight=23),
    media=MediaRule(
        4,
        ("image/jpeg", "image/png", "image/webp"),
        max_bytes=5_000_000,
        alt_limit=1000,
        animation=MovingRule(
            ("image/gif",),
            max_bytes=15_000_000,
            max_width=1280,
            max_height=1080,
            max_frames=350,
            max_pixels=300_000_000,
            alone=True,
        ),
    ),
    limits=frozenset({"characters"}),  # 25,000 for accounts with Premium: nothing tells which have it before they post
    visible_after=timedelta(seconds=60),  # not documented; own posts are seen to lag by seconds
    threads=True,
    default_base_url="https://api.x.com",
    can_find=True,
    can_look=True,
    can_retract=True,
    metrics=frozenset(COUNTS.values()),
    can_hear=True,
    price=Price(0.015, with_link=0.200, look=0.005),
)
PROVEN = ("tweet.read", "users.read")  # the scopes that asking who one is takes; X tells of no others
SLACK = timedelta(minutes=5)  # how far the network's clock may lag behind ours
PAGES = 8  # of 100 posts, looked through before we say that we cannot tell


def _words(body: Json) -> tuple[str, str]:
    """Problem details (RFC 7807): `detail`, else the first of `errors`. The last part of `type` serves as a name."""
    problem = body if "detail" in body else {**body, **body["errors"][0]}
    message = problem.get("detail") or problem.get("message") or problem.get("title", "")
    return message, str(problem.get("type", "")).rsplit("/", 1)[-1].replace("about:blank", "")


def _about_credentials(status: int, code: str, message: str) -> bool:
    """A 403 that no other text would change: the app or the token may not post at all."""
    return status == 403 and code in {"client-forbidden", "unsupported-authentication", "oauth1-permissions"}


def _duplicate(status: int, code: str, message: str) -> bool:
    """The 403 for a text that was just posted. It names no id: a hint that an earlier try got through, never proof."""
    return status == 403 and "duplicate content" in message.lower()


def _gone(status: int, code: str, message: str) -> bool:
    """X answers 404 for a path it does not know, too; the problem's type tells them apart."""
    return status == 404 and code == "resource-not-found"


class X(HttpAdapter):
    """One X account. The credential is its user access token."""

    traits = TRAITS
    bearer = True
    dialect = Dialect(
        words=_words,
        until=epoch_seconds("x-rate-limit-reset"),
        renew="Renew the access token (it lives for 2 hours unless it is refreshed) and check its scopes.",
        about_credentials=_about_credentials,
        unknown=_duplicate,
        gone=_gone,
    )
    _me: JsonObject | None = None

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /2/tweets`: 4 pictures, or one GIF alone."""
        if len(segment.media) > 1 and any(item.mime == "image/gif" for item in segment.media):
            raise Unsupported("X takes one GIF alone, or up to four pictures", "Give the GIF a post of its own.")
        body: JsonObject = {"text": segment.text}
        if segment.media:
            body["media"] = {"media_ids": [media_hole(item) for item in segment.media]}
        return body

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        return {item.digest: self._upload(item, read(item)) for item in variant.attachments()}

    def _upload(self, item: Attachment, content: bytes) -> str:
        """The media id of an uploaded picture; its alt text must be there before the post is."""
        category = "tweet_gif" if item.mime == "image/gif" else "tweet_image"
        answer = self.http.ask(
            "POST",
            "/2/media/upload",
            data={"media_category": category},
            files={"media": (item.path.rsplit("/", 1)[-1], content, item.mime)},
        )
        media_id = str(answer["data"]["id"])
        if item.alt:
            described = {"id": media_id, "metadata": {"alt_text": {"text": item.alt}}}
            self.http.ask("POST", "/2/media/metadata", json=described)
        return media_id

    def _send(self, order: Order) -> Outcome:
        body = fill(self.planned(order), order.media)
        if order.previous:
            body["reply"] = {"in_reply_to_tweet_id": order.previous[-1].id}
        thread = order.previous[0].id if order.previous else None
        return self.http.post(
            "POST", "/2/tweets", lambda answer: self._receipt(answer["data"]["id"], thread), json=body
        )

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        path = f"/2/tweets/{quote(receipt.id, safe='')}"
        return self.http.change("DELETE", path, lambda answer: confirmed(receipt, answer["data"]["deleted"]))

    def _find(self, order: Order) -> Receipt | None:
        parent = order.previous[-1].id if order.previous else None
        wanted = comparable(order.segment.text)
        for post in self._own_posts(order):
            if comparable(expanded(post)) == wanted and _parent(post) == parent:
                return self._receipt(post["id"], order.previous[0].id if order.previous else None)
        return None

    def _look(self, order: Order, receipt: Receipt) -> Sighting | None:
        """A post of X's never says anything else: what X calls an edit is another post, which the first one names. It is the
        newest one's words that are told, at the price of another read."""
        post = self._post(receipt.id)
        if post is None:
            return None
        newest = str(post.get("edit_history_tweet_ids", [receipt.id])[-1])
        changed = newest != receipt.id
        return Sighting(expanded((self._post(newest) if changed else None) or post), changed)

    def _post(self, post_id: str) -> JsonObject | None:
        """A post with its whole words; None where X cannot find it, and the account that asks is a good one."""
        path, fields = f"/2/tweets/{quote(post_id, safe='')}", {"tweet.fields": "entities,note_tweet"}
        return self.unless_gone(lambda: _data(self.http.ask("GET", path, params=fields)), self._whoami)

    def _own_posts(self, order: Order) -> Iterator[JsonObject]:
        """The account's posts since the nominal instant. Raises `Failed` if there are more than can be looked through."""
        params: JsonObject = {
            "max_results": 100,
            "start_time": (order.at.astimezone(UTC) - SLACK).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "exclude": "retweets",
            "tweet.fields": "created_at,text,entities,referenced_tweets",
        }
        path = f"/2/users/{self._whoami()['id']}/tweets"
        for _ in range(PAGES):
            page = self.http.ask("GET", path, params=params)
            yield from page.get("data", [])
            if "next_token" not in page.get("meta", {}):
                return
            params["pagination_token"] = page["meta"]["next_token"]
        raise Failed(Deferred(f"more than {PAGES * 100} posts since then: X cannot be read back far enough"))

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        path = f"/2/tweets/{quote(receipt.id, safe='')}"
        told = _data(self.http.ask("GET", path, params={"tweet.fields": "public_metrics"}))["public_metrics"]
        return {COUNTS[name]: int(count) for name, count in told.items() if name in COUNTS}

    def _replies(self, receipt: Receipt) -> Iterator[Reply]:
        """Oldest first. A thread is one conversation: what answers another message of it is left out, as is what the account
        itself said."""
        me, heard = self._whoami()["id"], {receipt.id}
        names: dict[str, str] = {}
        for post in sorted(self._conversation(receipt, names), key=lambda post: int(post["id"])):
            parent, own = _parent(post), post["author_id"] == me
            if parent not in heard or (own and parent == receipt.id):
                continue
            heard.add(post["id"])
            if not own:
                author = names.get(post["author_id"]) or str(post["author_id"])
                at = datetime.fromisoformat(post["created_at"])
                yield Reply(post["id"], f"@{author}", _said(post), at, self._post_page(author, post["id"]), parent)

    def _conversation(self, receipt: Receipt, names: dict[str, str]) -> Iterator[JsonObject]:
        """Every post of the conversation that recent search has; `names` learns who wrote them, by id."""
        params: JsonObject = {
            "query": f"conversation_id:{receipt.data.get('thread', receipt.id)}",
            "max_results": 100,
            "tweet.fields": "author_id,created_at,display_text_range,entities,referenced_tweets",
            "expansions": "author_id",
        }
        for _ in range(PAGES):
            page = self.http.ask("GET", "/2/tweets/search/recent", params=params)
            names |= {user["id"]: user["username"] for user in page.get("includes", {}).get("users", [])}
            yield from page.get("data", [])
            if "next_token" not in page.get("meta", {}):
                return
            params["next_token"] = page["meta"]["next_token"]

    def _identity(self) -> Identity:
        return Identity(f"@{self._whoami()['username']}", self._page(""), rights=PROVEN)

    def _whoami(self) -> JsonObject:
        if self._me is None:
            self._me = dict(_data(self.http.ask("GET", "/2/users/me")))
        return self._me

    def _receipt(self, post_id: str, thread: str | None) -> Receipt:
        """With the id of the thread's first post, which a conversation goes by, where it is another."""
        return Receipt(post_id, self._page(f"/status/{post_id}"), {"thread": thread} if thread else {})

    def _page(self, tail: str) -> str:
        account = (self.channel.account or "").removeprefix("@") or (self._me or {}).get("username", "i")
        return f"{self._site}/{account}{tail}"

    def _post_page(self, author: str, post_id: str) -> str:
        return f"{self._site}/{author}/status/{post_id}"

    @property
    def _site(self) -> str:
        return "https://x.com" if self.at_home else self.http.base_url


def _data(answer: Json) -> JsonObject:
    """What was asked for. Raises `Failed` with the problem that a 200 has in its place."""
    if "data" not in answer:
        message, code = _words(answer)
        # A suspended account's, or one that may not be seen, are problems of other words or of another type.
        gone = code == "resource-not-found" and message.lower().startswith("could not find")
        raise Failed(Refused(f"X answered with a problem: {message}", code), gone=gone)
    return dict(answer["data"])


def _said(post: JsonObject) -> str:
    """The words of a reply, without the names of those it answers, which X puts before them."""
    start = post.get("display_text_range", (0,))[0]
    return expanded(post | {"text": post["text"][start:]})


def expanded(post: JsonObject) -> str:
    """The text of a post as its author wrote it: t.co links expanded, the links X adds for pictures left out, `&amp;`
    `&lt;` `&gt;` unescaped. A long one's is a note; its own `text` is cut."""
    post = post | post.get("note_tweet", {})
    text: str = post["text"]
    for url in post.get("entities", {}).get("urls", []):
        added = "media_key" in url or re.search(r"/status/\d+/(photo|video)/\d+$", url.get("expanded_url", ""))
        text = text.replace(url["url"], "" if added else url.get("expanded_url", url["url"]))
    return html.unescape(text)


def _parent(post: JsonObject) -> str | None:
    return next((r["id"] for r in post.get("referenced_tweets", []) if r["type"] == "replied_to"), None)
