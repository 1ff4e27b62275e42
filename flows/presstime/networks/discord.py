"""Discord, API v10: a bot in a channel, or an incoming webhook.

Facts: discord-api-docs and the vendor's OpenAPI file (which says 4,000 characters where the documentation says 2,000: the
smaller holds; 10 MiB a file unless the server was boosted). Any file may be attached, pictures and films are shown. A bot's `nonce` with `enforce_nonce` gives the first message back "in the past few minutes"; a webhook has no
such thing and cannot read its messages back. `allowed_mentions` keeps an `@everyone` in the words from calling everyone.
"""

from dataclasses import replace
from datetime import timedelta

from presstime.model import JsonObject, MediaRule, MovingRule, Segment, Settling, TextRule, Traits, Variant
from presstime.networks.base import Composer
from presstime.networks.holes import file_name

BOT = Traits(
    network="discord",
    title="Discord",
    settling=Settling.KEYED,
    key_window=timedelta(minutes=2),
    text=TextRule(2000, "characters"),
    media=MediaRule(
        10,
        ("image/jpeg", "image/png", "image/gif", "image/webp"),
        max_bytes=10 * 1024 * 1024,
        alt_limit=1024,
        video=MovingRule(("video/mp4", "video/webm", "video/quicktime"), max_bytes=10 * 1024 * 1024),
    ),
    threads=True,
    markup="chat",
    marks=frozenset({"link", "bold", "italic", "strike", "code", "pre", "quote"}),
    hashtags=False,
    needs_account=True,
    default_base_url="https://discord.com",
    can_find=True,
    edits=frozenset({"text", "media"}),
    can_retract=True,
)
WEBHOOK = replace(
    BOT,
    network="discord_webhook",
    title="Discord (webhook)",
    settling=Settling.NONE,
    key_window=timedelta(0),
    needs_account=False,
    can_find=False,
)


class DiscordBot(Composer):
    """One channel of a server; `account` is its id, the credential the bot's token."""

    traits = BOT

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The message, but for its nonce, the one it replies to, and the files themselves."""
        body: JsonObject = {"content": segment.text, "allowed_mentions": {"parse": []}}
        if segment.media:
            body["attachments"] = [
                {"id": index, "filename": file_name(item), "description": item.alt}
                for index, item in enumerate(segment.media)
            ]
        return body


class DiscordWebhook(DiscordBot):
    """An incoming webhook; the credential is its address."""

    traits = WEBHOOK
