"""The judge of what people post: handed over in time and once, sent by nobody, out by a person's word alone, never missed in
silence. Pure, and apart from the engine, like the rest of the judge."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.simulation.evidence import Evidence, Finding, Step
from tests.simulation.newsroom import Wanted

SENT = {"claimed", "sending", "editing", "retracting"}


def judge_by_hand(item: Wanted, steps: Sequence[Step], evidence: Evidence) -> Iterator[Finding]:
    """What is wrong with one delivery of an assisted channel."""
    name = str(item.delivery)
    handed = [step for step in steps if step.kind == "handed"]
    words = [line for line in evidence.history.of("said") if line.what == name]
    if any(post.delivery == name for post in (*evidence.posts, *evidence.removed)):
        yield Finding("duplicate", name, "a machine has sent what a person is to post")
    for step in steps:
        if step.kind in SENT:
            yield Finding("log", name, f"entry {step.n}: {step.kind}, of what a person is to post")
    for step in handed:
        if step.at < item.due:
            yield Finding("early", name, f"entry {step.n}: handed over {(item.due - step.at) / 1e6:.3f} s early")
    for before, after in pairwise(handed):
        if before.data["digest"] == after.data["digest"] and not _between(steps, before, after):
            yield Finding("log", name, f"entry {after.n}: the same words are handed over twice")
    yield from _words(name, steps, handed, [str(line.data["address"]) for line in words])
    yield from _end(item, steps, handed)


def _between(steps: Sequence[Step], before: Step, after: Step) -> bool:
    """Whether it was taken back between two times that it was handed over."""
    return any(before.n < s.n <= after.n and s.kind in ("planned", "held", "dropped", "missed") for s in steps)


def _words(name: str, steps: Sequence[Step], handed: Sequence[Step], addresses: Sequence[str]) -> Iterator[Finding]:
    """What people said is in the log, one address, once; and nothing else is."""
    accepted = [step for step in steps if step.kind == "accepted"]
    known = {str(step.data["receipt"]["id"]) for step in accepted}  # type: ignore[index]
    if set(addresses) - known:
        yield Finding("silence", name, f"a person said {set(addresses) - known}, and the log has {known}")
    if len(accepted) > 1 or sum(step.kind == "published" for step in steps) > 1:
        yield Finding("duplicate", name, f"the log has it {len(accepted)} times")
    if accepted and not [step for step in handed if step.n < accepted[0].n]:
        yield Finding("log", name, f"entry {accepted[0].n}: out, and was never handed over")
    told = {step.data["digest"] for step in accepted} - {step.data["digest"] for step in handed}
    if told:
        yield Finding("log", name, f"out with words that nobody was handed: {told}")


def _end(item: Wanted, steps: Sequence[Step], handed: Sequence[Step]) -> Iterator[Finding]:
    """It ends out, missed after its time, taken out of Git, or with a person for whom there is no end of time."""
    name, last = (
        str(item.delivery),
        [s.kind for s in steps if s.kind not in ("reminded", "planned", "released", "noted")],
    )
    out = "published" in last
    if out and "missed" in last and last.index("missed") > last.index("published"):
        yield Finding("loss", name, "called missed after a person said that it is out")
    for step in steps:
        if step.kind == "missed" and (item.window is None or step.at <= item.due + item.window):
            yield Finding("loss", name, f"entry {step.n}: called missed while a person could still post it")
    if not out and item.last is not None:
        wanted = "handed" if item.window is None else "missed"
        if not last or last[-1] != wanted:
            yield Finding("loss", name, f"ends {last[-1:]}, not {wanted}")
    if not out and item.last is None and handed and last[-1] not in ("dropped", "missed"):
        yield Finding("loss", name, f"gone from Git, and ends {last[-1]}")
