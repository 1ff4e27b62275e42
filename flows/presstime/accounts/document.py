"""A credential as it is kept: a plain token, or a token document.

A token document is a JSON object with `access_token`, and as far as known `refresh_token`, `expires_at`, `refresh_expires_at`,
`obtained_at` (ISO 8601), `scope` (separated by blanks), `token_endpoint` and `client_id`. Whatever else a credential holds is the
adapter's business.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from urllib.parse import urlsplit

from presstime.model import Json, JsonObject, Secret, digest_of, from_iso, to_iso
from presstime.networks.http import LOOPBACK
from presstime.networks.oauth import OAuth

SOONEST = timedelta(minutes=10)  # before its end a token is renewed, however short it lives
LONGEST = timedelta(days=10)  # and however long: days in which a failure can be mended
SHARE = 6  # in between, the last sixth of its life
LAST_CHANCE = timedelta(minutes=5)  # before its end a token whose renewal is in doubt is tried once more


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token document. Its secrets show nowhere by themselves."""

    access: Secret
    refresh: Secret | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    obtained_at: datetime | None = None
    scope: str = ""
    token_endpoint: str = ""
    client_id: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The document that a credential is; None if it is something else. Raises ValueError for a broken one."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or not isinstance(data.get("access_token"), str):
            return None
        refresh = data.get("refresh_token")
        return cls(
            access=Secret(data["access_token"]),
            refresh=Secret(str(refresh)) if refresh else None,
            expires_at=_instant(data, "expires_at"),
            refresh_expires_at=_instant(data, "refresh_expires_at"),
            obtained_at=_instant(data, "obtained_at"),
            scope=str(data.get("scope") or ""),
            token_endpoint=str(data.get("token_endpoint") or ""),
            client_id=str(data.get("client_id") or ""),
        )

    def write(self) -> str:
        """The document as text: the one place where its secrets are put into one."""
        instants = {name: at and to_iso(at) for name, at in self._instants().items()}
        data = {
            "access_token": self.access.reveal(),
            "refresh_token": self.refresh and self.refresh.reveal(),
            **instants,
            "scope": self.scope,
            "token_endpoint": self.token_endpoint,
            "client_id": self.client_id,
        }
        return json.dumps({name: value for name, value in data.items() if value}, indent=2) + "\n"

    def _instants(self) -> dict[str, datetime | None]:
        return {
            "expires_at": self.expires_at,
            "refresh_expires_at": self.refresh_expires_at,
            "obtained_at": self.obtained_at,
        }

    def fingerprint(self, oauth: OAuth | None) -> str:
        """A name for what a renewal uses up, which gives nothing of it away (32 hex digits of a SHA-256): the refresh token where it
        is good once; else this document, since what renews it stays the same."""
        refresh = self.refresh.reveal() if self.refresh else ""
        if oauth is not None and self.single_use(oauth):
            return digest_of(refresh.encode())[:32]
        return digest_of([self.access.reveal(), refresh, self.expires_at and to_iso(self.expires_at)])[:32]

    def renewable(self, oauth: OAuth | None) -> bool:
        """Whether a renewal may be asked for: never of another server than the one that the tokens came from."""
        if oauth is None or oauth.renewal is None or not self._came_from(oauth):
            return False
        return oauth.renewal == "swap" or self.refresh is not None

    def _came_from(self, oauth: OAuth) -> bool:
        there = urlsplit(oauth.token)
        if not self.token_endpoint:  # written by hand; a sandbox has no business with what is not its own
            return there.hostname not in LOOPBACK
        return urlsplit(self.token_endpoint).netloc == there.netloc

    def single_use(self, oauth: OAuth) -> bool:
        return oauth.renewal == "rotates"

    def over(self, now: datetime) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def due(self, oauth: OAuth | None, now: datetime) -> bool:
        """Whether it is time to renew: near its end, and old enough where the network asks for an age."""
        if self.expires_at is None or oauth is None or not self.renewable(oauth):
            return False
        young = oauth.swap and self.obtained_at and now - self.obtained_at < oauth.swap.not_before
        return not young and now >= self.expires_at - self._margin(oauth)

    def _margin(self, oauth: OAuth) -> timedelta:
        known = self.expires_at - self.obtained_at if self.expires_at and self.obtained_at else None
        return min(max((known or oauth.life or timedelta(0)) / SHARE, SOONEST), LONGEST)

    def last_chance(self, now: datetime) -> bool:
        return self.expires_at is None or now >= self.expires_at - LAST_CHANCE

    def ends(self, oauth: OAuth | None) -> datetime | None:
        """When a person has to log in again, as far as it can be known: the end of a token that nothing renews, or of a
        refresh token whose life no renewal begins anew. None: not known, or not as long as it is renewed."""
        if oauth is None or not self.renewable(oauth):
            return self.expires_at
        return None if oauth.sliding else self.refresh_expires_at


def from_answer(answer: Mapping[str, Json], oauth: OAuth, now: datetime, before: Tokens | None = None) -> Tokens:
    """The document that a token answer (RFC 6749, 5.1) makes, after `before` where it is a renewal's. Raises ValueError for an
    answer that holds no token."""
    data: JsonObject = dict(answer)
    if (
        isinstance(data.get("data"), list) and data["data"]
    ):  # Instagram's short-lived token comes as the first of a list
        data = dict(data["data"][0])
    access, refresh = data.get("access_token"), data.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise ValueError("the answer holds no access_token")
    told = data.get("scope") or data.get("permissions") or ""
    scope = " ".join(told if isinstance(told, list) else str(told).replace(",", " ").split())
    base = before or Tokens(Secret(access))
    refresh_life = data.get("refresh_token_expires_in") or (refresh and oauth.refresh_life)
    return replace(
        base,
        access=Secret(access),
        refresh=Secret(str(refresh)) if refresh else base.refresh,
        expires_at=_after(now, data.get("expires_in") or oauth.life),
        refresh_expires_at=_after(now, refresh_life) if _begins_anew(oauth, before, data) else base.refresh_expires_at,
        obtained_at=now,
        scope=scope or base.scope,
    )


def _begins_anew(oauth: OAuth, before: Tokens | None, data: JsonObject) -> bool:
    return before is None or oauth.sliding or "refresh_token_expires_in" in data


def _after(now: datetime, life: object) -> datetime | None:
    if isinstance(life, timedelta):
        return now + life
    try:
        return now + timedelta(seconds=float(str(life))) if life else None
    except (ValueError, OverflowError):
        return None


def _instant(data: JsonObject, name: str) -> datetime | None:
    text = data.get(name)
    if not text:
        return None
    try:
        return from_iso(str(text))
    except ValueError:
        raise ValueError(f"its {name} is not an instant in ISO 8601") from None
