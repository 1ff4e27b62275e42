"""Reading many objects in order: several at once, a bounded amount ahead, so that memory stays flat."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from presstime.errors import Missing
from presstime.stores.base import Stat, Store

READERS = 8
OBJECTS = 32  # of one task of a reader, at most: small ones would cost more to hand over than to read
FEW = 4  # likewise, to begin with
BYTES = 512 * 1024  # likewise
AHEAD = 2  # tasks per reader, under way or waiting to be taken: some 8 MB

T = TypeVar("T")


def whole(stat: Stat, body: bytes) -> bytes:
    """The bytes as they are, for `read_ahead`."""
    return body


def read_ahead(
    store: Store, stats: Iterable[Stat], made: Callable[[Stat, bytes], T], readers: int = READERS
) -> Iterator[tuple[Stat, T | None]]:
    """What `made` makes of each object's bytes, in the order of `stats`; None for an object that has vanished.

    `made` is called in the readers' threads. Raises `StoreError` where the store cannot be read."""

    def read(chunk: list[Stat]) -> list[tuple[Stat, T | None]]:
        return [(stat, _made(store, stat, made)) for stat in chunk]

    pool = ThreadPoolExecutor(readers)
    waiting: deque[Future[list[tuple[Stat, T | None]]]] = deque()
    try:
        for chunk in _chunks(stats):
            waiting.append(pool.submit(read, chunk))
            if len(waiting) >= AHEAD * readers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)  # whoever stops halfway does not wait for the rest


def _made(store: Store, stat: Stat, made: Callable[[Stat, bytes], T]) -> T | None:
    try:
        body = store.get(stat.key).body
    except Missing:
        return None
    return made(stat, body)


def _chunks(stats: Iterable[Stat]) -> Iterator[list[Stat]]:
    """At first a few objects, so that all readers have work soon, then more at a time."""
    chunk, size, limit = list[Stat](), 0, FEW
    for number, stat in enumerate(stats):
        chunk.append(stat)
        size += stat.size
        if len(chunk) >= limit or size >= BYTES:
            yield chunk
            chunk, size, limit = [], 0, max(FEW, min(OBJECTS, number // 32))
    if chunk:
        yield chunk
