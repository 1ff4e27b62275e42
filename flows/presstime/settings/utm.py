"""The [utm] of presstime.toml: what links to the newsroom's own site tell its statistics, for posts of a campaign."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from presstime.problems import suggest
from presstime.settings.tables import Table

FIELDS = ("network", "channel", "campaign", "post")
PATTERNS = {"source": "{network}", "medium": "social", "campaign": "{campaign}", "content": "{channel}"}
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Utm:
    """The parameters by name (`source` becomes `utm_source`), as patterns of FIELDS, and the host names that get them."""

    patterns: tuple[tuple[str, str], ...]
    sites: frozenset[str]

    def parameters(self, **fields: str) -> tuple[tuple[str, str], ...]:
        """The parameters with their fields filled in."""
        return tuple((f"utm_{name}", _FIELD.sub(lambda m: fields[m[1]], pattern)) for name, pattern in self.patterns)


def read_utm(table: Table, link: str | None) -> Utm:
    """The [utm] table. Without `sites` the newsroom's own site is the host of `link`, the pattern of its posts' pages."""
    patterns = tuple((name, _pattern(table, name) or default) for name, default in PATTERNS.items())
    sites = table.texts("sites") or tuple(filter(None, [_host(link)]))
    if not sites:
        message = "utm names no site whose links are counted"
        table.error(None, "missing-key", message, 'Add sites = ["verne.example"] to [utm], or a `link` to [content].')
    for site in sites:
        if "/" in site or ":" in site:
            table.error("sites", "bad-value", f"{site!r} is no host name", 'Write e.g. sites = ["verne.example"].')
    table.warn_of_unread()
    return Utm(patterns, frozenset(site.lower().removeprefix("www.") for site in sites))


def _pattern(table: Table, name: str) -> str | None:
    pattern = table.text(name)
    for field in _FIELD.findall(pattern or ""):
        if field not in FIELDS:
            advice = suggest(field, FIELDS, "fields")
            table.error(name, "bad-value", f"utm.{name} has a field {{{field}}} that nothing fills", advice)
    return pattern


def _host(link: str | None) -> str | None:
    host = urlsplit(link).hostname if link else None
    return host if host and "{" not in host else None
