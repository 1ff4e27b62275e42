"""T3: media are files of the post's own commit. No name leads anywhere else, and no address is ever asked."""

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from presstime.content.git import Repository
from presstime.content.posts import Loaded, load_posts
from presstime.content.source import Source
from presstime.content.worktree import WorkTree
from presstime.settings import parse_settings
from tests.content.kit import SETTINGS, GitFolder
from tests.security.kit import entries, lines

PATHS, URLS = entries("media_paths.yml"), lines("urls.txt")
POST = "---\nid: p{id}\ntitle: T\npublish_at: 2026-03-24T09:00\nchannels: [brand]\nmedia: [{{file: {name}, alt: A}}]\n---\n"
REFUSALS = {"missing-media", "bad-media-path", "remote-media", "control-character"}
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n"


def as_commit(folder: GitFolder) -> Source:
    return Repository.discover(folder.path).at(folder.commit())


def as_worktree(folder: GitFolder) -> Source:
    return WorkTree(folder.path)


both = pytest.mark.parametrize("source_of", [as_commit, as_worktree])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> GitFolder:
    """A repository with a picture, a secret beside it, links out, in and in circles, and a submodule."""
    place = tmp_path_factory.mktemp("media")
    made = GitFolder(place / "newsroom")
    made.write("presstime.toml", SETTINGS)
    made.write("posts/a.png", b"\x89PNG\r\n\x1a\n")
    (place / "secret.txt").write_text("secret")
    for name, target in (
        ("link.png", "../../secret.txt"),
        ("linked", "../.."),
        ("loop.png", "loop.png"),
        ("same.png", "a.png"),
    ):
        os.symlink(target, made.path / "posts" / name)
    os.symlink(place, made.path / "outside")
    other = GitFolder(place / "other")
    other.write("file.txt", "module")
    other.commit()
    made.git("submodule", "add", "-q", str(other.path), "module")
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every name that is looked up and every address that is connected to."""
    found: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: found.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **more: found.append(arguments) or [])
    return found


def quoted(name: str) -> str:
    """A name as YAML says it between double quotes."""
    signs = {'"': '\\"', "\\": "\\\\", "\0": "\\0", "\n": "\\n"}
    return f'"{"".join(signs.get(sign, sign) for sign in name)}"'


def load(folder: GitFolder, source_of: Callable[[GitFolder], Source], names: Sequence[str]) -> Loaded:
    """What the newsroom holds when its posts, `0000.md` and so on, name these media."""
    for old in (folder.path / "posts").glob("*.md"):
        old.unlink()
    for number, name in enumerate(names):
        folder.write(f"posts/{number:04}.md", POST.format(id=number, name=quoted(name)))
    return load_posts(source_of(folder), parse_settings(SETTINGS.encode(), "presstime.toml"))


def refusals(loaded: Loaded) -> dict[int, set[str]]:
    """Why each post was refused, by its number."""
    found: dict[int, set[str]] = {}
    for problem in loaded.problems:
        if problem.severity == "error":
            found.setdefault(int(Path(problem.path).stem), set()).add(problem.code)
    return found


def test_the_corpora_are_large_enough() -> None:
    """At least 60 addresses, each once."""
    assert len(set(URLS)) == len(URLS) >= 60
    assert len(set(PATHS)) == len(PATHS) >= 60


@both
def test_a_picture_beside_the_post_is_found(folder: GitFolder, source_of: Callable[[GitFolder], Source]) -> None:
    """What the hostile names are held against."""
    loaded = load(folder, source_of, ["a.png"])
    assert [item.path for post in loaded.posts for item in post.media] == ["posts/a.png"]


@both
def test_hostile_names_find_nothing(folder: GitFolder, source_of: Callable[[GitFolder], Source]) -> None:
    """Traversal, absolute paths, UNC, drives, NUL, links, submodules and Git's own files: there is no such medium, in the
    working tree or in a commit."""
    loaded = load(folder, source_of, PATHS)
    assert [PATHS[int(Path(post.path).stem)] for post in loaded.posts] == []
    found = refusals(loaded)
    assert len(found) == len(PATHS)
    assert [PATHS[number] for number, codes in found.items() if not codes <= REFUSALS] == []


def test_no_address_is_ever_asked(folder: GitFolder, asked: list[object]) -> None:
    """Media are not fetched: every address is refused, and nothing is looked up or connected to, so there is no second
    answer of a resolver to fear."""
    loaded = load(folder, as_worktree, URLS)
    assert [URLS[int(Path(post.path).stem)] for post in loaded.posts] == []
    found = refusals(loaded)
    assert len(found) == len(URLS)
    assert all("remote-media" in found[number] for number, url in enumerate(URLS) if "://" in url)
    assert asked == []


@both
def test_an_lfs_pointer_is_not_a_picture(folder: GitFolder, source_of: Callable[[GitFolder], Source]) -> None:
    """What is read from Git would be the pointer: it is refused with what to do, before anything is sent."""
    folder.write("posts/large.png", LFS.format(oid="0" * 64))
    loaded = load(folder, source_of, ["large.png"])
    assert loaded.posts == ()
    (problem,) = [p for p in loaded.problems if p.severity == "error"]
    assert problem.code == "lfs-pointer"
    assert "git lfs" in problem.advice
