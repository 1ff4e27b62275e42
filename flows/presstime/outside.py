"""Requests to hosts that somebody else named: in a post, in a public directory.

Only public hosts are asked: each name is looked up once, and the request goes to the address that was judged, also after a
redirect. Nothing is sent but the request line and our name.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from presstime import __version__

if TYPE_CHECKING:
    import httpx

PATIENCE = 10.0  # seconds for each step of a request
MAX_HOPS = 5
MAX_BYTES = 64 * 1024  # of a text that is read
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotAsked(Exception):
    """There is a reason not to send a request, or no answer to it, as the end of a sentence that begins with the address.
    `silent`: nobody answered, which may be for want of a network."""

    def __init__(self, reason: str, silent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.silent = silent


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet, also where it stands for another one inside of it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def lookup(host: str, port: int) -> list[str]:
    """The IP addresses of a name. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass
class Outside:
    """A client for what lies outside. It has no credentials, and follows redirects only as `next_of` judges them."""

    lookup: Callable[[str, int], list[str]] = lookup
    is_public: Callable[[str], bool] = is_public
    schemes: tuple[str, ...] = ("http", "https")
    _addresses: dict[tuple[str, int], str] = field(default_factory=dict)
    purpose: ClassVar[str] = ""  # what our name is followed by

    @cached_property
    def client(self) -> "httpx.Client":
        import httpx

        headers = {"User-Agent": f"presstime/{__version__}{self.purpose}", "Accept": "*/*"}
        return httpx.Client(timeout=PATIENCE, headers=headers, trust_env=False, follow_redirects=False)

    def read(self, address: str) -> str:
        """The text that an address answers 200 with. Raises `NotAsked`."""
        import httpx

        try:
            return self._read(address)
        except httpx.TransportError:
            raise NotAsked("cannot be reached", silent=True) from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            raise NotAsked("is no address that can be asked for") from None

    def _read(self, address: str) -> str:
        response = self.followed("GET", address)
        try:
            if response.status_code != 200:
                silent = response.status_code == 429 or response.status_code >= 500
                raise NotAsked(f"answers {response.status_code}", silent=silent)
            content = b""
            for piece in response.iter_bytes():
                content += piece
                if len(content) > MAX_BYTES:
                    raise NotAsked("answers with far too much")
            return content.decode()
        finally:
            response.close()

    def followed(self, method: str, link: str) -> "httpx.Response":
        """The response at the end of a link's redirects, its body not read. Raises `NotAsked`, and httpx's own errors."""
        import httpx

        url = httpx.URL(link)
        for _ in range(MAX_HOPS + 1):
            response = self.client.send(self._request(method, url), stream=True)
            onward = response.headers.get("location")
            if not response.is_redirect or not onward:
                return response
            response.close()
            url = url.join(onward)
        raise NotAsked("leads from one redirect to the next")

    def _request(self, method: str, url: "httpx.URL") -> "httpx.Request":
        """The request, addressed to the IP address that the host's name was found to have."""
        if url.scheme not in self.schemes or not url.host:
            raise NotAsked("leads to what is no web page")
        if url.userinfo:
            raise NotAsked("holds a user name or password")
        pinned = url.copy_with(host=self.address(url.host, url.port or (443 if url.scheme == "https" else 80)))
        host = {"Host": url.netloc.decode("ascii")}
        return self.client.build_request(
            method, pinned, headers=host, extensions={"sni_hostname": url.raw_host.decode()}
        )

    def address(self, host: str, port: int) -> str:
        """The IP address of a public host. Raises `NotAsked`."""
        if (host, port) not in self._addresses:
            try:
                found = self.lookup(host, port)
            except (OSError, UnicodeError):
                raise NotAsked(f"leads to {host}, and that name is not found", silent=True) from None
            if not found or not all(map(self.is_public, found)):
                raise NotAsked("leads to a host that is not public")
            self._addresses[host, port] = min(found, key=lambda address: ":" in address)  # IPv4 reaches further
        return self._addresses[host, port]
