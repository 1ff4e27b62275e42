"""What a store must do, whatever it is made of. Subclass `StoreSuite` and give it the fixtures `store` and `visit`: what anybody
gets who reads an address (HTTP status, content type, bytes)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from presstime.errors import AlreadyExists, Missing, StoreError, Undecided
from presstime.stores.base import Store

Visit = Callable[[str], tuple[int, str, bytes]]


class StoreSuite:
    """The rules of the port `Store`."""

    def test_what_is_created_is_read_back(self, store: Store) -> None:
        """An object created is there, whole, with the same ETag in every view."""
        stat = store.create("log/1.json", b"one")
        found = store.get("log/1.json")
        assert found.body == b"one"
        assert stat.size == 3
        assert found.etag == stat.etag == next(store.list("log/")).etag

    def test_second_create_is_told_so(self, store: Store) -> None:
        """A key that is taken stays as it was, and who comes second learns it."""
        store.create("log/1.json", b"first")
        with pytest.raises(AlreadyExists):
            store.create("log/1.json", b"second")
        assert store.get("log/1.json").body == b"first"

    def test_same_bytes_are_no_exception(self, store: Store) -> None:
        """Creating the same bytes twice is a lost race like any other."""
        store.create("log/1.json", b"same")
        with pytest.raises(AlreadyExists):
            store.create("log/1.json", b"same")

    def test_one_winner_of_a_race(self, store: Store) -> None:
        """Of several who create one key at once exactly one succeeds, and its bytes are the ones that stay."""
        for trial in range(3):
            key = f"race/{trial}"

            def attempt(n: int, key: str = key) -> int | None:
                try:
                    store.create(key, f"writer {n}".encode())
                except (AlreadyExists, Undecided):
                    return None
                return n

            with ThreadPoolExecutor(4) as pool:
                winners = [n for n in pool.map(attempt, range(4)) if n is not None]
            assert len(winners) == 1
            assert store.get(key).body == f"writer {winners[0]}".encode()

    def test_missing(self, store: Store) -> None:
        """What is not there is Missing, not empty."""
        with pytest.raises(Missing):
            store.get("nothing/here")

    def test_list_in_order_after(self, store: Store) -> None:
        """A listing is in key order, of one prefix, strictly after a key."""
        for n in (10, 2, 33, 1):
            store.create(f"log/{n:04d}", b"x")
        store.create("other/0001", b"x")
        assert [s.key for s in store.list("log/")] == ["log/0001", "log/0002", "log/0010", "log/0033"]
        assert [s.key for s in store.list("log/", after="log/0002")] == ["log/0010", "log/0033"]
        assert list(store.list("log/", after="log/0033")) == []

    def test_list_over_pages(self, store: Store) -> None:
        """A listing longer than a page of S3 (1,000 keys) is whole."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: store.put(f"many/{n:05d}", b""), range(1005)))
        assert [s.key for s in store.list("many/")] == [f"many/{n:05d}" for n in range(1005)]

    def test_put_overwrites(self, store: Store) -> None:
        """What may change is written with put, and the last write counts."""
        store.put("snapshot", b"old")
        store.put("snapshot", b"new")
        assert store.get("snapshot").body == b"new"

    def test_bytes_stay_bytes(self, store: Store) -> None:
        """Bodies are bytes: nothing is decoded, normalised or trimmed, and an empty one is allowed."""
        body = bytes(range(256)) + "é\u202f\r\n".encode()
        store.create("bytes", body)
        store.create("empty", b"")
        assert store.get("bytes").body == body
        assert store.get("empty").body == b""

    def test_an_address_shows_an_object(self, store: Store, visit: Visit) -> None:
        """Whoever has the address reads the bytes, and is told what they are; of a key that does not exist yet there is one, too."""
        address = store.address("media/é 1", timedelta(minutes=1))
        assert visit(address)[0] == 404
        store.put("media/é 1", b"bytes", "image/jpeg")
        assert visit(address) == (200, "image/jpeg", b"bytes")

    def test_an_address_ends(self, store: Store, visit: Visit) -> None:
        """After its life an address is refused, and so is one that was made longer by hand, or for another object."""
        store.put("media/1", b"one", "image/png")
        store.put("media/2", b"two", "image/png")
        short, long = (store.address("media/1", timedelta(seconds=seconds)) for seconds in (1, 60))
        assert visit(long.replace("media/1", "media/2"))[0] == 403
        time.sleep(2.1)
        assert visit(short)[0] == 403
        assert visit(long)[0] == 200

    def test_a_bucket_is_private(self, store: Store, visit: Visit) -> None:
        """Without what is behind the question mark nobody reads anything."""
        store.put("media/1", b"one", "image/png")
        assert visit(store.address("media/1", timedelta(minutes=1)).partition("?")[0])[0] == 403

    def test_clock(self, store: Store) -> None:
        """The store's clock is an aware UTC time near ours, known before anything was written."""
        assert abs(store.now() - datetime.now(UTC)) < timedelta(seconds=5)
        stat = store.create("dated", b"x")
        assert abs(stat.modified - store.now()) < timedelta(seconds=5)
        assert store.get("dated").modified.tzinfo is not None

    def test_store_errors_say_where(self, store: Store) -> None:
        """A name for people is there before any call."""
        assert "://" in store.name
        assert issubclass(Missing, StoreError)
