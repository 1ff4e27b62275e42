"""JSON Feed 1.1 (jsonfeed.org/version/1.1) and Atom (RFC 4287), written from one list of JSON Feed items. Pure."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET  # writing only

from presstime.model import JsonObject, from_iso

ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2: not even as entities
NO_DATE = "1970-01-01T00:00:00+00:00"  # RFC 4287 wants `updated` even of a feed without entries


@dataclass(frozen=True, slots=True)
class About:
    """What a feed says of itself. `url` is the folder's public address, `home` the site's."""

    title: str
    home: str | None = None
    url: str | None = None

    def address(self, name: str) -> str | None:
        return f"{self.url.rstrip('/')}/{name}" if self.url else None


def newest(items: Sequence[JsonObject], limit: int) -> list[JsonObject]:
    """At most `limit` items, newest first; those of one instant in the order of their ids."""
    ordered = sorted(items, key=lambda item: item["id"])
    return sorted(ordered, key=lambda item: from_iso(item["date_published"]), reverse=True)[:limit]


def json_feed(about: About, items: Sequence[JsonObject]) -> bytes:
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": about.title,
        "home_page_url": about.home,
        "feed_url": about.address("feed.json"),
    }
    feed = {key: value for key, value in head.items() if value} | {"items": list(items)}
    return json.dumps(feed, ensure_ascii=False, indent=1).encode() + b"\n"


def atom(about: About, items: Sequence[JsonObject]) -> bytes:
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    _child(feed, "id", about.address("atom.xml") or about.home or f"urn:presstime:{_slug(about.title)}")
    _child(feed, "title", about.title)
    _child(feed, "updated", max(map(_updated, items), key=from_iso, default=NO_DATE))
    _child(_child(feed, "author"), "name", about.title)  # RFC 4287, 4.1.1: entries without one take the feed's
    _link(feed, "alternate", about.home)
    _link(feed, "self", about.address("atom.xml"))
    for item in items:
        _entry(feed, item)
    ET.indent(feed, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'.encode()


def _entry(feed: ET.Element, item: JsonObject) -> None:
    entry = _child(feed, "entry")
    _child(entry, "id", item["id"])
    _child(entry, "title", item.get("title") or _opening(item["content_html"]))
    _child(entry, "published", item["date_published"])
    _child(entry, "updated", _updated(item))
    _link(entry, "alternate", item.get("url"))
    if item.get("summary"):
        _child(entry, "summary", item["summary"])
    for tag in item.get("tags", []):
        _child(entry, "category").set("term", _clean(tag))
    for file in item.get("attachments", []):
        size = {"length": str(file["size_in_bytes"])} if "size_in_bytes" in file else {}
        _link(entry, "enclosure", file["url"], type=file["mime_type"], title=file["title"], **size)
    content = _child(entry, "content", item["content_html"])
    content.set("type", "html")
    if item.get("language"):
        content.set("{http://www.w3.org/XML/1998/namespace}lang", item["language"])


def _updated(item: JsonObject) -> str:
    """When an entry last changed: when it was published, if it never did."""
    return str(item.get("date_modified") or item["date_published"])


def figure(file: JsonObject) -> str:
    """An attachment as HTML, to stand after an entry's words: few readers show attachments."""
    url, alt = file["url"], file["title"]
    if file["mime_type"].startswith("video/"):
        return f'\n<p><video src="{html.escape(url)}" title="{html.escape(alt)}" controls></video></p>'
    return f'\n<p><img src="{html.escape(url)}" alt="{html.escape(alt)}"></p>'


def _opening(content: str) -> str:
    """The first words of an entry without a title: Atom wants one."""
    words = html.unescape(re.sub(r"<[^>]+>", " ", content)).split()
    return " ".join(words[:12]) + (" …" if len(words) > 12 else "")


def _child(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{ATOM}}}{name}")
    child.text = _clean(text) if text is not None else None
    return child


def _link(parent: ET.Element, rel: str, href: str | None, **attributes: str) -> None:
    if href:
        link = _child(parent, "link")
        for name, value in {"rel": rel, "href": href, **attributes}.items():
            link.set(name, _clean(value))


def _clean(text: str) -> str:
    return NOT_XML.sub("", text)


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-") or "feed"
