"""`presstime new`: a post from a title, written as its neighbours are."""

import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from presstime.cli.output import FORMAT, say, say_json
from presstime.clock import NonExistentLocalTime, now, parse_instant, resolve_local
from presstime.content.identity import as_id, fits
from presstime.content.posts import Loaded, load_posts
from presstime.content.source import parts_of
from presstime.content.worktree import WorkTree
from presstime.errors import UsageError
from presstime.problems import suggest
from presstime.scaffold.dialect import Dialect, dialect_of
from presstime.scaffold.post import Wish, identity_of, path_of, text_of
from presstime.scaffold.site import Site, recognise
from presstime.settings import FILE, Settings, parse_settings

NOW = "now"
ON_TIME = timedelta(minutes=2)  # what was asked for as now is not called past


@click.command()
@click.argument("title", nargs=-1, required=True)
@click.option(
    "--at", metavar="TIME", help="When it goes out: now, or 2026-03-24T09:00 (local time, or with an offset)."
)
@click.option("--slot", metavar="NAME", help="It takes the next free one of these weekly slots.")
@click.option("--channels", multiple=True, metavar="NAMES", help="Channels and groups; else the newsroom's default.")
@click.option("--draft", is_flag=True, help="It does not go out before you say so.")
@click.option("--language", help="The text's language, if it is another than the newsroom's.")
@click.option("--folder", help="The folder of posts, where there are several.")
@click.option("--id", "identity", help="Who the post is, instead of its title's words.")
@click.option("--edit", is_flag=True, help="Open it in $EDITOR.")
@FORMAT
@click.pass_obj
def command(
    directory: Path,
    title: tuple[str, ...],
    at: str | None,
    slot: str | None,
    channels: tuple[str, ...],
    draft: bool,
    language: str | None,
    folder: str | None,
    identity: str | None,
    edit: bool,
    form: str,
) -> int:
    """Write a post with this TITLE: its id, its time or slot, its channels, in a file and in words as the posts there have them.

    Without --at and --slot it takes the next slot, where the newsroom has slots; else it is a draft."""
    from presstime.wire import read_source

    read_source(directory, None)  # says what to do where there is no newsroom
    tree = WorkTree(directory)
    settings = parse_settings(tree.read(FILE), FILE)
    if at and slot:
        raise UsageError("--at and --slot exclude each other", "Leave one of them out.")
    if slot and slot not in settings.slots:
        raise UsageError(f"there are no slots {slot!r} in {FILE}", suggest(slot, settings.slots, "sets of slots"))
    desk = _Desk(directory, settings, recognise(directory), load_posts(tree, settings))
    named = _channels(channels, settings)
    wish = Wish(
        title=" ".join(" ".join(title).split()),
        now=now().astimezone(ZoneInfo(settings.timezone)),
        due=_instant(at, settings) if at else None,
        slot=bool(slot) or (not at and _finds_slot(settings, named)),
        slots=slot,
        channels=named,
        draft=draft,
        language=language if language != settings.language else None,
        identity=identity,
    )
    wish = replace(wish, draft=wish.draft or not (wish.due or wish.slot))
    return _write(desk, wish, folder, at, edit, form)


@dataclass(frozen=True)
class _Desk:
    """What is known of the newsroom."""

    root: Path
    settings: Settings
    site: Site | None
    loaded: Loaded


def _write(desk: _Desk, wish: Wish, folder: str | None, at: str | None, edit: bool, form: str) -> int:
    _check(desk, wish)
    dialect = dialect_of(desk.root, desk.settings.content.posts, desk.site.generator if desk.site else None)
    if at and at != NOW and parse_instant(at).tzinfo is not None:
        dialect = replace(dialect, local=False)  # an instant was meant, not what clocks show somewhere
    suffix = wish.language if wish.language and desk.site and desk.site.by_suffix else None
    path = path_of(wish, dialect, _folder(desk, folder, wish.language), suffix)
    place = desk.root / path
    if place.exists():
        raise UsageError(f"{place} is there already; nothing was written", "Choose another title, or an --id.")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(text_of(wish, dialect))
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}", "Choose a folder that can be written.") from error
    if edit:
        click.edit(filename=str(place))
    _tell(desk, wish, dialect, path, form)
    return 0


