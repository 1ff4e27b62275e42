"""The judge: what a run's history, its log and its network say about the promises. Pure, and apart from the engine: it uses
none of the engine's code, so that a fault there cannot excuse itself here."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from tests.simulation.by_hand import judge_by_hand
from tests.simulation.drift import ends_gone, judge_drift, wanted_there
from tests.simulation.evidence import (
    ENDS,
    LEASE,
    SLACK,
    Evidence,
    Finding,
    Holder,
    Posted,
    Step,
    Verdict,
    holds,
    read_log,
)
from tests.simulation.faults import SECOND
from tests.simulation.history import History, Line
from tests.simulation.newsroom import START, Wanted

TICK = 60 * SECOND
ROUNDING = SECOND  # the store tells its time in whole seconds
RETRIES = 45 * SECOND  # the tries of one send, and of settling it, and the calls around them
CLOCK_AHEAD = 30 * SECOND  # what a machine's clock may be off and still publish
EARLY = (
    3 * SECOND
)  # what is sent early at most by a clock that is wrong and that the store's, in whole seconds, does not belie
CLOCK_BEHIND = 35 * SECOND  # the same, and what a worker knows of the store's clock is some seconds old
ACTS = {"sending", "published", "refused", "settled", "deferred", "unknown", "editing", "retracting"}
CHANGES = {"edit": "editing", "retract": "retracting"}  # what is done, and how the log announces it


def judge(evidence: Evidence) -> Verdict:
    verdict = Verdict()
    steps, faults = read_log(evidence)
    verdict.findings += faults
    verdict.findings += [Finding("broken engine", "-", error) for error in evidence.errors]
    verdict.findings += [Finding("broken engine", line.who, line.what) for line in evidence.history.of("broken")]
    for item in evidence.wanted:
        name = str(item.delivery)
        own = [step for step in steps if step.delivery == name]
        posts = [post for post in evidence.posts if post.delivery == name]
        verdict.ends[name] = end = _end(own)
        if item.assisted:
            verdict.findings += judge_by_hand(item, own, evidence)
            continue
        gone = [post for post in evidence.removed if post.delivery == name]
        taken = [post for post in evidence.taken if post.delivery == name]
        verdict.findings += judge_drift(item, own, posts, gone, taken, evidence)
        verdict.findings += _duplicates(evidence, name, own, [*posts, *gone])
        verdict.findings += _changes(item, own, posts, end, evidence.history)
        verdict.findings += _claims(name, own, evidence.history)
        verdict.findings += _sends(name, own, evidence.history)
        verdict.findings += _paused(item, steps)
        verdict.findings += _receipts(item, own, posts, [*gone, *taken], end, evidence.history)
        verdict.findings += _order(name, posts, taken) if end != "retracted" else ()
        verdict.findings += _times(item, own, posts, evidence)
        verdict.early = max([verdict.early, *(item.due - post.at for post in (*posts, *gone))])
    known = {str(item.delivery) for item in evidence.wanted}
    verdict.findings += [
        Finding("stray", p.delivery, f"post {p.id}") for p in evidence.posts if p.delivery not in known
    ]
    return verdict


# --- the log ----------------------------------------------------------------------------------------------------------


def _claims(name: str, steps: Sequence[Step], history: History) -> Iterator[Finding]:
    """One claim per epoch, each the next one, none taken from a worker that lives and whose time is not over."""
    holder = Holder(name)
    dead = {line.who: line.n for line in history.of("crash")}
    for step in steps:
        if step.kind == "claimed":
            if step.data["epoch"] != holder.epoch + 1:
                yield Finding("log", name, f"entry {step.n} claims epoch {step.data['epoch']} after {holder.epoch}")
            worker = str(step.data["worker"])
            free = holder.worker in (None, worker) or dead.get(str(holder.worker), step.line) < step.line
            if not free and step.at + ROUNDING < holder.until:
                yield Finding("log", name, f"entry {step.n}: {worker} takes the claim of {holder.worker}, which lives")
            if holder.ended and not _changes_it(step, steps):
                yield Finding("log", name, f"entry {step.n} claims what is {holder.ended}")
        if step.kind in ACTS and not _of_holder(step, holder):
            yield Finding(
                "log", name, f"entry {step.n}: {step.kind} of epoch {step.data.get('epoch')} in {holder.epoch}"
            )
        holder.take(step)


def _changes_it(claim: Step, steps: Sequence[Step]) -> bool:
    """Whether a claim is one on what is out, in order to edit it or take it down."""
    return any(step.n == claim.n and step.kind in CHANGES.values() for step in steps)


def _of_holder(step: Step, holder: "Holder") -> bool:
    """Facts (what the network accepted) may be told by whoever knows them; acting is the holder's alone."""
    fact = step.kind == "published" or step.data.get("found") is True
    put_off = step.kind in ("deferred", "unknown") and "epoch" not in step.data  # written without a claim, by the plan
    return fact or put_off or step.data.get("epoch") == holder.epoch


