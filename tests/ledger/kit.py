"""Small things that the ledger's tests are written with."""

from collections.abc import Sequence
from datetime import UTC, datetime

from presstime.ledger.cache import Cache
from presstime.ledger.claims import step
from presstime.ledger.log import Ledger
from presstime.model import Delivery, Event, canonical, digest_of
from presstime.stores.base import Store
from presstime.stores.memory import Bucket, MemoryStore

D = Delivery("launch", "brand")
DUE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def ledger_on(store: Store | Bucket, writer: str = "w1", cache: Cache | None = None) -> Ledger:
    """A ledger of its own on a store, with a cache in memory and no patience to wait."""
    store = MemoryStore(store) if isinstance(store, Bucket) else store
    return Ledger(store, cache or Cache(None, store.name), writer, sleep=lambda seconds: None)


def planned(delivery: Delivery = D, digest: str = "d1", source: str = "s1") -> Event:
    """A planned event as the plan writes it."""
    return step(
        "planned",
        delivery,
        digest=digest,
        source=source,
        due=DUE.isoformat(),
        path="posts/launch.md",
        commit="c1",
        blob="b1",
        author="Ada <ada@example.org>",
        approver="Bea <bea@example.org>",
    )


def append(ledger: Ledger, *events: Event) -> Sequence[Event]:
    return ledger.append(lambda view: events)


def fold_digest(ledger: Ledger) -> str:
    """One value that is equal for equal folds."""
    return digest_of(canonical([repr(s) for s in ledger.cache.all()]))
