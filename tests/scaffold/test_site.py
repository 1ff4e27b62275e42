"""Sites are recognised by their files: the generator, the posts, the pages' addresses, the words."""

from pathlib import Path

import pytest

from presstime.content.identity import name_of
from presstime.content.links import Links, Page
from presstime.scaffold.site import Site, recognise, sites_below
from presstime.settings import LINK_FIELDS
from tests.scaffold import sites
from tests.scaffold.sites import SITES, lay


def of(root: Path, name: str, **more: str) -> Site:
    site = recognise(lay(root, {**SITES[name], **more}))
    assert site is not None
    return site


@pytest.mark.parametrize(
    ("name", "generator", "config", "posts", "link"),
    [
        ("hugo", "Hugo", "hugo.toml", ("content/posts",), "https://verne.example/posts/{section}/{slug}/"),
        ("hugo-bundles", "Hugo", "config.yaml", ("content/blog",), "https://verne.example/journal/{year}/{month}/{slug}/"),
        ("hugo-languages", "Hugo", "config/_default/hugo.toml", ("content/fr/posts", "content/en/posts"), "https://verne.example/posts/{section}/{slug}/"),
        ("hugo-suffixes", "Hugo", "hugo.yaml", ("content/posts",), "https://verne.example/posts/{section}/{slug}/"),
        ("jekyll", "Jekyll", "_config.yml", ("_posts",), "https://verne.example/blog/{categories}/{year}/{month}/{day}/{slug}.html"),
        ("jekyll-pretty", "Jekyll", "_config.yml", ("writing/_posts",), "https://verne.example/{categories}/{year}/{month}/{day}/{slug}/"),
        ("jekyll-categories", "Jekyll", "_config.yml", ("trips/_posts",), "https://verne.example/trips/{categories}/{slug}/"),
        ("zola", "Zola", "config.toml", ("content/blog",), "https://verne.example/blog/{section}/{slug}/"),
        ("astro", "Astro", "astro.config.mjs", ("src/content/blog",), "https://verne.example/journal/blog/{section}/{file}"),
        ("astro-pages", "Astro", "astro.config.ts", ("src/pages/posts",), "https://verne.example/posts/{section}/{file}/"),
    ],
)  # fmt: skip
def test_what_is_recognised(
    tmp_path: Path, name: str, generator: str, config: str, posts: tuple[str, ...], link: str
) -> None:
    """The generator by its file; posts where its settings and files have them; a post's address by its rules."""
    site = of(tmp_path, name)
    assert (site.generator, site.config, site.posts, site.link) == (generator, config, posts, link)
    assert all(finding.why for finding in site.findings)


def test_words_of_the_settings(tmp_path: Path) -> None:
    """Title, zone, language and address stand in the generator's own settings."""
    site = of(tmp_path / "hugo", "hugo")
    assert (site.title, site.zone, site.language, site.home) == (
        "The journal",
        "Europe/Paris",
        "en-gb",
        "https://verne.example/",
    )
    site = of(tmp_path / "jekyll", "jekyll")
    assert (site.title, site.zone, site.language, site.home) == (
        "The journal",
        "Europe/Paris",
        "en",
        "https://verne.example/blog/",
    )


def test_languages(tmp_path: Path) -> None:
    """Pages of another language have its address, by the site's own rule; the first language is the site's."""
    site = of(tmp_path / "folders", "hugo-languages")
    assert (site.languages, site.by_suffix) == (("fr", "en"), False)
    assert dict(site.links) == {"en": "https://verne.example/en/posts/{section}/{slug}/"}
    site = of(tmp_path / "suffixes", "hugo-suffixes")
    assert (site.languages, site.by_suffix) == (("en", "fr"), True)
    assert dict(site.links) == {"fr": "https://verne.example/fr-site/posts/{section}/{slug}/"}
    site = of(tmp_path / "zola", "zola")
    assert (site.languages, site.by_suffix) == (("en", "fr"), True)
    assert dict(site.links) == {"fr": "https://verne.example/fr/blog/{section}/{slug}/"}


