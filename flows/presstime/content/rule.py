"""The branch's rule of approval, as it was at each moment of its history.

What a commit is judged by must not come with it. So the rule for what a merge brings is that of the branch before the merge,
and a change of the rule itself (the [approval] of presstime.toml, the files it names) counts only if it was approved under
the rule before it; otherwise that one stays in force. The first rule of a branch is taken as it is.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from presstime.content.provenance import file_at
from presstime.errors import SettingsError
from presstime.settings import FILE
from presstime.settings.approval import Approval, approval_of

PLAIN = (0o100644, 0o100755, 0o100664)


class Rule(NamedTuple):
    """The rule with the files it names: each a path from the repository's root and a blob id, None if it is not there."""

    approval: Approval
    signers: tuple[str, str] | None = None
    host_keys: tuple[str, str] | None = None

    @property
    def files(self) -> set[tuple[str, str]]:
        return {file for file in (self.signers, self.host_keys) if file}


# Why the change that a commit of the branch's own line made to these paths is not approved under a rule; "" if it is.
Judge = Callable[[Any, frozenset[str], Rule], str]


@dataclass
class Rules:
    """The rules of a branch's own line (first parents), up to a commit."""

    repo: Any
    prefix: str
    _places: dict[str, int] = field(default_factory=dict)  # of each commit on the line, from the oldest
    _since: list[int] = field(default_factory=list)  # the place from which on each of `_rules` was there
    _rules: list[Rule | None] = field(default_factory=list)
    _parsed: dict[str, Approval | None] = field(default_factory=dict)
    ignored: str = ""  # why the newest change of the rule does not count

    @classmethod
    def of(cls, repo: Any, prefix: str, commit: str, judge: Judge) -> "Rules":
        """Reads the whole line once, for its presstime.toml alone."""
        rules = cls(repo, prefix)
        written = [(str(c.id), rules._written(c)) for c in _line(repo, commit)][::-1]
        rules._places = {commit: place for place, (commit, _) in enumerate(written)}
        before: Rule | None = None
        for place, (identity, now) in enumerate(written):
            if now != before:
                rules._change(place, identity, before, now, judge)
            before = now
        return rules

    def before(self, commit: str) -> Rule | None:
        """The rule in force before a commit of the line, None if there was none."""
        last = bisect_left(self._since, self._places[commit]) - 1
        return self._rules[last] if last >= 0 else None

    @property
    def any(self) -> bool:
        """Whether there ever was one."""
        return bool(self._rules)

    def _change(self, place: int, commit: str, before: Rule | None, now: Rule | None, judge: Judge) -> None:
        """A commit that changed the rule as it is written."""
        force = self._rules[-1] if self._rules else None
        refused = (
            judge(self.repo[commit], self._paths(before, now), force) if force is not None and now != force else ""
        )
        self.ignored = f"the rule that commit {commit[:12]} wrote does not count: {refused}" if refused else ""
        if not refused and now != force:
            self._since.append(place)
            self._rules.append(now)

    def _paths(self, before: Rule | None, now: Rule | None) -> frozenset[str]:
        """The files in which two rules differ."""
        changed = {path for path, _ in (before.files if before else set()) ^ (now.files if now else set())}
        same_text = before is not None and now is not None and before.approval == now.approval
        return frozenset(changed if same_text else changed | {self._path(FILE)})

    # --- what is written ---

    def _written(self, commit: Any) -> Rule | None:
        """The rule as a commit has it. One that cannot be read is none."""
        blob = _plain(commit.tree, self._path(FILE))
        approval = self._approval(blob) if blob else None
        if approval is None:
            return None
        signers, keys = (self._file(commit.tree, name) for name in (approval.allowed_signers, approval.host_keys))
        return Rule(approval, signers, keys)

    def _approval(self, blob: str) -> Approval | None:
        if blob not in self._parsed:
            source = self.repo[blob].data
            try:
                self._parsed[blob] = approval_of(source) if b"approval" in source else None
            except SettingsError:
                self._parsed[blob] = None
        return self._parsed[blob]

    def _file(self, tree: Any, name: str | None) -> tuple[str, str] | None:
        """A file of the content root, or of the repository's."""
        for path in dict.fromkeys((self._path(name), name)) if name else ():
            if blob := _plain(tree, path):
                return path, blob
        return None

    def _path(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


def _plain(tree: Any, path: str) -> str:
    """The blob of a plain file, "" if there is none."""
    there = file_at(tree, path)
    return there[0] if there and there[1] in PLAIN else ""


def _line(repo: Any, commit: str) -> Iterator[Any]:
    """The branch's own commits, newest first, as far as they are here."""
    at = repo[commit]
    while at is not None:
        yield at
        at = repo.get(at.parent_ids[0]) if at.parent_ids else None
