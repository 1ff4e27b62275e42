"""Media for networks that fetch them: put where the outside reads them, once, and shown for a while."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from presstime.errors import NetworkError
from presstime.model import Attachment, digest_of
from presstime.stores.memory import Bucket, MemoryStore
from presstime.stores.public import FRESH, LIFE, PublicMedia
from tests.conftest import S3Server

PICTURE = b"\xff\xd8\xff a picture"
ITEM = Attachment("media/train.jpg", "b1", digest_of(PICTURE), "image/jpeg", len(PICTURE), 4, 3, "A train")


class World:
    """A bucket with a clock that is set by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.bucket = Bucket(lambda: self.time)

    def media(self) -> PublicMedia:
        """What one pass has."""
        return PublicMedia(lambda: MemoryStore(self.bucket))


def test_shown_for_a_while() -> None:
    """The address shows the bytes and what they are; when its time is over, nothing."""
    world = World()
    address = world.media().address_of(ITEM, PICTURE)
    assert world.bucket.visit(address) == (200, "image/jpeg", PICTURE)
    world.time += LIFE + timedelta(seconds=1)
    assert world.bucket.visit(address)[0] == 403


def test_named_by_digest() -> None:
    """The key is the digest of the bytes: a file that another post shows, too, is the same object."""
    world = World()
    world.media().address_of(ITEM, PICTURE)
    assert list(world.bucket.objects) == [f"media/{ITEM.digest}.jpg"]


def test_put_once() -> None:
    """Within a pass, and in the next one, the bytes are not sent again; each address is new."""
    world = World()
    media = world.media()
    for passing in (media, media, world.media()):
        passing.address_of(ITEM, PICTURE)
    assert world.bucket.requests["put"] == 1


def test_put_anew_before_a_bucket_forgets_it() -> None:
    """What was put long ago may be thrown away any time: it is put again, and no address outlives its object."""
    world = World()
    world.media().address_of(ITEM, PICTURE)
    world.time += FRESH
    world.media().address_of(ITEM, PICTURE)
    assert world.bucket.requests["put"] == 2
    assert timedelta(days=1) > LIFE + FRESH


def test_a_bucket_that_cannot_be_used() -> None:
    """Nothing can be shown then, and nothing was sent: it is tried again like anything that is done ahead."""
    store = MemoryStore(fault=lambda operation, key: "unreachable")
    with pytest.raises(NetworkError, match="cannot be shown to the network") as caught:
        PublicMedia(lambda: store).address_of(ITEM, PICTURE)
    assert not caught.value.needs_person


def test_on_a_real_server(s3_server: S3Server) -> None:
    """A plain GET of the address, without any credentials, is answered with the bytes and their type."""
    address = PublicMedia(s3_server.store).address_of(ITEM, PICTURE)
    answer = httpx.get(address, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "image/jpeg", PICTURE)
