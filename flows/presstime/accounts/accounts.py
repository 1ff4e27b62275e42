"""A newsroom's accounts: what is kept for each channel, how it is renewed, and when it ends."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from presstime import networks
from presstime.accounts.apps import Client
from presstime.accounts.client import Provider
from presstime.accounts.document import Tokens
from presstime.accounts.journal import Journal
from presstime.accounts.places import Places
from presstime.accounts.renewal import Renewal
from presstime.clock import now as clock_now
from presstime.errors import PresstimeError, SettingsError
from presstime.model import Channel, Secret
from presstime.networks import load
from presstime.networks.oauth import OAuth, Swap, below
from presstime.settings import FILE
from presstime.settings.apps import App
from presstime.settings.secrets import is_locator
from presstime.stores.base import Store


@dataclass
class Accounts:
    """`store` is asked for when a renewal is due: the log's bucket keeps workers from getting into each other's way."""

    apps: Mapping[str, App]
    places: Places
    store: Callable[[], Store]
    worker: str
    warn: Callable[[str], None] = lambda message: None
    now: Callable[[], datetime] = clock_now
    _renewals: dict[str, Renewal] = field(default_factory=dict)

    def renewal(self, channel: Channel) -> Renewal:
        """The one renewal of a channel. Raises `SettingsError` for a channel that names no credentials."""
        if channel.name not in self._renewals:
            self._renewals[channel.name] = self._made(channel)
        return self._renewals[channel.name]

    def _made(self, channel: Channel) -> Renewal:
        locator, oauth = _locator(channel), oauth_of(channel)
        writable = not locator.startswith("env:")
        if not writable and oauth is not None and oauth.renewal != "keeps":
            oauth = replace(oauth, renewal=None)  # its successor could not be kept
        return Renewal(
            channel=channel.name,
            oauth=oauth,
            read=lambda: self.places.read(locator),
            keep=(lambda text: self.places.write(locator, text)) if writable else None,
            rehearse=(lambda text: self.places.rehearse(locator, text)) if writable else None,
            provider=lambda: self.provider(channel),
            journal=lambda: Journal(self.store(), channel.name, self.worker),
            warn=self.warn,
            now=self.now,
        )

    def provider(self, channel: Channel) -> Provider:
        """The OAuth server of a channel's network. Raises `SettingsError`, `StoreError`."""
        oauth = oauth_of(channel)
        assert oauth is not None  # noqa: S101 - only channels that have one are asked about
        return Provider(oauth, self.client(channel, oauth), load(channel.network).traits.title, self.now)

    def client(self, channel: Channel, oauth: OAuth) -> Client:
        """The app that stands for us at the channel's network. Raises `SettingsError` where it is needed and not named."""
        app = self.apps.get(channel.network)
        if app is None:
            if oauth.register is not None or (oauth.swap is not None and not oauth.swap.app):
                return Client("")
            raise SettingsError(
                f"{FILE} names no app for {load(channel.network).traits.title}",
                f"Register one at {oauth.console or 'the network'}, then add [oauth.{channel.network}] with client_id and "
                "client_secret.",
            )
        client_id = self.places.read(app.client_id).reveal() if is_locator(app.client_id) else app.client_id
        secret = self.places.read(app.client_secret) if app.client_secret else None
        return Client(client_id.strip(), secret and Secret(secret.reveal().strip()), app.redirect, app.scopes)

    def all_ends(self, channels: Iterable[Channel], near: bool = False) -> dict[str, datetime]:
        """When each channel's access ends, of those of which it is known."""
        found = {channel.name: self.ends(channel, near) for channel in channels if not channel.assisted}
        return {name: end for name, end in found.items() if end is not None}

    def ends(self, channel: Channel, near: bool = False) -> datetime | None:
        """When a person has to log the channel in again, as far as its credential tells; with `near`, only where that can be read
        without asking another machine. Without that, what presstime.toml says."""
        if channel.credentials is None or (near and not self.places.is_near(channel.credentials)):
            return channel.credentials_until
        try:
            tokens = Tokens.parse(self.places.read(channel.credentials).reveal())
            oauth = self.renewal(channel).oauth
        except (PresstimeError, ValueError):
            return channel.credentials_until
        return tokens.ends(oauth) if tokens else channel.credentials_until


def oauth_of(channel: Channel) -> OAuth | None:
    """How a channel's account is logged in to, its addresses below the channel's server. Raises `SettingsError`."""
    found = networks.oauth_of(channel.network)
    if found is None:
        return None
    default = load(channel.network).traits.default_base_url

    def placed(address: str) -> str:
        return below(address, channel.base_url, default)

    def swapped(swap: Swap | None) -> Swap | None:
        return swap and replace(swap, address=placed(swap.address))

    return replace(
        found,
        authorize=placed(found.authorize),
        token=placed(found.token),
        device=found.device and placed(found.device),
        register=found.register and placed(found.register),
        pages=found.pages and placed(found.pages),
        lengthen=swapped(found.lengthen),
        swap=swapped(found.swap),
    )


def _locator(channel: Channel) -> str:
    if channel.credentials is None:
        raise SettingsError(
            f"channel {channel.name!r} has no credentials",
            f'Run `presstime channels login {channel.name}`, or add `credentials = "env:..."` to it in {FILE}.',
        )
    return channel.credentials
