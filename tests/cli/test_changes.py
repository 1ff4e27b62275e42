"""`presstime changes` as CI calls it: with the log in S3 and without, by exit code and shape."""

from datetime import UTC, datetime, timedelta

from presstime.sandbox.server import SandboxServer
from presstime.web.comment import MARKER
from tests.cli.kit import Newsroom

SOON = datetime.now(UTC) + timedelta(days=2)


def test_what_the_log_knows_is_said(newsroom: Newsroom, sandbox: SandboxServer) -> None:
    """With the log: what is out is edited, and where it is; without: the same, as supposed. Neither writes anything."""
    due = datetime.now(UTC) - timedelta(minutes=1)
    newsroom.folder.post("one", "One.", due, late="publish", channels="[brand-mastodon]")
    base = newsroom.folder.commit()
    assert newsroom.call("publish", "--sandbox", sandbox.url).code == 0
    newsroom.folder.post("one", "One, changed.", due, late="publish", channels="[brand-mastodon]")
    newsroom.folder.post("two", "Two.", SOON, channels="[brand-mastodon]")
    newsroom.folder.commit()
    before = newsroom.call("audit", "log", "--format", "json").json
    for more, known in (((), True), (("--offline",), False)):
        done = newsroom.call("changes", "--base", base, "--format", "json", *more)
        assert done.code == 0, done.said
        found = {change["delivery"]: change for change in done.json["changes"]}
        assert done.json["log"] is known
        assert {name: (c["kind"], c["action"]) for name, c in found.items()} == {
            "one/brand-mastodon": ("out", "edit"),
            "two/brand-mastodon": ("added", "wait"),
        }
        assert bool(found["one/brand-mastodon"]["url"]) is known
        assert found["one/brand-mastodon"]["supposed"] is not known
    assert newsroom.call("audit", "log", "--format", "json").json == before
    assert newsroom.call("changes", "--base", base, "--format", "markdown").out.startswith(MARKER)


def test_a_wrong_call_is_told(newsroom: Newsroom) -> None:
    """An unknown commit, language or time ends with a message and 2, or as Git's mistakes do."""
    base = newsroom.folder.commit()
    for words in (("--base", "nope"), ("--base", base, "--language", "de"), ("--base", base, "--at", "2026-03-24")):
        done = newsroom.call("changes", "--offline", *words)
        assert done.code == 2, words
        assert done.err.startswith("presstime: ")
