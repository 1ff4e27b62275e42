"""Git as the source of what is approved: a tree at a commit, read through objects and never through the working tree.

pygit2 reads; `git` itself fetches, so that credentials, SSH and proxies work as they do for people.
"""

import os
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from presstime.content.approval import Approvals
from presstime.content.provenance import attribute, differences, subtree
from presstime.content.source import Entry, no_such_file, parts_of
from presstime.errors import GitError, RemoteAway
from presstime.model import Provenance
from presstime.problems import nearest

if TYPE_CHECKING:
    import pygit2

SETTINGS = "presstime.toml"
BLOB = 3  # the number of that type in Git's object format
_PLAIN = (0o100644, 0o100755, 0o100664)  # the file modes of Git that are neither symlink nor submodule


def _unreadable() -> tuple[type[Exception], ...]:
    """What pygit2 raises for an object that is not here, or not whole."""
    import pygit2

    return KeyError, ValueError, pygit2.GitError


def _not_here(repo: "pygit2.Repository", error: Exception) -> GitError:
    advice = "The clone may be shallow, partial or damaged: fetch it whole (`git fetch --unshallow --refetch`), or see `git fsck`."
    return GitError(f"Git has no readable object {error} in {repo.path}", advice)


@contextmanager
def _reading(repo: "pygit2.Repository") -> Iterator[None]:
    """Turns what pygit2 raises into a `GitError` that says what to do."""
    try:
        yield
    except _unreadable() as error:
        raise _not_here(repo, error) from None


