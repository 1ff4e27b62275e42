"""Signed notes (C2SP signed-note): a text, a blank line, and one line per signature. Here: Ed25519 alone.

    text ending in a newline
    <blank line>
    — <key name> <base64 of (4 bytes key id, signature)>

A key's id is the first four bytes of SHA-256(name, newline, 0x01, public key). Keys are written as Go's
golang.org/x/mod/sumdb/note writes them, so that other tools can read them: `name+id+base64(0x01, public key)` for who
verifies, `PRIVATE+KEY+name+id+base64(0x01, seed)` for who signs. The signature is over the text (RFC 8032)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from presstime.errors import LedgerError, SettingsError
from presstime.model import Secret

ED25519 = b"\x01"
PRIVATE = "PRIVATE+KEY+"
MAX_SIZE = 64 * 1024  # bytes; a note of sixteen Ed25519 signatures has two thousand
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
KEYGEN_ADVICE = "Make a key with `presstime audit keygen`; it prints what belongs into presstime.toml."


class NoteError(LedgerError):
    """Not a signed note, or one whose signature by a known key is wrong."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that is trusted, with its name."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+id+base64`. Raises `SettingsError`."""
        name, key_id, key = _take_apart(text.strip(), "verifier key")
        found = cls(name, key)
        _check_id(found, key_id, "verifier key")
        return found

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def accepts(self, signature: bytes, message: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key. It shows as its public half wherever it is printed."""

    def __init__(self, name: str, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: Secret) -> Self:
        """Read `PRIVATE+KEY+name+id+base64`. Raises `SettingsError`, which does not repeat it."""
        written = text.reveal().strip()
        if not written.startswith(PRIVATE):
            raise SettingsError(f"the signing key does not begin with {PRIVATE}", KEYGEN_ADVICE)
        name, key_id, seed = _take_apart(written.removeprefix(PRIVATE), "signing key")
        found = cls(name, seed)
        _check_id(found.verifier, key_id, "signing key")
        return found

    @property
    def name(self) -> str:
        return self.verifier.name

    def __repr__(self) -> str:
        return f"Signer({self.verifier})"

    def sign(self, text: str) -> bytes:
        """The text as a signed note. It must end in a newline and hold no other control characters."""
        if not text.endswith("\n") or _CONTROL.search(text):
            raise ValueError("a note's text is lines, each ended by a newline")
        signature = base64.b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n".encode()


@dataclass(frozen=True, slots=True)
class Note:
    """A note's text, and the trusted keys that signed it: none if it is only somebody's word."""

    text: str
    by: tuple[Verifier, ...] = ()


def generate(name: str) -> tuple[Secret, Verifier]:
    """A new key pair: the private key as text, and who verifies. Raises `SettingsError` for a name no key can have."""
    import secrets

    if not _NAME.fullmatch(name):
        raise SettingsError(f"{name!r} cannot be a key's name", "Use no blanks and no plus, e.g. verne.example/log.")
    seed = secrets.token_bytes(32)
    verifier = Signer(name, seed).verifier
    return Secret(f"{PRIVATE}{name}+{verifier.id.hex()}+{base64.b64encode(ED25519 + seed).decode()}"), verifier


def open_note(data: bytes, trusted: Sequence[Verifier] = ()) -> Note:
    """Take a note apart and check it against the trusted keys; signatures of other keys are passed over.

    Raises `NoteError` for what is no signed note, and for a wrong signature by a trusted key."""
    text, lines = _split(data)
    by = []
    for line in lines:
        name, raw = _signature(line)
        for key in trusted:
            if (key.name, key.id) == (name, raw[:4]):
                if not key.accepts(raw[4:], text.encode()):
                    raise NoteError(f"the signature by {name} is wrong")
                by.append(key)
    return Note(text, tuple(dict.fromkeys(by)))


def _split(data: bytes) -> tuple[str, list[str]]:
    try:
        whole = data.decode() if len(data) <= MAX_SIZE else ""
    except UnicodeDecodeError:
        whole = ""
    text, gap, signatures = whole.rpartition("\n\n")
    if not gap or not text or not signatures.endswith("\n") or _CONTROL.search(whole):
        raise NoteError("it is not a signed note")
    return text + "\n", signatures[:-1].split("\n")


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _decode(encoded)
    if dash != "—" or not _NAME.fullmatch(name) or raw is None or len(raw) < 5:
        raise NoteError("it is not a signed note: a signature line is malformed")
    return name, raw


def _take_apart(text: str, what: str) -> tuple[str, str, bytes]:
    """Name, id and 32 bytes of a key. The base64 part may hold a plus itself, the name may not."""
    parts = text.split("+", 2)
    raw = _decode(parts[2]) if len(parts) == 3 else None
    if raw is None or len(raw) != 33 or raw[:1] != ED25519 or not _NAME.fullmatch(parts[0]):
        raise SettingsError(f"the {what} is not an Ed25519 key in the form of signed notes", KEYGEN_ADVICE)
    return parts[0], parts[1], raw[1:]


def _check_id(key: Verifier, key_id: str, what: str) -> None:
    if key_id != key.id.hex():
        raise SettingsError(f"the {what} was copied wrongly: its id does not fit", KEYGEN_ADVICE)


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
