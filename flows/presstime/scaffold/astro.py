"""Astro: astro.config.*, a program that is read for a few plain words; content collections, and pages that are Markdown."""

import re
from collections.abc import Iterator
from pathlib import Path

from presstime.content.worktree import WorkTree
from presstime.scaffold.site import Finding, Site, address, joined, markdown, section_of

CONFIGS = tuple(f"astro.config.{kind}" for kind in ("mjs", "ts", "js", "mts", "cjs"))
COLLECTIONS = tuple(f"{folder}config.{kind}" for folder in ("src/content.", "src/content/") for kind in ("ts", "mts", "js", "mjs"))  # fmt: skip
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
_BASE = re.compile(r"""\bbase:\s*["'`]\.?/?([^"'`\s]+?)/?["'`]""")
_ROUTE = re.compile(r"\[(?:\.\.\.)?(?:slug|id|path|post)\]\.(?:astro|ts|js)")


def look(root: Path) -> Site | None:
    """The Astro site of a folder."""
    name = next((n for n in CONFIGS if (root / n).is_file()), None)
    if name is None:
        return None
    program = _plain(root / name)
    tree = WorkTree(root)
    folder, why = _folder(root, tree)
    base = address(_word(program, "site"))
    home = joined(base, (_word(program, "base") or "") + "/") if base else None
    route, seen = _route(root, tree, folder)
    link = _link(program, home, route) if home and route is not None else None
    findings, notes = [Finding("posts", folder, why)], []
    if link:
        findings.append(Finding("link", link, f"site and base of {name}, and {seen}"))
    else:
        missing = f"{name} names no `site`" if home is None else f"no page of src/pages/ was found that shows {folder}"
        notes.append(f"{missing}: write `link` in presstime.toml when you know the address of a post's page.")
    return Site(
        "Astro",
        name,
        (folder,),
        language=_word(program, "defaultLocale"),
        home=home,
        link=link,
        findings=tuple(findings),
        notes=(*notes, *_mdx(tree, folder)),
    )


def _plain(file: Path) -> str:
    """A program without its comments."""
    try:
        return _COMMENT.sub("", file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""


def _word(program: str, key: str) -> str | None:
    """The plain text that a key of the configuration has; what is worked out at run time is not known here."""
    found = re.search(rf"""\b{key}:\s*["'`]([^"'`$]+)["'`]""", program)
    return found[1] if found else None


def _folder(root: Path, tree: WorkTree) -> tuple[str, str]:
    """The folder of posts: what a collection loads, a collection's folder, or Markdown among the pages."""
    for name in COLLECTIONS:
        bases = [b for b in _BASE.findall(_plain(root / name)) if markdown(tree, b) or _mdx_files(tree, b)]
        if bases:
            most = max(bases, key=lambda folder: len(markdown(tree, folder)))
            return most, f"a collection of {name}"
    if markdown(tree, "src/content"):
        return section_of(tree, "src/content")
    pages = [p for p in markdown(tree, "src/pages") if p.count("/") > 2]
    if pages:
        return section_of(tree, "src/pages")
    return "src/content/blog", "the usual name; there are no posts yet"


def _route(root: Path, tree: WorkTree, folder: str) -> tuple[str | None, str]:
    """The path below which the posts' pages are, and what says so."""
    if folder.startswith("src/pages/"):
        return folder.removeprefix("src/pages/"), "the place among the pages"
    collection = folder.rpartition("/")[2]
    for path in tree.names("src/pages"):
        shows = re.search(rf"""getCollection\(\s*["'`]{re.escape(collection)}["'`]""", _plain(root / path))
        if _ROUTE.search(path) and shows:
            return path.removeprefix("src/pages/").rpartition("/")[0], path
    return None, ""


def _link(program: str, home: str, route: str) -> str:
    never, file = _word(program, "trailingSlash") == "never", _word(program, "format") == "file"
    end = ".html" if file else "" if never else "/"
    return joined(home, route, f"{{section}}/{{file}}{end}")


def _mdx_files(tree: WorkTree, folder: str) -> list[str]:
    return [p for p in tree.names(folder) if p.lower().endswith(".mdx")]


def _mdx(tree: WorkTree, folder: str) -> Iterator[str]:
    if number := len(_mdx_files(tree, folder)):
        yield f"{number} files of {folder} are MDX, which is a program and is not read: what is to be announced must be .md."
