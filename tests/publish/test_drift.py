"""What is changed or removed on the network itself: seen, told once, accepted or undone; never sent twice, never mistaken for a network
that is away."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from presstime import orders
from presstime.errors import UsageError
from presstime.feedback.listen import Heard, Listener
from presstime.ledger.claims import claim
from presstime.ledger.drift import keep_by_hand, note_drift, undo_by_hand
from presstime.model import Channel, DeliveryState, Receipt, Seen, Status
from presstime.networks.memory import Fault
from presstime.publish.trouble import Troubles
from presstime.wire import Desk
from tests.plan.kit import state as known
from tests.publish.kit import D as ONE
from tests.publish.kit import World
from tests.publish.newsdesk import D, Newsdesk
from tests.publish.test_change import published, thread

SOME = "Somebody else's words."


@pytest.fixture
def newsdesk(tmp_path: Path) -> Newsdesk:
    """One post is out, for so long that it may be looked at."""
    return Newsdesk(tmp_path / "newsroom").wait_until_seen()


def ear(newsdesk: Newsdesk, desk: Desk) -> Listener:
    newsdesk.seat(desk)
    desk.ledger.catch_up()
    settings = desk.settings
    return Listener(
        desk.ledger,
        desk.timing,
        settings.channels,
        lambda name: newsdesk.network.traits,
        desk.adapter,
        settings.listening,
    )


def look(newsdesk: Newsdesk) -> Heard:
    with newsdesk.office.desk("listener/m/0/1") as desk:
        return ear(newsdesk, desk).round()


def say(newsdesk: Newsdesk, order: Callable[[Desk, list[str], str, str], list[str]]) -> str:
    """What a person orders, and is told."""
    with newsdesk.office.desk("ops/m/9/1") as desk:
        return " ".join(order(desk, [D], "ada", "a reason"))


def post_id(newsdesk: Newsdesk) -> str:
    return newsdesk.network.posts[0].id


def kinds(newsdesk: Newsdesk, after: int = 0) -> list[str]:
    return [event.kind for event in newsdesk.office.events()][after:]


def standing(newsdesk: Newsdesk) -> DeliveryState:
    return newsdesk.office.state(D)


# --- seen -------------------------------------------------------------------------------------------------------------


def test_what_is_as_it_was_sent_is_no_news(newsdesk: Newsdesk) -> None:
    """It is looked at, once, and nothing is written."""
    before, asked = len(kinds(newsdesk)), newsdesk.network.requests
    assert look(newsdesk) == Heard(looked=1)
    assert (len(kinds(newsdesk)), newsdesk.network.requests) == (before, asked + 1)


def test_words_of_anybody_drive_no_terminal(newsdesk: Newsdesk) -> None:
    """What is kept of them is without control characters; that they are others than before is told all the same."""
    newsdesk.network.alter(post_id(newsdesk), "a\x1b[2Jb\u202ec\nd")
    look(newsdesk)
    newsdesk.network.alter(post_id(newsdesk), "a[2Jbc\nd")
    look(newsdesk)
    assert [event.data["seen"][0][1] for event in newsdesk.office.events("drifted")] == ["a[2Jbc\nd"] * 2


def test_a_drift_is_written_once(newsdesk: Newsdesk) -> None:
    """With the words that stand there; again only when they are others; and when what was sent is back, that."""
    sent = newsdesk.network.posts[0].text
    newsdesk.network.alter(post_id(newsdesk), SOME)
    heard = look(newsdesk)
    assert [str(state.delivery) for state in heard.drifted] == [D]
    assert look(newsdesk).drifted == []
    [event] = newsdesk.office.events("drifted")
    assert [(n, text) for n, text, _ in event.data["seen"]] == [(0, SOME)]
    newsdesk.network.alter(post_id(newsdesk), "Others again.")
    look(newsdesk)
    assert len(newsdesk.office.events("drifted")) == 2
    newsdesk.network.alter(post_id(newsdesk), sent)
    assert look(newsdesk).drifted == []
    assert newsdesk.office.events("drifted")[-1].data["seen"] == []
    assert standing(newsdesk).drift is None


def test_what_is_removed_is_seen_as_gone(newsdesk: Newsdesk) -> None:
    """With no words, in the place of its message."""
    newsdesk.network.remove(post_id(newsdesk))
    look(newsdesk)
    drift = standing(newsdesk).drift
    assert drift is not None
    assert drift.seen == (Seen(0, None),)


@pytest.mark.parametrize("kind", ["unreachable", "401", "429", "5xx-before", "drop-after"])
def test_a_network_that_does_not_answer_has_changed_nothing(newsdesk: Newsdesk, kind: str) -> None:
    """Away, too busy, a right that was withdrawn: told as trouble of the run, and no drift, even if the post is gone meanwhile."""
    newsdesk.network.remove(post_id(newsdesk))
    newsdesk.network.faults.append(Fault(kind, times=9))  # type: ignore[arg-type]
    before = len(kinds(newsdesk))
    heard = look(newsdesk)
    assert (heard.drifted, len(heard.trouble), len(kinds(newsdesk))) == ([], 1, before)


def test_a_server_may_be_mistaken_once(newsdesk: Newsdesk) -> None:
    """What is seen once and not when it is looked at again is not written down."""
    with newsdesk.office.desk("listener/m/0/1") as desk:
        listener = ear(newsdesk, desk)
        adapter = desk.adapter("brand-mastodon")
        real, calls = adapter.look, []
        adapter.look = lambda order, receipt: (calls.append(1), None if len(calls) == 1 else real(order, receipt))[1]  # type: ignore[method-assign, func-returns-value]
        assert listener.round() == Heard(looked=1)
    assert len(calls) == 2
    assert newsdesk.office.events("drifted") == []


def test_what_changed_while_somebody_looked_is_left_to_the_next_look(newsdesk: Newsdesk) -> None:
    """A listener that stood still tells nothing of words that we ourselves have edited since."""
    before = standing(newsdesk)
    newsdesk.commit("Edited.")
    newsdesk.work()
    with newsdesk.office.desk("listener/m/0/1") as desk:
        desk.ledger.catch_up()
        assert note_drift(desk.ledger, before, [Seen(0, "Lift-off.", "x")], desk.timing.now) is None
    assert newsdesk.office.events("drifted") == []


def test_what_was_put_there_just_now_is_not_looked_at(tmp_path: Path) -> None:
    """Not every server of a network shows it yet; after an edit likewise."""
    newsdesk = Newsdesk(tmp_path / "newsroom")
    newsdesk.work(0)
    assert look(newsdesk).looked == 0
    newsdesk.office.pass_time(minutes=15)
    assert look(newsdesk).looked == 1
    newsdesk.commit("Edited.")
    newsdesk.work()
    assert look(newsdesk).looked == 0


def test_an_account_that_shows_nothing_is_not_many_drifts(newsdesk: Newsdesk) -> None:
    """Every post of a channel gone at once is told as one thing, and nothing is noted; who names a delivery wants it noted."""
    for n in range(5):
        newsdesk.folder.post(f"p{n}", f"Post {n}.", late="publish")
    newsdesk.folder.commit("More")
    newsdesk.work()
    newsdesk.office.pass_time(minutes=15)
    kept, newsdesk.network.posts[:] = list(newsdesk.network.posts), []
    heard = look(newsdesk)
    assert (heard.drifted, len(heard.trouble)) == ([], 1)
    assert "all 6 posts looked at are gone" in heard.trouble[0]
    newsdesk.network.posts[:] = kept[:1]
    assert len(look(newsdesk).drifted) == 5
    newsdesk.network.posts[:] = []
    with newsdesk.office.desk("listener/m/0/1") as desk:
        assert len(ear(newsdesk, desk).these([standing(newsdesk)]).drifted) == 1


# --- told -------------------------------------------------------------------------------------------------------------


def test_people_are_told_once(newsdesk: Newsdesk) -> None:
    """Of each drift, whoever looks and however often; of another one anew; the plan says it and holds nothing up."""

    def told() -> list[tuple[str, str]]:
        with newsdesk.office.desk("reader/m/1/1") as desk:
            desk.ledger.catch_up()
            return [(t.problem, t.reason) for t in Troubles(desk.ledger, desk.timing).tell()]

    newsdesk.network.alter(post_id(newsdesk), SOME)
    look(newsdesk)
    assert told() == [("drifted", f'it was changed on the network, and says there "{SOME}"')]
    look(newsdesk)
    newsdesk.work()
    assert told() == []
    assert newsdesk.plan()[D] == (
        f'note: it was changed on the network, and says there "{SOME}": `presstime drift` accepts or undoes it'
    )
    assert "noted" not in kinds(newsdesk)
    newsdesk.network.remove(post_id(newsdesk))
    look(newsdesk)
    assert told() == [("drifted", "it is gone from the network")]
    say(newsdesk, orders.accept)
    assert told() == []


# --- accepted ---------------------------------------------------------------------------------------------------------


def test_what_is_accepted_stands(newsdesk: Newsdesk) -> None:
    """Nothing is told or done about it any more; other words are a drift again."""
    newsdesk.network.alter(post_id(newsdesk), SOME)
    look(newsdesk)
    assert "stays as it is there" in say(newsdesk, orders.accept)
    written = len(kinds(newsdesk))
    assert newsdesk.plan() == {}
    newsdesk.work()
    assert look(newsdesk).drifted == []
    assert (newsdesk.texts, len(kinds(newsdesk))) == ([SOME], written)
    [event] = newsdesk.office.events("kept")
    assert (event.data["by"], event.data["reason"]) == ("ada", "ada let it stand: a reason")
    with pytest.raises(UsageError, match="somebody let it stand already"):
        say(newsdesk, orders.accept)
    newsdesk.network.alter(post_id(newsdesk), "Worse.")
    assert len(look(newsdesk).drifted) == 1


def test_git_is_put_over_what_was_accepted(newsdesk: Newsdesk) -> None:
    """A later change in Git is a new approval: it is made, and the plan says whose words go."""
    newsdesk.network.alter(post_id(newsdesk), SOME)
    look(newsdesk)
    say(newsdesk, orders.accept)
    newsdesk.commit("Corrected.")
    reason = f'changed in Git after it was published: the words. On the network "{SOME}" is put over'
    assert newsdesk.plan()[D] == f"edit: {reason}"
    newsdesk.work()
    assert newsdesk.texts == ["Corrected."]
    assert standing(newsdesk).drift is None
    newsdesk.office.pass_time(minutes=15)
    assert look(newsdesk).drifted == []


def test_what_is_gone_and_accepted_is_taken_down(newsdesk: Newsdesk) -> None:
    """It is over: nothing sends it again, though Git still has it, and nobody is woken."""
    newsdesk.network.remove(post_id(newsdesk))
    look(newsdesk)
    assert "noted as taken down" in say(newsdesk, orders.accept)
    assert standing(newsdesk).status is Status.RETRACTED
    newsdesk.work()
    newsdesk.commit("Other words.")
    newsdesk.work()
    assert newsdesk.texts == []
    assert newsdesk.plan()[D] == "note: ada let it stand: a reason"
    with pytest.raises(UsageError):
        say(newsdesk, orders.undo)


# --- undone -----------------------------------------------------------------------------------------------------------


def test_what_was_changed_is_put_back(newsdesk: Newsdesk) -> None:
    """By an edit like any other: claimed, announced, written down. The message keeps its id."""
    sent, receipt = newsdesk.network.posts[0].text, post_id(newsdesk)
    newsdesk.network.alter(receipt, SOME)
    look(newsdesk)
    seen = len(kinds(newsdesk))
    assert "put back at the next pass" in say(newsdesk, orders.undo)
    assert newsdesk.plan()[D].startswith("edit: a person wants what was sent put back")
    state = newsdesk.work()
    assert kinds(newsdesk, seen) == ["undone", "claimed", "editing", "edited"]
    assert [(p.text, p.id) for p in newsdesk.network.posts] == [(sent, receipt)]
    assert (state.status, state.drift, state.change) == (Status.PUBLISHED, None, None)
    assert newsdesk.plan() == {}
    newsdesk.office.pass_time(minutes=15)
    assert look(newsdesk).drifted == []


def test_a_refused_undoing_is_a_persons_again(newsdesk: Newsdesk) -> None:
    """It is not tried for ever: the drift is open again, with the network's words, and may be undone or accepted as before."""
    newsdesk.network.alter(post_id(newsdesk), SOME)
    look(newsdesk)
    say(newsdesk, orders.undo)
    newsdesk.network.faults.append(Fault("refused"))
    drift = newsdesk.work().drift
    assert drift is not None
    assert (drift.open, drift.refused) == (True, "the network refused it")
    assert "the network would not have it put back: the network refused it" in newsdesk.plan()[D]
    asked = newsdesk.network.requests
    newsdesk.work()
    assert newsdesk.network.requests == asked
    say(newsdesk, orders.undo)
    newsdesk.work()
    assert newsdesk.texts == ["Lift-off."]


