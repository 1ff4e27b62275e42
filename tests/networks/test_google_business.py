"""The google_business adapter against its twin, over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Deferred, Receipt, Refused, Secret, Segment, Status, Unknown
from presstime.networks import google_business
from presstime.networks.base import Adapter, Order
from presstime.networks.google_business import GoogleBusiness
from presstime.publish.send import Job
from presstime.sandbox import google_business as twin
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import Post
from presstime.settings import parse_settings
from presstime.wire import network_problems
from tests.networks.kit import SandboxBench
from tests.networks.test_contracts import use_everything
from tests.networks.trials import Clock, planned
from tests.suites.network import NetworkSuite, Sender

TELEPHONE = "Appelez le +33 2 40 41 90 00"


class TestSuite(NetworkSuite):
    threads = False

    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "google_business")

    def limit_ends(self) -> None:
        """A quota's end is not told."""


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "google_business")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks without pauses, more of them than the twin needs."""
    monkeypatch.setattr(google_business, "WAITS", (0, 0, 0))


@pytest.fixture
def without_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The send does not look at all: what becomes of a post is for later."""
    monkeypatch.setattr(google_business, "WAITS", ())


def kept(bench: SandboxBench, account: str) -> list[Post]:
    """What Google has of an account, whether readers see it or not."""
    return [p for p in bench.server.state.kept if (p.network, p.account) == (bench.network, bench.named(account))]


def processing(bench: SandboxBench, account: str) -> None:
    bench.server.state.faults.add({"network": bench.network, "kind": "processing", "account": bench.named(account)})


def answering(adapter: Adapter, answer: Callable[[httpx.Request], httpx.Response]) -> Adapter:
    """The adapter, with these answers in place of a server's."""
    adapter.http._client = httpx.Client(transport=httpx.MockTransport(answer))  # type: ignore[attr-defined]
    return adapter


def passes(adapter: Adapter, order: Order, most: int = 4) -> list[Any]:
    """Where the delivery stands after each pass of the engine, a minute apart."""
    clock = Clock()
    desk, job = planned(order.variant, clock), Job(order.variant, adapter.channel, order.variant.at, lambda item: b"")
    states = []
    for _ in range(most):
        states.append(desk().publish(job, adapter))
        clock.sleep(60)
        if states[-1].status in (Status.PUBLISHED, Status.REFUSED):
            break
    return states


# --- what becomes of a post -------------------------------------------------------------------------------------------


def test_a_post_that_google_looks_at_is_waited_for(bench: SandboxBench, at_once: None) -> None:
    """PROCESSING is no end: within seconds it is live, and accepted then."""
    sender = Sender(bench, "soon")
    processing(bench, "soon")
    receipt = sender.receipt(sender.text("Bientôt"))
    assert [post["id"] for post in bench.posts("soon")] == [receipt.id]
    assert receipt.data == {}


def test_a_post_that_google_rejects_after_a_look(bench: SandboxBench, at_once: None) -> None:
    """A telephone number in the words: taken, looked at, and turned down. Refused, with what is known of why."""
    sender = Sender(bench, "telephone")
    outcome = sender.send(sender.text(TELEPHONE))
    assert isinstance(outcome, Refused)
    assert outcome.code == "REJECTED"
    assert "telephone number" in outcome.reason
    assert bench.posts("telephone") == []
    assert len(kept(bench, "telephone")) == 1


def test_a_post_that_google_rejects_in_its_answer(bench: SandboxBench) -> None:
    """The answer to the send is a success, and says REJECTED: here of what an older post has said."""
    sender = Sender(bench, "again")
    order = sender.text("Deux fois")
    sender.receipt(order)
    later = replace(order, at=order.at + timedelta(days=1))
    outcome = sender.send(later)
    assert isinstance(outcome, Refused)
    assert len(bench.posts("again")) == 1


