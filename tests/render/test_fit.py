"""A text that does not fit becomes a thread, is shortened, or is refused."""

import re
from dataclasses import replace

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from presstime.errors import RenderError
from presstime.model import Span, TextRule
from presstime.render.entities import Convention, find
from presstime.render.fit import MAX_SEGMENTS, Room, fit
from presstime.render.markdown import to_rich
from presstime.render.measure import over
from presstime.render.rich import Rich
from presstime.render.words import Style

CONVENTIONS: dict[str, Convention] = {"weighted": "twitter", "graphemes": "bluesky"}
RULES = st.sampled_from(
    [
        TextRule(30, "weighted", url_weight=23),
        TextRule(25, "graphemes", max_bytes=90),
        TextRule(30, "graphemes", url_weight=23, mention_local_part=True),
        TextRule(20, "scalars"),
        TextRule(20, "characters"),
        TextRule(20, "utf16"),
    ]
)
SCRAPS = st.sampled_from(
    ["Hello", " ", "\n\n", "\n", ". ", "! ", "« Bonjour !»", "\u202f!", "\u00a0", "👨‍👩‍👧‍👦", "🇫🇷", "e\u0301", "日本語。", "（東京）",
     "مرحبا بالعالم. ", "שלום", "https://a.example/b", "@me.example", "#Tag", "สวัสดีครับ", "한국어 글", "\r\n", "\t", "1 000"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120), st.lists(SCRAPS, max_size=40).map("".join)
)


def room(rule: TextRule, *order: str, link: str | None = None, threads: bool = True) -> Room:
    return Room(rule, rule, CONVENTIONS.get(rule.unit, "mastodon"), threads=threads, order=order, link=link)


def without_space(text: str) -> str:
    return re.sub(r"\s+", "", text)


def thread(text: str, limit: int, unit: str = "characters") -> list[str]:
    return [part.text for part in fit(Rich(text), room(TextRule(limit, unit), "thread"))]  # type: ignore[arg-type]


@given(TEXTS, RULES)
@settings(deadline=None)
@example("\u0300 " * 30, TextRule(20, "characters"))
@example("a " + "\u0301" * 40, TextRule(20, "graphemes", max_bytes=90))
def test_a_thread_says_it_all_and_every_message_fits(text: str, rule: TextRule) -> None:
    """No message is over its limit, and together they are the text, up to white space at the cuts."""
    try:
        parts = fit(Rich(text), room(rule, "thread"))
    except RenderError:
        return
    assert len(parts) <= MAX_SEGMENTS
    assert all(not over(part.text, rule) for part in parts)
    assert without_space("".join(part.text for part in parts)) == without_space(text)


@given(TEXTS, RULES)
@settings(deadline=None)
@example("word " * 60, TextRule(20, "characters"))
def test_a_numbered_thread_fits_with_its_numbers(text: str, rule: TextRule) -> None:
    """Each message ends with which it is of how many, within the limit; without the numbers it is all of the text."""
    try:
        parts = fit(Rich(text), replace(room(rule, "thread"), numbered=True))
    except RenderError:
        return
    endings = [f" {index}/{len(parts)}" for index in range(1, len(parts) + 1)] if len(parts) > 1 else [""]
    assert all(part.text.endswith(ending) for part, ending in zip(parts, endings, strict=True))
    assert all(not over(part.text, rule) for part in parts)
    words = "".join(part.text.removesuffix(ending) for part, ending in zip(parts, endings, strict=True))
    assert without_space(words) == without_space(text)


@given(TEXTS, RULES)
@settings(deadline=None)
def test_a_thread_is_cut_between_characters_and_around_links(text: str, rule: TextRule) -> None:
    """Every grapheme, link, mention and hashtag of the text is whole in one of the messages."""
    try:
        parts = fit(Rich(text), room(rule, "thread"))
    except RenderError:
        return
    text = text.strip()
    graphemes = regex.findall(r"\X", text)
    assert sorted(g for part in parts for g in regex.findall(r"\X", part.text) if g.strip()) == sorted(
        g for g in graphemes if g.strip()
    )
    position = 0
    for entity in find(text, room(rule).convention):
        word = text[entity.start : entity.end]
        while position < len(parts) and word not in parts[position].text:
            position += 1
        assert position < len(parts), word


@given(TEXTS, RULES)
@settings(deadline=None)
@example("#00Ahttps://000000000", TextRule(20, "scalars"))
def test_what_is_shortened_fits_and_begins_as_the_text_does(text: str, rule: TextRule) -> None:
    """A shortened text is one message within the limit: the beginning of the text and an ellipsis, or all of it. Where it
    was nothing but hashtags and a link, it is the link."""
    try:
        (part,) = fit(Rich(text), room(rule, "shorten"))
    except RenderError:
        return
    assert not over(part.text, rule)
    beginning = part.text.partition("…")[0].rstrip()
    assert text.strip().startswith(beginning) or "…" in text or text.strip().endswith(part.text)


