"""Other people's clients, driven against the twins: the twins are held to what the world expects of those APIs."""

import io
from collections.abc import Iterator
from typing import Any

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