def test_a_change_that_cannot_be_made_is_noted_after_the_undoing_too(newsdesk: Newsdesk) -> None:
    """Git wants another number of messages, which is noted; what was sent is put back all the same, and the note stands."""
    newsdesk.commit("A longer story. " * 60)
    newsdesk.work()
    noted = newsdesk.plan()[D]
    assert "another number of messages" in noted
    newsdesk.network.alter(post_id(newsdesk), SOME)
    newsdesk.office.pass_time(minutes=15)
    look(newsdesk)
    assert newsdesk.plan()[D] == noted
    say(newsdesk, orders.undo)
    newsdesk.work()
    assert newsdesk.texts == ["Lift-off."]
    newsdesk.work()
    assert (newsdesk.plan()[D], newsdesk.texts) == (noted, ["Lift-off."])


def test_what_is_gone_is_sent_again_once(newsdesk: Newsdesk) -> None:
    """On a person's order, after a look at that moment, under another key; as a new message with a new receipt."""
    first = newsdesk.network.posts[0]
    newsdesk.network.remove(first.id)
    look(newsdesk)
    seen = len(kinds(newsdesk))
    assert "sent again if it is not there" in say(newsdesk, orders.undo)
    assert newsdesk.plan()[D] == "publish: it is gone from the network, and a person wants it sent again"
    state = newsdesk.work()
    [post] = newsdesk.network.posts
    assert (post.text, post.id != first.id, post.key != first.key) == (first.text, True, True)
    assert kinds(newsdesk, seen) == ["undone", "claimed", "sending", "accepted", "published"]
    assert ([r.id for r in state.receipts], state.lost, state.drift) == ([post.id], (), None)
    newsdesk.work()
    assert len(newsdesk.network.posts) == 1
    newsdesk.office.pass_time(minutes=15)
    assert look(newsdesk) == Heard(looked=1)


