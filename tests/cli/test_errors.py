"""Mistakes people make: each ends with a message that says what to do, an exit code, and the other posts going out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from presstime.model import Status
from presstime.sandbox.server import SandboxServer
from tests.cli.kit import Newsroom, call
from tests.kit import ENVIRON, SETTINGS, START, Folder, Office, run_pass

# --- in the content: exit 1, the place, and the others go on --------------------------------------------------------


@dataclass(frozen=True)
class Mistake:
    """A post that cannot be used: its text, the problem's code, and what the message must tell."""

    name: str
    text: str
    code: str
    says: str


HEAD = "---\nid: bad\ntitle: Bad\npublish_at: 2026-11-23 09:00\n"
MISTAKES = [
    Mistake("broken YAML", "---\nid: bad\ntitle: [unfinished\n---\nText\n", "", "posts/bad.md:"),
    Mistake("a duplicate id", HEAD.replace("id: bad", "id: twin") + "---\nText\n", "duplicate-id", "posts/twin.md"),
    Mistake(
        "an unknown channel", HEAD + "channels: [brand-mastodont]\n---\nText\n", "unknown-channel", "brand-mastodon"
    ),
    Mistake("a missing image", HEAD + "media: [{file: media/no.png, alt: A map}]\n---\nText\n", "", "media/no.png"),
    Mistake("no alt text", HEAD + "media: [{file: media/dot.png}]\n---\nText\n", "", "alt"),
    Mistake(
        "a time that clocks skip",
        HEAD.replace("2026-11-23 09:00", "2027-03-28 02:30") + "timezone: Europe/Paris\n---\nText\n",
        "",
        "does not exist in Europe/Paris",
    ),
]
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6260000000000500010d0a2db4"
    "0000000049454e44ae426082"
)
by_name = pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)


def write(folder: Folder, mistake: Mistake) -> None:
    """The mistake beside a post that is sound."""
    folder.post("good", "All is well.", channels="[site-feed]", late="publish")
    if mistake.code == "duplicate-id":
        folder.post("twin", "The first of two.")
    folder.write("media/dot.png", DOT)
    folder.write("posts/bad.md", mistake.text)
    folder.commit()


@by_name
def test_a_mistake_in_a_post_is_told_with_its_place(newsroom: Newsroom, mistake: Mistake) -> None:
    """`plan` names file, line and remedy, still plans the rest, and ends with 1."""
    write(newsroom.folder, mistake)
    done = newsroom.call("plan", "--at", "2026-11-23T09:00", "--format", "json")
    assert done.code == 1
    found = [p for p in done.json["problems"] if p["severity"] == "error"]
    assert found
    assert {p["path"] for p in found} <= {"posts/bad.md", "posts/twin.md"}
    assert all(p["line"] >= 1 and p["advice"] for p in found)
    assert not mistake.code or {p["code"] for p in found} == {mistake.code}
    assert [a["delivery"] for a in done.json["actions"]] == ["good/site-feed"]
    assert mistake.says in " ".join([p["path"] + ":" + p["message"] + p["advice"] for p in found])


def test_problems_are_told_to_people_with_their_place(newsroom: Newsroom) -> None:
    """A person reads `file:line:column: error`, then what to do; the plan of the rest follows."""
    write(newsroom.folder, MISTAKES[2])
    done = newsroom.call("plan", "--at", "2026-11-23T09:00")
    assert done.code == 1
    assert "posts/bad.md:5:" in done.err
    assert "Did you mean 'brand-mastodon'?" in done.err
    assert "good/site-feed" in done.out


@by_name
def test_a_mistake_in_a_post_stops_no_other(tmp_path: Path, mistake: Mistake) -> None:
    """A pass publishes every post that is sound, whatever is wrong with another."""
    folder = Folder(tmp_path / "newsroom")
    write(folder, mistake)
    with Office(folder).desk() as desk:
        states = run_pass(desk)
    assert {name: state.status for name, state in states.items()} == {"good/site-feed": Status.PUBLISHED}


