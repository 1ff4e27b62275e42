"""The newsroom's rules: what breaks each, and that check, plan and publish are of one mind."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.model import Attachment, Card, Delivery, Late, MediaRef, Post, Segment, Span, Target, Variant
from presstime.networks.memory import TRAITS
from presstime.policy import Said, comparable, judge, pattern_of, repeat_of, repeats
from presstime.publish.published import Published
from presstime.settings.policy import WEIGHED, Policy
from presstime.wire import render_problems
from tests.kit import SETTINGS, START, Folder, Office, run_pass

DUE = datetime(2026, 6, 1, 9, tzinfo=UTC)
PICTURE = Attachment("a.png", "0" * 40, "0" * 64, "image/png", 1, 1, 1, "A picture")


def post(**changes: Any) -> Post:
    return Post(**{"id": "a", "path": "a.md", "blob": "", "commit": None, "title": "T", "body": "Hello", **changes})


def found(policy: Policy, text: str = "Hello", *, due: datetime = DUE, html: bool = False, **changes: Any) -> list[str]:
    """The codes of what a delivery breaks that says this. `changes` are of the post, `variant` of the variant."""
    variant = Variant(Delivery("a", "c"), "memory", due, (Segment(0, text),))
    variant = replace(variant, **changes.pop("variant", {}))
    target = Target("c", due, Late(), text=changes.pop("own", None), media=changes.pop("shown", None))
    traits = replace(TRAITS, markup="html" if html else "plain", link_in_text=changes.pop("link_in_text", True))
    return [f.code for f in judge(policy, post(**changes), target, variant, traits, "Europe/Paris")]


def forbids(*words: str, **more: Any) -> Policy:
    return Policy(forbidden_words=words, **more)


# --- words ---


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("gratis", "Everything is gratis."),
        ("gratis", "GRATIS!"),
        ("gratis", "(gratis)"),
        ("straße", "Die STRASSE"),
        ("été", "L'ÉTE\u0301 arrive"),
        ("e\u0301te\u0301", "un été"),
        ("best price", "the best\n  price"),
        ("бесплатно", "Совершенно БЕСПЛАТНО"),
        ("मुफ़्त", "यह मुफ़्त है"),
        ("مجانا", "هذا مجانا."),
        ("無料", "送料無料です"),
        ("ฟรี", "ส่งฟรีทุกวัน"),
        ("무료", "완전 무료"),
        ("gratis", "gra\u00adtis"),
        ("100 %", "at 100 % safe"),
        ("c++", "C++ is"),
        ("gratis", "https://x.example/sale gratis"),
    ],
)
def test_a_forbidden_word_is_found(word: str, text: str) -> None:
    """Whole, in any case, of any script and Unicode form, across a line's end, with soft hyphens in it."""
    assert pattern_of((word,)).search(text)
    assert found(forbids(word), text) == ["forbidden-word"]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("gratis", "gratistext"),
        ("gratis", "ingratis"),
        ("ete", "été"),
        ("मुफ़्त", "मुफ़्तखोर"),
        ("free", "https://x.example/free and x"),
        ("best price", "best. Price"),
        ("무료", "무료로"),
        ("art", "smart_art_s"),
    ],
)
def test_part_of_a_word_is_not_the_word(word: str, text: str) -> None:
    """A longer word, another accent, or an address: not what was forbidden."""
    assert found(forbids(word), text) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Gratis"},
        {"summary": "gratis"},
        {"body": "It is gra**tis**."},
        {"tags": ("gratis",)},
        {"media": (MediaRef("a.png", "", 1, "gratis"),)},
        {"media": (MediaRef("a.png", "", 1, "x", "gratis"),)},
        {"shown": (MediaRef("a.png", "", 1, "gratis"),)},
        {"own": "gratis"},
        {"variant": {"segments": (Segment(0, "x"), Segment(1, "gratis"))}},
        {"variant": {"segments": (Segment(0, "x", media=(replace(PICTURE, alt="gratis"),)),)}},
        {"variant": {"segments": (Segment(0, "x", card=Card("https://x.example", "gratis")),)}},
        {"variant": {"segments": (Segment(0, "x", card=Card("https://x.example", "x", "gratis")),)}},
        {"html": True, "variant": {"segments": (Segment(0, "<p>It is gra<b class='x'>tis</b></p>"),)}},
    ],
)
def test_words_are_looked_for_wherever_something_is_said(changes: dict[str, Any]) -> None:
    """In what the author wrote, in what is rendered, in alt texts, captions and link cards."""
    assert found(forbids("gratis"), **changes) == ["forbidden-word"]


