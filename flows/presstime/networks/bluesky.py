"""Bluesky, and any AT Protocol PDS.

Facts: the lexicons `app.bsky.feed.post` and `com.atproto.repo.putRecord`, the PDS source and docs.bsky.app. `putRecord` under
our own record key with `swapRecord: null` creates the record if it is absent, does nothing if it is the same, and answers
`InvalidSwap` if something else stands there: the same send may be repeated for ever. A record could be put anew, but the app
does not show that it was, and quotes and replies pin the content identifier of the old one: not an edit. (`createRecord` would
answer 500 where the key is taken, which looks like a failure worth another try.) A GIF is a picture there, and stands still.
Films have a service of their own (video.bsky.app), which is not used here: they are refused when checked.

A channel without `base_url` is one of the public network: its account's server is found from the handle, and what readers do
is asked of the public AppView, which needs no login.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from presstime.errors import Unsupported
from presstime.model import (
    Accepted,
    Attachment,
    Channel,
    Deferred,
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
    Sighting,
    Span,
    TextRule,
    Traits,
    Variant,
)
from presstime.networks.atproto import STALE, Session, record_key
from presstime.networks.base import GONE, Order, ReadBytes
from presstime.networks.directory import Directory
from presstime.networks.holes import Unfilled, fill, hole, media_hole
from presstime.networks.http import Failed, HttpAdapter
from presstime.networks.offsets import utf8_range
from presstime.networks.verdict import Dialect, epoch_seconds

PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
COLLECTION = "app.bsky.feed.post"
LOCKED_OUT = {"AccountTakedown", "AccountDeactivated", "RepoDeactivated", "AuthFactorTokenRequired"}
TRAITS = Traits(
    network="bluesky",
    title="Bluesky",
    compose_links=("https://bsky.app/intent/compose?text={text}",),  # docs.bsky.app, "Action Intent Links"
    settling=Settling.NATURAL,
    text=TextRule(300, "graphemes", max_bytes=3000),
    media=MediaRule(4, PICTURES, max_bytes=2_000_000),
    thumb=MediaRule(1, PICTURES, max_bytes=1_000_000),
    threads=True,
    markup="spans",
    marks=frozenset({"link", "mention", "tag"}),
    card=True,
    needs_account=True,
    can_find=True,
    can_look=True,
    can_retract=True,
    metrics=frozenset({Metric.LIKES, Metric.SHARES, Metric.REPLIES, Metric.QUOTES, Metric.SAVES}),
    can_hear=True,
)
SITE, APPVIEW = "https://bsky.app", "https://public.api.bsky.app"
COUNTS = {
    Metric.LIKES: "likeCount",
    Metric.SHARES: "repostCount",
    Metric.REPLIES: "replyCount",
    Metric.QUOTES: "quoteCount",
    Metric.SAVES: "bookmarkCount",
}
DEPTH = 100  # of answers to answers


def mention_name(handle: str) -> str:
    """The name of the hole that a mention's DID goes into."""
    return f"mention:{handle.removeprefix('@').lower()}"


