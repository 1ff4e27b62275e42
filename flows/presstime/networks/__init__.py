"""The networks Presstime knows, by name. Adapters are imported when first asked for; others join by entry point."""

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from presstime.errors import SettingsError
from presstime.networks.base import Adapter, Composer
from presstime.networks.oauth import OURS, OAuth

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "presstime.networks"
BUILT_IN = {
    "bluesky": "presstime.networks.bluesky:Bluesky",
    "devto": "presstime.networks.devto:DevTo",
    "discord": "presstime.networks.discord:DiscordBot",
    "discord_webhook": "presstime.networks.discord:DiscordWebhook",
    "email": "presstime.networks.email:Email",
    "facebook": "presstime.networks.facebook:Facebook",
    "feed": "presstime.networks.feed:Feed",
    "ghost": "presstime.networks.ghost:Ghost",
    "google_business": "presstime.networks.google_business:GoogleBusiness",
    "instagram": "presstime.networks.instagram:Instagram",
    "linkedin": "presstime.networks.linkedin:LinkedInPage",
    "linkedin_member": "presstime.networks.linkedin:LinkedInMember",
    "mastodon": "presstime.networks.mastodon:Mastodon",
    "matrix": "presstime.networks.matrix:Matrix",
    "memory": "presstime.networks.memory:Memory",
    "nostr": "presstime.networks.nostr:NostrNote",
    "nostr_article": "presstime.networks.nostr:NostrArticle",
    "pinterest": "presstime.networks.pinterest:Pinterest",
    "reddit": "presstime.networks.reddit:Reddit",
    "slack": "presstime.networks.slack:Slack",
    "telegram": "presstime.networks.telegram:Telegram",
    "threads": "presstime.networks.threads:Threads",
    "webhook": "presstime.networks.webhook:Webhook",
    "wordpress": "presstime.networks.wordpress:WordPress",
    "x": "presstime.networks.x:X",
}
CLOSED = {
    "google_plus": (
        "Google+ closed in 2019; for companies its heir is Google Business Profile posts",
        'Give the channel network = "google_business" and the location as its account, or remove it.',
    )
}


def names() -> list[str]:
    """Every network a channel may name, sorted."""
    return sorted(BUILT_IN.keys() | {p.name for p in _others()})


def load(name: str) -> type[Composer]:
    """The class of a network: what it can do and how it is told. Raises `SettingsError` for a name nobody serves."""
    if name in CLOSED:
        reason, advice = CLOSED[name]
        raise SettingsError(f"network {name!r}: {reason}", advice)
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found: type[Composer] = getattr(importlib.import_module(module), attribute)
        return found
    for point in _others(name):
        external: type[Composer] = point.load()
        return external
    raise SettingsError(f"there is no network {name!r}", f"Known networks: {', '.join(names())}.")


def is_served(name: str) -> bool:
    """Whether there is a network of that name."""
    return name in BUILT_IN or any(_others(name))


def oauth_of(name: str) -> OAuth | None:
    """How accounts of a network are logged in to; None where a token is all. Raises `SettingsError` for a name nobody serves."""
    return OURS.get(name) or load(name).oauth


def can_send(name: str) -> bool:
    """Whether a network can be sent to. Raises `SettingsError` for a name nobody serves."""
    return issubclass(load(name), Adapter)


def load_adapter(name: str) -> type[Adapter]:
    """The adapter class of a network. Raises `SettingsError` for a name nobody serves, or that can only be rendered for."""
    found = load(name)
    if issubclass(found, Adapter):
        return found
    raise SettingsError(
        f"this version renders and checks posts for {found.traits.title}, and does not send them",
        'Give the channel mode = "assisted": a person is handed what is due, and posts it. Or remove the channel.',
    )


def _others(name: str | None = None) -> "Iterable[EntryPoint]":
    """The networks that other packages bring, or the one of that name."""
    from importlib.metadata import entry_points  # slow to import, and `check` of a network of ours needs none

    return entry_points(group=ENTRY_POINTS) if name is None else entry_points(group=ENTRY_POINTS, name=name)
