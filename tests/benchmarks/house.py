"""A whole house under load and under fire: deliveries due within two minutes over 20 channels, through the sandbox.

python -m tests.benchmarks.house team [DELIVERIES] [--calm]    PostgreSQL, Redis, two API servers, services, four workers, one bucket
python -m tests.benchmarks.house up [DELIVERIES]               `presstime up`: one machine, Prefect on SQLite
python -m tests.benchmarks.house burst [DELIVERIES]            `team`, left alone: all due at one instant, each on a channel of its own,
                                                               and every answer of the networks takes 100 ms

The commands of `team` and `burst` are those of infra/README.md, read from there; only ports are others. Each worker is a machine of its
own as far as it can tell: it has another host name, and sees clones, caches and a Prefect home of its own where the others see theirs
(mount namespaces), so that they share nothing but Git and S3. Whatever ends is started again after five seconds, as a supervisor would.
Unless `--calm`, these are killed in `team` with SIGKILL: a worker that holds runs not yet due, a flow's process in the middle of its
sends, a worker, an API server, Redis; and the S3 server stands still for 20 s. Prints what was lost, doubled, left to a person, how late
it was, what Prefect says of its runs, how often S3 was asked, and the memory of each process.

Needs root, unshare(1), and PostgreSQL's and Redis' programs (Debian: postgresql, redis-server); `pip install -e '.[embedded,team]'`."""

import json
import os
import re
import shlex
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

from tests.benchmarks.household import House, cpu_seconds, is_flow, sizes, words
from tests.benchmarks.punctuality import free_port, wait_for
from tests.kit import Folder

INFRA = Path(__file__).parents[2] / "infra"
NETWORKS = ("bluesky", "mastodon", "x", "telegram")
CHANNELS = 20
WITHIN = timedelta(minutes=2)
LATENCY = timedelta(milliseconds=100)  # of each answer of a network, in a burst
HEAD_START = timedelta(minutes=3)
PICKED_UP = timedelta(seconds=65)  # before the first instant: what S3 is asked from then on is for the sends
PATIENCE = timedelta(minutes=5)  # after the last instant, for what must be taken over or settled
STILL_SECONDS = 20.0
PORTS = (5432, 6379, 8333, 9333, 9340, 8888, 23646, 4200, 4201)  # as infra/ writes them
GRPC = 10_000  # SeaweedFS listens that much higher, too
ASKED = re.compile(r'^SeaweedFS_s3_request_total\{[^}]*type="(\w+)"[^}]*\} (\S+)$', re.MULTILINE)


@dataclass
class Load:
    """What is to go out: a post at each instant (by its text), on so many channels."""

    deliveries: int
    channels: int = CHANNELS
    within: timedelta = WITHIN
    slow: timedelta = timedelta(0)
    dues: dict[str, datetime] = field(default_factory=dict)

    @property
    def first(self) -> datetime:
        return min(self.dues.values())

    @property
    def last(self) -> datetime:
        return max(self.dues.values())


@dataclass(frozen=True)
class Running:
    """A house that runs: its newsroom, Prefect's API, and where its S3 server counts, if it does."""

    root: Path
    api: str
    metrics: str = ""


# --- the commands -----------------------------------------------------------------------------------------------------


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


def newsroom(path: Path, load: Load, sandbox: str, tables: str) -> tuple[Folder, str]:
    """The content root, and what its channels need in the environment; sets the load's instants."""
    tokens, names, width = "", [], len(str(load.channels - 1))
    for n in range(load.channels):
        network, who = NETWORKS[n % len(NETWORKS)], f"verne{n:0{width}}"
        name, account = f"{network}-{n:0{width}}", f"{who}.example" if network == "bluesky" else f"@{who}"
        tables += (
            f'[channels.{name}]\nnetwork = "{network}"\nbase_url = "{sandbox}/{network}"\n'
            f'account = "{account}"\ncredentials = "env:TOKEN_{n:0{width}}"\n'
        )
        tokens += f"TOKEN_{n:0{width}}=sandbox-{account.lstrip('@')}\n"
        names.append(name)
    listed = ", ".join(f'"{name}"' for name in names)
    head = f'[newsroom]\nname = "House"\ntimezone = "UTC"\n[defaults]\nchannels = [{listed}]\n'
    folder, posts = Folder(path, head + tables), load.deliveries // load.channels
    begin = (datetime.now(UTC) + HEAD_START).replace(microsecond=0)
    for n in range(posts):
        load.dues[f"Number {n:03}."] = due = begin + n * load.within / posts
        folder.post(f"p{n:03}", f"Number {n:03}.", due, title=f"T{n}")
    folder.commit()
    return folder, tokens


