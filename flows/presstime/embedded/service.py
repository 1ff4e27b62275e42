"""Child servers (S3, Prefect) shared by every presstime process of one content root: the first starts them, the last stops them.

Two advisory locks tell who is there: `start.lock` is held while one looks, starts or stops; `use.lock` is held shared for as
long as a process uses the server. The system releases both when a process dies, however it dies, so that nothing needs to be
cleaned up by hand. POSIX only (flock)."""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from presstime.errors import PresstimeError
from presstime.processes import listens, started_at

TAIL_LINES = 8  # of a server's log, shown when it does not start
TRIES = 8  # ports, where others start servers at the same moment
APART = 200  # ports, among which those who lost one look for the next: all of them would find the same lowest one free
OVERTAKEN_SECONDS = 0.3  # in which a server whose port was taken under its hands has ended


@dataclass
class Service:
    """A server in a folder of its own. `command` is told the port; `healthy` asks the running server.

    `port`: the one to try first; another is taken if it is in use. `span`: further ports, at these distances, must be free too.
    `env` is added to this process's environment. Raises `PresstimeError` if the server does not come up."""

    name: str
    folder: Path
    command: Callable[[int], Sequence[str]]
    healthy: Callable[[int], bool]
    port: int
    span: Sequence[int] = (0,)
    env: Callable[[int], Mapping[str, str]] = lambda port: {}
    start_seconds: float = 60.0
    stop_seconds: float = 10.0
    running_port: int = 0
    started: bool = False  # by this process, now: what a person may want to know while waiting
    _use: IO[str] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked("start.lock", fcntl.LOCK_EX):
            self._use = (self.folder / "use.lock").open("w")
            fcntl.flock(self._use, fcntl.LOCK_SH)
            try:
                self.running_port = self._find() or self._start()
            except BaseException:
                self._use.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._use is not None  # noqa: S101 - set on entering
        with self._locked("start.lock", fcntl.LOCK_EX):
            try:
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another process still uses it, and will stop it
            else:
                self._stop()
            self._use.close()

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def note(self) -> Path:
        return self.folder / "server.json"

    def _find(self) -> int | None:
        """The port of the server that an earlier process started and that still answers."""
        try:
            note = json.loads(self.note.read_text())
            port, pid, started = int(note["port"]), int(note["pid"]), str(note["started"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if started_at(pid) == started and listens(pid, port) and self._wait(port, None, 15.0):
            return port
        self._stop()
        return None

    def _start(self) -> int:
        for lost in range(TRIES):
            port = free_port(self.port + (secrets.randbelow(APART) if lost else 0), self.span)
            child = self._spawn(port)
            if self._wait(port, child, self.start_seconds):
                return port
            overtaken = child.poll() is not None and not _are_free(port, self.span)
            self._stop()
            if not overtaken:
                break
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        raise PresstimeError(
            f"{self.name} did not start on port {port}. The end of its log, {self.log}:\n    " + "\n    ".join(lines),
            "Mend what the log says, then try again.",
        )

    def _spawn(self, port: int) -> "subprocess.Popen[bytes]":
        command = list(self.command(port))
        try:
            with self.log.open("ab") as log:
                child = subprocess.Popen(
                    command,
                    cwd=self.folder,
                    env={**os.environ, **self.env(port)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # a Ctrl-C at the terminal is ours to pass on, after the last write
                )
        except OSError as error:
            raise PresstimeError(
                f"{self.name} cannot be started: {command[0]}: {error.strerror}", "Install it, or mend its rights."
            ) from error
        note = {"port": port, "pid": child.pid, "started": started_at(child.pid)}
        self.note.write_text(json.dumps(note))
        self.started = True
        return child

    def _wait(self, port: int, child: "subprocess.Popen[bytes] | None", seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if child is not None and child.poll() is not None:
                return False
            if (child is None or listens(child.pid, port)) and self.healthy(port):
                return child is None or self._stays(child)
            time.sleep(0.1)
        return False

    def _stays(self, child: "subprocess.Popen[bytes]") -> bool:
        """Whether what answers is our child, and not another newsroom's server that was quicker to take the port."""
        try:
            child.wait(OVERTAKEN_SECONDS)
        except subprocess.TimeoutExpired:
            return True
        return False

    def _stop(self) -> None:
        try:
            note = json.loads(self.note.read_text())
        except (OSError, ValueError):
            return
        self.note.unlink(missing_ok=True)
        pid, started = note["pid"], note["started"]
        for number, patience in ((signal.SIGTERM, self.stop_seconds), (signal.SIGKILL, 2.0)):
            end = time.monotonic() + patience
            with contextlib.suppress(ProcessLookupError):
                if started_at(pid) == started:
                    os.killpg(pid, number)
            while started_at(pid) == started and time.monotonic() < end:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
                time.sleep(0.05)

    @contextlib.contextmanager
    def _locked(self, name: str, mode: int) -> Iterator[None]:
        with (self.folder / name).open("w") as lock:
            fcntl.flock(lock, mode)
            yield


def free_port(first: int, span: Sequence[int] = (0,)) -> int:
    """`first` if it and its companions are free on loopback, else the next that are."""
    for port in range(first, first + 400):
        if _are_free(port, span):
            return port
    raise PresstimeError(f"no free port was found from {first} on", "End what listens there, or name a port.")


def _are_free(port: int, span: Sequence[int]) -> bool:
    return all(_is_free(port + step) for step in span)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True
