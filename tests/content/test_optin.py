"""`[content] opt_in`: only files that name channels are posts; an archive is neither checked nor published."""

from pathlib import Path

import pytest

from presstime.content.catalog import Catalog
from presstime.content.posts import Loaded, load_posts
from presstime.content.worktree import WorkTree
from presstime.model import Status
from presstime.settings import parse_settings
from tests.content.kit import SETTINGS, GitFolder
from tests.content.test_shelf import assert_same
from tests.kit import SETTINGS as MEMORY
from tests.kit import START, Folder, Office, run_pass

SITE = SETTINGS + '[content]\nopt_in = true\n[defaults]\nchannels = ["brand"]\n'
OURS = "---\nid: ours\ntitle: T\ndate: 2026-03-24\nchannels: [brand]\n---\nText.\n"
# What archives are full of: each an error, if it were a post.
THEIRS = {
    "no-id.md": "---\ntitle: T\ndate: 2014-03-24\n---\nText.\n",
    "no-date.md": "---\nid: a\ntitle: T\n---\nText.\n",
    "no-title.md": "---\nid: b\ndate: 2014-03-24\n---\nText.\n",
    "bad-date.md": "---\nid: c\ntitle: T\ndate: sometime\n---\nText.\n",
    "no-alt.md": "---\nid: d\ntitle: T\ndate: 2014-03-24\nimage: https://cdn.example/a.jpg\n---\nText.\n",
    "twice.md": "---\nid: ours\ntitle: T\ndate: 2014-03-24\n---\nText.\n",
    "plain.md": "Only text, about channels.\n",
    "json.md": '{"title": "T"}\nOur channels: all of them.\n',
    "syntax.md": "---\ntitle: [\n---\nWe have many channels.\n",
    "empty.md": "---\nid: e\ntitle: T\ndate: 2014-03-24\nchannels:\n---\nText.\n",
    "binary.md": "\0\1\2",
    "unknown.md": "---\nid: f\ntitle: T\nzzz: 1\ndate: 2014-03-24\n---\nOn channels.\n",
    "program.mdx": "import X from './x'\n",
}


def load(folder: GitFolder, settings: str = SITE) -> Loaded:
    return load_posts(WorkTree(folder.path), parse_settings(settings.encode()))


@pytest.fixture
def site(folder: GitFolder) -> GitFolder:
    for name, text in THEIRS.items():
        folder.write(f"posts/{name}", text)
    folder.write("posts/ours.md", OURS)
    return folder


def test_an_archive_is_let_be(site: GitFolder) -> None:
    """Of files that name no channel nothing is said, counted or planned; not even an id of theirs is in the way."""
    loaded = load(site)
    assert [post.id for post in loaded.posts] == ["ours"]
    assert (loaded.problems, loaded.skipped, loaded.seen, loaded.unread) == ((), (), 1, "")
    everything = load(site, SITE.replace("opt_in = true", ""))
    assert everything.problems != ()
    assert [skipped.path for skipped in everything.skipped] == ["posts/program.mdx"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("---\ntitle: T\nchannels: [brand]\ndate: 2026-03-24\n---\n", "missing-id"),
        ("---\nid: x\ntitle: T\nchannels: [nobody]\ndate: 2026-03-24\n---\n", "unknown-channel"),
        ("---\nid: x\ntitle: T\nchannels: []\ndate: 2026-03-24\n---\n", "no-channels"),
        ("---\nid: x\ntitle: [\nchannels: [brand]\n---\n", "yaml-syntax"),
        ("id: x\ntitle: T\nchannels: [brand]\n---\nText.\n", "no-front-matter"),
        ("+++\ntitle = \n[extra.channels.brand]\ntext = 'x'\n+++\n", "toml-syntax"),
        ("+++\nid = 'x'\ntitle = 'T'\n[extra]\nchannels = ['brand']\n+++\n", "missing-publish-at"),
    ],
)
def test_who_names_channels_wants_to_know(folder: GitFolder, text: str, code: str) -> None:
    """With `channels`, also in Zola's [extra] or in a file that cannot be read, every problem is told as ever."""
    folder.write("posts/x.md", text)
    assert code in [problem.code for problem in load(folder).problems]


def test_a_program_that_names_channels_is_not_passed_over(folder: GitFolder) -> None:
    """MDX cannot be read; if it names channels, somebody waits for it to go out."""
    folder.write("posts/x.mdx", OURS)
    assert [skipped.path for skipped in load(folder).skipped] == ["posts/x.mdx"]


def test_plans_see_the_same(tmp_path: Path) -> None:
    """The catalog that plans read answers as reading everything anew does."""
    folder = Folder(tmp_path / "newsroom", MEMORY + "[content]\nopt_in = true\n")
    for name, text in THEIRS.items():
        folder.write(f"posts/{name}", text)
    folder.write("posts/ours.md", OURS.replace("[brand]", "[brand-a]"))
    folder.commit()
    with_catalog = Catalog(tmp_path / "catalog.sqlite")
    assert_same(folder, with_catalog)
    folder.write("posts/ours.md", OURS.replace("channels: [brand]\n", ""))
    folder.write("posts/no-id.md", THEIRS["no-id.md"].replace("title: T", "title: T\nchannels: [nobody]"))
    folder.commit()
    assert_same(folder, with_catalog)


def test_what_went_out_stays_up_when_its_channels_are_taken_away(tmp_path: Path) -> None:
    """A post that names no channels any more is the site's alone again: a note in the plan, and no takedown."""
    folder = Folder(tmp_path / "newsroom", MEMORY + "[content]\nopt_in = true\n")
    text = OURS.replace("[brand]", "[site-feed]").replace("2026-03-24", START.isoformat())
    folder.write("posts/ours.md", text)
    folder.commit()
    office = Office(folder)
    with office.desk() as desk:
        assert {name: state.status for name, state in run_pass(desk).items()} == {"ours/site-feed": Status.PUBLISHED}
    folder.write("posts/ours.md", text.replace("channels: [site-feed]\n", ""))
    folder.commit()
    [action] = office.sync().values()
    assert (action.action, action.reason) == (
        "note",
        "posts/ours.md is there, but is not that post any more: what is out stays",
    )
