"""Logging a channel in: a browser and this machine's loopback, a code to type in elsewhere, an app password, or a token pasted."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from presstime.accounts.client import NoTokens, Provider
from presstime.accounts.document import Tokens
from presstime.accounts.loopback import PATIENCE, Loopback
from presstime.errors import NetworkError, UsageError
from presstime.networks.http import LOOPBACK

REGISTERED = "http://127.0.0.1:8485/"  # where a network wants the address registered, and presstime.toml names none


@dataclass(frozen=True)
class Person:
    """Whoever sits before the terminal. `tell` says something to them, `ask` gets an answer that does not show, `browse` opens an
    address (False: it cannot)."""

    tell: Callable[[str], None]
    ask: Callable[[str], str]
    browse: Callable[[str], bool]
    sleep: Callable[[float], None]
    patience: float = PATIENCE


def log_in(provider: Provider, account: str | None, person: Person, how: str = "browser") -> Tokens:
    """Tokens for a channel's account, with a person's consent. `how` is "browser", "paste" or "device".

    Raises `NetworkError`, `SettingsError`, and `UsageError` for a way that the network does not offer."""
    oauth = provider.oauth
    if how == "device":
        if oauth.device is None:
            raise UsageError(
                f"{provider.title} gives no codes to type in elsewhere", "Leave out --device; see --paste."
            )
        return _by_device(provider, account, person)
    redirect = _redirect(provider)
    if how == "paste" or not _is_loopback(redirect):
        return _by_pasting(provider, redirect or REGISTERED, account, person)
    with Loopback(redirect) as loopback:
        _made_known(provider, loopback.redirect)
        visit = provider.visit(loopback.redirect)
        _send(person, visit.url)
        return provider.redeem(visit, loopback.wait(visit.state, person.patience), account)


def _by_pasting(provider: Provider, redirect: str, account: str | None, person: Person) -> Tokens:
    """The browser is another machine's, or may not come back to this one: the address that it ends at is brought by hand."""
    _made_known(provider, redirect)
    visit = provider.visit(redirect)
    _send(person, visit.url)
    person.tell(f"The browser then goes to {redirect}?... and need not find anything there.")
    returned = person.ask("Paste the whole address that it ends at")
    return provider.redeem(visit, returned.strip().removesuffix("#_"), account)


def _by_device(provider: Provider, account: str | None, person: Person) -> Tokens:
    device = provider.ask_device()
    person.tell(f"On any device, open {device.url} and type in: {device.user_code}")
    interval = device.interval
    while provider.now() < device.until:
        person.sleep(interval)
        slower = None
        try:
            tokens = provider.ask_about(device, account)
            if tokens is not None:
                return tokens
        except NoTokens as error:
            slower = error
        if slower is not None:
            if slower.code != "slow_down":
                raise slower
            interval += 5  # RFC 8628, 3.5
    raise NetworkError("nobody typed the code in", "Run the command again.", needs_person=True)


def _redirect(provider: Provider) -> str | None:
    """Where the browser is to come back to; None: to any port of this machine. Raises `UsageError` where it can be nowhere."""
    here = urlsplit(provider.oauth.authorize).hostname in LOOPBACK  # a sandbox, which asks for no registration
    if provider.client.redirect is not None or here or provider.oauth.loopback == "any port":
        return provider.client.redirect
    if provider.oauth.loopback == "as registered":
        return REGISTERED
    raise UsageError(
        f"{provider.title} only sends a browser to an https address that its app has registered",
        "Add it as `redirect` to the network's [oauth] table in presstime.toml: any page of yours will do, it need not exist.",
    )


def _made_known(provider: Provider, redirect: str) -> None:
    if provider.oauth.register is not None and not provider.client.client_id:
        provider.register(redirect)


def _send(person: Person, url: str) -> None:
    opened = person.browse(url)
    person.tell(f"{'Your browser was sent to' if opened else 'Open in a browser'}:\n\n  {url}\n")


def _is_loopback(redirect: str | None) -> bool:
    if redirect is None:
        return True
    parts = urlsplit(redirect)
    return parts.scheme == "http" and parts.hostname in LOOPBACK
