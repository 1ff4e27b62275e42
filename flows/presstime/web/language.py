"""The words of the pages in the reader's language: `locale/*.po`, and dates as that language writes them."""

from datetime import date, datetime
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "fr")


class Language:
    """One of LANGUAGES; any other is English. English needs no catalog: its words stand in the pages."""

    def __init__(self, name: str) -> None:
        code = name.partition("-")[0].partition("_")[0].lower()
        self.code = code if code in LANGUAGES else "en"

    def say(self, text: str) -> str:
        """The text in this language; as it is where the catalog has it not."""
        return _catalog(self.code).get(text, text)

    def say_many(self, one: str, many: str, count: int) -> str:
        """One of two forms, as the number asks for; `%(n)s` stands for it."""
        forms = self.say(one), self.say(many)
        single = count == 1 or (self.code == "fr" and count == 0)
        return forms[0 if single else 1].replace("%(n)s", str(count))

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


@cache
def _catalog(code: str) -> dict[str, str]:
    if code == "en":
        return {}
    from babel.messages.pofile import read_po

    with (files("presstime.web") / "locale" / f"{code}.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}
