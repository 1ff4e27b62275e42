"""The bluesky adapter against a real server (@atproto/pds), with real accounts, app passwords and content identifiers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Card, Receipt, Refused, Secret, Segment, Span, Unknown
from presstime.networks.atproto import record_key
from presstime.networks.bluesky import COLLECTION, Bluesky, mention_name
from presstime.networks.directory import Directory
from presstime.outside import Outside
from presstime.sandbox.cid import blob_cid, cid_of
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.real.pds_kit import PdsBench, Server, running
from tests.suites.network import AT, NetworkSuite, Sender

pytestmark = pytest.mark.real
NAME = "verne"
FAMILY = "👩‍👩‍👧‍👦"  # one grapheme, 25 bytes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("pds") / "data") as server:
        yield server


@pytest.fixture
def bench(server: Server) -> PdsBench:
    return PdsBench(server)


class TestSuite(NetworkSuite):
    """What every adapter promises, kept on the real server; what readers do is not its business but an AppView's."""

    def test_metrics(self, bench: PdsBench, account: str, sender: Sender) -> None:  # type: ignore[override]
        """A server without an AppView counts nothing, and that is said rather than zeros."""
        with pytest.raises(NetworkError):
            sender.adapter.metrics(sender.receipt(sender.text("Combien ?")))

    def test_replies(self, bench: PdsBench, account: str, sender: Sender) -> None:  # type: ignore[override]
        """Nor does it tell of answers."""
        with pytest.raises(NetworkError):
            sender.adapter.replies(sender.receipt(sender.text("un")))


@pytest.fixture
def sender(bench: PdsBench) -> Sender:
    return Sender(bench, NAME)


@pytest.fixture
def sdk(bench: PdsBench) -> Any:
    """Somebody else's client, logged in to the same account at the server itself."""
    atproto = pytest.importorskip("atproto", reason="the atproto SDK is not installed")
    account = bench.account(NAME)
    client = atproto.Client(base_url=f"{bench.server.pds}/xrpc")
    client.login(account.handle, account.password, fetch_bsky_profile=False)
    return client


def test_everything_a_post_can_have(bench: PdsBench, sender: Sender, sdk: Any) -> None:
    """A thread: facets for a link, a tag and a mention of another account, pictures with alt texts, a card with its picture;
    the SDK reads all of it back as what it is."""
    from atproto import models
    from atproto_client.models import get_or_create

    other = bench.account("jules")
    text = f"👩‍👩‍👧‍👦 é à lire, avec @{other.handle} #Nantes"
    spans = tuple(
        Span(text.index(word), text.index(word) + len(word), kind, value)  # type: ignore[arg-type]
        for word, kind, value in (
            ("à lire", "link", "https://verne.example/lune?a=1&b=2"),
            (f"@{other.handle}", "mention", other.handle),
            ("#Nantes", "tag", "Nantes"),
        )
    )
    media = sender.pictures("teal", "plum")
    card = Card("https://verne.example/lune", "De la Terre à la Lune", "97 heures", sender.pictures("gold")[0])
    orders = sender.orders(
        Segment(0, text, spans=spans), Segment(1, "Images", media=media), Segment(2, "Carte", card=card)
    )
    receipts: list[Receipt] = []
    for order in orders:
        receipts.append(sender.receipt(order, receipts))
    posts = [_as_sdk(sdk, receipt) for receipt in receipts]
    assert all(
        isinstance(get_or_create(post.value, models.AppBskyFeedPost.Record), models.AppBskyFeedPost.Record)
        for post in posts
    )
    raw = posts[0].value.text.encode()
    marked = {raw[f.index.byte_start : f.index.byte_end].decode(): f.features[0] for f in posts[0].value.facets}
    assert marked["à lire"].uri == "https://verne.example/lune?a=1&b=2"
    assert marked[f"@{other.handle}"].did == other.did
    assert marked["#Nantes"].tag == "Nantes"
    images = posts[1].value.embed.images
    assert [image.alt for image in images] == [item.alt for item in media]
    assert [(image.aspect_ratio.width, image.aspect_ratio.height) for image in images] == [(8, 6)] * 2
    external = posts[2].value.embed.external
    assert (external.uri, external.title, external.description) == (card.url, card.title, card.description)
    for blob, item in ((images[0].image, media[0]), (external.thumb, card.thumb)):
        content = sdk.com.atproto.sync.get_blob({"did": bench.account(NAME).did, "cid": blob.ref.link})
        assert item is not None
        assert content == sender.files[item.digest]
        assert blob_cid(content) == blob.ref.link
    assert [post.value.reply and post.value.reply.parent.uri for post in posts] == [
        None,
        receipts[0].id,
        receipts[1].id,
    ]
    assert [post.value.reply and post.value.reply.root.cid for post in posts][1:] == [receipts[0].data["cid"]] * 2


