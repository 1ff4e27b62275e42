"""What ops order on the command line: pause, resume, skip, retry, retract, and what status, plan and forecast say of it."""

from datetime import UTC, datetime, timedelta

from tests.cli.kit import Newsroom

NOW = datetime.now(UTC).replace(microsecond=0)
D = "one/site-feed"


def prepared(newsroom: Newsroom) -> Newsroom:
    newsroom.folder.post("one", "The first.", NOW + timedelta(hours=3), channels="[site-feed]")
    newsroom.folder.commit()
    return newsroom


def test_pause_and_resume(newsroom: Newsroom) -> None:
    """A pause is said in sentences, stands in plan, status and log with who and why, fails no check, and ends with resume."""
    prepared(newsroom)
    done = newsroom.call("pause", "site-feed", "--reason", "a storm", "--until", "1d", "--resume", "reschedule")
    assert done.code == 0
    assert "channel site-feed is paused by " in done.out
    assert "as much later as the pause was long" in done.out
    plan = newsroom.call("plan", "--format", "json")
    assert (plan.code, [a["action"] for a in plan.json["actions"]]) == (0, ["hold"])
    assert "a storm" in plan.json["actions"][0]["reason"]
    status = newsroom.call("status", "--format", "json")
    assert (status.code, [p["what"] for p in status.json["paused"]]) == (0, ["channel site-feed"])
    assert "Held back by this: 1 delivery." in newsroom.call("status").out
    [event] = newsroom.call("audit", "log", "--format", "json").json
    assert (event["kind"], event["delivery"], event["reason"]) == ("paused", "*/channel:site-feed", "a storm")
    assert newsroom.call("resume", "site-feed", "--reason", "over", "--rule", "skip").code == 0
    assert [a["action"] for a in newsroom.call("plan", "--format", "json").json["actions"]] == ["wait"]
    assert newsroom.call("audit", "verify").code == 0


def test_what_cannot_be_so(newsroom: Newsroom) -> None:
    """Wrong names, times and deliveries: exit 2, with what is possible, and nothing in the log."""
    prepared(newsroom)
    for arguments, said in (
        (("pause", "nobody", "--reason", "x"), "What can be paused: everything, site-feed"),
        (("pause", "everything", "--reason", " "), "say why"),
        (("pause", "everything", "--reason", "x", "--until", "noon"), "is not a time"),
        (("pause", "everything", "--reason", "x", "--until", "2020-01-01T00:00"), "is past"),
        (("resume", "everything"), "everything is not paused"),
        (("skip", "one", "--reason", "x"), "a delivery is written"),
        (("skip", D, "--reason", "x"), "the log knows no delivery"),
        (("retry", D), "the log knows no delivery"),
        (("retract", D, "--reason", "x"), "the log knows no delivery"),
    ):
        done = newsroom.call(*arguments)
        assert (done.code, said in done.err) == (2, True), (arguments, done.said)
    assert newsroom.call("audit", "log", "--format", "json").json == []


def test_forecast(newsroom: Newsroom) -> None:
    """What will fail is a table and exit 1; all well is a sentence and exit 0."""
    prepared(newsroom)
    done = newsroom.call("forecast")
    assert (done.code, "Nothing that is scheduled will fail" in done.out) == (0, True)
    newsroom.folder.post("two", "The second.", NOW + timedelta(hours=3), channels="[brand-mastodon]")
    newsroom.folder.commit()
    done = newsroom.call("forecast", "--format", "json", env={"MASTODON_TOKEN": ""})
    assert done.code == 1
    [found] = done.json["outlook"]
    assert (found["delivery"], found["severity"], found["code"]) == ("two/brand-mastodon", "error", "access-refused")
