"""In which language the command line speaks: `--lang`, else PRESSTIME_LANG, else the newsroom's own, else the locale's.

What programs read (JSON, codes, the log) is not spoken: it is English, whoever asks.
"""

import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from presstime.language import LANGUAGES, Language, known

VARIABLE = "PRESSTIME_LANG"
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # of these the first that is set counts (POSIX, 8.2)


@dataclass(frozen=True)
class Reader:
    """Who is spoken to: what they asked for, and the content root that they are at."""

    directory: Path = Path(".")
    asked: str = ""

    @cached_property
    def language(self) -> Language:
        return Language(choose(self.asked, os.environ, lambda: of_newsroom(self.directory)))


READER: ContextVar[Reader] = ContextVar("reader")


def reader() -> Reader:
    """Who is spoken to now."""
    found = READER.get(None)
    if found is None:
        READER.set(found := Reader())
    return found


def spoken(text: str) -> str:
    """What is said, in the reader's language."""
    return reader().language.say(text)


def noted(field: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback of an option that the reader is known by: it counts for what is said from then on, help and errors included."""

    def note(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        if value is not None:
            READER.set(replace(reader(), **{field: value}))
        return value

    return note


def choose(asked: str, environ: Mapping[str, str], newsroom: Callable[[], str]) -> str:
    """The first language that is named and is one of LANGUAGES; English otherwise."""
    if found := known(asked) or known(environ.get(VARIABLE, "")):
        return found
    locale = next((value for name in LOCALE if (value := environ.get(name))), "")
    return known(newsroom()) or known(locale) or LANGUAGES[0]


def of_newsroom(directory: Path) -> str:
    """`[newsroom] language` of presstime.toml, as far as the file can be read: what is wrong with it is said in it."""
    import re
    import tomllib

    from presstime.settings import FILE

    try:
        text = (directory / FILE).read_text()
    except (OSError, UnicodeDecodeError):
        return ""
    if "language" not in text:
        return ""
    try:
        table = tomllib.loads(text).get("newsroom")
        found = table.get("language") if isinstance(table, dict) else ""
    except (ValueError, RecursionError):
        match = re.search(r"^\[newsroom\]\s*$[^\[]*?^language\s*=\s*[\"']([\w-]+)", text, re.MULTILINE)
        found = match[1] if match else ""
    return found if isinstance(found, str) else ""