@dataclass
class Stopped:
    """Whether everything is paused, as the log goes on."""

    open: bool = False
    until: int | None = None
    rules: set[object] = field(default_factory=set)  # of every pause there was

    def take(self, step: Step) -> None:
        if step.kind == "paused":
            over = not self.open or (self.until is not None and self.until <= step.at)
            until = _microseconds(str(step.data["until"])) if step.data["until"] else None
            longer = None if until is None or self.until is None else max(until, self.until)
            self.until = until if over else longer
            self.open = True
            self.rules.add(step.data["rule"])
        elif step.kind == "resumed":
            self.open = False

    def at(self, instant: int) -> bool:
        return self.open and (self.until is None or instant + ROUNDING < self.until)


def _paused(item: Wanted, steps: Sequence[Step]) -> Iterator[Finding]:
    """Nothing is claimed or announced behind a pause in the log but takedowns; and nothing is skipped that none says so of."""
    name, stopped = str(item.delivery), Stopped()
    for step in steps:
        stopped.take(step)
        mine = step.delivery == name and stopped.at(max(step.at, item.due))
        if mine and step.kind in ("claimed", "sending", "editing") and not _takes_down(step, steps):
            yield Finding("paused", name, f"entry {step.n}: {step.kind}, and everything is paused")
        if step.delivery == name and step.kind == "skipped" and "skip" not in stopped.rules:
            yield Finding("loss", name, f"entry {step.n}: skipped, and nobody said so")


def _takes_down(claim: Step, steps: Sequence[Step]) -> bool:
    return any(step.n == claim.n and step.kind == "retracting" for step in steps)


def _end(steps: Sequence[Step]) -> str:
    """How a delivery stands at last, told from its events alone."""
    end = "open"
    for step in steps:
        if step.kind == "retracted" or end == "retracted" or ends_gone(step, steps):
            end = "retracted"
        elif step.kind == "undone" and "epoch" in step.data:
            end = "open"
        elif (step.kind == "drifted" and "epoch" in step.data) or step.kind == "published" or end == "published":
            end = "published"
        elif step.kind in ENDS:
            end = step.kind
        elif step.kind == "settled" and step.data.get("review"):
            end = "review"
        elif step.kind == "handed":
            end = "handed"
        elif step.kind in ("released", "claimed", "sending", "accepted", "settled", "deferred", "unknown"):
            end = "open"
    return end


# --- what readers see -------------------------------------------------------------------------------------------------


def _duplicates(evidence: Evidence, name: str, steps: Sequence[Step], posts: Sequence[Posted]) -> Iterator[Finding]:
    by_segment: dict[int, list[Posted]] = defaultdict(list)
    for post in posts:
        by_segment[post.index].append(post)
    for index, same in by_segment.items():
        if len(same) > 1:
            gap = any(in_the_gap(post, name, steps, evidence.history) for post in same)
            yield Finding("duplicate", name, f"segment {index} is there {len(same)} times", gap)
            yield from _silences(name, same, steps, evidence.history)


def _silences(name: str, posts: Sequence[Posted], steps: Sequence[Step], history: History) -> Iterator[Finding]:
    """Of posts that are there twice, each that a living worker knows of is in the log."""
    told = {_id(step) for step in steps if "receipt" in step.data}
    mute = {line.who for line in history.of("crash", "failed")}
    answered = {line.data["call"] for line in history.of("answer") if line.data["answer"] == "Accepted"}
    for line in history.of("accepted"):
        post = line.data["post"]
        if post in {p.id for p in posts} - told and line.data["call"] in answered and line.who not in mute:
            yield Finding("silence", name, f"{line.who} got an answer for post {post}, and the log does not know it")


def _id(step: Step) -> str:
    return str(step.data["receipt"]["id"])  # type: ignore[index]


