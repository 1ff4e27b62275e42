"""`presstime preview`: what its pages show is what the networks get, and they ask nothing of the outside."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from presstime.cli.demo import make_newsroom
from presstime.language import Language
from presstime.model import Status
from presstime.publish.cost import costs_of, money
from presstime.sandbox.server import SandboxServer
from presstime.web.board import Board, board
from presstime.web.site import files, write
from presstime.wire import unlogged
from tests.kit import SETTINGS, Folder, Office, run_pass

SOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(Folder(tmp_path / "newsroom"))


def pages(found: Board, language: str = "en") -> dict[str, str]:
    return {name: text for name, text in files(found, Language(language)) if isinstance(text, str)}


class Words(HTMLParser):
    """The words of every message on a page, as a reader sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "p" and ("class", "words") in attrs:
            self.open = 1
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self.open = 0

    def handle_data(self, data: str) -> None:
        if self.open:
            self.found[-1] += data


def test_the_text_on_the_page_is_what_the_network_received(tmp_path: Path) -> None:
    """Every delivery of the sample newsroom: shown on the page before, then sent to the sandbox, letter by letter."""
    root = make_newsroom(tmp_path / "newsroom")
    office = Office(Folder.__new__(Folder))
    office.folder.path = root
    with SandboxServer() as sandbox:
        office.time = datetime.now(UTC)
        environ = {"PRESSTIME_SANDBOX": sandbox.url}
        with office.desk(environ=environ) as desk:
            desk.ledger.catch_up()
            before = board(desk.sync, office.now(), timedelta(days=3650))
            shown = {str(card.delivery): card for _, card in before.cards()}
            page = "".join(text for name, text in pages(before).items() if name.startswith("post/"))
            states = run_pass(desk)
        sent = [(post["network"], post["account"], post["text"].strip()) for post in _posts(sandbox)]
    out = [name for name, state in states.items() if state.status is Status.PUBLISHED and "feed" not in name]
    assert len(out) > 15
    seen = {text.strip() for text in Words(page).found}
    assert {name for name in out if name not in shown} == set()
    assert sum(len(shown[name].messages) for name in out) == len(sent)
    for network, account, text in sent:
        assert text in seen, (network, account)


def _posts(sandbox: SandboxServer) -> list[dict[str, str]]:
    import httpx

    found: list[dict[str, str]] = httpx.get(f"{sandbox.url}/_sandbox/posts", trust_env=False).json()["posts"]
    return found


def test_nothing_is_asked_of_the_outside(office: Office) -> None:
    """No page loads anything but files of its own folder, and says so to the browser."""
    office.folder.post("one", "Read https://example.com/x and `<script>alert(1)</script>`", SOON)
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        found = pages(board(desk.sync, office.now(), timedelta(days=1)))
    for name, page in found.items():
        if not name.endswith(".html"):
            continue
        loaded = re.findall(r'<(?:img|script|link|iframe|video|source)[^>]*?(?:src|href)="([^"]*)"', page)
        assert [address for address in loaded if "//" in address] == [], name
        assert "default-src 'none'" in page
        assert "<script>alert" not in page
    assert "&lt;script&gt;" in found["post/one.html"]


def test_states_reasons_and_links(office: Office) -> None:
    """What went out has its address, what is held its reason, and both calendars have them."""
    office.folder.post("out", "Gone out.", office.now() - timedelta(minutes=5), late="publish", channels="[site-feed]")
    office.folder.post("long", "Word " * 400, SOON, thread="never", channels="[brand-mastodon]", summary="Word " * 300)
    office.folder.post("later", "Later.", SOON, campaign="spring")
    office.folder.commit()
    with office.desk() as desk:
        run_pass(desk)
    with office.desk() as desk:
        desk.ledger.catch_up()
        found = board(desk.sync, office.now(), timedelta(days=1))
    cards = {str(card.delivery): card for _, card in found.cards()}
    assert cards["out/site-feed"].state == "published"
    assert cards["out/site-feed"].url
    assert cards["long/brand-mastodon"].trouble
    assert cards["later/site-feed"].state == "planned"
    site = pages(found)
    assert "Gone out." not in site["index.html"]
    assert 'data-campaign="spring"' in site["index.html"]
    assert "calendar/2026-11.html" in site
    assert "calendar/2026-W48.html" in site
    feed = json.loads(site["coming.json"])
    assert {item["id"] for item in feed["items"]} >= {"later/site-feed", "later/brand-mastodon"}


