"""Servers shared by processes: started once, stopped by the last, found again after whatever happened to whoever started them."""

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from presstime.embedded.service import Service, free_port
from presstime.errors import PresstimeError
from presstime.processes import started_at
from tests.embedded.kit import FIRST_PORT, User, alive, answers, service


def test_it_runs_while_it_is_used(tmp_path: Path) -> None:
    """From `with` to its end the server answers on a port of this machine; afterwards nothing is left of it."""
    with service(tmp_path) as running:
        assert running.started
        assert answers(running.running_port)
        pid = json.loads(running.note.read_text())["pid"]
    assert not alive(pid)
    assert not running.note.exists()


def test_started_once_and_stopped_by_the_last(tmp_path: Path) -> None:
    """Two processes share one server; the first to leave leaves it running, the last one stops it."""
    one, two = User(tmp_path), User(tmp_path)
    assert (one.started, two.started) == (True, False)
    assert (one.server, one.port) == (two.server, two.port)
    one.leave()
    assert answers(two.port)
    two.leave()
    assert not alive(one.server)


def test_it_outlives_a_killed_starter(tmp_path: Path) -> None:
    """A starter killed with SIGKILL leaves the server; the next process finds it, uses it, and stops it at its end."""
    first = User(tmp_path)
    first.kill()
    assert alive(first.server)
    second = User(tmp_path)
    assert (second.server, second.started) == (first.server, False)
    second.leave()
    assert not alive(first.server)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"port": 1, "pid": 999999999, "started": "1"}',
        '{"port": "x", "pid": 1, "started": "1"}',
        '{"port": 20499, "pid": OWN, "started": "1"}',
    ],
)
def test_a_stale_note_is_cleaned_up(tmp_path: Path, note: str) -> None:
    """A note that names no running server of ours (torn, of another boot, of a process id used again) is replaced."""
    (tmp_path / "server.json").write_text(note.replace("OWN", str(os.getpid())))
    with service(tmp_path) as running:
        assert running.started
        assert answers(running.running_port)
    assert started_at(os.getpid()), "whose id stood in the note was not ours to stop"


def test_a_strangers_server_is_not_ours(tmp_path: Path) -> None:
    """A stale note whose port another newsroom's server answers on by now: that one is neither used nor stopped."""
    with service(tmp_path / "theirs") as theirs:
        (tmp_path / "ours").mkdir()
        note = {"port": theirs.running_port, "pid": os.getpid(), "started": "1"}
        (tmp_path / "ours/server.json").write_text(json.dumps(note))
        with service(tmp_path / "ours") as ours:
            assert ours.started
            assert ours.running_port != theirs.running_port
        assert answers(theirs.running_port)


def test_a_server_that_died_is_started_again(tmp_path: Path) -> None:
    """A server killed under its user is replaced for the next one."""
    first = User(tmp_path)
    os.kill(first.server, signal.SIGKILL)
    second = User(tmp_path)
    assert second.started
    assert second.server != first.server
    assert answers(second.port)
    first.leave()
    second.leave()
    assert not alive(second.server)


def test_a_busy_port_is_stepped_over(tmp_path: Path) -> None:
    """If its port, or one of its companions', is taken, the server gets others that are free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with service(tmp_path, port=port) as running:
            assert running.running_port > port
            assert answers(running.running_port)
        assert free_port(port - 1, (0, 1)) not in (port - 1, port)


def test_no_port_at_all() -> None:
    """A port beyond the last is an error with advice, not a traceback of the system's."""
    with pytest.raises(PresstimeError, match="no free port"):
        free_port(65_536)


def broken(tmp_path: Path, program: str, **options: float) -> Service:
    return service(tmp_path, command=lambda port: [sys.executable, "-c", program], **options)


def test_a_server_that_does_not_start(tmp_path: Path) -> None:
    """A server that ends at once is an error that shows the end of its log, where that is, and keeps nobody waiting."""
    program = "print('line 1'); print('the database is locked'); raise SystemExit(3)"
    with pytest.raises(PresstimeError) as caught, broken(tmp_path, program):
        pass
    for part in ("The test server did not start", "the database is locked", str(tmp_path / "server.log")):
        assert part in str(caught.value)
    with service(tmp_path) as running:
        assert answers(running.running_port), "the next try is not hindered"


