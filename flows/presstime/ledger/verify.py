"""Is the log what was written? Reads every entry and checks it, the chain, and every checkpoint. Memory stays flat.

What lies behind a signed checkpoint was looked at in every detail before it was signed. Since the checkpoint binds its bytes,
it is enough to hash them again and see that they lead to the checkpoint; what comes after is looked at in detail here. Only a
log in which nothing is wrong is passed like that: else, and where there is no signed checkpoint, every entry is taken apart."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

from presstime.errors import LedgerError
from presstime.ledger.chain import Chain, Facts, Verdict
from presstime.ledger.checkpoint import Sightings
from presstime.ledger.entry import FOLDER, hash_of, key_of, number_of
from presstime.ledger.form import inspect
from presstime.ledger.reading import read_ahead
from presstime.stores.base import Stat, Store

DIGITS = slice(4, 24)  # of an entry's name, where its number stands
PREV = b'},"prev":"'  # as it stands in every entry, a little before its end

Progress = Callable[[int], None]


def verify(
    store: Store, progress: Progress | None = None, sightings: Sightings | None = None, full: bool = False
) -> Verdict:
    """Check the whole log, and that it agrees with the checkpoints. `progress` is called with the number of entries checked.

    `full` takes every entry apart, whatever was signed. Raises `StoreError` where the store cannot be read."""
    sightings = sightings or Sightings()
    sealed = 0 if full else max((s.checkpoint.size for s in sightings.found if s.signed), default=0)
    verdict = _walk(store, sightings, sealed, 0, progress)
    if verdict.problems and sealed:
        verdict = _walk(store, sightings, 0, 0, progress)
    verdict.problems += [*_disagreements(sightings), *sightings.problems]
    newest = sightings.newest()
    verdict.checkpoint = sightings.to_json()
    if newest and verdict.checkpoint:
        behind = max(0, verdict.entries - newest.checkpoint.size)
        verdict.exposure = {"entries": behind, "since": verdict.checkpoint["time"]}
    return verdict


def verify_tail(store: Store, sightings: Sightings) -> Verdict:
    """Check the log from the newest checkpoint on, the whole of it if there is none. `entries` counts from the log's beginning.

    Raises `StoreError` where the store cannot be read."""
    newest = sightings.newest()
    start = max(0, newest.checkpoint.size - 1) if newest else 0
    verdict = _walk(store, sightings if newest is None else replace(sightings, found=[newest]), 0, start, None)
    verdict.entries += start
    return verdict


def _walk(store: Store, sightings: Sightings, sealed: int, start: int, progress: Progress | None) -> Verdict:
    verdict = Verdict()
    chain = Chain(verdict, sightings.by_size(), start)

    def look(stat: Stat, body: bytes) -> tuple[int, Facts]:
        n = int(stat.key[DIGITS])
        return n, _glance(n, body) if n <= sealed else _look(stat.key, n, body)

    for stat, found in read_ahead(store, _entries(store, start, verdict), look):
        chain.take(*(found or _gone(stat)))
        if progress:
            progress(verdict.entries)
    chain.finish()
    return verdict


def _entries(store: Store, start: int, verdict: Verdict) -> Iterator[Stat]:
    """The entries after number `start`. What is not an entry's name is a problem of its own."""
    for stat in store.list(FOLDER, key_of(start) if start else ""):
        if number_of(stat.key):
            yield stat
        else:
            verdict.problems.append(f"{stat.key}: does not belong into the log")


def _gone(stat: Stat) -> tuple[int, Facts]:
    return int(stat.key[DIGITS]), Facts("", "", 0, (f"{stat.key}: vanished while it was read",))


def _look(key: str, n: int, body: bytes) -> Facts:
    """Everything that can be told of an entry by itself."""
    try:
        entry, faults = inspect(body, key, n)
    except LedgerError as error:
        return Facts(hash_of(body), "", 0, (error.message,))
    return Facts(hash_of(body), entry.prev, len(entry.events), faults, body)


def _glance(n: int, body: bytes) -> Facts:
    """What matters of an entry whose bytes a signed checkpoint is to vouch for: its hash, and the one it names.

    Its events are counted by their key `kind`: in JSON no text can hold `"kind":"` with these quotes as they are."""
    at = body.rfind(PREV) + len(PREV)
    middle = b'],"format":1,"n":%d,"nonce":"' % n
    end = body.rfind(middle, max(0, at - 500))
    if end < 0:
        end = body.find(middle)
    digest = sha256(body).hexdigest()
    if end < 0 or at < len(PREV):
        return Facts(digest, "", 0, ("unlike any entry",))
    return Facts(digest, body[at : at + 64].decode("latin-1"), body.count(b'"kind":"', 0, end), (), body)


def _disagreements(sightings: Sightings) -> Iterator[str]:
    for size, found in sorted(sightings.by_size().items()):
        for other in found[1:]:
            if other.checkpoint.hash != found[0].checkpoint.hash:
                yield f"two checkpoints of {size} entries disagree: {found[0].place} and {other.place}"