def machine(name: str, command: str) -> str:
    """A worker's command on what is a machine of its own to it: where the others see `newsroom`, it sees a clone that only it has."""
    own = f"machines/{name}"
    steps = f"hostname {name} && mount --bind {own}/newsroom newsroom && PREFECT_HOME=$PWD/{own}/home exec bash -c"
    return f"exec unshare --mount --uts bash -c {shlex.quote(f'{steps} {shlex.quote(command)}')}"


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


def asked(metrics: str) -> Counter[str]:
    """How often the S3 server was asked until now, by kind of request; nothing where it does not count."""
    found: Counter[str] = Counter()
    if metrics:
        with urllib.request.urlopen(metrics, timeout=30) as answer:  # noqa: S310 - our own server
            for kind, count in ASKED.findall(answer.read().decode()):
                found[kind] += int(float(count))
    return found


def watch(house: House, sandbox: str, load: Load, metrics: str) -> tuple[dict[str, list[int]], Counter[str]]:
    """Until all are out or PATIENCE is over. Returns the most memory each process was seen to have, and how many of them there were,
    and what S3 was asked since the first was about to be picked up. Of a burst, prints what the processors were busy with from its
    instant on."""
    most, before = dict[str, list[int]](), None
    had: dict[tuple[str, int], float] = {}
    while datetime.now(UTC) < load.last + PATIENCE:
        if load.slow and not had and timedelta(0) < load.first - datetime.now(UTC) < timedelta(seconds=4):
            time.sleep((load.first - datetime.now(UTC)).total_seconds())
            had = cpu_seconds(house)
        if len(posts(sandbox)) >= load.deliveries:
            break
        if before is None and datetime.now(UTC) > load.first - PICKED_UP:
            before = asked(metrics)
        now: dict[str, list[int]] = {}
        for name, size in sizes(house):
            now.setdefault(name, []).append(size.mib)
        for name, mibs in now.items():
            known = most.get(name, [0, 0])
            most[name] = [max(known[0], *mibs), max(known[1], len(mibs))]
        time.sleep(1 if had else 3)
    if had:
        busy_with(had, cpu_seconds(house))
    requests = asked(metrics) - (before or Counter())
    time.sleep(20)  # what would come twice
    return most, requests


def busy_with(before: dict[tuple[str, int], float], after: dict[tuple[str, int], float]) -> None:
    spent = Counter[str]()
    for (name, pid), seconds in after.items():
        spent[name] += seconds - before.get((name, pid), 0.0)
    told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in spent.most_common() if seconds >= 0.05)
    print(f"seconds of a processor from the instant on: {sum(spent.values()):.2f}: {told}")


def report(found: Sequence[dict[str, Any]], load: Load, states: Sequence[dict[str, Any]]) -> None:
    dues, wanted = load.dues, load.deliveries
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
    if late and load.slow:
        limit_says(load, late[-1])


