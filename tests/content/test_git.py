"""Git as the source of what is approved: finding it, its branches, fetching, and who stands behind a file."""

import os
import shutil
from pathlib import Path

import pytest

from presstime.content.git import Repository
from presstime.content.source import Entry
from presstime.errors import GitError
from presstime.model import Provenance
from tests.content.kit import SETTINGS, GitFolder


def test_a_content_root_may_be_a_subfolder(tmp_path: Path) -> None:
    """Paths are relative to the folder of presstime.toml, wherever in the repository it is."""
    folder = GitFolder(tmp_path / "site")
    folder.write("content/presstime.toml", SETTINGS)
    folder.write("content/posts/a.md", "A")
    folder.write("README.md", "outside")
    commit = folder.commit()
    repo = Repository.discover(folder.path / "content")
    assert repo.prefix == "content"
    assert list(repo.at(commit).names("")) == ["posts/a.md", "presstime.toml"]
    assert repo.at(commit).commit == commit


def test_a_bare_repository_is_read_as_well(folder: GitFolder, tmp_path: Path) -> None:
    """A server's bare repository, whole or a folder of it, needs no working tree."""
    folder.write("inner/presstime.toml", SETTINGS)
    commit = folder.commit()
    bare = tmp_path / "bare.git"
    folder.git("clone", "-q", "--bare", str(folder.path), str(bare))
    assert Repository.discover(bare).at(commit).read("presstime.toml") == SETTINGS.encode()
    assert list(Repository.discover(bare / "inner").at(commit).names("")) == ["presstime.toml"]


def test_another_worktree_of_a_repository_is_a_repository(folder: GitFolder, tmp_path: Path) -> None:
    """`git worktree add` makes a folder that works like any other."""
    folder.commit()
    folder.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    repo = Repository.discover(tmp_path / "side")
    assert repo.at(repo.commit_of("side")).read("presstime.toml") == SETTINGS.encode()


def test_no_repository_is_said_so(tmp_path: Path) -> None:
    """A folder outside of Git, and one that does not exist, are two different mistakes."""
    with pytest.raises(GitError, match="not in a Git repository"):
        Repository.discover(tmp_path)
    with pytest.raises(GitError, match="git init"):
        Repository.discover(tmp_path / "missing")


def test_a_missing_folder_of_a_repository_is_said_so(folder: GitFolder) -> None:
    """-C at a folder that is not there names the folder."""
    folder.commit()
    with pytest.raises(GitError, match=r"no folder .*missing"):
        Repository.discover(folder.path / "missing")


def test_no_commits_yet_is_said_so(folder: GitFolder) -> None:
    """An empty repository has nothing to publish."""
    with pytest.raises(GitError, match="no commits yet"):
        Repository.discover(folder.path).commit_of()


def test_the_branch_of_head_is_the_default(folder: GitFolder) -> None:
    """Without a branch, HEAD's is read; also when HEAD is detached."""
    first = folder.commit()
    repo = Repository.discover(folder.path)
    assert repo.commit_of() == repo.commit_of("main") == first
    folder.commit()
    folder.git("checkout", "-q", first)
    assert repo.commit_of() == first


def test_a_missing_branch_is_told_with_those_there_are(folder: GitFolder) -> None:
    """A branch that is not there is named together with the nearest and the list."""
    folder.commit()
    folder.git("branch", "staging")
    with pytest.raises(GitError, match=r"no branch 'mian'(?s:.)*Did you mean 'main'\? Branches: main, staging"):
        Repository.discover(folder.path).commit_of("mian")


def test_uncommitted_settings_are_said_so(folder: GitFolder) -> None:
    """presstime.toml has to be in the commit, and the message says how to put it there."""
    folder.write("presstime.toml", "")
    (folder.path / "presstime.toml").rename(folder.path / "other.toml")
    commit = folder.commit()
    with pytest.raises(GitError, match=r"presstime\.toml is not in commit(?s:.)*git add presstime\.toml"):
        Repository.discover(folder.path).at(commit)


@pytest.mark.parametrize("revision", ["HEAD", "HEAD~1", "main", "v1", "short"])
def test_a_revision_may_be_written_in_git_s_ways(folder: GitFolder, revision: str) -> None:
    """Branches, tags (also annotated), ancestors and short ids name commits."""
    first, second = folder.commit(), folder.commit()
    folder.git("tag", "-a", "-m", "one", "v1", first)
    expected = first if revision in ("HEAD~1", "v1") else second
    written = second[:10] if revision == "short" else revision
    assert Repository.discover(folder.path).resolve(written) == expected


@pytest.mark.parametrize("revision", ["nope", "", "HEAD~99", "HEAD:presstime.toml", "0" * 40, "a..b", "-x"])
def test_what_is_no_commit_is_said_so(folder: GitFolder, revision: str) -> None:
    """Anything else is a message, not a traceback."""
    folder.commit()
    with pytest.raises(GitError, match="no commit"):
        Repository.discover(folder.path).resolve(revision)


