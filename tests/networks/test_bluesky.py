"""The bluesky adapter against its twin, over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.errors import NetworkError, Unsupported
from presstime.model import Accepted, Card, Channel, Metric, Receipt, Refused, Secret, Segment, Span
from presstime.networks.atproto import record_key
from presstime.networks.bluesky import Bluesky, _below
from presstime.sandbox.bluesky import TID
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite, Sender


class TestSuite(NetworkSuite):
    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "bluesky")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "bluesky")


@given(st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1)), st.text(max_size=70))
def test_record_keys_are_tids(at: datetime, key: str) -> None:
    """A key is a valid TID, the same for the same order, and sorts by the nominal second."""
    at = at.replace(tzinfo=UTC)
    tid = record_key(at, key)
    assert TID.fullmatch(tid)
    assert tid == record_key(at, key)
    assert tid < record_key(at + timedelta(seconds=1), key + "x")


def test_record_keys_of_one_second_are_distinct() -> None:
    """20,000 orders due at the same second have 20,000 keys."""
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert len({record_key(at, f"{n:064x}") for n in range(20_000)}) >= 19_999


def test_a_mention_nobody_answers_to_stays_text(bench: SandboxBench) -> None:
    """A handle that resolves becomes a mention; one that does not is left as it was written."""
    sender = Sender(bench, "mentions.verne.example")
    text = "Avec @jules.verne.example et @personne.invalid"
    spans = tuple(Span(text.index(h), text.index(h) + len(h), "mention", h[1:]) for h in text.split() if h[0] == "@")
    sender.receipt(sender.orders(Segment(0, text, spans=spans))[0])
    [post] = [p for p in bench.server.state.posts if p.text == text]
    [facet] = post.data["record"]["facets"]
    assert facet["features"][0]["did"].startswith("did:plc:")
    assert facet["index"] == {"byteStart": 5, "byteEnd": 25}


def test_an_expired_session_is_renewed_once(bench: SandboxBench) -> None:
    """A token that ran out between preparing and sending costs a refresh, not the post; also while reading back."""
    account = "expired.verne.example"
    sender = Sender(bench, account)
    order = sender.text("Encore là")
    bench.fault(account, "expired")
    assert isinstance(sender.send(order), Accepted)
    bench.fault(account, "expired", path="*getSession")
    assert sender.adapter.find(order)
    names = [c["operation"] for c in bench.server.state.calls if c["account"].endswith(account)]
    assert names.count("refreshSession") == 1


def test_deliveries_side_by_side_share_one_login(bench: SandboxBench) -> None:
    """Eight at once log in once, and a token that ran out is renewed once: networks count logins."""
    account = "shared.verne.example"
    sender = Sender(bench, account)
    bench.fault(account, "expired", path="*putRecord", times=1)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: sender.send(sender.text(f"{n}", f"post-{n}")), range(8)))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    calls = [c for c in bench.server.state.calls if account in f"{c['account']}{c['body']}"]
    logins = [c for c in calls if c["operation"] in ("createSession", "refreshSession")]
    assert [c["operation"] for c in logins] == ["createSession", "refreshSession"]


def test_a_stale_token_is_renewed_by_one_of_those_who_held_it(bench: SandboxBench) -> None:
    """The second to notice finds a new token, and leaves it alone."""
    account = "stale.verne.example"
    adapter = Sender(bench, account).adapter
    assert isinstance(adapter, Bluesky)
    old = adapter.session.open()["accessJwt"]
    for _ in range(2):
        adapter.session.renew(old)
    renewals = [c for c in bench.server.state.calls if c["operation"] == "refreshSession" and account in c["account"]]
    assert len(renewals) == 1


def test_a_takedown_renews_a_session(bench: SandboxBench) -> None:
    """A token that ran out costs a refresh, not the takedown."""
    account = "late.verne.example"
    sender = Sender(bench, account)
    order = sender.text("Encore là")
    receipt = sender.receipt(order)
    bench.fault(account, "expired")
    assert sender.retract(order, receipt) == Accepted(receipt)
    assert bench.posts(account) == []


def test_a_takedown_by_another_account_is_no_takedown(bench: SandboxBench) -> None:
    """A channel that has changed its account is refused: "or ensure it doesn't exist" would be true of the wrong repository."""
    sender, other = Sender(bench, "first.verne.example"), Sender(bench, "second.verne.example")
    order = sender.text("Toujours là")
    receipt = sender.receipt(order)
    assert not isinstance(other.retract(order, receipt), Accepted)
    assert [post["text"] for post in bench.posts("first.verne.example")] == ["Toujours là"]


def test_what_stands_at_our_key_and_is_not_ours_is_a_refusal(bench: SandboxBench) -> None:
    """Another text under the same key is not overwritten, and not taken for ours."""
    account = "taken.verne.example"
    sender = Sender(bench, account)
    order = sender.text("Le premier")
    sender.receipt(order)
    other = replace(sender.text("Le second"), key=order.key)
    outcome = sender.send(other)
    assert isinstance(outcome, Refused)
    assert outcome.code == "InvalidSwap"
    assert [post["text"] for post in bench.posts(account)] == ["Le premier"]


def test_a_mention_that_resolves_differently_later_is_still_ours(bench: SandboxBench) -> None:
    """If the first try carried a mention and the second could not resolve it, the record there is ours: accepted."""
    account = "moved.verne.example"
    sender = Sender(bench, account)
    text = "Avec @jules.verne.example"
    [order] = sender.orders(Segment(0, text, spans=(Span(5, len(text), "mention", "jules.verne.example"),)))
    first = sender.receipt(order)
    assert sender.adapter.send(order) == Accepted(first)  # nothing prepared: the mention stays unresolved
    assert len(bench.posts(account)) == 1


def test_segments_of_a_thread_are_a_millisecond_apart() -> None:
    """Apps sort by `createdAt`: it grows along a thread, and is the same at every try."""
    sender = Sender(_Nowhere(), "verne.example")
    created = [o.segment.payload["createdAt"] for o in sender.orders(Segment(0, "a"), Segment(1, "b"))]
    assert created[0].endswith(".000Z")
    assert created[1].endswith(".001Z")


def test_pictures_and_a_card_do_not_go_together() -> None:
    """It is said when the post is composed, not when it is sent."""
    sender = Sender(_Nowhere(), "verne.example")
    with pytest.raises(Unsupported):
        sender.orders(Segment(0, "x", media=sender.pictures("teal"), card=Card("https://verne.example", "t")))


def test_the_key_is_put_not_created(bench: SandboxBench) -> None:
    """createRecord answers 500 where our key is taken, which nobody could tell from a failure; putRecord with
    `swapRecord: null` says the same record again. So that is how a post is written, and `null` reaches the wire."""
    account = "put.verne.example"
    sender = Sender(bench, account)
    order = sender.text("Une fois")
    first = sender.receipt(order)
    assert sender.send(order) == Accepted(first)
    written = [
        c for c in bench.server.state.calls if c["account"] == bench.named(account) and c["path"].endswith("Record")
    ]
    assert [(c["operation"], c["body"]["swapRecord"]) for c in written] == [("putRecord", None)] * 2
    session = sender.adapter.session  # type: ignore[attr-defined]
    body = {name: value for name, value in written[0]["body"].items() if name != "swapRecord"}
    answer = httpx.post(
        f"{bench.server.url}/bluesky/xrpc/com.atproto.repo.createRecord", json=body, headers=session.bearer()
    )
    assert (answer.status_code, answer.json()["error"]) == (500, "InternalServerError")


def test_answers_to_answers_are_heard(bench: SandboxBench) -> None:
    """Also what readers say to each other below a post; what the account says there is not an answer. An answer names what
    it answers, its page and when the network saw it."""
    account = "salon.verne.example"
    sender = Sender(bench, account)
    receipt = sender.receipt(sender.text("un"))
    bench.answer(account, receipt.id, "ned.example", "deux")
    [first] = sender.adapter.replies(receipt)
    bench.answer(account, first.id, "conseil.example", "trois")
    bench.answer(account, first.id, bench.named(account), "merci")
    replies = {reply.text: reply for reply in sender.adapter.replies(receipt)}
    assert replies.keys() == {"deux", "trois"}
    assert (replies["deux"].parent, replies["trois"].parent) == (receipt.id, first.id)
    assert replies["trois"].author == "@conseil.example"
    assert httpx.get(str(replies["trois"].url)).status_code == 200


def test_what_cannot_be_seen_is_passed_by() -> None:
    """Below a post may stand what is blocked or deleted: no answer, and no end of the list."""
    seen = {"post": {"uri": "at://a"}, "replies": [{"uri": "at://b", "notFound": True}, {"post": {"uri": "at://c"}}]}
    thread = {"post": {}, "replies": [{"uri": "at://d", "blocked": True}, seen]}
    assert [post["uri"] for post in _below(thread)] == ["at://a", "at://c"]


def test_a_post_that_is_gone_counts_nothing(bench: SandboxBench) -> None:
    """No zeros for what is not there."""
    sender = Sender(bench, "gone.verne.example")
    order = sender.text("Parti")
    receipt = sender.receipt(order)
    sender.retract(order, receipt)
    with pytest.raises(NetworkError, match="not there"):
        sender.adapter.metrics(receipt)
    with pytest.raises(NetworkError, match="not found"):
        sender.adapter.replies(receipt)


@pytest.mark.parametrize("base_url", [None, "https://pds.verne.example"])
def test_the_public_network_is_asked_at_its_appview(base_url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an account on the open network, what readers do is asked of the public AppView, without a credential; its pages are
    those of bsky.app."""
    adapter = Bluesky(Channel("c", "bluesky", base_url, account="verne.example"), Secret("app-password"))
    asked: list[tuple[str, dict[str, object]]] = []

    def request(method: str, address: str, content: dict[str, object]) -> httpx.Response:
        asked.append((address, content))
        post = {"likeCount": 3, "replyCount": 1}
        return httpx.Response(200, json={"posts": [post]}, request=httpx.Request(method, address))

    monkeypatch.setattr(adapter.http, "_request", request)
    found = adapter.metrics(Receipt("x", None, {"uri": "at://did:plc:a/app.bsky.feed.post/3k"}))
    assert found == {Metric.LIKES: 3, Metric.REPLIES: 1}
    [(address, content)] = asked
    assert address == "https://public.api.bsky.app/xrpc/app.bsky.feed.getPosts"
    assert content.keys() == {"params"}
    assert adapter._site() == "https://bsky.app"


def test_what_the_session_may_do(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token's own scope is the account's rights; an account that is not active needs a person."""
    sender = Sender(bench, "rights.verne.example")
    assert sender.adapter.identity().rights == ("com.atproto.access",)
    session = sender.adapter.session  # type: ignore[attr-defined]
    session._tokens["accessJwt"] = "not.a-token.at-all"
    assert sender.adapter.identity().rights == ()
    session._tokens |= {"active": False, "status": "deactivated"}
    with pytest.raises(NetworkError, match="deactivated") as caught:
        sender.adapter.identity()
    assert caught.value.needs_person


class _Nowhere:
    """For what composes without a server."""

    def adapter(self, account: str, token: str | None = None) -> Bluesky:
        return Bluesky(Channel("c", "bluesky", account=account), None)

    def fault(self, account: str, kind: str, **more: object) -> None:
        raise NotImplementedError

    def posts(self, account: str) -> list[dict[str, object]]:
        raise NotImplementedError
