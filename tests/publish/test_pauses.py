"""A pause that is in the log before a send is announced stops that send, whatever worker it is and wherever it stands."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from presstime.errors import UsageError
from presstime.ledger import by_hand, stopping
from presstime.ledger.claims import Announcement, claim
from presstime.model import DeliveryState, Settling, Status
from presstime.networks.memory import Fault
from presstime.pauses import EVERYTHING, Pause, Rule, Scope
from presstime.publish.send import Publisher
from tests.kit import SETTINGS, START, Folder, Office, run_pass
from tests.publish.kit import D, Killed, World
from tests.publish.newsdesk import D as NAME
from tests.publish.newsdesk import Newsdesk


def stop(worker: Publisher, scope: Scope = EVERYTHING, minutes: float | None = None, rule: Rule = "release") -> Pause:
    until = None if minutes is None else worker.timing.now() + timedelta(minutes=minutes)
    gap = timedelta(minutes=5)
    return stopping.pause(worker.ledger, scope, worker.timing.now, "ada", "a storm", until, rule, gap)


def let_go(worker: Publisher, scope: Scope = EVERYTHING) -> Pause:
    worker.ledger.catch_up()
    return stopping.resume(worker.ledger, scope, worker.timing.now, "bea", "it is over", None, None)


@pytest.fixture
def world() -> World:
    world = World()
    world.plan(world.job())
    return world


# --- the fence --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [EVERYTHING, Scope("channel", "brand"), Scope("group", "house")])
def test_a_pause_before_the_intent_stops_the_send(world: World, scope: Scope) -> None:
    """A worker that has planned, rendered and waited sends nothing if the pause came before its claim; and then does, once."""
    worker, job = world.worker(), replace(world.job(), scopes=frozenset({Scope("group", "house")}))
    stop(world.worker("ops/m/1/1"), scope)
    assert world.publish(job, worker).status is Status.PLANNED
    assert (world.texts(), world.kinds()) == ([], ["planned", "paused"])
    let_go(world.worker("ops/m/1/1"), scope)
    world.pass_time(seconds=2)  # so long a worker goes by what it saw of the log
    assert world.publish(job, worker).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def test_another_scope_stops_nothing(world: World) -> None:
    """A pause of another channel, or one that is over, is none of this delivery's business."""
    stop(world.worker("ops/m/1/1"), Scope("channel", "other"))
    stop(world.worker("ops/m/1/1"), EVERYTHING, minutes=1)
    world.pass_time(minutes=2)
    assert world.publish(world.job()).status is Status.PUBLISHED


def test_a_pause_that_ends_at_the_instant_stops_nothing(world: World) -> None:
    """Paused until nine, due at nine: it is claimed a second before, and goes out at nine."""
    job = world.job(due=START + timedelta(minutes=1))
    stop(world.worker("ops/m/1/1"), minutes=1)
    assert world.publish(job).status is Status.PUBLISHED
    assert [post.at for post in world.network.posts] == [START + timedelta(minutes=1)]


def test_one_entry_holds_both(world: World) -> None:
    """A pause and a claim that share an entry are one after the other in it: the claim sees the pause."""
    ledger = world.worker().ledger

    def both(view):  # type: ignore[no-untyped-def]
        return [
            stopping.step("paused", EVERYTHING.where, world.now, by="ada", reason="x", rule="skip", gap=0, until=None)
        ]

    ledger._queue.append(_request(both))
    found = claim(ledger, D, world.job().variant.digest, world.now, Announcement(0, "k"), world.job().subject)
    assert found is None
    assert world.kinds() == ["planned", "paused"]


def _request(propose):  # type: ignore[no-untyped-def]
    from presstime.ledger.log import _Request

    return _Request(propose, {})


