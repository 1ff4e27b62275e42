"""Matrix rooms, through the client-server API (`PUT .../send/m.room.message/{txnId}`).

Facts: matrix-spec, client-server v1.x (m.room.message, room_send, m.mentions). The words go twice, as HTML that clients show
and as plain text. An event has at most 65,536 bytes, both included. The transaction id is our key, for the same login only; how
long a server remembers it is not said. How large a file may be is each server's to say (`m.upload.size`): the bounds here are
below what the usual ones take. An empty `m.mentions` says that nobody is called.
"""

from datetime import timedelta
from html import escape

from presstime.model import Attachment, JsonObject, MediaRule, MovingRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import file_name, media_address, media_hole

TRAITS = Traits(
    network="matrix",
    title="Matrix",
    settling=Settling.KEYED,
    key_window=timedelta(minutes=10),
    text=TextRule(25_000, "bytes"),  # the plain text is never longer, and both are escaped once more as JSON
    media=MediaRule(
        10,
        ("image/jpeg", "image/png", "image/gif", "image/webp"),
        max_bytes=10_000_000,
        video=MovingRule(("video/mp4", "video/webm", "video/quicktime"), max_bytes=50_000_000, alone=True),
    ),
    markup="chat-html",
    fallback=True,
    hashtags=False,
    needs_account=True,
    can_find=True,
    edits=frozenset({"text"}),
    can_retract=True,
)


class Matrix(Composer):
    """One room that is not encrypted; `account` is its id, the credential an access token."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The content of the event. One picture is an image with the words as its caption; several stand in the words, for
        an event shows one."""
        words: JsonObject = {
            "body": segment.plain,
            "format": "org.matrix.custom.html",
            "formatted_body": segment.text,
            "m.mentions": {},
        }
        if len(segment.media) == 1:
            kind = "m.video" if segment.media[0].mime.startswith("video/") else "m.image"
            return {"msgtype": kind, **_image(segment.media[0]), **words}
        if segment.media:
            words["formatted_body"] += "".join(map(_inline, segment.media))
            words["body"] += "".join(f"\n[{item.alt or file_name(item)}]" for item in segment.media)
        return {"msgtype": "m.text", **words}


def _image(item: Attachment) -> JsonObject:
    info: JsonObject = {"mimetype": item.mime, "size": item.size}
    if item.width:
        info |= {"w": item.width, "h": item.height}
    return {"url": media_hole(item), "filename": file_name(item), "info": info}


def _inline(item: Attachment) -> str:
    size = f'width="{item.width}" height="{item.height}"'
    return f'<p><img src="{media_address(item)}" alt="{escape(item.alt)}" {size}></p>'
