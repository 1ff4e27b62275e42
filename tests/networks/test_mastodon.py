"""The mastodon adapter against its twin, over HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Channel, Deferred, Secret, Segment
from presstime.networks import mastodon
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite, Sender


class TestSuite(NetworkSuite):
    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "mastodon")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "mastodon")


def test_a_picture_still_being_worked_on_is_waited_for(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's 202 is not an id to post with: the adapter looks until it is done, while preparing."""
    monkeypatch.setattr(mastodon, "WAITS", (0, 0, 0))
    account = "slow-picture"
    sender = Sender(bench, account)
    bench.server.state.faults.add({"network": "mastodon", "kind": "processing"})
    sender.receipt(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert len(bench.posts(account)[0]["alts"]) == 1


def test_a_picture_that_is_never_done(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The looking ends: preparing failed, and may be tried again."""
    monkeypatch.setattr(mastodon, "WAITS", ())
    sender = Sender(bench, "stuck-picture")
    bench.server.state.faults.add({"network": "mastodon", "kind": "processing"})
    with pytest.raises(NetworkError) as caught:
        sender.send(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert not caught.value.needs_person


def test_the_channels_visibility(bench: SandboxBench) -> None:
    """Option `visibility` goes with every status."""
    channel = bench.channel("visibility")
    adapter = mastodon.Mastodon(replace(channel, options={"visibility": "unlisted"}), Secret("sandbox-vis"))
    order = Sender(bench, "visibility").text("Discret")
    assert isinstance(adapter.send(order), Accepted)
    assert next(p for p in bench.server.state.posts if p.account == "vis").data["visibility"] == "unlisted"


def test_a_read_back_goes_as_far_as_it_must(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It pages back to the nominal instant; where that is too far, it says so instead of "not there"."""
    account = "busy"
    sender = Sender(bench, account)
    order = sender.text("Tout au fond")
    receipt = sender.receipt(order)
    for n in range(90):
        sender.adapter.send(sender.text(f"{n}", f"post-{n}"))
    assert sender.adapter.find(order) == receipt
    monkeypatch.setattr(mastodon, "PAGES", 2)
    with pytest.raises(NetworkError, match="far enough"):
        sender.adapter.find(order)


def media_of(bench: SandboxBench, account: str) -> list[tuple[str, ...]]:
    return [post.media for post in bench.server.state.posts if post.account == bench.named(account)]


def test_an_edit_keeps_the_pictures_the_server_has(bench: SandboxBench) -> None:
    """A picture that stays is the same attachment as before, not another upload; so is one that only changes its place."""
    account = "kept"
    sender = Sender(bench, account)
    teal, plum, gold = sender.pictures("teal", "plum", "gold")
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=(teal, plum)))[0])
    [(first, second)] = media_of(bench, account)
    edited = sender.edit(sender.orders(Segment(0, "après", media=(plum, gold, teal)))[0], receipt)
    [(one, two, three)] = media_of(bench, account)
    assert (one, three) == (second, first)
    assert edited.receipt.data["media"] == {plum.digest: one, gold.digest: two, teal.digest: three}


def test_an_edit_can_take_every_picture_away(bench: SandboxBench) -> None:
    """An order without pictures leaves none, and one with pictures brings them back."""
    account = "bare"
    sender = Sender(bench, account)
    media = sender.pictures("teal")
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=media))[0])
    assert sender.edit(sender.text("après"), receipt).receipt.data == {}
    assert media_of(bench, account) == [()]
    assert bench.server.state.calls[-1]["body"]["media_ids"] == []  # said, not left to the server's reading
    sender.edit(sender.orders(Segment(0, "encore", media=media))[0], receipt)
    assert len(media_of(bench, account)[0]) == 1


def test_an_edit_needs_only_the_new_pictures(bench: SandboxBench) -> None:
    """What the server has need not be prepared; what it has not is not left out."""
    sender = Sender(bench, "unprepared")
    media = sender.pictures("teal", "plum")
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=media[:1]))[0])
    assert isinstance(sender.adapter.edit(sender.orders(Segment(0, "a", media=media[:1]))[0], receipt), Accepted)
    assert isinstance(sender.adapter.edit(sender.orders(Segment(0, "b", media=media))[0], receipt), Deferred)


def test_a_receipt_from_a_read_back_serves_an_edit(bench: SandboxBench) -> None:
    """What is found after a lost reply knows its pictures as the answer would have."""
    sender = Sender(bench, "lost")
    order = sender.orders(Segment(0, "avant", media=sender.pictures("teal", "plum")))[0]
    receipt = sender.receipt(order)
    assert receipt.data["media"]
    assert sender.adapter.find(order) == receipt


def test_an_older_status_with_the_same_words_is_not_ours(bench: SandboxBench) -> None:
    """Last month's post of the same text says nothing about today's."""
    sender = Sender(bench, "again")
    order = sender.text("Bonne année")
    sender.receipt(order)
    assert sender.adapter.find(replace(order, at=order.at + timedelta(days=30))) is None


def test_two_letters_of_language() -> None:
    """`fr-CA` is sent as `fr`: the API takes ISO 639."""
    adapter = mastodon.Mastodon(Channel("c", "mastodon", "http://127.0.0.1:9"), None)
    variant = replace(Sender(_Bench(adapter), "x").text("x").variant, language="fr-CA")
    assert adapter.compose(variant, Segment(0, "x"))["language"] == "fr"


class _Bench:
    def __init__(self, adapter: mastodon.Mastodon) -> None:
        self.one = adapter

    def adapter(self, account: str, token: str | None = None) -> mastodon.Mastodon:
        return self.one

    def fault(self, account: str, kind: str, **more: object) -> None:
        raise NotImplementedError

    def posts(self, account: str) -> list[dict[str, object]]:
        raise NotImplementedError
