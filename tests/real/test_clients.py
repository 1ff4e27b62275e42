"""Other people's clients, driven against the twins: the twins are held to what the world expects of those APIs."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from presstime.sandbox.server import SandboxServer

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def readers(sandbox: SandboxServer, network: str, post_id: str, **said: Any) -> None:
    """What readers do: they answer a post, or are counted."""
    answer = httpx.post(f"{sandbox.url}/_sandbox/readers", json={"network": network, "id": post_id, **said})
    assert answer.status_code == 200, answer.text


class TestMastodonPy:
    @pytest.fixture
    def client(self, sandbox: SandboxServer) -> Any:
        mastodon = pytest.importorskip("mastodon", reason="Mastodon.py is not installed")
        return mastodon.Mastodon(access_token="sandbox-verne", api_base_url=f"{sandbox.url}/mastodon")

    def test_status(self, client: Any, sandbox: SandboxServer) -> None:
        """Posts, reads back and gets the first status for a key used twice."""
        first = client.status_post("Bonjour #Nantes", idempotency_key="k1", language="fr", visibility="unlisted")
        again = client.status_post("Autre chose", idempotency_key="k1")
        assert first.id == again.id
        assert (first.account.acct, first.visibility, first.language) == ("verne", "unlisted", "fr")
        assert client.status(first.id).content == first.content
        assert client.status_source(first.id).text == "Bonjour #Nantes"
        assert first.created_at.tzinfo is not None

    def test_thread_and_timeline(self, client: Any) -> None:
        """A reply names its parent, and the own statuses list both, newest first."""
        first = client.status_post("un")
        second = client.status_post("deux", in_reply_to_id=first)
        assert str(second.in_reply_to_id) == str(first.id)
        me = client.account_verify_credentials()
        assert [s.id for s in client.account_statuses(me, limit=2)] == [second.id, first.id]

    def test_what_readers_do(self, client: Any, sandbox: SandboxServer) -> None:
        """A status counts what readers did, and its context has their answers, each with whom it answers."""
        status = client.status_post("Une question ?")
        readers(sandbox, "mastodon", status.id, author="ned", text="Trois & demi")
        readers(sandbox, "mastodon", status.id, counts={"likes": 3, "shares": 2, "quotes": 1})
        context = client.status_context(status.id)
        [reply] = context.descendants
        assert (context.ancestors, reply.account.acct, str(reply.in_reply_to_id)) == ([], "ned", str(status.id))
        assert reply.content == "<p>Trois &amp; demi</p>"
        assert [s.id for s in client.status_context(reply.id).ancestors] == [status.id]
        seen = client.status(status.id)
        assert (seen.favourites_count, seen.reblogs_count, seen.replies_count, seen.quotes_count) == (3, 2, 1, 1)

    def test_limits_and_rights(self, client: Any) -> None:
        """The server's configuration, as the client reads it, and the scopes of the token's app."""
        configuration = client.instance_v2().configuration
        assert configuration.statuses.max_characters == 500
        assert configuration.statuses.characters_reserved_per_url == 23
        assert configuration.media_attachments.image_size_limit == 16 * 1024 * 1024
        assert client.app_verify_credentials().scopes == ["read", "write"]

    def test_media(self, client: Any) -> None:
        """A picture with its description is attached."""
        media = client.media_post(
            picture(), mime_type="image/png", description="Une carte", focus=(0.0, 0.5), synchronous=True
        )
        status = client.status_post("image", media_ids=[media])
        assert status.media_attachments[0].description == "Une carte"

    def test_edit_and_delete(self, client: Any) -> None:
        """An edit keeps the id, and its pictures where it names them; what was deleted comes back as source, once."""
        mastodon = pytest.importorskip("mastodon")
        media = client.media_post(picture(), mime_type="image/png", description="Une carte", synchronous=True)
        status = client.status_post("avant", media_ids=[media])
        edited = client.status_update(status.id, "après", media_ids=[media.id])
        assert (edited.id, edited.content) == (status.id, "<p>après</p>")
        assert edited.edited_at is not None
        assert edited.media_attachments[0].description == "Une carte"
        assert client.status_update(status.id, "après").media_attachments == []
        assert client.status_delete(status.id).text == "après"
        with pytest.raises(mastodon.MastodonNotFoundError):
            client.status_delete(status.id)

    def test_errors(self, client: Any, sandbox: SandboxServer) -> None:
        """Refusals and refused tokens are the client's own kinds of error."""
        mastodon = pytest.importorskip("mastodon")
        with pytest.raises(mastodon.MastodonAPIError, match="500"):
            client.status_post("x" * 501)
        stranger = mastodon.Mastodon(access_token="wrong-one", api_base_url=f"{sandbox.url}/mastodon")
        with pytest.raises(mastodon.MastodonUnauthorizedError):
            stranger.account_verify_credentials()

    def test_rate_limit(self, sandbox: SandboxServer) -> None:
        """A 429 is understood as a limit, with its reset."""
        mastodon = pytest.importorskip("mastodon", reason="Mastodon.py is not installed")
        url = f"{sandbox.url}/mastodon"
        client = mastodon.Mastodon(access_token="sandbox-limited", api_base_url=url, ratelimit_method="throw")
        client.status_post("avant")
        sandbox.state.faults.add({"network": "mastodon", "account": "limited", "kind": "429"})
        with pytest.raises(mastodon.MastodonRatelimitError):
            client.status_post("trop")


