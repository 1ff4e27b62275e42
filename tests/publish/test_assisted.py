"""Assisted channels, from Git to a person's hands and back: no adapter, no credentials, the same plan, digest and log."""

from datetime import timedelta
from pathlib import Path

import pytest

from presstime.language import Language
from presstime.ledger.assisted import done_by_hand
from presstime.model import Channel, Delivery, DeliveryState, Segment, Status, Variant
from presstime.networks import load
from presstime.publish.handout import Handout, compose_link
from tests.kit import SETTINGS, START, Folder, Office, run_pass
from tests.publish.pair import PNG

ASSISTED = """
[channels.verne-linkedin]
network = "linkedin"
account = "urn:li:organization:1"
mode = "assisted"
"""
DIRECT = ASSISTED.replace('mode = "assisted"\n', "")
TEXT = "The night train (yes!) is *back* [on our journal](https://verne.example/train)."
URL = "https://www.linkedin.com/feed/update/urn:li:share:7"
NAME = "launch/verne-linkedin"
HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A newsroom with an assisted channel, and a post with a picture for it that is due now."""
    folder = Folder(tmp_path / "newsroom", SETTINGS + ASSISTED)
    folder.write("media/train.png", PNG)
    write(folder)
    folder.commit()
    return Office(folder)


def write(folder: Folder, text: str = TEXT, **front: object) -> None:
    media = "[{file: train.png, alt: A night train}]"
    folder.post("launch", text, channels="[verne-linkedin]", link="https://verne.example/train", media=media, **front)


def work(office: Office, lead: timedelta = timedelta(0)) -> DeliveryState:
    """A pass by a worker without any credentials; where the delivery stands afterwards."""
    with office.desk(environ={}) as desk:
        return run_pass(desk, lead)[NAME]


def done(office: Office, url: str = URL) -> None:
    with office.desk("person/m/1/1") as desk:
        desk.ledger.catch_up()
        done_by_hand(desk.ledger, Delivery.parse(NAME), office.now, "bea", [url])


def kinds(office: Office) -> list[str]:
    return [event.kind for event in office.events(delivery=NAME)]


def handout(office: Office) -> Handout:
    with office.desk("person/m/1/1") as desk:
        desk.ledger.catch_up()
        return desk.handouts.put_down(desk.waiting()[0])


def test_from_git_to_a_person_and_back(office: Office) -> None:
    """It is planned, handed over once at its time, and published by the person's word; nothing more is done about it."""
    assert (work(office).status, kinds(office)) == (Status.HANDED, ["planned", "handed"])
    office.pass_time(minutes=10)
    assert work(office).status is Status.HANDED
    done(office)
    state = work(office)
    assert (state.status, state.url, state.needs_look) == (Status.PUBLISHED, URL, False)
    assert kinds(office) == ["planned", "handed", "accepted", "published"]


def test_not_before_its_time(office: Office) -> None:
    """Taken up ahead like any other, it is handed over at its instant, and its files are not there before."""
    office.time = START - timedelta(seconds=40)
    with office.desk() as desk:
        actions = desk.plan(timedelta(seconds=60))
        assert not list((office.folder.path / ".presstime").rglob("text.txt"))
        desk.publish(str(actions[0].delivery))
    assert office.state(NAME).handed == START
    assert list((office.folder.path / ".presstime/assisted").rglob("text.txt"))


def test_what_a_person_needs(office: Office) -> None:
    """The words as one pastes them, with no mark of the network's own and the link in them; the picture, its alt text, the
    network's page, and how long it is of use. All of it as files, and as a page."""
    work(office)
    found = handout(office)
    assert (found.network, found.account, found.until) == ("LinkedIn", "urn:li:organization:1", START + 2 * HOUR)
    assert found.compose == "https://www.linkedin.com/feed/"  # the page that shares a link takes no picture
    (part,) = found.parts
    assert part.text.startswith("The night train (yes!) is back on our journal")
    assert "https://verne.example/train" in part.text
    (file,) = part.files
    assert (file.alt, file.path.name, file.path.read_bytes()[:4]) == ("A night train", "1-train.png", PNG[:4])
    assert (found.folder / "text.txt").read_text() == part.text
    page = (found.folder / "post.md").read_text()
    assert page == found.as_markdown()
    for needed in (part.text, "A night train", str(file.path), found.compose, f"presstime done {NAME} --url URL"):
        assert needed in page
    french = found.as_markdown(Language("fr").say)
    assert f"# {NAME}\u00a0: à publier sur LinkedIn en tant que urn:li:organization:1" in french
    assert part.text in french


