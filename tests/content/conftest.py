"""Fixtures of the content tests."""

from pathlib import Path

import pytest

from tests.content.kit import SETTINGS, GitFolder


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    """A Git repository with a presstime.toml and nothing else, nothing committed."""
    made = GitFolder(tmp_path / "newsroom")
    made.write("presstime.toml", SETTINGS)
    return made
