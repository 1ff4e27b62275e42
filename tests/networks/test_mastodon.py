"""The mastodon adapter against its twin, over HTTP."""

import pytest

from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import NetworkSuite


class TestSuite(NetworkSuite):
    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "mastodon")
