"""What every test stands on: no test reaches outside loopback, and one real S3 server for those that need one."""

import itertools
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from presstime.stores.s3 import S3Store

LOOPBACK = ("127.", "::1", "localhost")
_names = itertools.count(1)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches outside this machine: a connection elsewhere is an error, not a delay."""
    real = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "127.unix"
        if not str(host).startswith(LOOPBACK):
            raise OSError(f"a test tried to reach {host}: tests stay on loopback")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees no AWS or Prefect settings but its own."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "PREFECT_API_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test reads English, wherever it runs and whatever its newsroom speaks, unless it asks for another language."""
    monkeypatch.setenv("PRESSTIME_LANG", "en")


@dataclass(frozen=True)
class S3Server:
    """A running S3 server, and fresh buckets on it."""

    url: str
    credentials: tuple[str, str]

    def store(self, bucket: str | None = None, prefix: str = "") -> S3Store:
        """A store on a new bucket, or on the one named."""
        store = S3Store(bucket or f"test-{os.getpid()}-{next(_names)}", prefix, self.url, credentials=self.credentials)
        store.make_bucket()
        return store


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """The embedded S3 server; skips where the extra `embedded` is not installed."""
    from presstime.embedded.s3 import find_weed, temporary
    from presstime.errors import SettingsError

    try:
        find_weed()
    except SettingsError as error:
        pytest.skip(f"no S3 server here: {error.message}")
    with temporary() as (url, credentials):
        yield S3Server(url, credentials)
