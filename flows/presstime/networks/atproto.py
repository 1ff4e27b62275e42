"""The AT Protocol underneath Bluesky: sessions, and record keys of our own choosing.

Facts: atproto.com/specs/record-key (TID) and the PDS source: an access token lives for 2 hours, a refresh token for 90 days, and
an account may log in 300 times a day, 30 times in five minutes. So a session is kept between passes, where there is a place for it.
"""

import hashlib
import json
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from presstime.model import Json, JsonObject, Refused
from presstime.networks.base import Keeps
from presstime.networks.http import Failed, Http

SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"  # base32 whose order is that of the numbers
AHEAD = 300.0  # seconds before its end in which an access token is renewed rather than used
NEEDED = ("did", "handle", "accessJwt", "refreshJwt")
STALE = {"ExpiredToken", "InvalidToken"}  # of a session that was good once: HTTP 400


class Session:
    """One account's login, opened when first needed and kept."""

    def __init__(
        self,
        http: Http,
        account: str,
        server_of: Callable[[str], str],
        place: Callable[[], Keeps | None] = lambda: None,
    ) -> None:
        """`server_of` finds the account's server, where `http` has no address yet; it raises `Failed`. `place` is where the session is
        kept for other processes, if anywhere."""
        self._http = http
        self._account = account.removeprefix("@")
        self._server_of = server_of
        self._place = place
        self._tokens: JsonObject | None = None
        self._logged_in = False  # whether the password was taken in this process
        self._lock = threading.RLock()  # deliveries of one channel go out side by side, and share its login

    def open(self) -> JsonObject:
        """The session: `did`, `handle` and the two tokens. Raises `Failed`."""
        with self._lock:
            if self._tokens is not None:
                return self._tokens
            self._http.base_url = self._http.base_url or self._server_of(self._account)
            kept = self._kept()
            if kept is None:
                return self.log_in()
            self._tokens = self._hidden(kept)
            if _ends(kept["accessJwt"]) < time.time() + AHEAD:
                self.renew(kept["accessJwt"])
            return self._tokens

    def log_in(self) -> JsonObject:
        """A session that the password was asked for in this process: it tells whether the password is good. Raises `Failed`."""
        with self._lock:
            if self._tokens is None or not self._logged_in:
                self._http.base_url = self._http.base_url or self._server_of(self._account)
                who = {"identifier": self._account, "password": self._http.token()}
                self._keep(self._http.ask("POST", "/xrpc/com.atproto.server.createSession", json=who))
                self._logged_in = True
            assert self._tokens is not None  # noqa: S101 - it was kept just now
            return self._tokens

    def renew(self, stale: str) -> None:
        """A new access token in place of a stale one, unless somebody was quicker: by the refresh token, or else by
        logging in again. Raises `Failed`."""
        with self._lock:
            tokens = self.open()
            if tokens["accessJwt"] != stale:
                return
            headers = {"Authorization": f"Bearer {tokens['refreshJwt']}"}
            try:
                self._keep(self._http.ask("POST", "/xrpc/com.atproto.server.refreshSession", headers=headers))
            except Failed:
                self._tokens = None
                self.log_in()

    def ask(self, method: str, name: str, headers: Mapping[str, str] | None = None, **content: Any) -> Json:
        """A call that readers do not see, repeated once with a new token if the session was stale. Raises `Failed`."""
        path, more, token = f"/xrpc/{name}", dict(headers or {}), self.open()["accessJwt"]
        try:
            return self._http.ask(method, path, headers={"Authorization": f"Bearer {token}"} | more, **content)
        except Failed as failed:
            if not (isinstance(failed.verdict, Refused) and failed.verdict.code in STALE):
                raise
        self.renew(token)
        return self._http.ask(method, path, headers=self.bearer() | more, **content)

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.open()['accessJwt']}"}

    def scope(self) -> str:
        """What the session may do, as its token says: `com.atproto.access` for the account's own password, else
        `com.atproto.appPass` or `com.atproto.appPassPrivileged` (messages, too). "" where the token does not say."""
        return str(_claims(self.open()["accessJwt"]).get("scope", ""))

    def _keep(self, tokens: JsonObject) -> JsonObject:
        self._tokens = self._hidden(tokens)
        if place := self._place():
            place.write(json.dumps({"of": self._whose(), "session": tokens}))
        return tokens

    def _hidden(self, tokens: JsonObject) -> JsonObject:
        self._http.hide(tokens["accessJwt"])
        self._http.hide(tokens["refreshJwt"])
        return tokens

    def _kept(self) -> JsonObject | None:
        """The session that another process, or an earlier pass, has kept for this account and password."""
        place = self._place()
        try:
            kept = json.loads(place.read()) if place else {}
            tokens = kept["session"] if kept.get("of") == self._whose() else None
            return tokens if tokens and all(isinstance(tokens[name], str) for name in NEEDED) else None
        except (ValueError, LookupError, TypeError, AttributeError):
            return None

    def _whose(self) -> str:
        """Which account, where, by which password: too little of a digest to find the password by. Raises `Failed`."""
        who = [self._http.base_url, self._account, self._http.token()]
        return hashlib.sha256(json.dumps(who).encode()).hexdigest()[:8]


def _claims(token: str) -> JsonObject:
    """What a token says of itself; nothing where it does not say."""
    try:
        claims = token.split(".")[1]
        found = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return found if isinstance(found, dict) else {}
    except (IndexError, ValueError):
        return {}


def _ends(token: str) -> float:
    """When a token ends, in seconds since the epoch; never, where it does not say: then the server will."""
    end = _claims(token).get("exp")
    return float(end) if isinstance(end, int | float) else float("inf")


def record_key(at: datetime, key: str) -> str:
    """A TID (13 characters, 53 bits of microseconds and 10 of clock id) that the same order always gets: the second is the
    nominal one, the rest is drawn from the idempotency key."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    microseconds = int(at.timestamp()) * 1_000_000 + (seed >> 10) % 1_000_000
    number = microseconds << 10 | seed & 0x3FF
    return "".join(SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))
