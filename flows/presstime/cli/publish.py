"""`presstime publish`: one pass now. Sync, then everything that is due, as Prefect flow runs."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import FORMAT, SANDBOXED, count, problem_lines, say, say_json, show, table
from presstime.cli.voice import spoken
from presstime.clock import format_local
from presstime.errors import SettingsError
from presstime.model import DeliveryState, Status, has_errors

if TYPE_CHECKING:
    from presstime.wire import Desk

ORDER = [
    Status.PUBLISHED,
    Status.RETRACTED,
    Status.HANDED,
    Status.UNKNOWN,
    Status.REFUSED,
    Status.DEFERRED,
    Status.HELD,
    Status.SENDING,
    Status.CLAIMED,
    Status.PLANNED,
    Status.MISSED,
    Status.SKIPPED,
    Status.DROPPED,
]
MISSED_SHOWN = 5
PATIENCE_SECONDS = 150  # for deliveries that another worker has claimed: a little more than a claim lasts


@click.command()
@SANDBOXED
@FORMAT
@click.pass_obj
def command(directory: Path, sandbox: str | None, form: str) -> int:
    """One pass now: sync, then everything that is due, as Prefect flow runs."""
    from presstime.wire import SANDBOX, open_desk

    environ = dict(os.environ)
    if sandbox:
        environ[SANDBOX] = sandbox
    with open_desk(directory, environ) as desk:
        return run_pass(desk, form)


def run_pass(desk: "Desk", form: str, show_all: bool = False) -> int:
    """One pass of an open desk, told to whoever looks: what it changed, or all there is. Returns the exit code."""
    for warning in desk.warnings_now():
        say(f"warning: {warning}")
    if desk.problems and form == "text":
        say(problem_lines(desk.problems))
    before = desk.ledger.catch_up()
    with ExitStack() as stack:
        enter_prefect(desk, stack)
        from presstime.orchestration import one_pass

        one_pass(desk, say)
        _wait_for_others(desk)
    changed = desk.ledger.cache.changed_since(before)
    if form == "json":
        say_json(_as_json(desk, _all_wanted(desk, changed)))
    else:
        _show(desk, _all_wanted(desk, changed) if show_all else changed)
        summary = _summary(desk.ledger.cache.counts())
        show(f"{count(len(changed), 'delivery')} changed in this pass. In all: {summary}.")
        for state in changed:
            if state.status is Status.HANDED and state.reminded:
                say(f"warning: {state.delivery} still waits for a person to post it")
        if waiting := desk.waiting():
            show(
                f"Waiting for a person: {count(len(waiting), 'delivery')}. `presstime done` shows what to post, and where."
            )
    stuck = [s for s in desk.ledger.cache.open() if s.needs_look and desk.sync.wants(s.delivery)]
    return _exit_code(desk, stuck, changed)


def _all_wanted(desk: "Desk", changed: list[DeliveryState]) -> list[DeliveryState]:
    """Every delivery that the log knows and Git wants, and those that were changed in this pass."""
    touched = {state.delivery for state in changed}
    return [s for s in desk.ledger.states().values() if s.delivery in touched or desk.sync.wants(s.delivery)]


def enter_prefect(desk: "Desk", stack: ExitStack) -> str:
    """A Prefect server to run in: the one PREFECT_API_URL names, or one of our own. Returns the URL of its UI.

    Raises `SettingsError` where nobody answers at that address."""
    from presstime.embedded.prefect import api_url, client_env, reachable

    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")  # the table at the end tells it better
    configured = os.environ.get("PREFECT_API_URL")
    if configured and not reachable(configured):
        raise SettingsError(
            f"no Prefect server answers at {configured}, which PREFECT_API_URL names",
            "Start it, correct the variable, or unset it: then a server is started here.",
        )
    if configured:
        return configured.removesuffix("/api")
    service = desk.prefect_service()
    if not service.note.exists():
        say("Starting a Prefect server (the first time takes some 15 s) ...")
    stack.enter_context(service)
    os.environ.update(client_env(service.running_port, service.folder))
    stack.callback(os.environ.pop, "PREFECT_API_URL")
    stack.callback(_drain)
    return api_url(service.running_port).removesuffix("/api")


def _drain() -> None:
    if "presstime.orchestration" in sys.modules:
        from presstime.orchestration import drain

        drain()


def _wait_for_others(desk: "Desk") -> None:
    """Deliveries that another worker is at: wait for it, and take over where it has ended without finishing."""
    from presstime.orchestration import one_pass

    end, told = time.monotonic() + PATIENCE_SECONDS, False
    while busy := desk.busy():
        if time.monotonic() > end:
            return
        if not told:
            say(f"Waiting for another worker that is at {count(len(busy), 'delivery')} ...")
            told = True
        time.sleep(1)
        desk.ledger.catch_up()
        if not desk.busy():
            one_pass(desk, say)


def _as_json(desk: "Desk", states: list[DeliveryState]) -> dict[str, object]:
    return {
        "commit": desk.newsroom.commit,
        "deliveries": [
            {
                "delivery": str(s.delivery),
                "state": s.status.value,
                "url": s.url,
                "attempts": s.attempts,
                "reason": s.reason or None,
            }
            for s in states
        ],
        "problems": [p.to_json() for p in desk.problems],
    }


def _show(desk: "Desk", states: list[DeliveryState]) -> None:
    shown = sorted(states, key=lambda s: (ORDER.index(s.status), s.due or desk.timing.now(), s.delivery))
    missed = [s for s in shown if s.status is Status.MISSED][MISSED_SHOWN:]
    rows = [(str(s.delivery), spoken(s.status.value), spoken(_where(desk, s))) for s in shown if s not in missed]
    if rows:
        click.echo(table(rows, ("delivery", "state", "where, when or why")))
    if missed:
        show(f"... and {count(len(missed), 'delivery')} more that were missed: `presstime plan --all` lists them")


def _summary(counts: Mapping[Status, int]) -> str:
    """How many deliveries of the log stand where."""
    return ", ".join(f"{counts[status]} {status.value}" for status in ORDER if status in counts) or "nothing to publish"


def _where(desk: "Desk", state: DeliveryState) -> str:
    if state.status is Status.PLANNED and state.due:
        return f"due {format_local(state.due, desk.settings.timezone)}"
    if state.status is Status.HANDED and state.handed:
        return f"waiting for a person since {format_local(state.handed, desk.settings.timezone)}: `presstime done`"
    if state.status in (Status.PUBLISHED, Status.RETRACTED) and state.reason:
        return f"{state.url}: {state.reason}" if state.url else state.reason
    return state.url or state.reason


def _exit_code(desk: "Desk", stuck: list[DeliveryState], changed: list[DeliveryState]) -> int:
    """1 if a person should look: problems in the content, something stuck, or something missed in this very pass."""
    newly_missed = any(s.status is Status.MISSED for s in changed)
    return 1 if stuck or any(s.needs_look for s in changed) or newly_missed or has_errors(desk.problems) else 0