@pytest.mark.parametrize(
    ("name", "file", "text", "note"),
    [
        ("hugo", "hugo.toml", "baseURL = '/'\n", "baseURL"),
        ("hugo", "hugo.toml", "baseURL = 'https://verne.example/'\n[permalinks]\nposts = '/:weekday/:slug/'\n", ":weekday"),
        ("hugo", "hugo.toml", "baseURL = 'https://verne.example/'\n[permalinks.page]\nposts = '/:sections[1:]/:slug/'\n", "sections"),
        ("jekyll", "_config.yml", "title: No url\n", "url"),
        ("jekyll", "_config.yml", "url: https://verne.example\npermalink: ordinal\n", "ordinal"),
        ("zola", "config.toml", 'base_url = "/"\n', "base_url"),
        ("astro", "astro.config.mjs", "export default { site: process.env.SITE };\n", "`site`"),
        ("astro", "src/pages/blog/[...slug].astro", "nothing\n", "src/content/blog"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_as_a_pattern(tmp_path: Path, name: str, file: str, text: str, note: str) -> None:
    """No link is better than a wrong one, and a note says why there is none."""
    site = of(tmp_path, name, **{file: text})
    assert site.link is None
    assert any(note in said for said in site.notes)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"config.toml": "[tool]\nx = 1\n"}, None),
        ({"config.toml": "not TOML at ["}, None),
        ({"config.toml": "baseurl = 'https://x.example'\n"}, "Hugo"),
        ({"config.json": '{"baseURL": "https://x.example"}'}, "Hugo"),
        ({"config.yaml": "theme: plain\n"}, None),
        ({"zola.toml": 'base_url = "https://x.example"\n'}, "Zola"),
        ({"astro.config.cjs": ""}, "Astro"),
        ({"_config.yml": ""}, "Jekyll"),
        ({"posts/hello.md": "---\nid: a\n---\n"}, None),
    ],
)
def test_whose_site_it_is(tmp_path: Path, files: dict[str, str], expected: str | None) -> None:
    """A config.toml may be anybody's; a file that cannot be read recognises nothing and breaks nothing."""
    site = recognise(lay(tmp_path, files))
    assert (site and site.generator) == expected


def test_sites_below(tmp_path: Path) -> None:
    """In a repository with several projects the sites are found; what tools put there is not looked into."""
    lay(tmp_path / "web/blog", sites.HUGO)
    lay(tmp_path / "docs", sites.ASTRO)
    lay(tmp_path / "node_modules/x", sites.JEKYLL)
    assert sites_below(tmp_path) == [tmp_path / "docs", tmp_path / "web/blog"]


@pytest.mark.parametrize(
    ("pattern", "path", "language", "extra", "expected"),
    [
        ("https://v.example/{section}/{slug}/", "posts/rail/2026-01-05-hello.md", None, {}, "https://v.example/rail/hello/"),
        ("https://v.example/{slug}/", "posts/hello.md", None, {"slug": "hi"}, "https://v.example/hi/"),
        ("https://v.example/{slug}/", "posts/hello.fr.md", "fr", {}, "https://v.example/hello/"),
        ("https://v.example/{slug}/", "posts/hello/index.fr.md", "fr", {}, "https://v.example/hello/"),
        ("https://v.example/{slug}/", "posts/hello.fr.md", "en", {}, "https://v.example/hello.fr/"),
        ("https://v.example/{file}/", "posts/2026-01-05-hello.md", None, {"slug": "hi"}, "https://v.example/2026-01-05-hello/"),
        ("https://v.example/{categories}/{slug}.html", "posts/a.md", None, {"categories": "Trips rail Trips"}, "https://v.example/trips/rail/a.html"),
        ("https://v.example/{categories}/{slug}.html", "posts/a.md", None, {"categories": ["By sea"]}, "https://v.example/by%20sea/a.html"),
        ("https://v.example/{categories}/{slug}.html", "posts/a.md", None, {}, "https://v.example/a.html"),
    ],
)  # fmt: skip
def test_fields_of_addresses(
    pattern: str, path: str, language: str | None, extra: dict[str, object], expected: str
) -> None:
    """What site generators make an address of, filled from the file and its front matter."""
    page = Page("an-id", name_of(path, "posts"), language, extra)  # type: ignore[arg-type]  # JSON
    assert Links(pattern).make(page, None) == expected
    assert Links("https://other.example/", {"fr": pattern}).make(page, None) == (expected if language == "fr" else "https://other.example/")  # fmt: skip


def test_every_field_of_a_pattern_is_one_of_content_link(tmp_path: Path) -> None:
    """What is proposed is what presstime.toml takes."""
    import re

    for name in SITES:
        site = of(tmp_path / name, name)
        for pattern in (site.link or "", *site.links.values()):
            assert set(re.findall(r"\{(\w+)\}", pattern)) <= set(LINK_FIELDS)
