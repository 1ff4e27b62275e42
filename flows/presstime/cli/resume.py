"""`presstime resume`: let go of what was paused."""

from pathlib import Path

import click

from presstime.cli.output import FORMAT, order, who
from presstime.pauses import RULES, Rule


@click.command()
@click.argument("what", metavar="everything|CHANNEL|GROUP|campaign:NAME")
@click.option("--reason", default="", help="Why: it is in the log.")
@click.option(
    "--rule", type=click.Choice(RULES), help="What becomes of what came due meanwhile. [default: as the pause said]"
)
@click.option("--gap", default="", help="Between two of one channel that are released. [default: as the pause said]")
@FORMAT
@click.pass_obj
def command(directory: Path, what: str, reason: str, rule: Rule | None, gap: str, form: str) -> int:
    """Let go of what was paused under just this name. `presstime plan` shows what comes of it."""
    from presstime import orders

    return order(directory, lambda desk: orders.resume(desk, what, who(), reason, rule, gap), form)
