"""Edits and takedowns, from Git to the network: what is out says what Git says, or is gone, and every step is in the log."""

from dataclasses import replace
from pathlib import Path

import pygit2
import pytest

from presstime.model import DeliveryState, Segment, Status, Variant
from presstime.networks.memory import Fault
from presstime.publish.change import ChangeJob, difference, takedown
from tests.publish.kit import START, Killed, World
from tests.publish.kit import D as ONE
from tests.publish.newsdesk import D, Newsdesk


@pytest.fixture
def newsdesk(tmp_path: Path) -> Newsdesk:
    return Newsdesk(tmp_path / "newsroom")


def kinds(newsdesk: Newsdesk, after: int = 0) -> list[str]:
    return [event.kind for event in newsdesk.office.events()][after:]


# --- edits ------------------------------------------------------------------------------------------------------------


def test_a_changed_post_is_edited_in_place(newsdesk: Newsdesk) -> None:
    """The message keeps its id and says the new words; the log has the approval, the claim, the intent and the receipt."""
    first = newsdesk.work(0)
    newsdesk.commit("Lift-off, at last.")
    seen = len(kinds(newsdesk))
    state = newsdesk.work()
    assert state.status is Status.PUBLISHED
    assert newsdesk.texts == ["Lift-off, at last."]
    assert state.receipts[0].id == first.receipts[0].id
    assert kinds(newsdesk, seen) == ["planned", "claimed", "editing", "edited"]
    planned, editing = newsdesk.office.events("planned")[-1], newsdesk.office.events("editing")[0]
    assert planned.data["digest"] == editing.data["digest"] == state.sent_digest != first.sent_digest
    assert editing.data["origin"]["author"] == "Cleo <cleo@verne.example>"
    assert "the words" in editing.data["reason"]


def test_an_edit_is_made_once(newsdesk: Newsdesk) -> None:
    """The next pass, by another worker without any memory, has nothing to do and asks the network nothing."""
    newsdesk.work(0)
    newsdesk.commit("Again.")
    newsdesk.work()
    asked, written = newsdesk.network.requests, len(kinds(newsdesk))
    newsdesk.work()
    assert (newsdesk.network.requests, len(kinds(newsdesk))) == (asked, written)
    assert newsdesk.plan() == {}


def test_a_change_that_nobody_sees_is_looked_at_once(newsdesk: Newsdesk) -> None:
    """Another tag spelling, a comment in the front matter: nothing is sent, and that it was looked at is written down."""
    newsdesk.work(0)
    asked = newsdesk.network.requests
    newsdesk.commit("Lift-off.", campaign="spring")
    state = newsdesk.work()
    assert newsdesk.network.requests == asked
    assert kinds(newsdesk)[-1] == "planned"
    assert state.digest == state.sent_digest
    written = len(kinds(newsdesk))
    newsdesk.work()
    assert len(kinds(newsdesk)) == written


def test_settings_and_templates_edit_no_archive(newsdesk: Newsdesk) -> None:
    """A new footer is for what comes; what is out is edited when its own file changes, and then with the footer."""
    newsdesk.work(0)
    newsdesk.folder.write("templates/mastodon.j2", "{{ post.body }} (new footer)")
    newsdesk.folder.commit("Footer")
    newsdesk.work()
    assert newsdesk.texts == ["Lift-off."]
    newsdesk.commit("Lift-off!")
    newsdesk.work()
    assert newsdesk.texts == ["Lift-off! (new footer)"]


@pytest.mark.parametrize("kind", ["drop-after", "5xx-after", "drop-before", "unreachable", "429"])
def test_an_edit_without_an_answer_is_made_again(newsdesk: Newsdesk, kind: str) -> None:
    """Whatever became of the request, the same edit again is right: nobody is asked, nothing stands there twice."""
    newsdesk.work(0)
    newsdesk.commit("Edited.")
    newsdesk.network.faults.append(Fault(kind, times=1, seconds=2))  # type: ignore[arg-type]
    state = newsdesk.work()
    assert newsdesk.texts == ["Edited."]
    assert (state.status, state.change, state.reason) == (Status.PUBLISHED, None, "")


