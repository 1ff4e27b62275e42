"""The posts of one commit, taken apart once and kept in a local SQLite file, so that a pass reads only what changed in Git.

The file is a cache and nothing else: it may be deleted at any time. It says of each file which blob it was read from, so that
another commit costs what differs; when the commit it stands at is not here any more (a force-push, a shallow clone), the tree
is walked and every blob compared. It holds no words: what is rendered is read from Git (`whole`).

Several processes may share it. One at a time moves it to a commit, under a lock of the file system; whoever reads does so in
one transaction of SQLite, which later moves do not touch."""

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from presstime.errors import SettingsError

SCHEMA = 3
TABLES = """
CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), key TEXT, at TEXT, why TEXT);
INSERT OR IGNORE INTO head VALUES (1, '', '', '');
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, blob TEXT NOT NULL, id TEXT NOT NULL, post TEXT, until TEXT,
    ends TEXT, problems TEXT, broken TEXT, loose INTEGER
);
CREATE INDEX IF NOT EXISTS ids ON files (id);
CREATE INDEX IF NOT EXISTS blobs ON files (blob);
CREATE INDEX IF NOT EXISTS times ON files (until, id) WHERE until > '';
CREATE INDEX IF NOT EXISTS odd ON files (path) WHERE problems IS NOT NULL;
CREATE INDEX IF NOT EXISTS broken ON files (broken) WHERE broken IS NOT NULL;
CREATE INDEX IF NOT EXISTS loose ON files (path) WHERE loose;
CREATE TABLE IF NOT EXISTS asked (file BLOB, path BLOB, blob TEXT, PRIMARY KEY (file, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS askers ON asked (path, file);
CREATE TABLE IF NOT EXISTS stirred (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS memory (id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS watched (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass
class Catalog:
    """The file and its transactions; what stands in it is `Shelf`'s. `path` None: in memory, for one process."""

    path: Path | None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        try:
            self._open()
        except sqlite3.DatabaseError:  # not a database, or of another make: a cache is not worth an error
            self._begin_again()

    def close(self) -> None:
        self._db.close()

    def ask(self, question: str, *given: object) -> list[Any]:
        with self._lock:
            return self._db.execute(question, given).fetchall()

    def stream(self, question: str, *given: object) -> Iterator[Any]:
        """Rows one by one; for use within `reading`."""
        return iter(self._db.execute(question, given))

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Nobody else moves the file meanwhile."""
        with self._lock, ExitStack() as stack:
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                handle = stack.enter_context(self.path.with_suffix(".lock").open("w"))
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db

    @contextmanager
    def reading(self, ready: Callable[[], None]) -> Iterator[None]:
        """One transaction, begun as soon as `ready` has moved the file to where it is wanted."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            with self.moving():
                ready()
                self._db.execute("BEGIN")
                self._db.execute("SELECT at FROM head").fetchone()  # the transaction sees the file as it is now
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def _open(self) -> None:
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self.path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA cache_size = -32768")  # 32 MiB: an archive's indices are written in any order
        self._db.execute("PRAGMA synchronous = OFF")  # what a power cut spoils is read again from Git
        if self._db.execute("PRAGMA user_version").fetchone()[0] not in (0, SCHEMA):
            raise sqlite3.DatabaseError("a catalog of another version")
        self._db.executescript(TABLES)
        self._db.execute(f"PRAGMA user_version = {SCHEMA}")

    def _begin_again(self) -> None:
        try:
            if self.path:
                for suffix in ("", "-wal", "-shm"):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self._open()
        except (OSError, sqlite3.DatabaseError) as error:
            raise SettingsError(
                f"the cache {self.path} cannot be used: {error}",
                "Check the rights of its folder, and the room on the disk.",
            ) from error
