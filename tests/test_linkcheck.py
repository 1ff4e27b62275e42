"""The link check: what counts as broken, and that nothing but public hosts is ever asked."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from presstime.content.newsroom import Newsroom, read_newsroom
from presstime.content.worktree import WorkTree
from presstime.linkcheck import FINE, Answer, Asker, link_problems, links_of
from presstime.outside import is_public
from tests.content.kit import SETTINGS, GitFolder

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POST = "---\nid: {id}\ntitle: T\npublish_at: {at}\nchannels: [brand]\nlink: https://verne.example/a\n---\n{text}\n"


class Site(BaseHTTPRequestHandler):
    """A site whose paths say what they answer: `/404`, `/head-405`, `/to/ADDRESS`."""

    asked: list[tuple[str, str, str]]

    def do_HEAD(self) -> None:
        self._answer(405 if self.path.startswith("/head-") else None)

    def do_GET(self) -> None:
        self._answer(200 if self.path.startswith("/head-") else None)

    def _answer(self, status: int | None) -> None:
        self.asked.append((self.command, self.headers["Host"], self.path))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
        else:
            self.send_response(status or int(self.path[1:]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing: a test is silent."""


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def asker(public: bool = True) -> Asker:
    """One that finds site.example, and nothing else, on this machine."""

    def lookup(host: str, port: int) -> list[str]:
        if host != "site.example":
            raise OSError("no such name")
        return ["127.0.0.1"]

    return Asker(lookup, (lambda address: True) if public else is_public)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("200", FINE),
        ("204", FINE),
        ("head-405", FINE),
        ("404", Answer("broken", "answers 404")),
        ("410", Answer("broken", "answers 410")),
        ("500", Answer("broken", "answers 500")),
        ("403", FINE),
        ("429", FINE),
        ("to//200", FINE),
        ("to//to//404", Answer("broken", "answers 404")),
        ("to/file:///etc/passwd", Answer("broken", "leads to what is no web page")),
        ("to/http://elsewhere.example/", Answer("silent", "leads to elsewhere.example, and that name is not found")),
    ],
)
def test_what_an_answer_means(site: ThreadingHTTPServer, path: str, answer: Answer) -> None:
    """A page that is there, also after a redirect or for GET alone, is fine; so is one that only turns robots away."""
    assert asker().ask(f"http://site.example:{site.server_port}/{path}") == answer
    assert {host for _, host, _ in Site.asked} == {f"site.example:{site.server_port}"}


def test_redirects_in_a_circle_end(site: ThreadingHTTPServer) -> None:
    """A link that is led on for ever is broken."""
    circle = f"http://site.example:{site.server_port}" + "/to/" * 9 + "200"
    assert asker().ask(circle).reason == "leads from one redirect to the next"


def test_a_closed_port_is_silence(site: ThreadingHTTPServer) -> None:
    """Nobody there: that may be the network, so it is not judged alone."""
    port = site.server_port
    site.server_close()
    assert asker().ask(f"http://site.example:{port}/200") == Answer("silent", "cannot be reached")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",  # noqa: S104 - it is asked for, not bound
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
        ),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
        *(
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a00:1::",
        ),
    ],
)
def test_hosts_that_are_not_public_are_not_asked(site: ThreadingHTTPServer, address: str) -> None:
    """Loopback, private, link-local, metadata, reserved, and IPv6 forms of them: a link there is broken, and not followed."""
    assert not is_public(address)
    found = Asker(lambda host, port: ["93.184.215.14", address]).ask(f"http://site.example:{site.server_port}/200")
    assert found == Answer("broken", "leads to a host that is not public")
    assert Site.asked == []


def test_public_addresses_are_public() -> None:
    """The rule does not refuse everything."""
    assert all(map(is_public, ("93.184.215.14", "2606:2800:220:1::1", "64:ff9b::5db8:d70e", "2002:5db8:d70e::")))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "127。0。0。1"])
