"""The judge of what was changed or removed on the network itself: nothing is sent twice for it, what a person let stand is never put
back, and what they had undone ends as it was approved. Pure, and apart from the engine, like the rest of the judge."""

from collections.abc import Iterator, Sequence

from tests.simulation.evidence import Evidence, Finding, Posted, Step
from tests.simulation.newsroom import Wanted


def judge_drift(
    item: Wanted,
    steps: Sequence[Step],
    posts: Sequence[Posted],
    gone: Sequence[Posted],
    taken: Sequence[Posted],
    evidence: Evidence,
) -> Iterator[Finding]:
    """What is wrong with one delivery that somebody meddled with."""
    name = str(item.delivery)
    meddled = [line for line in evidence.history.of("meddled") if line.what.rpartition(" ")[0] == name]
    again = [step for step in steps if step.kind == "undone" and "epoch" in step.data]
    again += [step for step in steps if step.data.get("resend")]  # what its channel chose, with its known price
    for n in range(len(item.texts)):
        sent = [post for post in (*posts, *gone, *taken) if post.index == n]
        # What is there twice otherwise is the judge's of duplicates.
        if taken and len(sent) > 1 + len(again) and len([p for p in sent if p not in taken]) <= 1:
            yield Finding(
                "sent again", name, f"segment {n} was sent {len(sent)} times, and a person wanted {len(again)} again"
            )
    for step in steps:
        if step.kind == "drifted" and step.data["seen"] and not [line for line in meddled if line.n < step.line]:
            yield Finding("false drift", name, f"entry {step.n}: {step.data['seen']}, and nobody did anything")
    yield from _kept(name, steps)


def _kept(name: str, steps: Sequence[Step]) -> Iterator[Finding]:
    """Behind a person's word that it may stand, nothing is begun until a person says something else; what Git said anew before it or says
    after it is made."""
    stands, approved, sent = False, "", ""
    for step in steps:
        if step.kind == "kept":
            stands = True
        elif step.kind == "undone":
            stands = False
        elif stands and approved == sent and step.kind in ("editing", "sending"):
            yield Finding("put back", name, f"entry {step.n}: {step.kind}, and a person has let it stand")
        if step.kind == "planned":
            approved = str(step.data["digest"])
        elif step.kind in ("sending", "edited"):
            sent = str(step.data["digest"])


def wanted_there(item: Wanted, steps: Sequence[Step]) -> set[tuple[int, str]]:
    """What readers are to see at the end of what is out: what Git says last, but for what a person let stand since. A thread of which
    they let a message be gone is not edited any more: the plan says so of each new wish of Git's."""
    stands: dict[int, object] = {}
    seen: list[list[object]] = []
    latest: Sequence[str] = item.texts
    for step in steps:
        if step.kind == "drifted":
            seen = step.data["seen"]  # type: ignore[assignment]
            stands = {}
        elif step.kind == "kept":
            stands = {int(str(n)): text for n, text, _ in seen}
        elif step.kind in ("undone", "edited", "published"):
            stands = {}
        if step.kind == "edited":
            latest = item.last or ()
    if None not in stands.values():
        latest = item.last or ()
    says = {n: stands.get(n, text) for n, text in enumerate(latest)}
    return {(n, str(text)) for n, text in says.items() if text is not None}


def ends_gone(step: Step, steps: Sequence[Step]) -> bool:
    """Whether a person let stand that all of it is gone, or gave up to have it sent again."""
    if step.kind != "kept":
        return False
    before = [s for s in steps if (s.n, s.line) < (step.n, step.line)]
    last = next((s for s in reversed(before) if s.kind in ("drifted", "undone", "published")), None)
    if last is None or last.kind == "published":
        return False
    if last.kind == "undone":
        return "epoch" in last.data
    receipts = {s.data["segment"] for s in before if s.kind == "accepted" or s.data.get("found")}
    return len([1 for _, text, _ in last.data["seen"] if text is None]) == len(receipts)  # type: ignore[attr-defined]
