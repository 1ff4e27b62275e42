"""A post's own template, named in its front matter."""

from presstime.model import Post
from tests.content.kit import SETTINGS, GitFolder

FRONT = "id: a\ntitle: A\npublish_at: 2026-03-24T09:00\n"


def read(folder: GitFolder, front: str) -> Post:
    from presstime.content.posts import load_posts
    from presstime.content.worktree import WorkTree
    from presstime.settings import parse_settings

    folder.write("posts/a.md", f"---\n{FRONT}{front}---\nWords.\n")
    loaded = load_posts(WorkTree(folder.path), parse_settings(SETTINGS.encode()))
    assert not loaded.problems
    return loaded.posts[0]


def test_a_template_for_the_post_and_for_one_channel(folder: GitFolder) -> None:
    """Either may stand alone; a channel's comes before the post's when it is rendered."""
    post = read(folder, "template: offer\nchannels:\n  brand: {template: short}\n  lille: {}\n")
    assert post.template == "offer"
    assert {t.channel: t.template for t in post.targets} == {"brand": "short", "lille": None}


def test_another_program_s_template_is_left_to_it(folder: GitFolder) -> None:
    """Zola's `template: page.html` is a file name of its own: the post is said as any other."""
    assert read(folder, "template: page.html\nchannels: [brand]\n").template is None
