"""`presstime preview`: every coming post as each network will show it, as pages to look at."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from presstime.cli.output import count, say_problems, show
from presstime.clock import parse_duration
from presstime.errors import UsageError
from presstime.model import has_errors


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write (.presstime/preview)."
)
@click.option("--offline", is_flag=True, help="Without the log: only what is coming, as the posts say it.")
@click.option(
    "--worktree", is_flag=True, help="The files as they lie in the folder, committed or not; without the log."
)
@click.option("--commit", metavar="REV", help="This commit instead of the publishing branch; without the log.")
@click.option("--since", default="30d", show_default=True, help="How far back to show what went out.")
@click.option("--language", help="en or fr; otherwise the newsroom's own.")
@click.pass_obj
def command(
    directory: Path,
    out: Path | None,
    offline: bool,
    worktree: bool,
    commit: str | None,
    since: str,
    language: str | None,
) -> int:
    """Every coming post as each network will show it, a calendar, and what went out: as pages to open in a browser."""
    from presstime.content.newsroom import read_newsroom
    from presstime.language import LANGUAGES, Language
    from presstime.web.board import board
    from presstime.web.site import write
    from presstime.wire import open_desk, read_source, unlogged

    if worktree and commit:
        raise UsageError("--worktree and --commit exclude each other", "Leave one of them out.")
    if language and language not in LANGUAGES:
        raise UsageError(f"there is no language {language!r}", f"Known: {', '.join(LANGUAGES)}.")
    past = _span(since)
    known = not (offline or worktree or commit)
    with open_desk(directory) as desk:
        if known:
            sync = desk.sync
            desk.ledger.catch_up()
        else:
            sync = unlogged(desk.newsroom if offline else read_newsroom(read_source(desk.root, commit)))
        found = board(sync, datetime.now(UTC), past, known)
        folder = out or desk.state_folder(".presstime/preview")
        spoken = language or sync.newsroom.settings.language or "en"
        write(found, folder, Language(spoken))
        problems = sync.newsroom.loaded.problems
    coming, trouble = found.coming(), [card for _, card in found.cards() if card.trouble]
    show(f"{count(len(coming), 'delivery')} coming, {count(len(found.stories), 'post')}: {folder / 'index.html'}")
    for card in trouble:
        show(f"{card.delivery}: {card.trouble}")
    say_problems(problems)
    return 1 if trouble or has_errors(problems) else 0


def _span(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--since: {error}", "Write it like 30d or 12h.") from error
