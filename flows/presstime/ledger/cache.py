"""The fold, kept in a local SQLite file so that a pass reads only what is new in the log.

The file is a cache and nothing else: it may be deleted at any time, and is thrown away when it does not fit the log. Several
processes may share it: an entry is applied in one transaction, by whoever comes first."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import orjson

from presstime.errors import LedgerError
from presstime.ledger.entry import GENESIS, Entry
from presstime.ledger.fold import apply, apply_to_pauses
from presstime.model import (
    Change,
    Claim,
    Delivery,
    DeliveryState,
    Drift,
    Intent,
    Json,
    JsonObject,
    Receipt,
    Seen,
    Status,
    from_iso,
    to_iso,
)
from presstime.pauses import EVERY_POST, Pause, Scope

SCHEMA = 13  # of the fold: to be raised when a state, or what an event makes of it, changes
# `life` is another one whenever the fold begins anew. Beside each state stands what plans look it up by.
TABLES = """
CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER, hash TEXT, etag TEXT, log TEXT, life TEXT);
CREATE TABLE IF NOT EXISTS deliveries (
    delivery TEXT PRIMARY KEY, state TEXT NOT NULL,
    channel TEXT, status TEXT, entry INTEGER, due TEXT, done TEXT, said TEXT, open INTEGER, over TEXT, drift INTEGER
);
CREATE INDEX IF NOT EXISTS entries ON deliveries (entry);
CREATE INDEX IF NOT EXISTS statuses ON deliveries (status);
CREATE INDEX IF NOT EXISTS dues ON deliveries (due);
CREATE INDEX IF NOT EXISTS dones ON deliveries (channel, done);
CREATE INDEX IF NOT EXISTS sayings ON deliveries (channel, said) WHERE status = 'published';
CREATE INDEX IF NOT EXISTS opens ON deliveries (open) WHERE open;
CREATE INDEX IF NOT EXISTS drifts ON deliveries (drift) WHERE drift;
CREATE TABLE IF NOT EXISTS pauses (scope TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payloads (digest TEXT PRIMARY KEY, entry INTEGER NOT NULL) WITHOUT ROWID;
"""
INSERT = "INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_PAUSES = "INSERT OR REPLACE INTO pauses VALUES (?, ?)"
PAUSES = '{"pauses"'  # how a line of `rows` about a scope's pauses begins
RESTORE_PAYLOAD = "INSERT INTO payloads SELECT json_extract(?1, '$[0]'), json_extract(?1, '$[1]')"


OVER = (Status.PUBLISHED, Status.MISSED, Status.RETRACTED, Status.DROPPED, Status.SKIPPED)
PAGE = "SELECT delivery, state FROM deliveries WHERE delivery > ? ORDER BY delivery LIMIT 2000"


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry that is folded in: its number (0: none), its hash, its ETag."""

    n: int = 0
    hash: str = GENESIS
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """An entry to be folded in: its hash, its ETag, and when it was written by the store's clock."""

    entry: Entry
    hash: str
    etag: str
    at: datetime


class Cache:
    """`log` names the store the cache belongs to: a file made for another log is emptied first."""

    def __init__(self, path: Path | None, log: str) -> None:
        self.path = path
        self.log = log
        self._lock = threading.RLock()
        try:
            self._open()
        except sqlite3.DatabaseError:  # not a database, or of another make: a cache is not worth an error
            self._begin_again()

    def head(self) -> Head:
        with self._lock:
            row = self._db.execute("SELECT n, hash, etag FROM head").fetchone()
        return Head(*row)

    def get(self, delivery: Delivery) -> DeliveryState | None:
        with self._lock:
            row = self._db.execute("SELECT state FROM deliveries WHERE delivery = ?", (str(delivery),)).fetchone()
        return _state_of(row[0]) if row else None

    def all(self) -> Iterator[DeliveryState]:
        """Every delivery the log knows, by name."""
        return (_state_of(state) for _, state in self.raw())

    def pauses(self) -> list[Pause]:
        """Every pause that is not long over, by scope, the oldest of each first."""
        with self._lock:
            rows = self._db.execute("SELECT scope, state FROM pauses ORDER BY scope").fetchall()
        return [pause for scope, state in rows for pause in _pauses_of(scope, state)]

    def paused_scopes(self) -> set[Delivery]:
        """The names that pauses stand under."""
        with self._lock:
            return {Delivery.parse(row[0]) for row in self._db.execute("SELECT scope FROM pauses")}

    def pauses_of(self, where: Delivery) -> tuple[Pause, ...]:
        """Those whose events stand under one name."""
        with self._lock:
            row = self._db.execute("SELECT state FROM pauses WHERE scope = ?", (str(where),)).fetchone()
        return _pauses_of(str(where), row[0]) if row else ()

    # --- what a plan asks ---

    @property
    def life(self) -> str:
        """Names this fold: another one when it was begun anew, as for another log."""
        with self._lock:
            return str(self._db.execute("SELECT life FROM head").fetchone()[0])

    def of_post(self, post: str) -> list[DeliveryState]:
        """The deliveries of a post, by name."""
        return self._where("delivery >= ? AND delivery < ?", f"{post}/", f"{post}0")  # `/` is followed by `0`

    def ends(self) -> dict[str, str]:
        """How each delivery ended, by its name: see `_over`."""
        with self._lock:
            return dict(self._db.execute("SELECT delivery, over FROM deliveries"))

    def open(self) -> list[DeliveryState]:
        """Deliveries that are neither out, missed nor taken down, or about which something is under way."""
        return self._where("open")

    def troubled(self) -> list[DeliveryState]:
        """Those among the open that are neither on their way nor about to be: unknown, refused, held or put off, or out and under
        change."""
        return self._where("open AND status IN ('unknown', 'refused', 'held', 'deferred', 'published')")

    def drifted(self) -> list[DeliveryState]:
        """What is out and not as it was sent, or gone and to be sent again, where no person has let it stand."""
        return self._where("drift")

    def out(self) -> Iterator[tuple[Delivery, datetime]]:
        """What is out, and since when; of an archive no more than that is taken into memory."""
        with self._lock:
            rows = self._db.execute("SELECT delivery, done FROM deliveries WHERE status = 'published'").fetchall()
        return ((Delivery.parse(name), from_iso(done)) for name, done in rows if done)

    def standing(self, status: Status) -> list[DeliveryState]:
        """Deliveries that stand there, by name."""
        return self._where("status = ?", status)

    def changed_since(self, entry: int) -> list[DeliveryState]:
        """Deliveries that entries after number `entry` have changed."""
        return self._where("entry > ?", entry)

    def count_since(self, entry: int) -> int:
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM deliveries WHERE entry > ?", (entry,)).fetchone()[0])

    def due_after(self, instant: datetime) -> list[DeliveryState]:
        return self._where("due > ?", to_iso(instant))

    def due_at(self, instant: datetime) -> list[DeliveryState]:
        return self._where("due = ?", to_iso(instant))

    def last_done(self, channel: str) -> datetime | None:
        """When something was published last on a channel."""
        with self._lock:
            row = self._db.execute("SELECT max(done) FROM deliveries WHERE channel = ?", (channel,)).fetchone()
        return from_iso(row[0]) if row[0] else None

    def saying(self, channel: str, said: str) -> list[DeliveryState]:
        """What is out on a channel and says just this, by name."""
        return self._where("status = 'published' AND channel = ? AND said = ?", channel, said) if said else []

    def counts(self) -> dict[Status, int]:
        """How many deliveries stand where."""
        with self._lock:
            rows = self._db.execute("SELECT status, count(*) FROM deliveries GROUP BY status").fetchall()
        return {Status(status): number for status, number in rows}

    def raw(self) -> Iterator[tuple[str, str]]:
        """Every delivery's name and state as JSON, by name. In pages: whoever writes meanwhile is not in the way."""
        last = ""
        while True:
            with self._lock:
                rows = self._db.execute(PAGE, (last,)).fetchall()
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    def _where(self, condition: str, *given: object) -> list[DeliveryState]:
        question = f"SELECT state FROM deliveries WHERE {condition} ORDER BY +delivery"  # noqa: S608 - words of our own; +: the index is the condition's
        with self._lock:
            rows = self._db.execute(question, given).fetchall()
        return [_state_of(row[0]) for row in rows]

    def payload_entry(self, digest: str) -> int | None:
        """The number of the entry that holds the payload with this digest."""
        with self._lock:
            row = self._db.execute("SELECT entry FROM payloads WHERE digest = ?", (digest,)).fetchone()
        return row[0] if row else None

    def apply(self, entry: Entry, body_hash: str, etag: str, at: datetime) -> None:
        """Fold one entry in, unless another process has done so already."""
        self.apply_all([Folded(entry, body_hash, etag, at)])

    def apply_all(self, news: Sequence[Folded]) -> None:
        """Fold entries in that follow one another, in one transaction; those another process has folded are passed over."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            n, states, payloads = self.head().n, dict[Delivery, DeliveryState](), list[tuple[str, int]]()
            pauses = dict[Delivery, tuple[Pause, ...]]()
            news = [item for item in news if item.entry.n > n]
            if not news or news[0].entry.n != n + 1:
                return
            for item in news:
                for event in item.entry.events:
                    if event.delivery.post == EVERY_POST:
                        known = pauses.get(event.delivery, self.pauses_of(event.delivery))
                        pauses[event.delivery] = apply_to_pauses(known, event, item.at, item.entry.n)
                        continue
                    before = states.get(event.delivery) or self.get(event.delivery)
                    states[event.delivery] = apply(before, event, item.at, item.entry.n)
                payloads += [(digest, item.entry.n) for digest in item.entry.payloads]
            rows = (_row(data, json.dumps(data)) for data in map(_state_to_json, states.values()))
            self._db.executemany(INSERT, rows)
            self._db.executemany(INSERT_PAUSES, ((str(where), _pauses_text(found)) for where, found in pauses.items()))
            self._db.executemany("INSERT OR IGNORE INTO payloads VALUES (?, ?)", payloads)
            last = news[-1]
            self._db.execute("UPDATE head SET n = ?, hash = ?, etag = ?", (last.entry.n, last.hash, last.etag))

    def rows(self) -> Iterator[str]:
        """The whole fold as lines for `restore`: the state of each delivery, the pauses of each scope, then `[digest, entry]` of each
        payload.

        For a cache that nobody else uses meanwhile."""
        yield from (row[0] for row in self._db.execute("SELECT state FROM deliveries ORDER BY delivery"))
        for scope, text in self._db.execute("SELECT scope, state FROM pauses ORDER BY scope"):
            yield json.dumps({"pauses": json.loads(text), "scope": scope})
        found = self._db.execute("SELECT digest, entry FROM payloads ORDER BY digest")
        yield from (json.dumps(row, separators=(",", ":")) for row in found)

    def restore(self, head: Head, rows: Iterable[str]) -> None:
        """Fill an empty cache with what `rows` gave; one that is not empty any more stays as it is.

        Raises `LedgerError` for lines that `rows` does not give, and is then as empty as before."""
        try:
            with self._lock, self._db:
                self._db.execute("BEGIN IMMEDIATE")
                if self.head().n:
                    return
                for kind, lines in groupby(rows, _kind_of):
                    if kind == "payload":
                        self._db.executemany(RESTORE_PAYLOAD, ((line,) for line in lines))
                    elif kind == "pauses":
                        self._db.executemany(INSERT_PAUSES, (_pauses_row(line) for line in lines))
                    else:
                        self._db.executemany(INSERT, (_row(orjson.loads(line), line) for line in lines))
                self._db.execute("UPDATE head SET n = ?, hash = ?, etag = ?", (head.n, head.hash, head.etag))
        except (sqlite3.DatabaseError, ValueError, LookupError, TypeError) as error:
            raise LedgerError(f"the lines of a fold are not what they should be: {error}") from error

    def clear(self) -> None:
        """Forget everything: the log is read again from its first entry."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for table in ("deliveries", "pauses", "payloads"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
            self._db.execute("UPDATE head SET n = 0, hash = ?, etag = '', life = ?", (GENESIS, _life()))

    def close(self) -> None:
        self._db.close()

    def _open(self) -> None:
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self.path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # what a power cut spoils is read again from the log
        if self._db.execute("PRAGMA user_version").fetchone()[0] not in (0, SCHEMA):
            raise sqlite3.DatabaseError("a cache of another version")
        self._db.executescript(TABLES)
        self._db.execute(f"PRAGMA user_version = {SCHEMA}")
        self._db.execute("INSERT OR IGNORE INTO head VALUES (1, 0, ?, '', ?, ?)", (GENESIS, self.log, _life()))
        if self._db.execute("SELECT log FROM head").fetchone()[0] != self.log:
            self.clear()
            self._db.execute("UPDATE head SET log = ?", (self.log,))

    def _begin_again(self) -> None:
        try:
            if self.path:
                for suffix in ("", "-wal", "-shm"):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self._open()
        except (OSError, sqlite3.DatabaseError) as error:
            raise LedgerError(
                f"the cache {self.path} cannot be used: {error}",
                "Check the rights of its folder, and the room on the disk.",
            ) from error


def _row(data: JsonObject, text: str) -> tuple[object, ...]:
    """A state as JSON with what it is looked up by; `open`: neither out, missed, taken down nor dropped, or something about it
    is under way."""
    place = data["delivery"].split("/", 2)[1]
    found = (data["status"], data["entry"], data["due"], data["done"], data["said"])
    is_open = data["status"] not in OVER or bool(data["change"]) or bool(data["review"])
    drift = bool(data["lost"]) or (bool(data["drift"]) and not data["drift"][2])
    over = "" if is_open or data["claim"] or drift else _over(data)
    return (data["delivery"], text, place, *found, is_open, over, drift)


def _kind_of(line: str) -> str:
    if line.startswith("["):
        return "payload"
    return "pauses" if line.startswith(PAUSES) else "state"


def _pauses_of(scope: str, text: str) -> tuple[Pause, ...]:
    where = Scope.of(Delivery.parse(scope))
    return tuple(Pause.from_json(where, data) for data in json.loads(text))


def _pauses_text(pauses: Iterable[Pause]) -> str:
    return json.dumps([pause.to_json() for pause in pauses])


def _pauses_row(line: str) -> tuple[str, str]:
    data = json.loads(line)
    return data["scope"], json.dumps(data["pauses"])


def _over(data: JsonObject) -> str:
    """How a delivery ended, as one can see whether Git still says the same: `published` and the digest of what its post said,
    `missed` or `skipped` and the instant that Git named, or `gone`; "" where more is to be looked at."""
    if data["status"] == Status.PUBLISHED:
        return f"published {data['content']}" if data["content"] and data["digest"] in ("", data["sent_digest"]) else ""
    if data["status"] in (Status.MISSED, Status.SKIPPED):
        return f"{data['status']} {data['moved'] or data['due']}"
    return "gone"


def _life() -> str:
    return secrets.token_hex(8)


@lru_cache(maxsize=1024)  # a delivery under way is looked up a dozen times between two changes
def _state_of(text: str) -> DeliveryState:
    return _state_from_json(json.loads(text))


def _state_to_json(state: DeliveryState) -> JsonObject:
    claim, change, drift = state.claim, state.change, state.drift
    return {
        "delivery": str(state.delivery),
        "status": state.status,
        "digest": state.digest,
        "source": state.source,
        "content": state.content,
        "said": state.said,
        "slot": state.slot,
        "engine": state.engine,
        "due": state.due and to_iso(state.due),
        "commit": state.commit,
        "path": state.path,
        "origin": dict(state.origin),
        "reason": state.reason,
        "review": state.review,
        "claim": claim and [claim.worker, claim.epoch, to_iso(claim.until)],
        "epoch": state.epoch,
        "intent": _intent_to_json(state.intent),
        "deferred": _intent_to_json(state.deferred),
        "deferrals": state.deferrals,
        "receipts": [r.to_json() for r in state.receipts],
        "sent_digest": state.sent_digest,
        "attempts": state.attempts,
        "until": state.until and to_iso(state.until),
        "url": state.url,
        "done": state.done and to_iso(state.done),
        "change": change and [change.what, change.digest, to_iso(change.at), change.why],
        "final": state.final,
        "handed": state.handed and to_iso(state.handed),
        "reminded": state.reminded,
        "needs_person": state.needs_person,
        "told": state.told,
        "withdrawn": state.withdrawn,
        "moved": state.moved and to_iso(state.moved),
        "first": state.first and to_iso(state.first),
        "edited": state.edited and to_iso(state.edited),
        "drift": drift
        and [[seen.to_json() for seen in drift.seen], to_iso(drift.at), drift.kept, drift.undo, drift.refused],
        "lost": [r.to_json() for r in state.lost],
        "fresh": state.fresh,
        "entry": state.entry,
    }


def _state_from_json(data: JsonObject) -> DeliveryState:
    claim, change, drift = data["claim"], data["change"], data["drift"]
    return DeliveryState(
        **{
            **data,
            "delivery": Delivery.parse(data["delivery"]),
            "status": Status(data["status"]),
            "due": data["due"] and from_iso(data["due"]),
            "claim": claim and Claim(claim[0], claim[1], from_iso(claim[2])),
            "intent": _intent_from_json(data["intent"]),
            "deferred": _intent_from_json(data["deferred"]),
            "receipts": tuple(Receipt.from_json(r) for r in data["receipts"]),
            "until": data["until"] and from_iso(data["until"]),
            "done": data["done"] and from_iso(data["done"]),
            "moved": data["moved"] and from_iso(data["moved"]),
            "first": data["first"] and from_iso(data["first"]),
            "edited": data["edited"] and from_iso(data["edited"]),
            "drift": drift and Drift(tuple(Seen(*s) for s in drift[0]), from_iso(drift[1]), *drift[2:]),
            "lost": tuple(Receipt.from_json(r) for r in data["lost"]),
            "change": change and Change(change[0], change[1], from_iso(change[2]), change[3]),
            "handed": data["handed"] and from_iso(data["handed"]),
        }
    )


def _intent_to_json(intent: Intent | None) -> Json:
    return intent and [intent.segment, intent.digest, intent.key, to_iso(intent.at), dict(intent.deposit)]


def _intent_from_json(data: Json) -> Intent | None:
    return Intent(data[0], data[1], data[2], from_iso(data[3]), data[4]) if data else None
