"""The one user of authlib: asking a network's OAuth server for tokens, and reading what it says instead.

Nothing here is raised from inside an `except`: the original errors hold the request, and a traceback would show it.
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from presstime import __version__
from presstime.accounts.apps import Client
from presstime.accounts.document import Tokens, from_answer
from presstime.errors import NetworkError
from presstime.model import Json, JsonObject, Secret
from presstime.networks.hidden import Hidden
from presstime.networks.http import LOOPBACK, quietly
from presstime.networks.oauth import OAuth, Swap
from presstime.networks.verdict import retry_after

if TYPE_CHECKING:
    import httpx
    from authlib.oauth2.auth import ClientAuth
    from authlib.oauth2.client import OAuth2Client

CONNECT, READ = 5.0, 30.0  # seconds
NAME, SITE = "Presstime", "https://presstime.example"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628, 3.4
PASSING = {"temporarily_unavailable", "server_error", "slow_down"}  # RFC 6749, 4.1.2.1; RFC 8628, 3.5
APP_AT_FAULT = {"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}  # RFC 6749, 5.2
META_PASSING = {1, 2, 4, 17, 32, 341, 613}  # developers.facebook.com, "Error handling": temporary, or throttled
# What a failed request for a token says of the token it used up: the network does not take it any more; it was certainly not used, or
# is as good as before; it may have been used, and the answer was lost.
Fate = Literal["refused", "later", "doubt"]


class NoTokens(NetworkError):
    """No tokens came. `code` is the network's own word, `fate` what is known of what was sent."""

    def __init__(
        self,
        message: str,
        fate: Fate,
        advice: str = "",
        code: str = "",
        until: datetime | None = None,
        person: bool = False,
    ) -> None:
        super().__init__(message, advice, needs_person=person or fate == "refused")
        self.fate, self.code, self.until = fate, code, until


@dataclass(frozen=True, slots=True)
class Visit:
    """A person sent to `url`; `state` and `verifier` show that what comes back is the answer to that."""

    url: str
    state: str
    verifier: str
    redirect: str


@dataclass(frozen=True, slots=True)
class Device:
    """A person asked to type `user_code` at `url`, within the time until `until`; asked about every `interval` seconds."""

    code: Secret
    user_code: str
    url: str
    interval: float
    until: datetime


