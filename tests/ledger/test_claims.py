"""Claims: one worker at a time, judged by the store's clock, fenced before every send."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from presstime.errors import ClaimLost, StoreError
from presstime.ledger import claims
from presstime.ledger.claims import (
    LEASE_SECONDS,
    SLACK_SECONDS,
    Announcement,
    ClaimHandle,
    claim,
    claimable,
    held_by_another,
    put_off,
    step,
)
from presstime.ledger.log import Ledger
from presstime.model import Claim, DeliveryState, Intent, Receipt, Status
from presstime.processes import own_name
from presstime.stores.memory import Bucket, Fault, MemoryStore
from tests.ledger.kit import D, append, ledger_on, planned

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
RECEIPT = Receipt("17", "https://x.example/17")


class Clock:
    """The store's clock."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go_on(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bucket(clock: Clock) -> Bucket:
    """A log in which one delivery is planned."""
    bucket = Bucket(clock)
    append(ledger_on(bucket), planned())
    return bucket


def worker(bucket: Bucket, name: str = "a/m/1/1") -> Ledger:
    ledger = ledger_on(bucket, name)
    ledger.catch_up()
    return ledger


def take(ledger: Ledger, announcement: Announcement | None = None) -> ClaimHandle | None:
    return claim(ledger, D, "d1", lambda: START, announcement)


def won(ledger: Ledger, announcement: Announcement | None = None) -> ClaimHandle:
    handle = take(ledger, announcement)
    assert handle is not None
    return handle


def state_in(bucket: Bucket) -> DeliveryState:
    state = worker(bucket, "reader").state(D)
    assert state is not None
    return state


# --- who may claim ----------------------------------------------------------------------------------------------------


def state(status: Status, **more: object) -> DeliveryState:
    return DeliveryState(D, status, **{"digest": "d1", **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "may"),
    [
        (None, False),
        (state(Status.PLANNED), True),
        (state(Status.DEFERRED), True),
        (state(Status.PLANNED, digest="other"), False),
        (state(Status.HELD), False),
        (state(Status.MISSED), False),
        (state(Status.REFUSED), False),
        (state(Status.PUBLISHED), False),
        (state(Status.UNKNOWN, review=True, intent=Intent(0, "d1", "k", START), sent_digest="d1"), False),
        (state(Status.UNKNOWN, intent=Intent(0, "d1", "k", START), sent_digest="d1"), True),
        (state(Status.SENDING, digest="d2", intent=Intent(0, "d1", "k", START), sent_digest="d1"), True),
        (state(Status.SENDING, intent=Intent(0, "d0", "k", START), sent_digest="d0"), False),
        (state(Status.CLAIMED, claim=Claim("b/m/1/1", 1, START)), False),
        (state(Status.CLAIMED, claim=Claim("a/m/1/1", 1, START)), True),
        (state(Status.CLAIMED, claim=Claim("b/m/1/1", 1, START - timedelta(seconds=SLACK_SECONDS + 1))), True),
    ],
)
def test_claimable(known: DeliveryState | None, may: bool) -> None:
    """Only what is planned, as it was planned or begun, and in nobody's hands may be claimed."""
    assert claimable(known, "d1", START, "a/m/1/1") is may


def test_a_claim_ends_by_the_stores_clock_and_a_little_later() -> None:
    """Others wait for the end of a claim and five seconds more: the store counts whole seconds."""
    held = state(Status.CLAIMED, claim=Claim("b/m/1/1", 1, START))
    assert held_by_another(held, START + timedelta(seconds=SLACK_SECONDS), "a/m/1/1")
    assert not held_by_another(held, START + timedelta(seconds=SLACK_SECONDS + 0.1), "a/m/1/1")


def test_a_worker_that_is_gone_is_not_waited_for() -> None:
    """The claim of a process of this machine that has certainly ended keeps nobody out; that of a live one does."""
    host, machine, pid, started = own_name().split("/")
    if not machine:
        pytest.skip("this system does not tell which processes live")
    alive = state(Status.CLAIMED, claim=Claim(own_name(), 1, START))
    gone = state(Status.CLAIMED, claim=Claim(f"{host}/{machine}/{pid}/{int(started) + 1}", 1, START))
    elsewhere = state(Status.CLAIMED, claim=Claim(f"other/{machine}/{pid}/1", 1, START))
    assert held_by_another(alive, START, "a/m/1/1")
    assert not held_by_another(gone, START, "a/m/1/1")
    assert held_by_another(elsewhere, START, "a/m/1/1")


# --- claiming ---------------------------------------------------------------------------------------------------------