def _tell(desk: _Desk, wish: Wish, dialect: Dialect, path: str, form: str) -> None:
    shown = os.path.normpath(desk.root / path)
    here = f"-C {desk.root} " if desk.root != Path() else ""
    following = f"presstime {here}check {shown}"
    if form == "json":
        due = "next-slot" if wish.slot else wish.due.isoformat(timespec="seconds") if wish.due else None
        document = {"path": path, "id": identity_of(wish), "publish_at": due, "channels": list(wish.channels)}
        say_json({**document, "draft": wish.draft, "next": following})
        return
    click.echo(shown)
    if wish.due and wish.now - wish.due > ON_TIME:
        say("note: that time is past; whether it still goes out is up to `late`.")
    if wish.draft:
        say(
            f"It is a draft: when it may go out, give it its time (`{dialect.date}`) and take the line with `{dialect.draft}` away."
        )
    say(f"Next: write it, then\n  {following}\n  git add {shown} && git commit -m 'A post'")


# --- what was asked for -----------------------------------------------------------------------------------------------


def _check(desk: _Desk, wish: Wish) -> None:
    """Raises `UsageError` for a title or an id that cannot be, or is another's."""
    identity = identity_of(wish)
    if not wish.title or not all(c.isprintable() for c in wish.title):
        raise UsageError(
            "the title is empty, or is no text on one line", "presstime new 'The islands, by the early boat'"
        )
    if not identity:
        raise UsageError(f"{wish.title!r} has no letters to make an id of", "Say one: --id spring-2026")
    if not fits(identity):
        advice = f"Use letters, digits, '.', '_' and '-': {as_id(identity) or 'spring-2026'}"
        raise UsageError(f"{identity!r} cannot be an id", advice)
    if desk.loaded.knows(identity):
        other = desk.loaded.of_id(identity)
        where = f" ({other.path})" if other else ""
        raise UsageError(f"the id {identity!r} is that of another post{where}; nothing was written", f"Say another title, or --id {identity}-2")  # fmt: skip


def _channels(named: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    """The names, each once. Where only a post that names channels is one (`opt_in`), the default stands in the file."""
    known = [*settings.groups, *settings.channels]
    wanted = tuple(dict.fromkeys(name for text in named for name in text.replace(",", " ").split()))
    for name in wanted:
        if name not in known:
            raise UsageError(f"{name!r} is neither a channel nor a group", suggest(name, known, "channels and groups"))
    if wanted:
        return wanted
    if not settings.default_channels:
        raise UsageError("the post would name no channel", f"Add --channels, with any of: {', '.join(known)}.")
    return settings.default_channels if settings.content.opt_in else ()


def _instant(text: str, settings: Settings) -> datetime:
    """A time as written, with its offset, or with that of the newsroom's clocks. Raises `UsageError`."""
    if text == NOW:
        return now().astimezone(ZoneInfo(settings.timezone)).replace(second=0, microsecond=0)
    try:
        found = parse_instant(text)
        instant = found if found.tzinfo else resolve_local(found, settings.timezone)
        return instant.astimezone(ZoneInfo(settings.timezone))
    except NonExistentLocalTime as gap:
        raise UsageError(str(gap), f"Write {gap.before:%Y-%m-%dT%H:%M} or {gap.after:%Y-%m-%dT%H:%M}.") from gap
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time: {error}", "Write it like 2026-03-24T09:00.") from error


def _finds_slot(settings: Settings, named: tuple[str, ...]) -> bool:
    """Whether each of the post's channels knows which slots it takes from: its own, the newsroom's, or the only ones."""
    if settings.default_slots or len(settings.slots) == 1:
        return True
    members = [channel for name in named for channel in settings.groups.get(name, (name,))] or settings.default_channels
    return bool(settings.slots) and all(settings.channels[channel].slots for channel in members)


def _folder(desk: _Desk, wanted: str | None, language: str | None) -> str:
    """The folder of posts that the post goes to: the one asked for, the language's, the first."""
    folders = desk.settings.content.posts
    if wanted is not None:
        inner = wanted.strip("/")
        if parts_of(inner) is None or not any(not f or inner == f or inner.startswith(f + "/") for f in folders):
            raise UsageError(
                f"{wanted!r} is in no folder of posts", f"They are: {', '.join(f or '.' for f in folders)}."
            )
        return inner
    return next((f for f in folders if language and language in f.split("/")), folders[0])
