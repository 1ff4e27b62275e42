"""`presstime preview`: what it ends with and says, beside the pages that it writes."""

from pathlib import Path

import pytest

from tests.cli.kit import call
from tests.kit import Folder

WRONG = "---\ntitle: Launch\npublish_at: 2031-03-01T09:00\nsumary: A typo is an error.\n---\nLift-off.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    found = Folder(tmp_path / "newsroom")
    found.commit()
    return found


def test_a_warning_ends_it_well(folder: Folder) -> None:
    """As in `check`: a job that stops at 1 goes on; that there is one is said, with where to read it."""
    done = call("-C", folder.path, "preview", "--worktree", "--out", folder.path / "out")
    assert "0 deliveries coming" in done.out
    assert "1 problem in the content: `presstime check` lists them" in done.err  # there is no post
    assert (done.code, (folder.path / "out/index.html").is_file()) == (0, True)


def test_an_error_does_not(folder: Folder) -> None:
    """The pages are there for all the rest."""
    folder.write("posts/launch.md", WRONG)
    done = call("-C", folder.path, "preview", "--worktree", "--out", folder.path / "out")
    assert "in the content: `presstime check` lists them" in done.err
    assert (done.code, (folder.path / "out/index.html").is_file()) == (1, True)
