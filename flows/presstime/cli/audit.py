"""`presstime audit log|show|verify|checkpoint|keygen|export`: the evidence, for people and for programs."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from presstime.cli.output import FORMAT, count, say, say_json, show, table
from presstime.errors import UsageError
from presstime.model import Secret

if TYPE_CHECKING:
    from presstime.ledger.chain import Verdict
    from presstime.stores.base import Store

PROGRESS_EVERY = 500  # entries


@click.group()
def command() -> None:
    """The log: list it, show an entry, verify it, sign where it is, take it elsewhere."""


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
            show(f"The log {desk.store.name} has no such step." if delivery else f"The log {desk.store.name} is empty.")
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
@click.option("--full", is_flag=True, help="Every entry in every detail, and the snapshot too, whatever was signed.")
@FORMAT
@click.pass_obj
def verify_command(directory: Path, full: bool, form: str) -> int:
    """Check every entry, the chain, and the checkpoints in S3 and Git. Exit 1 if anything is not as it was written.

    What a signed checkpoint covers was looked at in every detail before it was signed: there it is enough that the bytes
    are the same. --full looks at all of it again."""
    from presstime.wire import open_desk

    with open_desk(directory) as desk:
        verdict = desk.evidence.verdict(full, lambda n: _progress(n, None))
        if form == "json":
            say_json(verdict.to_json())
        else:
            show("\n".join(_verdict_lines(desk.store.name, verdict)))
        return 0 if verdict.ok else 1


def _verdict_lines(name: str, verdict: "Verdict") -> Iterator[str]:
    yield from verdict.problems
    if verdict.ok:
        counted = f"{count(verdict.entries, 'entry')}, {count(verdict.events, 'event')}"
        yield f"{name}: {counted}, the chain holds. Head {verdict.head}"
    else:
        where = f"; the first bad entry is {verdict.first_bad}" if verdict.first_bad else ""
        yield f"{name}: {count(len(verdict.problems), 'problem')} in {verdict.entries} entries{where}."
    if found := verdict.checkpoint:
        signed = "signed" if found["signed"] else "not signed by a known key"
        yield f"Newest checkpoint: {count(found['size'], 'entry')} at {found['time']}, {signed}, in {found['source']}."
    yield from (f"Note: {note}." for note in verdict.notes)


@command.command("checkpoint")
@FORMAT
@click.pass_obj
def checkpoint_command(directory: Path, form: str) -> int:
    """Verify the log since the newest checkpoint and sign where it is now, in S3 and, if so set, in Git."""
    from presstime.wire import open_desk

    with open_desk(directory) as desk:
        sealed = desk.evidence.seal(desk.signer())
        if sealed.trouble:
            say(f"warning: the checkpoint is in S3, but not all of it in Git: {sealed.trouble}")
        if form == "json":
            say_json(sealed.to_json())
        else:
            show(f"{sealed.checkpoint.key}: {count(sealed.checkpoint.size, 'entry')}, head {sealed.checkpoint.hash}")
            if sealed.snapshot:
                show(f"A snapshot of {count(sealed.snapshot, 'entry')} was made: new workers start from it.")
    return 0


@command.command("keygen")
@click.option("--name", help="The log's name in its checkpoints, e.g. verne.example/log. One key a log.")
@click.option("--out", default=".presstime/audit.key", help="The file for the private key, below the content root.")
@FORMAT
@click.pass_obj
def keygen_command(directory: Path, name: str | None, out: str, form: str) -> int:
    """Make the key that signs checkpoints: the private half into a file, the public half for presstime.toml."""
    from presstime.ledger.note import generate
    from presstime.wire import state_folder

    private, verifier = generate(name or _log_name(directory))
    state_folder(directory.resolve())
    _write_secret(directory / Path(out).expanduser(), private)
    if form == "json":
        say_json({"verifier": str(verifier), "signing_key": f"file:{out}"})
        return 0
    say(f"The private key is in {directory / out}: keep it from Git and from others, and a copy of it in a safe place.")
    click.echo(f'[audit]\nsigning_key = "file:{out}"\nverifier = "{verifier}"')
    return 0


def _log_name(directory: Path) -> str:
    """A name for the log of this newsroom. Raises `SettingsError` where there is no presstime.toml."""
    from presstime.settings import FILE, parse_settings
    from presstime.wire import read_source

    settings = parse_settings(read_source(directory, None).read(FILE), FILE)
    return (
        re.sub(r"[\s+]+", "-", f"{settings.name}/{settings.audit.bucket or 'log'}/{settings.audit.prefix}")
        .strip("/")
        .lower()
    )


def _write_secret(path: Path, secret: Secret) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret.reveal() + "\n")
    except FileExistsError:
        raise UsageError(
            f"{path} is there already", "Name another file with --out: a key is never overwritten."
        ) from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "Name another file with --out.") from None


@command.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "parquet", "objects"]), default="jsonl")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The file; for `objects` a folder. Default for jsonl: stdout."
)
@click.pass_obj
def export_command(directory: Path, form: str, out: Path | None) -> int:
    """Every event as a row for other tools; or the log's objects as they are, for another verifier."""
    from presstime.ledger import export
    from presstime.wire import open_desk

    if out is None and form != "jsonl":
        raise UsageError(f"--format {form} needs --out", "Name the file, or for `objects` the folder, to write to.")
    with open_desk(directory) as desk:
        try:
            number = _export(export, desk.store, form, out)
        except OSError as error:
            raise UsageError(f"{error.filename or out}: {error.strerror}", "Name another place with --out.") from None
    made = count(number, "object" if form == "objects" else "event")
    say(f"{made} written to {out}" if out else f"{made} written")
    return 0


def _export(export: Any, store: "Store", form: str, out: Path | None) -> int:
    if out is None:
        return int(export.write_jsonl(export.rows(store), sys.stdout))
    if form == "objects":
        return int(export.write_objects(store, out))
    if form == "parquet":
        return int(export.write_parquet(export.rows(store), out))
    with out.open("w", encoding="utf-8") as file:
        return int(export.write_jsonl(export.rows(store), file))


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
        f"signed by {step['signer']}" if step.get("signer") else "",
        f"segment {step['segment'] + 1}" if "segment" in step else "",
        f"by {step['worker']}" if step["kind"] == "claimed" else "",
        f"by {step['by']}" if "by" in step else "",
        f"to a person, until {step['until'][:16].replace('T', ' ')} UTC"
        if step["kind"] == "handed" and step["until"]
        else "",
        f"time {step['times']}" if step["kind"] == "reminded" else "",
    ]
    return ", ".join(part for part in parts if part)
