"""An OAuth server for every network that has one, made of the facts in networks/oauth.py: so that a login, its renewal and its
end can be tried on this machine.

It keeps to RFC 6749, 7636 and 8628 more strictly than vendors do: a code is good once and for 30 seconds, a verifier must fit its
challenge, a redirect must be the one asked with, a refresh token that rotates is good once, and coming again it ends all that
came of it. Any client is known; a secret that begins with `wrong-` is refused.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from presstime.model import JsonObject
from presstime.networks import load, names, oauth_of
from presstime.networks.oauth import OAuth, Swap
from presstime.sandbox.calls import read_body
from presstime.sandbox.cut import cut
from presstime.sandbox.grants import CODE_LIFE, DEVICE_LIFE, Asked, Grant
from presstime.sandbox.state import State

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SHORT_LIFE = timedelta(hours=1)  # of a token that is there to be lengthened
INTERVAL = 1  # seconds between two questions about a device code
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 15vh auto; padding: 0 1rem">
<h1>{title}</h1>{body}</body></html>"""


class Wrong(Exception):
    """The answer to a request that is not as it should be."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


def routes(state: State) -> list[Route]:
    """The OAuth servers of all networks, each below its network's name, and what tests and people do to tokens."""
    found = [Route("/_sandbox/tokens", _controls(state), methods=["POST"])]
    for name in names():
        oauth = oauth_of(name)
        if oauth is not None:
            found += Server(state, name, load(name).traits.title, oauth).routes()
    return found


