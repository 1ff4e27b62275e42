"""What the sandbox does around its twins: accounts, faults, contracts, pages, and its memory."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from presstime.errors import UsageError
from presstime.sandbox.archive import Archive
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import Post
from tests.sandbox.test_twins import DELETE, PUT, RKEY, png, record, toot, tweet

SEND = {
    "mastodon": ("/mastodon/api/v1/statuses", {"status": "Bonjour"}),
    "x": ("/x/2/tweets", {"text": "Bonjour"}),
    "telegram": ("/telegram/botsandbox-verne/sendMessage", {"chat_id": "@verne", "text": "Bonjour"}),
}
REFUSED = {
    "mastodon": {"error": "The access token is invalid"},
    "x": {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401},
    "telegram": {"ok": False, "error_code": 401, "description": "Unauthorized"},
}


def posts(client: httpx.Client) -> list[dict[str, Any]]:
    return list(client.get("/_sandbox/posts").json()["posts"])


def removed(client: httpx.Client) -> list[dict[str, Any]]:
    return list(client.get("/_sandbox/posts", params={"removed": "1"}).json()["posts"])


def stamp(client: httpx.Client) -> str:
    return re.findall(r'data-stamp="(\w+)"', client.get("/").text)[0]


def fault(client: httpx.Client, **what: Any) -> httpx.Response:
    return client.post("/_sandbox/faults", json=what)


@pytest.mark.parametrize("network", SEND)
def test_tokens_are_accounts(client: httpx.Client, network: str) -> None:
    """Every token has an account; `sandbox-NAME` is NAME's; one that begins with `wrong-` gets the network's own 401."""
    path, body = SEND[network]
    for token, status in (("sandbox-verne", 200), ("anything", 200), ("wrong-one", 401)):
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post(path.replace("sandbox-verne", token), json=body, headers=headers)
        assert answer.status_code // 100 == status // 100
    assert answer.json() == REFUSED[network]
    if network != "telegram":
        names = {post["account"] for post in posts(client)}
        assert "verne" in names
        assert any(name.startswith("account-") for name in names)


def test_a_bluesky_password_can_be_wrong(client: httpx.Client) -> None:
    """A login with a password that begins with `wrong-` is the PDS's AuthenticationRequired."""
    who = {"identifier": "verne.example", "password": "wrong-one"}
    answer = client.post("/bluesky/xrpc/com.atproto.server.createSession", json=who)
    assert (answer.status_code, answer.json()["error"]) == (401, "AuthenticationRequired")


@pytest.mark.parametrize(("kind", "accepted"), [("5xx-before", 0), ("5xx-after", 1)])
@pytest.mark.parametrize("network", SEND)
def test_a_failing_server(client: httpx.Client, network: str, kind: str, accepted: int) -> None:
    """Before or after it accepted, the answer is a 5xx; only the posts tell which it was."""
    fault(client, network=network, kind=kind)
    path, body = SEND[network]
    assert client.post(path, json=body).status_code >= 500
    assert len(posts(client)) == accepted


@pytest.mark.parametrize(("kind", "accepted"), [("drop-before", 0), ("drop-after", 1)])
@pytest.mark.parametrize("network", SEND)
def test_a_dropped_connection(client: httpx.Client, network: str, kind: str, accepted: int) -> None:
    """The client sees its connection break, for real, without a byte of an answer."""
    fault(client, network=network, kind=kind)
    path, body = SEND[network]
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.post(path, json=body)
    assert len(posts(client)) == accepted


def test_faults_are_chosen_by_account_path_and_turn(client: httpx.Client) -> None:
    """A fault waits for its account, its path and its turn, and strikes as often as it says."""
    fault(client, network="mastodon", kind="5xx-before", account="nemo")
    assert toot(client, "un").status_code == 200
    fault(client, network="mastodon", kind="5xx-before", nth=2, times=2)
    assert [toot(client, f"t{n}").status_code for n in range(4)] == [200, 503, 503, 200]
    fault(client, network="mastodon", kind="429", path="*/verify_credentials", seconds=30)
    assert toot(client, "deux").status_code == 200
    answer = client.get("/mastodon/api/v1/accounts/verify_credentials")
    assert answer.status_code == 429
    assert answer.headers["x-ratelimit-reset"] == "2026-03-01T09:00:30.000000Z"