def in_the_gap(post: Posted, name: str, steps: Sequence[Step], history: History) -> bool:
    """Whether a post was written by someone whose claim was good at the last look, and was not any more when the network
    accepted; or by a request that went on alone after its sender was told that it was lost."""
    accepted = next(x for x in history.of("accepted") if x.data["post"] == post.id and x.data["new"])
    call = next(x for x in history.of("call") if x.data["call"] == accepted.data["call"])
    if any(x.data["call"] == accepted.data["call"] for x in history.of("late")):
        return True
    return holds(call, name, steps) and not holds(accepted, name, steps)


def _sends(name: str, steps: Sequence[Step], history: History) -> Iterator[Finding]:
    """Nothing is sent that the log does not announce, by the worker that holds the claim."""
    for call in history.of("call"):
        delivery, _, index = call.what.rpartition(" ")
        if delivery != name:
            continue
        if not -CLOCK_BEHIND <= call.data["clock"] <= CLOCK_AHEAD:
            yield Finding("clock", name, f"{call.who} sends by a clock that is {call.data['clock'] / 1e6:.1f} s ahead")
        told = [s for s in steps if s.kind == "sending" and s.line < call.n and s.data["segment"] == int(index)]
        if not told:
            yield Finding("unannounced", name, f"{call.who} sends segment {index} without an intent in the log")
        if not holds(call, name, steps):
            yield Finding("unfenced", name, f"{call.who} sends segment {index} without holding the claim")


def _changes(
    item: Wanted, steps: Sequence[Step], posts: Sequence[Posted], end: str, history: History
) -> Iterator[Finding]:
    """Edits and takedowns are announced and fenced, and in the end readers see what Git says last."""
    name = str(item.delivery)
    mine = [line for line in history.of("change") if line.what.rpartition(" ")[0] == name]
    for line in mine:
        intent = CHANGES[line.data["does"]]
        if not any(step.kind == intent and step.line < line.n for step in steps):
            yield Finding("unannounced", name, f"{line.who} does {line.data['does']} without an intent in the log")
        if not holds(line, name, steps):
            yield Finding("unfenced", name, f"{line.who} does {line.data['does']} without holding the claim")
    back = {line.data["post"] for line in history.of("meddled") if line.data["does"] == "put back"}
    posts = [post for post in posts if end != "retracted" or post.id not in back]  # nobody of ours put it there
    if end == "retracted" and posts:
        gap = all(in_the_gap(post, name, steps, history) for post in posts) or _any_late(mine, name, steps, history)
        yield Finding("loss", name, f"taken down, and {len(posts)} posts are there", gap)
    if item.last is None and end == "published":
        yield Finding("loss", name, "gone from Git, and still published")
    if end == "published" and item.last is not None:
        shown = {(post.index, post.text) for post in posts}
        told = [
            step for step in steps if step.kind in (*CHANGES.values(), "planned", "edited") or "change" in step.data
        ]
        if told[-1].kind == "refused":
            return  # a person is told that the network would not have it
        if not shown >= wanted_there(item, steps):  # beside it there may be the second post of a `duplicate`
            gap = _any_late(mine, name, steps, history)
            yield Finding("stale", name, f"readers see {sorted(shown)}, Git says {item.last}", gap)


def _any_late(lines: Sequence[Line], name: str, steps: Sequence[Step], history: History) -> bool:
    """Whether a change went on alone, or its worker was overtaken between its last look and its end."""
    calls = {line.data["call"]: line for line in lines}
    answers = {line.data["call"]: line for line in history.of("answer")}
    late = {line.data["call"] for line in history.of("late")}
    frozen = [call for call, line in calls.items() if call not in answers or not holds(answers[call], name, steps)]
    return bool(late & calls.keys()) or bool(frozen)


