"""Logging in for real: a browser, this machine's loopback, and the sandbox's OAuth servers, over HTTP."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from presstime import networks
from presstime.accounts.accounts import oauth_of
from presstime.accounts.apps import Client
from presstime.accounts.client import NoTokens, Provider
from presstime.accounts.document import Tokens
from presstime.accounts.login import log_in
from presstime.accounts.loopback import Loopback
from presstime.errors import NetworkError, SettingsError, UsageError
from presstime.model import Channel, Secret
from presstime.networks import load, oauth
from presstime.networks.oauth import OAuth
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import State
from tests.accounts.kit import Anna

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
APP = Client("the-app", Secret("the-app-secret"))
PUBLIC = Client("the-app")
DEVICE = OAuth("/ask", "/token", ("post",), device="/device_authorization", renewal="keeps", life=timedelta(hours=1))


class Clock:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[SandboxServer]:
    with SandboxServer(state=State(now=clock)) as server:
        yield server


def provider(sandbox: SandboxServer, network: str, clock: Clock, client: Client = APP) -> Provider:
    channel = Channel("channel", network, base_url=f"{sandbox.url}/{network}")
    found = oauth_of(channel)
    assert found is not None
    return Provider(found, client, load(network).traits.title, clock)


def control(sandbox: SandboxServer, network: str, do: str) -> int:
    told = {"network": network, "account": "verne", "do": do}
    return int(httpx.post(f"{sandbox.url}/_sandbox/tokens", json=told, trust_env=False).json()["count"])


@pytest.mark.parametrize("network", sorted(oauth.OURS))
def test_every_network(network: str, sandbox: SandboxServer, clock: Clock) -> None:
    """Each network's login ends with tokens of the account that allowed it, its scopes and its end."""
    anna = Anna()
    client = PUBLIC if network == "mastodon" else APP
    if network == "mastodon":
        client = Client("")  # it makes itself known
    tokens = log_in(provider(sandbox, network, clock, client), "verne", anna.person())
    facts = oauth.OURS[network]
    assert anna.errors == []
    assert "You may close this window" in anna.pages[0].text
    assert sandbox.state.grants.verdict(network, tokens.access.reveal()) == "verne"
    assert tokens.scope.split() == [s for scope in facts.scopes for s in scope.split()]
    assert tokens.expires_at == (NOW + facts.life if facts.life else None)
    assert (tokens.refresh is not None) == (facts.renewal in ("keeps", "rotates"))
    assert tokens.client_id
    assert tokens.token_endpoint.startswith(sandbox.url)
    again = Tokens.parse(tokens.write())
    assert again is not None
    assert again.write() == tokens.write()


def test_an_app_without_a_secret(sandbox: SandboxServer, clock: Clock) -> None:
    """A public app names itself in the body and proves itself by PKCE."""
    tokens = log_in(provider(sandbox, "x", clock, PUBLIC), None, Anna().person())
    assert sandbox.state.grants.verdict("x", tokens.access.reveal()) == "verne"
    renewed = provider(sandbox, "x", clock, PUBLIC).renew(tokens)
    assert sandbox.state.grants.verdict("x", renewed.access.reveal()) == "verne"


def test_a_verifier_that_does_not_fit(sandbox: SandboxServer, clock: Clock) -> None:
    """The code alone is worth nothing: whoever has not the verifier gets no token (RFC 7636)."""
    server = provider(sandbox, "x", clock)
    visit = server.visit("http://127.0.0.1:9/")
    back = allow_only(visit.url)
    with pytest.raises(NoTokens, match="code_verifier"):
        server.redeem(replace(visit, verifier="another-verifier-of-43-letters-or-more-than-that"), back, None)


