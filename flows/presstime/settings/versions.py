"""The versions of a network's API that channels name: whether one is a version at all, and how long it is served."""

import re
from datetime import date

from presstime.model import Channel, Traits
from presstime.problems import Problems
from presstime.settings import toml

WARNING = 2  # months before the end of a version
VERSION = re.compile(r"20\d\d(0[1-9]|1[0-2])")


def check_version(
    channel: Channel, traits: Traits, today: date | None, at: toml.Path, problems: Problems[toml.Path]
) -> None:
    """A version that is none is an error; one whose end is near, as of `today`, a warning. The channel's own, else the one that
    this release was made with."""
    api = traits.version
    if api is None:
        return
    version = str(channel.options.get("version", api.default))
    where = (*at, "version") if "version" in channel.options else at
    if not VERSION.fullmatch(version):
        message = f"{version!r} is no version of the API of {traits.title}"
        problems.error(where, "bad-version", message, f'Write it as YYYYMM, e.g. version = "{api.default}".')
        return
    end = int(version[:4]) * 12 + int(version[4:]) - 1 + api.months  # months since the year 0
    if today and end - (today.year * 12 + today.month - 1) <= WARNING:
        until = f"{end // 12}-{end % 12 + 1:02}"
        message = f"{traits.title} serves version {version} of its API until about {until}, and then refuses everything"
        problems.warning(where, "old-version", message, 'Set a newer one at the channel: version = "YYYYMM".')
