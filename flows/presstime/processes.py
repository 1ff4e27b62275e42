"""A name for this process that other processes on the same machine can check for life. Imports nothing of ours."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

PROC = Path("/proc")


@cache
def own_name() -> str:
    """`host/machine/pid/started`: the machine part is the boot and the PID namespace, `started` the start in clock ticks.

    Where the system does not tell (no /proc), the machine part is empty and nobody concludes anything from the name."""
    pid = os.getpid()
    return "/".join((socket.gethostname(), _machine(), str(pid), started_at(pid) or "0"))


def is_gone(name: str) -> bool:
    """Whether the process of that name has certainly ended: it ran here, in this boot, and is not running any more.

    A claim of a worker that is gone need not be waited out: a process that has ended cannot send."""
    parts = name.split("/")
    if len(parts) != 4 or not parts[1] or parts[:2] != [socket.gethostname(), _machine()]:
        return False
    return started_at(int(parts[2])) != parts[3]


@cache
def _machine() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = os.readlink(PROC / "self/ns/pid")
    except OSError:
        return ""
    return f"{boot[:8]}-{namespace.strip('pid:[]')}"


def started_at(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat (proc(5)): tells a process from a later one with the same number. None: no such process."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the command's name stands in brackets and may hold blanks
    return None if fields[0] == "Z" else fields[19]


def listens(pid: int, port: int) -> bool:
    """Whether that process listens on this TCP port; True where the system does not tell (no /proc).

    What answers on a port need not be who was sent there: a server may take many seconds until it listens, and another one may
    have come first."""
    if not (PROC / "self/fd").exists():
        return True
    held = set()
    with suppress(OSError):  # it has ended
        for link in (PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):  # it was closed meanwhile
                held.add(os.readlink(link))
    return any(f"socket:[{inode}]" in held for inode in _listening(port))


def _listening(port: int) -> Iterator[str]:
    """The inodes of the sockets that listen on a port (proc(5), /proc/net/tcp: state 0A is LISTEN)."""
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / "net" / name).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]
