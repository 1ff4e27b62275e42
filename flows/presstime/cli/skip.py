"""`presstime skip`: have deliveries not go out."""

from pathlib import Path

import click

from presstime.cli.output import FORMAT, order, who


@click.command()
@click.argument("deliveries", metavar="POST/CHANNEL...", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why: it is in the log.")
@FORMAT
@click.pass_obj
def command(directory: Path, deliveries: tuple[str, ...], reason: str, form: str) -> int:
    """Have deliveries not go out at the instant they are planned for. A new publish_at, or `retry`, undoes that."""
    from presstime import orders

    return order(directory, lambda desk: orders.skip(desk, deliveries, who(), reason), form)
