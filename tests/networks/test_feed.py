"""The feed adapter: the suite on a folder, and the two formats as their specifications want them."""

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Channel, Deferred, Segment, Sighting, to_iso
from presstime.networks import feed
from presstime.networks.base import Adapter
from presstime.networks.feed import Feed
from tests.suites.network import AT, NetworkSuite, Sender, here

ATOM = "{http://www.w3.org/2005/Atom}"


class FolderBench:
    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder, self.options = folder, options

    def adapter(self, account: str, token: str | None = None) -> Adapter:
        return Feed(Channel("site", "feed", options={"path": here(self.folder / account), **self.options}), None)

    def fault(self, account: str, kind: str, **more: Any) -> None:
        raise NotImplementedError

    def feed(self, account: str) -> dict[str, Any]:
        return dict(json.loads((self.folder / account / "feed.json").read_text()))

    def atom(self, account: str) -> ET.Element:
        return ET.parse(self.folder / account / "atom.xml").getroot()  # noqa: S314 - our own file

    def alter(self, account: str, post_id: str, text: str) -> None:
        self._write(
            account, [i | ({"content_html": text} if i["id"] == post_id else {}) for i in self.feed(account)["items"]]
        )

    def remove(self, account: str, post_id: str) -> None:
        self._write(account, [item for item in self.feed(account)["items"] if item["id"] != post_id])

    def _write(self, account: str, items: Sequence[dict[str, Any]]) -> None:
        """As a person would, in an editor."""
        (self.folder / account / "feed.json").write_text(json.dumps({**self.feed(account), "items": items}))

    def posts(self, account: str) -> Sequence[dict[str, Any]]:
        if not (self.folder / account / "feed.json").exists():
            return []
        return [
            {
                "id": item["id"],
                "text": re.split(r"\n<p><(?:img|video)", item["content_html"])[0],
                "alts": [a["title"] for a in item.get("attachments", [])],
            }
            for item in self.feed(account)["items"]
        ]


class TestSuite(NetworkSuite):
    failing = threads = credentials = False

    @pytest.fixture
    def bench(self, tmp_path: Path) -> FolderBench:
        return FolderBench(tmp_path, title="Maison Verne", home="https://verne.example/")


@pytest.fixture
def bench(tmp_path: Path) -> FolderBench:
    return FolderBench(
        tmp_path, title="Verne & fils", home="https://verne.example/", url="https://verne.example/feed/", limit=3
    )


