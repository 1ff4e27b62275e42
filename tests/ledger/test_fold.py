"""The fold: what each event makes of a delivery. A table of the kinds, and what holds of every sequence of them."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from presstime.ledger import cache, fold
from presstime.ledger.cache import SCHEMA
from presstime.ledger.claims import step
from presstime.ledger.fold import RULES, apply
from presstime.model import DeliveryState, Event, Receipt, Status, digest_of
from tests.ledger.kit import DUE, D, planned
from tests.ledger.lives import DATA, KINDS, event_of

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
RECEIPT = Receipt("17", "https://x.example/17", {"cid": "abc"})


def claimed(epoch: int = 1, worker: str = "w1", lease: float = 60) -> Event:
    return step("claimed", D, epoch=epoch, worker=worker, lease=lease, digest="d1")


def sending(epoch: int = 1, segment: int = 0, **more: Any) -> Event:
    return step("sending", D, epoch=epoch, segment=segment, digest="d1", key=f"k{segment}", lease=60, **more)


def accepted(epoch: int = 1, segment: int = 0) -> Event:
    return step("accepted", D, epoch=epoch, segment=segment, receipt=RECEIPT.to_json())


def settled(**more: Any) -> Event:
    return step("settled", D, epoch=1, segment=0, how="looked", **more)


def after(*events: Event) -> DeliveryState:
    """The state after these events, each a second after the one before, each in an entry of its own."""
    state: DeliveryState | None = None
    for n, event in enumerate(events):
        state = apply(state, event, AT + timedelta(seconds=n), n + 1)
    assert state is not None
    return state


def test_planned() -> None:
    """A plan binds the delivery to a digest, with who stands behind it."""
    state = after(planned())
    assert (state.status, state.digest, state.source, state.due, state.path) == (
        Status.PLANNED,
        "d1",
        "s1",
        DUE,
        "posts/launch.md",
    )
    assert state.origin == {
        "commit": "c1",
        "blob": "b1",
        "author": "Ada <ada@example.org>",
        "approver": "Bea <bea@example.org>",
    }
    assert (state.claim, state.intent, state.receipts, state.entry) == (None, None, (), 1)


@pytest.mark.parametrize(
    "before",
    [
        [step("held", D, reason="r")],
        [step("missed", D, reason="r", due=DUE.isoformat())],
        [step("deferred", D, reason="r", until=(AT + timedelta(hours=1)).isoformat(), needs_person=False)],
        [claimed(), sending(), step("refused", D, epoch=1, segment=0, reason="r", code="422")],
    ],
)
def test_planned_anew(before: list[Event]) -> None:
    """A new plan ends a hold, a miss, a deferral and a refusal: status, reason and waiting time are new."""
    state = after(planned(), *before, planned(digest="d2"))
    assert (state.status, state.digest, state.reason, state.until) == (Status.PLANNED, "d2", "", None)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ([claimed(), sending()], Status.SENDING),
        ([claimed(), sending(), accepted()], Status.CLAIMED),
        ([claimed(), sending(), accepted(), step("published", D, epoch=1, url="u")], Status.PUBLISHED),
    ],
)
def test_a_plan_does_not_undo_what_was_sent(before: list[Event], status: Status) -> None:
    """A plan made after a send began changes neither the status, the intent, nor the receipts."""
    first, second = after(planned(), *before), after(planned(), *before, planned(digest="d2"))
    assert second.status is status
    assert (second.sent_digest, second.intent, second.receipts) == (first.sent_digest, first.intent, first.receipts)


def test_claimed() -> None:
    """A claim lasts from the store's time of its entry, and carries its worker and epoch."""
    state = after(planned(), claimed())
    assert state.claim is not None
    assert (state.status, state.epoch, state.claim.worker) == (Status.CLAIMED, 1, "w1")
    assert state.claim.until == AT + timedelta(seconds=61)


def test_an_older_claim_changes_nothing() -> None:
    """A claim with an epoch that is not greater comes too late."""
    state = after(planned(), claimed(2, "w2"))
    for epoch in (1, 2):
        assert apply(state, claimed(epoch, "w9"), AT, 9).claim == state.claim


@pytest.mark.parametrize("status", ["held", "missed"])
def test_a_claim_lifts_no_hold(status: str) -> None:
    """A claim does not turn what is held or missed into something under way."""
    state = after(planned(), step(status, D, reason="r", due=DUE.isoformat()), claimed())
    assert state.status.value == status


