"""`check --fix`: an id where there is none, and not one byte else."""

import os

import pytest

from presstime.content.fix import fix_ids
from presstime.content.posts import load_posts
from presstime.content.worktree import WorkTree
from presstime.settings import parse_settings
from tests.content.kit import SETTINGS, GitFolder

REST = "publish_at: 2026-03-24T09:00\nchannels: [brand]\n---\nText\n"


def fix(folder: GitFolder, only: set[str] | None = None) -> dict[str, str]:
    settings = parse_settings(SETTINGS.encode(), "presstime.toml")
    return dict(fix_ids(WorkTree(folder.path), settings, only))


@pytest.mark.parametrize(
    ("before", "line", "at"),
    [
        (f"---\ntitle: The Été of L'Œuvre, n° 2!\n{REST}", b"id: the-ete-of-loeuvre-n-2\n", 4),
        (f"\ufeff---\r\ntitle: Hello\r\n{REST}", b"id: hello\r\n", 8),
        ("+++  \ntitle = 'Hello'\npublish_at = 2026-03-24T09:00:00\n+++\nText", b'id = "hello"\n', 6),
        (f"---\ntitle: 2026\n{REST}", b'id: "2026"\n', 4),
        (f"---\ntitle: 'No'\n{REST}", b'id: "no"\n', 4),
        (f"---\ntitle: 日本の春\n{REST}", "id: 日本の春\n".encode(), 4),
        (f"---\ntitle: '???'\n{REST}", b"id: My-file\n", 4),
        (f"---\n# comment\ndraft: true\n{REST}# From the heading\n", b"id: from-the-heading\n", 4),
    ],
)  # fmt: skip
def test_the_id_is_the_first_line_and_nothing_else_changes(
    folder: GitFolder, before: str, line: bytes, at: int
) -> None:
    """The new file is the old one with one line more: after the opening line, with its line end, quoted where needed."""
    file = folder.write("posts/2026-01-01-My file.md", before)
    fix(folder)
    old, new = before.encode(), file.read_bytes()
    assert new == old[:at] + line + old[at:]


def test_ids_are_unique_in_the_newsroom(folder: GitFolder) -> None:
    """Two posts of one title, and one whose id is taken by a post that has an error itself, get numbers."""
    folder.write("posts/a.md", f"---\ntitle: Hello\n{REST}")
    folder.write("posts/b.md", f"---\ntitle: Hello\n{REST}")
    folder.write("posts/c.md", f"---\nid: hello\nlink: broken\ntitle: T\n{REST}")
    assert fix(folder) == {"posts/a.md": "hello-2", "posts/b.md": "hello-3"}
    assert fix(folder) == {}


def test_after_a_fix_the_posts_load(folder: GitFolder) -> None:
    """What was written is what the loader wants."""
    folder.write("posts/a.md", f"---\ntitle: Hello\n{REST}")
    fix(folder)
    loaded = load_posts(WorkTree(folder.path), parse_settings(SETTINGS.encode(), "presstime.toml"))
    assert [p.id for p in loaded.posts] == ["hello"]
    assert loaded.problems == ()


def test_only_the_wanted_files_are_touched(folder: GitFolder) -> None:
    """Files that were not asked for, that have an id, or that cannot be read stay as they are."""
    files = {
        "posts/a.md": f"---\ntitle: A\n{REST}",
        "posts/b.md": f"---\ntitle: B\n{REST}",
        "posts/c.md": f"---\nslug: c\ntitle: C\n{REST}",
        "posts/d.md": "---\ntitle: One: two\n---\n",
        "posts/README.md": "---\ntitle: R\n---\n",
    }
    for path, text in files.items():
        folder.write(path, text)
    assert fix(folder, {"posts/a.md"}) == {"posts/a.md": "a"}
    assert {p: (folder.path / p).read_text() for p in files if p != "posts/a.md"} == {
        p: t for p, t in files.items() if p != "posts/a.md"
    }


@pytest.mark.parametrize("before", ["---\n{title: Hello}\n---\n", "---\nid:\ntitle: Hello\n---\n"])
def test_a_file_that_a_line_would_break_is_left_alone(folder: GitFolder, before: str) -> None:
    """Where a new first line would not read as an id and nothing else, the file stays and the problem too."""
    file = folder.write("posts/a.md", before)
    assert fix(folder) == {}
    assert file.read_text() == before


def test_links_are_not_written_through_and_modes_stay(folder: GitFolder) -> None:
    """A symlink is no post, and a file keeps its permissions."""
    target = folder.write("elsewhere.md", f"---\ntitle: Hello\n{REST}")
    file = folder.write("posts/a.md", f"---\ntitle: Hello\n{REST}")
    file.chmod(0o640)
    os.symlink(target, folder.path / "posts" / "b.md")
    assert fix(folder) == {"posts/a.md": "hello"}
    assert "id:" not in target.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(folder.path / "posts")) == ["a.md", "b.md"]