@given(TEXTS, RULES)
@settings(deadline=None)
def test_a_shortened_text_keeps_the_link(text: str, rule: TextRule) -> None:
    """The post's own link is in what is said, wherever it stood before."""
    link = "https://a.example/b"
    try:
        (part,) = fit(Rich(f"{text}\n\n{link}"), room(rule, "shorten", link=link))
    except RenderError:
        return
    assert link in part.text


@given(TEXTS, RULES)
@settings(deadline=None)
def test_what_fits_is_left_alone(text: str, rule: TextRule) -> None:
    """A text within the limit is sent as it is."""
    if not over(text.strip(), rule):
        assert [part.text for part in fit(Rich(text), room(rule, "thread", "shorten"))] == [text.strip()]


def test_a_thread_is_cut_at_paragraphs_first() -> None:
    """A paragraph that fits into a message is not torn apart."""
    first, second = "Hi all.", "Another one. It has two sentences."
    assert thread(f"{first}\n\n{second}", 40) == [first, second]


def test_then_at_sentences_and_then_at_words() -> None:
    """Where a paragraph is too long its sentences stay whole; where a sentence is, its words."""
    assert thread("First sentence here. Second sentence here.", 30) == ["First sentence here.", "Second sentence here."]
    assert thread("one two three four five six seven", 20) == ["one two three four", "five six seven"]


def test_a_heading_stays_with_what_it_heads() -> None:
    """No message ends with a heading."""
    rich = to_rich("Some words that come before.\n\n## Heading\n\nWords that come after it.")
    parts = fit(rich, room(TextRule(45, "characters"), "thread"))
    assert [part.text for part in parts] == ["Some words that come before.", "Heading\n\nWords that come after it."]


def test_the_link_and_hashtags_are_no_message_of_their_own() -> None:
    """They end the last message, together with what they belong to."""
    text = "A first sentence that says a lot. A second sentence.\n\nhttps://verne.fr/a\n\n#Tag #Other"
    assert thread(text, 60) == [
        "A first sentence that says a lot.",
        "A second sentence.\n\nhttps://verne.fr/a\n\n#Tag #Other",
    ]


def test_a_line_that_merely_goes_on_is_no_place_to_cut() -> None:
    """Where an author wraps lines, a sentence counts, not the end of a line; the items of a list are apart."""
    assert thread("One is here. Two goes\non and on for long", 25) == [
        "One is here.",
        "Two goes\non and on for",
        "long",
    ]
    assert thread("• first item of it\n• second item of it", 25) == ["• first item of it", "• second item of it"]


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("We all went to see the museum with Dr. Martin and his friends", 50),
        ("We all went to see the museum with J. Verne and his friends", 50),
        ("We met at 5 p.m. yesterday and version 1.2 was out", 40),
    ],
)
def test_a_stop_does_not_always_end_a_sentence(text: str, limit: int) -> None:
    """Titles, initials and small letters after a stop do not begin a sentence: the cut is as far on as fits."""
    assert len(thread(text, limit)[0]) > limit - 10


def test_french_signs_stay_with_their_words() -> None:
    """Nothing is cut before `!`, `?`, `;`, `:` or inside guillemets' spaces, whichever space is used."""
    for space in (" ", "\u00a0", "\u202f", "\u2009"):
        text = f"Alors «{space}Bonjour{space}» dit-il{space}! Et puis"
        for limit in range(14, len(text)):
            for part in thread(text, limit):
                assert not part.startswith(("!", "»")), part
                assert not part.endswith("«"), part


def test_chinese_and_japanese_are_cut_without_spaces() -> None:
    """Between sentences if they fit, else between characters, with no closing mark at the beginning of a message."""
    assert thread("东京是首都。人口很多。", 7) == ["东京是首都。", "人口很多。"]
    parts = thread("「あいうえおかきくけこ、さしすせそ」と言った。", 8)
    assert "".join(parts) == "「あいうえおかきくけこ、さしすせそ」と言った。"
    assert all(not part.startswith(("、", "。", "」")) for part in parts)