def test_an_unknown_key_is_a_warning(newsroom: Newsroom) -> None:
    """A key that is nearly one we know is told with the one that was meant; the post goes on."""
    newsroom.folder.post("good", channels="[site-feed]", late="publish", sumary="A slip")
    newsroom.folder.commit()
    done = newsroom.call("plan", "--format", "json")
    assert done.code == 0
    [problem] = done.json["problems"]
    assert (problem["severity"], problem["path"]) == ("warning", "posts/good.md")
    assert "summary" in problem["message"] + problem["advice"]


def test_a_text_too_long_is_held(newsroom: Newsroom) -> None:
    """A text that no rule makes fit is a hold with its reason, and exit 1; the channel it fits is planned."""
    newsroom.folder.write("presstime.toml", newsroom.settings.replace('"@verne"', '"@verne"\nfit = ["refuse"]'))
    newsroom.folder.post("long", thread="never", summary="Word " * 300, late="publish")
    newsroom.folder.commit()
    done = newsroom.call("plan", "--format", "json")
    assert done.code == 1
    actions = {a["delivery"]: a for a in done.json["actions"]}
    assert actions["long/site-feed"]["action"] == "publish"
    assert actions["long/brand-mastodon"]["action"] == "hold"
    assert "500" in actions["long/brand-mastodon"]["reason"]


# --- in the settings: exit 2 ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A newsroom with one post, committed, whose bucket nobody has."""
    made = Folder(tmp_path / "newsroom")
    made.post("good", channels="[site-feed]", late="publish")
    made.commit()
    return made


VERBS_ON_THE_LOG = ("plan", "publish")


def refused(folder: Path, verb: str, *says: str, env: dict[str, str] | None = None) -> None:
    """The verb ends with 2, and says all of this."""
    done = call("-C", folder, verb, env={**ENVIRON, **(env or {})})
    assert done.code == 2, done.said
    assert done.out == ""
    for part in says:
        assert part in done.err
    assert not (folder / ".presstime/prefect").exists(), "no Prefect server is started for a call that cannot work"


@pytest.mark.parametrize("verb", VERBS_ON_THE_LOG)
def test_no_bucket(folder: Folder, verb: str) -> None:
    """Without a bucket the message shows both ways to have one."""
    folder.write("presstime.toml", SETTINGS.replace('bucket = "audit"', ""))
    folder.commit()
    refused(folder.path, verb, "no bucket", "bucket =", "embedded =")


def on(folder: Folder, newsroom: Newsroom, **env: str) -> dict[str, str]:
    folder.write("presstime.toml", newsroom.settings)
    folder.commit()
    return {**newsroom.env, **env}


def test_wrong_s3_credentials(newsroom: Newsroom, folder: Folder) -> None:
    """S3's refusal of key or secret names the variable to look at, and does not repeat the secret."""
    env = on(folder, newsroom, AWS_SECRET_ACCESS_KEY="canary-4711")
    for verb in VERBS_ON_THE_LOG:
        refused(folder.path, verb, "AWS_SECRET_ACCESS_KEY", env=env)
    done = call("-C", folder.path, "plan", env=env)
    assert "canary-4711" not in done.said
    refused(folder.path, "plan", "AWS_ACCESS_KEY_ID", env={**env, "AWS_ACCESS_KEY_ID": "nobody"})


def test_no_s3_credentials(newsroom: Newsroom, folder: Folder) -> None:
    """Without any credentials the message says which to set."""
    on(folder, newsroom)
    refused(folder.path, "plan", "no S3 credentials", "AWS_ACCESS_KEY_ID")


def test_no_such_bucket(newsroom: Newsroom, folder: Folder) -> None:
    """A bucket that is not there is named, and not made."""
    folder.write("presstime.toml", newsroom.settings.replace('bucket = "test-', 'bucket = "nobodys-'))
    folder.commit()
    refused(folder.path, "plan", "nobodys-", "Create the bucket", env=dict(newsroom.env))


