"""What the judge looks at, and what the log says to somebody who reads nothing but its bytes: who held what, and when."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.simulation.faults import SECOND
from tests.simulation.history import History, Line
from tests.simulation.newsroom import Wanted

LEASE = 120 * SECOND
SLACK = 5 * SECOND
ENDS = {"published", "refused", "missed", "held", "retracted", "dropped", "skipped"}


@dataclass(frozen=True)
class Posted:
    """A message that readers see: of which delivery, which segment, when it was accepted, in answer to which."""

    id: str
    delivery: str
    index: int
    text: str
    at: int
    parent: str | None


@dataclass(frozen=True)
class Evidence:
    """Everything the judge looks at. `posts` are what readers see, `removed` what they saw once, `taken` what somebody took away on the network itself. `bodies` are the log's objects in the order of their names; `lag` is how late a
    read-back may show a post, in microseconds; `clocks` says that machines' clocks were wrong."""

    wanted: Sequence[Wanted]
    history: History
    bodies: Sequence[tuple[str, bytes]]
    posts: Sequence[Posted]
    calm: int
    removed: Sequence[Posted] = ()
    taken: Sequence[Posted] = ()
    lag: int = 0
    clocks: bool = False
    errors: Sequence[str] = ()


@dataclass(frozen=True)
class Finding:
    """Something that must not be. The one exception: a `duplicate` whose second post, or a `stale` text that, was written by
    a process that was frozen, or overtaken by its own request, after its last look at its claim (`gap`): no lease can
    prevent that."""

    kind: str
    delivery: str
    detail: str
    gap: bool = False

    def __str__(self) -> str:
        return f"{self.kind}{' (in the gap)' * self.gap}: {self.delivery}: {self.detail}"


@dataclass(frozen=True)
class Step:
    """An event of the log: the entry it stands in, when that was stored, and as which line of the history."""

    n: int
    line: int
    at: int
    kind: str
    delivery: str
    data: dict[str, object]


@dataclass
class Verdict:
    """`ends` tells by delivery how it ended: published, review, refused, missed, held, or `open`."""

    findings: list[Finding] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    early: int = 0  # microseconds, the most by which anything was accepted before its time

    @property
    def ok(self) -> bool:
        return not [f for f in self.findings if not f.gap]

    def of(self, kind: str) -> list[Finding]:
        return [f for f in self.findings if f.kind == kind]


def read_log(evidence: Evidence) -> tuple[list[Step], list[Finding]]:
    """Every event with its time, and what is wrong with the log as a chain."""
    stored = {line.data: line for line in evidence.history.of("stored")}
    steps: list[Step] = []
    faults: list[Finding] = []
    before = "0" * 64
    for n, (key, body) in enumerate(evidence.bodies, 1):
        entry = json.loads(body)
        if entry["n"] != n or key != f"log/{n:020d}.json":
            faults.append(Finding("log", "-", f"{key} stands at {n} and holds {entry['n']}"))
        if entry["prev"] != before:
            faults.append(Finding("log", "-", f"{key} does not follow the entry before it"))
        before = hashlib.sha256(body).hexdigest()
        line = stored[key]
        steps += [Step(n, line.n, line.at, e["kind"], e["delivery"], e) for e in entry["events"]]
    return steps, faults


@dataclass
class Holder:
    """Who holds a delivery as the log goes on: which epoch, until when."""

    delivery: str
    worker: str | None = None
    epoch: int = 0
    until: int = 0
    ended: str = ""

    def take(self, step: Step) -> None:
        epoch = step.data.get("epoch")
        if step.kind == "claimed":
            self.worker, self.epoch, self.until = str(step.data["worker"]), int(str(epoch)), step.at + LEASE
        elif step.kind == "undone" and epoch is not None:  # all of it is gone, and is to be sent again
            self.worker, self.epoch, self.ended = None, int(str(epoch)), ""
        elif step.kind == "drifted" and epoch is not None and epoch == self.epoch:  # it was there after all
            self.worker, self.ended = None, "published"
        elif step.kind in ("sending", "editing", "retracting") and epoch == self.epoch:
            self.until = max(self.until, step.at + LEASE)
        elif "epoch" in step.data and epoch != self.epoch:
            pass  # what an overtaken sender tells ends nobody's claim
        elif step.kind in (*ENDS, "deferred", "edited") or any(step.data.get(k) for k in ("over", "review", "change")):
            self.worker = None
        if step.kind in ENDS and not step.data.get("change"):
            self.ended = step.kind


def holds(line: Line, name: str, steps: Sequence[Step]) -> bool:
    """Whether the log gave the delivery to the worker of this line when it did what the line says."""
    holder = Holder(name)
    for step in steps:
        if step.line > line.n:
            break
        holder.take(step)
    return holder.worker == line.who and line.at < holder.until + SLACK
