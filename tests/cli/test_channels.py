"""`presstime channels`: a login in a process of its own, as people run it, with a browser beside; list and test."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from presstime.accounts.document import Tokens
from presstime.sandbox import mastodon
from presstime.sandbox.server import SandboxServer
from tests.accounts.kit import allow
from tests.cli.kit import PRESSTIME, Done, Newsroom

CHANNEL = """
[channels.brand-x]
network = "x"
account = "@verne"
credentials = "file:.presstime/accounts/brand-x"
[oauth.x]
client_id = "the-app"
client_secret = "env:X_APP_SECRET"
"""
APP_SECRET = "kept-by-the-environment-alone"


@pytest.fixture
def verne(newsroom: Newsroom, sandbox: SandboxServer) -> Newsroom:
    """A newsroom with an account on X, whose sandbox stands in for it."""
    env = {**newsroom.env, "X_APP_SECRET": APP_SECRET}
    found = Newsroom(newsroom.folder, env, newsroom.settings + on_sandbox(sandbox))
    found.folder.write("presstime.toml", found.settings)
    found.folder.commit()
    return found


def on_sandbox(sandbox: SandboxServer) -> str:
    return CHANNEL.replace('network = "x"\n', f'network = "x"\nbase_url = "{sandbox.url}/x"\n')


def log_in(newsroom: Newsroom, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
    """`channels login`, and a person who opens the address that it prints."""
    call = [PRESSTIME, "-C", newsroom.folder.path, "channels", "login", *arguments, "--no-browser"]
    environment = {**os.environ, **newsroom.env, **(env or {}), "COLUMNS": "200"}
    pipe = subprocess.PIPE
    with subprocess.Popen(call, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        said = ""
        for line in running.stderr:
            said += line
            if match := re.match(r"\s+(http\S+authorize\S+)", line):
                threading.Thread(target=allow, args=(match[1],), daemon=True).start()
        out = running.stdout.read()
        code = running.wait(30)
    assert "Traceback" not in said + out
    return Done(code, out, said)


def document(newsroom: Newsroom, place: str = ".presstime/accounts/brand-x") -> Tokens:
    found = Tokens.parse((newsroom.folder.path / place).read_text())
    assert found is not None
    return found


def test_login_list_test_publish(verne: Newsroom, sandbox: SandboxServer, prefect: Mapping[str, str]) -> None:
    """A login is kept in a file of mode 600; list and test tell of it; a post goes out with it; after its end it is renewed, and
    nothing of it was ever said."""
    assert verne.call("channels", "list").code == 1  # it is not logged in yet
    done = log_in(verne, "x")
    assert (done.code, done.out.splitlines()[0]) == (
        0,
        "brand-x: logged in as @verne, kept in file:.presstime/accounts/brand-x.",
    )
    file = verne.folder.path / ".presstime/accounts/brand-x"
    assert file.stat().st_mode & 0o777 == 0o600
    first = document(verne)
    listed = verne.call("channels", "list", "--format", "json")
    assert {row["channel"]: row["state"] for row in listed.json}["brand-x"] == "renewed by itself"
    tested = verne.call("channels", "test", "brand-x", "--format", "json")
    assert tested.code == 0
    assert "users.read" in tested.json[0]["rights"]
    assert tested.json == [
        {
            "channel": "brand-x",
            "network": "x",
            "ok": True,
            "account": "@verne",
            "url": f"{sandbox.url}/x/verne",
            "rights": tested.json[0]["rights"],
            "lacking": [],
            "until": None,
            "problem": None,
            "needs_person": False,
            "limits": {},
        }
    ]
    sandbox.state.grants.expire("x", "verne")  # the network ends it ahead of its time: a 401 renews it
    verne.folder.post("launch", channels="[brand-x]", due=datetime.now(UTC) - timedelta(minutes=1))
    verne.folder.commit()
    published = verne.call("publish", env=prefect)
    assert published.code == 0, published.said
    assert [(post.network, post.account) for post in sandbox.state.posts] == [("x", "verne")]
    second = document(verne)
    assert second.access.reveal() != first.access.reveal()
    assert sandbox.state.grants.reused == 0
    everything = "".join(d.said for d in (done, listed, tested, published))
    for tokens in (first, second):
        assert tokens.refresh is not None
        for secret in (tokens.access.reveal(), tokens.refresh.reveal(), APP_SECRET):
            assert secret not in everything


def test_taken_back(verne: Newsroom, sandbox: SandboxServer, prefect: Mapping[str, str]) -> None:
    """Access that was taken back holds what is due on the channel, with the command that mends it; after that it goes out."""
    log_in(verne, "brand-x")
    sandbox.state.grants.revoke("x", "verne")
    verne.folder.post("launch", channels="[brand-x]", due=datetime.now(UTC) - timedelta(minutes=1))
    verne.folder.commit()
    held = verne.call("publish", env=prefect)
    assert held.code == 1
    status = verne.call("status", "--format", "json")
    reason = status.json["needs_person"][0]["reason"]
    assert "presstime channels login brand-x" in reason
    tested = verne.call("channels", "test", "brand-x")
    assert tested.code == 1
    assert "presstime channels login brand-x" in tested.out
    assert log_in(verne, "brand-x").code == 0
    assert verne.call("publish", env=prefect).code == 0
    assert len(sandbox.state.posts) == 1


def test_where_it_can_be_kept(verne: Newsroom, sandbox: SandboxServer) -> None:
    """An environment variable cannot be written: said before anybody is asked, with what to do. Nor may a secret lie where Git
    would take it."""
    settings = verne.settings.replace("file:.presstime/accounts/brand-x", "env:X_TOKEN")
    verne.folder.write("presstime.toml", settings)
    refused = log_in(verne, "brand-x")
    assert refused.code == 2
    assert "--to file:.presstime/accounts/brand-x" in refused.err
    assert "authorize" not in refused.err
    open_place = log_in(verne, "brand-x", "--to", "file:token.json")
    assert open_place.code == 2
    assert "Nothing secret belongs into Git" in open_place.err
    done = log_in(verne, "brand-x", "--to", "file:.presstime/mine")
    assert done.code == 0
    assert 'credentials = "file:.presstime/mine"' in done.out
    assert document(verne, ".presstime/mine").access.reveal() not in done.said


def test_what_is_typed_in(newsroom: Newsroom, sandbox: SandboxServer) -> None:
    """Bluesky's app password is tried before it is kept: one that is refused leaves what was there."""
    channel = (
        f'[channels.sky]\nnetwork = "bluesky"\nbase_url = "{sandbox.url}/bluesky"\naccount = "verne.example"\n'
        'credentials = "file:.presstime/accounts/sky"\n'
    )
    newsroom.folder.write("presstime.toml", newsroom.settings + channel)
    kept = newsroom.folder.path / ".presstime/accounts/sky"

    def typed(value: str) -> Done:
        call = [PRESSTIME, "-C", newsroom.folder.path, "channels", "login", "sky"]
        found = subprocess.run(
            call, input=f"{value}\n", env={**os.environ, **newsroom.env}, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in found.stderr
        return Done(found.returncode, found.stdout, found.stderr)

    good = typed("sandbox-verne.example")
    assert (good.code, kept.read_text()) == (0, "sandbox-verne.example")
    assert "app password" in good.out
    bad = typed("wrong-password")
    assert bad.code == 1
    assert kept.read_text() == "sandbox-verne.example"
    assert "wrong-password" not in bad.said
    assert typed("").code == 2


def test_the_limits_of_ones_server(newsroom: Newsroom, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`test` prints what the server's limits are where the channel counts otherwise, as it is to be written; once it is written,
    nothing is left to say."""
    channel = f'[channels.own]\nnetwork = "mastodon"\nbase_url = "{sandbox.url}/mastodon"\ncredentials = "env:OWN"\n'
    env = {"OWN": "sandbox-own"}
    newsroom.folder.write("presstime.toml", newsroom.settings + channel)
    assert newsroom.call("channels", "test", "own", "--format", "json", env=env).json[0]["limits"] == {}
    monkeypatch.setattr(mastodon, "TRAITS", mastodon.TRAITS.limited({"characters": 1000, "url_weight": 30}))
    told = newsroom.call("channels", "test", "own", "--format", "json", env=env)
    assert (told.code, told.json[0]["limits"]) == (0, {"characters": 1000, "url_weight": 30})
    lines = told.err[told.err.index("[channels.own.limits]") :]
    newsroom.folder.write("presstime.toml", newsroom.settings + channel + lines)
    again = newsroom.call("channels", "test", "own", "--format", "json", env=env)
    assert (again.code, again.json[0]["limits"], again.err) == (0, {}, "")


def test_names_that_mean_nothing(verne: Newsroom) -> None:
    """A name that is no channel, and a network with none or several, are told with the names there are."""
    assert "Channels: site-feed, brand-mastodon, brand-x" in verne.call("channels", "login", "nobody").err
    assert "asks for no credentials" in verne.call("channels", "login", "site-feed").err


def test_list_of_every_kind(verne: Newsroom) -> None:
    """Each channel's credential stands in its own words: not there, plain, ending soon, ended, broken."""
    folder = verne.folder.path
    soon = datetime.now(UTC) + timedelta(days=3)

    def state(text: str) -> tuple[int, dict[str, str]]:
        file = folder / ".presstime/accounts/brand-x"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)
        found = verne.call("channels", "list", "--format", "json")
        return found.code, {row["channel"]: row["state"] for row in found.json}

    def ends(at: datetime) -> str:
        return json.dumps({"access_token": "t", "expires_at": at.isoformat()})

    code, states = state("plain")
    assert (code, states["site-feed"]) == (0, "none needed")
    assert states["brand-x"] == "a plain token, whose end nobody wrote down"
    assert state(ends(soon))[1]["brand-x"].startswith("ends soon")
    assert state(ends(datetime.now(UTC) - timedelta(days=1)))[1]["brand-x"].startswith("ended")
    assert state(ends(soon + timedelta(days=90))) == (0, states | {"brand-x": "works"})
    assert "not an instant" in state('{"access_token": "t", "expires_at": "tomorrow"}')[1]["brand-x"]
    text = verne.call("channels", "list").out
    assert "channel" in text.splitlines()[0]


def test_start_is_light() -> None:
    """`channels` loads neither Prefect, boto3 nor authlib before one is needed."""
    program = (
        "import sys; import presstime.cli.channels, presstime.accounts.accounts, presstime.accounts.login\n"
        "print([m for m in ('prefect', 'boto3', 'authlib', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.real
def test_kept_in_a_prefect_block(verne: Newsroom, sandbox: SandboxServer, prefect: Mapping[str, str]) -> None:
    """A Secret block of a real Prefect server takes the token document, is read from it, and gets the renewed one; the flow
    `accounts` does the renewing, and fails, with the command that mends it, once access is taken back."""
    verne.folder.write("presstime.toml", verne.settings.replace("file:.presstime/accounts/brand-x", "prefect:verne-x"))
    verne.folder.commit()
    done = log_in(verne, "brand-x", env=prefect)
    assert done.code == 0, done.said
    assert "kept in prefect:verne-x" in done.out
    assert not (verne.folder.path / ".presstime/accounts").exists()
    tested = verne.call("channels", "test", "brand-x", env=prefect)
    assert tested.code == 0, tested.said
    [grant] = sandbox.state.grants.all
    first = grant.refresh
    program = (
        "import asyncio, sys; from datetime import timedelta\n"
        "from presstime.accounts import document; document.SOONEST = document.LONGEST = timedelta(hours=3)  # it is time now\n"
        "from presstime.orchestration import accounts\n"
        "state = asyncio.run(accounts(sys.argv[1], return_state=True)); print(state.type.value, state.message)"
    )

    def flow() -> str:
        env = {**os.environ, **verne.env, **prefect}
        call = [sys.executable, "-c", program, verne.folder.path]
        return subprocess.run(call, capture_output=True, text=True, check=True, env=env).stdout

    assert flow().startswith("COMPLETED")
    assert grant.refresh != first
    assert grant.spent == {first}
    sandbox.state.grants.revoke("x", "verne")
    failed = flow()
    assert failed.startswith("FAILED")
    assert "presstime channels login brand-x" in failed
