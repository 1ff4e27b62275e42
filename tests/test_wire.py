"""The composition root: what is built of the settings, when, and what is not."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from presstime import wire
from presstime.content.worktree import WorkTree
from presstime.errors import GitError, RemoteAway, SettingsError
from presstime.networks import load
from presstime.wire import FETCHED, SANDBOX, STALE_MAX, content_path, open_desk, read_source
from tests.kit import ENVIRON, SETTINGS, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "newsroom")
    made.post("launch")
    made.commit()
    return made


def test_opening_costs_nothing(folder: Folder) -> None:
    """Reading Git and the posts loads neither boto3 nor Prefect, and leaves no more behind than a cache of the posts."""
    program = (
        "import sys; from pathlib import Path; from presstime.wire import open_desk\n"
        f"with open_desk(Path({str(folder.path)!r})) as desk: assert desk.newsroom.loaded.count() == 1\n"
        "print([m for m in ('boto3', 'prefect', 'tenacity', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert {f.name for f in (folder.path / ".presstime").rglob("*")} == {
        ".gitignore",
        "cache",
        "posts.db",
        "posts.lock",
    }


def test_what_is_committed_counts(folder: Folder) -> None:
    """A desk reads the branch's commit; what lies in the folder beside it changes nothing, and a difference is told."""
    folder.write("presstime.toml", SETTINGS.replace("Maison Verne", "Somebody Else"))
    folder.post("uncommitted")
    with open_desk(folder.path, {}) as desk:
        assert desk.settings.name == "Maison Verne"
        assert [p.id for p in desk.newsroom.loaded.each()] == ["launch"]
        assert "committed counts" in desk.warnings_now()[0]


def test_the_publishing_branch_counts(folder: Folder) -> None:
    """With `branch`, that branch is read, whatever is checked out."""
    folder.write("presstime.toml", SETTINGS + '[git]\nbranch = "main"\n')
    approved = folder.commit("Main")
    folder._repository.branches.local.create("work", folder._repository[approved])  # type: ignore[arg-type]
    folder._repository.set_head("refs/heads/work")
    folder.post("draft-idea")
    folder.commit("Not merged yet")
    with open_desk(folder.path, {}) as desk:
        assert desk.newsroom.commit == approved
        assert [p.id for p in desk.newsroom.loaded.each()] == ["launch"]


def test_a_remote_is_fetched_first(folder: Folder, tmp_path: Path) -> None:
    """With `remote`, what was merged there is read, without a pull by hand."""
    folder.write("presstime.toml", SETTINGS + '[git]\nbranch = "main"\nremote = "origin"\n')
    folder.commit("Remote")
    clone = folder.copy(tmp_path / "clone")
    clone._repository.remotes.create("origin", str(folder.path))
    folder.post("merged")
    merged = folder.commit("Merged there")
    with open_desk(clone.path, {}) as desk:
        assert desk.newsroom.commit == merged
        assert {p.id for p in desk.newsroom.loaded.each()} == {"launch", "merged"}


def test_a_remote_that_is_away_for_a_while(folder: Folder, tmp_path: Path) -> None:
    """What was approved before goes on, and it is said; after a day, or in a clone that never reached it, nothing does."""
    folder.write("presstime.toml", SETTINGS + '[git]\nbranch = "main"\nremote = "origin"\n')
    folder.commit("Remote")
    clone = folder.copy(tmp_path / "clone")
    clone._repository.remotes.create("origin", str(folder.path))
    folder.post("merged")
    merged = folder.commit("Merged there")
    with open_desk(clone.path, {}) as desk:
        assert desk.newsroom.commit == merged
    clone._repository.remotes.set_url("origin", str(tmp_path / "nowhere"))
    with open_desk(clone.path, {}) as desk:
        assert desk.newsroom.commit == merged
        assert "git fetch origin failed" in desk.warnings[0]
        assert "Going on with what was merged until" in desk.warnings[0]
    mark = clone.path / ".presstime" / FETCHED
    os.utime(mark, (0, time.time() - STALE_MAX.total_seconds() - 60))
    with open_desk(clone.path, {}) as desk, pytest.raises(RemoteAway):
        _ = desk.newsroom
    mark.unlink()
    with open_desk(clone.path, {}) as desk, pytest.raises(RemoteAway):
        _ = desk.newsroom


def test_a_content_root_inside_a_repository(tmp_path: Path) -> None:
    """The content root may be a folder of a larger repository; paths are its own."""
    folder = Folder(tmp_path / "site")
    folder.remove("presstime.toml")
    folder.write("news/presstime.toml", SETTINGS)
    folder.write("news/posts/a.md", "---\nid: a\ntitle: A\npublish_at: 2026-11-23 09:00\n---\nText\n")
    folder.commit()
    with open_desk(folder.path / "news", {}) as desk:
        assert [p.path for p in desk.newsroom.loaded.each()] == ["posts/a.md"]
    with pytest.raises(GitError, match=r"presstime\.toml is not in commit"), open_desk(folder.path, {}) as desk:
        _ = desk.newsroom


# --- channels ---------------------------------------------------------------------------------------------------------


