"""A channel's own limits, from presstime.toml to the words: the server is not asked, so the same commit gives the same bytes."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from presstime.content.newsroom import Newsroom, read_newsroom
from presstime.content.worktree import WorkTree
from presstime.errors import RenderError
from presstime.model import LIMITS, MediaRule, MovingRule, Settling, TextRule, Traits
from presstime.publish.checks import Checks
from presstime.publish.words import Words
from tests.content.kit import GitFolder

SETTINGS = """\
[newsroom]
timezone = "UTC"
[channels.stock]
network = "mastodon"
fit = ["refuse"]
[channels.own]
network = "mastodon"
fit = ["refuse"]
[channels.own.limits]
{limits}
"""
POST = "---\nid: a\ntitle: T\npublish_at: 2026-03-24T09:00\nchannels: [stock, own]\nmedia: [{media}]\n---\n{text}\n"


def newsroom(folder: GitFolder, limits: str, text: str = "x", media: str = "") -> Newsroom:
    folder.write("presstime.toml", SETTINGS.format(limits=limits))
    folder.write("posts/a.md", POST.format(text=text, media=media))
    folder.write("templates/mastodon.j2", "{{ post.body }}")
    return read_newsroom(WorkTree(folder.path))


def said(room: Newsroom) -> dict[str, int | str]:
    """Of each channel, the limit that its words were measured against, or what keeps them from being said."""
    words, [post] = Words(room, room.read_blob), map(room.loaded.whole, room.loaded.each())
    found: dict[str, int | str] = {}
    for target in post.targets:
        try:
            found[target.channel] = words.variant(post, target).segments[0].limit
        except RenderError as error:
            found[target.channel] = error.code
    return found


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    return GitFolder(tmp_path / "newsroom")


def test_a_channel_may_say_more_or_less(folder: GitFolder) -> None:
    """Words that a stock server refuses fit a roomier one, and the other way round; the other channel is not touched."""
    assert said(newsroom(folder, "characters = 1000", "m" * 900)) == {"stock": "too-long", "own": 1000}
    assert said(newsroom(folder, "characters = 300", "m" * 400)) == {"stock": 500, "own": "too-long"}


def test_check_says_so_too(folder: GitFolder) -> None:
    """`check` counts with the channel's limits, without a network."""
    room = newsroom(folder, "characters = 300", "m" * 400)
    [problem] = Checks(room).problems()
    assert problem.code == "too-long"
    assert "channel own" in problem.message


def test_links_and_media_by_the_channels_limits(folder: GitFolder) -> None:
    """A link counts what the channel says; pictures are as many and as small as it says."""
    text = "m" * 480 + " https://example.org/" + "a" * 40
    assert said(newsroom(folder, "url_weight = 15", text)) == {"stock": "too-long", "own": 500}
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(buffer, "PNG")
    folder.write("posts/p.png", buffer.getvalue())
    picture = "{file: p.png, alt: Une carte}"
    assert said(newsroom(folder, "alt = 4", media=picture)) == {"stock": 500, "own": "alt-too-long"}
    assert said(newsroom(folder, "media = 1", media=f"{picture}, {picture}"))["own"] == "too-many-media"
    room = newsroom(folder, "image_pixels = 300", media=picture)
    words, [post] = Words(room, room.read_blob), map(room.loaded.whole, room.loaded.each())
    items = [words.variant(post, target).segments[0].media[0] for target in post.targets]
    assert [(i.width * i.height <= 300, i.digest == items[0].digest) for i in items] == [(False, True), (True, False)]
    small = words.variant(post, post.targets[1])
    assert words.reread(small, items[1])[:4] == b"\x89PNG"  # a settling worker makes the same bytes again


@pytest.mark.parametrize("fit", ["thread", "shorten"])
def test_however_little_there_is_an_end(folder: GitFolder, fit: str) -> None:
    """A limit of one letter makes a silly thread or a refusal, not an endless one."""
    room = newsroom(folder, "characters = 1", "Bonjour à tous")
    channel = replace(room.settings.channels["own"], fit=(fit,))
    room = replace(room, settings=replace(room.settings, channels={"own": channel, "stock": channel}))
    assert said(room) == dict.fromkeys(("own", "stock"), 1 if fit == "thread" else "too-long")


def test_every_limit_leads_somewhere() -> None:
    """Each name changes its rule and nothing else; a network without that rule, or that lets no channel set it, stays as it is."""
    media = MediaRule(4, (), 9, animation=MovingRule((), 9), video=MovingRule((), 9))
    traits = Traits("a", "A", Settling.NONE, TextRule(9, "characters"), media, limits=frozenset(LIMITS))
    for name, paths in LIMITS.items():
        changed = traits.limited({name: 777})
        assert repr(changed).count("777") == len(paths)
        assert repr(traits.limited({name: 777})) != repr(traits)
        bare = Traits("a", "A", Settling.NONE, TextRule(9, "characters"), limits=frozenset(LIMITS))
        assert (bare.limited({name: 777}) == bare) == all(p.startswith("media") for p in paths)
        fixed = Traits("a", "A", Settling.NONE, TextRule(9, "characters"), media)
        assert fixed.limited({name: 777}) == fixed
