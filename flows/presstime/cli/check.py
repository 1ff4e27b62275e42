"""`presstime check`: every problem in the posts and the settings, before anything is sent."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

import click

from presstime.cli.formats import FORMATS, Report
from presstime.cli.output import say
from presstime.cli.voice import spoken
from presstime.content.newsroom import Newsroom, read_newsroom
from presstime.content.posts import folder_of, is_post
from presstime.content.source import Source
from presstime.content.worktree import WorkTree
from presstime.errors import ContentError, SettingsError, UsageError
from presstime.model import Problem, has_errors
from presstime.settings import FILE, Settings, parse_settings
from presstime.wire import access_problems, network_problems, read_source, render_problems


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--fix", is_flag=True, help="Write an id into each post that has none.")
@click.option("--worktree", is_flag=True, help="Check the files as they lie in the folder (the default).")
@click.option("--commit", metavar="REV", help="Check this commit instead of the working tree.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", help="How problems are told.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], fix: bool, worktree: bool, commit: str | None, form: str, strict: bool
) -> None:
    """Find every problem in the posts, before anything is sent.

    PATHs are posts or folders of posts, seen from here or from the content root; ids are compared only among what is
    checked. Ends with 0 if all is well, 1 if there are errors, 2 if the settings or the call are wrong."""
    if commit is not None and (worktree or fix):
        raise UsageError("--commit excludes --worktree and --fix", "What is committed is not changed: leave one out.")
    directory: Path = ctx.obj
    source = read_source(directory, commit)
    shown = "" if directory == Path(".") else f"{directory.as_posix().rstrip('/')}/"
    try:
        posts, problems = _check(source, directory, paths, fix)
        code = 1 if has_errors(problems) or (strict and problems) else 0
    except SettingsError as error:
        if not error.problems:
            raise
        posts, problems, code = 0, list(error.problems), 2
    report = Report(posts, sorted(problems, key=_by_place), code == 0, shown, _path_in_repository(directory), spoken)
    click.echo(FORMATS[form](report))
    ctx.exit(code)


def _check(source: Source, directory: Path, paths: tuple[str, ...], fix: bool) -> tuple[int, list[Problem]]:
    """How many posts were checked, and what is wrong. Raises `SettingsError` for an unusable presstime.toml."""
    settings = parse_settings(source.read(FILE), FILE)
    only = _posts_of(paths, directory, source, settings) if paths else None
    if fix and isinstance(source, WorkTree):
        from presstime.content.fix import fix_ids

        for path, identity in fix_ids(source, settings, only):
            say(f"{path}: id {identity}")
    try:
        newsroom = read_newsroom(source, only, settings)
    except ContentError as error:
        return 0, list(error.problems)
    loaded = newsroom.loaded
    found = [*network_problems(settings), *loaded.problems, *render_problems(newsroom)]
    return loaded.seen, [*found, *access_problems(newsroom, directory, os.environ), *_links(newsroom)]


def _links(newsroom: Newsroom) -> list[Problem]:
    """What is wrong with the links, where the newsroom asks for it; what could not be looked at is told on the side."""
    if not newsroom.settings.policy.check_links:
        return []
    from presstime.clock import now
    from presstime.linkcheck import link_problems

    problems, note = link_problems(newsroom, now())
    if note:
        say(note)
    return problems


def _by_place(problem: Problem) -> tuple[str, int, int, str]:
    return problem.path, problem.line, problem.column, problem.code


def _posts_of(paths: tuple[str, ...], directory: Path, source: Source, settings: Settings) -> Collection[str]:
    """The posts that the PATHs of the call mean. Raises `UsageError` for one that means none."""
    found: set[str] = set()
    for path in paths:
        files = next((f for c in _candidates(path, directory) if (f := _files(c, source))), None)
        if files is None:
            raise UsageError(
                f"there is no file or folder {path}", "Paths are seen from here, or from the content root."
            )
        posts = {f for f in files if folder_of(f, settings) is not None and is_post(f)}
        if not posts:
            folders = ", ".join(f or "." for f in settings.content.posts)
            raise UsageError(f"{path} is no post and holds none", f"Posts are Markdown files in: {folders}.")
        found |= posts
    return found


def _candidates(path: str, directory: Path) -> Iterator[str]:
    """The path as one of the content root: seen from here, then seen from the root."""
    root = os.path.realpath(directory)
    for base in (os.getcwd(), root):
        parent, name = os.path.split(os.path.normpath(os.path.join(base, path)))
        place = os.path.relpath(os.path.join(os.path.realpath(parent), name), root)
        yield "" if place == "." else Path(place).as_posix()


def _files(path: str, source: Source) -> list[str] | None:
    """The file of that path, or the files below it; None if there are none."""
    return [path] if source.find(path) else list(source.names(path)) or None


def _path_in_repository(directory: Path) -> str:
    """The content root's path in its Git repository, as code hosts write paths."""
    root = directory.resolve()
    top = next((p for p in (root, *root.parents) if (p / ".git").exists()), root)
    inner = root.relative_to(top).as_posix()
    return "" if inner == "." else f"{inner}/"
