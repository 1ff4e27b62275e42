"""A whole house under load and under fire: deliveries due within two minutes over 20 channels, through the sandbox.

python -m tests.benchmarks.house team [DELIVERIES] [--calm]    PostgreSQL, Redis, two API servers, services, four workers, one bucket
python -m tests.benchmarks.house up [DELIVERIES]               `presstime up`: one machine, Prefect on SQLite

The commands of `team` are those of infra/README.md, read from there; only ports are others. Whatever ends is started again after
five seconds, as a supervisor would. Unless `--calm`, these are killed with SIGKILL: a worker that holds runs not yet due, a flow's
process in the middle of its sends, a worker, an API server, Redis; and the S3 server stands still for 20 s. Prints what was lost,
doubled, left to a person, how late it was, what Prefect says of its runs, and the memory of each process.

Needs root, and PostgreSQL's and Redis' programs (Debian: postgresql, redis-server); `pip install -e '.[embedded,team]'`."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.punctuality import free_port, wait_for
from tests.kit import Folder

INFRA = Path(__file__).parents[2] / "infra"
NETWORKS = ("bluesky", "mastodon", "x", "telegram")
CHANNELS = 20
WITHIN = timedelta(minutes=2)
HEAD_START = timedelta(minutes=3)
PATIENCE = timedelta(minutes=5)  # after the last instant, for what must be taken over or settled
RESTART_SECONDS = 5.0
STILL_SECONDS = 20.0
PORTS = (5432, 6379, 8333, 9333, 9340, 8888, 23646, 4200, 4201)  # as infra/ writes them
GRPC = 10_000  # SeaweedFS listens that much higher, too
FLOW = "prefect.engine"  # what a flow run's process has in its command line


# --- the house --------------------------------------------------------------------------------------------------------


@dataclass
class House:
    """Processes in one folder, started again when they end. `env` is theirs beside their own env files."""

    base: Path
    env: dict[str, str]
    running: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def once(self, commands: Sequence[tuple[str, str]]) -> None:
        for _, command in commands:
            done = subprocess.run(["bash", "-c", command], cwd=self.base, env=self.env, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{command}\n{done.stdout}{done.stderr}")

    def stay(self, commands: Sequence[tuple[str, str]]) -> None:
        for name, command in commands:
            self.commands[name] = command
            self._start(name)

    def _start(self, name: str) -> None:
        with (self.base / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                ["bash", "-c", self.commands[name]],
                cwd=self.base,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def supervise(self) -> None:
        """Start again whatever has ended, RESTART_SECONDS later, until the house is over."""
        while not self.over.wait(0.5):
            for name, process in list(self.running.items()):
                if process.poll() is not None and not self.over.wait(RESTART_SECONDS):
                    self.tell(f"{name} had ended ({process.returncode}) and is started again")
                    self._start(name)

    def tell(self, what: str) -> None:
        self.story.append(f"{datetime.now(UTC):%H:%M:%S} {what}")
        print(self.story[-1], flush=True)

    def pids(self, name: str) -> list[int]:
        """The processes of one of ours, itself first, the children of its children included."""
        found = [self.running[name].pid]
        for pid in found:
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += [int(child) for child in (task / "children").read_text().split()]
        return found

    def one(self, name: str) -> int:
        """The server or worker itself: the first behind the shell and `runuser`."""
        return next(pid for pid in self.pids(name) if not words(pid).startswith(("bash", "runuser")))

    def flows(self) -> list[int]:
        return [pid for name in self.running for pid in self.pids(name) if is_flow(pid)]

    def end(self) -> None:
        self.over.set()
        every = [(name, pid) for name in self.running for pid in self.pids(name)]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for _, pid in reversed(every):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(4)
        for process in self.running.values():
            process.wait(10)


def words(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def is_flow(pid: int) -> bool:
    return FLOW in words(pid)


def section(name: str, ports: dict[int, int]) -> list[tuple[str, str]]:
    """The (name, command) pairs of a block of infra/README.md, each comment line naming what follows it."""
    page = (INFRA / "README.md").read_text()
    block = re.search(rf"<!-- team: {name} -->\n```sh\n(.*?)```", page, re.DOTALL)
    if block is None:
        raise SystemExit(f"infra/README.md has no block {name!r}")
    found, title = [], ""
    for line in block[1].splitlines():
        if line.startswith("# "):
            title = line[2:]
        else:
            found.append((title, moved(line, ports)))
    return found


def moved(text: str, ports: dict[int, int]) -> str:
    return re.sub(r"(?<=[:= /])(\d{4,5})\b", lambda m: str(ports.get(int(m[1]), m[1])), text)


def other_ports() -> dict[int, int]:
    found: dict[int, int] = {}
    for port in PORTS:
        while True:
            free = free_port()
            if free + GRPC < 65_536 and free not in found.values():
                found[port] = free
                break
    return found


# --- the newsroom -----------------------------------------------------------------------------------------------------


def newsroom(path: Path, deliveries: int, sandbox: str, audit: str) -> tuple[Folder, str, dict[str, datetime]]:
    """The content root, what its channels need in the environment, and each post's instant by its text."""
    tables, tokens, names = "", "", []
    for n in range(CHANNELS):
        network, who = NETWORKS[n % len(NETWORKS)], f"verne{n:02}"
        name, account = f"{network}-{n:02}", f"{who}.example" if network == "bluesky" else f"@{who}"
        tables += (
            f'[channels.{name}]\nnetwork = "{network}"\nbase_url = "{sandbox}/{network}"\n'
            f'account = "{account}"\ncredentials = "env:TOKEN_{n:02}"\n'
        )
        tokens += f"TOKEN_{n:02}=sandbox-{account.lstrip('@')}\n"
        names.append(name)
    listed = ", ".join(f'"{name}"' for name in names)
    head = f'[newsroom]\nname = "House"\ntimezone = "UTC"\n[audit]\n{audit}\n[defaults]\nchannels = [{listed}]\n'
    folder, dues = Folder(path, head + tables), {}
    posts = deliveries // CHANNELS
    begin = (datetime.now(UTC) + HEAD_START).replace(microsecond=0)
    for n in range(posts):
        dues[f"Number {n:03}."] = due = begin + n * WITHIN / posts
        folder.post(f"p{n:03}", f"Number {n:03}.", due, title=f"T{n}")
    folder.commit()
    return folder, tokens, dues