def test_slow_is_slow(client: httpx.Client) -> None:
    """A slow answer comes after its seconds, and comes."""
    fault(client, network="x", kind="slow", seconds=0.2)
    before = time.monotonic()
    assert tweet(client, "Lent").status_code == 201
    assert time.monotonic() - before >= 0.2


@pytest.mark.parametrize(
    "wrong", [{"kind": "429"}, {"network": "x", "kind": "fire"}, {"network": "x", "kind": "429", "a": 1}, 5]
)
def test_a_fault_that_is_none_is_refused(client: httpx.Client, wrong: Any) -> None:
    """A slip in a script is told, not ignored."""
    answer = client.post("/_sandbox/faults", json=wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_every_answer_tells_the_rate(client: httpx.Client) -> None:
    """Each network's own headers count down."""
    first, second = (toot(client, text).headers["x-ratelimit-remaining"] for text in ("un", "deux"))
    assert int(second) == int(first) - 1
    assert tweet(client, "x").headers["x-rate-limit-reset"].isdigit()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/x/2/tweets", {"texte": "x"}, 400),
        ("/x/2/tweets", {"text": "x", "media": {"media_ids": ["no"]}}, 400),
        ("/mastodon/api/v1/statuses", {"status": "x", "visibility": "everyone"}, 422),
        ("/telegram/bot1:a/sendMessage", {"text": "x"}, 400),
        ("/mastodon/api/v1/status", {"status": "x"}, 404),
        ("/mastodon/v1/statuses", {"status": "x"}, 404),
    ],
)
def test_a_request_nobody_documents_is_a_violation(client: httpx.Client, path: str, body: Any, status: int) -> None:
    """It gets the network's own 4xx, is recorded, and shows on the page."""
    assert client.post(path, json=body).status_code == status
    [violation] = client.get("/_sandbox/violations").json()["violations"]
    assert violation["problems"]
    assert "broke the contract" in client.get("/").text
    assert posts(client) == []


def test_a_body_that_is_no_json(client: httpx.Client) -> None:
    """Broken bodies are refused in the network's words, not with a traceback."""
    for path in ("/mastodon/api/v1/statuses", "/x/2/tweets", "/bluesky/xrpc/com.atproto.server.createSession"):
        for content, kind in (
            (b"{", "application/json"),
            (b"--x", "multipart/form-data; boundary=x"),
            (b"[1]", "application/json"),
        ):
            answer = client.post(path, content=content, headers={"Content-Type": kind})
            assert 400 <= answer.status_code < 500


def test_pages_show_alt_texts_and_names_as_words(client: httpx.Client) -> None:
    """Names, alt texts and cards are words, too: none of them can end an attribute or open a tag."""
    evil = '"><img src=x onerror=alert(1)>'
    uploaded = client.post(
        "/mastodon/api/v2/media", data={"description": evil}, files={"file": ("a.png", png(), "image/png")}
    )
    toot(client, "x", media_ids=[uploaded.json()["id"]])
    client.post(
        "/telegram/bot1:a/sendMessage", json={"chat_id": "@verne", "text": "x", "link_preview_options": {"url": evil}}
    )
    page = client.get("/").text
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page


def test_requests_are_counted(client: httpx.Client, server: SandboxServer) -> None:
    """`/_sandbox/requests` knows how often what was asked, and keeps no credential."""
    tweet(client, "un")
    tweet(client, "deux")
    seen = client.get("/_sandbox/requests")
    assert seen.json()["counts"]["x createPosts"] == 2
    client.post("/telegram/botsandbox-verne/sendMessage", json={"chat_id": "@verne", "text": "x"})
    assert "sandbox-verne" not in seen.text + str(list(server.state.calls))


def test_pages_show_words_and_nothing_else(client: httpx.Client) -> None:
    """What looks like HTML is shown, not run; a link leads only to the web; the page loads nothing from elsewhere."""
    toot(client, '<script>alert(1)</script> "quoted" javascript:alert(1) https://example.com/a')
    page = client.get("/")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert '<a href="https://example.com/a"' in page.text
    assert 'href="javascript' not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_every_post_has_its_pages(client: httpx.Client) -> None:
    """The post's own page, its account's and its network's show it; another network's does not."""
    url = toot(client, "Le Nautilus").json()["url"]
    for path in ("/", "/mastodon", "/mastodon/@verne", url):
        assert "Le Nautilus" in client.get(path).text
    assert "Le Nautilus" not in client.get("/x").text
    assert client.get("/mastodon/@nobody").status_code == 404


