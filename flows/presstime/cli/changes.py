"""`presstime changes`: what a merge request changes, for those who read it. Changes nothing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import say, say_json, show
from presstime.content.newsroom import Newsroom, read_newsroom
from presstime.content.source import Source
from presstime.errors import ContentError, GitError, SettingsError, UsageError
from presstime.model import Problem
from presstime.settings import FILE
from presstime.wire import Desk, against, made_up_log, network_problems, open_desk, render_problems

if TYPE_CHECKING:
    from presstime.web.changes import Changes


@click.command()
@click.option("--base", metavar="REV", required=True, help="What it is to be merged into, e.g. origin/main.")
@click.option("--head", metavar="REV", default="HEAD", show_default=True, help="The last commit of the change.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="For a terminal, as a comment for a code host, or one JSON document.",
)
@click.option("--offline", is_flag=True, help="Without the log: what is past is taken to have gone out.")
@click.option("--preview", metavar="URL", default="", help="Where the preview of it can be seen: linked to.")
@click.option("--at", help="As if it were this time (ISO 8601 with an offset).")
@click.option("--language", help="en or fr; otherwise the newsroom's own.")
@click.pass_obj
def command(
    directory: Path, base: str, head: str, form: str, offline: bool, preview: str, at: str | None, language: str | None
) -> int:
    """What a change adds, moves, edits and removes, per channel, and what becomes of what is out.

    What is on the base since the change left it is not of its doing, and left out. Ends with 0 whatever is found: `check` says
    whether all is well."""
    from presstime.language import LANGUAGES, Language
    from presstime.web.changes import lines
    from presstime.web.comment import comment

    if language and language not in LANGUAGES:
        raise UsageError(f"there is no language {language!r}", f"Known: {', '.join(LANGUAGES)}.")
    now = _instant(at)
    with open_desk(directory, on_disk=True) as desk:
        found, spoken = _compare(desk, base, head, now, offline)
    if form == "json":
        say_json(found.to_json())
    elif form == "markdown":
        click.echo(comment(found, Language(language or spoken), preview))
    else:
        for note in found.notes:
            say(note)
        show("\n".join(lines(found)))
    return 0


def _compare(desk: Desk, base: str, head: str, now: datetime, offline: bool) -> "tuple[Changes, str]":
    """What the change does, and the language of its newsroom."""
    from presstime.web.changes import Changes, compare, news, suppose

    repository = desk.repository
    head = repository.resolve(head)
    base = repository.fork(base, head)
    old, old_problems = _read(desk, base)
    new, new_problems = _read(desk, head)
    known = next((room.settings for room in (new, old) if room), None)
    found = Changes(known.name if known else "", known.timezone if known else "UTC", base, head, now, known=not offline)
    found.problems, found.others = news(old_problems, new_problems)
    if new is None:
        found.notes.append("The settings or templates of this change cannot be read: nothing of it can be shown.")
        return found, known.language if known and known.language else "en"
    if old is None:
        found.notes.append("There is no newsroom in the commit before that can be read: all is shown as added.")
    clock = [now]
    if offline:
        ledger = made_up_log(lambda: clock[0])
        if old is not None:
            first = made_up_log(lambda: now)
            suppose(against(old, first), against(new, first), ledger, lambda at: clock.__setitem__(0, at), now)
            clock[0] = now
    else:
        ledger = desk.ledger
        ledger.catch_up()
    found.found = compare(against(old, ledger) if old else None, against(new, ledger), now, offline)
    return found, new.settings.language or "en"


def _read(desk: Desk, commit: str) -> tuple[Newsroom | None, list[Problem]]:
    """A commit's newsroom with all that is wrong with it; None where there is none that can be used."""
    try:
        source: Source = desk.repository.at(commit)
        newsroom = read_newsroom(source)
    except ContentError as error:
        return None, list(error.problems)
    except SettingsError as error:
        return None, list(error.problems) or [_whole(error.message, error.advice)]
    except GitError as error:
        return None, [_whole(error.message, error.advice)]
    problems = [*network_problems(newsroom.settings), *newsroom.loaded.problems, *render_problems(newsroom)]
    return newsroom, problems


def _whole(message: str, advice: str) -> Problem:
    return Problem(FILE, 1, 1, "error", "settings", message, advice)


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time: {error}", "Write it like 2026-03-24T09:00+01:00.") from error
    if found.tzinfo is None:
        raise UsageError(f"{text!r} has no offset", "Write it like 2026-03-24T09:00+01:00.")
    return found.astimezone(UTC)
