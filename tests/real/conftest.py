"""Tests against real servers and independent clients. In CI a skip here is a failure: `.ci/run` installs what they need."""

import os
import shutil
from collections.abc import Generator, Iterator
from typing import Any

import pytest

LONG = ("test_kill.py", "test_strace.py", "test_race.py")  # minutes, on two cores


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium. No longer than a module: as long as it runs, Playwright's event loop counts as running in this thread, and
    no test could call `asyncio.run`."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    with api.sync_playwright() as running:
        found = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the long ones to CI and to those who ask for them."""
    if os.environ.get("CI") == "true" or os.environ.get("PRESSTIME_ALL"):
        return
    for item in items:
        if "tests/real" in item.path.as_posix() and item.path.name in LONG:
            item.add_marker(pytest.mark.skip(reason="takes minutes: CI=true or PRESSTIME_ALL=1 runs it"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure that gives the reason, where `CI=true` promises that everything is installed. A suite's own
    skips are about what a network cannot do."""
    report = yield
    in_ci = os.environ.get("CI") == "true" and "tests/real" in item.path.as_posix()
    if report.skipped and in_ci and "tests/suites/" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where it must run: {report.longrepr}"
    return report