def test_markup_says_nothing() -> None:
    """A word that stands only in a tag of HTML is not said, and two blocks are two words."""
    assert found(forbids("gratis"), '<a class="gratis">x</a>', html=True) == []
    assert found(forbids("gratis"), "gra<br>tis", html=True) == []
    assert found(forbids("r&d"), "R&amp;D", html=True) == ["forbidden-word"]


@given(st.text(alphabet="abcé字かñ -'\u0301\u00ad&<>*[]()", min_size=1, max_size=8).filter(lambda t: t.strip()))
def test_any_word_can_be_forbidden(word: str) -> None:
    """Whatever is on the list is found where it stands alone, and no list breaks the search."""
    written = " ".join(word.split())
    assert pattern_of((written,)).search(f"\n{written}\n")


# --- counts, links, hours ---


@pytest.mark.parametrize(
    ("most", "text", "broken"),
    [(2, "#a #b", False), (2, "#a #b #c", True), (0, "#夏", True), (0, "#1 R&#39;s https://x.example/#top", False)],
)
def test_hashtags_are_counted(most: int, text: str, broken: bool) -> None:
    """Hashtags of any script, over all messages of a thread; numbers, entities and addresses are none."""
    assert found(Policy(max_hashtags=most), text) == ["too-many-hashtags"] * broken
    parts = {"segments": tuple(Segment(n, part) for n, part in enumerate(text.split(" ")))}
    assert found(Policy(max_hashtags=most), variant=parts) == ["too-many-hashtags"] * broken


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, True),
        ({"variant": {"link": "https://x.example"}}, True),
        ({"variant": {"link": "https://x.example"}, "link_in_text": False}, False),
        ({"text": "at https://x.example"}, False),
        ({"variant": {"segments": (Segment(0, "x", spans=(Span(0, 1, "link", "https://x.example"),)),)}}, False),
        ({"variant": {"segments": (Segment(0, "x", card=Card("https://x.example", "x")),)}}, False),
    ],
)
def test_a_link_may_be_required(changes: dict[str, Any], broken: bool) -> None:
    """In the words, as a card, or in a field of its own: what counts is that readers are led somewhere."""
    assert found(Policy(require_link=True), **changes) == ["no-link"] * broken


def test_a_summary_may_be_required() -> None:
    """A post without one breaks the rule."""
    assert found(Policy(require_summary=True)) == ["no-summary"]
    assert found(Policy(require_summary=True), summary="x") == []


@pytest.mark.parametrize(
    ("hours", "local", "broken"),
    [
        (("22:00", "07:00"), "22:00", True),
        (("22:00", "07:00"), "06:59", True),
        (("22:00", "07:00"), "07:00", False),
        (("22:00", "07:00"), "21:59", False),
        (("12:00", "14:00"), "13:00", True),
        (("12:00", "14:00"), "14:00", False),
    ],
)
def test_quiet_hours_are_of_the_channel_s_zone(hours: tuple[str, str], local: str, broken: bool) -> None:
    """From the first instant to just before the last, over midnight too, as clocks show it there."""
    span = tuple(time.fromisoformat(hour) for hour in hours)
    due = datetime.fromisoformat(f"2026-06-01T{local}+02:00").astimezone(UTC)
    assert found(Policy(quiet_hours=span), due=due) == ["quiet-hours"] * broken  # type: ignore[arg-type]


def test_what_was_due_before_the_rules_is_left_alone() -> None:
    """`since`: an archive need not be rewritten for a new rule."""
    strict = forbids("hello", require_summary=True, since=DUE)
    assert found(strict) == ["forbidden-word", "no-summary"]
    assert found(strict, due=DUE - timedelta(seconds=1)) == []


def test_a_rule_may_only_warn() -> None:
    """`warn` names the codes that hold nothing, `quiet` says it of the quiet hours."""
    policy = Policy(warn=frozenset({"no-link"}), quiet="warn")
    assert {code for code in (*WEIGHED, "quiet-hours") if policy.severity(code) == "warning"} == {
        "no-link",
        "quiet-hours",
    }


# --- repetition ---


def said(post: str, text: str = "x", days: float = 0, channel: str = "c") -> Said:
    return Said(Delivery(post, channel), text, DUE + timedelta(days=days))


@pytest.mark.parametrize(
    ("known", "nearest"),
    [
        ([], None),
        ([said("b", days=-30)], "b"),
        ([said("b", days=-30.1)], None),
        ([said("b", days=30)], "b"),
        ([said("b", text="y")], None),
        ([said("b", channel="d")], None),
        ([said("a", days=-1)], None),
        ([said("b", days=-3), said("c", days=2), said("d", days=-9)], "c"),
    ],
)
def test_a_repetition_is_another_post_s_words_on_the_same_channel(known: Iterable[Said], nearest: str | None) -> None:
    """Within the time before or after; one's own words of an earlier look are no repetition."""
    hit = repeat_of(said("a"), known, timedelta(days=30))
    assert (hit.delivery.post if hit else None) == nearest