class Server:
    """One network's."""

    def __init__(self, state: State, network: str, title: str, oauth: OAuth) -> None:
        self.state, self.network, self.title, self.oauth = state, network, title, oauth
        self.grants = state.grants

    def routes(self) -> list[Route]:
        oauth, found = self.oauth, dict[tuple[str, str], Callable[[Request], Awaitable[Response]]]()
        found["GET", oauth.authorize] = self.ask
        found["POST", oauth.authorize] = self.allow
        found["POST", oauth.token] = self.token
        for swap in filter(None, (oauth.lengthen, oauth.swap)):
            found["GET", swap.address] = self._swapping(swap)
        if oauth.pages:
            found["GET", oauth.pages] = self.pages
        if oauth.device:
            found["POST", oauth.device] = self.device
            found["GET", "/device"] = self.type_in
            found["POST", "/device"] = self.typed
        if oauth.register:
            found["POST", oauth.register] = self.register
        return [
            Route(f"/{self.network}{urlsplit(address).path}", self._guarded(method, run), methods=[method])
            for (method, address), run in found.items()
        ]

    def _guarded(
        self, method: str, run: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            self.state.counts[f"{self.network} oauth {method} {request.url.path.rpartition('/')[2]}"] += 1
            path = request.url.path.removeprefix(f"/{self.network}")
            fault = self.state.faults.take(self.network, ("oauth",), path, False)
            kind = fault.kind if fault else ""
            if kind == "slow" and fault:
                await asyncio.sleep(fault.seconds)
            if kind == "drop-before":
                await cut(request)
            if kind in ("429", "5xx-before"):
                return _failure("slow_down" if kind == "429" else "server_error", "", 429 if kind == "429" else 503)
            try:
                answer = await run(request)
            except Wrong as wrong:
                return _failure(wrong.error, wrong.description, wrong.status)
            if kind == "drop-after":
                await cut(request)
            return _failure("server_error", "", 500) if kind == "5xx-after" else answer

        return guarded

    # --- a person's browser ---

    async def ask(self, request: Request) -> Response:
        """The page with one button (RFC 6749, 4.1.1)."""
        told = request.query_params
        if not told.get("client_id") or not told.get("redirect_uri"):
            return HTMLResponse(PAGE.format(title=self.title, body="<p>No client_id or no redirect_uri.</p>"), 400)
        if told.get("response_type") != "code":
            return self._back(told, error="unsupported_response_type")
        if self.oauth.pkce and (
            told.get("code_challenge_method") != "S256" or len(told.get("code_challenge", "")) != 43
        ):
            return self._back(told, error="invalid_request", error_description="no S256 code_challenge")
        if missing := {k: v for k, v in self.oauth.parameters.items() if told.get(k) != v}:
            return self._back(told, error="invalid_request", error_description=f"wanted {missing}")
        hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in told.items())
        body = (
            f"<p>{escape(told['client_id'])} wants to act for you: {escape(told.get('scope', ''))}.</p>"
            f'<form method="post">{hidden}<p><label>Account <input name="account" value="verne"></label></p>'
            '<p><button name="allow" value="yes">Allow</button></p></form>'
        )
        return HTMLResponse(PAGE.format(title=self.title, body=body))

    async def allow(self, request: Request) -> Response:
        told = await _form(request)
        if told.get("allow") != "yes":
            return self._back(told, error="access_denied")
        code = f"code-{secrets.token_urlsafe(16)}"
        self.grants.codes[code] = Asked(
            self.network,
            told["client_id"],
            told.get("scope", ""),
            self.state.now(),
            told["redirect_uri"],
            told.get("code_challenge", ""),
            told.get("account") or "verne",
        )
        return self._back(told, code=code)

    def _back(self, told: Mapping[str, str], **answer: str) -> Response:
        if told.get("state"):
            answer["state"] = told["state"]
        mark = "&" if "?" in told["redirect_uri"] else "?"
        return RedirectResponse(f"{told['redirect_uri']}{mark}{urlencode(answer)}", 302)

    async def type_in(self, request: Request) -> Response:
        body = (
            '<form method="post"><p><label>Code <input name="user_code"></label></p>'
            '<p><label>Account <input name="account" value="verne"></label></p><p><button>Allow</button></p></form>'
        )
        return HTMLResponse(PAGE.format(title=self.title, body=body))

    async def typed(self, request: Request) -> Response:
        told = await _form(request)
        for user_code, asked in self.grants.devices.values():
            if user_code == told.get("user_code") and asked.network == self.network:
                asked.account, asked.refused = told.get("account") or "verne", told.get("refuse") == "yes"
                return HTMLResponse(PAGE.format(title=self.title, body="<p>Done. Go back to your device.</p>"))
        return HTMLResponse(PAGE.format(title=self.title, body="<p>There is no such code.</p>"), 404)

    # --- the app ---

    async def token(self, request: Request) -> Response:
        """RFC 6749, 4.1.3 and 6; RFC 8628, 3.4."""
        told = await _form(request)
        client_id = self._client(request, told)
        for name, value in self.oauth.token_parameters.items():
            if told.get(name) != value and told.get("grant_type") != DEVICE_GRANT:
                raise Wrong("invalid_request", f"wanted {name}={value}")
        match told.get("grant_type"):
            case "authorization_code":
                return self._tokens(self._of_code(told, client_id))
            case "refresh_token":
                return self._tokens(self._of_refresh(told, client_id))
            case kind if kind == DEVICE_GRANT and self.oauth.device:
                return self._tokens(self._of_device(told, client_id))
        raise Wrong("unsupported_grant_type")

    def _client(self, request: Request, told: Mapping[str, str]) -> str:
        """Who asks: by Basic or in the body, as the network has it; a client without a secret names itself in the body."""
        scheme, _, basic = request.headers.get("authorization", "").partition(" ")
        client_id, secret = told.get("client_id", ""), told.get("client_secret", "")
        if scheme.lower() == "basic":
            if self.oauth.authenticate != "basic":
                raise Wrong("invalid_client", "the secret belongs into the body here", 401)
            client_id, _, secret = base64.b64decode(basic).decode().partition(":")
        elif secret and self.oauth.authenticate == "basic":
            raise Wrong("invalid_client", "the secret belongs into Authorization: Basic here", 401)
        known = self.grants.apps.get(client_id)
        if not client_id or secret.startswith("wrong-") or (known is not None and secret != known):
            raise Wrong("invalid_client", "no such client, or not its secret", 401)
        return client_id

    def _of_code(self, told: Mapping[str, str], client_id: str) -> Grant:
        asked = self.grants.codes.pop(told.get("code", ""), None)  # good once
        if asked is None or asked.network != self.network or self.state.now() - asked.at > CODE_LIFE:
            raise Wrong("invalid_grant", "no such code")
        if (asked.client_id, asked.redirect) != (client_id, told.get("redirect_uri")):
            raise Wrong("invalid_grant", "another client or redirect_uri asked for this code")
        if asked.challenge and asked.challenge != _challenge(told.get("code_verifier", "")):
            raise Wrong("invalid_grant", "the code_verifier does not fit")
        return self._granted(asked)

    def _of_device(self, told: Mapping[str, str], client_id: str) -> Grant:
        _, asked = self.grants.devices.get(told.get("device_code", ""), ("", None))
        if asked is None or asked.client_id != client_id or asked.network != self.network:
            raise Wrong("invalid_grant", "no such device_code")
        if self.state.now() - asked.at > DEVICE_LIFE:
            raise Wrong("expired_token")
        if asked.refused:
            raise Wrong("access_denied")
        if not asked.account:
            raise Wrong("authorization_pending")
        del self.grants.devices[told["device_code"]]
        return self._granted(asked)

    def _of_refresh(self, told: Mapping[str, str], client_id: str) -> Grant:
        grant = self.grants.of_refresh(self.network, told.get("refresh_token", ""))
        if grant is None or grant.revoked or grant.client_id != client_id:
            raise Wrong("invalid_grant", "no such refresh_token")
        return grant

    def _granted(self, asked: Asked) -> Grant:
        grant = Grant(self.network, asked.account, asked.scope, asked.client_id)
        self.grants.all.append(grant)
        return grant

    def _tokens(self, grant: Grant) -> Response:
        """RFC 6749, 5.1."""
        token = self.grants.issue(grant, self.oauth)
        if self.oauth.lengthen is not None:
            grant.access[token] = self.state.now() + SHORT_LIFE
        return self._answer(grant, token, grant.refresh)

    def _answer(self, grant: Grant, token: str, refresh: str = "") -> Response:
        body: JsonObject = {"access_token": token, "token_type": "bearer", "scope": grant.scope}
        end = grant.access[token]
        if end is not None:
            body["expires_in"] = int((end - self.state.now()).total_seconds())
        if refresh:
            body["refresh_token"] = refresh
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    def _swapping(self, swap: Swap) -> Callable[[Request], Awaitable[Response]]:
        async def swapping(request: Request) -> Response:
            told = request.query_params
            grant = self.grants.of_access(self.network, told.get(swap.parameter, ""))
            if told.get("grant_type") != swap.grant_type or any(not told.get(name) for name in swap.app):
                return _meta("Invalid parameter", 100)
            if grant is None or self.grants.verdict(self.network, told[swap.parameter]) in (None, ""):
                return _meta("Error validating access token", 190)
            if self.state.now() - grant.made[told[swap.parameter]] < swap.not_before:
                return _meta("The access token is too young to be refreshed", 100)
            return self._answer(grant, self.grants.issue(grant, self.oauth))

        return swapping

    async def pages(self, request: Request) -> Response:
        """The pages that a person may post to, each with its own token (Graph API, User, accounts): one, named as the account."""
        token = request.query_params.get("access_token", "")
        grant, account = self.grants.of_access(self.network, token), self.grants.verdict(self.network, token)
        if grant is None or not account:
            return _meta("Error validating access token", 190)
        page = {"id": account, "name": account, "access_token": self.grants.issue(grant, self.oauth)}
        return JSONResponse({"data": [page]})

    async def device(self, request: Request) -> Response:
        told = await _form(request)
        if not told.get("client_id"):
            raise Wrong("invalid_client", status=401)
        code, user_code = secrets.token_urlsafe(24), secrets.token_hex(4).upper()
        self.grants.devices[code] = (
            user_code,
            Asked(self.network, told["client_id"], told.get("scope", ""), self.state.now()),
        )
        here = f"{request.url.scheme}://{request.url.netloc}/{self.network}/device"
        return JSONResponse(
            {
                "device_code": code,
                "user_code": user_code,
                "verification_uri": here,
                "expires_in": int(DEVICE_LIFE.total_seconds()),
                "interval": INTERVAL,
            }
        )

    async def register(self, request: Request) -> Response:
        """Mastodon's `POST /api/v1/apps` (docs.joinmastodon.org, methods/apps)."""
        told = await _form(request)
        if not told.get("client_name") or not told.get("redirect_uris"):
            return JSONResponse({"error": "Validation failed: client_name or redirect_uris is missing"}, 422)
        client_id, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.grants.apps[client_id] = secret
        app = {"id": str(len(self.grants.apps)), "name": told["client_name"], "redirect_uri": told["redirect_uris"]}
        return JSONResponse({**app, "client_id": client_id, "client_secret": secret})


def _controls(state: State) -> Callable[[Request], Awaitable[Response]]:
    async def controls(request: Request) -> Response:
        """`{"network", "account", "do": "expire" | "revoke"}`: what became of the tokens that an account gave."""
        told = await request.json()
        do = {"expire": state.grants.expire, "revoke": state.grants.revoke}.get(told.get("do"))
        if do is None:
            return JSONResponse({"error": "do is expire or revoke"}, 400)
        return JSONResponse({"count": do(str(told.get("network")), str(told.get("account")))})

    return controls


async def _form(request: Request) -> Mapping[str, str]:
    body, _ = read_body(request.headers.get("content-type", ""), await request.body())
    found: Any = body if isinstance(body, dict) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _failure(error: str, description: str, status: int) -> Response:
    """RFC 6749, 5.2."""
    return JSONResponse({"error": error} | ({"error_description": description} if description else {}), status)


def _meta(message: str, code: int) -> Response:
    return JSONResponse({"error": {"message": message, "type": "OAuthException", "code": code}}, 400)


def _challenge(verifier: str) -> str:
    """RFC 7636, 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
