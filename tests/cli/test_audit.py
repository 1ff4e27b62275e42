"""`presstime audit`: the evidence, listed, shown and verified."""

import json
from pathlib import Path

import pytest

from presstime.ledger.cache import Cache
from presstime.ledger.entry import key_of
from presstime.ledger.log import Ledger
from presstime.stores.s3 import S3Store
from tests.cli.kit import Newsroom
from tests.conftest import S3Server
from tests.kit import run_pass


@pytest.fixture
def kept(newsroom: Newsroom, s3_server: S3Server) -> Newsroom:
    """A newsroom whose log tells of two posts that are out on its feed, in five entries."""
    from presstime.wire import open_desk

    for name in ("one", "two"):
        newsroom.folder.post(name, channels="[site-feed]", late="publish")
    newsroom.folder.commit()
    with open_desk(newsroom.folder.path, newsroom.env) as desk:
        desk.store = store_of(newsroom, s3_server)
        desk.ledger = Ledger(desk.store, Cache(None, "log"), "worker/m/1/1")
        run_pass(desk)
    return newsroom


def store_of(newsroom: Newsroom, server: S3Server) -> S3Store:
    from presstime.settings import parse_settings

    audit = parse_settings(newsroom.settings.encode()).audit
    return S3Store(str(audit.bucket), "", server.url, credentials=server.credentials)


STEPS = ["claimed", "sending", "accepted", "published"]


def test_log(kept: Newsroom) -> None:
    """Every step, oldest first, for people with when, what and why; for programs as one JSON list."""
    steps = kept.call("audit", "log", "--format", "json")
    assert steps.code == 0
    assert [s["kind"] for s in steps.json] == ["planned", "planned", *STEPS, *STEPS]
    assert all(s["entry"] and s["at"] and s["writer"] == "worker/m/1/1" for s in steps.json)
    text = kept.call("audit", "log").out.splitlines()
    assert text[0].split() == ["entry", "at", "step", "delivery", "what"]
    assert len([line for line in text if "/site-feed" in line]) == 10
    assert "by Ada <ada@verne.example>" in text[2]


def test_log_of_one(kept: Newsroom) -> None:
    """One delivery's steps, or one post's; of one that is not there, it says so."""
    for chosen in ("two/site-feed", "two"):
        steps = kept.call("audit", "log", "--delivery", chosen, "--format", "json").json
        assert [s["kind"] for s in steps] == ["planned", *STEPS]
    assert "no such step" in kept.call("audit", "log", "--delivery", "three").out
    assert kept.call("audit", "log", "--delivery", "three", "--format", "json").json == []


def test_last(kept: Newsroom) -> None:
    """The last entries; more than there are is all of them, none and fewer than none is no number: exit 2."""
    last = kept.call("audit", "log", "--last", "1", "--format", "json").json
    assert [s["kind"] for s in last] == ["accepted", "published"]
    assert len(kept.call("audit", "log", "--last", "99", "--format", "json").json) == 10
    for number in ("0", "-3"):
        assert kept.call("audit", "log", "--last", number).code == 2


def test_show(kept: Newsroom) -> None:
    """One entry whole: what will be sent stands in the one that planned it."""
    done = kept.call("audit", "show", "1")
    assert done.code == 0
    assert (done.json["n"], len(done.json["events"]), len(done.json["payloads"])) == (1, 2, 2)


@pytest.mark.parametrize(("number", "code"), [("99", 1), ("0", 1), ("one", 2), ("-1", 2), ("1.5", 2)])
def test_show_what_is_not_there(kept: Newsroom, number: str, code: int) -> None:
    """A number that no entry has is an error that names it; what is no number is a wrong call."""
    done = kept.call("audit", "show", number)
    assert done.code == code
    assert number.lstrip("-") in done.err


def test_verify(kept: Newsroom) -> None:
    """A whole log: exit 0, and how much was checked."""
    done = kept.call("audit", "verify", "--format", "json")
    assert done.code == 0
    found = done.json
    assert {"ok", "entries", "events", "checkpoint", "first_bad", "problems"} <= found.keys()
    assert (found["ok"], found["entries"], found["events"], found["first_bad"], found["problems"]) == (
        True,
        5,
        10,
        None,
        [],
    )
    assert "5 entries, 10 events" in kept.call("audit", "verify").out


def test_verify_finds_a_change(kept: Newsroom, s3_server: S3Server) -> None:
    """A changed entry: exit 1, its number, what is wrong; and nothing is published on such a log."""
    store = store_of(kept, s3_server)
    body = json.loads(store.get(key_of(2)).body)
    body["events"][0]["delivery"] = "other/site-feed"
    store.put(key_of(2), json.dumps(body, sort_keys=True, separators=(",", ":")).encode())
    done = kept.call("audit", "verify", "--format", "json")
    assert done.code == 1
    assert (done.json["ok"], done.json["first_bad"]) == (False, 2)
    assert "first bad entry is 2" in kept.call("audit", "verify").out
    refused = kept.call("publish")
    assert refused.code == 1
    assert "audit verify" in refused.err
    assert not (kept.folder.path / ".presstime/prefect").exists()


def test_an_empty_log(newsroom: Newsroom, tmp_path: Path) -> None:
    """Before the first pass the log is empty, and that is no error."""
    newsroom.folder.commit()
    assert "is empty" in newsroom.call("audit", "log").out
    assert newsroom.call("audit", "log", "--format", "json").json == []
    assert newsroom.call("audit", "verify").code == 0
