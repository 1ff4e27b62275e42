"""A name for this process that other processes on the same machine can check for life. Imports nothing of ours."""

import os
import socket
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