def test_a_network_that_is_away_holds_the_edit_up(newsdesk: Newsdesk) -> None:
    """The edit is put off with the reason, and made when the network is back; meanwhile a person can see it."""
    newsdesk.work(0)
    newsdesk.commit("Edited.")
    newsdesk.network.faults.append(Fault("unreachable", times=50))
    state = newsdesk.work()
    assert state.needs_look
    assert "cannot be reached" in state.reason
    assert newsdesk.texts == ["Lift-off."]
    newsdesk.network.faults.clear()
    assert not newsdesk.work().needs_look
    assert newsdesk.texts == ["Edited."]


def test_a_refused_edit_is_not_tried_again(newsdesk: Newsdesk) -> None:
    """It needs a person until the post says something else, or the old words again."""
    newsdesk.work(0)
    newsdesk.commit("Edited.")
    newsdesk.network.faults.append(Fault("refused"))
    state = newsdesk.work()
    assert (state.status, state.needs_look) == (Status.PUBLISHED, True)
    asked = newsdesk.network.requests
    newsdesk.work()
    assert newsdesk.network.requests == asked
    assert newsdesk.plan()[D].startswith("hold: the edit was refused: the network refused it")
    newsdesk.commit("Lift-off.")
    assert not newsdesk.work().needs_look
    assert newsdesk.network.requests == asked
    newsdesk.commit("Other words.")
    newsdesk.work()
    assert newsdesk.texts == ["Other words."]


def test_what_cannot_be_rendered_is_held(newsdesk: Newsdesk) -> None:
    """A mistake in the new text leaves what is out, and says what is wrong."""
    newsdesk.work(0)
    newsdesk.commit("long " * 2000, thread="never")
    newsdesk.work()
    assert newsdesk.texts == ["Lift-off."]
    assert newsdesk.plan()[D].startswith("hold: published, and what it says now cannot be sent: ")


def test_another_number_of_messages_is_noted(newsdesk: Newsdesk) -> None:
    """A thread does not grow or shrink once it is out: noted in the log once, and nobody is woken."""
    newsdesk.work(0)
    newsdesk.commit("A longer story. " * 60)
    state = newsdesk.work()
    newsdesk.work()
    assert newsdesk.texts == ["Lift-off."]
    assert "another number of messages" in state.reason
    assert not state.needs_look
    assert kinds(newsdesk).count("noted") == 1


# --- takedowns --------------------------------------------------------------------------------------------------------


def test_a_removed_post_is_taken_down(newsdesk: Newsdesk) -> None:
    """The message goes, and the log says why, at which commit."""
    newsdesk.work(0)
    newsdesk.folder.remove("posts/launch.md")
    newsdesk.folder.post("other", "Another one", status="draft")
    commit = newsdesk.folder.commit("Away with it")
    seen = len(kinds(newsdesk))
    state = newsdesk.work()
    assert (state.status, newsdesk.texts) == (Status.RETRACTED, [])
    assert kinds(newsdesk, seen) == ["claimed", "retracting", "retracted"]
    assert newsdesk.office.events("retracting")[0].data["commit"] == commit
    assert newsdesk.work() == state
    assert newsdesk.plan() == {}


@pytest.mark.parametrize(
    ("front", "status"),
    [
        ({"status": "retracted"}, Status.RETRACTED),
        ({"status": "draft"}, Status.PUBLISHED),
        ({"title": "[broken"}, Status.PUBLISHED),
    ],
)
def test_only_what_is_certain_takes_down(newsdesk: Newsdesk, front: dict[str, object], status: Status) -> None:
    """`status: retracted` does; a draft, and a file that cannot be read, leave what is out."""
    newsdesk.work(0)
    newsdesk.commit("Lift-off.", **front)
    assert newsdesk.work().status is status


def test_a_renamed_file_takes_nothing_down(newsdesk: Newsdesk) -> None:
    """The same text under another name and id is more likely a rename than a removal."""
    newsdesk.work(0)
    newsdesk.folder.post("launch", "Lift-off.", late="publish")
    text = (newsdesk.folder.path / "posts/launch.md").read_text()
    newsdesk.folder.write("posts/moved.md", text)
    newsdesk.folder.remove("posts/launch.md")
    newsdesk.folder.commit("Move")
    assert newsdesk.work().status is Status.PUBLISHED
    newsdesk.folder.write("posts/moved.md", text + "\n<!-- -->\n")
    newsdesk.folder.commit("Touch")
    assert newsdesk.work().status is Status.PUBLISHED
    assert newsdesk.texts == ["Lift-off."]


