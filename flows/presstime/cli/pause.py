"""`presstime pause`: stop everything, a channel, a group or a campaign."""

from pathlib import Path

import click

from presstime.cli.output import FORMAT, order, who
from presstime.pauses import RULES, Rule


@click.command()
@click.argument("what", metavar="everything|CHANNEL|GROUP|campaign:NAME")
@click.option("--reason", required=True, help="Why: it is in the log, and in the plan.")
@click.option("--until", default="", help="A time (2026-03-24T09:00), or how long from now (2h). Else until `resume`.")
@click.option(
    "--resume",
    "rule",
    type=click.Choice(RULES),
    default="release",
    show_default=True,
    help="What becomes of what came due meanwhile: it goes out spaced, as its late rule allows; as much later as the pause was long; "
    "not at all.",
)
@click.option(
    "--gap", default="", help="Between two of one channel that are released. [default: [defaults] min_gap, or 5m]"
)
@FORMAT
@click.pass_obj
def command(directory: Path, what: str, reason: str, until: str, rule: Rule, gap: str, form: str) -> int:
    """Stop what is named: nothing of it goes out from now on, whichever worker was to send it. Takedowns go on.

    What is paused already is only made longer. Who, why and when is in the log."""
    from presstime import orders

    return order(directory, lambda desk: orders.pause(desk, what, reason, who(), until, rule, gap), form)
