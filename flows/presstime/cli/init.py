"""`presstime init`: a newsroom that can be published at once, to a feed on this machine, without any account: from nothing, or
beside a site that is there."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from presstime.cli.output import say, show
from presstime.cli.voice import spoken
from presstime.clock import now, zone_exists
from presstime.errors import UsageError
from presstime.scaffold.extras import EXTRAS, USUAL, place_of
from presstime.scaffold.files import File, Step, steps, write
from presstime.scaffold.newsroom import SETTINGS, Newsroom, files, settings
from presstime.scaffold.site import Finding, Site, language_of, recognise, sites_below
from presstime.settings import FILE, parse_settings

DOES = {"write": "write ", "add to": "add to", "leave": "leave ", "by hand": "leave "}
NOTHING = "nothing was written"


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="What the newsroom is called; else as the site is, or the folder.")
@click.option("--timezone", "zone", help="Of local times, e.g. Europe/Paris; else the site's, or UTC.")
@click.option(
    "--posts", multiple=True, help="A folder of posts that are there, instead of the one that was recognised."
)
@click.option("--link", help="Where a post's page is, e.g. https://verne.example/{section}/{slug}/")
@click.option("--with", "extras", type=click.Choice(list(EXTRAS)), multiple=True, help=f"What else is set up; {' and '.join(USUAL)}, if you say nothing. Alone in a newsroom that is there: only this.")  # fmt: skip
@click.option("--cms", metavar="HOST:REPO", help="A form in the browser (Decap CMS) that saves to github:OWNER/REPO, gitlab:..., forgejo:...@https://HOST; test-repo to try it. In a newsroom that is there: only this.")  # fmt: skip
@click.option("--bare", is_flag=True, help="Nothing else is set up.")
@click.option("--no-site", is_flag=True, help="Make a newsroom of its own, whatever site is there.")
@click.option("--yes", is_flag=True, help="Take what is proposed; do not ask.")
@click.pass_obj
def command(
    directory: Path,
    folder: Path | None,
    name: str | None,
    zone: str | None,
    posts: tuple[str, ...],
    link: str | None,
    extras: tuple[str, ...],
    cms: str | None,
    bare: bool,
    no_site: bool,
    yes: bool,
) -> int:
    """Scaffold a newsroom: settings, a first post, the keys of posts as a JSON Schema, completion in an editor, a check before
    each commit, a Git repository if there is none.

    In the folder of a Hugo, Jekyll, Zola or Astro site its posts, links and language are recognised and proposed; the posts
    that are there stay the site's alone. Nothing is ever written over."""
    if zone is not None and not zone_exists(zone):
        raise UsageError(f"there is no time zone {zone!r}", "Write it like Europe/Paris.")
    root = directory / folder if folder else directory
    chosen = () if bare else extras or USUAL
    if (extras or cms) and (root / SETTINGS).is_file():
        text = (root / SETTINGS).read_bytes()
        _carry_out(root, [*_extras(root, text, extras), *_form(root, text, cms)], ask=False)
        return 0
    root, site = (root, None) if no_site else _site(root, yes)
    newsroom = Newsroom(
        name=name or (site and site.title) or root.resolve().name,
        zone=zone or (site and site.zone) or "UTC",
        language=language_of(site.language) if site else None,
        posts=posts or (site.posts if site else ("posts",)),
        link=link or (site.link if site else None),
        links=site.links if site and not link else {},
        site=site,
        beside=site is not None or bool(posts),
    )
    if site is not None:
        _tell(site)
        newsroom = _asked(newsroom) if not yes and _is_asked() else newsroom
    text = settings(newsroom).encode()
    parse_settings(text, FILE)  # what was typed in may be wrong
    made = list(files(newsroom, now()))
    _refuse_taken(root, made)
    more = _extras(root, text, chosen)
    if site is None and not extras:  # what is not in this folder is for whoever asked, or was asked
        more = [file for file in more if not file.path.startswith("../")]
    more += _form(root, text, cms)
    _carry_out(root, [*made, *more], ask=site is not None and not yes)
    _make_repository(root)
    _say_next(root, newsroom.beside)
    return 0


# --- what is there ----------------------------------------------------------------------------------------------------


