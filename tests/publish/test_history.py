"""What may become of a post's file in Git: nothing is posted twice, and the plan says why. Each is done by a worker that keeps
its caches and by one that reads everything anew (see pair.py), which have to agree."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from presstime.model import DeliveryState
from tests.kit import START, Folder
from tests.publish.pair import Pair

SOON = START + timedelta(minutes=30)
D = "launch/brand-mastodon"


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A post for one channel, due in half an hour, committed and planned."""
    pair = Pair(tmp_path / "newsroom")
    pair.folder.remove("posts/first.md")
    post(pair.folder)
    pair.commit()
    pair.check(True)
    return pair


def post(folder: Folder, name: str = "launch", **front: object) -> Path:
    return folder.post(name, "Lift-off.", SOON, channels="[brand-mastodon]", late="publish", title="Launch", **front)


def publish(pair: Pair) -> None:
    pair.pass_time(31)
    pair.check(True)
    assert len(said(pair)) == 1


def said(pair: Pair) -> list[str]:
    """Everything that was ever posted."""
    network = pair.cheap.networks["brand-mastodon"]
    return [message.text for message in (*network.posts, *network.removed)]


def explained(pair: Pair) -> str:
    """What the plan says of the delivery; both ways the same."""
    told = pair.cheap.explained().get(D, "nothing")
    assert told == pair.whole.explained().get(D, "nothing")
    return told


def test_a_file_deleted_and_restored_in_time(pair: Pair) -> None:
    """What was planned is dropped with its file, which the plan says, and goes out once when the file is back."""
    pair.folder.remove("posts/launch.md")
    pair.commit()
    pair.check(True)
    assert explained(pair).startswith("dropped: commit ")
    post(pair.folder)
    pair.commit()
    pair.check(True)
    assert explained(pair).startswith("wait: due in ")
    publish(pair)


def test_a_file_deleted_and_restored_after_it_went_out(pair: Pair) -> None:
    """What was out is taken down with its file; the file's return posts nothing, and the plan says what would."""
    publish(pair)
    pair.folder.remove("posts/launch.md")
    pair.commit()
    pair.check(True)
    post(pair.folder)
    pair.commit()
    for minutes in (1, 60):
        pair.pass_time(minutes)
        pair.check(True)
    assert len(said(pair)) == 1
    assert "a post goes out once: give it a new id" in explained(pair)


@pytest.mark.parametrize("to", ["posts/lift-off.md", "posts/2026/launch.md"])
@pytest.mark.parametrize("out", [False, True], ids=["planned", "published"])
def test_a_file_renamed_or_moved(pair: Pair, to: str, out: bool) -> None:
    """A post is its id: where its file lies makes no difference, before it is out and after."""
    if out:
        publish(pair)
    (pair.folder.path / to).parent.mkdir(exist_ok=True)
    (pair.folder.path / "posts/launch.md").rename(pair.folder.path / to)
    pair.commit()
    pair.check(True)
    assert explained(pair).startswith("nothing" if out else "wait: due in ")
    pair.pass_time(40)
    pair.check(True)
    assert len(said(pair)) == 1


def test_an_id_changed_after_it_went_out(pair: Pair) -> None:
    """Another id that says the same is held, with the way to say that it is meant; what is out stays."""
    publish(pair)
    post(pair.folder, id="start")
    pair.commit()
    for minutes in (1, 60):
        pair.pass_time(minutes)
        pair.check(True)
    assert len(said(pair)) == 1
    told = pair.cheap.explained()
    assert told == pair.whole.explained()
    assert "a rename?" in told["start/brand-mastodon"]
    assert "again: true" in told["start/brand-mastodon"]


def test_an_id_changed_in_time(pair: Pair) -> None:
    """Before it is out, another id is another post: the first is dropped, the second goes out once."""
    post(pair.folder, id="start")
    pair.commit()
    pair.check(True)
    assert explained(pair).startswith("dropped: ")
    publish(pair)


