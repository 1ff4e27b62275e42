"""The log: numbers without gaps, one winner each, a chain, and a cache that may vanish."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from presstime.errors import InDoubt, LedgerError, StoreError, Undecided
from presstime.ledger.cache import Cache
from presstime.ledger.claims import step
from presstime.ledger.entry import key_of
from presstime.ledger.log import Ledger
from presstime.model import Delivery, Event, Status
from presstime.stores.base import Object
from presstime.stores.memory import Bucket, Fault, MemoryStore
from tests.conftest import S3Server
from tests.ledger.kit import D, append, fold_digest, ledger_on, planned


def entries(bucket: Bucket) -> list[dict[str, object]]:
    return [json.loads(bucket.objects[k].body) for k in sorted(bucket.objects)]


def test_entries_are_numbered_and_chained() -> None:
    """Entries count from 1 without gaps, and each names the hash of the one before."""
    bucket = Bucket()
    ledger = ledger_on(bucket)
    for n in range(3):
        append(ledger, planned(Delivery(f"p{n}", "c")))
    assert [e["n"] for e in entries(bucket)] == [1, 2, 3]
    from presstime.ledger.entry import GENESIS, hash_of

    bodies = [bucket.objects[key_of(n)].body for n in (1, 2, 3)]
    assert [e["prev"] for e in entries(bucket)] == [GENESIS, hash_of(bodies[0]), hash_of(bodies[1])]


def test_another_reader_folds_the_same() -> None:
    """A worker that comes later sees exactly the state that the writer sees."""
    bucket = Bucket()
    writer, reader = ledger_on(bucket), ledger_on(bucket, "w2")
    append(writer, planned(), step("held", D, reason="wait"))
    reader.catch_up()
    assert reader.state(D) == writer.state(D)
    assert reader.state(D).status is Status.HELD  # type: ignore[union-attr]


def test_idle_costs_one_list() -> None:
    """Reading a log in which nothing is new costs one LIST and nothing else."""
    bucket = Bucket()
    ledger = ledger_on(bucket)
    append(ledger, planned())
    bucket.requests.clear()
    ledger.catch_up()
    assert bucket.requests == {"list": 1}


def test_loser_of_a_number_reads_and_decides_again() -> None:
    """Who loses a number reads what won, asks its proposal again, and takes the next number if it still wants to."""
    bucket = Bucket()
    one, two = ledger_on(bucket, "w1"), ledger_on(bucket, "w2")
    one.catch_up()
    two.catch_up()
    append(one, planned())
    bucket.requests.clear()
    seen: list[object] = []

    def propose(view: object) -> list[Event]:
        seen.append(view(D))  # type: ignore[operator]
        return [] if view(D) else [planned()]  # type: ignore[operator]

    assert two.append(propose) == ()
    assert seen[0] is None
    assert seen[1] is not None
    assert len(entries(bucket)) == 1
    assert two.retried == 1
    assert bucket.requests == {"create": 1, "get": 1}, "what won was read once, and nothing was listed for it"


@pytest.mark.parametrize("fault", ["lost-after", "lost-before"])
def test_a_lost_reply_is_settled_by_the_nonce(fault: Fault) -> None:
    """Whether or not the write took effect, a lost reply ends with the events in the log exactly once."""
    faults: list[Fault | None] = [fault, None]
    store = MemoryStore(Bucket(), lambda op, key: faults.pop(0) if op == "create" and faults else None)
    ledger = ledger_on(store)
    append(ledger, planned())
    assert [e["n"] for e in entries(store.bucket)] == [1]
    assert ledger.state(D) is not None
    append(ledger, step("held", D, reason="x"))
    assert [e["n"] for e in entries(store.bucket)] == [1, 2]


def test_own_success_reported_as_taken_is_not_a_loss() -> None:
    """A retry somewhere on the way turns one's own success into "already exists": the nonce tells that it was ours."""
    bucket = Bucket()

    class Doubling(MemoryStore):
        def create(self, key: str, body: bytes):  # type: ignore[no-untyped-def]
            super().create(key, body)
            return super().create(key, body)

    ledger = ledger_on(Doubling(bucket))
    append(ledger, planned())
    assert len(entries(bucket)) == 1
    assert ledger.retried == 0


def test_conflict_storm() -> None:
    """A run of 409s decides nothing and ends with one entry; an endless one is an error, not an endless loop."""
    faults: list[Fault] = ["conflict"] * 5
    store = MemoryStore(Bucket(), lambda op, key: faults.pop(0) if op == "create" and faults else None)
    append(ledger_on(store), planned())
    assert len(entries(store.bucket)) == 1
    endless = MemoryStore(Bucket(), lambda op, key: "conflict" if op == "create" else None)
    with pytest.raises(Undecided):
        append(ledger_on(endless), planned())


