"""Reading a TOML table key by key: each value checked for its type, each mistake noted with its place, none fatal."""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from presstime.problems import Problems, shorten, suggest
from presstime.settings.toml import Path

_NAME = re.compile(r"[\w][\w.-]{0,63}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")  # BCP 47, roughly; longer languages are not registered
_CONTROL = re.compile(r"[\x00-\x1f\x7f\s]")


class Table:
    """One table of a document. What was read is remembered, so that `unread` knows what was not."""

    def __init__(self, values: dict[str, Any], path: Path, problems: Problems[Path]) -> None:
        self.path = path
        self.problems = problems
        self._values = values
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def error(self, key: str | None, code: str, message: str, advice: str) -> None:
        """Note a mistake in the value of `key`, or in the table as a whole."""
        self.problems.error(self.path if key is None else (*self.path, key), code, message, advice)

    def wrong(self, key: str, wanted: str) -> None:
        self.error(key, "wrong-type", f"{self._called(key)} is not {wanted}", f"Write {wanted}.")

    def _called(self, key: str) -> str:
        return ".".join(str(part) for part in (*self.path, key))

    def take(self, key: str) -> Any:
        """The raw value, None if the key is absent (TOML has no null)."""
        self._read.add(key)
        return self._values.get(key)

    def text(self, key: str) -> str | None:
        value = self.take(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.wrong(key, 'a text in quotes, e.g. "..."')
        return None

    def flag(self, key: str, default: bool) -> bool:
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(key, "true or false")
        return default

    def one_of(self, key: str, choices: Collection[str]) -> str | None:
        value = self.text(key)
        if value is None or value in choices:
            return value
        self.error(
            key,
            "bad-value",
            f"{self._called(key)} = {shorten(value)} is none of its choices",
            f"Choices: {', '.join(choices)}.",
        )
        return None

    def number(self, key: str, default: int) -> int:
        """A whole number that is not negative."""
        value = self.take(key)
        if value is None or (type(value) is int and value >= 0):
            return default if value is None else value
        self.wrong(key, f"a whole number, e.g. {default}")
        return default

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts; a single text is a list of one."""
        value = self.take(key)
        items = [value] if isinstance(value, str) else value
        if items is None:
            return None
        if not isinstance(items, list) or not all(isinstance(i, str) and i.strip() for i in items):
            self.wrong(key, 'a list of texts, e.g. ["...", "..."]')
            return None
        return tuple(items)

    def zone(self, key: str) -> str | None:
        from presstime.clock import zone_exists

        value = self.text(key)
        if value is None or zone_exists(value):
            return value
        self.error(key, "unknown-zone", f"there is no time zone {shorten(value)}", _zone_advice(value))
        return None

    def url(self, key: str) -> str | None:
        """An http(s) address. One that holds a password is refused without being repeated."""
        value = self.text(key)
        if value is None:
            return None
        problem = url_problem(value)
        if problem is None:
            return value
        self.error(
            key, "bad-url", f"{self._called(key)} {problem}", "Write the whole address, e.g. https://mastodon.example."
        )
        return None

    def day(self, key: str) -> datetime | None:
        """A TOML date or date-time; one without an offset is UTC."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, date):
            whole = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
            with suppress(OverflowError):  # year 1 or 9999, and an offset
                return whole.astimezone(UTC) if whole.tzinfo else whole.replace(tzinfo=UTC)
        self.wrong(key, "a date without quotes, e.g. 2027-01-25")
        return None

    def table(self, key: str) -> "Table":
        """A table of this table; an empty one if it is absent or something else."""
        value = self.take(key)
        if value is not None and not isinstance(value, dict):
            self.wrong(key, f"a table: write [{self._called(key)}] on a line of its own")
        return Table(value if isinstance(value, dict) else {}, (*self.path, key), self.problems)

    def named_tables(self) -> Iterator[tuple[str, "Table"]]:
        """Every entry as a table, under its name. Names with a blank or a slash are refused."""
        for name in self._values:
            if self.name_fits(name):
                yield name, self.table(name)

    def name_fits(self, name: str) -> bool:
        fits = _NAME.fullmatch(name) is not None
        if not fits:
            advice = "Use letters, digits, '.', '_' and '-', at most 64."
            self.error(name, "bad-name", f"{shorten(name)} cannot be a name here", advice)
        return fits

    def names(self) -> list[str]:
        return list(self._values)

    def unread(self) -> dict[str, Any]:
        """What nobody asked for."""
        return {k: v for k, v in self._values.items() if k not in self._read}

    def warn_of_unread(self) -> None:
        """Warn of every key that has no meaning here, with the nearest that has. Values are not repeated: they may be secrets."""
        for key in self.unread():
            self.problems.warning(
                (*self.path, key),
                "unknown-key",
                f"{self._called(key)} has no meaning",
                suggest(key, self._read, "keys"),
            )


def _zone_advice(value: str) -> str:
    from zoneinfo import available_timezones

    return (
        suggest(value, available_timezones(), "zones") if len(value) < 60 else "Write an IANA name, e.g. Europe/Paris."
    )


def url_problem(value: str) -> str | None:
    """What is wrong with an http(s) address, None if nothing. The answer does not repeat the address."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return "is not a web address"
    if parts.scheme not in ("http", "https") or not parts.hostname or _CONTROL.search(value):
        return "is not a web address beginning with http:// or https://"
    return "holds a user name or password" if "@" in parts.netloc else None
