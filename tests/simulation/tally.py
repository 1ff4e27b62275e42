"""Many cases: how many runs, what was found, how fast; the figures of the README come from here."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.simulation.cases import CHANGE_POINTS, STORE_TROUBLES, Case, points_of
from tests.simulation.evidence import Finding

POINTED = ("crash", "pause", "store", "change")
LOST = ("loss", "stuck")
SHOWN = 10


@dataclass
class Tally:
    """The sum of many runs of one family and policy. Duplicates, losses and flags are counted in deliveries."""

    runs: int = 0
    deliveries: int = 0
    struck: Counter[str] = field(default_factory=Counter)  # runs in which the blow at this point fell
    ends: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    early: int = 0
    seconds: float = 0.0
    failures: list[tuple[Case, Finding]] = field(default_factory=list)

    @property
    def duplicates(self) -> int:
        return self.found["duplicate"]

    @property
    def lost(self) -> int:
        return sum(self.found[kind] for kind in LOST)

    @property
    def others(self) -> int:
        """Findings that are neither a duplicate nor a loss."""
        return sum(n for kind, n in self.found.items() if kind not in (*LOST, "duplicate") and "in the gap" not in kind)

    def run(self, cases: Iterable[Case]) -> "Tally":
        begun = time.perf_counter()
        for case in cases:
            self._add(case)
        self.seconds += time.perf_counter() - begun
        return self

    def complaint(self) -> str:
        """What is wrong, each with the line that shows it again."""
        shown = [f"{finding}\n    {case.replay}" for case, finding in self.failures[:SHOWN]]
        return "\n".join([f"{len(self.failures)} findings in {self.runs} runs", *shown])

    def _add(self, case: Case) -> None:
        trial = case.run()
        verdict, faults = trial.verdict, trial.world.faults
        self.runs += 1
        self.deliveries += len(verdict.ends)
        self.ends.update(verdict.ends.values())
        self.early = max(self.early, verdict.early)
        if faults.armed and faults.reached >= faults.armed.nth:
            self.struck[case.point] += 1
        for finding in verdict.findings:
            self.found[finding.kind + " in the gap" * finding.gap] += 1
            if not finding.gap:
                self.failures.append((case, finding))


def cases(family: str, policy: str, seeds: Iterable[int], share: int = 1) -> list[Case]:
    """Where the family strikes at points: each seed with every `share`-th of them, in turn all. Else every seed once."""
    points = [""]
    if family in POINTED:
        known = {"store": tuple(STORE_TROUBLES), "change": CHANGE_POINTS}
        points = list(known.get(family) or points_of(policy))
    share = min(share, len(points))
    return [Case(family, policy, point, seed) for seed in seeds for point in points[seed % share :: share]]


HEADER = (
    "| case | class, policy | runs | deliveries | duplicates | in the gap | silent losses | flagged for review | other | runs/s |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def row(family: str, policy: str, tally: Tally) -> str:
    cells = (
        family,
        policy,
        tally.runs,
        tally.deliveries,
        tally.duplicates,
        tally.found["duplicate in the gap"],
        tally.lost,
        tally.ends["review"],
        tally.others,
        round(tally.runs / tally.seconds),
    )
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells) + " |"
