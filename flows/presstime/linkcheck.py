"""Whether the links that posts lead readers to lead anywhere. Off unless the newsroom's policy asks for it.

What a pull request says is asked for by a machine of ours, so only public hosts are: each name is looked up once, and the
request goes to the address that was judged, also after a redirect. Nothing is sent but the request line and our name.
"""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from presstime import __version__
from presstime.content.newsroom import Newsroom
from presstime.model import Post, Problem

if TYPE_CHECKING:
    import httpx

CODE = "broken-link"
MAX_LINKS = 500  # of one run
AT_ONCE = 16
PATIENCE = 10.0  # seconds for each step of a request
BUDGET = 120.0  # seconds for all links
MAX_HOPS = 5
# Answers to a stranger without a browser that say nothing of the page: log in, go away, not so fast.
UNJUDGED = frozenset({401, 403, 405, 406, 407, 408, 418, 425, 429, 451, 503, 999})
NAT64 = ipaddress.ip_network("64:ff9b::/96")
ADVICE = "Correct the address, or take the link away."


class Answer(NamedTuple):
    """What became of asking for a link. `silent`: nobody answered, which may be for want of a network."""

    kind: Literal["fine", "broken", "silent"]
    reason: str = ""


FINE = Answer("fine")


class Links(NamedTuple):
    """The problems that were found, and what to tell about the rest, "" for nothing."""

    problems: list[Problem]
    note: str


def link_problems(newsroom: Newsroom, now: datetime, ask: Callable[[str], Answer] | None = None) -> Links:
    """Look at the links of every post that is still to go out. Without a network nothing is judged: there is one note."""
    policy = newsroom.settings.policy
    if not policy.check_links:
        return Links([], "")
    wanted: dict[str, list[Post]] = {}
    for post in newsroom.loaded.each():
        if post.status != "retracted" and any(t.due > now and policy.covers(t.due) for t in post.targets):
            for link in links_of(post):
                wanted.setdefault(link, []).append(post)
    links = list(wanted)[:MAX_LINKS]
    answers = _ask_all(links, ask or Asker().ask)
    severity = policy.severity(CODE)
    if answers and all(answer.kind == "silent" for answer in answers.values()):
        return Links([], f"links were not checked: {next(iter(answers.values())).reason}; is there a network?")
    problems = [
        Problem(post.path, *_place(newsroom, post, link), severity, CODE, f"{link} {answer.reason}", ADVICE)
        for link, answer in answers.items()
        if answer.kind != "fine"
        for post in wanted[link]
    ]
    left = len(wanted) - len(answers)
    return Links(problems, f"{left} links were not checked: too many for one run" if left else "")


def links_of(post: Post) -> list[str]:
    """The web addresses in what an author wrote, but the post's own page, which may not be there yet."""
    from presstime.render.markdown import to_rich
    from presstime.render.words import Style

    texts = (post.body, *(target.text for target in post.targets if target.text))
    spans = [span for text in texts for span in to_rich(text, Style(frozenset({"link"}))).spans]
    found = (span.value.partition("#")[0] for span in spans if span.value.lower().startswith(("http://", "https://")))
    return [link for link in dict.fromkeys(found) if link != post.link]


def _place(newsroom: Newsroom, post: Post, link: str) -> tuple[int, int]:
    text = newsroom.source.read(post.path).decode("utf-8-sig")
    at = text.find(link)
    return (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) if at >= 0 else (1, 1)


def _ask_all(links: Iterable[str], ask: Callable[[str], Answer]) -> Mapping[str, Answer]:
    """The answers that came within the budget."""
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="links")
    asked = {link: pool.submit(ask, link) for link in links}
    wait(asked.values(), timeout=BUDGET)
    pool.shutdown(wait=False, cancel_futures=True)
    return {link: future.result() for link, future in asked.items() if future.done() and not future.cancelled()}


# --- asking -----------------------------------------------------------------------------------------------------------


class _NotAsked(Exception):
    """There is a reason not to send a request, or no way to."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.reason)
        self.answer = answer


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
class Asker:
    """Asks for links, HEAD first and GET where that is not understood; of an answer only the head is read."""

    lookup: Callable[[str, int], list[str]] = lookup
    is_public: Callable[[str], bool] = is_public
    _addresses: dict[tuple[str, int], str] = field(default_factory=dict)

    @cached_property
    def client(self) -> "httpx.Client":
        import httpx

        headers = {"User-Agent": f"presstime/{__version__} (link check)", "Accept": "*/*"}
        return httpx.Client(timeout=PATIENCE, headers=headers, trust_env=False, follow_redirects=False)

    def ask(self, link: str) -> Answer:
        """What becomes of a link. Raises nothing."""
        import httpx

        try:
            status = self._followed("HEAD", link)
            if status >= 400:
                status = self._followed("GET", link)
        except _NotAsked as refusal:
            return refusal.answer
        except httpx.TimeoutException:
            return Answer("silent", "does not answer in time")
        except httpx.TransportError as error:
            return _unreached(error)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return Answer("broken", "is no address that can be asked for")
        return FINE if status < 400 or status in UNJUDGED else Answer("broken", f"answers {status}")

    def _followed(self, method: str, link: str) -> int:
        """The status at the end of a link's redirects."""
        import httpx

        url = httpx.URL(link)
        for _ in range(MAX_HOPS + 1):
            response = self.client.send(self._request(method, url), stream=True)
            response.close()
            onward = response.headers.get("location")
            if not response.is_redirect or not onward:
                return response.status_code
            url = url.join(onward)
        raise _NotAsked(Answer("broken", "leads from one redirect to the next"))

    def _request(self, method: str, url: "httpx.URL") -> "httpx.Request":
        """The request, addressed to the IP address that the host's name was found to have."""
        if url.scheme not in ("http", "https") or not url.host:
            raise _NotAsked(Answer("broken", "leads to what is no web page"))
        if url.userinfo:
            raise _NotAsked(Answer("broken", "holds a user name or password"))
        pinned = url.copy_with(host=self._address(url.host, url.port or (443 if url.scheme == "https" else 80)))
        host = {"Host": url.netloc.decode("ascii")}
        return self.client.build_request(
            method, pinned, headers=host, extensions={"sni_hostname": url.raw_host.decode()}
        )

    def _address(self, host: str, port: int) -> str:
        if (host, port) not in self._addresses:
            try:
                found = self.lookup(host, port)
            except (OSError, UnicodeError):
                raise _NotAsked(Answer("silent", f"leads to {host}, and that name is not found")) from None
            if not found or not all(map(self.is_public, found)):
                raise _NotAsked(Answer("broken", "leads to a host that is not public"))
            self._addresses[host, port] = min(found, key=lambda address: ":" in address)  # IPv4 reaches further
        return self._addresses[host, port]


def _unreached(error: BaseException) -> Answer:
    """Nobody answered, or somebody who cannot show who it is."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Answer("broken", "has no valid certificate")
        cause = cause.__cause__ or cause.__context__
    return Answer("silent", "cannot be reached")
