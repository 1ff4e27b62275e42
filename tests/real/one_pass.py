"""Passes without Prefect, in one thread: `python -m tests.real.one_pass ROOT [PASSES]`.

Credentials and the sandbox's address come from the environment. With "-" for PASSES it is ready for one pass, says so, and begins
when a line comes in: meanwhile a tracer may attach itself. Otherwise it passes until the log does not grow any more, at most PASSES
times (one if not given). Exit status: 0, or 3 if the last pass still wrote."""

import ctypes
import importlib
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from presstime.networks import load
from presstime.wire import open_desk
from tests.kit import run_pass

SHOWN_AT_ONCE = timedelta(seconds=1)  # as the sandbox shows posts, so that settling by looking need not wait a minute

LATER = ["ledger.log", "publish.jobs", "publish.send", "publish.sync", "publish.words", "content.git", "stores.s3"]
PR_SET_PTRACER, ANYBODY = 0x59616D61, ctypes.c_ulong(-1)  # prctl(2): lets a process that is not our parent attach


def show_at_once(network: str) -> None:
    kind = load(network)
    kind.traits = replace(kind.traits, visible_after=min(kind.traits.visible_after, SHOWN_AT_ONCE))


def one_pass(root: Path) -> bool:
    """Whether the log grew."""
    with open_desk(root) as desk:
        desk.ledger.readers = 1  # one thread: system calls come in one order
        before = desk.ledger.catch_up()
        for channel in desk.settings.channels.values():
            show_at_once(channel.network)
        run_pass(desk)
        return desk.ledger.catch_up() > before


def wait_for_tracer() -> None:
    """Have everything imported, which a tracer would only slow down, then wait for a line."""
    for name in (*LATER, *(f"networks.{name}" for name in ("bluesky", "mastodon", "x", "telegram"))):
        importlib.import_module(f"presstime.{name}")
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY, 0, 0, 0)
    print("ready", flush=True)
    sys.stdin.readline()


def main() -> int:
    root, passes = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "1"
    if passes == "-":
        wait_for_tracer()
        passes = "1"
    return 0 if any(not one_pass(root) for _ in range(int(passes))) or passes == "1" else 3


if __name__ == "__main__":
    sys.exit(main())
