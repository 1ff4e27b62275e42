"""`presstime up`: stays, and publishes on time. Prefect server (unless one is configured), flows served, S3 if embedded."""

import os
from contextlib import ExitStack
from pathlib import Path

import click

from presstime.cli.output import MOVED, SANDBOXED, count, problem_lines, say
from presstime.cli.publish import enter_prefect


@click.command()
@SANDBOXED
@MOVED
@click.pass_obj
def command(directory: Path, sandbox: str | None, moved: bool) -> int:
    """Stay and publish on time: Prefect, flows and, on request, S3."""
    from presstime.wire import SANDBOX, open_desk

    if sandbox:
        os.environ[SANDBOX] = sandbox  # the runs are processes of their own and inherit it
    with open_desk(directory) as desk, ExitStack() as stack:
        for warning in desk.warnings_now():
            say(f"warning: {warning}")
        if desk.problems:
            say(problem_lines(desk.problems))
        desk.ledger.catch_up()
        desk.timing.check_skew()
        say(f"Posts: {count(desk.newsroom.loaded.count(), 'post')} at commit {(desk.newsroom.commit or '')[:12]}")
        say(f"Audit log: {desk.store.name}")
        alone = not os.environ.get("PREFECT_API_URL")  # then the server is this newsroom's own
        ui = enter_prefect(desk, stack)
        # Runs are picked up within a second and started ahead of their time: see flows/README.md on punctuality.
        os.environ.setdefault("PREFECT_RUNNER_POLL_FREQUENCY", "1")
        from presstime.orchestration.deployments import arrange_server, serve_here, take_over
        from presstime.orchestration.runs import COMING
        from presstime.standby import Standby

        say(f"Prefect: {ui}\nWhat is coming: {ui}{COMING}")
        say("Stop with Ctrl-C or SIGTERM; what is under way is finished or settled at the next start.")
        take_over(desk, moved=moved or alone)
        arrange_server(desk)
        standby = Standby(desk.root, say)
        stack.callback(standby.stop)
        standby.start()
        serve_here(desk)
    return 0
