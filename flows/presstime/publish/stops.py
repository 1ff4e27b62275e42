"""What a commit pauses, brought into the log: there every worker sees it, whichever commit its clone is at."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from presstime.content.newsroom import Newsroom
from presstime.ledger.claims import step
from presstime.ledger.log import Ledger, View
from presstime.model import Delivery, Event, Provenance, to_iso
from presstime.pauses import BY_COMMIT, Pause, after_paused, after_resumed
from presstime.settings import FILE
from presstime.settings.pauses import Stop


@dataclass(frozen=True)
class Stops:
    """The pauses of one commit against those of the log."""

    newsroom: Newsroom
    ledger: Ledger
    provenance: Callable[[Collection[str]], Mapping[str, Provenance]]
    ahead: Callable[[str], bool | None]  # see `Repository.lies_ahead`

    def known(self, now: datetime) -> list[Pause]:
        """What is or was paused, by the log as last read and by this commit. Changes nothing."""
        news = list(self._news(self.ledger.cache.pauses_of, now))
        if not news:
            return self.ledger.cache.pauses()
        head = self.ledger.cache.head().n
        changed = {event.delivery for event in news}
        found = [pause for where in self.ledger.cache.paused_scopes() - changed for pause in self._of(where)]
        for event in news:
            before, data = self._of(event.delivery), dict(event.data)
            paused = event.kind == "paused"
            found += (
                after_paused(before, event.delivery, data, now, head) if paused else after_resumed(before, data, now)
            )
        return found

    def _of(self, where: Delivery) -> tuple[Pause, ...]:
        return self.ledger.cache.pauses_of(where)

    def write(self, now: datetime) -> None:
        """Tell the log what this commit pauses, and what it pauses no more."""
        if any(self._news(self.ledger.cache.pauses_of, now)):
            self.ledger.append(lambda view: self._proposal(view, now))

    def _proposal(self, view: View, now: datetime) -> Sequence[Event]:
        return list(self._news(view.pauses_of, now))

    def _news(self, of: Callable[[Delivery], tuple[Pause, ...]], now: datetime) -> Iterator[Event]:
        wanted = {replace(s.scope.where, occurrence=BY_COMMIT): s for s in self.newsroom.settings.pauses}
        for where, stop in wanted.items():
            known = next(iter(of(where)[-1:]), None)
            if _is_news(stop, known, now) and (known is None or self.ahead(known.commit) is False):
                yield self._paused(where, stop)
        for where in self.ledger.cache.paused_scopes() - wanted.keys():
            known = next(iter(of(where)[-1:]), None)
            if known and known.commit and known.holds(now) and self.ahead(known.commit) is False:
                reason = f"{FILE} does not pause it any more"
                commit = self.newsroom.commit or ""
                yield step("resumed", where, by=self._who(), reason=reason, commit=commit)

    def _paused(self, where: Delivery, stop: Stop) -> Event:
        return step(
            "paused",
            where,
            by=self._who(),
            reason=stop.reason,
            until=stop.until and to_iso(stop.until),
            rule=stop.rule,
            gap=stop.gap.total_seconds(),
            commit=self.newsroom.commit or "",
        )

    def _who(self) -> str:
        by = self.provenance({FILE})[FILE]
        return f"{by.approver or by.author} ({FILE})"


def _is_news(stop: Stop, known: Pause | None, now: datetime) -> bool:
    """Whether the log does not say just this yet, and it matters now."""
    open_now = known is not None and known.holds(now)
    if known is not None and known.ended is None:
        same = (known.reason, known.until, known.rule, known.gap) == (stop.reason, stop.until, stop.rule, stop.gap)
        if same:
            return False
    return open_now or stop.until is None or stop.until > now
