"""The instagram adapter against its twin, over HTTP."""

from dataclasses import replace
from typing import ClassVar

import pytest

from presstime.errors import NetworkError
from presstime.model import Metric, Segment
from presstime.networks.instagram import TRAITS, Instagram
from presstime.render.media import prepare_image
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.render.kit import picture, ref
from tests.suites.network import NetworkSuite, Sender


class TestSuite(NetworkSuite):
    own_cards: ClassVar[bool] = False
    threads: ClassVar[bool] = False
    film_alts: ClassVar[bool] = False
    limit: ClassVar[int] = 120  # Meta says it in whole minutes

    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "instagram")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "instagram")


def test_only_jpeg_is_taken(bench: SandboxBench) -> None:
    """A PNG at the address is refused in the network's words, before anything is published."""
    sender = Sender(bench, "png")
    png = picture(kind="PNG")
    sender.adapter.address_of = lambda item, content: bench.address_of(item, png)
    with pytest.raises(NetworkError, match="JPEG") as caught:
        sender.ready(sender.text("x"))
    assert caught.value.needs_person
    assert bench.posts("png") == []


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_what_is_rendered_for_it_is_jpeg(bench: SandboxBench, kind: str) -> None:
    """Whatever the picture in Git is, and however wide: the render stage makes of it what the twin takes."""
    account = f"rendered-{kind.lower()}"
    sender = Sender(bench, account)
    data = picture(kind=kind, size=(1200, 300))
    assert TRAITS.media
    item, content = prepare_image(data, ref(data, f"media/carte.{kind.lower()}"), TRAITS.media)
    sender.files[item.digest] = content
    assert 0.8 <= item.width / item.height <= 1.91
    sender.receipt(sender.orders(Segment(0, "Carte", media=(item,)))[0])
    assert bench.posts(account)[0]["kinds"] == ["image/jpeg"]


def test_a_token_that_may_not_publish(bench: SandboxBench) -> None:
    """What an Instagram token may do cannot be asked; that it may not read the quota tells it. A limit tells nothing."""
    sender = Sender(bench, "rights")
    assert sender.adapter.identity().lacking == ()
    bench.fault("rights", "429", path="*/content_publishing_limit")
    assert sender.adapter.identity().lacking == ()
    bench.fault("rights", "forbidden", path="*/content_publishing_limit")
    assert sender.adapter.identity().lacking == ("instagram_business_content_publish",)


def test_comments_and_the_answers_to_them(bench: SandboxBench) -> None:
    """Both levels, each with what it answers; the account's own are left out."""
    account = "comments"
    sender = Sender(bench, account)
    receipt = sender.receipt(sender.text("Venez"))
    bench.answer(account, receipt.id, "ned", "Oui")
    [first] = sender.adapter.replies(receipt)
    bench.answer(account, first.id, "conseil", "Moi aussi")
    bench.answer(account, first.id, bench.named(account), "Merci")
    replies = {reply.text: reply for reply in sender.adapter.replies(receipt)}
    assert {text: (reply.author, reply.parent) for text, reply in replies.items()} == {
        "Oui": ("@ned", receipt.id),
        "Moi aussi": ("@conseil", first.id),
    }


def test_metrics_without_data_are_left_out(bench: SandboxBench) -> None:
    """The API answers an empty set for what it has no data of; that is not 0."""
    sender = Sender(bench, "empty")
    receipt = sender.receipt(sender.text("Combien ?"))
    bench.count("empty", receipt.id, {Metric.VIEWS: 0})
    assert sender.adapter.metrics(receipt)[Metric.VIEWS] == 0
    assert "impressions" not in bench.server.state.calls[-1]["params"]["metric"]


def test_both_logins_have_the_same_paths(bench: SandboxBench) -> None:
    """Instagram's own address, or Facebook's: the channel's `base_url` says which, and nothing else differs."""
    sender = Sender(bench, "login")
    channel = replace(sender.adapter.channel, base_url="https://graph.facebook.com")
    adapter = Instagram(channel, sender.adapter.secret)
    assert (adapter.http.base_url, adapter.root) == ("https://graph.facebook.com", "/v25.0")
    assert Instagram(replace(channel, base_url=None), None).http.base_url == "https://graph.instagram.com"
