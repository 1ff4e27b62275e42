"""A login is kept between passes, on this machine and for nobody else: networks count how often one logs in."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from presstime.model import Accepted
from presstime.networks.bluesky import Bluesky
from presstime.sandbox.server import SandboxServer
from presstime.wire import SANDBOX, open_desk
from tests.kit import SETTINGS, Folder
from tests.networks.kit import SandboxBench
from tests.suites.network import Sender

CHANNEL = '[channels.sky]\nnetwork = "bluesky"\naccount = "{account}"\ncredentials = "env:SKY"\n'
PLACE = ".presstime/sessions/sky"


class Newsroom:
    """A newsroom whose channel is an account of the sandbox's. Each pass opens a desk of its own, as each process does."""

    def __init__(self, folder: Path, server: SandboxServer, account: str) -> None:
        self.folder = Folder(folder, SETTINGS + CHANNEL.format(account=account))
        self.server, self.account, self.sent = server, account, 0
        self.folder.commit()

    @contextmanager
    def adapter(self, password: str = "abcd-efgh") -> Iterator[Bluesky]:  # noqa: S107 - the sandbox's
        with open_desk(self.folder.path, {SANDBOX: self.server.url, "SKY": password}) as desk:
            adapter = desk.adapter("sky")
            assert isinstance(adapter, Bluesky)
            yield adapter

    def one_pass(self, password: str = "abcd-efgh") -> None:  # noqa: S107
        """A post."""
        self.sent += 1
        with self.adapter(password) as adapter:
            sender = Sender(SandboxBench(self.server, "bluesky"), self.account)
            sender.adapter = adapter
            assert isinstance(sender.send(sender.text(f"No. {self.sent}", f"post-{self.sent}")), Accepted)

    def asked(self, operation: str) -> int:
        calls = [c for c in self.server.state.calls if self.account in f"{c.get('account')}{c.get('body')}"]
        return sum(c["operation"] == operation for c in calls)

    @property
    def kept(self) -> Path:
        return self.folder.path / PLACE

    def change(self, **tokens: Any) -> None:
        """Something else stands in the kept session."""
        kept = json.loads(self.kept.read_text())
        self.kept.write_text(json.dumps({**kept, "session": {**kept["session"], **tokens}}))


@pytest.fixture
def newsroom(tmp_path: Path, sandbox: SandboxServer, request: pytest.FixtureRequest) -> Newsroom:
    account = f"{request.node.originalname.removeprefix('test_').replace('_', '-')[:30]}.verne.example"
    return Newsroom(tmp_path / "newsroom", sandbox, account)


def test_passes_share_a_login(newsroom: Newsroom) -> None:
    """Five passes with a post each log in once."""
    for _ in range(5):
        newsroom.one_pass()
    assert (newsroom.asked("putRecord"), newsroom.asked("createSession"), newsroom.asked("refreshSession")) == (5, 1, 0)


def test_it_is_a_secret(newsroom: Newsroom) -> None:
    """Only its owner reads it, Git does not see it, and it does not have the password."""
    newsroom.one_pass()
    assert newsroom.kept.stat().st_mode & 0o777 == 0o600
    assert newsroom.kept.parent.stat().st_mode & 0o077 == 0 or newsroom.kept.stat().st_mode & 0o077 == 0
    assert (newsroom.folder.path / ".presstime/.gitignore").read_text() == "*\n"
    assert "abcd-efgh" not in newsroom.kept.read_text()


def test_another_password(newsroom: Newsroom) -> None:
    """A session is its password's: another one logs in anew, and finds out whether it is good."""
    newsroom.one_pass()
    newsroom.one_pass("ijkl-mnop")
    assert newsroom.asked("createSession") == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"of": "0"}', "null", '{"of": 1, "session": {}}'])
def test_what_is_no_session_is_passed_over(newsroom: Newsroom, text: str) -> None:
    """A file that says nothing of use costs a login."""
    newsroom.one_pass()
    before = newsroom.asked("createSession")
    newsroom.kept.write_text(text)
    newsroom.one_pass()
    assert newsroom.asked("createSession") == before + 1


def test_ahead_of_its_end(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """An access token that ends within five minutes is renewed before anything is sent with it, and the new one is kept."""
    newsroom.one_pass()
    later = time.time() + 2 * 3600 - 240
    monkeypatch.setattr("presstime.networks.atproto.time.time", lambda: later)
    with newsroom.adapter() as adapter:
        adapter.session.open()
    assert (newsroom.asked("createSession"), newsroom.asked("refreshSession")) == (1, 1)


def test_a_session_that_is_over(newsroom: Newsroom) -> None:
    """One that the server does not know any more costs a login, not the post."""
    newsroom.one_pass()
    newsroom.change(accessJwt="gone", refreshJwt="gone")
    newsroom.one_pass()
    assert newsroom.asked("createSession") == 2


def test_whose_credentials_these_are_is_asked_with_the_password(newsroom: Newsroom) -> None:
    """A kept session says nothing of the password: `presstime channels` finds out whether it is good."""
    newsroom.one_pass()
    with newsroom.adapter() as adapter:
        assert adapter.identity().account == newsroom.account
        adapter.identity()
    assert newsroom.asked("createSession") == 2


def test_a_place_that_cannot_be_written(newsroom: Newsroom) -> None:
    """Then each pass logs in, and posts."""
    newsroom.kept.mkdir(parents=True)
    newsroom.one_pass()
    newsroom.one_pass()
    assert newsroom.asked("createSession") == 2
