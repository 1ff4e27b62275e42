"""The log: append by creating the next number, and read what others appended.

Whoever creates entry n has decided it. Nothing here is ever overwritten or deleted."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from presstime.clock import elapsed, now
from presstime.errors import AlreadyExists, InDoubt, LedgerError, Missing, StoreError, Undecided
from presstime.ledger.cache import Cache, Folded, Head
from presstime.ledger.entry import FOLDER, Entry, decode, hash_of, key_of, number_of
from presstime.ledger.fold import apply, apply_to_pauses
from presstime.ledger.reading import READERS, read_ahead, whole
from presstime.model import Delivery, DeliveryState, Event, JsonObject
from presstime.pauses import EVERY_POST, Pause
from presstime.processes import is_gone
from presstime.stores.base import Stat, Store

UNDECIDED_TRIES = 8  # S3 asks to repeat after a 409; more than a handful means something else is wrong
# At most, before the next number is tried where other writers had taken one, two, ...
CROWDED_SECONDS = (0.02, 0.05, 0.1, 0.2)
LOOK_EVERY = 1.0  # seconds for which what was last seen of the tail is good enough to write on
TOGETHER = 64  # entries that are folded in one transaction
BATCH = 500  # appends that may share one entry: keeps it below a megabyte or two


class View:
    """What the log will say before the entry that is being written: the fold as last read, and what the proposals ahead in the
    same entry want."""

    def __init__(self, cache: Cache, at: datetime, n: int) -> None:
        self._cache, self._at, self._n = cache, at, n
        self._states: dict[Delivery, DeliveryState] = {}
        self._pauses: dict[Delivery, tuple[Pause, ...]] = {}

    def __call__(self, delivery: Delivery) -> DeliveryState | None:
        return self._states.get(delivery) or self._cache.get(delivery)

    def pauses(self) -> list[Pause]:
        """Every pause that is not long over."""
        if not self._pauses:
            return self._cache.pauses()
        return [pause for where in self._cache.paused_scopes() | self._pauses.keys() for pause in self.pauses_of(where)]

    def pauses_of(self, where: Delivery) -> tuple[Pause, ...]:
        return self._pauses[where] if where in self._pauses else self._cache.pauses_of(where)

    def follow(self, event: Event) -> None:
        """Take an event in that stands ahead in the same entry."""
        if event.delivery.post == EVERY_POST:
            before = self.pauses_of(event.delivery)
            self._pauses[event.delivery] = apply_to_pauses(before, event, self._at, self._n)
        else:
            self._states[event.delivery] = apply(self(event.delivery), event, self._at, self._n)


# What a writer wants to append, decided on the state that its entry will follow. Nothing: it has lost, or is done already.
Proposal = Callable[[View], Sequence[Event]]


@dataclass
class _Request:
    propose: Proposal
    payloads: Mapping[str, JsonObject]
    events: Sequence[Event] = ()
    error: Exception | None = None
    done: bool = False


@dataclass
class Ledger:
    """The log of one newsroom and its fold. Threads may share one; so may processes, each with its own.

    The machine it runs on (its clocks, chance, whether a process still lives) is given by the last six, so that all of it
    can be simulated; `readers` is how many entries are fetched at once."""

    store: Store
    cache: Cache
    writer: str
    run: str = ""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = now
    monotonic: Callable[[], float] = elapsed
    jitter: Callable[[float, float], float] = random.uniform
    nonce: Callable[[], str] = lambda: secrets.token_hex(16)
    is_gone: Callable[[str], bool] = is_gone
    readers: int = READERS
    start: Callable[[Store, Cache], None] | None = None  # fills an empty cache from a snapshot, if there is a good one
    retried: int = 0  # appends that lost a race and were written again under a later number
    _queue: list[_Request] = field(default_factory=list)
    _queue_lock: threading.Lock = field(default_factory=threading.Lock)
    _write_lock: threading.RLock = field(default_factory=threading.RLock)
    _looked: float = float("-inf")

    # --- reading ------------------------------------------------------------------------------------------------------

    def state(self, delivery: Delivery) -> DeliveryState | None:
        """What the log said of a delivery when it was last read."""
        return self.cache.get(delivery)

    def states(self) -> dict[Delivery, DeliveryState]:
        return {s.delivery: s for s in self.cache.all()}

    def catch_up(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Read what is new in the log; one LIST if there is nothing. Returns the number of the last entry.

        `progress` is called with (entries read, entries known of). Raises `LedgerError` where the log has a gap or the
        chain is broken, `StoreError` where the store cannot be used."""
        with self._write_lock:
            self._fold(self._news(), progress)
            self._looked = self.monotonic()
            return self.cache.head().n

    def payload(self, digest: str) -> JsonObject:
        """The variant that was planned under this digest, from the entry that holds it."""
        n = self.cache.payload_entry(digest)
        found = self.entry(n).payloads.get(digest) if n else None
        if found is None:
            raise LedgerError(f"the log holds no payload {digest}", "Run `presstime audit verify`.")
        return found

    def payloads(self, digests: Collection[str]) -> dict[str, JsonObject]:
        """The variants that were planned under these digests, as far as the log has them. Each entry is read once, several of
        them at the same time."""
        numbers = {n for digest in digests if (n := self.cache.payload_entry(digest)) is not None}
        with ThreadPoolExecutor(self.readers) as pool:
            read = list(pool.map(self.entry, sorted(numbers)))
        wanted = set(digests)
        return {d: payload for entry in read for d, payload in entry.payloads.items() if d in wanted}

    def entries(self, first: int = 1) -> Iterator[tuple[int, Entry]]:
        """The entries from number `first` to the last that was read, several fetched at once."""
        with ThreadPoolExecutor(self.readers) as pool:
            numbers = range(first, self.cache.head().n + 1)
            for start in range(0, len(numbers), 64):
                chunk = numbers[start : start + 64]
                yield from zip(chunk, pool.map(self.entry, chunk), strict=True)

    def entry(self, n: int) -> Entry:
        """Raises `LedgerError` if there is no such entry."""
        try:
            return decode(self.store.get(key_of(n)).body, key_of(n))
        except Missing:
            raise LedgerError(f"there is no entry {n} in {self.store.name}") from None

    def _news(self) -> list[Stat]:
        """What the log has beyond the cache. A cache whose head is not in the log as it remembers it starts afresh."""
        if self.start and self.cache.head().n == 0:
            self.start(self.store, self.cache)
        head = self.cache.head()
        if head.n == 0:
            return list(self._tail(0))
        stats = self._tail(head.n - 1)
        first = next(stats, None)
        if first is not None and number_of(first.key) == head.n and first.etag == head.etag:
            return list(stats)
        self.cache.clear()
        return list(self._tail(0))

    def _tail(self, after: int) -> Iterator[Stat]:
        start = key_of(after) if after else ""
        return (s for s in self.store.list(FOLDER, start) if number_of(s.key) is not None)

    def _fold(self, stats: Sequence[Stat], progress: Callable[[int, int], None] | None = None) -> None:
        if not stats:
            return
        head, news = self.cache.head(), list[Folded]()
        try:
            for read, (stat, body) in enumerate(self._bodies(stats), 1):
                if item := self._following(head, stat, body):
                    news.append(item)
                    head = Head(item.entry.n, item.hash)
                if len(news) == TOGETHER:
                    self.cache.apply_all(news)
                    news = []
                if progress:
                    progress(read, len(stats))
        finally:
            self.cache.apply_all(news)  # what came before an entry that cannot be read is right

    def _bodies(self, stats: Sequence[Stat]) -> Iterator[tuple[Stat, bytes]]:
        def body(stat: Stat) -> bytes:
            return self.store.get(stat.key).body

        if min(self.readers, len(stats)) == 1:  # what a pass mostly meets needs no threads
            yield from ((stat, body(stat)) for stat in stats)
            return
        for stat, data in read_ahead(self.store, stats, whole, min(self.readers, len(stats))):
            yield stat, body(stat) if data is None else data

    def _following(self, head: Head, stat: Stat, body: bytes) -> Folded | None:
        """The entry, if it is the one after `head`. None: it was folded in already, by another process that shares the cache."""
        entry = decode(body, stat.key)
        if entry.n <= head.n:
            return None
        if entry.n != head.n + 1 or number_of(stat.key) != entry.n:
            raise LedgerError(
                f"{stat.key}: entry {head.n + 1} is missing from {self.store.name}",
                "The log has a gap. Run `presstime audit verify`; nothing is published until this is understood.",
            )
        if entry.prev != head.hash:
            raise LedgerError(
                f"{stat.key} does not follow the entry before it: its `prev` is {entry.prev[:12]}..., that entry's hash is "
                f"{head.hash[:12]}...",
                "The log was changed. Run `presstime audit verify`; nothing is published until this is understood.",
            )
        return Folded(entry, hash_of(body), stat.etag, stat.modified)

    # --- writing ------------------------------------------------------------------------------------------------------

    def append(self, propose: Proposal, payloads: Mapping[str, JsonObject] | None = None) -> Sequence[Event]:
        """Append what `propose` says, after whatever the log says by then; returns the events written, () if none.

        Threads that append at the same time share one entry. `propose` may be called several times: each time the log moved
        on. What it raises is raised here, and nothing is written for it. Raises `StoreError` where the store cannot be used."""
        request = _Request(propose, payloads or {})
        with self._queue_lock:
            self._queue.append(request)
        with self._write_lock:
            if not request.done:
                with self._queue_lock:
                    batch, self._queue = self._queue, []
                for first in range(0, len(batch), BATCH):
                    self._commit(batch[first : first + BATCH])
        if request.error:
            raise request.error
        return request.events

    def _commit(self, batch: list[_Request]) -> None:
        try:
            if self.monotonic() - self._looked > LOOK_EVERY:
                self.catch_up()
            undecided = 0
            while not self._try_commit(batch, undecided):
                undecided += 1
        except Exception as error:  # whoever waits for this batch must learn of it, whatever it is
            for request in batch:
                request.error = request.error or error
        except BaseException:  # the thread that writes for all of them is being stopped; the others go on
            for request in batch:
                request.error = request.error or InDoubt("the write was interrupted: it may have taken effect")
            raise
        finally:
            for request in batch:
                request.done = True

    def _try_commit(self, batch: list[_Request], lost: int) -> bool:
        """One attempt at the next number. True: the batch is written, or has nothing left to say."""
        entry = self._draft(batch)
        if entry is None:
            return True
        body, key = entry.encode(), key_of(entry.n)
        try:
            stat = self.store.create(key, body)
        except Undecided:
            if lost >= UNDECIDED_TRIES:
                raise
            self._pause(lost)
            return False
        except (AlreadyExists, InDoubt) as error:
            return self._read_back(entry, error, lost)
        self._applied(entry, body, stat)
        return True

    def _read_back(self, entry: Entry, error: StoreError, lost: int) -> bool:
        """Somebody decided this number, perhaps we ourselves in a request whose reply was lost: the nonce tells."""
        key = key_of(entry.n)
        try:
            found = self.store.get(key)
        except Missing:
            if lost >= UNDECIDED_TRIES:
                raise error from None
            self._pause(lost)
            return False  # the lost request did not take effect; write the same number again
        theirs, stat = decode(found.body, key), Stat(key, len(found.body), found.etag, found.modified)
        if theirs.nonce == entry.nonce:
            self._applied(entry, found.body, stat)
            return True
        self.retried += 1
        head = self.cache.head()
        if (head.n + 1, head.hash) == (theirs.n, theirs.prev) == (entry.n, entry.prev):
            self.cache.apply(theirs, hash_of(found.body), stat.etag, stat.modified)  # no need to ask what is new
        else:
            self.catch_up()
        # Else the same writers would meet at the next number, too.
        self.sleep(self.jitter(0, CROWDED_SECONDS[min(lost, len(CROWDED_SECONDS) - 1)]))
        return False

    def _applied(self, entry: Entry, body: bytes, stat: Stat) -> None:
        self.cache.apply(entry, hash_of(body), stat.etag, stat.modified)
        self._looked = self.monotonic()

    def _draft(self, batch: list[_Request]) -> Entry | None:
        """The entry that the batch amounts to now, each proposal seeing what the ones before it in the batch propose."""
        head = self.cache.head()
        view = View(self.cache, self.store.now(), head.n + 1)
        events: list[Event] = []
        payloads: dict[str, JsonObject] = {}
        for request in batch:
            request.error, request.events = None, ()
            try:
                request.events = tuple(request.propose(view))
            except Exception as error:  # one writer's reason to give up is not its neighbours'
                request.error = error
                continue
            for event in request.events:
                view.follow(event)
            events.extend(request.events)
            if request.events:
                payloads.update({d: p for d, p in request.payloads.items() if self.cache.payload_entry(d) is None})
        if not events:
            return None
        stamp = self.clock().isoformat(timespec="milliseconds")
        return Entry(head.n + 1, head.hash, self.nonce(), self.writer, stamp, tuple(events), payloads, self.run)

    def _pause(self, attempt: int) -> None:
        self.sleep(self.jitter(0, min(2.0, 0.05 * 2**attempt)))
