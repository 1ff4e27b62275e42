"""The judge on made-up evidence: each kind of fault, put into a clean run by hand, is found and named."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from tests.simulation.cases import POLICIES
from tests.simulation.checker import judge
from tests.simulation.court import evidence_of
from tests.simulation.evidence import Evidence, Posted
from tests.simulation.faults import QUIET
from tests.simulation.history import History
from tests.simulation.newsroom import wanted
from tests.simulation.world import Setup, World

Change = Callable[[Evidence], Evidence]


@cache
def clean() -> Evidence:
    """A thread of two and a single post, published without any trouble."""
    items = (wanted("p1", "a", 2, 60), wanted("p2", "b", 1, 60))
    return evidence_of(World(Setup(POLICIES["lookup-review"], items, rates=QUIET), 1).run())


def with_posts(change: Callable[[list[Posted]], list[Posted]]) -> Change:
    return lambda evidence: replace(evidence, posts=change(list(evidence.posts)))


def without_events(*kinds: str) -> Change:
    """The log as it would be had nobody ever written these, with its chain in order."""
    return rewritten(lambda events: [e for e in events if e["kind"] not in kinds])


def rewritten(change: Callable[[list[dict[str, object]]], list[dict[str, object]]]) -> Change:
    def apply(evidence: Evidence) -> Evidence:
        import hashlib

        bodies, before = [], "0" * 64
        for key, body in evidence.bodies:
            entry = json.loads(body)
            entry["events"], entry["prev"] = change(entry["events"]), before
            made = json.dumps(entry).encode()
            before = hashlib.sha256(made).hexdigest()
            bodies.append((key, made))
        return replace(evidence, bodies=bodies)

    return apply


def changed(**data: object) -> Change:
    """Every event that has one of these keys, with another value for it."""
    return rewritten(lambda events: [{**e, **{k: v for k, v in data.items() if k in e}} for e in events])


def without_calls(evidence: Evidence) -> Evidence:
    """The same, told by a history in which nobody was announced to hold anything."""
    history = History()
    for line in evidence.history.lines:
        who = "m9/w9.9" if line.kind == "call" else line.who
        history.add(line.at, who, line.kind, line.what, line.data)
    return replace(evidence, history=history)


FAULTS: dict[str, tuple[str, Change]] = {
    "a post twice": ("duplicate", with_posts(lambda posts: [*posts, posts[0]])),
    "a post missing": ("loss", with_posts(lambda posts: posts[1:])),
    "a post of nobody": ("stray", with_posts(lambda posts: [*posts, replace(posts[0], delivery="x/y")])),
    "a post early": ("early", with_posts(lambda posts: [replace(p, at=p.at - 2_000_000) for p in posts])),
    "a reply to nothing": ("order", with_posts(lambda posts: [replace(p, parent=None) for p in posts])),
    "segments in the wrong order": (
        "order",
        with_posts(lambda posts: [replace(p, at=p.at + 60_000_000 * (p.index == 0)) for p in posts]),
    ),
    "another post than the receipt's": ("log", with_posts(lambda posts: [replace(p, id=f"x{p.id}") for p in posts])),
    "an entry missing": (
        "log",
        lambda evidence: replace(evidence, bodies=[*evidence.bodies[:1], *evidence.bodies[2:]]),
    ),
    "an entry changed": (
        "log",
        lambda evidence: replace(
            evidence, bodies=[(k, b.replace(b'"author":"Ada"', b'"author":"Eve"')) for k, b in evidence.bodies]
        ),
    ),
    "no intent": ("unannounced", without_events("sending")),
    "accepted without an intent": ("log", without_events("sending")),
    "no end": ("loss", without_events("published")),
    "no claim": ("unfenced", without_events("claimed")),
    "an epoch skipped": ("log", changed(epoch=7)),
    "a receipt missing": ("log", without_events("accepted")),
    "a sender that holds no claim": ("unfenced", without_calls),
    "an error in the engine": ("broken engine", lambda evidence: replace(evidence, errors=["Traceback"])),
    "called refused": (
        "loss",
        rewritten(lambda events: [{**e, "kind": "refused"} if e["kind"] == "published" else e for e in events]),
    ),
    "called missed": (
        "loss",
        rewritten(lambda events: [{**e, "kind": "missed"} if e["kind"] == "published" else e for e in events]),
    ),
    "decided too late": ("stuck", lambda evidence: replace(evidence, calm=-10_000_000_000, history=early(evidence))),
}


def early(evidence: Evidence) -> History:
    """A history in which everybody was awake long before."""
    history = History()
    for line in evidence.history.lines:
        at = line.at - 10_000_000_000 if line.kind == "start" else line.at
        history.add(at, line.who, line.kind, line.what, line.data)
    return history


def test_a_clean_run_is_clean() -> None:
    """Where nothing is wrong the judge finds nothing."""
    verdict = judge(clean())
    assert verdict.findings == []
    assert verdict.ends == {"p1/a": "published", "p2/b": "published"}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    """A fault put in by hand is found, under its name."""
    kind, change = FAULTS[fault]
    verdict = judge(change(clean()))
    assert kind in {finding.kind for finding in verdict.findings}, verdict.findings
    assert not verdict.ok


def test_only_the_gap_is_excused() -> None:
    """A second post is in the gap only if its writer's claim was good at the last look and not when it was accepted."""
    evidence = clean()
    first = next(post for post in evidence.posts if post.delivery == "p2/b")
    second = replace(first, id="99")
    call = next(line for line in evidence.history.of("call") if line.what == "p2/b 0")
    end = evidence.history.lines[-1].at

    def told(at: int) -> Evidence:
        history, accepted = History(), {"call": 99, "post": "99", "new": True}
        for line in evidence.history.lines:
            history.add(line.at, line.who, line.kind, line.what, line.data)
            if line.n == call.n:
                history.add(line.at, line.who, "call", line.what, {"call": 99, "clock": 0})
                if at == call.at:
                    history.add(at, call.who, "accepted", line.what, accepted)
        if at > call.at:
            history.add(at, call.who, "accepted", call.what, accepted)
        return replace(evidence, posts=[*evidence.posts, replace(second, at=at)], history=history)

    [overtaken] = judge(told(end + 600_000_000)).of("duplicate")
    [at_once] = judge(told(call.at)).of("duplicate")
    assert overtaken.gap
    assert not at_once.gap
