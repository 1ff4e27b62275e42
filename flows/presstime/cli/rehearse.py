"""`presstime rehearse`: the coming schedule in fast-forward, on this machine alone."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import FORMAT, count, say, say_json, show, table, when
from presstime.cli.voice import spoken
from presstime.clock import format_local, parse_duration, parse_instant, resolve_local
from presstime.errors import UsageError
from presstime.model import JsonObject, to_iso

if TYPE_CHECKING:
    from presstime.rehearsal import Rehearsal, Step


@click.command()
@click.option("--until", default="30d", show_default=True, help="A length of time from now, or an instant (ISO 8601).")
@click.option("--faults", type=int, metavar="SEED", help="Let things go wrong; the same seed, the same faults.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the pages of the preview, as all would stand then.",
)
@click.option("--all", "everything", is_flag=True, help="List what simply went out, too.")
@FORMAT
@click.pass_obj
def command(directory: Path, until: str, faults: int | None, out: Path | None, everything: bool, form: str) -> int:
    """The coming schedule in fast-forward against the sandbox's networks: what would be out when, and what would fail and why.

    Nothing leaves this machine, and the real log is not touched."""
    from presstime.rehearsal import rehearsal

    begin = datetime.now(UTC).replace(microsecond=0)
    told = [begin]

    def tell(at: datetime) -> None:
        if form == "text" and at - told[0] >= timedelta(days=7):
            told[0] = at
            say(f"... {at:%Y-%m-%d}")

    with rehearsal(directory, begin, begin, faults, tell) as found:
        zone = found.stage.settings.timezone
        found.end = _end(until, begin, zone)
        found.run()
        if out is not None:
            write_pages(found, out)
        if form == "json":
            say_json(_as_json(found))
        else:
            _show(found, zone, everything)
        return 1 if any(step.status != "published" for step in found.last()) else 0


def _end(text: str, begin: datetime, zone: str) -> datetime:
    try:
        return begin + parse_duration(text)
    except ValueError:
        pass
    try:
        found = parse_instant(text)
        return found if found.tzinfo else resolve_local(found, zone)
    except ValueError as error:
        raise UsageError(
            f"--until: {text!r} is neither a length of time nor an instant: {error}", "Write 30d or 2026-12-24T18:00."
        ) from error


def write_pages(found: "Rehearsal", out: Path) -> None:
    """The preview as all would stand at the end, with what each delivery met.

    Raises `UsageError` for a folder that holds something else."""
    from presstime.language import Language
    from presstime.web.board import board
    from presstime.web.site import write

    now = found.stage.clock.at
    pages = board(found.stage.sync, now, now - found.begin + timedelta(days=1))
    late = {step.delivery: _minutes(step) for step in found.last()}
    pages.note_rehearsal({delivery: (found.met(delivery), minutes) for delivery, minutes in late.items()})
    write(pages, out, Language(found.stage.settings.language or "en"))


def _minutes(step: "Step") -> int:
    return int(step.late.total_seconds() // 60)


def _as_json(found: "Rehearsal") -> JsonObject:
    return {
        "begin": to_iso(found.begin),
        "end": to_iso(found.end),
        "commit": found.stage.newsroom.commit,
        "deliveries": [
            {
                "delivery": str(step.delivery),
                "due": step.due and to_iso(step.due),
                "at": to_iso(step.at),
                "state": step.status,
                "reason": step.reason,
                "attempts": step.attempts,
                "fault": step.fault or None,
            }
            for step in found.last()
        ],
        "untried": found.untried,
    }


def _show(found: "Rehearsal", zone: str, everything: bool) -> None:
    last = found.last()
    rows = [
        _row(found, step, zone)
        for step in last
        if everything or step.status != "published" or step.late > timedelta(minutes=1)
    ]
    if rows:
        click.echo(table(rows, ("at", "delivery", "state", "what happened")))
    for name, title in found.untried.items():
        show(f"not rehearsed: {name}: the sandbox has no {title}")
    sums = ", ".join(f"{number} {status}" for status, number in Counter(step.status for step in last).most_common())
    late = sum(step.late > timedelta(minutes=1) for step in last)
    show(
        f"{count(len(last), 'delivery')} until {format_local(found.end, zone)}: {sums or 'nothing is due'}{f'; {late} late' if late else ''}."
    )
    if found.stage.server.state.violations:
        show(
            f"{len(found.stage.server.state.violations)} requests broke a network's contract: {found.stage.server.state.violations[0]}"
        )


def _row(found: "Rehearsal", step: "Step", zone: str) -> tuple[str, str, str, str]:
    met = found.met(step.delivery)
    late = f"{_minutes(step)} min late" if step.late > timedelta(minutes=1) else ""
    parts = (f"met: {', '.join(met)}" if met else "", late, step.reason)
    words = "; ".join(spoken(part) for part in parts if part)
    return when(step.at, zone).partition(" (")[0], str(step.delivery), spoken(str(step.status)), words
