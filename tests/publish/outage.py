"""An outage over a schedule, in simulated time: one worker that is away for a while, real posts, a network in memory.

python -m tests.publish.outage 24h [DELIVERIES]    what went out when, what was missed and why, as a table
"""

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from presstime.clock import parse_duration
from presstime.model import DeliveryState, Status
from presstime.networks.memory import TRAITS, MemoryNetwork
from tests.kit import START, Folder, Office

LEAD = timedelta(seconds=60)
GAP = timedelta(minutes=5)
CHANNELS = 5
LATES = ("publish", "within 2h", "skip", "ask")
SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "UTC"
[audit]
bucket = "audit"
[defaults]
min_gap = "5m"
"""


@dataclass
class Outcome:
    """What became of a schedule: `went` are the instants at which each channel's deliveries went out, in order of arrival."""

    begin: datetime
    end: datetime
    states: list[DeliveryState]
    lates: dict[str, str]
    went: dict[str, list[tuple[datetime, DeliveryState]]] = field(default_factory=dict)

    def of(self, status: Status) -> list[DeliveryState]:
        return [s for s in self.states if s.status is status]

    def gaps(self) -> list[timedelta]:
        """The spans between two late deliveries of one channel that went out one after the other."""
        return [
            b - a
            for went in self.went.values()
            for (a, x), (b, y) in pairwise(went)
            if late_by(y, b) > timedelta(minutes=2)
        ]


def late_by(state: DeliveryState, at: datetime) -> timedelta:
    assert state.due is not None
    return at - state.due


def newsroom(path: Path, deliveries: int, spread: timedelta) -> Folder:
    """Posts for five channels each, evenly over a time, their late rules in turn."""
    names = [f"ch{n}" for n in range(CHANNELS)]
    tables = "".join(f'[channels.{n}]\nnetwork = "memory"\naccount = "{n}"\n' for n in names)
    folder = Folder(path, SETTINGS + tables)
    count = deliveries // CHANNELS
    for n in range(count):
        due = (START + spread * n / count).replace(microsecond=0)
        folder.post(f"p{n:04}", f"Post {n}.", due, late=LATES[n % len(LATES)], channels=f"[{', '.join(names)}]")
    folder.commit()
    return folder


def simulate(path: Path, deliveries: int, begin: datetime, outage: timedelta, spread: timedelta) -> Outcome:
    """One worker over the whole schedule, away from `begin` for the length of the outage."""
    folder = newsroom(path, deliveries, spread)
    office = Office(folder, START - timedelta(minutes=2))
    network = MemoryNetwork(TRAITS, now=office.now, sleep=office.sleep)
    result = Outcome(begin, begin + outage, [], {})
    over = max(START + spread, result.end) + timedelta(days=1)
    with office.desk() as desk:
        kind = network.adapter_class()
        desk._adapters = {name: kind(channel, None) for name, channel in desk.settings.channels.items()}
        result.lates = {p.id: LATES[int(p.id[1:]) % len(LATES)] for p in desk.newsroom.loaded.each()}
        while office.time < over:
            if result.begin <= office.time < result.end:
                office.time = result.end
            actions = desk.plan(LEAD)
            acting = [a for a in actions if a.acts]
            for action in acting:
                desk.publish(str(action.delivery))
            if not acting:
                office.time = max(office.time + timedelta(seconds=1), _next(actions, office.time, over))
        result.states = sorted(desk.ledger.states().values(), key=lambda s: (s.due or START, s.delivery))
    known = {(s.delivery.post, s.delivery.channel): s for s in result.states}
    for post in network.posts:
        result.went.setdefault(post.account, []).append((post.at, known[post.delivery.post, post.delivery.channel]))
    return result


def _next(actions: list, now: datetime, over: datetime) -> datetime:  # type: ignore[type-arg]
    """When there is something to do again: a lead before the next instant, or the end."""
    coming = [a.due - (LEAD if a.due - now > LEAD else timedelta(0)) for a in actions if a.action == "wait" and a.due]
    return min((at for at in coming if at > now), default=over)


def main() -> int:
    outage = parse_duration(sys.argv[1] if len(sys.argv) > 1 else "24h")
    deliveries = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    spread = max(timedelta(days=5), 3 * outage)
    with tempfile.TemporaryDirectory() as folder:
        found = simulate(Path(folder) / "newsroom", deliveries, START + spread / 3, outage, spread)
    print(
        f"{deliveries} deliveries on {CHANNELS} channels in {spread}; away for {outage} from {found.begin:%d %b %H:%M}\n"
    )
    print(
        "| late rule | deliveries | on time | late | latest by | missed | held for a person |\n|---|---|---|---|---|---|---|"
    )
    for rule in LATES:
        own = [s for s in found.states if found.lates[s.delivery.post] == rule]
        went = [
            (late_by(s, at), s) for out in found.went.values() for at, s in out if found.lates[s.delivery.post] == rule
        ]
        late = [by for by, _ in went if by > timedelta(minutes=2)]
        ends = Counter(s.status for s in own)
        cells = (
            rule,
            len(own),
            len(went) - len(late),
            len(late),
            max(late, default="-"),
            ends[Status.MISSED],
            ends[Status.HELD],
        )
        print("| " + " | ".join(map(str, cells)) + " |")
    out = sorted(((at, s) for went in found.went.values() for at, s in went), key=lambda pair: pair[0])
    print("\nFirst after the outage:")
    for at, state in [pair for pair in out if pair[0] >= found.end][:8]:
        print(f"  {at:%d %b %H:%M:%S}  {state.delivery}, due {state.due:%d %b %H:%M}")
    print("\nMissed, for instance:")
    for state in found.of(Status.MISSED)[:3]:
        print(f"  {state.delivery}: {state.reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
