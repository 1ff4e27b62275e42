"""`presstime init`: scaffold a newsroom that can be published at once, to a feed on this machine, without any account."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from presstime.cli.output import say
from presstime.errors import UsageError

SETTINGS = """\
[newsroom]
name = {name}
timezone = "{zone}"                 # of local times that name no zone

[audit]
embedded = ".presstime/s3"          # an S3 server on this machine; or `bucket = "..."` on any S3
bucket = "audit"

[channels.site-feed]                # Atom and JSON Feed files: needs no account
network = "feed"
path = "public/feed"
title = {name}

# [channels.brand-mastodon]
# network = "mastodon"
# base_url = "https://mastodon.example"
# account = "@you"
# credentials = "env:MASTODON_TOKEN"  # where the secret is, never the secret itself

# [channels.brand-linkedin]           # a network without access for programs: a person posts what is ready,
# network = "linkedin"                # see `presstime done`
# mode = "assisted"

[defaults]
channels = ["site-feed"]
late = "within 2h"
"""
POST = """\
---
id: hello
title: Hello
publish_at: {date}
late: publish
---

Our first post. Edit it, commit it, and run `presstime publish`.
"""


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="What the newsroom is called; the folder's name if left out.")
@click.option("--timezone", "zone", default="UTC", show_default=True, help="Of local times, e.g. Europe/Paris.")
@click.pass_obj
def command(directory: Path, folder: Path | None, name: str | None, zone: str) -> int:
    """Scaffold a newsroom: settings, a first post, its keys as a JSON Schema for editors, a Git repository if there is none."""
    from presstime.clock import zone_exists
    from presstime.content.schema import schema

    if not zone_exists(zone):
        raise UsageError(f"there is no time zone {zone!r}", "Write it like Europe/Paris.")
    root = directory / folder if folder else directory
    yesterday = datetime.now(UTC) - timedelta(days=1)
    files = {
        "presstime.toml": SETTINGS.format(name=_quoted(name or root.resolve().name), zone=zone),
        "posts/hello.md": POST.format(date=f"{yesterday:%Y-%m-%d} 09:00"),
        "post.schema.json": f"{json.dumps(schema(), ensure_ascii=False, indent=2)}\n",
        ".gitignore": ".presstime/\npublic/\n",
    }
    taken = [path for path in files if (root / path).exists() and path != ".gitignore"]
    if taken:
        raise UsageError(f"{root / taken[0]} is there already; nothing was written", "Choose an empty folder.")
    try:
        _write(root, files)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}", "Choose a folder that can be written.") from error
    _make_repository(root)
    here = f"-C {root} " if root != Path() else ""
    click.echo(
        f"Next: look at presstime.toml, then\n  presstime {here}check\n  git add . && git commit -m 'A newsroom'   "
        f"(in {root.resolve()})\n  presstime {here}publish"
    )
    return 0


def _quoted(name: str) -> str:
    """A name as a TOML string, on one line: JSON's escapes are TOML's, too."""
    return json.dumps("".join(c for c in " ".join(name.split()) if c.isprintable()), ensure_ascii=False)


def _write(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(text)
            say(f"wrote {file}")


def _make_repository(root: Path) -> None:
    import pygit2

    if pygit2.discover_repository(str(root.resolve())) is None:
        pygit2.init_repository(str(root), initial_head="main")
        say(f"made a Git repository in {root}")
