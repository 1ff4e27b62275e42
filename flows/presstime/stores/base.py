"""The port to object storage: six calls, with create-only writes as the one primitive that decides anything."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Stat:
    """An object as a listing shows it. `etag` without quotes; `modified` by the store's clock, to the second."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Object:
    """An object with its content."""

    body: bytes
    etag: str
    modified: datetime


class Store(ABC):
    """A bucket and a prefix; keys are relative to the prefix.

    Every call raises `StoreError` with advice when the bucket cannot be used. No implementation retries a `create`: a
    client's own retry would turn its success into "already exists"."""

    @abstractmethod
    def create(self, key: str, body: bytes) -> Stat:
        """Write only if the key is absent (`If-None-Match: *`).

        Raises `AlreadyExists` (412), `Undecided` (409: write again), `InDoubt` (the reply was lost: read back)."""

    @abstractmethod
    def get(self, key: str) -> Object:
        """Read an object whole. Raises `Missing`."""

    @abstractmethod
    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        """Objects whose key begins with `prefix` and sorts after `after`, in key order. Lazy: one request a page."""

    @abstractmethod
    def put(self, key: str, body: bytes, mime: str = "") -> Stat:
        """Write or overwrite: for snapshots, checkpoints and media, never for the log. `mime` is what a reader of its address
        is told that it is."""

    @abstractmethod
    def address(self, key: str, life: timedelta) -> str:
        """An address at which whoever has it can read an object for `life` from now, at most seven days, and that is refused
        afterwards. It is signed here: nothing is asked of the store, and whether the object is there is not known."""

    @abstractmethod
    def now(self) -> datetime:
        """The store's clock: its last `Date` plus the monotonic time since. Asks the store if it never answered yet."""

    @property
    @abstractmethod
    def name(self) -> str:
        """For people: where this is, e.g. `s3://bucket/prefix/`."""