def test_sending() -> None:
    """An intent names segment, digest and key, counts as an attempt, and makes the claim last from then."""
    state = after(planned(), claimed(), sending())
    assert state.intent is not None
    assert state.claim is not None
    assert (state.status, state.intent.segment, state.intent.key, state.intent.digest) == (
        Status.SENDING,
        0,
        "k0",
        "d1",
    )
    assert state.intent.at == AT + timedelta(seconds=2)
    assert (state.attempts, state.sent_digest, state.begun) == (1, "d1", True)
    assert state.claim.until == AT + timedelta(seconds=62)


def test_an_older_workers_intent_prolongs_nothing() -> None:
    """An intent of an earlier epoch does not make a later worker's claim last longer."""
    state = after(planned(), claimed(1), claimed(2, "w2"))
    later = apply(state, sending(1), AT + timedelta(hours=1), 9)
    assert later.claim == state.claim


def test_accepted_in_order() -> None:
    """Receipts are kept in the order of the segments; each ends the intent it answers."""
    state = after(planned(), claimed(), sending(), accepted(), sending(segment=1), accepted(segment=1))
    assert state.receipts == (RECEIPT, RECEIPT)
    assert (state.intent, state.status, state.begun) == (None, Status.CLAIMED, True)


@pytest.mark.parametrize("segment", [0, 2])
def test_a_receipt_out_of_order_changes_nothing(segment: int) -> None:
    """A late word of a segment that has its receipt, or of one whose turn it is not, is no second receipt."""
    state = after(planned(), claimed(), sending(), accepted())
    assert apply(state, accepted(segment=segment), AT, 9).receipts == state.receipts


def test_refused() -> None:
    """A refusal ends the intent and the claim, with its reason."""
    state = after(planned(), claimed(), sending(), step("refused", D, epoch=1, segment=0, reason="no", code="422"))
    assert (state.status, state.reason, state.claim, state.intent, state.begun) == (
        Status.REFUSED,
        "no",
        None,
        None,
        False,
    )


def test_deferred() -> None:
    """A deferral says that nothing was sent: no intent stays open, and the claim is given back."""
    until = AT + timedelta(minutes=15)
    later = step("deferred", D, epoch=1, reason="429", until=until.isoformat(), needs_person=False)
    state = after(planned(), claimed(), sending(), later)
    assert (state.status, state.until, state.claim, state.intent) == (Status.DEFERRED, until, None, None)


@pytest.mark.parametrize("over", [True, False])
def test_unknown(over: bool) -> None:
    """A doubt keeps its intent, so that it is settled before anything else; the claim ends with it if it says so."""
    state = after(planned(), claimed(), sending(), step("unknown", D, epoch=1, segment=0, reason="lost", over=over))
    assert (state.status, state.intent is not None, state.review) == (Status.UNKNOWN, True, False)
    assert (state.claim is None) is over


def test_settled_and_found() -> None:
    """A send that was found is a receipt like another."""
    doubt = (planned(), claimed(), sending(), step("unknown", D, epoch=1, segment=0, reason="lost"))
    state = after(*doubt, settled(found=True, receipt=RECEIPT.to_json()))
    assert (state.status, state.receipts, state.intent, state.reason) == (Status.CLAIMED, (RECEIPT,), None, "")


def test_settled_and_not_found() -> None:
    """What was not found is a person's, or may be sent again where the channel chose so."""
    doubt = (planned(), claimed(), sending(), step("unknown", D, epoch=1, segment=0, reason="lost"))
    person = after(*doubt, settled(found=False, review=True, resend=False))
    assert (person.status, person.review, person.claim, person.reason) == (Status.UNKNOWN, True, None, "looked")
    assert person.intent is not None
    again = after(*doubt, settled(found=False, review=False, resend=True))
    assert (again.status, again.review, again.intent, again.attempts) == (Status.CLAIMED, False, None, 1)
    assert again.claim is not None


def test_published() -> None:
    """Published is when S3 says, with the address of the first segment."""
    state = after(
        planned(), claimed(), sending(), accepted(), step("published", D, epoch=1, url="https://x.example/17")
    )
    assert (state.status, state.url, state.done) == (
        Status.PUBLISHED,
        "https://x.example/17",
        AT + timedelta(seconds=4),
    )
    assert (state.claim, state.intent, state.reason) == (None, None, "")


