"""`presstime settle`: say what became of a delivery that only a person can find out about."""

from pathlib import Path

import click

from presstime.cli.output import order, who
from presstime.errors import UsageError


@click.command()
@click.argument("delivery", metavar="POST/CHANNEL")
@click.option(
    "--url", help="It is on the channel, at this address. An edit or takedown is given up: it stays as it is."
)
@click.option(
    "--not-there",
    is_flag=True,
    help="It is not on the channel: what was to be sent is sent again, what was to be edited or taken down is over.",
)
@click.pass_obj
def command(directory: Path, delivery: str, url: str | None, not_there: bool) -> int:
    """Say what became of a delivery whose answer was lost, or whose edit or takedown was refused: look at the channel first.

    What you say is written into the log under your name."""
    from presstime import orders

    if bool(url) == not_there:
        raise UsageError("say either --url URL or --not-there", "Look at the channel: is the message there?")
    return order(directory, lambda desk: orders.settle(desk, delivery, who(), url))
