"""Posts as Hugo, Jekyll and Zola have them, taken as they are: what each name comes to, in YAML and in TOML."""

from datetime import UTC, datetime

import pytest

from presstime.content.posts import Loaded, load_posts
from presstime.content.worktree import WorkTree
from presstime.settings import parse_settings
from tests.content.kit import SETTINGS, GitFolder

SITE = SETTINGS + '[content]\nposts = ["content/blog", "_posts"]\nidentity = "name"\n[defaults]\nchannels = ["brand"]\n'
HUGO_YAML = """\
---
title: 'Shipping "Linen": what we learned'
slug: shipping-linen
date: 2026-03-20T10:00:00+01:00
publishDate: 2026-03-24T09:00:00+01:00
expiryDate: 2030-12-31
lastmod: 2026-03-21
draft: false
description: >-
  Two lines of
  description.
keywords: [linen, shipping]
categories: [News]
author: Ada Verne
weight: 10
aliases:
  - /old/linen/
images:
  - linen.jpg
cover:
  image: linen.jpg
  alt: A rack of linen shirts
  relative: true
ShowToc: true
params:
  colour: blue
---
Text.
"""
HUGO_TOML = """\
+++
title = 'Shipping linen'
date = 2026-03-24T09:00:00+01:00
expiryDate = 2030-12-31
draft = true
tags = ['linen', 'shipping']
categories = ['News']
description = 'A description.'
canonicalURL = 'https://verne.example/linen'

[cover]
  image = 'linen.jpg'
  alt = 'A rack of linen shirts'

[params]
  colour = 'blue'

[[menus.main]]
  weight = 20
+++
Text.
"""
JEKYLL = """\
---
layout: post
title:  "Welcome to Jekyll!"
date:   2026-03-24 09:00:00 +0100
categories: jekyll update
tags: linen shipping
excerpt: A short one.
permalink: /welcome/
published: true
image:
  path: linen.jpg
  alt: A rack of linen shirts
author: ada
---
# Not the title
"""
ZOLA = """\
+++
title = "Shipping linen"
description = "A description."
date = 2026-03-24
updated = 2026-03-25
slug = "linen"
weight = 1
template = "blog.html"
aliases = ["old"]
authors = ["Ada"]
in_search_index = true

[taxonomies]
tags = ["linen", "shipping"]
categories = ["news"]

[extra]
publish_at = 2026-03-24T09:00:00
channels = ["tokyo"]
lang = "en-GB"
colour = "blue"
+++
Text.
"""
NINE = datetime(2026, 3, 24, 8, tzinfo=UTC)


@pytest.fixture
def site(folder: GitFolder) -> GitFolder:
    folder.write("content/blog/linen.jpg", b"JPEG")
    folder.write("static/linen.jpg", b"JPEG")
    return folder


def load(site: GitFolder, path: str, text: str) -> Loaded:
    site.write(path, text)
    return load_posts(WorkTree(site.path), parse_settings(SITE.encode()), {path})


def test_hugo_in_yaml(site: GitFolder) -> None:
    """`publishDate` comes before `date`, `slug` is the id, `images` before `cover`, which can have an alt text; the rest is for templates."""
    loaded = load(site, "content/blog/2026/linen.md", HUGO_YAML)
    assert [p.code for p in loaded.problems] == ["missing-alt"]  # of `images`, which has no room for one
    loaded = load(site, "content/blog/2026/linen.md", HUGO_YAML.replace("images:\n  - linen.jpg\n", ""))
    [post] = loaded.posts
    assert loaded.problems == ()
    assert (post.id, post.title, post.status) == ("shipping-linen", 'Shipping "Linen": what we learned', "ready")
    assert (post.summary, post.tags) == ("Two lines of description.", ("linen", "shipping"))
    assert [(t.channel, t.due) for t in post.targets] == [("brand", NINE)]
    assert post.expires_at == datetime(2030, 12, 30, 23, tzinfo=UTC)
    assert [(m.path, m.alt) for m in post.media] == [("static/linen.jpg", "A rack of linen shirts")]
    assert post.extra["date"] == "2026-03-20T10:00:00+01:00"
    assert {"lastmod", "categories", "author", "weight", "aliases", "ShowToc", "params"} <= post.extra.keys()


