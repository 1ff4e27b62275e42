"""Mastodon, and servers that speak its API.

Facts: docs.joinmastodon.org (statuses, media, accounts, instance: `configuration.media_attachments`) and the server's source
(media_attachment.rb). A film stands alone in a status, moving GIFs may stand together; both are encoded anew there, which
takes its time. `Idempotency-Key` is kept for an hour, per
account, and does not look at the body. An edit that changes nothing leaves no trace (UpdateStatusService).

The limits in the traits are those of a stock server. Others have their own: a channel's `limits` say them, so that a check needs
no network, and the server is asked once before the first send whether they are still right.
"""

import re
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote, urlsplit

from presstime.model import (
    LIMITS,
    Attachment,
    Deferred,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    Metric,
    MovingRule,
    Outcome,
    Receipt,
    Reply,
    Segment,
    Settling,
    Sighting,
    TextRule,
    Traits,
    Variant,
)
from presstime.networks.base import Order, ReadBytes
from presstime.networks.holes import fill, media_hole
from presstime.networks.htmltext import text_of
from presstime.networks.http import Failed, HttpAdapter
from presstime.networks.sizes import check_sizes
from presstime.networks.verdict import Dialect, iso_instant

TRAITS = Traits(
    network="mastodon",
    title="Mastodon",
    compose_links=("{server}/share?text={text}",),  # the page of the server's own share buttons
    settling=Settling.KEYED,
    key_window=timedelta(hours=1),
    text=TextRule(500, "graphemes", url_weight=23, mention_local_part=True),
    media=MediaRule(
        4,
        ("image/jpeg", "image/png", "image/gif", "image/webp"),
        max_bytes=16 * 1024 * 1024,
        max_pixels=33_177_600,
        alt_limit=1500,
        animation=MovingRule(("image/gif",), max_bytes=16 * 1024 * 1024),
        video=MovingRule(
            ("video/mp4", "video/webm", "video/quicktime"),
            max_bytes=99 * 1024 * 1024,
            max_fps=120,
            max_pixels=8_294_400,
            alone=True,
        ),
    ),
    threads=True,
    # 429 comes from the gate before the application. 503 may come from a proxy, or from the application after the status
    # was saved (the key is written later still), so it is Unknown: the same key sent again settles it at no cost.
    safe_statuses=frozenset({429}),
    options=frozenset({"visibility"}),
    limits=frozenset(LIMITS),
    can_find=True,
    can_look=True,
    edits=frozenset({"text", "media"}),
    can_retract=True,
    metrics=frozenset({Metric.LIKES, Metric.SHARES, Metric.REPLIES, Metric.QUOTES}),
    can_hear=True,
)
COUNTS = {  # `quotes_count` since 4.5
    Metric.LIKES: "favourites_count",
    Metric.SHARES: "reblogs_count",
    Metric.REPLIES: "replies_count",
    Metric.QUOTES: "quotes_count",
}
SAID = {  # where `configuration` says which limit; older servers leave `description_limit` out
    "characters": ("statuses", "max_characters"),
    "url_weight": ("statuses", "characters_reserved_per_url"),
    "media": ("statuses", "max_media_attachments"),
    "alt": ("media_attachments", "description_limit"),
    "image_bytes": ("media_attachments", "image_size_limit"),
    "image_pixels": ("media_attachments", "image_matrix_limit"),
    "video_bytes": ("media_attachments", "video_size_limit"),
    "video_pixels": ("media_attachments", "video_matrix_limit"),
    "video_fps": ("media_attachments", "video_frame_rate_limit"),
}
NEEDED = {  # scopes, each with those that have it in them
    "profile": {"profile", "read:accounts", "read"},
    "read:statuses": {"read:statuses", "read"},
    "write:statuses": {"write:statuses", "write"},
    "write:media": {"write:media", "write"},
}
STILL = ("image/jpeg", "image/png", "image/webp")
SLACK = timedelta(minutes=5)  # how far the server's clock may lag behind ours
PAGES = 10  # of 40 statuses, looked through before we say that we cannot tell
WAITS = (0.2, 0.5, 1, 1, 2, 2, 4, 4, 8, 8)  # seconds between looks at a picture the server is still working on
WAITS_MOVING = (*WAITS, *(8,) * 20)  # at a film or a moving picture: some three minutes in all


