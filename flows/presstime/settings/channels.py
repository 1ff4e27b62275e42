"""The [channels] and [groups] of presstime.toml."""

from collections.abc import Mapping
from typing import Any, Literal, cast

from presstime.model import Channel
from presstime.problems import suggest
from presstime.settings.secrets import LOCATOR_ADVICE, is_locator
from presstime.settings.tables import Table

FITS = ("thread", "shorten", "refuse")
SECRET_KEYS = frozenset(
    [
        "access_token",
        "api_key",
        "api_secret",
        "apikey",
        "app_password",
        "bearer",
        "bearer_token",
        "client_secret",
        "password",
        "refresh_token",
        "secret",
        "token",
    ]
)


def read_channels(table: Table) -> dict[str, Channel]:
    """Every channel of the [channels] table that can be used."""
    found = {name: read_channel(name, entry) for name, entry in table.named_tables()}
    return {name: channel for name, channel in found.items() if channel}


def read_channel(name: str, table: Table) -> Channel | None:
    """One [channels.NAME] table. Keys we do not know are the network's own options, checked where networks are known."""
    network = table.text("network")
    if network is None and "network" not in table:
        table.error(
            None, "missing-key", f"channel {name!r} names no network", 'Add a line such as: network = "mastodon".'
        )
    channel = Channel(
        name=name,
        network=network or "",
        base_url=table.url("base_url"),
        account=table.text("account"),
        credentials=_locator(table),
        credentials_until=table.day("credentials_until"),
        timezone=table.zone("timezone"),
        vars=_vars(table),
        slots=table.text("slots"),
        fit=_fit(table),
        numbering=table.flag("numbering", default=False),
        on_unknown=cast(Literal["review", "resend"], table.one_of("on_unknown", ("review", "resend")) or "review"),
        limits=_limits(table.table("limits")),
        mode=cast(Literal["direct", "assisted"], table.one_of("mode", ("direct", "assisted")) or "direct"),
        listen=table.flag("listen", default=False) if "listen" in table else None,
        options=_options(table),
    )
    return channel if network else None


def check_slots(channels: Mapping[str, Channel], table: Table, slots: Mapping[str, object]) -> None:
    """Each channel's set of slots is one of those there are."""
    for name, channel in channels.items():
        if channel.slots is not None and channel.slots not in slots:
            advice = suggest(channel.slots, slots, "sets of slots")
            table.table(name).error("slots", "unknown-slots", f"there are no slots {channel.slots!r}", advice)


def _locator(table: Table) -> str | None:
    text = table.text("credentials")
    if text is None or is_locator(text):
        return text
    table.error(
        "credentials", "literal-secret", "credentials must say where the secret is, not what it is", LOCATOR_ADVICE
    )
    return None


def _vars(table: Table) -> Mapping[str, Any]:
    inner = table.table("vars")
    return {key: inner.take(key) for key in inner.names()}


def _limits(table: Table) -> Mapping[str, int]:
    """Which of them the network lets a channel set is checked where networks are known."""
    found = {}
    for name in table.names():
        value = table.take(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            found[name] = value
        else:
            table.wrong(name, f"a whole number above 0, e.g. {name} = 1000")
    return found


def _fit(table: Table) -> tuple[str, ...]:
    wanted = table.texts("fit")
    for name in wanted or ():
        if name not in FITS:
            table.error(
                "fit", "bad-value", f"there is no way to fit a text called {name!r}", f"Choices: {', '.join(FITS)}."
            )
    return wanted if wanted is not None else FITS


def _options(table: Table) -> Mapping[str, Any]:
    options = table.unread()
    for key in SECRET_KEYS & options.keys():
        if not (isinstance(options[key], str) and is_locator(options[key])):
            table.error(key, "literal-secret", f"{key} holds a secret itself", LOCATOR_ADVICE)
    return options


def read_groups(table: Table, channels: Table) -> dict[str, tuple[str, ...]]:
    """The [groups] table: names of channels under a name that no channel has."""
    groups = {}
    for name in table.names():
        if name in channels:
            table.error(
                name, "duplicate-name", f"{name!r} is both a channel and a group", "Rename one: they share their names."
            )
        members = table.texts(name) if table.name_fits(name) else None
        groups[name] = tuple(m for m in members or () if _is_channel(table, name, m, channels))
    return groups


def _is_channel(table: Table, group: str, member: str, channels: Table) -> bool:
    if member in channels:
        return True
    advice = "A group names channels, not groups." if member in table else suggest(member, channels.names(), "channels")
    table.error(group, "unknown-channel", f"group {group!r} names {member!r}, which is no channel", advice)
    return False
