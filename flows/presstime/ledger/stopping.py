"""A person stops and resumes: pauses of a scope, in the log like any other step."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from presstime.errors import UsageError
from presstime.ledger.claims import held_by_another, step
from presstime.ledger.log import Ledger, View
from presstime.model import DeliveryState, Event, Json, Status, to_iso
from presstime.pauses import Pause, Rule, Scope


def pause(
    ledger: Ledger,
    scope: Scope,
    clock: Callable[[], datetime],
    by: str,
    reason: str,
    until: datetime | None,
    rule: Rule,
    gap: timedelta,
) -> Pause:
    """Stop a scope until an instant, or until somebody resumes it (None). What is stopped already is stopped for the longer of the
    two. Returns the pause as it is now; what was announced before it in the log may still go out, see `under_way`.

    Raises `UsageError` for an instant that is past, `StoreError` where the log cannot be written."""
    if until is not None and until <= ledger.store.now():
        raise UsageError(f"{to_iso(until)} is past: nothing would be paused", "Give a later time.")
    told: dict[str, Json] = {"by": by, "reason": reason, "rule": rule, "gap": gap.total_seconds()}
    ledger.append(lambda view: [step("paused", scope.where, clock, until=until and to_iso(until), **told)])
    return ledger.cache.pauses_of(scope.where)[-1]


def resume(
    ledger: Ledger,
    scope: Scope,
    clock: Callable[[], datetime],
    by: str,
    reason: str,
    rule: Rule | None,
    gap: timedelta | None,
) -> Pause:
    """End the pause of a scope that a person made; `rule` and `gap` replace what it said of that. Returns it as it was ended.

    Raises `UsageError` where nothing of it is paused, or where somebody changed that since the log was last read: whoever resumes must
    have seen what they end. `StoreError` where the log cannot be written."""
    seen = _open(ledger.cache.pauses_of(scope.where), ledger)
    if seen is None:
        raise UsageError(f"{scope} is not paused", _whats_paused(ledger))

    def propose(view: View) -> Sequence[Event]:
        now = _open(view.pauses_of(scope.where), ledger)
        if now is None or now.entry != seen.entry:
            told = f"was paused anew: {now.told}" if now else "was resumed by somebody else"
            raise UsageError(f"{scope} {told}", "Look again, then decide.")
        data: dict[str, Json] = {"rule": rule, "gap": None if gap is None else gap.total_seconds()}
        more = {name: value for name, value in data.items() if value is not None}
        return [step("resumed", scope.where, clock, by=by, reason=reason, **more)]

    ledger.append(propose)
    return ledger.cache.pauses_of(scope.where)[-1]


def _open(pauses: Sequence[Pause], ledger: Ledger) -> Pause | None:
    return pauses[-1] if pauses and pauses[-1].holds(ledger.store.now()) else None


def _whats_paused(ledger: Ledger) -> str:
    now = ledger.store.now()
    found = [pause.told for pause in ledger.cache.pauses() if pause.holds(now)]
    return f"Paused: {'; '.join(found)}." if found else "Nothing is paused."


def under_way(ledger: Ledger, concerns: Callable[[DeliveryState], bool]) -> list[DeliveryState]:
    """Deliveries whose send was announced before: they may still go out, or are out already."""
    now = ledger.store.now()
    states = [*ledger.cache.standing(Status.SENDING), *ledger.cache.standing(Status.CLAIMED)]
    return [s for s in states if concerns(s) and held_by_another(s, now, ledger.writer, ledger.is_gone)]
