"""How punctual deliveries are through Prefect: due against the sandbox's clock when it accepted them.

python -m tests.benchmarks.punctuality up [DELIVERIES]         `presstime up`: one machine, Prefect on SQLite
python -m tests.benchmarks.punctuality worker [DELIVERIES]     Prefect on PostgreSQL, `presstime deploy`, a process worker

Takes some ten minutes for 200 deliveries: posts for four networks each, every ten seconds. PostgreSQL's programs must be
installed for `worker` (Debian: postgresql)."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from presstime.wire import open_desk
from tests.kit import Folder

CHANNELS = ("bluesky", "mastodon", "x", "telegram")
EVERY = timedelta(seconds=10)
HEAD_START = timedelta(minutes=3)
SETTINGS = """\
[newsroom]
name = "Punctual"
timezone = "UTC"
[audit]
embedded = ".presstime/s3"
[defaults]
channels = ["bluesky", "mastodon", "x", "telegram"]
"""


def main() -> int:
    way, wanted = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox, env = free_port(), {**os.environ, "SANDBOX_TOKEN": "sandbox-verne"}
        stack.enter_context(running([presstime(), "sandbox", "--port", str(sandbox)], env, base / "sandbox.log"))
        url = f"http://127.0.0.1:{sandbox}"
        wait_for(f"{url}/_sandbox/posts")
        folder, dues = newsroom(base / "newsroom", wanted, url)
        if way == "up":
            stack.enter_context(running([presstime(), "-C", str(folder.path), "up"], env, base / "up.log"))
        else:
            env |= postgres_and_prefect(stack, base)
            desk = stack.enter_context(open_desk(folder.path))  # keeps the embedded S3 server running for all
            print(desk.store.name)
            subprocess.run([presstime(), "-C", str(folder.path), "deploy"], env=env, check=True)
            worker = [str(Path(sys.executable).with_name("prefect")), "worker", "start", "--pool", "presstime"]
            ahead = {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_WORKER_PREFETCH_SECONDS": "30"}
            stack.enter_context(running(worker, env | ahead, base / "worker.log"))
        report(way, watch(url, dues), wanted)
    return 0


def newsroom(path: Path, deliveries: int, url: str) -> tuple[Folder, dict[str, datetime]]:
    """The content root, and the instant of each post by its text."""
    tables = "".join(
        f'[channels.{n}]\nnetwork = "{n}"\nbase_url = "{url}/{n}"\naccount = "{"verne.example" if n == "bluesky" else "@verne"}"\n'
        'credentials = "env:SANDBOX_TOKEN"\n'
        for n in CHANNELS
    )
    folder, dues = Folder(path, SETTINGS + tables), {}
    begin = (datetime.now(UTC) + HEAD_START).replace(microsecond=0)
    for n in range(deliveries // len(CHANNELS)):
        due = begin + n * EVERY
        folder.post(f"p{n:03}", f"Number {n:03}.", due, title=None)
        folder.write(
            f"posts/p{n:03}.md", (path / f"posts/p{n:03}.md").read_text().replace("---\n", f"---\ntitle: T{n}\n", 1)
        )
        dues[f"Number {n:03}."] = due
    folder.commit()
    return folder, dues


def watch(url: str, dues: dict[str, datetime]) -> list[float]:
    """How late each delivery was accepted, in seconds, once all are there or are half a minute overdue."""
    last, wanted, found = max(dues.values()), len(dues) * len(CHANNELS), {}
    while datetime.now(UTC) < last + timedelta(seconds=90) and len(found) < wanted:
        time.sleep(2)
        with urllib.request.urlopen(f"{url}/_sandbox/posts") as answer:  # noqa: S310 - our own server
            for post in json.load(answer)["posts"]:
                text = next((t for t in dues if t in post["text"]), None)
                if text:
                    found[post["network"], text] = (datetime.fromisoformat(post["time"]) - dues[text]).total_seconds()
    return sorted(found.values())


def report(way: str, late: list[float], wanted: int) -> None:
    def at(share: float) -> float:
        return late[min(len(late) - 1, int(share * len(late)))]

    print(f"{way}: {len(late)} of {wanted} deliveries; load average {os.getloadavg()[0]:.1f}")
    if late:
        print(
            f"  after its instant: earliest {late[0] * 1000:.0f} ms, p50 {at(0.5) * 1000:.0f} ms, p90 {at(0.9) * 1000:.0f} ms, "
            f"p99 {at(0.99) * 1000:.0f} ms, latest {late[-1] * 1000:.0f} ms; early: {sum(x < 0 for x in late)}"
        )


def postgres_and_prefect(stack: ExitStack, base: Path) -> dict[str, str]:
    """A PostgreSQL server and a Prefect server on it. Returns what clients must have in their environment."""
    bin_folder = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    data, port, api = base / "pg", free_port(), free_port()
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    base.chmod(0o755)
    data.mkdir()
    if as_user:
        shutil.chown(data, "postgres", "postgres")
    subprocess.run(
        [*as_user, bin_folder / "initdb", "-D", data, "-A", "trust", "-U", "prefect"], check=True, capture_output=True
    )
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}", "-p", str(port)]
    stack.enter_context(
        running([*as_user, str(bin_folder / "postgres"), "-D", str(data), *options], dict(os.environ), base / "pg.log")
    )
    time.sleep(2)
    subprocess.run(
        ["psql", "-h", "127.0.0.1", "-p", str(port), "-U", "prefect", "postgres", "-c", "CREATE DATABASE prefect"],
        check=True,
        capture_output=True,
    )
    url = f"http://127.0.0.1:{api}/api"
    server = {
        "PREFECT_HOME": str(base / "prefect"),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://prefect@127.0.0.1:{port}/prefect",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(api)]
    stack.enter_context(running(command, {**os.environ, **server, "PREFECT_API_URL": ""}, base / "server.log"))
    wait_for(f"{url}/health")
    return {"PREFECT_API_URL": url, "PREFECT_HOME": str(base / "prefect"), "PREFECT_LOGGING_LEVEL": "WARNING"}


@contextmanager
def running(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    """A process for the length of the block; its words are in `log`, and shown if it is not there at the end."""
    with log.open("wb") as out, subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            yield
        finally:
            if process.poll() is not None:
                print(f"{command[0]} ended with {process.returncode}:\n{log.read_text()[-2000:]}", file=sys.stderr)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(url: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own server
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def presstime() -> str:
    return str(Path(sys.executable).with_name("presstime"))


if __name__ == "__main__":
    sys.exit(main())
