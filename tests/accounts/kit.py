"""A person with a browser, token documents kept in memory, and a network's OAuth server that counts how it is used."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import httpx

from presstime.accounts.client import NoTokens
from presstime.accounts.document import Tokens
from presstime.accounts.journal import Journal
from presstime.accounts.login import Person
from presstime.accounts.renewal import Renewal
from presstime.model import Secret
from presstime.networks.oauth import OAuth
from presstime.stores.memory import Bucket, MemoryStore

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ROTATES = OAuth("https://net.example/authorize", "https://net.example/token", ("post",), renewal="rotates")
KEEPS = OAuth("https://net.example/authorize", "https://net.example/token", ("post",), renewal="keeps")
HOUR = timedelta(hours=1)


def allow(url: str, **answers: str) -> httpx.Response:
    """What a browser does: open the page, press its button, go where that leads."""
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(url)
        if page.status_code == 302:
            return browser.get(page.headers["location"])
        fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text))
        told = (
            {name: unescape(value) for name, value in fields.items()} | {"account": "verne", "allow": "yes"} | answers
        )
        back = browser.post(url.partition("?")[0], data=told)
        return browser.get(back.headers["location"]) if back.headers["location"].startswith("http://127.") else back


@dataclass
class Anna:
    """A person at the terminal. Her browser runs beside, as browsers do."""

    answers: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    pasted: Callable[["Anna"], str] = lambda anna: ""
    pages: list[httpx.Response] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    url: str = ""

    def person(self, browser: bool = True, patience: float = 10.0) -> Person:
        def browse(url: str) -> bool:
            self.url = url
            if browser:
                threading.Thread(target=self._visit, args=(url,), daemon=True).start()
            return browser

        return Person(self.told.append, lambda question: self.pasted(self), browse, lambda seconds: None, patience)

    def _visit(self, url: str) -> None:
        try:
            self.pages.append(allow(url, **self.answers))
        except Exception as error:  # for the test to see
            self.errors.append(error)


class Crash(BaseException):
    """The worker is gone, as by `kill -9`: nothing catches this."""


@dataclass
class World:
    """One channel's document, the log's bucket, a clock, and the network's server: for workers that renew side by side."""

    oauth: OAuth = ROTATES
    at: datetime = START
    text: str = ""
    bucket: Bucket = field(default_factory=Bucket)
    used: list[str] = field(default_factory=list)  # refresh tokens as the server saw them, in order
    under_way: set[str] = field(default_factory=set)
    overlapped: list[str] = field(default_factory=list)  # used by two at the same time
    family_dead: bool = False
    good: str = "refresh-0"
    answers: int = 0
    fail: list[NoTokens] = field(default_factory=list)  # what the next requests get instead
    on: Callable[[str], None] = lambda step: None  # called at each step: may crash, or let another go first
    warned: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.bucket.clock = lambda: self.at
        self.text = self.text or self.document("access-0", "refresh-0", self.at, self.at + 2 * HOUR)

    def document(self, access: str, refresh: str, obtained: datetime, ends: datetime) -> str:
        return Tokens(
            Secret(access), Secret(refresh), ends, None, obtained, token_endpoint=self.oauth.token, client_id="app"
        ).write()

    @property
    def tokens(self) -> Tokens:
        found = Tokens.parse(self.text)
        assert found is not None
        return found

    def worker(self, name: str = "host/m/1/1", **more: Any) -> Renewal:
        """A worker with its own eyes on the same document and bucket."""

        def rehearse(text: str) -> None:
            self.on("rehearse")

        def keep(text: str) -> None:
            self.on("keep")
            self.text = text
            self.on("kept")

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.at += timedelta(seconds=seconds)

        gone = more.pop("gone", lambda worker: False)
        made: dict[str, Any] = {
            "read": lambda: Secret(self.text),
            "keep": keep,
            "rehearse": rehearse,
            "sleep": sleep,
            "monotonic": lambda: (self.at - START).total_seconds(),
            "journal": lambda: Journal(MemoryStore(self.bucket), "brand-x", name, gone),
        }
        return Renewal(
            channel="brand-x",
            oauth=self.oauth,
            provider=lambda: self,
            warn=self.warned.append,
            now=lambda: self.at,
            **{**made, **more},
        )

    def renew(self, tokens: Tokens) -> Tokens:
        """The server: a refresh token that comes a second time ends all that came of it."""
        refresh = tokens.refresh.reveal() if tokens.refresh else ""
        with self.lock:
            if refresh in self.under_way:
                self.overlapped.append(refresh)
            self.under_way.add(refresh)
            self.used.append(refresh)
        try:
            self.on("asked")
            if self.fail:
                raise self.fail.pop(0)
            with self.lock:
                if refresh != self.good or self.family_dead:
                    self.family_dead = True
                    raise NoTokens("X answered invalid_grant", "refused", code="invalid_grant")
                self.answers += 1
                if self.oauth.renewal == "rotates":
                    self.good = f"refresh-{self.answers}"
            self.on("answered")
        finally:
            self.under_way.discard(refresh)
        fresh = self.document(f"access-{self.answers}", self.good, self.at, self.at + 2 * HOUR)
        found = Tokens.parse(fresh)
        assert found is not None
        return found