class Bluesky(HttpAdapter):
    """One account on a PDS. `account` is its handle, the credential an app password."""

    traits = TRAITS
    directory: ClassVar[Directory] = Directory()
    login = "an app password (Settings, Privacy and security, App passwords)"
    dialect = Dialect(
        words=lambda body: (body.get("message", ""), body["error"]),
        until=epoch_seconds("ratelimit-reset"),
        renew="Make a new app password (Settings, Privacy and security) and check the channel's handle.",
        about_credentials=lambda status, code, message: status == 403 or code in LOCKED_OUT,
    )

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        super().__init__(channel, secret)
        self.session = Session(self.http, channel.account or "", self.directory.server_of, lambda: self.keep)

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The record of the post, but for its `reply` (strong references exist only once the earlier segment does)."""
        if segment.media and segment.card:
            raise Unsupported("Bluesky shows pictures or a link card, not both", "Leave one of them out.")
        record: JsonObject = {
            "$type": COLLECTION,
            "text": segment.text,
            "createdAt": _created(variant.at, segment.index),
        }
        if variant.language:
            record["langs"] = [variant.language]
        if facets := [_facet(segment.text, span) for span in segment.spans if span.kind in TRAITS.marks]:
            record["facets"] = facets
        if embed := _embed(segment):
            record["embed"] = embed
        return record

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        self.session.open()
        blobs = {item.digest: self._upload(item, read(item)) for item in variant.attachments()}
        handles = {s.value for segment in variant.segments for s in segment.spans if s.kind == "mention"}
        people = {mention_name(handle): self._resolve(handle) for handle in sorted(handles)}
        return blobs | {name: did for name, did in people.items() if did}

    def _upload(self, item: Attachment, content: bytes) -> Json:
        answer = self.session.ask("POST", "com.atproto.repo.uploadBlob", {"Content-Type": item.mime}, content=content)
        return answer["blob"]

    def _resolve(self, handle: str) -> str | None:
        """The DID behind a handle; None if there is none, and then the mention stays plain text."""
        params = {"handle": handle.removeprefix("@").lower()}
        try:
            return str(self.session.ask("GET", "com.atproto.identity.resolveHandle", params=params)["did"])
        except Failed as failed:
            if isinstance(failed.verdict, Refused):
                return None
            raise

    def _send(self, order: Order) -> Outcome:
        body = {
            "repo": self.session.open()["did"],
            "collection": COLLECTION,
            "rkey": record_key(order.at, order.key),
            "record": self._record(order),
            "swapRecord": None,
        }
        outcome = self._write("putRecord", body, self._receipt)
        if isinstance(outcome, Refused) and outcome.code == "InvalidSwap":
            # Something stands at our own key. If it says the same (a mention that resolved differently then), it is ours.
            found = self._find(order)
            return Accepted(found) if found else outcome
        return outcome

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        """By the receipt's own repository: a channel that has since changed its account is refused, not taken at its word
        that nothing is there. Older servers answer without a body."""
        repo, collection, rkey = receipt.data["uri"].removeprefix("at://").split("/")
        body = {"repo": repo, "collection": collection, "rkey": rkey}
        return self._write("deleteRecord", body, lambda answer: receipt)

    def _write(self, name: str, body: JsonObject, receipt: Callable[[Json], Receipt]) -> Outcome:
        """A call that readers see the effect of; again, once, if the session was stale and therefore nothing was done."""
        path, token = f"/xrpc/com.atproto.repo.{name}", self.session.open()["accessJwt"]
        outcome = self.http.post("POST", path, receipt, headers={"Authorization": f"Bearer {token}"}, json=body)
        if not (isinstance(outcome, Refused) and outcome.code in STALE):
            return outcome
        self.session.renew(token)
        return self.http.post("POST", path, receipt, headers=self.session.bearer(), json=body)

    def _record(self, order: Order) -> JsonObject:
        record = dict(self.planned(order))
        if "facets" in record:
            record["facets"] = [done for facet in record["facets"] if (done := _resolved(facet, order.media))]
        if order.previous:
            root, parent = (
                {"uri": r.data["uri"], "cid": r.data["cid"]} for r in (order.previous[0], order.previous[-1])
            )
            record["reply"] = {"root": root, "parent": parent}
        return dict(fill(record, order.media))

    def _find(self, order: Order) -> Receipt | None:
        answer = self._read(record_key(order.at, order.key))
        if answer is None:
            return None
        planned, there = self.planned(order), answer["value"]
        same = all(there.get(name) == planned[name] for name in ("text", "createdAt"))
        return self._receipt(answer) if same else None

    def _look(self, order: Order, receipt: Receipt) -> Sighting | None:
        """The content identifier tells of any change at all. Where a receipt has none, the words do."""
        repo, _, rkey = receipt.id.removeprefix("at://").split("/")
        if repo != (own := self.session.open()["did"]):
            raise Failed(Deferred(f"the message is {repo}'s, and the channel's account is {own}", needs_person=True))
        answer = self._read(rkey)
        if answer is None:
            return None
        text, cid = answer["value"]["text"], receipt.data.get("cid")
        return Sighting(text, answer["cid"] != cid if cid else text != order.segment.text)

    def _read(self, rkey: str) -> JsonObject | None:
        """The account's post under a record key, as its own server has it; None if there is none."""
        params = {"repo": self.session.open()["did"], "collection": COLLECTION, "rkey": rkey}
        try:
            return dict(self.session.ask("GET", "com.atproto.repo.getRecord", params=params))
        except Failed as failed:
            if isinstance(failed.verdict, Refused) and failed.verdict.code == "RecordNotFound":
                return None
            raise

    def _receipt(self, answer: Json) -> Receipt:
        uri, cid = answer["uri"], answer["cid"]
        rkey = uri.rsplit("/", 1)[-1]
        return Receipt(uri, f"{self._profile()}/post/{rkey}", {"uri": uri, "cid": cid, "rkey": rkey})

    def _identity(self) -> Identity:
        session = self.session.log_in()
        if session.get("active") is False:
            raise Failed(Deferred(f"the account is {session.get('status', 'not active')}", needs_person=True))
        scope = self.session.scope()
        return Identity(session["handle"], self._profile(), rights=(scope,) if scope else ())

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        posts = self._viewed("getPosts", uris=[receipt.data["uri"]])["posts"]
        if not posts:
            raise Failed(Refused("the post is not there, or not yet", GONE))
        return {metric: int(posts[0][name]) for metric, name in COUNTS.items() if name in posts[0]}

    def _replies(self, receipt: Receipt) -> Iterable[Reply]:
        uri = receipt.data["uri"]
        thread = self._viewed("getPostThread", uri=uri, depth=DEPTH, parentHeight=0)["thread"]
        own = uri.removeprefix("at://").partition("/")[0]
        return [self._reply(post) for post in _below(thread) if post["author"]["did"] != own]

    def _viewed(self, name: str, **params: Json) -> Json:
        """An answer of the AppView: a server without TLS is one for trying things, and its own."""
        home = self.http.base_url if self._is_private() else APPVIEW
        return self.http.ask("GET", f"{home}/xrpc/app.bsky.feed.{name}", params=params)

    def _reply(self, post: JsonObject) -> Reply:
        """By the time the network saw it: `createdAt` is what the reader's app made of it."""
        uri, handle, record = post["uri"], post["author"]["handle"], post["record"]
        url = f"{self._site()}/profile/{handle}/post/{uri.rsplit('/', 1)[-1]}"
        at = datetime.fromisoformat(post["indexedAt"])
        return Reply(uri, f"@{handle}", record["text"], at, url, record["reply"]["parent"]["uri"])

    def _is_private(self) -> bool:
        return self.http.base_url.startswith("http://")

    def _site(self) -> str:
        return self.http.base_url if self._is_private() else SITE

    def _profile(self) -> str:
        return f"{self._site()}/profile/{self.session.open()['handle']}"