# --- the fire ---------------------------------------------------------------------------------------------------------


def fire(house: House, first: datetime) -> Iterator[tuple[datetime, str, Callable[[], str]]]:
    """(when, what, how) of everything that is done to the house; how returns what was found."""

    def kill(pid: int) -> str:
        said = f"pid {pid} {words(pid)[-60:].strip()}"
        os.kill(pid, signal.SIGKILL)
        return said

    def holder() -> str:
        names = [n for n in house.running if n.startswith("worker") and any(map(is_flow, house.pids(n)))]
        if not names:
            return "no worker held a run"
        pids = house.pids(names[0])
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return f"{names[0]} with {len([p for p in pids if is_flow(p)])} run(s) of its own"

    def flow() -> str:
        found = house.flows()
        return kill(found[0]) if found else "no flow was running"

    def still() -> str:
        pid = house.one("s3")
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(STILL_SECONDS, os.kill, (pid, signal.SIGCONT)).start()
        return f"pid {pid}, {STILL_SECONDS:.0f} s"

    yield first - timedelta(seconds=45), "kill -9 of a worker that holds runs not yet due, and of those", holder
    yield first + timedelta(seconds=10), "kill -9 of a flow's process", flow
    yield first + timedelta(seconds=30), "kill -9 of worker-2", lambda: kill(house.one("worker-2"))
    yield first + timedelta(seconds=45), "kill -9 of api-1", lambda: kill(house.one("api-1"))
    yield first + timedelta(seconds=65), "kill -9 of Redis", lambda: kill(house.one("redis"))
    yield first + timedelta(seconds=80), "S3 stands still", still


def rage(house: House, first: datetime) -> None:
    for when, what, how in fire(house, first):
        wait = (when - datetime.now(UTC)).total_seconds()
        if house.over.wait(max(wait, 0)):
            return
        try:
            house.tell(f"{what}: {how()}")
        except (OSError, LookupError) as error:
            house.tell(f"{what}: could not be done: {error!r}")


