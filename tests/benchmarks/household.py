"""Processes of a benchmark: started, watched and started again, and what each takes of the machine."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESTART_SECONDS = 5.0
FLOW = "prefect.engine"  # what a flow run's process has in its command line
A_FLOW = "a flow"
SHELLS = ("bash", "runuser")  # what stands before a server itself
KNOWN = (
    "server start",
    "services start",
    "worker start",
    "weed mini",
    "postgres",
    "redis-server",
    "sandbox",
    " standby",
    " up",
    "_workspace_supervisor",
    "_workspace_resolver",
)
MIB = 2**20
SMALL = 8  # MiB: shells, and processes that just begin


@dataclass(frozen=True)
class Size:
    """What a process takes: resident memory in MiB, open files, threads."""

    mib: int
    files: int
    threads: int


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
        return next(pid for pid in self.pids(name) if not words(pid).startswith(SHELLS))

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


def short(pid: int) -> str:
    text = words(pid)
    return next((part.strip() for part in KNOWN if part in text), text[:40])


def size_of(pid: int) -> Size:
    """Raises `OSError` where the process is no more."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    files, threads = len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))
    return Size(pages * os.sysconf("SC_PAGE_SIZE") // MIB, files, threads)


def cpu_seconds(house: House) -> dict[tuple[str, int], float]:
    """The processor time that each of our processes has had so far, by its name and number."""
    found = {}
    for name in house.running:
        for pid in house.pids(name):
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                called = A_FLOW if is_flow(pid) else f"{name}: {short(pid)}"
                found[called, pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def sizes(house: House) -> Iterator[tuple[str, Size]]:
    """Each of our processes that is worth telling, by name; every flow is A_FLOW."""
    for name in house.running:
        for pid in house.pids(name):
            with suppress(OSError):
                size, called = size_of(pid), A_FLOW if is_flow(pid) else f"{name}: {short(pid)}"
                if size.mib > SMALL:
                    yield called, size