def _below(thread: JsonObject) -> Iterator[JsonObject]:
    """The posts below one; what is blocked, deleted or not to be seen has no `post`."""
    for answer in thread.get("replies", []):
        if "post" in answer:
            yield answer["post"]
            yield from _below(answer)


def _resolved(facet: JsonObject, known: Mapping[str, Json]) -> JsonObject | None:
    try:
        return dict(fill(facet, known))
    except Unfilled:
        return None


def _created(at: datetime, index: int) -> str:
    """The nominal instant, a millisecond later for each segment so that readers' lists keep a thread in order."""
    instant = at.astimezone(UTC) + timedelta(milliseconds=index)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def _facet(text: str, span: Span) -> JsonObject:
    start, end = utf8_range(text, span)
    feature: JsonObject = {"$type": f"app.bsky.richtext.facet#{span.kind}"}
    if span.kind == "link":
        feature["uri"] = span.value
    elif span.kind == "tag":
        feature["tag"] = span.value
    else:
        feature["did"] = hole(mention_name(span.value))
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def _embed(segment: Segment) -> Json:
    if segment.media:
        return {"$type": "app.bsky.embed.images", "images": [_image(item) for item in segment.media]}
    if not segment.card:
        return None
    card = segment.card
    external = {"uri": card.url, "title": card.title, "description": card.description}
    if card.thumb:
        external["thumb"] = media_hole(card.thumb)
    return {"$type": "app.bsky.embed.external", "external": external}


def _image(item: Attachment) -> JsonObject:
    return {
        "image": media_hole(item),
        "alt": item.alt,
        "aspectRatio": {"width": item.width, "height": item.height},
    }