def test_what_is_there_again_is_not_sent(newsdesk: Newsdesk) -> None:
    """Hidden by the network for a while and back when it is to be sent again: looked for under the claim, and found."""
    first = newsdesk.network.posts[0]
    newsdesk.network.remove(first.id)
    look(newsdesk)
    say(newsdesk, orders.undo)
    newsdesk.network.posts.append(first)
    state = newsdesk.work()
    assert newsdesk.network.posts == [first]
    assert (state.status, state.drift, [r.id for r in state.receipts]) == (Status.PUBLISHED, None, [first.id])
    assert newsdesk.plan() == {}


def test_what_cannot_be_looked_for_is_not_sent(newsdesk: Newsdesk) -> None:
    """A network that is away at that moment keeps it back, with the reason; later it goes out."""
    newsdesk.network.remove(post_id(newsdesk))
    look(newsdesk)
    say(newsdesk, orders.undo)
    newsdesk.network.faults.append(Fault("401"))
    state = newsdesk.work()
    assert (state.status, newsdesk.texts) == (Status.DEFERRED, [])
    assert newsdesk.work().status is Status.PUBLISHED
    assert newsdesk.texts == ["Lift-off."]


def test_git_may_take_back_what_was_to_be_sent_again(newsdesk: Newsdesk) -> None:
    """A post that is removed after the order is not sent; the person who ordered it ends it."""
    newsdesk.network.remove(post_id(newsdesk))
    look(newsdesk)
    say(newsdesk, orders.undo)
    newsdesk.folder.remove("posts/launch.md")
    newsdesk.folder.post("other", "Another one", status="draft")
    newsdesk.folder.commit("Away with it")
    newsdesk.work()
    assert newsdesk.texts == []
    assert newsdesk.plan()[D].startswith(
        "hold: it is gone from the network, and is not sent again: its file was removed"
    )
    say(newsdesk, orders.accept)
    assert (newsdesk.work().status, newsdesk.plan()) == (Status.RETRACTED, {})


