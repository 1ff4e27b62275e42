"""The rule of approval at work: what is not approved is held and explained, what is approved is written into the log."""

from datetime import timedelta
from pathlib import Path

import pytest

from presstime.ledger.export import rows
from presstime.model import Status
from tests.content.approval_kit import RULE, SignedFolder, fingerprint, listed, needs_ssh_keygen
from tests.kit import START, Folder, Office, run_pass

pytestmark = needs_ssh_keygen
SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "UTC"
[audit]
bucket = "audit"
[channels.site-feed]
network = "feed"
path = "public/feed"
[defaults]
channels = ["site-feed"]
"""
FEED = '{% from "macros.j2" import whole with context %}{{ whole() }}'
SOON = START + timedelta(hours=1)
POST = "launch/site-feed"


class Desk:
    """An office whose commits are signed and merged by people."""

    def __init__(self, path: Path) -> None:
        self.folder = Folder(path, SETTINGS + RULE)
        self.git = SignedFolder(path)
        self.folder.write("allowed_signers", listed("Ada") + listed("Bea"))
        self.folder.write("templates/feed.j2", FEED)
        self.git.save(key=None)
        self.office = Office(self.folder)

    def post(self, text: str = "Hello", key: str | None = "Ada", merger: str | None = "Bea", **front: object) -> None:
        """A post proposed by Ada and merged by Bea, or as said."""
        self.git.draft()
        self.folder.post("launch", text, SOON, **front)
        self.git.save(key=key)
        self.git.accept(by=merger or "Bot", key=merger)

    def remove(self, key: str | None = "Ada") -> None:
        self.git.draft()
        self.folder.remove("posts/launch.md")
        self.git.save(key=key)
        self.git.accept()

    def told(self) -> str:
        """The one action and its reason, written into the log."""
        action = self.office.sync().get(POST)
        return f"{action.action}: {action.reason}" if action else "nothing"

    def publish(self) -> Status:
        with self.office.desk() as desk:
            return run_pass(desk)[POST].status

    def kinds(self) -> list[str]:
        return [event.kind for event in self.office.events()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "newsroom")


def test_signer_and_approver_are_in_the_log(desk: Desk) -> None:
    """The `planned` event names author, signer and approver with their keys; the claim and the send repeat it; the export
    has them as columns."""
    desk.post()
    desk.office.sync()
    [planned] = desk.office.events("planned")
    marks = {
        "author": "Ada <ada@verne.example>",
        "approver": "Bea <bea@verne.example>",
        "signer": "ada@verne.example",
        "signer_key": fingerprint("Ada"),
        "approver_key": fingerprint("Bea"),
    }
    assert marks.items() <= planned.data.items()
    desk.office.time = SOON
    assert desk.publish() is Status.PUBLISHED
    for kind in ("claimed", "sending"):
        [event] = desk.office.events(kind)
        assert marks.items() <= event.data["origin"].items()
    with desk.office.desk() as open_desk:
        exported = [row for row in rows(open_desk.store) if row["kind"] in ("planned", "sending")]
    assert len(exported) == 2
    assert all(marks.items() <= row.items() for row in exported)


def test_without_a_rule_the_log_says_nothing_of_signers(tmp_path: Path) -> None:
    """A newsroom that asks for no approval has the same events as ever."""
    folder = Folder(tmp_path / "plain", SETTINGS)
    folder.post("launch", "Hello", SOON)
    folder.commit(author="Ada", approver="Bea")
    office = Office(folder)
    office.sync()
    [planned] = office.events("planned")
    assert not {"signer", "signer_key", "approver_key"} & planned.data.keys()
    assert office.state(POST).origin.keys() == {"commit", "blob", "author", "approver"}


@pytest.mark.parametrize(
    ("key", "merger", "why"), [(None, "Bea", "it is not signed"), ("Ada", None, "not one of the approvers")]
)
def test_what_is_not_approved_is_held_and_told_once(desk: Desk, key: str | None, merger: str | None, why: str) -> None:
    """No `planned` event, one `held` with the reason, and nothing is sent when its time comes."""
    desk.post(key=key, merger=merger)
    told = desk.told()
    assert told.startswith("hold: posts/launch.md is not approved: commit ")
    assert why in told
    assert desk.told() == told
    assert desk.kinds() == ["held"]
    desk.office.time = SOON
    assert desk.publish() is Status.HELD
    assert not (desk.folder.path / "public").exists()


def test_what_is_approved_in_the_end_goes_out(desk: Desk) -> None:
    """A signed commit that touches the post again, merged by the approver, releases it."""
    desk.post(key=None)
    desk.office.sync()
    desk.post("Hello again")
    assert desk.told().startswith("wait: due in")
    assert desk.kinds() == ["held", "released", "planned"]
    desk.office.time = SOON
    assert desk.publish() is Status.PUBLISHED


def test_an_unapproved_change_of_what_is_planned_is_held(desk: Desk) -> None:
    """What was approved does not go out in place of what Git says now; put back with approval, it does."""
    desk.post()
    desk.office.sync()
    desk.post("Something else", key=None)
    assert "it is not signed" in desk.told()
    desk.office.time = SOON
    assert desk.publish() is Status.HELD
    desk.post("Hello")
    assert desk.publish() is Status.PUBLISHED


def test_a_picture_is_a_part_of_its_post(desk: Desk) -> None:
    """An unsigned change of a media file holds the posts that show it, and names the file."""
    desk.folder.write("posts/a.jpg", picture("red"))
    desk.post(media="[{file: a.jpg, alt: A red square}]")
    assert desk.told().startswith("wait")
    desk.git.draft()
    desk.folder.write("posts/a.jpg", picture("blue"))
    desk.git.save(key=None)
    desk.git.accept()
    assert desk.told().startswith("hold: posts/a.jpg is not approved")


@pytest.mark.parametrize(
    ("name", "content"),
    [("templates/feed.j2", "Buy! " + FEED), ("presstime.toml", SETTINGS + RULE + "[groups]\n")],
)
def test_what_all_words_come_from_is_judged_too(desk: Desk, name: str, content: str) -> None:
    """Approved posts do not go out through a template, or to a server, that nobody approved."""
    desk.post()
    desk.office.sync()
    desk.git.draft()
    desk.folder.write(name, content)
    desk.git.save(key=None)
    desk.git.accept()
    assert desk.told().startswith(f"hold: {name} is not approved")


def test_an_unapproved_change_of_what_is_out_is_not_made(desk: Desk) -> None:
    """A published post stays as it is until its change is approved; the log has no plan for it before."""
    desk.post()
    desk.office.time = SOON
    desk.publish()
    desk.post("Hello, world", key=None)
    assert desk.told().startswith("hold: its edit: posts/launch.md is not approved")
    desk.publish()
    assert desk.kinds().count("planned") == 1
    desk.post("Hello, world!")
    assert desk.told().startswith("edit: ")
    desk.publish()
    assert "edited" in desk.kinds()
    assert "Hello, world!" in (desk.folder.path / "public/feed/atom.xml").read_text()


def test_an_unapproved_change_that_readers_do_not_see_is_not_taken_for_looked_at(desk: Desk) -> None:
    """Nothing unapproved becomes a `planned` event, even where nothing would be sent."""
    desk.post()
    desk.office.time = SOON
    desk.publish()
    desk.post("Hello", key=None, campaign="winter")
    assert desk.told() == "nothing"
    assert desk.kinds().count("planned") == 1
    desk.post("Hello", campaign="spring")
    assert desk.told() == "nothing"
    assert desk.kinds().count("planned") == 2


def test_an_unapproved_removal_takes_nothing_down(desk: Desk) -> None:
    """Neither a file that was removed nor `status: retracted`, until an approver merged it from a signed commit."""
    desk.post()
    desk.office.time = SOON
    desk.publish()
    desk.post("Hello", key=None, status="retracted")
    assert desk.told().startswith("hold: its takedown: posts/launch.md is not approved")
    desk.post("Hello")
    desk.remove(key=None)
    assert desk.told().startswith("hold: its takedown: posts/launch.md is not approved")
    assert desk.publish() is Status.PUBLISHED
    desk.post("Hello")
    desk.remove()
    assert desk.told().startswith("retract: ")
    assert desk.publish() is Status.RETRACTED


def test_a_post_that_was_moved_is_retracted_only_with_approval(desk: Desk) -> None:
    """The approved move of a file says nothing for what somebody writes into it later."""
    desk.post()
    desk.office.time = SOON
    desk.publish()
    old, new = desk.folder.path / "posts/launch.md", desk.folder.path / "posts/2026/launch.md"
    desk.git.draft()
    new.parent.mkdir()
    new.write_text(old.read_text().replace("Hello", "Hello, world"))
    old.unlink()
    desk.git.save()
    desk.git.accept()
    desk.git.draft()
    new.write_text(new.read_text().replace("id: launch", "id: launch\nstatus: retracted"))
    desk.git.save(key=None)
    desk.git.accept()
    assert desk.told().startswith("hold: its takedown: posts/2026/launch.md is not approved")


def test_what_is_planned_is_not_examined_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass in which nothing is new asks nothing of Git's history and of no signature."""
    desk.post()
    desk.office.sync()
    with desk.office.desk() as open_desk:
        monkeypatch.setattr(type(open_desk.approvals), "_judged", lambda *a: pytest.fail("judged again"))
        assert [a.action for a in open_desk.plan()] == ["wait"]


def test_other_posts_are_not_held_up(desk: Desk) -> None:
    """A held post takes no turn of those that wait for the minimum gap behind it."""
    desk.git.draft()
    desk.folder.write("presstime.toml", SETTINGS + 'min_gap = "30m"\n' + RULE)
    desk.folder.post("second", "Second", START - timedelta(minutes=30), late="publish")
    desk.git.save()
    desk.git.accept()
    desk.git.draft()
    desk.folder.post("first", "First", START - timedelta(minutes=40), late="publish")
    desk.git.save(key=None)
    desk.git.accept()
    actions = desk.office.sync()
    assert {name: action.action for name, action in actions.items()} == {
        "first/site-feed": "hold",
        "second/site-feed": "publish",
    }


def picture(colour: str) -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "JPEG")
    return out.getvalue()
