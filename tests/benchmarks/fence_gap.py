"""How long the gap is that no lease can close: from the last look at the claim to the request's first byte in the socket.

    python -m tests.benchmarks.fence_gap [SENDS]

A process frozen in there sends although it has lost its claim. Real HTTP over loopback to a server that answers as Mastodon
does: once over a connection that is open already, once by an adapter that has to open its first (without TLS, which adds
its handshake).
Target: p99 at most 5 ms.
"""

import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from presstime.ledger.claims import ClaimHandle
from presstime.model import Channel, Secret, Settling, Status
from presstime.networks.mastodon import Mastodon
from tests.publish.kit import World


class Server(BaseHTTPRequestHandler):
    """Accepts every status."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"id": "1", "url": "http://127.0.0.1/1", "uri": "http://127.0.0.1/1"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def gaps(url: str, sends: int, keep: bool) -> list[float]:
    """Seconds from the fence to the first byte, of that many publishes."""
    looked, found = [0.0], []
    fence, send = ClaimHandle.fence, socket.socket.send

    def watched_fence(held: ClaimHandle) -> None:
        fence(held)
        looked[0] = time.perf_counter()

    def watched_send(sock: socket.socket, *args: object) -> int:
        if looked[0] and threading.current_thread() is threading.main_thread():
            found.append(time.perf_counter() - looked[0])
            looked[0] = 0.0
        return send(sock, *args)  # type: ignore[arg-type]

    adapter = None
    with patch.object(ClaimHandle, "fence", watched_fence), patch.object(socket.socket, "send", watched_send):
        for _ in range(sends):
            world = World(Settling.KEYED)
            job = world.job()
            world.plan(job)
            if adapter is None or not keep:
                adapter = Mastodon(Channel("brand", "mastodon", base_url=url), Secret("token"))
            state = world.worker().publish(job, adapter)
            assert state.status is Status.PUBLISHED, state
    return sorted(found)


def main() -> None:
    sends = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    gaps(url, 20, keep=True)
    for name, keep in (("open connection", True), ("first connection", False)):
        found = gaps(url, sends, keep)
        p50, p99 = (found[int(len(found) * share)] * 1000 for share in (0.5, 0.99))
        print(f"{name}: {len(found)} sends, p50 {p50:.2f} ms, p99 {p99:.2f} ms, longest {found[-1] * 1000:.2f} ms")


if __name__ == "__main__":
    main()