@pytest.mark.parametrize(
    ("network", "more", "link", "address"),
    [
        (
            "linkedin",
            {},
            "https://v.example/a b",
            "https://www.linkedin.com/sharing/share-offsite/?url=https%3A%2F%2Fv.example%2Fa%20b",
        ),
        ("linkedin", {}, None, "https://www.linkedin.com/feed/"),
        ("x", {}, None, "https://x.com/intent/tweet?text=5%20%25%20off%20%26%20more%0A%C3%A9"),
        (
            "mastodon",
            {"base_url": "https://m.example/"},
            None,
            "https://m.example/share?text=5%20%25%20off%20%26%20more%0A%C3%A9",
        ),
        ("mastodon", {}, None, None),
        ("wordpress", {"base_url": "https://w.example"}, None, "https://w.example/wp-admin/post-new.php"),
        ("memory", {}, "https://v.example/", None),
    ],
)
def test_the_networks_own_page(network: str, more: dict[str, str], link: str | None, address: str | None) -> None:
    """The first of a network's pages for which there is everything, with the words or the link in it as an address wants them."""
    variant = Variant(Delivery("a", "b"), network, START, (Segment(0, "5 % off & more\né"),), link=link)
    assert compose_link(variant, Channel("b", network, **more), load(network).traits) == address


def test_words_that_are_too_long_for_an_address() -> None:
    """Where the words make an address that servers refuse, there is none: they are pasted."""
    variant = Variant(Delivery("a", "b"), "x", START, (Segment(0, "é" * 2000),))
    assert compose_link(variant, Channel("b", "x"), load("x").traits) is None


def test_any_clone_shows_the_same(office: Office, tmp_path: Path) -> None:
    """Who posts need not sit at the machine that handed it over: words and files are made again from the log and from Git."""
    work(office)
    first, elsewhere = handout(office), Office(office.folder.copy(tmp_path / "clone"), office.time)
    elsewhere.bucket = office.bucket
    second = handout(elsewhere)
    assert second.folder != first.folder
    assert second.parts[0].text == first.parts[0].text
    assert [f.path.read_bytes() for f in second.parts[0].files] == [f.path.read_bytes() for f in first.parts[0].files]


def test_files_go_when_nobody_waits_for_them(office: Office) -> None:
    """The next pass after it is done takes its files away, and the folders with them."""
    work(office)
    folder = handout(office).folder
    assert folder.exists()
    done(office)
    work(office)
    assert not folder.parent.exists()


def test_reminded_then_missed(office: Office) -> None:
    """After an hour a reminder, once; when the late rule is over it is missed, with that reason; `done` still says it is out."""
    work(office)
    office.pass_time(minutes=61)
    for _ in range(2):
        with office.desk() as desk:
            run_pass(desk)
            reminded = list(desk.sync.reminded)
            assert desk.waiting()[0].reminded == 1
    assert reminded == []
    assert kinds(office) == ["planned", "handed", "reminded"]
    office.pass_time(minutes=60)
    state = work(office)
    assert (state.status, "nobody said by 2026-11-23 11:00 UTC" in state.reason) == (Status.MISSED, True)
    work(office)
    assert kinds(office) == ["planned", "handed", "reminded", "missed"]
    done(office)
    assert work(office).status is Status.PUBLISHED
    assert kinds(office)[4:] == ["accepted", "published"]