def allow_only(url: str) -> str:
    """The address that the browser would go to, without going there."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    told = query | {"allow": "yes", "account": "verne"}
    found: str = httpx.post(url.partition("?")[0], data=told, trust_env=False).headers["location"]
    return found


def test_a_code_is_good_once_and_for_half_a_minute(sandbox: SandboxServer, clock: Clock) -> None:
    """A second use, and one that comes late, are refused; the login says so."""
    server = provider(sandbox, "x", clock)
    visit = server.visit("http://127.0.0.1:9/")
    back = allow_only(visit.url)
    server.redeem(visit, back, None)
    with pytest.raises(NoTokens, match="no such code"):
        server.redeem(visit, back, None)
    back = allow_only(visit.url)
    clock.at += timedelta(seconds=31)
    with pytest.raises(NoTokens, match="no such code"):
        server.redeem(visit, back, None)


def test_an_answer_to_another_login(sandbox: SandboxServer, clock: Clock) -> None:
    """What comes back with another `state` is not taken, and the network is not asked about its code."""
    server = provider(sandbox, "x", clock)
    visit = server.visit("http://127.0.0.1:9/")
    with pytest.raises(NetworkError, match="does not belong"):
        server.redeem(visit, "http://127.0.0.1:9/?code=stolen&state=another", None)
    assert sandbox.state.counts["x oauth POST token"] == 0


def test_a_person_who_says_no(sandbox: SandboxServer, clock: Clock) -> None:
    """A refusal comes back as one, with what to do."""
    anna = Anna(answers={"allow": "no"})
    with pytest.raises(NetworkError, match="did not give access: access_denied"):
        log_in(provider(sandbox, "x", clock), None, anna.person())


def test_nobody_comes_back(sandbox: SandboxServer, clock: Clock) -> None:
    """A login that nobody finishes ends by itself."""
    with pytest.raises(NetworkError, match="nobody came back"):
        log_in(provider(sandbox, "x", clock), None, Anna().person(browser=False, patience=0.2))


def test_strays_are_turned_away(sandbox: SandboxServer, clock: Clock) -> None:
    """The loopback takes one answer: the path and the state that it waits for. A browser's look for an icon, and anybody's guess,
    get a 404 and change nothing."""
    server = provider(sandbox, "x", clock)

    def pages_first(anna: Anna) -> list[int]:
        redirect = parse_qs(urlsplit(anna.url).query)["redirect_uri"][0]
        strays = ("favicon.ico", "?code=guess", "?code=guess&state=guess", "elsewhere?code=x")
        return [httpx.get(redirect + stray, trust_env=False).status_code for stray in strays]

    class Guessing(Anna):
        seen: list[int]

        def _visit(self, url: str) -> None:
            self.seen = pages_first(self)
            super()._visit(url)

    anna = Guessing()
    tokens = log_in(server, None, anna.person())
    assert anna.seen == [404, 404, 404, 404]
    assert sandbox.state.grants.verdict("x", tokens.access.reveal()) == "verne"


def test_a_registered_port(sandbox: SandboxServer, clock: Clock) -> None:
    """Where the app has an address registered, that one is listened on, path and all; a port that is taken is said."""
    with Loopback() as free:
        port = urlsplit(free.redirect).port
        with pytest.raises(SettingsError, match="cannot listen"):
            Loopback(f"http://127.0.0.1:{port}/back")
    redirect = f"http://127.0.0.1:{port}/back"
    anna = Anna()
    log_in(provider(sandbox, "x", clock, replace(APP, redirect=redirect)), None, anna.person())
    assert anna.pages[0].status_code == 200
    assert parse_qs(urlsplit(anna.url).query)["redirect_uri"] == [redirect]


def test_an_address_brought_by_hand(sandbox: SandboxServer, clock: Clock) -> None:
    """With an https redirect, or a browser elsewhere, the address that it ends at is pasted; Instagram's tail is no part of it."""
    anna = Anna(pasted=lambda anna: f" {allow_only(anna.url)}#_ ")
    client = replace(APP, redirect="https://verne.example/back")
    tokens = log_in(provider(sandbox, "instagram", clock, client), None, anna.person(browser=False))
    assert sandbox.state.grants.verdict("instagram", tokens.access.reveal()) == "verne"
    anna = Anna(pasted=lambda anna: allow_only(anna.url))
    log_in(provider(sandbox, "x", clock), None, anna.person(browser=False), "paste")


