"""Snapshots: the fold of the log's first n entries, so that a new worker reads the rest only.

A snapshot is never the truth, the log is. It is believed

* if a trusted key has signed it: its note is a checkpoint (size n, hash of entry n) with the line `snapshot <format> <SHA-256>`
  over the data that follow. Who has not the key cannot make one up, and so where there is no key there are no snapshots: one
  that merely fits the chain could still say that nothing was ever sent;
* if entry n of the log has that hash, and so entry n+1 will name it.

Any other is passed over with a warning, and the next older one or the whole log is read. A new snapshot is made from the newest
one that is believed and the log, never from a worker's own cache. Whether one says what the log says is found by folding the
log again: `compare`, which `presstime audit verify --full` does. A snapshot is no evidence and may be deleted.

It lies at `snapshot/<n, 20 digits>`: the length of the note in decimal on a line, the note, then lines (zlib): the states and pauses
as the cache holds them, then digest and entry of each payload."""

import json
import logging
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, takewhile, zip_longest
from pathlib import Path

from presstime.errors import AlreadyExists, InDoubt, LedgerError, Missing
from presstime.ledger.cache import SCHEMA, Cache, Folded, Head
from presstime.ledger.checkpoint import Checkpoint
from presstime.ledger.entry import FOLDER as LOG
from presstime.ledger.entry import decode, hash_of, key_of
from presstime.ledger.log import TOGETHER, Ledger
from presstime.ledger.note import NoteError, Signer, Verifier, open_note
from presstime.ledger.reading import read_ahead, whole
from presstime.model import Json, digest_of
from presstime.stores.base import Stat, Store

FOLDER = "snapshot/"
EVERY = 1_000  # entries
TRIES = 3  # of the newest ones
CHUNK = 16 * 1024  # compressed bytes that are unpacked at once: up to some hundred kilobytes of lines
_KEY = re.compile(r"snapshot/(\d{20})")
_NAME = f"snapshot {SCHEMA}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that a trusted key has signed and that is whole. `data` is compressed."""

    key: str
    n: int
    hash: str
    data: bytes

    def rows(self) -> Iterator[str]:
        """The lines of the fold."""
        unpack, rest = zlib.decompressobj(), b""
        for at in range(0, len(self.data), CHUNK):
            *lines, rest = (rest + unpack.decompress(self.data[at : at + CHUNK])).split(b"\n")
            yield from (line.decode() for line in lines)


class OtherFormat(LedgerError):
    """A snapshot of another version of presstime: of no use here, and nothing wrong with it."""


@dataclass(frozen=True)
class Starter:
    """Fills an empty cache from the newest snapshot that can be believed. Raises `StoreError`."""

    trusted: tuple[Verifier, ...]

    def __call__(self, store: Store, cache: Cache) -> None:
        for stat in newest(store)[:TRIES]:
            try:
                snapshot = read(store, stat.key, self.trusted)
                cache.restore(head_in_log(store, snapshot), snapshot.rows())
            except OtherFormat:
                continue
            except (LedgerError, Missing) as error:
                logging.getLogger(__name__).warning(
                    "%s is not believed: %s. The log is read instead; run `presstime audit verify`.",
                    stat.key,
                    error.message,
                )
            else:
                return


def newest(store: Store) -> list[Stat]:
    """The snapshots there are, the newest first. One LIST."""
    return sorted((s for s in store.list(FOLDER) if _KEY.fullmatch(s.key)), key=lambda s: s.key, reverse=True)


def read(store: Store, key: str, trusted: Sequence[Verifier]) -> Snapshot:
    """A snapshot, checked by itself. Raises `LedgerError` if it is not signed, not whole, or not in its place;
    `OtherFormat`, `Missing`."""
    note_bytes, data = _parts(store.get(key).body)
    note = open_note(note_bytes, trusted)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin not in {signed.name for signed in note.by}:
        raise NoteError("it is not signed by a key that [audit] verifier names")
    if key != f"{FOLDER}{checkpoint.size:020d}":
        raise LedgerError(f"it is the snapshot of {checkpoint.size} entries, it was moved")
    digest = checkpoint.extension(_NAME)
    if not digest and checkpoint.extension("snapshot"):
        raise OtherFormat("it is of another version of presstime")
    if digest != digest_of(data):
        raise LedgerError("its data are not those that were signed")
    return Snapshot(key, checkpoint.size, checkpoint.hash, data)


