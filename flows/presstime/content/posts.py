"""Posts out of a source: each file read once, its problems collected, the sound ones handed on."""

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from presstime.content.frontmatter import split
from presstime.content.keys import sort_keys
from presstime.content.optin import names_channels
from presstime.content.reader import Read, Reader
from presstime.content.source import Entry, Source
from presstime.model import Post, Problem
from presstime.problems import Place, Problems
from presstime.settings import Settings

SUFFIXES = (".md", ".markdown")
MDX = ".mdx"  # not read, but not passed over in silence
NOT_POSTS = {"readme": "a README is about the folder", "_index": "it is Hugo's page of a list, not a post"}


class Skipped(NamedTuple):
    """A Markdown file of a posts folder that is no post."""

    path: str
    reason: str


class Posts(Protocol):
    """The posts of a commit, as a plan asks for them. Those that it gives may be outlines (see outline.py); a post with an
    error, or whose id is another's too, is not among them."""

    @property
    def seen(self) -> int:
        """How many post files there are, sound or not. With `opt_in`, what names no channel is none."""

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with files, by place."""

    @property
    def skipped(self) -> Sequence[Skipped]:
        """The Markdown files that are no posts."""

    def at_one_commit(self) -> AbstractContextManager[object]:
        """Within it, all answers are of the one commit, whatever other processes do."""

    def each(self) -> Iterator[Post]:
        """Every post, folder by folder in the order of their paths."""

    def count(self) -> int: ...

    def of_id(self, identity: str) -> Post | None: ...

    def knows(self, identity: str) -> bool:
        """Whether any file, sound or not, has this id."""

    def of_blob(self, blob: str) -> Post | None:
        """The post whose file has this content; of several, the last."""

    @property
    def unread(self) -> str:
        """A file that may be any post, since its id is not known; "" if there is none."""

    def whole(self, post: Post) -> Post:
        """The post as Git has it, with all that it says."""


@dataclass(frozen=True)
class Loaded:
    """What a source holds. A post with an error is not in `posts`; `seen` counts every post file, sound or not, `ids` are
    those of all of them, and `unnamed` counts the files that could not even be asked for theirs."""

    posts: tuple[Post, ...]
    problems: tuple[Problem, ...]
    skipped: tuple[Skipped, ...]
    seen: int
    ids: frozenset[str] = frozenset()
    unnamed: int = 0

    def at_one_commit(self) -> AbstractContextManager[object]:
        return nullcontext()

    def each(self) -> Iterator[Post]:
        return iter(self.posts)

    def count(self) -> int:
        return len(self.posts)

    def of_id(self, identity: str) -> Post | None:
        return self._by_id.get(identity)

    def knows(self, identity: str) -> bool:
        return identity in self.ids

    def of_blob(self, blob: str) -> Post | None:
        return self._by_blob.get(blob)

    @cached_property
    def unread(self) -> str:
        sound = {post.path for post in self.posts}
        broken = {p.path for p in self.problems if p.severity == "error"} - sound
        return min(broken, default="") if self.unnamed else ""

    def whole(self, post: Post) -> Post:
        return post

    @cached_property
    def _by_id(self) -> dict[str, Post]:
        return {post.id: post for post in self.posts}

    @cached_property
    def _by_blob(self) -> dict[str, Post]:
        return {post.blob: post for post in self.posts}


def load_posts(source: Source, settings: Settings, only: Collection[str] | None = None) -> Loaded:
    """Every post of a source, or those of the paths `only`, folder by folder in the order of their paths.

    Ids are compared among what is read: with `only`, a double elsewhere is not seen. Raises nothing for what is in the
    files: see `problems`."""
    reader = Reader(source, settings)
    skipped: list[Skipped] = []
    with without_collector():
        reads = [reader.read(entry, folder) for entry, folder in entries(source, settings, only, skipped)]
    twice = _doubles(reads)
    posts = tuple(read.post for read in reads if read.post is not None and read.id not in twice)
    problems = [p for read in reads for p in read.problems]
    for same in twice.values():
        problems += double_problems(source, same[0].id, [read.path for read in same])
    if only is None:
        problems += empty_folders(source, settings)
    return Loaded(
        posts,
        tuple(sorted(problems, key=by_place)),
        tuple(skipped),
        sum(bool(r.id or r.problems) for r in reads),
        frozenset(r.id for r in reads if r.id),
        sum(not r.id and bool(r.problems) for r in reads),
    )


@contextmanager
def without_collector() -> Iterator[None]:
    """Posts hold no cycles, and there are many: the cycle collector would go through all of them again and again, which
    takes a sixth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def by_place(problem: Problem) -> tuple[str, int, int]:
    return problem.path, problem.line, problem.column


