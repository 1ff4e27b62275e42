"""What the log knows to have been said, for the rule that nothing is said twice within a time."""

from collections.abc import Callable
from dataclasses import dataclass, field

from presstime.ledger.log import Ledger
from presstime.policy import Said


@dataclass(frozen=True)
class Published:
    """Asked for a channel and words: the deliveries that are out and say just that. The log is read when first asked, and the
    answer kept: the words of a pass are judged once."""

    ledger: Callable[[], Ledger]
    _known: dict[tuple[str, str], list[Said]] = field(default_factory=dict)

    def __call__(self, channel: str, text: str) -> list[Said]:
        key = (channel, text)
        if key not in self._known:
            found = self.ledger().cache.saying(channel, text)
            self._known[key] = [Said(state.delivery, state.said, state.done) for state in found if state.done]
        return self._known[key]
