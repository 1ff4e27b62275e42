"""What a newsroom's things are called on a Prefect server, which it may share with other newsrooms."""

import re

from presstime.settings import Settings


def slug(settings: Settings) -> str:
    """The newsroom, as the server's names take it: small letters, digits and dashes."""
    return re.sub("[^a-z0-9]+", "-", settings.name.lower()).strip("-") or "newsroom"


def named(settings: Settings, kind: str) -> str:
    """A deployment (`sync-verne`), an artifact of which the server keeps the versions (`deliveries-verne`)."""
    return f"{kind}-{slug(settings)}"


def limit_name(settings: Settings, limit: str) -> str:
    """A limit of [limits], e.g. `network:mastodon`."""
    return f"presstime:{slug(settings)}:{limit}"


def block_name(settings: Settings, kind: str) -> str:
    """A block that alarms are sent through."""
    return f"presstime-{slug(settings)}-{kind}"
