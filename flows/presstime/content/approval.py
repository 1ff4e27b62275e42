"""Whether what stands in a commit was approved as the branch's rule asks: who signed it, and who merged it.

Judged is the commit that last touched a file, under the rule of the branch before that commit was brought to it. What was
on the branch before it had a rule is not judged.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from presstime.content.provenance import HOST, Touch, attribute, changed, differences, file_at, person, subtree, touches
from presstime.content.rule import Rule, Rules
from presstime.content.signature import Signature, by_host, by_key, is_listed
from presstime.model import Provenance

SHALLOW = "the clone is shallow, so nobody can tell who signed and merged it: run `git fetch --unshallow`"


class Verdict(NamedTuple):
    """Who signed a file's last commit, with which key, the key of whoever merged it, and why it is not approved ("": it is)."""

    signer: str = ""
    signer_key: str = ""
    approver_key: str = ""
    refused: str = ""


@dataclass
class Approvals:
    """The verdicts on the files of one commit. Each is found once. `reading` is a context around what reads Git."""

    repo: Any
    prefix: str
    commit: str
    reading: Callable[[], Any]
    _touches: dict[str, Touch | None] = field(default_factory=dict)
    _moves: dict[str, str] = field(default_factory=dict)
    _verdicts: dict[tuple[Touch, Rule], Verdict] = field(default_factory=dict)
    _signatures: dict[tuple[object, ...], Signature] = field(default_factory=dict)

    def refused(self, paths: Collection[str]) -> dict[str, str]:
        """Why each of the paths that is not approved is not, with what to do; also of paths that are gone.

        Raises `GitError`: an object or a program is missing."""
        return {path: verdict.refused for path, verdict in self._judged(paths).items() if verdict.refused}

    def marked(self, found: Mapping[str, Provenance]) -> dict[str, Provenance]:
        """The provenance of files, with whose signatures were found good."""
        verdicts = self._judged(found)
        marks = {path: verdicts.get(path, Verdict())._asdict() for path in found}
        return {p: replace(by, **{k: v for k, v in marks[p].items() if k != "refused"}) for p, by in found.items()}

    def _judged(self, paths: Collection[str]) -> dict[str, Verdict]:
        with self.reading():
            if not self._rules.any:
                return {}
            if self.repo.is_shallow:
                return dict.fromkeys(paths, Verdict(refused=SHALLOW))
            self._attribute(paths)
            return {path: self._of(path, self._touches[path]) for path in paths}

    def _attribute(self, paths: Collection[str]) -> None:
        """Find who touched the paths; of one that was moved away, who touched it where it is, or was removed in the end."""
        while missing := set(paths) - self._touches.keys():
            self._touches |= dict.fromkeys(missing)
            self._touches |= attribute(self.repo, self.commit, self.prefix, missing)
            moves = {path: self._moved_to(path, touch) for path in missing if (touch := self._touches[path])}
            self._moves |= {path: new for path, new in moves.items() if new}
            paths = [new for new in moves.values() if new]

    def _moved_to(self, path: str, touch: Touch) -> str:
        """Where a file went that the touch removed, "" if nowhere."""
        brought = self.repo[touch.brought]
        now = subtree(brought.tree, self.prefix)
        if file_at(now, path) or not brought.parent_ids:
            return ""
        before = subtree(self.repo[brought.parent_ids[0]].tree, self.prefix)
        was = file_at(before, path)
        return next((new for new in differences(before, now) if was and file_at(now, new) == was), "")

    @cached_property
    def _rules(self) -> Rules:
        return Rules.of(self.repo, self.prefix, self.commit, self._judge_change)

    def _of(self, path: str, touch: Touch | None) -> Verdict:
        if touch is None:
            return Verdict(refused=f"{path}: nothing in the branch's history says who removed it")
        rule = self._rules.before(touch.brought)
        verdict = self._verdict(touch, rule) if rule is not None else Verdict()
        new = self._moves.get(path, "")
        if not verdict.refused and (later := self._touches.get(new)):
            return self._of(new, later)
        if not verdict.refused or rule is None:
            return verdict
        ignored = f"; {self._rules.ignored}" if self._rules.ignored else ""
        return verdict._replace(refused=f"{path} is not approved: {verdict.refused}. {_advice(rule)}{ignored}")

    def _judge_change(self, commit: Any, paths: frozenset[str], rule: Rule) -> str:
        """Why a change of the rule is not approved under the one before it."""
        before = self.repo[commit.parent_ids[0]].tree if commit.parent_ids else None
        found = touches(self.repo, commit, "", changed(before, commit.tree, paths))
        return next((v.refused for p in sorted(found) if (v := self._verdict(found[p], rule)).refused), "")

    def _verdict(self, touch: Touch, rule: Rule) -> Verdict:
        if (touch, rule) not in self._verdicts:
            self._verdicts[touch, rule] = self._examined(touch, rule)
        return self._verdicts[touch, rule]

    # --- the rule ---

    def _examined(self, touch: Touch, rule: Rule) -> Verdict:
        commit, brought = self.repo[touch.touched], self.repo[touch.brought]
        arrived, signature = self._arrived(brought), Signature()
        if rule.approval.require_signature:
            signature = self._signed(commit, (_mail(commit.author), _mail(commit.committer)), rule, arrived)
            if signature.refused:
                return Verdict(refused=f"commit {_name(commit)}: {signature.refused}")
        if not rule.approval.approvers:
            return Verdict(signature.principal, signature.key)
        people = {_mail(commit.author), signature.principal or _mail(commit.committer)}
        merge = self._merged(brought, people, rule, arrived)
        refused = f"commit {_name(brought)} brought it to the branch, and {merge.refused}" if merge.refused else ""
        return Verdict(signature.principal, signature.key, merge.key, refused)

    def _merged(self, brought: Any, people: set[str], rule: Rule, arrived: int) -> Signature:
        """The signature of whoever brought a commit of these people to the branch, or why that is no approval."""
        approver = _approver(brought)
        if approver.lower() not in rule.approval.approvers:
            return Signature(refused=f"{approver} is not one of the approvers")
        if not rule.approval.self_approval and approver.lower() in {mail.lower() for mail in people}:
            return Signature(refused=f"{approver} would approve their own change")
        return self._signed(brought, (approver,), rule, arrived) if rule.approval.signed_merges else Signature()

    def _arrived(self, brought: Any) -> int:
        """When a commit came to the branch: whatever date it bears, not before the branch's commit before it."""
        before = [self.repo[parent].commit_time for parent in brought.parent_ids[:1]]
        return int(max(brought.commit_time, *before, 0))

    def _signed(self, commit: Any, principals: tuple[str, ...], rule: Rule, arrived: int) -> Signature:
        """Whose signature a commit bears. A key must be valid when it was used, and when the commit came to the branch."""
        key = (str(commit.id), principals, rule, arrived)
        if key not in self._signatures:
            by = self._by_host if _mail(commit.committer) == HOST else self._by_key
            self._signatures[key] = by(commit, principals, rule, arrived)
        return self._signatures[key]

    def _by_key(self, commit: Any, principals: tuple[str, ...], rule: Rule, arrived: int) -> Signature:
        signers = self._blob(rule.signers)
        if signers is None:
            return Signature(refused=f"the branch had no file {rule.approval.allowed_signers!r}")
        return by_key(commit.read_raw(), principals, {commit.commit_time, arrived}, signers)

    def _by_host(self, commit: Any, principals: tuple[str, ...], rule: Rule, arrived: int) -> Signature:
        """What was made on the host's pages is its author's: the host signs in their name."""
        author, keys = _mail(commit.author), self._blob(rule.host_keys)
        if keys is None:
            return Signature(
                refused="it was made on the Git host's pages, and [approval] names no host_keys to check that by"
            )
        if author not in principals:
            return Signature(refused=f"the Git host made it for {author}")
        if not is_listed(author, self._blob(rule.signers) or b"") and author.lower() not in rule.approval.approvers:
            return Signature(refused=f"{author} is not listed")
        found = by_host(commit.read_raw(), keys)
        return found if found.refused else found._replace(principal=author)

    def _blob(self, file: tuple[str, str] | None) -> bytes | None:
        return self.repo[file[1]].data if file else None


def _advice(rule: Rule) -> str:
    """What makes a file approved."""
    approval = rule.approval
    signed = f", signed with a key that {approval.allowed_signers} lists for you" if approval.require_signature else ""
    if not approval.approvers:
        return f"Commit the file again{signed}"
    by = " or ".join(approval.approvers[:3]) if len(approval.approvers) < 4 else "an approver"
    how = "a signed merge commit" if approval.signed_merges else "a merge commit"
    return f"Commit the file again on a branch{signed}, and have {by} merge it with {how}"


def _name(commit: Any) -> str:
    return f"{str(commit.id)[:12]} ({person(commit.author)})"


def _approver(commit: Any) -> str:
    return _mail(commit.author if _mail(commit.committer) == HOST else commit.committer)


def _mail(signature: Any) -> str:
    return str(signature.raw_email.decode(errors="replace"))
