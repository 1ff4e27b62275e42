"""When a network's "not found" is no proof, and what it says of a message besides its words: network by network."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from presstime.errors import NetworkError, Unsupported
from presstime.model import Channel, JsonObject, Receipt, Secret, Segment, Sighting
from presstime.networks import google_business, load_adapter
from presstime.networks.base import Adapter
from presstime.sandbox import google_business as google_twin
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import Sender

Answers = Mapping[str, tuple[int, JsonObject]]
NOT_THERE = {"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}}
NO_RIGHT = {"error": {"message": "Requires pages_read_engagement", "code": 10}}


def answering(adapter: Adapter, answers: Answers) -> list[str]:
    """The adapter gets these answers, by how the path ends. Returns what will have been asked for."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        status, body = next(said for end, said in answers.items() if request.url.path.endswith(end))
        return httpx.Response(status, json=body)

    adapter.http._client = httpx.Client(transport=httpx.MockTransport(answer))  # type: ignore[attr-defined]
    return asked


@pytest.fixture
def sender(sandbox: SandboxServer) -> Callable[..., Sender]:
    return lambda network, account: Sender(SandboxBench(sandbox, network), account)


# --- whose it is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "listed"), [("facebook", "/published_posts"), ("instagram", "/media"), ("threads", "/threads")]
)
def test_a_right_that_was_withdrawn_is_no_removal(sender: Any, network: str, listed: str) -> None:
    """Meta says the same of what is gone and of what may not be read any more: it is gone where the others can be read."""
    looker = sender(network, f"rights-{network}")
    order = looker.text("Toujours là")
    receipt = looker.receipt(order)
    name = (receipt.url or "").partition("/@")[2].partition("/")[0]
    known = {f"/{receipt.id}": (400, NOT_THERE), "/me": (200, {"id": receipt.id.partition("_")[0], "username": name})}
    answering(looker.adapter, {**known, listed: (403, NO_RIGHT)})
    with pytest.raises(NetworkError) as caught:
        looker.look(order, receipt)
    assert caught.value.needs_person
    answering(looker.adapter, {**known, listed: (200, {"data": []})})
    assert looker.look(order, receipt) is None


@pytest.mark.parametrize("network", ["facebook", "instagram", "threads", "bluesky", "mastodon"])
def test_what_is_anothers_is_not_gone(sender: Any, network: str) -> None:
    """A channel that has since got another account: the old one's message is not found, or must not be told."""
    owner, other = sender(network, "owner.verne.example"), sender(network, "stranger.verne.example")
    order = owner.text("Chez moi")
    receipt = owner.receipt(order)
    if network == "mastodon":  # where everybody sees everything but what is for followers alone
        answering(other.adapter, {f"/{receipt.id}": (404, {"error": "Record not found"}), "/verify_credentials": (200, {"username": "stranger", "url": f"{receipt.url}/../@stranger"})})  # fmt: skip
    with pytest.raises(NetworkError) as caught:
        other.look(order, receipt)
    assert caught.value.needs_person


def test_a_board_that_cannot_be_read_is_no_removal(sender: Any) -> None:
    """Pinterest does not find what it does not show."""
    looker = sender("pinterest", "board")
    order = looker.text("Épingle")
    receipt = looker.receipt(order)
    assert receipt.data == {"board": "1001"}
    missing = (404, {"code": 50, "message": "Pin not found."})
    for status, body in (
        (404, {"code": 40, "message": "Board not found."}),
        (403, {"code": 7, "message": "Not yours."}),
    ):
        answering(looker.adapter, {f"/{receipt.id}": missing, "/boards/1001/pins": (status, body)})
        with pytest.raises(NetworkError):
            looker.look(order, receipt)


def test_a_page_that_cannot_be_read_is_no_removal(sender: Any) -> None:
    """LinkedIn, where the role on the page is lost; and a path that it does not know is no missing post."""
    looker = sender("linkedin", "role")
    order = looker.text("Note")
    receipt = looker.receipt(order)
    post = receipt.id.rpartition(":")[2]
    for answers in (
        {post: (404, {"status": 404, "message": "Entity is not found"}), "/rest/posts": (403, {"status": 403, "message": "no"})},
        {post: (404, {"status": 404, "message": "Resource posts does not exist"})},
    ):  # fmt: skip
        answering(looker.adapter, answers)
        with pytest.raises(NetworkError):
            looker.look(order, receipt)


