"""Feeds on disk: `atom.xml` (RFC 4287) and `feed.json` (JSON Feed 1.1), for a web server or a static site to show.

Every entry has an id of its own that never changes, so writing it again changes nothing.
"""

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from urllib.parse import quote, urlsplit

from presstime.errors import NetworkError
from presstime.model import (
    Accepted,
    Attachment,
    Channel,
    Deferred,
    Identity,
    Json,
    JsonObject,
    MediaRule,
    Outcome,
    Receipt,
    Segment,
    Settling,
    TextRule,
    Traits,
    Variant,
    to_iso,
)
from presstime.networks import feed_formats, files
from presstime.networks.base import Adapter, Order, ReadBytes

ADVICE = "Check the folder of the channel's `path`: its rights, and the room on the disk."
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
    "image/avif": ".avif",
}
TRAITS = Traits(
    network="feed",
    title="Feed",
    settling=Settling.NATURAL,
    text=TextRule(1_000_000, "characters"),  # no limit in either format; a bound against accidents
    media=MediaRule(20, tuple(ENDINGS), max_bytes=50_000_000),
    markup="html",
    marks=frozenset({"link", "mention", "tag", "bold", "italic", "code", "pre", "quote", "strike"}),
    link_in_text=False,
    hashtags=False,
    needs_credentials=False,
    options=frozenset({"title", "home", "path", "limit", "url"}),
    can_find=True,
)


class Feed(Adapter):
    """One pair of feed files, in the folder of option `path`.

    Further options: `title`, `home` (the site's address), `url` (the address the folder is served under: makes links to
    pictures absolute), `limit` (entries kept, 50 unless said otherwise).
    """

    traits = TRAITS

    @staticmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The entry as a JSON Feed item, but for its id and the addresses of its pictures."""
        item: JsonObject = {"date_published": to_iso(variant.at), "content_html": segment.text}
        optional = {
            "url": variant.link,
            "title": variant.title,
            "summary": variant.summary,
            "language": variant.language,
            "tags": list(variant.tags),
        }
        return item | {key: value for key, value in optional.items() if value}

    def prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        """Copies the pictures beside the feed, named by their digest: nothing points at them yet."""
        try:
            folder = self._folder() / "media"
            folder.mkdir(parents=True, exist_ok=True)
            for item in variant.attachments():
                files.replace(folder / _file_name(item), read(item))
        except OSError as error:
            raise NetworkError(f"{error.filename}: {error.strerror}", ADVICE, needs_person=True) from error
        return {}

    def send(self, order: Order) -> Outcome:
        item = self._item(order)
        try:
            with files.locked(self._folder()):
                items = self._items()
                if all(there["id"] != item["id"] for there in items):
                    items = feed_formats.newest([*items, item], int(self.channel.options.get("limit", 50)))
                self._write(items)
        except OSError as error:
            return Deferred(f"{error.filename}: {error.strerror}. {ADVICE}", needs_person=True)
        except (ValueError, TypeError, KeyError) as error:
            return Deferred(f"the feed is left alone, for it cannot be read: {error!r}", needs_person=True)
        return Accepted(_receipt(item))

    def find(self, order: Order) -> Receipt | None:
        wanted = self._item(order)["id"]
        try:
            return next((_receipt(item) for item in self._items() if item["id"] == wanted), None)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise NetworkError(f"feed.json cannot be read: {error}", ADVICE, needs_person=True) from error

    def identity(self) -> Identity:
        return Identity(str(self.channel.options.get("title") or self.channel.name), self.channel.options.get("home"))

    def _folder(self) -> Path:
        return Path(str(self.channel.options["path"]))

    def _items(self) -> list[JsonObject]:
        """What the feed holds now. Raises OSError, ValueError, TypeError or KeyError if that cannot be told."""
        path = self._folder() / "feed.json"
        return list(json.loads(path.read_bytes())["items"]) if path.exists() else []

    def _write(self, items: list[JsonObject]) -> None:
        """Both files, each replaced whole, and only if it changes. Either may be written again at any time."""
        options = self.channel.options
        about = feed_formats.About(
            title=str(options.get("title") or self.channel.name), home=options.get("home"), url=options.get("url")
        )
        files.replace(self._folder() / "feed.json", feed_formats.json_feed(about, items))
        files.replace(self._folder() / "atom.xml", feed_formats.atom(about, items))

    def _item(self, order: Order) -> JsonObject:
        base = str(self.channel.options.get("url") or "").rstrip("/")
        pictures = [
            {
                "url": "/".join(filter(None, (base, "media", _file_name(item)))),
                "mime_type": item.mime,
                "title": item.alt,
            }
            for item in order.segment.media
        ]
        item = {"id": entry_id(self.channel, order), **self.planned(order)}
        if pictures:
            figures = "".join(feed_formats.figure(picture["url"], picture["title"]) for picture in pictures)
            item |= {"image": pictures[0]["url"], "attachments": pictures}
            item["content_html"] += figures
        return item


def entry_id(channel: Channel, order: Order) -> str:
    """A tag: URI (RFC 4151) of the delivery and its nominal day, on the site's own name."""
    site = urlsplit(str(channel.options.get("home") or "")).hostname or f"{channel.name}.invalid"
    name = f"{order.delivery}/{order.segment.index}" if order.segment.index else str(order.delivery)
    return f"tag:{site},{order.at.astimezone(UTC):%Y-%m-%d}:{quote(name)}"


def _receipt(item: JsonObject) -> Receipt:
    return Receipt(item["id"], item.get("url") or item["id"])


def _file_name(item: Attachment) -> str:
    return item.digest + ENDINGS[item.mime]
