"""A request to a twin, and its answer, apart from any web framework."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from presstime.model import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body."""

    name: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Call:
    """A request, read. `body` is the JSON or the form as an object, or the bytes of anything else; `base` is the twin's own
    address, as the client wrote it; `fetched` has what was found at the addresses that the operation fetches."""

    method: str
    path: str
    base: str
    account: str
    token: str
    where: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    files: dict[str, Upload] = field(default_factory=dict)
    fetched: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is JSON; None sends no body."""

    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)


class Rejected(Exception):
    """The twin says no, in the network's own words."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}")
        self.answer = answer


def read_body(mime: str, raw: bytes) -> tuple[Any, dict[str, Upload]]:
    """The body and its files. What cannot be read as what it says it is comes back as bytes."""
    kind = mime.partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return json.loads(raw), {}
        if kind == "application/x-www-form-urlencoded":
            return _form(parse_qsl(raw.decode(), keep_blank_values=True)), {}
        if kind == "multipart/form-data":
            return _multipart(mime, raw)
    except (ValueError, IndexError):
        return raw, {}
    return raw or None, {}


def _form(pairs: list[tuple[str, str]]) -> JsonObject:
    """Form fields as an object; `name[]` gathers a list, as Rails reads it."""
    form: JsonObject = {}
    for name, value in pairs:
        if name.endswith("[]"):
            form.setdefault(name[:-2], []).append(value)
        else:
            form[name] = value
    return form


def _multipart(mime: str, raw: bytes) -> tuple[JsonObject, dict[str, Upload]]:
    """RFC 7578, as far as clients use it."""
    boundary = mime.split("boundary=")[1].partition(";")[0].strip().strip('"').encode()
    pairs, files = [], {}
    for part in (b"\r\n" + raw).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        headers = {name.lower(): value for name, value in headers.items()}
        about = dict(_parameters(headers["content-disposition"]))
        if "filename" in about:
            upload = Upload(about["filename"], headers.get("content-type", "application/octet-stream"), content)
            files[about["name"]] = upload
        else:
            pairs.append((about["name"], content.decode()))
    return _form(pairs), files


def _parameters(disposition: str) -> list[tuple[str, str]]:
    pieces = (piece.strip().partition("=") for piece in disposition.split(";")[1:])
    return [(name.lower(), value.strip('"')) for name, _, value in pieces]
