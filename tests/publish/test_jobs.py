"""From the plan to what is sent: the approved words or none, and what was begun as it was begun."""

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from presstime.errors import GitError, NetworkError
from presstime.model import Attachment, Segment, Settling, Status
from presstime.networks.memory import Fault
from presstime.render import Rendered
from presstime.wire import Desk
from tests.kit import START, Folder, Office, run_pass
from tests.publish.newsdesk import BRAND_ONLY, D, Newsdesk


@pytest.fixture
def newsdesk(tmp_path: Path) -> Newsdesk:
    return Newsdesk(tmp_path / "newsroom")


def test_what_is_approved_is_sent(newsdesk: Newsdesk) -> None:
    """What reaches the network has the digest that the plan wrote down."""
    state = newsdesk.work(0)
    assert state.status is Status.PUBLISHED
    [planned] = newsdesk.office.events("planned")
    [sending] = newsdesk.office.events("sending")
    assert planned.data["digest"] == sending.data["digest"] == state.sent_digest
    assert sending.data["origin"]["author"] == "Ada <ada@verne.example>"
    assert newsdesk.texts == ["Lift-off."]


def test_what_was_not_approved_is_held(newsdesk: Newsdesk) -> None:
    """If the words come out otherwise than planned, nothing is sent, and the log says which digest met which."""
    with newsdesk.office.desk() as desk:
        newsdesk.seat(desk)
        desk.plan()
        real = desk.words.render

        def other(post: object, target: object) -> Rendered:
            rendered = real(post, target)  # type: ignore[arg-type]
            segment = Segment(0, "Something else.")
            return replace(rendered, variant=replace(rendered.variant, segments=(segment,)))

        desk.words.render = other  # type: ignore[method-assign]
        assert desk.publish(D) is None
        state = desk.ledger.state(desk.last_plan[D].delivery)
    assert state is not None
    assert state.status is Status.HELD
    assert "not what was approved" in state.reason
    assert newsdesk.texts == []


def test_published_and_renamed_is_published(newsdesk: Newsdesk) -> None:
    """After its file was moved, or presstime.toml changed, a published post is posted no second time."""
    newsdesk.work(0)
    (newsdesk.folder.path / "posts/launch.md").rename(newsdesk.folder.path / "posts/moved.md")
    newsdesk.folder.commit("Rename")
    assert newsdesk.work().status is Status.PUBLISHED
    newsdesk.folder.write("presstime.toml", BRAND_ONLY + "# a remark\n")
    newsdesk.folder.commit("Remark")
    newsdesk.work()
    assert newsdesk.texts == ["Lift-off."]


def test_the_log_alone_is_enough(newsdesk: Newsdesk) -> None:
    """A worker with nothing but Git and the log (no cache, no memory of the first) posts nothing again."""
    newsdesk.work(0)
    clone = newsdesk.folder.copy(newsdesk.folder.path.with_name("elsewhere"))
    newsdesk.office.folder = clone
    assert newsdesk.work().status is Status.PUBLISHED
    assert newsdesk.texts == ["Lift-off."]


