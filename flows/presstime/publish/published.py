"""What the log knows to have been said, for the rule that nothing is said twice within a time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from presstime.ledger.log import Ledger
from presstime.model import Status
from presstime.policy import Said


@dataclass(frozen=True)
class Published:
    """Asked for a channel and words: the deliveries that are out and say just that. The log is read when first asked."""

    ledger: Callable[[], Ledger]

    def __call__(self, channel: str, text: str) -> list[Said]:
        return self._said.get((channel, text), [])

    @cached_property
    def _said(self) -> dict[tuple[str, str], list[Said]]:
        found: dict[tuple[str, str], list[Said]] = {}
        for state in self.ledger().states().values():
            if state.status is Status.PUBLISHED and state.said and state.done:
                said = Said(state.delivery, state.said, state.done)
                found.setdefault((state.delivery.channel, state.said), []).append(said)
        return found