def test_a_thread_is_shown_as_one(client: httpx.Client) -> None:
    """Answers stand below what they answer, in order."""
    first = toot(client, "premier").json()["id"]
    second = toot(client, "deuxième", in_reply_to_id=first).json()["id"]
    toot(client, "ailleurs")
    toot(client, "troisième", in_reply_to_id=second)
    page = client.get("/mastodon").text
    assert page.count('<section class="thread') == 2
    assert page.index("premier") < page.index("deuxième") < page.index("troisième") < page.index("ailleurs")


def test_alt_texts_are_readable(client: httpx.Client) -> None:
    """Pictures are shown with their alt text, for the eye and for the ear."""
    media = client.post(
        "/mastodon/api/v2/media", data={"description": "Une carte"}, files={"file": ("a.png", png(), "image/png")}
    )
    toot(client, "x", media_ids=[media.json()["id"]])
    page = client.get("/").text
    assert 'alt="Une carte"' in page
    shown = client.get(media.json()["url"])
    assert (shown.headers["content-type"], shown.content) == ("image/png", png())


def test_timelines_outlive_the_server(tmp_path: Path) -> None:
    """With a data file a restarted sandbox has its posts, pictures and keys; without one it is empty."""
    data = tmp_path / "sandbox.sqlite"
    found = []
    for file in (data, data, None):
        with SandboxServer(data=file) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
            client.headers["Authorization"] = "Bearer sandbox-verne"
            found.append(len(posts(client)))
            if file:
                found.append(toot(client, "Un", "key").json()["id"])
    assert found == [0, found[1], 1, found[1], 0]


def test_changes_outlive_the_server(tmp_path: Path) -> None:
    """What was edited and what was removed is so after a restart, also where an id was given twice."""
    data = tmp_path / "sandbox.sqlite"
    who = {"identifier": "verne.example", "password": "sandbox-x"}
    body = {"repo": "verne.example", "collection": "app.bsky.feed.post", "rkey": RKEY}
    found = []
    with SandboxServer(data=data) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        client.headers["Authorization"] = "Bearer sandbox-verne"
        client.put(f"/mastodon/api/v1/statuses/{toot(client, 'avant').json()['id']}", json={"status": "après"})
        session = client.post("/bluesky/xrpc/com.atproto.server.createSession", json=who).json()
        client.headers["Authorization"] = f"Bearer {session['accessJwt']}"
        for text in ("un", "deux", "trois"):
            client.post(DELETE, json=body)
            client.post(PUT, json={**body, "record": record(text)})
        found.append((posts(client), removed(client), client.get("/").text.count("<article")))
    with SandboxServer(data=data) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        found.append((posts(client), removed(client), client.get("/").text.count("<article")))
    assert found[0] == found[1]
    assert [(post["text"], post["edited"]) for post in found[0][0]] == [("après", True), ("trois", False)]
    assert [post["text"] for post in found[0][1]] == ["un", "deux"]
    assert found[0][2] == 4


def test_an_archive_of_before_edits(tmp_path: Path) -> None:
    """A file whose posts know nothing of edits is read as it is."""
    data = tmp_path / "sandbox.sqlite"
    post = Post("x", "1", "verne", "Un", datetime(2026, 3, 1, 9, tzinfo=UTC), "/x/verne/status/1").to_json()
    archive = Archive(data)
    archive.put("post", "x/1", {name: value for name, value in post.items() if name not in ("edits", "removed")})
    archive.close()
    with SandboxServer(data=data) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        assert [(post["text"], post["edited"]) for post in posts(client)] == [("Un", False)]


@pytest.mark.parametrize(("kind", "changed"), [("5xx-before", False), ("5xx-after", True)])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_changes_fail_as_sends_do(client: httpx.Client, method: str, kind: str, changed: bool) -> None:
    """Readers see the effect of edits and takedowns, so a fault without a path strikes them, too."""
    path = f"/mastodon/api/v1/statuses/{toot(client, 'avant').json()['id']}"
    fault(client, network="mastodon", kind=kind)
    assert client.request(method, path, json={"status": "après"}).status_code >= 500
    after = ["après"] if method == "PUT" else []
    assert [post["text"] for post in posts(client)] == (after if changed else ["avant"])


