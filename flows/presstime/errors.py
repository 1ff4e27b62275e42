"""A small closed tree of errors. Each says what happened and, in `advice`, what the reader should do next.

`exit_code` is what the command line ends with: 1 for content and things that need a person, 2 for usage and settings.
"""

from collections.abc import Sequence

from presstime.model import Problem


class PresstimeError(Exception):
    """Base of everything we raise on purpose. `str` gives the message, then the advice on its own line."""

    exit_code = 1

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n    {self.advice}" if self.advice else self.message

    @property
    def told(self) -> str:
        """Message and advice in one line, as a reason in the log."""
        return f"{self.message.rstrip('.')}. {self.advice}".strip() if self.advice else self.message


class UsageError(PresstimeError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class SettingsError(PresstimeError):
    """presstime.toml, the environment or a credential is wrong or missing. Carries all problems found at once."""

    exit_code = 2

    def __init__(self, message: str, advice: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, advice)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *map(str, self.problems)])


class ContentError(PresstimeError):
    """One or more posts cannot be used as they stand. Carries every problem found in them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in the content")
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class GitError(PresstimeError):
    """The repository, branch or object that is needed is not there."""

    exit_code = 2


class RemoteAway(GitError):
    """The remote could not be fetched: unreachable, too slow, or its credentials refused."""


class RenderError(PresstimeError):
    """A post cannot be made into a variant for a channel. `code` is the problem code that `check` reports."""

    def __init__(self, message: str, advice: str = "", code: str = "render") -> None:
        super().__init__(message, advice)
        self.code = code


class Unsupported(RenderError):
    """The network cannot express this; raised before anything is sent, at check time."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice, code="unsupported")


class StoreError(PresstimeError):
    """S3 cannot be used: unreachable, no such bucket, access denied."""

    exit_code = 2


class AlreadyExists(StoreError):
    """A create-only write lost: the key is taken (HTTP 412). Somebody, perhaps ourselves, decided it."""


class Undecided(StoreError):
    """A create-only write met a concurrent one (HTTP 409): nothing was decided, write again."""


class InDoubt(StoreError):
    """The reply to a write was lost: it may have taken effect. Read it back."""


class Missing(StoreError):
    """There is no object with that key."""


class WrongClock(StoreError):
    """This machine's clock and the store's are too far apart to publish by."""


class LedgerError(PresstimeError):
    """The log cannot be used as it stands: a gap, a broken chain, an entry of a newer version."""


class ClaimLost(LedgerError):
    """The claim is not ours any more: another worker has a greater epoch, or the time is over."""


class Paused(ClaimLost):
    """What was about to be sent is paused: somebody said so in the log."""


class NetworkError(PresstimeError):
    """A network could not be asked (identity, read-back, upload); nothing was sent by this. `alone`: it is about what was asked
    for, not about the channel, whose other deliveries need not wait."""

    def __init__(self, message: str, advice: str = "", needs_person: bool = False, alone: bool = False) -> None:
        super().__init__(message, advice)
        self.needs_person = needs_person
        self.alone = alone
