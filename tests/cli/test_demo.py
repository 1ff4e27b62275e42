"""`presstime demo`: the whole thing on one machine, twice, and after everything that may be lost was lost."""

import shutil
from pathlib import Path

import pygit2
import pytest

from presstime.cli import demo
from presstime.embedded.s3 import find_weed
from presstime.errors import SettingsError
from presstime.sandbox.archive import Archive
from presstime.sandbox.state import State
from tests.cli.kit import call


def test_the_newsroom_is_a_repository_of_its_own(tmp_path: Path) -> None:
    """The sample is committed as it is; made again without a change, there is no new commit; with one, there is."""
    root = demo.make_newsroom(tmp_path / "newsroom")
    repository = pygit2.Repository(str(root))
    first = repository.head.target
    assert "presstime.toml" in repository.head.peel(pygit2.Commit).tree
    assert demo.make_newsroom(root) == root
    assert repository.head.target == first
    (root / "posts/en/mine.md").write_text("---\nid: mine\ntitle: Mine\nstatus: draft\n---\nText\n")
    demo.make_newsroom(root)
    assert repository.head.target != first
    assert [p.id for p in repository.head.peel(pygit2.Commit).parents] == [first]


def out(folder: Path) -> list[tuple[str, str, str]]:
    """What the demo's networks have accepted: network, account, text."""
    archive = Archive(folder / ".presstime/demo/sandbox.sqlite")
    try:
        return sorted((p.network, p.account, p.text) for p in State(archive).posts)
    finally:
        archive.close()


@pytest.mark.real
def test_the_demo_from_nothing_and_again(tmp_path: Path) -> None:
    """It publishes the sample and leaves its page; again it posts nothing, nor when caches and Prefect's database are lost."""
    try:
        find_weed()
    except SettingsError as error:
        pytest.skip(f"no S3 server here: {error.message}")
    first = call("demo", cwd=tmp_path)
    assert "32 published" in first.out
    assert "The timeline" in first.out
    page = (tmp_path / ".presstime/demo/timeline.html").read_text()
    assert "data:image/" in page
    posted = out(tmp_path)
    assert len(posted) > 20
    assert len({*posted}) == len(posted)
    again = call("demo", cwd=tmp_path)
    assert "0 deliveries changed in this pass" in again.out
    for lost in ("cache", "prefect"):
        shutil.rmtree(tmp_path / ".presstime/demo/newsroom/.presstime" / lost)
    assert "0 deliveries changed in this pass" in call("demo", cwd=tmp_path).out
    assert out(tmp_path) == posted
    root = tmp_path / ".presstime/demo/newsroom"
    assert call("-C", root, "audit", "verify").code == 0
