"""Export: one row an event, the same columns always, and the objects as they are."""

import io
import json
import random
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from presstime.errors import LedgerError, UsageError
from presstime.ledger.claims import step
from presstime.ledger.export import COLUMNS, rows, write_jsonl, write_objects, write_parquet
from presstime.model import Delivery, Receipt
from presstime.stores.memory import Bucket, MemoryStore
from tests.ledger.evidence import log_of, put
from tests.ledger.kit import DUE, D, append, ledger_on, planned

ORIGIN = {"commit": "c2", "blob": "b2", "author": "Ada", "approver": "Bea"}


@pytest.fixture
def store() -> MemoryStore:
    """The life of one delivery in three entries."""
    ledger = ledger_on(Bucket())
    ledger.run = "run-1"
    append(ledger, planned())
    claimed = step("claimed", D, worker="w7", epoch=1, lease=120.0, digest="d1", run="run-2", origin=ORIGIN)
    append(ledger, claimed, step("sending", D, epoch=1, segment=0, digest="d1", key="k", lease=120.0, origin=ORIGIN))
    receipt = Receipt("42", "https://x.example/42", {"cid": "z"}).to_json()
    append(
        ledger,
        step("accepted", D, epoch=1, segment=0, receipt=receipt),
        step("settled", Delivery("p", "c", "2026-01-01"), segment=0, found=False, how="not there", review=True),
    )
    assert isinstance(ledger.store, MemoryStore)
    return ledger.store


def test_one_row_an_event(store: MemoryStore) -> None:
    """Each event is a row with every column; what it does not have is null, what has no column is in `other`."""
    found = list(rows(store))
    assert [(r["entry"], r["event"], r["kind"]) for r in found] == [
        (1, 0, "planned"),
        (2, 0, "claimed"),
        (2, 1, "sending"),
        (3, 0, "accepted"),
        (3, 1, "settled"),
    ]
    assert all(list(r) == list(COLUMNS) for r in found)
    first, claimed, sending, accepted, settled = found
    assert (first["post"], first["channel"], first["occurrence"], first["delivery"]) == (
        "launch",
        "brand",
        "once",
        "launch/brand",
    )
    assert (first["digest"], first["commit"], first["author"], first["run"]) == (
        "d1",
        "c1",
        "Ada <ada@example.org>",
        "run-1",
    )
    assert (first["due"], first["url"], first["other"]) == (DUE.isoformat(), None, None)
    assert (claimed["worker"], claimed["run"], claimed["writer"], claimed["approver"]) == ("w7", "run-2", "w1", "Bea")
    assert json.loads(claimed["other"]) == {"lease": 120.0}
    assert (sending["key"], sending["segment"]) == ("k", 0)
    assert (accepted["id"], accepted["url"]) == ("42", "https://x.example/42")
    assert json.loads(accepted["other"]) == {"receipt": {"cid": "z"}}
    assert (settled["occurrence"], settled["found"], settled["review"], settled["how"]) == (
        "2026-01-01",
        False,
        True,
        "not there",
    )


def test_nothing_of_an_event_is_lost(store: MemoryStore) -> None:
    """Every value of every event stands somewhere in its row."""
    for row in rows(store):
        said = json.dumps(row, ensure_ascii=False)
        entry = json.loads(store.get(f"log/{row['entry']:020d}.json").body)
        event = entry["events"][row["event"]]
        values = [v for v in event.values() if isinstance(v, str)]
        values += [v for part in event.values() if isinstance(part, dict) for v in part.values() if isinstance(v, str)]
        assert all(value in said for value in values)


def test_json_lines(store: MemoryStore) -> None:
    """One object a line, the count returned."""
    out = io.StringIO()
    assert write_jsonl(rows(store), out) == 5
    assert [json.loads(line) for line in out.getvalue().splitlines()] == list(rows(store))
    assert write_jsonl(iter(()), out) == 0


def test_parquet(store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows come back from Parquet, instants as timestamps; over batches too, and from an empty log."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: presstime[parquet]")
    monkeypatch.setattr("presstime.ledger.export.BATCH", 2)
    assert write_parquet(rows(store), tmp_path / "log.parquet") == 5
    table = parquet.read_table(tmp_path / "log.parquet")
    assert table.column_names == list(COLUMNS)
    for back, row in zip(table.to_pylist(), rows(store), strict=True):
        instants = {name for name, kind in COLUMNS.items() if kind == "t" and row[name]}
        assert {n: v for n, v in back.items() if n not in instants} == {n: row[n] for n in COLUMNS if n not in instants}
        assert all(back[n] == datetime.fromisoformat(row[n]).astimezone(UTC) for n in instants)
    assert write_parquet(iter(()), tmp_path / "empty.parquet") == 0
    assert parquet.read_table(tmp_path / "empty.parquet").num_rows == 0


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyarrow is missing the message says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pyarrow") as raised:
        write_parquet(iter(()), tmp_path / "log.parquet")
    assert "presstime[parquet]" in raised.value.advice


def test_memory_stays_flat() -> None:
    """Four times the entries take no more memory to export."""
    peaks = []
    for entries in (300, 1200):
        store = MemoryStore(log_of(entries, random.Random(1)))
        tracemalloc.start()
        for _ in rows(store):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    listing = 1200 * 400  # what the twin makes of a listing, where S3 gives pages
    assert peaks[1] < 2 * peaks[0] + listing


def test_an_entry_that_is_none_stops_it(store: MemoryStore) -> None:
    """What cannot be read is not passed over in silence."""
    put(store.bucket, 2, b"rubbish")
    with pytest.raises(LedgerError, match="not an entry"):
        list(rows(store))


def test_objects_as_files(store: MemoryStore, tmp_path: Path) -> None:
    """The log's and the checkpoints' objects become files, byte for byte; no name leads out of the folder."""
    store.put("checkpoint/00000000000000000001/20260101T000000Z", b"note\n")
    for name in ("log/../../escaped", "log//root", "log/.hidden", "snapshot/1", "other/1", "log/zz"):
        store.put(name, b"x")
    assert write_objects(store, tmp_path / "out") == 5
    files = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {k: v.body for k, v in store.bucket.objects.items() if k in files}
    assert len(files) == 5