def limit_says(load: Load, last: float) -> None:
    """How long a burst took against what latency and the deliveries that its runs have under way at once allow."""
    from presstime.orchestration import WORKERS
    from presstime.orchestration.runs import PART, PARTS_MAX

    at_once = WORKERS * min(PARTS_MAX, -(-load.deliveries // PART))
    limit = load.deliveries * load.slow.total_seconds() / at_once
    print(
        f"burst: {last:.2f} s from the instant to the last acceptance; {load.deliveries} answers of {load.slow.total_seconds():.1f} s, "
        f"{at_once} at once, take {limit:.2f} s: {last / limit:.1f} times that"
    )


def requests_say(requests: Counter[str], load: Load) -> None:
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(requests.items()))
    each = requests.total() / load.deliveries
    print(
        f"S3 was asked, from just before the first pick-up to the last acceptance: {told}: {each:.3f} for each delivery"
    )


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
    way, ways = sys.argv[1], {"team": team, "burst": team, "up": up}
    wanted = next((int(a) for a in sys.argv[2:] if a.isdigit()), 1000 if way == "burst" else 500)
    load = Load(wanted, wanted, timedelta(0), LATENCY) if way == "burst" else Load(wanted)
    base = Path(tempfile.mkdtemp(prefix="house-"))
    base.chmod(0o755)
    beside = str(Path(sys.executable).parent)
    env = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "PREFECT_"))}
    env |= {"PATH": f"{beside}:{env['PATH']}", "INFRA": str(INFRA), "PREFECT_HOME": str(base / "home")}
    house = House(base, env)
    sandbox_port = free_port()
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    house.stay([("sandbox", f"exec presstime sandbox --port {sandbox_port} {faults(load)}")])
    print(f"{base}; load average {os.getloadavg()}", flush=True)
    try:
        wait_for(f"{sandbox}/_sandbox/posts")
        running = ways[way](house, load, sandbox)
        if way == "team" and "--calm" not in sys.argv:
            threading.Thread(target=rage, args=(house, load.first), daemon=True).start()
        print(f"from {load.first:%H:%M:%S} to {load.last:%H:%M:%S}; load {os.getloadavg()}", flush=True)
        most, requests = watch(house, sandbox, load, running.metrics)
        print(f"load average at the end {os.getloadavg()}")
        report(posts(sandbox), load, ledger_states(running.root))
        if requests:
            requests_say(requests, load)
        with suppress(OSError):
            prefect_says(running.api)
        for name, (mib, count) in sorted(most.items()):
            print(f"  {mib:5} MiB  {name}" + (f" (at most {count} at once)" if count > 1 else ""))
        subprocess.run([f"{beside}/presstime", "-C", str(running.root), "audit", "verify"], env=os.environ)
    finally:
        house.end()
    return 0


def faults(load: Load) -> str:
    """The sandbox's option for a load whose networks are slow: every request of every network."""
    if not load.slow:
        return ""
    slow = [
        {"network": n, "kind": "slow", "path": "*", "times": 10**9, "seconds": load.slow.total_seconds()}
        for n in NETWORKS
    ]
    return f"--faults {shlex.quote(json.dumps(slow))}"


def team(house: House, load: Load, sandbox: str) -> Running:
    ports, metrics = other_ports(), free_port()
    house.once(section("begin", ports))
    for name in ("prefect-server.env", "prefect-worker.env"):
        file = house.base / name
        file.write_text(moved(file.read_text(), ports))
    counting = f"weed mini -metricsPort={metrics} "
    house.stay([(name, line.replace("weed mini ", counting)) for name, line in section("stores", ports)])
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
    audit = f'[audit]\nbucket = "verne-audit"\nendpoint_url = "http://127.0.0.1:{ports[8333]}"\n'
    folder, tokens = newsroom(house.base / "origin", load, sandbox, audit + '[git]\nremote = "origin"\n')
    (house.base / "channels.env").write_text(tokens)
    for line in (house.base / "s3.env").read_text().splitlines() + tokens.splitlines():
        os.environ.__setitem__(*line.split("=", 1))
    workers = section("workers", ports)
    clones = ["newsroom", *(f"machines/{name}/newsroom" for name, _ in workers)]
    house.once([("clone", f"git clone -q {folder.path} {clone}") for clone in clones])
    house.once(section("deploy", ports))
    house.stay([(name, machine(name, command)) for name, command in workers])
    root, api = house.base / "newsroom", f"http://127.0.0.1:{ports[4200]}/api"
    return Running(root, api, f"http://127.0.0.1:{metrics}/metrics")


def up(house: House, load: Load, sandbox: str) -> Running:
    folder, tokens = newsroom(house.base / "newsroom", load, sandbox, '[audit]\nembedded = ".presstime/s3"\n')
    for line in tokens.splitlines():
        house.env.__setitem__(*line.split("=", 1))
        os.environ.__setitem__(*line.split("=", 1))
    house.stay([("up", "exec presstime -C newsroom up")])
    threading.Thread(target=house.supervise, daemon=True).start()
    note = folder.path / ".presstime/prefect/server.json"
    while not note.exists():
        time.sleep(0.5)
    return Running(folder.path, f"http://127.0.0.1:{json.loads(note.read_text())['port']}/api")


if __name__ == "__main__":
    sys.exit(main())
