"""Slack: a bot in a channel (`chat.postMessage`).

Facts: docs.slack.dev and node-slack-sdk's types. Text over some 4,000 characters is split by Slack itself; a section block
holds 3,000. There is no key: our own mark stands in the message's `metadata`, by which it is found again.
A block shows no uploaded film.
"""

from presstime.model import Attachment, Json, JsonObject, MediaRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import file_name, media_hole

TRAITS = Traits(
    network="slack",
    title="Slack",
    settling=Settling.LOOKUP,
    text=TextRule(4000, "characters"),
    caption=TextRule(3000, "characters"),  # of a section block: pictures stand in blocks
    media=MediaRule(10, ("image/jpeg", "image/png", "image/gif"), max_bytes=20_000_000, alt_limit=2000),
    threads=True,
    markup="mrkdwn",
    marks=frozenset({"link", "bold", "italic", "strike", "code", "pre", "quote"}),
    hashtags=False,
    needs_account=True,
    default_base_url="https://slack.com",
    can_find=True,
    edits=frozenset({"text", "media"}),
    can_retract=True,
)


class Slack(Composer):
    """One channel of a workspace; `account` is its id, the credential a bot's token."""

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The arguments of `chat.postMessage`, but for `channel` and `thread_ts`. With pictures `text` is what notifications
        say."""
        mark = {"delivery": str(variant.delivery), "segment": segment.index}
        message: JsonObject = {
            "text": segment.text,
            "metadata": {"event_type": "presstime_post", "event_payload": mark},
        }
        if segment.media:
            message["blocks"] = [*_section(segment.text), *map(_image, segment.media)]
        return message


def _section(text: str) -> list[Json]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}] if text else []


def _image(item: Attachment) -> JsonObject:
    return {"type": "image", "slack_file": {"id": media_hole(item)}, "alt_text": item.alt or file_name(item)}
