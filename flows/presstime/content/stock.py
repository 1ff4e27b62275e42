"""How the catalog comes to a commit: by what differs from the one it stands at, or by a walk through the whole tree."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from pathlib import Path
from sqlite3 import Connection

from presstime import content
from presstime.content.catalog import Catalog
from presstime.content.posts import entries, folder_of, is_post, without_collector
from presstime.content.rows import Helpers, Reading, Row, raw_of, text_of
from presstime.content.source import Entry, Source, parts_of
from presstime.errors import GitError
from presstime.model import digest_of
from presstime.settings import Settings

BATCH = 400  # files that are read and written together: at the end of a walk, one process waits for another that long
FEW = 1000  # of more differences, the tree is walked
ALONE = 5  # batches that are read before others are asked to help: starting them takes longer
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
        elif len(paths) > FEW or not all(map(_is_plain, paths)):
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
            found = [(path, self.source.find(path)) for path in sorted(again)]
            rows = self._reading.rows([entry for _, entry in found if entry is not None])
            _stir(db, rows, [raw_of(path) for path, _ in found])
            _put_all(db, rows, [raw_of(path) for path, entry in found if entry is None])
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
        anew = not known
        todo = self._unlike(known, self._with_other_media())
        with without_collector():
            for rows in self._rows(todo):
                with self.catalog.writing() as db:
                    _put_all(db, rows, [], anew=anew)
        with self.catalog.writing() as db:
            _put_all(db, [], list(known))
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

    # --- files ---

    @cached_property
    def _reading(self) -> Reading:
        return Reading(self.source, self.settings)

    def _rows(self, todo: Iterator[Entry]) -> Iterator[list[Row]]:
        """The files as they are read, batch by batch, in no order; of many, by several processes."""
        batches = iter(lambda: list(islice(todo, BATCH)), [])
        yield from map(self._reading.rows, islice(batches, ALONE))
        first = next(batches, None)
        if first is None:
            return
        with Helpers(self.source) as helpers:
            for batch in chain([first], batches):
                yield from helpers.done()
                if not helpers.take(batch):
                    yield self._reading.rows(batch)
            yield from helpers.rest(self._reading.rows)


def _put_all(db: Connection, rows: Sequence[Row], gone: Sequence[bytes], anew: bool = False) -> None:
    """Write down what files are now, and which are gone. `anew`: nothing is known yet that would have to go."""
    asked = [(row.path, raw_of(path), blob) for row in rows for path, blob in row.asked.items()]
    known = [] if anew else [(raw,) for raw in (*gone, *(row.path for row in rows))]
    db.executemany("DELETE FROM asked WHERE file = ?", known)
    db.executemany("DELETE FROM files WHERE path = ?", [(raw,) for raw in gone])
    db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [row[:-1] for row in rows])
    db.executemany("INSERT INTO asked VALUES (?, ?, ?)", asked)


def _stir(db: Connection, rows: Sequence[Row], paths: Sequence[bytes]) -> None:
    """Note the ids that files had and have: the next plan looks at them."""
    identities = {row.id for row in rows}
    for raw in paths:
        identities |= {found[0] for found in db.execute("SELECT id FROM files WHERE path = ?", (raw,))}
    db.executemany("INSERT INTO stirred (id) VALUES (?)", ((identity,) for identity in sorted(identities - {""})))


def _is_plain(path: str) -> bool:
    """Whether a path can be looked up as it is: hidden ones are never there, and others that cannot are found by a walk."""
    hidden = any(part.startswith(".") for part in path.split("/"))
    return raw_of(path) == path.encode("utf-8", "replace") and (hidden or parts_of(path) is not None)


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
