"""What Meta's networks share: errors by their number, limits in minutes, tokens, and containers that are published once."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from presstime.errors import NetworkError, SettingsError
from presstime.model import Accepted, Channel, Deferred, Outcome, Receipt, Refused, Secret, Segment, Status, Unknown
from presstime.networks import containers, graph, load
from presstime.networks.base import Order
from presstime.networks.graph import GraphAdapter
from presstime.networks.verdict import judge
from presstime.sandbox import contracts
from presstime.sandbox.calls import Answer, Call
from presstime.sandbox.containers import LIFE, ContainerTwin
from presstime.sandbox.graph import GraphTwin
from presstime.sandbox.instagram import Instagram as InstagramTwin
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import Container, State
from presstime.sandbox.threads import Threads as ThreadsTwin
from tests.networks.kit import SandboxBench
from tests.networks.trials import CASES, Clock, one
from tests.suites.network import Sender

META = ("facebook", "instagram", "threads")
CONTAINERS = ("instagram", "threads")
TWINS: dict[str, type[ContainerTwin]] = {"instagram": InstagramTwin, "threads": ThreadsTwin}


def made(network: str, **options: Any) -> GraphAdapter:
    adapter = load(network)(Channel("c", network, "http://127.0.0.1:9", account="1", options=options), Secret("given"))
    assert isinstance(adapter, GraphAdapter)
    return adapter


def verdict(code: str, status: int = 400, network: str = "facebook", usage: str | None = None) -> Outcome:
    """What an error of this number means, `190/463` with its subcode."""
    number, _, subcode = code.partition("/")
    error = {"message": "their words", "type": "OAuthException", "code": int(number), "fbtrace_id": "A"}
    body = {"error": {**error, **({"error_subcode": int(subcode)} if subcode else {})}}
    headers = {"X-Business-Use-Case-Usage": usage} if usage else {}
    adapter = made(network)
    return judge(httpx.Response(status, json=body, headers=headers), adapter.traits, adapter.dialect)


# --- errors by their number -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", META)
@pytest.mark.parametrize("status", [400, 403, 500])
@pytest.mark.parametrize("code", ["4", "17", "32", "341", "613", "80001", "80002", "9/2207042"])
def test_a_limit_is_told_by_its_number(network: str, status: int, code: str) -> None:
    """Whatever the status, a limit is worth another try, and no person."""
    outcome = verdict(code, status, network)
    assert isinstance(outcome, Deferred)
    assert not outcome.needs_person


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("code", ["190", "190/463", "102", "10", "200", "230", "299", "3"])
def test_tokens_and_permissions_need_a_person(status: int, code: str) -> None:
    """An expired token and a right that was withdrawn come as 400 as well, and say what to renew."""
    outcome = verdict(code, status)
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert "pages_manage_posts" in outcome.reason


@pytest.mark.parametrize("code", ["368", "25/2207050", "4/2207051"])
def test_a_blocked_account_needs_a_person(code: str) -> None:
    """A new token would not help there: the account itself must be looked at. Code 4 with this subcode is no limit."""
    outcome = verdict(code)
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert "Open the account on Facebook" in outcome.reason
    assert "pages_manage_posts" not in outcome.reason


@pytest.mark.parametrize("code", ["1", "2", "-1", "-2/2207003", "506"])
@pytest.mark.parametrize("status", [400, 500])
def test_what_is_temporary_or_a_duplicate_proves_nothing(code: str, status: int) -> None:
    """A server that failed may have accepted; a duplicate is a hint that it did, and names no post."""
    assert isinstance(verdict(code, status), Unknown)


@pytest.mark.parametrize("code", ["100", "100/33", "324", "36003/2207009", "300", "1000"])
def test_all_else_is_a_refusal(code: str) -> None:
    """With the number and its subcode, in the network's own words."""
    outcome = verdict(code)
    assert isinstance(outcome, Refused)
    assert outcome.code == code
    assert "their words" in outcome.reason


