"""Where credentials are (a locator such as `env:NAME`), and fetching them. A value is never repeated in a message."""

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from presstime.errors import SettingsError
from presstime.model import Secret

_LOCATOR = re.compile(
    r"env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00-\x1f]+|prefect:[A-Za-z0-9][A-Za-z0-9._/-]*|aws-sm:[A-Za-z0-9/_+=.@:-]+"
)
LOCATOR_ADVICE = (
    "Name where the secret is: env:VARIABLE, file:PATH, prefect:BLOCK or aws-sm:NAME. "
    "If this was a real secret, take it out of Git's history and replace it."
)
MAX_SIZE = 64 * 1024

Resolvers = Mapping[str, Callable[[str], str]]


def is_locator(text: str) -> bool:
    """Whether a text says where a secret is, rather than being one."""
    return _LOCATOR.fullmatch(text) is not None


def reveal(
    locator: str, root: Path, environ: Mapping[str, str], resolvers: Resolvers | None = None, channel: str = ""
) -> Secret:
    """The credential a locator names. `file:` is relative to `root`; other schemes than `env:` and `file:` are looked up
    by `resolvers`, which maps `prefect` and `aws-sm` to a function of the name.

    Raises `SettingsError` that names the variable or file, and the channel it is for.
    """
    scheme, _, name = locator.partition(":")
    whose = f" (for channel {channel!r})" if channel else ""
    if not is_locator(locator):
        raise SettingsError(f"credentials must say where the secret is{whose}", LOCATOR_ADVICE)
    if scheme == "env":
        return Secret(_from_environment(name, environ, whose))
    if scheme == "file":
        return Secret(_from_file(name, root, whose))
    resolver = (resolvers or {}).get(scheme)
    if resolver is None:
        raise SettingsError(f"nothing here can look up {locator!r}{whose}", "Use env:VARIABLE or file:PATH.")
    return Secret(resolver(name))


def _from_environment(name: str, environ: Mapping[str, str], whose: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is not set{whose}", f"Set {name} to the credential.")
    return value


def _from_file(name: str, root: Path, whose: str) -> str:
    path = root / os.path.expanduser(name)
    try:
        mode = path.stat().st_mode
        _refuse_open_file(path, mode, whose)
        with path.open("rb") as file:
            value = file.read(MAX_SIZE).decode()
    except OSError as error:
        raise SettingsError(
            f"cannot read the credential file {path}{whose}: {error.strerror}", "Check its path."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"the credential file {path} is not UTF-8 text{whose}", "Write it again.") from None
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise SettingsError(f"the credential file {path} is empty{whose}", "Put the credential in it.")
    return value


def _refuse_open_file(path: Path, mode: int, whose: str) -> None:
    """A credential that others may read is one that leaks. (Windows has no such bits.)"""
    if not stat.S_ISREG(mode):
        raise SettingsError(f"the credential file {path} is not a file{whose}", "Check its path.")
    if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"the credential file {path} is open to other users{whose}",
            f"Run: chmod 600 {path} (in Kubernetes: defaultMode: 0400 of the secret's volume).",
        )
