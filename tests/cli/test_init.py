"""`presstime init`: a newsroom that can be published at once, and nothing overwritten."""

import json
import os
import pty
import subprocess
import tomllib
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pygit2
import pytest
import yaml

from presstime.settings import parse_settings
from tests.cli.kit import PRESSTIME, call
from tests.kit import Office
from tests.scaffold.kit import run
from tests.scaffold.sites import ASTRO, HUGO, SITES, archive, lay


def commit(root: Path) -> None:
    repository = pygit2.Repository(str(root))
    repository.index.add_all()
    repository.index.write()
    who = pygit2.Signature("Ada", "ada@verne.example")
    repository.create_commit("HEAD", who, who, "A newsroom", repository.index.write_tree(), [])


def test_what_it_writes_is_sound(tmp_path: Path) -> None:
    """Settings, a first post and a repository, of which `check` has nothing to say and which `render` can show."""
    done = call("init", "--name", "Maison Verne", "--timezone", "Europe/Paris", cwd=tmp_path)
    assert done.code == 0
    settings = parse_settings((tmp_path / "presstime.toml").read_bytes())
    assert (settings.name, settings.timezone, settings.warnings) == ("Maison Verne", "Europe/Paris", ())
    assert ".presstime/" in (tmp_path / ".gitignore").read_text()
    assert call("check", cwd=tmp_path).code == 0
    assert call("render", "posts/hello.md", cwd=tmp_path).code == 0
    assert (tmp_path / "post.schema.json").read_text() == call("schema").out
    commit(tmp_path)
    assert call("check", "--commit", "HEAD", cwd=tmp_path).code == 0


def test_into_a_folder(tmp_path: Path) -> None:
    """With a folder it is made there, and what comes next is said as it has to be typed."""
    done = call("init", "deep/newsroom", cwd=tmp_path)
    assert done.code == 0
    assert (tmp_path / "deep/newsroom/presstime.toml").exists()
    assert "presstime -C deep/newsroom publish" in done.out
    assert call("-C", "deep/newsroom", "check", cwd=tmp_path).code == 0


def test_in_a_repository_there_is(tmp_path: Path) -> None:
    """Inside a repository no other is made."""
    pygit2.init_repository(str(tmp_path))
    assert call("init", "news", cwd=tmp_path).code == 0
    assert not (tmp_path / "news/.git").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Where a newsroom is, nothing is written, and it says what is there."""
    call("init", cwd=tmp_path)
    (tmp_path / "presstime.toml").write_text("# mine\n")
    again = call("init", cwd=tmp_path)
    assert again.code == 2
    assert "presstime.toml" in again.err
    assert (tmp_path / "presstime.toml").read_text() == "# mine\n"


def test_a_gitignore_of_ones_own_gets_what_is_missing(tmp_path: Path) -> None:
    """An existing .gitignore keeps its lines, and the log's folder is ignored from now on."""
    (tmp_path / ".gitignore").write_text("node_modules/")
    assert call("init", cwd=tmp_path).code == 0
    assert (tmp_path / ".gitignore").read_text() == "node_modules/\n.presstime/\npublic/\n"


@pytest.mark.parametrize("name", ['Rue "A" & Co', "back\\slash", "two\nlines", "Ünïcödé", "{name}", ""])
def test_any_name_gives_sound_settings(tmp_path: Path, name: str) -> None:
    """Whatever the newsroom is called, what is written is TOML, and has a name."""
    done = call("init", "news", "--name", name, cwd=tmp_path)
    assert done.code == 0, done.said
    settings = tomllib.loads((tmp_path / "news/presstime.toml").read_text())
    assert settings["newsroom"]["name"]
    assert "Ünïcödé" not in name or settings["newsroom"]["name"] == name


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_where_a_file_is(tmp_path: Path, place: str) -> None:
    """A folder that cannot be made is an error with its path, not a traceback."""
    (tmp_path / "file").write_text("I am a file.")
    done = call("init", place, cwd=tmp_path)
    assert done.code == 2
    assert "file" in done.err


# --- beside a site ----------------------------------------------------------------------------------------------------


def files_of(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and ".git/" not in path.as_posix())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", SITES)
def test_beside_a_site(tmp_path: Path, name: str) -> None:
    """What was recognised is in presstime.toml; no file of the site is touched; `check` has nothing to say, neither of the
    archive nor of a first post."""
    before = files_of(lay(tmp_path, SITES[name]))
    done = run("init", "--yes", cwd=tmp_path)
    assert done.code == 0, done.said
    after = files_of(tmp_path)
    assert {path: text for path, text in after.items() if path in before} == before
    assert after.keys() - before.keys() == {
        "presstime.toml",
        "post.schema.json",
        ".gitignore",
        ".pre-commit-config.yaml",
        ".vscode/settings.json",
        ".vscode/presstime.code-snippets",
    }
    settings = parse_settings(after["presstime.toml"])
    assert (settings.warnings, settings.content.opt_in) == ((), True)
    checked = run("check", "--strict", cwd=tmp_path)
    assert (checked.code, checked.out) == (0, "0 posts: no problems\n"), checked.said
    new = run("new", "Un été à la mer", "--at", "2031-06-01T09:00", cwd=tmp_path)
    assert new.code == 0, new.said
    checked = run("check", "--strict", cwd=tmp_path)
    assert (checked.code, checked.out) == (0, "1 post: no problems\n"), checked.said
    assert "Un été à la mer" in run("render", new.out.strip(), cwd=tmp_path).out


@pytest.mark.parametrize("name", ["hugo", "jekyll", "zola", "astro"])
def test_an_archive_never_goes_out(tmp_path: Path, name: str) -> None:
    """Beside a hundred old posts a fresh newsroom plans the one that names channels, and nothing else."""
    lay(tmp_path, SITES[name])
    assert run("init", "--yes", cwd=tmp_path).code == 0
    made = run("new", "Now", "--at", "2020-01-01T09:00", cwd=tmp_path).out.strip()
    commit(tmp_path)
    office = Office(SimpleNamespace(path=tmp_path))  # type: ignore[arg-type]  # a folder that is there
    assert {delivery: action.path for delivery, action in office.sync().items()} == {"now/site-feed": made}


def test_what_is_proposed_is_told_with_its_reason(tmp_path: Path) -> None:
    """Without a terminal and without --yes nothing is written; each finding and each file is named."""
    lay(tmp_path, HUGO)
    before = files_of(tmp_path)
    done = run("init", cwd=tmp_path)
    assert (done.code, files_of(tmp_path)) == (2, before)
    assert "A Hugo site (hugo.toml)." in done.err
    assert "posts: content/posts    (102 Markdown files, and the usual name)" in done.err
    assert "link: https://verne.example/posts/{section}/{slug}/" in done.err
    assert "write  presstime.toml: the newsroom's settings" in done.err
    assert "--yes" in done.err


def test_what_is_said_comes_before_what_is_recognised(tmp_path: Path) -> None:
    """Options overrule; a folder that is none of the newsroom's is an error before anything is written."""
    lay(tmp_path, HUGO)
    done = run("init", "--yes", "--posts", "content", "--link", "https://x.example/{id}", "--name", "N", "--timezone", "Asia/Tokyo", cwd=tmp_path)  # fmt: skip
    assert done.code == 0
    settings = parse_settings((tmp_path / "presstime.toml").read_bytes())
    assert (settings.content.posts, settings.content.link) == (("content",), "https://x.example/{id}")
    assert (settings.name, settings.timezone) == ("N", "Asia/Tokyo")
    (tmp_path / "presstime.toml").unlink()
    (tmp_path / "post.schema.json").unlink()
    done = run("init", "--yes", "--link", "nowhere", cwd=tmp_path)
    assert done.code == 2
    assert not (tmp_path / "presstime.toml").exists()


def test_posts_of_a_site_that_is_not_known(tmp_path: Path) -> None:
    """With --posts what is there is let be as well, whatever made it."""
    root = lay(
        tmp_path, archive("articles/old-{n}.md", "---\ntitle: Old <n>\ndate: <date>\nlayout: article\n---\nText.\n")
    )
    assert run("init", "--posts", "articles", cwd=root).code == 0
    assert not (root / "posts").exists()
    assert parse_settings((root / "presstime.toml").read_bytes()).content.opt_in
    made = run("new", "Now", "--at", "2020-01-01T09:00+00:00", cwd=root).out.strip()
    assert (root / made).read_text().startswith("---\nid: now\ntitle: Now\ndate: 2020-01-01T09:00:00+00:00\nlayout: article\n")  # fmt: skip
    assert run("check", "--strict", cwd=root).out == "1 post: no problems\n"


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    """A person is asked for what was recognised and whether to write it; an empty answer takes what is proposed."""
    lay(tmp_path, HUGO)
    assert "nothing was written" in asked(tmp_path, "init", answers="\n\n\nn\n")
    assert not (tmp_path / "presstime.toml").exists()
    shown = asked(tmp_path, "init", answers="\n-\nEurope/Lisbon\ny\n")
    assert "Folders of posts" in shown
    settings = parse_settings((tmp_path / "presstime.toml").read_bytes())
    assert (settings.content.posts, settings.content.link) == (("content/posts",), None)
    assert settings.timezone == "Europe/Lisbon"