def is_post(path: str) -> bool:
    """Whether a path is that of a post, if it is in a posts folder."""
    return why_not(path) is None


def why_not(path: str) -> str | None:
    """Why a file is no post, None if it is one."""
    if not path.lower().endswith(SUFFIXES):
        return "MDX is a program, not a text" if path.lower().endswith(MDX) else "it is not Markdown"
    stem = path.rpartition("/")[2].rpartition(".")[0].lower()
    return NOT_POSTS.get(stem.partition(".")[0]) if stem[:1] in "r_" else None


def folder_of(path: str, settings: Settings) -> str | None:
    """The posts folder that a path is in, the innermost if several are."""
    found = [f for f in settings.content.posts if not f or path.startswith(f + "/")]
    return max(found, key=len, default=None)


def entries(
    source: Source, settings: Settings, only: Collection[str] | None, skipped: list[Skipped]
) -> Iterator[tuple[Entry, str]]:
    """The post files, each with its posts folder. A folder inside of another is not read twice."""
    seen = set()
    found = _listed(source, settings) if only is None else (e for p in sorted(only) if (e := source.find(p)))
    for entry in found:
        folder = folder_of(entry.path, settings)
        if folder is None or entry.path in seen:
            continue
        seen.add(entry.path)
        reason = why_not(entry.path)
        if reason is None:
            yield entry, folder
        elif not settings.content.opt_in or names_channels(source.load(entry)):
            skipped.append(Skipped(entry.path, reason))


def _listed(source: Source, settings: Settings) -> Iterator[Entry]:
    for folder in settings.content.posts:
        yield from source.files(folder, (*SUFFIXES, MDX))


def empty_folders(source: Source, settings: Settings) -> Iterator[Problem]:
    """A posts folder without a post is more likely a slip than a wish."""
    for folder in settings.content.posts:
        if next(iter(source.files(folder, SUFFIXES)), None) is None:
            line, column = settings.places.get(("content", "posts"), (1, 1))
            message = f"the posts folder {folder or '.'!r} holds no Markdown file"
            advice = "Put a post in it, or correct [content] posts."
            yield Problem(settings.path, line, column, "warning", "no-posts", message, advice)


def _doubles(reads: list[Read]) -> dict[str, list[Read]]:
    by_id: dict[str, Read] = {}
    twice: dict[str, list[Read]] = {}
    for read in reads:
        if read.id and by_id.setdefault(read.id, read) is not read:
            twice.setdefault(read.id, [by_id[read.id]]).append(read)
    return twice


def double_problems(source: Source, identity: str, paths: Sequence[str]) -> Iterator[Problem]:
    """The problems of files that have one id, in load order."""
    for path in paths:
        line, column = _place_of_id(source, path)
        others = [other for other in paths if other != path]
        message = f"the id {identity!r} is also that of {', '.join(others[:3])}"
        advice = "Give one of them another id. An id that was published stays with its post."
        yield Problem(path, line, column, "error", "duplicate-id", message, advice)


def _place_of_id(source: Source, path: str) -> Place:
    """Where a file says its id; the first line if its name is its id. Read again: this is rare."""
    front, _, _ = split(source.read(path), path)
    node = sort_keys(front, Problems(path, front.where))[0].get("id")
    return (1, 1) if node is None else front.where(node.mark)
