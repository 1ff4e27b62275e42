"""Renewal: ahead of need, one worker at a time, never twice with what is good once; what a crash loses is found and said."""

import itertools
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from presstime.accounts.client import NoTokens
from presstime.errors import NetworkError, SettingsError, StoreError
from presstime.model import Secret
from presstime.networks.oauth import OAuth
from presstime.stores.memory import MemoryStore
from tests.accounts.kit import HOUR, KEEPS, ROTATES, START, Crash, World

SOON = timedelta(hours=1, minutes=50)  # the document's token ends ten minutes later


def kinds(world: World) -> list[str]:
    """What the journal has, in order."""
    import json

    return [json.loads(world.bucket.objects[key].body)["kind"] for key in sorted(world.bucket.objects)]


def needs_login(error: NetworkError) -> bool:
    return error.needs_person and "presstime channels login brand-x" in error.told


def test_a_token_with_time_left_costs_nothing() -> None:
    """Far from its end a token is taken as it is: no request to the network, none to S3."""
    world = World()
    assert world.worker().fresh().reveal() == "access-0"
    assert (world.used, world.bucket.requests) == ([], {})


def test_ahead_of_need() -> None:
    """Near its end the token is renewed once, what came is kept, and the journal says so."""
    world = World(at=START)
    world.at = START + SOON
    assert world.worker().fresh().reveal() == "access-1"
    assert world.worker("other/m/2/2").fresh().reveal() == "access-1"
    assert (world.used, kinds(world)) == (["refresh-0"], ["begun", "done"])
    assert (world.tokens.access.reveal(), world.tokens.expires_at) == ("access-1", world.at + 2 * HOUR)


def test_a_plain_token_is_taken_as_it_is() -> None:
    """A credential that is no document is the token itself, and nothing renews it."""
    world = World(text="plain-token")
    assert world.worker().fresh().reveal() == "plain-token"
    assert world.worker().replacing(Secret("plain-token")) is None


@pytest.mark.parametrize("failure", ["later", "doubt"])
def test_a_passing_failure_drops_nothing(failure: str) -> None:
    """Where the network fails for a passing reason, the token in hand is used on, and the renewal is tried later."""
    world = World(fail=[NoTokens("X answered 503", failure)])  # type: ignore[arg-type]
    before = world.text
    world.at = START + SOON
    assert world.worker().fresh().reveal() == "access-0"
    assert world.worker().fresh().reveal() == "access-0"  # not at every pass
    assert (len(world.used), world.text, kinds(world)) == (1, before, ["begun", failure])
    assert "503" in world.warned[0]
    world.at += timedelta(minutes=6)
    assert world.worker().fresh().reveal() == "access-1"
    assert world.tokens.access.reveal() == "access-1"


def test_in_doubt_as_late_as_possible() -> None:
    """A token that is good once and may have been used already is used again only minutes before the end of the one in hand:
    until then nothing can be gained, and a network that sees it twice may end both."""
    world = World(oauth=World().oauth, fail=[NoTokens("the answer was lost", "doubt")])
    world.at = START + timedelta(hours=1, minutes=41)
    worker = world.worker()
    worker.fresh()
    world.at += timedelta(minutes=10)
    assert (worker.fresh().reveal(), len(world.used)) == ("access-0", 1)
    assert "was lost" in world.warned[-1]
    world.at = START + timedelta(hours=1, minutes=56)
    assert (worker.fresh().reveal(), len(world.used)) == ("access-1", 2)


def test_what_is_good_for_ever_is_simply_tried_again() -> None:
    """A refresh token that a renewal does not use up is tried again soon, doubt or not."""
    world = World(oauth=KEEPS, fail=[NoTokens("the answer was lost", "doubt")])
    world.at = START + timedelta(hours=1, minutes=41)
    world.worker().fresh()
    world.at += timedelta(minutes=6)
    assert world.worker().fresh().reveal() == "access-1"


@pytest.mark.parametrize("oauth", [ROTATES, KEEPS, replace(KEEPS, renewal="swap")])
def test_again_and_again(oauth: OAuth) -> None:
    """An account that is renewed for weeks is asked for once each time, by whichever worker comes first."""
    world = World(oauth=oauth)
    for number in range(1, 8):
        world.at += SOON
        for name in ("one/m/1/1", "two/m/2/2"):
            assert world.worker(name).fresh().reveal() == f"access-{number}"
        assert len(world.used) == number
    assert kinds(world).count("begun") == kinds(world).count("done") == 7
    assert world.warned == []


def test_a_real_end_needs_a_person() -> None:
    """`invalid_grant` is the end: as long as the token in hand lasts it is used, with a warning; then the error names the command,
    and the network is not asked again."""
    world = World(fail=[NoTokens("X answered invalid_grant", "refused")])
    world.at = START + SOON
    assert world.worker().fresh().reveal() == "access-0"
    assert "presstime channels login brand-x" in world.warned[0]
    world.at = START + 3 * HOUR
    for _ in range(2):
        with pytest.raises(NetworkError) as raised:
            world.worker().fresh()
        assert needs_login(raised.value)
    assert len(world.used) == 1