def _site(root: Path, yes: bool) -> tuple[Path, Site | None]:
    """The site of a folder or, if it is the only one, of a folder below. Raises `UsageError` if it cannot be told which."""
    site = recognise(root)
    below = [] if site or (root / SETTINGS).exists() else sites_below(root)
    if not below:
        return root, site
    shown = ", ".join(str(path) for path in below)
    advice = f"presstime init {below[0]}, or add --no-site for a newsroom of its own here."
    if len(below) > 1:
        raise UsageError(f"there are several sites here ({shown}); {NOTHING}", f"Say which: {advice}")
    if not yes and not (
        _is_asked() and click.confirm(spoken(f"There is a site in {shown}. Put the newsroom there?"), default=True)
    ):
        raise UsageError(f"there is a site in {shown}; {NOTHING}", f"Say where the newsroom is to be: {advice}")
    return below[0], recognise(below[0])


def _tell(site: Site) -> None:
    say(f"A {site.generator} site ({site.config}).")
    known = [("time zone", site.zone or "UTC"), ("language", language_of(site.language))]
    more = [Finding(what, value, f"as {site.config} has it") for what, value in known if value]
    if not site.zone:
        more[0] = Finding("time zone", "UTC", f"{site.config} names none; --timezone does")
    for finding in [*site.findings, *more]:
        say(f"  {finding.what}: {finding.value}    ({finding.why})")
    for note in site.notes:
        say(f"  note: {note}")


def _is_asked() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asked(newsroom: Newsroom) -> Newsroom:
    """The newsroom as a person wants it, who is asked for what was recognised."""
    posts = click.prompt(spoken("Folders of posts, with blanks between"), " ".join(newsroom.posts), err=True).split()
    link = click.prompt(spoken("Where a post's page is ('-' for nowhere)"), newsroom.link or "-", err=True)
    zone = click.prompt(spoken("Time zone"), newsroom.zone, err=True)
    if not zone_exists(zone):
        raise UsageError(f"there is no time zone {zone!r}", "Write it like Europe/Paris.")
    links = newsroom.links if link == newsroom.link else {}
    return replace(newsroom, posts=tuple(posts), link=None if link == "-" else link, links=links, zone=zone)


# --- what is written --------------------------------------------------------------------------------------------------


def _extras(root: Path, text: bytes, chosen: Sequence[str]) -> list[File]:
    found, place = parse_settings(text, FILE), place_of(root)
    return [file for name in chosen for file in EXTRAS[name](found, place)]


def _form(root: Path, text: bytes, spec: str | None) -> list[File]:
    from presstime.cli.form import form_files

    return form_files(root, parse_settings(text, FILE), spec) if spec else []


def _refuse_taken(root: Path, made: Sequence[File]) -> None:
    taken = [file.path for file in made if file.merge is None and (root / file.path).exists()]
    if taken == [SETTINGS] or SETTINGS in taken:
        advice = f"It is a newsroom already: `presstime new TITLE` writes a post, `presstime init --with {USUAL[0]}` sets up an editor."
        raise UsageError(f"{root / SETTINGS} is there already; {NOTHING}", advice)
    if taken:
        raise UsageError(f"{root / taken[0]} is there already; {NOTHING}", "Choose an empty folder.")


def _carry_out(root: Path, wanted: Sequence[File], ask: bool) -> None:
    """Name each file, ask if need be, and write."""
    planned = steps(root, wanted)
    for step in planned:
        say(f"{DOES[step.does]} {root / step.file.path}: {_why(step)}")
    if ask:
        if not _is_asked():
            raise UsageError(NOTHING, "Add --yes if this is right; --posts, --link and --timezone say it otherwise.")
        if not click.confirm(spoken("Write this?"), default=True, err=True):
            raise UsageError(NOTHING)
    try:
        write(root, planned)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}", "Choose a folder that can be written.") from error
    for step in planned:
        if step.does == "by hand":
            say(f"\nPut this into {root / step.file.path}:\n{step.file.text}")


def _why(step: Step) -> str:
    if step.does == "by hand":
        return "it cannot be added to safely; see below what to put in"
    return "it is there" if step.does == "leave" else step.file.why


def _make_repository(root: Path) -> None:
    import pygit2

    if pygit2.discover_repository(str(root.resolve())) is None:
        pygit2.init_repository(str(root), initial_head="main")
        say(f"made a Git repository in {root}")


def _say_next(root: Path, beside: bool) -> None:
    here = f"-C {root} " if root != Path() else ""
    first = f"\n  presstime {here}new 'A first post' --at now" if beside else ""
    show(
        f"Next: look at presstime.toml, then{first}\n  presstime {here}check\n  git add . && git commit -m 'A newsroom'   "
        f"(in {root.resolve()})\n  presstime {here}publish"
    )
