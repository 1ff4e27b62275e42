"""Finding an account's server from its handle, with directories on this machine."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Channel, Deferred, Secret
from presstime.networks.bluesky import Bluesky
from presstime.networks.directory import Directory
from presstime.networks.http import Failed
from presstime.outside import MAX_BYTES, Outside, is_public
from presstime.sandbox.bluesky import did_of
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import Sender

HANDLE = "verne.example"
DID = did_of(HANDLE)


class Site(BaseHTTPRequestHandler):
    """Answers `pages[host and path]`: a text, JSON, a status, or ("to", address)."""

    pages: dict[str, Any]
    asked: list[str]

    def do_GET(self) -> None:
        place = f"{self.headers['Host'].partition(':')[0]}{self.path}"
        self.asked.append(place)
        page = self.pages.get(place, 404)
        if isinstance(page, tuple):
            self.send_response(302)
            self.send_header("Location", page[1])
            page = ""
        else:
            self.send_response(page if isinstance(page, int) else 200)
        body = b"" if isinstance(page, int) else (page if isinstance(page, str) else json.dumps(page)).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing: a test is silent."""


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    Site.asked, Site.pages = [], {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def directory(site: ThreadingHTTPServer) -> Directory:
    """One whose every name leads to this machine, but `private.example` and `nowhere.example`."""

    def lookup(host: str, port: int) -> list[str]:
        if host == "nowhere.example":
            raise OSError("no such name")
        return ["10.0.0.1"] if host == "private.example" else ["127.0.0.1"]

    at = f":{site.server_port}"
    return Directory(
        at_resolver=f"http://resolver.example{at}/{{handle}}",
        at_handle=f"http://{{handle}}{at}/.well-known/atproto-did",
        plc=f"http://plc.example{at}/{{did}}",
        web=f"http://{{host}}{at}/.well-known/did.json",
        outside=Outside(lookup, lambda address: address == "127.0.0.1", schemes=("http",)),
    )


def document(did: str = DID, handle: str = HANDLE, server: str = "http://pds.example") -> dict[str, Any]:
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": server}
    other = {"id": "#atproto_labeler", "type": "AtprotoLabeler", "serviceEndpoint": "http://labels.example"}
    return {"id": did, "alsoKnownAs": [f"at://{handle}"], "service": [other, service]}


def failure(directory: Directory, account: str = HANDLE) -> Deferred:
    with pytest.raises(Failed) as caught:
        directory.server_of(account)
    assert isinstance(caught.value.verdict, Deferred)
    assert 'base_url = "' in caught.value.verdict.reason
    return caught.value.verdict


@pytest.mark.parametrize("account", [HANDLE, f"@{HANDLE}", "Verne.Example"])
def test_from_handle_to_server(site: ThreadingHTTPServer, account: str) -> None:
    """The resolver knows the DID, the PLC directory its server."""
    Site.pages = {f"resolver.example/{HANDLE}": {"did": DID}, f"plc.example/{DID}": document()}
    assert directory(site).server_of(account) == "http://pds.example"
    assert Site.asked == [f"resolver.example/{HANDLE}", f"plc.example/{DID}"]


@pytest.mark.parametrize("resolver", [404, 503, {"did": "did:nothing"}, "no JSON"])
def test_the_handles_own_host_is_asked_next(site: ThreadingHTTPServer, resolver: Any) -> None:
    """Where the resolver is of no help, the file on the handle's host says the DID; white space around it is no matter."""
    Site.pages = {
        f"resolver.example/{HANDLE}": resolver,
        f"{HANDLE}/.well-known/atproto-did": f"{DID}\n",
        f"plc.example/{DID}": document(server="http://pds.example/"),
    }
    assert directory(site).server_of(HANDLE) == "http://pds.example"


def test_a_did_of_the_web(site: ThreadingHTTPServer) -> None:
    """`did:web` has its document on its own host; the account may be named by its DID."""
    did = "did:web:verne.example"
    Site.pages = {f"resolver.example/{HANDLE}": {"did": did}, f"{HANDLE}/.well-known/did.json": document(did)}
    assert directory(site).server_of(HANDLE) == "http://pds.example"
    assert directory(site).server_of(did) == "http://pds.example"


def test_a_full_service_id(site: ThreadingHTTPServer) -> None:
    """The service may be named with the DID before its fragment."""
    page = document()
    page["service"][1]["id"] = f"{DID}#atproto_pds"
    Site.pages = {f"plc.example/{DID}": page}
    assert directory(site).server_of(DID) == "http://pds.example"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (document(handle="nemo.example"), "another name"),
        (document(did="did:plc:" + "a" * 24), "something else"),
        ({**document(), "service": []}, "names no server"),
        ({**document(), "service": [{**document()["service"][1], "type": "Other"}]}, "names no server"),
        (document(server="ftp://pds.example"), "TLS"),
        (document(server="http://me:secret@pds.example"), "TLS"),
        (document(server="http://private.example"), "not public"),
        ("no JSON", "does not document"),
        ([1], "does not document"),
        (404, "answers 404"),
        ("x" * (MAX_BYTES + 1), "too much"),
        (("to", "http://private.example/"), "not public"),
    ],
)
def test_what_a_person_has_to_mend(site: ThreadingHTTPServer, page: Any, words: str) -> None:
    """A document that does not belong to the handle, names no server or none to be trusted: said, with what to write."""
    Site.pages = {f"resolver.example/{HANDLE}": {"did": DID}, f"plc.example/{DID}": page}
    told = failure(directory(site))
    assert words in told.reason
    assert told.needs_person


