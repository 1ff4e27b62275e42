"""`presstime sandbox`: what it prints is what works, and what cannot work is said."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from presstime.sandbox.server import SandboxServer

COMMAND = [sys.executable, "-c", "from presstime.cli import main; main()", "sandbox"]


def test_it_prints_channels_that_work() -> None:
    """The fragment is TOML with a channel for each network, whose addresses answer; Ctrl-C ends it."""
    faults = json.dumps([{"network": "x", "kind": "429"}])
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--faults", faults],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout
        lines = []
        while not (len(lines) > 1 and 'network = "x"' in "".join(lines) and lines[-1].startswith("credentials")):
            lines.append(process.stdout.readline())
        text = "".join(lines)
        channels = tomllib.loads(text[text.index("[channels") :])["channels"]
        assert {c["network"] for c in channels.values()} == {"bluesky", "mastodon", "telegram", "x"}
        url = channels["try-x"]["base_url"].removesuffix("/x")
        assert httpx.get(url, trust_env=False).status_code == 200
        assert len(httpx.get(f"{url}/_sandbox/faults", trust_env=False).json()["faults"]) == 1
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) in (0, 130)


def test_a_taken_port(tmp_path: Path) -> None:
    """Exit 2, with a message and no traceback."""
    with SandboxServer() as server:
        done = subprocess.run([*COMMAND, "--port", server.url.rpartition(":")[2]], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("faults", ["{", "[1]", "no-such-file.json", '[{"network": "x", "kind": "fire"}]'])
def test_faults_that_cannot_be_read(faults: str) -> None:
    """Exit 2, with a message and no traceback."""
    done = subprocess.run([*COMMAND, "--port", "0", "--faults", faults], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr
