"""`presstime new`: a post from a title, that `check` has nothing to say of."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.scaffold.kit import run

SETTINGS = """\
[newsroom]
name = "N"
timezone = "Europe/Paris"
language = "fr"
[channels.a]
network = "memory"
[channels.b]
network = "memory"
[groups]
both = ["a", "b"]
[defaults]
channels = ["a"]
"""
SLOTS = '[slots]\nweekday = ["Mon 09:00"]\nevening = ["Fri 18:00"]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A newsroom without a post."""
    (tmp_path / "presstime.toml").write_text(SETTINGS)
    return tmp_path


def test_a_post_at_a_time(root: Path) -> None:
    """The file's path is what is printed, for programs and people; the time stands as it was said."""
    done = run("new", "Un été à la mer", "--at", "2031-06-01 09:00", "--channels", "both", cwd=root)
    assert (done.code, done.out) == (0, "posts/un-ete-a-la-mer.md\n")
    assert "presstime check posts/un-ete-a-la-mer.md" in done.err
    assert (root / done.out.strip()).read_text() == (
        "---\nid: un-ete-a-la-mer\ntitle: Un été à la mer\npublish_at: 2031-06-01 09:00\nchannels: [both]\n---\n\nUn été à la mer\n"
    )
    assert run("check", "--strict", cwd=root).out == "1 post: no problems\n"


def test_now(root: Path) -> None:
    """What is to go out now is due within the minute, so that one pass sends it."""
    done = run("new", "T", "--at", "now", "--format", "json", cwd=root)
    since = datetime.now(UTC) - datetime.fromisoformat(done.json["publish_at"])
    assert timedelta(0) <= since < timedelta(minutes=2)
    assert not done.json["draft"]
    assert "past" not in run("new", "U", "--at", "now", cwd=root).err
    assert "past" in run("new", "V", "--at", "2020-01-01", cwd=root).err


def test_without_a_time_it_is_a_draft(root: Path) -> None:
    """Nothing goes out by chance: it says how to let it go."""
    done = run("new", "Plus tard", cwd=root)
    assert done.code == 0
    assert (
        root / done.out.strip()
    ).read_text() == "---\nid: plus-tard\ntitle: Plus tard\nstatus: draft\n---\n\nPlus tard\n"
    assert "`publish_at`" in done.err
    assert run("check", cwd=root).code == 0


@pytest.mark.parametrize(
    ("more", "arguments", "expected"),
    [
        (SLOTS + "[x]", ["--slot", "weekday"], "publish_at: next-slot\nslots: weekday\n"),
        ('[slots]\nweekday = ["Mon 09:00"]\n', [], "publish_at: next-slot\n"),
        (SLOTS.replace("[slots]", 'slots = "weekday"\n[slots]'), [], "publish_at: next-slot\n"),
        (SLOTS, [], "status: draft\n"),
        (SLOTS, ["--slot", "evening", "--draft"], "publish_at: next-slot\nslots: evening\n"),
    ],
)
def test_slots(root: Path, more: str, arguments: list[str], expected: str) -> None:
    """The slots that are named, else the newsroom's; where it is not clear which, it is a draft."""
    (root / "presstime.toml").write_text(SETTINGS + more.replace("[x]", ""))
    done = run("new", "T", *arguments, cwd=root)
    assert done.code == 0, done.said
    text = (root / done.out.strip()).read_text()
    assert expected in text
    assert ("status: draft" in text) == ("draft" in expected or "--draft" in arguments)
    assert run("check", cwd=root).code == 0


def test_as_json(root: Path) -> None:
    """What a program wants to know of it."""
    done = run("new", "T", "--at", "2031-06-01T09:00+09:00", "--channels", "a,b", "--format", "json", cwd=root)
    assert done.json == {
        "path": "posts/t.md",
        "id": "t",
        "publish_at": "2031-06-01T02:00:00+02:00",
        "channels": ["a", "b"],
        "draft": False,
        "next": "presstime check posts/t.md",
    }
    assert "publish_at: 2031-06-01T02:00:00+02:00" in (root / "posts/t.md").read_text()


def test_what_is_there_stays(root: Path) -> None:
    """Neither a file nor an id that is there is taken: the post that has it is named."""
    assert run("new", "T", cwd=root).code == 0
    before = (root / "posts/t.md").read_bytes()
    again = run("new", "T", cwd=root)
    assert (again.code, (root / "posts/t.md").read_bytes()) == (2, before)
    assert "posts/t.md" in again.err
    (root / "posts/t.md").rename(root / "posts/other.md")
    again = run("new", "T", cwd=root)
    assert again.code == 2
    assert "(posts/other.md)" in again.err
    assert run("new", "T", "--id", "t-2", cwd=root).out == "posts/t-2.md\n"
    (root / "posts/u.md").write_text("Not a post.\n")
    assert run("new", "U", cwd=root).code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["!!!"], "--id"),
        (["  "], "empty"),
        (["T", "--id", "a/b"], "cannot be an id"),
        (["T", "--at", "tomorrow"], "is not a time"),
        (["T", "--at", "2031-03-30T02:30"], "2031-03-30T01:59"),
        (["T", "--slot", "weekday"], "no slots"),
        (["T", "--channels", "bith"], "'both'"),
        (["T", "--at", "2031-01-01", "--slot", "x"], "exclude"),
        (["T", "--folder", "../x"], "no folder of posts"),
        (["T", "--folder", "drafts"], "no folder of posts"),
    ],
)
def test_what_cannot_be(root: Path, arguments: list[str], said: str) -> None:
    """A mistake is told with what to do, and nothing is written."""
    done = run("new", *arguments, cwd=root)
    assert done.code == 2
    assert said in done.err
    assert not (root / "posts").exists()


def test_folders(root: Path) -> None:
    """The first folder of posts, one below it by its name, or the one of the language."""
    settings = SETTINGS + '[content]\nposts = ["fr/posts", "en/posts"]\n'
    (root / "presstime.toml").write_text(settings)
    assert run("new", "A", cwd=root).out == "fr/posts/a.md\n"
    assert run("new", "B", "--language", "en", cwd=root).out == "en/posts/b.md\n"
    assert "language: en\n" in (root / "en/posts/b.md").read_text()
    assert run("new", "C", "--folder", "en/posts/rail", cwd=root).out == "en/posts/rail/c.md\n"


def test_a_language_in_the_file_s_name(tmp_path: Path) -> None:
    """Where a site tells languages apart by names, the file has one, and the link is that of the language."""
    from tests.scaffold.sites import SITES, lay

    lay(tmp_path, SITES["hugo-suffixes"])
    assert run("init", "--yes", cwd=tmp_path).code == 0
    done = run("new", "Bonjour", "--at", "2031-06-01", "--language", "fr", cwd=tmp_path)
    assert done.out == "content/posts/bonjour.fr.md\n"
    shown = run("render", done.out.strip(), "--format", "json", cwd=tmp_path).out
    assert "https://verne.example/fr-site/posts/bonjour/" in shown


def test_in_an_editor(root: Path) -> None:
    """`--edit` opens the file in $EDITOR."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDITOR", "sed -i s/T/U/g")
        patch.delenv("VISUAL", raising=False)
        assert run("new", "T", "--edit", cwd=root).code == 0
    assert "title: U\n" in (root / "posts/t.md").read_text()


def test_where_there_is_no_newsroom(tmp_path: Path) -> None:
    """It says how to make one."""
    done = run("new", "T", cwd=tmp_path)
    assert done.code == 2
    assert "presstime init" in done.err