class Repository:
    """The Git repository that holds a content root. `prefix` is the root's path in it, "" for the whole of it."""

    def __init__(self, repo: "pygit2.Repository", prefix: str) -> None:
        self._repo = repo
        self.prefix = prefix

    @classmethod
    def discover(cls, directory: Path) -> "Repository":
        """The repository around a content root, which may be bare. Raises `GitError` if there is none."""
        import pygit2  # half of the start time of `check`, which does not need it

        place = directory.resolve()
        existing = next(p for p in (place, *place.parents) if p.is_dir())
        try:
            found = pygit2.discover_repository(str(existing))
            repo = pygit2.Repository(found) if found else None
        except pygit2.GitError as error:  # e.g. it belongs to another user
            raise GitError(f"Git refuses {directory}: {error}", "See `git config --global safe.directory`.") from None
        if repo is None:
            raise GitError(f"{directory} is not in a Git repository", "Run `git init` there, or point -C at one.")
        base = Path(repo.path if repo.is_bare else repo.workdir).resolve()
        if existing != place and not repo.is_bare:
            raise GitError(f"there is no folder {directory}", "Check the path given with -C.")
        prefix = place.relative_to(base).as_posix() if place.is_relative_to(base) else "."
        return cls(repo, "" if prefix == "." else prefix)

    def would_commit(self, path: Path) -> bool:
        """Whether a file at this place would become part of the repository with `git add .`."""
        place = path.resolve()
        if self._repo.is_bare or not place.is_relative_to(base := Path(self._repo.workdir).resolve()):
            return False
        inner = place.relative_to(base).as_posix()
        return not inner.startswith(".git/") and not self._repo.path_is_ignored(inner)

    # --- commits ---

    def commit_of(self, branch: str | None = None, remote: str | None = None) -> str:
        """The commit a branch is at, HEAD's branch if None; as last fetched from `remote`, where one is given.

        Raises `GitError`: no commits yet, or no such branch."""
        if self._repo.is_empty or (branch is None and self._repo.head_is_unborn):
            raise GitError(
                "the repository has no commits yet", "Commit presstime.toml and the posts: git add . && git commit."
            )
        if branch is None and (remote is None or self._repo.head_is_detached):
            return str(self._repo.head.target)
        name = branch if branch is not None else self._repo.head.shorthand
        candidates = [f"refs/remotes/{remote}/{name}"] if remote else []
        for reference in (*candidates, f"refs/heads/{name}"):
            if reference in self._repo.references:
                return str(self._repo.references[reference].peel().id)
        raise self._no_branch(name)

    def _no_branch(self, name: str) -> GitError:
        names = sorted(self._repo.branches)
        close = nearest(name, names)
        known = f"Branches: {', '.join(names[:20])}."
        return GitError(f"there is no branch {name!r}", f"Did you mean {close!r}? {known}" if close else known)

    def resolve(self, revision: str) -> str:
        """The commit that a revision as people write it names: a branch, a tag, `HEAD~2`, an abbreviated id."""
        import pygit2

        try:
            return str(self._repo.revparse_single(revision).peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError):
            raise GitError(f"there is no commit {revision!r}", "See `git log` for the commits there are.") from None

    def fork(self, base: str, head: str) -> str:
        """The commit at which `head` left `base`: what is on `base` since is not of head's doing. Raises `GitError` if either is
        not here, or if they have nothing in common as far as this clone goes."""
        base, head = self.resolve(base), self.resolve(head)
        with _reading(self._repo):
            found = self._repo.merge_base(base, head)
        if found is None:
            raise GitError(
                f"{base[:12]} and {head[:12]} have no commit in common",
                "If the clone is shallow, fetch the history: git fetch --unshallow.",
            )
        return str(found)

    def lies_ahead(self, commit: str, other: str) -> bool | None:
        """Whether `other` is a later commit on top of `commit`. None: it is not here, so nobody can tell."""
        import pygit2

        if commit == other:
            return False
        try:
            with _reading(self._repo):
                return bool(self._repo.descendant_of(other, commit))
        except (KeyError, ValueError, pygit2.GitError, GitError):
            return None

    def fetch(self, remote: str, timeout_seconds: float = 45) -> None:
        """Bring a remote's branches here. Raises `RemoteAway` with git's own last words, `GitError` for a remote or a program
        that is not there. It takes less than the lead, so that a remote that hangs makes nothing late."""
        known = list(self._repo.remotes.names())
        if remote not in known:
            raise GitError(
                f"there is no remote {remote!r}",
                f"Remotes: {', '.join(map(str, known)) or 'none'}; see `git remote add`.",
            )
        command = ["git", f"--git-dir={self._repo.path}", "fetch", "--quiet", "--", remote]
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": os.environ.get("GIT_TERMINAL_PROMPT", "0")}
        try:
            done = subprocess.run(command, capture_output=True, env=environment, timeout=timeout_seconds, check=False)
        except OSError:
            raise GitError("the program `git` is not installed", "Install Git: fetching uses it.") from None
        except subprocess.TimeoutExpired:
            raise RemoteAway(
                f"git fetch {remote} took longer than {timeout_seconds:g} s", "Check the network."
            ) from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
            raise RemoteAway(f"git fetch {remote} failed: {said[-1]}", f"Try it by hand: git fetch {remote}.")

    # --- trees ---

    def at(self, commit: str) -> "Tree":
        """The content root's tree at a commit. Raises `GitError` if the commit, or presstime.toml in it, is not there."""
        tree = Tree(self._repo, self.prefix, self.resolve(commit))
        if tree.find(SETTINGS) is None:
            where = f"{self.prefix}/{SETTINGS}" if self.prefix else SETTINGS
            raise GitError(f"{where} is not in commit {commit[:12]}", f"Commit it: git add {where} && git commit.")
        return tree

    def read_blob(self, blob_id: str) -> bytes:
        """The bytes of a blob. Raises `GitError` if it is not here."""
        with _reading(self._repo):
            kind, data = self._repo.read(blob_id)
        if kind != BLOB:
            raise GitError(f"{blob_id} is not a file", "A blob id is wanted.")
        return data

    def changed(self, old: str, new: str) -> frozenset[str]:
        """The paths added, altered or deleted between two commits. Raises `GitError` for an unknown commit."""
        old, new = self.resolve(old), self.resolve(new)
        with _reading(self._repo):
            before, after = (_root(self._repo, self.prefix, commit) for commit in (old, new))
            return frozenset(differences(before, after))

    def provenance(self, commit: str, paths: Collection[str]) -> dict[str, Provenance]:
        """Who stands behind each of the files at a commit; paths that are not there are left out. One walk of history,
        newest first, that ends as soon as every path is attributed. Raises `GitError` for an unknown commit."""
        commit = self.resolve(commit)
        tree = self.at(commit)
        blobs = {path: entry.blob_id for path in paths if (entry := tree.find(path))}
        with _reading(self._repo):
            touched = attribute(self._repo, commit, self.prefix, set(blobs))
        return {
            path: Provenance(commit, blobs[path], by.author, by.approver, by.touched) for path, by in touched.items()
        }

    def approvals(self, commit: str) -> Approvals:
        """Whether the files of a commit were approved as its branch asks. Raises `GitError` for an unknown commit."""
        return Approvals(self._repo, self.prefix, self.resolve(commit), lambda: _reading(self._repo))