class TestTweepy:
    @pytest.fixture
    def client(self, sandbox: SandboxServer) -> Any:
        """tweepy's client, whose fixed host is sent to the sandbox."""
        tweepy = pytest.importorskip("tweepy", reason="tweepy is not installed")
        return self._at(tweepy, sandbox, "sandbox-verne")

    def _at(self, tweepy: Any, sandbox: SandboxServer, token: str) -> Any:
        from requests.adapters import HTTPAdapter

        class Redirected(HTTPAdapter):
            def send(self, request: Any, **kwargs: Any) -> Any:
                request.url = request.url.replace("https://api.twitter.com", f"{sandbox.url}/x").replace(
                    "https://api.x.com", f"{sandbox.url}/x"
                )
                return super().send(request, **kwargs)

        client = tweepy.Client(bearer_token=token)
        client.session.mount("https://", Redirected())
        return client

    def test_posts(self, client: Any) -> None:
        """Posts a thread, and reads it back with expanded links."""
        first = client.create_tweet(text="Un lien https://example.com/a & plus", user_auth=False).data
        second = client.create_tweet(text="suite", in_reply_to_tweet_id=first["id"], user_auth=False).data
        me = client.get_me(user_auth=False).data
        assert me.username == "verne"
        fields = ["created_at", "entities", "referenced_tweets"]
        listed = client.get_users_tweets(me.id, tweet_fields=fields, max_results=5).data
        assert [str(t.id) for t in listed] == [second["id"], first["id"]]
        assert listed[0].referenced_tweets[0].id == int(first["id"])
        assert listed[1].entities["urls"][0]["expanded_url"] == "https://example.com/a"
        assert listed[1].created_at.tzinfo is not None

    def test_what_readers_do(self, client: Any, sandbox: SandboxServer) -> None:
        """A post has public metrics; recent search finds the conversation, with who wrote what in answer to which."""
        post = client.create_tweet(text="Une question ?", user_auth=False).data
        readers(sandbox, "x", post["id"], author="ned", text="Une réponse")
        readers(sandbox, "x", post["id"], counts={"likes": 3, "views": 900, "shares": 2})
        seen = client.get_tweet(post["id"], tweet_fields=["public_metrics"], user_auth=False).data
        assert seen.public_metrics["like_count"] == 3
        assert seen.public_metrics["impression_count"] == 900
        assert seen.public_metrics["retweet_count"] == 2
        assert seen.public_metrics["reply_count"] == 1
        found = client.search_recent_tweets(
            f"conversation_id:{post['id']}",
            tweet_fields=["author_id", "conversation_id", "referenced_tweets"],
            expansions=["author_id"],
            user_auth=False,
        )
        reply = found.data[0]
        assert (str(reply.conversation_id), str(reply.referenced_tweets[0].id)) == (post["id"], post["id"])
        assert {user.id: user.username for user in found.includes["users"]}[reply.author_id] == "ned"
        assert client.get_tweet("404", user_auth=False).errors[0]["title"] == "Not Found Error"

    def test_delete(self, client: Any) -> None:
        """Deleted, and then not found."""
        tweepy = pytest.importorskip("tweepy", reason="tweepy is not installed")
        post = client.create_tweet(text="à retirer", user_auth=False).data
        assert client.delete_tweet(post["id"], user_auth=False).data == {"deleted": True}
        with pytest.raises(tweepy.NotFound):
            client.delete_tweet(post["id"], user_auth=False)

    def test_errors(self, client: Any, sandbox: SandboxServer) -> None:
        """A duplicate is Forbidden, a bad token Unauthorized, a limit TooManyRequests."""
        tweepy = pytest.importorskip("tweepy", reason="tweepy is not installed")
        client.create_tweet(text="encore", user_auth=False)
        with pytest.raises(tweepy.Forbidden, match="duplicate content"):
            client.create_tweet(text="encore", user_auth=False)
        with pytest.raises(tweepy.Unauthorized):
            self._at(tweepy, sandbox, "wrong-one").create_tweet(text="x", user_auth=False)
        sandbox.state.faults.add({"network": "x", "account": "verne", "kind": "429"})
        with pytest.raises(tweepy.TooManyRequests):
            client.create_tweet(text="trop", user_auth=False)


