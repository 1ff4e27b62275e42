"""Telegram channels and groups, through the Bot API.

Facts: core.telegram.org/bots/api (10.1). A bot cannot list what it sent and there is no key: a lost reply stays unknown until a
person looks. Offsets of entities are UTF-16 units; the limits count Unicode scalars. A moving GIF goes by sendAnimation and a film by sendVideo,
each alone: at most 50 MB, films as MPEG-4.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from presstime.errors import Unsupported
from presstime.model import (
    Accepted,
    Attachment,
    Channel,
    Delivery,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    MovingRule,
    Outcome,
    Receipt,
    Refused,
    Secret,
    Segment,
    Settling,
    Span,
    TextRule,
    Traits,
    Variant,
)
from presstime.networks.base import Order, ReadBytes
from presstime.networks.holes import Unfilled
from presstime.networks.http import HttpAdapter, confirmed
from presstime.networks.offsets import utf16_range
from presstime.networks.verdict import Dialect, after_seconds, retry_after

if TYPE_CHECKING:
    import httpx

ENTITIES = {
    "link": "text_link",
    "bold": "bold",
    "italic": "italic",
    "code": "code",
    "pre": "pre",
    "quote": "blockquote",
    "strike": "strikethrough",
}
TRAITS = Traits(
    network="telegram",
    title="Telegram",
    compose_links=("https://t.me/share/url?url={link}&text={text}",),  # core.telegram.org/widgets/share
    settling=Settling.NONE,
    text=TextRule(4096, "scalars"),
    caption=TextRule(1024, "scalars"),
    # sendPhoto: at most 10 MB, width and height together at most 10000
    media=MediaRule(
        10,
        ("image/jpeg", "image/png", "image/webp"),
        max_bytes=10_000_000,
        max_side=5000,
        alt_limit=0,
        animation=MovingRule(("image/gif",), max_bytes=50_000_000, alone=True),
        video=MovingRule(("video/mp4",), max_bytes=50_000_000, alone=True),
    ),
    threads=True,
    markup="spans",
    marks=frozenset(ENTITIES),
    needs_account=True,
    default_base_url="https://api.telegram.org",
    edits=frozenset({"text"}),
    can_retract=True,
    retract_window=timedelta(hours=48),
)
FILES = {"sendPhoto": "photo", "sendAnimation": "animation", "sendVideo": "video"}  # what each method calls its file
MISSING = ("message to edit not found", "message to delete not found", "MESSAGE_ID_INVALID")


def _until(response: "httpx.Response") -> datetime | None:
    """The end of a limit stands in the body: `parameters.retry_after`, in seconds."""
    try:
        return after_seconds(response.json()["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return retry_after(response)


class Telegram(HttpAdapter):
    """One chat. `account` is its `@name` or number, the credential the bot's token."""

    traits = TRAITS
    dialect = Dialect(
        words=lambda body: (body["description"], str(body["error_code"])),
        until=_until,
        renew="Check the bot's token, and that the bot may post in the chat.",
        about_credentials=lambda status, code, message: status == 403,  # kicked, or not an administrator
        gone=lambda status, code, message: status == 400 and any(words in message for words in MISSING),
    )

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        super().__init__(channel, secret)
        self._files: dict[Delivery, dict[str, bytes]] = {}

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The method and its parameters, but for `chat_id`, `reply_parameters` and the files themselves."""
        entities = [_entity(segment.text, span) for span in segment.spans if span.kind in ENTITIES]
        if len(segment.media) > 1:
            return {"method": "sendMediaGroup", "params": {"media": _group(segment, entities)}}
        if segment.media:
            return {
                "method": _method(segment.media[0]),
                "params": _words("caption", segment.text, "caption_entities", entities),
            }
        if not segment.text:
            raise Unsupported("Telegram takes no empty message", "Give the post a text or a picture.")
        params = _words("text", segment.text, "entities", entities)
        if variant.link and segment.index == 0:
            params["link_preview_options"] = {"url": variant.link}
        return {"method": "sendMessage", "params": params}

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        """Telegram stores no file ahead of its message, so the bytes wait here. A wrong token shows now, not when due."""
        self._identity()
        self._files[variant.delivery] = {item.digest: read(item) for item in variant.attachments()}
        return {}

    def _send(self, order: Order) -> Outcome:
        planned = self.planned(order)
        params = {"chat_id": self.channel.account, **planned["params"]}
        if order.previous:
            params["reply_parameters"] = {"message_id": int(order.previous[-1].id)}
        content: dict[str, Any] = {"json": params}
        if order.segment.media:
            content = {"data": _form(params), "files": self._parts(planned["method"], order)}
        outcome = self.http.post("POST", self._path(planned["method"]), self._receipt, **content)
        if isinstance(outcome, Accepted) and order.segment.index == order.variant.segments[-1].index:
            self._files.pop(order.delivery, None)  # nothing will ask for these bytes again
        return outcome

    def _edit(self, order: Order, receipt: Receipt) -> Outcome:
        method, words = _edited(self.planned(order))
        params = {"chat_id": self.channel.account, "message_id": int(receipt.id), **words}
        outcome = self.http.change(
            "POST",
            self._path(method),
            lambda answer: confirmed(receipt, answer["result"]["message_id"] == int(receipt.id)),
            json=params,
        )
        said_already = isinstance(outcome, Refused) and "message is not modified" in outcome.reason
        return Accepted(receipt) if said_already else outcome

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        """All messages of an album at once; those of them that are gone already are passed over."""
        ids = receipt.data.get("message_ids")
        method, which = (
            ("deleteMessages", {"message_ids": ids}) if ids else ("deleteMessage", {"message_id": int(receipt.id)})
        )
        return self.http.change(
            "POST",
            self._path(method),
            lambda answer: confirmed(receipt, answer["result"]),
            json={"chat_id": self.channel.account, **which},
        )

    def _parts(self, method: str, order: Order) -> dict[str, tuple[str, bytes, str]]:
        """The files, under the names that the parameters call them by. Raises `Unfilled`."""
        parts, files = {}, self._files.get(order.delivery, {})
        for item in order.segment.media:
            if item.digest not in files:
                raise Unfilled(item.path)
            parts[FILES.get(method, item.digest)] = (item.path.rsplit("/", 1)[-1], files[item.digest], item.mime)
        return parts

    def _receipt(self, answer: Json) -> Receipt:
        result = answer["result"]
        messages = result if isinstance(result, list) else [result]
        ids = [int(message["message_id"]) for message in messages]
        return Receipt(str(ids[0]), self._page(ids[0]), {"message_ids": ids} if len(ids) > 1 else {})

    def _page(self, message_id: int) -> str | None:
        """Only a chat with a public @name has pages anybody can open."""
        account = self.channel.account or ""
        if self.at_home and not account.startswith("@"):
            return None
        return f"{'https://t.me' if self.at_home else self.http.base_url}/{account.removeprefix('@')}/{message_id}"

    def _identity(self) -> Identity:
        bot = self.http.ask("GET", self._path("getMe"))["result"]
        return Identity(f"@{bot['username']}", f"https://t.me/{bot['username']}" if self.at_home else None)

    def _path(self, method: str) -> str:
        return f"/bot{quote(self.http.token(), safe=':')}/{method}"


def _method(item: Attachment) -> str:
    """How one file alone is sent."""
    if item.mime.startswith("video/"):
        return "sendVideo"
    return "sendAnimation" if item.mime == "image/gif" else "sendPhoto"


def _edited(planned: JsonObject) -> tuple[str, JsonObject]:
    """The method that edits what a planned request sent, and the words it takes: an album has them on its first message."""
    params = planned["params"]
    if planned["method"] == "sendMessage":
        return "editMessageText", params
    first = params["media"][0] if planned["method"] == "sendMediaGroup" else params
    marks = {"caption_entities": first["caption_entities"]} if "caption_entities" in first else {}
    return "editMessageCaption", {"caption": first.get("caption", ""), **marks}


def _form(params: JsonObject) -> dict[str, str]:
    """Parameters as a form takes them: what is not a string is written as JSON."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}


def _words(name: str, text: str, marks: str, entities: list[JsonObject]) -> JsonObject:
    words = {name: text} if text else {}
    return {**words, marks: entities} if entities else words


def _entity(text: str, span: Span) -> JsonObject:
    offset, length = utf16_range(text, span)
    entity: JsonObject = {"type": ENTITIES[span.kind], "offset": offset, "length": length}
    if span.kind == "link":
        entity["url"] = span.value
    if span.kind == "pre" and span.value:
        entity["language"] = span.value
    return entity


def _group(segment: Segment, entities: list[JsonObject]) -> list[JsonObject]:
    """An album: the files are named as the multipart parts will be, the words stand on the first."""
    items: list[JsonObject] = [{"type": "photo", "media": f"attach://{item.digest}"} for item in segment.media]
    items[0] |= _words("caption", segment.text, "caption_entities", entities)
    return items