def test_a_look_that_takes_long_is_settled_later(bench: SandboxBench, without_looks: None) -> None:
    """Not final when it is sent: unknown, with the reason, until Google has made up its mind; and one post is out."""
    processing(bench, "long")
    sender = Sender(bench, "long")
    states = passes(sender.adapter, sender.text("Un jour"))
    assert [state.status for state in states] == [Status.UNKNOWN, Status.UNKNOWN, Status.PUBLISHED]
    assert "Google is still looking at the post" in states[0].reason
    assert [post["id"] for post in bench.posts("long")] == [states[-1].receipts[0].id]
    assert len(kept(bench, "long")) == 1


def test_a_rejection_that_comes_later_is_told(bench: SandboxBench, without_looks: None) -> None:
    """The engine learns of it from the read-back, and does not send again."""
    sender = Sender(bench, "late")
    states = passes(sender.adapter, sender.text(TELEPHONE))
    assert [state.status for state in states] == [Status.UNKNOWN, Status.UNKNOWN, Status.REFUSED]
    assert "rejected it" in states[-1].reason
    assert len(kept(bench, "late")) == 1


def test_a_look_that_fails_is_no_deferral(bench: SandboxBench, at_once: None) -> None:
    """Google has the post: whatever goes wrong with the look after that, nothing may be sent again."""
    sender = Sender(bench, "blind")
    post = {"name": "accounts/1/locations/2/localPosts/3", "state": "PROCESSING"}
    for failure in (
        httpx.Response(503, json={"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}),
        httpx.Response(429, json={"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}),
        httpx.Response(401, json={"error": {"code": 401, "message": "m", "status": "UNAUTHENTICATED"}}),
        httpx.Response(200, json={}),
    ):
        answers = {"POST": httpx.Response(200, json=post), "GET": failure}
        adapter = answering(sender.adapter, lambda request, answers=answers: answers[request.method])  # type: ignore[misc]
        assert isinstance(adapter.send(sender.text("Pris")), Unknown)


def test_a_state_that_nobody_documents_is_in_doubt(bench: SandboxBench) -> None:
    """Only LIVE is accepted."""
    sender = Sender(bench, "odd")
    for body in ({"name": "a/1", "state": "SCHEDULED"}, {"name": "a/1"}, {}):
        adapter = answering(sender.adapter, lambda request, body=body: httpx.Response(200, json=body))  # type: ignore[misc]
        assert isinstance(adapter.send(sender.text("Étrange")), Unknown)


def test_a_rejected_repetition_of_our_own_is_a_doubt(bench: SandboxBench) -> None:
    """A first try whose answer was lost is out; the second is rejected for it. The read-back finds the first."""
    sender = Sender(bench, "lost")
    order = sender.text("Perdu")
    bench.fault("lost", "drop-after")
    assert isinstance(sender.send(order), Unknown)
    again = sender.send(order)
    assert isinstance(again, Unknown)
    assert "is there already" in again.reason
    found = sender.adapter.find(order)
    assert isinstance(found, Receipt)
    assert [post["id"] for post in bench.posts("lost")] == [found.id]


def test_a_read_back_of_what_google_looks_at(bench: SandboxBench, without_looks: None) -> None:
    """Neither "there" nor "not there"."""
    sender = Sender(bench, "between")
    processing(bench, "between")
    order = sender.text("Entre deux")
    assert isinstance(sender.send(order), Unknown)
    with pytest.raises(NetworkError, match="still looking") as caught:
        sender.adapter.find(order)
    assert not caught.value.needs_person


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_pictures_are_fetched_from_where_they_are(bench: SandboxBench) -> None:
    """The request has an address; Google gets the bytes itself."""
    sender = Sender(bench, "picture")
    [item] = sender.pictures("teal")
    sender.receipt(sender.orders(Segment(0, "Une image", media=(item,)))[0])
    [post] = kept(bench, "picture")
    assert [media.content for media in bench.server.state.media_of(post)] == [sender.files[item.digest]]


def test_a_picture_that_cannot_be_fetched(bench: SandboxBench) -> None:
    """Refused in Google's words, and nothing is out."""
    sender = Sender(bench, "unreachable")
    sender.adapter.address_of = lambda item, content: f"{bench.server.url}/nowhere/{item.digest}"
    outcome = sender.send(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert isinstance(outcome, Refused)
    assert "Fetching image failed" in outcome.reason
    assert kept(bench, "unreachable") == []


def test_without_a_public_address_a_picture_needs_a_person(bench: SandboxBench) -> None:
    """Said before anything is sent, with what to do; words alone go out."""
    sender = Sender(bench, "private")
    sender.adapter.address_of = None
    with pytest.raises(NetworkError, match="public address") as caught:
        sender.send(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert caught.value.needs_person
    assert "bucket" in caught.value.advice
    sender.receipt(sender.text("Sans image"))


# --- edits ------------------------------------------------------------------------------------------------------------


def test_an_edit_replaces_picture_and_button(bench: SandboxBench) -> None:
    """All that the mask names is as the order has it: another picture, no button any more."""
    sender = Sender(bench, "edit")
    teal, gold = sender.pictures("teal", "gold")
    receipt = sender.receipt(sender.orders(Segment(0, "avant", media=(teal,)), link="https://verne.example/p")[0])
    [post] = kept(bench, "edit")
    assert post.data["callToAction"] == {"actionType": "LEARN_MORE", "url": "https://verne.example/p"}
    assert sender.edit(sender.orders(Segment(0, "après", media=(gold,)))[0], receipt) == Accepted(receipt)
    assert [media.content for media in bench.server.state.media_of(post)] == [sender.files[gold.digest]]
    assert "callToAction" not in post.data
    assert sender.edit(sender.text("sans"), receipt) == Accepted(receipt)
    assert (post.text, post.media) == ("sans", ())


def test_an_edit_that_google_rejects(bench: SandboxBench, at_once: None) -> None:
    """Refused like a post."""
    sender = Sender(bench, "worse")
    receipt = sender.receipt(sender.text("avant"))
    outcome = sender.edit(sender.text(TELEPHONE), receipt)
    assert isinstance(outcome, Refused)
    assert outcome.code == "REJECTED"


def test_an_edit_that_google_looks_at_is_not_done_again(bench: SandboxBench, without_looks: None) -> None:
    """To send it once more would begin the look anew: it counts as made."""
    sender = Sender(bench, "slow-edit")
    receipt = sender.receipt(sender.text("avant"))
    processing(bench, "slow-edit")
    assert sender.edit(sender.text("après"), receipt) == Accepted(receipt)


# --- the read-back ----------------------------------------------------------------------------------------------------


def test_a_read_back_goes_as_far_as_it_must(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page to the nominal instant; where that is too far, it says so. An older post of the same words is not ours."""
    sender = Sender(bench, "busy")
    order = sender.text("Tout au fond")
    receipt = sender.receipt(order)
    for n in range(105):
        sender.adapter.send(sender.text(f"{n}", f"post-{n}"))
    assert sender.adapter.find(order) == receipt
    assert sender.adapter.find(replace(order, at=order.at + timedelta(days=30))) is None
    monkeypatch.setattr(google_business, "PAGES", 1)
    with pytest.raises(NetworkError, match="far enough"):
        sender.adapter.find(order)


# --- errors -----------------------------------------------------------------------------------------------------------


def error(status: int, name: str, *details: dict[str, Any]) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": status, "message": "m", "status": name, "details": details}})


def test_a_quotas_end_where_google_tells_it(bench: SandboxBench) -> None:
    """google.rpc.RetryInfo, else Retry-After, else nothing."""
    sender = Sender(bench, "quota")
    kind = "type.googleapis.com/google.rpc.RetryInfo"
    answers = [
        error(429, "RESOURCE_EXHAUSTED", {"@type": kind, "retryDelay": "30.5s"}),
        httpx.Response(429, headers={"Retry-After": "20"}),
        error(429, "RESOURCE_EXHAUSTED"),
    ]
    adapter = answering(sender.adapter, lambda request: answers.pop(0))
    found = [adapter.send(sender.text("x")) for _ in range(3)]
    assert all(isinstance(outcome, Deferred) and not outcome.needs_person for outcome in found)
    now = datetime.now(UTC)
    seconds = [outcome.until and round((outcome.until - now).total_seconds()) for outcome in found]  # type: ignore[union-attr]
    assert seconds[0] in (30, 31)
    assert seconds[1:] == [20, None]


def test_a_project_without_quota_needs_a_person(bench: SandboxBench) -> None:
    """Before Google lets a project in, its quota is nothing: a 429 that never ends."""
    sender = Sender(bench, "no-quota")
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "metadata": {"quota_limit_value": "0"}}
    outcome = answering(sender.adapter, lambda request: error(429, "RESOURCE_EXHAUSTED", info)).send(sender.text("x"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert "let the project in" in outcome.reason


def test_a_location_that_is_not_ones_own_needs_a_person(bench: SandboxBench) -> None:
    """403 PERMISSION_DENIED: for a send and for the question whose token it is."""
    channel = replace(bench.channel("mine"), account=twin.NOBODYS)
    adapter = GoogleBusiness(channel, Secret("sandbox-verne"))
    outcome = adapter.send(Sender(bench, "mine").text("Pas chez moi"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert "manages this location" in outcome.reason
    with pytest.raises(NetworkError) as caught:
        adapter.identity()
    assert caught.value.needs_person


def test_a_404_for_a_wrong_address_is_no_takedown(bench: SandboxBench) -> None:
    """Google's own word for a missing post is JSON; its page for a wrong address is not."""
    page = httpx.Response(404, html="<title>Error 404 (Not Found)!!1</title>")
    adapter = answering(bench.adapter("elsewhere"), lambda request: page)
    assert isinstance(adapter.retract(Sender(bench, "elsewhere").text("x"), Receipt("accounts/1")), Refused)


# --- contract, settings -----------------------------------------------------------------------------------------------


def test_every_request_keeps_our_contract(sandbox: SandboxServer, bench: SandboxBench) -> None:
    """Google publishes no file of v4 any more: ours is written from its reference."""
    use_everything(bench)
    assert [v for v in sandbox.state.violations if v["network"] == bench.network] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"summary": "x"}),
        ("POST", "", {"topicType": "STANDARD", "text": "x"}),
        ("POST", "", {"topicType": "STANDARD", "callToAction": {"actionType": "CALL", "url": "https://e.example"}}),
        ("POST", "", {"topicType": "STANDARD", "media": [{"mediaFormat": "PHOTO", "data": "QUJD"}]}),
        ("PATCH", "/3", {"summary": "x"}),
        ("PATCH", "/3?updateMask=summary,state", {"summary": "x"}),
        ("GET", "?pageSize=200", None),
    ],
)
def test_the_contract_can_be_broken(bench: SandboxBench, method: str, path: str, body: dict[str, Any] | None) -> None:
    """A wrong request is seen as one, and refused."""
    before = len(bench.server.state.violations)
    address = f"{bench.server.url}/google_business/v4/accounts/1/locations/2/localPosts{path}"
    answer = httpx.request(method, address, headers={"Authorization": "Bearer sandbox-x"}, json=body)
    assert answer.status_code == 400
    assert len(bench.server.state.violations) == before + 1


def test_google_plus_says_what_to_use() -> None:
    """A channel of the network that closed is an error at its line, with its heir."""
    text = '[newsroom]\ntimezone = "UTC"\n\n[channels.plus]\nnetwork = "google_plus"\n'
    [problem] = network_problems(parse_settings(text.encode()))
    assert (problem.line, problem.severity, problem.code) == (5, "error", "unknown-network")
    assert "closed in 2019" in problem.message
    assert 'network = "google_business"' in problem.advice


def test_there_is_no_place_for_an_alt_text(bench: SandboxBench) -> None:
    """The traits say so, and no request has one."""
    sender = Sender(bench, "alt")
    order = sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0]
    rule = sender.adapter.traits.media
    assert rule
    assert rule.alt_limit == 0
    assert order.segment.media[0].alt not in str(order.segment.payload)
