"""The working tree and a commit are the same source: same paths, same blob ids, same refusals."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.content.git import Repository
from presstime.content.source import NoSuchFileError, Source, parts_of
from presstime.content.worktree import WorkTree
from tests.content.kit import GitFolder

HOSTILE = [
    "",
    ".",
    "..",
    "../secret.txt",
    "posts/../presstime.toml",
    "posts/../../secret.txt",
    "./presstime.toml",
    "/etc/passwd",
    "/presstime.toml",
    "//server/share",
    "\\\\server\\share",
    "posts\\a.md",
    "C:/presstime.toml",
    "c:presstime.toml",
    "presstime.toml\0.png",
    "presstime.toml/",
    "presstime.toml/x",
    "posts//a.md",
    "posts",
    "link.md",
    "linked/a.md",
    "linked",
    "outside/secret.txt",
    "module/file.txt",
    "module",
    "no/such/file",
    "posts/\udcff.md",
    "x" * 5000,
]


def as_commit(folder: GitFolder) -> Source:
    return Repository.discover(folder.path).at(folder.commit())


def as_worktree(folder: GitFolder) -> Source:
    return WorkTree(folder.path)


both = pytest.mark.parametrize("source_of", [as_commit, as_worktree])


@pytest.fixture
def full(folder: GitFolder, tmp_path: Path) -> GitFolder:
    """A repository with posts, media, hidden files, symlinks in and out, and a submodule."""
    folder.write("posts/a.md", "A")
    folder.write("posts/b-c.md", "B\r\n")
    folder.write("posts/b/x.MD", "X")
    folder.write("posts/b/pic.png", b"\x89PNG\0")
    folder.write("posts/.hidden.md", "no")
    folder.write("posts/.obsidian/x.md", "no")
    (tmp_path / "secret.txt").write_text("secret")
    os.symlink("posts/a.md", folder.path / "link.md")
    os.symlink("posts", folder.path / "linked")
    os.symlink(tmp_path, folder.path / "outside")
    other = GitFolder(tmp_path / "other")
    other.write("file.txt", "module")
    other.commit()
    folder.git("submodule", "add", "-q", str(other.path), "module")
    (folder.path / "posts" / "b" / "x.MD").chmod(0o755)
    return folder


@both
def test_files_are_listed_sorted_without_hidden_ones_and_links(
    source_of: Callable[[GitFolder], Source], full: GitFolder
) -> None:
    """A folder's plain files, below subfolders too, in the order of their paths; nothing hidden, no link, no submodule."""
    source = source_of(full)
    assert list(source.names("posts")) == ["posts/a.md", "posts/b-c.md", "posts/b/pic.png", "posts/b/x.MD"]
    assert [e.path for e in source.files("posts", (".md",))] == ["posts/a.md", "posts/b-c.md", "posts/b/x.MD"]
    assert [n for n in source.names("") if not n.startswith("posts/")] == ["presstime.toml"]
    assert (
        list(source.names("linked"))
        == list(source.names("nowhere"))
        == list(source.names("../"))
        == list(source.names("module"))
        == []
    )


def test_a_post_has_the_same_blob_before_and_after_its_commit(full: GitFolder) -> None:
    """Path, blob id and size are equal in the working tree and in the commit; so is the content."""
    here = list(WorkTree(full.path).files("posts"))
    committed = as_commit(full)
    assert here == list(committed.files("posts"))
    assert [WorkTree(full.path).load(e) for e in here] == [committed.load(e) for e in here]
    assert here[0].blob_id == full.git("hash-object", "posts/a.md")
    assert committed.find("posts/b/pic.png") == here[2]


@both
@pytest.mark.parametrize("path", HOSTILE)
def test_nothing_but_plain_files_of_the_tree_is_found(
    source_of: Callable[[GitFolder], Source], full: GitFolder, path: str
) -> None:
    """Traversal, absolute paths, drives, UNC, NUL, symlinks and submodules: there is no such file."""
    source = source_of(full)
    assert source.find(path) is None
    with pytest.raises(NoSuchFileError):
        source.read(path)


@both
def test_a_plain_file_is_read(source_of: Callable[[GitFolder], Source], full: GitFolder) -> None:
    """What is there is read as it is, byte for byte."""
    assert source_of(full).read("posts/b-c.md") == b"B\r\n"


def test_a_changed_file_is_read_anew(full: GitFolder) -> None:
    """The working tree is read when asked, not when it was first seen."""
    source = WorkTree(full.path)
    before = source.find("posts/a.md")
    full.write("posts/a.md", "AA")
    assert source.read("posts/a.md") == b"AA"
    assert before != source.find("posts/a.md")


@given(st.text("ab./\\:\0é ", max_size=12))
def test_a_path_is_plain_names_or_nothing(path: str) -> None:
    """A path is either refused or is exactly its names joined by slashes, none of them special."""
    parts = parts_of(path)
    if parts is not None:
        assert "/".join(parts) == path
        assert not {"", ".", ".."} & set(parts)
