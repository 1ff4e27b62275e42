"""From what a post says of time to deliveries with an instant each: occurrences of what repeats, slots for what waits for one,
and the end of the quiet hours for what falls into them. Pure.

What was given once is kept: the log has the instant and the set of slots it came from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from presstime.clock import Slot, after_hours, is_slot, occurrences, slots_after, to_local
from presstime.model import UNGIVEN, Delivery, DeliveryState, Status, Target
from presstime.pauses import Pause
from presstime.plan.pauses import put_back, slot_is_lost
from presstime.plan.situation import Wanted, utc

AHEAD = timedelta(days=35)  # how far ahead occurrences are planned: a little more than runs are scheduled
BEHIND = timedelta(days=62)  # how long after its time an occurrence is still looked at, and told to be missed
QUEUE = timedelta(days=366)  # how far ahead a slot is looked for


@dataclass(frozen=True, slots=True)
class Rules:
    """The newsroom's: its sets of slots, the quiet hours that due times are moved out of, if they are, and what was paused."""

    slots: Mapping[str, tuple[Slot, ...]] = field(default_factory=dict)
    quiet: tuple[time, time] | None = None
    pauses: Sequence[Pause] = ()
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timetable:
    """`wanted` have their instants; `waiting` could not get one, with the reason."""

    wanted: list[Wanted]
    waiting: list[tuple[Wanted, str]]


def timetable(
    wanted: Iterable[Wanted], states: Mapping[Delivery, DeliveryState], rules: Rules, now: datetime
) -> Timetable:
    """Every delivery with its instant. The wanted are in the order in which new ones get their slots."""
    found, queue = [], []
    for item in wanted:
        if item.target.slots is not None:
            queue.append(item)
        elif item.target.repeat is not None:
            found += list(_occurrences(item, now))
        else:
            found.append(item)
    if rules.pauses or any(state.moved for state in states.values()):
        found = [put_back(item, states.get(item.delivery), rules.pauses, rules.groups, now) for item in found]
    found = [_awake(item, states.get(item.delivery), rules) for item in found]
    given = _Slots(rules, states, [*found, *queue], now)
    waiting = []
    for item in queue:
        due, reason = given.of(item)
        if due is None:
            waiting.append((item, reason))
        else:
            target = replace(item.target, due=due)
            found.append(replace(item, target=target, note=slot_note(target, rules)))
    return Timetable([_patient(item, rules, now) for item in found], waiting)


# --- what repeats -----------------------------------------------------------------------------------------------------


def _occurrences(item: Wanted, now: datetime) -> Iterator[Wanted]:
    repeat, ends = item.target.repeat, item.post.expires_at
    assert repeat is not None  # noqa: S101 - it is asked for what repeats
    for one in occurrences(repeat.rule, repeat.start, repeat.zone, now - BEHIND, now + AHEAD):
        if ends is not None and one.at >= ends:
            return
        target = replace(item.target, due=one.at, occurrence=one.name, number=one.number, repeat=None)
        yield replace(item, target=target, note=f"occurrence {one.number}")


# --- quiet hours ------------------------------------------------------------------------------------------------------


def _awake(item: Wanted, state: DeliveryState | None, rules: Rules) -> Wanted:
    """The delivery, after the quiet hours if it is due in them. What is out stays as it was."""
    if rules.quiet is None or (state is not None and state.status is Status.PUBLISHED):
        return item
    due = after_hours(item.target.due, rules.quiet, item.target.zone)
    if due == item.target.due:
        return item
    return replace(item, target=replace(item.target, due=due), note="at the end of the quiet hours")


def _patient(item: Wanted, rules: Rules, now: datetime) -> Wanted:
    """What is late waits for the end of the quiet hours, if it is quiet now."""
    if rules.quiet is None or item.target.due > now:
        return item
    end = after_hours(now, rules.quiet, item.target.zone)
    return item if end == now else replace(item, not_before=end)


# --- slots ------------------------------------------------------------------------------------------------------------


class _Slots:
    """Gives slots to deliveries, each instant of a channel to one."""

    def __init__(
        self, rules: Rules, states: Mapping[Delivery, DeliveryState], wanted: Iterable[Wanted], now: datetime
    ) -> None:
        self._rules, self._states, self._now = rules, states, now
        self._taken: dict[str, dict[datetime, Delivery]] = defaultdict(dict)
        held = {}
        for item in wanted:
            state = states.get(item.delivery)
            if item.target.slots is None:
                self._taken[item.target.channel].setdefault(item.target.due, item.delivery)
            elif state is not None and self._keeps(item, state):
                held[item.delivery] = state
        # Two workers that planned at the same time may have given one slot twice: whoever is first in the log keeps it.
        for state in sorted(held.values(), key=lambda s: (not s.begun, s.entry, s.delivery)):
            assert state.due is not None  # noqa: S101 - it keeps one
            self._taken[state.delivery.channel].setdefault(state.due, state.delivery)

    def of(self, item: Wanted) -> tuple[datetime | None, str]:
        """The instant of a delivery that waits for a slot, or None and why there is none."""
        delivery, state, taken = item.delivery, self._states.get(item.delivery), self._taken[item.target.channel]
        if state is not None and self._keeps(item, state):
            due = state.due
            if state.begun or due is None or taken.get(due) == delivery:
                return due, ""
        name, zone = item.target.slots or "", item.target.zone
        for instant in slots_after(self._rules.slots.get(name, ()), zone, self._now, self._now + QUEUE):
            quiet = self._rules.quiet is not None and after_hours(instant, self._rules.quiet, zone) != instant
            if instant not in taken and not quiet:
                taken[instant] = delivery
                return instant, ""
        coming = {at: by for at, by in taken.items() if at > self._now}
        count = sum(by != delivery for by in coming.values())
        last = max(coming, default=self._now)
        return None, (
            f"no slot of {name!r} is free on {item.target.channel} until {utc(self._now + QUEUE)}: {count} posts wait there, the "
            f"last one for {utc(last)}. Add a slot under [slots], or write a date and time"
        )

    def _keeps(self, item: Wanted, state: DeliveryState) -> bool:
        """Whether the slot that the log gave still counts: it was of the same set, and was not missed by a post that has
        changed since, which asks for another one."""
        if not state.slot or state.due is None:
            return False
        if state.begun:
            return True
        if slot_is_lost(item, state, self._rules.pauses, self._rules.groups, self._now):
            return False
        missed = state.status is Status.MISSED and state.content != item.content
        return state.slot == item.target.slots and state.status is not Status.RETRACTED and not missed


def slot_note(target: Target, rules: Rules) -> str:
    """What a plan says of a slot: where it came from, and whether it is still one; "" for what has none."""
    if target.slots is None or target.due == UNGIVEN:
        return ""
    if is_slot(target.due, rules.slots.get(target.slots, ()), target.zone):
        return f"in its slot of {target.slots!r}"
    local = to_local(target.due, target.zone)
    return f"in the slot it was given; [slots] {target.slots!r} has none on {local:%a %H:%M} any more"