def test_a_login_ends_it() -> None:
    """What is refused for one document says nothing of the next: after a login the channel works again."""
    world = World(fail=[NoTokens("X answered invalid_grant", "refused")])
    world.at = START + SOON
    world.worker().fresh()
    world.text = world.document("access-9", "refresh-9", world.at, world.at + 2 * HOUR)
    world.at = START + 3 * HOUR
    assert world.worker().fresh().reveal() == "access-9"


def test_without_a_way_to_renew() -> None:
    """A token that nothing renews works until its end; then a person is needed."""
    world = World(oauth=KEEPS)
    world.text = world.text.replace('"refresh_token": "refresh-0",', "")
    world.at = START + SOON
    assert world.worker().fresh().reveal() == "access-0"
    world.at = START + 2 * HOUR
    with pytest.raises(NetworkError) as raised:
        world.worker().fresh()
    assert needs_login(raised.value)


def test_refused_by_the_network_before_its_end() -> None:
    """On a 401 the token is renewed whatever its document says; the second of two threads gets what the first one got."""
    world = World()
    worker = world.worker()
    first = worker.replacing(Secret("access-0"))
    second = worker.replacing(Secret("access-0"))
    assert first is not None
    assert second is not None
    assert (first.reveal(), second.reveal(), world.used) == ("access-1", "access-1", ["refresh-0"])


def test_nothing_is_used_up_that_could_not_be_kept() -> None:
    """Where the document cannot be written, the network is not asked: the refresh token stays good."""
    world = World()
    world.at = START + SOON

    def keep(text: str) -> None:
        raise SettingsError("cannot write the credential file: Read-only file system", "Let it be written.")

    assert world.worker(keep=keep, rehearse=keep).fresh().reveal() == "access-0"
    assert (world.used, kinds(world)) == ([], ["begun", "later"])
    assert "Read-only" in world.warned[0]


def test_where_the_new_token_cannot_be_kept_at_the_last_moment() -> None:
    """The place fails between the trial and the answer: the new token is used, several tries are made to keep it, and a person is
    told; the next worker finds in the journal what happened."""
    world = World()
    world.at = START + SOON
    writes = itertools.count()

    def keep(text: str) -> None:
        next(writes)
        raise StoreError("the secret aws-sm:x cannot be written: Throttled")

    assert world.worker(keep=keep).fresh().reveal() == "access-1"
    assert next(writes) == 4
    assert "could not be kept" in world.warned[0]
    assert "channels login brand-x" in world.warned[0]
    world.at = START + 3 * HOUR
    with pytest.raises(NetworkError) as raised:
        world.worker("other/m/2/2").fresh()
    assert needs_login(raised.value)
    assert "could not be kept" in raised.value.told
    assert world.used == ["refresh-0"]


def test_a_copy_of_the_document_elsewhere() -> None:
    """A worker whose own copy was left behind by another's renewal does not use it again, and says what to do."""
    world = World()
    copy = world.text
    world.at = START + SOON
    world.worker().fresh()
    behind = world.worker("other/m/2/2", read=lambda: Secret(copy))
    assert behind.fresh().reveal() == "access-0"
    assert "where all workers can read" in world.warned[-1]
    world.at = START + 3 * HOUR
    with pytest.raises(NetworkError) as raised:
        behind.fresh()
    assert needs_login(raised.value)
    assert world.used == ["refresh-0"]


def test_s3_away_says_nothing_of_the_token() -> None:
    """Without the journal nobody renews; the token in hand is used on, and what is due after its end waits, without a person."""
    world = World()
    world.at = START + SOON

    def away() -> None:
        raise StoreError("the store cannot be reached")

    worker = world.worker(journal=away)
    assert worker.fresh().reveal() == "access-0"
    world.at = START + 3 * HOUR
    with pytest.raises(NetworkError) as raised:
        worker.fresh()
    assert not raised.value.needs_person
    assert world.used == []


