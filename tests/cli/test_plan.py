"""`presstime plan`: what would happen, for people and for programs, and nothing changed by asking."""

from datetime import UTC, datetime, timedelta

import pytest

from presstime.model import from_iso
from tests.cli.kit import Newsroom

NOW = datetime.now(UTC).replace(microsecond=0)
PARIS = 'timezone = "UTC"'


@pytest.fixture
def planned(newsroom: Newsroom) -> Newsroom:
    """One post is due, one comes tomorrow, one is long past; a README is no post."""
    newsroom.folder.post("now", due=NOW, channels="[site-feed]", late="publish")
    newsroom.folder.post("tomorrow", due=NOW + timedelta(days=1), channels="[site-feed]")
    newsroom.folder.post("past", due=NOW - timedelta(days=400), channels="[site-feed]")
    newsroom.folder.write("posts/README.md", "About these posts.")
    newsroom.folder.commit()
    return newsroom


def test_json(planned: Newsroom) -> None:
    """One JSON document with the agreed keys: time, commit, and an action with due, reason and digest for each delivery."""
    done = planned.call("plan", "--format", "json")
    assert done.code == 0
    assert {"at", "commit", "actions"} <= done.json.keys()
    assert abs(from_iso(done.json["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(done.json["commit"]) == 40
    assert [(a["delivery"], a["action"]) for a in done.json["actions"]] == [
        ("past/site-feed", "missed"),
        ("now/site-feed", "publish"),
        ("tomorrow/site-feed", "wait"),
    ]
    for action in done.json["actions"]:
        assert action.keys() == {"delivery", "action", "due", "reason", "digest"}
        assert from_iso(action["due"])
        assert action["reason"]
        assert (action["digest"] is None) == (action["action"] == "missed")
    assert [s["path"] for s in done.json["skipped"]] == ["posts/README.md"]


def test_text(planned: Newsroom) -> None:
    """A person reads the time, the commit, the log, and a line with its reason for each delivery."""
    done = planned.call("plan")
    assert done.code == 0
    first, heads, *_ = done.out.splitlines()
    assert "commit " in first
    assert "log s3://" in first
    assert heads.split() == ["action", "delivery", "due", "why"]
    for words in ("publish  now/site-feed", "wait     tomorrow/site-feed", "not planned: posts/README.md"):
        assert words in done.out


def test_it_changes_nothing(planned: Newsroom) -> None:
    """Asking writes nothing into the log."""
    planned.call("plan")
    assert "is empty" in planned.call("audit", "log").out


def test_at_another_time(planned: Newsroom) -> None:
    """`--at` answers as if it were then; local times are the newsroom's."""
    tomorrow = (NOW + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    for written in (tomorrow, f"{tomorrow}+00:00"):
        actions = planned.call("plan", "--at", written, "--format", "json").json["actions"]
        assert {a["delivery"]: a["action"] for a in actions}["tomorrow/site-feed"] == "publish"
    planned.folder.write("presstime.toml", planned.settings.replace(PARIS, 'timezone = "Asia/Tokyo"'))
    planned.folder.commit()
    at = planned.call("plan", "--at", "2027-01-01T09:00", "--format", "json").json["at"]
    assert from_iso(at) == datetime(2027, 1, 1, 0, 0, tzinfo=UTC)


def test_until(planned: Newsroom) -> None:
    """`--until` leaves out what is due later."""
    until = (NOW + timedelta(hours=1)).isoformat()
    actions = planned.call("plan", "--until", until, "--format", "json").json["actions"]
    assert [a["delivery"] for a in actions] == ["past/site-feed", "now/site-feed"]


@pytest.mark.parametrize(("option", "text"), [("--at", "soon"), ("--until", "2027-13-01"), ("--at", "")])
def test_times_that_are_none(planned: Newsroom, option: str, text: str) -> None:
    """What is no time is said, with how to write one: exit 2."""
    done = planned.call("plan", option, text)
    assert done.code == 2
    assert "is not a time" in done.err


def test_a_local_time_that_clocks_skip(planned: Newsroom) -> None:
    """`--at` in the hour that clocks skip is no time."""
    planned.folder.write("presstime.toml", planned.settings.replace(PARIS, 'timezone = "Europe/Paris"'))
    planned.folder.commit()
    done = planned.call("plan", "--at", "2027-03-28T02:30")
    assert done.code == 2
    assert "does not exist in Europe/Paris" in done.err


def test_an_archive_is_counted(newsroom: Newsroom) -> None:
    """Many missed posts are one line with an example; `--all` lists them."""
    for n in range(15):
        newsroom.folder.post(f"old{n}", due=NOW - timedelta(days=400 + n), channels="[site-feed]")
    newsroom.folder.commit()
    short, long = newsroom.call("plan").out, newsroom.call("plan", "--all").out
    assert "missed: 15 deliveries" in short
    assert short.count("old") == 1
    assert long.count("/site-feed") == 15


def test_nothing_to_do(newsroom: Newsroom) -> None:
    """A newsroom without a post says so, and is well."""
    newsroom.folder.post("draft", status="draft")
    newsroom.folder.commit()
    done = newsroom.call("plan")
    assert done.code == 0
    assert "Nothing to do" in done.out


def test_what_is_to_come_costs(newsroom: Newsroom) -> None:
    """Where a network charges, the plan says how much is to come: in a line for people, under `costs` for programs."""
    channel = '[channels.brand-x]\nnetwork = "x"\naccount = "verne"\ncredentials = "env:X_TOKEN"\n[defaults]'
    newsroom.folder.write("presstime.toml", newsroom.settings.replace("[defaults]", channel))
    newsroom.folder.commit()
    free = newsroom.call("plan", "--format", "json")
    assert free.json["costs"] == {"total": {}, "deliveries": []}
    tomorrow = NOW + timedelta(days=1)
    text = "Un.\n\n---\n\nDeux, avec https://verne.fr/lune"
    newsroom.folder.post("thread", text, tomorrow, channels="[brand-x, site-feed]", thread="manual")
    newsroom.folder.post("later", "Sans lien.", NOW + timedelta(days=9), channels="[brand-x]")
    newsroom.folder.commit()
    costs = newsroom.call("plan", "--format", "json").json["costs"]
    assert costs["total"] == {"USD": 0.23}
    assert costs["deliveries"][0] == {
        "delivery": "thread/brand-x",
        "network": "X",
        "messages": 2,
        "with_link": 1,
        "amount": 0.215,
        "currency": "USD",
    }
    assert "cost: X charges 0.23 USD for what is to come (3 messages, 1 with a link)" in newsroom.call("plan").out
    until = newsroom.call("plan", "--until", tomorrow.isoformat()).out
    assert "cost: X charges 0.215 USD for what is to come (2 messages, 1 with a link)" in until
    assert "cost:" not in newsroom.call("plan", "--until", NOW.isoformat()).out
