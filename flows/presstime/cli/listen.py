"""`presstime listen`: look at what is out, and tell what is not there as it was sent."""

from pathlib import Path

import click

from presstime.cli.output import FORMAT, count, say, say_json, show


@click.command()
@click.argument("deliveries", metavar="[POST/CHANNEL]...", nargs=-1)
@FORMAT
@click.pass_obj
def command(directory: Path, deliveries: tuple[str, ...], form: str) -> int:
    """Look at what is out on the networks, and write down what was changed or removed there: what is young, and what of the rest has its
    turn in this hour. With deliveries: at these, now. Exit 1 if something is new, or could not be looked at."""
    from presstime import orders
    from presstime.plan.drift import told
    from presstime.wire import open_desk

    with open_desk(directory) as desk:
        heard = orders.listen(desk, deliveries)
        if form == "json":
            drifted = [str(state.delivery) for state in heard.drifted]
            say_json({"looked": heard.looked, "drifted": drifted, "trouble": heard.trouble})
        else:
            for line in heard.trouble:
                say(f"warning: {line}")
            for state in heard.drifted:
                if state.drift is not None:
                    show(f"{state.delivery}: {told(state.drift, len(state.receipts))}")
            show(
                f"Looked at {count(heard.looked, 'delivery')}: {count(len(heard.drifted), 'drift')} that was not known."
            )
        return 1 if heard.drifted or heard.trouble else 0