def test_one_of_many_wins(bucket: Bucket) -> None:
    """Of workers that reach for a delivery at the same time exactly one gets it, however often they try."""
    ledgers = [worker(bucket, f"w{n}/m/1/1") for n in range(8)]
    together = Barrier(8)

    def reach(ledger: Ledger) -> bool:
        together.wait(30)
        return take(ledger) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reach, ledgers)) == 1
    assert [e.kind for n in (1, 2) for e in ledgers[0].entry(n).events] == ["planned", "claimed"]


def test_claim_and_intent_share_an_entry(bucket: Bucket) -> None:
    """A claim with an announcement is one write: nobody sees the one without the other."""
    ledger = worker(bucket)
    won(ledger, Announcement(0, "k0"))
    assert [e.kind for e in ledger.entry(2).events] == ["claimed", "sending"]
    assert ledger.cache.head().n == 2


def test_a_claim_names_worker_run_and_origin(bucket: Bucket) -> None:
    """Who acts, in which run, on whose commit: it stands in the claim itself."""
    ledger = worker(bucket)
    ledger.run = "run-7"
    won(ledger)
    data = ledger.entry(2).events[0].data
    assert (data["worker"], data["run"], data["digest"], data["epoch"]) == ("a/m/1/1", "run-7", "d1", 1)
    assert data["origin"]["approver"] == "Bea <bea@example.org>"


def test_each_claim_is_of_a_new_epoch(bucket: Bucket, clock: Clock) -> None:
    """The worker that takes over has a greater epoch, so that the log tells their words apart."""
    won(worker(bucket, "a/m/1/1"))
    assert take(worker(bucket, "b/m/1/1")) is None
    clock.go_on(LEASE_SECONDS + SLACK_SECONDS + 1)
    assert won(worker(bucket, "b/m/1/1")).epoch == 2


# --- the fence --------------------------------------------------------------------------------------------------------


def test_the_fence_lets_a_fresh_claim_pass(bucket: Bucket, clock: Clock) -> None:
    """A claim holds until shortly before its end, and not a moment longer."""
    handle = won(worker(bucket))
    handle.fence()
    clock.go_on(LEASE_SECONDS - SLACK_SECONDS - 1)
    handle.fence()
    clock.go_on(1)
    with pytest.raises(ClaimLost):
        handle.fence()


def test_no_two_workers_pass_the_fence(bucket: Bucket, clock: Clock) -> None:
    """At no second of a claim's end may both the old worker send and the new one claim."""
    old = won(worker(bucket, "a/m/1/1"))
    for _ in range(int(LEASE_SECONDS + 4 * SLACK_SECONDS)):
        clock.go_on(1)
        try:
            old.fence()
            passes = True
        except ClaimLost:
            passes = False
        known = worker(bucket, "b/m/1/1").state(D)
        assert not (passes and claimable(known, "d1", clock.at, "b/m/1/1"))


def test_an_intent_of_a_lost_claim_is_refused(bucket: Bucket, clock: Clock) -> None:
    """A worker whose delivery was taken over cannot announce another send."""
    slow = won(worker(bucket, "a/m/1/1"))
    clock.go_on(LEASE_SECONDS + SLACK_SECONDS + 1)
    won(worker(bucket, "b/m/1/1"))
    slow.ledger.catch_up()
    with pytest.raises(ClaimLost):
        slow.intend(Announcement(0, "k0"))
    with pytest.raises(ClaimLost):
        slow.fence()


def test_a_hold_stops_a_claim_before_its_send(bucket: Bucket) -> None:
    """A delivery that is held after it was claimed is not sent: the fence sees it."""
    handle = won(worker(bucket))
    append(handle.ledger, step("held", D, reason="stop"))
    with pytest.raises(ClaimLost):
        handle.fence()


# --- outcomes ---------------------------------------------------------------------------------------------------------

