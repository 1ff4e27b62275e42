"""How the catalog comes to a commit: by what differs from the one it stands at, or by a walk through the whole tree."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import astuple, dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

import orjson

from presstime import content
from presstime.content import outline
from presstime.content.catalog import Catalog
from presstime.content.posts import entries, folder_of, is_post, without_collector
from presstime.content.reader import Read, Reader
from presstime.content.source import Entry, Source, parts_of
from presstime.errors import GitError
from presstime.model import digest_of
from presstime.settings import Settings

BATCH = 1000  # files that are written in one transaction; of more differences, the tree is walked
PLACES = ("/usr/share/zoneinfo/tzdata.zi", "/usr/share/zoneinfo/+VERSION")  # where a system says which zones it knows
NEW = "no plan is remembered on this machine"

# The paths that differ between two commits. Raises `GitError` where one of them is not here.
Changes = Callable[[str, str], Collection[str]]


@dataclass
class Stock:
    """The files of one commit, to be put into the catalog."""

    catalog: Catalog
    source: Source
    settings: Settings
    settings_blob: str
    changes: Changes

    @cached_property
    def key(self) -> str:
        """What a post is read as depends on this beside its file and media."""
        return digest_of([self.settings_blob, _reading_code(), _zones()])

    def move(self) -> None:
        """Bring the catalog to this commit. Nobody else does so at the same time (`Catalog.moving`)."""
        key, at = self.catalog.ask("SELECT key, at FROM head")[0]
        if (key, at) == (self.key, self.source.commit):
            return
        if key != self.key:
            self._empty(NEW if not key else "presstime.toml or the installed version is another one")
        elif not at:
            self._walk(NEW)  # an earlier walk did not come to its end
        elif (paths := self._differences(at)) is None:
            self._walk(f"commit {at[:12]}, the last one planned, is not in this repository any more")
        elif len(paths) > BATCH or not all(map(_is_plain, paths)):
            self._walk(f"{len(paths)} files differ from commit {at[:12]}, the last one planned")
        else:
            self._apply(paths)

    def _differences(self, at: str) -> Collection[str] | None:
        try:
            return self.changes(at, self.source.commit or "")
        except GitError:
            return None

    def _empty(self, why: str) -> None:
        with self.catalog.writing() as db:
            for table in ("files", "asked"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - two names of our own
            db.execute("UPDATE head SET key = ?, at = ''", (self.key,))
        self._walk(why)

    # --- a few differences ---

    def _apply(self, paths: Collection[str]) -> None:
        with self.catalog.writing() as db, without_collector():
            again = {p for p in paths if self._may_be_post(p)}
            for path in paths:
                again |= {
                    text_of(row[0]) for row in db.execute("SELECT file FROM asked WHERE path = ?", (raw_of(path),))
                }
            if paths:  # what was missing may be there, and the advice names what is near
                again |= {text_of(row[0]) for row in db.execute("SELECT path FROM files WHERE loose")}
            for path in sorted(again):
                entry = self.source.find(path)
                _put(db, path, self._read(entry) if entry is not None else None, stir=True)
            db.execute("UPDATE head SET at = ?", (self.source.commit,))

    def _may_be_post(self, path: str) -> bool:
        return folder_of(path, self.settings) is not None and is_post(path)

    # --- everything ---

    def _walk(self, why: str) -> None:
        """Compare every file with what is known of it, and read those that differ. An interrupted walk is no loss: what it
        has read is known."""
        with self.catalog.writing() as db:
            db.execute("UPDATE head SET at = '', why = ?", (why,))
        known = {row[0]: row[1] for row in self.catalog.ask("SELECT path, blob FROM files")}
        todo = self._unlike(known, self._with_other_media())
        with without_collector():
            while batch := list(islice(todo, BATCH)):
                rows = [(entry.path, self._read(entry)) for entry in batch]
                with self.catalog.writing() as db:
                    for path, row in rows:
                        _put(db, path, row)
        with self.catalog.writing() as db:
            for raw in known:
                _put(db, text_of(raw), None)
            db.execute("UPDATE head SET at = ?", (self.source.commit,))

    def _unlike(self, known: dict[bytes, str], again: Collection[bytes]) -> Iterator[Entry]:
        """The files that are to be read. Takes those that are there out of `known`."""
        for entry, _ in entries(self.source, self.settings, None, []):
            raw = raw_of(entry.path)
            if known.pop(raw, "") != entry.blob_id or raw in again:
                yield entry

    def _with_other_media(self) -> set[bytes]:
        """The files that name media which are not what they were, or that were not found."""
        found = {row[0] for row in self.catalog.ask("SELECT path FROM files WHERE loose")}
        for path, blob in self.catalog.ask("SELECT DISTINCT path, blob FROM asked"):
            entry = self.source.find(text_of(path))
            if (entry and entry.blob_id) != blob:
                found |= {row[0] for row in self.catalog.ask("SELECT file FROM asked WHERE path = ?", path)}
        return found

    # --- one file ---

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.source, self.settings)

    def _read(self, entry: Entry) -> "Row":
        folder = folder_of(entry.path, self.settings)
        assert folder is not None  # noqa: S101 - only files of posts folders are asked for
        read, library = self._reader.read(entry, folder), self._reader.library
        return Row(entry.blob_id, read, library.missing, dict(library.asked))


class Row(NamedTuple):
    """A file as it was read: from which blob, whether a medium was missing, and every path that was asked for media, with the
    blob that was found there."""

    blob: str
    read: Read
    loose: bool
    asked: dict[str, str | None]

    @property
    def columns(self) -> tuple[object, ...]:
        post, problems = self.read.post, self.read.problems
        broken = min((p.path for p in problems if p.severity == "error"), default=None)
        return (
            self.blob,
            self.read.id,
            None if post is None else orjson.dumps(outline.to_json(post)).decode(),
            "" if post is None else outline.until(post),
            orjson.dumps([astuple(p) for p in problems]).decode() if problems else None,
            broken,
            self.loose,
        )


def _put(db: Connection, path: str, row: Row | None, stir: bool = False) -> None:
    """Write down what a file is now, None: it is gone. `stir`: the plan must look at its posts."""
    raw = raw_of(path)
    if stir:
        before = db.execute("SELECT id FROM files WHERE path = ?", (raw,)).fetchone() or ("",)
        identities = {before[0], row.read.id if row is not None else ""} - {""}
        db.executemany("INSERT INTO stirred (id) VALUES (?)", ((identity,) for identity in identities))
    db.execute("DELETE FROM asked WHERE file = ?", (raw,))
    if row is None:
        db.execute("DELETE FROM files WHERE path = ?", (raw,))
        return
    db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (raw, *row.columns))
    db.executemany("INSERT INTO asked VALUES (?, ?, ?)", ((raw, raw_of(p), blob) for p, blob in row.asked.items()))


def _is_plain(path: str) -> bool:
    """Whether a path can be looked up as it is: hidden ones are never there, and others that cannot are found by a walk."""
    hidden = any(part.startswith(".") for part in path.split("/"))
    return raw_of(path) == path.encode("utf-8", "replace") and (hidden or parts_of(path) is not None)


def raw_of(path: str) -> bytes:
    """A path as Git has it: SQLite's texts hold no bytes that are not UTF-8."""
    return path.encode("utf-8", "surrogateescape")


def text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


@lru_cache(maxsize=1)
def _reading_code() -> str:
    """The digest of the code that makes posts of files: what another version read is read again."""
    folder = Path(content.__file__).parent
    files = [*folder.glob("*.py"), *folder.parent.glob("*.py"), *(folder.parent / "settings").glob("*.py")]
    return digest_of([digest_of(file.read_bytes()) for file in sorted(files)])


@lru_cache(maxsize=1)
def _zones() -> str:
    """What tells one edition of the time zone rules from another."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        packaged = version("tzdata")
    except PackageNotFoundError:
        packaged = ""
    system = [place.read_bytes()[:64] for place in map(Path, PLACES) if place.is_file()]
    return digest_of([packaged, *(digest_of(head) for head in system)])
