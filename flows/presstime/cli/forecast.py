"""`presstime forecast`: which scheduled posts will fail, and why. Changes nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import FORMAT, count, problem_lines, say, say_json, show, table, when
from presstime.cli.voice import spoken
from presstime.model import has_errors, to_iso

if TYPE_CHECKING:
    from presstime.publish.forecast import Outlook


@click.command()
@click.option("--sandbox", metavar="URL", help="Ask the sandbox at this URL instead of the networks.")
@FORMAT
@click.pass_obj
def command(directory: Path, sandbox: str | None, form: str) -> int:
    """Which scheduled posts will fail, and why: words and media at their commit, access that ends or is refused, rights, the server's own
    limits, the budget, channels that nobody posts on. Each network is asked once; nothing is sent. Exit 1 if any will fail."""
    import os

    from presstime.wire import SANDBOX, open_desk

    environ = {**os.environ, **({SANDBOX: sandbox} if sandbox else {})}
    with open_desk(directory, environ) as desk:
        desk.ledger.catch_up()
        found = desk.forecast()
        if form == "json":
            document = {"at": to_iso(desk.timing.now()), "commit": desk.newsroom.commit}
            problems = [p.to_json() for p in desk.problems]
            say_json({**document, "outlook": [o.to_json() for o in found], "problems": problems})
        else:
            if desk.problems:
                say(problem_lines(desk.problems))
            _show(found, desk.settings.timezone)
        return 1 if has_errors(desk.problems) or any(o.severity == "error" for o in found) else 0


def _show(found: "list[Outlook]", zone: str) -> None:
    if not found:
        show("Nothing that is scheduled will fail, as far as can be seen today.")
        return
    rows = [
        (
            spoken(o.severity),
            str(o.delivery),
            when(o.due, zone),
            f"{spoken(o.message)} [{o.code}]. {spoken(o.advice)}".rstrip(),
        )
        for o in found
    ]
    click.echo(table(rows, ("", "delivery", "due", "why, and what to do")))
    failing = {o.delivery for o in found if o.severity == "error"}
    show(f"{count(len(failing), 'delivery')} will fail as things stand.")
