"""Tampering, by chance and in masses: every change behind the newest checkpoint is found, and the first bad entry named."""

import os
import random
from datetime import UTC, datetime

import pytest

from presstime.ledger import chain
from presstime.ledger.entry import GENESIS, hash_of, key_of
from presstime.ledger.verify import verify
from presstime.model import canonical
from presstime.stores.memory import Bucket, MemoryStore
from tests.ledger.evidence import (
    TRUSTED,
    WAYS,
    Tamper,
    body,
    copied,
    flip,
    forge,
    log_of,
    put,
    seen,
    sign,
    truncate,
)

ENTRIES = 40


@pytest.fixture(scope="module")
def sealed() -> Bucket:
    """A log with checkpoints at 10, 25 and its end."""
    return log_of(ENTRIES, random.Random(1), checkpoints=(10, 25, ENTRIES))


def tampered(bucket: Bucket, tamper: Tamper, seed: int) -> tuple[Bucket, int]:
    changed = copied(bucket)
    return changed, tamper(changed, ENTRIES, random.Random(seed))


def missed(bucket: Bucket, count: int) -> list[tuple[int, str, int, int | None]]:
    """The mutations that were not found, or blamed on another entry: their seed, way, entry and what was blamed."""
    sightings, found = seen(bucket), []
    for seed in range(count):
        tamper = WAYS[seed % len(WAYS)]
        changed, n = tampered(bucket, tamper, seed)
        verdict = verify(MemoryStore(changed), None, sightings)
        if verdict.ok or verdict.first_bad != n:
            found.append((seed, tamper.__name__, n, verdict.first_bad))
    return found


def test_an_honest_log_passes(sealed: Bucket) -> None:
    """A log that nobody touched is ok in every mode, with the same counts."""
    verdicts = [verify(MemoryStore(sealed), None, seen(sealed), full=full) for full in (False, True)]
    assert verdicts[0].ok, verdicts[0].problems
    assert verdicts[0] == verdicts[1]
    assert verify(MemoryStore(sealed)).events == verdicts[0].events > ENTRIES


def test_a_thousand_mutations(sealed: Bucket) -> None:
    """Of 1,000 random mutations behind the newest checkpoint all are found, each blamed on the entry that was touched."""
    assert missed(sealed, 1_000) == []


@pytest.mark.slow
def test_mutations_of_other_logs() -> None:
    """The same on ten logs with checkpoints at other places: 2,000, or 10,000 with PRESSTIME_ALL=1."""
    each = 1_000 if os.environ.get("PRESSTIME_ALL") == "1" else 200
    for log in range(10):
        chance = random.Random(log)
        sizes = (*chance.sample(range(1, ENTRIES), chance.randint(0, 8)), ENTRIES)
        assert missed(log_of(ENTRIES, chance, sizes), each) == []