def test_what_the_sandbox_had_is_not_looked_for_on_the_network(sender: Any, sandbox: SandboxServer) -> None:
    """A channel that was tried out on the sandbox, and then led to the network: neither's "not found" is about the other."""
    looker = sender("x", "moved")
    order = looker.text("Essai")
    receipt = looker.receipt(order)
    real = load_adapter("x")(Channel("x", "x", account="moved"), Secret("t0ken"))
    asked = answering(real, {})
    with pytest.raises(NetworkError, match="base_url"):
        real.look(order, receipt)
    with pytest.raises(NetworkError, match="base_url"):
        looker.look(order, Receipt("1", "https://x.com/moved/status/1"))
    assert asked == []


def test_a_status_of_another_server_is_not_gone(sender: Any) -> None:
    """A channel that has moved to another Mastodon server: the number means nothing there."""
    looker = sender("mastodon", "moved")
    order = looker.text("Bonjour")
    receipt = replace(looker.receipt(order), id="404", url="http://localhost/@moved/404")
    with pytest.raises(NetworkError, match="the message is at"):
        looker.look(order, receipt)


# --- what is said besides ---------------------------------------------------------------------------------------------


def test_a_post_that_google_rejects_later_is_told_as_that(sender: Any, sandbox: SandboxServer) -> None:
    """It is there and says what it said, and nobody sees it."""
    looker = sender("google_business", "later")
    order = looker.text("Ouvert dimanche")
    receipt = looker.receipt(order)
    state = sandbox.state
    [post] = [p for p in state.posts if p.id == receipt.id]
    post.data["fate"] = google_twin.REJECTED
    assert looker.look(order, receipt) == Sighting("Ouvert dimanche", True, google_business.TAKEN_BACK)


def test_a_picture_taken_from_a_post_is_a_change(sender: Any, sandbox: SandboxServer) -> None:
    """Google's and Mastodon's can be taken away by hand; while Google looks at a post it may not show them yet."""
    for network in ("google_business", "mastodon"):
        looker = sender(network, "picture")
        [order] = looker.orders(Segment(0, "Image", media=looker.pictures("teal")))
        receipt = looker.receipt(order)
        [post] = [p for p in sandbox.state.posts if p.id == receipt.id]
        post.media = ()
        found = looker.look(order, receipt)
        assert (found.text, found.changed) == ("Image", True)


def test_an_alt_text_changed_by_hand_is_a_change(sender: Any, sandbox: SandboxServer) -> None:
    """Where the server tells it."""
    looker = sender("mastodon", "alt")
    [order] = looker.orders(Segment(0, "Image", media=looker.pictures("teal")))
    receipt = looker.receipt(order)
    [post] = [p for p in sandbox.state.posts if p.id == receipt.id]
    for alt, changed in (("Autre", True), ("", False)):
        sandbox.state.media[post.media[0]].alt = alt
        assert looker.look(order, receipt).changed is changed


def test_a_token_that_may_not_read_the_source(sender: Any) -> None:
    """The HTML that is made of the words is not compared: a person gives the right."""
    looker = sender("mastodon", "source")
    order = looker.text("Bonjour")
    receipt = looker.receipt(order)
    status = {"id": receipt.id, "media_attachments": [], "content": "<p>Bonjour</p>"}
    answering(looker.adapter, {"/source": (403, {"error": "outside the authorized scopes"}), receipt.id: (200, status)})
    with pytest.raises(NetworkError) as caught:
        looker.look(order, receipt)
    assert caught.value.needs_person


def test_a_state_that_readers_do_not_see_is_told(sender: Any) -> None:
    """LinkedIn names states; one that is edited is shown all the same."""
    looker = sender("linkedin", "states")
    order = looker.text("Note #Nantes")
    receipt = looker.receipt(order)
    for state, changed in (("PUBLISHED", False), ("PUBLISHED_EDITED", False), ("DRAFT", True)):
        body = {"commentary": "Note {hashtag|\\#|Nantes}", "lifecycleState": state}
        answering(looker.adapter, {"": (200, body)})
        found = looker.look(order, receipt)
        assert (found.text, found.changed, state in found.note) == ("Note #Nantes", changed, changed)


