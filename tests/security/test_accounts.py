"""No token, code, verifier or app's secret is in what a login or a renewal says, logs or leaves behind, whatever goes wrong."""

import itertools
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from presstime.accounts.accounts import oauth_of
from presstime.accounts.apps import Client
from presstime.accounts.client import Provider
from presstime.accounts.document import Tokens
from presstime.accounts.journal import Journal
from presstime.accounts.login import log_in
from presstime.accounts.renewal import Renewal
from presstime.errors import NetworkError, PresstimeError, SettingsError
from presstime.model import Channel, Secret
from presstime.networks import oauth
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import State
from presstime.stores.memory import Bucket, MemoryStore
from tests.accounts.kit import Anna
from tests.security.test_secrets import forms

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
APP_SECRET = "canary+app/secret="
NETWORKS = sorted(oauth.OURS.keys() - {"mastodon"})
FAULTS = ("429", "5xx-before", "5xx-after", "drop-before", "drop-after")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(state=State(now=lambda: NOW)) as server:
        yield server


class Listener:
    """Everything that is said: logs of all loggers at every level, errors with their tracebacks, what a person reads."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog, self.said = caplog, [""]
        caplog.set_level(logging.DEBUG)

    def hear(self, call: Callable[[], object]) -> object:
        try:
            return call()
        except PresstimeError as error:
            self.said += [repr(error), *traceback.format_exception(error)]
            seen: list[BaseException] = [error]
            while link := seen[-1].__cause__ or seen[-1].__context__:
                seen.append(link)
                self.said.append(f"{link!r} {link}")
            return None

    def holds(self, *secrets: str) -> list[str]:
        """Those of the secrets that were heard, in any form."""
        ours = [
            r for r in self.caplog.records if r.threadName == "MainThread"
        ]  # Anna's browser and the sandbox are others
        everything = "\n".join([*(r.getMessage() for r in ours), *self.said]).encode()
        return [secret for secret in secrets if any(form in everything for form in forms(secret))]


def provider(sandbox: SandboxServer, network: str, secret: str = APP_SECRET) -> Provider:
    facts = oauth_of(Channel("channel", network, base_url=f"{sandbox.url}/{network}"))
    assert facts is not None
    return Provider(facts, Client("the-app", Secret(secret)), network, lambda: NOW)


def secrets_of(tokens: Tokens) -> list[str]:
    return [s.reveal() for s in (tokens.access, tokens.refresh) if s is not None]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_login(network: str, sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    """A login that comes off, and logins that fail in every way at the network's token server."""
    ear, anna = Listener(caplog), Anna()
    tokens = log_in(provider(sandbox, network), "verne", anna.person())
    hidden = [APP_SECRET, *secrets_of(tokens)]
    for kind in FAULTS:
        sandbox.state.faults.add({"network": network, "kind": kind, "path": "*/*oken*"})
        ear.hear(lambda: log_in(provider(sandbox, network), "verne", anna.person()))
        sandbox.state.faults.waiting.clear()
    wrong = provider(sandbox, network, "wrong-canary/secret")
    ear.hear(lambda: log_in(wrong, "verne", anna.person()))
    hidden += ["wrong-canary/secret", *sandbox.state.grants.codes]
    ear.said += [*anna.told, *(page.text for page in anna.pages)]
    assert ear.holds(*hidden) == []
    assert len(anna.told) == 7
    assert len(ear.said) > 10


def test_the_ear_hears(caplog: pytest.LogCaptureFixture) -> None:
    """The search finds a secret in each of its forms: else it would prove nothing."""

    for said in ("a Y2FuYXJ5K2FwcC9zZWNyZXQ9 b", "a canary%2Bapp%2Fsecret%3D b"):
        ear = Listener(caplog)
        logging.getLogger("any").debug(said)
        assert ear.holds(APP_SECRET, "another") == [APP_SECRET]
        caplog.clear()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_renewal(network: str, sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    """Renewals that come off and that fail in every way, at the network, at S3 and where the document is kept: logs, warnings,
    errors and the bucket hold nothing."""
    ear = Listener(caplog)
    server = provider(sandbox, network)
    tokens = log_in(server, "verne", Anna().person())
    ticks = itertools.count(step=10)
    hidden, bucket, warned = {APP_SECRET, *secrets_of(tokens)}, Bucket(lambda: NOW), list[str]()

    def keep(text: str) -> None:
        found = Tokens.parse(text)
        assert found is not None
        hidden.update(secrets_of(found))
        raise SettingsError("cannot write the credential file x: No space left on device")

    for kind in (*FAULTS, "none", "full"):
        if kind in FAULTS:
            sandbox.state.faults.add({"network": network, "kind": kind, "path": "*/*oken*"})
        renewal = Renewal(
            channel="channel",
            oauth=server.oauth,
            read=lambda: Secret(replace(tokens, expires_at=NOW, obtained_at=None).write()),
            keep=keep if kind == "full" else lambda text: None,
            rehearse=lambda text: None,
            provider=lambda: server,
            journal=lambda: Journal(MemoryStore(bucket), "channel", "host/m/1/1"),
            warn=warned.append,
            now=lambda: NOW,
            sleep=lambda seconds: None,
            monotonic=lambda: float(next(ticks)),
        )
        found = ear.hear(renewal.fresh)
        hidden |= {found.reveal()} if isinstance(found, Secret) else set()
        ear.hear(lambda renewal=renewal: renewal.replacing(tokens.access))  # type: ignore[misc]
        sandbox.state.faults.waiting.clear()
        if kind == "none":
            bucket.objects.clear()  # its token is spent, and the next is to be asked for all the same
    ear.said += warned + [f"{key} {item.body!r}" for key, item in bucket.objects.items()]
    assert ear.holds(*hidden) == []
    assert len(hidden) >= 2


def test_what_a_network_repeats(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that repeats the token, the code or the secret in its error is not repeated."""
    import httpx

    def answer(request: httpx.Request) -> httpx.Response:
        told = f"{request.url} {request.content.decode()} {request.headers.get('authorization', '')}"
        return httpx.Response(400, json={"error": "invalid_grant", "error_description": told[:280]})

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **options: real(**options, transport=httpx.MockTransport(answer)))
    for network in ("x", "google_business", "instagram"):
        tokens = Tokens(Secret("canary+access/token="), Secret("canary+refresh/token="))
        with pytest.raises(NetworkError) as raised:
            provider(sandbox, network).renew(tokens)
        assert "invalid_grant" in str(raised.value)
        said = str(raised.value).encode()
        for secret in (APP_SECRET, *secrets_of(tokens)):
            assert not any(form in said for form in forms(secret)), network


def test_the_sandbox_shows_no_token(sandbox: SandboxServer) -> None:
    """What the sandbox tells of requests holds no token that it gave out, nor anybody's secret."""
    import httpx

    log_in(provider(sandbox, "x"), None, Anna().person())
    told = "".join(
        httpx.get(f"{sandbox.url}/_sandbox/{page}", trust_env=False).text
        for page in ("requests", "violations", "faults")
    )
    assert re.search("oauth POST token", told)
    issued = [token for grant in sandbox.state.grants.all for token in (*grant.access, grant.refresh)]
    assert [token for token in (*issued, APP_SECRET) if token and token in told] == []