def test_a_server_that_never_answers_is_stopped(tmp_path: Path) -> None:
    """A server that runs and does not answer in its time is stopped: none is left behind unseen."""
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(PresstimeError), broken(tmp_path, program, start_seconds=1.0):
        pass
    pid = int((tmp_path / "server.log").read_text().split()[0])
    assert not alive(pid)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """A server whose program does not exist is an error of ours, by name."""
    with (
        pytest.raises(PresstimeError, match="no-such-program"),
        service(tmp_path, command=lambda port: [str(tmp_path / "no-such-program")]),
    ):
        pass


def test_servers_that_start_together_take_ports_of_their_own(tmp_path: Path) -> None:
    """Newsrooms that start their servers at the same moment do not end on each other's."""
    together = Barrier(3)

    def run(name: str) -> tuple[int, int]:
        together.wait(30)
        with service(tmp_path / name, port=FIRST_PORT + 70) as running:
            together.wait(30)
            return running.running_port, json.loads(running.note.read_text())["pid"]

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(run, "abc"))
    assert len({port for port, _ in found}) == 3
    assert not any(alive(pid) for _, pid in found)


def test_many_servers_start_together(tmp_path: Path) -> None:
    """A machine that boots starts all its newsrooms at once. Each server listens only after a second: all have found the same port free,
    and those who lost it do not meet at the next one again and again."""
    slow = "import http.server, sys, time; time.sleep(1); http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"
    together = Barrier(7)

    def run(name: str) -> int:
        together.wait(30)
        command = {"command": lambda port: [sys.executable, "-c", slow, str(port)]}
        with service(tmp_path / name, port=FIRST_PORT + 90, **command) as running:
            together.wait(60)
            return running.running_port

    with ThreadPoolExecutor(7) as pool:
        assert len(set(pool.map(run, "abcdefg"))) == 7


def test_servers_that_take_long_to_listen_take_ports_of_their_own(tmp_path: Path) -> None:
    """Of two that start together, one listens only after seconds: it must not take the quick one's answers for its own."""
    slow = "import http.server, sys, time; time.sleep(3); http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"
    together = Barrier(2)

    def run(name: str) -> tuple[int, int]:
        options = {"command": lambda port: [sys.executable, "-c", slow, str(port)]} if name == "slow" else {}
        together.wait(30)
        with service(tmp_path / name, port=FIRST_PORT + 80, **options) as running:
            together.wait(30)
            return running.running_port, json.loads(running.note.read_text())["pid"]

    with ThreadPoolExecutor(2) as pool:
        (slow_port, _), (quick_port, _) = pool.map(run, ["slow", "quick"])
    assert slow_port != quick_port


def test_a_stubborn_server_is_killed(tmp_path: Path) -> None:
    """A server that ignores SIGTERM is ended all the same."""
    program = (
        "import http.server, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"
    )
    with service(
        tmp_path, command=lambda port: [sys.executable, "-c", program, str(port)], stop_seconds=0.5
    ) as running:
        pid = json.loads(running.note.read_text())["pid"]
        assert alive(pid)
    assert not alive(pid)


def test_its_environment(tmp_path: Path) -> None:
    """What the service adds to the environment reaches the server, beside what was there."""
    program = "import os; print(os.environ['GIVEN'], os.environ['PATH'])"
    with (
        pytest.raises(PresstimeError, match=f"20400.*{os.environ['PATH'][:10]}"),
        service(tmp_path, command=lambda port: [sys.executable, "-c", program], env=lambda port: {"GIVEN": "20400"}),
    ):
        pass


def test_a_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    """The server is in a process group of its own: an interrupt at the terminal ends us first, then it."""
    with service(tmp_path) as running:
        pid = json.loads(running.note.read_text())["pid"]
        assert os.getpgid(pid) != os.getpgid(0)
    assert subprocess.run(["kill", "-0", str(pid)], capture_output=True, check=False).returncode
