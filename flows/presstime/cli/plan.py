"""`presstime plan`: what would happen to every delivery, and why. Changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import FORMAT, count, problem_lines, say, say_json, show, table, when
from presstime.cli.voice import spoken
from presstime.clock import format_local, parse_instant, resolve_local
from presstime.errors import UsageError
from presstime.model import Action, DeliveryState, Status, has_errors, to_iso

if TYPE_CHECKING:
    from presstime.publish.cost import Cost
    from presstime.wire import Desk

GROUPED_FROM = 12  # deliveries of one kind that a person would rather see counted than listed
GROUPED = {
    "missed": "whose time is past",
    "skip": "that are not to go out",
    "note": "that stay as they are, though Git says otherwise",
}
DROPPED = "that were planned once, and that Git does not want any more"


@click.command()
@click.option("--at", help="As if it were this time (ISO 8601; local times are the newsroom's).")
@click.option("--until", help="Leave out what is due later than this.")
@click.option("--all", "everything", is_flag=True, help="List every missed and every noted delivery, too.")
@FORMAT
@click.pass_obj
def command(directory: Path, at: str | None, until: str | None, everything: bool, form: str) -> int:
    """What would happen to every delivery, and why. Changes nothing."""
    from presstime.publish.cost import costs_of
    from presstime.wire import open_desk

    with open_desk(directory) as desk:
        now = _instant(at, desk) or datetime.now(UTC)
        last = _instant(until, desk)
        desk.ledger.catch_up()
        actions = [a for a in desk.sync.actions(now) if last is None or a.due is None or a.due <= last]
        acting = {action.delivery for action in actions}
        dropped = [s for s in desk.ledger.cache.standing(Status.DROPPED) if s.delivery not in acting]
        desk.warnings += desk.endings(actions, now)
        costs = costs_of(actions, desk.words, desk.ledger)
        if form == "json":
            say_json(_as_json(desk, now, actions, dropped, costs))
        else:
            _show(desk, now, actions, costs, everything)
            _show_dropped(dropped, everything)
        needs_person = has_errors(desk.problems) or any(a.action == "hold" and not a.paused for a in actions)
        return 1 if needs_person else 0


def _instant(text: str | None, desk: "Desk") -> datetime | None:
    if text is None:
        return None
    try:
        found = parse_instant(text)
        return found if found.tzinfo else resolve_local(found, desk.settings.timezone)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time: {error}", "Write it like 2026-03-24T09:00.") from error


def _short(due: datetime | None, zone: str) -> str:
    """The instant without the zone's name, which the first line gives."""
    return when(due, zone).partition(" (")[0]


def _as_json(
    desk: "Desk", now: datetime, actions: list[Action], dropped: list[DeliveryState], costs: "list[Cost]"
) -> dict[str, object]:
    from presstime.publish.cost import totals

    return {
        "at": to_iso(now),
        "commit": desk.newsroom.commit,
        "actions": [a.to_json() for a in actions],
        "costs": {"total": totals(costs), "deliveries": [cost.to_json() for cost in costs]},
        "dropped": [{"delivery": str(s.delivery), "reason": s.reason} for s in dropped],
        "skipped": [{"path": s.path, "reason": s.reason} for s in desk.newsroom.loaded.skipped],
        "problems": [p.to_json() for p in desk.problems],
        "warnings": desk.warnings,
    }


def _of(actions: list[Action], kind: str) -> list[Action]:
    return [a for a in actions if a.action == kind]


def _show(desk: "Desk", now: datetime, actions: list[Action], costs: "list[Cost]", everything: bool) -> None:
    for warning in desk.warnings:
        say(f"warning: {warning}")
    if desk.problems:
        say(problem_lines(desk.problems))
    zone = desk.settings.timezone
    many = {} if everything else {kind: found for kind in GROUPED if len(found := _of(actions, kind)) >= GROUPED_FROM}
    shown = [a for a in actions if a.action not in many]
    show(f"At {format_local(now, zone)}, commit {(desk.newsroom.commit or '')[:12]}, log {desk.store.name}")
    rows = [(spoken(a.action), str(a.delivery), _short(a.due, zone), spoken(a.reason)) for a in shown]
    if rows:
        click.echo(table(rows, ("action", "delivery", "due", "why")))
    for kind, found in many.items():
        show(f"{kind}: {count(len(found), 'delivery')} {GROUPED[kind]} (--all lists them), such as")
        show(f"  {found[-1].delivery}: {found[-1].reason}")
    for line in _priced(costs):
        show(line)
    for skipped in desk.newsroom.loaded.skipped:
        show(f"not planned: {skipped.path}: {skipped.reason}")
    if not actions:
        show("Nothing to do: everything Git wants is out.")


def _priced(costs: "list[Cost]") -> Iterator[str]:
    """A line for each network that charges, and currency: what is to come there."""
    from presstime.publish.cost import money

    by_network: dict[tuple[str, str], list[Cost]] = {}
    for cost in costs:
        by_network.setdefault((cost.network, cost.currency), []).append(cost)
    for (network, currency), found in sorted(by_network.items()):
        messages, linked = sum(c.messages for c in found), sum(c.with_link for c in found)
        what = f"{count(messages, 'message')}, {linked} with a link" if linked else count(messages, "message")
        yield f"cost: {network} charges {money(sum((c.amount for c in found), Decimal(0)))} {currency} for what is to come ({what})"


def _show_dropped(dropped: list[DeliveryState], everything: bool) -> None:
    """What the log knows as planned and Git took back, before it went out."""
    if len(dropped) >= GROUPED_FROM and not everything:
        show(f"dropped: {count(len(dropped), 'delivery')} {DROPPED} (--all lists them), such as")
        dropped = dropped[-1:]
    for state in dropped:
        show(f"dropped: {state.delivery}: {state.reason}")