def test_this_machine_is_not_asked_by_any_name(site: ThreadingHTTPServer, host: str) -> None:
    """However the address is written, what it comes to is judged; a redirect there is not followed either."""
    straight = Asker().ask(f"http://{host}:{site.server_port}/200")
    assert straight.kind != "fine"
    assert Site.asked == []
    to = Asker(asker().lookup, lambda address: address == "127.0.0.1" and len(Site.asked) == 0)
    to._addresses.clear()
    assert to.ask(f"http://site.example:{site.server_port}/to/http://{host}:{site.server_port}/200").kind != "fine"
    assert [path for _, _, path in Site.asked if path == "/200"] == []


def test_a_name_is_looked_up_once(site: ThreadingHTTPServer) -> None:
    """The address that was judged is the one that is asked: a name that changes its mind is not looked up again."""
    answers = iter([["127.0.0.1"]])
    once = Asker(lambda host, port: next(answers), lambda address: True)
    assert once.ask(f"http://site.example:{site.server_port}/to//head-405") == FINE
    assert len(Site.asked) == 4


def test_no_password_is_sent(site: ThreadingHTTPServer) -> None:
    """An address with a user name is told, and not asked."""
    assert asker().ask(f"http://me:secret@site.example:{site.server_port}/200").kind == "broken"
    assert Site.asked == []


# --- of a newsroom ---


def newsroom(folder: GitFolder, policy: str = "check_links = true\n", **texts: str) -> Newsroom:
    folder.write("presstime.toml", f"{SETTINGS}[policy]\n{policy}")
    for name, text in texts.items():
        at = "2026-06-01T09:00" if name != "past" else "2025-06-01T09:00"
        folder.write(f"posts/{name}.md", POST.format(id=name, at=at, text=text))
    return read_newsroom(WorkTree(folder.path))


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    return GitFolder(tmp_path / "newsroom")


def test_which_links_are_looked_at(folder: GitFolder) -> None:
    """Those of the text, named or bare, each once, without what follows #; not the post's own page, not mail, not pictures."""
    text = "[a](https://a.example/x#y) https://a.example/x <https://b.example> [own](https://verne.example/a) [m](mailto:a@b.c)"
    post = next(newsroom(folder, a=f"{text} ![p](https://c.example/p.png) [r](/there)").loaded.each())
    assert links_of(post) == ["https://a.example/x", "https://b.example"]


def test_a_broken_link_is_told_at_its_place(folder: GitFolder) -> None:
    """Of posts that are still to go out, with line and column, at the severity the policy gives it."""
    room = newsroom(folder, a="Text\n\n[x](https://x.example/a) https://y.example", past="[x](https://x.example/a)")
    asked = []

    def ask(link: str) -> Answer:
        asked.append(link)
        return FINE if "y.example" in link else Answer("broken", "answers 404")

    problems, note = link_problems(room, NOW, ask)
    assert (sorted(asked), note) == (["https://x.example/a", "https://y.example"], "")
    assert [(p.path, p.line, p.column, p.severity, p.message) for p in problems] == [
        ("posts/a.md", 10, 5, "error", "https://x.example/a answers 404")
    ]
    mild = newsroom(folder, 'check_links = true\nwarn = ["broken-link"]\n')
    assert [p.severity for p in link_problems(mild, NOW, ask).problems] == ["warning"]


def test_without_a_network_there_is_one_note(folder: GitFolder) -> None:
    """If nobody answers at all, nothing is judged; if somebody does, silence is a broken link."""
    room = newsroom(folder, a="https://x.example https://y.example")
    problems, note = link_problems(room, NOW, lambda link: Answer("silent", "cannot be reached"))
    assert problems == []
    assert "is there a network?" in note
    some = link_problems(room, NOW, lambda link: FINE if "y." in link else Answer("silent", "cannot be reached"))
    assert [p.message for p in some.problems] == ["https://x.example cannot be reached"]


def test_it_is_off_unless_asked_for(folder: GitFolder) -> None:
    """Without the rule nobody is asked; with it, only so many in one run, and the rest is told."""

    def never(link: str) -> Answer:
        raise AssertionError(link)

    assert link_problems(newsroom(folder, "", a="https://x.example"), NOW, never) == ([], "")
    many = newsroom(folder, a=" ".join(f"https://x.example/{n}" for n in range(510)))
    assert link_problems(many, NOW, lambda link: FINE) == ([], "10 links were not checked: too many for one run")
