"""Who stands behind a file: the commit that last touched it, and the one that brought that commit to the branch.

The branch's own line is its first parents. A commit on that line was put there by its committer; a commit that came with
a merge was approved by whoever made the merge.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

HOST = "noreply@github.com"  # GitHub commits merges made on its pages; the person is the merge's author


class Touch(NamedTuple):
    """People as `Name <mail>`, commits as 40 hex digits: `touched` changed the file, `brought` is on the branch's own line."""

    author: str
    approver: str
    touched: str
    brought: str


def attribute(repo: Any, commit: str, prefix: str, wanted: set[str]) -> dict[str, Touch]:
    """The touch of each path below `prefix` (a folder of the repository, "" for the root) in the tree of `commit`; of one
    that is not there any more, who removed it. What never was there has none.

    One walk from newest to oldest; a merged branch is walked only if it brought something that is still wanted. In a
    shallow clone, what is older than its end is attributed to the oldest commit there.
    """
    found: dict[str, Touch] = {}
    at = repo[commit]
    while wanted:
        parents = _parents(repo, at)
        before = subtree(parents[0].tree, prefix) if parents else None
        here = changed(before, subtree(at.tree, prefix), wanted)
        found |= touches(repo, at, prefix, here)
        wanted = wanted - here
        if not parents:
            break
        at = parents[0]
    return found


def touches(repo: Any, commit: Any, prefix: str, paths: set[str]) -> dict[str, Touch]:
    """The touches of paths that a commit of the branch's own line changed."""
    parents = _parents(repo, commit)
    if paths and len(parents) > 1:
        return _merged(repo, commit, parents, prefix, paths)
    return dict.fromkeys(paths, _touch(commit, commit))


def _touch(commit: Any, brought: Any) -> Touch:
    return Touch(person(commit.author), approver(brought), str(commit.id), str(brought.id))


def _merged(repo: Any, merge: Any, parents: list[Any], prefix: str, wanted: set[str]) -> dict[str, Touch]:
    """The touches of what a merge brought: in the commits it merged, or in the merge where it is like no parent. A commit
    that changed a file into something else, which was not taken over, did not touch what is there now."""
    after = subtree(merge.tree, prefix)
    own = wanted.intersection(*(changed(subtree(p.tree, prefix), after, wanted) for p in parents[1:]))
    found = dict.fromkeys(own, _touch(merge, merge))
    missing = wanted - own
    for commit in _side(repo, parents) if missing else ():
        there = subtree(commit.tree, prefix)
        befores = [subtree(p.tree, prefix) for p in _parents(repo, commit)] or [None]
        own = missing.intersection(*(changed(before, there, missing) for before in befores))
        touched = {path for path in own if file_at(there, path) == file_at(after, path)}
        found |= dict.fromkeys(touched, _touch(commit, merge))
        missing -= touched
        if not missing:
            break
    return found | dict.fromkeys(missing, _touch(merge, merge))


def _side(repo: Any, parents: list[Any]) -> Iterator[Any]:
    """The commits that a merge brought, newest first."""
    import pygit2

    walker = repo.walk(parents[1].id, pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.TIME)
    for other in parents[2:]:
        walker.push(other.id)
    walker.hide(parents[0].id)
    yield from walker


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


def file_at(tree: Any, path: str) -> tuple[str, int] | None:
    """Blob id and mode of what is at a path of a tree, None if nothing is."""
    try:
        item = tree[path] if tree is not None else None
    except (KeyError, ValueError):
        return None
    return (str(item.id), item.filemode) if item is not None else None


def changed(before: Any, after: Any, wanted: Collection[str]) -> set[str]:
    """Those of the paths that differ between two trees; None is an empty tree. Only folders that differ are looked into:
    for a few files of a large archive that is much cheaper than all differences."""
    found: set[str] = set()
    inside: dict[str, list[str]] = defaultdict(list)
    for path in wanted:
        folder, slash, rest = path.partition("/")
        if slash:
            inside[folder].append(rest)
        elif file_at(before, path) != file_at(after, path):
            found.add(path)
    for folder, paths in inside.items():
        if file_at(before, folder) != file_at(after, folder):
            deeper = changed(_folder(before, folder), _folder(after, folder), paths)
            found |= {f"{folder}/{path}" for path in deeper}
    return found


def _folder(tree: Any, name: str) -> Any:
    return subtree(tree, name) if tree is not None else None


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
