"""`presstime init`: a newsroom that can be published at once, and nothing overwritten."""

import tomllib
from pathlib import Path

import pygit2
import pytest

from presstime.settings import parse_settings
from tests.cli.kit import call


def commit(root: Path) -> None:
    repository = pygit2.Repository(str(root))
    repository.index.add_all()
    repository.index.write()
    who = pygit2.Signature("Ada", "ada@verne.example")
    repository.create_commit("HEAD", who, who, "A newsroom", repository.index.write_tree(), [])


def test_what_it_writes_is_sound(tmp_path: Path) -> None:
    """Settings, a first post and a repository, of which `check` has nothing to say and which `render` can show."""
    done = call("init", "--name", "Maison Verne", "--timezone", "Europe/Paris", cwd=tmp_path)
    assert done.code == 0
    settings = parse_settings((tmp_path / "presstime.toml").read_bytes())
    assert (settings.name, settings.timezone, settings.warnings) == ("Maison Verne", "Europe/Paris", ())
    assert ".presstime/" in (tmp_path / ".gitignore").read_text()
    assert call("check", cwd=tmp_path).code == 0
    assert call("render", "posts/hello.md", cwd=tmp_path).code == 0
    assert (tmp_path / "post.schema.json").read_text() == call("schema").out
    commit(tmp_path)
    assert call("check", "--commit", "HEAD", cwd=tmp_path).code == 0


def test_into_a_folder(tmp_path: Path) -> None:
    """With a folder it is made there, and what comes next is said as it has to be typed."""
    done = call("init", "deep/newsroom", cwd=tmp_path)
    assert done.code == 0
    assert (tmp_path / "deep/newsroom/presstime.toml").exists()
    assert "presstime -C deep/newsroom publish" in done.out
    assert call("-C", "deep/newsroom", "check", cwd=tmp_path).code == 0


def test_in_a_repository_there_is(tmp_path: Path) -> None:
    """Inside a repository no other is made."""
    pygit2.init_repository(str(tmp_path))
    assert call("init", "news", cwd=tmp_path).code == 0
    assert not (tmp_path / "news/.git").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Where a newsroom is, nothing is written, and it says what is there."""
    call("init", cwd=tmp_path)
    (tmp_path / "presstime.toml").write_text("# mine\n")
    again = call("init", cwd=tmp_path)
    assert again.code == 2
    assert "presstime.toml" in again.err
    assert (tmp_path / "presstime.toml").read_text() == "# mine\n"


def test_a_gitignore_of_ones_own_is_kept(tmp_path: Path) -> None:
    """An existing .gitignore stays as it is."""
    (tmp_path / ".gitignore").write_text("node_modules/\n")
    assert call("init", cwd=tmp_path).code == 0
    assert (tmp_path / ".gitignore").read_text() == "node_modules/\n"


@pytest.mark.parametrize("name", ['Rue "A" & Co', "back\\slash", "two\nlines", "Ünïcödé", "{name}", ""])
def test_any_name_gives_sound_settings(tmp_path: Path, name: str) -> None:
    """Whatever the newsroom is called, what is written is TOML, and has a name."""
    done = call("init", "news", "--name", name, cwd=tmp_path)
    assert done.code == 0, done.said
    settings = tomllib.loads((tmp_path / "news/presstime.toml").read_text())
    assert settings["newsroom"]["name"]
    assert "Ünïcödé" not in name or settings["newsroom"]["name"] == name


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_where_a_file_is(tmp_path: Path, place: str) -> None:
    """A folder that cannot be made is an error with its path, not a traceback."""
    (tmp_path / "file").write_text("I am a file.")
    done = call("init", place, cwd=tmp_path)
    assert done.code == 2
    assert "file" in done.err
