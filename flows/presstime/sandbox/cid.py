"""Content identifiers of AT Protocol records and blobs (atproto.com/specs/data-model): DAG-CBOR, SHA-256, CIDv1, base32."""

import base64
import hashlib
import struct

from presstime.model import Json

DAG_CBOR, RAW = 0x71, 0x55
LINK_TAG = 42


def cid_of(record: Json) -> str:
    """The CID of a record given as JSON. Raises ValueError for what the data model does not know (a float, say)."""
    return _text(DAG_CBOR, encode(record))


def blob_cid(content: bytes) -> str:
    return _text(RAW, content)


def _text(codec: int, content: bytes) -> str:
    raw = bytes([1, codec, 0x12, 0x20]) + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def encode(value: Json) -> bytes:
    """DAG-CBOR of a JSON value; `{"$link": ...}` and `{"$bytes": ...}` are what they stand for."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        return _object(value)
    raise ValueError(f"the data model has no {type(value).__name__}")


def _object(value: dict[str, Json]) -> bytes:
    if value.keys() == {"$link"}:
        raw = b"\x00" + _from_base32(value["$link"])
        return _head(6, LINK_TAG) + _head(2, len(raw)) + raw
    if value.keys() == {"$bytes"}:
        raw = base64.b64decode(value["$bytes"] + "==")
        return _head(2, len(raw)) + raw
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))  # shorter first, as DAG-CBOR wants
    return _head(5, len(keys)) + b"".join(encode(key) + encode(value[key]) for key in keys)


def _head(major: int, size: int) -> bytes:
    """A type and a length, in the fewest bytes."""
    if size < 24:
        return bytes([major << 5 | size])
    for extra, form in enumerate((">B", ">H", ">I", ">Q")):
        if size < 1 << (8 << extra):
            return bytes([major << 5 | 24 + extra]) + struct.pack(form, size)
    raise ValueError("a number of more than 64 bits")


def _from_base32(cid: str) -> bytes:
    if not cid.startswith("b"):
        raise ValueError(f"not a base32 CID: {cid}")
    text = cid[1:].upper()
    return base64.b32decode(text + "=" * (-len(text) % 8))
