"""A real site's posts, on every network: those of the Node.js blog, where they are at hand."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from presstime import networks
from presstime.content.posts import load_posts
from presstime.content.worktree import WorkTree
from presstime.model import Post, Segment, TextRule
from presstime.render import Templates
from presstime.render.measure import over
from presstime.settings import parse_settings
from tests.render.kit import picture, ref, say

CORPORA = Path(os.environ.get("PRESSTIME_CORPORA") or Path(__file__).parents[3] / "shared" / "corpora")
BLOG = CORPORA / "nodejs-blog"
FOLDERS = ("announcements", "community", "feature", "uncategorized", "vulnerability")
SETTINGS = f"""
[newsroom]
timezone = "UTC"
[content]
posts = {list(FOLDERS)}
identity = "name"
link = "https://nodejs.example/blog/{{section}}/{{name}}"
[channels.brand]
network = "memory"
[defaults]
channels = ["brand"]
"""
PICTURE = picture((400, 320), "JPEG")
TEMPLATES = Templates()
LONG = 200_000  # characters
NETWORKS = [name for name in networks.names() if name != "memory"]

pytestmark = pytest.mark.skipif(
    not BLOG.is_dir(), reason="the Node.js blog is not at hand: PRESSTIME_CORPORA names the folder of nodejs-blog"
)


@cache
def blog() -> Sequence[Post]:
    return load_posts(WorkTree(BLOG), parse_settings(SETTINGS.encode())).posts


def segments(post: Post, network: str) -> Sequence[Segment]:
    """The messages of a post on a network; where there must be a picture, with one."""
    kind = networks.load(network)
    wants_picture = kind.traits.media is not None and kind.traits.media.required
    shown = replace(post, media=(ref(PICTURE, "media/p.jpg"),) if wants_picture else ())
    return say(
        shown, kind.traits, compose=kind.compose, files={"1" * 40: PICTURE}, templates=TEMPLATES
    ).variant.segments


def test_the_blog_is_read() -> None:
    """As it lies there: every post by its own front matter."""
    assert len(blog()) > 130


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_post_can_be_said_on_every_network(folder: str) -> None:
    """None fails, none is over its limit, each has words and a request."""
    for post in blog():
        if post.path.startswith(f"{folder}/") and len(post.body) < LONG:
            look_at(post)


@pytest.mark.slow
@pytest.mark.skipif(
    not (os.environ.get("CI") or os.environ.get("PRESSTIME_ALL")), reason="takes a minute: PRESSTIME_ALL=1 runs it"
)
def test_a_post_as_long_as_a_book_can_be_said() -> None:
    """The same of the one post of nearly a megabyte."""
    longest = max(blog(), key=lambda post: len(post.body))
    assert len(longest.body) > LONG
    look_at(longest)


def look_at(post: Post) -> None:
    for network in NETWORKS:
        for segment in segments(post, network):
            rule = rule_of(network, segment)
            assert not over(segment.text, rule), f"{post.path}, {network}: {segment.length} of {segment.limit}"
            assert segment.text.strip(), f"{post.path}, {network}"
            assert segment.payload, f"{post.path}, {network}"


def rule_of(network: str, segment: Segment) -> TextRule:
    traits = networks.load(network).traits
    return traits.caption if traits.caption and segment.media else traits.text