class Mastodon(HttpAdapter):
    """One account on a server (`base_url`). The credential is its access token."""

    traits = TRAITS
    bearer = True
    dialect = Dialect(
        words=lambda body: (body["error"], ""),
        until=iso_instant("x-ratelimit-reset"),
        renew="Make a new access token on the server (Preferences, Development), with read and write scopes.",
        about_credentials=lambda status, code, message: status == 403,  # scope missing, login disabled, not confirmed
    )
    _me: JsonObject | None = None
    _said: Mapping[str, int] | None = None

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /api/v1/statuses`."""
        body: JsonObject = {"status": segment.text}
        if variant.language:
            body["language"] = variant.language.split("-")[0].lower()  # ISO 639-1
        if segment.media:
            body["media_ids"] = [media_hole(item) for item in segment.media]
        return body

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        check_sizes(variant, self.channel, TRAITS, self._theirs())
        return {item.digest: self._upload(item, read(item)) for item in variant.attachments()}

    def _theirs(self) -> Mapping[str, int]:
        """The server's limits, asked for once. If it does not tell, the send will."""
        with suppress(Failed, KeyError, TypeError, ValueError, AttributeError):
            self._said = self._limits() if self._said is None else self._said
        return self._said or {}

    def _limits(self) -> Mapping[str, int]:
        """What `GET /api/v2/instance` says (4.0), without what it leaves out."""
        said = self.http.ask("GET", "/api/v2/instance")["configuration"]
        found = {name: said.get(part, {}).get(key) for name, (part, key) in SAID.items()}
        return {name: int(value) for name, value in found.items() if value}

    def _upload(self, item: Attachment, content: bytes) -> str:
        """The id of an uploaded file, once the server has finished with it: an unfinished one cannot be attached."""
        fields = {name: value for name, value in _about(item).items() if value}
        file = (item.path.rsplit("/", 1)[-1], content, item.mime)
        media = self.http.ask("POST", "/api/v2/media", data=fields, files={"file": file})
        for wait in WAITS if item.mime in STILL else WAITS_MOVING:
            if media.get("url"):
                return str(media["id"])
            time.sleep(wait)
            media = self.http.ask("GET", f"/api/v1/media/{media['id']}")
        raise Failed(Deferred(f"the server is still working on {item.path}"))

    def _send(self, order: Order) -> Outcome:
        body = fill(self.planned(order), order.media)
        if order.previous:
            body["in_reply_to_id"] = order.previous[-1].id
        if visibility := self.channel.options.get("visibility"):
            body["visibility"] = visibility
        headers = {"Idempotency-Key": order.key}
        read = partial(_receipt, order.segment)
        return self.http.post("POST", "/api/v1/statuses", read, headers=headers, json=body)

    def _edit(self, order: Order, receipt: Receipt) -> Outcome:
        """A picture that is there already is kept by its own id, with the alt text the order has. `media_ids` always goes
        along, since a body without it is one without pictures to some servers only."""
        kept = receipt.data.get("media", {})
        body = {"media_ids": []} | fill(self.planned(order), {**order.media, **kept})
        stay = [item for item in order.segment.media if item.digest in kept]
        if stay:
            body["media_attributes"] = [{"id": kept[item.digest], **_about(item)} for item in stay]
        read = partial(_receipt, order.segment)
        return self.http.change("PUT", self._path(receipt), read, json=body)

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        return self.http.change("DELETE", self._path(receipt), lambda answer: receipt)

    def _path(self, receipt: Receipt) -> str:
        return f"/api/v1/statuses/{quote(receipt.id, safe='')}"

    def _find(self, order: Order) -> Receipt | None:
        parent = order.previous[-1].id if order.previous else None
        for status in self._own_statuses(order.at - SLACK):
            alike = status["in_reply_to_id"] == parent and len(status["media_attachments"]) == len(order.segment.media)
            if alike and _comparable(self._source(status["id"])) == _comparable(order.segment.text):
                return _receipt(order.segment, status)
        return None

    def _own_statuses(self, since: datetime) -> Iterator[JsonObject]:
        """Newest first. Raises `Failed` if there are more than can be looked through."""
        params: JsonObject = {"exclude_reblogs": "true", "limit": 40}
        for _ in range(PAGES):
            page = self.http.ask("GET", f"/api/v1/accounts/{self._whoami()['id']}/statuses", params=params)
            yield from (status for status in page if datetime.fromisoformat(status["created_at"]) >= since)
            if not page or datetime.fromisoformat(page[-1]["created_at"]) < since:
                return
            params["max_id"] = page[-1]["id"]
        raise Failed(Deferred(f"more than {PAGES * 40} statuses since then: cannot be read back far enough"))

    def _source(self, status_id: str) -> str:
        return str(self.http.ask("GET", f"/api/v1/statuses/{quote(status_id, safe='')}/source")["text"])

    def _look(self, order: Order, receipt: Receipt) -> Sighting | None:
        """The words as they were written, not the HTML made of them; and the pictures, as far as the server tells of them."""
        ask = partial(self.http.ask, "GET", self._path(receipt))
        status = self.unless_gone(ask, partial(self._not_a_strangers, receipt))
        if status is None:
            return None
        text, media = self._source(receipt.id), order.segment.media
        alts = [item.get("description") for item in status["media_attachments"]]
        pictures = len(alts) == len(media) and all(
            alt is None or _comparable(alt) == _comparable(item.alt) for alt, item in zip(alts, media, strict=True)
        )
        return Sighting(text, not (pictures and _comparable(text) == _comparable(order.segment.text)))

    def _not_a_strangers(self, receipt: Receipt) -> None:
        """A status of another account that not everybody sees, or of another server, is "not found" as well. Raises `Failed`
        where the receipt's address is one of these."""
        me, url = self._whoami(), urlsplit(receipt.url or "")
        author = re.search(r"/@([^/@]+)/", url.path)
        if url.hostname not in (None, urlsplit(me["url"]).hostname) or (author and author[1] != me["username"]):
            raise Failed(
                Deferred(
                    f"the message is at {receipt.url}, and the channel's account is {me['url']}", needs_person=True
                )
            )

    def _identity(self) -> Identity:
        """The rights are those of the app that the token is of (4.3): the token has them, or less. A server before that names
        none."""
        me = self._whoami()
        rights = tuple(self.http.ask("GET", "/api/v1/apps/verify_credentials").get("scopes") or ())
        lacking = tuple(scope for scope, having in NEEDED.items() if rights and not having & {*rights})
        return Identity(f"@{me['acct']}", me["url"], rights=rights, lacking=lacking)

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        status = self.http.ask("GET", self._path(receipt))
        return {metric: int(status[name]) for metric, name in COUNTS.items() if status.get(name) is not None}

    def _replies(self, receipt: Receipt) -> Iterable[Reply]:
        """The whole conversation below a status, but for what the account itself added to it."""
        me = self._whoami()["id"]
        below = self.http.ask("GET", f"{self._path(receipt)}/context")["descendants"]
        return [_reply(status) for status in below if status["account"]["id"] != me]

    def _whoami(self) -> JsonObject:
        if self._me is None:
            self._me = dict(self.http.ask("GET", "/api/v1/accounts/verify_credentials"))
        return self._me


def _receipt(segment: Segment, status: Json) -> Receipt:
    """With the server's id of each picture by our digest, which an edit keeps them by. Their order is that of the segment;
    where the server made fewer of them, nothing is said of any."""
    ids = [str(media["id"]) for media in status.get("media_attachments", [])]
    known = len(ids) == len(segment.media) > 0
    media = {item.digest: media_id for item, media_id in zip(segment.media, ids, strict=True)} if known else {}
    return Receipt(str(status["id"]), status.get("url") or status["uri"], {"media": media} if media else {})


def _reply(status: JsonObject) -> Reply:
    at = datetime.fromisoformat(status["created_at"])
    url = status.get("url") or status["uri"]
    return Reply(
        str(status["id"]),
        f"@{status['account']['acct']}",
        text_of(status["content"]),
        at,
        url,
        str(status["in_reply_to_id"]),
    )


def _about(item: Attachment) -> dict[str, str]:
    """A picture's alt text and focal point, as the media API names them."""
    return {"description": item.alt} | ({"focus": f"{item.focus[0]},{item.focus[1]}"} if item.focus else {})


def _comparable(text: str) -> str:
    """A text without what a server may change: normal form, line ends, white space at the ends."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