def usage(*minutes: Any) -> str:
    kinds = [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": m} for m in minutes]
    return json.dumps({"112130216863063": kinds})


@pytest.mark.parametrize(("told", "minutes"), [(usage(3), 3), (usage(0, 7), 7), (usage(12, 0, 5), 12)])
def test_a_limit_ends_in_minutes(told: str, minutes: int) -> None:
    """The header tells of several limits: the last one to end counts."""
    outcome = verdict("80001", usage=told)
    assert isinstance(outcome, Deferred)
    assert outcome.until is not None
    assert abs(outcome.until - datetime.now(UTC) - timedelta(minutes=minutes)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "told", [None, usage(0), usage(), "{}", "[1]", "nonsense", '{"1": 2}', usage("soon"), usage(None)]
)
def test_a_header_that_says_nothing_of_an_end(told: str | None) -> None:
    """No end that is known is no end, never an error."""
    outcome = verdict("80001", usage=told)
    assert isinstance(outcome, Deferred)
    assert outcome.until is None


# --- versions and tokens ----------------------------------------------------------------------------------------------


def test_the_version_is_a_setting() -> None:
    """Each channel may name its own; what is none is an error of the settings, with an example."""
    assert made("facebook").root == "/v25.0"
    assert made("facebook", version="v26.0").root == "/v26.0"
    assert made("threads").root == "/v1.0"
    for version in ("26", "v26", 26.0, "v26.0/../x"):
        with pytest.raises(SettingsError, match="no version"):
            made("facebook", version=version)


@pytest.fixture(params=META)
def bench(request: pytest.FixtureRequest, sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, request.param)


def test_an_expired_token_is_renewed_at_once(bench: SandboxBench) -> None:
    """The refusal comes as 400. What `renew` makes of the token goes out with the same request, once, in the same place."""
    account = f"renewed-{bench.network}"
    sender = Sender(bench, account)
    renewed: list[str] = []

    def renew(secret: Secret) -> Secret:
        renewed.append(secret.reveal())
        return Secret(f"sandbox-{bench.named(account)}")

    sender.adapter.renew = renew
    order = sender.ready(sender.text("Encore là"))
    bench.fault(account, "expired")
    assert isinstance(sender.adapter.send(order), Accepted)
    assert len(bench.posts(account)) == len(renewed) == 1


def test_the_token_stands_where_the_vendor_has_it(bench: SandboxBench) -> None:
    """In a header; for Threads as a parameter, of the body where there is one. The sandbox shows it nowhere."""
    account = f"token-{bench.network}"
    sender = Sender(bench, account)
    sender.receipt(sender.text("Avec clef"))
    sender.adapter.identity()
    calls = [call for call in bench.server.state.calls if call.get("account") == bench.named(account)]
    for call in calls:
        place = call["body"] if call["method"] == "POST" else call["params"]
        header = call["headers"].get("authorization")
        assert (header, place.get("access_token")) == (
            (None, "***") if bench.network == "threads" else ("Bearer ***", None)
        )
    assert f"sandbox-{bench.named(account)}" not in repr(list(bench.server.state.calls))


@pytest.mark.parametrize("network", ["facebook", "threads"])
def test_another_accounts_token_takes_nothing_for_gone(network: str, sandbox: SandboxServer) -> None:
    """To a token, another account's post looks like one that is gone. It is still there, and a person must look."""
    bench = SandboxBench(sandbox, network)
    account = f"owner-{network}"
    sender = Sender(bench, account)
    order = sender.text("Toujours là")
    receipt = sender.receipt(order)
    outcome = Sender(bench, f"stranger-{network}").retract(order, receipt)
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert len(bench.posts(account)) == 1


def test_a_read_back_ends_at_the_nominal_instant(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the API takes no notice of `since`: an older post is not ours, however alike, and is not looked past."""
    sender = Sender(bench, f"older-{bench.network}")
    sender.receipt(sender.text("Bonjour", "older"))
    monkeypatch.setattr(GraphTwin, "since", lambda twin, call, posts: posts)
    monkeypatch.setattr(graph, "SIZE", 1)
    monkeypatch.setattr(graph, "PAGES", 1)
    later = replace(sender.text("Bonjour"), at=sender.text("x").at + timedelta(days=1))
    adapter = sender.adapter
    assert isinstance(adapter, GraphAdapter)
    edge, stamp = {
        "facebook": (f"{adapter.channel.account}/published_posts", "created_time"),
        "instagram": (f"{adapter.channel.account}/media", "timestamp"),
        "threads": ("me/threads", "timestamp"),
    }[bench.network]
    assert list(adapter.recent(edge, later, stamp, fields=f"id,{stamp}")) == []


@pytest.mark.parametrize("network", ["facebook", "threads"])
def test_rights_are_told(network: str, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose token it is, what it may do, what it lacks for publishing, and until when."""
    bench = SandboxBench(sandbox, network)
    told = Sender(bench, "rights").adapter.identity()
    assert (told.lacking, bool(told.expires_at)) == ((), network == "threads")  # a Page token has no end
    needed = load(network).needed  # type: ignore[attr-defined]
    assert set(needed) < set(told.rights)
    twin = {"facebook": "presstime.sandbox.facebook.Facebook", "threads": "presstime.sandbox.threads.Threads"}[network]
    monkeypatch.setattr(f"{twin}.scopes", needed[1:])
    assert Sender(bench, "rights").adapter.identity().lacking == needed[:1]
    bench.fault("rights", "forbidden", path="*/debug_token")
    untold = Sender(bench, "rights").adapter.identity()  # it may not look at itself
    assert (untold.account, untold.rights, untold.lacking) == (told.account, (), ())


# --- containers -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=CONTAINERS)
def boxes(request: pytest.FixtureRequest, sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, request.param)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "WAITS", (0, 0, 0))
    monkeypatch.setattr(containers, "WAITS_MOVING", (0, 0, 0))


def shown(sender: Sender, *colors: str) -> Any:
    return sender.orders(Segment(0, "Images", media=sender.pictures(*colors)))[0]


def container_of(order: Order, bench: SandboxBench) -> Container:
    """What the twin has of an order's container."""
    return bench.server.state.containers[str(order.deposit["container"])]


def asked(bench: SandboxBench, account: str) -> list[str]:
    return [c["operation"] for c in bench.server.state.calls if c.get("account") == bench.named(account)]


def test_what_is_at_the_address_is_what_is_shown(boxes: SandboxBench) -> None:
    """The network gets the file itself: what stands there then is posted, not what we have here."""
    account = f"fetched-{boxes.network}"
    sender = Sender(boxes, account)
    [other] = sender.pictures("gold")
    sender.adapter.address_of = lambda item, content: boxes.address_of(other, sender.files[other.digest])
    sender.receipt(shown(sender, "teal"))
    [post] = [p for p in boxes.server.state.posts if p.account == boxes.named(account)]
    assert boxes.server.state.media_of(post)[0].content == sender.files[other.digest]


@pytest.mark.parametrize("where", ["{url}/_sandbox/media/nothing", "https://verne.example/carte.jpg", "{url}/"])
def test_nothing_at_the_address(boxes: SandboxBench, where: str) -> None:
    """Nothing there, nothing that this machine serves, or no picture: said before anything is published."""
    sender = Sender(boxes, f"nowhere-{boxes.network}")
    sender.adapter.address_of = lambda item, content: where.format(url=boxes.server.url)
    with pytest.raises(NetworkError) as caught:
        sender.send(shown(sender, "teal"))
    assert caught.value.needs_person
    assert boxes.posts(f"nowhere-{boxes.network}") == []


def test_no_public_address(boxes: SandboxBench) -> None:
    """Without a place for pictures nothing is tried, and the error says what to do."""
    account = f"private-{boxes.network}"
    sender = Sender(boxes, account)
    sender.adapter.address_of = None
    with pytest.raises(NetworkError, match="fetches media/") as caught:
        sender.send(shown(sender, "teal"))
    assert caught.value.needs_person
    assert "bucket" in caught.value.advice
    assert asked(boxes, account) == []


def test_children_are_finished_before_their_parent_is_made(boxes: SandboxBench) -> None:
    """A carousel is made of containers that are ready, and is published when it is ready itself."""
    account = f"carousel-{boxes.network}"
    sender = Sender(boxes, account)
    boxes.server.state.faults.add({"network": boxes.network, "kind": "processing", "account": boxes.named(account)})
    sender.receipt(shown(sender, "teal", "plum"))
    steps = [step for step in asked(boxes, account) if step in ("createContainer", "getNode", "publishContainer")]
    create, look, publish = "createContainer", "getNode", "publishContainer"
    assert steps == [create, look, look, create, look, create, look, publish, look]  # the last asks for the address
    assert len(boxes.posts(account)[0]["alts"]) == 2


def test_a_container_that_is_never_ready(boxes: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The looking ends: it may be tried again, by nobody in person."""
    monkeypatch.setattr(containers, "WAITS", (0,))
    account = f"stuck-{boxes.network}"
    boxes.server.state.faults.add({"network": boxes.network, "kind": "processing", "account": boxes.named(account)})
    sender = Sender(boxes, account)
    with pytest.raises(NetworkError, match="still working") as caught:
        sender.ready(shown(sender, "teal"))
    assert not caught.value.needs_person
    assert boxes.posts(account) == []


def test_a_film_that_is_none(boxes: SandboxBench) -> None:
    """A container that failed says why, and is not published."""
    account = f"film-{boxes.network}"
    sender = Sender(boxes, account)
    [picture] = sender.pictures("teal")
    film = sender.film()
    sender.adapter.address_of = lambda item, content: boxes.address_of(picture, sender.files[picture.digest])
    with pytest.raises(NetworkError, match=r"ERROR (FAILED_DOWNLOADING_VIDEO|2207026)") as caught:
        sender.ready(sender.orders(Segment(0, "Film", media=(film,)))[0])
    assert caught.value.needs_person
    assert boxes.posts(account) == []


def test_a_published_container_is_found(boxes: SandboxBench) -> None:
    """The reply was lost, the container reads PUBLISHED: the post that came of it, its id and address."""
    account = f"lost-{boxes.network}"
    sender = Sender(boxes, account)
    order = sender.ready(sender.text("Réponse perdue"))
    boxes.fault(account, "drop-after")
    assert isinstance(sender.adapter.send(order), Unknown)
    found = sender.adapter.find(order)
    assert isinstance(found, Receipt)
    assert found.id == boxes.posts(account)[0]["id"]
    assert found.url is not None
    assert found.url.startswith(boxes.server.url)


def test_a_published_container_is_never_taken_for_one_that_is_not(boxes: SandboxBench) -> None:
    """Its post may not be listed yet. "Not found" would be a lie then: it may be published, so the answer must wait."""
    account = f"unlisted-{boxes.network}"
    sender = Sender(boxes, account)
    order = sender.ready(sender.text("Pas encore"))
    sender.receipt(order)
    [post] = [p for p in boxes.server.state.posts if p.account == boxes.named(account)]
    boxes.server.state.remove(post)
    with pytest.raises(NetworkError, match="PUBLISHED") as caught:
        sender.adapter.find(order)
    assert not caught.value.needs_person


def test_another_post_with_the_same_words_is_not_ours(boxes: SandboxBench) -> None:
    """Last month's says nothing about today's."""
    sender = Sender(boxes, f"again-{boxes.network}")
    order = sender.ready(sender.text("Bonne année"))
    sender.receipt(order)
    with pytest.raises(NetworkError):
        sender.adapter.find(replace(order, at=order.at + timedelta(days=30)))


@pytest.mark.parametrize("answer", ["refused", "the same"])
def test_publishing_a_container_again_is_one_post(
    boxes: SandboxBench, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the network answers then, which no page says: the first post's receipt, and no second post."""
    if answer == "the same":
        monkeypatch.setattr(TWINS[boxes.network], "once_more", lambda twin, known: Answer(200, {"id": known.id}))
    account = f"twice-{boxes.network}-{answer.replace(' ', '-')}"
    sender = Sender(boxes, account)
    order = sender.ready(sender.text("Une seule fois"))
    first = sender.adapter.send(order)
    assert isinstance(first, Accepted)
    assert [sender.adapter.send(order) for _ in range(2)] == [first, first]
    assert len(boxes.posts(account)) == 1


def test_a_refused_publishing_that_cannot_be_looked_into(boxes: SandboxBench) -> None:
    """The container may be out: without its status nobody knows, and nothing is claimed."""
    account = f"dark-{boxes.network}"
    sender = Sender(boxes, account)
    order = sender.ready(sender.text("Une seule fois"))
    sender.receipt(order)
    boxes.fault(account, "5xx-before", path=f"*/{order.deposit['container']}")
    assert isinstance(sender.adapter.send(order), Unknown)
    assert len(boxes.posts(account)) == 1


def test_a_container_lives_for_a_day(boxes: SandboxBench) -> None:
    """EXPIRED was never published: settling learns it as a refusal. Who would still publish it puts it off, and makes another."""
    account = f"expired-{boxes.network}"
    sender = Sender(boxes, account)
    order = sender.ready(sender.text("Trop tard"))
    container_of(order, boxes).at -= LIFE
    found = sender.adapter.find(order)
    assert isinstance(found, Refused)
    assert found.code == "EXPIRED"
    assert isinstance(sender.adapter.send(order), Deferred)
    assert boxes.posts(account) == []
    again = replace(order, deposit=sender.adapter.deposit(order))
    assert again.deposit != order.deposit
    assert isinstance(sender.adapter.send(again), Accepted)


def test_a_container_that_was_put_off_is_used_again(boxes: SandboxBench) -> None:
    """As long as it can be published; one that is not there any more, or was in error, is made anew."""
    account = f"again-{boxes.network}"
    sender = Sender(boxes, account)
    order = sender.ready(sender.text("Encore"))
    made = len(boxes.server.state.containers)
    boxes.fault(account, "429", path="*publish", times=1)
    assert isinstance(sender.adapter.send(order), Deferred)
    assert sender.adapter.deposit(order) == order.deposit
    assert len(boxes.server.state.containers) == made
    container_of(order, boxes).error = "broken"
    assert sender.adapter.deposit(order) != order.deposit
    del boxes.server.state.containers[str(order.deposit["container"])]
    other = replace(order, deposit=sender.adapter.deposit(order))
    assert other.deposit != order.deposit
    assert isinstance(sender.adapter.send(other), Accepted)
    assert len(boxes.posts(account)) == 1


def test_a_container_that_is_out_is_never_made_twice(boxes: SandboxBench) -> None:
    """A network that refused to publish and shows it all the same: a person looks, nothing goes out beside it."""
    account = f"out-{boxes.network}"
    sender = Sender(boxes, account)
    order = sender.ready(sender.text("Deja"))
    assert isinstance(sender.adapter.send(order), Accepted)
    with pytest.raises(NetworkError, match="says now that it is out") as caught:
        sender.adapter.deposit(order)
    assert caught.value.needs_person


def test_a_container_that_is_not_ready_may_be_published_later(boxes: SandboxBench) -> None:
    """9007 is not now, and certainly not out."""
    account = f"early-{boxes.network}"
    sender = Sender(boxes, account)
    order = sender.ready(sender.text("Trop tôt"))
    container_of(order, boxes).pending = 1
    assert isinstance(sender.adapter.send(order), Deferred)
    assert isinstance(sender.adapter.send(order), Accepted)
    assert len(boxes.posts(account)) == 1


def test_nothing_is_published_that_was_not_deposited(boxes: SandboxBench) -> None:
    """An order without a container is put off, and nothing is found of it."""
    sender = Sender(boxes, f"bare-{boxes.network}")
    order = sender.text("x")
    assert isinstance(sender.adapter.send(order), Deferred)
    assert sender.adapter.find(order) is None


def test_a_quota_is_read_before_anything_is_made(boxes: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Used up, it says how much of what in which time, makes no container, and is tried again later."""
    account = f"quota-{boxes.network}"
    sender = Sender(boxes, account)
    monkeypatch.setitem(TWINS[boxes.network].quotas, False, 2)
    ready = sender.ready(sender.text("zéro", "zero"))
    for n in range(2):
        sender.receipt(sender.text(f"{n}", f"post-{n}"))
    before = asked(boxes, account).count("createContainer")
    with pytest.raises(NetworkError, match=r"2 of 2 .* in 24 hours") as caught:
        sender.ready(sender.text("trois", "three"))
    assert not caught.value.needs_person
    assert asked(boxes, account).count("createContainer") == before
    outcome = sender.adapter.send(ready)  # a container from before: the quota is told where it is published
    assert isinstance(outcome, Deferred)
    assert not outcome.needs_person
    assert len(boxes.posts(account)) == 2


@pytest.mark.parametrize("network", CONTAINERS)
@pytest.mark.parametrize("case", ["5xx before acceptance", "5xx after acceptance", "connection lost after acceptance"])
def test_no_second_container_is_made_in_doubt(network: str, case: str) -> None:
    """Engine, adapter and twin: what the first pass left is asked for and published, and nothing else."""
    clock = Clock()
    with SandboxServer(state=State(now=clock.now)) as server:
        bench = SandboxBench(server, network)
        [trial] = [c for c in CASES if c.name == case]
        result = one(bench, clock, trial, "doubt.verne.example", None)
        assert (result.state.status, result.seen) == (Status.PUBLISHED, 1)
        assert server.state.counts[f"{network} createContainer"] == 1
        assert server.state.violations == []


def test_every_request_keeps_our_contracts(sandbox: SandboxServer) -> None:
    """All of the above, on this sandbox: no request that the contracts do not know, but for none."""
    assert [v for v in sandbox.state.violations if v["network"] in META] == []


@pytest.mark.parametrize(
    ("network", "operation", "body", "params"),
    [
        ("facebook", "createPost", {"message": "x", "client_mutation_id": "1"}, {}),
        ("facebook", "createPost", {"attached_media": []}, {}),
        ("facebook", "getInsights", None, {"metric": "post_impressions_unique"}),
        ("facebook", "getPosts", None, {"since": "yesterday"}),
        ("instagram", "createContainer", {"image_url": "media/carte.jpg"}, {}),
        ("instagram", "createContainer", {"media_type": "IMAGE", "image_url": "https://e.x/a.jpg"}, {}),
        ("instagram", "publishContainer", {}, {}),
        ("instagram", "getInsights", None, {"metric": "views,impressions"}),
        ("threads", "createContainer", {"media_type": "TEXT", "text": "x", "auto_publish_text": "true"}, {}),
        ("threads", "createContainer", {"media_type": "TEXT", "text": "x", "topic_tag": "R&D"}, {}),
        ("threads", "createContainer", {"media_type": "IMAGE", "text": "x"}, {}),
        ("threads", "getNode", None, {"fields": "status,text"}),
    ],
)
def test_our_contracts_can_fail(network: str, operation: str, body: Any, params: dict[str, str]) -> None:
    """What is not documented is seen as such: removed metrics, one step instead of two, fields of another node."""
    form = "application/json" if operation == "createPost" else "application/x-www-form-urlencoded"
    headers = {"authorization": "Bearer x", "content-type": form}
    if network == "threads":
        (params if body is None else body)["access_token"] = "x"
    call = Call("GET" if body is None else "POST", "/", "", "", "x", params=params, headers=headers, body=body)
    [problem, *_] = contracts.violations(network, operation, call)
    assert problem.startswith(("body", "params"))