def test_missed_and_wanted_after_all(office: Office) -> None:
    """`late: publish` on what was missed hands it over once more, with no end of its time."""
    work(office)
    office.pass_time(hours=3)
    assert work(office).status is Status.MISSED
    write(office.folder, late="publish")
    office.folder.commit()
    state = work(office)
    assert (state.status, state.until, state.handed) == (Status.HANDED, None, office.time)
    assert kinds(office) == ["planned", "handed", "missed", "planned", "handed"]


def test_a_changed_text_is_handed_over_anew(office: Office) -> None:
    """The person gets the new words in place of the old ones, and their word is about those."""
    first = work(office)
    write(office.folder, "Another text.", late="within 3h")
    office.folder.commit()
    office.pass_time(minutes=5)
    second = work(office)
    assert kinds(office) == ["planned", "handed", "planned", "handed"]
    assert (second.status, second.handed, second.until) == (Status.HANDED, office.time, START + 3 * HOUR)
    assert "Another text." in (handout(office).folder / "text.txt").read_text()
    done(office)
    assert work(office).sent_digest == second.digest != first.digest


def test_a_commit_that_changes_nothing_of_it(office: Office) -> None:
    """Another commit with the same words leaves it with the person: nothing is handed over twice."""
    work(office)
    office.folder.write("presstime.toml", SETTINGS + ASSISTED + "# a remark\n")
    office.folder.commit()
    assert work(office).status is Status.HANDED
    assert kinds(office) == ["planned", "handed", "planned"]


def test_taken_out_of_git_while_a_person_has_it(office: Office) -> None:
    """It is dropped and waits for nobody; if the person has posted it all the same, their word counts, and a note says that it
    is to be taken down by hand."""
    work(office)
    office.folder.remove("posts/launch.md")
    office.folder.commit()
    state = work(office)
    assert (state.status, "a person has it, who is not to post it" in state.reason) == (Status.DROPPED, True)
    done(office)
    state = work(office)
    assert (state.status, "take it down there by hand" in state.reason) == (Status.PUBLISHED, True)
    work(office)
    assert kinds(office) == ["planned", "handed", "dropped", "accepted", "published", "noted"]


def test_changed_after_it_is_out(office: Office) -> None:
    """What a person posted is not edited by us: the log notes it once, with what to do."""
    work(office)
    done(office)
    write(office.folder, "Another text.")
    office.folder.commit()
    for _ in range(2):
        state = work(office)
    assert (state.status, "change it there by hand" in state.reason) == (Status.PUBLISHED, True)
    assert kinds(office) == ["planned", "handed", "accepted", "published", "planned", "noted"]


def test_an_archive_of_late_posts_is_not_handed_over(office: Office) -> None:
    """What was over before anybody was asked is missed like everywhere, and no person is bothered."""
    office.pass_time(hours=3)
    assert work(office).status is Status.MISSED
    assert kinds(office) == ["missed"]


def test_a_channel_that_becomes_direct(office: Office) -> None:
    """What a person may have posted is not sent when the channel gets credentials: it is held until somebody has said."""
    work(office)
    office.folder.write("presstime.toml", SETTINGS + DIRECT)
    office.folder.commit()
    state = work(office)
    assert (state.status, state.needs_look, "may have posted it" in state.reason) == (Status.HELD, True, True)
    done(office)
    assert work(office).status is Status.PUBLISHED
    assert "sending" not in kinds(office)


def test_what_cannot_be_rendered_is_held(office: Office) -> None:
    """Words that cannot be said any more are held with the renderer's reason, as everywhere; mended, they are handed over anew."""
    work(office)
    office.folder.write("templates/linkedin.j2", "{{ post.nothing_like_this }}")
    office.folder.commit()
    assert work(office).status is Status.HELD
    office.folder.write("templates/linkedin.j2", "Shorter.")
    office.folder.commit()
    assert work(office).status is Status.HANDED
    assert kinds(office) == ["planned", "handed", "held", "released", "planned", "handed"]