def test_hugo_in_toml(site: GitFolder) -> None:
    """TOML's own dates, literal texts and tables; the file's name is the id."""
    loaded = load(site, "content/blog/linen.md", HUGO_TOML)
    [post] = loaded.posts
    assert loaded.problems == ()
    assert (post.id, post.status, post.tags, post.summary) == (
        "linen",
        "draft",
        ("linen", "shipping"),
        "A description.",
    )
    assert (post.link, [t.due for t in post.targets]) == ("https://verne.example/linen", [NINE])
    assert [(m.path, m.alt) for m in post.media] == [("content/blog/linen.jpg", "A rack of linen shirts")]
    assert post.extra["menus"] == {"main": [{"weight": 20}]}


def test_jekyll(site: GitFolder) -> None:
    """The date with a blank before its offset, words as tags, `image` with `path`, the file's name without its date."""
    loaded = load(site, "_posts/2026-01-01-welcome-to-jekyll.markdown", JEKYLL)
    [post] = loaded.posts
    assert loaded.problems == ()
    assert (post.id, post.title, post.status) == ("welcome-to-jekyll", "Welcome to Jekyll!", "ready")
    assert (post.tags, post.summary, [t.due for t in post.targets]) == (("linen", "shipping"), "A short one.", [NINE])
    assert [(m.path, m.alt) for m in post.media] == [("static/linen.jpg", "A rack of linen shirts")]
    assert load(site, "_posts/x.md", JEKYLL.replace("published: true", "published: false")).posts[0].status == "draft"


def test_zola(site: GitFolder) -> None:
    """Tags are in [taxonomies], our own keys in [extra], where `publish_at` counts before the `date` at the top."""
    loaded = load(site, "content/blog/linen.md", ZOLA)
    [post] = loaded.posts
    assert loaded.problems == ()
    assert (post.id, post.language, post.tags) == ("linen", "en-GB", ("linen", "shipping"))
    assert [(t.channel, t.due) for t in post.targets] == [("tokyo", datetime(2026, 3, 24, tzinfo=UTC))]
    assert (post.extra["colour"], post.extra["categories"], post.extra["date"]) == ("blue", ["news"], "2026-03-24")


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("pubishDate", "publishDate"),
        ("desciption", "description"),
        ("tgas", "tags"),
        ("expiry_date", "expiryDate"),
        ("canonical-url", "canonicalURL"),
        ("chanels", "channels"),
    ],
)
@pytest.mark.parametrize("text", [HUGO_YAML, HUGO_TOML, JEKYLL])
def test_a_slip_is_told_with_the_nearest_key(site: GitFolder, text: str, slip: str, meant: str) -> None:
    """In every generator's front matter: a warning at the slip, with what was most likely meant."""
    fence, _, rest = text.partition("\n")
    line = f'{slip} = "x"' if fence == "+++" else f"{slip}: x"
    [warning] = [
        p for p in load(site, "content/blog/x.md", f"{fence}\n{line}\n{rest}").problems if p.code == "unknown-key"
    ]
    assert (warning.line, warning.column, warning.severity) == (2, 1, "warning")
    assert f"{meant!r}" in warning.advice


def test_hugo_s_json_is_refused_with_what_to_write(site: GitFolder) -> None:
    """JSON front matter is not read: the file says nothing that could be taken for a post."""
    loaded = load(site, "content/blog/x.md", '{\n  "title": "T"\n}\n\nText.\n')
    assert (loaded.posts, [p.code for p in loaded.problems]) == ((), ["no-front-matter"])