def adapter(folder: Folder, name: str, environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The base URL and the credential that a channel's adapter has."""
    with open_desk(folder.path, environ) as desk:
        made = desk.adapter(name)
        assert desk.adapter(name) is made, "one adapter a pass"
        return made.channel.base_url, made.secret.reveal() if made.secret else None


def test_a_channel_gets_its_own_credential(folder: Folder) -> None:
    """The secret is looked up where the channel says, in the environment that was given."""
    assert adapter(folder, "brand-mastodon", ENVIRON) == ("https://mastodon.example", "sandbox-verne")


def test_the_sandbox_stands_in_for_every_network(folder: Folder) -> None:
    """With a sandbox, every network that needs credentials is reached there; a credential of one's own is used, not needed."""
    sandbox = {SANDBOX: "http://127.0.0.1:8480/"}
    assert adapter(folder, "brand-mastodon", {**sandbox, **ENVIRON}) == (
        "http://127.0.0.1:8480/mastodon",
        "sandbox-verne",
    )
    assert adapter(folder, "brand-mastodon", sandbox)[1] == "sandbox-brand-mastodon"
    assert adapter(folder, "site-feed", sandbox) == (None, None)


def test_a_missing_credential_names_channel_and_variable(folder: Folder) -> None:
    """The message says whose credential is missing and which variable holds it."""
    with open_desk(folder.path, {}) as desk, pytest.raises(SettingsError) as caught:
        desk.adapter("brand-mastodon")
    assert "brand-mastodon" in str(caught.value)
    assert "MASTODON_TOKEN" in str(caught.value)


@pytest.mark.parametrize("scheme", ["prefect", "aws-sm"])
def test_credentials_from_elsewhere(folder: Folder, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """`prefect:` and `aws-sm:` are looked up by name, when the channel is first used and not before."""
    asked: list[str] = []

    def look_up(name: str) -> str:
        asked.append(name)
        return "s3cret"

    monkeypatch.setitem(wire.RESOLVERS, scheme, look_up)
    folder.write("presstime.toml", SETTINGS.replace("env:MASTODON_TOKEN", f"{scheme}:mastodon-token"))
    folder.commit()
    with open_desk(folder.path, {}) as desk:
        desk.adapter("site-feed")
        assert asked == []
        made = desk.adapter("brand-mastodon")
    assert asked == ["mastodon-token"]
    assert made.secret is not None
    assert made.secret.reveal() == "s3cret"


def test_files_are_written_below_the_content_root(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A feed's path is the content root's, wherever the command was called."""
    monkeypatch.chdir(tmp_path)
    with open_desk(Path("newsroom"), {}) as desk:
        assert desk.adapter("site-feed").channel.options["path"] == str(folder.path / "public/feed")


def test_adapters_are_closed_with_the_desk(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are given back at the end of a pass, not before."""
    closed: list[str] = []
    monkeypatch.setattr(load("mastodon"), "close", lambda self: closed.append(self.channel.name))
    with open_desk(folder.path, ENVIRON) as desk:
        desk.adapter("brand-mastodon")
        assert closed == []
    assert closed == ["brand-mastodon"]


# --- the log ----------------------------------------------------------------------------------------------------------


def test_no_bucket_is_told_with_both_remedies(folder: Folder) -> None:
    """Without a bucket there is no log: the message shows how to name one, and how to have one here."""
    folder.write("presstime.toml", SETTINGS.replace('bucket = "audit"', ""))
    folder.commit()
    with open_desk(folder.path, {}) as desk, pytest.raises(SettingsError) as caught:
        _ = desk.store
    assert "bucket =" in str(caught.value)
    assert "embedded =" in str(caught.value)


def test_each_log_has_a_cache_of_its_own(folder: Folder) -> None:
    """Another bucket is another log: its cache is another file, and neither is seen by Git."""
    for bucket in ("one", "two"):
        folder.write("presstime.toml", SETTINGS.replace("audit", bucket, 2).replace(f"[{bucket}]", "[audit]"))
        folder.commit()
        with open_desk(folder.path, {}) as desk:
            assert desk.ledger.cache.head().n == 0
    assert len(list((folder.path / ".presstime/cache").glob("*.sqlite"))) == 2
    assert (folder.path / ".presstime/.gitignore").read_text() == "*\n"


# --- files by name ----------------------------------------------------------------------------------------------------


def test_a_path_is_one_from_here_or_from_the_root(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """`posts/launch.md` means the same post, typed in the content root or outside of it; what is nowhere stays as typed."""
    monkeypatch.chdir(folder.path.parent)
    assert content_path(folder.path, "newsroom/posts/launch.md") == "posts/launch.md"
    assert content_path(folder.path, "posts/launch.md") == "posts/launch.md"
    assert content_path(folder.path, "posts/none.md") == "posts/none.md"
    monkeypatch.chdir(folder.path / "posts")
    assert content_path(Path(".."), "launch.md") == "posts/launch.md"


def test_a_source_is_a_commit_or_the_folder(folder: Folder) -> None:
    """With a revision its files are read, without one those that lie there."""
    folder.post("second")
    assert isinstance(read_source(folder.path, None), WorkTree)
    assert [*read_source(folder.path, None).names("posts")] == ["posts/launch.md", "posts/second.md"]
    assert [*read_source(folder.path, "HEAD").names("posts")] == ["posts/launch.md"]
    with pytest.raises(GitError, match="HEAD~7"):
        read_source(folder.path, "HEAD~7")
    with pytest.raises(SettingsError, match=r"presstime\.toml"):
        read_source(folder.path / "posts", None)


def test_a_network_that_cannot_be_sent_to_has_no_adapter(folder: Folder) -> None:
    """Its channel can be rendered for; whoever wants to send is told why not, and the delivery is held with that reason."""
    channel = '[channels.page]\nnetwork = "slack"\naccount = "1"\ncredentials = "env:PAGE"\n'
    folder.write("presstime.toml", SETTINGS + channel)
    folder.commit()
    with open_desk(folder.path, {"PAGE": "x"}) as desk:
        assert "not-yet" in [problem.code for problem in desk.problems]
        with pytest.raises(SettingsError, match="Slack, and does not send them"):
            desk.adapter("page")
