"""Files as the catalog keeps them, and processes that help to read many: parsing is all processor, and one core would be busy
for a while with an archive.

    python -m presstime.content.rows GIT-FOLDER PREFIX COMMIT

reads lines of JSON, each a list of files `[path, blob, size]`, and answers each with a line of rows. Paths stand in JSON as
Latin-1, since Git's paths are bytes."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from queue import SimpleQueue
from typing import NamedTuple, Self

import orjson

from presstime.content import outline
from presstime.content.git import Tree, repository_at
from presstime.content.posts import folder_of, without_collector
from presstime.content.reader import Reader
from presstime.content.source import Entry, Source
from presstime.settings import FILE, Settings, parse_settings

HELPERS_MAX = 3  # processes beside this one
WAITING = 2  # batches a helper has at hand


class Row(NamedTuple):
    """A file as it was read: a row of the catalog, and every path that was asked for media, with the blob found there.

    `post` is the outline of a sound one, `until` and `ends` as outline.py has them, `problems` all that is wrong, `broken` the
    path that its errors name, `loose` whether a medium was missing. `post`, `ends` and `problems` are JSON."""

    path: bytes
    blob: str
    id: str
    post: str | None
    until: str
    ends: str | None
    problems: str | None
    broken: str | None
    loose: bool
    asked: dict[str, str | None]


@dataclass(frozen=True)
class Reading:
    """Reads files of one commit. Without addresses of the posts' pages: they are not kept."""

    source: Source
    settings: Settings

    def rows(self, batch: Sequence[Entry]) -> list[Row]:
        return [self._row(entry) for entry in batch]

    @cached_property
    def _reader(self) -> Reader:
        content = replace(self.settings.content, link=None, links={})
        return Reader(self.source, replace(self.settings, content=content))

    def _row(self, entry: Entry) -> Row:
        folder = folder_of(entry.path, self.settings)
        assert folder is not None  # noqa: S101 - only files of posts folders are asked for
        _, identity, post, problems = self._reader.read(entry, folder)
        library = self._reader.library
        return Row(
            raw_of(entry.path),
            entry.blob_id,
            identity,
            None if post is None else _json(outline.to_json(post)),
            "" if post is None else outline.until(post),
            None if post is None or (ends := outline.ends(post)) is None else _json(ends),
            _json([astuple(problem) for problem in problems]) if problems else None,
            min((problem.path for problem in problems if problem.severity == "error"), default=None),
            library.missing,
            library.asked,
        )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def raw_of(path: str) -> bytes:
    """A path as Git has it: SQLite's texts hold no bytes that are not UTF-8."""
    return path.encode("utf-8", "surrogateescape")


def text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


# --- helpers ----------------------------------------------------------------------------------------------------------


@dataclass
class Helpers:
    """Processes that read batches beside this one. What one fails at is read here."""

    source: Source
    _processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _idle: "SimpleQueue[subprocess.Popen[bytes]]" = field(default_factory=SimpleQueue)
    _taken: deque[tuple[Sequence[Entry], "Future[list[Row]]"]] = field(default_factory=deque)

    def __enter__(self) -> Self:
        number = min(HELPERS_MAX, len(os.sched_getaffinity(0)) - 1) if hasattr(os, "sched_getaffinity") else 1
        if isinstance(self.source, Tree):
            command = [sys.executable, "-m", "presstime.content.rows", *self.source.place, str(self.source.commit)]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self._processes = [subprocess.Popen(command, **pipes) for _ in range(number)]  # type: ignore[call-overload]
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(max(1, number), "reading")
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.kill()
        self._threads.shutdown()
        for process in self._processes:
            process.communicate()

    def take(self, batch: Sequence[Entry]) -> bool:
        """Whether a helper takes a batch: not if all have enough to do."""
        if len(self._taken) >= WAITING * len(self._processes):
            return False
        self._taken.append((batch, self._threads.submit(self._ask, batch)))
        return True

    def done(self) -> Iterator[list[Row]]:
        """What is ready by now. A batch that failed counts as taken still, and so does what comes after it."""
        while self._taken and self._taken[0][1].done() and self._taken[0][1].exception() is None:
            yield self._taken.popleft()[1].result()

    def rest(self, read: Callable[[Sequence[Entry]], list[Row]]) -> Iterator[list[Row]]:
        """All that was taken; `read` reads what failed."""
        for batch, future in self._taken:
            yield read(batch) if future.exception() else future.result()

    def _ask(self, batch: Sequence[Entry]) -> list[Row]:
        """Raises `OSError` or `ValueError` where the helper does not answer."""
        process = self._idle.get()
        try:
            assert process.stdin and process.stdout  # noqa: S101, PT018 - both are pipes
            wanted = [[raw_of(entry.path).decode("latin-1"), entry.blob_id, entry.size] for entry in batch]
            process.stdin.write(orjson.dumps(wanted) + b"\n")
            process.stdin.flush()
            return [Row(raw.encode("latin-1"), *more) for raw, *more in orjson.loads(process.stdout.readline())]
        finally:
            self._idle.put(process)


def help_reading(git_folder: str, prefix: str, commit: str) -> None:
    """Read what standard input names, until it ends."""
    tree = Tree(repository_at(git_folder), prefix, commit)
    reading = Reading(tree, parse_settings(tree.read(FILE), FILE))
    with without_collector():
        for line in sys.stdin.buffer:
            batch = [Entry(text_of(raw.encode("latin-1")), blob, size) for raw, blob, size in orjson.loads(line)]
            found = [[row.path.decode("latin-1"), *row[1:]] for row in reading.rows(batch)]
            sys.stdout.buffer.write(orjson.dumps(found) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    help_reading(*sys.argv[1:])
