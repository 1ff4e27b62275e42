"""E-mail, through SMTP: a message with HTML, the same words as plain text, and its pictures inside.

Facts: RFC 5322, 2045-2049, 2392 (`cid:`), 8058. Nothing tells whether a message whose reply was lost was taken, so it needs a
person. Readers' programs cut what is longer than some 100 kB.
"""

from html import escape

from presstime.model import Attachment, JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import file_name

TRAITS = Traits(
    network="email",
    title="E-mail",
    settling=Settling.NONE,
    text=TextRule(100_000, "bytes"),
    media=MediaRule(5, ("image/jpeg", "image/png", "image/gif"), max_bytes=1_000_000, max_side=1600),
    markup="html",
    fallback=True,
    hashtags=False,
    needs_account=True,
    options=frozenset({"server", "to", "reply_to", "unsubscribe"}),
)
PAGE = """<!DOCTYPE html>
<html{lang}>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""


class Email(Composer):
    """One sender; `account` is its address. Options: `server` (host and port), `to`, `reply_to`, `unsubscribe` (an address
    for List-Unsubscribe)."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The parts of the message, but for its addresses and the pictures themselves."""
        lang = f' lang="{escape(variant.language)}"' if variant.language else ""
        body = segment.text + "".join(map(_figure, segment.media))
        pictures = [{"cid": item.digest, "filename": file_name(item), "mime": item.mime} for item in segment.media]
        alts = "".join(f"\n\n[{item.alt}]" for item in segment.media if item.alt)
        return {
            "subject": " ".join(variant.title.split()),
            "text": segment.plain + alts + "\n",
            "html": PAGE.format(lang=lang, title=escape(variant.title), body=body),
            "inline": pictures,
        }


def _figure(item: Attachment) -> str:
    style = 'style="max-width: 100%; height: auto"'
    return f'\n<p><img src="cid:{item.digest}" alt="{escape(item.alt)}" {style}></p>'
