"""Whose turn it is: the young each hour, the old once in a round, and never more than a channel's requests of an hour."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from presstime.feedback.turns import HOUR, ROUND, SETTLED, is_due, is_settled, within_requests
from presstime.model import Delivery, DeliveryState, Receipt, Status
from presstime.settings.listening import Listening

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ARCHIVE = {f"p{n}/brand": NOW - timedelta(days=9, hours=n) for n in range(2_000)}


def out(n: int, age: timedelta, messages: int = 1) -> DeliveryState:
    receipts = tuple(Receipt(str(m)) for m in range(messages))
    return DeliveryState(Delivery(f"p{n}", "brand"), Status.PUBLISHED, done=NOW - age, receipts=receipts)


def test_an_archive_is_spread_over_a_round() -> None:
    """Of 2,000 old posts each is due in exactly one hour of a month, and no hour has many."""
    times = Counter[str]()
    per_hour = Counter[int]()
    for hour in range(ROUND):
        due = [name for name, done in ARCHIVE.items() if is_due(name, done, NOW + hour * HOUR, Listening())]
        times.update(due)
        per_hour[hour] = len(due)
    assert times.keys() == ARCHIVE.keys()
    assert set(times.values()) == {1}
    assert max(per_hour.values()) <= 12


def test_what_is_young_is_due_each_hour() -> None:
    """Up to the age that [listen] says."""
    rule = Listening(timedelta(days=2))
    assert all(is_due("a/b", NOW - timedelta(days=1), NOW + n * HOUR, rule) for n in range(24))
    assert sum(is_due("a/b", NOW - timedelta(days=9), NOW + n * HOUR, rule) for n in range(ROUND)) == 1


def test_more_than_an_hour_allows() -> None:
    """Requests are counted by messages; the newest are always among them, and all others come in turn."""
    due = [out(n, n * HOUR, messages=1 + n % 3) for n in range(100)]
    seen = Counter[Delivery]()
    for hour in range(24 * 20):
        chosen = within_requests(due, NOW + hour * HOUR, Listening(per_hour=20))
        assert sum(len(s.receipts) for s in chosen) <= 20
        assert len({s.delivery for s in chosen}) == len(chosen)
        assert chosen[0] == due[0]
        seen.update(s.delivery for s in chosen)
    assert len(seen) == len(due)
    assert within_requests(due, NOW, Listening(per_hour=0)) == []
    assert within_requests(due[:5], NOW, Listening(per_hour=20)) == due[:5]


def test_what_was_put_there_just_now_may_not_show() -> None:
    """Neither what went out nor what was edited within minutes, nor within twice the network's own lag."""
    old = out(1, timedelta(days=1))
    assert is_settled(old, NOW, timedelta(0))
    assert not is_settled(out(1, SETTLED / 2), NOW, timedelta(0))
    assert not is_settled(out(1, timedelta(hours=1)), NOW, timedelta(hours=1))
    edited = DeliveryState(old.delivery, old.status, done=old.done, edited=NOW - SETTLED / 2)
    assert not is_settled(edited, NOW, timedelta(0))