def _as_sdk(sdk: Any, receipt: Receipt) -> Any:
    repo, collection, rkey = receipt.id.removeprefix("at://").split("/")
    return sdk.com.atproto.repo.get_record({"repo": repo, "collection": collection, "rkey": rkey})


def test_the_same_order_twice_is_one_record(bench: PdsBench, sender: Sender) -> None:
    """The same address and the same content identifier, which is the one that we compute; no commit for the second."""
    order = sender.ready(sender.text("Une seule fois 東京"))
    first = sender.receipt(order)
    before = bench.server.ask("sync.getLatestCommit", did=bench.account(NAME).did)
    assert sender.send(order) == Accepted(first)
    assert bench.server.ask("sync.getLatestCommit", did=bench.account(NAME).did) == before
    [record] = bench.records(NAME)
    assert (record["uri"], record["cid"]) == (first.id, first.data["cid"])
    assert cid_of(record["value"]) == record["cid"]


def test_a_reply_that_is_cut_off(bench: PdsBench, sender: Sender) -> None:
    """The record is there, its sender does not know; the same again says the address and identifier of the one there is."""
    order = sender.ready(sender.text("Réponse perdue"))
    bench.fault(NAME, "drop-after")
    assert isinstance(sender.send(order), Unknown)
    [record] = bench.records(NAME)
    receipt = sender.receipt(order)
    assert (receipt.id, receipt.data["cid"]) == (record["uri"], record["cid"])
    assert sender.adapter.find(order) == receipt
    assert len(bench.records(NAME)) == 1


def test_creating_where_something_is_fails_like_a_broken_server(bench: PdsBench, sender: Sender) -> None:
    """Why `putRecord` with `swapRecord: null` is used: `createRecord` on a key that is taken answers 500, whatever it says.
    With null a record of other words is not overwritten; left out, it would be."""
    account, order = bench.account(NAME), sender.ready(sender.text("Le premier"))
    receipt = sender.receipt(order)
    body = {"repo": account.did, "collection": COLLECTION, "rkey": receipt.data["rkey"]}
    record = {**order.segment.payload, "text": "Le second"}
    answers = {
        name: httpx.post(
            f"{bench.server.pds}/xrpc/com.atproto.repo.{name}",
            json={**body, **more},
            headers={"Authorization": f"Bearer {account.access}"},
        )
        for name, more in (
            ("createRecord", {"record": order.segment.payload}),
            ("putRecord", {"record": record, "swapRecord": None}),
        )
    }
    assert (answers["createRecord"].status_code, answers["createRecord"].json()["error"]) == (
        500,
        "InternalServerError",
    )
    assert (answers["putRecord"].status_code, answers["putRecord"].json()["error"]) == (400, "InvalidSwap")
    outcome = sender.send(replace(sender.text("Le second"), key=order.key))
    assert isinstance(outcome, Refused)
    assert outcome.code == "InvalidSwap"
    assert [post["text"] for post in bench.posts(NAME)] == ["Le premier"]


