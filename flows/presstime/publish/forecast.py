"""Which deliveries that are scheduled will fail, and why, as far as can be known ahead. Changes nothing; asks each channel's network once
whose credentials it has."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from presstime.clock import format_local
from presstime.errors import PresstimeError, Unsupported
from presstime.model import Action, Delivery, DeliveryState, Identity, JsonObject, Variant, to_iso
from presstime.networks.base import Adapter
from presstime.publish.cost import Cost, money

COMING = ("publish", "wait")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What will become of one delivery: an error keeps it from going out, a warning may."""

    delivery: Delivery
    due: datetime | None
    severity: Literal["error", "warning"]
    code: str
    message: str
    advice: str = ""

    def to_json(self) -> JsonObject:
        return {
            "delivery": str(self.delivery),
            "due": self.due and to_iso(self.due),
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "advice": self.advice,
        }


@dataclass(frozen=True)
class Forecast:
    """`adapter` gives a channel's; `ends` is when access to a channel ends, as far as its credential tells; `said` is what the log or
    the plan knows that a digest says."""

    adapter: Callable[[str], Adapter]
    ends: Mapping[str, datetime]
    assisted: Callable[[str], bool]
    said: Callable[[str], Variant | None]
    waiting: Sequence[DeliveryState]  # what people were handed and did not post
    budget: Mapping[str, Decimal]  # a month, by currency
    zone: str

    def of(self, actions: Iterable[Action], costs: Iterable[Cost], now: datetime) -> list[Outlook]:
        """Of the whole plan, by due time; errors of one delivery before its warnings."""
        actions = list(actions)
        coming = [a for a in actions if a.action in COMING and a.due]
        held = [a for a in actions if a.action == "hold" and not a.paused]  # a pause is a wish, not a failure
        found = [*map(self._of_hold, held)]
        for channel in dict.fromkeys(action.delivery.channel for action in coming):
            found += self._of_channel(channel, [a for a in coming if a.delivery.channel == channel], now)
        found += self._over_budget(costs, {a.delivery: a for a in coming})
        return sorted(found, key=lambda o: (o.due or now, o.delivery, o.severity, o.code))

    def _of_hold(self, action: Action) -> Outlook:
        return Outlook(action.delivery, action.due, "error", "held", action.reason)

    def _of_channel(self, channel: str, actions: Sequence[Action], now: datetime) -> Iterator[Outlook]:
        if self.assisted(channel):
            yield from self._by_hand(channel, actions)
            return
        end, identity, trouble = self.ends.get(channel), None, None
        try:
            adapter = self.adapter(channel)
            identity = _asked(adapter)
            yield from self._too_long(adapter, actions)
        except PresstimeError as error:
            trouble = error
        if trouble is not None:
            # What only a person can mend will not mend itself; a network that is away tonight may be there tomorrow.
            sure = bool(getattr(trouble, "needs_person", True))
            code = "access-refused" if sure else "not-asked"
            yield from (_on(a, "error" if sure else "warning", code, trouble.message, trouble.advice) for a in actions)
            return
        if identity is not None:
            end = min((at for at in (end, identity.expires_at) if at), default=None)
            if identity.lacking:
                message = f"the credentials lack {', '.join(identity.lacking)}"
                yield from (_on(a, "error", "rights-lacking", message, _login(channel)) for a in actions)
        for action in actions if end else ():
            if end and action.due and action.due >= end:
                message = f"access to the account {'ended' if end <= now else 'ends'} on {format_local(end, self.zone)}"
                yield _on(action, "error", "access-ends", message, _login(channel))

    def _too_long(self, adapter: Adapter, actions: Sequence[Action]) -> Iterator[Outlook]:
        """What the server itself says it takes, where that is less than what was rendered for."""
        limit = adapter.limits().get("characters")
        for action in actions if limit else ():
            variant = self.said(action.digest) if action.digest else None
            longest = max((segment.length for segment in variant.segments), default=0) if variant else 0
            if limit is not None and longest > limit:
                message = f"a message of it has {longest} characters, and the server takes {limit}"
                advice = f"Shorten it, or write limits = {{ characters = {limit} }} at the channel."
                yield _on(action, "error", "too-long", message, advice)

    def _by_hand(self, channel: str, actions: Sequence[Action]) -> Iterator[Outlook]:
        late = [state for state in self.waiting if state.delivery.channel == channel and state.reminded]
        if not late:
            return
        since = min((state.handed for state in late if state.handed), default=None)
        when = f" since {format_local(since, self.zone)}" if since else ""
        message = f"a person posts there, and {len(late)} deliveries wait for one{when}: is anybody there?"
        yield from (_on(a, "warning", "nobody-posts", message, "`presstime done` lists what waits.") for a in actions)

    def _over_budget(self, costs: Iterable[Cost], actions: Mapping[Delivery, Action]) -> Iterator[Outlook]:
        """What goes beyond the month's budget with what is due before it."""
        spent: dict[tuple[str, str], Decimal] = {}
        due = [(actions[cost.delivery], cost) for cost in costs if cost.delivery in actions]
        for action, cost in sorted(due, key=lambda pair: (pair[0].due or datetime.now(UTC), pair[0].delivery)):
            month = f"{action.due:%Y-%m}" if action.due else ""
            key = (cost.currency, month)
            spent[key] = spent.get(key, Decimal(0)) + cost.amount
            limit = self.budget.get(cost.currency)
            if limit is not None and spent[key] > limit:
                message = f"what is scheduled for {month} comes to {money(spent[key])} {cost.currency} with it, the budget is {money(limit)}"
                yield _on(action, "warning", "over-budget", message, "Drop something, or raise [budget].")


def _asked(adapter: Adapter) -> Identity | None:
    """Whose credentials these are; None where there are none, or the network does not tell. Raises `NetworkError`."""
    if not adapter.traits.needs_credentials:
        return None
    try:
        return adapter.identity()
    except Unsupported:
        return None


def _on(action: Action, severity: Literal["error", "warning"], code: str, message: str, advice: str) -> Outlook:
    return Outlook(action.delivery, action.due, severity, code, message, advice)


def _login(channel: str) -> str:
    return f"Run `presstime channels login {channel}` before."
