"""Snapshots: a new worker starts from one, and no snapshot changes what the log says."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from presstime.errors import LedgerError
from presstime.ledger import snapshot
from presstime.ledger.cache import Cache, Head
from presstime.ledger.claims import step
from presstime.ledger.entry import hash_of, key_of
from presstime.ledger.evidence import Evidence
from presstime.ledger.log import Ledger
from presstime.ledger.note import Signer, Verifier
from presstime.ledger.snapshot import Starter, check, take
from presstime.model import Delivery, Status
from presstime.stores.base import Object
from presstime.stores.memory import Bucket, MemoryStore
from tests.conftest import S3Server
from tests.ledger.evidence import SIGNER, TRUSTED, body, forge, log_of
from tests.ledger.kit import append, fold_digest, ledger_on, planned
from tests.ledger.lives import LIVES, event_of

ENTRIES = 30
CLAIM = {"worker": "w1", "epoch": 1, "lease": 120.0, "digest": "d1"}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots of logs as small as those of tests."""
    monkeypatch.setattr(snapshot, "EVERY", 10)


@pytest.fixture
def bucket() -> Bucket:
    """A log of 30 entries with a snapshot of the first 25."""
    bucket = log_of(25, random.Random(1))
    assert take(MemoryStore(bucket), SIGNER, TRUSTED, 25) == 25
    for n in range(26, ENTRIES + 1):
        append(ledger_on(bucket), planned(Delivery(f"late{n}", "c")), step("held", Delivery("p3", "c"), reason="why"))
    return bucket


def newcomer(bucket: Bucket, trusted: Sequence[Verifier] = TRUSTED) -> Ledger:
    """A worker without a cache, that has caught up."""
    ledger = ledger_on(bucket, "new")
    ledger.start = Starter(tuple(trusted))
    bucket.requests.clear()
    ledger.catch_up()
    return ledger


def truth(bucket: Bucket) -> str:
    """The fold of the log alone."""
    ledger = ledger_on(bucket, "truth")
    ledger.catch_up()
    return fold_digest(ledger)


def key(n: int = 25) -> str:
    return f"snapshot/{n:020d}"


def test_a_new_worker_starts_from_it(bucket: Bucket) -> None:
    """Snapshot and tail give the same state as the whole log, and only the tail is read."""
    ledger = newcomer(bucket)
    assert bucket.requests["get"] <= 2 + ENTRIES - 25
    assert fold_digest(ledger) == truth(bucket)
    assert ledger.cache.head().n == ENTRIES
    assert ledger.state(Delivery("p3", "c")).status is Status.HELD  # type: ignore[union-attr]
    append(ledger, planned(Delivery("mine", "c")))
    assert ledger_on(bucket).catch_up() == ENTRIES + 1


def test_payloads_are_found_from_it(bucket: Bucket) -> None:
    """What was planned before the snapshot can be read back by a worker that began after it."""
    ledger = newcomer(bucket)
    digests = [d for n in range(1, 26) for d in json.loads(body(bucket, n))["payloads"]]
    assert digests
    assert all(ledger.payload(d)["text"].startswith("héllo") for d in digests)


def test_a_second_snapshot_builds_on_the_first(bucket: Bucket) -> None:
    """One is taken when the log has grown enough, from the one before and the tail; not sooner."""
    assert take(MemoryStore(bucket), SIGNER, TRUSTED, ENTRIES) is None
    for n in range(10):
        append(ledger_on(bucket), planned(Delivery(f"more{n}", "c")))
    bucket.requests.clear()
    assert take(MemoryStore(bucket), SIGNER, TRUSTED, ENTRIES + 10) == 40
    assert bucket.requests["get"] <= 2 + 15
    assert fold_digest(newcomer(bucket)) == truth(bucket)
    assert check(MemoryStore(bucket), TRUSTED, full=True) == []


def test_a_snapshot_is_compressed_and_the_same_for_everybody(bucket: Bucket) -> None:
    """Two workers make the same bytes of the same log, smaller than the entries."""
    made = bucket.objects.pop(key())
    again = {k: v for k, v in bucket.objects.items() if k <= key_of(25)}
    other = Bucket(bucket.clock)
    other.objects = again
    take(MemoryStore(other), SIGNER, TRUSTED, 25)
    assert other.objects[key()].body == made.body
    assert len(made.body) < sum(len(body(other, n)) for n in range(1, 26)) / 2


