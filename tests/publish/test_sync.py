"""Sync: what Git says becomes what the log knows, once, with who stands behind it; a second look writes nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from presstime.model import Status, canonical, digest_of, to_iso
from presstime.publish import sync as sync_module
from tests.kit import SETTINGS, START, Folder, Office

SOON = START + timedelta(hours=1)
FEED, MASTODON = "launch/site-feed", "launch/brand-mastodon"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A newsroom with one post for two channels, committed, due in an hour."""
    folder = Folder(tmp_path / "newsroom")
    folder.post("launch", "We have lift-off.", SOON)
    folder.commit("Launch", author="Ada", approver="Bea")
    return Office(folder)


def kinds(office: Office) -> list[str]:
    return [event.kind for event in office.events()]


def test_a_plan_says_what_when_and_by_whom(office: Office) -> None:
    """A `planned` event binds the digest to commit, blob, author and approver, and to all that the words came from."""
    office.sync()
    planned = {str(e.delivery): e.data for e in office.events("planned")}
    assert planned.keys() == {FEED, MASTODON}
    data = planned[FEED]
    with office.desk() as desk:
        assert data["commit"] == desk.newsroom.commit
        blob = desk.newsroom.source.find("posts/launch.md")
        assert blob is not None
        assert data["blob"] == blob.blob_id
        assert data["engine"] == desk.words.engine
    assert (data["author"], data["approver"]) == ("Ada <ada@verne.example>", "Bea <bea@verne.example>")
    assert (data["path"], data["due"], data["at"]) == ("posts/launch.md", to_iso(SOON), to_iso(START))
    assert len(data["source"]) == len(data["digest"]) == 64
    assert planned[FEED]["digest"] != planned[MASTODON]["digest"]


def test_the_payload_stands_once_beside_its_digest(office: Office) -> None:
    """What will be sent is in the log, whole, in the entry that names its digest, and nowhere else."""
    office.sync()
    payloads = [(d, p) for entry in office.entries() for d, p in entry.payloads.items()]
    assert sorted(d for d, _ in payloads) == sorted(e.data["digest"] for e in office.events("planned"))
    for digest, payload in payloads:
        assert digest_of(canonical(payload)) == digest
    assert any("lift-off" in segment["text"] for _, payload in payloads for segment in payload["segments"])


def test_a_second_look_writes_nothing(office: Office) -> None:
    """The same commit again is no news, for the same worker, another one, a minute or half an hour later."""
    office.sync()
    before = len(office.entries())
    office.sync()
    office.sync("another/m/1/1")
    office.pass_time(minutes=30)
    office.sync()
    assert len(office.entries()) == before


def test_a_second_look_renders_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warm look at the same commit renders no words: what was planned is known."""
    office.sync()
    with office.desk() as desk:
        monkeypatch.setattr(type(desk.words), "render", lambda *a: pytest.fail("rendered again"))
        desk.plan()


def test_a_changed_text_is_planned_anew(office: Office) -> None:
    """A commit that changes the text gives a new digest, from a new source, under the new commit."""
    office.sync()
    office.folder.post("launch", "We have landed.", SOON)
    commit = office.folder.commit("Landed", author="Cem")
    office.sync()
    first, second = office.events("planned", FEED)
    assert first.data["digest"] != second.data["digest"]
    assert first.data["source"] != second.data["source"]
    assert (second.data["commit"], second.data["author"]) == (commit, "Cem <cem@verne.example>")
    assert office.state(FEED).digest == second.data["digest"]


def test_a_changed_time_is_planned_anew(office: Office) -> None:
    """A commit that moves the post moves what the log says of it."""
    office.sync()
    office.folder.post("launch", "We have lift-off.", SOON + timedelta(days=1))
    office.folder.commit()
    office.sync()
    assert [e.data["due"] for e in office.events("planned", FEED)] == [
        to_iso(SOON),
        to_iso(SOON + timedelta(days=1)),
    ]


def test_an_unrelated_commit_is_no_news(office: Office) -> None:
    """A commit that changes nothing a delivery's words come from writes nothing."""
    office.sync()
    before = len(office.entries())
    office.folder.write("notes.txt", "Call the printer.")
    office.folder.commit("Notes")
    office.sync()
    assert len(office.entries()) == before


