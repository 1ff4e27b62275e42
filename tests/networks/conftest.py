"""One sandbox for all tests of a module: they keep to accounts of their own."""

from collections.abc import Iterator

import pytest

from presstime.sandbox.server import SandboxServer


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server