def test_missed_held_released() -> None:
    """A miss keeps the time it was missed at, a hold its reason, and a release makes it planned again."""
    missed = after(planned(), step("missed", D, reason="late", due=DUE.isoformat()))
    assert (missed.status, missed.reason, missed.due) == (Status.MISSED, "late", DUE)
    held = after(planned(), claimed(), step("held", D, reason="wait"))
    assert (held.status, held.reason, held.claim) == (Status.HELD, "wait", None)
    released = after(planned(), step("held", D, reason="wait"), step("released", D, reason="go"))
    assert (released.status, released.reason, released.digest) == (Status.PLANNED, "", "d1")


def handed(digest: str = "d1", **more: Any) -> Event:
    return step("handed", D, epoch=1, digest=digest, until=(AT + timedelta(hours=2)).isoformat(), origin={}, **more)


def test_handed() -> None:
    """What is handed to a person stands so, with since when and until when, and is no send that may have taken effect."""
    state = after(planned(), handed())
    assert (state.status, state.handed, state.until) == (
        Status.HANDED,
        AT + timedelta(seconds=1),
        AT + timedelta(hours=2),
    )
    assert (state.sent_digest, state.begun, state.claim, state.needs_look) == ("d1", False, None, False)


def test_a_person_has_it_until_the_words_change() -> None:
    """A plan of the same words leaves it with the person; one of other words is to be handed over anew."""
    same = after(planned(), handed(), planned(source="s2"))
    assert (same.status, same.source) == (Status.HANDED, "s2")
    other = after(planned(), handed(), planned(digest="d2"))
    assert (other.status, other.digest, other.sent_digest, other.until) == (Status.PLANNED, "d2", "d1", None)
    assert other.handed is not None


@pytest.mark.parametrize(
    "meanwhile",
    [
        [],
        [step("missed", D, reason="late", due=DUE.isoformat())],
        [step("dropped", D, reason="gone", commit="c2")],
        [step("held", D, reason="r")],
        [planned(digest="d2")],
    ],
)
def test_done_by_hand(meanwhile: list[Event]) -> None:
    """What a person says is out is out, whatever the log said of it meanwhile; it says what was handed over."""
    by = {"by": "bea", "digest": "d1"}
    receipt = step("accepted", D, segment=0, receipt=RECEIPT.to_json(), **by)
    state = after(planned(), handed(), *meanwhile, receipt, step("published", D, url=RECEIPT.url))
    assert (state.status, state.receipts, state.url, state.reason) == (Status.PUBLISHED, (RECEIPT,), RECEIPT.url, "")
    assert (state.sent_digest, state.until) == ("d1", None)


def test_what_is_out_is_not_handed_over() -> None:
    """A late word that something was handed over changes nothing about what is out, or may be."""
    out = (planned(), claimed(), sending(), accepted(), step("published", D, epoch=1, url="u"))
    for before in (out, out[:3]):
        state = after(*before)
        assert apply(state, handed(), AT, 9) == replace(state, entry=9)


def test_reminded() -> None:
    """Reminders are counted from the last time it was handed over."""
    since = AT.isoformat()
    twice = [step("reminded", D, since=since, times=n) for n in (1, 2)]
    assert after(planned(), handed(), *twice).reminded == 2
    assert after(planned(), handed(), *twice, planned(digest="d2"), handed("d2")).reminded == 0


def test_a_kind_of_tomorrow_changes_nothing() -> None:
    """An event that this version does not know leaves the state as it was."""
    state = after(planned())
    assert apply(state, step("teleported", D, where="moon"), AT, 9) == state


def test_every_kind_is_described() -> None:
    """The table at the head of the fold names every kind it folds, with its keys."""
    head = (fold.__doc__ or "").split("\n\n")[2]
    assert {line.split()[0] for line in head.splitlines()} == set(RULES)


# --- whatever comes ---------------------------------------------------------------------------------------------------

iso = st.integers(0, 9999).map(lambda n: (AT + timedelta(minutes=n)).isoformat())
common = {"epoch": st.integers(1, 3), "segment": st.integers(0, 2), "reason": st.sampled_from(["", "why"])}


def kind(name: str, **data: st.SearchStrategy[Any]) -> st.SearchStrategy[Event]:
    return st.fixed_dictionaries({**common, **data}).map(lambda found: step(name, D, **found))


