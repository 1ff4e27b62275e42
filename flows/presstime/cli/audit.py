"""`presstime audit log|show|verify`: the evidence, for people and for programs."""

import json
from pathlib import Path
from typing import Any

import click

from presstime.cli.output import FORMAT, count, say, say_json, table
from presstime.errors import UsageError

PROGRESS_EVERY = 500  # entries


@click.group()
def command() -> None:
    """The log: list it, show an entry, verify the chain."""


@command.command("log")
@click.option("--delivery", help="Only the steps of one delivery, `post/channel`, or of one post.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N entries.")
@FORMAT
@click.pass_obj
def log_command(directory: Path, delivery: str | None, last: int | None, form: str) -> int:
    """Every step that was taken, oldest first."""
    from presstime.wire import open_desk

    with open_desk(directory) as desk:
        head = desk.ledger.catch_up(_progress)
        first = max(1, head - last + 1) if last else 1
        steps = [
            {"entry": n, "writer": entry.writer, **event.to_json()}
            for n, entry in desk.ledger.entries(first)
            for event in entry.events
            if delivery is None or str(event.delivery) == delivery or event.delivery.post == delivery
        ]
        if form == "json":
            say_json(steps)
        elif steps:
            click.echo(table([_row(s) for s in steps], ("entry", "at", "step", "delivery", "what")))
        else:
            click.echo(
                f"The log {desk.store.name} has no such step." if delivery else f"The log {desk.store.name} is empty."
            )
    return 0


@command.command("show")
@click.argument("number")
@click.pass_obj
def show_command(directory: Path, number: str) -> int:
    """One entry, whole: its events, and the payloads that it was the first to name."""
    from presstime.wire import open_desk

    if not number.isdecimal():
        raise UsageError(f"{number!r} is not the number of an entry", "`presstime audit log` lists them.")
    with open_desk(directory) as desk:
        click.echo(json.dumps(json.loads(desk.ledger.entry(int(number)).encode()), ensure_ascii=False, indent=2))
    return 0


@command.command("verify")
@FORMAT
@click.pass_obj
def verify_command(directory: Path, form: str) -> int:
    """Check every entry: number, chain, form, payloads. Exit 1 if anything is not as it was written."""
    from presstime.ledger.verify import verify
    from presstime.wire import open_desk

    with open_desk(directory) as desk:
        verdict = verify(desk.store, lambda n: _progress(n, None))
        if form == "json":
            say_json(verdict.to_json())
        elif verdict.ok:
            counted = f"{count(verdict.entries, 'entry')}, {count(verdict.events, 'event')}"
            click.echo(f"{desk.store.name}: {counted}, the chain holds. Head {verdict.head}")
        else:
            click.echo("\n".join(verdict.problems))
            where = f"; the first bad entry is {verdict.first_bad}" if verdict.first_bad else ""
            click.echo(
                f"{desk.store.name}: {count(len(verdict.problems), 'problem')} in {verdict.entries} entries{where}."
            )
        return 0 if verdict.ok else 1


def _progress(done: int, total: int | None) -> None:
    if done % PROGRESS_EVERY == 0:
        say(f"{done:,} entries read" + (f" of {total:,}" if total else ""))


def _row(step: dict[str, Any]) -> tuple[str, ...]:
    return str(step["entry"]), str(step["at"])[:19].replace("T", " "), step["kind"], step["delivery"], _what(step)


def _what(step: dict[str, Any]) -> str:
    """What a person wants to know of a step, in a few words."""
    receipt = step.get("receipt") or {}
    parts = [
        step.get("reason") or step.get("how") or receipt.get("url") or receipt.get("id") or step.get("url") or "",
        f"due {step['due'][:16].replace('T', ' ')} UTC" if step["kind"] == "planned" else "",
        f"commit {step['commit'][:12]} by {step['approver']}" if step["kind"] == "planned" else "",
        f"segment {step['segment'] + 1}" if "segment" in step else "",
        f"by {step['worker']}" if step["kind"] == "claimed" else "",
    ]
    return ", ".join(part for part in parts if part)
