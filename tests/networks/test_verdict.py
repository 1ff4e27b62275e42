"""What happened on the wire means the same for every network: one table, checked status by status and break by break."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.errors import NetworkError
from presstime.model import Accepted, Channel, Deferred, Outcome, Receipt, Refused, Secret, Unknown
from presstime.networks import http, load
from presstime.networks.http import HttpAdapter
from presstime.networks.verdict import after_seconds, epoch_seconds, iso_instant, judge, retry_after, seconds_left
from tests.suites.network import Sender

NETWORKS = ("bluesky", "mastodon", "x", "telegram")
WORDS = {
    "bluesky": {"error": "SomeName", "message": "their words"},
    "mastodon": {"error": "their words"},
    "x": {"title": "T", "detail": "their words", "type": "about:blank", "status": 400},
    "telegram": {"ok": False, "error_code": 400, "description": "their words"},
}
GIVEN = "a-token-of-no-account"
SOON = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)


def adapter_of(network: str, base_url: str = "http://127.0.0.1:9", token: str = GIVEN) -> HttpAdapter:
    adapter = load(network)(Channel("c", network, base_url, account="@verne"), Secret(token))
    assert isinstance(adapter, HttpAdapter)
    return adapter


def verdict(network: str, status: int, body: Any = None, headers: dict[str, str] | None = None) -> Outcome:
    adapter = adapter_of(network)
    return judge(httpx.Response(status, json=body or WORDS[network], headers=headers), adapter.traits, adapter.dialect)


@pytest.mark.parametrize("network", NETWORKS)
def test_what_each_status_means(network: str) -> None:
    """Only a 4xx that is the network's own no is a refusal; only 429 and credentials are certainly not accepted; all else is
    unknown."""
    kinds = {status: type(verdict(network, status)) for status in range(300, 600)}
    refused = {status for status, kind in kinds.items() if kind is Refused}
    deferred = {status for status, kind in kinds.items() if kind is Deferred}
    assert {400, 404, 410, 413, 422} <= refused
    assert {401, 402, 429} <= deferred <= {401, 402, 403, 429}
    assert all(kinds[status] is Unknown for status in (*range(300, 400), 408, *range(500, 600)))


@pytest.mark.parametrize("network", NETWORKS)
def test_a_refusal_is_in_the_networks_own_words(network: str) -> None:
    """The reason quotes the network, and the code is its error name or the status."""
    outcome = verdict(network, 400)
    assert isinstance(outcome, Refused)
    assert "their words" in outcome.reason
    assert outcome.code in ("SomeName", "400")


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("status", [401, 402])
def test_credentials_and_credit_need_a_person(network: str, status: int) -> None:
    """Trying again cannot help: the reason says what to renew."""
    outcome = verdict(network, status)
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert len(outcome.reason) > len("their words") + 40


def test_x_tells_its_403s_apart() -> None:
    """A duplicate is a hint that an earlier try got through; an app without access needs a person; the rest is a no."""
    duplicate = WORDS["x"] | {"detail": "You are not allowed to create a Tweet with duplicate content."}
    closed = WORDS["x"] | {"type": "https://api.twitter.com/2/problems/client-forbidden"}
    reply = WORDS["x"] | {"detail": "You can only reply to or quote posts where you are mentioned or are the author."}
    assert isinstance(verdict("x", 403, duplicate), Unknown)
    assert isinstance(verdict("x", 403, reply), Refused)
    assert isinstance(verdict("x", 403, closed), Deferred)


DIALECTS = [
    ("x", {"x-rate-limit-reset": str(int(SOON.timestamp()))}),
    ("mastodon", {"X-RateLimit-Reset": "2026-05-04T12:00:30.000000Z"}),
    ("mastodon", {"X-RateLimit-Reset": "2026-05-04T14:00:30+02:00"}),
    ("bluesky", {"ratelimit-reset": str(int(SOON.timestamp()))}),
    ("bluesky", {"Retry-After": "Mon, 04 May 2026 12:00:30 GMT"}),
]


@pytest.mark.parametrize(("network", "headers"), DIALECTS)
def test_each_network_names_the_end_of_a_limit_its_own_way(network: str, headers: dict[str, str]) -> None:
    """Epoch seconds, ISO 8601 or an HTTP date: the same instant."""
    outcome = verdict(network, 429, headers=headers)
    assert isinstance(outcome, Deferred)
    assert outcome.until == SOON


@pytest.mark.parametrize(
    ("network", "body", "headers"),
    [
        ("telegram", {"ok": False, "error_code": 429, "description": "d", "parameters": {"retry_after": 35}}, {}),
        ("telegram", None, {"Retry-After": "35"}),
        ("x", None, {"Retry-After": "35"}),
        ("mastodon", None, {"Retry-After": "35", "X-RateLimit-Reset": "soon"}),
    ],
)
def test_seconds_count_from_now(network: str, body: Any, headers: dict[str, str]) -> None:
    """Telegram says it in the body, others in Retry-After."""
    outcome = verdict(network, 429, body, headers)
    assert isinstance(outcome, Deferred)
    assert outcome.until is not None
    assert timedelta(seconds=30) < outcome.until - datetime.now(UTC) <= timedelta(seconds=35)


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))
def test_no_header_breaks_the_reading_of_limits(text: str) -> None:
    """Whatever stands in a limit's header, the answer is an instant or nothing, never an error."""
    headers = [(name, text.encode("latin-1")) for name in ("retry-after", "reset")]
    response = httpx.Response(429, headers=[(name.encode(), value) for name, value in headers])
    for until in (epoch_seconds("reset"), iso_instant("reset"), seconds_left("reset"), retry_after):
        found = until(response)
        assert found is None or found.tzinfo is not None


