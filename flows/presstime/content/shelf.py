"""The posts of one commit, out of the catalog."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from presstime.content import outline
from presstime.content.catalog import Catalog
from presstime.content.posts import Skipped, by_place, double_problems, empty_folders, entries, folder_of
from presstime.content.reader import Reader
from presstime.content.rows import raw_of, text_of
from presstime.content.source import Entry, Source
from presstime.content.stock import Changes, Stock
from presstime.model import JsonObject, Post, Problem
from presstime.settings import Settings

KEPT = 256  # whole posts that are kept: a post has several channels
FILES = "SELECT path, blob, id, post FROM files"
SOUND = """
SELECT count(*) FROM files WHERE post IS NOT NULL AND id NOT IN
(SELECT id FROM files WHERE id != '' GROUP BY id HAVING count(*) > 1)
"""
DOUBLES = "SELECT id, path FROM files WHERE id IN (SELECT id FROM files WHERE id != '' GROUP BY id HAVING count(*) > 1)"


class Memory(NamedTuple):
    """What the last plan left: its number `n` and its `data`, the ids of posts that it `watched`, and of those `stirred` since:
    whose files differ. `why` says why nothing of this may be relied on, "" if it may."""

    n: int
    data: JsonObject
    watched: frozenset[str]
    stirred: frozenset[str]
    told: int  # up to where `stirred` was read
    why: str


@dataclass
class Shelf:
    """Answers as `content.posts.Posts`, with outlines. Nothing is read before something is asked."""

    catalog: Catalog
    source: Source
    settings: Settings
    settings_blob: str
    changes: Changes
    _kept: dict[str, Post] = field(default_factory=dict)

    def at_one_commit(self) -> AbstractContextManager[object]:
        return self.catalog.reading(self._stock.move)

    # --- what there is ---

    def each(self) -> Iterator[Post]:
        folders = self.settings.content.posts
        with self.at_one_commit():
            twice = self._doubled().keys()
            for number, folder in enumerate(folders):
                begin, end = _below(folder)
                rows = self.catalog.stream(f"{FILES} WHERE path >= ? AND path < ? ORDER BY path", begin, end)
                for path, blob, identity, post in rows:
                    if post is not None and identity not in twice and order_of(text_of(path), folders)[0] == number:
                        yield self._outline(path, blob, identity, post)

    @property
    def seen(self) -> int:
        with self.at_one_commit():
            return int(self.catalog.ask("SELECT count(*) FROM files WHERE id != '' OR broken IS NOT NULL")[0][0])

    def ends(self) -> Iterator[tuple[str, list[list[str]] | None]]:
        """The id of every post that `each` gives, and by what one sees that it is over (see outline.py), in no order."""
        with self.at_one_commit():
            twice = self._doubled().keys()
            for identity, text in self.catalog.stream("SELECT id, ends FROM files WHERE post IS NOT NULL"):
                if identity not in twice:
                    yield identity, None if text is None else orjson.loads(text)

    def count(self) -> int:
        with self.at_one_commit():
            return int(self.catalog.ask(SOUND)[0][0])

    def of_id(self, identity: str) -> Post | None:
        with self.at_one_commit():
            found = self.catalog.ask(f"{FILES} WHERE id = ? LIMIT 2", identity)
        return self._outline(*found[0]) if len(found) == 1 and found[0][3] is not None else None

    def knows(self, identity: str) -> bool:
        with self.at_one_commit():
            return bool(self.catalog.ask("SELECT 1 FROM files WHERE id = ? LIMIT 1", identity))

    def of_blob(self, blob: str) -> Post | None:
        with self.at_one_commit():
            found = self.catalog.ask(f"{FILES} WHERE blob = ? AND post IS NOT NULL", blob)
            posts = [self._outline(*row) for row in found]
            posts = [post for post in posts if self.of_id(post.id) is not None]
        return max(posts, key=self.order, default=None)

    def timed(self, after: str) -> list[str]:
        """The ids of posts that time alone may change the plan of, after an instant (ISO 8601, UTC)."""
        with self.at_one_commit():
            return [row[0] for row in self.catalog.ask("SELECT id FROM files WHERE until > ? AND until > ''", after)]

    def order(self, post: Post) -> tuple[int, bytes]:
        """What sorts posts as `each` gives them: by the first posts folder that lists them, then by path."""
        return order_of(post.path, self.settings.content.posts)

    def whole(self, post: Post) -> Post:
        """The post as Git has it. It was sound when the commit was taken apart, so it is now."""
        if post.path not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            folder = folder_of(post.path, self.settings)
            assert folder is not None  # noqa: S101 - only files of posts folders are in the catalog
            read = self._reader.read(Entry(post.path, post.blob, 0), folder).post
            assert read is not None  # noqa: S101 - see above
            self._kept[post.path] = read
        return self._kept[post.path]

    # --- what is wrong ---

    @property
    def problems(self) -> Sequence[Problem]:
        with self.at_one_commit():
            rows = self.catalog.ask("SELECT problems FROM files WHERE problems IS NOT NULL")
            found = [Problem(*problem) for (text,) in rows for problem in orjson.loads(text)]
            for identity, paths in self._doubled().items():
                found += double_problems(self.source, identity, paths)
        return sorted([*found, *empty_folders(self.source, self.settings)], key=by_place)

    @property
    def skipped(self) -> Sequence[Skipped]:
        found: list[Skipped] = []
        for _ in entries(self.source, self.settings, None, found):
            pass
        return found

    @property
    def unread(self) -> str:
        with self.at_one_commit():
            if not self.catalog.ask("SELECT 1 FROM files WHERE id = '' AND broken IS NOT NULL LIMIT 1"):
                return ""
            (first,) = self.catalog.ask("SELECT min(broken) FROM files WHERE broken IS NOT NULL")[0]
            return min([first or "", *(path for paths in self._doubled().values() for path in paths)])

    def _doubled(self) -> dict[str, list[str]]:
        """The paths of files that share an id, by id."""
        found: dict[str, list[str]] = {}
        for identity, path in self.catalog.ask(DOUBLES):
            found.setdefault(identity, []).append(text_of(path))
        folders = self.settings.content.posts
        return {identity: sorted(paths, key=lambda p: order_of(p, folders)) for identity, paths in found.items()}

    # --- what plans leave for the next ---

    def memory(self) -> Memory:
        """What the last plan of this machine left, at whatever commit."""
        with self.at_one_commit():
            (why,) = self.catalog.ask("SELECT why FROM head")[0]
            n, data = next(iter(self.catalog.ask("SELECT n, data FROM memory")), (0, "{}"))
            watched = frozenset(row[0] for row in self.catalog.ask("SELECT id FROM watched"))
            stirred = self.catalog.ask("SELECT n, id FROM stirred")
        told = max((row[0] for row in stirred), default=0)
        return Memory(n, orjson.loads(data), watched, frozenset(row[1] for row in stirred), told, why)

    def last_planned(self) -> str:
        """The commit that this machine planned last, as far as that is known; "" if it is not. Moves nothing."""
        data = next(iter(self.catalog.ask("SELECT data FROM memory")), ("{}",))[0]
        return str(orjson.loads(data).get("commit") or "")

    def remember(self, before: Memory, data: JsonObject, watched: Collection[str]) -> None:
        """Leave this for the next plan, unless another one has left something since `before`."""
        with self.catalog.writing() as db:
            at = db.execute("SELECT at FROM head").fetchone()[0]
            known = db.execute("SELECT n FROM memory").fetchone() or (0,)
            if at != self.source.commit or known[0] != before.n:
                return
            db.execute("UPDATE head SET why = ''")
            db.execute("INSERT OR REPLACE INTO memory VALUES (1, ?, ?)", (before.n + 1, orjson.dumps(data).decode()))
            db.execute("DELETE FROM stirred WHERE n <= ?", (before.told,))
            if before.watched != set(watched):
                db.execute("DELETE FROM watched")
                db.executemany("INSERT INTO watched VALUES (?)", ((identity,) for identity in sorted(watched)))

    # --- in detail ---

    @cached_property
    def key(self) -> str:
        """What the catalog's content depends on beside Git's files."""
        return self._stock.key

    @cached_property
    def _stock(self) -> Stock:
        return Stock(self.catalog, self.source, self.settings, self.settings_blob, self.changes)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.source, self.settings)

    def _outline(self, path: bytes, blob: str, identity: str, post: Any) -> Post:
        return outline.from_json(orjson.loads(post), identity, text_of(path), blob, self.source.commit)


def order_of(path: str, folders: Sequence[str]) -> tuple[int, bytes]:
    """What sorts paths as a source lists them: the first of the folders that lists it, then the path's bytes."""
    number = next((n for n, folder in enumerate(folders) if not folder or path.startswith(folder + "/")), len(folders))
    return number, raw_of(path)


def _below(folder: str) -> tuple[bytes, bytes]:
    """The bounds of the paths in a folder: `/` is followed by `0`."""
    return (raw_of(folder + "/"), raw_of(folder + "0")) if folder else (b"", b"\xff\xff")