def test_atom_has_what_rfc_4287_requires(bench: FolderBench) -> None:
    """Feed and entries have id, title, updated; the feed an author; content is marked as HTML and survives the trip."""
    sender = Sender(bench, "a")
    sender.receipt(sender.orders(Segment(0, "<p>Grüße &amp; \x0b東京</p>"), link="https://verne.example/p?a=1&b=2")[0])
    feed = bench.atom("a")
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    for element in (feed, entry):
        assert all(element.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
        datetime.fromisoformat(str(element.findtext(f"{ATOM}updated")))
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Verne & fils"
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert (content.get("type"), content.text) == ("html", "<p>Grüße &amp; 東京</p>")
    links = {link.get("rel"): link.get("href") for link in entry.findall(f"{ATOM}link")}
    assert links["alternate"] == "https://verne.example/p?a=1&b=2"
    assert {link.get("rel") for link in feed.findall(f"{ATOM}link")} >= {"self", "alternate"}


def test_ids_are_tag_uris_and_distinct(bench: FolderBench) -> None:
    """Each delivery has an entry id of its own, on the site's name, stable over writes."""
    sender = Sender(bench, "a")
    ids = [sender.receipt(sender.text("x", name)).id for name in ("un", "deux", "un")]
    assert ids[0] == ids[2] != ids[1]
    assert all(i.startswith("tag:verne.example,20") for i in ids)


def test_pictures_lie_beside_the_feed(bench: FolderBench) -> None:
    """Pictures are copied under their digest, and both formats point at the public address."""
    sender = Sender(bench, "a")
    [item] = sender.pictures("teal")
    sender.receipt(sender.orders(Segment(0, "<p>Voir</p>", media=(item,)))[0])
    name = f"{item.digest}.png"
    assert (bench.folder / "a" / "media" / name).read_bytes() == sender.files[item.digest]
    [entry] = bench.feed("a")["items"]
    assert entry["image"] == f"https://verne.example/feed/media/{name}"
    assert entry["image"] in entry["content_html"]


def test_only_the_newest_are_kept(bench: FolderBench) -> None:
    """Beyond the limit the oldest leave, whatever order they came in; an old one that comes late is accepted and dropped."""
    sender = Sender(bench, "a")
    base = sender.text("x").at
    for age in (4, 1, 3, 2, 5):
        order = sender.text(f"{age}", f"post-{age}")
        at = base - timedelta(days=age)
        payload = {**order.segment.payload, "date_published": at.isoformat()}
        old = replace(order, at=at, segment=replace(order.segment, payload=payload))
        assert isinstance(sender.adapter.send(old), Accepted)
    assert [item["content_html"] for item in bench.feed("a")["items"]] == ["1", "2", "3"]


def test_writing_the_same_again_touches_nothing(bench: FolderBench) -> None:
    """A re-sent entry leaves both files as they are, down to the modification time."""
    sender = Sender(bench, "a")
    order = sender.text("x")
    sender.receipt(order)
    files = [bench.folder / "a" / name for name in ("feed.json", "atom.xml")]
    before = [(f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_ino) for f in files]
    sender.receipt(order)
    assert [(f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_ino) for f in files] == before


def test_an_interrupted_write_is_made_good(bench: FolderBench) -> None:
    """A worker that died between the two files leaves nothing that the next send does not mend."""
    sender = Sender(bench, "a")
    order = sender.text("x")
    sender.receipt(order)
    (bench.folder / "a" / "atom.xml").unlink()
    sender.receipt(order)
    assert len(bench.atom("a").findall(f"{ATOM}entry")) == 1


def test_two_workers_lose_no_entry(tmp_path: Path) -> None:
    """Writers wait for each other: every entry of every worker is there."""
    bench = FolderBench(tmp_path, limit=100)
    senders = [Sender(bench, "a") for _ in range(4)]
    for sender in senders:
        sender.adapter.prepare(sender.text("x").variant, lambda item: b"")

    def work(worker: int) -> None:
        for n in range(8):
            assert isinstance(senders[worker].adapter.send(senders[worker].text("x", f"{worker}-{n}")), Accepted)

    threads = [threading.Thread(target=work, args=(w,)) for w in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bench.feed("a")["items"]) == 32
    assert len(bench.atom("a").findall(f"{ATOM}entry")) == 32


def test_a_feed_that_cannot_be_read_is_left_alone(bench: FolderBench) -> None:
    """Somebody else's or a damaged feed.json is never overwritten: a person looks."""
    sender = Sender(bench, "a")
    (bench.folder / "a").mkdir()
    path = bench.folder / "a" / "feed.json"
    path.write_text("not a feed")
    outcome = sender.adapter.send(sender.text("x"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert path.read_text() == "not a feed"
    with pytest.raises(NetworkError):
        sender.adapter.find(sender.text("x"))


def test_a_folder_that_cannot_be_written_needs_a_person(tmp_path: Path) -> None:
    """A file where the folder should be: the message names it, and nothing is raised."""
    (tmp_path / "a").write_text("in the way")
    sender = Sender(FolderBench(tmp_path), "a")
    outcome = sender.adapter.send(sender.text("x"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert str(tmp_path) in outcome.reason
    with pytest.raises(NetworkError):
        sender.adapter.prepare(sender.text("x").variant, lambda item: b"")


def test_the_feed_is_dated_by_its_newest_entry(bench: FolderBench) -> None:
    """`updated` of the feed is its newest entry's, not the time of writing: the same entries give the same bytes."""
    sender = Sender(bench, "a")
    order = sender.text("x")
    sender.receipt(order)
    assert bench.atom("a").findtext(f"{ATOM}updated") == order.at.astimezone(UTC).isoformat()


def test_an_edit_is_dated_and_keeps_the_rest(bench: FolderBench) -> None:
    """Both formats say when the entry changed, and still when it was published; the feed is as new as its last change."""
    sender = Sender(bench, "a")
    order = sender.text("avant")
    receipt = sender.receipt(order)
    assert isinstance(sender.edit(replace(sender.text("après"), at=order.at + timedelta(days=1)), receipt), Accepted)
    [item] = bench.feed("a")["items"]
    assert (item["id"], item["date_published"]) == (receipt.id, order.segment.payload["date_published"])
    assert datetime.fromisoformat(item["date_modified"]) >= order.at
    shown = bench.atom("a")
    entry = shown.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}published") == item["date_published"]
    assert entry.findtext(f"{ATOM}updated") == item["date_modified"] == shown.findtext(f"{ATOM}updated")


def test_an_edit_of_the_page(bench: FolderBench) -> None:
    """Title, link and language are part of an entry, and change with it."""
    sender = Sender(bench, "a")
    receipt = sender.receipt(sender.orders(Segment(0, "x"), link="https://verne.example/a")[0])
    outcome = sender.edit(sender.orders(Segment(0, "x"), link="https://verne.example/b")[0], receipt)
    assert (outcome.receipt.id, outcome.receipt.url) == (receipt.id, "https://verne.example/b")
    assert [item["url"] for item in bench.feed("a")["items"]] == ["https://verne.example/b"]


def test_an_edit_again_touches_nothing(bench: FolderBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an entry says already is not dated anew, whatever the time is; a file that is missing is written."""
    sender = Sender(bench, "a")
    receipt = sender.receipt(sender.text("avant"))
    sender.edit(sender.text("après"), receipt)
    files = [bench.folder / "a" / name for name in ("feed.json", "atom.xml")]
    before = [f.read_bytes() for f in files]
    monkeypatch.setattr(feed, "datetime", None)
    files[1].unlink()
    assert isinstance(sender.edit(sender.text("après"), receipt), Accepted)
    assert [f.read_bytes() for f in files] == before


def test_a_changed_home_does_not_lose_what_is_out(tmp_path: Path) -> None:
    """Ids are made with the site's address; an entry that is out is known by the id it got."""
    order = Sender(FolderBench(tmp_path, home="https://old.example"), "a").text("avant")
    receipt = Sender(FolderBench(tmp_path, home="https://old.example"), "a").receipt(order)
    bench = FolderBench(tmp_path, home="https://new.example")
    sender = Sender(bench, "a")
    assert isinstance(sender.edit(sender.text("après"), receipt), Accepted)
    assert [post["text"] for post in bench.posts("a")] == ["après"]
    assert sender.retract(order, receipt) == Accepted(receipt)
    assert bench.posts("a") == []


@pytest.mark.parametrize("what", ["edit", "retract"])
def test_a_change_of_a_feed_that_cannot_be_read(bench: FolderBench, what: str) -> None:
    """A damaged feed.json is left alone: a person looks."""
    sender = Sender(bench, "a")
    receipt = sender.receipt(sender.text("x"))
    path = bench.folder / "a" / "feed.json"
    path.write_text("not a feed")
    outcome = sender.change(what, sender.text("y"), receipt)
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert path.read_text() == "not a feed"


def test_an_entry_that_newer_ones_moved_out_is_not_gone(bench: FolderBench) -> None:
    """The channel keeps so many: that is told besides. One that was taken out by hand is gone."""
    sender = Sender(bench, "full")
    orders = [replace(sender.text(f"<p>{n}</p>", f"post-{n}"), at=AT + timedelta(minutes=n)) for n in range(4)]
    orders = [
        replace(o, segment=replace(o.segment, payload={**o.segment.payload, "date_published": to_iso(o.at)}))
        for o in orders
    ]
    receipts = [sender.receipt(order) for order in orders]
    found = sender.look(orders[0], receipts[0])
    assert found == Sighting("<p>0</p>", False, "newer entries have taken its place: the feed keeps 3")
    bench.remove("full", receipts[2].id)
    seen = [sender.look(*each) for each in zip(orders[1:], receipts[1:], strict=True)]
    assert [entry and entry.changed for entry in seen] == [False, None, False]


@pytest.mark.parametrize("name", ["url", "title", "tags"])
def test_what_else_an_entry_says_counts(bench: FolderBench, name: str) -> None:
    """Not its words alone."""
    sender = Sender(bench, "fields")
    [order] = sender.orders(Segment(0, "<p>x</p>", media=sender.pictures("teal")), link="https://verne.example/p")
    receipt = sender.receipt(order)
    found = sender.look(order, receipt)
    assert found is not None
    assert not found.changed
    bench._write("fields", [{**item, name: "other"} for item in bench.feed("fields")["items"]])
    found = sender.look(order, receipt)
    assert found is not None
    assert found.changed


def test_a_feed_that_is_not_there_says_nothing_of_its_entries(bench: FolderBench) -> None:
    """A folder that is not mounted is not a feed without entries."""
    sender = Sender(bench, "away")
    order = sender.text("<p>x</p>")
    receipt = sender.receipt(order)
    (bench.folder / "away" / "feed.json").unlink()
    with pytest.raises(NetworkError, match="there is no feed"):
        sender.look(order, receipt)
    (bench.folder / "away" / "feed.json").write_text("{")
    with pytest.raises(NetworkError, match="cannot be read"):
        sender.look(order, receipt)