def test_a_pause_between_two_messages_of_a_thread(world: World) -> None:
    """What is out of a thread stays; the next message is not announced while it is paused, and goes out afterwards, once."""
    world = World()
    job = world.job("One", "Two")
    world.plan(job)
    adapter, ops = world.adapter(), world.worker("ops/m/1/1")
    send = adapter.send

    def and_stop(order):  # type: ignore[no-untyped-def]
        outcome = send(order)
        if order.segment.index == 0:
            ops.ledger.catch_up()
            stop(ops)
        return outcome

    adapter.send = and_stop  # type: ignore[method-assign]
    state = world.worker().publish(job, adapter)
    assert (state.status, len(state.receipts), world.texts()) == (Status.DEFERRED, 1, ["One"])
    assert "everything is paused by ada" in state.reason
    assert world.kinds().count("sending") == 1, "nothing is announced behind it"
    assert world.publish(job).status is Status.DEFERRED
    let_go(ops)
    assert world.publish(job).status is Status.PUBLISHED
    assert world.texts() == ["One", "Two"]


def test_heard_of_between_intent_and_send(world: World) -> None:
    """Of a pause that this machine has heard of since the announcement, the last look before the request knows, too."""
    job, worker = world.job(due=START + timedelta(minutes=1)), world.worker()
    slept = worker.timing.sleep

    def stop_then_sleep(seconds: float) -> None:
        slept(seconds)
        state = worker.ledger.state(D)
        if state is not None and state.status is Status.SENDING and not worker.ledger.cache.pauses():
            stop(worker)

    object.__setattr__(worker.timing, "sleep", stop_then_sleep)
    state = worker.publish(job, world.adapter())
    assert (state.status, world.texts()) == (Status.DEFERRED, [])
    assert state.intent is None, "nothing was sent after the last look: nothing is in doubt"


@pytest.mark.parametrize("settling", [Settling.NATURAL, Settling.KEYED])
def test_what_is_in_doubt_is_not_sent_again_meanwhile(settling: Settling) -> None:
    """Settling by the same request again would put it before readers: it waits for the end of the pause, and settles then."""
    world = World(settling)
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("lost-before")]
    adapter = world.adapter()
    adapter.send = _killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        world.worker().publish(job, adapter)
    world.network.faults = []
    stop(world.worker("ops/m/1/1"))
    world.pass_time(minutes=5)
    assert world.publish(job, world.worker("heir/m/2/2")).status is Status.SENDING
    assert world.texts() == []
    let_go(world.worker("ops/m/1/1"))
    assert world.publish(job, world.worker("heir/m/2/2")).status is Status.PUBLISHED
    assert world.texts() == ["Hello"]


def _killed(order: object) -> None:
    raise Killed


# --- two people ---------------------------------------------------------------------------------------------------------


def test_a_second_pause_only_makes_it_longer(world: World) -> None:
    """Whoever stops what is stopped sets nothing free: the later end counts, no end before any."""
    ops = world.worker("ops/m/1/1")
    assert stop(ops, minutes=60).until == START + timedelta(hours=1)
    assert stop(ops, minutes=10).until == START + timedelta(hours=1)
    assert stop(ops, minutes=90).until == START + timedelta(minutes=90)
    assert stop(ops).until is None
    longest = stop(ops, minutes=10, rule="skip")
    assert (longest.until, longest.since, longest.rule) == (None, START, "skip")
    assert len(ops.ledger.cache.pauses()) == 1


def test_nobody_resumes_what_they_have_not_seen(world: World) -> None:
    """A pause that was changed since the log was read is not ended by whoever read it before; nor what is not paused."""
    one, two = world.worker("ops/m/1/1"), world.worker("ops/m/2/2")
    with pytest.raises(UsageError, match="is not paused"):
        let_go(one)
    stop(one)
    two.ledger.catch_up()
    stop(one, rule="skip")
    with pytest.raises(UsageError, match="was paused anew"):
        stopping.resume(two.ledger, EVERYTHING, two.timing.now, "bea", "", None, None)
    assert let_go(two).rule == "skip"
    with pytest.raises(UsageError, match="is not paused"):
        let_go(one)


def test_pauses_survive_the_cache(world: World) -> None:
    """A worker that begins from nothing, or from a snapshot's lines, knows what is paused."""
    stop(world.worker("ops/m/1/1"), Scope("campaign", "a/b%"), minutes=60)
    fresh, copy = world.worker("new/m/1/1").ledger.cache, world.worker("copy/m/1/1").ledger.cache
    assert [str(p.scope) for p in fresh.pauses()] == ["campaign a/b%"]
    copy.clear()
    copy.restore(fresh.head(), list(fresh.rows()))
    assert copy.pauses() == fresh.pauses()