def test_keys_of_our_own_are_taken(sender: Sender) -> None:
    """The record key that an order always gets is a TID to the server, at any second."""
    for n, year in enumerate((1990, 2026, 2199)):
        order = replace(sender.text(f"{year}", f"post-{n}"), at=AT.replace(year=year, day=1))
        assert sender.receipt(order).data["rkey"] == record_key(order.at, order.key)


def test_a_takedown_seen_by_others(bench: PdsBench, sender: Sender, sdk: Any) -> None:
    """Taken down, nobody reads it any more, nor its list; again, and it is still a success."""
    order = sender.text("Parti")
    receipt = sender.receipt(order)
    for _ in range(2):
        assert sender.retract(order, receipt) == Accepted(receipt)
    with pytest.raises(Exception, match="Could not locate record"):
        _as_sdk(sdk, receipt)
    assert bench.records(NAME) == []


def test_an_edit_is_not_offered(sender: Sender) -> None:
    """The traits name nothing that could be edited, so the plan notes it and nobody asks."""
    order = sender.text("avant")
    assert sender.adapter.traits.edits == frozenset()
    with pytest.raises(NotImplementedError):
        sender.edit(order, sender.receipt(order))


def test_a_session_that_ran_out(bench: PdsBench, sender: Sender) -> None:
    """The server's own refresh token renews it, and the post goes out."""
    sender.adapter.identity()
    bench.fault(NAME, "expired")
    assert isinstance(sender.send(sender.text("Encore là")), Accepted)
    assert [name for name, _ in bench.server.proxy.seen[-3:]] == ["putRecord", "refreshSession", "putRecord"]


def test_who_this_is(bench: PdsBench, sender: Sender) -> None:
    """The handle, and the right of an app password."""
    identity = sender.adapter.identity()
    assert identity.account == bench.account(NAME).handle
    assert identity.rights == ("com.atproto.appPass",)


def test_the_server_is_found_from_the_handle(bench: PdsBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real directory's document leads from the handle to the server, where the channel does not name it."""
    account, server = bench.account(NAME), bench.server
    places = Directory(
        at_resolver=f"{server.pds}/xrpc/com.atproto.identity.resolveHandle?handle={{handle}}",
        plc=f"{server.plc}/{{did}}",
        outside=Outside(is_public=lambda address: True, schemes=("http",)),
    )
    monkeypatch.setattr(Bluesky, "directory", places)
    adapter = Bluesky(replace(bench.channel(NAME), base_url=None), Secret(account.password))
    assert adapter.identity().account == account.handle
    assert adapter.http.base_url == server.pds.replace("127.0.0.1", "localhost")


def test_a_mention_is_resolved_before_the_send(bench: PdsBench, sender: Sender) -> None:
    """The DID behind a handle is asked for while preparing."""
    other = bench.account("jules")
    [order] = sender.orders(
        Segment(0, f"@{other.handle}", spans=(Span(0, len(other.handle) + 1, "mention", other.handle),))
    )
    assert sender.ready(order).media == {mention_name(other.handle): other.did}


@pytest.mark.parametrize(
    ("fits", "too_much", "words"),
    [("x" * 300, "x" * 301, "grapheme too big"), (FAMILY * 120, FAMILY * 130, "string too big")],
)
def test_our_limits_are_the_servers(sender: Sender, fits: str, too_much: str, words: str) -> None:
    """300 graphemes and 3,000 bytes: one more is refused, in the words that our twin uses as well."""
    assert isinstance(sender.send(sender.text(fits, "fits")), Accepted)
    outcome = sender.send(sender.text(too_much))
    assert isinstance(outcome, Refused)
    assert words in outcome.reason
    with SandboxServer() as twin:
        assert Sender(SandboxBench(twin, "bluesky"), "verne.example").send(sender.text(too_much)) == outcome


def test_it_is_on_this_machine_alone(server: Server) -> None:
    """Server and directory listen on 127.0.0.1, nowhere else."""
    listening = server.listening()
    assert {int(url.rpartition(":")[2]) for url in (server.pds, server.plc)} <= {port for _, port in listening}
    assert {address for address, _ in listening} == {"127.0.0.1"}