def test_another_post_leaves_the_first_alone(office: Office) -> None:
    """A new post is planned, the ones there are not planned again."""
    office.sync()
    office.folder.post("encore", "Again.", SOON)
    office.folder.commit("Encore", author="Dee")
    office.sync()
    assert {e.delivery.post for e in office.entries()[-1].events} == {"encore"}
    assert office.events("planned", "encore/site-feed")[0].data["author"] == "Dee <dee@verne.example>"


def test_a_changed_template_is_planned_anew(office: Office) -> None:
    """What ships is what was approved: a template of the newsroom is part of it."""
    office.sync()
    office.folder.write("templates/mastodon.j2", "NEW {{ post.title }}")
    office.folder.commit("Template")
    office.sync()
    assert len(office.events("planned", MASTODON)) == 2
    assert office.state(MASTODON).digest == office.events("planned", MASTODON)[1].data["digest"]


@pytest.mark.parametrize("how", ["removed", "draft", "broken", "channel"])
def test_what_git_drops_is_dropped_once(office: Office, how: str) -> None:
    """A planned post that is removed, made a draft, broken or taken off a channel is dropped, once, and not
    sent; nobody is needed for it."""
    office.sync()
    if how == "removed":
        office.folder.remove("posts/launch.md")
    elif how == "draft":
        office.folder.post("launch", "We have lift-off.", SOON, status="draft")
    elif how == "broken":
        office.folder.write("posts/launch.md", "---\nid: launch\ntitle: [\n---\nBroken")
    else:
        office.folder.post("launch", "We have lift-off.", SOON, channels="[site-feed]")
    office.folder.post("other", "Elsewhere.", SOON)
    office.folder.commit("Away")
    office.sync()
    office.pass_time(minutes=5)
    office.sync()
    gone = [MASTODON] if how == "channel" else [FEED, MASTODON]
    assert sorted(str(e.delivery) for e in office.events("dropped")) == sorted(gone)
    assert not office.state(MASTODON).needs_look
    assert "has it no more" in office.state(MASTODON).reason
    office.pass_time(hours=1)
    assert {a.delivery.post for a in office.sync().values() if a.action == "publish"} >= {"other"}
    assert MASTODON not in office.sync()


def test_what_comes_back_is_released(office: Office) -> None:
    """A dropped post that is committed again as it was is planned anew and goes out."""
    office.sync()
    office.folder.post("launch", "We have lift-off.", SOON, status="draft")
    office.folder.commit("Draft")
    office.sync()
    office.folder.post("launch", "We have lift-off.", SOON)
    office.folder.commit("Ready")
    assert office.sync()[FEED].action == "wait"
    assert [e.kind for e in office.events(delivery=FEED)] == ["planned", "dropped", "planned"]
    assert office.state(FEED).status is Status.PLANNED


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broken", "---\nid: broken\ntitle: 'unfinished\n---\nText"),
        ("no-channel", "---\nid: no-channel\ntitle: T\npublish_at: 2026-11-23 10:00\nchannels: [nowhere]\n---\nText"),
        ("picture", "---\nid: p\ntitle: T\npublish_at: 2026-11-23 10:00\nmedia: [{file: no.png, alt: x}]\n---\nText"),
    ],
)
def test_problems_stay_where_they_are(office: Office, name: str, text: str) -> None:
    """A post that cannot be used is a problem of its own: the others are planned as ever."""
    office.folder.write(f"posts/{name}.md", text)
    office.folder.commit()
    with office.desk() as desk:
        actions = desk.plan()
        assert {str(a.delivery) for a in actions} == {FEED, MASTODON}
        assert {p.path for p in desk.problems} == {f"posts/{name}.md"}


def test_what_cannot_be_said_is_held_with_its_reason_once(office: Office) -> None:
    """A text that no rule makes fit is held from the day it is committed, once, with its code; the feed still takes it."""
    settings = SETTINGS.replace('account = "@verne"', 'account = "@verne"\nfit = ["refuse"]')
    office.folder.write("presstime.toml", settings)
    office.folder.post("long", "Text.", SOON, summary="Word " * 400, thread="never")
    office.folder.commit()
    assert office.sync()["long/brand-mastodon"].action == "hold"
    office.pass_time(minutes=1)
    office.sync()
    held = office.events("held")
    assert [str(e.delivery) for e in held] == ["long/brand-mastodon"]
    assert "[" in held[0].data["reason"]
    assert office.state("long/site-feed").status is Status.PLANNED