def head_in_log(store: Store, snapshot: Snapshot) -> Head:
    """Where the log is at the snapshot's entry. Raises `LedgerError` if that entry is another one, or gone."""
    stat = next(store.list(LOG, key_of(snapshot.n - 1) if snapshot.n > 1 else ""), None)
    if stat is None or stat.key != key_of(snapshot.n) or hash_of(store.get(stat.key).body) != snapshot.hash:
        raise LedgerError(f"entry {snapshot.n} of the log is not the one it was made at")
    return Head(snapshot.n, snapshot.hash, stat.etag)


def take(store: Store, signer: Signer, trusted: Sequence[Verifier], size: int) -> int | None:
    """Put a snapshot into the bucket of a log that has `size` entries, if the newest one is EVERY entries older. Returns its n,
    None if it need not be. Raises `StoreError`, and `LedgerError` where the log cannot be read."""
    if size < EVERY + max((int(s.key.removeprefix(FOLDER)) for s in newest(store)), default=0):
        return None
    with _scratch(store) as cache:
        Ledger(store, cache, "", start=Starter((signer.verifier, *trusted))).catch_up()
        write(store, signer, cache.head(), cache.rows())
        return cache.head().n


def write(store: Store, signer: Signer, head: Head, rows: Iterable[str]) -> None:
    """Sign the lines of a fold and put them into the bucket; one that is there already is as good. Raises `StoreError`."""
    pack = zlib.compressobj(6)
    data = b"".join([*(pack.compress(f"{row}\n".encode()) for row in rows), pack.flush()])
    checkpoint = Checkpoint(signer.name, head.n, head.hash, (f"{_NAME} {digest_of(data)}",))
    note = signer.sign(checkpoint.text())
    try:
        store.create(f"{FOLDER}{head.n:020d}", b"%d\n%b%b" % (len(note), note, data))
    except (AlreadyExists, InDoubt):
        return  # the next hour makes another, if this one is not there


def check(store: Store, trusted: Sequence[Verifier], full: bool = False) -> list[str]:
    """What is wrong with the newest snapshot; with `full`, also whether the log, folded again, says the same."""
    for stat in newest(store)[:1]:
        try:
            snapshot = read(store, stat.key, trusted)
            head_in_log(store, snapshot)
            return compare(store, snapshot) if full else []
        except OtherFormat:
            return []
        except (LedgerError, Missing) as error:
            return [f"{stat.key}: {error.message}; it is not believed"]
    return []


def compare(store: Store, snapshot: Snapshot) -> list[str]:
    """Fold the log's entries up to the snapshot's and say where the two differ. Memory stays flat. Raises `StoreError`, and
    `LedgerError` for an entry that cannot be read.

    Instants that come from the bucket's clock are left out: a bucket that was restored from a copy has other ones."""
    with _scratch(store) as cache:
        stats = takewhile(lambda s: s.key <= key_of(snapshot.n), store.list(LOG))
        found = read_ahead(store, stats, whole)
        while some := list(islice(found, TOGETHER)):
            cache.apply_all([Folded(decode(body or b"", stat.key), "", "", stat.modified) for stat, body in some])
        for ours, theirs in zip_longest(cache.rows(), snapshot.rows(), fillvalue=""):
            if ours != theirs and _timeless(ours) != _timeless(theirs):
                return [f"{snapshot.key}: says {theirs[:200]!r}, and the log says {ours[:200]!r}"]
    return []


def _timeless(row: str) -> Json:
    data = json.loads(row or "null")
    if isinstance(data, dict) and "pauses" in data:
        timeless = [{**p, "since": "", "ended": bool(p["ended"])} for p in data["pauses"]]
        return {**data, "pauses": timeless}
    if isinstance(data, dict):
        lists = {"claim": 2, "intent": 3, "deferred": 3, "change": 2, "drift": 1}  # and where their time stands
        return {
            **data,
            **{key: bool(data[key]) for key in ("done", "first", "edited", "handed")},
            **{key: data[key] and [*data[key][:n], *data[key][n + 1 :]] for key, n in lists.items()},
        }
    return data


@contextmanager
def _scratch(store: Store) -> Iterator[Cache]:
    """A cache of one's own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="presstime-fold-") as folder:
        cache = Cache(Path(folder) / "fold.sqlite", store.name)
        try:
            yield cache
        finally:
            cache.close()


def _parts(body: bytes) -> tuple[bytes, bytes]:
    size = body[: 1 << 16].partition(b"\n")[0]
    if not size.isdigit() or len(size) > 5:
        raise NoteError("it is not a snapshot")
    start = len(size) + 1
    return body[start : start + int(size)], body[start + int(size) :]