def test_s3_unreachable(folder: Folder) -> None:
    """An S3 that nobody answers for is named with its address."""
    folder.write("presstime.toml", SETTINGS.replace('"audit"', '"audit"\nendpoint_url = "http://127.0.0.1:9"'))
    folder.commit()
    env = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    refused(folder.path, "publish", "http://127.0.0.1:9", "cannot be reached", "endpoint_url", env=env)


def test_broken_settings(folder: Folder) -> None:
    """A presstime.toml that is no TOML is told with its line."""
    folder.write("presstime.toml", SETTINGS + "\n[channels.x\n")
    folder.commit()
    refused(folder.path, "plan", "presstime.toml:", "[syntax]")


def test_no_room_for_caches(newsroom: Newsroom) -> None:
    """A content root in which nothing can be kept is told with the path, whichever part of it is in the way."""
    newsroom.folder.post("good", channels="[site-feed]", late="publish")
    newsroom.folder.commit()
    newsroom.folder.write(".presstime", "a file where the folder should be")
    done = newsroom.call("plan")
    assert done.code == 2
    assert ".presstime" in done.err
    newsroom.folder.remove(".presstime")
    assert newsroom.call("plan").code == 0
    [cache] = (newsroom.folder.path / ".presstime/cache").glob("*.sqlite")
    cache.unlink()
    cache.mkdir()
    done = newsroom.call("plan")
    assert done.code == 1
    assert cache.name in done.err


# --- in Git: exit 2 ---------------------------------------------------------------------------------------------------


def test_not_a_repository(tmp_path: Path) -> None:
    """A folder that Git does not know."""
    (tmp_path / "presstime.toml").write_text(SETTINGS)
    refused(tmp_path, "plan", "not in a Git repository", "git init")


def test_no_commits(tmp_path: Path) -> None:
    """A repository in which nothing is committed: what is not committed is not published."""
    folder = Folder(tmp_path / "newsroom")
    refused(folder.path, "publish", "no commits", "git commit")


def test_settings_not_committed(tmp_path: Path) -> None:
    """A presstime.toml that lies in the folder only."""
    folder = Folder(tmp_path / "newsroom")
    folder.remove("presstime.toml")
    folder.post("good")
    folder.commit()
    folder.write("presstime.toml", SETTINGS)
    refused(folder.path, "plan", "presstime.toml is not in commit", "git add presstime.toml")


def test_settings_changed_and_not_committed(newsroom: Newsroom) -> None:
    """What differs from what is committed is told, and what is committed counts."""
    newsroom.folder.post("good", channels="[site-feed]", late="publish")
    newsroom.folder.commit()
    newsroom.folder.write("presstime.toml", newsroom.settings + "[channels.other]\nnetwork = 'feed'\npath = 'p'\n")
    done = newsroom.call("plan")
    assert done.code == 0
    assert "what is committed counts" in done.err


def test_a_branch_that_is_missing(folder: Folder) -> None:
    """The publishing branch does not exist: the nearest that does is named."""
    folder.write("presstime.toml", SETTINGS + '[git]\nbranch = "mian"\n')
    folder.commit()
    refused(folder.path, "plan", "no branch 'mian'", "Did you mean 'main'?")