def _receipts(
    item: Wanted, steps: Sequence[Step], posts: Sequence[Posted], gone: Sequence[Posted], end: str, history: History
) -> Iterator[Finding]:
    """What the log says is out is out, and what is out is not called missed or refused."""
    name = str(item.delivery)
    there = {(post.index, post.id) for post in (*posts, *gone)}
    taken: dict[int, object] = {}
    announced: set[object] = set()
    for step in steps:
        if step.kind == "sending":
            announced.add(step.data["segment"])
        if step.kind == "accepted" or step.data.get("found"):
            segment, receipt = int(str(step.data["segment"])), _id(step)
            taken.setdefault(segment, receipt)
            if (segment, receipt) not in there:
                yield Finding("log", name, f"entry {step.n}: segment {segment} is not on the network as {receipt}")
            if segment not in announced:
                yield Finding("log", name, f"entry {step.n}: segment {segment} was accepted and never announced")
        if step.kind == "published" and sorted(taken) != list(range(len(item.texts))):
            yield Finding("log", name, f"entry {step.n}: published with the receipts {sorted(taken)}")
    if end == "published" and not {p.index for p in posts} >= {n for n, _ in wanted_there(item, steps)}:
        yield Finding("loss", name, "published, and not all of it is on the network")
    if end in ("missed", "held", "dropped", "skipped") and posts:
        gap = all(in_the_gap(post, name, steps, history) for post in posts)
        yield Finding("loss", name, f"{end}, and {len(posts)} posts are out", gap)
    if end == "refused" and not item.refused:
        yield Finding("loss", name, "refused, and the network never said so")


def _order(name: str, posts: Sequence[Posted], taken: Sequence[Posted]) -> Iterator[Finding]:
    """A thread's segments come one after the other, each in answer to one before it."""
    first = {post.index: post for post in reversed(posts)}
    for index, post in sorted(first.items()):
        parents = {p.id for p in (*posts, *taken) if p.index == index - 1}
        if index and post.parent not in parents:
            yield Finding("order", name, f"segment {index} answers {post.parent}, not one of {sorted(parents)}")
    if any(a.at > b.at for a, b in pairwise(first[i] for i in sorted(first))):
        yield Finding("order", name, "a later segment was there before an earlier one")


# --- time -------------------------------------------------------------------------------------------------------------


def _times(item: Wanted, steps: Sequence[Step], posts: Sequence[Posted], evidence: Evidence) -> Iterator[Finding]:
    name, allowed = str(item.delivery), CLOCK_AHEAD if evidence.clocks else 0
    for post in posts:
        if post.at < item.due - (EARLY if evidence.clocks else 0):
            yield Finding("early", name, f"segment {post.index} came {(item.due - post.at) / 1e6:.3f} s early")
    end = _end(steps)
    never = item.last is None and not any(step.kind == "sending" for step in steps)
    if end == "open" and not never:
        yield Finding("loss", name, "neither published nor flagged when everything was long over")
    if end == "missed" and (item.window is None or steps[-1].at <= item.due + item.window - allowed):
        yield Finding("loss", name, "called missed while it could still go out")
    over = max((step.at for step in steps), default=0)
    limit = settled_by(evidence)
    if over > limit:
        yield Finding(
            "stuck", name, f"decided {(over - limit) / 1e6:.0f} s later than two ticks after it could be known"
        )


def settled_by(evidence: Evidence) -> int:
    """When everything must be decided: two ticks after nothing goes wrong any more, everybody is awake, the last claim has
    run out and the network shows what it has."""
    decided = (step.at for step in read_log(evidence)[0] if step.kind in ("drifted", "undone", "kept"))
    awake = max([evidence.calm, *_awakenings(evidence.history), *_deferrals(evidence), *_pauses(evidence), *decided])
    segments = sum(len(item.texts) for item in evidence.wanted)
    once = LEASE + SLACK + (evidence.lag + RETRIES) * (segments + 1) + 2 * TICK
    changes = [change.at for item in evidence.wanted for change in item.changes]
    return max([awake, *changes]) + once * (2 if changes else 1)


def _awakenings(history: History) -> Iterator[int]:
    for line in history.lines:
        if line.kind == "pause":
            yield line.at + int(line.data)
        elif line.kind == "start":
            yield line.at


def _pauses(evidence: Evidence) -> Iterator[int]:
    """When each pause ended, and when what it moved is due."""
    since, last = 0, max(item.due for item in evidence.wanted)
    for step in read_log(evidence)[0]:
        if step.kind == "paused":
            since = step.at
            yield _microseconds(str(step.data["until"])) * 2 - since + last if step.data["until"] else 0
        elif step.kind == "resumed":
            yield step.at * 2 - since + last


def _deferrals(evidence: Evidence) -> Iterator[int]:
    for _, body in evidence.bodies:
        for event in json.loads(body)["events"]:
            if event["kind"] == "deferred" and event.get("until"):
                yield _microseconds(event["until"])


def _microseconds(instant: str) -> int:
    return (datetime.fromisoformat(instant) - START) // timedelta(microseconds=1)