class Provider:
    """One network's OAuth server, as one app sees it. `now` is the clock that the ends of tokens are told by."""

    def __init__(self, oauth: OAuth, client: Client, title: str, now: Callable[[], datetime]) -> None:
        self.oauth, self.client, self.title, self.now = oauth, client, title, now
        self._hidden = Hidden(*([client.secret.reveal()] if client.secret else []))

    # --- logging in ---

    def visit(self, redirect: str) -> Visit:
        """Where to send a person. `redirect` is where their browser comes back to."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        more: dict[str, str] = dict(self.oauth.parameters)
        if self.oauth.pkce:
            more["code_verifier"] = verifier
        self._session.redirect_uri = redirect
        url, _ = self._session.create_authorization_url(self.oauth.authorize, state=state, **more)
        return Visit(url, state, verifier, redirect)

    def redeem(self, visit: Visit, returned: str, account: str | None) -> Tokens:
        """The tokens for the address that a browser came back to. Raises `NetworkError`."""
        told = {name: values[0] for name, values in parse_qs(urlsplit(returned).query).items()}
        if not secrets.compare_digest(told.get("state", ""), visit.state):
            raise NetworkError(
                "what came back does not belong to this login (its `state` is another)",
                "Begin again.",
                needs_person=True,
            )
        if "error" in told:
            said = told.get("error_description") or told["error"]
            raise NetworkError(
                f"{self.title} did not give access: {said}", "Begin again, and allow it.", needs_person=True
            )
        code = told.get("code", "")
        self._hidden.add(code)
        self._hidden.add(visit.verifier)
        verifier = {"code_verifier": visit.verifier} if self.oauth.pkce else {}
        return self._completed(
            self._tokens(
                lambda: self._session.fetch_token(
                    self.oauth.token,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=visit.redirect,
                    **verifier,
                    **self.oauth.token_parameters,
                )
            ),
            account,
        )

    def register(self, redirect: str) -> None:
        """Make the app known, where the network lets it do that itself. Raises `NetworkError`."""
        fields = {"client_name": NAME, "redirect_uris": redirect, "scopes": " ".join(self.scopes), "website": SITE}
        made = self._json("POST", str(self.oauth.register), data=fields)
        if not isinstance(made.get("client_id"), str) or not isinstance(made.get("client_secret"), str):
            raise NetworkError(f"{self.title} did not say what the app is called there")
        self._hidden.add(made["client_secret"])
        self.client = replace(self.client, client_id=made["client_id"], secret=Secret(made["client_secret"]))
        self.__dict__.pop("_session", None)

    def ask_device(self) -> Device:
        """A code for a person to type in elsewhere (RFC 8628, 3.1). Raises `NetworkError`."""
        fields = {"client_id": self.client.client_id, "scope": self.oauth.joined_by.join(self.scopes)}
        said = self._json("POST", str(self.oauth.device), data=fields)
        try:
            code, url = str(said["device_code"]), said.get("verification_uri_complete") or said["verification_uri"]
            self._hidden.add(code)
            until = self.now() + timedelta(seconds=float(said["expires_in"]))
            return Device(Secret(code), str(said["user_code"]), str(url), float(said.get("interval", 5)), until)
        except (KeyError, ValueError, TypeError):
            pass
        raise NetworkError(f"{self.title} gave no code to type in")

    def ask_about(self, device: Device, account: str | None) -> Tokens | None:
        """The tokens, once the person has allowed it; None as long as they have not. Raises `NoTokens`: `slow_down` asks for
        5 s more between the looks."""
        waiting = None
        try:
            tokens = self._tokens(
                lambda: self._session.fetch_token(
                    self.oauth.token, grant_type=DEVICE_GRANT, device_code=device.code.reveal()
                )
            )
        except NoTokens as error:
            waiting = error
        if waiting is None:
            return self._completed(tokens, account)
        if waiting.code == "authorization_pending":
            return None
        raise waiting

    def _completed(self, tokens: Tokens, account: str | None) -> Tokens:
        """What a login gives, made to last: a longer token, or that of the account's page."""
        if self.oauth.lengthen is not None:
            tokens = self._swapped(self.oauth.lengthen, tokens, None)
        if self.oauth.pages is not None:
            tokens = self._of_page(self.oauth.pages, tokens, account)
        return replace(tokens, token_endpoint=self.oauth.token, client_id=self.client.client_id)

    def _of_page(self, address: str, tokens: Tokens, account: str | None) -> Tokens:
        asked = {"fields": "id,name,access_token", "limit": "100", "access_token": tokens.access.reveal()}
        pages = self._json("GET", address, params=asked).get("data", [])
        wanted = (account or "").removeprefix("@").casefold()
        for page in pages:
            if wanted in (str(page.get("id")), str(page.get("name", "")).casefold()) or (
                not wanted and len(pages) == 1
            ):
                self._hidden.add(page["access_token"])
                return Tokens(Secret(page["access_token"]), obtained_at=tokens.obtained_at, scope=tokens.scope)
        names = ", ".join(f"{page.get('name')} ({page.get('id')})" for page in pages) or "none"
        raise NetworkError(
            f"the channel's account {account or 'is not named, and'} is none of the pages of whoever logged in: {names}",
            "Put a page's number as `account` into the channel, or log in as somebody who may post there.",
            needs_person=True,
        )

    # --- renewing ---

    def renew(self, tokens: Tokens) -> Tokens:
        """New tokens in place of these, once: at most one request. Raises `NoTokens`."""
        self._hidden.add(tokens.access.reveal())
        if self.oauth.swap is not None:
            return self._swapped(self.oauth.swap, tokens, tokens)
        refresh = tokens.refresh.reveal() if tokens.refresh else ""
        self._hidden.add(refresh)
        return self._tokens(
            lambda: self._session.refresh_token(self.oauth.token, refresh_token=refresh, **self.oauth.token_parameters),
            tokens,
        )

    def _swapped(self, swap: Swap, tokens: Tokens, before: Tokens | None) -> Tokens:
        fields = {"grant_type": swap.grant_type, swap.parameter: tokens.access.reveal()}
        if "client_id" in swap.app:
            fields["client_id"] = self.client.client_id
        if "client_secret" in swap.app:
            fields["client_secret"] = self.client.secret.reveal() if self.client.secret else ""
        answer = self._json("GET", swap.address, params=fields)
        return self._read(answer, before or replace(tokens, expires_at=None))

    # --- requests ---

    @property
    def scopes(self) -> tuple[str, ...]:
        return self.client.scopes or self.oauth.scopes

    @cached_property
    def _session(self) -> "OAuth2Client":
        from authlib.oauth2.client import OAuth2Client

        session = OAuth2Client(
            _Posts(),
            client_id=self.client.client_id,
            client_secret=self.client.secret.reveal() if self.client.secret else None,
            # An app without a secret names itself in the body (RFC 6749, 3.2.1).
            token_endpoint_auth_method=f"client_secret_{self.oauth.authenticate}" if self.client.secret else "none",
            scope=self.oauth.joined_by.join(self.scopes),
            code_challenge_method="S256",
        )
        for hook in ("access_token_response", "refresh_token_response"):
            session.register_compliance_hook(hook, self._looked_at)
        return session

    def _tokens(self, call: Callable[[], Any], before: Tokens | None = None) -> Tokens:
        return self._read(self._answer(call), before)

    def _read(self, answer: Mapping[str, Json], before: Tokens | None) -> Tokens:
        told: NoTokens | Tokens
        try:
            told = from_answer(answer, self.oauth, self.now(), before)
        except ValueError as error:
            told = NoTokens(f"{self.title}: {error}", "doubt")
        if isinstance(told, NoTokens):
            raise told
        self._hidden.add(told.access.reveal())
        if told.refresh:
            self._hidden.add(told.refresh.reveal())
        return told

    def _json(self, method: str, address: str, **content: Any) -> JsonObject:
        """The JSON object that a plain request gets. Raises `NoTokens`."""
        import httpx

        def ask() -> Any:
            with httpx.Client(**_options(address)) as client:
                return self._looked_at(client.request(method, address, **content)).json()

        found = self._answer(ask)
        return dict(found) if isinstance(found, Mapping) else {}

    def _answer(self, call: Callable[[], Any]) -> Any:
        """What a request gets. Raises `NoTokens`, whatever else went wrong."""
        import httpx
        from authlib.oauth2 import OAuth2Error

        try:
            with quietly():
                return call()
        except NoTokens as error:
            failed = error
        except OAuth2Error as error:  # in an answer with status 200
            failed = self._refused(str(error.error), str(error.description or ""))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            failed = NoTokens(self._said("cannot be reached", error), "later")
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError):
            failed = NoTokens(f"{self.title}: no request can be made of the channel's base_url", "later", person=True)
        except (httpx.HTTPError, ValueError) as error:
            failed = NoTokens(self._said("gave no answer that can be used", error), "doubt")
        raise failed

    def _looked_at(self, response: "httpx.Response") -> "httpx.Response":
        """The response, if it is a good one. Raises `NoTokens`."""
        status = response.status_code
        if response.is_success:
            return response
        body: Any = None
        with suppress(ValueError):
            body = response.json()
        error = body.get("error") if isinstance(body, dict) else None
        if status == 429:
            raise NoTokens(f"{self.title} answered 429", "later", until=retry_after(response))
        if status >= 500 or status == 408:
            raise NoTokens(f"{self.title} answered {status}", "doubt")
        if isinstance(error, dict):
            raise self._meta(error)
        if not isinstance(error, str):
            raise NoTokens(f"{self.title} answered {status}, in words that are not its own", "later")
        description = body.get("error_description") or body.get("message") or ""
        raise self._refused(error, str(description))

    def _refused(self, code: str, description: str) -> NoTokens:
        reason = self._hidden.scrub(f"{self.title} answered {code}" + (f": {description}" if description else ""))[:300]
        if code in PASSING:
            return NoTokens(reason, "later", code=code)
        if code in APP_AT_FAULT:
            return NoTokens(reason, "later", "Check the app's client_id and client_secret.", code, person=True)
        return NoTokens(reason, "refused", code=code)

    def _meta(self, error: JsonObject) -> NoTokens:
        """Meta's own form of an error (developers.facebook.com, "Error handling")."""
        code = error.get("code")
        reason = self._hidden.scrub(f"{self.title} answered {code}: {error.get('message', '')}")[:300]
        passing = error.get("is_transient") is True or code in META_PASSING
        return NoTokens(reason, "later" if passing else "refused", code=str(code))

    def _said(self, what: str, error: Exception) -> str:
        cause = ", ".join(filter(None, (type(error).__name__, str(error))))
        return self._hidden.scrub(f"{self.title} {what}: {cause}")[:300]


class _Posts:
    """What authlib's client asks of an HTTP session. (Its own for httpx is deprecated, and another where httpx2 is installed.)"""

    def post(
        self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: "ClientAuth"
    ) -> "httpx.Response":
        import httpx

        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        with httpx.Client(**_options(url)) as client:
            return client.post(url, content=body, headers=headers)


def _options(address: str) -> JsonObject:
    """Bounded waits, no redirects, and no proxy for this machine's own servers."""
    import httpx

    return {
        "timeout": httpx.Timeout(READ, connect=CONNECT),
        "headers": {"User-Agent": f"presstime/{__version__}", "Accept": "application/json"},
        "follow_redirects": False,
        "trust_env": urlsplit(address).hostname not in LOOPBACK,
    }
