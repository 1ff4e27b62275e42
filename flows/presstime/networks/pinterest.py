"""Pinterest, through API v5 with an OAuth 2.0 user token (scopes boards:read boards:write pins:read pins:write, and
user_accounts:read).

Facts: the vendor's OpenAPI file 5.23 and developers.pinterest.com (access tiers, rate limits). A pin is a picture first; its
link has a field of its own, and addresses in its description lead nowhere. Nothing is idempotent: a lost reply is settled by
reading the board's pins back, whose order is not documented, so all of them. The picture of a pin cannot be changed; editing the
rest is in beta and not open to every app. A film wants an upload of its own and a cover, which is not done here.

With Trial access an app may pin to the vendor's own sandbox only, where nobody but the account sees it; in production that is
refused (403, code 29), and this is all that the API tells of an app's access. Comments cannot be read.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from presstime.errors import Unsupported
from presstime.model import (
    Attachment,
    Deferred,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    Metric,
    Outcome,
    Receipt,
    Segment,
    Settling,
    Sighting,
    TextRule,
    Traits,
    Variant,
)
from presstime.networks.base import Order, ReadBytes
from presstime.networks.comparing import comparable, is_ours
from presstime.networks.holes import fill, media_hole
from presstime.networks.http import Failed, HttpAdapter
from presstime.networks.verdict import Dialect, seconds_left

# What we call it, by the names the API has for it. Its file names clickthrough, comment, impression and reaction; others read
# `outbound_click` and `save` there, too.
COUNTS = {
    "impression": Metric.VIEWS,
    "clickthrough": Metric.CLICKS,
    "outbound_click": Metric.CLICKS,
    "reaction": Metric.LIKES,
    "comment": Metric.REPLIES,
    "save": Metric.SAVES,
}
TRAITS = Traits(
    network="pinterest",
    title="Pinterest",
    compose_links=("https://www.pinterest.com/pin-creation-tool/",),  # its button page wants a public picture
    settling=Settling.LOOKUP,
    text=TextRule(800, "characters"),
    fields={"title": TextRule(100, "characters")},
    # The file gives no size; 10 MB is what a request of JSON with base64 in it carries without trouble.
    media=MediaRule(5, ("image/jpeg", "image/png"), max_bytes=10_000_000, alt_limit=500, required=True),
    visible_after=timedelta(seconds=60),  # not documented
    link_in_text=False,
    default_base_url="https://api.pinterest.com",
    options=frozenset({"board", "section"}),
    required_options=frozenset({"board"}),
    can_find=True,
    can_look=True,
    edits=frozenset({"text", "page"}),
    can_retract=True,
    metrics=frozenset(COUNTS.values()),
)
ALT, LINK = 500, 2048  # characters
SAID = ("title", "description", "link")  # of a pin, which readers see
WORDS = ("title", "description", "link", "alt_text")  # of a pin, which can be changed
SLACK = timedelta(minutes=5)  # how far the network's clock may lag behind ours
PAGES = 20  # of 250 pins, looked through before we say that we cannot tell
SITE, VENDORS_SANDBOX = "https://www.pinterest.com", "api-sandbox.pinterest.com"
TRIAL = "29"


class Pinterest(HttpAdapter):
    """One account. Option `board` is the id of the board that is pinned to, `section` of one of its sections."""

    traits = TRAITS
    bearer = True
    dialect = Dialect(
        words=lambda body: (body["message"], str(body["code"])),
        until=seconds_left("x-ratelimit-reset"),
        renew="Renew the access token, with the scopes boards:read, boards:write, pins:read, pins:write and"
        " user_accounts:read; an app with Trial access needs Standard access (developers.pinterest.com).",
        about_credentials=lambda status, code, message: status == 403 and code == TRIAL,
        gone=lambda status, code, message: status == 404 and "pin not found" in message.lower(),
    )

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The body of `POST /v5/pins`, but for the board."""
        if variant.link and len(variant.link) > LINK:
            raise Unsupported(f"Pinterest takes links of at most {LINK} characters", "Give the post a shorter `link`.")
        body: JsonObject = {"title": variant.title, "description": segment.text, "link": variant.link}
        body["alt_text"] = _alt(segment)
        body["media_source"] = _source(segment)
        return {key: value for key, value in body.items() if value}

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        return {item.digest: b64encode(read(item)).decode() for item in variant.attachments()}

    def _send(self, order: Order) -> Outcome:
        body = fill(self.planned(order), order.media) | {"board_id": self._option("board")}
        if section := self._option("section"):
            body["board_section_id"] = section
        return self.http.post("POST", "/v5/pins", self._receipt, json=body)

    def _edit(self, order: Order, receipt: Receipt) -> Outcome:
        """What is not said any more is taken away, which takes a null."""
        said = self.planned(order)
        body = {name: said.get(name) for name in WORDS}
        return self.http.change("PATCH", self._path(receipt), self._receipt, json=body)

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        return self.http.change("DELETE", self._path(receipt), lambda answer: receipt)

    def _path(self, receipt: Receipt) -> str:
        return f"/v5/pins/{quote(receipt.id, safe='')}"

    def _find(self, order: Order) -> Receipt | None:
        wanted = _comparable(self.planned(order))
        for pin in self._pins():
            if _comparable(pin) == wanted and _instant(pin["created_at"]) >= order.at - SLACK:
                return self._receipt(pin)
        return None

    def _look(self, order: Order, receipt: Receipt) -> Sighting | None:
        """A pin of another account, or of a board that may not be seen, is "not found" as well: so its board is asked for."""
        board = quote(str(receipt.data.get("board") or self._option("board")), safe="")
        pin = self.unless_gone(
            lambda: self.http.ask("GET", self._path(receipt)),
            lambda: self.http.ask("GET", f"/v5/boards/{board}/pins", params={"page_size": 1}),
        )
        if pin is None:
            return None
        wanted, (title, description, link) = self.planned(order), (pin.get(name) or "" for name in SAID)
        ours = (
            is_ours(wanted.get("title") or "", title)
            and is_ours(wanted.get("description") or "", description)
            and comparable(wanted.get("link") or "") == comparable(link)
        )
        return Sighting("\n".join(filter(None, (title, description, link))), not ours)

    def _pins(self) -> Iterator[JsonObject]:
        """The pins of the board or its section. Raises `Failed` if there are more than can be looked through."""
        section = self._option("section")
        within = f"/v5/boards/{quote(self._option('board'), safe='')}"
        path = f"{within}/sections/{quote(section, safe='')}/pins" if section else f"{within}/pins"
        params: JsonObject = {"page_size": 250}
        for _ in range(PAGES):
            page = self.http.ask("GET", path, params=params)
            yield from page["items"]
            if not page.get("bookmark"):
                return
            params["bookmark"] = page["bookmark"]
        raise Failed(Deferred(f"more than {PAGES * 250} pins on the board: it cannot be read back as a whole"))

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        pin = self.http.ask("GET", self._path(receipt), params={"pin_metrics": "true"})
        told = (pin.get("pin_metrics") or {}).get("lifetime_metrics") or {}
        return {COUNTS[name]: int(count) for name, count in told.items() if name in COUNTS}

    def _identity(self) -> Identity:
        name = self.http.ask("GET", "/v5/user_account")["username"]
        lacking = ("Standard access",) if self._host == VENDORS_SANDBOX else ()
        return Identity(name, self._page(name), rights=("user_accounts:read",), lacking=lacking)

    def _receipt(self, pin: Json) -> Receipt:
        board = pin.get("board_id")
        return Receipt(str(pin["id"]), self._page(f"pin/{pin['id']}"), {"board": board} if board else {})

    def _page(self, tail: str) -> str:
        return f"{SITE if self.at_home or self._host == VENDORS_SANDBOX else self.http.base_url}/{tail}/"

    @property
    def _host(self) -> str | None:
        return urlsplit(self.http.base_url).hostname

    def _option(self, name: str) -> str:
        return str(self.channel.options.get(name) or "")


def _comparable(pin: JsonObject) -> tuple[str, ...]:
    """What a pin says, without what a network may change."""
    return tuple(comparable(pin.get(name) or "") for name in SAID)


def _instant(text: str) -> datetime:
    """The API writes UTC without saying so."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _alt(segment: Segment) -> str:
    """A pin has one alt text, also for several pictures."""
    whole = "\n".join(item.alt for item in segment.media if item.alt)
    if len(whole) > ALT:
        raise Unsupported(
            f"Pinterest takes {ALT} characters of alt text for all pictures of a pin, and these have {len(whole)}",
            "Shorten them, or give this channel fewer `media`.",
        )
    return whole


def _source(segment: Segment) -> JsonObject:
    images = [_image(item) for item in segment.media]
    if len(images) == 1:
        return {"source_type": "image_base64", **images[0]}
    return {"source_type": "multiple_image_base64", "items": images}


def _image(item: Attachment) -> JsonObject:
    return {"content_type": item.mime, "data": media_hole(item)}
