"""`presstime changes`: the comment in a merge request says what the plan says of two commits, to people, and pings nobody.

The comments that people would see are in golden/. To write them anew after a wanted change, and then look at each:
PRESSTIME_GOLDEN=write pytest tests/web/test_changes.py"""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from presstime.cli.changes import command
from presstime.language import Language
from presstime.sandbox.server import SandboxServer
from presstime.web.changes import Changes, compare, news
from presstime.web.comment import MARKER, ROOM, comment
from presstime.web.markdown import JOINER, calm, code, differing, fenced, plain
from presstime.wire import against
from tests.kit import SETTINGS, START, Folder, Office, run_pass

GOLDEN = Path(__file__).parent / "golden"
SOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NOW = "2026-11-23T09:10:00+00:00"
PARIS = SETTINGS.replace('timezone = "UTC"', 'timezone = "Europe/Paris"')
PRICED = (
    PARIS.replace(
        "[defaults]", '[channels.brand-x]\nnetwork = "x"\naccount = "@verne"\ncredentials = "env:X_TOKEN"\n[defaults]'
    )
    + '[groups]\nall = ["site-feed", "brand-mastodon", "brand-x"]\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "newsroom", PRICED)


def asked(folder: Folder, base: str, *more: str) -> Result:
    words = ["--base", base, "--offline", "--at", NOW, *more]
    found = CliRunner().invoke(command, words, obj=folder.path, standalone_mode=False, catch_exceptions=False)
    assert found.return_value == 0
    return found


def markdown(folder: Folder, base: str, *more: str) -> str:
    return asked(folder, base, "--format", "markdown", *more).stdout


def as_json(folder: Folder, base: str, *more: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(asked(folder, base, "--format", "json", *more).stdout)
    return found


# --- what people see --------------------------------------------------------------------------------------------------


def new_post(folder: Folder) -> None:
    text = "The ferry sails at six. Timetable: https://verne.example/ferry\n\nThanks to @ada@example.social, see #12."
    folder.post("ferry", text, SOON, channels="[all]", title="The early boat")


def moved_date(folder: Folder) -> None:
    folder.post("lamp", "The lamp is lit.", SOON + timedelta(days=2))


def edited_published(folder: Folder) -> None:
    folder.post("quay", "The quay is open until nine.", START)


def removed(folder: Folder) -> None:
    folder.remove("posts/quay.md")
    folder.remove("posts/lamp.md")


def broken(folder: Folder) -> None:
    folder.write(
        "posts/lamp.md", "---\nid: lamp\ntitle: Lamp\npublish_at: tomorow\nchanels: [site-feed]\n---\n\nThe lamp.\n"
    )
    folder.post("long", "Word " * 300, SOON, channels="[brand-x]", thread="never")


CASES: dict[str, Callable[[Folder], None]] = {
    "new-post": new_post,
    "moved-date": moved_date,
    "edited-published": edited_published,
    "removed": removed,
    "broken": broken,
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("case", CASES)
def test_the_comment(folder: Folder, case: str, language: str) -> None:
    """A new post, a moved date, an edited published post, a removed one, a broken one: each as it was looked at."""
    folder.post("lamp", "The lamp is lit.", SOON)
    folder.post("quay", "The quay is open.", START)
    folder.post("tram", "The tram is on time.", SOON)
    base = folder.commit()
    CASES[case](folder)
    folder.commit("what is asked for")
    found = markdown(folder, base, "--language", language, "--preview", "https://preview.example/42/")
    file = GOLDEN / f"{case}.{language}.md"
    if os.environ.get("PRESSTIME_GOLDEN") == "write":
        file.write_text(found)
    assert found == file.read_text()


def test_every_word_is_there_in_french() -> None:
    """What the comment says of its own has a French form."""
    from presstime.plan.standing import PARTS
    from presstime.web import comment as module

    source = Path(module.__file__).read_text()
    texts = set(re.findall(r'(?:say|_head)\(\s*"([^"]+)"', source)) | set(
        re.findall(r"(?:say|_head)\('([^']+)'\)", source)
    )
    texts |= {text for pair in re.findall(r'say_many\(\s*"([^"]+)",\s*"([^"]+)"', source) for text in pair}
    texts |= {*module.HEADS.values(), *module.DOES.values(), *PARTS.values()}
    french = Language("fr")
    assert len(texts) > 30
    told = [text.replace("{n}", "3") for text in texts]
    assert {text for text in told if french.say(text) == text} == set()


# --- what is said of two commits --------------------------------------------------------------------------------------


def test_the_digest_is_the_one_that_is_planned(tmp_path: Path) -> None:
    """What the comment says will be approved is what `sync` writes into the log after the merge."""
    office = Office(Folder(tmp_path / "newsroom"))
    base = office.folder.commit()
    office.folder.post("later", "Later.", SOON)
    office.folder.commit()
    said = {c["delivery"]: c["digest"] for c in as_json(office.folder, base)["changes"]}  # type: ignore[attr-defined]
    planned = {name: action.digest for name, action in office.sync().items()}
    assert said == planned
    assert len(said) == 2


def test_with_the_log_the_plan_is_quoted(tmp_path: Path) -> None:
    """Of what is out, each channel's change is the plan's own action and reason; what was not out is not said to be."""
    with SandboxServer() as sandbox:
        office = Office(Folder(tmp_path / "newsroom"))
        office.folder.post("quay", "The quay is open.", START)
        office.folder.post("gone", "Gone tomorrow.", START, channels="[site-feed]")
        office.folder.post("same", "The same.", START)
        office.folder.post("before", "Changed before.", START)
        office.folder.commit()
        environ = {"PRESSTIME_SANDBOX": sandbox.url, "MASTODON_TOKEN": "sandbox-verne"}
        with office.desk(environ=environ) as desk:
            run_pass(desk)
        office.pass_time(minutes=10)
        office.folder.post("before", "Changed by somebody else, and not edited yet.", START)
        base = office.folder.commit()
        office.folder.post("quay", "The quay is open until nine.", START)
        office.folder.remove("posts/gone.md")
        head = office.folder.commit()
        with office.desk(environ=environ) as desk:
            from presstime.content.newsroom import read_newsroom

            desk.ledger.catch_up()
            old, new = (against(read_newsroom(desk.repository.at(commit)), desk.ledger) for commit in (base, head))
            events = len(office.events())
            found = {str(c.delivery): c for c in compare(old, new, office.now(), supposed=False)}
            plan = {str(a.delivery): a for a in desk.sync.actions(office.now(), told=False)}
    assert len(office.events()) == events
    assert found.keys() == {"quay/site-feed", "quay/brand-mastodon", "gone/site-feed"}
    assert {name: (c.action, c.reason) for name, c in found.items()} == {
        name: (plan[name].action, plan[name].reason) for name in found
    }
    assert {c.kind for c in found.values()} == {"out"}
    assert found["quay/brand-mastodon"].action == "edit"
    assert found["gone/site-feed"].action == "retract"
    assert found["quay/brand-mastodon"].url
    assert not any(c.supposed for c in found.values())


def test_without_a_log_what_is_past_is_said_to_be_supposed(folder: Folder) -> None:
    """The plan is asked as if all had gone out; and the comment says that nobody looked."""
    folder.post("quay", "The quay is open.", START, channels="[all]")
    base = folder.commit()
    folder.post("quay", "The quay is open until nine.", START, channels="[all]")
    folder.commit()
    found = {c["delivery"]: c for c in as_json(folder, base)["changes"]}  # type: ignore[attr-defined]
    assert {name: c["action"] for name, c in found.items()} == {
        "quay/site-feed": "edit",
        "quay/brand-mastodon": "edit",
        "quay/brand-x": "note",
    }
    assert all(c["supposed"] for c in found.values())
    assert "The log was not read" in markdown(folder, base)


def test_without_a_log_a_past_post_may_be_put_off(folder: Folder) -> None:
    """Nobody knows whether it is out: it is said to be moved, and that nothing comes of that if it is out."""
    folder.post("quay", "The quay is open.", START, channels="[brand-mastodon]")
    base = folder.commit()
    folder.post("quay", "The quay is open.", SOON, channels="[brand-mastodon]")
    folder.commit()
    (found,) = as_json(folder, base)["changes"]  # type: ignore[misc,attr-defined]
    assert (found["kind"], found["supposed"], found["parts"]) == ("moved", True, [])
    assert "a post goes out once" in markdown(folder, base)


def test_without_a_log_a_slot_is_a_guess(folder: Folder) -> None:
    """The log keeps the slots that it gave: a post before others in the queue does not move them, and its own slot is a guess."""
    folder.write("presstime.toml", f'{PRICED}[slots]\nday = ["Tue 09:00", "Wed 09:00", "Thu 09:00"]\n')
    folder.post("b-queued", "Queued.", "next-slot", channels="[brand-mastodon]")
    base = folder.commit()
    folder.post("a-first", "First in the queue.", "next-slot", channels="[brand-mastodon]")
    folder.commit()
    found = {c["delivery"]: c for c in as_json(folder, base)["changes"]}  # type: ignore[attr-defined]
    assert {name: (c["kind"], c["guessed"]) for name, c in found.items()} == {"a-first/brand-mastodon": ("added", True)}
    assert "Its slot is given by the log" in markdown(folder, base)


def test_a_comment_in_the_settings_changes_nothing(folder: Folder) -> None:
    """Another presstime.toml with the same words is no change; another text of a template is."""
    folder.post("lamp", "The lamp is lit.", SOON)
    base = folder.commit()
    folder.write("presstime.toml", f"# a remark\n{PRICED}")
    folder.commit()
    assert as_json(folder, base)["changes"] == []
    assert "Nothing of what goes out changes." in markdown(folder, base)


def test_what_the_base_did_meanwhile_is_not_its_doing(folder: Folder) -> None:
    """The base has gone on since the change left it: that is not shown, though the two trees differ in it."""
    import pygit2

    folder.post("lamp", "The lamp is lit.", SOON)
    first = folder.commit()
    folder.post("mine", "Mine.", SOON)
    mine = folder.commit()
    repository = pygit2.Repository(str(folder.path))
    repository.reset(first, pygit2.enums.ResetMode.HARD)
    folder.post("theirs", "Theirs.", SOON)
    theirs = folder.commit()
    found = as_json(folder, theirs, "--head", mine)
    assert {c["delivery"] for c in found["changes"]} == {"mine/site-feed", "mine/brand-mastodon"}  # type: ignore[attr-defined]
    assert found["base"] == first


def test_unreadable_settings_are_a_problem_and_no_end(folder: Folder) -> None:
    """A change that breaks presstime.toml gets its comment, with the place; the first newsroom of all shows all as added."""
    base = folder.commit()
    folder.write("presstime.toml", PRICED.replace("timezone", "timezon"))
    folder.commit()
    assert "presstime.toml:3" in markdown(folder, base)
    found = Folder(folder.path.parent / "other", PRICED)
    found.remove("presstime.toml")
    empty = found.commit()
    found.write("presstime.toml", PRICED)
    found.post("lamp", "The lamp is lit.", SOON)
    found.commit()
    assert [c["kind"] for c in as_json(found, empty)["changes"]] == ["added", "added"]  # type: ignore[attr-defined]


def test_only_new_problems_are_told(folder: Folder) -> None:
    """A problem that only moved to another line is not the change's; how many there are beside is said."""
    folder.write("posts/bad.md", "---\nid: bad\npublish_at: never\n---\n\nBad.\n")
    base = folder.commit()
    folder.write("posts/bad.md", "---\nid: bad\ntitle: Bad\npublish_at: never\n---\n\nBad.\n")
    folder.commit()
    found = as_json(folder, base)
    assert (found["problems"], found["other_problems"]) == ([], 1)
    assert news([], []) == ([], 0)


def test_occurrences_are_told_with_the_first(folder: Folder) -> None:
    """A post that repeats is one line a channel, with the instants of its other occurrences."""
    base = folder.commit()
    folder.post("daily", "Good morning.", SOON, repeat="FREQ=DAILY", channels="[brand-mastodon]")
    folder.commit()
    assert len(as_json(folder, base)["changes"]) > 20  # type: ignore[arg-type]
    found = markdown(folder, base)
    assert found.count("<details>") == 1
    assert "And again: Wed, Nov 25" in found


# --- nobody is pinged, nothing overflows ------------------------------------------------------------------------------

EVIL = (
    "@ada @org/team #12 GH-12 owner/repo#3 !4 %5 &6 ~7 $8 ^9 https://github.com/o/r/issues/1 www.example.com "
    "closes #12 `@bob` </summary></details> <!-- x --> **b** [l](https://github.com/o/r/pull/2)"
)
ACTS = re.compile(r"[@#!%&~$^]\w|GH-\d|://|www\.")


def outside_code(text: str) -> str:
    """What is left of Markdown without its code blocks and spans, where neither host looks for names."""
    text = re.sub(r"^(`{3,})(?:text|diff)\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", text)
    return re.sub(r"&(?:amp|lt|gt|#\d+);", "", text)


@pytest.mark.parametrize("place", ["title", "text", "reason"])
def test_nobody_is_pinged(folder: Folder, place: str) -> None:
    """Names, numbers and links of issues in a title, a text or a message are not such that a code host acts on them."""
    base = folder.commit()
    if place == "reason":
        folder.write("posts/bad.md", f"---\nid: bad\ntitle: Bad\npublish_at: {json.dumps(EVIL)}\n---\n\nBad.\n")
    else:
        title = json.dumps(EVIL if place == "title" else "One")
        folder.post("one", f"{EVIL}\n\n/close\n\n````\n@ada\n````" if place == "text" else "One", SOON, title=title)
    folder.commit()
    found = markdown(folder, base)
    assert "ada" in found
    assert ACTS.search(outside_code(found)) is None
    assert re.search(r"^\s*/", outside_code(found), re.MULTILINE) is None
    assert found.count("<!--") == 1 or place == "text"
    assert outside_code(found).count("<details>") == outside_code(found).count("</details>")


@pytest.mark.parametrize("make", [calm, plain], ids=["calm", "plain"])
def test_signs_are_parted(make: Callable[[str], str]) -> None:
    """What stands outside of code has no sign that leads to anything, and reads as before."""
    made = make(EVIL)
    assert ACTS.search(re.sub(r"&(?:amp|lt|gt|#\d+);", "", made)) is None
    assert f"@{JOINER}ada" in made


def test_code_is_not_ended_from_within() -> None:
    """A fence and a span are longer than what they hold."""
    assert fenced("a\n````\nb").splitlines()[0] == "`````text"
    assert code("a``b") == "```a``b```"
    assert code("`a") == "`` `a ``"


def test_changed_words_are_marked_line_by_line(folder: Folder) -> None:
    """Of an edited text each line that goes and each that comes is marked, and nothing is shown twice; a code block that a text
    holds does not end it."""
    body = "The lamp is lit.\n\nIt burns all night.\n\n````\n@ada\n````"
    folder.post("lamp", body, SOON, channels="[brand-mastodon]")
    base = folder.commit()
    folder.post("lamp", body.replace("all night", "until six"), SOON, channels="[brand-mastodon]")
    folder.commit()
    found = markdown(folder, base)
    assert "\n- It burns all night.\n+ It burns until six.\n" in found
    assert found.count("The lamp is lit.") == 1
    assert "ada" not in outside_code(found)
    assert differing("a\n\nb", "a\n\nc\nd") == "  a\n\n- b\n+ c\n+ d"


def test_a_comment_has_an_end(folder: Folder) -> None:
    """Of many long posts the texts are left out first, then lines; what was left out is said, and all fits."""
    base = folder.commit()
    for n in range(150):
        folder.post(f"p{n:03}", "Word " * 90, SOON + timedelta(minutes=n), channels="[brand-mastodon]")
    folder.commit()
    found = markdown(folder, base)
    assert found.startswith(MARKER)
    assert len(found.encode()) <= ROOM + 1
    assert len(found) < 65_536
    assert re.search(r"\d+ texts are left out here", found)
    assert "P149" in found
    assert found.count("<details>") > 20


def test_even_the_lines_have_an_end() -> None:
    """Thousands of changes fit, too; how many are not named is said."""
    from presstime.model import Delivery
    from presstime.web.changes import Change

    found = Changes("x", "UTC", "b" * 40, "h" * 40, SOON, True)
    found.found = [Change("added", Delivery(f"post-{n}", "x"), "T" * 80, "p.md", "X", SOON) for n in range(2000)]
    text = comment(found, Language("en"))
    assert len(text.encode()) <= ROOM
    assert re.search(r"\d{3,} changes are not even named", text)