def test_every_post_has_its_own_page(office: Office) -> None:
    """Ids that differ in accents, case or script alone, or are too long for a file's name, do not write over each other's page."""
    ids = ["été", "eté", "node", "Node", "日本" * 40, "日本" * 40 + "語", "a.b", "a-b"]
    for name in ids:
        office.folder.post(name, f"Of {name}.", SOON, channels="[site-feed]")
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        found = board(desk.sync, office.now(), timedelta(days=1))
    names = [story.file for story in found.stories]
    assert len({name.lower() for name in names}) == len(ids)
    assert all(name.isascii() and len(name) < 140 for name in names)
    assert {"post/node.html", "post/a.b.html", "post/a-b.html"} < set(names)


def test_a_list_has_pages_and_a_month_has_an_end(office: Office) -> None:
    """Hundreds of deliveries are cut into pages that lead to each other; a full day of the month leads to its week."""
    for n in range(170):
        channels = "[site-feed]" if n == 0 else "[site-feed, brand-mastodon]"
        office.folder.post(f"p{n:03}", f"Number {n}.", SOON + timedelta(minutes=n), channels=channels)
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        site = pages(board(desk.sync, office.now(), timedelta(days=1)))
    lists = [site["index.html"], site["index-2.html"]]
    assert [page.count("<li data-channel") for page in lists] == [301, 38]  # both of one post stay together
    assert 'rel="next" href="index-2.html"' in lists[0]
    assert 'rel="prev" href="index.html"' in lists[1]
    assert "index-3.html" not in site
    month = site["calendar/2026-11.html"]
    assert month.count("post/p") == 6
    assert '<a href="2026-W48.html#w2026-11-24">164 more</a>' in month
    assert month.index("p000.html") < month.index("p001.html")
    week = site["calendar/2026-W48.html"]
    assert len(set(re.findall(r"post/(p\d+)", week))) == 60
    assert '<a href="../index.html#d2026-11-24">110 more</a>' in week


def test_a_group_called_all_is_not_all(office: Office) -> None:
    """The newsroom's calendar stays whole where a group has the name that its file has."""
    office.folder.write("presstime.toml", f'{SETTINGS}[groups]\nall = ["site-feed"]\n')
    office.folder.post("later", "Later.", SOON)
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        site = dict(files(board(desk.sync, office.now(), timedelta(days=1)), Language("en")))
    assert bytes(site["all.ics"]).count(b"BEGIN:VEVENT") == 2  # type: ignore[arg-type]
    assert bytes(site["group-all.ics"]).count(b"BEGIN:VEVENT") == 1  # type: ignore[arg-type]


def test_calendars_are_read_by_others(office: Office) -> None:
    """An independent reader finds every delivery of a group at its instant, under an id that stays when it moves."""
    vobject = pytest.importorskip("vobject", reason="vobject is not installed")
    office.folder.post("later", "Later; with, signs.\nTwo lines.", SOON, title="Title; with, signs")
    office.folder.commit()
    uids = []
    for shift in (0, 1):
        office.folder.post("later", "Later; with, signs.", SOON + timedelta(hours=shift), title="Title; with, signs")
        office.folder.commit()
        with office.desk() as desk:
            desk.ledger.catch_up()
            site = dict(files(board(desk.sync, office.now(), timedelta(days=1)), Language("en")))
        calendar = vobject.readOne(bytes(site["all.ics"]).decode())
        calendar.validate(raiseException=True)
        events = list(calendar.vevent_list)
        assert {event.dtstart.value for event in events} == {SOON + timedelta(hours=shift)}
        assert {event.summary.value for event in events} == {
            "Title; with, signs (site-feed)",
            "Title; with, signs (brand-mastodon)",
        }
        uids.append({event.uid.value for event in events})
    assert uids[0] == uids[1]


def test_an_entry_is_short_and_what_is_out_is_linked(office: Office) -> None:
    """A calendar is fetched again and again: of a long article it has the beginning, as words; of what is out the address. The
    feed has an article as the HTML that it is."""
    icalendar = pytest.importorskip("icalendar", reason="icalendar is not installed")
    office.folder.post("out", "Gone out.", office.now() - timedelta(minutes=5), late="publish", channels="[site-feed]")
    office.folder.post("long", "Some *words* more. " * 2000, SOON, channels="[site-feed]")
    office.folder.commit()
    with office.desk() as desk:
        run_pass(desk)
    with office.desk() as desk:
        desk.ledger.catch_up()
        site = dict(files(board(desk.sync, office.now(), timedelta(days=1)), Language("en")))
    events = {str(e["summary"]): e for e in icalendar.Calendar.from_ical(bytes(site["all.ics"])).walk("VEVENT")}  # type: ignore[arg-type]
    out, long = events["Out (site-feed)"], events["Long (site-feed)"]
    assert "Gone out" not in out["description"]
    assert out["url"]
    assert "Some words more." in long["description"]
    assert len(long["description"]) < 1200
    assert all(len(line) <= 75 for line in bytes(site["all.ics"]).split(b"\r\n"))  # type: ignore[arg-type]
    (item,) = json.loads(site["coming.json"])["items"]
    assert "<em>words</em>" in item["content_html"]
    assert "content_text" not in item


