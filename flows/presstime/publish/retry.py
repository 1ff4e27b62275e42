"""The one retry layer. It repeats only what was certainly not accepted, within a number of tries and a total time.

An answer that was lost never comes here twice: it is `Unknown`, and goes to settling."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tenacity import RetryCallState, Retrying, retry_any, retry_if_exception_type, retry_if_result, stop_any
from tenacity.stop import stop_after_attempt, stop_after_delay
from tenacity.wait import wait_random_exponential

from presstime.errors import StoreError
from presstime.model import Deferred, Outcome


@dataclass(frozen=True, slots=True)
class RetryRule:
    """At most `attempts` sends within `seconds`, with growing random pauses up to `pause_max` in between."""

    attempts: int = 4
    seconds: float = 30.0
    pause_max: float = 8.0


def send_patiently(
    send: Callable[[], Outcome],
    rule: RetryRule,
    sleep: Callable[[float], None],
    now: Callable[[], datetime],
    again_if: tuple[type[Outcome], ...] = (Deferred,),
) -> Outcome:
    """Call `send` until its outcome is not one of `again_if`, or the rule is used up: then the last outcome.

    `Unknown` belongs in `again_if` only where the network itself makes one post of the same order sent twice.

    A network that says when to come back is asked again exactly then, if that is within the rule's time, else not at all."""

    def worth_another(outcome: Outcome) -> bool:
        if not isinstance(outcome, again_if):
            return False
        if not isinstance(outcome, Deferred):
            return True
        soon = outcome.until is None or (outcome.until - now()).total_seconds() <= rule.seconds
        return soon and not outcome.needs_person

    def pause(state: RetryCallState) -> float:
        outcome = state.outcome.result() if state.outcome else None
        if isinstance(outcome, Deferred) and outcome.until is not None:
            return max(0.0, (outcome.until - now()).total_seconds())
        return wait_random_exponential(multiplier=0.5, max=rule.pause_max)(state)

    return Retrying(
        retry=retry_if_result(worth_another),
        stop=stop_any(stop_after_attempt(rule.attempts), stop_after_delay(rule.seconds)),
        wait=pause,
        sleep=sleep,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )(send)


def write_patiently(write: Callable[[], None], seconds: float, sleep: Callable[[float], None]) -> None:
    """Write a fact into the log, however long the store is away, up to `seconds`: without it a send would stay in doubt.

    Raises the last `StoreError` when the time is over."""
    Retrying(
        retry=retry_any(retry_if_exception_type(StoreError)),
        stop=stop_after_delay(seconds),
        wait=wait_random_exponential(multiplier=0.5, max=5),
        sleep=sleep,
        reraise=True,
    )(write)
