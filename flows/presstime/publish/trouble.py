"""What a person should be told of, once: a delivery that nobody but a person can bring further. Told is what the log says was told, so
that of many workers one tells it, and of many tries the first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from presstime.ledger.claims import step
from presstime.ledger.log import Ledger, View
from presstime.model import DeliveryState, Event, Status
from presstime.plan.drift import told
from presstime.publish.timing import Timing

PATIENCE = timedelta(minutes=15)  # what is tried again by itself is told of when it has not come off by then
DRIFTED = "drifted"
RECENT = timedelta(days=2)  # what was missed longer ago is no news

ADVICE = {
    "unknown": "Look at the channel, then `presstime settle`, or the flow `settle`.",
    "refused": "Change the post and commit it; or, if it was the account's fault, `presstime retry`.",
    "held": "See the reason.",
    "deferred": "It is tried again by itself, each time after a longer wait; see the reason.",
    "missed": "Give it a new publish_at, or `late: publish`, and commit; else nothing.",
    "drifted": "`presstime drift` shows the words; accept or undo it there, or with the flows of that name.",
    "not changed": "Change the post once more, or do it by hand on the channel and `presstime settle`.",
}


@dataclass(frozen=True)
class Trouble:
    """A delivery that needs a person, and in one word why."""

    state: DeliveryState
    problem: str

    @property
    def advice(self) -> str:
        return ADVICE[self.problem]

    @property
    def reason(self) -> str:
        drift = self.state.drift
        return told(drift, len(self.state.receipts)) if self.problem == DRIFTED and drift else self.state.reason


@dataclass(frozen=True)
class Troubles:
    """Finds what is new of it in one log."""

    ledger: Ledger
    timing: Timing

    def now(self) -> list[Trouble]:
        """All there is, as the log was last read."""
        found = (Trouble(state, problem_of(state, self.timing.now())) for state in self._candidates())
        return [trouble for trouble in found if trouble.problem]

    def tell(self) -> list[Trouble]:
        """What nobody was told of yet; from now on it counts as told. Raises `StoreError`."""
        news = [trouble for trouble in self.now() if trouble.state.told != trouble.problem]
        if not news:
            return []
        written = self.ledger.append(lambda view: list(self._proposal(news, view)))
        mine = {event.delivery for event in written}
        return [trouble for trouble in news if trouble.state.delivery in mine]

    def _proposal(self, news: Sequence[Trouble], view: View) -> Iterator[Event]:
        for trouble in news:
            state = view(trouble.state.delivery)
            if (
                state is not None
                and state.told != trouble.problem
                and problem_of(state, self.timing.now()) == trouble.problem
            ):
                yield step("told", state.delivery, self.timing.now, problem=trouble.problem)

    def _candidates(self) -> list[DeliveryState]:
        cache, since = self.ledger.cache, self.timing.now() - RECENT
        missed = [s for s in cache.due_after(since) if s.status is Status.MISSED]
        return list({s.delivery: s for s in (*cache.troubled(), *cache.drifted(), *missed)}.values())


def problem_of(state: DeliveryState, now: datetime) -> str:
    """Why a delivery needs a person; "" if it does not, or not yet."""
    overdue = now - (state.due or now)
    if state.review:
        return "unknown"
    if state.change is not None:
        return "not changed" if state.final or (state.reason and now - state.change.at > PATIENCE) else ""
    if state.drift is not None and state.drift.open:
        return DRIFTED
    if state.status in (Status.DEFERRED, Status.UNKNOWN):
        return state.status.value if overdue > PATIENCE or state.needs_person else ""
    if state.status in (Status.REFUSED, Status.HELD):
        return state.status.value if state.needs_look else ""
    return "missed" if state.status is Status.MISSED and overdue < RECENT else ""
