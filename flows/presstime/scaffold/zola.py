"""Zola: config.toml with base_url, content/ in sections, `name.fr.md` in other languages."""

from pathlib import Path

from presstime.content.worktree import WorkTree
from presstime.scaffold.site import Finding, Site, address, joined, read_table, section_of, table_of, text_of

NAMES = ("config.toml", "zola.toml")


def look(root: Path) -> Site | None:
    """The Zola site of a folder."""
    name = next((n for n in NAMES if "base_url" in (read_table(root / n) or {})), None)
    if name is None:
        return None
    config = read_table(root / name) or {}
    folder, why = section_of(WorkTree(root), "content")
    home = address(text_of(config, "base_url"))
    tongue = (text_of(config, "default_language") or "en").lower()
    others = sorted(language for language in table_of(config, "languages") if language != tongue)
    section = folder.removeprefix("content/")
    findings, notes = [Finding("posts", folder, why)], []
    link = joined(home, section, "{section}/{slug}/") if home else None
    links = {language: joined(home, language, section, "{section}/{slug}/") for language in others} if home else {}
    if home is None:
        notes.append(f"{name} names no whole base_url: write `link` in presstime.toml when the site has an address.")
    if link:
        findings.append(Finding("link", link, f"base_url of {name}; a page is called by its `slug` or its file"))
    if table_of(config, "slugify").get("paths_keep_dates") is True and link:
        link = link.replace("{slug}", "{file}")
        findings[-1] = Finding("link", link, f"base_url and slugify.paths_keep_dates of {name}")
    return Site(
        "Zola",
        name,
        (folder,),
        title=text_of(config, "title"),
        language=tongue,
        languages=(tongue, *others) if others else (),
        by_suffix=bool(others),
        home=home,
        link=link,
        links=links,
        findings=tuple(findings),
        notes=tuple(notes),
    )