# --- in the call: exit 2 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["publsh"], "publsh"),
        (["plan", "--colour"], "--colour"),
        (["plan", "--format", "yaml"], "yaml"),
        (["-C", "/no/such/folder", "plan"], "/no/such/folder"),
        (["-C", "/no/such/folder", "publish"], "/no/such/folder"),
        (["audit", "frobnicate"], "frobnicate"),
        (["audit"], "verify"),
        (["init", "--timezone", "Europe/Pariss"], "Europe/Pariss"),
    ],
)
def test_wrong_calls(tmp_path: Path, arguments: list[str], says: str) -> None:
    """A verb, an option, a choice or a folder that is not there: exit 2, and the word that is wrong."""
    done = call(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert says in done.said


def test_help_and_version() -> None:
    """Help lists every verb; both end with 0."""
    from presstime.cli import VERBS

    done = call("--help")
    assert done.code == 0
    assert all(verb in done.out for verb in VERBS)
    assert call("--version").code == 0


# --- networks ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


def with_mastodon_at(tmp_path: Path, url: str) -> Office:
    folder = Folder(tmp_path / "newsroom", SETTINGS.replace("https://mastodon.example", url))
    for name in ("one", "two"):
        folder.post(name, late="publish")
    folder.commit()
    return Office(folder)


def test_a_network_that_is_down_stops_no_other(tmp_path: Path, sandbox: SandboxServer) -> None:
    """Posts of a channel nobody answers for are put off with the reason; other channels' go out; later all do, once."""
    office = with_mastodon_at(tmp_path, "http://127.0.0.1:9")
    with office.desk() as desk:
        states = run_pass(desk)
    for name in ("one", "two"):
        assert states[f"{name}/site-feed"].status is Status.PUBLISHED
        assert states[f"{name}/brand-mastodon"].status is Status.DEFERRED
        assert states[f"{name}/brand-mastodon"].reason
    office.folder.write("presstime.toml", SETTINGS.replace("https://mastodon.example", f"{sandbox.url}/mastodon"))
    office.folder.commit()
    office.pass_time(minutes=1)
    with office.desk("later/m/1/1") as desk:
        assert {s.status for s in run_pass(desk).values()} == {Status.PUBLISHED}
    assert len(httpx.get(f"{sandbox.url}/_sandbox/posts", trust_env=False).json()["posts"]) == 2


def test_a_missing_credential_stops_no_other(tmp_path: Path) -> None:
    """A channel whose variable is not set puts its posts off, by the variable's name; other channels' go out."""
    office = with_mastodon_at(tmp_path, "http://127.0.0.1:9")
    with office.desk(environ={}) as desk:
        states = run_pass(desk)
    assert states["one/site-feed"].status is Status.PUBLISHED
    assert states["one/brand-mastodon"].status is Status.DEFERRED
    assert "MASTODON_TOKEN" in states["one/brand-mastodon"].reason


def test_refused_credentials_stop_no_other(tmp_path: Path, sandbox: SandboxServer) -> None:
    """A token the network refuses waits for a person; it stands in no message."""
    office = with_mastodon_at(tmp_path, f"{sandbox.url}/mastodon")
    with office.desk(environ={"MASTODON_TOKEN": "wrong-canary-4711"}) as desk:
        states = run_pass(desk)
    assert states["two/site-feed"].status is Status.PUBLISHED
    assert states["two/brand-mastodon"].status is Status.DEFERRED
    assert not any(b"canary-4711" in stored.body for stored in office.bucket.objects.values())


def test_two_doubtful_channels_of_one_file(tmp_path: Path) -> None:
    """A feed that cannot be written is one channel's trouble, and is put right by the next pass."""
    folder = Folder(tmp_path / "newsroom", SETTINGS.replace('["site-feed", "brand-mastodon"]', '["site-feed"]'))
    folder.post("one", late="publish")
    folder.commit()
    office = Office(folder)
    folder.write("public", "a file where the folder should be")
    with office.desk() as desk:
        state = run_pass(desk)["one/site-feed"]
    assert state.status is Status.DEFERRED
    assert "public" in state.reason
    folder.remove("public")
    with office.desk("later/m/1/1") as desk:
        assert run_pass(desk)["one/site-feed"].status is Status.PUBLISHED


def test_late_is_told_with_the_time(tmp_path: Path) -> None:
    """A post that came too late is missed, with its time and the remedy: never silently."""
    folder = Folder(tmp_path / "newsroom")
    folder.post("old", due=START.replace(year=2025))
    folder.commit()
    with Office(folder).desk() as desk:
        state = run_pass(desk)["old/site-feed"]
    assert state.status is Status.MISSED
    assert "2025-11-23 09:00 UTC" in state.reason