# --- whole passes -------------------------------------------------------------------------------------------------------


def ordered(desk: Newsdesk, order) -> None:  # type: ignore[no-untyped-def]
    with desk.office.desk("ops/m/1/1") as open_desk:
        open_desk.ledger.catch_up()
        order(open_desk)


def test_the_plan_holds_and_the_log_stays_short(tmp_path: Path) -> None:
    """While paused, the plan says hold at each pass, and nothing is written but the pause; the plan of a new post is."""
    desk = Newsdesk(tmp_path / "newsroom")
    ordered(
        desk, lambda d: stopping.pause(d.ledger, EVERYTHING, d.timing.now, "ada", "x", None, "release", timedelta(0))
    )
    for _ in range(3):
        desk.work()
    assert desk.plan()[NAME].startswith("hold: everything is paused by ada")
    assert [event.kind for event in desk.office.events()] == ["paused", "planned"]
    assert desk.texts == []
    ordered(desk, lambda d: stopping.resume(d.ledger, EVERYTHING, d.timing.now, "ada", "", None, None))
    assert desk.work().status is Status.PUBLISHED


@pytest.mark.parametrize("rule", ["release", "reschedule", "skip"])
def test_an_outage_across_a_pause(tmp_path: Path, rule: Rule) -> None:
    """No worker is there from before the pause until after it: what its rule says is done all the same, and told."""
    folder = Folder(tmp_path / "newsroom", SETTINGS.replace('"site-feed", ', ""))
    office = Office(folder)
    for n, late in enumerate(("publish", "within 2h", "skip")):
        folder.post(f"p{n}", f"Text {n}", START + timedelta(hours=1, minutes=n), late=late)
    folder.commit()
    with office.desk() as desk:
        run_pass(desk)
        until = START + timedelta(hours=9)
        office.pass_time(minutes=30)
        stopping.pause(desk.ledger, EVERYTHING, desk.timing.now, "ada", "x", until, rule, timedelta(minutes=5))
    office.pass_time(hours=8, minutes=40)
    found = office.sync("heir/m/2/2")
    actions = [found[f"p{n}/brand-mastodon"].action for n in range(3)]
    expected = {
        "release": ["publish", "missed", "missed"],
        "reschedule": ["wait"] * 3,
        "skip": ["skip", "missed", "missed"],
    }
    assert actions == expected[rule]
    if rule == "reschedule":
        assert found["p1/brand-mastodon"].due == START + timedelta(hours=9, minutes=31)
        assert office.state("p1/brand-mastodon").moved == START + timedelta(hours=1, minutes=1)
    states = [office.state(f"p{n}/brand-mastodon") for n in range(3)]
    assert all(state.reason or state.status is Status.PLANNED for state in states)


def test_a_commit_pauses_and_another_ends_it(tmp_path: Path) -> None:
    """[pause] in presstime.toml is in the log at the first pass, under its approver's name; taken out, it ends. A worker that is
    behind sees it in the log, and ends nothing."""
    desk = Newsdesk(tmp_path / "newsroom")
    behind = desk.folder.copy(tmp_path / "behind")
    plain = (desk.folder.path / "presstime.toml").read_text()
    table = (
        '[pause.strike]\nwhat = ["brand-mastodon"]\nreason = "A strike"\nuntil = 2026-11-23T12:00:00\nresume = "skip"\n'
    )
    desk.folder.write("presstime.toml", plain + table)
    desk.folder.commit("Stop", author="Cleo", approver="Bea")
    assert desk.plan()[NAME].startswith("hold: channel brand-mastodon is paused by Bea")
    desk.work()
    desk.work()
    [event] = desk.office.events("paused")
    assert event.data["by"].startswith("Bea")
    assert desk.texts == []
    late_office = Office(behind, desk.office.time)
    late_office.bucket = desk.office.bucket
    with late_office.desk("behind/m/1/1") as open_desk:
        desk.seat(open_desk)
        run_pass(open_desk)
    assert (desk.texts, len(desk.office.events("resumed"))) == ([], 0)
    desk.folder.write("presstime.toml", plain)
    desk.folder.commit("Go on")
    state = desk.work()
    [ended] = desk.office.events("resumed")
    assert ended.data["reason"] == "presstime.toml does not pause it any more"
    assert (state.status, desk.texts) == (Status.SKIPPED, [])
    desk.work()
    assert len(desk.office.events("resumed")) == 1