def test_two_workers_one_use() -> None:
    """Two workers, real threads, many rounds: each refresh token is used once, never by both at the same time, and both go on with
    the same new token."""
    for _ in range(40):
        world = World()
        world.at = START + 3 * HOUR  # over: neither can do without
        got: list[str] = []
        gate = threading.Barrier(2)

        def work(name: str, world: World = world, got: list[str] = got, gate: threading.Barrier = gate) -> None:
            worker = world.worker(name, sleep=lambda seconds: threading.Event().wait(0.002), monotonic=lambda: 0.0)
            gate.wait()
            got.append(worker.fresh().reveal())

        threads = [threading.Thread(target=work, args=(f"host{i}/m/{i}/1",)) for i in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert (got, world.used, world.overlapped) == (["access-1", "access-1"], ["refresh-0"], [])
        assert not world.family_dead


STEPS = ("rehearse", "asked", "answered", "keep")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("seen_dead", [True, False])
def test_killed_at_every_step(step: str, seen_dead: bool) -> None:
    """Whatever the moment a worker dies at, the next one never uses a token whose answer might still come to light before it must,
    keeps working with what there is, and either heals or says what was lost and what to do."""
    world = World()
    world.at = START + SOON
    steps = itertools.count()

    def die(at: str) -> None:
        if at == step and next(steps) == 0:
            raise Crash

    world.on = die
    with pytest.raises(Crash):
        world.worker("dead/m/1/1").fresh()
    lost = step in ("answered", "keep")  # the network has answered, and nobody has the answer
    next_worker = world.worker("next/m/2/2", gone=lambda worker: seen_dead and worker.startswith("dead"))
    assert next_worker.fresh().reveal() == "access-0"
    before = list(world.used)
    world.at = START + timedelta(hours=1, minutes=53)  # the lease is over now, whoever died
    assert next_worker.fresh().reveal() == "access-0"
    assert world.used == before  # no second use as long as the token in hand works
    assert "dead/m/1/1 is gone" in world.warned[-1]
    assert "channels login brand-x" in world.warned[-1]
    world.at = START + timedelta(hours=1, minutes=57)
    if not lost:
        assert next_worker.fresh().reveal() == "access-1"
        return
    assert next_worker.fresh().reveal() == "access-0"  # refused now, and the token in hand has some minutes yet
    world.at = START + 3 * HOUR
    with pytest.raises(NetworkError) as raised:
        next_worker.fresh()
    assert needs_login(raised.value)


def test_killed_after_it_was_kept() -> None:
    """A worker that dies when all is kept leaves nothing behind but an open line in a journal that nobody looks at again."""
    world = World()
    world.at = START + SOON

    def die(at: str) -> None:
        if at == "kept":
            raise Crash

    world.on = die
    with pytest.raises(Crash):
        world.worker("dead/m/1/1").fresh()
    world.on = lambda step: None
    assert world.worker("next/m/2/2").fresh().reveal() == "access-1"
    world.at += timedelta(hours=1, minutes=50)
    assert world.worker("next/m/2/2").fresh().reveal() == "access-2"
    assert world.used == ["refresh-0", "refresh-1"]


def test_one_that_stood_still_asks_nothing() -> None:
    """A worker that was frozen between its turn and the network's door gives up its turn: its lease may be another's by now."""
    world = World()
    world.at = START + SOON

    def freeze(at: str) -> None:
        if at == "rehearse":
            world.at += timedelta(minutes=2)

    world.on = freeze
    assert world.worker().fresh().reveal() == "access-0"
    assert world.used == []
    assert "stood still" in world.warned[0]


def test_a_login_during_the_renewal_wins() -> None:
    """A document that changed between the look and the turn is not renewed over."""
    world = World()
    world.at = START + SOON
    newer = world.document("access-9", "refresh-9", world.at, world.at + 2 * HOUR)
    reads = itertools.count()
    worker = world.worker(read=lambda: Secret(newer if next(reads) else world.text))
    assert worker.fresh().reveal() == "access-9"
    assert world.used == []


def test_a_login_before_the_answer_is_kept_wins() -> None:
    """A person who logs in while the network's answer is on its way is not written over: theirs is the newer."""
    world = World()
    world.at = START + SOON
    newer = world.document("access-9", "refresh-9", world.at, world.at + 2 * HOUR)

    def log_in(at: str) -> None:
        if at == "answered":
            world.text = newer

    world.on = log_in
    assert world.worker().fresh().reveal() == "access-9"
    assert (world.text, kinds(world)) == (newer, ["begun", "done"])


@pytest.mark.parametrize("fault", ["lost-after", "lost-before", "conflict"])
def test_replies_of_s3_that_get_lost(fault: str) -> None:
    """A create whose reply was lost is read back: a worker knows its own turn, and takes no other's."""
    world = World()
    world.at = START + SOON
    hits = itertools.count()

    def script(operation: str, key: str) -> str | None:
        return fault if operation == "create" and next(hits) == 0 else None

    from presstime.accounts.journal import Journal

    store = MemoryStore(world.bucket, script)  # type: ignore[arg-type]
    worker = world.worker(journal=lambda: Journal(store, "brand-x", "host/m/1/1"))
    assert worker.fresh().reveal() == "access-1"
    assert (world.used, kinds(world)) == (["refresh-0"], ["begun", "done"])


def test_the_journal_names_no_secret() -> None:
    """Nothing of a token is in the bucket: neither it nor its plain digest as a whole."""
    world = World(fail=[NoTokens("X answered 503", "later")])
    world.at = START + SOON
    world.worker().fresh()
    world.at += timedelta(minutes=6)
    world.worker().fresh()
    everything = b"".join(key.encode() + item.body for key, item in world.bucket.objects.items())
    for secret in ("access-0", "refresh-0", "access-1", "refresh-1"):
        assert secret.encode() not in everything
