"""`presstime status`: what needs a person, what comes next, and whether anybody is at work."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import FORMAT, count, say, say_json, say_problems, show, table, when
from presstime.cli.voice import spoken
from presstime.model import Action, DeliveryState, JsonObject, Status, has_errors, to_iso

if TYPE_CHECKING:
    from presstime.wire import Desk

COMING = 5
ADVICE = {
    Status.UNKNOWN: "look at the channel, then `presstime settle`",
    Status.REFUSED: "change the post and commit it",
    Status.DEFERRED: "tried again by itself, each time after a longer wait; see the reason",
    Status.HELD: "see the reason",
    Status.PUBLISHED: "what is out is not what Git says: see the reason",
}


@click.command()
@FORMAT
@click.pass_obj
def command(directory: Path, form: str) -> int:
    """What is paused, what was changed on the networks, what needs a person, what is to be posted by hand, what comes next, and when the last pass was. Exit 1 if somebody is
    needed; what is to be posted by hand, and still may be, is no failure."""
    from presstime.wire import last_pass, open_desk

    with open_desk(directory) as desk:
        desk.ledger.catch_up()
        actions = desk.sync.actions(told=False)
        needed = [s for s in desk.ledger.cache.open() if s.needs_look]
        drifted = [s for s in desk.ledger.cache.drifted() if s.drift and s.drift.open]
        waiting = desk.waiting()
        theirs = {state.delivery for state in waiting}
        due = [a for a in actions if a.action in ("publish", "wait") and a.due and a.delivery not in theirs]
        coming, passed = due[:COMING], last_pass(desk.root)
        endings = desk.endings(actions, desk.timing.now())
        desk.warnings += endings
        for warning in endings if form == "text" else ():
            say(f"warning: {warning}")
        if form == "json":
            say_json({**_as_json(desk, needed, waiting, coming, passed), "drifted": [_drift_json(s) for s in drifted]})
        else:
            _show_paused(desk, actions)
            _show_drifted(drifted)
            _show(desk, needed, waiting, coming, passed)
        return 1 if needed or drifted or has_errors(desk.problems) else 0


def _show_paused(desk: "Desk", actions: list[Action]) -> None:
    zone, now = desk.settings.timezone, desk.timing.now()
    pauses = [pause for pause in desk.ledger.cache.pauses() if pause.holds(now)]
    if not pauses:
        return
    rows = [
        (
            spoken(str(p.scope)),
            p.by,
            when(p.since, zone),
            when(p.until, zone) or spoken("resumed"),
            p.rule,
            p.reason,
        )
        for p in pauses
    ]
    click.echo(table(rows, ("paused", "by", "since", "until", "then", "why")))
    held = [a for a in actions if a.paused]
    show(f"Held back by this: {count(len(held), 'delivery')}. `presstime resume` lets go of it.\n")


def _show_drifted(drifted: list[DeliveryState]) -> None:
    from presstime.plan.drift import told

    if drifted:
        rows = [(str(s.delivery), spoken(told(s.drift, len(s.receipts)))) for s in drifted if s.drift]
        click.echo(table(rows, ("drifted", "what")))
        show("`presstime drift` shows the words, and accepts or undoes it.\n")


def _drift_json(state: DeliveryState) -> JsonObject:
    from presstime.plan.drift import told

    drift = state.drift
    what = told(drift, len(state.receipts)) if drift else ""
    return {"delivery": str(state.delivery), "since": drift and to_iso(drift.at), "what": what, "url": state.url}


def _show(
    desk: "Desk", needed: list[DeliveryState], waiting: list[DeliveryState], coming: list[Action], passed: float
) -> None:
    zone = desk.settings.timezone
    if needed:
        rows = [
            (
                str(s.delivery),
                spoken(s.status.value),
                f"{spoken(s.reason)} ({spoken(ADVICE.get(s.status, 'see the reason'))})",
            )
            for s in needed
        ]
        click.echo(table(rows, ("needs a person", "state", "why, and what to do")))
    else:
        show("No delivery needs a person.")
    say_problems(desk.problems)
    if waiting:
        click.echo("")
        times = [tuple(when(at, zone) for at in (s.handed, s.until)) for s in waiting]
        theirs = [(str(s.delivery), *span) for s, span in zip(waiting, times, strict=True)]
        click.echo(table(theirs, ("to be posted by hand", "waits since", "of use until")))
        show("`presstime done` shows words, pictures and where to post them.")
    click.echo("")
    if coming:
        click.echo(table([(when(a.due, zone), str(a.delivery)) for a in coming if a.due], ("next", "delivery")))
    show(f"Last pass: {_ago(passed)}. Log: {desk.store.name}, {count(desk.ledger.cache.head().n, 'entry')}.")


def _ago(passed: float) -> str:
    if not passed:
        return "never on this machine"
    minutes = int(time.time() - passed) // 60
    return f"{minutes} min ago" if minutes else "less than a minute ago"


def _as_json(
    desk: "Desk", needed: list[DeliveryState], waiting: list[DeliveryState], coming: list[Action], passed: float
) -> JsonObject:
    return {
        "at": to_iso(datetime.now(UTC)),
        "commit": desk.newsroom.commit,
        "needs_person": [{"delivery": str(s.delivery), "state": s.status.value, "reason": s.reason} for s in needed],
        "waiting": [
            {
                "delivery": str(s.delivery),
                "since": s.handed and to_iso(s.handed),
                "until": s.until and to_iso(s.until),
                "reminded": s.reminded,
            }
            for s in waiting
        ],
        "paused": [
            {"what": str(p.scope), **p.to_json()} for p in desk.ledger.cache.pauses() if p.holds(desk.timing.now())
        ],
        "next": [a.to_json() for a in coming],
        "last_pass": to_iso(datetime.fromtimestamp(passed, UTC)) if passed else None,
        "log": {"name": desk.store.name, "entries": desk.ledger.cache.head().n},
        "problems": [p.to_json() for p in desk.problems],
        "warnings": desk.warnings,
    }
