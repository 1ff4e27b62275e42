"""Telegram channels and groups, through the Bot API.

Facts: core.telegram.org/bots/api (10.1). A bot cannot list what it sent and there is no key: a lost reply stays unknown until a
person looks. Offsets of entities are UTF-16 units; the limits count Unicode scalars.
"""

from presstime.errors import Unsupported
from presstime.model import JsonObject, MediaRule, Segment, Settling, Span, TextRule, Traits, Variant
from presstime.networks.base import Adapter
from presstime.networks.offsets import utf16_range

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
    settling=Settling.NONE,
    text=TextRule(4096, "scalars"),
    caption=TextRule(1024, "scalars"),
    # sendPhoto: at most 10 MB, width and height together at most 10000
    media=MediaRule(10, ("image/jpeg", "image/png", "image/webp"), max_bytes=10_000_000, max_side=5000, alt_limit=0),
    threads=True,
    markup="spans",
    marks=frozenset(ENTITIES),
    needs_account=True,
    default_base_url="https://api.telegram.org",
)


class Telegram(Adapter):
    """One chat. `account` is its `@name` or number, the credential the bot's token."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The method and its parameters, but for `chat_id`, `reply_parameters` and the files themselves."""
        entities = [_entity(segment.text, span) for span in segment.spans if span.kind in ENTITIES]
        if len(segment.media) > 1:
            return {"method": "sendMediaGroup", "params": {"media": _group(segment, entities)}}
        if segment.media:
            return {"method": "sendPhoto", "params": _words("caption", segment.text, "caption_entities", entities)}
        if not segment.text:
            raise Unsupported("Telegram takes no empty message", "Give the post a text or a picture.")
        params = _words("text", segment.text, "entities", entities)
        if variant.link and segment.index == 0:
            params["link_preview_options"] = {"url": variant.link}
        return {"method": "sendMessage", "params": params}


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