def test_the_page_shows_what_was_edited_and_retracted(client: httpx.Client) -> None:
    """Earlier words can be reached; what was retracted is struck out, keeps its place in its thread, and is not counted."""
    first = toot(client, "premier <jet>").json()
    second = toot(client, "suite", in_reply_to_id=first["id"]).json()
    stamps = [stamp(client)]
    client.put(f"/mastodon/api/v1/statuses/{first['id']}", json={"status": "deuxième jet"})
    stamps.append(stamp(client))
    page = client.get("/mastodon").text
    assert "<summary>edited</summary>" in page
    assert page.index("deuxième jet") < page.index("premier &lt;jet&gt;")
    client.delete(f"/mastodon/api/v1/statuses/{first['id']}")
    page = client.get("/").text
    assert "<del>deuxième jet</del>" in page
    assert "Retracted" in page
    assert page.count('<section class="thread') == 1
    assert 'All <span class="count">1</span>' in page
    assert len({*stamps, stamp(client)}) == 3  # the open page of a reader is renewed each time
    assert "Retracted" in client.get(first["url"]).text
    assert [post["id"] for post in posts(client)] == [second["id"]]
    assert [(post["id"], post["removed"] is not None) for post in removed(client)] == [(first["id"], True)]


# --- by hand ----------------------------------------------------------------------------------------------------------


def by_hand(client: httpx.Client, **what: Any) -> httpx.Response:
    return client.post("/_sandbox/posts", json=what)


def test_a_post_is_changed_and_removed_by_hand(client: httpx.Client) -> None:
    """As somebody might there: the API tells what readers see, and the page what it was."""
    status = toot(client, "avant").json()
    who = {"network": "mastodon", "id": status["id"]}
    answer = by_hand(client, **who, text="après #Nantes")
    assert (answer.status_code, answer.json()["text"], answer.json()["edited"]) == (200, "après #Nantes", True)
    path = f"/mastodon/api/v1/statuses/{status['id']}"
    there = client.get(path).json()
    assert there["edited_at"]
    assert [tag["name"] for tag in there["tags"]] == ["nantes"]
    assert by_hand(client, **who, removed=True).json()["removed"]
    assert client.get(path).status_code == 404
    assert posts(client) == []
    assert by_hand(client, **who, text="trop tard").status_code == 404


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ({"network": "mastodon", "id": "1", "text": "x"}, 404),
        ({"network": "orkut", "id": "1", "removed": True}, 404),
        ({"network": "mastodon", "id": "1"}, 400),
    ],
)
def test_a_hand_that_reaches_for_nothing(client: httpx.Client, what: dict[str, Any], status: int) -> None:
    """Told, in words."""
    answer = by_hand(client, **what)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert client.post("/_sandbox/posts", content=b"[1]").status_code == 400


def test_the_page_has_a_form_for_it(client: httpx.Client, server: SandboxServer) -> None:
    """It leads back to the page, which shows the earlier words; line ends are as they were; strangers' pages have none."""
    status = toot(client, "une\ndeux <b>").json()
    page = client.get(status["url"])
    form = re.search(r'<form method="post" action="(.*?)">(.*?)</form>', page.text, re.DOTALL)
    assert form
    fields = dict(re.findall(r'name="(\w+)" value="(.*?)"', form[2]))
    assert fields == {"network": "mastodon", "id": status["id"], "removed": "1"}
    assert re.search(r">\s*une\ndeux &lt;b&gt;</textarea>", form[2])
    del fields["removed"]
    answer = client.post(form[1], data={**fields, "text": "une\r\ntrois"})
    assert (answer.status_code, answer.headers["location"]) == (303, status["url"].removeprefix(server.url))
    assert [post["text"] for post in posts(client)] == ["une\ntrois"]
    strange = client.post(form[1], data={**fields, "removed": "1"}, headers={"Origin": "https://elsewhere.example"})
    assert strange.status_code == 403
    assert len(posts(client)) == 1
    client.post(form[1], data={**fields, "text": "", "removed": "1"}, headers={"Origin": server.url})
    assert posts(client) == []
    assert "<form" not in client.get(status["url"]).text


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    """Two sandboxes on one port: the second says so and what to do."""
    with SandboxServer() as server, pytest.raises(UsageError) as caught:
        SandboxServer(port=int(server.url.rpartition(":")[2]))
    assert "--port" in caught.value.advice


def test_a_data_file_that_is_something_else(tmp_path: Path) -> None:
    """A file that is no sandbox's is not touched."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be taken for one by mistake " * 20)
    with pytest.raises(UsageError):
        SandboxServer(data=path)
    assert path.read_text().startswith("not a database")