def test_a_pins_title_and_link_count(sender: Any, sandbox: SandboxServer) -> None:
    """Each of them changed by hand is told; a slash at the end of a link is none."""
    looker = sender("pinterest", "fields")
    [order] = looker.orders(Segment(0, "Épingle"), link="https://verne.example/lune")
    receipt = looker.receipt(order)
    [post] = [p for p in sandbox.state.posts if p.id == receipt.id]
    sent = dict(post.data)
    for more, changed in (
        ({"link": "https://verne.example/lune/"}, False),
        ({"link": "https://verne.example/mars"}, True),
        ({"link": None}, True),
        ({"title": "Autre"}, True),
        ({"title": None}, True),
    ):
        post.data = sent | more
        found = looker.look(order, receipt)
        assert found.changed is changed, more
        assert "Épingle" in found.text
        assert (more.get("title") or "Launch") in found.text or not more.get("title", True)


# --- X ----------------------------------------------------------------------------------------------------------------


def test_an_edit_of_x_is_another_post(sender: Any, sandbox: SandboxServer) -> None:
    """Under the receipt's id the old words stay: the newest are told, which is a second read."""
    looker = sender("x", "edited")
    order = looker.text("avant https://verne.example/a")
    receipt = looker.receipt(order)
    bench = SandboxBench(sandbox, "x")
    for text in ("après", "encore après"):
        bench.alter("edited", receipt.id, text)
    before = len(sandbox.state.calls)
    assert looker.look(order, receipt) == Sighting("encore après", True)
    paths = [call["path"] for call in list(sandbox.state.calls)[before:]]
    assert len(paths) == 2
    assert paths[0].endswith(receipt.id)
    assert paths[1] != paths[0]


@pytest.mark.parametrize(
    "problem",
    [
        {"type": "https://api.x.com/2/problems/not-authorized-for-resource", "detail": "Sorry, you are not authorized"},
        {"type": "https://api.x.com/2/problems/resource-not-found", "detail": "User has been suspended: [1]."},
        {"type": "about:blank", "detail": "Could not find tweet with id: [1]."},
    ],
)
def test_a_problem_of_xs_that_is_no_removal(sender: Any, problem: JsonObject) -> None:
    """A 200 without data tells of many things."""
    looker = sender("x", "problem")
    me = {"data": {"id": "2", "username": "problem"}}
    answering(looker.adapter, {"/me": (200, me), "/1": (200, {"errors": [{"title": "Problem", **problem}]})})
    with pytest.raises(NetworkError):
        looker.look(looker.text("x"), Receipt("1"))


def test_a_long_post_is_told_whole(sender: Any) -> None:
    """X cuts the text of one, and has the rest as a note."""
    looker = sender("x", "long")
    note = {
        "text": "a &amp; https://t.co/1",
        "entities": {"urls": [{"url": "https://t.co/1", "expanded_url": "https://e.x/"}]},
    }
    post = {"id": "1", "text": "a…", "edit_history_tweet_ids": ["1"], "note_tweet": note}
    answering(looker.adapter, {"": (200, {"data": post})})
    assert looker.look(looker.text("a"), Receipt("1")) == Sighting("a & https://e.x/", False)


# --- Bluesky ----------------------------------------------------------------------------------------------------------


def test_a_record_that_differs_in_anything_is_changed(sender: Any, sandbox: SandboxServer) -> None:
    """The content identifier tells, also where the words are the same; without one, the words do."""
    looker = sender("bluesky", "cid.verne.example")
    order = looker.text("Bonjour")
    receipt = looker.receipt(order)
    nameless = replace(receipt, data={})
    bench = SandboxBench(sandbox, "bluesky")
    [post] = [p for p in sandbox.state.posts if p.id == receipt.id]
    post.data["record"]["langs"] = ["nl"]
    bench.alter("cid", receipt.id, "Bonjour")
    assert [looker.look(order, r) for r in (receipt, nameless)] == [Sighting("Bonjour", c) for c in (True, False)]
    bench.alter("cid", receipt.id, "Bonsoir")
    assert [looker.look(order, r) for r in (receipt, nameless)] == [Sighting("Bonsoir", True)] * 2


def test_members_and_chats_are_not_looked_at(sender: Any) -> None:
    """There is no way to, so nothing is asked."""
    for network in ("linkedin_member", "telegram"):
        looker = sender(network, "unseen")
        asked = answering(looker.adapter, {})
        with pytest.raises(Unsupported):
            looker.adapter.look(looker.text("x"), Receipt("1"))
        assert asked == []