# --- what is seen -----------------------------------------------------------------------------------------------------


def fetch(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own servers
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def posts(sandbox: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fetch(f"{sandbox}/_sandbox/posts")["posts"]
    return found


def memory(house: House) -> dict[str, list[int]]:
    """Resident MiB of each of our processes by name; flows together under `flow`."""
    found: dict[str, list[int]] = {}
    for name in house.running:
        for pid in house.pids(name):
            with suppress(OSError, IndexError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                mib = pages * os.sysconf("SC_PAGE_SIZE") // 2**20
                if mib > 8:
                    called = "a flow" if is_flow(pid) else f"{name}: {short(pid)}"
                    found.setdefault(called, []).append(mib)
    return found


def short(pid: int) -> str:
    text = words(pid)
    known = (
        "server start",
        "services start",
        "worker start",
        "weed mini",
        "postgres",
        "redis-server",
        "sandbox",
        " up",
    )
    return next(
        (part.strip() for part in (*known, "_workspace_supervisor", "_workspace_resolver") if part in text), text[:40]
    )


def watch(house: House, sandbox: str, dues: dict[str, datetime], wanted: int) -> dict[str, list[int]]:
    """Until all are out or PATIENCE is over. Returns the most memory each process was seen to have."""
    most: dict[str, list[int]] = {}
    while datetime.now(UTC) < max(dues.values()) + PATIENCE and len(posts(sandbox)) < wanted:
        for name, sizes in memory(house).items():
            most[name] = [max([*most.get(name, [0]), *sizes]), max(len(sizes), (most.get(name) or [0, 0])[-1])]
        time.sleep(3)
    time.sleep(20)  # what would come twice
    return most


def report(found: Sequence[dict[str, Any]], dues: dict[str, datetime], states: Sequence[dict[str, Any]]) -> None:
    wanted = len(dues) * CHANNELS
    seen = Counter((p["network"], p["account"], text_of(p, dues)) for p in found)
    late = sorted((datetime.fromisoformat(p["time"]) - dues[text_of(p, dues)]).total_seconds() for p in found)
    flagged = [s for s in states if s["needs_person"]]
    print(f"\n{wanted} deliveries; out {len(seen)}; doubled {sum(n - 1 for n in seen.values())}")
    print(
        f"not out {wanted - len(seen)}, of which a person is asked about {len(flagged)}; early {sum(x < 0 for x in late)}"
    )
    print("states in the ledger:", dict(Counter(s["state"] for s in states)))
    for one in flagged[:5]:
        print(f"  {one['delivery']}: {one['state']}: {one['reason'][:120]}")
    if late:

        def at(share: float) -> str:
            return f"{late[min(len(late) - 1, int(share * len(late)))]:.2f} s"

        print(f"late: p50 {at(0.5)}, p90 {at(0.9)}, p99 {at(0.99)}, latest {late[-1]:.2f} s, earliest {late[0]:.3f} s")
        print(f"within 1 s of their instant: {sum(x < 1 for x in late)}")


def text_of(post: dict[str, Any], dues: dict[str, datetime]) -> str:
    return next(text for text in dues if text in post["text"])


def ledger_states(folder: Path) -> list[dict[str, Any]]:
    """Every delivery as the log has it, read afresh."""
    from presstime.wire import open_desk

    with open_desk(folder) as desk:
        desk.ledger.catch_up()
        states = desk.ledger_states().values()
        return [
            {"delivery": str(s.delivery), "state": s.status.value, "reason": s.reason, "needs_person": s.needs_look}
            for s in states
        ]


def prefect_says(api: str) -> None:
    runs: list[dict[str, Any]] = []
    while page := fetch(f"{api}/flow_runs/filter", {"limit": 200, "offset": len(runs)}):
        runs += page
    ran = Counter((r["state_name"], r["name"].split(" ")[-1] if " -> " in r["name"] else "tick") for r in runs)
    print("Prefect's runs:", {f"{state}, {kind}": n for (state, kind), n in sorted(ran.items())})
    began = [r for r in runs if r["state_type"] in ("RUNNING", "PENDING")]
    for run in began:
        print(f"  still {run['state_name']}: {run['name']}, meant for {run['expected_start_time']}")


# --- the two ways -----------------------------------------------------------------------------------------------------


def main() -> int:
    way = sys.argv[1]
    wanted = next((int(a) for a in sys.argv[2:] if a.isdigit()), 500)
    base = Path(tempfile.mkdtemp(prefix="house-"))
    base.chmod(0o755)
    beside = str(Path(sys.executable).parent)
    env = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "PREFECT_"))}
    env |= {"PATH": f"{beside}:{env['PATH']}", "INFRA": str(INFRA), "PREFECT_HOME": str(base / "home")}
    house = House(base, env)
    sandbox_port = free_port()
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    house.stay([("sandbox", f"exec presstime sandbox --port {sandbox_port}")])
    print(f"{base}; load average {os.getloadavg()}", flush=True)
    try:
        wait_for(f"{sandbox}/_sandbox/posts")
        folder, dues, api = (team if way == "team" else up)(house, wanted, sandbox)
        if way == "team" and "--calm" not in sys.argv:
            threading.Thread(target=rage, args=(house, min(dues.values())), daemon=True).start()
        print(
            f"from {min(dues.values()):%H:%M:%S} to {max(dues.values()):%H:%M:%S}; load {os.getloadavg()}", flush=True
        )
        most = watch(house, sandbox, dues, len(dues) * CHANNELS)
        print(f"load average at the end {os.getloadavg()}")
        report(posts(sandbox), dues, ledger_states(folder.path))
        with suppress(OSError):
            prefect_says(api)
        for name, (mib, count) in sorted(most.items()):
            print(f"  {mib:5} MiB  {name}" + (f" (at most {count} at once)" if count > 1 else ""))
        subprocess.run([f"{beside}/presstime", "-C", str(folder.path), "audit", "verify"], env=os.environ)
    finally:
        house.end()
    return 0


