"""The telegram adapter against its twin, over HTTP."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.errors import Unsupported
from presstime.model import Accepted, Channel, Deferred, Refused, Secret, Segment, Span
from presstime.networks.offsets import utf8_range, utf16_range
from presstime.networks.telegram import Telegram
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite, Sender


class TestSuite(NetworkSuite):
    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "telegram")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "telegram")


@given(st.text(), st.data())
def test_offsets_cut_the_same_letters(text: str, data: st.DataObject) -> None:
    """A span's offsets in UTF-16 units or UTF-8 bytes cut out the very letters that it marks."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = Span(start, end, "bold")
    offset, length = utf16_range(text, span)
    assert text.encode("utf-16-le")[offset * 2 : (offset + length) * 2].decode("utf-16-le") == text[start:end]
    first, last = utf8_range(text, span)
    assert text.encode()[first:last].decode() == text[start:end]


def test_every_mark_has_its_entity(bench: SandboxBench) -> None:
    """Bold, italic, code, pre with its language, quote and strike arrive as Telegram calls them."""
    sender = Sender(bench, "marks")
    kinds = ("bold", "italic", "code", "pre", "quote", "strike")
    spans = tuple(Span(n, n + 1, kind, "python" if kind == "pre" else "") for n, kind in enumerate(kinds))  # type: ignore[arg-type]
    sender.receipt(sender.orders(Segment(0, "abcdef", spans=spans))[0])
    entities = bench.server.state.posts[-1].data["entities"]
    assert [e["type"] for e in entities] == ["bold", "italic", "code", "pre", "blockquote", "strikethrough"]
    assert entities[3]["language"] == "python"


def test_the_link_of_a_post_is_the_one_previewed(bench: SandboxBench) -> None:
    """The post's own link makes the preview, wherever it stands in the words."""
    sender = Sender(bench, "preview")
    sender.receipt(sender.orders(Segment(0, "Sans lien"), link="https://verne.example/p")[0])
    assert bench.posts("preview")[0]["card"]["url"] == "https://verne.example/p"


@pytest.mark.parametrize("colors", [("teal",), ("teal", "plum")])
def test_words_of_pictures_can_go(bench: SandboxBench, colors: tuple[str, ...]) -> None:
    """A caption is edited on the picture or the first of an album, and an edit to no words takes it away."""
    account = f"caption-{len(colors)}"
    sender = Sender(bench, account)
    media = sender.pictures(*colors)
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=media))[0])
    for text in ("après", ""):
        outcome = sender.edit(sender.orders(Segment(0, text, media=media))[0], receipt)
        assert outcome == Accepted(receipt)
        assert [post["text"] for post in bench.posts(account)] == [text]


def test_marks_alone_are_an_edit(bench: SandboxBench) -> None:
    """The same words with other marks are another message: it is not taken for one that says so already."""
    sender = Sender(bench, "remarked")
    receipt = sender.receipt(sender.text("abc"))
    assert sender.edit(sender.orders(Segment(0, "abc", spans=(Span(0, 3, "bold"),)))[0], receipt) == Accepted(receipt)
    assert bench.server.state.posts[-1].data["entities"] == [{"type": "bold", "offset": 0, "length": 3}]


def test_what_is_too_old_is_not_retracted(bench: SandboxBench) -> None:
    """After 48 hours Telegram refuses, and says so: it is not taken for gone."""
    sender = Sender(bench, "old")
    order = sender.text("Avant-hier")
    receipt = sender.receipt(order)
    post = bench.server.state.posts[-1]
    assert sender.adapter.traits.retract_window
    post.at -= sender.adapter.traits.retract_window
    assert isinstance(sender.retract(order, receipt), Refused)
    assert len(bench.posts("old")) == 1


def test_an_album_half_gone_is_retracted(bench: SandboxBench) -> None:
    """Pictures that somebody deleted before do not keep the rest from going."""
    sender = Sender(bench, "half")
    order = sender.orders(Segment(0, "Album", media=sender.pictures("teal", "plum")))[0]
    receipt = sender.receipt(order)
    alone = replace(receipt, id=str(receipt.data["message_ids"][1]), data={})
    assert isinstance(sender.retract(order, alone), Accepted)
    assert len(bench.posts("half")[0]["alts"]) == 1
    assert sender.retract(order, receipt) == Accepted(receipt)
    assert bench.posts("half") == []


def test_files_that_were_not_prepared_are_not_sent(bench: SandboxBench) -> None:
    """A send without its files is put off, not sent without them."""
    sender = Sender(bench, "unprepared")
    order = sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0]
    outcome = sender.adapter.send(order)
    assert isinstance(outcome, Deferred)
    assert bench.posts("unprepared") == []


def test_an_empty_message_is_refused_at_check_time(bench: SandboxBench) -> None:
    """There is nothing to send: said when the post is composed."""
    sender = Sender(bench, "empty")
    with pytest.raises(Unsupported):
        sender.orders(Segment(0, ""))


@pytest.mark.parametrize(
    ("account", "base_url", "url"),
    [
        ("@verne", None, "https://t.me/verne/7"),
        ("-1001234", None, None),
        ("@verne", "http://127.0.0.1:1/telegram", "http://127.0.0.1:1/telegram/verne/7"),
    ],
)
def test_only_public_chats_have_pages(account: str, base_url: str | None, url: str | None) -> None:
    """A receipt's URL is one that anybody can open, or none."""
    adapter = Telegram(replace(Channel("c", "telegram", account=account), base_url=base_url), Secret("1:a"))
    assert adapter._receipt({"ok": True, "result": {"message_id": 7}}).url == url
