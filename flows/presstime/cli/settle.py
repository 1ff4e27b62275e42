"""`presstime settle`: say what became of a delivery that only a person can find out about."""

from pathlib import Path

import click

from presstime.cli.output import who
from presstime.errors import UsageError
from presstime.model import Delivery, Receipt, Variant


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
    from presstime.ledger.by_hand import end_change_by_hand, settle_by_hand
    from presstime.wire import open_desk

    if bool(url) == not_there:
        raise UsageError("say either --url URL or --not-there", "Look at the channel: is the message there?")
    try:
        wanted = Delivery.parse(delivery)
    except ValueError as error:
        raise UsageError(str(error), "`presstime status` lists those that need a person.") from error
    with open_desk(directory) as desk:
        desk.ledger.catch_up()
        state = desk.ledger.state(wanted)
        if state is not None and state.change is not None:
            end_change_by_hand(desk.ledger, wanted, desk.timing.now, who(), there=not not_there)
            click.echo(f"{delivery}: noted as {'taken down' if not_there else 'left as it is'}.")
            return 0
        last = True
        if state is not None and state.intent is not None:
            variant = Variant.from_json(desk.ledger.payload(state.intent.digest))
            last = state.intent.segment == len(variant.segments) - 1
        receipt = Receipt(url, url) if url else None
        settle_by_hand(desk.ledger, wanted, desk.timing.now, who(), receipt, last)
    if not_there:
        click.echo(
            f"{delivery}: noted. The next pass sends it again, if its late rule still lets it (`presstime plan`)."
        )
    elif last:
        click.echo(f"{delivery}: noted as published.")
    else:
        click.echo(f"{delivery}: noted. The next pass goes on with the rest of the thread.")
    return 0
