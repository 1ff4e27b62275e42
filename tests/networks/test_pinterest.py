"""The pinterest adapter against its twin, over HTTP."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Deferred, Receipt, Refused, Secret, Segment, Unknown
from presstime.networks import pinterest
from presstime.networks.pinterest import Pinterest
from presstime.networks.verdict import judge
from presstime.sandbox.pinterest import NO_BOARD
from presstime.sandbox.server import SandboxServer
from tests.networks.kit import SandboxBench
from tests.suites.network import AT, NetworkSuite, Sender


class PinBench(SandboxBench):
    """A pin has one alt text for all its pictures, a line for each."""

    def posts(self, account: str) -> Sequence[dict[str, Any]]:
        return [post | {"alts": _alts(post)} for post in super().posts(account)]


def _alts(post: dict[str, Any]) -> list[str]:
    lines = post["alts"][0].split("\n")
    return [*lines, *[""] * (len(post["alts"]) - len(lines))]


class TestSuite(NetworkSuite):
    threads = False

    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return PinBench(sandbox, "pinterest")


@pytest.fixture
def bench(sandbox: SandboxServer) -> SandboxBench:
    return PinBench(sandbox, "pinterest")


def pinned(bench: SandboxBench, account: str) -> dict[str, Any]:
    """What the twin keeps of an account's one pin."""
    [post] = bench.server.state.of("pinterest", bench.named(account))
    return post.data


# --- the board ---


def test_it_goes_to_the_board_and_the_section(bench: SandboxBench) -> None:
    """Both are the channel's; what is in a section is found there, and not in another one."""
    channel = bench.channel("sections")
    inside, elsewhere = (replace(channel, options={"board": "1001", "section": s}) for s in ("7", "8"))
    sender = Sender(bench, "sections")
    secret = sender.adapter.secret
    sender.adapter = Pinterest(inside, secret)
    order = sender.text("Dans la section")
    receipt = sender.receipt(order)
    data = pinned(bench, "sections")
    assert (data["board_id"], data["board_section_id"]) == ("1001", "7")
    assert sender.adapter.find(order) == receipt
    assert Pinterest(elsewhere, secret).find(order) is None
    assert Pinterest(replace(channel, options={"board": "1002"}), secret).find(order) is None


def test_a_board_that_is_not_there(bench: SandboxBench) -> None:
    """Refused, in the network's words; nothing is pinned."""
    sender = Sender(bench, "nowhere")
    sender.adapter = Pinterest(replace(bench.channel("nowhere"), options={"board": NO_BOARD}), sender.adapter.secret)
    outcome = sender.send(sender.text("Où ?"))
    assert isinstance(outcome, Refused)
    assert "Board not found" in outcome.reason
    assert bench.posts("nowhere") == []


# --- access ---


