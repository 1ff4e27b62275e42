"""The working tree as a source: what an editor has in front of them, committed or not."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from presstime.content.source import Entry, no_such_file, parts_of


class WorkTree:
    """A folder on disk. Symlinks are never followed, hidden names are left out. Blob ids are those that `git add` would
    give the bytes as they are, so that a post has the same id before and after it is committed."""

    commit: str | None = None

    def __init__(self, directory: Path) -> None:
        self.root = directory
        self._last: tuple[Entry, bytes] | None = None  # the file hashed last: most are read next

    def names(self, folder: str) -> Iterator[str]:
        if self._is_plain(folder, stat.S_ISDIR):
            yield from sorted(_walk(self.root / folder, f"{folder}/" if folder else ""))

    def files(self, folder: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[Entry]:
        for path in self.names(folder):
            if path.lower().endswith(suffixes):
                yield self._entry(path)

    def find(self, path: str) -> Entry | None:
        return self._entry(path) if self._is_plain(path, stat.S_ISREG) else None

    def load(self, entry: Entry) -> bytes:
        if self._last and self._last[0] == entry:
            return self._last[1]
        return (self.root / entry.path).read_bytes()

    def read(self, path: str) -> bytes:
        entry = self.find(path)
        if entry is None:
            raise no_such_file(path, str(self.root))
        return self.load(entry)

    def _entry(self, path: str) -> Entry:
        data = (self.root / path).read_bytes()
        entry = Entry(path, blob_id(data), len(data))
        self._last = (entry, data)
        return entry

    def _is_plain(self, path: str, kind: Callable[[int], bool]) -> bool:
        """Whether the path leads, through real folders only, to a file or folder of that kind."""
        parts = parts_of(path)
        if parts is None:
            return False
        place = self.root
        for index, part in enumerate(parts):
            place = place / part
            wanted = kind if index == len(parts) - 1 else stat.S_ISDIR
            if not _is(place, wanted) or (wanted is stat.S_ISDIR and _is_repository(place)):
                return False
        return bool(parts) or kind is stat.S_ISDIR


def _is(place: Path, kind: Callable[[int], bool]) -> bool:
    try:
        return kind(place.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _is_repository(folder: str | Path) -> bool:
    """Whether a folder is a repository of its own, such as a submodule: its files are not in our commits."""
    return os.path.lexists(os.path.join(folder, ".git"))


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False) and not _is_repository(entry.path):
                yield from _walk(folder / entry.name, f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield prefix + entry.name


def blob_id(data: bytes) -> str:
    """The id Git gives a blob of these bytes (SHA-1 over its header and the bytes, as `git hash-object` does)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
