"""Where credentials are kept, read and written: a file, a Prefect block, AWS Secrets Manager. The environment is only read."""

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from presstime.errors import SettingsError
from presstime.model import Secret
from presstime.settings import FILE, reveal

Writers = Mapping[str, Callable[[str, str], None]]  # scheme -> (name, value) -> None; raises `PresstimeError`


@dataclass(frozen=True)
class Places:
    """The places that locators name, seen from one content root."""

    root: Path
    environ: Mapping[str, str]
    readers: Mapping[str, Callable[[str], str]]
    writers: Writers

    def read(self, locator: str) -> Secret:
        """Raises `SettingsError` or `StoreError` where it cannot be read."""
        return reveal(locator, self.root, self.environ, self.readers)

    def is_near(self, locator: str) -> bool:
        """Whether it can be read without asking another machine."""
        return locator.partition(":")[0] in ("env", "file")

    def refuse_unwritable(self, locator: str, channel: str) -> None:
        """Raises `SettingsError` where nothing can be written to."""
        if locator.startswith("env:"):
            raise SettingsError(
                f"{locator} is a variable of the environment: what is kept there cannot be renewed from here",
                f"Keep it in a file: `presstime channels login {channel} --to file:.presstime/accounts/{channel}`, then "
                f'credentials = "file:.presstime/accounts/{channel}" in {FILE}.',
            )

    def write(self, locator: str, value: str) -> None:
        """Put a value where the locator points, whole or not at all. Raises `SettingsError` or `StoreError`."""
        scheme, _, name = locator.partition(":")
        if scheme == "file":
            _write_file(self.path(locator), value)
            return
        writer = self.writers.get(scheme)
        if writer is None:
            self.refuse_unwritable(locator, "NAME")
            raise SettingsError(f"nothing here can write to {locator}", "Use file:PATH.")
        writer(name, value)

    def rehearse(self, locator: str, standing: str) -> None:
        """Find out whether a write would come off. Beside a file another is made and removed, so that what stands there is not
        touched; elsewhere only writing tells, and what stands there is written once more. Raises as `write` does."""
        if locator.startswith("file:"):
            path = self.path(locator).resolve()
            _write_file(path.with_name(f"{path.name}.rehearsal"), "")
            with suppress(OSError):
                path.with_name(f"{path.name}.rehearsal").unlink()
        else:
            self.write(locator, standing)

    def path(self, locator: str) -> Path:
        """The file that a `file:` locator names."""
        return self.root / os.path.expanduser(locator.partition(":")[2])


def _write_file(path: Path, value: str) -> None:
    """A file that only its owner reads, in place of the old one at once (rename), and on the disk before we go on."""
    place = path.resolve()  # a link stays a link
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # mode 600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, place)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(place.parent)
    except OSError as error:
        raise SettingsError(
            f"cannot write the credential file {path}: {error.strerror}",
            "A renewed token must be kept: let the file and its folder be written by the user that presstime runs as.",
        ) from None


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every system opens a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
