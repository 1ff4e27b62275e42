"""What is due after the end of its channel's access is told when it is written, without network and without the secret."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from presstime.content.newsroom import read_newsroom
from presstime.content.worktree import WorkTree
from presstime.model import Problem
from presstime.settings import FILE, parse_settings
from presstime.wire import access_problems
from tests.kit import Folder

NOW = datetime.now(UTC).replace(microsecond=0)
SETTINGS = """\
[newsroom]
timezone = "UTC"
[channels.brand]
network = "linkedin_member"
credentials = "file:.presstime/accounts/brand"
{more}
[channels.site-feed]
network = "feed"
path = "public/feed"
[defaults]
channels = ["brand", "site-feed"]
"""
SOON, LATER = NOW + timedelta(days=30), NOW + timedelta(days=80)


def newsroom(path: Path, more: str = "", **front: object) -> Folder:
    folder = Folder(path / "newsroom", SETTINGS.format(more=more))
    folder.post("soon", due=SOON, **front)
    folder.post("late", due=LATER, **front)
    return folder


def problems(folder: Folder) -> list[Problem]:
    source = WorkTree(folder.path)
    settings = parse_settings(source.read(FILE), FILE)
    return access_problems(read_newsroom(source, None, settings), folder.path, {})


def document(folder: Folder, **more: object) -> None:
    tokens = {"access_token": "canary-token", "expires_at": (NOW + timedelta(days=60)).isoformat(), **more}
    folder.write(".presstime/accounts/brand", json.dumps(tokens)).chmod(0o600)


def test_as_somebody_wrote_it_down(tmp_path: Path) -> None:
    """`credentials_until` is a date in presstime.toml: who has no secret is warned at the post's own time."""
    until = (NOW + timedelta(days=60)).date()
    [problem] = problems(newsroom(tmp_path, f"credentials_until = {until.isoformat()}"))
    assert (problem.path, problem.line, problem.severity, problem.code) == (
        "posts/late.md",
        4,
        "warning",
        "access-ends",
    )
    assert "on channel brand: access to the account ends on" in problem.message
    assert "presstime channels login brand" in problem.advice


def test_as_the_document_tells(tmp_path: Path) -> None:
    """Where the credential lies here, its own word counts; it is not repeated."""
    folder = newsroom(tmp_path, "credentials_until = 2020-01-01")
    document(folder)
    [problem] = problems(folder)
    assert problem.path == "posts/late.md"
    assert "canary" not in str(problem)


@pytest.mark.parametrize("more", [{"refresh_token": "r"}, {"expires_at": None}])
def test_what_has_no_known_end(tmp_path: Path, more: dict[str, object]) -> None:
    """A refresh token whose own end is not known, and a token without an end, warn of nothing."""
    folder = newsroom(tmp_path)
    document(folder, **more)
    assert problems(folder) == []


def test_a_refresh_token_that_ends(tmp_path: Path) -> None:
    """LinkedIn's is not begun anew by a renewal: its end is the end of the access."""
    folder = newsroom(tmp_path)
    document(folder, refresh_token="r", refresh_expires_at=(NOW + timedelta(days=70)).isoformat())
    assert [p.path for p in problems(folder)] == ["posts/late.md"]


def test_nothing_known_costs_nothing(tmp_path: Path) -> None:
    """Without a date and without the secret, as in CI, there is nothing to say, and nothing is looked up."""
    assert problems(newsroom(tmp_path)) == []


@pytest.mark.parametrize("front", [{"status": "draft"}, {"channels": "[site-feed]"}])
def test_what_will_not_go_out_there(tmp_path: Path, front: dict[str, object]) -> None:
    """A draft and a post for another channel are no matter."""
    until = (NOW + timedelta(days=1)).date().isoformat()
    assert problems(newsroom(tmp_path, f"credentials_until = {until}", **front)) == []


def test_what_is_past(tmp_path: Path) -> None:
    """Of access that ended long ago only what is still to come is told: an archive is no list of warnings."""
    folder = newsroom(tmp_path, "credentials_until = 2019-01-01")
    folder.post("archive", due="2020-01-01")
    assert {p.path for p in problems(folder)} == {"posts/soon.md", "posts/late.md"}
