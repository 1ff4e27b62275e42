"""Checkpoints: at this size the log had this hash, signed (C2SP tlog-checkpoint inside a signed note).

    origin        the name of the key that signs, which names the log: one key a log
    size          the number of entries, decimal
    hash          base64 of 32 bytes
    time <UTC>    an extension line: when it was signed, so that a heartbeat cannot be dated later than it was

The hash is not the root of a Merkle tree (RFC 6962), as it is in the logs C2SP speaks of, but the head of our chain: the
SHA-256 of the last entry, which names the one before it, and so on. It binds everything up to `size` just as well. What it
cannot do is prove to somebody who has not the entries that two checkpoints belong to one log: for that they are all read.
Of an empty log it is 32 zero bytes, the hash that the first entry names as the one before it.

A checkpoint lies at `checkpoint/<size, 20 digits>/<UTC time>`, written once. It says nothing of what came later: what is cut
off behind the newest one is not seen."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from presstime.errors import AlreadyExists, InDoubt, LedgerError
from presstime.ledger.note import Note, NoteError, Signer, Verifier, open_note
from presstime.ledger.reading import read_ahead, whole
from presstime.model import JsonObject
from presstime.stores.base import Store

FOLDER = "checkpoint/"
_KEY = re.compile(r"checkpoint/(\d{20})/(\d{8}T\d{6}Z)")
_SIZE = re.compile(r"0|[1-9]\d{0,19}")
_STAMP = "%Y%m%dT%H%M%SZ"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says. `hash` in hex; `extensions` are the lines after the third, as they are."""

    origin: str
    size: int
    hash: str
    extensions: tuple[str, ...] = ()

    @classmethod
    def at(cls, origin: str, size: int, head: str, now: datetime) -> Self:
        """The checkpoint of a log of `size` entries, made `now`, to the second."""
        return cls(origin, size, head, (f"time {now.astimezone(UTC).strftime(_TIME)}",))

    @property
    def time(self) -> datetime | None:
        """When it was made; None if it does not say."""
        try:
            return datetime.strptime(self.extension("time"), _TIME).replace(tzinfo=UTC)
        except ValueError:
            return None

    @property
    def key(self) -> str:
        """Where it belongs in the store."""
        return f"{FOLDER}{self.size:020d}/{self.time.strftime(_STAMP) if self.time else ''}"

    def extension(self, word: str) -> str:
        """The rest of the extension line that begins with `word`; "" if there is none."""
        return next((line[len(word) + 1 :] for line in self.extensions if line.startswith(f"{word} ")), "")

    def text(self) -> str:
        head = base64.b64encode(bytes.fromhex(self.hash)).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, head, *self.extensions))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `text`. Raises `NoteError` for anything that is not written exactly so."""
        lines = text.split("\n")[:-1]
        try:
            origin, size, head = lines[:3]
            found = cls(origin, int(size), base64.b64decode(head, validate=True).hex(), tuple(lines[3:]))
        except ValueError:
            raise NoteError("it is not a checkpoint") from None
        if not _SIZE.fullmatch(size) or len(found.hash) != 64 or not all(lines) or found.text() != text:
            raise NoteError("it is not a checkpoint")
        return found


@dataclass(frozen=True, slots=True)
class Sighting:
    """A checkpoint where it was found: in the bucket (`s3`) or on a branch (`git`). `signed`: by a key that is trusted."""

    checkpoint: Checkpoint
    source: str
    place: str
    signed: bool


@dataclass
class Sightings:
    """All checkpoints that were found, and what is wrong with those that cannot be used."""

    found: list[Sighting] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def joined(self, other: Self) -> "Sightings":
        return Sightings(self.found + other.found, self.problems + other.problems)

    def newest(self) -> Sighting | None:
        return max(self.found, key=lambda s: (s.checkpoint.size, _instant(s)), default=None)

    def by_size(self) -> dict[int, list[Sighting]]:
        sizes: dict[int, list[Sighting]] = {}
        for sighting in self.found:
            sizes.setdefault(sighting.checkpoint.size, []).append(sighting)
        return sizes

    def take(self, data: bytes | None, source: str, place: str, trusted: Sequence[Verifier]) -> None:
        """Look at what lies at `place`: a checkpoint, or a problem. Keys, if any are trusted, must have signed it."""
        try:
            note = open_note(data or b"", trusted)
            checkpoint = Checkpoint.parse(note.text)
            _check_origin(checkpoint, note, trusted)
        except NoteError as error:
            self.problems.append(f"{place}: {error.message}")
            return
        if source == "s3" and place != checkpoint.key:
            self.problems.append(f"{place}: holds the checkpoint {checkpoint.key}, it was moved")
            return
        self.found.append(Sighting(checkpoint, source, place, bool(note.by)))

    def to_json(self) -> JsonObject | None:
        """The newest checkpoint; `source` is every place that has it, joined by a plus."""
        newest = self.newest()
        if newest is None:
            return None
        same = [s for s in self.found if s.checkpoint == newest.checkpoint]
        return {
            "size": newest.checkpoint.size,
            "time": newest.checkpoint.time and newest.checkpoint.time.isoformat(),
            "signed": newest.signed,
            "source": "+".join(sorted({s.source for s in same}, reverse=True)),
        }


def _instant(sighting: Sighting) -> datetime:
    return sighting.checkpoint.time or datetime.min.replace(tzinfo=UTC)


def _check_origin(checkpoint: Checkpoint, note: Note, trusted: Sequence[Verifier]) -> None:
    if trusted and not note.by:
        raise NoteError("it is not signed by a key that [audit] verifier names")
    if note.by and checkpoint.origin not in {key.name for key in note.by}:
        raise NoteError(f"it is of another log: {checkpoint.origin}")


def in_store(store: Store, trusted: Sequence[Verifier]) -> Sightings:
    """Every checkpoint in the bucket. Raises `StoreError` where it cannot be read."""
    sightings = Sightings()
    stats = sorted(store.list(FOLDER), key=lambda stat: stat.key)
    for stat, data in read_ahead(store, stats, whole):
        if _KEY.fullmatch(stat.key):
            sightings.take(data, "s3", stat.key, trusted)
        else:
            sightings.problems.append(f"{stat.key}: does not belong among the checkpoints")
    return sightings


def newest_in_store(store: Store, trusted: Sequence[Verifier]) -> Sightings:
    """The newest checkpoint in the bucket that can be used, if there is one; one LIST and, as a rule, one GET."""
    for stat in sorted(store.list(FOLDER), key=lambda stat: stat.key, reverse=True):
        sightings = Sightings()
        sightings.take(store.get(stat.key).body, "s3", stat.key, trusted)
        if sightings.found:
            return sightings
    return Sightings()


def write(store: Store, signer: Signer, size: int, head: str) -> tuple[Checkpoint, bytes]:
    """Sign where the log is and put it into the bucket, dated by the bucket's clock. Returns it with its note.

    One made in the same second is as good as this one. Raises `StoreError`."""
    checkpoint = Checkpoint.at(signer.name, size, head, store.now())
    note = signer.sign(checkpoint.text())
    try:
        store.create(checkpoint.key, note)
    except (AlreadyExists, InDoubt):
        if store.get(checkpoint.key).body != note:  # signing is deterministic: the same words have the same bytes
            raise LedgerError(
                f"{checkpoint.key} is taken by another checkpoint", "Run `presstime audit verify`."
            ) from None
    return checkpoint, note
