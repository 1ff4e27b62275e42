"""The channels' networks: an adapter each, the media that they fetch, what will fail there and what stands there."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from presstime.errors import NetworkError
from presstime.model import Attachment, Channel, Secret, Variant
from presstime.networks import load_adapter
from presstime.settings.media import Media
from presstime.wire.access import Admitted

if TYPE_CHECKING:
    from presstime.feedback.listen import Listener
    from presstime.networks.base import Adapter, AddressOf
    from presstime.publish.forecast import Outlook
    from presstime.stores.base import Store
    from presstime.stores.public import PublicMedia


@dataclass
class Connected(Admitted):
    """The stages with the networks of their channels."""

    _adapters: dict[str, "Adapter"] = field(default_factory=dict)
    _logged_out: dict[str, NetworkError] = field(default_factory=dict)

    def _usable(self, name: str) -> "Adapter":
        """The adapter, unless its channel was found not to be logged in in this pass: one that waits for a renewal is enough."""
        if name in self._logged_out:
            raise self._logged_out[name]
        try:
            return self.adapter(name)
        except NetworkError as error:
            self._logged_out[name] = error
            raise

    def adapter(self, name: str) -> "Adapter":
        """The adapter of a channel, one for all deliveries of a pass. Raises `SettingsError`, and `NetworkError` where its
        account's access has ended."""
        if name not in self._adapters:
            channel = self.settings.channels[name]
            kind = load_adapter(channel.network)
            placed = self._placed(channel, kind.traits)
            adapter = self.adapter_with(channel, self._secret(channel, kind.traits))
            if kind.traits.public_media:
                adapter.address_of = self._address_on(placed)
            if kind.traits.needs_credentials:
                adapter.keep = self.kept_login(name)
            if kind.traits.needs_credentials and channel.credentials is not None:
                adapter.renew = self.accounts.renewal(placed).replacing
            self._adapters[name] = adapter
        return self._adapters[name]

    def _address_on(self, channel: Channel) -> "AddressOf":
        """How a channel's network is shown media: with an address, or with the reason why it could not get there."""
        from presstime.settings.media import MEDIA_ADVICE, unreachable

        obstacle = unreachable(self.settings.media, self.settings.audit, channel)
        if not obstacle:
            return self.public_media.address_of

        def refuse(item: Attachment, content: bytes) -> str:
            message = f"{item.path} cannot be fetched by the network: {obstacle}"
            raise NetworkError(message, MEDIA_ADVICE, needs_person=True)

        return refuse

    @cached_property
    def public_media(self) -> "PublicMedia":
        """The place for media that networks fetch: [media], or the log's bucket."""
        from presstime.stores.public import PublicMedia

        return PublicMedia(lambda: self.store if self.settings.media == Media() else self._media_store)

    @cached_property
    def _media_store(self) -> "Store":
        from presstime.stores.s3 import S3Store

        media, audit = self.settings.media, self.settings.audit
        server = None if audit.embedded else audit.endpoint_url
        return S3Store(
            media.bucket or audit.bucket or "", "", media.endpoint_url or server, media.region or audit.region
        )

    def adapter_with(self, channel: Channel, secret: Secret | None) -> "Adapter":
        """An adapter of a channel with the credential given, closed with the desk. Raises `SettingsError`."""
        kind = load_adapter(channel.network)
        adapter = kind(self._placed(channel, kind.traits), secret)
        self.stack.callback(adapter.close)
        return adapter

    @cached_property
    def listener(self) -> "Listener":
        """Looks at what is out."""
        from presstime.feedback.listen import Listener

        settings = self.settings
        return Listener(
            self.ledger, self.timing, settings.channels, self.words.traits, self._usable, settings.listening
        )

    def forecast(self) -> "list[Outlook]":
        """What will fail of what is scheduled, against the log as last read. Asks the networks whose credentials these are."""
        from presstime.publish.cost import costs_of
        from presstime.publish.forecast import Forecast

        actions = self.sync.actions(told=False)
        found = Forecast(
            self.adapter,
            self.accounts.all_ends([self.placed(c) for c in self._known_channels() if not c.assisted]),
            self.words.assisted,
            self._said,
            self.waiting(),
            self.settings.budget,
            self.settings.timezone,
        )
        return found.of(actions, costs_of(actions, self.words, self.ledger), self.timing.now())

    def _said(self, digest: str) -> "Variant | None":
        """What a digest says, if the log has it."""
        known = self.ledger.cache.payload_entry(digest)
        return Variant.from_json(self.ledger.payload(digest)) if known else None
