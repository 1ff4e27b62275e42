"""`presstime schema`: what front matter may hold, for editors' completion and for the author's page."""

import json
from pathlib import Path

import click

from presstime.cli.output import say
from presstime.cli.voice import spoken
from presstime.errors import UsageError
from presstime.model import Json


@click.command()
@click.option("--toml", is_flag=True, help="Of front matter in TOML; of YAML if left out.")
@click.option(
    "--page", type=click.Path(path_type=Path), help="Write the tables of keys into this Markdown page instead."
)
def command(toml: bool, page: Path | None) -> int:
    """Print the JSON Schema of a post's front matter, for editors' completion.

    With --page nothing is printed: the keys are written as tables between the two comments that the page has for them."""
    if page is not None:
        _write(page)
        return 0
    from presstime.content.schema import schema

    click.echo(json.dumps(_described(schema("toml" if toml else "yaml")), ensure_ascii=False, indent=2))
    return 0


def _described(value: Json) -> Json:
    """The schema with its descriptions in the reader's language: an editor shows them to whoever writes."""
    if isinstance(value, list):
        return [_described(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {k: spoken(v) if k == "description" and isinstance(v, str) else _described(v) for k, v in value.items()}


def _write(page: Path) -> None:
    """Raises `UsageError` for a page that cannot be read or written, or that has no place for the tables."""
    from presstime.content.reference import BEGIN, END, put_into

    try:
        page.write_bytes(put_into(page.read_bytes().decode()).encode())
    except OSError as error:
        raise UsageError(f"{page}: {error.strerror}", "Name a Markdown page that can be written.") from None
    except ValueError as error:
        raise UsageError(f"{page}: {error}", f"Put {BEGIN} and {END} on lines of their own.") from None
    say(f"wrote {page}")
