"""What is wrong with a newsroom, as far as one part alone cannot tell: settings against networks, times against access, words against
rules."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from presstime.content.newsroom import Newsroom
from presstime.errors import SettingsError
from presstime.model import Channel, Post, Problem
from presstime.networks import can_send, is_served, load
from presstime.settings import Settings

if TYPE_CHECKING:
    from presstime.stores.base import Store


def network_problems(settings: Settings, sandboxed: bool = False) -> list[Problem]:
    """What presstime.toml asks of networks that they do not have. `sandboxed`: the sandbox stands in for them."""
    from presstime.settings import check_networks

    today = datetime.now(UTC).date()
    found = check_networks(settings, lambda name: load(name).traits, can_send, sandboxed, today)
    return [*settings.warnings, *found]


def access_problems(newsroom: Newsroom, directory: Path, environ: Mapping[str, str]) -> list[Problem]:
    """What is due after the end of its channel's access, as far as presstime.toml tells it, or a credential that lies here."""
    settings, root = newsroom.settings, directory.resolve()
    channels = [c for c in settings.channels.values() if is_served(c.network) and _may_end(c, root, environ)]
    if not channels:
        return []
    from presstime.accounts.accounts import Accounts
    from presstime.accounts.endings import ending_problems
    from presstime.accounts.places import Places
    from presstime.clock import now
    from presstime.content.places import Places as InFile

    def no_store() -> "Store":
        raise SettingsError("a check renews nothing")

    accounts = Accounts(settings.apps, Places(root, environ, {}, {}), no_store, "")
    ends = accounts.all_ends(channels, near=True)

    def place_of(post: Post) -> tuple[int, int]:
        return InFile.of(newsroom.source.read(post.path)).of_key("publish_at")

    return list(ending_problems(newsroom.loaded.each(), ends, now(), settings.timezone, place_of)) if ends else []


def _may_end(channel: Channel, root: Path, environ: Mapping[str, str]) -> bool:
    """Whether anything here tells of an end: most often not, and then a check need not look."""
    scheme, _, name = (channel.credentials or "").partition(":")
    here = (scheme == "env" and name in environ) or (scheme == "file" and (root / os.path.expanduser(name)).is_file())
    return channel.credentials_until is not None or here


def render_problems(newsroom: Newsroom) -> list[Problem]:
    """What would keep a post from being said on a channel: text too long, media refused, a rule of the newsroom's."""
    from presstime.publish.checks import Checks

    return Checks(newsroom).problems()