def test_of_many_the_later_one_repeats() -> None:
    """Each is held against the one before it that says the same."""
    many = [
        said("c", days=40),
        said("a"),
        said("b", days=30),
        said("d", days=80),
        said("e", "y"),
        said("a", channel="d"),
    ]
    assert [(m.delivery.post, b.delivery.post) for m, b in repeats(many, timedelta(days=30))] == [
        ("b", "a"),
        ("c", "b"),
    ]


def test_the_same_words_and_pictures_are_the_same() -> None:
    """Blanks do not make another text; other words, another picture and another message do."""
    one = Variant(Delivery("a", "c"), "memory", DUE, (Segment(0, "Hello  World", media=(PICTURE,)),))
    assert comparable(one) == comparable(replace(one, segments=(Segment(0, "Hello\nWorld", media=(PICTURE,)),)))
    for other in (
        (Segment(0, "Hello You", media=(PICTURE,)),),
        (Segment(0, "Hello World"),),
        (*one.segments, Segment(1, "x")),
    ):
        assert comparable(one) != comparable(replace(one, segments=other))


# --- of one mind ---

FORBIDDEN = '[policy]\nforbidden_words = ["gratis"]\n'


def test_what_check_refuses_is_held(tmp_path: Path) -> None:
    """A delivery that breaks a rule is held with the rule's words, and goes out when the post is mended."""
    office = Office(Folder(tmp_path, SETTINGS + FORBIDDEN))
    office.folder.post("sale", "All gratis", channels="[site-feed]")
    office.folder.commit()
    with office.desk() as desk:
        assert [(p.code, p.line, p.column) for p in render_problems(desk.newsroom)] == [("forbidden-word", 8, 5)]
        assert run_pass(desk)["sale/site-feed"].status == "held"
    assert "'gratis' is forbidden" in office.state("sale/site-feed").reason
    office.folder.post("sale", "All free", channels="[site-feed]")
    office.folder.commit()
    with office.desk() as desk:
        assert render_problems(desk.newsroom) == []
        assert run_pass(desk)["sale/site-feed"].status == "published"


def test_a_rule_that_comes_after_the_plan_holds_at_publish_time(tmp_path: Path) -> None:
    """What was planned before the rule was merged is judged by the rules of the commit that is published from."""
    office = Office(Folder(tmp_path, SETTINGS))
    office.folder.post("sale", "All gratis", due=START + timedelta(hours=1), channels="[site-feed]")
    office.folder.commit()
    assert office.sync()["sale/site-feed"].action == "wait"
    office.folder.write("presstime.toml", SETTINGS + FORBIDDEN)
    office.folder.commit()
    office.pass_time(hours=1)
    with office.desk() as desk:
        assert run_pass(desk)["sale/site-feed"].status == "held"


def test_what_only_warns_goes_out(tmp_path: Path) -> None:
    """A warning is told by check and stops nothing."""
    office = Office(Folder(tmp_path, SETTINGS + FORBIDDEN + 'warn = ["forbidden-word"]\n'))
    office.folder.post("sale", "All gratis", channels="[site-feed]")
    office.folder.commit()
    with office.desk() as desk:
        assert [(p.code, p.severity) for p in render_problems(desk.newsroom)] == [("forbidden-word", "warning")]
        assert run_pass(desk)["sale/site-feed"].status == "published"


def test_what_was_said_before_holds_its_repetition(tmp_path: Path) -> None:
    """What the log says is out on a channel is not said again within the time: neither what is meant so, nor by a new id."""
    office = Office(Folder(tmp_path, SETTINGS + '[policy]\nrepeat_within = "30d"\n'))
    office.folder.post("a", "Same words", channels="[site-feed]")
    office.folder.commit()
    with office.desk() as desk:
        assert run_pass(desk)["a/site-feed"].status == "published"
    office.folder.remove("posts/a.md")
    office.folder.post("b", "Same words", title="A", channels="[site-feed]", again="true")
    office.folder.commit()
    for days, broken in ((29, ["repeated-text"]), (2, [])):
        office.pass_time(days=days)
        with office.desk() as desk:
            desk.ledger.catch_up()
            desk.words.published = Published(lambda: desk.ledger)
            post = desk.newsroom.loaded.whole(next(desk.newsroom.loaded.each()))
            target = replace(post.targets[0], due=office.now())
            assert [f.code for f in desk.words.judged(post, target)[1]] == broken
