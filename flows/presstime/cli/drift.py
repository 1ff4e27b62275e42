"""`presstime drift list|accept|undo`: what is out and was changed or removed on the network itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import FORMAT, count, order, say_json, who
from presstime.cli.voice import spoken
from presstime.clock import format_local
from presstime.model import DeliveryState, JsonObject, Variant, to_iso

if TYPE_CHECKING:
    from presstime.wire import Desk

REASON = click.option("--reason", required=True, help="Why: it is in the log.")


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """What was changed or removed on the network itself: list it, accept it, undo it. Alone: list it."""
    return int(ctx.invoke(list_command, form="text")) if ctx.invoked_subcommand is None else 0


@command.command("list")
@FORMAT
@click.pass_obj
def list_command(directory: Path, form: str) -> int:
    """What stands on the networks in place of what was sent. Exit 1 if somebody is to decide about it."""
    from presstime.wire import open_desk

    with open_desk(directory) as desk:
        desk.ledger.catch_up()
        found = desk.ledger.cache.drifted()
        if form == "json":
            say_json({"drifted": [_as_json(desk, state) for state in found]})
        else:
            click.echo("\n".join(_lines(desk, found)))
        return 1 if any(state.drift and state.drift.open for state in found) else 0


@command.command("accept")
@click.argument("deliveries", metavar="POST/CHANNEL...", nargs=-1, required=True)
@REASON
@FORMAT
@click.pass_obj
def accept_command(directory: Path, deliveries: tuple[str, ...], reason: str, form: str) -> int:
    """Let it stand: it is told no more, and nothing puts it back. A later edit in Git is made all the same."""
    from presstime import orders

    return order(directory, lambda desk: orders.accept(desk, deliveries, who(), reason), form)


@command.command("undo")
@click.argument("deliveries", metavar="POST/CHANNEL...", nargs=-1, required=True)
@REASON
@FORMAT
@click.pass_obj
def undo_command(directory: Path, deliveries: tuple[str, ...], reason: str, form: str) -> int:
    """Have what was sent put back at the next pass: changed words by an edit. What is gone is sent again as a new message, once it was
    looked for and is not there."""
    from presstime import orders

    return order(directory, lambda desk: orders.undo(desk, deliveries, who(), reason), form)


def _lines(desk: "Desk", found: list[DeliveryState]) -> Iterator[str]:
    if not found:
        yield spoken("Nothing that is out is known to have changed on the networks.")
        return
    for state in found:
        yield from _told(desk, state)
    undecided = [state for state in found if state.drift and state.drift.open]
    if undecided:
        many = count(len(undecided), "delivery")
        yield spoken(f"{many} to decide about: `presstime drift accept` or `presstime drift undo`, with --reason.")


def _told(desk: "Desk", state: DeliveryState) -> Iterator[str]:
    from presstime.plan.drift import told

    if state.drift is None:
        yield spoken(f"== {state.delivery}: gone from the network; a person wants it sent again at the next pass")
        return
    since = format_local(state.drift.at, desk.settings.timezone)
    yield spoken(f"== {state.delivery}: {told(state.drift, len(state.receipts))}. Seen since {since}")
    if state.url:
        yield f"   {state.url}"
    variant = Variant.from_json(desk.ledger.payload(state.sent_digest))
    for seen in state.drift.seen:
        yield f"{spoken('-- sent:')} {variant.segments[seen.segment].text.strip()}"
        yield spoken("-- now: (gone)") if seen.text is None else f"{spoken('-- now:')} {seen.text.strip()}"
    if state.drift.undo:
        yield spoken("   A person wants it put back at the next pass.")


def _as_json(desk: "Desk", state: DeliveryState) -> JsonObject:
    drift = state.drift
    sent = Variant.from_json(desk.ledger.payload(state.sent_digest))
    return {
        "delivery": str(state.delivery),
        "url": state.url,
        "since": to_iso(drift.at) if drift else None,
        "ordered": "undo" if drift is None or drift.undo else None,
        "messages": [
            {"message": seen.segment + 1, "sent": sent.segments[seen.segment].text, "now": seen.text}
            for seen in (drift.seen if drift else ())
        ],
    }