def test_an_edit_of_what_is_gone_is_not_tried(newsdesk: Newsdesk) -> None:
    """It could only be refused; the plan says why nothing is done."""
    newsdesk.network.remove(post_id(newsdesk))
    look(newsdesk)
    newsdesk.commit("Corrected.")
    asked = newsdesk.network.requests
    newsdesk.work()
    assert newsdesk.network.requests == asked
    assert newsdesk.plan()[D] == "note: changed in Git after it was published, but it is gone from the network"


def test_a_thread_is_not_mended_in_its_middle() -> None:
    """A message of it that is gone is drift of the delivery; it can be accepted, and its undoing says what to do instead."""
    world = World()
    state, before = published(world, "one", "two", "three")
    ledger = world.worker().ledger
    note_drift(ledger, state, [Seen(1, None), Seen(2, "drei", "x")], world.now)
    with pytest.raises(UsageError, match="of its 3 messages 1 are gone") as error:
        undo_by_hand(ledger, ONE, world.now, "ada", "x")
    assert "a new id" in error.value.advice
    keep_by_hand(ledger, ONE, world.now, "ada", "x")
    kept = ledger.state(ONE)
    assert kept is not None
    assert (kept.status, kept.drift and kept.drift.kept) == (Status.PUBLISHED, True)
    assert before == thread("one", "two", "three")


