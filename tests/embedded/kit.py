"""A process that uses a shared server until it is told to go, for the tests of sharing.

Run as a program it enters the service in the folder it is given, says what it found, and waits for a line on stdin."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from presstime.embedded.service import Service

FIRST_PORT = 20_400


def answers(port: int) -> bool:
    """Whether a web server answers there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
            return True
    except OSError:
        return False


def service(folder: Path, **options: Any) -> Service:
    """Python's own web server as a service in `folder`."""
    known: dict[str, Any] = {
        "name": "The test server",
        "folder": folder,
        "command": lambda port: [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)],
        "healthy": answers,
        "port": FIRST_PORT,
        "start_seconds": 20.0,
        "stop_seconds": 5.0,
    }
    return Service(**{**known, **options})


class User:
    """Another process that uses the service, from when it is made until `leave` or `kill`."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        said = json.loads(self._process.stdout.readline())
        self.port: int = said["port"]
        self.server: int = said["server"]
        self.started: bool = said["started"]

    def leave(self) -> None:
        self._process.communicate("\n", timeout=30)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)


def main() -> None:
    with service(Path(sys.argv[1])) as running:
        server = json.loads(running.note.read_text())["pid"]
        print(json.dumps({"port": running.running_port, "server": server, "started": running.started}), flush=True)
        sys.stdin.readline()


def alive(pid: int) -> bool:
    """Whether the process runs, and is no zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    main()
