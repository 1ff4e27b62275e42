"""The one retry layer. It repeats only what was certainly not accepted, within a number of tries and a total time.

An answer that was lost never comes here twice: it is `Unknown`, and goes to settling."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenacity import RetryCallState, Retrying, retry_any, retry_if_exception_type, retry_if_result
from tenacity.wait import wait_exponential

from presstime.errors import StoreError
from presstime.model import Deferred, DeliveryState, Outcome
from presstime.plan import ON_TIME
from presstime.publish.timing import Timing

MINUTE = timedelta(minutes=1)
WAITS = 5  # doublings of a minute, and then half an hour
WAIT_MAX = timedelta(minutes=30)
PERSON_MAX = timedelta(minutes=5)  # who has just logged in again does not wait for half an hour


@dataclass(frozen=True, slots=True)
class RetryRule:
    """At most `attempts` sends, the last one begun within `seconds` of the first, with growing random pauses up to
    `pause_max` in between."""

    attempts: int = 4
    seconds: float = 30.0
    pause_max: float = 8.0


def send_patiently(
    send: Callable[[], Outcome], rule: RetryRule, timing: Timing, again_if: tuple[type[Outcome], ...] = (Deferred,)
) -> Outcome:
    """Call `send` until its outcome is not one of `again_if`, or the rule is used up: then the last outcome.

    `Unknown` belongs in `again_if` only where the network itself makes one post of the same order sent twice.

    A network that says when to come back is asked again exactly then, if that is within the rule's time, else not at all."""
    random_pause = _random_pause(rule.pause_max, timing)

    def worth_another(outcome: Outcome) -> bool:
        if not isinstance(outcome, again_if):
            return False
        return not (isinstance(outcome, Deferred) and outcome.needs_person)

    def pause(state: RetryCallState) -> float:
        outcome = state.outcome.result() if state.outcome else None
        if isinstance(outcome, Deferred) and outcome.until is not None:
            return max(0.0, (outcome.until - timing.now()).total_seconds())
        return random_pause(state)

    return Retrying(
        retry=retry_if_result(worth_another),
        stop=_used_up(rule.seconds, timing, rule.attempts),
        wait=pause,
        sleep=timing.sleep,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )(send)


def left_alone(
    state: DeliveryState, now: datetime, ends: datetime | None = None, needs_person: bool = False
) -> datetime | None:
    """Until when a delivery that was put off again is left alone by all passes: so it waits about as long as it has waited already, half
    an hour at most, five minutes where it waits for a person. None, for the next pass to try it: after the first time, and so near the
    end of its time (`ends`) that no try would be left."""
    if state.deferrals == 0:
        return None
    until = now + min(MINUTE * 2 ** min(state.deferrals - 1, WAITS), PERSON_MAX if needs_person else WAIT_MAX)
    until = until if ends is None else min(until, ends - ON_TIME)
    return until if until > now else None


def write_patiently(write: Callable[[], None], seconds: float, timing: Timing) -> None:
    """Write a fact into the log, however long the store is away, up to `seconds`: without it a send would stay in doubt.

    Raises the last `StoreError` when the time is over."""
    Retrying(
        retry=retry_any(retry_if_exception_type(StoreError)),
        stop=_used_up(seconds, timing),
        wait=_random_pause(5, timing),
        sleep=timing.sleep,
        reraise=True,
    )(write)


def _used_up(seconds: float, timing: Timing, attempts: int | None = None) -> Callable[[RetryCallState], bool]:
    """Stop rather than try more than `attempts` times, or begin another try later than `seconds` from now."""
    begun = timing.monotonic()

    def used_up(state: RetryCallState) -> bool:
        return state.attempt_number == attempts or timing.monotonic() - begun + state.upcoming_sleep > seconds

    return used_up


def _random_pause(longest: float, timing: Timing) -> Callable[[RetryCallState], float]:
    """From nothing up to half a second, then up to twice that, and so on."""
    growing = wait_exponential(multiplier=0.5, max=longest)
    return lambda state: timing.jitter(0, growing(state))
