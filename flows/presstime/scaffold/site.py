"""A site that is there already, known by its files: where its posts are, what their pages are called, which words it uses."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from presstime.content.worktree import WorkTree
from presstime.settings.tables import LANGUAGE, url_problem

Generator = Literal["Hugo", "Jekyll", "Zola", "Astro"]
MARKDOWN = (".md", ".markdown")
USUAL = ("posts", "post", "blog", "news", "articles", "journal")  # what a folder of posts is most often called
NOT_OURS = frozenset(["node_modules", "vendor", "themes", "_site", "public", "dist", "build", "target", "resources"])


class Finding(NamedTuple):
    """Something that was recognised: what it is, its value, and the file and words that say so."""

    what: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Site:
    """What is known of a site. `posts` are folders relative to its root, `link` and `links` (by language) patterns as in
    [content], `languages` all that it has, the first its own; `by_suffix`: whether `name.fr.md` is a text in French.
    `notes` say what could not be taken over, and what to do about it."""

    generator: Generator
    config: str
    posts: tuple[str, ...]
    title: str | None = None
    zone: str | None = None
    language: str | None = None
    languages: tuple[str, ...] = ()
    by_suffix: bool = False
    home: str | None = None
    link: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def recognise(root: Path) -> Site | None:
    """The site whose root is this folder, None if there is none that is known."""
    from presstime.scaffold import astro, hugo, jekyll, zola

    return next((site for look in (zola.look, hugo.look, jekyll.look, astro.look) if (site := look(root))), None)


def sites_below(root: Path, depth: int = 2) -> list[Path]:
    """The folders below this one, at most so deep, that are roots of sites: as in a repository with several projects."""
    found = []
    for folder in _folders(root):
        if recognise(folder) is not None:
            found.append(folder)
        elif depth > 1:
            found += sites_below(folder, depth - 1)
    return found


def _folders(root: Path) -> Iterator[Path]:
    try:
        with os.scandir(root) as entries:
            names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except OSError:
        return
    yield from (root / name for name in names if not name.startswith(".") and name not in NOT_OURS)


# --- what the generators' own files have in common --------------------------------------------------------------------


def read_table(file: Path) -> dict[str, Any] | None:
    """A configuration in TOML, YAML or JSON, its keys in small letters at every level, as Hugo reads them. None if the file
    is not there or cannot be read so."""
    import yaml

    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix == ".toml":
            found: Any = tomllib.loads(text)
        elif file.suffix == ".json":
            found = json.loads(text)
        else:
            found = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError):  # tomllib's and json's errors are ValueErrors
        return None
    return _lowered(found) if isinstance(found, dict) else None


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).lower(): _lowered(inner) for key, inner in value.items()}
    return value


def text_of(table: Mapping[str, Any], *keys: str) -> str | None:
    """The first of the keys that has a text."""
    return next((v.strip() for k in keys if isinstance(v := table.get(k), str) and v.strip()), None)


def table_of(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def zone_of(table: Mapping[str, Any], *keys: str) -> str | None:
    """A time zone that there is."""
    from presstime.clock import zone_exists

    zone = text_of(table, *keys)
    return zone if zone and zone_exists(zone) else None


def language_of(text: str | None) -> str | None:
    """A language as we write it (`en_GB` is `en-GB`); None for what is none."""
    tag = (text or "").replace("_", "-")
    return tag if LANGUAGE.fullmatch(tag) else None


def address(text: str | None) -> str | None:
    """A site's whole address, with a slash at its end; None for `/`, nothing, or what is no web address."""
    return None if text is None or url_problem(text) else text.rstrip("/") + "/"


def joined(base: str, *parts: str) -> str:
    """An address of parts, none of which need care about its slashes; a slash at the end of the last stays."""
    inner = "/".join(part.strip("/") for part in parts if part.strip("/"))
    end = "/" if parts and parts[-1].endswith("/") else ""
    return f"{base}{inner}{end}" if inner else base


def is_index(path: str) -> bool:
    """Whether a file is a page of a list, as Hugo and Zola have them."""
    return path.rpartition("/")[2].startswith("_index.")


def markdown(tree: WorkTree, folder: str) -> list[str]:
    """The Markdown files of a folder that may be posts."""
    return [p for p in tree.names(folder) if p.lower().endswith(MARKDOWN) and not is_index(p)]


def section_of(tree: WorkTree, content: str) -> tuple[str, str]:
    """The folder of a content folder that holds the posts, and why: the one with a usual name, else the one with most files."""
    inside: dict[str, int] = {}
    for path in markdown(tree, content):
        section, slash, _ = path[len(content) + 1 :].partition("/")
        if slash:
            inside[section] = inside.get(section, 0) + 1
    usual = [name for name in USUAL if inside.get(name)]
    if usual:
        return f"{content}/{usual[0]}", f"{inside[usual[0]]} Markdown files, and the usual name"
    if inside:
        most = max(inside, key=lambda name: (inside[name], name))
        return f"{content}/{most}", f"most of the Markdown files ({inside[most]}) are there"
    return f"{content}/{USUAL[0]}", "the usual name; there are no posts yet"
