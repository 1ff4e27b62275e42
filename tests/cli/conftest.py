"""Fixtures of the command line's tests."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from presstime.sandbox.server import SandboxServer
from tests.cli.kit import Newsroom, newsroom_on, prefect_server
from tests.conftest import S3Server


@pytest.fixture
def newsroom(tmp_path: Path, s3_server: S3Server) -> Newsroom:
    """A newsroom with two channels, its log on a real S3 server; no post yet, nothing committed."""
    return newsroom_on(s3_server, tmp_path / "newsroom")


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """The twin networks, empty."""
    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """A Prefect server for all tests that need one: what a client of it has in its environment."""
    with prefect_server(tmp_path_factory) as environment:
        yield environment