def team(house: House, wanted: int, sandbox: str) -> tuple[Folder, dict[str, datetime], str]:
    ports = other_ports()
    house.once(section("begin", ports))
    for name in ("prefect-server.env", "prefect-worker.env"):
        file = house.base / name
        file.write_text(moved(file.read_text(), ports))
    house.stay(section("stores", ports))
    threading.Thread(target=house.supervise, daemon=True).start()
    wait_for(f"http://127.0.0.1:{ports[8333]}/healthz")
    time.sleep(2)
    house.once(section("make", ports))
    begun = time.monotonic()
    first, *others = section("prefect", ports)
    house.stay([first])
    wait_for(f"http://127.0.0.1:{ports[4200]}/api/health")
    house.stay(others)
    wait_for(f"http://127.0.0.1:{ports[4201]}/api/health")
    print(f"Prefect's two API servers answer after {time.monotonic() - begun:.1f} s", flush=True)
    audit = f'bucket = "verne-audit"\nendpoint_url = "http://127.0.0.1:{ports[8333]}"'
    folder, tokens, dues = newsroom(house.base / "newsroom", wanted, sandbox, audit)
    (house.base / "channels.env").write_text(tokens)
    for line in (house.base / "s3.env").read_text().splitlines() + tokens.splitlines():
        os.environ.__setitem__(*line.split("=", 1))
    house.once(section("deploy", ports))
    house.stay(section("workers", ports))
    return folder, dues, f"http://127.0.0.1:{ports[4200]}/api"


def up(house: House, wanted: int, sandbox: str) -> tuple[Folder, dict[str, datetime], str]:
    folder, tokens, dues = newsroom(house.base / "newsroom", wanted, sandbox, 'embedded = ".presstime/s3"')
    for line in tokens.splitlines():
        house.env.__setitem__(*line.split("=", 1))
        os.environ.__setitem__(*line.split("=", 1))
    house.stay([("up", "exec presstime -C newsroom up")])
    threading.Thread(target=house.supervise, daemon=True).start()
    note = folder.path / ".presstime/prefect/server.json"
    while not note.exists():
        time.sleep(0.5)
    return folder, dues, f"http://127.0.0.1:{json.loads(note.read_text())['port']}/api"


if __name__ == "__main__":
    sys.exit(main())