def test_a_network_nobody_serves_holds_its_own_deliveries(office: Office) -> None:
    """A channel on a network that does not exist keeps no other channel from its posts."""
    office.folder.write("presstime.toml", SETTINGS.replace('network = "mastodon"', 'network = "friendster"'))
    office.folder.commit()
    actions = office.sync()
    assert actions[FEED].action == "wait"
    assert actions[MASTODON].action == "hold"
    assert "friendster" in actions[MASTODON].reason


def test_many_posts_are_split_over_entries(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large import is written in entries of bounded size, each with the payloads of its own events."""
    monkeypatch.setattr(sync_module, "BATCH", 10)
    for n in range(24):
        office.folder.post(f"p{n}", f"Text {n}", SOON)
    office.folder.commit()
    office.sync()
    entries = office.entries()
    assert [len(e.events) for e in entries] == [10, 10, 10, 10, 10]
    for entry in entries:
        assert {e.data["digest"] for e in entry.events} == set(entry.payloads)


def test_an_archive_is_missed_once(office: Office) -> None:
    """Posts of years ago are missed, told once, and never rendered or written about again."""
    for n in range(5):
        office.folder.post(f"old{n}", "Long ago.", START - timedelta(days=900 + n))
    office.folder.commit()
    office.sync()
    office.pass_time(days=3)
    office.sync()
    missed = [e for e in office.events("missed") if e.delivery.post.startswith("old")]
    assert len(missed) == 10
    assert office.state("old1/site-feed").status is Status.MISSED
    assert all("late rule" in e.data["reason"] for e in missed)


def test_what_asks_is_held_once(office: Office) -> None:
    """A late post whose rule is `ask` is held once, however often it is looked at, and goes out with a new time."""
    office.folder.post("ask", "May I?", START - timedelta(hours=5), late="ask")
    office.folder.commit()
    for _ in range(4):
        office.sync()
        office.pass_time(minutes=7)
    assert len(office.events("held", "ask/site-feed")) == 1
    office.folder.post("ask", "May I?", office.time, late="ask")
    office.folder.commit()
    assert office.sync()["ask/site-feed"].action == "publish"
    assert office.state("ask/site-feed").status is Status.PLANNED


def test_a_renamed_file_is_the_same_post(office: Office) -> None:
    """A post is its id: moving its file plans nothing again before it is out."""
    office.sync()
    before = len(office.entries())
    (office.folder.path / "posts/launch.md").rename(office.folder.path / "posts/lift-off.md")
    office.folder.commit("Rename")
    assert office.sync()[FEED].action == "wait"
    assert len(office.entries()) == before


def test_two_workers_write_each_event_once(office: Office) -> None:
    """Workers that look at the same commit at the same time: each delivery is planned once, whoever writes it."""
    for n in range(20):
        office.folder.post(f"p{n}", f"Text {n}", SOON)
    office.folder.commit()
    together = Barrier(4)

    def look(worker: str) -> int:
        with office.desk(worker) as desk:
            desk.ledger.catch_up()
            desk.sync.actions(office.now())
            together.wait(30)
            return len(desk.plan())

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(look, ["a/m/1/1", "b/m/1/1", "c/m/1/1", "d/m/1/1"])) == {42}
    planned = [str(e.delivery) for e in office.events()]
    assert len(planned) == 42
    assert len(set(planned)) == 42


def test_what_changed_meanwhile_waits_for_the_next_plan(office: Office) -> None:
    """A plan made on an older state does not overwrite what another worker has done since."""
    with office.desk("slow/m/1/1") as slow:
        slow.ledger.catch_up()
        states = slow.ledger.states()
        actions = slow.sync.actions(office.now())
        wanted = {d: w for d in slow.sync.deliveries() if (w := slow.sync.wanted(d))}
        office.sync("quick/m/1/1")
        slow.sync._write(list(slow.sync._events(actions, wanted, states)), states)
    assert len(office.events("planned", FEED)) == 1