def asked(folder: Path, *arguments: str, answers: str) -> str:
    """What `presstime` shows on a terminal where somebody types these answers."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([PRESSTIME, *arguments], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        os.write(ours, answers.encode())
        shown = b""
        with suppress(OSError):  # nobody holds the other end any more
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    return shown.decode()


def test_a_site_in_a_folder_below(tmp_path: Path) -> None:
    """In a repository of several projects the one site is proposed; of several, one must be named; --no-site looks at none."""
    pygit2.init_repository(str(tmp_path))
    lay(tmp_path / "web", HUGO)
    assert run("init", cwd=tmp_path).code == 2
    assert run("init", "--yes", cwd=tmp_path).code == 0
    assert (tmp_path / "web/presstime.toml").is_file()
    assert not (tmp_path / "web/.git").exists()
    hook = yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"][0]
    assert hook["entry"] == "presstime -C web check --worktree"
    lay(tmp_path / "docs", ASTRO)
    done = run("init", "--yes", cwd=tmp_path)
    assert done.code == 2
    assert "several sites" in done.err
    assert run("init", "--no-site", cwd=tmp_path).code == 0
    assert parse_settings((tmp_path / "presstime.toml").read_bytes()).content.posts == ("posts",)


def test_files_that_are_there_are_added_to(tmp_path: Path) -> None:
    """An editor's settings and the hooks of a site get what is missing, and keep every line that they have."""
    own = {
        ".vscode/settings.json": '{\n  // mine\n  "editor.rulers": [120],\n}\n',
        ".pre-commit-config.yaml": "repos:\n  - repo: local\n    hooks: [{id: z, name: z, entry: z, language: system}]\n",
        ".gitignore": "/public/\n",
    }
    lay(tmp_path, {**HUGO, **own})
    assert run("init", "--yes", cwd=tmp_path).code == 0
    for path, text in own.items():
        assert set(text.splitlines()) <= set((tmp_path / path).read_text().splitlines())
    assert ".presstime/" in (tmp_path / ".gitignore").read_text().splitlines()


def test_what_cannot_be_added_is_told(tmp_path: Path) -> None:
    """Where a file cannot be added to safely it stays as it is, and what to put in is printed."""
    lay(tmp_path, {**HUGO, ".vscode/settings.json": '{"[markdown]": {"a": 1}}'})
    done = run("init", "--yes", cwd=tmp_path)
    assert done.code == 0
    assert (tmp_path / ".vscode/settings.json").read_text() == '{"[markdown]": {"a": 1}}'
    assert "onlySnippets" in done.err


# --- what else is set up ----------------------------------------------------------------------------------------------


def test_extras_of_a_newsroom_that_is_there(tmp_path: Path) -> None:
    """`--with` alone adds to a newsroom, with its own groups; nothing else is written."""
    (tmp_path / "presstime.toml").write_text(
        '[newsroom]\nname = "N"\ntimezone = "UTC"\n[channels.a]\nnetwork = "memory"\n[groups]\nagencies = ["a"]\n'
    )
    done = run("init", "--with", "codeowners", "--with", "vscode", cwd=tmp_path)
    assert done.code == 0, done.said
    assert files_of(tmp_path).keys() == {
        "presstime.toml",
        ".github/CODEOWNERS",
        ".vscode/settings.json",
        ".vscode/presstime.code-snippets",
    }
    assert "@your-org/agencies" in (tmp_path / ".github/CODEOWNERS").read_text()
    snippets = json.loads((tmp_path / ".vscode/presstime.code-snippets").read_text())
    assert snippets["Presstime: channels"]["body"] == "channels: [${1|agencies,a|}]"


def test_bare(tmp_path: Path) -> None:
    """`--bare` writes the newsroom alone."""
    assert run("init", "--bare", cwd=tmp_path).code == 0
    assert files_of(tmp_path).keys() == {"presstime.toml", "posts/hello.md", "post.schema.json", ".gitignore"}


def test_in_a_folder_of_a_repository_nothing_is_written_above(tmp_path: Path) -> None:
    """The hook belongs to the top of the repository, and is written there only for who asks for it."""
    pygit2.init_repository(str(tmp_path))
    assert run("init", "news", cwd=tmp_path).code == 0
    assert not (tmp_path / ".pre-commit-config.yaml").exists()
    assert run("-C", "news", "init", "--with", "pre-commit", cwd=tmp_path).code == 0
    assert (tmp_path / ".pre-commit-config.yaml").exists()