def test_a_word_longer_than_a_message_is_cut_between_characters() -> None:
    """Rather than nothing, a long word is sent in pieces; a long link is not."""
    assert thread("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    for link in ("https://example.com/", "http://localhost:8080/"):
        assert thread(f"Some words and {link}xyz", 26) == ["Some words and", f"{link}xyz"]
        with pytest.raises(RenderError, match="too long"):
            thread(link + "x" * 25, 30)


def test_spans_move_with_the_text() -> None:
    """Each message's spans mark the same words as before, counted from its own beginning."""
    rich = to_rich(
        "Plain words **bold words** more\n\nand [a link](https://e.example) too", Style(frozenset({"bold", "link"}))
    )
    parts = fit(rich, room(TextRule(32, "characters"), "thread"))
    assert [[(part.text[s.start : s.end], s.kind) for s in part.spans] for part in parts] == [
        [("bold words", "bold")],
        [("a link", "link")],
    ]


def test_the_words_of_a_link_are_not_cut() -> None:
    """A marked link stays whole, however many words it has."""
    rich = to_rich("Read [all about our new shop](https://e.example) now", Style(frozenset({"link"})))
    parts = fit(rich, room(TextRule(26, "characters"), "thread"))
    assert [part.text for part in parts] == ["Read", "all about our new shop now"]


def test_shortening_ends_at_a_sentence_and_keeps_what_the_text_ends_with() -> None:
    """The link and hashtags at the end stay; what goes is the end of the words before them."""
    text = "The first sentence. The second one is longer than that.\n\nhttps://e.example #Tag"
    (part,) = fit(Rich(text), room(TextRule(50, "characters"), "shorten", link="https://e.example"))
    assert part.text == "The first sentence. …\n\nhttps://e.example #Tag"


def test_hashtags_go_before_the_link_does() -> None:
    """Where not even a word fits beside link and hashtags, the hashtags are dropped."""
    text = "Words here. https://e.example #ALongHashtag #AnotherLongHashtag"
    (part,) = fit(Rich(text), room(TextRule(30, "characters"), "shorten", link="https://e.example"))
    assert part.text == "Words here. https://e.example"


def test_a_lost_link_is_put_at_the_end() -> None:
    """A link that stood in the part that is cut off still ends the message."""
    text = "Words that go on and on until there is no more room. See https://e.example for more of this and of that"
    (part,) = fit(Rich(text), room(TextRule(50, "characters"), "shorten", link="https://e.example"))
    assert part.text == "Words that go on and on until…\n\nhttps://e.example"
    assert part.spans == (Span(32, 49, "link", "https://e.example"),)


def test_the_channel_says_in_which_order_to_try() -> None:
    """`shorten` first gives one message, `thread` first several."""
    text = "One sentence here. Another sentence there."
    assert len(fit(Rich(text), room(TextRule(25, "characters"), "shorten", "thread"))) == 1
    assert len(fit(Rich(text), room(TextRule(25, "characters"), "thread", "shorten"))) == 2
    assert len(fit(Rich(text), room(TextRule(25, "characters"), "thread", "shorten", threads=False))) == 1


def test_refusing_says_how_much_too_long() -> None:
    """The message names the excess, the length, the limit and the unit."""
    with pytest.raises(RenderError, match="the text is 5 characters too long: 30 of at most 25") as caught:
        fit(Rich("x" * 30), room(TextRule(25, "graphemes"), "refuse"))
    assert caught.value.code == "too-long"
    assert "`text`" in caught.value.advice
    with pytest.raises(RenderError, match="10 bytes too long: 100 of at most 90 bytes"):
        fit(Rich("é" * 50), room(TextRule(60, "graphemes", max_bytes=90), "refuse"))


def test_a_thread_has_an_end() -> None:
    """What would take more than 25 messages is not sent as a thread."""
    assert len(thread("word " * 25, 4)) == 25
    with pytest.raises(RenderError):
        thread("word " * 26, 4)


def test_a_thread_is_numbered_where_the_channel_says() -> None:
    """` 1/3` at the end of each message, with room kept for it; a single message has no number."""
    text, rule = "One sentence here. Another sentence there.", TextRule(27, "characters")
    numbered = replace(room(rule, "thread"), numbered=True)
    assert [part.text for part in fit(Rich(text), numbered)] == [
        "One sentence here. 1/2",
        "Another sentence there. 2/2",
    ]
    assert [part.text for part in fit(Rich("Short."), numbered)] == ["Short."]
    many = fit(Rich("word " * 24), replace(room(TextRule(11, "characters"), "thread"), numbered=True))
    assert [part.text for part in many][::23] == ["word 1/24", "word 24/24"]


def manual(source: str, limit: int, numbered: bool = False) -> list[str]:
    rule = TextRule(limit, "characters")
    rich = to_rich(source, Style(manual=True))
    room = Room(rule, rule, "mastodon", threads=True, manual=True, numbered=numbered)
    return [part.text for part in fit(rich, room)]


def test_a_manual_thread_is_split_where_the_author_says() -> None:
    """Each `---` rule begins a message, also right under a line of text, and also if all would fit into one."""
    assert manual("One\n\n---\n\nTwo\n---\nThree *four*\n\n***\n\nFive", 100) == ["One", "Two", "Three four", "Five"]


def test_each_part_of_a_manual_thread_must_fit() -> None:
    """A part that is too long is named by its number, not cut."""
    with pytest.raises(RenderError, match="part 2 of the thread is 5 characters too long"):
        manual("One\n\n---\n\n" + "x" * 15, 10)
    assert manual("One\n\n---\n\n" + "x" * 6, 10, numbered=True) == ["One 1/2", "xxxxxx 2/2"]
    with pytest.raises(RenderError, match="part 2 of the thread is 1 characters too long"):
        manual("One\n\n---\n\n" + "x" * 7, 10, numbered=True)
