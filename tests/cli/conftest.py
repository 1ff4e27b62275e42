"""Fixtures of the command line's tests."""

from pathlib import Path

import pytest

from tests.cli.kit import Newsroom, newsroom_on
from tests.conftest import S3Server


@pytest.fixture
def newsroom(tmp_path: Path, s3_server: S3Server) -> Newsroom:
    """A newsroom with two channels, its log on a real S3 server; no post yet, nothing committed."""
    return newsroom_on(s3_server, tmp_path / "newsroom")
