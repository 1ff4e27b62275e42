"""Names of processes that others can check for life: never wrong about one that lives."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from presstime.processes import PROC, is_gone, listens, own_name, started_at

pytestmark = pytest.mark.skipif(not (PROC / "self/stat").exists(), reason="this system has no /proc")


def name_of_child(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
    """A process that waits, and the name it has given itself."""
    program = "from presstime.processes import own_name; print(own_name(), flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    return child, child.stdout.readline().strip()


def test_a_name_has_four_parts_and_stays() -> None:
    """host/machine/pid/started, the same at every call, of a process that is there."""
    host, machine, pid, started = own_name().split("/")
    assert (host, int(pid)) == (socket.gethostname(), os.getpid())
    assert machine
    assert started == started_at(os.getpid())
    assert own_name() == own_name()
    assert not is_gone(own_name())


def test_a_killed_process_is_gone() -> None:
    """A process is there until it has ended; one that was killed and not yet waited for has ended, too."""
    child, name = name_of_child()
    assert not is_gone(name)
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and still a zombie
    assert is_gone(name)
    child.wait(10)
    assert is_gone(name)


def test_a_process_id_used_again_is_another_process() -> None:
    """The same number with another start is another process: the first one is gone."""
    host, machine, pid, started = own_name().split("/")
    assert is_gone(f"{host}/{machine}/{pid}/{int(started) - 1}")


def test_nothing_is_concluded_of_processes_elsewhere() -> None:
    """Of another host, another boot or container, or an unnamed machine nobody knows what lives there."""
    host, machine, _, _ = own_name().split("/")
    for name in (
        f"other/{machine}/999999999/1",
        f"{host}/00000000-1/999999999/1",
        f"{host}//999999999/1",
        "w1",
        "",
        "a/b",
    ):
        assert not is_gone(name)


def test_the_name_of_a_command_does_not_confuse(tmp_path: Path) -> None:
    """A command whose name holds brackets and blanks is read as well as another."""
    odd = tmp_path / "a) 7 (b"
    odd.symlink_to("/bin/sleep")
    child = subprocess.Popen([str(odd), "30"])
    try:
        started = started_at(child.pid)
        assert started is not None
        assert int(started) >= int(started_at(os.getpid()) or 0)
    finally:
        child.kill()
        child.wait(10)
    assert started_at(child.pid) is None


def test_who_listens_is_told_from_who_answers() -> None:
    """A process listens on the ports that it opened, and on none that another process did."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listens(os.getpid(), port)
        assert not listens(os.getppid(), port)
    assert not listens(os.getpid(), port)
    assert not listens(2**22 + 1, port), "nobody of that number"
