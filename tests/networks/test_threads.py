"""The threads adapter against its twin, over HTTP."""

from typing import Any, ClassVar

import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Card, Deferred, Receipt, Secret, Segment, Unknown
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.threads import Threads as Twin
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite, Sender


class TestSuite(NetworkSuite):
    own_cards: ClassVar[bool] = False
    threads: ClassVar[bool] = True
    film_alts: ClassVar[bool] = True
    limit: ClassVar[int] = 120  # Meta says it in whole minutes

    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "threads")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "threads")


def calls(bench: SandboxBench, account: str, operation: str) -> list[dict[str, Any]]:
    own = bench.named(account)
    return [c for c in bench.server.state.calls if (c.get("account"), c["operation"]) == (own, operation)]


def test_own_replies_are_looked_for_among_replies(bench: SandboxBench) -> None:
    """They are not listed among the posts: a lost segment of a thread would never be found there."""
    account = "thread"
    sender = Sender(bench, account)
    first, second = sender.orders(Segment(0, "un"), Segment(1, "deux"))
    receipt = sender.receipt(first)
    second = sender.ready(second, [receipt])
    bench.fault(account, "drop-after")
    assert isinstance(sender.adapter.send(second), Unknown)
    assert isinstance(sender.adapter.find(second), Receipt)
    assert [c["path"] for c in calls(bench, account, "getReplies")] == ["/v1.0/me/replies"]
    assert calls(bench, account, "getPosts") == []


def test_a_token_that_expires_in_mid_thread(bench: SandboxBench) -> None:
    """What is out stays out; without a new token the next segment waits for a person, and comes once when there is one."""
    account = "expires"
    sender = Sender(bench, account)
    first, second = sender.orders(Segment(0, "un"), Segment(1, "deux"))
    receipt = sender.receipt(first)
    ready = sender.ready(second, [receipt])
    bench.fault(account, "expired", path="*")
    with pytest.raises(NetworkError) as caught:
        sender.adapter.deposit(ready)
    assert caught.value.needs_person
    bench.fault(account, "expired")
    outcome = sender.adapter.send(ready)
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert [post["text"] for post in bench.posts(account)] == ["un"]
    sender.adapter.renew = lambda secret: Secret(f"sandbox-{bench.named(account)}")
    bench.fault(account, "expired")
    assert isinstance(sender.adapter.send(ready), Accepted)
    assert [post["text"] for post in bench.posts(account)] == ["un", "deux"]


def test_replies_have_a_quota_of_their_own(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day's posts may be used up while its replies are not, and the other way round."""
    account = "quotas"
    sender = Sender(bench, account)
    first, second = sender.orders(Segment(0, "un"), Segment(1, "deux"))
    receipt = sender.receipt(first)
    monkeypatch.setitem(Twin.quotas, False, 1)
    with pytest.raises(NetworkError, match="1 of 1 Threads posts"):
        sender.ready(sender.text("autre", "other"))
    sender.receipt(second, [receipt])
    monkeypatch.setitem(Twin.quotas, True, 1)
    with pytest.raises(NetworkError, match="1 of 1 Threads replies"):
        sender.ready(second, [receipt])


def test_a_link_is_attached_to_words_alone(bench: SandboxBench) -> None:
    """Where there is a picture the API takes no link attachment: it is left to the words."""
    account = "links"
    sender = Sender(bench, account)
    card = Card("https://verne.example/lune", "La Lune")
    sender.receipt(sender.orders(Segment(0, "Mots", card=card))[0])
    sender.receipt(sender.orders(Segment(0, "Image", card=card, media=sender.pictures("teal")), name="image")[0])
    bodies = [call["body"] for call in calls(bench, account, "createContainer")]
    assert [body.get("link_attachment") for body in bodies] == [card.url, None]


def test_emoji_are_counted_in_bytes(bench: SandboxBench) -> None:
    """Twenty families are 500 bytes and fit; one letter more does not, and is refused before anything is published."""
    sender = Sender(bench, "emoji")
    family = "👩‍👩‍👧‍👦"
    words = family * 20
    assert len(family.encode()) * 20 == 500
    sender.receipt(sender.text(words))
    with pytest.raises(NetworkError, match="500 characters"):
        sender.ready(sender.text(f"{words}a", "longer"))
    assert [post["text"] for post in bench.posts("emoji")] == [words]


def test_words_are_never_published_in_one_step(bench: SandboxBench) -> None:
    """`auto_publish_text` would leave nothing to ask about: no request has it."""
    account = "steps"
    sender = Sender(bench, account)
    sender.receipt(sender.text("Deux pas"))
    [made], [published] = (calls(bench, account, name) for name in ("createContainer", "publishContainer"))
    assert "auto_publish_text" not in made["body"]
    assert published["body"].keys() == {"creation_id", "access_token"}


def test_direct_answers_are_heard(bench: SandboxBench) -> None:
    """An answer to an answer is not listed below the post, and the account's own are no answers."""
    account = "heard"
    sender = Sender(bench, account)
    receipt = sender.receipt(sender.text("Venez"))
    bench.answer(account, receipt.id, "ned", "Oui")
    [first] = sender.adapter.replies(receipt)
    bench.answer(account, first.id, "conseil", "Moi aussi")
    bench.answer(account, receipt.id, bench.named(account), "Merci")
    assert [(reply.text, reply.author, reply.parent) for reply in sender.adapter.replies(receipt)] == [
        ("Oui", "@ned", receipt.id)
    ]
