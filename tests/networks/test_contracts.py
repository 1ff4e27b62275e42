"""Every request an adapter makes is one its vendor documents, checked against the vendor's own file."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest

from presstime.model import Accepted, Card, JsonObject, Receipt, Segment, Span
from presstime.sandbox.server import SandboxServer
from tests.networks.contracts import BotApi, Lexicons, OpenApi, specs
from tests.networks.kit import SandboxBench
from tests.suites.network import TRICKY, Sender

Check = Callable[[JsonObject], list[str]]


def x_file() -> OpenApi:
    """Version 2.167 of the file calls `tweet.fields` `post.fields`, has no `referenced_tweets`, `note_tweet` and `author_id` among them, and
    calls `retweet_count` `repost_count`; the vendor's pages and every client still use the older names, as we do."""
    document = json.loads(specs("x/openapi.json").read_text())
    fields = document["components"]["parameters"]["PostFieldsParameter"]
    fields["name"] = "tweet.fields"
    fields["schema"]["items"]["enum"] += ["author_id", "note_tweet", "referenced_tweets"]
    counts = document["components"]["schemas"]["PostPublicMetrics"]
    counts["properties"]["retweet_count"] = counts["properties"].pop("repost_count")
    counts["required"][counts["required"].index("repost_count")] = "retweet_count"
    return OpenApi(document)


def x() -> Check:
    return x_file().problems


def pinterest_file() -> OpenApi:
    return OpenApi(json.loads(specs("pinterest/openapi.json").read_text()), "/v5")


def pinterest() -> Check:
    return pinterest_file().problems


def mastodon_file() -> OpenApi:
    """The community's file, with its two known slips put right: the key is a string, and forms are taken too."""
    document = json.loads(specs("mastodon/openapi.json").read_text())
    post = document["paths"]["/api/v1/statuses"]["post"]
    [key] = [p for p in post["parameters"] if p["name"] == "Idempotency-Key"]
    key["schema"] = {"type": "string"}
    post["requestBody"]["content"]["application/x-www-form-urlencoded"] = post["requestBody"]["content"][
        "application/json"
    ]
    # `oneOf` of text and media status: a status with both matches both, and the prose allows it
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    schema["anyOf"] = schema.pop("oneOf")
    return OpenApi(document)


def mastodon() -> Check:
    return mastodon_file().problems


def bluesky() -> Check:
    return Lexicons(specs("bluesky/lexicons")).problems


def telegram() -> Check:
    return BotApi(json.loads(specs("telegram/api.json").read_text())).problems


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[SandboxBench]:
    with SandboxServer() as server:
        yield SandboxBench(server, request.param)


@pytest.mark.parametrize(
    ("bench", "check"),
    [("x", x), ("mastodon", mastodon), ("bluesky", bluesky), ("telegram", telegram), ("pinterest", pinterest)],
    indirect=["bench"],
)
def test_every_request_is_documented(bench: SandboxBench, check: Callable[[], Check]) -> None:
    """Words, marks, pictures, cards, threads, read-backs and logins: all as the vendor's file wants them."""
    problems_of = check()
    use_everything(bench)
    calls = list(bench.server.state.calls)
    assert len(calls) > 8
    assert {f"{c['method']} {c['path']}": found for c in calls if (found := problems_of(c))} == {}
    assert bench.server.state.violations == []


@pytest.mark.parametrize(
    ("bench", "file"),
    [("x", x_file), ("mastodon", mastodon_file), ("pinterest", pinterest_file)],
    indirect=["bench"],
)
def test_every_answer_of_the_twin_is_documented(bench: SandboxBench, file: Callable[[], OpenApi]) -> None:
    """The twin answers as the vendor's file says: what the adapter reads there it may expect of the vendor."""
    document, heard = file(), []

    def hear(response: httpx.Response) -> None:
        response.read()
        path = response.request.url.path.removeprefix(f"/{bench.network}")
        body = response.json() if response.content else None
        heard.append(({"method": response.request.method, "path": path}, response.status_code, body))

    def listen(sender: Sender) -> None:
        sender.adapter.http.open().event_hooks["response"].append(hear)  # type: ignore[attr-defined]

    use_everything(bench, listen)
    found = {f"{call['method']} {call['path']}": p for call, *a in heard if (p := document.answer_problems(call, *a))}
    assert found == {}
    assert len(heard) > 8
    broken = [document.answer_problems(call, status, {"data": 5, "items": 5, "id": 5}) for call, status, _ in heard]
    assert all(broken)


