"""The twins behave as the vendors say theirs do: what is kept, what is refused, and in which words."""

import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
from PIL import Image

from presstime.sandbox.cid import cid_of
from tests.sandbox.conftest import Clock

PUT, DELETE = (f"/bluesky/xrpc/com.atproto.repo.{name}Record" for name in ("put", "delete"))
RKEY = "3mfxqkz2abc2d"


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), "teal").save(buffer, "PNG")
    return buffer.getvalue()


# --- Mastodon ---


def toot(client: httpx.Client, text: str, key: str | None = None, **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/mastodon/api/v1/statuses", json={"status": text, **more}, headers=headers)


def test_mastodon_keeps_a_key_for_an_hour(client: httpx.Client, clock: Clock) -> None:
    """The same key gives the first status back, whatever the body says, for an hour; then it is a new one."""
    first = toot(client, "Un", "k").json()
    clock.at += timedelta(minutes=59, seconds=59)
    again = toot(client, "Deux", "k").json()
    assert (again["id"], again["content"]) == (first["id"], "<p>Un</p>")
    clock.at += timedelta(seconds=1)
    assert toot(client, "Un", "k").json()["id"] != first["id"]


def test_mastodon_keys_belong_to_accounts(client: httpx.Client) -> None:
    """Another account's key of the same name is another key."""
    first = toot(client, "Un", "k").json()
    other = client.post(
        "/mastodon/api/v1/statuses",
        json={"status": "Un"},
        headers={"Idempotency-Key": "k", "Authorization": "Bearer sandbox-nemo"},
    )
    assert other.json()["id"] != first["id"]


def test_mastodon_answers_html(client: httpx.Client) -> None:
    """Plain text goes in, HTML comes out; `/source` gives the text back."""
    status = toot(client, "A & <b>\nligne\n\nparagraphe https://example.com/a #Nantes").json()
    assert status["content"].startswith("<p>A &amp; &lt;b&gt;<br />ligne</p><p>paragraphe <a href=")
    assert '<a href="/tags/nantes" class="mention hashtag"' in status["content"]
    source = client.get(f"/mastodon/api/v1/statuses/{status['id']}/source").json()
    assert source["text"] == "A & <b>\nligne\n\nparagraphe https://example.com/a #Nantes"


def test_mastodon_works_on_pictures(client: httpx.Client) -> None:
    """A picture may come back unfinished (202), cannot be attached then, and is done after some looks (206, 200)."""
    client.post("/_sandbox/faults", json={"network": "mastodon", "kind": "processing"})
    uploaded = client.post("/mastodon/api/v2/media", files={"file": ("a.png", png(), "image/png")})
    assert (uploaded.status_code, uploaded.json()["url"]) == (202, None)
    media = uploaded.json()["id"]
    assert toot(client, "x", media_ids=[media]).status_code == 422
    looks = [client.get(f"/mastodon/api/v1/media/{media}").status_code for _ in range(2)]
    assert looks == [206, 200]
    assert toot(client, "x", media_ids=[media]).status_code == 200


def test_mastodon_edits_in_place(client: httpx.Client, clock: Clock) -> None:
    """The id stays and `edited_at` tells; without `media_ids` the pictures go; an edit that changes nothing leaves no trace."""
    media = client.post("/mastodon/api/v2/media", files={"file": ("a.png", png(), "image/png")}).json()["id"]
    first = toot(client, "Un", media_ids=[media]).json()
    path = f"/mastodon/api/v1/statuses/{first['id']}"
    clock.at += timedelta(hours=1)
    same = client.put(path, json={"status": "Un", "media_ids": [media]}).json()
    assert same == first
    described = {"id": media, "description": "Une carte"}
    edited = client.put(path, json={"status": "Deux", "media_ids": [media], "media_attributes": [described]}).json()
    assert (edited["id"], edited["content"]) == (first["id"], "<p>Deux</p>")
    assert (edited["created_at"], edited["edited_at"]) == (first["created_at"], "2026-03-01T10:00:00.000Z")
    assert edited["media_attachments"][0]["description"] == "Une carte"
    assert client.put(path, json={"status": "Deux"}).json()["media_attachments"] == []


def test_mastodon_deletes_for_good(client: httpx.Client) -> None:
    """The answer has the source; then the status is a 404 to everybody, its key included, and an answer to it has no parent."""
    status = toot(client, "Un", "k").json()
    reply = toot(client, "Deux", in_reply_to_id=status["id"]).json()
    path = f"/mastodon/api/v1/statuses/{status['id']}"
    assert client.delete(path).json()["text"] == "Un"
    for answer in (
        client.delete(path),
        client.put(path, json={"status": "x"}),
        client.get(path),
        toot(client, "Un", "k"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "Record not found")
    assert client.get(f"/mastodon/api/v1/statuses/{reply['id']}").json()["in_reply_to_id"] is None


def test_mastodon_hides_what_is_not_ones_own(client: httpx.Client) -> None:
    """Another account's status can be neither edited nor deleted: it is not found."""
    path = f"/mastodon/api/v1/statuses/{toot(client, 'Un').json()['id']}"
    other = {"Authorization": "Bearer sandbox-nemo"}
    assert client.put(path, json={"status": "x"}, headers=other).status_code == 404
    assert client.delete(path, headers=other).status_code == 404
    assert client.get(path).json()["content"] == "<p>Un</p>"


@pytest.mark.parametrize(
    "body", [{"status": ""}, {"status": "x" * 501}, {"status": "x", "media_ids": ["1"]}, {"in_reply_to_id": "1"}]
)
def test_mastodon_validates(client: httpx.Client, body: dict[str, Any]) -> None:
    """An empty or too long text and unknown media are a 422 with an `error`."""
    answer = client.post("/mastodon/api/v1/statuses", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Validation failed")


# --- Bluesky ---


@pytest.fixture
def session(client: httpx.Client) -> dict[str, str]:
    who = {"identifier": "verne.example", "password": "sandbox-x"}
    opened: dict[str, str] = client.post("/bluesky/xrpc/com.atproto.server.createSession", json=who).json()
    client.headers["Authorization"] = f"Bearer {opened['accessJwt']}"
    return opened


def record(text: str) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-03-01T09:00:00.000Z"}


def put(client: httpx.Client, session: dict[str, str], text: str, **more: Any) -> httpx.Response:
    body = {"repo": session["did"], "collection": "app.bsky.feed.post", "rkey": RKEY, "record": record(text)}
    return client.post(PUT, json={**body, **more})


def test_bluesky_put_is_create_or_nothing(client: httpx.Client, session: dict[str, str]) -> None:
    """With `swapRecord: null`: created if absent, nothing done if the same, InvalidSwap if something else stands there."""
    first = put(client, session, "Un", swapRecord=None)
    assert first.json()["cid"] == cid_of(record("Un"))
    assert put(client, session, "Un", swapRecord=None).json() == first.json()
    other = put(client, session, "Deux", swapRecord=None)
    assert (other.status_code, other.json()["error"]) == (400, "InvalidSwap")
    assert first.json()["cid"] in other.json()["message"]


def test_bluesky_put_without_swap_overwrites(client: httpx.Client, session: dict[str, str]) -> None:
    """The trap: without `swapRecord` a different record silently takes the place."""
    put(client, session, "Un")
    assert put(client, session, "Deux").status_code == 200
    texts = [post["text"] for post in client.get("/_sandbox/posts").json()["posts"]]
    assert texts == ["Deux"]


def test_bluesky_delete_ensures_that_nothing_is_there(client: httpx.Client, session: dict[str, str]) -> None:
    """A commit the first time, nothing the second; another content identifier is an InvalidSwap; the key is free again."""
    body = {"repo": session["did"], "collection": "app.bsky.feed.post", "rkey": RKEY}
    put(client, session, "Un")
    wrong = client.post(DELETE, json={**body, "swapRecord": cid_of(record("Deux"))})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "InvalidSwap")
    assert set(client.post(DELETE, json=body).json()["commit"]) == {"cid", "rev"}
    assert client.post(DELETE, json=body).json() == {}
    assert put(client, session, "Deux", swapRecord=None).status_code == 200


def test_bluesky_create_on_a_taken_key_is_a_500(client: httpx.Client, session: dict[str, str]) -> None:
    """As on a real PDS, which does not map this error: it looks worth a retry and is not."""
    body = {"repo": session["did"], "collection": "app.bsky.feed.post", "rkey": RKEY, "record": record("Un")}
    statuses = [client.post("/bluesky/xrpc/com.atproto.repo.createRecord", json=body).status_code for _ in range(2)]
    assert statuses == [200, 500]


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦" * 301, "é" * 1501, "x" * 301])
def test_bluesky_counts_graphemes_and_bytes(client: httpx.Client, session: dict[str, str], text: str) -> None:
    """More than 300 graphemes or 3,000 bytes are an InvalidRequest."""
    answer = put(client, session, text)
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidRequest")


def test_bluesky_sessions_end(client: httpx.Client, session: dict[str, str], clock: Clock) -> None:
    """After two hours the token is expired (400), and the refresh token gives a new one."""
    clock.at += timedelta(minutes=121)
    answer = put(client, session, "Un")
    assert (answer.status_code, answer.json()["error"]) == (400, "ExpiredToken")
    refresh = {"Authorization": f"Bearer {session['refreshJwt']}"}
    renewed = client.post("/bluesky/xrpc/com.atproto.server.refreshSession", headers=refresh).json()
    client.headers["Authorization"] = f"Bearer {renewed['accessJwt']}"
    assert put(client, session, "Un").status_code == 200


def test_bluesky_knows_every_handle_but_the_invalid(client: httpx.Client) -> None:
    """`.invalid` is reserved for names that nobody has (RFC 2606)."""
    path = "/bluesky/xrpc/com.atproto.identity.resolveHandle"
    assert client.get(path, params={"handle": "jules.verne.example"}).json()["did"].startswith("did:plc:")
    assert client.get(path, params={"handle": "nobody.invalid"}).status_code == 400


# --- X ---


def tweet(client: httpx.Client, text: str, **more: Any) -> httpx.Response:
    return client.post("/x/2/tweets", json={"text": text, **more})


def test_x_refuses_a_text_twice(client: httpx.Client, clock: Clock) -> None:
    """The second one is a 403 that does not name the first; a while later it is taken."""
    first = tweet(client, "Bonjour")
    assert first.status_code == 201
    second = tweet(client, "Bonjour")
    assert second.status_code == 403
    assert "duplicate content" in second.json()["detail"]
    assert first.json()["data"]["id"] not in second.text
    clock.at += timedelta(hours=2)
    assert tweet(client, "Bonjour").status_code == 201


def test_x_deletes_ones_own(client: httpx.Client) -> None:
    """Once, with a yes; then it is a resource not found. Another's post is a 403, and a text just deleted still a duplicate."""
    path = f"/x/2/tweets/{tweet(client, 'Bonjour').json()['data']['id']}"
    assert client.delete(path, headers={"Authorization": "Bearer sandbox-nemo"}).status_code == 403
    assert client.delete(path).json() == {"data": {"deleted": True}}
    again = client.delete(path)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (404, "resource-not-found")
    assert tweet(client, "Bonjour").status_code == 403


def test_x_wraps_links(client: httpx.Client) -> None:
    """Texts come back with t.co links, `&` escaped, and `entities` whose offsets fit."""
    text = "A & B: https://example.com/a?b=c and example.org, end"
    tweet(client, text)
    me = client.get("/x/2/users/me").json()["data"]["id"]
    [bare] = client.get(f"/x/2/users/{me}/tweets").json()["data"]
    assert bare.keys() == {"id", "text", "edit_history_tweet_ids"}  # the rest must be asked for
    [shown] = client.get(f"/x/2/users/{me}/tweets", params={"tweet.fields": "entities"}).json()["data"]
    urls = shown["entities"]["urls"]
    assert [u["expanded_url"] for u in urls] == ["https://example.com/a?b=c", "http://example.org"]
    assert all(shown["text"][u["start"] : u["end"]] == u["url"] for u in urls)
    assert shown["text"].startswith("A &amp; B: https://t.co/")


def test_x_answers_only_oneself(client: httpx.Client) -> None:
    """Self-serve access may reply to its own posts, and to nobody else's."""
    mine = tweet(client, "Un").json()["data"]["id"]
    assert tweet(client, "Deux", reply={"in_reply_to_tweet_id": mine}).status_code == 201
    other = {"Authorization": "Bearer sandbox-nemo"}
    answer = client.post("/x/2/tweets", json={"text": "x", "reply": {"in_reply_to_tweet_id": mine}}, headers=other)
    assert answer.status_code == 403


def test_x_counts_weights(client: httpx.Client) -> None:
    """280 weighted: 140 Chinese signs fit, 141 do not; a link counts 23 whatever its length."""
    assert tweet(client, "字" * 140).status_code == 201
    assert tweet(client, "字" * 141).status_code == 403
    assert tweet(client, "a" * 256 + " https://example.com/" + "b" * 200).status_code == 201


# --- Telegram ---


def test_telegram_counts_messages_in_each_chat(client: httpx.Client) -> None:
    """Ids are sequential per chat; an album takes one for each picture."""

    def send(chat: str) -> int:
        answer = client.post("/telegram/bot1:a/sendMessage", json={"chat_id": chat, "text": "x"})
        return int(answer.json()["result"]["message_id"])

    assert [send("@verne"), send("@verne"), send("@nemo_")] == [1, 2, 1]
    album = [{"type": "photo", "media": f"attach://{n}"} for n in "abc"]
    import json

    answer = client.post(
        "/telegram/bot1:a/sendMediaGroup",
        data={"chat_id": "@verne", "media": json.dumps(album)},
        files={n: ("a.png", png(), "image/png") for n in "abc"},
    )
    assert [m["message_id"] for m in answer.json()["result"]] == [3, 4, 5]
    assert send("@verne") == 6


def bot(client: httpx.Client, method: str, number: int = 1, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.post(
        f"/telegram/bot{number}:a/{method}", json={"chat_id": "@verne", **params}
    ).json()
    return answer


def test_telegram_edits_words(client: httpx.Client) -> None:
    """The message is answered as it is now; the same again, another bot's, no text there and no such message are errors."""
    number = bot(client, "sendMessage", text="Un")["result"]["message_id"]
    edited = bot(client, "editMessageText", message_id=number, text="Deux")["result"]
    assert (edited["message_id"], edited["text"], edited["edit_date"]) == (number, "Deux", edited["date"])
    wrong = {
        "message is not modified": bot(client, "editMessageText", message_id=number, text="Deux"),
        "message can't be edited": bot(client, "editMessageText", 2, message_id=number, text="Trois"),
        "there is no caption in the message": bot(client, "editMessageCaption", message_id=number, caption="Trois"),
        "message to edit not found": bot(client, "editMessageText", message_id=99, text="Trois"),
    }
    assert [words for words, answer in wrong.items() if words not in answer["description"]] == []


def test_telegram_deletes_for_two_days(client: httpx.Client, clock: Clock) -> None:
    """Within 48 hours of sending; several at once, where those that are not found are passed over. Numbers do not come again."""
    numbers = [bot(client, "sendMessage", text=text)["result"]["message_id"] for text in ("Un", "Deux", "Trois")]
    assert bot(client, "deleteMessage", message_id=numbers[2])["result"] is True
    assert bot(client, "deleteMessage", message_id=numbers[2])["description"].endswith("message to delete not found")
    assert bot(client, "deleteMessages", message_ids=[numbers[1], numbers[2], 99])["result"] is True
    clock.at += timedelta(hours=48)
    assert "can't be deleted" in bot(client, "deleteMessage", message_id=numbers[0])["description"]
    assert bot(client, "sendMessage", text="Quatre")["result"]["message_id"] == numbers[2] + 1


def test_telegram_cannot_list(client: httpx.Client) -> None:
    """There is no way to read a chat back."""
    for method in ("getChatHistory", "getMessages", "getUpdates"):
        assert client.post(f"/telegram/bot1:a/{method}", json={"chat_id": "@verne"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"text": " "}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "x", "reply_parameters": {"message_id": 9}}, "message to be replied not found"),
    ],
)
def test_telegram_says_what_is_wrong(client: httpx.Client, body: dict[str, Any], words: str) -> None:
    """Errors are `ok: false` with a description, and the HTTP status repeats the code."""
    answer = client.post("/telegram/bot1:a/sendMessage", json={"chat_id": "@verne", **body})
    assert answer.json() == {"ok": False, "error_code": 400, "description": f"Bad Request: {words}"}
    assert answer.status_code == 400
