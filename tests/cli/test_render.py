"""`presstime render`: what a post will say, exactly as it would be sent."""

from pathlib import Path

import pytest

from presstime.model import Variant
from tests.cli.kit import call
from tests.kit import ENVIRON, SETTINGS, Folder, Office


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "newsroom")
    made.post("launch", "We have *lift-off*.", link="https://verne.example/launch", tags="[moon]")
    made.commit()
    return made


def test_json(folder: Folder) -> None:
    """One JSON list: a variant per channel, with segments, their length in the network's unit, links and payload."""
    done = call("-C", folder.path, "render", "posts/launch.md", "--format", "json")
    assert done.code == 0
    assert [(v["post"], v["channel"], v["network"]) for v in done.json] == [
        ("launch", "site-feed", "feed"),
        ("launch", "brand-mastodon", "mastodon"),
    ]
    mastodon = done.json[1]
    assert {"digest", "segments", "media"} <= mastodon.keys()
    [segment] = mastodon["segments"]
    assert segment.keys() == {"text", "length", "limit", "unit", "links", "payload"}
    assert "lift-off" in segment["text"]
    assert 0 < segment["length"] <= segment["limit"] == 500
    assert segment["links"] == ["https://verne.example/launch"]
    assert segment["payload"]["status"] == segment["text"]


def test_it_is_what_would_be_sent(folder: Folder) -> None:
    """The digest shown is the one that the plan approves and the log keeps."""
    shown = {
        v["channel"]: v["digest"] for v in call("-C", folder.path, "render", "posts/launch.md", "--format", "json").json
    }
    office = Office(folder)
    actions = office.sync()
    assert {name.partition("/")[2]: a.digest for name, a in actions.items()} == shown
    payload = office.entries()[0].payloads[shown["brand-mastodon"]]
    assert Variant.from_json(payload).digest == shown["brand-mastodon"]


def test_text(folder: Folder) -> None:
    """A person reads the words with their length, channel by channel."""
    done = call("-C", folder.path, "render", "posts/launch.md")
    assert done.code == 0
    assert "== brand-mastodon (mastodon), digest " in done.out
    assert "of 500 " in done.out
    assert "lift-off" in done.out


def test_one_channel(folder: Folder) -> None:
    """`--channel` shows that one; one the newsroom or the post does not have is said, with those there are: exit 2."""
    done = call("-C", folder.path, "render", "posts/launch.md", "--channel", "brand-mastodon", "--format", "json")
    assert [v["channel"] for v in done.json] == ["brand-mastodon"]
    wrong = call("-C", folder.path, "render", "posts/launch.md", "--channel", "brand-mastodont")
    assert wrong.code == 2
    assert "brand-mastodont" in wrong.err
    assert "site-feed" in wrong.err or "'brand-mastodon'" in wrong.err


def test_the_folder_or_a_commit(folder: Folder) -> None:
    """What lies in the folder is shown as it lies there; with `--commit`, as it was committed."""
    folder.post("launch", "Something new.")
    assert "Something new" in call("-C", folder.path, "render", "posts/launch.md").out
    assert "lift-off" in call("-C", folder.path, "render", "posts/launch.md", "--commit", "HEAD").out
    both = call("-C", folder.path, "render", "posts/launch.md", "--commit", "HEAD", "--worktree")
    assert both.code == 2


@pytest.mark.parametrize("path", ["posts/nothing.md", "presstime.toml", "../elsewhere.md", "/etc/hostname"])
def test_what_is_no_post(folder: Folder, path: str) -> None:
    """A path that is no post of the newsroom: exit 2, and the path."""
    done = call("-C", folder.path, "render", path)
    assert done.code == 2
    assert path in done.err


def test_problems_are_told(folder: Folder) -> None:
    """A post that cannot be read, or cannot be said on a channel, ends with 1 and its problem; what can be said is shown."""
    folder.write("posts/bad.md", "---\nid: bad\ntitle: [\n---\nText\n")
    bad = call("-C", folder.path, "render", "posts/bad.md")
    assert bad.code == 1
    assert "posts/bad.md:" in bad.err
    folder.write("presstime.toml", SETTINGS.replace('"@verne"', '"@verne"\nfit = ["refuse"]'))
    folder.post("long", summary="Word " * 300, thread="never")
    long = call("-C", folder.path, "render", "posts/long.md", env=ENVIRON)
    assert long.code == 1
    assert "on channel brand-mastodon" in long.err
    assert "== site-feed" in long.out
