"""A network of somebody else's, just as flows/README.md shows it: found by its entry point, held to the suite of all networks."""

import itertools
import json
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from presstime import networks
from presstime.model import Channel, Secret
from presstime.networks.base import Adapter
from presstime.wire import network_problems
from tests.kit import Folder, Office, run_pass
from tests.suites.network import NetworkSuite

README = Path(__file__).parents[2] / "flows" / "README.md"


def page(language: str) -> str:
    """The block of the page in a language, of which there is one that speaks of the guestbook."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    [block] = [block for block in blocks if "guestbook" in block]
    return str(block)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package, installed: its module and what pip writes about it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "guestbook.py").write_text(page("python"))
    about = folder / "guestbook-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: guestbook\nVersion: 1.0\n")
    name, _, where = page("toml").partition("\n")[2].partition(" = ")
    (about / "entry_points.txt").write_text(f"[{networks.ENTRY_POINTS}]\n{name} = {json.loads(where)}\n")
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    sys.modules.pop("guestbook", None)


class Book(BaseHTTPRequestHandler):
    """The guestbook's server: entries by token, and the next requests' failures."""

    entries: ClassVar[list[dict[str, Any]]] = []
    faults: ClassVar[list[tuple[str, str, dict[str, Any]]]] = []
    numbers = itertools.count(1)

    def do_GET(self) -> None:
        who, path = self._who(), urlsplit(self.path)
        if self._fails("GET"):
            return
        if path.path == "/me":
            self._say(200, {"name": f"writer {len(who)}"})
            return
        if path.path.startswith("/entries/"):
            known = [e for e in self.entries if e["id"] == path.path.rpartition("/")[2]]
            self._say(*((200, known[0]) if known else (404, {"error": "no such entry", "code": "missing"})))
            return
        since = datetime.fromisoformat(parse_qs(path.query)["since"][0]) - timedelta(minutes=5)
        self._say(200, [e for e in reversed(self.entries) if e["who"] == who and e["at"] >= since.isoformat()])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self._fails("POST"):
            return
        if len(body["text"]) > 200:
            self._say(422, {"error": "too long", "code": "long"})
            return
        entry = {"id": f"e{next(self.numbers)}", "who": self._who(), "at": datetime.now(UTC).isoformat(), **body}
        self.entries.append(entry)
        if not self._fails("POST", after=True):
            self._say(201, entry)

    def do_DELETE(self) -> None:
        if self._fails("DELETE"):
            return
        known = [e for e in self.entries if e["id"] == self.path.rpartition("/")[2]]
        if not known:
            self._say(404, {"error": "no such entry", "code": "missing"})
            return
        self.entries.remove(known[0])
        if not self._fails("DELETE", after=True):
            self._say(200, {})

    def _who(self) -> str:
        return str(self.headers["authorization"]).removeprefix("Bearer ")

    def _fails(self, method: str, after: bool = False) -> bool:
        if not after and self._who().startswith("wrong"):
            self._say(401, {"error": "who are you?"})
            return True
        for fault in self.faults:
            account, kind, more = fault
            visible = method != "GET" or more.get("path") == "*"
            if self._who() == account and visible and kind.endswith("-after") == after:
                self.faults.remove(fault)
                self._break(kind, more)
                return True
        return False

    def _break(self, kind: str, more: dict[str, Any]) -> None:
        if kind.startswith("drop"):
            self.close_connection = True
            self.connection.close()
        elif kind == "429":
            self._say(429, {"error": "slowly"}, {"Retry-After": str(more.get("seconds", 1))})
        else:
            self._say(401 if kind == "401" else 503, {"error": "no"})

    def _say(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(raw))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: object) -> None:
        """Nothing."""


class Bench:
    """The adapter on that server."""

    def __init__(self, url: str) -> None:
        self.url, self.run = url, next(Book.numbers)

    def _token(self, account: str, token: str | None) -> str:
        return token or f"{account}-{self.run}"

    def adapter(self, account: str, token: str | None = None) -> Adapter:
        channel = Channel("channel", "guestbook", self.url, account=account)
        return networks.load_adapter("guestbook")(channel, Secret(self._token(account, token)))

    def fault(self, account: str, kind: str, token: str | None = None, **more: Any) -> None:
        Book.faults.append((self._token(account, token), kind, more))

    def alter(self, account: str, post_id: str, text: str) -> None:
        next(e for e in Book.entries if e["id"] == post_id)["text"] = text

    def remove(self, account: str, post_id: str) -> None:
        Book.entries[:] = [e for e in Book.entries if e["id"] != post_id]

    def posts(self, account: str) -> Sequence[dict[str, Any]]:
        own = [e for e in Book.entries if e["who"] == self._token(account, None)]
        return [{"id": e["id"], "text": e["text"], "alts": [], "parent": None} for e in own]


@pytest.fixture(scope="module")
def url(installed: None) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Book)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class TestSuite(NetworkSuite):
    threads = False

    @pytest.fixture
    def bench(self, url: str) -> Bench:
        return Bench(url)


def test_it_is_known_like_any_other(url: str, tmp_path: Path) -> None:
    """A newsroom names it, and check knows its rules; without the package the name is an error."""
    settings = f'[newsroom]\nname = "V"\ntimezone = "UTC"\n[audit]\nbucket = "audit"\n[channels.book]\nnetwork = "guestbook"\nbase_url = "{url}"\n'
    office = Office(
        Folder(
            tmp_path / "newsroom", settings + 'credentials = "env:MASTODON_TOKEN"\n[defaults]\nchannels = ["book"]\n'
        )
    )
    office.folder.post("one", "Good journey.", office.now() - timedelta(minutes=1), late="publish")
    office.folder.commit()
    with office.desk() as desk:
        assert network_problems(desk.settings) == []
        run_pass(desk)
    assert "guestbook" in networks.names()
    assert [e["text"] for e in Book.entries if e["who"] == "sandbox-verne"][-1].endswith("Good journey.")