receipts = st.sampled_from([RECEIPT.to_json(), Receipt("18").to_json()])
events = st.one_of(
    st.sampled_from([planned(), planned(digest="d2", source="s2")]),
    kind("claimed", worker=st.sampled_from(["w1", "w2"]), lease=st.just(60), digest=st.just("d1")),
    kind("sending", digest=st.just("d1"), key=st.just("k"), lease=st.just(60)),
    kind("accepted", receipt=receipts),
    kind("refused", code=st.just("422")),
    kind("deferred", until=st.none() | iso, needs_person=st.booleans()),
    kind("unknown", over=st.booleans()),
    kind("settled", found=st.just(True), how=st.just("looked"), receipt=receipts),
    kind("settled", found=st.just(False), how=st.just("looked"), review=st.booleans(), resend=st.booleans()),
    kind("published", url=st.none() | st.just("https://x.example/17")),
    kind("missed", due=iso),
    kind("held"),
    kind("released"),
    kind("handed", digest=st.sampled_from(["d1", "d2"]), until=st.none() | iso, origin=st.just({})),
    kind("reminded", since=iso, times=st.integers(1, 3)),
)
histories = st.lists(events, min_size=1, max_size=12)
seen = st.lists(st.tuples(st.integers(0, 1), st.none() | st.just("other words"), st.just("e5")).map(list), max_size=2)
drifting = st.lists(
    st.one_of(
        events,
        kind("drifted", seen=seen),
        kind("kept", by=st.just("ada")),
        kind("undone", by=st.just("ada")),
        st.just(step("undone", D, by="ada", reason="r")),
        kind("edited", digest=st.just("d2"), receipts=st.lists(receipts, min_size=1, max_size=2)),
        kind("editing", digest=st.sampled_from(["d1", "d2"]), lease=st.just(60)),
        kind("refused", change=st.just("edit"), code=st.just("422")),
    ),
    min_size=1,
    max_size=16,
)


@settings(deadline=None)
@given(histories)
def test_receipts_are_never_lost(history: list[Event]) -> None:
    """Nothing that happens later takes back a receipt: what is out is known for ever."""
    state: DeliveryState | None = None
    for n, event in enumerate(history):
        before = state.receipts if state else ()
        state = apply(state, event, AT, n + 1)
        assert state.receipts[: len(before)] == before


@settings(deadline=None)
@given(drifting)
def test_epochs_only_grow(history: list[Event]) -> None:
    """A claim once overtaken never comes back."""
    state: DeliveryState | None = None
    for n, event in enumerate(history):
        before = state.epoch if state else 0
        state = apply(state, event, AT, n + 1)
        assert state.epoch >= before
        assert state.claim is None or state.claim.epoch == state.epoch


@settings(deadline=None)
@given(drifting)
def test_the_cache_keeps_every_state_whole(history: list[Event]) -> None:
    """A state written to the cache's file and read back is the same state."""
    state = after(*history)
    assert cache._state_from_json(json.loads(json.dumps(cache._state_to_json(state)))) == state


@settings(deadline=None)
@given(drifting)
def test_events_keep_their_form(history: list[Event]) -> None:
    """An event written into an entry and read back is the same event."""
    for event in history:
        assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event


def test_a_cache_of_another_schema_is_read_anew(tmp_path: Path) -> None:
    """A cache that another version made is emptied, not misread."""
    import sqlite3

    file = tmp_path / "cache.sqlite"
    cache.Cache(file, "log").close()
    with sqlite3.connect(file) as db:
        db.execute(f"PRAGMA user_version = {cache.SCHEMA + 1}")
        db.execute("UPDATE head SET n = 41")
    db.close()
    assert cache.Cache(file, "log").head().n == 0


# What the fold makes of a thousand random lives, by its version.
FOLDED = {13: "cf48519b7958ef6c2766dfaa23cd1d034e8c9d3df33e93cf912b1308416427a6"}


def test_another_fold_is_another_version() -> None:
    """Caches and snapshots that an older fold made are not read by a newer one: whoever changes what an event makes of a state raises
    SCHEMA, and writes down here what it makes now."""
    chance, kinds = random.Random(1), sorted(DATA.keys() - {"paused"})
    assert {KINDS.get(kind, kind) for kind in kinds} == RULES.keys() - {"planned"}
    states = []
    for _ in range(1000):
        epoch, events = 0, [planned()]
        for kind in chance.choices([*kinds, "planned"], k=20):
            event = planned(digest=chance.choice(("d1", "d2"))) if kind == "planned" else event_of(kind, D)
            epoch += kind == "claimed"
            if "epoch" in event.data and kind != "undone":
                event = replace(event, data={**event.data, "epoch": epoch})
            events.append(event)
        states.append(repr(after(*events)))
    assert FOLDED.get(SCHEMA) == digest_of(list(states))