def test_without_a_log_nothing_is_asked_for(office: Office) -> None:
    """Neither S3 nor a credential is needed to see what is coming, and nothing is said of what is over."""
    office.folder.post("past", "Past.", office.now() - timedelta(days=1))
    office.folder.post("later", "Later.", SOON)
    office.folder.commit()
    with office.desk(environ={}) as desk:
        found = board(unlogged(desk.newsroom), office.now(), timedelta(days=30), known=False)
    assert {str(card.delivery) for _, card in found.cards()} == {"later/site-feed", "later/brand-mastodon"}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("past", [True, False])
def test_nothing_is_to_come(office: Office, tmp_path: Path, past: bool, known: bool) -> None:
    """A newsroom without a post, or whose posts are all over, has pages as well: they say so."""
    if past:
        office.folder.post("past", "Past.", office.now() - timedelta(days=400))
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        found = board(desk.sync if known else unlogged(desk.newsroom), office.now(), timedelta(days=30), known=known)
    write(found, tmp_path / "out", Language("en"))
    assert "Nothing is planned." in (tmp_path / "out/index.html").read_text()
    assert (tmp_path / "out/calendar/2026-11.html").is_file()


def test_french(office: Office) -> None:
    """Every word of the pages is there in French, and dates are as the French write them."""
    office.folder.post("later", "Plus tard.", SOON)
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        found = board(desk.sync, office.now(), timedelta(days=1))
    site = pages(found, "fr")
    assert "mardi 24 novembre 2026" in site["index.html"]
    assert "À venir" in site["index.html"]
    assert 'lang="fr"' in site["index.html"]
    folder = Path(__file__).parents[2] / "flows/presstime/web/pages"
    asked = {text for file in folder.glob("*.html") for text in re.findall(r'(?:_|many)\("([^"]+)"', file.read_text())}
    french = Language("fr")
    told = [text.replace("{n}", "3") for text in asked]
    assert {text for text in told if french.say(text) == text} <= {"Pages", "commit"}


def test_only_a_preview_is_written_over(office: Office, tmp_path: Path) -> None:
    """A folder with somebody's files is left alone; an earlier preview is replaced whole."""
    from presstime.errors import UsageError

    office.folder.post("later", "Later.", SOON)
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        found = board(desk.sync, office.now(), timedelta(days=1))
    write(found, tmp_path / "site", Language("en"))
    (tmp_path / "site" / "old.html").write_text("old")
    write(found, tmp_path / "site", Language("en"))
    assert not (tmp_path / "site" / "old.html").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="not empty"):
        write(found, tmp_path / "mine", Language("en"))
    assert (tmp_path / "mine" / "letter.txt").exists()


def test_a_card_costs_what_the_plan_says(office: Office) -> None:
    """The price on the page is the plan's own, also of a link without a scheme; where a person posts, nothing is paid."""
    channels = "".join(
        f'[channels.{name}]\nnetwork = "x"\naccount = "@{name}"\n{more}\n'
        for name, more in (("paid", 'credentials = "env:X_TOKEN"'), ("by-hand", 'mode = "assisted"'))
    )
    office.folder.write("presstime.toml", SETTINGS.replace("[defaults]", f"{channels}[defaults]"))
    office.folder.post("bare", "Read example.com today.", SOON, channels="[paid, by-hand]")
    office.folder.post("plain", "No link at all.", SOON, channels="[paid]")
    office.folder.commit()
    with office.desk() as desk:
        desk.ledger.catch_up()
        found = board(desk.sync, office.now(), timedelta(days=1))
        planned = costs_of(desk.sync.actions(office.now()), desk.words, desk.ledger)
    shown = {str(card.delivery): card.cost for _, card in found.cards()}
    assert shown == {**{str(c.delivery): f"{money(c.amount)} {c.currency}" for c in planned}, "bare/by-hand": ""}
    assert shown["bare/paid"] == "0.20 USD"
