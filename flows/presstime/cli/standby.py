"""`presstime standby`: beside a team's workers, publishes while Prefect does not."""

import os
import signal
import threading
from pathlib import Path

import click

from presstime.cli.output import say
from presstime.clock import parse_duration
from presstime.errors import UsageError


@click.command()
@click.option(
    "--after", default="3m", show_default=True, help="How long Prefect may be away, or leave what is due untouched."
)
@click.pass_obj
def command(directory: Path, after: str) -> int:
    """Stay beside the workers of the Prefect server that PREFECT_API_URL names, and publish while it is away.

    It needs what a worker needs: a clone, the log and the credentials. Any number may run, on any machine: the log keeps them apart,
    and from the workers, too."""
    from presstime.embedded.prefect import reachable
    from presstime.standby import WATCH_SECONDS, Watch
    from presstime.wire import content_root, open_desk

    url = os.environ.get("PREFECT_API_URL")
    if not url:
        raise UsageError(
            "no Prefect server is named",
            "Set PREFECT_API_URL, as the workers have it. Where there is no team, `presstime up` stands in for Prefect by itself.",
        )
    root, stop = content_root(directory), threading.Event()
    with open_desk(root) as desk:  # what is wrong with the settings is said now, not when it is needed
        desk.ledger.catch_up()
        desk.timing.check_skew()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    patience = _seconds(after)
    watch = Watch(root, say, lambda: reachable(url), patience, min(WATCH_SECONDS, patience / 2))
    say(f"Standing by for the workers of {url}. Stop with Ctrl-C or SIGTERM; what is under way is finished.")
    watch.stay(stop)
    return 0


def _seconds(text: str) -> float:
    try:
        return parse_duration(text).total_seconds()
    except ValueError as error:
        raise UsageError(f"--after: {error}", "Write it like 3m or 90s.") from error