OUTCOMES: dict[str, Callable[[ClaimHandle], None]] = {
    "refused": lambda h: h.refused(0, "no", "422"),
    "deferred": lambda h: h.deferred("later", None, False),
    "unknown": lambda h: h.unknown(0, "lost"),
    "settled": lambda h: h.not_found(0, "looked", review=True),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_words_of_a_lost_claim_are_not_written(bucket: Bucket, clock: Clock, outcome: str) -> None:
    """What a worker believes of a delivery that another has taken over is not the log's business."""
    slow = won(worker(bucket, "a/m/1/1"), Announcement(0, "k0"))
    clock.go_on(LEASE_SECONDS + SLACK_SECONDS + 1)
    won(worker(bucket, "b/m/1/1"))
    before = state_in(bucket)
    slow.ledger.catch_up()
    OUTCOMES[outcome](slow)
    assert state_in(bucket) == before


def test_a_receipt_is_a_fact_whoever_holds_the_claim(bucket: Bucket, clock: Clock) -> None:
    """What a network accepted is written down even by a worker that has lost its claim."""
    slow = won(worker(bucket, "a/m/1/1"), Announcement(0, "k0"))
    clock.go_on(LEASE_SECONDS + SLACK_SECONDS + 1)
    won(worker(bucket, "b/m/1/1"))
    slow.accepted(0, RECEIPT, last=True)
    known = state_in(bucket)
    assert (known.status, known.receipts) == (Status.PUBLISHED, (RECEIPT,))
    assert take(worker(bucket, "c/m/1/1")) is None


def test_published_is_said_once(bucket: Bucket) -> None:
    """Two workers that both learn of the receipt write one `published`."""
    handle = won(worker(bucket), Announcement(0, "k0"))
    handle.accepted(0, RECEIPT, last=True)
    handle.settled(0, "found", RECEIPT, last=True)
    kinds = [e.kind for n in range(1, handle.ledger.catch_up() + 1) for e in handle.ledger.entry(n).events]
    assert kinds.count("published") == 1


def test_the_url_is_the_first_segments(bucket: Bucket) -> None:
    """A thread's address is that of its first message."""
    handle = won(worker(bucket), Announcement(0, "k0"))
    handle.accepted(0, RECEIPT, last=False)
    handle.intend(Announcement(1, "k1"))
    handle.accepted(1, Receipt("18", "https://x.example/18"), last=True)
    assert state_in(bucket).url == RECEIPT.url


# --- putting off ------------------------------------------------------------------------------------------------------


def refuse(ledger: Ledger, reason: str = "no credentials") -> None:
    put_off(ledger, D, "d1", lambda: START, reason, needs_person=True)


def test_put_off_is_said_once(bucket: Bucket) -> None:
    """The same reason is news once; another reason is news."""
    for reason in ("no credentials", "no credentials", "nobody answers"):
        refuse(worker(bucket), reason)
    assert worker(bucket).cache.head().n == 3
    assert state_in(bucket).reason == "nobody answers"


def test_put_off_leaves_others_alone(bucket: Bucket) -> None:
    """A worker that cannot begin says nothing of a delivery that another is at, or that is held."""
    won(worker(bucket, "b/m/1/1"))
    refuse(worker(bucket))
    assert state_in(bucket).status is Status.CLAIMED


def test_put_off_keeps_a_doubt(bucket: Bucket, clock: Clock) -> None:
    """A send without an answer stays one, said once, when the next worker cannot even look."""
    won(worker(bucket, "b/m/1/1"), Announcement(0, "k0"))
    clock.go_on(LEASE_SECONDS + SLACK_SECONDS + 1)
    refuse(worker(bucket))
    refuse(worker(bucket))
    known = state_in(bucket)
    assert (known.status, known.review, known.reason) == (Status.UNKNOWN, False, "no credentials")
    assert known.intent is not None
    assert worker(bucket).cache.head().n == 3


@pytest.mark.parametrize("fault", ["lost-after", "lost-before", "conflict"])
def test_a_claim_whose_reply_was_lost_is_still_one_claim(bucket: Bucket, fault: Fault) -> None:
    """Whether or not the write took effect, the worker ends with one claim, and it is its own."""
    faults: list[Fault | None] = [fault]
    store = MemoryStore(bucket, lambda op, key: faults.pop() if op == "create" and faults else None)
    ledger = ledger_on(store)
    ledger.catch_up()
    handle = won(ledger)
    handle.fence()
    assert [e.kind for n in range(1, ledger.cache.head().n + 1) for e in ledger.entry(n).events] == [
        "planned",
        "claimed",
    ]


def test_no_claim_without_a_store(bucket: Bucket) -> None:
    """A worker that cannot write the log has claimed nothing."""
    ledger = ledger_on(MemoryStore(bucket, lambda op, key: "unreachable" if op == "create" else None))
    ledger.catch_up()
    with pytest.raises(StoreError):
        take(ledger)
    assert state_in(bucket).claim is None


def test_a_lease_outlasts_a_send() -> None:
    """A claim lasts longer than the longest send with its retries: nobody takes over from a worker that is just slow."""
    from presstime.publish.retry import RetryRule

    rule = RetryRule()
    assert 2 * (rule.seconds + rule.pause_max) + claims.SLACK_SECONDS < claims.LEASE_SECONDS
