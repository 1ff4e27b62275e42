"""`presstime retract`: take down what is out."""

from pathlib import Path

import click

from presstime.cli.output import FORMAT, order, who


@click.command()
@click.argument("deliveries", metavar="POST/CHANNEL...", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why: it is in the log.")
@FORMAT
@click.pass_obj
def command(directory: Path, deliveries: tuple[str, ...], reason: str, form: str) -> int:
    """Have what is out taken down at the next pass, though Git still has it. It does not come back: a new id is a new post."""
    from presstime import orders

    return order(directory, lambda desk: orders.retract(desk, deliveries, who(), reason), form)
