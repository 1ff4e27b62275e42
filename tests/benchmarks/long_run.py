"""How `presstime up` bears time: memory, open files and threads of each process, what Prefect's database grows by, what bounds it.

python -m tests.benchmarks.long_run [MINUTES] [--every SECONDS]      (60 and 20)

One machine: `up` on SQLite with an embedded S3 server, two channels on the sandbox, a post every so many seconds, committed in
batches. It runs on the real clock: SeaweedFS is a static program that a faked clock does not reach, and a log whose clock is not the
machine's publishes nothing. So it is the number of runs and posts that stands for the days: each minute has a run of `sync` and one of
`publish`. Prints a line a process every five minutes, then what was lost or doubled. At the end everything in Prefect's database is made
three weeks older and its server started once more, so that what it deletes can be seen."""

import json
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from presstime.embedded import prefect
from tests.benchmarks.house import ledger_states, posts, prefect_says, text_of
from tests.benchmarks.household import A_FLOW, House, Size, sizes
from tests.benchmarks.punctuality import free_port, wait_for
from tests.kit import Folder

SAMPLE = timedelta(minutes=5)
AHEAD = timedelta(minutes=2)  # a post is committed at least so long before its instant
OLDER = 21  # days, more than runs and events are kept for
PATIENCE_SECONDS = 120
AGED = {"flow_run": "end_time", "events": "occurred", "event_resources": "occurred"}
GLANCE_SECONDS = 3.0  # flows come and go
COUNTED = ("flow_run", "task_run", "events", "log", "artifact")
CHANNELS = ("mastodon", "telegram")
SETTINGS = """\
[newsroom]
name = "Long run"
timezone = "UTC"
[audit]
embedded = ".presstime/s3"
[defaults]
channels = ["mastodon", "telegram"]
"""


def main() -> int:
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    minutes = numbers[0] if numbers and sys.argv[1].isdigit() else 60
    every = timedelta(seconds=int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 20)
    base = Path(tempfile.mkdtemp(prefix="long-run-"))
    env = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "PREFECT_"))}
    env |= {"PATH": f"{Path(sys.executable).parent}:{env['PATH']}", "SANDBOX_TOKEN": "sandbox-verne"}
    os.environ["SANDBOX_TOKEN"] = env["SANDBOX_TOKEN"]
    house, port = House(base, env), free_port()
    sandbox = f"http://127.0.0.1:{port}"
    house.stay([("sandbox", f"exec presstime sandbox --port {port}")])
    print(f"{base}: {minutes} minutes, a post every {every.seconds} s; load average {os.getloadavg()}", flush=True)
    try:
        wait_for(f"{sandbox}/_sandbox/posts")
        folder = newsroom(base / "newsroom", sandbox)
        house.stay([("up", "exec presstime -C newsroom up")])
        database = folder.path / ".presstime/prefect/prefect.db"
        dues = live(house, folder, database, timedelta(minutes=minutes), every)
        report(sandbox, folder, dues)
        note = json.loads((folder.path / ".presstime/prefect/server.json").read_text())
        prefect_says(f"http://127.0.0.1:{note['port']}/api")
    finally:
        house.end()
    grow_old(database)
    return 0


def newsroom(path: Path, sandbox: str) -> Folder:
    tables = "".join(
        f'[channels.{n}]\nnetwork = "{n}"\nbase_url = "{sandbox}/{n}"\naccount = "@verne"\ncredentials = "env:SANDBOX_TOKEN"\n'
        for n in CHANNELS
    )
    folder = Folder(path, SETTINGS + tables)
    folder.post("first", "The first, long ago.", datetime.now(UTC) - timedelta(days=9), late="skip")
    folder.commit()
    return folder


