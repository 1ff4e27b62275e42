"""The threads adapter against its twin, over HTTP."""

from typing import ClassVar

import pytest

from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite


class TestSuite(NetworkSuite):
    own_cards: ClassVar[bool] = False
    threads: ClassVar[bool] = True
    film_alts: ClassVar[bool] = True
    limit: ClassVar[int] = 120  # Meta says it in whole minutes

    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "threads")