@pytest.mark.parametrize("network", ["facebook", "instagram", "threads"])
def test_where_no_loopback_is_allowed(network: str, clock: Clock) -> None:
    """Networks that only redirect to https say what to put into presstime.toml, before a browser is opened."""
    anna = Anna()
    server = Provider(oauth.OURS[network], APP, network, clock)
    with pytest.raises(UsageError, match="https address") as raised:
        log_in(server, None, anna.person())
    assert "redirect" in raised.value.advice
    assert anna.url == ""


def test_a_wrong_secret_of_the_app(sandbox: SandboxServer, clock: Clock) -> None:
    """The app's own secret being wrong is told as that: nothing is said of the account."""
    wrong = Client("the-app", Secret("wrong-secret"))
    with pytest.raises(NoTokens, match="invalid_client") as raised:
        log_in(provider(sandbox, "x", clock, wrong), None, Anna().person())
    assert "client_secret" in raised.value.advice
    assert "wrong-secret" not in str(raised.value)


@pytest.mark.parametrize("network", ["x", "google_business", "pinterest", "linkedin", "instagram", "threads"])
def test_login_use_expire_renew_revoke(network: str, sandbox: SandboxServer, clock: Clock) -> None:
    """The whole life of a token: given, used, ended, renewed (with a new refresh token where they are good once), and taken back."""
    server = provider(sandbox, network, clock)
    tokens = log_in(server, None, Anna().person())
    grants = sandbox.state.grants
    if (swap := oauth.OURS[network].swap) is not None:
        with pytest.raises(NoTokens, match="too young"):
            server.renew(tokens)
        clock.at += swap.not_before
    else:
        assert control(sandbox, network, "expire") == 1
        assert grants.verdict(network, tokens.access.reveal()) == ""
    renewed = server.renew(tokens)
    assert grants.verdict(network, renewed.access.reveal()) == "verne"
    assert renewed.expires_at is not None
    assert renewed.expires_at > clock.at
    rotated = (renewed.refresh and renewed.refresh.reveal()) != (tokens.refresh and tokens.refresh.reveal())
    assert rotated == (oauth.OURS[network].renewal == "rotates")
    assert control(sandbox, network, "revoke") == 1
    assert grants.verdict(network, renewed.access.reveal()) is None
    with pytest.raises(NoTokens) as raised:
        server.renew(renewed)
    assert raised.value.fate == "refused"


def test_a_spent_refresh_token_ends_all(sandbox: SandboxServer, clock: Clock) -> None:
    """The sandbox does what X is told to do: a refresh token that comes a second time ends the access token of the first, too."""
    server = provider(sandbox, "x", clock)
    tokens = log_in(server, None, Anna().person())
    renewed = server.renew(tokens)
    with pytest.raises(NoTokens):
        server.renew(tokens)
    assert sandbox.state.grants.verdict("x", renewed.access.reveal()) is None
    assert sandbox.state.grants.reused == 1


FATES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "429"}, "later"),
    ({"kind": "5xx-before"}, "doubt"),
    ({"kind": "5xx-after"}, "doubt"),
    ({"kind": "drop-before"}, "doubt"),
    ({"kind": "drop-after"}, "doubt"),
]


@pytest.mark.parametrize(("fault", "fate"), FATES)
def test_what_a_failure_says_of_the_token(
    fault: dict[str, Any], fate: str, sandbox: SandboxServer, clock: Clock
) -> None:
    """Only what certainly did not use a token up may be tried again at once; a lost answer is a doubt."""
    server = provider(sandbox, "x", clock)
    tokens = log_in(server, None, Anna().person())
    sandbox.state.faults.add({"network": "x", "path": "*/token", **fault})
    with pytest.raises(NoTokens) as raised:
        server.renew(tokens)
    assert raised.value.fate == fate
    assert not raised.value.needs_person


def test_a_server_that_is_not_there(clock: Clock) -> None:
    """A refused connection used nothing up."""
    with Loopback() as gone:
        address = gone.redirect
    server = Provider(replace(oauth.X, token=f"{address}token"), APP, "X", clock)
    with pytest.raises(NoTokens, match="cannot be reached") as raised:
        server.renew(Tokens(Secret("a"), Secret("b")))
    assert raised.value.fate == "later"


