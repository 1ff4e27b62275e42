"""The store's twin passes the suite, and has the faults that it scripts."""

import pytest

from presstime.errors import AlreadyExists, InDoubt, StoreError, Undecided
from presstime.stores.memory import Bucket, Fault, MemoryStore
from tests.suites.store import StoreSuite, Visit


class TestMemoryStore(StoreSuite):
    """The rules of the port, on the twin."""

    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    @pytest.fixture
    def visit(self, store: MemoryStore) -> Visit:
        return store.bucket.visit


def scripted(*faults: Fault | None) -> MemoryStore:
    left = list(faults)
    return MemoryStore(Bucket(), lambda operation, key: left.pop(0) if left and operation == "create" else None)


def test_conflict_decides_nothing() -> None:
    """A 409 leaves the key free."""
    store = scripted("conflict")
    with pytest.raises(Undecided):
        store.create("k", b"1")
    store.create("k", b"2")
    assert store.get("k").body == b"2"


def test_reply_lost_after_the_write() -> None:
    """A reply lost after the write leaves the caller in doubt and the object there."""
    store = scripted("lost-after", None)
    with pytest.raises(InDoubt):
        store.create("k", b"1")
    with pytest.raises(AlreadyExists):
        store.create("k", b"2")
    assert store.get("k").body == b"1"


def test_request_lost_before_the_write() -> None:
    """A request lost on its way leaves the caller in the same doubt, and nothing there."""
    store = scripted("lost-before")
    with pytest.raises(InDoubt):
        store.create("k", b"1")
    store.create("k", b"2")


def test_unreachable() -> None:
    """A store that cannot be reached is a StoreError, not a doubt."""
    with pytest.raises(StoreError) as caught:
        scripted("unreachable").create("k", b"1")
    assert not isinstance(caught.value, InDoubt)
