"""The files of a newsroom: from nothing one that can be published at once, beside a site one that leaves the site alone."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from presstime.content.schema import schema
from presstime.scaffold.files import File, add_lines
from presstime.scaffold.site import Site

SETTINGS = "presstime.toml"
HEAD = """\
[newsroom]
name = {name}
{zone:<35} # of local times that name no zone
"""
AUDIT = """
[audit]
embedded = ".presstime/s3"          # an S3 server on this machine; or `bucket = "..."` on any S3
bucket = "audit"
"""
CHANNELS = """
[channels.site-feed]                # Atom and JSON Feed files: needs no account
network = "feed"
path = {feed}
title = {name}
{home}
# [channels.brand-mastodon]
# network = "mastodon"
# base_url = "https://mastodon.example"
# account = "@you"
# credentials = "env:MASTODON_TOKEN"  # where the secret is, never the secret itself

# [channels.brand-linkedin]           # a network without access for programs: a person posts what is ready,
# network = "linkedin"                # see `presstime done`
# mode = "assisted"

[defaults]
channels = ["site-feed"]
late = "within 2h"
"""
POST = """\
---
id: hello
title: Hello
publish_at: {date}
late: publish
---

Our first post. Edit it, commit it, and run `presstime publish`.
"""
IGNORED = ".presstime/\n"


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What is made: `posts`, `link` and `links` as in [content]. Beside a site, or other posts that are there (`beside`), what is
    there is let be; else the folder is the newsroom's alone."""

    name: str
    zone: str
    language: str | None = None
    posts: tuple[str, ...] = ("posts",)
    link: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    site: Site | None = None
    beside: bool = False


def files(newsroom: Newsroom, now: datetime) -> Iterator[File]:
    """Everything that a newsroom needs. Those who add files of their own to a newsroom give them as such a list, too."""
    yield File(SETTINGS, settings(newsroom), "the newsroom's settings")
    if not newsroom.beside:
        first = POST.format(date=f"{now - timedelta(days=1):%Y-%m-%d} 09:00")
        yield File("posts/hello.md", first, "a first post, due since yesterday")
    yield File(
        "post.schema.json",
        f"{json.dumps(schema(), ensure_ascii=False, indent=2)}\n",
        "the keys of a post, as a JSON Schema",
    )
    built = "" if newsroom.beside else "public/\n"
    yield File(".gitignore", IGNORED + built, "what Presstime keeps on each machine is not in Git", add_lines)


def settings(newsroom: Newsroom) -> str:
    """presstime.toml."""
    site = newsroom.site
    head = HEAD.format(name=quoted(newsroom.name), zone=f"timezone = {quoted(newsroom.zone)}")
    if newsroom.language:
        head += f"{f'language = {quoted(newsroom.language)}':<35} # of posts that do not say\n"
    feed = ".presstime/feed" if newsroom.beside else "public/feed"
    home = f"home = {quoted(site.home)}\n" if site and site.home else ""
    channels = CHANNELS.format(name=quoted(newsroom.name), feed=quoted(feed), home=home)
    return head + _content(newsroom) + AUDIT + channels


def _content(newsroom: Newsroom) -> str:
    if not newsroom.beside:
        return ""
    whose = f"the posts of the {newsroom.site.generator} site ({newsroom.site.config})" if newsroom.site else "the posts that are there"  # fmt: skip
    lines = [
        "",
        f"[content]                           # {whose}",
        f"posts = {json.dumps(list(newsroom.posts), ensure_ascii=False)}",
        "opt_in = true                       # a post is announced if its front matter names `channels`; all others, the",
        "                                    # whole archive with them, are the site's alone: neither checked nor published",
    ]
    if newsroom.link:
        lines.append(f"link = {quoted(newsroom.link)}")
    if newsroom.link and newsroom.links:
        lines += ["", "[content.links]                     # where pages in other languages are"]
        lines += [f"{quoted(language)} = {quoted(pattern)}" for language, pattern in newsroom.links.items()]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A text as a TOML string, on one line: JSON's escapes are TOML's, too."""
    return json.dumps("".join(c for c in " ".join(text.split()) if c.isprintable()), ensure_ascii=False)