def test_a_redirect_is_judged_like_an_address(site: ThreadingHTTPServer) -> None:
    """A handle's host may lead on to a public host, and to no other."""
    elsewhere = f"http://elsewhere.example:{site.server_port}/did"
    Site.pages = {
        f"{HANDLE}/.well-known/atproto-did": ("to", elsewhere),
        "elsewhere.example/did": DID,
        f"plc.example/{DID}": document(),
    }
    assert directory(site).server_of(HANDLE) == "http://pds.example"
    Site.pages[f"{HANDLE}/.well-known/atproto-did"] = ("to", f"http://private.example:{site.server_port}/did")
    assert failure(directory(site)).needs_person


@pytest.mark.parametrize("account", ["jules@verne.example", "verne", "did:key:z6Mk", "http://verne.example"])
def test_what_is_no_handle_is_not_asked_for(site: ThreadingHTTPServer, account: str) -> None:
    """Nothing is looked up for what is neither handle nor DID."""
    assert "neither a handle nor a DID" in failure(directory(site), account).reason
    assert Site.asked == []


def test_silence_is_worth_another_try(site: ThreadingHTTPServer) -> None:
    """A directory that does not answer, or fails, says nothing of the account."""
    Site.pages = {f"resolver.example/{HANDLE}": {"did": DID}, f"plc.example/{DID}": 503}
    assert not failure(directory(site)).needs_person
    Site.pages[f"plc.example/{DID}"] = document(server="http://nowhere.example")
    assert not failure(directory(site)).needs_person
    site.server_close()
    assert not failure(directory(site)).needs_person


def test_outside_the_tests_only_public_hosts_behind_tls_are_trusted() -> None:
    """What the directory itself asks and finds is https, and judged by the rule for public addresses."""
    real = Directory()
    assert (real.outside.schemes, real.outside.is_public) == (("https",), is_public)
    assert all(p.startswith("https://") for p in (real.at_resolver, real.at_handle, real.plc, real.web))


# --- the adapter ---


@pytest.fixture
def found(site: ThreadingHTTPServer, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> SandboxBench:
    """A bench whose channels name no server: their documents lead to the twin."""
    twin = f"{sandbox.url}/bluesky"
    places = directory(site)
    places.at_resolver = f"{twin}/xrpc/com.atproto.identity.resolveHandle?handle={{handle}}"
    monkeypatch.setattr(Bluesky, "directory", places)
    bench = SandboxBench(sandbox, "bluesky")
    handle = bench.named(HANDLE)
    Site.pages = {f"plc.example/{did_of(handle)}": document(did_of(handle), handle, twin)}
    return bench


def unplaced(bench: SandboxBench, account: str = HANDLE) -> Bluesky:
    return Bluesky(replace(bench.channel(account), base_url=None), Secret("sandbox-app-password"))


def test_a_channel_without_a_server_finds_it(found: SandboxBench) -> None:
    """The first login looks for the server, once; the password went nowhere else."""
    adapter = unplaced(found)
    sender = Sender(found, HANDLE)
    sender.adapter = adapter
    assert isinstance(sender.send(sender.text("Trouvé")), Accepted)
    assert isinstance(sender.send(sender.text("Encore", "other")), Accepted)
    assert [post["text"] for post in found.posts(HANDLE)] == ["Trouvé", "Encore"]
    assert len([place for place in Site.asked if place.startswith("plc.example")]) == 1


def test_a_server_that_is_not_found_is_a_persons_business(found: SandboxBench) -> None:
    """Nothing is sent, and the error says what to write."""
    adapter = unplaced(found, "elsewhere.invalid")
    with pytest.raises(NetworkError, match="base_url") as caught:
        adapter.identity()
    assert caught.value.needs_person
    outcome = adapter.send(Sender(found, HANDLE).text("x"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person


def test_a_server_of_ones_own_is_not_looked_for() -> None:
    """`base_url` is the last word: no directory is asked."""

    class Never(Directory):
        def server_of(self, account: str) -> str:
            raise AssertionError(account)

    adapter = Bluesky(Channel("c", "bluesky", "http://127.0.0.1:9", account=HANDLE), Secret("app-password"))
    adapter.session._server_of = Never().server_of
    with pytest.raises(NetworkError, match="reached"):
        adapter.identity()