def test_numbers_beyond_time_are_nothing() -> None:
    """A wait of ages is not an overflow."""
    assert after_seconds("1e300") is None
    assert after_seconds("nan") is None
    assert after_seconds(None) is None


# --- the wire itself -----------------------------------------------------------------------------------------------------


@contextmanager
def answering(reply: bytes | None, read: bool = True) -> Iterator[str]:
    """A server that reads a request and answers these bytes, or hangs up without any."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if read:
                    connection.recv(65536)
                if reply:
                    connection.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def send(base_url: str, network: str = "x", token: str = GIVEN) -> Outcome:
    """One send without preparing, as after a prepare that went well."""
    sender = Sender(_Direct(base_url, network, token), "verne")
    return sender.adapter.send(sender.text("Bonjour"))


def retract(base_url: str, network: str) -> Outcome:
    sender = Sender(_Direct(base_url, network, GIVEN), "verne")
    return sender.adapter.retract(sender.text("Bonjour"), Receipt("1"))


class _Direct:
    def __init__(self, base_url: str, network: str, token: str) -> None:
        self.make: Callable[[], HttpAdapter] = lambda: adapter_of(network, base_url, token)

    def adapter(self, account: str, token: str | None = None) -> HttpAdapter:
        return self.make()

    def fault(self, account: str, kind: str, **more: Any) -> None:
        raise NotImplementedError

    def posts(self, account: str) -> list[dict[str, Any]]:
        raise NotImplementedError


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def page(status: str, body: str, kind: str = "text/html", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}".encode()


def test_nobody_listens() -> None:
    """A refused connection: certainly not accepted, worth another try."""
    outcome = send(f"http://127.0.0.1:{free_port()}")
    assert isinstance(outcome, Deferred)
    assert not outcome.needs_person


def test_no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve: certainly not accepted."""

    def unresolvable(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unresolvable)
    assert isinstance(send("http://networks.invalid"), Deferred)


def test_a_failed_handshake() -> None:
    """TLS that cannot be agreed on: certainly not accepted."""
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        assert isinstance(send(url.replace("http:", "https:")), Deferred)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"HTTP/1.1 201 Cre",
        b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{",
        b"nonsense\r\n\r\n",
        page("201 Created", "<h1>Hello</h1>"),
        page("201 Created", "[]", "application/json"),
        page("201 Created", '{"data": {}}', "application/json"),
        page("200 OK", "", "application/json"),
        page("302 Found", "", more="Location: https://elsewhere.example/\r\n"),
        page("502 Bad Gateway", "<h1>nginx</h1>"),
        page("408 Request Timeout", ""),
    ],
)
def test_what_proves_nothing_is_unknown(reply: bytes | None) -> None:
    """A reply that broke off, makes no sense or comes from somebody in between leaves the fate of the post open."""
    with answering(reply) as url:
        assert isinstance(send(url), Unknown)


@pytest.mark.parametrize(
    ("network", "reply", "kind"),
    [
        ("mastodon", page("200 OK", '{"id": "1", "text": "x"}', "application/json"), Accepted),
        ("mastodon", page("200 OK", "{}", "application/json"), Accepted),
        ("mastodon", b"HTTP/1.1 204 No Content\r\n\r\n", Accepted),
        ("mastodon", page("404 Not Found", '{"error": "Record not found"}', "application/json"), Accepted),
        ("mastodon", page("410 Gone", '{"error": "Gone"}', "application/json"), Accepted),
        ("mastodon", page("404 Not Found", "<h1>nginx</h1>"), Refused),
        ("mastodon", page("200 OK", "<h1>Welcome to the hotel's network</h1>"), Unknown),
        ("x", page("200 OK", '{"data": {"deleted": true}}', "application/json"), Accepted),
        ("x", page("200 OK", '{"data": {"deleted": false}}', "application/json"), Unknown),
        ("x", page("200 OK", '{"errors": [{"title": "T"}]}', "application/json"), Unknown),
        ("x", b"HTTP/1.1 204 No Content\r\n\r\n", Unknown),
        ("telegram", page("200 OK", '{"ok": true, "result": true}', "application/json"), Accepted),
        ("telegram", page("200 OK", '{"ok": true}', "application/json"), Unknown),
        ("telegram", page("404 Not Found", '{"ok": false, "error_code": 404, "description": "Not Found"}'), Refused),
    ],
)
def test_what_an_answer_to_a_takedown_means(network: str, reply: bytes, kind: type[Outcome]) -> None:
    """A message is down if the network says so, or says in its own words that it is not there. Nobody else's word counts."""
    with answering(reply) as url:
        assert isinstance(retract(url, network), kind)