class TestPinterestsOwn:
    """Pinterest's own client, which checks what it gets by the types of the vendor's file."""

    @pytest.fixture
    def client(self, sandbox: SandboxServer) -> Any:
        return self._at(sandbox, "sandbox-verne")

    def _at(self, sandbox: SandboxServer, token: str) -> Any:
        pinterest = pytest.importorskip(
            "openapi_generated.pinterest_client", reason="Pinterest's client is not installed"
        )
        return pinterest.ApiClient(pinterest.Configuration(host=f"{sandbox.url}/pinterest/v5", access_token=token))

    def _pins(self, client: Any) -> Any:
        from openapi_generated.pinterest_client.api.pins_api import PinsApi

        return PinsApi(client)

    def _pin(self, client: Any, pictures: int = 1, **said: Any) -> Any:
        from openapi_generated.pinterest_client.model.pin_create import PinCreate

        images = [{"content_type": "image/png", "data": base64.b64encode(picture()).decode()}] * pictures
        source = {"source_type": "image_base64", **images[0]}
        if pictures > 1:
            source = {"source_type": "multiple_image_base64", "items": images}
        return self._pins(client).pins_create(PinCreate(board_id="1001", media_source=source, **said))

    def test_pins(self, client: Any, sandbox: SandboxServer) -> None:
        """Pins a picture, reads it back with its counts, changes its words and takes it down."""
        from openapi_generated.pinterest_client import exceptions
        from openapi_generated.pinterest_client.model.pin_update import PinUpdate

        pins = self._pins(client)
        link = "https://verne.example/lune"
        pin = self._pin(client, title="La Lune", description="97 heures", link=link, alt_text="Une carte")
        readers(sandbox, "pinterest", pin.id, counts={"views": 12, "saves": 4})
        seen = pins.pins_get(pin.id, pin_metrics=True)
        assert (seen.title, seen.description, seen.link, seen.alt_text) == ("La Lune", "97 heures", link, "Une carte")
        assert (seen.board_id, seen.media["media_type"], seen.creative_type) == ("1001", "image", "REGULAR")
        assert seen.pin_metrics["lifetime_metrics"]["impression"] == 12
        assert pins.pins_update(pin.id, PinUpdate(title="Autour", link=None)).title == "Autour"
        changed = pins.pins_get(pin.id)
        assert (changed.description, changed.link) == ("97 heures", None)
        assert pins.pins_delete(pin.id) is None
        with pytest.raises(exceptions.NotFoundException, match="Pin not found"):
            pins.pins_delete(pin.id)

    def test_boards_page_by_page(self, client: Any) -> None:
        """A board's pins come with a bookmark until there are no more; a pin of several pictures is one."""
        from openapi_generated.pinterest_client.api.boards_api import BoardsApi

        made = [self._pin(client, pictures=n, title=f"n{n}").id for n in (1, 2, 3)]
        boards, found, bookmark = BoardsApi(client), [], {}
        while True:
            page = boards.boards_list_pins("1001", page_size=2, **bookmark)
            found += [(pin["id"], pin["media"]["media_type"]) for pin in page["items"]]
            if page["bookmark"] is None:
                break
            bookmark = {"bookmark": page["bookmark"]}
        assert [(pin, kind) for pin, kind in found if pin in made] == [
            (made[2], "multiple_images"),
            (made[1], "multiple_images"),
            (made[0], "image"),
        ]

    def test_errors(self, client: Any, sandbox: SandboxServer) -> None:
        """A bad token, an app with Trial access and a limit are the client's own kinds of error."""
        from openapi_generated.pinterest_client import exceptions
        from openapi_generated.pinterest_client.api.user_account_api import UserAccountApi

        assert UserAccountApi(client).user_account_get().username == "verne"
        with pytest.raises(exceptions.UnauthorizedException, match="Authentication failed"):
            UserAccountApi(self._at(sandbox, "wrong-one")).user_account_get()
        with pytest.raises(exceptions.ForbiddenException, match="Trial access"):
            self._pin(self._at(sandbox, "sandbox-trial"), title="x")
        sandbox.state.faults.add({"network": "pinterest", "account": "verne", "kind": "429"})
        with pytest.raises(exceptions.ApiException, match=r"\(429\)"):
            self._pin(client, title="trop")


