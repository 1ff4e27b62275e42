"""The sandbox on a port of this machine: in a thread for tests and rehearsals, in the foreground for people."""

import asyncio
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from presstime.errors import UsageError
from presstime.model import Json
from presstime.sandbox.app import create_app
from presstime.sandbox.archive import Archive
from presstime.sandbox.state import State

HOST = "127.0.0.1"
PATIENCE = 5.0  # seconds for a server to start or to stop


class _Protocol(H11Protocol):
    """HTTP that lets the application cut its own connection, for the faults that drop one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class SandboxServer:
    """A sandbox on `url`, from `with` to its end. `port` 0 takes a free one; `data` keeps the timelines in a file; `faults`
    is JSON as `/_sandbox/faults` takes it. Raises `UsageError` if the port is taken."""

    def __init__(
        self, port: int = 0, data: Path | None = None, faults: Json = None, state: State | None = None
    ) -> None:
        self._archive = Archive(data) if data else None
        self.state = state or State(self._archive)
        if faults:
            self.state.faults.add(faults)
        self._socket = _listen(port)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        config: dict[str, Any] = {"log_level": "warning", "access_log": False, "lifespan": "off", "ws": "none"}
        self._server = uvicorn.Server(
            uvicorn.Config(create_app(self.state), http=_Protocol, timeout_graceful_shutdown=1, **config)
        )
        self._thread = threading.Thread(target=self.run, name="sandbox", daemon=True)

    def run(self) -> None:
        """Serve, in the foreground, until interrupted."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            if self._archive:
                self._archive.close()

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + PATIENCE
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)


def _listen(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
        sock.listen(128)  # now, not when uvicorn comes to it: only listening takes the port
    except OSError as error:
        sock.close()
        raise UsageError(
            f"port {port} of {HOST} cannot be used: {error.strerror}", "Choose another with --port."
        ) from error
    return sock
