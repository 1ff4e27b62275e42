"""The log for other tools: one row an event, the same columns always; or its objects as they are, for another verifier.

Rows are made while entries are read, so memory stays flat. A column that an event does not have is null; what has no column
of its own is in `other`, as JSON. Instants are ISO 8601 with offset in JSON, timestamps in UTC in Parquet. Nothing is
verified here: `presstime audit verify` does that."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from presstime.errors import UsageError
from presstime.ledger import checkpoint
from presstime.ledger.entry import FOLDER, Entry, decode, number_of
from presstime.ledger.fold import MARKS, ORIGIN
from presstime.ledger.reading import read_ahead, whole
from presstime.model import Event, JsonObject, from_iso
from presstime.stores.base import Store

if TYPE_CHECKING:
    import pyarrow

BATCH = 10_000  # rows that are made at once for Parquet
_SAFE = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*")

# Name and type of each column, in order: s text, i whole number, b truth, t instant.
COLUMNS = {
    "entry": "i",  # number in the log
    "event": "i",  # place in the entry, from 0
    "written": "t",  # when the entry was, by its writer's clock
    "at": "t",  # when the event was
    "kind": "s",
    "delivery": "s",
    "post": "s",
    "channel": "s",
    "occurrence": "s",
    "digest": "s",  # of the variant
    "source": "s",
    "engine": "s",
    "due": "t",
    "path": "s",
    "commit": "s",
    "blob": "s",
    "author": "s",
    "approver": "s",
    "signer": "s",
    "signer_key": "s",
    "approver_key": "s",
    "writer": "s",
    "worker": "s",
    "run": "s",  # the Prefect flow run
    "epoch": "i",
    "segment": "i",
    "key": "s",  # the idempotency key
    "id": "s",  # the network's, for what it accepted
    "url": "s",
    "reason": "s",
    "code": "s",
    "how": "s",
    "found": "b",
    "review": "b",
    "until": "t",
    "other": "s",
}


def rows(store: Store) -> Iterator[JsonObject]:
    """Every event of the log, oldest first. Raises `StoreError`, and `LedgerError` for an entry that cannot be read."""
    stats = (stat for stat in store.list(FOLDER) if number_of(stat.key))
    for stat, body in read_ahead(store, stats, whole):
        entry = decode(body or b"", stat.key)
        for index, event in enumerate(entry.events):
            yield _row(entry, index, event)


def _row(entry: Entry, index: int, event: Event) -> JsonObject:
    data = dict(event.data)
    origin, receipt = data.pop("origin", None) or {}, data.pop("receipt", None) or {}
    found = {
        "entry": entry.n,
        "event": index,
        "written": entry.time,
        "kind": event.kind,
        "delivery": str(event.delivery),
        "post": event.delivery.post,
        "channel": event.delivery.channel,
        "occurrence": event.delivery.occurrence,
        "writer": entry.writer,
        "id": receipt.get("id"),
        **{name: origin.get(name) for name in (*ORIGIN, *MARKS)},
    }
    found |= {name: data.pop(name) for name in COLUMNS if name in data}
    found["run"] = found.get("run") or entry.run or None
    found["url"] = found.get("url") or receipt.get("url")
    other = {**data, **({"receipt": receipt["data"]} if receipt.get("data") else {})}
    found["other"] = json.dumps(other, ensure_ascii=False, sort_keys=True) if other else None
    return {name: found.get(name) for name in COLUMNS}


def write_jsonl(found: Iterable[JsonObject], out: IO[str]) -> int:
    """One JSON object a line. Returns how many."""
    number = 0
    for number, row in enumerate(found, 1):  # noqa: B007 - the count is what is wanted
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return number


def write_parquet(found: Iterable[JsonObject], path: Path) -> int:
    """A Parquet file, compressed. Returns how many rows. Raises `UsageError` where pyarrow is not installed."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError("Parquet needs pyarrow", "pip install 'presstime[parquet]', or take --format jsonl.") from None
    schema, number, source = _schema(arrow), 0, iter(found)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(source, BATCH)):
            typed = [{name: _typed(row[name], kind) for name, kind in COLUMNS.items()} for row in batch]
            writer.write_batch(arrow.RecordBatch.from_pylist(typed, schema))
            number += len(batch)
    return number


def _schema(arrow: Any) -> "pyarrow.Schema":
    types = {"s": arrow.string(), "i": arrow.int64(), "b": arrow.bool_(), "t": arrow.timestamp("us", "UTC")}
    return arrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])


def _typed(value: Any, kind: str) -> Any:
    return from_iso(value) if kind == "t" and value is not None else value


def write_objects(store: Store, folder: Path) -> int:
    """The objects of the log and its checkpoints as files of the same names below `folder`. Returns how many.

    Names that no writer of ours gives (with `..`, say) are left out; `presstime audit verify` names them."""
    number = 0
    for prefix in (FOLDER, checkpoint.FOLDER):
        stats = (stat for stat in store.list(prefix) if _SAFE.fullmatch(stat.key))
        for stat, body in read_ahead(store, stats, whole):
            if body is None:
                continue
            file = folder / stat.key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
            number += 1
    return number
