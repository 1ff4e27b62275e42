"""Renewing a channel's token: ahead of need, by one worker at a time, and never with a token that was used up already.

The order that everything rests on: the journal says "begun" (create-only, so one worker alone), the document is read again (it
may have been renewed meanwhile), writing it is rehearsed (a token is used up only once its successor can be kept), and only
then is the network asked, once; its answer is written back, and the journal says "done".
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from presstime.accounts.client import NoTokens
from presstime.accounts.document import Tokens
from presstime.accounts.journal import Journal, Record
from presstime.clock import elapsed, format_local
from presstime.errors import NetworkError, PresstimeError, StoreError
from presstime.model import Secret
from presstime.networks.oauth import OAuth

AGAIN = timedelta(minutes=5)  # after a passing failure; a network that names a time is asked again then
MENDED = timedelta(hours=1)  # after finding that the document cannot be written: somebody has to mend that
TOGETHER = 30.0  # seconds that a worker waits for another's renewal, if it cannot do without
LOOK = 0.5  # seconds between looks at what another is doing
TOO_LONG = 60.0  # seconds after "begun" within which the network must be asked: the lease is 120, and the answer takes up to 35
KEEPING = (0.0, 1.0, 3.0, 10.0)  # seconds before each try to keep what the network answered


class Renews(Protocol):
    """An OAuth server that gives new tokens in place of these, once. Raises `NoTokens`."""

    def renew(self, tokens: Tokens) -> Tokens: ...


@dataclass
class Renewal:
    """One channel's token document, kept fresh. Threads may share one.

    `read` gives the credential as it is kept now, `keep` writes a document there (None: it cannot be written), `rehearse` finds out
    whether that would come off, given what stands there. `provider` is asked for when a renewal is due. All raise `PresstimeError`. `warn` is told what a person should know and nobody waits for."""

    channel: str
    oauth: OAuth | None
    read: Callable[[], Secret]
    keep: Callable[[str], None] | None
    rehearse: Callable[[str], None] | None
    provider: Callable[[], Renews]
    journal: Callable[[], Journal]
    warn: Callable[[str], None]
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = elapsed
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fresh(self) -> Secret:
        """The access token to work with, renewed if it is time to; a plain credential as it is.

        Raises `NetworkError` where the token's time is over and no other could be had, or where the credential cannot be fetched,
        `SettingsError` where there is none."""
        try:
            secret = self.read()
        except StoreError as error:
            raise NetworkError(error.message, error.advice) from None
        tokens = self._document(secret)
        if tokens is None:
            return secret
        if tokens.due(self.oauth, self.now()):
            with self._lock:
                tokens = self._renewed(tokens, needed=tokens.over(self.now()))
        if tokens.over(self.now()):
            raise self._ended(
                f"its access ended on {format_local(tokens.expires_at, 'UTC')}" if tokens.expires_at else ""
            )
        return tokens.access

    def replacing(self, refused: Secret) -> Secret | None:
        """An access token in place of one that the network does not take; None for a plain credential, which nothing replaces.
        Raises `NetworkError`."""
        with self._lock:
            try:
                tokens = self._document(self.read())
            except PresstimeError as error:
                raise NetworkError(error.message, error.advice, needs_person=True) from None
            if tokens is None:
                return None
            if tokens.access.reveal() != refused.reveal():
                return tokens.access  # somebody else was quicker
            if not tokens.renewable(self.oauth):
                raise self._ended("the network does not take its token any more")
            return self._renewed(tokens, needed=True, refused=True).access

    # --- one renewal ---

    def _renewed(self, tokens: Tokens, needed: bool, refused: bool = False) -> Tokens:
        """The tokens after a renewal; those in hand where it did not come off and they are not `needed`."""
        try:
            return self._settled(tokens, needed, refused)
        except NetworkError as error:
            if needed:
                raise
            self.warn(f"channel {self.channel!r}: {error.told}")
            return tokens
        except PresstimeError as error:  # S3 or the credential's place: neither says anything of the token
            if needed:
                raise NetworkError(error.message, error.advice) from None
            self.warn(f"channel {self.channel!r} was not renewed: {error.told}")
            return tokens

    def _settled(self, tokens: Tokens, needed: bool, refused: bool) -> Tokens:
        provider, journal, deadline = self.provider(), self.journal(), self.monotonic() + TOGETHER
        fingerprint = tokens.fingerprint(self.oauth)
        while True:
            last = journal.last(fingerprint)
            newer = self._newer(tokens) if last is not None else None
            if newer is not None:
                return newer
            if self._may_begin(journal, last, tokens, refused):
                if journal.write(fingerprint, last, "begun"):
                    return self._begun(provider, journal, tokens, (last.n if last else 0) + 1)
                continue  # somebody else was quicker: see what they do
            assert last is not None  # noqa: S101 - a token without a record may be used
            waiting = last.kind == "done" or journal.is_open(last)
            if waiting and needed and self.monotonic() < deadline:
                self.sleep(LOOK)
                continue
            if journal.is_open(last) and not needed:
                return tokens  # it is being renewed, and will do until then
            raise self._stuck(journal, last)

    def _may_begin(self, journal: Journal, last: Record | None, tokens: Tokens, refused: bool) -> bool:
        """Whether the token may be used now. One that may have been used already, and is good for one use, is used again only
        when there is nothing left to lose: a network that sees one used twice may end all that came of it."""
        single = self.oauth is not None and tokens.single_use(self.oauth)
        match last:
            case None:
                return True
            case Record(kind="later"):
                return last.until is None or self.now() >= last.until
            case Record(kind="done"):
                return not single  # it is kept where it was, or nowhere: what renewed it once does so again
            case Record(kind="doubt" | "begun"):
                if journal.is_open(last):
                    return False
                waited = last.until is None or self.now() >= last.until
                return waited and (not single or refused or tokens.last_chance(self.now()))
            case _:
                return False

    def _begun(self, provider: Renews, journal: Journal, tokens: Tokens, n: int) -> Tokens:
        """The one use of the token, its outcome written down."""
        begun, fingerprint = self.monotonic(), tokens.fingerprint(self.oauth)
        own = Record(n, "begun", journal.worker, self.now())
        newer = self._newer(tokens)
        if newer is not None:  # between our look and our turn
            journal.write(fingerprint, own, "done", "renewed elsewhere")
            return newer
        try:
            if self.rehearse is not None:
                self.rehearse(tokens.write())
        except PresstimeError as error:
            journal.write(fingerprint, own, "later", error.told, self.now() + MENDED)
            raise NetworkError(error.message, error.advice, needs_person=True) from None
        if self.monotonic() - begun > TOO_LONG:
            journal.write(fingerprint, own, "later", "this worker stood still")
            raise NetworkError(
                "this worker stood still while it renewed the token; nothing was asked", "It is tried again."
            )
        try:
            fresh = provider.renew(tokens)
        except NoTokens as error:
            until = error.until or self.now() + AGAIN
            journal.write(fingerprint, own, error.fate, error.told, until)
            failed = self._ended(error.message) if error.fate == "refused" else error
        else:
            return self._kept(journal, own, tokens, fresh)
        raise failed

    def _kept(self, journal: Journal, own: Record, before: Tokens, fresh: Tokens) -> Tokens:
        """Put the new tokens where the old ones were, and say so. Nothing stops this but a login meanwhile, which is newer: they
        exist nowhere else. Returns what is to be used."""
        trouble = ""
        with suppress(PresstimeError):
            newer = self._newer(before)
            if newer is not None:
                journal.write(before.fingerprint(self.oauth), own, "done", "somebody logged in meanwhile")
                return newer
        for pause in KEEPING if self.keep is not None else ():
            self.sleep(pause)
            try:
                self.keep(fresh.write())  # type: ignore[misc]  # the loop has no turn without it
                trouble = ""
                break
            except PresstimeError as error:
                trouble = error.told
        if trouble:
            self.warn(
                f"channel {self.channel!r}: its new token works until this process ends and could not be kept: {trouble} "
                f"Then run `presstime channels login {self.channel}`."
            )
        try:
            journal.write(
                before.fingerprint(self.oauth),
                own,
                "done",
                f"the new token could not be kept: {trouble}" if trouble else "",
            )
        except StoreError as error:  # the document says it, too, to all who read it
            self.warn(f"channel {self.channel!r} was renewed, and S3 could not be told: {error.message}")
        return fresh

    # --- what stands in the way ---

    def _newer(self, tokens: Tokens) -> Tokens | None:
        """What is kept now, if it is not what we have."""
        found = self._document(self.read())
        same = found is None or found.write() == tokens.write()
        return None if same else found

    def _document(self, secret: Secret) -> Tokens | None:
        try:
            return Tokens.parse(secret.reveal())
        except ValueError as error:
            reason = str(error)
        raise NetworkError(
            f"the token document of channel {self.channel!r} cannot be read: {reason}",
            f"Run `presstime channels login {self.channel}`.",
            needs_person=True,
        )

    def _stuck(self, journal: Journal, last: Record) -> NetworkError:
        at = format_local(last.at, "UTC")
        if last.kind == "refused":
            return self._ended(last.reason)
        if last.kind == "done":
            lost = (
                last.reason
                or "the new one is not where this worker looks: keep it where all workers can read and write it"
            )
            return self._ended(f"its token was used up by {last.worker} at {at}, and {lost}")
        if last.kind == "later":
            return NetworkError(f"its token could not be renewed at {at}: {last.reason}", self._until(last))
        if journal.is_open(last):
            return NetworkError(f"its token is being renewed by {last.worker} since {at}", "It is tried again.")
        told = f": {last.reason}" if last.reason else f", whose worker {last.worker} is gone"
        return NetworkError(
            f"the answer to a renewal begun at {at} was lost{told}",
            f"The token in hand is used to its end, and the renewal tried once more then. To be sure, run `presstime channels login "
            f"{self.channel}` before.",
        )

    def _until(self, last: Record) -> str:
        return f"Tried again from {format_local(last.until, 'UTC')} on." if last.until else "It is tried again."

    def _ended(self, why: str) -> NetworkError:
        return NetworkError(
            f"channel {self.channel!r} has to be logged in again: {why.rstrip('.')}",
            f"Run `presstime channels login {self.channel}`. What is due waits for it.",
            needs_person=True,
        )
