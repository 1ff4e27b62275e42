"""The facebook adapter against its twin, over HTTP."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Card, Metric, Receipt, Refused, Segment, Unknown
from presstime.networks import facebook, graph
from presstime.sandbox.graph import node_id
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite, Sender


class TestSuite(NetworkSuite):
    own_cards: ClassVar[bool] = False
    threads: ClassVar[bool] = False
    film_alts: ClassVar[bool] = True
    limit: ClassVar[int] = 120  # Meta says it in whole minutes

    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "facebook")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "facebook")


def calls(bench: SandboxBench, account: str, operation: str) -> list[Mapping[str, Any]]:
    own = bench.named(account)
    return [c for c in bench.server.state.calls if (c.get("account"), c["operation"]) == (own, operation)]


def test_a_duplicate_is_a_hint(bench: SandboxBench) -> None:
    """506 names no post and is no refusal, nor any proof: the read-back finds the post that is there."""
    account = "hint"
    sender = Sender(bench, account)
    order = sender.text("Deux fois la même chose")
    bench.fault(account, "drop-after")
    assert isinstance(sender.send(order), Unknown)
    again = sender.send(order)
    assert isinstance(again, Unknown)
    assert "(#506)" in again.reason
    found = sender.adapter.find(order)
    assert isinstance(found, Receipt)
    assert [post["id"] for post in bench.posts(account)] == [found.id]


def test_a_duplicate_of_yesterdays_post_proves_nothing(bench: SandboxBench) -> None:
    """The same words, posted by somebody before, are refused as well; what is found then is nothing of ours."""
    sender = Sender(bench, "yesterday")
    sender.receipt(sender.text("Bonjour"))
    later = replace(sender.text("Bonjour", "later"), at=sender.text("x").at + timedelta(days=1))
    assert isinstance(sender.send(later), Unknown)
    assert sender.adapter.find(later) is None


def test_pictures_are_uploaded_unseen_and_with_their_alt_texts(bench: SandboxBench) -> None:
    """Each alone, unpublished; the post names them in order. The picture of a card is not uploaded: Facebook takes its own."""
    account = "pictures"
    sender = Sender(bench, account)
    card = Card("https://verne.example/lune", "La Lune", thumb=sender.pictures("gold")[0])
    sender.receipt(sender.orders(Segment(0, "Carte", card=card))[0])
    assert calls(bench, account, "uploadPhoto") == []
    sender.receipt(sender.orders(Segment(0, "Deux", media=sender.pictures("teal", "plum")))[0])
    uploads = [call["body"] for call in calls(bench, account, "uploadPhoto")]
    assert [body["published"] for body in uploads] == ["false", "false"]
    assert all("(" in body["alt_text_custom"] for body in uploads)
    [attached] = [call["body"]["attached_media"] for call in calls(bench, account, "createPost")[1:]]
    assert len({item["media_fbid"] for item in attached}) == 2


def test_posts_without_words_are_told_apart_by_their_pictures(bench: SandboxBench) -> None:
    """Nothing but the number of pictures tells them apart there: one post with two is not one with one."""
    sender = Sender(bench, "wordless")
    one, two = (sender.orders(Segment(0, "", media=sender.pictures(*c)))[0] for c in (("teal",), ("teal", "plum")))
    receipt = sender.receipt(two)
    assert sender.adapter.find(one) is None
    assert sender.adapter.find(two) == receipt


def test_a_removed_metric_costs_no_other(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API fails a whole call for one metric that it does not know any more: the others still come, and are asked for alone."""
    account = "removed"
    sender = Sender(bench, account)
    receipt = sender.receipt(sender.text("Combien ?"))
    bench.count(account, receipt.id, {Metric.VIEWS: 7, Metric.REACH: 5, Metric.LIKES: 3})
    gone = {"post_impressions": Metric.CLICKS, **facebook.INSIGHTS}
    monkeypatch.setattr(facebook, "INSIGHTS", gone)
    found = sender.adapter.metrics(receipt)
    assert (found[Metric.VIEWS], found[Metric.REACH], found[Metric.LIKES]) == (7, 5, 3)
    assert Metric.CLICKS not in found
    asked = [call["params"]["metric"] for call in calls(bench, account, "getInsights")]
    assert asked == ["post_impressions", "post_media_view", "post_total_media_view_unique"]


