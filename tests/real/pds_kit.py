"""A real Bluesky server with real accounts, and a proxy before it that fails on demand."""

import hashlib
import http.client
import ipaddress
import itertools
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from presstime.model import Channel, JsonObject, Metric, Secret
from presstime.networks.bluesky import COLLECTION, Bluesky
from presstime.sandbox.faults import Faults

ROOT = Path(__file__).parents[2]
WRITES = ("putRecord", "createRecord", "deleteRecord")
RUN = itertools.count()


@dataclass(frozen=True)
class Server:
    """Addresses: of the server, of its directory of DIDs, and of the proxy before the server."""

    pds: str
    plc: str
    proxy: "Proxy"
    pid: int

    def call(self, procedure: str, token: str | None = None, /, **body: Any) -> JsonObject:
        """A procedure of the server itself, past the proxy."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"{self.pds}/xrpc/com.atproto.{procedure}", json=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()) if answer.content else {}

    def ask(self, query: str, /, **params: Any) -> JsonObject:
        answer = httpx.get(f"{self.pds}/xrpc/com.atproto.{query}", params=params, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def listening(self) -> set[tuple[str, int]]:
        """The addresses and ports that the process listens at (proc(5): /proc/net/tcp and tcp6, state 0A)."""
        files = (os.readlink(entry) for entry in Path(f"/proc/{self.pid}/fd").iterdir())
        own = {name.removeprefix("socket:[").rstrip("]") for name in files if name.startswith("socket:")}
        lines = [
            line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()
        ]
        found = [line[1].split(":") for line in lines if line[3] == "0A" and line[9] in own]
        return {(_address(address), int(port, 16)) for address, port in found}


def _address(words: str) -> str:
    """An address as /proc writes it: words of 4 bytes in this machine's order."""
    raw = b"".join(
        bytes.fromhex(words[n : n + 8])[:: -1 if sys.byteorder == "little" else 1] for n in range(0, len(words), 8)
    )
    return str(ipaddress.ip_address(raw))


def installed() -> Path:
    """The folder that `.ci/pds/install` filled: PRESSTIME_PDS names it. Skips where there is none."""
    folder = Path(os.environ.get("PRESSTIME_PDS") or ROOT / ".presstime" / "pds")
    if not (folder / "node-binary").exists():
        pytest.skip("no Bluesky server is installed here: `.ci/pds/install .presstime/pds` does it, in some minutes")
    return folder.absolute()


@contextmanager
def running(data: Path) -> Iterator[Server]:
    """The server, its directory and the proxy, until the end of the block."""
    home, wrapper = installed(), Path(__file__).with_name("pds.mjs")
    errors = (data.parent / "pds-errors.txt").open("w+")
    command = [home / "node-binary", wrapper, home, data]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            errors.seek(0)
            pytest.fail(f"the server did not start: {errors.read()[-2000:]}")
        where = json.loads(line)
        with Proxy(where["pds"]) as proxy:
            yield Server(where["pds"], where["plc"], proxy, process.pid)
    finally:
        if process.poll() is not None:
            errors.seek(0)
            print(f"the server ended by itself, with {process.returncode}: {errors.read()[-3000:]}", file=sys.stderr)
        assert process.stdin
        process.stdin.close()
        process.wait(20)
        errors.close()


class Proxy:
    """Hands requests on to the server, but for what `faults` spoils. Accounts are told apart by their DID or handle."""

    def __init__(self, server: str) -> None:
        self.faults = Faults()
        self.server = server.removeprefix("http://")
        self.seen: list[tuple[str, JsonObject]] = []  # procedures with their bodies
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._listener.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._listener.server_port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, daemon=True)

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.shutdown()
        self._listener.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: Proxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.path.partition("?")[0].rpartition(".")[2]
        said = _object(body)
        self.owner.seen.append((name, said))
        fault = self.owner.faults.take("bluesky", self._accounts(said), self.path, name in WRITES)
        kind = fault.kind if fault else ""
        if kind == "drop-before":
            return self._drop()
        if kind in ("429", "401", "expired", "forbidden", "5xx-before"):
            return self._fail(kind, fault.seconds if fault else 0)
        status, headers, content = self._handed_on(body)
        if kind == "drop-after" and status == 200:
            return self._drop()
        if kind == "5xx-after" and status == 200:
            return self._fail(kind, 0)
        return self._answer(status, headers, content)

    def _accounts(self, said: JsonObject) -> tuple[str, ...]:
        named = (str(said.get("identifier", "")), _subject(self.headers.get("Authorization", "")))
        return tuple(filter(None, named))

    def _handed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.owner.server, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content

    def _answer(self, status: int, headers: Sequence[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "keep-alive", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _fail(self, kind: str, seconds: float) -> None:
        status, error = {
            "429": (429, "RateLimitExceeded"),
            "401": (401, "AuthenticationRequired"),
            "expired": (400, "ExpiredToken"),
            "forbidden": (401, "AccountTakedown"),
        }.get(kind, (502, "InternalServerError"))
        reset = [("RateLimit-Reset", str(int(time.time() + seconds)))] if status == 429 else []
        content = json.dumps({"error": error, "message": "said by the proxy"}).encode()
        self._answer(status, [("Content-Type", "application/json"), *reset], content)

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *arguments: object) -> None:
        """Nothing: a test is silent."""


def _object(body: bytes) -> JsonObject:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _subject(authorization: str) -> str:
    """The DID that a session's token is of."""
    parts = authorization.split(".")
    if len(parts) != 3:
        return ""
    return str(json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))).get("sub", ""))