# --- those that are not believed --------------------------------------------------------------------------------------


def rows_of(bucket: Bucket, upto: int = 25) -> list[str]:
    ledger = ledger_on(bucket)
    for n in range(1, upto + 1):
        ledger.cache.apply(ledger.entry(n), "", "", bucket.objects[key_of(n)].modified)
    return list(ledger.cache.rows())


def lie(rows: Sequence[str]) -> list[str]:
    """The same fold, but nothing was ever planned, and one post is out already."""
    changed = [json.loads(r) for r in rows if r.startswith("{")]
    changed[0]["status"] = "published"
    return [json.dumps(c) for c in changed[:3]]


def lay(bucket: Bucket, signer: Signer, head: Head, rows: Sequence[str]) -> None:
    """A snapshot of somebody's making in the place of the right one."""
    bucket.objects.pop(f"snapshot/{head.n:020d}", None)
    snapshot.write(MemoryStore(bucket), signer, head, rows)


def head_at(bucket: Bucket, n: int) -> Head:
    return Head(n, hash_of(body(bucket, n)))


def test_a_forged_snapshot_changes_nothing(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    """A snapshot at the right entry with the right hash, but other states, by somebody without the key: warned of, not used."""
    before = truth(bucket)
    lay(bucket, Signer(SIGNER.name, b"m" * 32), head_at(bucket, 25), lie(rows_of(bucket)))
    assert fold_digest(newcomer(bucket)) == before
    assert "is not believed: it is not signed" in caplog.text
    assert check(MemoryStore(bucket), TRUSTED) != []


def test_the_control_a_lie_under_the_right_key_is_believed_until_verified(bucket: Bucket) -> None:
    """The control of the one above: it is the signature that a worker goes by, and folding the log again tells the rest."""
    before = truth(bucket)
    lay(bucket, SIGNER, head_at(bucket, 25), lie(rows_of(bucket)))
    assert fold_digest(newcomer(bucket)) != before
    assert check(MemoryStore(bucket), TRUSTED) == []
    assert "and the log says" in check(MemoryStore(bucket), TRUSTED, full=True)[0]


def test_a_snapshot_of_another_log_is_not_used(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    """Rightly signed, but the log's entry n has another hash, or is not there: the log is read."""
    before = truth(bucket)
    lay(bucket, SIGNER, Head(25, "ab" * 32), lie(rows_of(bucket)))
    assert fold_digest(newcomer(bucket)) == before
    assert "not the one it was made at" in caplog.text
    caplog.clear()
    lay(bucket, SIGNER, Head(99, "ab" * 32), lie(rows_of(bucket)))
    bucket.objects.pop(key())
    assert fold_digest(newcomer(bucket)) == before
    assert "entry 99" in caplog.text


def damaged(data: bytes, where: int) -> bytes:
    return data[:where] + bytes([data[where] ^ 1]) + data[where + 1 :]


@pytest.mark.parametrize("where", [0, 5, 40, 150, -1, -30])
def test_a_damaged_snapshot_is_not_used(bucket: Bucket, where: int, caplog: pytest.LogCaptureFixture) -> None:
    """A bit changed anywhere in it, and it is passed over with a warning."""
    before, item = truth(bucket), bucket.objects[key()]
    bucket.objects[key()] = replace(item, body=damaged(item.body, where % len(item.body)))
    assert fold_digest(newcomer(bucket)) == before
    assert "is not believed" in caplog.text


def test_a_moved_snapshot_is_not_used(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    """Under another number a snapshot would hide entries, or repeat them."""
    bucket.objects[key(28)] = bucket.objects.pop(key())
    assert fold_digest(newcomer(bucket)) == truth(bucket)
    assert "it was moved" in caplog.text


def test_an_older_one_serves_where_the_newest_does_not(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    """Behind a bad snapshot the one before it is used, and rubbish of other names is nobody's business."""
    lay(bucket, Signer("x", b"m" * 32), head_at(bucket, 28), lie(rows_of(bucket)))
    MemoryStore(bucket).put("snapshot/readme", b"hello")
    ledger = newcomer(bucket)
    assert bucket.requests["get"] <= 3 + ENTRIES - 25
    assert fold_digest(ledger) == truth(bucket)
    assert caplog.text.count("not believed") == 1


def test_a_snapshot_of_another_version_is_passed_over(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One whose fold has another format is of no use, and no reason to worry anybody."""
    monkeypatch.setattr(snapshot, "_NAME", "snapshot 99")
    assert fold_digest(newcomer(bucket)) == truth(bucket)
    assert caplog.text == ""
    assert check(MemoryStore(bucket), TRUSTED, full=True) == []


def test_no_key_no_snapshot(bucket: Bucket) -> None:
    """Who trusts no key starts from the log, silently."""
    ledger = ledger_on(bucket)
    ledger.catch_up()
    assert fold_digest(ledger) == truth(bucket)
    assert bucket.requests["get"] >= ENTRIES


def test_a_log_changed_in_front_of_the_snapshot_still_stops_nobody_unseen(bucket: Bucket) -> None:
    """A worker that starts from a snapshot does not read what lies before it; `audit verify` does, and finds it."""
    forge(bucket, 20, random.Random(2))
    newcomer(bucket)
    with pytest.raises(LedgerError):
        ledger_on(bucket).catch_up()


def test_clocks_do_not_matter_when_a_log_was_restored(bucket: Bucket) -> None:
    """A bucket copied back has other times; its snapshot is still found to say what the log says."""
    later: dict[str, Object] = {}
    for name, item in bucket.objects.items():
        later[name] = replace(item, modified=item.modified + timedelta(days=3))
    bucket.objects = later
    assert check(MemoryStore(bucket), TRUSTED, full=True) == []


@pytest.mark.parametrize("life", LIVES)
def test_clocks_do_not_matter_wherever_a_delivery_stands(life: str) -> None:
    """A log that was restored three days later: whatever a state has of times of the log, it is found to be the same."""
    bucket = log_of(9, random.Random(1))
    delivery = Delivery("one", "c")
    scope = Delivery("*", "channel:c")
    steps = [event_of(kind, scope if kind == "paused" else delivery) for kind in LIVES[life]]
    append(ledger_on(bucket), planned(delivery), *steps)
    assert take(MemoryStore(bucket), SIGNER, TRUSTED, 10) == 10
    bucket.objects = {
        name: replace(item, modified=item.modified + timedelta(days=3)) for name, item in bucket.objects.items()
    }
    assert check(MemoryStore(bucket), TRUSTED, full=True) == []


def test_a_cache_in_use_is_not_overwritten(bucket: Bucket, tmp_path: Path) -> None:
    """A snapshot fills an empty cache only; and lines that are none leave it empty."""
    cache = Cache(tmp_path / "c.sqlite", "log")
    with pytest.raises(LedgerError):
        cache.restore(Head(3, "h"), ['{"delivery":"a/b"}', "rubbish"])
    assert (cache.head().n, list(cache.rows())) == (0, [])
    cache.restore(Head(25, "h", "e"), rows_of(bucket))
    cache.restore(Head(99, "h", "e"), [])
    assert cache.head() == Head(25, "h", "e")
    assert list(cache.rows()) == rows_of(bucket)


def test_on_real_s3(s3_server: S3Server) -> None:
    """On a real server: sealed with a snapshot, started from it, verified with it."""
    store = s3_server.store()
    writer = ledger_on(store)
    for n in range(12):
        append(writer, planned(Delivery(f"p{n}", "c")), step("claimed", Delivery(f"p{n}", "c"), **CLAIM))
    assert Evidence(store, TRUSTED).seal(SIGNER).snapshot == 12
    append(writer, planned(Delivery("late", "c")))
    reader = ledger_on(store, "new")
    reader.start = Starter(TRUSTED)
    assert reader.catch_up() == 13
    assert reader.states().keys() == writer.states().keys()
    verdict = Evidence(store, TRUSTED).verdict(full=True)
    assert verdict.ok, verdict.problems
    assert verdict.exposure is not None
    assert verdict.exposure["entries"] == 1
