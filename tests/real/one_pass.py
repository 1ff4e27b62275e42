"""Passes without Prefect, in one thread: `python -m tests.real.one_pass ROOT [PASSES]`.

Credentials and the sandbox's address come from the environment. It passes until the log does not grow any more, at most PASSES
times (one if not given). Exit status: 0, or 3 if the last pass still wrote."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from presstime.networks import load
from presstime.wire import open_desk
from tests.kit import run_pass

SHOWN_AT_ONCE = timedelta(seconds=1)  # as the sandbox shows posts, so that settling by looking need not wait a minute


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


def main() -> int:
    root, passes = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    return 0 if any(not one_pass(root) for _ in range(passes)) or passes == 1 else 3


if __name__ == "__main__":
    sys.exit(main())
