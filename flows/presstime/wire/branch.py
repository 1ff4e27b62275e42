"""What Git has: the newsroom at the publishing branch's commit, and whether it was approved."""

import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING

from presstime.clock import elapsed
from presstime.content.newsroom import Newsroom, read_newsroom
from presstime.content.source import Source
from presstime.errors import RemoteAway
from presstime.model import Problem, Provenance
from presstime.settings import FILE, Settings
from presstime.wire.checks import network_problems
from presstime.wire.places import STATE, read_source, state_folder

if TYPE_CHECKING:
    from presstime.content.approval import Approvals
    from presstime.content.catalog import Catalog
    from presstime.content.git import Repository
    from presstime.content.shelf import Shelf

FETCHED = "last-fetch"  # a file whose time says when the remote was last reached
STALE_MAX = timedelta(
    hours=24
)  # a remote away for longer than this stops the newsroom: too much may have been taken back
SANDBOX = "PRESSTIME_SANDBOX"  # the URL of a sandbox that stands in for every network


@dataclass
class Branch:
    """One content root and what its branch says."""

    root: Path
    repository: "Repository"
    environ: Mapping[str, str]
    stack: ExitStack
    on_disk: bool = False  # whether presstime.toml counts as it lies in the folder
    warnings: list[str] = field(default_factory=list)
    _read_at: float = field(default_factory=elapsed)  # when the desk was opened, which is before Git is read

    @cached_property
    def newsroom(self) -> Newsroom:
        """The newsroom at the publishing branch's commit, fetched first where presstime.toml names a remote."""
        bootstrap = self._settings_at(self.repository.commit_of())
        git = bootstrap.git
        if git.remote:
            self._fetch(git.remote)
        source = self.repository.at(self.repository.commit_of(git.branch, git.remote))
        found = read_newsroom(source, shelve=self._shelf)
        self._warn_of_uncommitted(found)
        self._warn_of_rewritten(found)
        return found

    def _fetch(self, remote: str) -> None:
        """What is merged is brought here. A remote that is away for a while keeps nothing back that was approved before: then
        what was known at the last fetch counts. Raises `GitError` where that was too long ago, or never."""
        mark = self.state_folder(STATE) / FETCHED
        try:
            self.repository.fetch(remote)
        except RemoteAway as error:
            known = mark.stat().st_mtime if mark.exists() else 0.0
            if time.time() - known > STALE_MAX.total_seconds():
                raise
            at = f"{datetime.fromtimestamp(known, UTC):%Y-%m-%d %H:%M} UTC"
            self._warn(f"{error.message}. Going on with what was merged until {at}; nothing newer is known here")
        else:
            mark.touch()

    @property
    def settings(self) -> Settings:
        return self._settings_on_disk if self.on_disk else self.newsroom.settings

    @cached_property
    def _settings_on_disk(self) -> Settings:
        from presstime.settings import parse_settings

        return parse_settings(read_source(self.root, None).read(FILE), FILE)

    @cached_property
    def problems(self) -> list[Problem]:
        """What is wrong with posts and settings at this commit; rendering problems show in the plan."""
        sandboxed = bool(self.environ.get(SANDBOX))
        return [*network_problems(self.settings, sandboxed), *self.newsroom.loaded.problems]

    def warnings_now(self) -> list[str]:
        """What a person should know before a pass: of use once the newsroom was read."""
        _ = self.newsroom
        return self.warnings

    def _shelf(self, source: Source, settings: Settings, settings_blob: str) -> "Shelf":
        """The posts, as far as they were read before from the catalog."""
        from presstime.content.shelf import Shelf

        return Shelf(self.catalog, source, settings, settings_blob, self.repository.changed)

    @cached_property
    def catalog(self) -> "Catalog":
        from presstime.content.catalog import Catalog

        found = Catalog(self.state_folder(f"{STATE}/cache") / "posts.db")
        self.stack.callback(found.close)
        return found

    def _settings_at(self, commit: str) -> Settings:
        from presstime.settings import parse_settings

        return parse_settings(self.repository.at(commit).read(FILE), FILE)

    def _warn_of_uncommitted(self, newsroom: Newsroom) -> None:
        file = self.root / FILE
        if file.is_file() and file.read_bytes() != newsroom.source.read(FILE):
            self.warnings.append(f"{FILE} differs from the one committed; what is committed counts")

    def _warn_of_rewritten(self, newsroom: Newsroom) -> None:
        """The branch does not go on from the commit that was planned last."""
        before, now = self._shelf(newsroom.source, newsroom.settings, "").last_planned(), newsroom.commit or ""
        if before in ("", now) or self.repository.lies_ahead(before, now):
            return
        self.warnings.append(
            f"commit {now[:12]} does not follow {before[:12]}, which was planned last: the branch was set back or rewritten, or "
            "this clone does not reach that far. What only that commit had is dropped, and nothing goes out twice"
        )

    def _provenance(self, paths: Collection[str]) -> Mapping[str, Provenance]:
        commit = self.newsroom.commit
        assert commit is not None  # noqa: S101 - a desk reads commits, never the working tree
        return self.approvals.marked(self.repository.provenance(commit, paths))

    @cached_property
    def approvals(self) -> "Approvals":
        """Whether the files of the newsroom's commit are approved as its branch asks."""
        commit = self.newsroom.commit
        assert commit is not None  # noqa: S101 - a desk reads commits, never the working tree
        return self.repository.approvals(commit)

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)
            getLogger(__name__).warning(message)

    def state_folder(self, name: str) -> Path:
        return state_folder(self.root, name)
