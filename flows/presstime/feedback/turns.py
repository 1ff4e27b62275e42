"""Whose turn it is to be looked at: what went out lately each hour, what is older once in a month, and never more of a channel in an
hour than its requests allow.

Nothing remembers when a delivery was looked at: its name tells the hour. So it does not matter which worker looks, and caches may be
deleted; an hour in which nobody looks is not made up for."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from presstime.model import DeliveryState
from presstime.settings.listening import Listening

HOUR = timedelta(hours=1)
ROUND = 30 * 24  # hours until an older delivery is looked at again
SETTLED = timedelta(minutes=10)  # what was put there a shorter time ago may not show everywhere yet


def is_due(name: str, done: datetime, now: datetime, rule: Listening) -> bool:
    """Whether a delivery that went out at `done` is to be looked at in this hour."""
    return now - done <= rule.hourly or _turn_of(name) == _hour(now) % ROUND


def is_settled(state: DeliveryState, now: datetime, lag: timedelta) -> bool:
    """Whether what was put there last must show by now, where a network shows things so much later."""
    return state.done is not None and max(state.done, state.edited or state.done) <= now - max(SETTLED, 2 * lag)


def within_requests(due: Sequence[DeliveryState], now: datetime, rule: Listening) -> list[DeliveryState]:
    """Of what is due on one channel, the newest first, as much as the requests of an hour allow, one for each message: half of them are for
    the newest, and lots are drawn for the others, anew each hour."""
    if sum(len(state.receipts) for state in due) <= rule.per_hour:
        return list(due)
    newest = list(_as_many(due, rule.per_hour // 2))
    chosen = {state.delivery for state in newest}
    rest = sorted((s for s in due if s.delivery not in chosen), key=lambda s: _lot(f"{_hour(now)} {s.delivery}"))
    left = rule.per_hour - sum(len(state.receipts) for state in newest)
    return [*newest, *_as_many(rest, left)]


def _as_many(states: Iterable[DeliveryState], requests: int) -> Iterator[DeliveryState]:
    """One after the other, as long as there are requests left for it."""
    for state in states:
        if len(state.receipts) <= requests:
            requests -= len(state.receipts)
            yield state


def _hour(now: datetime) -> int:
    return int(now.timestamp() // HOUR.total_seconds())


def _turn_of(name: str) -> int:
    """The hour of the round that is a delivery's: the same on every machine, and spread evenly."""
    return _lot(name) % ROUND


def _lot(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