def test_another_worker_was_quicker(newsdesk: Newsdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that finds a planned delivery published meanwhile goes on to the next at once: it reads nothing of the log."""
    with newsdesk.office.desk("slow/m/1/1") as slow:
        newsdesk.seat(slow)
        assert [str(action.delivery) for action in slow.plan()] == [D]
        newsdesk.work(0)
        slow.ledger.catch_up()
        monkeypatch.setattr(slow.ledger, "payload", lambda digest: pytest.fail("it reads what the other one meant"))
        state = slow.publish(D)
    assert state is not None
    assert state.status is Status.PUBLISHED
    assert newsdesk.texts == ["Lift-off."]


def interrupted(newsdesk: Newsdesk, fault: Fault) -> None:
    """A first pass whose send has no answer, in a state that a later pass has to settle."""
    newsdesk.network.faults = [fault, Fault("unreachable")]  # the read-back fails, too: settling is for later
    state = newsdesk.work(0)
    assert state.intent is not None
    assert not state.review


def test_what_is_begun_is_finished_as_it_was_begun(newsdesk: Newsdesk) -> None:
    """A text changed in Git while a send was in doubt: the first one is settled, and is not sent in other words."""
    interrupted(newsdesk, Fault("drop-after"))
    newsdesk.folder.post("launch", "Other words.", late="publish")
    newsdesk.folder.commit("Edit")
    assert newsdesk.work().status is Status.PUBLISHED
    assert newsdesk.texts == ["Lift-off."]


def test_what_is_begun_and_removed_is_settled(newsdesk: Newsdesk) -> None:
    """A post removed from Git while a send was in doubt is settled all the same."""
    interrupted(newsdesk, Fault("drop-after"))
    newsdesk.folder.remove("posts/launch.md")
    newsdesk.folder.post("other", "Another.", START + timedelta(days=1))
    newsdesk.folder.commit("Away")
    assert newsdesk.work().status is Status.PUBLISHED
    assert newsdesk.texts == ["Lift-off."]


@pytest.mark.parametrize("settling", [Settling.LOOKUP, Settling.NONE])
@pytest.mark.parametrize("trouble", ["credentials", "channel"])
def test_a_doubt_survives_a_pass_that_cannot_begin(tmp_path: Path, settling: Settling, trouble: str) -> None:
    """A pass without the channel's credentials, or without the channel, takes no doubt away: nothing is sent blindly after it."""
    newsdesk = Newsdesk(tmp_path / "newsroom", settling)
    if settling is Settling.LOOKUP:
        interrupted(newsdesk, Fault("drop-after"))
    else:
        killed_after_send(newsdesk)
    if trouble == "channel":
        renamed = BRAND_ONLY.replace("brand-mastodon", "new-mastodon")
        newsdesk.folder.write("presstime.toml", renamed)
        newsdesk.folder.commit("Renamed the channel")
    newsdesk.office.pass_time(minutes=5)
    with newsdesk.office.desk("unarmed/m/1/1", environ={}) as desk:
        for action in desk.plan():
            if action.action == "publish" and str(action.delivery) == D:
                desk.publish(D)
    waiting = newsdesk.office.state(D)
    assert waiting.intent is not None
    assert waiting.reason
    if trouble == "channel":
        newsdesk.folder.write("presstime.toml", BRAND_ONLY)
        newsdesk.folder.commit("Back")
    state = newsdesk.work()
    assert newsdesk.texts == ["Lift-off."]
    assert state.status is (Status.PUBLISHED if settling is Settling.LOOKUP else Status.UNKNOWN)


def killed_after_send(newsdesk: Newsdesk) -> None:
    """A worker that dies between a send and the note of its receipt."""

    class Killed(BaseException):
        pass

    with newsdesk.office.desk("doomed/m/1/1") as desk:
        newsdesk.seat(desk)
        adapter = desk.adapter("brand-mastodon")
        send = adapter.send

        def deadly(order: object) -> object:
            send(order)  # type: ignore[arg-type]
            raise Killed

        adapter.send = deadly  # type: ignore[assignment, method-assign]
        desk.plan()
        with pytest.raises(Killed):
            desk.publish(D)


def test_why_it_cannot_be_settled_is_said_once(newsdesk: Newsdesk) -> None:
    """A doubt that cannot be settled for want of credentials is one event in the log, however many passes find it so."""
    interrupted(newsdesk, Fault("drop-after"))
    before = len(newsdesk.office.events())
    for n in range(3):
        newsdesk.office.pass_time(minutes=5)
        with newsdesk.office.desk(f"unarmed/m/{n}/1", environ={}) as desk:
            run_pass(desk)
    assert len(newsdesk.office.events()) == before + 1
    assert "MASTODON_TOKEN" in newsdesk.office.state(D).reason


def test_missing_credentials_are_said_once_and_put_right(newsdesk: Newsdesk) -> None:
    """Without its credential a channel's delivery is put off, by the variable's name; with it, it goes out once."""
    for n in range(3):
        with newsdesk.office.desk(f"unarmed/m/{n}/1", environ={}) as desk:
            state = run_pass(desk)[D]
    assert state.status is Status.DEFERRED
    assert "MASTODON_TOKEN" in state.reason
    assert len(newsdesk.office.events("deferred")) == 1
    assert newsdesk.work().status is Status.PUBLISHED
    assert newsdesk.texts == ["Lift-off."]


def test_a_text_mended_while_it_was_put_off(newsdesk: Newsdesk) -> None:
    """A text that Git changed while the network had put it off goes out as it is now, at the time the network named."""
    newsdesk.network.faults = [Fault("429", seconds=900)]
    assert newsdesk.work(0).status is Status.DEFERRED
    newsdesk.folder.post("launch", "Mended.", late="publish")
    newsdesk.folder.commit("Mended")
    assert newsdesk.work(minutes=2).status is Status.DEFERRED
    assert newsdesk.texts == []
    assert newsdesk.work(minutes=14).status is Status.PUBLISHED
    assert newsdesk.texts == ["Mended."]


# --- pictures ---------------------------------------------------------------------------------------------------------


def picture(width: int = 3000) -> bytes:
    buffer = io.BytesIO()
    Image.effect_mandelbrot((width, 40), (-2, -1.5, 1, 1.5), 9).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def pictured(tmp_path: Path) -> Office:
    folder = Folder(tmp_path / "newsroom", BRAND_ONLY)
    folder.write("media/map.png", picture())
    folder.post("launch", "Look.", media="[{file: media/map.png, alt: A map}]")
    folder.commit()
    return Office(folder)


def attachment(desk: Desk) -> tuple[object, Attachment]:
    [action] = desk.plan()
    job = desk.jobs.of(action)
    assert job is not None
    [item] = job.variant.attachments()
    return job.variant, item


def test_pictures_are_made_again_byte_for_byte(pictured: Office) -> None:
    """What an earlier worker meant to send can be made again from Git, down to the byte."""
    with pictured.desk() as desk:
        variant, item = attachment(desk)
    with pictured.desk() as later:
        data = later.words.reread(variant, item)  # type: ignore[arg-type]
        assert len(data) == item.size
        with pytest.raises(NetworkError, match="byte for byte"):
            later.words.reread(variant, replace(item, digest="0" * 64))  # type: ignore[arg-type]


def test_a_picture_that_git_lost_needs_a_person(pictured: Office) -> None:
    """A picture whose blob is gone (history rewritten, a shallow clone) stops that delivery with a message, not the pass."""
    with pictured.desk() as desk:
        variant, item = attachment(desk)

        def lost(blob: str) -> bytes:
            raise GitError(f"there is no object {blob}", "The clone may be shallow.")

        desk.words.read_blob = lost
        with pytest.raises(NetworkError) as caught:
            desk.words.reread(variant, item)  # type: ignore[arg-type]
        assert caught.value.needs_person
