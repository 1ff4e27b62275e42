"""How the command line speaks: tables for people, one JSON document for programs, everything else on stderr."""

import getpass
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from presstime.cli.voice import reader, spoken
from presstime.clock import format_local
from presstime.model import Problem

if TYPE_CHECKING:
    from presstime.wire import Desk

FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people, or one JSON document."
)
SANDBOXED = click.option(
    "--sandbox", metavar="URL", help="Send everything to the sandbox at this URL instead of the networks."
)
MOVED = click.option(
    "--moved",
    is_flag=True,
    help="This newsroom ran from another folder before, and takes its place on a Prefect server.",
)


def say(message: str) -> None:
    """A remark to the person at the terminal: on stderr, so that stdout stays data."""
    click.echo(spoken(message), err=True)


def show(message: str) -> None:
    """What was asked for, to a person. What they wrote themselves, and what programs read, goes to `click.echo` as it is."""
    click.echo(spoken(message))


def say_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def table(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    """Rows under heads in columns as wide as they need; the last column takes what is left of the terminal's width. Heads are
    spoken, cells are as they are: among them are names."""
    cells = [[str(cell) for cell in row] for row in ([spoken(head) for head in heads], *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads) - 1)]
    room = max(30, shutil.get_terminal_size((160, 24)).columns - sum(widths) - 2 * len(widths))
    lines = []
    for n, row in enumerate(cells):
        head = "".join(cell.ljust(width) + "  " for cell, width in zip(row, widths, strict=False))
        for i, part in enumerate(_wrap(row[-1], room)):
            lines.append((head if i == 0 else " " * len(head)) + part)
        if n == 0:
            lines.append("".join("-" * width + "  " for width in widths) + "-" * min(room, 20))
    return "\n".join(line.rstrip() for line in lines)


def _wrap(text: str, room: int) -> Sequence[str]:
    """The text in lines of at most `room` characters, broken at blanks; a long word (a URL) stays whole."""
    lines, line = [], ""
    for word in text.split(" "):  # not at a no-break space
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def problem_lines(problems: Sequence[Problem]) -> str:
    return "\n".join(map(str, problems))


def say_problems(problems: Sequence[Problem]) -> None:
    """That there are any, to who did not ask for them."""
    if problems:
        say(f"{count(len(problems), 'problem')} in the content: `presstime check` lists them")


def when(at: datetime | None, zone: str) -> str:
    """An instant as the reader's language writes it; "" for none."""
    return reader().language.dates(format_local(at, zone)) if at else ""


def count(number: int, noun: str) -> str:
    """`1 post`, `2 posts`, `1 entry`, `2 entries`, `1 delivery`, `2 deliveries`."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def who() -> str:
    """Who says so: what a person decides is in the log under their name on this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return "somebody"


def order(directory: Path, give: "Callable[[Desk], Sequence[str]]", form: str = "text") -> int:
    """Give an order to a content root, and say what came of it."""
    from presstime.wire import open_desk

    with open_desk(directory) as desk:
        told = give(desk)
    if form == "json":
        say_json({"told": list(told)})
    else:
        show("\n".join(told))
    return 0