def test_trial_access_is_a_persons_business(bench: SandboxBench) -> None:
    """An app with Trial access may not pin: the post waits, and the reason says what to ask Pinterest for."""
    sender = Sender(bench, "trial", token="sandbox-trial-verne")
    outcome = sender.send(sender.text("Pour personne"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert "Trial access" in outcome.reason
    assert "an app with Trial access needs Standard access (developers.pinterest.com)" in outcome.reason
    assert not [post for post in bench.server.state.posts if post.account == "trial-verne"]


def test_another_403_is_about_the_pin() -> None:
    """Only the code of Trial access is about the app: any other refusal stands."""
    answer = httpx.Response(403, json={"code": 2, "message": "Not authorized to access board or Pin."})
    assert isinstance(judge(answer, Pinterest.traits, Pinterest.dialect), Refused)


def test_the_vendors_sandbox_is_known_as_one(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is pinned there is seen by the account alone: `identity` says what is lacking. Here nothing is."""
    assert Sender(bench, "sandboxed").adapter.identity().lacking == ()
    channel = replace(bench.channel("sandboxed"), base_url="https://api-sandbox.pinterest.com")
    adapter = Pinterest(channel, Secret("t"))
    monkeypatch.setattr(adapter.http, "ask", lambda method, path: {"username": "verne"})
    identity = adapter.identity()
    assert (identity.account, identity.lacking) == ("verne", ("Standard access",))
    assert identity.url == "https://www.pinterest.com/verne/"


# --- limits ---


def test_a_limit_ends_in_seconds_from_now() -> None:
    """The header counts down; what it cannot be read from is no instant."""
    headers = {"x-ratelimit-limit": "100, 100;w=60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "67"}
    answer = httpx.Response(429, json={"code": 8, "message": "You have exceeded your rate limit."}, headers=headers)
    outcome = judge(answer, Pinterest.traits, Pinterest.dialect)
    assert isinstance(outcome, Deferred)
    assert outcome.until is not None
    assert abs(outcome.until - datetime.now(UTC) - timedelta(seconds=67)) < timedelta(seconds=2)


# --- read-back ---


def test_title_and_link_tell_pins_apart(bench: SandboxBench) -> None:
    """The same words under another title or with another link are another pin."""
    sender = Sender(bench, "apart")
    [one] = sender.orders(Segment(0, "Mots"), link="https://verne.example/a/")
    [other] = sender.orders(Segment(0, "Mots"), link="https://verne.example/b")
    receipt = sender.receipt(one)
    assert sender.adapter.find(one) == receipt
    assert sender.adapter.find(other) is None
    titled = replace(one.segment, payload=one.segment.payload | {"title": "Other"})
    assert sender.adapter.find(replace(one, segment=titled)) is None


def test_an_older_pin_of_the_same_words_is_not_it(bench: SandboxBench) -> None:
    """What was there before the instant was pinned by somebody else, or last year."""
    sender = Sender(bench, "older")
    order = sender.text("Chaque année")
    sender.receipt(order)
    assert sender.adapter.find(replace(order, at=AT + timedelta(minutes=20))) is None
    assert sender.adapter.find(replace(order, at=AT + timedelta(minutes=1))) is not None


def test_a_read_back_that_ends_too_early_says_so(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "Not found" is only said when the whole board was looked at."""
    sender = Sender(bench, "many")
    first = sender.text("Le premier", "first")
    receipt = sender.receipt(first)
    for n in range(251):
        sender.receipt(sender.text(f"Un parmi {n}", f"post-{n}"))
    monkeypatch.setattr(pinterest, "PAGES", 1)
    with pytest.raises(NetworkError, match="as a whole"):
        sender.adapter.find(first)
    monkeypatch.setattr(pinterest, "PAGES", 2)
    assert sender.adapter.find(first) == receipt


# --- edit ---


def test_an_edit_takes_away_what_is_not_said_any_more(bench: SandboxBench) -> None:
    """Link and title can be changed, and a link that the post lost is gone; the board stays."""
    sender = Sender(bench, "edited")
    [order] = sender.orders(Segment(0, "avant"), link="https://verne.example/a")
    receipt = sender.receipt(order)
    assert pinned(bench, "edited")["link"] == "https://verne.example/a"
    assert sender.edit(sender.text("après"), receipt) == Accepted(receipt)
    data = pinned(bench, "edited")
    assert (data["description"], data["link"], data["board_id"]) == ("après", None, "1001")
    assert data["alt_text"].endswith("(sienna)")


def test_a_404_that_is_not_about_the_pin_is_no_takedown(bench: SandboxBench) -> None:
    """A wrong base_url finds nothing either: only Pinterest's own word for a missing pin says that it is gone."""
    sender = Sender(bench, "elsewhere")
    order = sender.text("Toujours là")
    receipt = sender.receipt(order)
    channel = replace(bench.channel("elsewhere"), base_url=f"{bench.server.url}/pinterest/v4")
    assert isinstance(Pinterest(channel, sender.adapter.secret).retract(order, receipt), Refused)


# --- counts ---


def test_counts_under_either_name(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the file names and what others read are one; what we have no name for is left out; a pin may have none yet."""
    adapter = Sender(bench, "counts").adapter
    assert isinstance(adapter, Pinterest)
    for told, counted in (
        ({"impression": 5, "clickthrough": 2, "pin_click": 9}, {"views": 5, "clicks": 2}),
        ({"outbound_click": 3, "save": 4, "comment": 1}, {"clicks": 3, "saves": 4, "replies": 1}),
        (None, {}),
    ):
        pin = {"id": "1", "pin_metrics": told and {"90d": {"impression": 1}, "lifetime_metrics": told}}
        monkeypatch.setattr(adapter.http, "ask", lambda method, path, params, pin=pin: pin)
        assert adapter.metrics(Receipt("1")) == counted


def test_nothing_but_pictures_of_the_two_kinds(bench: SandboxBench) -> None:
    """Bytes that are no picture are refused when they are pinned; a reply lost then is still unknown."""
    sender = Sender(bench, "bytes")
    order = sender.text("Pas une image")
    [item] = order.segment.media
    sender.files[item.digest] = b"GIF89a"
    assert isinstance(sender.send(order), Refused)
    bench.fault("bytes", "drop-before")
    assert isinstance(sender.send(order), Unknown)