class TestAtproto:
    @pytest.fixture
    def client(self, sandbox: SandboxServer) -> Any:
        atproto = pytest.importorskip("atproto", reason="the atproto SDK is not installed")
        client = atproto.Client(base_url=f"{sandbox.url}/bluesky")
        client.login("verne.example", "sandbox-verne", fetch_bsky_profile=False)
        return client

    def test_posts(self, client: Any) -> None:
        """Posts words, a picture and a reply, and lists them back; the SDK agrees with our content identifiers."""
        from atproto import models
        from atproto_client.models import get_or_create

        did = client._session.did
        first = client.send_post("Bonjour", profile_identify=did)
        image = client.send_image("Une image", picture(), "Une carte", profile_identify=did)
        ref = models.create_strong_ref(first)
        reply = client.send_post(
            "suite", profile_identify=did, reply_to=models.AppBskyFeedPost.ReplyRef(root=ref, parent=ref)
        )
        listed = client.com.atproto.repo.list_records({"repo": did, "collection": "app.bsky.feed.post"}).records
        by_uri = {record.uri: record for record in listed}
        assert {first.uri, image.uri, reply.uri} <= by_uri.keys()
        assert by_uri[image.uri].value.embed.images[0].alt == "Une carte"
        assert by_uri[reply.uri].value.reply.parent.cid == first.cid
        assert [client.delete_post(first.uri) for _ in range(2)] == [True, True]
        left = client.com.atproto.repo.list_records({"repo": did, "collection": "app.bsky.feed.post"}).records
        assert {record.uri for record in left} == by_uri.keys() - {first.uri}
        assert isinstance(
            get_or_create(by_uri[first.uri].value, models.AppBskyFeedPost.Record), models.AppBskyFeedPost.Record
        )

    def test_what_readers_do(self, client: Any, sandbox: SandboxServer) -> None:
        """Counts of a post, and the thread below it, as the SDK's own types."""
        from atproto import models

        post = client.send_post("Combien ?", profile_identify=client._session.did)
        readers(sandbox, "bluesky", post.uri, counts={"likes": 3, "saves": 1})
        readers(sandbox, "bluesky", post.uri, author="ned.example", text="Trois")
        [seen] = client.get_posts([post.uri]).posts
        assert (seen.like_count, seen.bookmark_count, seen.reply_count, seen.author.handle) == (
            3,
            1,
            1,
            "verne.example",
        )
        thread = client.get_post_thread(post.uri, depth=5, parent_height=0).thread
        assert isinstance(thread, models.AppBskyFeedDefs.ThreadViewPost)
        [answer] = thread.replies
        assert (answer.post.author.handle, answer.post.record.text) == ("ned.example", "Trois")
        assert answer.post.record.reply.parent.uri == post.uri

    def test_our_cids_are_the_sdks(self, client: Any) -> None:
        """The identifier the twin gives a record is the one that the SDK's own encoder gives."""
        libipld = pytest.importorskip("libipld", reason="libipld is not installed")
        import hashlib

        did = client._session.did
        created = client.send_post("Un, deux, 東京", profile_identify=did)
        uri, cid = created.uri, created.cid
        raw = client.com.atproto.repo.get_record(
            {"repo": did, "collection": "app.bsky.feed.post", "rkey": uri.rsplit("/", 1)[1]}
        )
        value = raw.value.model_dump(by_alias=True, exclude_none=True)
        digest = hashlib.sha256(libipld.encode_dag_cbor(value)).digest()
        decoded = libipld.decode_cid(cid)
        assert (decoded["codec"], decoded["hash"]["digest"]) == (0x71, digest)

    def test_errors(self, client: Any, sandbox: SandboxServer) -> None:
        """A text too long, a wrong password and a limit are the SDK's own kinds of error."""
        atproto = pytest.importorskip("atproto", reason="the atproto SDK is not installed")
        from atproto_client import exceptions

        with pytest.raises(exceptions.BadRequestError):
            client.send_post("x" * 301, profile_identify=client._session.did)
        with pytest.raises(exceptions.UnauthorizedError):
            atproto.Client(base_url=f"{sandbox.url}/bluesky").login(
                "verne.example", "wrong-one", fetch_bsky_profile=False
            )
        assert client.com.atproto.identity.resolve_handle({"handle": "nemo.example"}).did.startswith("did:plc:")
