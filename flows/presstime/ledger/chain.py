"""The chain, link by link: which entry is not as it was written?

An entry is bad if it is missing, wrong in itself, or not what a checkpoint of its size says. A broken link, where entry n
names another hash than that of entry n-1, is the doing of one of the two. It is n's if

* n-1 is vouched for, by a checkpoint or by being the beginning of the log; or
* naming n-1 rightly would give n the hash that a checkpoint, or else entry n+1, wants it to have: nothing but the link was
  changed, and so n-1 is what n named when it was written.

Otherwise n-1 is bad, be it together with n: the first bad entry is never named too late without proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from presstime.ledger.checkpoint import Sighting
from presstime.ledger.entry import GENESIS, hash_of, key_of
from presstime.model import JsonObject


class Facts(NamedTuple):
    """What is known of one entry by itself. `prev` is "" where that cannot be read. The body is kept to see which of two
    entries at a broken link was changed."""

    hash: str
    prev: str
    events: int
    faults: Sequence[str] = ()
    body: bytes = b""

    def hash_after(self, prev: str) -> str:
        """The hash the entry would have if it named `prev`."""
        return hash_of(prev.encode().join(self.body.rsplit(self.prev.encode(), 1)))


@dataclass
class Verdict:
    """`first_bad` is the number of the first entry that is not as it was written, or is missing.

    `checkpoint` is the newest one, `exposure` what lies behind it: entries and since when. Nothing is known against those,
    but if they were cut off nobody would see it."""

    entries: int = 0
    events: int = 0
    head: str = GENESIS
    first_bad: int | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # how far the verdict goes
    checkpoint: JsonObject | None = None
    exposure: JsonObject | None = None

    @property
    def ok(self) -> bool:
        return not self.problems

    def to_json(self) -> JsonObject:
        return {
            "ok": self.ok,
            "entries": self.entries,
            "events": self.events,
            "head": self.head,
            "checkpoint": self.checkpoint,
            "exposure": self.exposure,
            "first_bad": self.first_bad,
            "problems": self.problems,
            "notes": self.notes,
        }

    def blame(self, n: int, problem: str) -> None:
        self.first_bad = n if self.first_bad is None else min(self.first_bad, n)
        self.problems.append(problem)


class Chain:
    """Takes the entries in order, and blames them in its verdict. Begins before entry `start` + 1; what came before that is
    not known, unless it is the beginning."""

    def __init__(self, verdict: Verdict, checkpoints: Mapping[int, Sequence[Sighting]], start: int = 0) -> None:
        self.verdict = verdict
        self.n = start
        self._checkpoints = checkpoints
        self._hash = GENESIS if start == 0 else ""  # of the entry before; "": it is not there, so nothing follows it
        self._bad = start == 0 and not self._agrees(0, GENESIS)
        self._vouched = start == 0
        self._broken: _Link | None = None  # the link of entry n, as long as n+1 has not been heard

    def take(self, n: int, facts: Facts) -> None:
        """The next entry that there is; its number may be greater than the next."""
        as_written = n == self.n + 1 and facts.prev == self._hash and not facts.faults and n not in self._checkpoints
        if as_written and self._broken is None:  # as almost all are
            self._bad = self._vouched = False
        else:
            self._judge(n, facts)
        self.n, self._hash = n, facts.hash
        self.verdict.entries += 1
        self.verdict.events += facts.events
        self.verdict.head = facts.hash

    def _judge(self, n: int, facts: Facts) -> None:
        if n != self.n + 1:
            self._gap(n)
        for fault in facts.faults:
            self.verdict.blame(n, fault)
        self._settle([] if facts.faults else [facts.prev])
        bad = not self._agrees(n, facts.hash) or bool(facts.faults)
        if not facts.faults and self._hash and facts.prev != self._hash and not self._bad:
            self._broken = _Link(n, facts, self._hash)
            if self._vouched:
                self._settle([facts.hash_after(self._hash)])
                bad = True
            elif n in self._checkpoints:
                self._settle([s.checkpoint.hash for s in self._checkpoints[n]])
        self._bad, self._vouched = bad, not bad and n in self._checkpoints

    def finish(self) -> None:
        """No more entries: is that all there ever were?"""
        self._settle([])
        longer = {size: found for size, found in self._checkpoints.items() if size > self.n}
        if longer:
            newest = max(longer)
            self.verdict.blame(
                self.n + 1,
                f"the log ends with entry {self.n}, but had {newest} entries at checkpoint {longer[newest][0].place}: "
                "its end was cut off",
            )

    def _gap(self, n: int) -> None:
        self._settle([])
        missing = self.n + 1
        what = f"entry {missing} is missing" if n == missing + 1 else f"entries {missing} to {n - 1} are missing"
        self.verdict.blame(missing, f"{what}: the log has a gap")
        self._hash = ""

    def _agrees(self, n: int, head: str) -> bool:
        """Whether every checkpoint of this size names this hash."""
        against = [s for s in self._checkpoints.get(n, ()) if s.checkpoint.hash != head]
        for sighting in against:
            self.verdict.blame(
                max(n, 1),
                f"{key_of(n)}: its hash is {head[:16]}..., but checkpoint {sighting.place} says "
                f"{sighting.checkpoint.hash[:16]}...: it, or what lies before it, was changed",
            )
        return not against

    def _settle(self, wanted: Sequence[str]) -> None:
        """Whose fault a broken link is, now that it is known which hash its entry should have."""
        link, self._broken = self._broken, None
        if link is None:
            return
        own = link.facts.hash_after(link.before) in wanted
        self._bad = self._bad or own
        bad = link.n if own else link.n - 1
        before = "the beginning" if link.n == 1 else f"entry {link.n - 1}"
        self.verdict.blame(
            bad,
            f"{key_of(bad)}: was changed: entry {link.n} says that it follows {link.facts.prev[:16]}..., and {before} has "
            f"the hash {link.before[:16]}...",
        )


@dataclass(frozen=True, slots=True)
class _Link:
    """Entry n, and the hash that the entry before it has."""

    n: int
    facts: Facts
    before: str
