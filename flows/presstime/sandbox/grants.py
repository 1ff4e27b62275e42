"""The tokens that the sandbox's OAuth server has given out: whose they are, until when, and what came of them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from presstime.networks.oauth import OAuth

PREFIX = "issued-"  # of tokens made here: any other is good, and an account of its own (see twin.py)
CODE_LIFE = timedelta(seconds=30)  # X's, the shortest there is
DEVICE_LIFE = timedelta(minutes=10)


@dataclass(slots=True)
class Grant:
    """What a person allowed, once: a family of tokens. `access` and `refresh` are the ones that are good now."""

    network: str
    account: str
    scope: str
    client_id: str
    access: dict[str, datetime | None] = field(default_factory=dict)  # each with its end
    refresh: str = ""
    spent: set[str] = field(default_factory=set)  # refresh tokens that were used up
    made: dict[str, datetime] = field(default_factory=dict)
    revoked: bool = False


@dataclass(slots=True)
class Asked:
    """A login under way: what the authorization request said, and who allowed it."""

    network: str
    client_id: str
    scope: str
    at: datetime
    redirect: str = ""
    challenge: str = ""
    account: str = ""
    refused: bool = False
    looked: datetime | None = None


class Grants:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.all: list[Grant] = []
        self.codes: dict[str, Asked] = {}
        self.devices: dict[str, tuple[str, Asked]] = {}  # device code -> (user code, request)
        self.apps: dict[str, str] = {}  # that made themselves known: client id -> secret
        self.reused = 0  # times that a refresh token came a second time

    def issue(self, grant: Grant, oauth: OAuth) -> str:
        """A new access token, and where refresh tokens are good for one use, a new one of those, too."""
        token = f"{PREFIX}{secrets.token_urlsafe(24)}"
        grant.access[token] = self.now() + oauth.life if oauth.life else None
        grant.made[token] = self.now()
        if oauth.renewal in ("keeps", "rotates") and (oauth.renewal == "rotates" or not grant.refresh):
            if grant.refresh:
                grant.spent.add(grant.refresh)
            grant.refresh = f"refresh-{secrets.token_urlsafe(24)}"
        return token

    def of_access(self, network: str, token: str) -> Grant | None:
        return next((g for g in self.all if g.network == network and token in g.access), None)

    def of_refresh(self, network: str, token: str) -> Grant | None:
        """The grant of a refresh token. One that comes a second time ends the grant (RFC 9700, 4.14.2)."""
        for grant in self.all:
            if grant.network == network and token in grant.spent:
                self.reused += 1
                grant.revoked = True
            if grant.network == network and token and token == grant.refresh:
                return grant
        return None

    def verdict(self, network: str, token: str) -> str | None:
        """The account of a token that is good; "" for one that has ended, None for one that was never given out or was taken
        back."""
        grant = self.of_access(network, token)
        if grant is None or grant.revoked:
            return None
        end = grant.access[token]
        return "" if end is not None and self.now() >= end else grant.account

    def expire(self, network: str, account: str) -> int:
        """End all access tokens of an account now. How many there were."""
        found = [(g, t) for g in self.all if (g.network, g.account) == (network, account) for t in g.access]
        for grant, token in found:
            grant.access[token] = self.now()
        return len(found)

    def revoke(self, network: str, account: str) -> int:
        """Take back all that an account allowed. How many grants there were."""
        found = [g for g in self.all if (g.network, g.account) == (network, account)]
        for grant in found:
            grant.revoked = True
        return len(found)
