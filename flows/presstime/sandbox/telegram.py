"""Telegram's twin: a bot sends to chats. Message ids count up in each chat, and nothing can be listed.

The words for what cannot be edited or deleted are those that bots get to see; the vendor does not document them.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from presstime.model import JsonObject, Span
from presstime.networks.telegram import ENTITIES, TRAITS
from presstime.sandbox.calls import Answer, Call
from presstime.sandbox.state import Media, Post
from presstime.sandbox.twin import Operation, Twin, film_type, marked, picture_type, too_long

MOVING_BYTES = 50_000_000
RETRACTABLE = timedelta(hours=48)
SAME = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current"
    " content and reply markup of the message"
)
KINDS = {name: kind for kind, name in ENTITIES.items()} | {"url": "link", "hashtag": "tag", "mention": "mention"}


class Telegram(Twin):
    network = "telegram"
    prefix = "/bot"
    title = "Telegram"

    def operations(self) -> list[Operation]:
        return [
            Operation("POST", "/bot{token}/sendMessage", "sendMessage", self.send_message, visible=True),
            Operation("POST", "/bot{token}/sendPhoto", "sendPhoto", self.send_photo, visible=True),
            Operation("POST", "/bot{token}/sendAnimation", "sendAnimation", self.send_animation, visible=True),
            Operation("POST", "/bot{token}/sendVideo", "sendVideo", self.send_video, visible=True),
            Operation("POST", "/bot{token}/sendMediaGroup", "sendMediaGroup", self.send_group, visible=True),
            Operation("POST", "/bot{token}/editMessageText", "editMessageText", self.edit_text, visible=True),
            Operation("POST", "/bot{token}/editMessageCaption", "editMessageCaption", self.edit_caption, visible=True),
            Operation("POST", "/bot{token}/deleteMessage", "deleteMessage", self.delete_message, visible=True),
            Operation("POST", "/bot{token}/deleteMessages", "deleteMessages", self.delete_messages, visible=True),
            Operation("GET", "/bot{token}/getMe", "getMe", self.get_me),
            Operation("POST", "/bot{token}/getMe", "getMe", self.get_me),
        ]

    def token(self, headers: Mapping[str, str], given: Mapping[str, str]) -> str:
        return given["token"]

    def shown(self, path: str) -> str:
        before, bot, rest = path.partition("/bot")
        return f"{before}{bot}***/{rest.rpartition('/')[2]}" if bot else path

    def send_message(self, call: Call) -> Answer:
        text = self._text(call.body)
        post = self._accept(call, text, _value(call.body, "entities", []), ())
        return self._answer(_message(post))

    def send_photo(self, call: Call) -> Answer:
        return self._send_file(call, self._keep(call, "photo"))

    def send_animation(self, call: Call) -> Answer:
        return self._send_file(call, self._keep_moving(call, "animation"))

    def send_video(self, call: Call) -> Answer:
        return self._send_file(call, self._keep_moving(call, "video"))

    def _send_file(self, call: Call, media: str) -> Answer:
        post = self._accept(call, self._caption(call.body), _value(call.body, "caption_entities", []), (media,))
        return self._answer(_message(post))

    def send_group(self, call: Call) -> Answer:
        """An album: one message for each picture, the words on the first. The page shows them as one."""
        items = _value(call.body, "media", [])
        media = [self._keep(call, str(item["media"]).removeprefix("attach://")) for item in items]
        first = items[0]
        post = self._accept(call, self._caption(first), first.get("caption_entities", []), tuple(media))
        post.data["album"] = [int(post.data["message_id"]) + index for index in range(len(items))]
        self.state.save(post)
        return self._answer([_message(post) | {"message_id": number} for number in post.data["album"]])

    def _text(self, body: JsonObject) -> str:
        text = str(body["text"]).strip()
        if not text:
            raise self.refuse(400, "Bad Request: message text is empty")
        if too_long(text, TRAITS.text):
            raise self.refuse(400, "Bad Request: message is too long")
        return text

    # --- what is there already ---

    def edit_text(self, call: Call) -> Answer:
        post = self._editable(call)
        if post.media:
            raise self.refuse(400, "Bad Request: there is no text in the message to edit")
        card = _card(_value(call.body, "link_preview_options", {}))
        return self._edit(post, self._text(call.body), _value(call.body, "entities", []), card)

    def edit_caption(self, call: Call) -> Answer:
        post = self._editable(call)
        if not post.media:
            raise self.refuse(400, "Bad Request: there is no caption in the message to edit")
        return self._edit(post, self._caption(call.body), _value(call.body, "caption_entities", []), post.card)

    def _edit(self, post: Post, text: str, entities: list[JsonObject], card: JsonObject | None) -> Answer:
        if (text, entities, card) == (post.text, post.data["entities"], post.card):
            raise self.refuse(400, SAME)
        post.card = card
        post.data |= {"entities": entities, "edit_date": int(self.state.now().timestamp())}
        self.state.edit(post, text, _spans(text, entities), post.media)
        return self._answer(_message(post))

    def _editable(self, call: Call) -> Post:
        """The message, which has its album's words if it is the first of one: the twin keeps no others."""
        post = self._holding(call, _value(call.body, "message_id", 0))
        if post is None or _left(post)[0] != _value(call.body, "message_id", 0):
            raise self.refuse(400, "Bad Request: message to edit not found")
        if post.data["bot"] != call.account:
            raise self.refuse(400, "Bad Request: message can't be edited")
        return post

    def delete_message(self, call: Call) -> Answer:
        post = self._holding(call, number := _value(call.body, "message_id", 0))
        if post is None:
            raise self.refuse(400, "Bad Request: message to delete not found")
        self._delete(post, {number})
        return self._answer(True)

    def delete_messages(self, call: Call) -> Answer:
        """Those that are not found are passed over."""
        numbers = set(_value(call.body, "message_ids", []))
        for post in {post.id: post for n in numbers if (post := self._holding(call, n))}.values():
            self._delete(post, numbers)
        return self._answer(True)

    def _delete(self, post: Post, numbers: set[int]) -> None:
        """Some pictures of an album leave it, the words with the first; with the last of its messages the post is gone."""
        if self.state.now() - post.at >= RETRACTABLE:
            raise self.refuse(400, "Bad Request: message can't be deleted for everyone")
        left = _left(post)
        if numbers >= set(left):
            self.state.remove(post)
            return
        post.media = tuple(m for n, m in zip(left, post.media, strict=True) if n not in numbers)
        post.data["deleted"] = sorted({*post.data.get("deleted", []), *numbers & set(left)})
        if left[0] in numbers:
            post.text, post.spans, post.data["entities"] = "", (), []
        self.state.save(post)

    def _holding(self, call: Call, number: int) -> Post | None:
        """The post in the chat that a message belongs to."""
        chat = str(call.body["chat_id"]).removeprefix("@")
        return next((post for post in self.state.of(self.network, chat) if number in _left(post)), None)

    def get_me(self, call: Call) -> Answer:
        name = call.account
        return self._answer({"id": number_of(name), "is_bot": True, "first_name": name, "username": f"{name}_bot"})

    def _caption(self, words: JsonObject) -> str:
        caption = str(words.get("caption", "")).strip()
        if TRAITS.caption and too_long(caption, TRAITS.caption):
            raise self.refuse(400, "Bad Request: message caption is too long")
        return caption

    def _keep(self, call: Call, name: str) -> str:
        file = call.files.get(name)
        mime = picture_type(file.content) if file else None
        if file is None:
            raise self.refuse(400, "Bad Request: there is no photo in the request")
        if mime is None or (TRAITS.media and len(file.content) > TRAITS.media.max_bytes):
            raise self.refuse(400, "Bad Request: IMAGE_PROCESS_FAILED")
        return self._stored(call, mime, file.content)

    def _keep_moving(self, call: Call, name: str) -> str:
        """A film, or as an animation a GIF: at most 50 MB of it."""
        file = call.files.get(name)
        mime = film_type(file.content) if file else None
        if file and name == "animation" and picture_type(file.content) == "image/gif":
            mime = "image/gif"
        if file is None:
            raise self.refuse(400, f"Bad Request: there is no {name} in the request")
        if mime is None:
            raise self.refuse(400, "Bad Request: wrong type of the file")
        if len(file.content) > MOVING_BYTES:
            raise self.refuse(413, "Request Entity Too Large")
        return self._stored(call, mime, file.content)

    def _stored(self, call: Call, mime: str, content: bytes) -> str:
        media = Media(self.state.number(), self.network, call.account, mime, content)
        self.state.add_media(media)
        return media.id

    def _accept(self, call: Call, text: str, entities: list[JsonObject], media: tuple[str, ...]) -> Post:
        chat = str(call.body["chat_id"])
        name = chat.removeprefix("@")
        number = max((max(p.data["album"]) for p in self.state.of(self.network, name, removed=True)), default=0) + 1
        parent = self._parent(call, _value(call.body, "reply_parameters", {}).get("message_id"))
        post = Post(
            self.network,
            f"{name}/{number}",
            name,
            text,
            self.state.now(),
            f"/telegram/{name}/{number}",
            spans=_spans(text, entities),
            media=media,
            card=_card(_value(call.body, "link_preview_options", {})),
            parent=parent,
            data={"message_id": number, "album": [number], "chat": chat, "bot": call.account, "entities": entities},
        )
        self.state.add(post)
        return post

    def _parent(self, call: Call, message_id: int | None) -> str | None:
        if message_id is None:
            return None
        if post := self._holding(call, message_id):
            return post.id
        raise self.refuse(400, "Bad Request: message to be replied not found")

    # --- words ---

    def _answer(self, result: Any) -> Answer:
        return Answer(200, {"ok": True, "result": result})

    def failure(self, status: int, message: str, code: str = "") -> Answer:
        return Answer(status, {"ok": False, "error_code": status, "description": message})

    def forbidden(self) -> Answer:
        return self.failure(403, "Forbidden: bot is not a member of the channel chat")

    def refusal(self) -> Answer:
        return self.failure(400, "Bad Request: IMAGE_PROCESS_FAILED")

    def misshapen(self, problems: list[str]) -> Answer:
        return self.failure(400, "Bad Request: " + "; ".join(problems))

    def limited(self, seconds: float) -> Answer:
        answer = self.failure(429, f"Too Many Requests: retry after {int(seconds)}")
        return Answer(429, {**answer.body, "parameters": {"retry_after": int(seconds)}})

    def rate(self, limit: int, remaining: int, reset: datetime) -> dict[str, str]:
        return {}  # Telegram tells nothing ahead

    def alter(self, post: Post, text: str) -> None:
        post.data["entities"] = []
        super().alter(post, text)

    def profile(self, account: str) -> str:
        return f"/telegram/{account}"


