"""Every request an adapter makes is one its vendor documents, checked against the vendor's own file."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from presstime.model import Accepted, Card, JsonObject, Receipt, Segment, Span
from presstime.sandbox.server import SandboxServer
from tests.networks.contracts import BotApi, Lexicons, OpenApi, specs
from tests.networks.kit import SandboxBench
from tests.suites.network import TRICKY, Sender

Check = Callable[[JsonObject], list[str]]


def x() -> Check:
    """Version 2.167 of the file calls `tweet.fields` `post.fields` and leaves `referenced_tweets` out of it; the vendor's pages
    and every client still use the older names, as we do."""
    document = json.loads(specs("x/openapi.json").read_text())
    fields = document["components"]["parameters"]["PostFieldsParameter"]
    fields["name"] = "tweet.fields"
    fields["schema"]["items"]["enum"].append("referenced_tweets")
    return OpenApi(document).problems


def mastodon() -> Check:
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
    return OpenApi(document).problems


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
    [("x", x), ("mastodon", mastodon), ("bluesky", bluesky), ("telegram", telegram)],
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


def use_everything(bench: SandboxBench) -> None:
    account = "contracts.verne.example"
    sender = Sender(bench, account)
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
    receipts.append(sender.receipt(second, receipts))
    media = tuple(replace(item, focus=(0.5, -0.25)) for item in sender.pictures("teal", "plum"))
    sender.receipt(sender.orders(Segment(0, "Deux images", media=media), name="images")[0])
    sender.receipt(sender.orders(Segment(0, "Une image", media=media[:1]), name="image")[0])
    rule = sender.adapter.traits.media
    for name, takes, make in (("film", "video", sender.film), ("gif", "animation", sender.animation)):
        if getattr(rule, takes):
            sender.receipt(sender.orders(Segment(0, name, media=(make(),)), name=name)[0])
    if sender.adapter.traits.card:
        card = Card("https://verne.example/lune", "La Lune", "97 heures", sender.pictures("gold")[0])
        sender.receipt(sender.orders(Segment(0, "Carte", card=card), name="card")[0])
    if sender.adapter.traits.edits:
        for text, pictures in (("Autre texte", ()), ("Autres images", media), ("Autre image", media[:1])):
            [order] = sender.orders(Segment(0, text, media=pictures), name=text)
            changed = replace(order.segment, text=text.upper(), spans=(Span(0, 5, "bold"),))
            assert isinstance(sender.edit(sender.orders(changed, name=text)[0], sender.receipt(order)), Accepted)
    if sender.adapter.traits.can_find:
        assert sender.adapter.find(first) == receipts[0]
        found = sender.adapter.find(replace(second, previous=(receipts[0],)))
        assert isinstance(found, Receipt)
        assert sender.adapter.find(sender.text("jamais", "never")) is None
    sender.adapter.limits()
    if sender.adapter.traits.metrics:
        sender.adapter.metrics(receipts[0])
    if sender.adapter.traits.can_hear:
        assert sender.adapter.replies(receipts[0]) == []
    album = sender.orders(Segment(0, "À retirer", media=media), name="album")[0]
    receipts.append(sender.receipt(album))
    for order, receipt in zip((first, second, album), receipts, strict=True):
        assert sender.retract(order, receipt) == Accepted(receipt)


@pytest.mark.parametrize(
    ("check", "call"),
    [
        (x, {"method": "POST", "path": "/2/tweets", "body": {"texte": "x"}}),
        (x, {"method": "POST", "path": "/2/tweets", "body": {"text": "x", "media": {"media_ids": []}}}),
        (mastodon, {"method": "POST", "path": "/api/v1/statuses", "body": {"status": 5}}),
        (mastodon, {"method": "POST", "path": "/api/v2/media", "body": {"description": "x"}}),
        (mastodon, {"method": "PUT", "path": "/api/v1/statuses/1", "body": {"media_ids": "1"}}),
        (x, {"method": "DELETE", "path": "/2/tweets/one", "body": None}),
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