def test_an_old_receipt_is_not_the_new_message(newsdesk: Newsdesk) -> None:
    """A sender frozen since the first time, who tells its receipt after the order to send again, publishes nothing by it."""
    world = World()
    job = world.job("one")
    world.plan(job)
    slow = claim(world.worker().ledger, ONE, job.variant.digest, world.now)
    assert slow is not None
    world.pass_time(minutes=5)
    state = world.publish(job, world.worker("elsewhere/m/2/1"))
    ledger = world.worker("elsewhere/m/3/1").ledger
    note_drift(ledger, state, [Seen(0, None)], world.now)
    assert undo_by_hand(ledger, ONE, world.now, "ada", "x")
    slow.accepted(0, state.receipts[0], last=True)
    ledger.catch_up()
    lost = ledger.state(ONE)
    assert lost is not None
    assert (lost.status, lost.receipts, lost.is_lost) == (Status.PLANNED, (), True)
    slow.accepted(0, Receipt("another"), last=True)
    ledger.catch_up()
    doubled = ledger.state(ONE)
    assert doubled is not None
    assert (doubled.status, doubled.review) == (Status.PLANNED, True)


# --- which channels, which posts --------------------------------------------------------------------------------------


def test_what_is_listened_to(newsdesk: Newsdesk) -> None:
    """By itself what can be looked at and costs nothing; what its channel says otherwise; never what a person posted."""
    from presstime.model import Price

    with newsdesk.office.desk("listener/m/0/1") as desk:
        plain = ear(newsdesk, desk)
    traits = newsdesk.network.traits
    priced, blind = replace(traits, price=Price(0.005, 0.005)), replace(traits, can_look=False)
    for shown, channel, expected in (
        (traits, {}, True),
        (traits, {"listen": False}, False),
        (priced, {}, False),
        (priced, {"listen": True}, True),
        (blind, {"listen": True}, False),
        (traits, {"mode": "assisted", "listen": True}, False),
    ):
        given = replace(plain, channels={"a": Channel("a", "memory", **channel)}, traits=lambda name, t=shown: t)  # type: ignore[arg-type, misc]
        assert given.listens("a") is expected
    out = {"delivery": ONE, "receipts": (Receipt("https://x.example/1", "https://x.example/1"),), "sent_digest": "d"}
    by_hand = known(Status.PUBLISHED, **out)
    told = replace(plain, channels={"brand": Channel("brand", "memory")}).obstacle(by_hand)
    assert told.startswith("a person posted it")
    assert replace(plain, channels={}).obstacle(by_hand) == "its channel is not there any more"


def test_the_newsrooms_page_names_it(newsdesk: Newsdesk) -> None:
    """Among what needs a person, with what is seen and what to do; no more when it was decided."""
    from tests.publish.test_page import page

    newsdesk.network.remove(post_id(newsdesk))
    look(newsdesk)
    found = page(newsdesk)
    assert "- **launch/brand-mastodon** is drifted: it is gone from the network. *`presstime drift` shows" in found
    say(newsdesk, orders.accept)
    assert "Nothing needs a person." in page(newsdesk)