def number_of(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)


def _value(body: JsonObject, name: str, default: Any) -> Any:
    """A parameter that is not a string: as it is in a JSON body, written as JSON in a form."""
    value = body.get(name, default)
    return json.loads(value) if isinstance(value, str) else value


def _left(post: Post) -> list[int]:
    """The messages of a post that were not deleted: one, or one for each picture of an album."""
    return [number for number in post.data["album"] if number not in post.data.get("deleted", [])]


def _card(preview: JsonObject) -> JsonObject | None:
    return {"url": preview["url"], "title": preview["url"], "description": ""} if preview.get("url") else None


def _message(post: Post) -> JsonObject:
    chat = post.data["chat"]
    named = {"username": chat.removeprefix("@")} if chat.startswith("@") else {}
    number = -1_000_000_000_000 - number_of(chat) if named else int(chat)
    message: JsonObject = {
        "message_id": post.data["message_id"],
        "date": int(post.at.timestamp()),
        "chat": {"id": number, "type": "channel", "title": post.account, **named},
    }
    if "edit_date" in post.data:
        message["edit_date"] = post.data["edit_date"]
    words = {"caption" if post.media else "text": post.text} if post.text else {}
    marks = {"caption_entities" if post.media else "entities": post.data["entities"]} if post.data["entities"] else {}
    return message | words | marks


def _spans(text: str, entities: list[JsonObject]) -> tuple[Span, ...]:
    """The entities, back from UTF-16 units to code points, and the links and tags that Telegram finds by itself."""
    data, spans = text.encode("utf-16-le"), []
    for entity in entities:
        start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
        if entity["type"] in KINDS:
            first = len(data[:start].decode("utf-16-le", "replace"))
            last = first + len(data[start:end].decode("utf-16-le", "replace"))
            spans.append(Span(first, last, KINDS[entity["type"]], entity.get("url") or entity.get("language", "")))  # type: ignore[arg-type]
    taken = {place for span in spans if span.kind == "link" for place in range(span.start, span.end)}
    found = (span for span in marked(text, "twitter") if not taken & set(range(span.start, span.end)))
    return tuple(sorted([*spans, *found], key=lambda span: (span.start, -span.end)))
