"""Where the login of a channel stays between passes, for networks that give a session for a password and count how often."""

from contextlib import suppress
from dataclasses import dataclass

from presstime.accounts.places import Places
from presstime.errors import PresstimeError


@dataclass(frozen=True)
class KeptLogin:
    """A file on this machine, which only its owner reads. It may be deleted at any time: the next pass logs in again."""

    places: Places
    locator: str

    def read(self) -> str:
        """What is kept; "" where nothing is, or nothing that can be read."""
        with suppress(PresstimeError):
            return self.places.read(self.locator).reveal()
        return ""

    def write(self, value: str) -> None:
        """Keep it, if that is possible: if not, the next pass logs in again."""
        with suppress(PresstimeError):
            self.places.write(self.locator, value)