@pytest.mark.parametrize("gone", [False, True], ids=["still here", "pruned"])
def test_a_force_push_that_drops_a_planned_commit(pair: Pair, gone: bool) -> None:
    """A commit that was planned is not in the branch any more: what only it had does not go out, one is told that history was
    rewritten, and what comes after goes out once."""
    pair.rewrite(0, 0 if gone else 1, 0)
    pair.folder.remove("posts/first.md")
    pair.folder.post("other", "Other.", SOON, channels="[brand-mastodon]")
    pair.commit()
    pair.check(True)
    assert "the branch was set back or rewritten" not in " ".join(pair.cheap.warnings())  # that was at the pass before
    assert explained(pair).startswith("dropped: ")
    publish(pair)
    assert "Other" in said(pair)[0]


def test_a_rewritten_history_is_told(pair: Pair) -> None:
    """Before the first pass after a force-push, a person reads which commit is not followed any more."""
    planned = pair.commits[-1]
    pair.rewrite(0, 1, 0)
    pair.folder.write("notes.txt", "Another history.")
    pair.commit()
    assert planned[:12] in pair.cheap.warnings()[0]
    pair.check(True)
    assert pair.cheap.warnings() == []


def test_a_shallow_clone(pair: Pair, tmp_path: Path) -> None:
    """A worker with no more than the last commit plans the same and posts nothing again."""
    publish(pair)
    post(pair.folder, "encore", again="true")
    pair.commit()
    clone = tmp_path / "shallow"
    source = f"file://{pair.folder.path}"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", source, str(clone)], check=True)
    entries = len(pair.cheap.events())
    folder = pair.cheap.office.folder
    pair.cheap.office.folder = Folder.__new__(Folder)
    pair.cheap.office.folder.path = clone
    assert "launch/brand-mastodon" not in pair.cheap.explained()
    assert {str(a.delivery) for a in pair.cheap.work(True) if a.acts} == {"encore/brand-mastodon"}
    assert len(pair.cheap.events()) > entries
    pair.cheap.office.folder = folder
    assert len(said(pair)) == 2


def test_a_pair_differs_where_it_should(pair: Pair) -> None:
    """The two workers keep what they should: one looks at everything again, the other at nothing that is over."""
    publish(pair)
    pair.check(True)
    looked = []
    for world in (pair.cheap, pair.whole):
        with world.office.desk("worker/m/1/1") as desk:
            world.seat(desk)
            desk.plan()
            looked.append(len(desk.sync.looks[0].posts))
            desk.ledger.cache.close()
    assert looked == [0, 1]


def test_time_alone_takes_down(pair: Pair) -> None:
    """A post that expires is taken down when its time has come, though nothing was touched since it went out."""
    post(pair.folder, expires_at=(SOON + timedelta(hours=1)).isoformat(), retract="true")
    pair.commit()
    publish(pair)
    for minutes, status in ((20, "published"), (60, "retracted")):
        pair.pass_time(minutes)
        pair.check(True)
        assert pair.cheap.office.state(D).status == status


def test_time_alone_brings_the_next_occurrence(pair: Pair) -> None:
    """A post that repeats goes on, long after everything that was planned of it is out."""
    pair.folder.remove("posts/launch.md")
    pair.folder.post(
        "weekly", "Hello.", SOON, channels="[brand-mastodon]", title="T", repeat="FREQ=WEEKLY", late="publish"
    )
    pair.commit()
    for _ in range(7):
        pair.pass_time(7 * 24 * 60)
        pair.check(True)
    assert len(said(pair)) == 7


def test_a_slot_is_not_given_twice(pair: Pair) -> None:
    """A slot that another post was given, or falls on by its own time, is not free for one that waits, whatever is looked at."""
    pair.folder.post("one", "One.", "next-slot", channels="[brand-mastodon]", title="T")
    pair.commit()
    pair.check(True)
    pair.folder.post("two", "Two.", "next-slot", channels="[brand-mastodon]", title="U")
    pair.commit()
    pair.pass_time(31)
    pair.check(True)
    pair.pass_time(31)
    pair.check(True)
    assert {str(d): state.due for d, state in states(pair).items() if d != D and state.due} == {
        "one/brand-mastodon": START + timedelta(minutes=60),
        "two/brand-mastodon": START + timedelta(days=1),
    }


def states(pair: Pair) -> dict[str, DeliveryState]:
    with pair.cheap.office.desk("reader/m/1/1") as desk:
        return {str(delivery): state for delivery, state in desk.ledger_states().items()}
