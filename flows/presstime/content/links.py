"""The address of a post's own page, by the newsroom's pattern."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from presstime.content.identity import Name
from presstime.model import Json

_FIELD = re.compile(r"\{(\w+)\}")
_SLASHES = re.compile(r"(?<!:)/{2,}")
_DATED = frozenset(("year", "month", "day"))


class Page(NamedTuple):
    """What the address of a post's page is made of. `extra` are the keys of its front matter that are a site's own."""

    identity: str
    name: Name
    language: str | None
    extra: Mapping[str, Json]

    def slug(self) -> str:
        """The last part of the address, as site generators make it: `slug`, else the file's name without date and language."""
        written = self.extra.get("slug")
        return (
            written.strip() if isinstance(written, str) and written.strip() else self._without_language(self.name.name)
        )

    def file(self) -> str:
        """The same without a look at `slug`, and with the date that the file's name may have."""
        date = f"{self.name.date}-" if self.name.date else ""
        return date + self._without_language(self.name.name)

    def categories(self) -> str:
        """As Jekyll has them in an address: in small letters, each once, with slashes between."""
        found = self.extra.get("categories", self.extra.get("category"))
        names = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
        return "/".join(dict.fromkeys(str(name).lower() for name in names))

    def _without_language(self, name: str) -> str:
        """`hello.fr` of a French post is `hello`, as Hugo and Zola have it."""
        return name.removesuffix(f".{self.language}") if self.language else name


class Links:
    """Fills a pattern such as `https://verne.example/{section}/{name}`, or the one of the post's language. An empty field
    leaves no double slash."""

    def __init__(self, pattern: str, by_language: Mapping[str, str] | None = None) -> None:
        self._pattern = pattern
        self._by_language = by_language or {}

    def make(self, page: Page, day: datetime | None) -> str | None:
        """The address; None if the pattern has a date and the post has none. `day` is a local time."""
        pattern = self._by_language.get((page.language or "").lower(), self._pattern)
        fields = _FIELD.findall(pattern)
        if day is None and not _DATED.isdisjoint(fields):
            return None
        values = {
            "id": page.identity,
            "name": page.name.name,
            "slug": page.slug(),
            "file": page.file(),
            "categories": page.categories(),
            "section": page.name.section,
            "language": page.language or "",
            "year": f"{day:%Y}" if day else "",
            "month": f"{day:%m}" if day else "",
            "day": f"{day:%d}" if day else "",
        }
        return _SLASHES.sub("/", _FIELD.sub(lambda field: quote(values[field[1]]), pattern))
