"""The twin in memory keeps the same promises as the adapters, in every settling class."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presstime.errors import SettingsError
from presstime.model import Accepted, Channel, Metric, Refused, Reply, Settling
from presstime.networks.base import Adapter
from presstime.networks.memory import TRAITS, Fault, Memory, MemoryNetwork
from tests.suites.network import NetworkSuite, Sender


class MemoryBench:
    def __init__(self, settling: Settling) -> None:
        window = timedelta(hours=1) if settling is Settling.KEYED else timedelta(0)
        traits = replace(TRAITS, settling=settling, key_window=window, can_find=settling is not Settling.NONE)
        self.network = MemoryNetwork(traits)

    def adapter(self, account: str, token: str | None = None) -> Adapter:
        return self.network.adapter_class()(Channel("channel", "memory", account=account), None)

    def fault(self, account: str, kind: str, seconds: float = 0, **more: Any) -> None:
        self.network.faults.append(Fault(kind, seconds=seconds, account=account))  # type: ignore[arg-type]

    def answer(self, account: str, post_id: str, author: str, text: str) -> None:
        at = datetime.now(UTC)
        self.network.answers.append(Reply(f"a{len(self.network.answers)}", author, text, at, parent=post_id))

    def count(self, account: str, post_id: str, counts: Mapping[Metric, int]) -> None:
        self.network.likes[post_id] = counts[Metric.LIKES]

    def alter(self, account: str, post_id: str, text: str) -> None:
        self.network.alter(post_id, text)

    def remove(self, account: str, post_id: str) -> None:
        self.network.remove(post_id)

    def posts(self, account: str) -> Sequence[dict[str, Any]]:
        own = [post for post in self.network.posts if post.account == account]
        return [{"id": p.id, "text": p.text, "alts": list(p.alts), "parent": p.parent} for p in own]


@pytest.mark.parametrize("settling", list(Settling))
class TestSuite(NetworkSuite):
    credentials = False

    @pytest.fixture
    def bench(self, settling: Settling) -> MemoryBench:
        return MemoryBench(settling)


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def test_a_key_is_honoured_only_within_its_window() -> None:
    """After the window the same key makes a second post, as on the real ones."""
    clock = Clock()
    bench = MemoryBench(Settling.KEYED)
    bench.network.now = clock
    sender = Sender(bench, "verne")
    order = sender.text("Une heure")
    first = sender.receipt(order)
    clock.at += timedelta(minutes=59)
    assert sender.receipt(order) == first
    clock.at += timedelta(minutes=2)
    assert sender.receipt(order) != first
    assert bench.network.requests == 3


def test_a_key_does_not_give_back_what_was_retracted() -> None:
    """The same order sent again after a retract is a new message under a new id; the old one is kept for judges alone."""
    bench = MemoryBench(Settling.KEYED)
    sender = Sender(bench, "verne")
    order = sender.text("Une heure")
    first = sender.receipt(order)
    sender.retract(order, first)
    assert sender.receipt(order).id != first.id
    assert [post.id for post in bench.network.removed] == [first.id]


def test_what_was_said_before_an_edit_is_kept() -> None:
    """Judges see every text there was, in order; an edit that changes nothing leaves no trace."""
    bench = MemoryBench(Settling.LOOKUP)
    sender = Sender(bench, "verne")
    receipt = sender.receipt(sender.text("un"))
    for text in ("deux", "deux", "trois"):
        sender.edit(sender.text(text), receipt)
    [post] = bench.network.posts
    assert (post.text, post.edits, post.payload["text"]) == ("trois", ("un", "deux"), "trois")


def test_accounts_cannot_change_each_others_messages() -> None:
    """To another account the message is not there."""
    bench = MemoryBench(Settling.LOOKUP)
    sender, other = Sender(bench, "verne"), Sender(bench, "nemo")
    receipt = sender.receipt(sender.text("un"))
    assert isinstance(other.edit(other.text("deux"), receipt), Refused)
    other.retract(other.text("deux"), receipt)
    assert [post.text for post in bench.network.posts] == ["un"]


def test_a_read_back_lags() -> None:
    """What is younger than the traits' lag is not found yet."""
    clock = Clock()
    bench = MemoryBench(Settling.LOOKUP)
    bench.network.now = clock
    bench.network.traits = replace(bench.network.traits, visible_after=timedelta(seconds=60))
    sender = Sender(bench, "verne")
    order = replace(sender.text("Patience"), at=clock.at)
    receipt = sender.receipt(order)
    assert sender.adapter.find(order) is None
    clock.at += timedelta(seconds=60)
    assert sender.adapter.find(order) == receipt


def test_slow_waits_in_the_clock_it_is_given() -> None:
    """A slow answer waits by the server's own `sleep`, so that simulated time can pass in no time."""
    slept: list[float] = []
    bench = MemoryBench(Settling.NATURAL)
    bench.network.sleep = slept.append
    bench.fault("verne", "slow", seconds=3600)
    sender = Sender(bench, "verne")
    assert isinstance(sender.send(sender.text("Lent")), Accepted)
    assert slept == [3600]


def test_it_needs_a_server() -> None:
    """Without a program's server the network says so, as a setting that cannot work."""
    with pytest.raises(SettingsError):
        Memory(Channel("channel", "memory"), None)
