"""Feeds on disk: `atom.xml` (RFC 4287) and `feed.json` (JSON Feed 1.1), for a web server or a static site to show.

Pictures and films are attachments there (JSON Feed's `attachments`, Atom's `rel="enclosure"`), and shown in the words besides.
Every entry has an id of its own that never changes, so writing it again changes nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
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
    MovingRule,
    Outcome,
    Receipt,
    Refused,
    Segment,
    Settling,
    Sighting,
    TextRule,
    Traits,
    Variant,
    to_iso,
)
from presstime.networks import feed_formats, files
from presstime.networks.base import GONE, Adapter, Order, ReadBytes, by_hand

Items = list[JsonObject]
ADVICE = "Check the folder of the channel's `path`: its rights, and the room on the disk."
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
    "image/avif": ".avif",
}
FILMS = {"video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov"}
TRAITS = Traits(
    network="feed",
    title="Feed",
    settling=Settling.NATURAL,
    text=TextRule(1_000_000, "characters"),  # no limit in either format; a bound against accidents
    media=MediaRule(
        20, tuple(ENDINGS), max_bytes=50_000_000, video=MovingRule(tuple(FILMS), max_bytes=500_000_000)
    ),  # neither format has limits: bounds against accidents
    markup="html",
    marks=frozenset({"link", "mention", "tag", "bold", "italic", "code", "pre", "quote", "strike"}),
    link_in_text=False,
    hashtags=False,
    needs_credentials=False,
    options=frozenset({"title", "home", "path", "limit", "url"}),
    required_options=frozenset({"path"}),
    can_find=True,
    can_look=True,
    edits=frozenset({"text", "media", "page"}),
    can_retract=True,
)


class Missing(Exception):
    """The feed has no entry of this id."""


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
        """Copies the files beside the feed, named by their digest: nothing points at them yet."""
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

        def added(items: Items) -> Items:
            there = any(known["id"] == item["id"] for known in items)
            return items if there else feed_formats.newest([*items, item], self._limit)

        return self._rewrite(added) or Accepted(_receipt(item))

    def edit(self, order: Order, receipt: Receipt) -> Outcome:
        """The entry says what the order says, under its old id and date of publication."""
        item = {**self._item(order), "id": receipt.id}

        def edited(items: Items) -> Items:
            if all(known["id"] != receipt.id for known in items):
                raise Missing(receipt.id)
            return [_modified(known, item) if known["id"] == receipt.id else known for known in items]

        return self._rewrite(edited) or Accepted(_receipt(item))

    def retract(self, order: Order, receipt: Receipt) -> Outcome:
        """The entry leaves the feed. Its pictures stay in the folder: another entry may show them, or be about to."""
        return self._rewrite(lambda items: [known for known in items if known["id"] != receipt.id]) or Accepted(receipt)

    def find(self, order: Order) -> Receipt | None:
        known = self._known(self._item(order)["id"])
        return _receipt(known) if known else None

    def look(self, order: Order, receipt: Receipt) -> Sighting | None:
        """An entry that newer ones have moved out of the feed is not gone: the channel wants it so."""
        if by_hand(receipt):
            return super().look(order, receipt)
        if not (self._folder() / "feed.json").exists():
            raise NetworkError(f"there is no feed.json in {self._folder()}", ADVICE, needs_person=True)
        planned, known = self.planned(order), self._known(receipt.id)
        if known:
            words = "\n".join(filter(None, (known.get("title"), known["content_html"])))
            return Sighting(words, not self._is_ours(known, planned, order.segment.media))
        item = {**planned, "id": receipt.id}
        if item in feed_formats.newest([*self._readable(), item], self._limit):
            return None
        note = f"newer entries have taken its place: the feed keeps {self._limit}"
        return Sighting(planned["content_html"], changed=False, note=note)

    @staticmethod
    def _is_ours(known: JsonObject, planned: JsonObject, media: Sequence[Attachment]) -> bool:
        """Whether an entry says what was planned; its pictures are shown after its words."""
        files, words = known.get("attachments", []), str(known["content_html"])
        same = words.startswith(planned["content_html"]) if files else words == planned["content_html"]
        alike = all(known.get(name) == planned.get(name) for name in ("url", "title", "summary", "language", "tags"))
        return same and alike and [file["title"] for file in files] == [item.alt for item in media]

    def identity(self) -> Identity:
        return Identity(str(self.channel.options.get("title") or self.channel.name), self.channel.options.get("home"))

    def _rewrite(self, change: Callable[[Items], Items]) -> Refused | Deferred | None:
        """Puts other items in place of those there, alone in the folder. What stood in the way, or None."""
        try:
            with files.locked(self._folder()):
                self._write(change(self._items()))
        except OSError as error:
            return Deferred(f"{error.filename}: {error.strerror}. {ADVICE}", needs_person=True)
        except Missing as missing:
            return Refused(f"the message is not there any more: the feed has no entry {missing}", GONE)
        except (ValueError, TypeError, KeyError) as error:
            return Deferred(f"the feed is left alone, for it cannot be read: {error!r}", needs_person=True)
        return None

    def _known(self, entry_id: str) -> JsonObject | None:
        """The feed's entry of this id. Raises `NetworkError`."""
        return next((item for item in self._readable() if item["id"] == entry_id), None)

    def _readable(self) -> Items:
        """What the feed holds now. Raises `NetworkError` if that cannot be told."""
        try:
            return [item for item in self._items() if item["id"]]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise NetworkError(f"feed.json cannot be read: {error}", ADVICE, needs_person=True) from error

    @property
    def _limit(self) -> int:
        """How many entries are kept."""
        return int(self.channel.options.get("limit", 50))

    def _folder(self) -> Path:
        return Path(str(self.channel.options["path"]))

    def _items(self) -> Items:
        """What the feed holds now. Raises OSError, ValueError, TypeError or KeyError if that cannot be told."""
        path = self._folder() / "feed.json"
        return list(json.loads(path.read_bytes())["items"]) if path.exists() else []

    def _write(self, items: Items) -> None:
        """Both files, each replaced whole, and only if it changes. Either may be written again at any time."""
        options = self.channel.options
        about = feed_formats.About(
            title=str(options.get("title") or self.channel.name), home=options.get("home"), url=options.get("url")
        )
        files.replace(self._folder() / "feed.json", feed_formats.json_feed(about, items))
        files.replace(self._folder() / "atom.xml", feed_formats.atom(about, items))

    def _item(self, order: Order) -> JsonObject:
        base = str(self.channel.options.get("url") or "").rstrip("/")
        attached = [
            {
                "url": "/".join(filter(None, (base, "media", _file_name(item)))),
                "mime_type": item.mime,
                "title": item.alt,
                "size_in_bytes": item.size,
            }
            for item in order.segment.media
        ]
        item = {"id": entry_id(self.channel, order), **self.planned(order)}
        if attached:
            item |= {"attachments": attached}
            item["content_html"] += "".join(map(feed_formats.figure, attached))
        if pictures := [file["url"] for file in attached if file["mime_type"] in ENDINGS]:
            item["image"] = pictures[0]
        return item


def entry_id(channel: Channel, order: Order) -> str:
    """A tag: URI (RFC 4151) of the delivery and its nominal day, on the site's own name."""
    site = urlsplit(str(channel.options.get("home") or "")).hostname or f"{channel.name}.invalid"
    name = f"{order.delivery}/{order.segment.index}" if order.segment.index else str(order.delivery)
    return f"tag:{site},{order.at.astimezone(UTC):%Y-%m-%d}:{quote(name)}"


def _modified(known: JsonObject, item: JsonObject) -> JsonObject:
    """An entry as it is after an edit: dated anew, so that readers' programs look at it, unless it says all that already."""
    new = {**item, "date_published": known["date_published"]}
    if {**known, "date_modified": None} == {**new, "date_modified": None}:
        return known
    return {**new, "date_modified": to_iso(datetime.now(UTC).replace(microsecond=0))}


def _receipt(item: JsonObject) -> Receipt:
    return Receipt(item["id"], item.get("url") or item["id"])


def _file_name(item: Attachment) -> str:
    return item.digest + (ENDINGS | FILMS)[item.mime]
