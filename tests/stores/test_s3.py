"""S3, on a real server: the suite, the advice in its errors, and what happens when replies are lost."""

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from presstime.errors import InDoubt, StoreError
from presstime.stores.s3 import S3Store
from tests.conftest import S3Server
from tests.suites.store import StoreSuite, Visit


class TestS3Store(StoreSuite):
    """The rules of the port, on a real S3 server."""

    @pytest.fixture
    def store(self, s3_server: S3Server) -> S3Store:
        return s3_server.store(prefix="news/")

    @pytest.fixture
    def visit(self) -> Visit:
        def get(address: str) -> tuple[int, str, bytes]:
            answer = httpx.get(address, trust_env=False)
            return answer.status_code, answer.headers.get("content-type", ""), answer.content

        return get


def test_prefixes_are_apart(s3_server: S3Server) -> None:
    """Two newsrooms may share a bucket: neither sees the other's keys."""
    one, two = s3_server.store("shared-bucket", "one/"), s3_server.store("shared-bucket", "two/")
    one.create("log/1", b"1")
    two.create("log/1", b"2")
    assert [s.key for s in one.list("log/")] == ["log/1"]
    assert two.get("log/1").body == b"2"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bucket": "no-such-bucket"}, "Create the bucket"),
        ({"credentials": ("presstime", "wrong")}, "secret key is wrong"),
        ({"credentials": ("nobody", "wrong")}, "does not know this access key"),
        ({"endpoint_url": "http://127.0.0.1:9"}, "endpoint_url"),
        ({"credentials": None}, "AWS_ACCESS_KEY_ID"),
    ],
)
def test_unusable_says_what_to_do(s3_server: S3Server, change: dict[str, object], says: str) -> None:
    """Whatever makes the bucket unusable, reading and writing say what to do about it."""
    options = {"bucket": "b" * 5, "endpoint_url": s3_server.url, "credentials": s3_server.credentials, **change}
    for call in (lambda s: list(s.list("")), lambda s: s.create("k", b""), lambda s: s.get("k")):
        with pytest.raises(StoreError) as caught:
            call(S3Store(**options))  # type: ignore[arg-type]
        assert says in str(caught.value)
        assert not isinstance(caught.value, InDoubt)


@pytest.fixture
def deaf_server() -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request whole and hangs up without a word; what it heard is kept."""
    listener, heard = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(65536))

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
    listener.close()


def test_a_lost_reply_is_in_doubt_and_is_not_repeated(deaf_server: tuple[str, list[bytes]]) -> None:
    """A create whose reply was lost is InDoubt after exactly one request: the SDK's own retries are off."""
    url, heard = deaf_server
    with pytest.raises(InDoubt):
        S3Store("bucket", endpoint_url=url, credentials=("a", "b")).create("k", b"1")
    assert len([h for h in heard if h.startswith(b"PUT")]) == 1


def test_every_write_carries_its_md5(deaf_server: tuple[str, list[bytes]]) -> None:
    """A bucket with a default Object Lock refuses a write without Content-MD5 or a checksum: ours have one."""
    url, heard = deaf_server
    with pytest.raises(InDoubt):
        S3Store("bucket", endpoint_url=url, credentials=("a", "b")).create("k", b"1")
    assert b"content-md5: xMpCOKC5I4INzFCab3WEmw==" in heard[0].replace(b"Content-MD5", b"content-md5")