def test_a_file_that_cannot_be_read_may_be_any_post(newsdesk: Newsdesk) -> None:
    """While one file's id cannot be told, no missing file takes anything down."""
    newsdesk.work(0)
    newsdesk.folder.remove("posts/launch.md")
    newsdesk.folder.write("posts/broken.md", "---\nid: [launch\n---\nLift-off.\n")
    newsdesk.folder.commit("Renamed and broken")
    assert newsdesk.work().status is Status.PUBLISHED
    assert "posts/broken.md" in newsdesk.plan()[D]


def test_expiry_takes_down(tmp_path: Path) -> None:
    """At `expires_at`, where the post says `retract`, and not before."""
    newsdesk = Newsdesk(tmp_path / "newsroom", expires_at="2026-11-23T10:00:00+00:00", retract="true")
    newsdesk.work(0)
    assert newsdesk.work(50).status is Status.PUBLISHED
    assert newsdesk.work(11).status is Status.RETRACTED
    assert newsdesk.work(11).status is Status.RETRACTED


def test_a_restored_post_is_not_published_again(newsdesk: Newsdesk) -> None:
    """A post goes out once: putting the file back asks for a new id, and sends nothing."""
    newsdesk.work(0)
    newsdesk.commit("Lift-off.", status="retracted")
    newsdesk.work()
    newsdesk.commit("Lift-off.")
    newsdesk.work()
    assert newsdesk.texts == []
    assert newsdesk.plan()[D].startswith("hold: it was taken down")


# --- threads ----------------------------------------------------------------------------------------------------------


def thread(*texts: str) -> Variant:
    segments = tuple(Segment(n, text, payload={"text": text}) for n, text in enumerate(texts))
    return Variant(ONE, "memory", START, segments)


def edit_job(world: World, before: Variant, after: Variant) -> ChangeJob:
    return ChangeJob("edit", before, after, world.channel, lambda item: b"", {"reason": "changed"})


def published(world: World, *texts: str, on_partial: str = "resume") -> tuple[DeliveryState, Variant]:
    variant = thread(*texts)
    job = replace(world.job(*texts), variant=variant, on_partial=on_partial)
    world.plan(job)
    return world.publish(job), variant


def test_only_the_messages_that_differ_are_edited() -> None:
    """Of a thread, what stays the same is left alone."""
    world = World()
    _, before = published(world, "one", "two", "three")
    after = thread("one", "zwei", "three")
    world.plan(replace(world.job(), variant=after))
    asked = world.network.requests
    state = world.worker().change(edit_job(world, before, after), world.adapter())
    assert world.texts() == ["one", "zwei", "three"]
    assert world.network.requests == asked + 1
    assert state.sent_digest == after.digest
    assert [r.id for r in state.receipts] == ["1", "2", "3"]


def test_a_thread_half_edited_is_edited_whole() -> None:
    """A worker that died in the middle leaves it to the next one, who cannot know how far it came."""
    world = World()
    _, before = published(world, "one", "two")
    after = thread("eins", "zwei")
    world.plan(replace(world.job(), variant=after))
    adapter, calls = world.adapter(), []
    real = adapter.edit

    def dies(order, receipt):  # type: ignore[no-untyped-def]
        calls.append(order.segment.index)
        if len(calls) == 2:
            raise Killed
        return real(order, receipt)

    adapter.edit = dies  # type: ignore[method-assign]
    with pytest.raises(Killed):
        world.worker().change(edit_job(world, before, after), adapter)
    assert world.texts() == ["eins", "two"]
    world.pass_time(minutes=5)
    state = world.worker("elsewhere/m/2/1").change(edit_job(world, before, after), world.adapter())
    assert world.texts() == ["eins", "zwei"]
    assert (state.change, state.sent_digest) == (None, after.digest)


def test_a_thread_is_taken_down_from_its_end() -> None:
    """Nobody sees an answer to a message that is gone."""
    world = World()
    _, before = published(world, "one", "two", "three")
    order: list[str] = []
    adapter = world.adapter()
    real = adapter.retract
    adapter.retract = lambda o, r: (order.append(o.segment.text), real(o, r))[1]  # type: ignore[method-assign, func-returns-value]
    state = world.worker().change(takedown(before, world.channel, reason="gone"), adapter)
    assert (order, world.texts()) == (["three", "two", "one"], [])
    assert (state.status, state.reason) == (Status.RETRACTED, "gone")


