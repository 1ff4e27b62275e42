"""The x adapter against its twin, over HTTP."""

from dataclasses import replace

import pytest

from presstime.errors import NetworkError, Unsupported
from presstime.model import Refused, Secret, Segment, Unknown
from presstime.networks import x
from presstime.networks.x import comparable, expanded
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite, Sender


class TestSuite(NetworkSuite):
    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "x")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "x")


def test_a_duplicate_is_a_hint(bench: SandboxBench) -> None:
    """After a lost reply, the 403 for a duplicate is not a refusal: the read-back finds the post."""
    account = "hint"
    sender = Sender(bench, account)
    order = sender.text("Une image https://example.com/a?b=1&c=2 & <plus> #Nantes")
    bench.fault(account, "drop-after")
    assert isinstance(sender.send(order), Unknown)
    assert isinstance(sender.send(order), Unknown)
    found = sender.adapter.find(order)
    assert found is not None
    assert [post["id"] for post in bench.posts(account)] == [found.id]


def test_a_404_that_is_not_about_the_post_is_no_takedown(bench: SandboxBench) -> None:
    """A wrong base_url finds nothing either: only X's own word for a missing post says that it is gone."""
    order = Sender(bench, "elsewhere").text("Toujours là")
    receipt = Sender(bench, "elsewhere").receipt(order)
    adapter = x.X(replace(bench.channel("elsewhere"), base_url=f"{bench.server.url}/x/v1"), Secret("sandbox-verne"))
    assert isinstance(adapter.retract(order, receipt), Refused)


def test_pictures_are_found_again(bench: SandboxBench) -> None:
    """The link that X adds for pictures is not part of the words."""
    sender = Sender(bench, "pictures")
    order = sender.orders(Segment(0, "Deux https://example.com/x", media=sender.pictures("teal", "plum")))[0]
    receipt = sender.receipt(order)
    assert sender.adapter.find(order) == replace(receipt)


@pytest.mark.parametrize(
    ("text", "urls", "written"),
    [
        (
            "a https://t.co/1",
            [{"url": "https://t.co/1", "expanded_url": "https://example.com/"}],
            "a https://example.com",
        ),
        ("a https://t.co/1", [{"url": "https://t.co/1", "expanded_url": "http://example.com"}], "a example.com"),
        ("a &amp; &lt;b&gt;", [], "a & <b>"),
        ("a &amp;amp;", [], "a &amp;"),
        ("e\u0301", [], "\u00e9"),
        ("a\n\nb", [], "a\n\nb "),
        ("a https://t.co/2", [{"url": "https://t.co/2", "expanded_url": "https://x.com/v/status/1/photo/1"}], "a"),
    ],
)
def test_texts_compare_as_written(text: str, urls: list[dict[str, str]], written: str) -> None:
    """What X does to a text is undone before it is compared."""
    assert comparable(expanded({"text": text, "entities": {"urls": urls}})) == comparable(written)


def test_other_texts_do_not_compare() -> None:
    """One letter, one link or one line more is another text."""
    for one, other in (("a", "b"), ("https://e.x/a", "https://e.x/b"), ("a b", "ab"), ("A", "a")):
        assert comparable(one) != comparable(other)


def test_a_gif_stands_alone(bench: SandboxBench) -> None:
    """X takes one GIF or up to four pictures: said at check time."""
    sender = Sender(bench, "gif")
    one, two = sender.pictures("teal", "plum")
    with pytest.raises(Unsupported):
        sender.orders(Segment(0, "x", media=(replace(one, mime="image/gif"), two)))


def test_a_read_back_that_ends_too_early_says_so(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "Not found" is only said when everything since the nominal instant was looked at."""
    sender = Sender(bench, "many")
    for n in range(101):
        sender.adapter.send(sender.text(f"{n}", f"post-{n}"))
    monkeypatch.setattr(x, "PAGES", 1)
    with pytest.raises(NetworkError, match="far enough"):
        sender.adapter.find(sender.text("jamais", "never"))
    monkeypatch.setattr(x, "PAGES", 2)
    assert sender.adapter.find(sender.text("jamais", "never")) is None
