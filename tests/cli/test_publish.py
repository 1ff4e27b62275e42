"""`presstime publish`: one pass as Prefect runs, on real S3, with the sandbox's networks. What is out is out once."""

import os
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from presstime.sandbox.server import SandboxServer
from tests.cli.kit import PRESSTIME, Newsroom, ask_prefect, posts_on

NOW = datetime.now(UTC).replace(microsecond=0)
EXTRA = """
[channels.brand-x]
network = "x"
account = "@verne"
credentials = "env:X_TOKEN"
[channels.brand-bluesky]
network = "bluesky"
account = "verne.example"
credentials = "env:BLUESKY_TOKEN"
"""


class Desk:
    """A newsroom with posts for three networks and a feed, a sandbox for the networks, and a Prefect server for the runs."""

    def __init__(self, newsroom: Newsroom, sandbox: SandboxServer, prefect: Mapping[str, str]) -> None:
        self.newsroom, self.sandbox, self.prefect = newsroom, sandbox, prefect
        names = '"site-feed", "brand-mastodon", "brand-x", "brand-bluesky"'
        settings = newsroom.settings.replace('"site-feed", "brand-mastodon"', names) + EXTRA
        newsroom.folder.write("presstime.toml", settings)
        newsroom.folder.post("one", "The first.", NOW - timedelta(minutes=10), late="publish")
        newsroom.folder.post("two", "The second.", NOW - timedelta(minutes=5), late="publish")
        newsroom.folder.post("later", "Not yet.", NOW + timedelta(days=30))
        newsroom.folder.post("never", "Long ago.", NOW - timedelta(days=700))
        self.commit = newsroom.folder.commit()
        self.env = {**newsroom.env, **prefect, "PRESSTIME_SANDBOX": sandbox.url}

    def publish(self, *arguments: str, **env: str):  # type: ignore[no-untyped-def]
        return self.newsroom.call("publish", *arguments, env={**self.env, **env})

    def start(self) -> "subprocess.Popen[str]":
        command = [str(PRESSTIME), "-C", str(self.newsroom.folder.path), "publish", "--format", "json"]
        return subprocess.Popen(
            command, env={**os.environ, **self.env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def posts(self) -> Counter[tuple[str, str]]:
        """How often each text is out, by network."""
        return Counter((p["network"], p["text"].strip().split("\n")[0]) for p in posts_on(self.sandbox.url))

    def entries(self) -> int:
        steps = self.newsroom.call("audit", "log", "--format", "json").json
        return max((step["entry"] for step in steps), default=0)


@pytest.fixture
def desk(newsroom: Newsroom, sandbox: SandboxServer, prefect: Mapping[str, str]) -> Desk:
    return Desk(newsroom, sandbox, prefect)


ONCE = {(network, text): 1 for network in ("mastodon", "x", "bluesky") for text in ("The first.", "The second.")}


@pytest.mark.real
def test_a_pass(desk: Desk) -> None:
    """Everything due goes out once; JSON, run names, the runs' table and the audit log tell of it; a second pass does nothing."""
    done = desk.publish("--format", "json")
    assert done.code == 1, "a post was missed in this pass: somebody should look"
    document = done.json
    assert {"commit", "deliveries"} <= document.keys()
    assert document["commit"] == desk.commit
    states = Counter(d["state"] for d in document["deliveries"])
    assert states == {"published": 8, "planned": 4, "missed": 4}
    for delivery in document["deliveries"]:
        assert delivery.keys() == {"delivery", "state", "url", "attempts", "reason"}
        assert (delivery["url"] is not None) == (delivery["state"] == "published")
        assert delivery["attempts"] == (1 if delivery["state"] == "published" else 0)
        assert (delivery["reason"] is not None) == (delivery["state"] == "missed")
    assert desk.posts() == ONCE
    _prefect_shows_it(desk)
    _the_log_tells_it(desk)
    before = desk.entries()
    again = desk.publish()
    sum_up = "0 deliveries changed in this pass. In all: 8 published, 4 planned, 4 missed."
    assert (again.code, again.out.strip()) == (0, sum_up)
    assert (desk.posts(), desk.entries()) == (ONCE, before)


@pytest.mark.real
def test_edits_and_takedowns(desk: Desk) -> None:
    """A changed post is edited where its network can, a removed one is gone everywhere; a note wakes nobody; once is enough."""
    desk.publish()
    folder = desk.newsroom.folder
    folder.post("one", "The first, mended.", NOW - timedelta(minutes=10), late="publish")
    folder.remove("posts/two.md")
    folder.remove("posts/never.md")
    folder.commit("Mend one, drop two")
    plan = {
        a["delivery"]: a["action"] for a in desk.newsroom.call("plan", "--format", "json", env=desk.env).json["actions"]
    }
    expected = {
        "one/site-feed": "edit",
        "one/brand-mastodon": "edit",
        "one/brand-x": "note",
        "one/brand-bluesky": "note",
    }
    assert {d: a for d, a in plan.items() if d.startswith("one")} == expected
    assert {a for d, a in plan.items() if d.startswith("two")} == {"retract"}
    done = desk.publish("--format", "json")
    assert done.code == 0
    states = {d["delivery"]: d["state"] for d in done.json["deliveries"]}
    assert {s for d, s in states.items() if d.startswith("two")} == {"retracted"}
    assert desk.posts() == {("mastodon", "The first, mended."): 1, ("x", "The first."): 1, ("bluesky", "The first."): 1}
    before = desk.entries()
    assert desk.publish().out.startswith("0 deliveries changed")
    assert desk.entries() == before
    assert desk.newsroom.call("audit", "verify").code == 0


def _prefect_shows_it(desk: Desk) -> None:
    """Run names that ops can read, a task a delivery, a table of them, and a page with their texts and addresses."""
    root = str(desk.newsroom.folder.path)
    runs = ask_prefect(desk.prefect, "flow_runs/filter", sort="START_TIME_DESC", limit=100)
    publish, sync = [run for run in runs if run["parameters"]["root"] == root]
    assert sync["name"] == f"sync {desk.commit[:12]}"
    assert publish["name"].endswith("one +1 -> 4 channels")
    assert publish["state_type"] == "COMPLETED"
    chosen = {"flow_runs": {"id": {"any_": [publish["id"]]}}}
    tasks = ask_prefect(desk.prefect, "task_runs/filter", **chosen)
    assert len(tasks) == 8
    assert {"one/brand-x", "two/site-feed"} <= {t["name"] for t in tasks}
    found = {artifact["key"]: artifact for artifact in ask_prefect(desk.prefect, "artifacts/filter", **chosen)}
    assert {key: artifact["type"] for key, artifact in found.items()} == {
        "deliveries-maison-verne": "table",
        "deliveries-in-full-maison-verne": "markdown",
    }
    for part in ("one/brand-mastodon", "published"):
        assert part in found["deliveries-maison-verne"]["data"]
    for part in ("one/brand-mastodon", "The first.", f"{desk.sandbox.url}/"):
        assert part in found["deliveries-in-full-maison-verne"]["data"]


def _the_log_tells_it(desk: Desk) -> None:
    steps = desk.newsroom.call("audit", "log", "--delivery", "one/brand-x", "--format", "json").json
    assert [s["kind"] for s in steps] == ["planned", "claimed", "sending", "accepted", "published"]
    assert steps[0]["approver"] == "Ada <ada@verne.example>"
    verdict = desk.newsroom.call("audit", "verify", "--format", "json")
    assert verdict.code == 0
    assert verdict.json["ok"]


@pytest.mark.real
def test_two_at_once(desk: Desk) -> None:
    """Two passes started together end both with everything published, each delivery posted once by one of them."""
    both = [desk.start(), desk.start()]
    said = [process.communicate(timeout=200) for process in both]
    assert not any("Traceback" in err for _, err in said), said
    assert desk.posts() == ONCE
    steps = desk.newsroom.call("audit", "log", "--format", "json").json
    assert Counter(s["kind"] for s in steps)["published"] == 8
    assert len({s["delivery"] for s in steps if s["kind"] == "published"}) == 8
    assert desk.newsroom.call("audit", "verify").code == 0


@pytest.mark.real
def test_a_lost_machine(desk: Desk) -> None:
    """Without its caches, and on another machine's clone, a pass posts nothing again: Git and the log are enough.

    Of the first pass a person reads a line for each delivery that changed, and a sum."""
    first = desk.publish()
    assert "one/brand-mastodon" in first.out
    assert "16 deliveries changed in this pass. In all: 8 published, 4 planned, 4 missed." in first.out
    shutil.rmtree(desk.newsroom.folder.path / ".presstime")
    assert desk.publish().code == 0
    clone = desk.newsroom.folder.copy(desk.newsroom.folder.path.with_name("elsewhere"))
    elsewhere = Newsroom(clone, desk.newsroom.env, desk.newsroom.settings)
    assert elsewhere.call("publish", env=desk.env).code == 0
    assert desk.posts() == ONCE


@pytest.mark.real
def test_one_network_is_down(desk: Desk) -> None:
    """A network that cannot be reached is told with its reason and exit 1, the others' posts go out; its own follow, once."""
    folder, url = desk.newsroom.folder, desk.sandbox.url
    env = {**desk.newsroom.env, **desk.prefect}
    settings = (folder.path / "presstime.toml").read_text().replace("https://mastodon.example", "http://127.0.0.1:9")
    for network in ("x", "bluesky"):
        settings = settings.replace(f'network = "{network}"', f'network = "{network}"\nbase_url = "{url}/{network}"')
    folder.write("presstime.toml", settings)
    folder.commit()
    done = desk.newsroom.call("publish", "--format", "json", env=env)
    assert done.code == 1
    found = {d["delivery"]: d for d in done.json["deliveries"]}
    assert {found[f"{name}/brand-mastodon"]["state"] for name in ("one", "two")} == {"deferred"}
    assert "127.0.0.1:9" in found["one/brand-mastodon"]["reason"] or "reached" in found["one/brand-mastodon"]["reason"]
    assert {network for network, _ in desk.posts()} == {"x", "bluesky"}
    folder.write("presstime.toml", settings.replace("http://127.0.0.1:9", f"{url}/mastodon"))
    folder.commit()
    assert desk.newsroom.call("publish", env=env).code == 0
    assert desk.posts() == ONCE


def test_prefect_out_of_reach(newsroom: Newsroom) -> None:
    """A Prefect server that is configured and does not answer is said, by its address: exit 2, nothing sent, nothing claimed."""
    newsroom.folder.post("one", channels="[site-feed]", late="publish")
    newsroom.folder.commit()
    done = newsroom.call("publish", env={"PREFECT_API_URL": "http://127.0.0.1:9/api"})
    assert done.code == 2
    assert "http://127.0.0.1:9" in done.err
    assert "PREFECT_API_URL" in done.err
    assert not (newsroom.folder.path / "public").exists()


def test_no_server_for_nothing(newsroom: Newsroom) -> None:
    """A call that cannot work starts no server, and leaves none behind."""
    newsroom.folder.write("presstime.toml", "[newsroom\n")
    newsroom.folder.commit()
    assert newsroom.call("publish").code == 2
    assert not (newsroom.folder.path / ".presstime").exists()


class Dying(BaseHTTPRequestHandler):
    """A Prefect server that says it is well, and then answers nothing."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith("/health") else 500)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"true")

    def do_POST(self) -> None:
        self.connection.close()

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.mark.real
def test_a_prefect_server_that_goes_away(newsroom: Newsroom, sandbox: SandboxServer) -> None:
    """Two lines say what happened and what to do; no traceback."""
    newsroom.folder.post("one", "The first.", NOW - timedelta(minutes=10), late="publish")
    newsroom.folder.commit()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dying)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api"
    done = newsroom.call(
        "publish", env={"PREFECT_API_URL": url, "PREFECT_CLIENT_MAX_RETRIES": "0", "PRESSTIME_SANDBOX": sandbox.url}
    )
    server.shutdown()
    assert done.code == 1
    assert "stopped answering" in done.err
    assert "nothing is posted twice" in done.err