def repository_at(folder: str) -> "pygit2.Repository":
    import pygit2

    return pygit2.Repository(folder)


class Tree:
    """The content root at one commit. `place` is where another process finds it: the folder of Git's own files, the prefix."""

    def __init__(self, repo: "pygit2.Repository", prefix: str, commit: str) -> None:
        self.commit: str | None = commit
        self.place = (str(repo.path), prefix)
        self._repo = repo
        self._unreadable = _unreadable()
        self._root = _root(repo, prefix, commit)
        self._folders: dict[str, Any] = {"": self._root}

    def names(self, folder: str) -> Iterator[str]:
        return (path for path, _ in self._walk(folder))

    def files(self, folder: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[Entry]:
        header = self._repo.odb.read_header
        with _reading(self._repo):
            for path, item in self._walk(folder):
                if path.lower().endswith(suffixes):
                    yield Entry(path, str(item.id), header(item.id)[1])

    def find(self, path: str) -> Entry | None:
        item = self._item(path)
        if item is None or item.filemode not in _PLAIN:
            return None
        with _reading(self._repo):
            return Entry(path, str(item.id), self._repo.odb.read_header(item.id)[1])

    def load(self, entry: Entry) -> bytes:
        try:  # not `with _reading`: a context costs as much as the read, for each post
            return self._repo.read(entry.blob_id)[1]
        except self._unreadable as error:
            raise _not_here(self._repo, error) from None

    def read(self, path: str) -> bytes:
        entry = self.find(path)
        if entry is None:
            raise no_such_file(path, f"commit {str(self.commit)[:12]}")
        return self.load(entry)

    def _item(self, path: str) -> Any:
        """The tree's object at a path, None if there is none. Names are looked up in tree objects: nothing is followed."""
        if not parts_of(path):
            return None
        parent, _, name = path.rpartition("/")
        return _child(self._folder(parent), name)

    def _folder(self, path: str) -> Any:
        """A folder's tree, kept: libgit2 would parse a large one anew for every name that is looked up in it."""
        if path not in self._folders:
            self._folders[path] = self._item(path)
        return self._folders[path]

    def _walk(self, folder: str) -> Iterator[tuple[str, Any]]:
        start = self._folder(folder)
        if start is not None and start.type_str == "tree":
            yield from _walk(start, f"{folder}/" if folder else "")


def _root(repo: "pygit2.Repository", prefix: str, commit: str) -> Any:
    """The content root's tree object at a commit, None if it is not there."""
    return subtree(repo[commit].tree, prefix)


def _child(tree: Any, name: str) -> Any:
    try:
        return tree[name] if tree is not None and tree.type_str == "tree" else None
    except (KeyError, ValueError):
        return None


def _walk(tree: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for item in tree:
        name = item.raw_name.decode("utf-8", "surrogateescape")
        if name.startswith("."):
            continue
        if item.filemode in _PLAIN:
            yield prefix + name, item
        elif item.type_str == "tree":
            yield from _walk(item, f"{prefix}{name}/")