def test_unreachable_store_writes_nothing_and_says_so() -> None:
    """Whoever waits for a batch learns that it could not be written."""
    store = MemoryStore(Bucket(), lambda op, key: "unreachable" if op == "create" else None)
    with pytest.raises(StoreError):
        append(ledger_on(store), planned())


def test_one_proposals_error_is_not_its_neighbours() -> None:
    """A proposal that raises gets its error back; others in the batch are written."""
    ledger = ledger_on(Bucket())
    with pytest.raises(ZeroDivisionError):
        ledger.append(lambda view: [planned()] if 1 // 0 else [])
    append(ledger, planned())
    assert ledger.state(D) is not None


def test_threads_share_entries() -> None:
    """Appends made at the same time are written together: far fewer entries than appends, and none lost."""
    bucket = Bucket()
    gate = threading.Event()

    class Slow(MemoryStore):
        def create(self, key: str, body: bytes):  # type: ignore[no-untyped-def]
            gate.wait(5)
            return super().create(key, body)

    ledger = ledger_on(Slow(bucket))
    with ThreadPoolExecutor(50) as pool:
        futures = [pool.submit(append, ledger, planned(Delivery(f"p{n}", "c"))) for n in range(50)]
        while len(ledger._queue) < 40:
            pass
        gate.set()
        for future in futures:
            future.result()
    assert len(ledger.states()) == 50
    assert len(entries(bucket)) <= 12


def test_batched_proposals_see_each_other() -> None:
    """Two proposals of one batch that want the same thing: the second sees the first's events and gives way."""
    ledger = ledger_on(Bucket())
    from presstime.ledger.log import _Request

    only_once = lambda view: [] if view(D) else [planned()]  # noqa: E731
    first, second = _Request(only_once, {}), _Request(only_once, {})
    ledger._commit([first, second])
    assert (len(first.events), len(second.events)) == (1, 0)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_interrupted_write_is_nobodys_success(moment: str) -> None:
    """A thread that is stopped while it writes for others, too, leaves them in doubt, not in the belief that it is written."""

    class Interrupted(MemoryStore):
        def create(self, key: str, body: bytes):  # type: ignore[no-untyped-def]
            if moment == "after":
                super().create(key, body)
            raise KeyboardInterrupt

    ledger = ledger_on(Interrupted(Bucket()))
    from presstime.ledger.log import _Request

    first, second = _Request(lambda view: [planned()], {}), _Request(lambda view: [planned(Delivery("p2", "c"))], {})
    with pytest.raises(KeyboardInterrupt):
        ledger._commit([first, second])
    assert second.done
    assert isinstance(second.error, InDoubt)


def test_payloads_stand_once() -> None:
    """A payload is written with the entry that names its digest first, and read back from there ever after."""
    bucket = Bucket()
    ledger = ledger_on(bucket)
    ledger.append(lambda view: [planned(digest="abc")], {"abc": {"text": "hello"}})
    ledger.append(lambda view: [planned(Delivery("p2", "c"), digest="abc")], {"abc": {"text": "hello"}})
    assert [list(e["payloads"]) for e in entries(bucket)] == [["abc"], []]  # type: ignore[call-overload]
    reader = ledger_on(bucket, "w2")
    reader.catch_up()
    assert reader.payload("abc") == {"text": "hello"}
    with pytest.raises(LedgerError):
        reader.payload("unknown")


def test_payloads_are_read_together() -> None:
    """Those that are asked for and there, whatever entries they stand in; of digests that nobody wrote nothing is said."""
    bucket = Bucket()
    ledger = ledger_on(bucket)
    two = {name: {"text": name} for name in ("one", "two")}
    first, second = Delivery("p1", "c"), Delivery("p2", "c")
    ledger.append(lambda view: [planned(first, digest="one"), planned(second, digest="two")], two)
    ledger.append(lambda view: [planned(first, digest="three")], {"three": {"text": "three"}})
    reader = ledger_on(bucket, "w2")
    reader.catch_up()
    assert reader.payloads(["two", "three", "unknown"]) == {"two": {"text": "two"}, "three": {"text": "three"}}
    assert reader.payloads([]) == {}


def damage(bucket: Bucket, n: int, change: dict[str, object]) -> None:
    body = json.dumps({**json.loads(bucket.objects[key_of(n)].body), **change}).encode()
    bucket.objects[key_of(n)] = replace(bucket.objects[key_of(n)], body=body)


def test_a_changed_entry_stops_the_reader() -> None:
    """An entry that does not follow the one before it is refused by name, and nothing is published on it."""
    bucket = Bucket()
    writer = ledger_on(bucket)
    for n in range(3):
        append(writer, planned(Delivery(f"p{n}", "c")))
    damage(bucket, 2, {"writer": "somebody else"})
    with pytest.raises(LedgerError, match=r"0003\.json does not follow"):
        ledger_on(bucket).catch_up()


def test_a_gap_stops_the_reader() -> None:
    """A missing entry is named."""
    bucket = Bucket()
    writer = ledger_on(bucket)
    for n in range(3):
        append(writer, planned(Delivery(f"p{n}", "c")))
    del bucket.objects[key_of(2)]
    with pytest.raises(LedgerError, match="entry 2 is missing"):
        ledger_on(bucket).catch_up()


def test_rubbish_stops_the_reader() -> None:
    """An object that is no entry is refused by name; an object with another kind of name is nobody's business."""
    bucket = Bucket()
    append(ledger_on(bucket), planned())
    store = MemoryStore(bucket)
    store.put("log/notes.txt", b"hello")
    ledger_on(bucket).catch_up()
    store.put(key_of(2), b"\xff not json")
    with pytest.raises(LedgerError, match=r"0002\.json is not an entry"):
        ledger_on(bucket).catch_up()


def test_cache_may_be_deleted(tmp_path: Path) -> None:
    """Without its cache file a worker reads the log again and comes to the same state."""
    bucket, file = Bucket(), tmp_path / "cache.sqlite"
    ledger = ledger_on(bucket, cache=Cache(file, "log"))
    for n in range(5):
        append(ledger, planned(Delivery(f"p{n}", "c")), step("held", Delivery(f"p{n}", "c"), reason="r"))
    before = fold_digest(ledger)
    ledger.cache.close()
    for leftover in tmp_path.iterdir():
        leftover.unlink()
    again = ledger_on(bucket, cache=Cache(file, "log"))
    again.catch_up()
    assert fold_digest(again) == before


def test_cache_of_another_log_is_not_believed(tmp_path: Path) -> None:
    """A cache made for another log, or for a log that was replaced, starts afresh."""
    file = tmp_path / "cache.sqlite"
    first = ledger_on(Bucket(), cache=Cache(file, "one"))
    append(first, planned())
    first.cache.close()
    assert list(Cache(file, "two").all()) == []

    bucket = Bucket()
    ledger = ledger_on(bucket, cache=Cache(tmp_path / "replaced.sqlite", "same"))
    append(ledger, planned())
    bucket.objects.clear()
    append(ledger_on(bucket, "w2"), planned(Delivery("other", "c")))
    ledger.catch_up()
    assert [s.delivery.post for s in ledger.cache.all()] == ["other"]


def test_damaged_cache_is_thrown_away(tmp_path: Path) -> None:
    """A cache file that is no database is replaced, not complained about."""
    file = tmp_path / "cache.sqlite"
    file.write_bytes(b"this is no database at all, but some text that is long enough to look at" * 20)
    ledger = ledger_on(Bucket(), cache=Cache(file, "log"))
    append(ledger, planned())
    assert ledger.state(D) is not None


def test_processes_share_a_cache(tmp_path: Path) -> None:
    """Two ledgers on one cache file do not fold an entry twice, whoever comes first."""
    bucket, file = Bucket(), tmp_path / "cache.sqlite"
    one = ledger_on(bucket, "w1", Cache(file, "log"))
    two = ledger_on(bucket, "w2", Cache(file, "log"))
    append(one, planned())
    append(two, planned(Delivery("p2", "c")))
    one.catch_up()
    append(one, step("claimed", D, worker="w1", epoch=1, lease=60, digest="d1"))
    two.catch_up()
    assert len(entries(bucket)) == 3
    assert two.state(D) == one.state(D)
    assert two.state(D).epoch == 1  # type: ignore[union-attr]


def test_lease_runs_by_the_stores_clock() -> None:
    """A claim's end is counted from the store's time of the entry, whatever the writer's clock says."""
    bucket = Bucket()
    ledger = ledger_on(bucket)
    append(ledger, planned(), step("claimed", D, worker="w1", epoch=1, lease=60, digest="d1"))
    written: Object = bucket.objects[key_of(1)]
    claim = ledger.state(D).claim  # type: ignore[union-attr]
    assert claim is not None
    assert claim.until == written.modified + timedelta(seconds=60)


def test_writers_race_on_real_s3(s3_server: S3Server) -> None:
    """Writers racing on one real bucket: every event is in the log once, numbers have no gap, the chain holds."""
    bucket = s3_server.store().bucket
    ledgers = [ledger_on(s3_server.store(bucket), f"w{n}") for n in range(4)]

    def write(ledger: Ledger) -> None:
        for n in range(4):
            append(ledger, planned(Delivery(f"{ledger.writer}-{n}", "c")))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, ledgers))
    reader = ledger_on(s3_server.store(bucket), "reader")
    assert reader.catch_up() == 16
    assert len(reader.states()) == 16
