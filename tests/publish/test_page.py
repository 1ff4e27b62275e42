"""The newsroom's page in Prefect: what is paused, wrong and coming, shown anew only when it says something else."""

from datetime import timedelta
from pathlib import Path

from presstime.ledger import stopping
from presstime.model import Settling
from presstime.networks.memory import Fault
from presstime.pauses import EVERYTHING
from tests.publish.newsdesk import Newsdesk


def page(desk: Newsdesk) -> str:
    from presstime.orchestration.pages import page_of

    with desk.office.desk("reader/m/1/1") as open_desk:
        open_desk.ledger.catch_up()
        return page_of(open_desk, open_desk.sync.actions(desk.office.now()))


def test_it_says_what_is_so(tmp_path: Path) -> None:
    """Nothing wrong; then what comes within hours; then a pause with who and why; then what needs a person, and what to do."""
    desk = Newsdesk(tmp_path / "newsroom", Settling.NONE)
    desk.folder.post("later", "Later.", desk.office.time + timedelta(hours=2))
    desk.folder.post("next-week", "Next week.", desk.office.time + timedelta(days=7))
    desk.folder.commit("Two more")
    found = page(desk)
    assert "Nothing needs a person." in found
    assert "| Mon 23 Nov 2026 11:00 | later/brand-mastodon |" in found
    assert "next-week" not in found
    with desk.office.desk("ops/m/1/1") as ops:
        until = desk.office.now() + timedelta(minutes=5)
        stopping.pause(ops.ledger, EVERYTHING, ops.timing.now, "ada", "a | storm", until, "skip", timedelta(0))
    assert (
        "- **everything** by ada since Mon 23 Nov 2026 09:00, until Mon 23 Nov 2026 09:05, then skip: a \\| storm"
        in page(desk)
    )
    assert "Held back now: 1: launch/brand-mastodon." in page(desk)
    desk.folder.post("launch", "Launch.", desk.office.time + timedelta(minutes=10), late="publish")
    desk.folder.commit("Later")
    desk.network.faults = [Fault("lost-after")]
    desk.work(minutes=11)
    found = page(desk)
    assert "## Paused" not in found
    assert "- **launch/brand-mastodon** is unknown: " in found
    assert "presstime settle" in found


def test_time_alone_is_no_news(tmp_path: Path) -> None:
    """A minute later the same page is the same text: it is not made again."""
    desk = Newsdesk(tmp_path / "newsroom")
    desk.work()
    first = page(desk)
    desk.office.pass_time(minutes=1)
    assert page(desk) == first


def test_it_speaks_the_newsrooms_language(tmp_path: Path) -> None:
    """In a French newsroom the page is French: headings, heads of tables, troubles with what to do; names stay."""
    desk = Newsdesk(tmp_path / "newsroom", Settling.NONE)
    settings = (desk.folder.path / "presstime.toml").read_text()
    desk.folder.write("presstime.toml", settings.replace("[newsroom]", '[newsroom]\nlanguage = "fr"'))
    desk.folder.post("later", "Later.", desk.office.time + timedelta(hours=2))
    desk.folder.commit("French")
    found = page(desk)
    assert "Rien n’attend de décision." in found
    assert "## Les 12 prochaines heures" in found
    assert "| à publier | envoi |\n| --- | --- |\n| " in found
    assert "| Mon 23 Nov 2026 11:00 | later/brand-mastodon |" in found
    desk.network.faults = [Fault("lost-after")]
    desk.work(minutes=11)
    assert "- **launch/brand-mastodon** est inconnu\u00a0: " in page(desk)
    assert "*Regardez le canal, puis `presstime settle`, ou le flow `settle`.*" in page(desk)