def use_everything(bench: SandboxBench, listen: Callable[[Sender], None] = lambda sender: None) -> None:
    account = "contracts.verne.example"
    sender = Sender(bench, account)
    listen(sender)
    sender.adapter.identity()
    spans = (
        Span(6, 10, "link", "https://verne.example/"),
        Span(11, 17, "mention", "jules.verne.example"),
        Span(0, 5, "bold"),
        Span(18, 25, "tag", "Nantes"),
    )
    first, second = sender.orders(
        Segment(0, "Texte lien @jules #Nantes " + TRICKY, spans=spans),
        Segment(1, "suite"),
        link="https://verne.example/p",
    )
    receipts = [sender.receipt(first)]
    traits = sender.adapter.traits
    if traits.threads:
        receipts.append(sender.receipt(second, receipts))
    if traits.can_hear:
        bench.answer(account, receipts[0].id, "ned", "Bravo")
        assert len(list(sender.adapter.replies(receipts[0]))) == 1
    if traits.metrics:
        assert sender.adapter.metrics(receipts[0]).keys() <= traits.metrics
    media = tuple(replace(item, focus=(0.5, -0.25)) for item in sender.album("teal", "plum"))
    sender.receipt(sender.orders(Segment(0, "Deux images", media=media), name="images")[0])
    sender.receipt(sender.orders(Segment(0, "Une image", media=media[:1]), name="image")[0])
    rule = traits.media
    for name, takes, make in (("film", "video", sender.film), ("gif", "animation", sender.animation)):
        if getattr(rule, takes):
            sender.receipt(sender.orders(Segment(0, name, media=(make(),)), name=name)[0])
    if traits.card:
        card = Card("https://verne.example/lune", "La Lune", "97 heures", sender.pictures("gold")[0])
        sender.receipt(sender.orders(Segment(0, "Carte", card=card), name="card")[0])
    if traits.edits:
        for text, pictures in (("Autre texte", ()), ("Autres images", media), ("Autre image", media[:1])):
            [order] = sender.orders(Segment(0, text, media=pictures), name=text)
            changed = replace(order.segment, text=text.upper(), spans=(Span(0, 5, "bold"),))
            assert isinstance(sender.edit(sender.orders(changed, name=text)[0], sender.receipt(order)), Accepted)
    if traits.can_find:
        assert sender.adapter.find(first) == receipts[0]
        if traits.threads:
            assert isinstance(sender.adapter.find(replace(second, previous=(receipts[0],))), Receipt)
        assert sender.adapter.find(sender.text("jamais", "never")) is None
    if traits.can_look:
        altered, removed = (sender.text(name, name) for name in ("À changer", "À enlever"))
        seen = [sender.receipt(order) for order in (altered, removed)]
        assert sender.look(altered, seen[0]) is not None
        bench.alter(account, seen[0].id, "Changé")
        bench.remove(account, seen[1].id)
        found = sender.look(altered, seen[0])
        assert found is not None
        assert found.changed
        assert sender.look(removed, seen[1]) is None
    sender.adapter.limits()
    album = sender.orders(Segment(0, "À retirer", media=media), name="album")[0]
    receipts.append(sender.receipt(album))
    for receipt in receipts if traits.can_retract else ():
        assert sender.retract(album, receipt) == Accepted(receipt)


@pytest.mark.parametrize(
    ("check", "call"),
    [
        (x, {"method": "POST", "path": "/2/tweets", "body": {"texte": "x"}}),
        (x, {"method": "POST", "path": "/2/tweets", "body": {"text": "x", "media": {"media_ids": []}}}),
        (mastodon, {"method": "POST", "path": "/api/v1/statuses", "body": {"status": 5}}),
        (mastodon, {"method": "POST", "path": "/api/v2/media", "body": {"description": "x"}}),
        (mastodon, {"method": "PUT", "path": "/api/v1/statuses/1", "body": {"media_ids": "1"}}),
        (x, {"method": "DELETE", "path": "/2/tweets/one", "body": None}),
        (pinterest, {"method": "POST", "path": "/v5/pins", "body": {"board_id": "mine"}}),
        (pinterest, {"method": "PATCH", "path": "/v5/pins/1", "body": {"title": "x" * 101}}),
        (pinterest, {"method": "GET", "path": "/v5/pins/1", "body": None, "params": {"pin_metrics": "yes"}}),
        (x, {"method": "GET", "path": "/2/tweets/search/recent", "body": None}),
        (bluesky, {"method": "POST", "path": "/xrpc/com.atproto.repo.putRecord", "body": {"repo": "a b"}}),
        (bluesky, {"method": "POST", "path": "/xrpc/com.atproto.repo.deleteRecord", "body": {"repo": "a.b"}}),
        (bluesky, {"method": "GET", "path": "/xrpc/app.bsky.feed.getPosts", "body": None, "params": {"uris": "x"}}),
        (
            bluesky,
            {
                "method": "GET",
                "path": "/xrpc/app.bsky.feed.getPostThread",
                "body": None,
                "params": {"uri": "at://a.b", "depth": "1001"},
            },
        ),
        (mastodon, {"method": "GET", "path": "/api/v1/statuses/1/context", "body": {"x": 1}}),
        (
            bluesky,
            {
                "method": "POST",
                "path": "/xrpc/com.atproto.server.createSession",
                "body": {"identifier": 1, "password": "x"},
            },
        ),
        (telegram, {"method": "POST", "path": "/bot1/sendMessage", "body": {"chat_id": "@a", "text": 1}}),
        (telegram, {"method": "POST", "path": "/bot1/sendMessages", "body": {}}),
        (telegram, {"method": "POST", "path": "/bot1/deleteMessages", "body": {"chat_id": "@a", "message_ids": 1}}),
    ],
)
def test_the_checks_can_fail(check: Callable[[], Check], call: JsonObject) -> None:
    """A wrong request is seen as one: the test above does not pass on blindness."""
    empty = {"params": {}, "headers": {"content-type": "application/json"}, "files": {}}
    assert check()({**empty, **call})
