"""Where a browser comes back to after a login: a server on this machine's loopback, for one answer (RFC 8252, 7.3)."""

import http.server
import time
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from presstime.errors import NetworkError, SettingsError

HOST = "127.0.0.1"
PATIENCE = 300.0  # seconds for a person to log in
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Presstime</title>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto; padding: 0 1rem">
<h1>{heading}</h1><p>{text}</p></body></html>"""
DONE = ("Back to the terminal", "Presstime has its answer. You may close this window.")
STRAY = ("Not here", "This address waits for the answer of a login, and this is none.")


class Loopback:
    """Listens from `with` to its end. `redirect` is the address registered with the network; None takes a free port.

    Raises `SettingsError` where the port cannot be had."""

    def __init__(self, redirect: str | None = None) -> None:
        parts = urlsplit(redirect or f"http://{HOST}:0/")
        self._path, self._returned = parts.path or "/", ""
        try:
            self._server = http.server.HTTPServer((HOST, parts.port if parts.port is not None else 80), self._handler())
        except (OSError, OverflowError) as error:
            raise SettingsError(
                f"cannot listen on {redirect}: {error}",
                "Another program has the port: end it, or register another redirect.",
            ) from None
        self.redirect = redirect or f"http://{HOST}:{self._server.server_port}{self._path}"

    def wait(self, state: str, seconds: float = PATIENCE) -> str:
        """The address that the browser came back to with this `state`. Others are turned away and change nothing. Raises
        `NetworkError` when the time is over."""
        self._state, deadline = state, time.monotonic() + seconds
        while not self._returned and (left := deadline - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        if not self._returned:
            raise NetworkError("nobody came back from the login", "Run the command again.", needs_person=True)
        return self._returned

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        loopback = self

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 10  # a browser's idle second connection must not keep the answer waiting

            def do_GET(self) -> None:
                mine = loopback._is_answer(self.path)
                if mine:
                    loopback._returned = self.path
                self._say(200 if mine else 404, DONE if mine else STRAY)

            def _say(self, status: int, words: tuple[str, str]) -> None:
                body = PAGE.format(heading=words[0], text=words[1]).encode()
                self.send_response(status)
                for name, value in (
                    ("Content-Type", "text/html; charset=utf-8"),
                    ("Content-Length", str(len(body))),
                    ("Cache-Control", "no-store"),
                    ("Referrer-Policy", "no-referrer"),
                    ("Connection", "close"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name for it
                """Nothing: the path holds the code."""

        return Handler

    def _is_answer(self, path: str) -> bool:
        parts = urlsplit(path)
        told = parse_qs(parts.query)
        return parts.path == self._path and told.get("state") == [self._state] and ("code" in told or "error" in told)
