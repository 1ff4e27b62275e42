"""`presstime deploy`: register the flows in a work pool of a Prefect server, for workers to run."""

import os
from pathlib import Path

import click

from presstime.cli.output import MOVED, show
from presstime.errors import UsageError


@click.command()
@click.option(
    "--pool", default="presstime", show_default=True, help="The work pool; one for processes is made if there is none."
)
@MOVED
@click.pass_obj
def command(directory: Path, pool: str, moved: bool) -> int:
    """Register the flows in a work pool of the Prefect server that PREFECT_API_URL names.

    Several newsrooms may share a server, each under a name of its own.

    A worker (`prefect worker start --pool presstime`) runs them: on a machine where this newsroom lies in the same folder,
    with presstime installed and the credentials in its environment."""
    from presstime.embedded.prefect import reachable
    from presstime.wire import open_desk

    url = os.environ.get("PREFECT_API_URL")
    if not url:
        raise UsageError("no Prefect server is named", "Set PREFECT_API_URL, e.g. http://127.0.0.1:4200/api.")
    if not reachable(url):
        raise UsageError(f"no Prefect server answers at {url}", "Start it, or correct PREFECT_API_URL.")
    from presstime.orchestration.deployments import deploy
    from presstime.orchestration.runs import COMING

    ui = os.environ.get("PREFECT_UI_URL") or url.removesuffix("/api")
    with open_desk(directory) as desk:
        names = deploy(desk, pool, moved)
    for name in names:
        show(f"deployed {name} to the work pool {pool!r}")
    show(f"Now a worker runs them: prefect worker start --pool {pool}")
    show(f"What is coming: {ui.rstrip('/')}{COMING}")
    return 0
