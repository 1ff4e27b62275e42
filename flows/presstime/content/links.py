"""The address of a post's own page, by the newsroom's pattern."""

import re
from datetime import datetime
from urllib.parse import quote

from presstime.content.identity import Name

_FIELD = re.compile(r"\{(\w+)\}")
_SLASHES = re.compile(r"(?<!:)/{2,}")
_DATED = frozenset(("year", "month", "day"))


class Links:
    """Fills a pattern such as `https://verne.example/{section}/{name}`. An empty field leaves no double slash."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._dated = not _DATED.isdisjoint(_FIELD.findall(pattern))

    def make(self, identity: str, name: Name, language: str | None, day: datetime | None) -> str | None:
        """The address; None if the pattern has a date and the post has none. `day` is a local time."""
        if self._dated and day is None:
            return None
        values = {
            "id": identity,
            "name": name.name,
            "section": name.section,
            "language": language or "",
            "year": f"{day:%Y}" if day else "",
            "month": f"{day:%m}" if day else "",
            "day": f"{day:%d}" if day else "",
        }
        return _SLASHES.sub("/", _FIELD.sub(lambda field: quote(values[field[1]]), self._pattern))
