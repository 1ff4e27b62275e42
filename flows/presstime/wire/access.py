"""Access to the networks: whose credential, where it lies, when it ends, and its renewal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from presstime.errors import NetworkError, SettingsError
from presstime.model import Action, Channel, Secret, Traits
from presstime.networks import is_served, load
from presstime.settings import FILE, reveal
from presstime.wire.branch import SANDBOX
from presstime.wire.places import STATE
from presstime.wire.secrets import KEEPERS, RESOLVERS
from presstime.wire.stages import Staged

if TYPE_CHECKING:
    from presstime.accounts.accounts import Accounts
    from presstime.accounts.sessions import KeptLogin


@dataclass
class Admitted(Staged):
    """The stages with the credentials of their channels."""

    @cached_property
    def accounts(self) -> "Accounts":
        """What is kept for the channels, and its renewal."""
        from presstime.accounts.accounts import Accounts
        from presstime.accounts.places import Places
        from presstime.processes import own_name

        places = Places(self.root, self.environ, RESOLVERS, KEEPERS)
        return Accounts(
            self.settings.apps, places, lambda: self.store, own_name(), self._warn, lambda: self.timing.now()
        )

    def kept_login(self, name: str) -> "KeptLogin":
        """Where a channel's login stays between passes, below a folder that Git does not see."""
        from presstime.accounts.sessions import KeptLogin

        self.state_folder(STATE)
        return KeptLogin(self.accounts.places, f"file:{STATE}/sessions/{name}")

    def placed(self, channel: Channel) -> Channel:
        """The channel as its adapter sees it."""
        return self._placed(channel, load(channel.network).traits)

    def endings(self, actions: Sequence[Action], now: datetime) -> list[str]:
        """What a plan should say of access that ends, as far as it can be known without asking another machine."""
        from presstime.accounts.endings import ending_warnings

        ends = self.accounts.all_ends(map(self.placed, self._known_channels()), near=True)
        return list(ending_warnings(actions, ends, now, self.settings.timezone))

    def token_ends(self) -> dict[str, datetime]:
        """When access to channels ends, as far as it can be known without asking another machine."""
        return dict(self.accounts.all_ends(map(self.placed, self._known_channels()), near=True))

    def alert_secrets(self) -> dict[str, str]:
        """The values that [alerts] names, by its keys. Raises `SettingsError`."""
        alerts = self.settings.alerts
        named = {"slack": alerts.slack, "webhook": alerts.webhook, "sendgrid": alerts.sendgrid}
        places = {key: place for key, place in named.items() if place}
        return {key: reveal(place, self.root, self.environ, RESOLVERS).reveal() for key, place in places.items()}

    def tend_accounts(self) -> list[str]:
        """Renew every channel's token that is due for it, whether or not anything is to be posted there: some end if they are not
        renewed for weeks. Returns what a person should know."""
        from presstime.accounts.endings import ending_warnings

        channels = [self.placed(c) for c in self._known_channels() if not c.assisted and c.credentials is not None]
        self.ledger.catch_up()
        known, told = len(self.warnings), list[str]()
        for channel in channels:
            try:
                self.accounts.renewal(channel).fresh()
            except (SettingsError, NetworkError) as error:
                told.append(f"channel {channel.name!r}: {error.told}")
        ends, now = self.accounts.all_ends(channels), self.timing.now()
        return [
            *self.warnings[known:],
            *told,
            *ending_warnings(self.sync.actions(told=False), ends, now, self.settings.timezone),
        ]

    def _known_channels(self) -> list[Channel]:
        """The channels on networks that there are."""
        wrong = {problem.code for problem in self.problems}
        channels = list(self.settings.channels.values())
        return [c for c in channels if is_served(c.network)] if "unknown-network" in wrong else channels

    def _placed(self, channel: Channel, traits: Traits) -> Channel:
        """The channel with its paths made absolute, and sent to the sandbox if one stands in for the networks."""
        options = dict(channel.options)
        if "path" in options:
            options["path"] = str((self.root / str(options["path"])).absolute())
        sandbox = self.environ.get(SANDBOX)
        if sandbox and traits.needs_credentials:
            return replace(channel, options=options, base_url=f"{sandbox.rstrip('/')}/{channel.network}")
        return replace(channel, options=options)

    def _secret(self, channel: Channel, traits: Traits) -> Secret | None:
        if not traits.needs_credentials:
            return None
        sandbox = self.environ.get(SANDBOX)
        if channel.credentials is None:
            if sandbox:
                return Secret(f"sandbox-{channel.name}")
            raise SettingsError(
                f"channel {channel.name!r} has no credentials", f'Add `credentials = "env:..."` to it in {FILE}.'
            )
        try:
            return self.accounts.renewal(self._placed(channel, traits)).fresh()
        except SettingsError as error:
            if sandbox:
                return Secret(f"sandbox-{channel.name}")
            raise SettingsError(f"channel {channel.name!r}: {error.message}", error.advice) from error
