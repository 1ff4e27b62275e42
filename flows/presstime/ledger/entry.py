"""One object of the log: its name, its bytes, its hash.

An entry is canonical JSON (sorted keys, no spaces, UTF-8) at `log/<n, 20 digits>.json`, n from 1 without gaps. It names the
SHA-256 of the entry before it, so that no entry can be changed, dropped or moved without breaking the ones that follow."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from presstime.errors import LedgerError
from presstime.model import Event, Json, JsonObject, canonical, digest_of

FORMAT = 1
FOLDER = "log/"
GENESIS = "0" * 64  # what the first entry names as the hash before it
_KEY = re.compile(r"log/(\d{20})\.json\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """`payloads` are the variants whose digest is named here for the first time. `run` is the Prefect flow run, if any."""

    n: int
    prev: str
    nonce: str
    writer: str
    time: str
    events: tuple[Event, ...]
    payloads: Mapping[str, JsonObject] = field(default_factory=dict)
    run: str = ""

    def encode(self) -> bytes:
        return canonical(
            {
                "format": FORMAT,
                "n": self.n,
                "prev": self.prev,
                "nonce": self.nonce,
                "writer": self.writer,
                "run": self.run,
                "time": self.time,
                "events": [e.to_json() for e in self.events],
                "payloads": dict(self.payloads),
            }
        )


def key_of(n: int) -> str:
    return f"{FOLDER}{n:020d}.json"


def number_of(key: str) -> int | None:
    """The n of an entry's key, or None for a key that no entry has."""
    found = _KEY.match(key)
    return int(found[1]) if found else None


def hash_of(body: bytes) -> str:
    return digest_of(body)


def decode(body: bytes, key: str) -> Entry:
    """Raises `LedgerError` for bytes that are not an entry this version can read."""
    try:
        data = json.loads(body)
    except ValueError as error:
        raise _no_entry(key, error) from error
    return entry_of(data, key)


def entry_of(data: Json, key: str) -> Entry:
    """The entry that a JSON value is. Raises `LedgerError` like `decode`."""
    try:
        if data["format"] != FORMAT:
            raise LedgerError(
                f"{key} has format {data['format']}, this version reads format {FORMAT}",
                "Upgrade presstime on this machine.",
            )
        return Entry(
            n=data["n"],
            prev=data["prev"],
            nonce=data["nonce"],
            writer=data["writer"],
            time=data["time"],
            run=data["run"],
            events=tuple(Event.from_json(e) for e in data["events"]),
            payloads=dict(data["payloads"].items()),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_entry(key, error) from error


def _no_entry(key: str, error: Exception) -> LedgerError:
    return LedgerError(
        f"{key} is not an entry of the log: {error}",
        "The log was changed by something else. Run `presstime audit verify` and compare with a backup or version.",
    )
