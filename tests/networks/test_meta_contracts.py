"""Requests to Meta's networks against Meta's own files: the specifications its business SDKs are made from, and its Postman
collection for Threads. Their licences keep them out of our folders: PRESSTIME_SPECS may name one that has `facebook/specs/` (of
facebook/facebook-business-sdk-codegen, api_specs/specs) and `threads/threads-api.postman_collection.json` (of fbsamples/threads_api).
"""

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from presstime.model import Card, JsonObject, Segment
from presstime.sandbox.server import SandboxServer
from tests.networks.contracts import specs
from tests.networks.kit import SandboxBench
from tests.suites.network import Sender

GENERAL = {
    "fields",
    "limit",
    "after",
    "since",
    "access_token",
}  # what every edge takes (Graph API, "Reading", "Paging")
FILES = {"source"}  # the specifications leave a form's file out
NODES = {"getPage": "Page", "getPost": "PagePost", "updatePost": "PagePost", "deletePost": "PagePost"}
EDGES = {
    ("facebook", "photos"): "Page",
    ("facebook", "feed"): "Page",
    ("facebook", "published_posts"): "Page",
    ("facebook", "insights"): "PagePost",
    ("facebook", "comments"): "PagePost",
    ("instagram", "media"): "IGUser",
    ("instagram", "media_publish"): "IGUser",
    ("instagram", "content_publishing_limit"): "IGUser",
    ("instagram", "insights"): "IGMedia",
    ("instagram", "comments"): "IGMedia",
}
NOT_THERE = {"debugToken", "getNode"}  # of Facebook and Instagram: in the reference only


def known_to_sdk(call: JsonObject) -> set[str] | None:
    """The parameters that the specifications have for a call; None if they have no such call."""
    edge = call["path"].rpartition("/")[2]
    kind = NODES.get(call["operation"]) or EDGES[call["network"], edge]
    name = (
        {"GET": "#get", "POST": "#update", "DELETE": "#delete"}[call["method"]] if call["operation"] in NODES else edge
    )
    for api in json.loads(specs(f"facebook/specs/{kind}.json").read_text())["apis"]:
        if (api["method"], api.get("endpoint") or api["name"]) == (call["method"], name):
            return {param["name"] for param in api["params"]} | GENERAL | FILES
    return None


def known_to_postman(call: JsonObject) -> set[str] | None:
    """The parameters that the collection has for a path, in all of its examples together."""
    found = None
    for method, path, params in _requests(json.loads(specs("threads/threads-api.postman_collection.json").read_text())):
        pattern = re.sub(r"\\{\\{\w+\\}\\}", "[0-9]+", re.escape(path))
        if method == call["method"] and re.fullmatch(pattern, call["path"].removeprefix("/v1.0")):
            found = (found or {"access_token"}) | params
    return found


def _requests(folder: JsonObject) -> Iterator[tuple[str, str, set[str]]]:
    for item in folder["item"]:
        if "item" in item:
            yield from _requests(item)
        else:
            url = item["request"]["url"]
            path = url["raw"].partition("?")[0].removeprefix("{{api_host}}").rstrip("/")
            yield item["request"]["method"], path, {param["key"] for param in url.get("query", [])}


def use_everything(bench: SandboxBench) -> None:
    sender = Sender(bench, "meta.verne.example")
    traits = sender.adapter.traits
    sender.adapter.identity()
    receipt = sender.receipt(sender.text("un"))
    pictures = sender.ready(sender.orders(Segment(0, "deux", media=sender.pictures("teal", "plum")))[0])
    assert sender.adapter.find(pictures) is None
    sender.receipt(pictures)
    assert sender.adapter.find(pictures)
    sender.receipt(sender.orders(Segment(0, "trois", card=Card("https://verne.example/lune", "La Lune")))[0])
    if traits.media and traits.media.video:
        sender.receipt(sender.orders(Segment(0, "film", media=(sender.film(),)))[0])
    if traits.threads:
        answer = sender.ready(sender.orders(Segment(0, "quatre"), Segment(1, "cinq"))[1], [receipt])
        sender.receipt(answer, [receipt])
        assert sender.adapter.find(answer)
    gone = sender.receipt(sender.text("à enlever"))
    assert sender.look(sender.text("à enlever"), gone) is not None
    bench.remove("meta.verne.example", gone.id)
    assert sender.look(sender.text("à enlever"), gone) is None
    sender.adapter.metrics(receipt)
    list(sender.adapter.replies(receipt))
    if traits.edits:
        sender.edit(sender.text("six"), receipt)
    if traits.can_retract:
        sender.retract(sender.text("un"), receipt)


@pytest.mark.parametrize("network", ["facebook", "instagram", "threads"])
def test_every_parameter_is_the_vendors(network: str) -> None:
    """Each path is one that Meta's file has, and each parameter one that it has there."""
    known = known_to_postman if network == "threads" else known_to_sdk
    with SandboxServer() as server:
        use_everything(SandboxBench(server, network))
        calls = [c for c in server.state.calls if network == "threads" or c["operation"] not in NOT_THERE]
        violations = server.state.violations
    assert len({call["operation"] for call in calls}) >= 6
    unknown: Mapping[str, object] = {
        f"{c['method']} {c['path']}": names
        for c in calls
        if (names := sorted({*c["params"], *(c["body"] or {}), *c["files"]} - (known(c) or set())))
    }
    assert unknown == {}
    assert violations == []


@pytest.mark.parametrize(
    ("network", "call"),
    [
        ("facebook", {"method": "POST", "path": "/v25.0/1/feed", "operation": "createPost", "params": {"text": ""}}),
        ("instagram", {"method": "POST", "path": "/v25.0/1/media_publish", "operation": "x", "params": {"id": ""}}),
        ("threads", {"method": "POST", "path": "/v1.0/me/threads", "operation": "x", "params": {"caption": ""}}),
    ],
)
def test_the_files_can_say_no(network: str, call: JsonObject) -> None:
    """A parameter that is not the vendor's is seen as such, at a path that is."""
    known = (known_to_postman if network == "threads" else known_to_sdk)({"network": network, **call})
    assert known
    assert not call["params"].keys() <= known
