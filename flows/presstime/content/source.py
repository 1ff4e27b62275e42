"""Where files come from: a Git tree at a commit and the working tree behind one small port.

Paths are POSIX and relative to the content root. They are looked up, never joined to a folder's path and opened: what
is not a plain file of the tree (a symlink, a submodule, something above the root) is simply not there.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from presstime.errors import GitError


class Entry(NamedTuple):
    """A file: its path, its Git blob id (40 hex digits) and its size in bytes."""

    path: str
    blob_id: str
    size: int


class NoSuchFileError(GitError, KeyError):
    """There is no plain file of that path in the source."""


class Source(Protocol):
    """A tree of files. `commit` is None for the working tree."""

    commit: str | None

    def names(self, folder: str) -> Iterable[str]:
        """The paths of all files below a folder, sorted. Hidden files and folders are left out, as is a missing folder."""

    def files(self, folder: str, suffixes: tuple[str, ...] = ("",)) -> Iterable[Entry]:
        """The files of `names` whose path ends in one of `suffixes` (in lower case)."""

    def find(self, path: str) -> Entry | None:
        """The file of that path, None if there is no plain file."""

    def load(self, entry: Entry) -> bytes:
        """The content of a file that `files` or `find` gave."""

    def read(self, path: str) -> bytes:
        """The content of the file of that path. Raises `NoSuchFileError`."""


def parts_of(path: str) -> list[str] | None:
    """The names a path is made of, None if it is not a plain relative path: absolute, with `..` or another hidden name
    (`.git`), a backslash, NUL or a drive, or a name twice separated. The root is [].

    >>> parts_of("posts/a.md"), parts_of("../a"), parts_of("")
    (['posts', 'a.md'], None, [])
    """
    if "\\" in path or "\0" in path or ":" in path[:2]:
        return None
    parts = path.split("/") if path else []
    return None if any(part[:1] in ("", ".") for part in parts) else parts


def no_such_file(path: str, where: str) -> NoSuchFileError:
    return NoSuchFileError(
        f"there is no file {path!r} in {where}", "Check the path: it is relative to the content root."
    )
