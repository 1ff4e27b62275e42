"""`presstime done`: what waits for a person, and their word. With real S3 and Prefect, as its users meet it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.kit import Newsroom, ask_prefect
from tests.publish.pair import PNG

NOW = datetime.now(UTC).replace(microsecond=0)
ASSISTED = """
[channels.verne-x]
network = "x"
account = "@verne"
mode = "assisted"
[channels.verne-instagram]
network = "instagram"
mode = "assisted"
"""
URL = "https://x.com/verne/status/1"
LINK = "https://verne.example/train"


@pytest.fixture
def waiting(newsroom: Newsroom, prefect: Mapping[str, str]) -> Newsroom:
    """A newsroom whose two assisted channels wait for a person, and whose feed went out by itself."""
    newsroom.folder.write("presstime.toml", newsroom.settings + ASSISTED)
    newsroom.folder.write("media/train.png", PNG)
    newsroom.folder.post(
        "train",
        "The night train is back.",
        NOW - timedelta(minutes=1),
        channels="[site-feed, verne-x]",
        title="The night train is back.",
        link=LINK,
        media="[{file: train.png, alt: A night train}]",
    )
    newsroom.folder.commit()
    found = newsroom.call("publish", env=prefect)
    assert found.code == 0, found.said
    assert "Waiting for a person: 1 delivery. `presstime done` shows what to post, and where." in found.out
    assert "waiting for a person since" in found.out
    return newsroom


def test_a_person_posts(waiting: Newsroom, prefect: Mapping[str, str]) -> None:
    """What waits is shown with all that is needed, in text and JSON and by `status`; a person's word ends it; the log has it."""
    found = waiting.call("done")
    assert found.code == 0
    for needed in (
        "The night train is back.",
        "its alt text: A night train",
        "https://x.com/intent/tweet?text=",
        "presstime done train/verne-x --url URL",
        "1-train.png",
    ):
        assert needed in found.out
    (shown,) = waiting.call("done", "--format", "json").json["waiting"]
    assert (shown["delivery"], shown["link"], shown["reminded"]) == ("train/verne-x", LINK, 0)
    status = waiting.call("status", "--format", "json")
    assert (status.code, [w["delivery"] for w in status.json["waiting"]]) == (0, ["train/verne-x"])
    assert "train/verne-x" in waiting.call("status").out
    assert waiting.call("plan").code == 0

    said = waiting.call("done", "train/verne-x", "--url", URL)
    assert (said.code, said.out) == (0, "train/verne-x: noted as published.\n")
    assert "says so already" in waiting.call("done", "train/verne-x", "--url", URL).out
    assert "Nothing waits" in waiting.call("done").out
    log = waiting.call("audit", "log", "--delivery", "train/verne-x")
    for kind in ("planned", "handed", "accepted", "published"):
        assert kind in log.out
    after = waiting.call("publish", env=prefect)
    assert (after.code, "Waiting for a person" in after.out) == (0, False)
    assert not (waiting.folder.path / ".presstime/assisted/train").exists()


def test_it_shows_in_the_ui(waiting: Newsroom, prefect: Mapping[str, str]) -> None:
    """The words, the picture's alt text and the network's page are an artifact of the run; the delivery is no failed task."""
    (page,) = ask_prefect(
        prefect, "artifacts/filter", artifacts={"key": {"any_": ["to-post-train-verne-x-maison-verne"]}}
    )[:1]
    assert page["type"] == "markdown"
    for needed in ("The night train is back.", "A night train", "https://x.com/intent/tweet?text=", "presstime done"):
        assert needed in page["data"]
    runs = ask_prefect(prefect, "task_runs/filter", task_runs={"name": {"any_": ["train/verne-x"]}})
    assert "Handed" in {run["state"]["name"] for run in runs}


WRONG = [
    (["train/verne-x", "--url", "x.com/verne/1"], "is not a web address"),
    (["train/verne-x", "--url", LINK], "the page that the post leads to"),
    (["train/verne-x", "--url", URL, "--url", URL + "2"], "has 1 message"),
    (["train/verne-x", "--url", URL, "--url", URL], "one address stands there twice"),
    (["nothing/verne-x", "--url", URL], "knows no delivery"),
    (["train/site-feed", "--url", URL], "was not handed to a person"),
    (["train", "--url", URL], "a delivery is written post/channel"),
    (["nothing/verne-x"], "does not wait for anybody"),
    (["--url", URL], "say which delivery"),
]


def test_what_cannot_be(waiting: Newsroom) -> None:
    """A word that cannot be true is refused with exit 2 and what to do, and nothing is written; nor is another address, once
    somebody has said where it is."""
    before = waiting.call("audit", "log", "--format", "json").out
    for arguments, says in WRONG:
        found = waiting.call("done", *arguments)
        assert (found.code, says in found.err) == (2, True), found.said
    assert waiting.call("audit", "log", "--format", "json").out == before
    waiting.call("done", "train/verne-x", "--url", URL)
    found = waiting.call("done", "train/verne-x", "--url", URL + "2")
    assert (found.code, f"said that it is at {URL}" in found.err) == (2, True)


def test_check_asks_for_nothing(newsroom: Newsroom) -> None:
    """An assisted channel of a network that cannot be sent to, without credentials, has no problem."""
    newsroom.folder.write("presstime.toml", newsroom.settings + ASSISTED)
    newsroom.folder.post("train", "Hello", channels="[verne-x]")
    found = newsroom.call("check")
    assert (found.code, "no problems" in found.out) == (0, True), found.said
    newsroom.folder.commit()
    listed = {row["channel"]: row for row in newsroom.call("channels", "list", "--format", "json").json}
    assert (listed["verne-x"]["state"], listed["verne-x"]["needs_person"]) == ("a person posts there", False)
    assert newsroom.call("channels", "test", "verne-x").code == 0
    assert "a person posts on verne-x" in newsroom.call("channels", "login", "verne-x").err