def test_metrics_that_cannot_be_had_now_are_an_error(bench: SandboxBench) -> None:
    """A limit or a withdrawn right is not a metric that was removed."""
    account = "unreadable"
    sender = Sender(bench, account)
    receipt = sender.receipt(sender.text("Combien ?"))
    for kind, person in (("429", False), ("forbidden", True)):
        bench.fault(account, kind, path="*/insights")
        with pytest.raises(NetworkError) as caught:
            sender.adapter.metrics(receipt)
        assert caught.value.needs_person is person


def test_comments_of_all_levels(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, each with what it answers; whose they are is not always told; the Page's own are left out."""
    monkeypatch.setattr(graph, "SIZE", 2)
    account = "comments"
    sender = Sender(bench, account)
    receipt = sender.receipt(sender.text("Venez"))
    for n in range(3):
        bench.answer(account, receipt.id, f"reader-{n}", f"Oui {n}")
    first = next(iter(sender.adapter.replies(receipt)))
    bench.answer(account, first.id, "ned", "Moi aussi")
    bench.answer(account, first.id, bench.named(account), "Merci")  # the Page itself
    replies = {reply.text: reply for reply in sender.adapter.replies(receipt)}
    assert replies.keys() == {"Oui 0", "Oui 1", "Oui 2", "Moi aussi"}
    assert (replies["Oui 0"].parent, replies["Moi aussi"].parent) == (receipt.id, first.id)


def test_a_token_of_another_page(bench: SandboxBench) -> None:
    """The channel's account and the token must be of one Page: found when the channel is tested, and nothing is sent."""
    sender = Sender(bench, "mine")
    Sender(bench, "another").receipt(Sender(bench, "another").text("Chez moi"))
    sender.adapter.channel = replace(sender.adapter.channel, account=node_id(bench.named("another")))
    with pytest.raises(NetworkError, match="credential is of") as caught:
        sender.adapter.identity()
    assert caught.value.needs_person
    adapter = facebook.Facebook(sender.adapter.channel, sender.adapter.secret)
    assert isinstance(adapter.send(sender.text("x")), Refused)


def test_a_read_back_that_ends_too_early_says_so(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "Not found" is only said when everything since the nominal instant was looked at."""
    monkeypatch.setattr(graph, "SIZE", 2)
    monkeypatch.setattr(graph, "PAGES", 2)
    sender = Sender(bench, "many")
    order = sender.text("Tout au fond")
    receipt = sender.receipt(order)
    for n in range(3):
        sender.receipt(sender.text(f"{n}", f"post-{n}"))
    assert sender.adapter.find(order) == receipt
    sender.receipt(sender.text("3", "post-3"))
    with pytest.raises(NetworkError, match="far enough"):
        sender.adapter.find(order)


def test_an_edit_says_only_the_words(bench: SandboxBench) -> None:
    """Pictures and links of a post cannot be changed: nothing of them is sent, and they stay."""
    account = "edited"
    sender = Sender(bench, account)
    media = sender.pictures("teal")
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=media))[0])
    assert sender.edit(sender.orders(Segment(0, "après", media=media))[0], receipt) == Accepted(receipt)
    assert calls(bench, account, "updatePost")[0]["body"] == {"message": "après"}
    assert len(bench.posts(account)[0]["alts"]) == 1


def test_an_address_that_cannot_be_asked_is_left_out(bench: SandboxBench) -> None:
    """The post is out: a failure after that takes nothing from it."""
    account = "unaddressed"
    sender = Sender(bench, account)
    order = sender.ready(sender.text("Dehors"))
    bench.fault(account, "5xx-before", path=f"/v25.0/{node_id(bench.named(account))}_*")
    outcome = sender.adapter.send(order)
    assert isinstance(outcome, Accepted)
    assert (outcome.receipt.id, outcome.receipt.url) == (bench.posts(account)[0]["id"], None)
