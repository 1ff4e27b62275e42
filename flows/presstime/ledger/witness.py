"""Git as the witness of S3: checkpoints committed to a branch of their own in the content repository.

Each checkpoint is a commit that changes one file, so the branch's history holds them all. Only that branch is written, and
never the working tree. pygit2 commits, `git` itself fetches and pushes: with it credentials and SSH work as they do for people."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from presstime.errors import GitError
from presstime.ledger.checkpoint import Checkpoint, Sightings
from presstime.ledger.note import Verifier

if TYPE_CHECKING:
    import pygit2

COMMITTER = ("Presstime", "presstime@localhost")
TRIES = 5  # another process may commit at the same moment
TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Witness:
    """A branch of the repository around `directory`; `remote` is where it is pushed to, if anywhere."""

    directory: Path
    branch: str
    remote: str | None = None

    def record(self, checkpoint: Checkpoint, note: bytes, now: datetime) -> str | None:
        """Commit a checkpoint and push it. Returns why it could not be pushed, None if it was or need not be.

        Raises `GitError` where it cannot even be committed."""
        repo = self._repository()
        if self.remote:
            self._fetch(repo)  # what others have pushed; if it fails, so will the push, and that is told
        self._commit(repo, checkpoint, note, now)
        return self._git(repo, "push", self.remote, f"{self._local}:{self._local}") if self.remote else None

    def sightings(self, trusted: Sequence[Verifier], newest: bool = False) -> Sightings:
        """Every checkpoint in the branch's history, here and as last fetched; or those at its tip only. With trusted keys, those
        of other logs are passed over: several newsrooms may share a repository. A branch that is not there has none."""
        repo, found, seen = self._repository(), Sightings(), set[Any]()
        tips = self._tips(repo)
        for commit in [repo[tip] for tip in tips] if newest else _history(repo, tips):
            for item in commit.tree:
                if item.type_str == "blob" and item.id not in seen:
                    seen.add(item.id)
                    self._take(found, repo, commit, item, trusted)
        return found

    def _take(
        self, found: Sightings, repo: "pygit2.Repository", commit: Any, item: Any, trusted: Sequence[Verifier]
    ) -> None:
        if not trusted or item.name in {_file_of(key.name) for key in trusted}:
            place = f"{self.branch}@{str(commit.id)[:12]}:{item.name}"
            found.take(repo.read(item.id)[1], "git", place, trusted)

    # --- commits ---

    def _commit(self, repo: "pygit2.Repository", checkpoint: Checkpoint, note: bytes, now: datetime) -> None:
        import pygit2

        signature = pygit2.Signature(*COMMITTER, int(now.timestamp()), 0)
        message = f"Checkpoint of {checkpoint.origin}: {checkpoint.size} entries\n"
        for _ in range(TRIES):
            tips = self._tips(repo)
            local = repo.references[self._local].target if self._local in repo.references else None
            tree = _tree_with(repo, tips, _file_of(checkpoint.origin), note)
            made = repo.create_commit(None, signature, signature, message, tree, tips)
            if self._move(repo, local, made):
                return
        raise GitError(f"the branch {self.branch!r} cannot be written", "Another process keeps writing it; try again.")

    def _move(self, repo: "pygit2.Repository", old: Any, new: Any) -> bool:
        """Set the branch, if it is still where it was: git compares and sets in one step (git-update-ref)."""
        return self._git(repo, "update-ref", self._local, str(new), str(old or "0" * 40)) is None

    def _tips(self, repo: "pygit2.Repository") -> list[Any]:
        """Where the branch is, here and as last fetched; one commit if one of the two holds the other."""
        names = [self._local, *([f"refs/remotes/{self.remote}/{self.branch}"] if self.remote else [])]
        tips = list(dict.fromkeys(repo.references[n].target for n in names if n in repo.references))
        if len(tips) == 2:
            ahead = [t for t in tips if all(t == o or repo.descendant_of(t, o) for o in tips)]
            return ahead or tips
        return tips

    # --- git ---

    @property
    def _local(self) -> str:
        return f"refs/heads/{self.branch}"

    def _repository(self) -> "pygit2.Repository":
        import pygit2

        found = pygit2.discover_repository(str(self.directory))
        if found is None:
            raise GitError(f"{self.directory} is not in a Git repository", "Run `git init` there, or point -C at one.")
        repo = pygit2.Repository(found)
        if repo.lookup_reference("HEAD").target == self._local:
            raise GitError(
                f"checkpoints cannot be committed to the branch {self.branch!r}",
                'Name a branch of their own under [audit], e.g. witness_branch = "presstime-checkpoints".',
            )
        return repo

    def _fetch(self, repo: "pygit2.Repository") -> None:
        tracking = f"+{self._local}:refs/remotes/{self.remote}/{self.branch}"
        self._git(repo, "fetch", "--quiet", self.remote, tracking)

    def _git(self, repo: "pygit2.Repository", verb: str, *arguments: str | None) -> str | None:
        """Run git; None if it went well, else its last words."""
        command = ["git", f"--git-dir={repo.path}", verb, *(a for a in arguments if a is not None)]
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": os.environ.get("GIT_TERMINAL_PROMPT", "0")}
        try:
            done = subprocess.run(command, capture_output=True, env=environment, timeout=TIMEOUT_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"git {verb}: {error}"
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        return f"git {verb}: {said[-1]}" if done.returncode else None


def _file_of(origin: str) -> str:
    """The file of one log's checkpoints: its name, with what no file should be called replaced."""
    return re.sub(r"[^\w.-]+", "-", origin).strip(".-") + ".checkpoint"


def _tree_with(repo: "pygit2.Repository", parents: Sequence[Any], name: str, data: bytes) -> Any:
    import pygit2

    builder = repo.TreeBuilder()
    for parent in parents:
        for item in repo[parent].peel(pygit2.Commit).tree:
            builder.insert(str(item.name), item.id, item.filemode)
    builder.insert(name, repo.create_blob(data), pygit2.enums.FileMode.BLOB)
    return builder.write()


def _history(repo: "pygit2.Repository", tips: Sequence[Any]) -> Any:
    """The commits that lead to the tips, newest first."""
    if not tips:
        return ()
    walker = repo.walk(tips[0])
    for tip in tips[1:]:
        walker.push(tip)
    return walker
