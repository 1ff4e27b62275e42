"""A sandbox whose clock a test can set, spoken to over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import State


class Clock:
    """Time stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(state=State()) as started:
        yield started


@pytest.fixture
def server(running: SandboxServer, clock: Clock) -> SandboxServer:
    """One server for a module's tests, with a memory of its own for each."""
    State.__init__(running.state, now=clock)
    return running


@pytest.fixture
def client(server: SandboxServer) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=server.url, headers={"Authorization": "Bearer sandbox-verne"}, trust_env=False
    ) as opened:
        yield opened
