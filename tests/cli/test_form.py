"""`presstime init --cms`: the two files of a form in the browser, with a newsroom or in one that is there."""

from pathlib import Path

import pygit2
import pytest
import yaml

from presstime.content.cms import APP_ID, DRAFTS
from tests.cli.kit import call


def config(root: Path, folder: str = "admin") -> dict[str, object]:
    return dict(yaml.safe_load((root / folder / "config.yml").read_text()))


def test_with_a_newsroom_and_in_one_that_is_there(tmp_path: Path) -> None:
    """In a new folder beside all else; in a newsroom these files alone, and what is there already stays as it is."""
    done = call("init", "--cms", "gitlab:verne/press/news", cwd=tmp_path)
    assert done.code == 0
    made = config(tmp_path)
    assert made["backend"] == {
        "name": "gitlab",
        "repo": "verne/press/news",
        "branch": "main",
        "auth_type": "pkce",
        "app_id": APP_ID,
    }
    assert "backend.app_id" in done.err
    assert call("check", cwd=tmp_path).code == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and ".git/" not in str(path)}
    (tmp_path / "admin/config.yml").unlink()
    (tmp_path / "admin/index.html").write_text("mine")
    again = call("init", "--cms", "github:verne/news", cwd=tmp_path)
    assert again.code == 0, again.said
    after = {path: path.read_bytes() for path in before}
    assert {path.name for path in before if after[path] != before[path]} == {"config.yml", "index.html"}
    assert (tmp_path / "admin/index.html").read_text() == "mine"


def test_paths_are_those_of_the_repository(tmp_path: Path) -> None:
    """Where the newsroom is a folder of it, on the branch that is published; beside a site, where the site takes files from."""
    pygit2.init_repository(str(tmp_path), initial_head="main")
    call("init", "news", "--no-site", cwd=tmp_path)
    (tmp_path / "news/static").mkdir()
    call("-C", "news", "init", "--cms", "gitea:verne/news@https://git.example", cwd=tmp_path)
    made = config(tmp_path / "news", "static/admin")
    assert isinstance(made["backend"], dict)
    assert (made["backend"]["branch"], "publish_mode" in made) == (DRAFTS, False)
    assert made["media_folder"] == "news/static/images"
    assert made["public_folder"] == "/images"


@pytest.mark.parametrize("spec", ["svn:verne/news", "github", "gitea:verne/news"])
def test_what_is_not_said_wholly(tmp_path: Path, spec: str) -> None:
    """Nothing is written, and the remedy is said."""
    done = call("init", "--cms", spec, cwd=tmp_path)
    assert done.code == 2
    assert "--cms github:" in done.err
    assert list(tmp_path.iterdir()) == []
