"""What was changed or removed on a network, on the command line: status, plan, drift; the log is on real S3."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from presstime.ledger.drift import note_drift
from presstime.model import Seen, Status
from presstime.networks.memory import MemoryNetwork
from presstime.sandbox.server import SandboxServer
from presstime.wire import SANDBOX, open_desk
from tests.cli.kit import Newsroom, posts_on
from tests.kit import run_pass

D = "one/brand-mastodon"


@pytest.fixture
def drifted(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """One post is out, on a network in memory, and somebody has changed it there."""
    for name, value in newsroom.env.items():
        monkeypatch.setenv(name, value)
    newsroom.folder.post("one", "Lift-off.", datetime.now(UTC) - timedelta(hours=1), channels="[brand-mastodon]")
    newsroom.folder.commit()
    with open_desk(newsroom.folder.path, newsroom.env) as desk:
        channel = desk.settings.channels["brand-mastodon"]
        desk._adapters["brand-mastodon"] = MemoryNetwork().adapter_class()(channel, None)
        state = run_pass(desk)[D]
        assert note_drift(desk.ledger, state, [Seen(0, "Somebody else's words.", "x")], desk.timing.now)
    return newsroom


def kinds(newsroom: Newsroom) -> Sequence[str]:
    return [event["kind"] for event in newsroom.call("audit", "log", "--format", "json").json]


def test_a_drift_is_shown_and_accepted(drifted: Newsroom) -> None:
    """`status` ends with 1 and `plan` with 0; `drift` shows both words; accepted, all is well, and the log verifies."""
    status = drifted.call("status", "--format", "json")
    assert (status.code, [d["delivery"] for d in status.json["drifted"]]) == (1, [D])
    plan = drifted.call("plan", "--format", "json")
    assert (plan.code, [a["action"] for a in plan.json["actions"]]) == (0, ["note"])
    listed = drifted.call("drift")
    assert listed.code == 1
    assert "-- sent: Lift-off." in listed.out
    assert "-- now: Somebody else's words." in listed.out
    [message] = drifted.call("drift", "list", "--format", "json").json["drifted"][0]["messages"]
    assert message == {"message": 1, "sent": "Lift-off.", "now": "Somebody else's words."}
    told = drifted.call("drift", "accept", D, "--reason", "it is better")
    assert (told.code, "stays as it is there" in told.out) == (0, True)
    assert drifted.call("status").code == 0
    assert drifted.call("drift").out == "Nothing that is out is known to have changed on the networks.\n"
    assert kinds(drifted)[-2:] == ["drifted", "kept"]
    assert drifted.call("audit", "verify").code == 0


def test_an_undoing_is_ordered_once(drifted: Newsroom) -> None:
    """The plan then has the edit; a second order, and one about nothing, end with 2 and say why."""
    assert drifted.call("drift", "undo", D, "--reason", "wrong").code == 0
    assert [a["action"] for a in drifted.call("plan", "--format", "json").json["actions"]] == ["edit"]
    assert drifted.call("drift").code == 0
    before = kinds(drifted)
    for arguments, said in (
        (("drift", "undo", D, "--reason", "wrong"), "somebody ordered that already"),
        (("drift", "undo", "two/brand-mastodon", "--reason", "x"), "the log knows no delivery"),
        (("drift", "accept", "two", "--reason", "x"), "a delivery is written"),
        (("drift", "accept", D, "--reason", " "), "say why"),
        (("listen", "two/brand-mastodon"), "the log knows no delivery"),
    ):
        done = drifted.call(*arguments)
        assert (done.code, said in done.err) == (2, True), (arguments, done.said)
    assert kinds(drifted) == before


def test_what_somebody_removed_is_sent_again(
    newsroom: Newsroom, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way on the sandbox: out, removed there by hand, found by `listen`, undone, and out again as another message."""
    at = ("--sandbox", sandbox.url)
    for name, value in {**newsroom.env, SANDBOX: sandbox.url}.items():
        monkeypatch.setenv(name, value)
    newsroom.folder.post("one", "Lift-off again.", datetime.now(UTC) - timedelta(hours=1), channels="[brand-mastodon]")
    newsroom.folder.commit()
    with open_desk(newsroom.folder.path, os.environ) as desk:
        assert run_pass(desk)[D].status is Status.PUBLISHED
    [first] = shown(sandbox)
    change = {"network": "mastodon", "id": first, "removed": True}
    httpx.post(f"{sandbox.url}/_sandbox/posts", json=change, trust_env=False).raise_for_status()
    young = newsroom.call("listen", *at)
    assert (young.code, "too lately to be looked at: 1" in young.out) == (0, True)
    found = newsroom.call("listen", *at, D, "--format", "json")
    assert (found.code, found.json["drifted"]) == (1, [D])
    assert newsroom.call("listen", *at, D).code == 0, "told once"
    assert newsroom.call("drift", "undo", D, "--reason", "it was ours").code == 0
    with open_desk(newsroom.folder.path, os.environ) as desk:
        run_pass(desk)
    [second] = shown(sandbox)
    assert second != first


def shown(sandbox: SandboxServer) -> list[str]:
    """The ids of what readers see of the post."""
    return [p["id"] for p in posts_on(sandbox.url) if p["text"] == "Lift-off again." and not p["removed"]]
