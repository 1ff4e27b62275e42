"""The mastodon adapter against its twin, over HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Channel, Secret, Segment
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
