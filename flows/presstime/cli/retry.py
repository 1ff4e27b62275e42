"""`presstime retry`: try again what was refused, put off or skipped."""

from pathlib import Path

import click

from presstime.cli.output import FORMAT, order, who


@click.command()
@click.argument("deliveries", metavar="POST/CHANNEL...", nargs=-1, required=True)
@click.option("--reason", default="", help="Why: it is in the log.")
@FORMAT
@click.pass_obj
def command(directory: Path, deliveries: tuple[str, ...], reason: str, form: str) -> int:
    """Try again, at the next pass, what the network refused, what was put off, or what was skipped.

    What may be out already is not sent again by this: see `settle`."""
    from presstime import orders

    return order(directory, lambda desk: orders.retry(desk, deliveries, who(), reason), form)