def test_without_the_chain_check_it_would_be_missed(sealed: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with the links unchecked, forged entries pass, so it is the chain that finds them."""
    assert missed(sealed, 240) == []
    monkeypatch.setattr(chain.Chain, "_settle", lambda *_: None)
    assert {way for _, way, _, _ in missed(sealed, 240)} >= {"forge", "flip"}


def test_truncation_behind_a_checkpoint(sealed: Bucket) -> None:
    """Wherever the end is cut off behind the newest checkpoint, it is found, and the first entry gone is named."""
    for size in range(ENTRIES):
        changed = copied(sealed)
        for n in range(size + 1, ENTRIES + 1):
            del changed.objects[key_of(n)]
        verdict = verify(MemoryStore(changed), None, seen(sealed))
        assert verdict.first_bad == size + 1
        assert f"had {ENTRIES} entries" in verdict.problems[-1]


def test_truncation_in_front_of_the_newest_checkpoint_is_the_exposure(sealed: Bucket) -> None:
    """What was appended after the newest checkpoint can be cut off unseen; the verdict says how much that is."""
    grown = copied(sealed)
    for extra in ("one", "two"):
        prev = max(int(k[4:24]) for k in grown.objects if k.startswith("log/"))
        put(grown, prev + 1, honest(prev + 1, hash_of(body(grown, prev)), extra))
    verdict = verify(MemoryStore(grown), None, seen(sealed))
    assert verdict.ok
    assert verdict.exposure == {"entries": 2, "since": verdict.checkpoint["time"]}  # type: ignore[index]
    assert verify(MemoryStore(sealed), None, seen(sealed)).ok


def honest(n: int, prev: str, writer: str) -> bytes:
    fields = {"format": 1, "n": n, "prev": prev, "nonce": "0" * 32, "writer": writer, "run": "", "time": "t"}
    return canonical({**fields, "events": [], "payloads": {}})


def test_rewriting_everything_after_a_change(sealed: Bucket) -> None:
    """Whoever forges an entry and links all later ones anew is found at the next checkpoint."""
    changed = copied(sealed)
    forge(changed, 12, random.Random(3))
    rechain(changed, 1)
    assert verify(MemoryStore(changed)).ok, "without checkpoints nothing tells it from the truth"
    verdict = verify(MemoryStore(changed), None, seen(sealed))
    assert verdict.first_bad in (10, 25)
    assert "checkpoint" in verdict.problems[0]


def rechain(bucket: Bucket, first: int) -> None:
    import json

    prev = hash_of(body(bucket, first - 1)) if first > 1 else GENESIS
    for n in range(first, ENTRIES + 1):
        put(bucket, n, canonical({**json.loads(body(bucket, n)), "prev": prev}))
        prev = hash_of(body(bucket, n))


@pytest.mark.parametrize("tamper", [way for way in dict.fromkeys(WAYS) if way is not truncate])
def test_without_checkpoints(tamper: Tamper) -> None:
    """Without any checkpoint all but a cut-off end and a well-made last entry is found; the blame may go to the one before,
    where nothing vouches for either side of a link."""
    bucket = log_of(ENTRIES, random.Random(2))
    for seed in range(40):
        changed = copied(bucket)
        n = tamper(changed, ENTRIES - 1, random.Random(seed))
        verdict = verify(MemoryStore(changed))
        assert not verdict.ok, (tamper, seed)
        assert verdict.first_bad in (n, n - 1), (tamper, seed, n, verdict.first_bad)
        assert verdict.first_bad == n or n >= ENTRIES - 1


def test_checkpoints_that_disagree(sealed: Bucket) -> None:
    """Two checkpoints of one size with different hashes are named, whichever of them the log agrees with."""
    other = log_of(10, random.Random(9))
    other.clock = lambda: datetime(2026, 1, 1, tzinfo=UTC)
    key = sign(other)
    changed = copied(sealed)
    changed.objects[key] = other.objects[key]
    verdict = verify(MemoryStore(changed), None, seen(changed))
    assert verdict.first_bad == 10
    assert any("two checkpoints of 10 entries disagree" in p and key in p for p in verdict.problems)


def test_checkpoints_are_evidence_too(sealed: Bucket) -> None:
    """A checkpoint that was changed, moved, unsigned or is of another key is a problem of its own, and is not believed."""
    key = next(k for k in sealed.objects if k.startswith("checkpoint/") and "25/" in k)
    note = sealed.objects[key]

    def problem_of(name: str, data: bytes) -> str:
        changed = copied(sealed)
        changed.objects[name] = type(note)(data, note.etag, note.modified)
        verdict = verify(MemoryStore(changed), None, seen(changed))
        assert verdict.first_bad is None
        return verdict.problems[0]

    assert "signature" in problem_of(key, note.body.replace(b"\n25\n", b"\n24\n"))
    assert "moved" in problem_of(key.replace("00025/", "00024/"), note.body)
    assert "not a signed note" in problem_of(key, note.body.partition(b"\n\n")[0])
    assert "does not belong" in problem_of("checkpoint/notes.txt", b"hello")
    from presstime.ledger.note import Signer

    stranger = Signer("verne.example/log", b"s" * 32)
    text = note.body.partition(b"\n\n")[0].decode() + "\n"
    assert "not signed by a key" in problem_of(key, stranger.sign(text))


def test_without_a_key_checkpoints_still_bind(sealed: Bucket) -> None:
    """Where no key is trusted, checkpoints are compared all the same, and said to be unsigned."""
    verdict = verify(MemoryStore(sealed), None, seen(sealed, ()))
    assert verdict.ok
    assert verdict.checkpoint is not None
    assert verdict.checkpoint["signed"] is False
    changed, n = tampered(sealed, forge, 4)
    assert verify(MemoryStore(changed), None, seen(changed, ())).first_bad == n
    assert seen(sealed).found[0].signed
    assert TRUSTED


def test_the_newest_checkpoint_in_json(sealed: Bucket) -> None:
    """`checkpoint` says size, time, whether it is signed, and where it was found."""
    found = verify(MemoryStore(sealed), None, seen(sealed)).to_json()["checkpoint"]
    assert set(found) == {"size", "time", "signed", "source"}
    assert (found["size"], found["signed"], found["source"]) == (ENTRIES, True, "s3")
    assert datetime.fromisoformat(found["time"]).tzinfo is not None


def test_an_empty_log_has_a_checkpoint_too() -> None:
    """A heartbeat of a log without entries binds it to being empty then, and nothing more."""
    bucket = Bucket()
    sign(bucket)
    assert verify(MemoryStore(bucket), None, seen(bucket)).ok
    emptied = log_of(2, random.Random(1), (2,))
    sightings = seen(emptied)
    emptied.objects.clear()
    verdict = verify(MemoryStore(emptied), None, sightings)
    assert (verdict.entries, verdict.first_bad) == (0, 1)


def test_neighbours_changed_together(sealed: Bucket) -> None:
    """Of neighbours changed at once the first is named, wherever the checkpoints are."""
    for n in (1, 9, 10, 12, 24, 30, 38):
        changed = copied(sealed)
        for touched in (n, n + 1):
            put(changed, touched, body(changed, touched).replace(b'"writer":"w1"', b'"writer":"w9"'))
        verdict = verify(MemoryStore(changed), None, seen(sealed))
        assert verdict.first_bad == n, verdict.problems


def test_several_changes(sealed: Bucket) -> None:
    """Of several changes the first is named; of a link and more changed in one entry, perhaps the entry before it."""
    for seed in range(60):
        changed, chance = copied(sealed), random.Random(seed)
        bad = [forge(changed, ENTRIES, chance), flip(changed, ENTRIES, chance)]
        verdict = verify(MemoryStore(changed), None, seen(sealed))
        allowed = (bad[0] - 1, bad[0]) if bad[0] == bad[1] else (min(bad),)
        assert verdict.first_bad in allowed, (seed, bad, verdict.problems)