@pytest.mark.parametrize(("on_partial", "left"), [("retract", []), ("leave", ["one"]), ("resume", ["one"])])
def test_a_refused_message_ends_a_thread_as_its_post_says(on_partial: str, left: list[str]) -> None:
    """What is out of it is taken down at once, or stays."""
    world = World()
    world.network.faults.append(Fault("refused", skip=1))
    state, _ = published(world, "one", "two", on_partial=on_partial)
    assert world.texts() == left
    assert state.status is (Status.REFUSED if left else Status.RETRACTED)
    assert "refused" in state.reason


def test_a_worker_that_was_overtaken_changes_nothing() -> None:
    """A claim that ran out before the edit is noticed by the last look: nothing is sent by it."""
    world = World()
    _, before = published(world, "one")
    after = thread("eins")
    world.plan(replace(world.job(), variant=after))
    slow, adapter = world.worker(), world.adapter()
    real = adapter.prepare

    def sleepy(variant, read):  # type: ignore[no-untyped-def]
        return real(variant, read)

    adapter.prepare = sleepy  # type: ignore[method-assign]
    fence_time = iter([0.0])

    def late_claim(*args, **more):  # type: ignore[no-untyped-def]
        handle = real_claim(*args, **more)
        if next(fence_time, None) is not None:
            world.pass_time(minutes=10)
            other = world.worker("elsewhere/m/2/1")
            other.change(edit_job(world, before, after), world.adapter())
        return handle

    import presstime.publish.send as send

    real_claim, send.claim_change = send.claim_change, late_claim
    try:
        slow.change(edit_job(world, before, after), adapter)
    finally:
        send.claim_change = real_claim
    assert world.texts() == ["eins"]
    assert world.network.requests == 2
    assert world.kinds().count("edited") == 1


# --- what differs -----------------------------------------------------------------------------------------------------


def test_what_readers_would_see_change() -> None:
    """Parts are told apart by what the network is sent: its words, its files, its card, or what else is in the request."""
    before = thread("one", "two")
    assert difference(before, thread("one", "two")).parts == frozenset()
    assert difference(before, replace(before, title="New")).parts == frozenset()
    assert difference(before, thread("one", "zwei")).parts == {"text"}
    assert difference(before, thread("one")).parts == {"thread"}
    first, second = before.segments
    titled = replace(before, segments=(replace(first, payload={"text": "one", "title": "New"}), second))
    assert difference(before, titled).parts == {"page"}


# --- clones that are behind -------------------------------------------------------------------------------------------


def test_a_clone_that_is_behind_takes_nothing_down(newsdesk: Newsdesk) -> None:
    """What another worker published from a newer commit is not in an older one: that is no reason to take it down."""
    behind = newsdesk.folder.copy(newsdesk.folder.path.with_name("behind"))
    newsdesk.folder.post("fresh", "Only in the newer commit.", late="publish")
    newsdesk.folder.commit("Fresh")
    newsdesk.work(0)
    assert sorted(newsdesk.texts) == ["Lift-off.", "Only in the newer commit."]
    newsdesk.office.folder = behind
    newsdesk.work()
    assert sorted(newsdesk.texts) == ["Lift-off.", "Only in the newer commit."]
    assert newsdesk.plan()["fresh/brand-mastodon"].startswith("note: its file is not in this commit")


def test_a_branch_that_was_set_back_takes_nothing_down(newsdesk: Newsdesk) -> None:
    """A force-push to an older commit is not told from a clone that is behind: it waits, and a new commit goes on."""
    old = str(newsdesk.folder._repository.head.target)
    newsdesk.folder.post("fresh", "Only in the newer commit.", late="publish")
    newsdesk.folder.commit("Fresh")
    newsdesk.work(0)
    newsdesk.folder._repository.reset(old, pygit2.enums.ResetMode.HARD)
    newsdesk.work()
    assert "newer than the one read here" in newsdesk.plan()["fresh/brand-mastodon"]
    newsdesk.commit("Lift-off, mended.")
    newsdesk.work()
    assert newsdesk.texts == ["Lift-off, mended."]


def test_a_commit_read_long_ago_is_not_planned_from(newsdesk: Newsdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stood still between reading Git and the log writes nothing and sends nothing."""
    with newsdesk.office.desk("slow/m/1/1") as desk:
        newsdesk.seat(desk)
        desk._read_at -= 301
        assert [a.action for a in desk.plan()] == ["wait"]
    assert newsdesk.office.events() == []
    assert newsdesk.work(0).status is Status.PUBLISHED
