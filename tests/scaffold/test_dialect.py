"""New posts are written like those that are there: form, keys, files."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from presstime.scaffold.dialect import OURS, Dialect, dialect_of
from presstime.scaffold.post import Wish, identity_of, path_of, text_of
from presstime.scaffold.site import recognise
from tests.scaffold.sites import SITES, lay

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=ZoneInfo("Europe/Paris"))
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=ZoneInfo("Europe/Paris"))


def of(root: Path, name: str) -> tuple[Dialect, tuple[str, ...]]:
    site = recognise(lay(root, SITES[name]))
    assert site is not None
    return dialect_of(root, site.posts, site.generator), site.posts


@pytest.mark.parametrize(
    ("name", "kind", "date", "draft", "path"),
    [
        ("hugo", "yaml", "date", "draft", "content/posts/l-ile.md"),
        ("hugo-bundles", "toml", "date", "draft", "content/blog/l-ile/index.md"),
        ("jekyll", "yaml", "date", "published", "_posts/2026-12-01-l-ile.md"),
        ("jekyll-pretty", "yaml", "date", "published", "writing/_posts/2026-12-01-l-ile.markdown"),
        ("zola", "toml", "date", "draft", "content/blog/l-ile.md"),
        ("astro", "yaml", "pubDate", "draft", "src/content/blog/l-ile.md"),
    ],
)
def test_as_the_posts_there(tmp_path: Path, name: str, kind: str, date: str, draft: str, path: str) -> None:
    """Form, keys and the place of the file follow the archive."""
    dialect, folders = of(tmp_path, name)
    assert (dialect.kind, dialect.date, dialect.draft, dialect.local) == (kind, date, draft, False)
    assert path_of(Wish("L'île", NOW, NOON, identity="l-ile"), dialect, folders[0]) == path


def test_zola_s_extra(tmp_path: Path) -> None:
    """What is Presstime's alone stands in [extra]; tags in [taxonomies]; what all posts have is taken over."""
    dialect, _ = of(tmp_path, "zola")
    assert text_of(Wish("Été", NOW, NOON, channels=("site-feed",)), dialect) == (
        '+++\ntitle = "Été"\ndate = 2026-12-01T12:00:00+01:00\ntemplate = "blog.html"\ndescription = ""\n\n'
        '[taxonomies]\ntags = []\n\n[extra]\nid = "ete"\nchannels = ["site-feed"]\n+++\n\nÉté\n'
    )


def test_jekyll_s_layout(tmp_path: Path) -> None:
    """The layout that all posts have; no date of its own would be an error of Jekyll's, so a draft has one, too."""
    dialect, _ = of(tmp_path, "jekyll")
    assert text_of(Wish("Été: un", NOW, draft=True, channels=("site-feed",)), dialect) == (
        '---\nid: ete-un\ntitle: "Été: un"\ndate: 2026-11-27T09:30:00+01:00\npublished: false\nlayout: post\n'
        "channels: [site-feed]\n---\n\nÉté: un\n"
    )


def test_from_nothing() -> None:
    """In a newsroom of its own: our keys, local time, a slot by its name."""
    assert (
        text_of(Wish("Été", NOW, NOON), OURS) == "---\nid: ete\ntitle: Été\npublish_at: 2026-12-01 12:00\n---\n\nÉté\n"
    )
    waiting = Wish("Été", NOW, slot=True, slots="weekday", channels=("a", "b"))
    assert text_of(waiting, OURS) == (
        "---\nid: ete\ntitle: Été\npublish_at: next-slot\nslots: weekday\nchannels: [a, b]\n---\n\nÉté\n"
    )
    assert "status: draft\n" in text_of(Wish("Été", NOW, draft=True), OURS)
    assert "publish_at" not in text_of(Wish("Été", NOW, draft=True), OURS)


@pytest.mark.parametrize(("form", "first"), [("---", "yaml"), ("+++", "toml"), ("{", "yaml")])
def test_hugo_without_posts(tmp_path: Path, form: str, first: str) -> None:
    """The form of the archetype that `hugo new` would take."""
    lay(tmp_path, {"hugo.toml": "", "archetypes/default.md": f"{form}\n"})
    assert dialect_of(tmp_path, ("content/posts",), "Hugo").kind == first


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["posts/2024/a.md", "posts/2025/b.md"], "posts/2026/x.md"),
        (["posts/2024/01/a.md", "posts/2025/11/b.md"], "posts/2026/12/x.md"),
        (["posts/2024/a.md", "posts/rail/b.md"], "posts/x.md"),
        (["posts/2024-01-01-a.md", "posts/2025-01-01-b.md"], "posts/2026-12-01-x.md"),
    ],
)
def test_folders_and_dates_in_names(tmp_path: Path, paths: list[str], expected: str) -> None:
    """A habit of nearly all posts is kept, one of some is not."""
    lay(tmp_path, dict.fromkeys(paths, "---\nid: a\ntitle: T\npublish_at: 2024-01-01\n---\n"))
    assert path_of(Wish("X", NOW, NOON), dialect_of(tmp_path, ("posts",), None), "posts") == expected


@pytest.mark.parametrize(
    ("title", "identity"),
    [
        ("Déjà vu à Nîmes", "deja-vu-a-nimes"),
        ("L'œuvre de Noël, ça !", "loeuvre-de-noel-ca"),
        ("Straße & Ærø", "strasse-aero"),
        ("Łódź", "lodz"),
        ("渡し船", "渡し船"),
        ("!!!", ""),
    ],
)
def test_ids_of_titles(title: str, identity: str) -> None:
    """Accents and joined letters are folded; other scripts stay; a title without letters gives none."""
    assert identity_of(Wish(title, NOW)) == identity


@pytest.mark.parametrize("title", ["a: b", "#1", "yes", "- x", '"q" \\ é', "null", "it's", "100", "[x]", "{y}", "a #b", "@x", "x:"])  # fmt: skip
@pytest.mark.parametrize("kind", ["yaml", "toml"])
def test_any_title_is_read_back(title: str, kind: str) -> None:
    """Whatever the title is made of, the file says that title."""
    import yaml

    from presstime.content.frontmatter import split

    dialect = Dialect(kind="toml" if kind == "toml" else "yaml")
    text = text_of(Wish(title, NOW, NOON, identity="x"), dialect)
    front, _, _ = split(text.encode(), "x.md")
    assert front.keys["title"].plain() == title
    if kind == "yaml":
        assert yaml.safe_load(text.split("---")[1])["title"] == title