def live(house: House, folder: Folder, database: Path, span: timedelta, every: timedelta) -> dict[str, datetime]:
    """Commit posts and look at the processes until the time is over. Returns each post's instant by its text."""
    begin = datetime.now(UTC).replace(microsecond=0)
    dues: dict[str, datetime] = {}
    first: dict[str, Size] = {}
    look, due = begin, begin + AHEAD + timedelta(minutes=1)
    while (now := datetime.now(UTC)) < begin + span:
        while due < now + AHEAD + SAMPLE and due < begin + span - timedelta(minutes=2):
            number = len(dues)
            dues[f"Number {number:05}."] = due
            folder.post(f"p{number:05}", f"Number {number:05}.", due)
            due += every
        folder.commit(f"up to post {len(dues)}")
        look += SAMPLE
        for name, size in sorted(largest(house, look).items()):
            begun = first.setdefault(name, size)
            print(
                f"{look - begin} {name}: {size.mib} MiB ({size.mib - begun.mib:+}), {size.files} files ({size.files - begun.files:+}), "
                f"{size.threads} threads ({size.threads - begun.threads:+})"
            )
        print(f"{look - begin} load {os.getloadavg()[0]:.1f}; {database_says(database)}", flush=True)
    time.sleep(20)
    return dues


def largest(house: House, until: datetime) -> dict[str, Size]:
    """Each process as it is at last; of flows, which come and go, the largest that was seen."""
    flows: list[Size] = []
    while True:
        now = list(sizes(house))
        flows += [size for name, size in now if name == A_FLOW]
        if datetime.now(UTC) >= until:
            return dict(now) | ({A_FLOW: max(flows, key=lambda size: size.mib)} if flows else {})
        time.sleep(GLANCE_SECONDS)


def report(sandbox: str, folder: Folder, dues: dict[str, datetime]) -> None:
    found = posts(sandbox)
    seen = Counter((p["network"], text_of(p, dues)) for p in found)
    late = sorted((datetime.fromisoformat(p["time"]) - dues[text_of(p, dues)]).total_seconds() for p in found)
    wanted = len(dues) * len(CHANNELS)
    print(
        f"{wanted} deliveries: out {len(seen)}, lost {wanted - len(seen)}, doubled {sum(n - 1 for n in seen.values())}"
    )
    if late:
        print(
            f"late: p50 {late[len(late) // 2]:.2f} s, p99 {late[int(len(late) * 0.99)]:.2f} s, latest {late[-1]:.2f} s"
        )
    print("states in the ledger:", dict(Counter(s["state"] for s in ledger_states(folder.path))))


# --- Prefect's database -----------------------------------------------------------------------------------------------


def database_says(file: Path) -> str:
    """Its size in MiB, its log's, how much of it is free for what comes, and the rows of what grows."""
    if not file.exists():
        return "no database yet"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as found:
        [free], [page] = found.execute("PRAGMA freelist_count").fetchone(), found.execute("PRAGMA page_size").fetchone()
        rows = {table: found.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}  # noqa: S608
    wal = file.with_name(file.name + "-wal")
    sizes_mib = [f"{f.stat().st_size / 2**20:.1f}" if f.exists() else "0" for f in (file, wal)]
    told = ", ".join(f"{table} {count}" for table, count in rows.items())
    return f"database {sizes_mib[0]} MiB ({free * page / 2**20:.1f} free), its log {sizes_mib[1]}; rows: {told}"


def grow_old(file: Path) -> None:
    """Make all of it older than it is kept, have the server look every few seconds, and see what is left."""
    print(f"before: {database_says(file)}")
    with closing(sqlite3.connect(file, timeout=30)) as found, found:
        for table, column in AGED.items():
            found.execute(f"UPDATE {table} SET {column} = datetime({column}, '-{OLDER} days')")  # noqa: S608
    os.environ["PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS"] = "5"
    begun = time.monotonic()
    with prefect.service(file.parent):
        before: Sequence[str] = ()
        while time.monotonic() - begun < PATIENCE_SECONDS:
            time.sleep(10)
            said = database_says(file)
            if said in before[-2:-1]:
                break
            before = [*before, said]
    print(f"three weeks later, {time.monotonic() - begun:.0f} s after a start: {database_says(file)}")


if __name__ == "__main__":
    sys.exit(main())
