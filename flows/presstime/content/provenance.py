"""Who stands behind a file: the commit that last touched it, and the one that brought that commit to the branch.

The branch's own line is its first parents. A commit on that line was put there by its committer; a commit that came with
a merge was approved by whoever made the merge.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

HOST = "noreply@github.com"  # GitHub commits merges made on its pages; the person is the merge's author


class Touch(NamedTuple):
    """People as `Name <mail>`, the commit as 40 hex digits."""

    author: str
    approver: str
    touched: str


def attribute(repo: Any, commit: str, prefix: str, wanted: set[str]) -> dict[str, Touch]:
    """The touch of each path below `prefix` (a folder of the repository, "" for the root) in the tree of `commit`.

    One walk from newest to oldest; a merged branch is walked only if it brought something that is still wanted. In a
    shallow clone, what is older than its end is attributed to the oldest commit there.
    """
    found: dict[str, Touch] = {}
    at = repo[commit]
    while wanted:
        parents = _parents(repo, at)
        before = subtree(parents[0].tree, prefix) if parents else None
        here = wanted & set(differences(before, subtree(at.tree, prefix)))
        if here and len(parents) > 1:
            found |= _merged(repo, at, parents, prefix, here)
        elif here:
            found |= dict.fromkeys(here, Touch(person(at.author), approver(at), str(at.id)))
        wanted = wanted - here
        if not parents:
            break
        at = parents[0]
    return found


def _merged(repo: Any, merge: Any, parents: list[Any], prefix: str, wanted: set[str]) -> dict[str, Touch]:
    """The touches of what a merge brought: in the commits it merged, or in the merge where it is like no parent."""
    after = subtree(merge.tree, prefix)
    own = wanted.intersection(*(differences(subtree(p.tree, prefix), after) for p in parents[1:]))
    found = dict.fromkeys(own, Touch(person(merge.author), approver(merge), str(merge.id)))
    missing = wanted - own
    for commit in _side(repo, parents) if missing else ():
        touched = missing.intersection(*_changes(repo, commit, prefix))
        found |= dict.fromkeys(touched, Touch(person(commit.author), approver(merge), str(commit.id)))
        missing -= touched
        if not missing:
            break
    return found | dict.fromkeys(missing, Touch(person(merge.author), approver(merge), str(merge.id)))


def _side(repo: Any, parents: list[Any]) -> Iterator[Any]:
    """The commits that a merge brought, newest first."""
    import pygit2

    walker = repo.walk(parents[1].id, pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.TIME)
    for other in parents[2:]:
        walker.push(other.id)
    walker.hide(parents[0].id)
    yield from walker


def _changes(repo: Any, commit: Any, prefix: str) -> list[set[str]]:
    """What a commit changed, compared with each of its parents."""
    after = subtree(commit.tree, prefix)
    befores = [subtree(p.tree, prefix) for p in _parents(repo, commit)] or [None]
    return [set(differences(before, after)) for before in befores]


def _parents(repo: Any, commit: Any) -> list[Any]:
    """The parents that are here: a shallow clone ends somewhere."""
    return [found for found in map(repo.get, commit.parent_ids) if found is not None]


def subtree(tree: Any, prefix: str) -> Any:
    """The tree of a folder, the tree itself for "", None if there is no such folder."""
    if not prefix:
        return tree
    try:
        found = tree[prefix]
    except KeyError:
        return None
    return found if found.type_str == "tree" else None


def differences(before: Any, after: Any) -> Iterator[str]:
    """The paths of files that differ between two trees; None is an empty tree."""
    if before is None and after is None:
        return
    diff = after.diff_to_tree(swap=True) if before is None else _diff(before, after)
    for delta in diff.deltas if diff is not None else ():
        yield delta.new_file.raw_path.decode("utf-8", "surrogateescape")


def _diff(before: Any, after: Any) -> Any:
    if after is None:
        return before.diff_to_tree()
    return None if before.id == after.id else before.diff_to_tree(after)


def approver(commit: Any) -> str:
    """The committer, or where the host committed in a person's name, that person."""
    return person(commit.author if commit.committer.email == HOST else commit.committer)


def person(signature: Any) -> str:
    return f"{signature.raw_name.decode(errors='replace')} <{signature.raw_email.decode(errors='replace')}>"