def test_fetching_brings_the_remote_s_branch(folder: GitFolder, tmp_path: Path) -> None:
    """After a fetch, the branch as the remote has it is what is read, not the local one."""
    old = folder.commit()
    folder.git("clone", "-q", str(folder.path), str(tmp_path / "clone"))
    new = folder.commit()
    repo = Repository.discover(tmp_path / "clone")
    assert repo.commit_of(remote="origin") == old
    repo.fetch("origin")
    assert repo.commit_of("main", remote="origin") == repo.commit_of(remote="origin") == new
    assert repo.commit_of("main") == old
    assert repo.at(new).read("presstime.toml") == SETTINGS.encode()


def test_a_failed_fetch_says_what_git_said(folder: GitFolder, tmp_path: Path) -> None:
    """An unreachable remote ends in git's own last line, an unknown one in the list of remotes."""
    folder.commit()
    folder.git("remote", "add", "origin", str(tmp_path / "gone"))
    repo = Repository.discover(folder.path)
    with pytest.raises(GitError, match=r"git fetch origin failed: .*repository exists"):
        repo.fetch("origin")
    with pytest.raises(GitError, match=r"no remote '--upload-pack=x'(?s:.)*Remotes: origin"):
        repo.fetch("--upload-pack=x")


def test_without_git_the_message_says_so(folder: GitFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetching needs the program."""
    folder.commit()
    folder.git("remote", "add", "origin", "x")
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(GitError, match="not installed"):
        Repository.discover(folder.path).fetch("origin")


def test_a_blob_is_read_by_its_id(folder: GitFolder) -> None:
    """Media are fetched by the id the post carries; anything else is a message."""
    commit = folder.commit()
    repo = Repository.discover(folder.path)
    entry = repo.at(commit).find("presstime.toml")
    assert entry is not None
    assert repo.read_blob(entry.blob_id) == SETTINGS.encode()
    for wrong in ("0" * 40, "nonsense", commit):
        with pytest.raises(GitError):
            repo.read_blob(wrong)


def test_what_changed_between_two_commits(folder: GitFolder) -> None:
    """Added, altered and deleted paths, renames as both; nothing outside the content root."""
    for name in ("keep", "alter", "delete", "rename"):
        folder.write(f"posts/{name}.md", name)
    old = folder.commit()
    folder.write("posts/alter.md", "altered")
    folder.write("posts/new.md", "new")
    (folder.path / "posts/delete.md").unlink()
    (folder.path / "posts/rename.md").rename(folder.path / "posts/renamed.md")
    new = folder.commit()
    repo = Repository.discover(folder.path)
    expected = {f"posts/{name}.md" for name in ("alter", "new", "delete", "rename", "renamed")}
    assert repo.changed(old, new) == expected
    assert repo.changed(new, new) == frozenset()
    assert Repository(repo._repo, "posts").changed(old, new) == {p.removeprefix("posts/") for p in expected}


def test_an_object_that_was_not_fetched_is_said_so(folder: GitFolder) -> None:
    """In a partial clone a post's blob may be missing: the message says to fetch it, also while posts are listed."""
    folder.write("posts/a.md", "A")
    commit = folder.commit()
    blob = folder.git("rev-parse", "HEAD:posts/a.md")
    entry = Entry("posts/a.md", blob, 1)
    tree = Repository.discover(folder.path).at(commit)
    os.unlink(folder.path / ".git" / "objects" / blob[:2] / blob[2:])
    for read in (lambda: tree.load(entry), lambda: list(tree.files("posts"))):
        with pytest.raises(GitError, match="partial"):
            read()


def person(name: str) -> str:
    return f"{name} <{name.lower()}@verne.example>"


def stands_behind(folder: GitFolder, path: str) -> Provenance:
    repo = Repository.discover(folder.path)
    return repo.provenance(repo.commit_of("main"), [path])[path]


def test_a_commit_on_the_branch_is_approved_by_its_committer(folder: GitFolder) -> None:
    """Without a merge, who committed is who approved; later commits to other files change nothing."""
    folder.write("posts/a.md", "A")
    touched = folder.commit(author="Ada", committer="Bob")
    folder.write("posts/b.md", "B")
    last = folder.commit(author="Eve")
    found = stands_behind(folder, "posts/a.md")
    assert (found.author, found.approver, found.touched, found.commit) == (person("Ada"), person("Bob"), touched, last)
    assert found.blob == folder.git("rev-parse", "HEAD:posts/a.md")


def test_a_merged_commit_is_approved_by_who_merged(folder: GitFolder) -> None:
    """The author is that of the touching commit, the approver whoever brought it to the branch."""
    folder.commit()
    folder.git("checkout", "-q", "-b", "draft")
    folder.write("posts/a.md", "A")
    touched = folder.commit(author="Ada")
    folder.write("posts/b.md", "B")
    folder.commit(author="Ann")
    folder.git("checkout", "-q", "main")
    folder.write("posts/c.md", "C")
    folder.commit(author="Cid")
    folder.merge("draft", by="Bob")
    folder.commit(author="Eve")
    found = stands_behind(folder, "posts/a.md")
    assert (found.author, found.approver, found.touched) == (person("Ada"), person("Bob"), touched)
    assert stands_behind(folder, "posts/c.md").approver == person("Cid")


def test_the_branch_merged_into_the_draft_approves_nothing(folder: GitFolder) -> None:
    """A draft that took over the branch's news does not become their approver."""
    folder.commit()
    folder.git("checkout", "-q", "-b", "draft")
    folder.write("posts/a.md", "A")
    folder.commit(author="Ada")
    folder.git("checkout", "-q", "main")
    folder.write("posts/c.md", "C")
    folder.commit(author="Cid")
    folder.git("checkout", "-q", "draft")
    folder.merge("main", by="Ada")
    folder.git("checkout", "-q", "main")
    folder.merge("draft", by="Bob")
    assert stands_behind(folder, "posts/c.md").approver == person("Cid")
    assert stands_behind(folder, "posts/a.md").approver == person("Bob")


def test_a_conflict_settled_in_the_merge_is_the_merger_s(folder: GitFolder) -> None:
    """A file that is like neither parent was written by whoever merged."""
    folder.write("posts/a.md", "base\n")
    folder.commit()
    folder.git("checkout", "-q", "-b", "draft")
    folder.write("posts/a.md", "draft\n")
    folder.commit(author="Ada")
    folder.git("checkout", "-q", "main")
    folder.write("posts/a.md", "main\n")
    folder.commit(author="Cid")
    folder.git("merge", "-q", "-s", "ours", "--no-commit", "draft")
    folder.write("posts/a.md", "settled\n")
    merge = folder.commit(author="Bob")
    found = stands_behind(folder, "posts/a.md")
    assert (found.author, found.approver, found.touched) == (person("Bob"), person("Bob"), merge)


def test_a_merge_made_on_the_host_s_pages_is_the_person_s(folder: GitFolder) -> None:
    """GitHub commits merges itself; the person who pressed the button is the merge's author."""
    folder.commit()
    folder.git("checkout", "-q", "-b", "draft")
    folder.write("posts/a.md", "A")
    folder.commit(author="Ada")
    folder.git("checkout", "-q", "main")
    folder.merge("draft", by="GitHub", author="Bob")
    assert stands_behind(folder, "posts/a.md").approver == person("Bob")


def test_many_paths_are_attributed_in_one_walk_and_missing_ones_left_out(folder: GitFolder) -> None:
    """Each path has its own commit; one that is not in the tree has none."""
    commits = {}
    for name in ("one", "two", "three"):
        folder.write(f"posts/{name}.md", name)
        commits[f"posts/{name}.md"] = folder.commit(author=name.title())
    repo = Repository.discover(folder.path)
    found = repo.provenance("main", [*commits, "posts/gone.md"])
    assert {path: p.touched for path, p in found.items()} == commits


def test_the_walk_ends_when_every_path_is_attributed(folder: GitFolder) -> None:
    """A file of the newest commit costs one step, however long the history: an older commit is not even readable here."""
    folder.write("posts/old.md", "old")
    old = folder.commit()
    for name in ("new", "newer"):
        folder.write(f"posts/{name}.md", name)
        newest = folder.commit()
    unreadable = folder.path / ".git" / "objects" / old[:2] / old[2:]
    unreadable.chmod(0o600)
    unreadable.write_bytes(b"garbage")
    repo = Repository.discover(folder.path)
    assert repo.provenance(newest, ["posts/newer.md"])["posts/newer.md"].touched == newest
    with pytest.raises(GitError, match="git fsck"):
        repo.provenance(newest, ["posts/new.md"])


def test_a_shallow_clone_ends_at_its_oldest_commit(folder: GitFolder, tmp_path: Path) -> None:
    """What is older than a shallow clone reaches is attributed to the oldest commit there."""
    folder.write("posts/old.md", "old")
    folder.commit(author="Ada")
    folder.write("posts/new.md", "new")
    end = folder.commit(author="Bob")
    folder.git("clone", "-q", "--depth=1", f"file://{folder.path}", str(tmp_path / "shallow"))
    shutil.rmtree(folder.path)
    repo = Repository.discover(tmp_path / "shallow")
    assert repo.provenance("HEAD", ["posts/old.md"])["posts/old.md"].touched == end
