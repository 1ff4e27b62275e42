"""Passes on accounts whose access ends: renewed on the way, held where a person is needed, never lost to a passing failure."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from presstime.accounts.document import Tokens, from_answer
from presstime.accounts.renewal import Renewal
from presstime.model import Secret, Status
from presstime.networks import oauth
from presstime.sandbox.grants import Grant
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import State
from tests.kit import ENVIRON, START, Folder, Office, run_pass

SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "UTC"
[audit]
bucket = "audit"
[channels.brand-x]
network = "x"
base_url = "{url}/x"
account = "@verne"
credentials = "file:.presstime/accounts/brand-x"
[oauth.x]
client_id = "the-app"
[defaults]
channels = ["brand-x"]
late = "publish"
"""
DUE = START + timedelta(hours=1, minutes=55)
PLACE = ".presstime/accounts/brand-x"


class Bench:
    """A newsroom with one account on X, given at START, and the sandbox that gave it."""

    def __init__(self, path: Path) -> None:
        self.office = Office(Folder(path / "newsroom", ""))
        self.server = SandboxServer(state=State(now=self.office.now))
        self.folder = self.office.folder
        self.folder.write("presstime.toml", SETTINGS.format(url=self.server.url))
        self.folder.post("launch", due=DUE)
        self.folder.commit()
        self.log_in()

    def log_in(self) -> None:
        grants = self.server.state.grants
        grants.all.append(grant := Grant("x", "verne", "tweet.write", "the-app"))
        answer = {"access_token": grants.issue(grant, oauth.X), "refresh_token": grant.refresh, "expires_in": 7200}
        tokens = from_answer(answer, oauth.X, self.office.time)
        data = json.loads(tokens.write()) | {
            "token_endpoint": f"{self.server.url}/x/2/oauth2/token",
            "client_id": "the-app",
        }
        self.folder.write(PLACE, json.dumps(data)).chmod(0o600)

    @property
    def tokens(self) -> Tokens:
        found = Tokens.parse((self.folder.path / PLACE).read_text())
        assert found is not None
        return found

    def a_pass(self, **environ: str) -> tuple[Status, str]:
        """What one pass makes of the post, and why."""
        with self.office.desk(environ={**ENVIRON, **environ}) as desk:
            run_pass(desk)
            [state] = desk.ledger_states().values()
            return state.status, state.reason

    @property
    def asked(self) -> int:
        """How often the network was asked for tokens."""
        return self.server.state.counts["x oauth POST token"]

    @property
    def out(self) -> int:
        return len(self.server.state.posts)

    def journal(self) -> list[str]:
        bucket = self.office.bucket.objects
        return [json.loads(bucket[key].body)["kind"] for key in sorted(bucket) if key.startswith("account/")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    with made.server:
        yield made


def test_renewed_before_it_ends(bench: Bench) -> None:
    """A pass minutes before the end renews the token, keeps it, and posts with the new one; far from the end it asks nothing."""
    first = bench.tokens.access.reveal()
    bench.a_pass()
    assert bench.asked == 0
    bench.office.time = DUE
    assert bench.a_pass() == (Status.PUBLISHED, "")
    assert (bench.asked, bench.out, bench.journal()) == (1, 1, ["begun", "done"])
    assert bench.tokens.access.reveal() != first
    assert (bench.folder.path / PLACE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["429", "5xx-before", "drop-after"])
def test_a_passing_failure_while_it_works(bench: Bench, kind: str) -> None:
    """The network's token server fails, and the post goes out all the same with the token in hand."""
    before = bench.tokens.access.reveal()
    bench.server.state.faults.add({"network": "x", "kind": kind, "path": "*/token"})
    bench.office.time = DUE
    assert bench.a_pass()[0] is Status.PUBLISHED
    assert (bench.asked, bench.out, bench.tokens.access.reveal()) == (1, 1, before)


def test_a_passing_failure_after_its_end(bench: Bench) -> None:
    """Without a token that works nothing goes out, nobody is sent for, the reason is told, and a later pass does both."""
    bench.server.state.faults.add({"network": "x", "kind": "429", "path": "*/token"})
    bench.office.time = START + timedelta(hours=3)
    status, reason = bench.a_pass()
    assert status is Status.DEFERRED
    assert "429" in reason
    assert "login" not in reason
    assert bench.out == 0
    bench.office.pass_time(minutes=6)
    assert bench.a_pass() == (Status.PUBLISHED, "")
    assert bench.out == 1


def test_a_real_end_holds_and_is_mended_by_a_login(bench: Bench) -> None:
    """Access that was taken back: the delivery waits with the command that mends it, the network is asked once and not at every
    pass, and after a login the post goes out."""
    bench.server.state.grants.revoke("x", "verne")
    bench.office.time = START + timedelta(hours=3)
    for _ in range(3):
        status, reason = bench.a_pass()
        assert status is Status.DEFERRED
        assert "presstime channels login brand-x" in reason
    assert (bench.asked, bench.journal()) == (1, ["begun", "refused"])
    assert len(bench.office.bucket.objects) - 2 == 2  # planned and deferred: a pass with the same reason writes nothing
    bench.log_in()
    assert bench.a_pass() == (Status.PUBLISHED, "")


def test_refused_in_the_middle(bench: Bench) -> None:
    """The network ends the token ahead of its time: the 401 renews it, and the post goes out once."""
    bench.server.state.grants.expire("x", "verne")
    bench.office.time = START + timedelta(minutes=30)
    bench.folder.post("launch", due=START + timedelta(minutes=30))
    bench.folder.commit()
    assert bench.a_pass() == (Status.PUBLISHED, "")
    assert (bench.asked, bench.out) == (1, 1)


def test_several_deliveries_wait_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that is logged out is found so once a pass, whatever waits for it."""
    looked, real = itertools.count(), Renewal.fresh

    def counted(self: Renewal) -> Secret:
        next(looked)
        return real(self)

    monkeypatch.setattr(Renewal, "fresh", counted)
    for number in range(5):
        bench.folder.post(f"more-{number}", f"More {number}", due=DUE)
    bench.folder.commit()
    bench.server.state.grants.revoke("x", "verne")
    bench.office.time = START + timedelta(hours=3)
    with bench.office.desk() as desk:
        run_pass(desk)
        assert {state.status for state in desk.ledger_states().values()} == {Status.DEFERRED}
    assert (bench.asked, next(looked)) == (1, 1)


def test_another_server_gets_no_refresh_token(bench: Bench) -> None:
    """With a sandbox in place of the networks, and a document that came from elsewhere, nothing is renewed there and nothing is
    written over: only the server that gave a refresh token ever sees it."""
    before = (bench.folder.path / PLACE).read_text()
    with SandboxServer(state=State(now=bench.office.now)) as other:
        bench.office.time = DUE
        assert bench.a_pass(PRESSTIME_SANDBOX=other.url)[0] is Status.DEFERRED  # its token means nothing there
        assert other.state.counts["x oauth POST token"] == 0
    assert (bench.folder.path / PLACE).read_text() == before


def test_the_hourly_look(bench: Bench) -> None:
    """Accounts that nothing is posted to are renewed, too; what a person has to do is told."""
    (bench.folder.path / "posts/launch.md").unlink()
    bench.folder.commit()
    with bench.office.desk() as desk:
        assert desk.tend_accounts() == []
    assert bench.asked == 0
    bench.office.time = DUE
    with bench.office.desk() as desk:
        assert desk.tend_accounts() == []
    assert bench.asked == 1
    bench.server.state.grants.revoke("x", "verne")
    bench.office.time = DUE + timedelta(hours=1, minutes=50)
    with bench.office.desk() as desk:
        [told] = desk.tend_accounts()
    assert "presstime channels login brand-x" in told


def test_what_ends_before_a_post(bench: Bench) -> None:
    """Access that nothing renews, and a post after its end: plan and status are told."""
    data = json.loads((bench.folder.path / PLACE).read_text())
    del data["refresh_token"]
    bench.folder.write(PLACE, json.dumps(data)).chmod(0o600)
    bench.folder.post("later", due=START + timedelta(days=40))
    bench.folder.commit()
    with bench.office.desk() as desk:
        desk.ledger.catch_up()
        [told] = desk.endings(desk.sync.actions(), bench.office.time)
    assert "before 1 delivery: later/brand-x is the first" in told
    assert "presstime channels login brand-x" in told


@pytest.mark.parametrize(("renewal", "asked"), [("rotates", 0), ("keeps", 1)])
def test_a_document_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renewal: Literal["rotates", "keeps"], asked: int
) -> None:
    """What is in the environment cannot be written: there a refresh token that is good once is never used, and one that stays good
    serves this process alone."""
    monkeypatch.setitem(oauth.OURS, "x", replace(oauth.X, renewal=renewal))
    bench = Bench(tmp_path)
    text = (bench.folder.path / PLACE).read_text()
    (bench.folder.path / PLACE).unlink()
    settings = SETTINGS.format(url=bench.server.url).replace(f"file:{PLACE}", "env:X_DOCUMENT")
    bench.folder.write("presstime.toml", settings)
    bench.folder.commit()
    with bench.server:
        bench.office.time = DUE
        assert bench.a_pass(X_DOCUMENT=text) == (Status.PUBLISHED, "")
        assert (bench.asked, bench.server.state.grants.reused) == (asked, 0)
        bench.office.time = START + timedelta(hours=3)
        bench.folder.post("second", "Second", due=bench.office.time)
        bench.folder.commit()
        with bench.office.desk(environ={**ENVIRON, "X_DOCUMENT": text}) as desk:
            run_pass(desk)
            [state] = [s for s in desk.ledger_states().values() if s.delivery.post == "second"]
    assert (state.status is Status.PUBLISHED) == (renewal == "keeps")
    assert ("presstime channels login brand-x" in state.reason) == (renewal == "rotates")
