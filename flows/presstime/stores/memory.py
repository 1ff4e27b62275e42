"""The store's twin: a bucket in memory, with S3's conditional writes, its clock, and the faults S3 has.

It passes the same suite as the real one (tests/suites/store.py), so that what is proven on it is proven of the port."""

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit

from presstime.errors import AlreadyExists, InDoubt, Missing, StoreError, Undecided
from presstime.stores.base import Object, Stat, Store

# What may go wrong with one call: a conflict that decides nothing, a reply lost before or after the write took effect,
# a store that cannot be reached at all.
Fault = Literal["conflict", "lost-before", "lost-after", "unreachable"]
FaultScript = Callable[[str, str], Fault | None]  # (operation, key) -> what goes wrong, or None


class Bucket:
    """What several `MemoryStore`s share: the objects, the lock that makes a write atomic, and the server's clock."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.objects: dict[str, Object] = {}
        self.lock = threading.Lock()
        self.clock = clock
        self.requests: dict[str, int] = {}  # by operation, for those who count what a pass costs
        self.mimes: dict[str, str] = {}

    def visit(self, address: str) -> tuple[int, str, bytes]:
        """What anybody gets who reads an address: HTTP status, content type, bytes."""
        parts, asked = urlsplit(address), parse_qs(urlsplit(address).query)
        key, until = unquote(parts.path[1:]), asked.get("until", ["0"])[0]
        signed = hmac.compare_digest(asked.get("signature", [""])[0], sign(key, until))
        if not signed or float(until) < self.clock().timestamp():
            return 403, "", b""
        found = self.objects.get(key)
        return (200, self.mimes.get(key, ""), found.body) if found else (404, "", b"")


def sign(key: str, until: str) -> str:
    """What makes an address one that a store has given out."""
    return hmac.new(b"the twin's own key", f"{key}\n{until}".encode(), "sha256").hexdigest()


class MemoryStore(Store):
    """A client of a `Bucket`. `fault` scripts what goes wrong, call by call."""

    def __init__(self, bucket: Bucket | None = None, fault: FaultScript | None = None) -> None:
        self.bucket = bucket or Bucket()
        self.fault = fault

    @property
    def name(self) -> str:
        return "memory://"

    def create(self, key: str, body: bytes) -> Stat:
        fault = self._enter("create", key)
        if fault == "conflict":
            raise Undecided(f"{key}: a concurrent write, nothing decided")
        if fault == "lost-before":
            raise InDoubt(f"{key}: the reply was lost")
        with self.bucket.lock:
            if key in self.bucket.objects:
                if fault == "lost-after":
                    raise InDoubt(f"{key}: the reply was lost")
                raise AlreadyExists(f"{key} is there already")
            stat = self._write(key, body)
        if fault == "lost-after":
            raise InDoubt(f"{key}: the reply was lost")
        return stat

    def get(self, key: str) -> Object:
        self._enter("get", key)
        try:
            return self.bucket.objects[key]
        except KeyError:
            raise Missing(f"there is no object {key}") from None

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        self._enter("list", prefix)
        with self.bucket.lock:
            found = sorted(k for k in self.bucket.objects if k.startswith(prefix) and k > after)
            stats = [self._stat(k) for k in found]
        yield from stats

    def put(self, key: str, body: bytes, mime: str = "") -> Stat:
        self._enter("put", key)
        with self.bucket.lock:
            self.bucket.mimes[key] = mime
            return self._write(key, body)

    def address(self, key: str, life: timedelta) -> str:
        until = str((self.bucket.clock() + life).timestamp())
        return f"memory://bucket/{quote(key)}?until={until}&signature={sign(key, until)}"

    def now(self) -> datetime:
        return self.bucket.clock()

    def _enter(self, operation: str, key: str) -> Fault | None:
        self.bucket.requests[operation] = self.bucket.requests.get(operation, 0) + 1
        fault = self.fault(operation, key) if self.fault else None
        if fault == "unreachable":
            raise StoreError("the store cannot be reached", "It is a twin in memory: its script says so.")
        return fault

    def _write(self, key: str, body: bytes) -> Stat:
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()  # as S3 makes its ETag
        self.bucket.objects[key] = Object(body, etag, self.bucket.clock().replace(microsecond=0))
        return self._stat(key)

    def _stat(self, key: str) -> Stat:
        item = self.bucket.objects[key]
        return Stat(key, len(item.body), item.etag, item.modified)
