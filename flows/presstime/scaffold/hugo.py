"""Hugo: hugo.toml (or the config.toml of older sites), content/, permalinks, several languages."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from presstime.content.worktree import WorkTree
from presstime.scaffold.site import Finding, Site, address, joined, read_table, section_of, table_of, text_of, zone_of

CONFIGS = tuple(
    f"{folder}{stem}.{kind}"
    for folder in ("", "config/_default/")
    for stem in ("hugo", "config")
    for kind in ("toml", "yaml", "yml", "json")
)
# gohugo.io, "URL management", tokens of permalinks. `:title` and `:slug` fall back on the title, whose slug `presstime new`
# gives the file as its name.
TOKENS = {
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "slug": "{slug}",
    "title": "{slug}",
    "filename": "{file}",
    "contentbasename": "{file}",
    "slugorfilename": "{slug}",
    "slugorcontentbasename": "{slug}",
}
_TOKEN = re.compile(r":([a-z]+)")


def look(root: Path) -> Site | None:
    """The Hugo site of a folder."""
    known = [(name, table) for name in CONFIGS if (table := read_table(root / name)) is not None]
    if not known or not _is_hugo(known[0][0], known[0][1], root):
        return None
    name, config = known[0]
    for more in ("languages", "permalinks", "params"):  # a site may keep tables in files of their own
        found = next((t for kind in ("toml", "yaml", "yml", "json") if (t := read_table(root / f"config/_default/{more}.{kind}"))), None)  # fmt: skip
        config = {**config, more: found} if found else config
    return _Reading(root, name, config).site()


def _is_hugo(name: str, config: Mapping[str, Any], root: Path) -> bool:
    """A config.toml may be anybody's."""
    if "/hugo." in f"/{name}":
        return True
    folders = ("archetypes", "layouts", "themes", "content")
    return "baseurl" in config or ("theme" in config and any((root / f).is_dir() for f in folders))


class _Reading:
    def __init__(self, root: Path, name: str, config: Mapping[str, Any]) -> None:
        self.tree = WorkTree(root)
        self.name = name
        self.config = config
        self.notes: list[str] = []
        self.content = (text_of(config, "contentdir") or "content").strip("/")
        self.tongue = (text_of(config, "defaultcontentlanguage") or "en").lower()
        self.languages = {k: v for k, v in table_of(config, "languages").items() if isinstance(v, dict)}

    def site(self) -> Site:
        folders, why = self._folders()
        own = self.languages.get(self.tongue, {})
        home = address(text_of(own, "baseurl") or text_of(self.config, "baseurl"))
        link, links = None, {}
        if home is None:
            self.notes.append(
                f"{self.name} names no whole baseURL: write `link` in presstime.toml when the site has an address."
            )
        else:
            link = self._link(home, self.tongue, folders[0])
            links = dict(self._links(home, folders)) if link else {}
        spoken = text_of(own, "languagecode") or text_of(self.config, "languagecode", "locale")
        findings = [Finding("posts", ", ".join(folders), why)]
        if link:
            findings.append(Finding("link", link, f"baseURL and permalinks of {self.name}"))
        findings += [Finding(f"link ({language})", pattern, f"languages.{language} of {self.name}") for language, pattern in links.items()]  # fmt: skip
        return Site(
            "Hugo",
            self.name,
            folders,
            title=text_of(own, "title") or text_of(self.config, "title"),
            zone=zone_of(self.config, "timezone"),
            language=self.tongue if self.languages else (spoken or text_of(self.config, "defaultcontentlanguage")),
            languages=tuple(sorted(self.languages, key=lambda name: name != self.tongue)),
            by_suffix=bool(self.languages) and not any("contentdir" in table for table in self.languages.values()),
            home=home,
            link=link,
            links=links,
            findings=tuple(findings),
            notes=tuple(self.notes),
        )

    def _folders(self) -> tuple[tuple[str, ...], str]:
        """The folders of posts; one a language where each has a content folder of its own."""
        own = {name: d.strip("/") for name, table in self.languages.items() if (d := text_of(table, "contentdir"))}
        if own:
            folders = [self._section(own[name])[0] for name in sorted(own, key=lambda name: name != self.tongue)]
            return tuple(dict.fromkeys(folders)), f"contentDir of each language in {self.name}"
        folder, why = self._section(self.content)
        return (folder,), why

    def _section(self, content: str) -> tuple[str, str]:
        main = table_of(self.config, "params").get("mainsections")
        if isinstance(main, list) and main and isinstance(main[0], str):
            return f"{content}/{main[0].strip('/')}", f"params.mainSections of {self.name}"
        return section_of(self.tree, content)

    def _link(self, home: str, language: str, folder: str) -> str | None:
        """The pattern of a language's pages."""
        own = text_of(self.languages.get(language, {}), "baseurl")
        inner = self.config.get("defaultcontentlanguageinsubdir") is True or (language != self.tongue and not own)
        prefix = language if self.languages and inner else ""
        section = folder.rpartition("/")[2]
        path = self._path(section)
        return joined(address(own) or home, prefix, path) if path else None

    def _path(self, section: str) -> str | None:
        """A post's path, by the section's own permalink if it has one."""
        permalinks = table_of(self.config, "permalinks")
        template = text_of(table_of(permalinks, "page"), section.lower()) or text_of(permalinks, section.lower())
        if template is None:
            ugly = self.config.get("uglyurls") is True
            return f"{section}/{{section}}/{{slug}}.html" if ugly else f"{section}/{{section}}/{{slug}}/"
        tokens = {**TOKENS, "section": section, "sections": f"{section}/{{section}}"}
        if "[" in template or not tokens.keys() >= set(_TOKEN.findall(template)):
            self.notes.append(f"the permalink {template!r} of {self.name} cannot be a `link` pattern: give each post its `canonicalURL`.")  # fmt: skip
            return None
        return _TOKEN.sub(lambda token: tokens[token[1]], template)

    def _links(self, home: str, folders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for language in self.languages:
            pattern = self._link(home, language, folders[0])
            if language != self.tongue and pattern:
                yield language, pattern
