"""Stage 6: look at what is out, and write down what is not as it was sent.

A network that is away, or does not let us look, has not changed anything: that is told by the run, and is no drift."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from presstime.errors import LedgerError, NetworkError, SettingsError
from presstime.feedback.turns import is_due, is_settled, within_requests
from presstime.ledger.drift import is_news, note_drift
from presstime.ledger.log import Ledger
from presstime.model import Channel, Delivery, DeliveryState, Seen, Status, Traits, Variant
from presstime.networks.base import Adapter, by_hand
from presstime.publish.looking import look_at
from presstime.publish.timing import Timing
from presstime.settings.listening import Listening

MANY = 5  # deliveries of one channel: if so many are looked at and every one is gone, it is more likely the account that is


@dataclass
class Heard:
    """What a round of looking came to: how many deliveries were looked at, how many went out too lately for that, those whose drift is
    new, and what kept from looking."""

    looked: int = 0
    young: int = 0
    drifted: list[DeliveryState] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Listener:
    """Looks at what one newsroom has out."""

    ledger: Ledger
    timing: Timing
    channels: Mapping[str, Channel]
    traits: Callable[[str], Traits | None]
    adapter: Callable[[str], Adapter]  # raises `SettingsError`, `NetworkError`
    rule: Listening

    def round(self) -> Heard:
        """Look at what is due to be looked at in this hour, against the log as last read. Raises `StoreError`."""
        found, now = Heard(), self.timing.now()
        names: dict[str, list[tuple[datetime, Delivery]]] = defaultdict(list)
        for delivery, done in self.ledger.cache.out():
            if is_due(str(delivery), done, now, self.rule):
                names[delivery.channel].append((done, delivery))
        for name in sorted(names):
            traits = self.traits(name)
            if traits is None or not self.listens(name):
                continue
            states = [self.ledger.state(delivery) for _, delivery in sorted(names[name], reverse=True)]
            shown = [s for s in states if s and not self.obstacle(s)]
            due = [s for s in shown if is_settled(s, now, traits.visible_after)]
            found.young += len(shown) - len(due)
            self._look(name, within_requests(due, now, self.rule), found, sure=False)
        return found

    def these(self, states: Iterable[DeliveryState]) -> Heard:
        """Look at these now, whoever's turn it is. What cannot be looked at is told as trouble. Raises `StoreError`."""
        found = Heard()
        for state in states:
            if obstacle := self.obstacle(state):
                found.trouble.append(f"{state.delivery} is not looked at: {obstacle}")
            else:
                self._look(state.delivery.channel, [state], found, sure=True)
        return found

    def listens(self, name: str) -> bool:
        """Whether a channel is looked at by itself: as it says, else where that costs nothing."""
        channel, traits = self.channels.get(name), self.traits(name)
        if channel is None or traits is None or channel.assisted or not traits.can_look:
            return False
        return channel.listen if channel.listen is not None else traits.price is None

    def obstacle(self, state: DeliveryState) -> str:
        """Why a delivery cannot be looked at; "" if it can."""
        traits, channel = self.traits(state.delivery.channel), self.channels.get(state.delivery.channel)
        if state.status is not Status.PUBLISHED or not state.receipts:
            return f"it is {state.status.value}, and not out"
        if channel is None or traits is None:
            return "its channel is not there any more"
        if channel.assisted or state.handed is not None or any(map(by_hand, state.receipts)):
            return "a person posted it, or said where it is; we know no more than its address"
        if not traits.can_look:
            return f"{traits.title} does not show what stands there"
        under_way = state.change is not None and not state.final
        return "an edit or a takedown of it is under way" if under_way else ""

    def _look(self, name: str, states: Sequence[DeliveryState], found: Heard, sure: bool) -> None:
        """Look at deliveries of one channel, one after the other, until the network does not answer."""
        seen: list[tuple[DeliveryState, tuple[Seen, ...]]] = []
        try:
            adapter = self.adapter(name) if states else None
            for state in states:
                assert adapter is not None  # noqa: S101 - there is something to look at
                try:
                    seen.append((state, self._seen(adapter, state)))
                except NetworkError as error:
                    if not error.alone:
                        raise
                    found.trouble.append(f"{state.delivery} cannot be looked at: {error.told}")
        except (NetworkError, SettingsError, LedgerError) as error:
            found.trouble.append(f"channel {name!r} cannot be looked at: {error.told}")
        found.looked += len(seen)
        gone = [state for state, items in seen if len([i for i in items if i.text is None]) == len(state.receipts)]
        if not sure and len(seen) >= MANY and len(gone) == len(seen):
            found.trouble.append(
                f"channel {name!r}: all {len(seen)} posts looked at are gone. Is it the account that is gone or hidden, or another one's "
                f"credentials? Nothing is noted; `presstime listen POST/CHANNEL` notes what you name"
            )
            return
        for state, items in seen:
            if is_news(state, items) and (news := note_drift(self.ledger, state, items, self.timing.now)) and items:
                found.drifted.append(news)

    def _seen(self, adapter: Adapter, state: DeliveryState) -> tuple[Seen, ...]:
        """What is seen of one delivery: twice, where it is another thing than the log has, for a server may be mistaken once."""
        variant = Variant.from_json(self.ledger.payload(state.sent_digest))
        seen = look_at(adapter, variant, state.receipts)
        return look_at(adapter, variant, state.receipts) if is_news(state, seen) else seen
