"""In which language people are spoken to.

Messages are English sentences, finished where they are raised, and stay English in the log and in what programs read. They are said
in the reader's language where they are shown: `Language.say` finds the sentence in the catalog (`locale/*/LC_MESSAGES/presstime.po`)
by its fixed words. What the catalog does not have stays as it is.
"""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from presstime.language.phrases import Phrases

LANGUAGES = ("en", "fr")
DOMAIN = "presstime"


def known(name: str) -> str | None:
    """The one of LANGUAGES that a name means: `fr` for `fr`, `fr-CA` and `fr_FR.UTF-8`. None for another language."""
    code = name.replace("_", "-").partition("-")[0].partition(".")[0].lower()
    return code if code in LANGUAGES else None


class Language:
    """One of LANGUAGES; any other is English. English needs no catalog: its words stand in the code."""

    def __init__(self, name: str) -> None:
        self.code = known(name) or "en"

    def say(self, text: str) -> str:
        """A text, a sentence or several of them in this language; as it is where the catalog has it not."""
        return text if self.code == "en" else sentences(self.code).say(text)

    def dates(self, text: str) -> str:
        """A text with its instants and spans (`Tue 24 Mar 2026 09:00`) as this language writes them."""
        return text if self.code == "en" else sentences(self.code).figures.time(text)

    def say_many(self, one: str, many: str, count: int) -> str:
        """One of two forms, as the number asks for; `{n}` stands for it."""
        single = count == 1 or (self.code == "fr" and count == 0)
        return self.say((one if single else many).replace("{n}", str(count)))

    def day(self, at: datetime | date) -> str:
        """`Tuesday, March 24, 2026`."""
        from babel.dates import format_date

        return str(format_date(at, "full", locale=self.code))

    def short_day(self, at: datetime | date) -> str:
        from babel.dates import format_skeleton

        return str(format_skeleton("MMMEd", at, locale=self.code))

    def dated(self, at: datetime | date) -> str:
        """`Tue, Mar 24, 2026`."""
        from babel.dates import format_skeleton

        return str(format_skeleton("yMMMEd", at, locale=self.code))

    def month(self, at: datetime | date) -> str:
        from babel.dates import format_skeleton

        return str(format_skeleton("yMMMM", at, locale=self.code))

    def weekdays(self) -> list[str]:
        """Monday first, as calendars of both languages here have it."""
        from babel.dates import get_day_names

        names = get_day_names("abbreviated", locale=self.code)
        return [str(names[n]) for n in range(7)]


def folder_of(code: str) -> Path:
    """Where the catalog of a language lies: `presstime.po`, and `presstime.mo` made of it."""
    return Path(__file__).parent / "locale" / code / "LC_MESSAGES"


@cache
def sentences(code: str) -> "Phrases":
    """The sentences of a language other than English."""
    from gettext import GNUTranslations

    from presstime.language.phrases import Phrases

    with (folder_of(code) / f"{DOMAIN}.mo").open("rb") as file:
        entries: dict[str, str] = vars(GNUTranslations(file))["_catalog"]  # gettext looks up, and does not list
    return Phrases({key: text for key, text in entries.items() if key})
