"""Jekyll: _config.yml, _posts with dates in the names, permalink styles."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from presstime.scaffold.site import NOT_OURS, Finding, Site, address, joined, read_table, table_of, text_of, zone_of

NAMES = ("_config.yml", "_config.yaml", "_config.toml")
DEEP = 4  # how far below the root `_posts` are looked for
# jekyllrb.com, "Permalinks": the built-in styles, and the placeholders that a field of ours fills.
STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title:output_ext",
}
FIELDS = {
    "categories": "{categories}",
    "slugified_categories": "{categories}",
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "title": "{slug}",
    "slug": "{slug}",
    "output_ext": ".html",
}
_PLACE = re.compile(r":([a-z_]+)")


def look(root: Path) -> Site | None:
    """The Jekyll site of a folder."""
    name = next((n for n in NAMES if (root / n).is_file()), None)
    if name is None:
        return None
    config = read_table(root / name) or {}
    folders, why = _folders(root, config)
    base = address(text_of(config, "url"))
    home = joined(base, (text_of(config, "baseurl") or "") + "/") if base else None
    notes = [f"Jekyll copies what it does not know into the site: add `exclude: [presstime.toml, post.schema.json]` to {name}, or what is missing of it."]  # fmt: skip
    link = _link(config, name, home, folders, notes)
    findings = [Finding("posts", ", ".join(folders), why)]
    if link:
        findings.append(Finding("link", link, f"url, baseurl and permalink of {name}"))
    return Site(
        "Jekyll",
        name,
        folders,
        title=text_of(config, "title", "name"),
        zone=zone_of(config, "timezone"),
        language=text_of(config, "lang", "locale"),
        home=home,
        link=link,
        findings=tuple(findings),
        notes=tuple(notes),
    )


def _folders(root: Path, config: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """Every `_posts`, also those of categories; where there is none, the place of the first."""
    start = _start(config)
    found = []
    for place, folders, _ in os.walk(root / start):
        inner = Path(place).relative_to(root)
        folders[:] = sorted(f for f in folders if f == "_posts" or not (f.startswith((".", "_")) or f in NOT_OURS))
        if inner.name == "_posts" or len(inner.parts) >= DEEP:
            folders[:] = []
        if inner.name == "_posts":
            found.append(inner.as_posix())
    if found:
        return tuple(sorted(found)), "Jekyll's folder of posts"
    return (f"{start}/_posts".lstrip("/"),), "Jekyll's folder of posts; there are none yet"


def _start(config: Mapping[str, Any]) -> str:
    """Where the collections are, of which the posts are one."""
    parts = [text_of(config, "source") or "", text_of(config, "collections_dir") or ""]
    return "/".join(filter(None, (part.strip("./") for part in parts)))


def _link(
    config: Mapping[str, Any], name: str, home: str | None, folders: tuple[str, ...], notes: list[str]
) -> str | None:
    if home is None:
        notes.append(f"{name} names no whole url: write `link` in presstime.toml when the site has an address.")
        return None
    style = _of_posts(config) or text_of(config, "permalink") or "date"
    template = STYLES.get(style, style)
    category = (
        folders[0].removeprefix(_start(config)).rpartition("_posts")[0].strip("/")
    )  # folders above are categories
    strange = [place for place in _PLACE.findall(template) if place not in FIELDS]
    if ":" not in template or strange or (":categories" in template and len(folders) > 1):
        notes.append(
            f"the permalink {style!r} of {name} cannot be a `link` pattern: give each post its `canonical_url`."
        )
        return None
    fields = {**FIELDS, "categories": joined("", category, "{categories}")} if category else FIELDS
    return joined(home, _PLACE.sub(lambda place: fields[place[1]], template))


def _of_posts(config: Mapping[str, Any]) -> str | None:
    """The permalink of the posts alone: of their collection, or of front matter defaults."""
    own = text_of(table_of(table_of(config, "collections"), "posts"), "permalink")
    defaults = config.get("defaults")
    for entry in defaults if isinstance(defaults, list) else []:
        scope, values = (entry.get("scope"), entry.get("values")) if isinstance(entry, dict) else (None, None)
        if isinstance(scope, dict) and isinstance(values, dict) and scope.get("type") == "posts":
            own = own or text_of(values, "permalink")
    return own
