"""The x adapter against its twin, over HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest

from presstime.errors import NetworkError, Unsupported
from presstime.model import Accepted, Deferred, Metric, Receipt, Refused, Secret, Segment, Unknown
from presstime.networks import x
from presstime.networks.comparing import comparable
from presstime.networks.x import expanded
from presstime.render import measure
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


# --- what it costs, and what a self-serve app may not do ---


def test_without_credits_nothing_is_sent(bench: SandboxBench) -> None:
    """402 is a person's business: certainly nothing was accepted, and the post waits for credits."""
    sender = Sender(bench, "credits", token="sandbox-no-credits")
    outcome = sender.send(sender.text("Sans le sou"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert "does not have any credits" in outcome.reason
    assert not [post for post in bench.server.state.posts if post.account == "no-credits"]


def test_a_reply_that_is_not_allowed_is_refused_for_good(bench: SandboxBench) -> None:
    """A thread goes on below its own posts only. The 403 below another's is no matter of credentials, nor unknown."""
    stranger = Sender(bench, "stranger")
    theirs = stranger.receipt(stranger.text("À moi"))
    sender = Sender(bench, "self-serve")
    first, second = sender.orders(Segment(0, "un"), Segment(1, "deux"))
    outcome = sender.send(second, [theirs])
    assert isinstance(outcome, Refused)
    assert "mentioned or are the author" in outcome.reason
    assert isinstance(sender.send(second, [sender.receipt(first)]), Accepted)


def test_it_tells_its_price() -> None:
    """As the vendor's page has it, in dollars: a post with a link costs thirteen times one without."""
    price = x.X.traits.price
    assert price is not None
    assert (price.message, price.with_link, price.currency) == (0.015, 0.2, "USD")


def test_long_posts_are_the_channels_own_limit(bench: SandboxBench) -> None:
    """280 for all, unless the channel says that its account may write more; an account that may not is refused by X."""
    long = "mot " * 200
    traits = x.X.traits
    assert measure.over(long, traits.text) > 0
    assert measure.over(long, traits.limited({"characters": 25_000}).text) == 0
    sender = Sender(bench, "long", token="sandbox-premium-verne")
    assert isinstance(sender.send(sender.text(long)), Accepted)
    plain = Sender(bench, "not-so-long")
    assert isinstance(plain.send(plain.text(long)), Refused)


# --- what readers do ---


def test_what_is_heard_below_one_message_of_a_thread(bench: SandboxBench) -> None:
    """Each message of a thread has the answers to it: those below the next one are the next one's, and what the account says
    to a reader is not an answer, while what the reader says to that is."""
    account = "heard"
    sender = Sender(bench, account)
    first, second = sender.orders(Segment(0, "un"), Segment(1, "deux"))
    one = sender.receipt(first)
    two = Receipt.from_json(sender.receipt(second, [one]).to_json())
    bench.answer(account, one.id, "ned", "Sous un")
    bench.answer(account, two.id, "conseil", "Sous deux")
    [ned] = sender.adapter.replies(one)
    assert (ned.text, ned.author, ned.parent) == ("Sous un", "@ned", one.id)
    assert ned.url == f"{bench.server.url}/x/ned/status/{ned.id}"
    state = bench.server.state
    own = state.find("x", two.id)
    assert own is not None
    state.add(thanks := replace(own, id=state.number(), text="merci", parent=ned.id))
    bench.answer(account, thanks.id, "ned", "De rien")
    assert [(reply.text, reply.parent) for reply in sender.adapter.replies(one)] == [
        ("Sous un", one.id),
        ("De rien", thanks.id),
    ]
    assert [(reply.text, reply.parent) for reply in sender.adapter.replies(two)] == [("Sous deux", two.id)]


def test_answers_are_read_page_by_page(bench: SandboxBench) -> None:
    """More than a page of them comes whole."""
    sender = Sender(bench, "pages")
    receipt = sender.receipt(sender.text("Beaucoup"))
    for n in range(103):
        bench.answer("pages", receipt.id, f"reader{n}", f"Réponse {n} https://example.com/{n}")
    replies = list(sender.adapter.replies(receipt))
    assert [reply.text for reply in replies] == [f"Réponse {n} https://example.com/{n}" for n in range(103)]
    assert replies[-1].author == "@reader102"


def test_what_was_answered_long_ago_is_not_found(bench: SandboxBench) -> None:
    """Recent search has seven days."""
    sender = Sender(bench, "week")
    receipt = sender.receipt(sender.text("Il y a longtemps"))
    bench.answer("week", receipt.id, "ned", "Alors")
    for post in bench.server.state.posts:
        if "Alors" in post.text:
            post.at -= timedelta(days=7, seconds=1)
    assert list(sender.adapter.replies(receipt)) == []


@pytest.mark.parametrize("name", ["repost_count", "retweet_count"])
def test_reposts_under_either_name(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The vendor's file and the vendor's pages disagree: both count."""
    adapter = Sender(bench, "either").adapter
    answer = {"data": {"id": "1", "text": "x", "public_metrics": {name: 4, "like_count": 2, "new_count": 1}}}
    monkeypatch.setattr(adapter.http, "ask", lambda method, path, params: answer)  # type: ignore[attr-defined]
    assert adapter.metrics(Receipt("1")) == {Metric.SHARES: 4, Metric.LIKES: 2}


def test_a_200_that_holds_a_problem(bench: SandboxBench) -> None:
    """X tells of a missing post in a 200: an error in its words, not a riddle."""
    with pytest.raises(NetworkError, match=r"Could not find tweet with id: \[404\]"):
        Sender(bench, "problem").adapter.metrics(Receipt("404"))


def test_the_rights_that_are_known(bench: SandboxBench) -> None:
    """X tells of no scopes; that it answers proves the two that asking takes."""
    identity = Sender(bench, "rights").adapter.identity()
    assert identity.rights == ("tweet.read", "users.read")
    assert identity.lacking == ()