# --- one delivery ---------------------------------------------------------------------------------------------------------


def test_skipped_by_hand_and_tried_again(tmp_path: Path) -> None:
    """What a person skips does not go out, and nobody is woken; `retry` takes that back."""
    desk = Newsdesk(tmp_path / "newsroom")
    desk.office.sync()
    ordered(desk, lambda d: by_hand.skip_by_hand(d.ledger, _of(NAME), d.timing.now, "ada", "old news"))
    state = desk.work()
    assert (state.status, state.needs_look, desk.texts) == (Status.SKIPPED, False, [])
    assert desk.plan()[NAME] == "skip: ada skipped it: old news"
    ordered(desk, lambda d: by_hand.retry_by_hand(d.ledger, _of(NAME), d.timing.now, "ada", "no, new"))
    assert desk.work().status is Status.PUBLISHED
    for order in (by_hand.skip_by_hand, by_hand.retry_by_hand):
        with pytest.raises(UsageError):
            ordered(desk, lambda d, order=order: order(d.ledger, _of(NAME), d.timing.now, "ada", "x"))


def test_a_refused_one_is_tried_again_when_a_person_says_so(tmp_path: Path) -> None:
    """A network that said no is not asked again by itself; after `retry` it is, with the same words."""
    desk = Newsdesk(tmp_path / "newsroom")
    desk.network.faults = [Fault("refused")]
    assert desk.work().status is Status.REFUSED
    assert desk.work().status is Status.REFUSED
    ordered(desk, lambda d: by_hand.retry_by_hand(d.ledger, _of(NAME), d.timing.now, "ada", "they lifted the ban"))
    assert desk.work().status is Status.PUBLISHED
    assert desk.texts == ["Lift-off."]


def test_withdrawn_by_hand(tmp_path: Path) -> None:
    """What a person withdraws is taken down though Git still has it, does not come back, and is no alarm afterwards."""
    desk = Newsdesk(tmp_path / "newsroom")
    with pytest.raises(UsageError):
        ordered(desk, lambda d: by_hand.withdraw_by_hand(d.ledger, _of(NAME), d.timing.now, "ada", "x"))
    assert desk.work().status is Status.PUBLISHED
    ordered(desk, lambda d: by_hand.withdraw_by_hand(d.ledger, _of(NAME), d.timing.now, "ada", "wrong picture"))
    ordered(desk, lambda d: stopping.pause(d.ledger, EVERYTHING, d.timing.now, "ada", "x", None, "skip", timedelta(0)))
    state = desk.work()
    assert (state.status, desk.texts) == (Status.RETRACTED, [])
    assert desk.plan()[NAME] == "note: ada withdrew it: wrong picture"
    assert desk.work().status is Status.RETRACTED


def _of(name: str):  # type: ignore[no-untyped-def]
    from presstime.model import Delivery

    return Delivery.parse(name)


def test_what_may_be_out_is_not_tried_again(world: World) -> None:
    """A lost answer is settled, not retried: `retry` refuses, and writes nothing."""
    world = World(Settling.NONE)
    job = world.job()
    world.plan(job)
    world.network.faults = [Fault("lost-after")]
    state: DeliveryState = world.publish(job)
    assert state.review
    before = world.kinds()
    for order in (by_hand.retry_by_hand, by_hand.skip_by_hand, by_hand.withdraw_by_hand):
        with pytest.raises(UsageError):
            order(world.worker().ledger, D, world.now, "ada", "x")
    assert world.kinds() == before
