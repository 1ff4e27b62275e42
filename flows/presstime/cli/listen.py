"""`presstime listen`: look at what is out, and tell what is not there as it was sent."""

import os
from pathlib import Path

import click

from presstime.cli.output import FORMAT, SANDBOXED, say, say_json, show


@click.command()
@click.argument("deliveries", metavar="[POST/CHANNEL]...", nargs=-1)
@SANDBOXED
@FORMAT
@click.pass_obj
def command(directory: Path, deliveries: tuple[str, ...], sandbox: str | None, form: str) -> int:
    """Look at what is out on the networks, and write down what was changed or removed there: what is young, and what of the rest has its
    turn in this hour. With deliveries: at these, now. Exit 1 if something is new, or could not be looked at."""
    from presstime import orders
    from presstime.plan.drift import told
    from presstime.wire import SANDBOX, open_desk

    environ = {**os.environ, SANDBOX: sandbox} if sandbox else None
    with open_desk(directory, environ) as desk:
        heard = orders.listen(desk, deliveries)
        if form == "json":
            drifted = [str(state.delivery) for state in heard.drifted]
            say_json({"looked": heard.looked, "young": heard.young, "drifted": drifted, "trouble": heard.trouble})
        else:
            for line in heard.trouble:
                say(f"warning: {line}")
            for state in heard.drifted:
                if state.drift is not None:
                    show(f"{state.delivery}: {told(state.drift, len(state.receipts))}")
            show(
                f"Deliveries looked at: {heard.looked}. Changed or removed there, and not known yet: {len(heard.drifted)}."
            )
            if heard.young:
                show(f"Gone out too lately to be looked at: {heard.young}. Name them (POST/CHANNEL) to look now.")
        return 1 if heard.drifted or heard.trouble else 0
