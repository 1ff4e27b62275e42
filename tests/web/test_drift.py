"""What was changed on the network itself, as editors see it: on the preview's pages, and in the merge request that is put over it."""

from datetime import timedelta
from pathlib import Path

import pytest

from presstime.content.newsroom import Newsroom, read_newsroom
from presstime.language import Language
from presstime.ledger.drift import note_drift
from presstime.model import Delivery, Seen
from presstime.web.board import board
from presstime.web.changes import Changes, compare
from presstime.web.comment import comment
from presstime.web.site import files
from presstime.wire import Desk, against
from tests.publish.newsdesk import D, Newsdesk

WORDS = "We never <b>said</b> that. @everyone"


@pytest.fixture
def newsdesk(tmp_path: Path) -> Newsdesk:
    return Newsdesk(tmp_path / "newsroom").wait_until_seen()


def read_commit(desk: Desk, revision: str) -> Newsroom:
    return read_newsroom(desk.repository.at(desk.repository.resolve(revision)))


def drift(newsdesk: Newsdesk, *seen: Seen) -> None:
    with newsdesk.office.desk() as desk:
        desk.ledger.catch_up()
        state = desk.ledger.state(Delivery.parse(D))
        assert state is not None
        assert note_drift(desk.ledger, state, seen, desk.timing.now)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Changed on the network since"), ("fr", "Modifié depuis sur le réseau")]
)
def test_the_pages_show_what_stands_there(newsdesk: Newsdesk, language: str, said: str) -> None:
    """Beside what was sent: the sentence and the words, as words and not as markup; and nothing where nothing drifted."""

    def page() -> str:
        with newsdesk.office.desk() as desk:
            desk.ledger.catch_up()
            found = board(desk.sync, newsdesk.office.now(), timedelta(days=7))
            return "".join(
                str(text)
                for name, text in files(found, Language(language))
                if name.endswith(".html") and not name.startswith("calendar/")
            )

    assert said not in page()
    drift(newsdesk, Seen(0, WORDS, "x"))
    shown = page()
    assert shown.count(said) == 2
    assert "We never &lt;b&gt;said&lt;/b&gt; that." in shown
    assert "Lift-off." in shown
    assert 'class="state published"' in shown


def test_the_merge_request_says_whose_words_go(newsdesk: Newsdesk) -> None:
    """An edit of what has drifted: the comment shows the words that are lost with it, in a block that pings nobody."""
    drift(newsdesk, Seen(0, WORDS, "x"))
    base = newsdesk.office.folder.commit("as it was")
    newsdesk.commit("Corrected.")
    with newsdesk.office.desk() as desk:
        desk.ledger.catch_up()
        old, new = (read_commit(desk, rev) for rev in (base, "HEAD"))
        now = newsdesk.office.now()
        found = compare(against(old, desk.ledger), against(new, desk.ledger), now, supposed=False)
    [change] = found
    assert (change.kind, change.action, change.lost) == ("out", "edit", (WORDS,))
    assert change.to_json()["lost"] == [WORDS]
    said = comment(Changes("x", "UTC", base, "h", now, True, found), Language("en"))
    assert "this edit is put over what stands there now" in said
    assert f"```text\n{WORDS}\n```" in said


def test_a_drift_is_not_the_changes_doing(newsdesk: Newsdesk) -> None:
    """What drifted and is not touched by a change is left out of its comment."""
    drift(newsdesk, Seen(0, None))
    base = newsdesk.office.folder.commit("as it was")
    newsdesk.folder.post("other", "Another.", newsdesk.office.now() + timedelta(days=1))
    newsdesk.folder.commit("Another")
    with newsdesk.office.desk() as desk:
        desk.ledger.catch_up()
        old, new = (read_commit(desk, rev) for rev in (base, "HEAD"))
        found = compare(against(old, desk.ledger), against(new, desk.ledger), newsdesk.office.now(), supposed=False)
    assert [str(change.delivery) for change in found] == ["other/brand-mastodon"]