@dataclass(frozen=True)
class Account:
    handle: str
    did: str
    password: str  # an app password, unless the test wanted one of its own
    access: str


@dataclass
class PdsBench:
    """The suite's bench over the real server: accounts are made when first asked for, under names the server takes."""

    server: Server
    run: int = field(default_factory=lambda: next(RUN))
    _accounts: dict[tuple[str, str | None], Account] = field(default_factory=dict)

    def account(self, name: str, password: str | None = None) -> Account:
        """With an app password, or with the password that is given."""
        known = self._accounts.get((name, password))
        return known or self._accounts.setdefault((name, password), self._made(name, password))

    def _made(self, name: str, password: str | None) -> Account:
        unique = hashlib.sha256(f"{self.run} {name} {password}".encode()).hexdigest()[:12]
        handle = f"r{unique}.test"
        own = password or secrets.token_hex(16)
        made = self.server.call("server.createAccount", handle=handle, email=f"{unique}@verne.example", password=own)
        token = str(made["accessJwt"])
        if password is None:
            password = str(self.server.call("server.createAppPassword", token, name="presstime")["password"])
        return Account(handle, str(made["did"]), password, token)

    def channel(self, name: str, password: str | None = None) -> Channel:
        handle = self.account(name, password).handle
        return Channel("channel", "bluesky", self.server.proxy.url, account=handle)

    def adapter(self, account: str, token: str | None = None) -> Bluesky:
        if token and token.startswith("wrong"):
            return Bluesky(self.channel(account), Secret(token))
        return Bluesky(self.channel(account, token), Secret(self.account(account, token).password))

    def fault(self, account: str, kind: str, token: str | None = None, **more: Any) -> None:
        """On what the account's sessions do; on its login, too, where every path is meant."""
        known = self.account(account, token)
        for name in (known.did, known.handle) if more.get("path") else (known.did,):
            self.server.proxy.faults.add({"network": "bluesky", "kind": kind, "account": name, **more})

    def records(self, account: str) -> list[JsonObject]:
        """Oldest first: along a thread `createdAt` grows."""
        did = self.account(account).did
        found = self.server.ask("repo.listRecords", repo=did, collection=COLLECTION, limit=100)["records"]
        return sorted(found, key=lambda record: (record["value"]["createdAt"], record["uri"]))

    def alter(self, account: str, post_id: str, text: str) -> None:
        """By another client of the account's."""
        [record] = [record for record in self.records(account) if record["uri"] == post_id]
        self._write("putRecord", account, post_id, record={**record["value"], "text": text, "facets": []})

    def remove(self, account: str, post_id: str) -> None:
        self._write("deleteRecord", account, post_id)

    def _write(self, name: str, account: str, post_id: str, **more: Any) -> None:
        known = self.account(account)
        where = {"repo": known.did, "collection": COLLECTION, "rkey": post_id.rpartition("/")[2]}
        self.server.call(f"repo.{name}", known.access, **where, **more)

    def posts(self, account: str) -> Sequence[dict[str, Any]]:
        return [_shown(record) for record in self.records(account)]

    def answer(self, account: str, post_id: str, author: str, text: str) -> None:
        raise NotImplementedError("what readers do is an AppView's to tell, and there is none here")

    def count(self, account: str, post_id: str, counts: Mapping[Metric, int]) -> None:
        raise NotImplementedError("what readers do is an AppView's to tell, and there is none here")


def _shown(record: JsonObject) -> dict[str, Any]:
    value = record["value"]
    embed, text = value.get("embed", {}), value["text"].encode()
    images, card = embed.get("images", []), embed.get("external")
    links = {
        text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]["uri"]
        for facet in value.get("facets", [])
        if facet["features"][0]["$type"].endswith("#link")
    }
    return {
        "id": record["uri"],
        "text": value["text"],
        "alts": [image["alt"] for image in images],
        "kinds": [image["image"]["mimeType"] for image in images],
        "card": card and {"url": card["uri"], **{name: card[name] for name in ("title", "description", "thumb")}},
        "parent": value.get("reply", {}).get("parent", {}).get("uri"),
        "links": links,
    }
