"""Is the log what was written? Reads every entry and checks number, chain, form and payloads. Memory stays flat."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from presstime.errors import LedgerError, Missing
from presstime.ledger.entry import FOLDER, GENESIS, Entry, decode, hash_of, key_of, number_of
from presstime.model import JsonObject, digest_of
from presstime.stores.base import Stat, Store

READERS = 8
AHEAD = 64  # entries fetched while others are checked


@dataclass
class Verdict:
    """`first_bad` is the number of the first entry that is not as it was written, or is missing."""

    entries: int = 0
    events: int = 0
    head: str = GENESIS
    first_bad: int | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def to_json(self) -> JsonObject:
        return {
            "ok": self.ok,
            "entries": self.entries,
            "events": self.events,
            "head": self.head,
            "checkpoint": None,
            "first_bad": self.first_bad,
            "problems": self.problems,
        }

    def blame(self, n: int, problem: str) -> None:
        self.first_bad = n if self.first_bad is None else min(self.first_bad, n)
        self.problems.append(problem)


def verify(store: Store, progress: Callable[[int], None] | None = None) -> Verdict:
    """Check the whole log. `progress` is called with the number of entries checked so far.

    A broken link is blamed on the entry whose bytes are not what the next one says they were; what comes after the first
    break is still checked against itself. Raises `StoreError` where the store cannot be read."""
    verdict, expected = Verdict(), 1
    for stat, body in _bodies(store, verdict):
        n = number_of(stat.key) or 0
        if n != expected:
            verdict.blame(expected, f"{_missing(expected, n)}: the log has a gap")
            verdict.head = ""  # nothing is known of what the missing entry's hash was
        if body is not None:
            _check(verdict, stat.key, n, body)
        expected = n + 1
        verdict.entries += 1
        if progress:
            progress(verdict.entries)
    return verdict


def _check(verdict: Verdict, key: str, n: int, body: bytes) -> None:
    try:
        entry = decode(body, key)
    except LedgerError as error:
        verdict.blame(n, error.message)
        verdict.head = ""
        return
    faults = list(_faults(entry, key, n, body))
    for problem in faults:
        verdict.blame(n, problem)
    if verdict.head and entry.prev != verdict.head and not faults:
        verdict.blame(
            max(n - 1, 1),
            f"{key_of(max(n - 1, 1))}: its hash is {verdict.head[:16]}..., but entry {n} was written after "
            f"{entry.prev[:16]}...: one of the two was changed",
        )
    verdict.events += len(entry.events)
    verdict.head = hash_of(body)


def _faults(entry: Entry, key: str, n: int, body: bytes) -> Iterator[str]:
    if entry.n != n:
        yield f"{key}: holds entry {entry.n}, it was moved"
    if entry.encode() != body:
        yield f"{key}: is not in the form it is written in: it was rewritten"
    for digest, payload in entry.payloads.items():
        if digest_of(payload) != digest:
            yield f"{key}: the payload {digest[:16]}... does not have that digest"


def _bodies(store: Store, verdict: Verdict) -> Iterator[tuple[Stat, bytes | None]]:
    """Entries with their bytes, in order, some fetched ahead. What is not an entry's name is a problem of its own."""
    stats = store.list(FOLDER)

    def entries() -> Iterator[Stat]:
        for stat in stats:
            if number_of(stat.key) is None:
                verdict.problems.append(f"{stat.key}: does not belong into the log")
            else:
                yield stat

    def read(stat: Stat) -> bytes | None:
        try:
            return store.get(stat.key).body
        except Missing:
            verdict.blame(number_of(stat.key) or 0, f"{stat.key}: vanished while it was read")
            return None

    listed = entries()
    with ThreadPoolExecutor(READERS) as pool:
        while batch := list(islice(listed, AHEAD)):
            yield from zip(batch, pool.map(read, batch), strict=True)


def _missing(first: int, found: int) -> str:
    return f"entry {first} is missing" if found == first + 1 else f"entries {first} to {found - 1} are missing"