def test_device_codes(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A network that has device codes: the person types it in elsewhere, and we ask until they have (RFC 8628)."""
    monkeypatch.setitem(oauth.OURS, "x", DEVICE)
    assert networks.oauth_of("x") is DEVICE
    with SandboxServer(state=State(now=clock)) as sandbox:
        server = provider(sandbox, "x", clock)
        waited: list[float] = []

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 3:  # only now does she find her telephone
                user_code = anna.told[-1].rpartition(" ")[2]
                typed = httpx.post(f"{sandbox.url}/x/device", data={"user_code": user_code}, trust_env=False)
                assert typed.status_code == 200

        anna = Anna()
        tokens = log_in(server, None, replace(anna.person(), sleep=sleep), "device")
        assert waited == [1, 1, 1]
        assert sandbox.state.grants.verdict("x", tokens.access.reveal()) == "verne"

        def refuse(seconds: float) -> None:
            code = anna.told[-1].rpartition(" ")[2]
            httpx.post(f"{sandbox.url}/x/device", data={"user_code": code, "refuse": "yes"}, trust_env=False)

        with pytest.raises(NoTokens, match="access_denied"):
            log_in(server, None, replace(anna.person(), sleep=refuse), "device")


def test_no_device_codes(sandbox: SandboxServer, clock: Clock) -> None:
    """Where the network has none, that is said, with the other way."""
    with pytest.raises(UsageError, match="no codes"):
        log_in(provider(sandbox, "google_business", clock), None, Anna().person(), "device")


def test_pages(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a person's pages, the channel's account gets its own token, which has no end; another is not taken in its place."""
    pages = [
        {"id": "101", "name": "Verne Nantes", "access_token": "page-101"},
        {"id": "102", "name": "Verne Lille", "access_token": "page-102"},
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        told = dict(request.url.params)
        if request.url.path.endswith("/me/accounts"):
            return httpx.Response(200, json={"data": pages if told["access_token"] == "long" else []})
        if told.get("grant_type") == "fb_exchange_token":
            good = told == {
                "grant_type": "fb_exchange_token",
                "fb_exchange_token": "short",
                "client_id": "the-app",
                "client_secret": "the-app-secret",
            }
            return (
                httpx.Response(200, json={"access_token": "long", "expires_in": 5183944})
                if good
                else httpx.Response(400)
            )
        return httpx.Response(200, json={"access_token": "short", "token_type": "bearer", "expires_in": 5400})

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **options: real(**options, transport=httpx.MockTransport(answer)))
    server = Provider(oauth.FACEBOOK, APP, "Facebook", clock)

    def redeemed(account: str | None) -> Tokens:
        visit = server.visit("https://verne.example/back")
        return server.redeem(visit, f"https://verne.example/back?code=c&state={visit.state}", account)

    assert json.loads(redeemed("102").write())["access_token"] == "page-102"
    assert redeemed("verne nantes").access.reveal() == "page-101"
    assert redeemed("101").expires_at is None
    with pytest.raises(NetworkError, match=r"Verne Nantes \(101\), Verne Lille \(102\)"):
        redeemed("103")
    with pytest.raises(NetworkError, match="is not named"):
        redeemed(None)


def test_a_page_that_only_shows_itself(sandbox: SandboxServer, clock: Clock) -> None:
    """Looking at the page of a login gives nothing away: only its button does, and a request that is not as it should be is sent
    back with the reason."""
    server = provider(sandbox, "x", clock)
    visit = server.visit("http://127.0.0.1:9/")
    page = httpx.get(visit.url, trust_env=False)
    assert page.status_code == 200
    assert page.text.count("<button") == 1
    assert sandbox.state.grants.codes == {}
    without = visit.url.replace("code_challenge_method=S256", "code_challenge_method=plain")
    assert "error=invalid_request" in httpx.get(without, trust_env=False).headers["location"]
    implicit = visit.url.replace("response_type=code", "response_type=token")
    assert "error=unsupported_response_type" in httpx.get(implicit, trust_env=False).headers["location"]