def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that does not come in time is lost, which is not the same as a no."""
    monkeypatch.setattr(http, "READ", 0.05)
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        assert isinstance(send(f"http://127.0.0.1:{listener.getsockname()[1]}"), Unknown)


def test_a_connection_that_was_idle_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server may be closing it just then, and a send would be in doubt that nobody ever received."""
    monkeypatch.setattr(http, "IDLE", 0.1)
    with keeping('{"data": {"id": "1"}}') as (url, connections):
        sender = Sender(_Direct(url, "x", GIVEN), "verne")
        sender.adapter.send(sender.text("Bonjour"))
        sender.adapter.send(sender.text("again"))
        assert len(connections) == 1
        time.sleep(0.15)
        assert isinstance(sender.adapter.send(sender.text("later")), Accepted)
        assert len(connections) == 2
        sender.adapter.close()


def test_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many channels a process serves, whom to trust is read from disk once for them all."""
    read: list[object] = []
    of_httpx = httpx.create_ssl_context
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **how: read.append(how) or of_httpx(**how))
    http._read_trusted.cache_clear()
    for network in NETWORKS:
        adapter = adapter_of(network)
        adapter.http.open()
        adapter.close()
    assert len(read) == 1


@contextmanager
def keeping(reply: str) -> Iterator[tuple[str, set[int]]]:
    """A server that answers 201 with this JSON and keeps its connections, whose ports are told."""
    ports: set[int] = set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            ports.add(self.client_address[1])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply.encode())

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", ports
        server.shutdown()


def test_a_redirect_is_not_followed() -> None:
    """A post is not carried elsewhere, nor its credential."""
    with answering(page("201 Created", '{"data": {"id": "1"}}', "application/json")) as elsewhere:
        with answering(page("307 Temporary Redirect", "", more=f"Location: {elsewhere}/2/tweets\r\n")) as url:
            assert isinstance(send(url), Unknown)
        assert isinstance(send(elsewhere), Accepted)


def test_a_question_is_never_unknown() -> None:
    """What readers cannot see may be asked again: a break is an error to retry, a refusal one for a person."""
    with answering(None) as url, pytest.raises(NetworkError) as caught:
        adapter_of("x", url).identity()
    assert not caught.value.needs_person
    with answering(page("404 Not Found", "{}")) as url, pytest.raises(NetworkError) as caught:
        adapter_of("x", url).identity()
    assert caught.value.needs_person


def test_a_login_that_breaks_defers_the_send() -> None:
    """When the session is gone at the due instant, a failed login is certainly no post."""
    with answering(page("502 Bad Gateway", "")) as url:
        assert isinstance(send(url, "bluesky"), Deferred)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("token", ["", "  \n", "tok\nen: x", "clé", "\x00"])
def test_a_credential_that_cannot_be_sent(network: str, token: str) -> None:
    """An empty or impossible token is a person's business, and its value is not repeated."""
    outcome = send("http://127.0.0.1:9", network, token)
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert not token.strip() or token.strip() not in outcome.reason


@pytest.mark.parametrize("base_url", ["", "mastodon.example", "ftp://mastodon.example", "http://[bad", "http://"])
def test_an_impossible_address(base_url: str) -> None:
    """A base_url that is none needs a person."""
    outcome = send(base_url, "mastodon")
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person


def test_words_that_echo_the_secret_are_scrubbed(caplog: pytest.LogCaptureFixture) -> None:
    """Even when the server repeats the token, plain or encoded, nobody reads it here."""
    caplog.set_level(logging.DEBUG)
    body = '{"error": "token 123:s3cr%2Ft and 123:s3cr/t and 123%3As3cr%2Ft and MTIzOnMzY3IvdA== are bad"}'
    with answering(page("422 Unprocessable", body, "application/json")) as url:
        outcome = send(url, "mastodon", "123:s3cr/t")
    assert isinstance(outcome, Refused)
    assert "s3cr" not in repr(outcome) + caplog.text
    assert "MTIzOnMzY3IvdA" not in repr(outcome)
    assert "**redacted**" in outcome.reason


def test_other_peoples_requests_are_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Silence is for our own requests: httpx goes on telling others (Prefect) about theirs."""
    caplog.set_level(logging.INFO)
    with answering(page("200 OK", "{}")) as url:
        send(url, "telegram", "canary")
        assert "canary" not in caplog.text
        httpx.get(f"{url}/theirs")
    assert "/theirs" in caplog.text
