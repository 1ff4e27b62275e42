"""A sandbox's timelines on disk: one SQLite table, written through, so that a restarted sandbox goes on where it was."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from presstime.errors import UsageError
from presstime.model import JsonObject


class Archive:
    """Things by kind and key, in the order they were first put."""

    def __init__(self, path: Path) -> None:
        """Raises `UsageError` if the file cannot be opened or is something else."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS thing (kind TEXT, key TEXT, about TEXT, content BLOB, PRIMARY KEY (kind, key))"
            )
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"{path}: {error}", "Name a file that is a sandbox's own, or one that is not there yet."
            ) from error

    def put(self, kind: str, key: str, about: JsonObject, content: bytes = b"") -> None:
        self._db.execute(
            "INSERT INTO thing VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET about = excluded.about, content = excluded.content",
            (kind, key, json.dumps(about), content),
        )

    def rename(self, kind: str, key: str, new: str) -> None:
        self._db.execute("UPDATE thing SET key = ? WHERE kind = ? AND key = ?", (new, kind, key))

    def all(self, kind: str) -> Iterator[tuple[str, JsonObject, bytes]]:
        rows = self._db.execute("SELECT key, about, content FROM thing WHERE kind = ? ORDER BY rowid", (kind,))
        return ((key, json.loads(about), content) for key, about, content in rows)

    def close(self) -> None:
        self._db.close()
