"""Messages in the markup of Discord, Slack and LinkedIn, written from marked words."""

import json

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from presstime.model import Span
from presstime.render.forms import PENS
from presstime.render.markdown import to_rich
from presstime.render.marking import STYLES, written
from presstime.render.pens import HIDDEN, RESERVED, little
from presstime.render.rich import Rich
from presstime.render.words import Style
from tests.networks.contracts import specs

MARKS = frozenset({"link", "bold", "italic", "strike", "code", "pre", "quote"})


def said(source: str, markup: str) -> str:
    return written(to_rich(source, Style(MARKS)), PENS[markup]).text


@pytest.mark.parametrize(
    ("source", "chat"),
    [
        ("**b** *i* ~~s~~ `c`", "**b** _i_ ~~s~~ `c`"),
        ("un**believ**able un*believ*able", "un**believ**able un*believ*able"),
        ("***both***", "**_both_**"),
        ("**a *b* c**", "**a _b_ c**"),
        (r"\*not\* \_a\_ \~\~b\~\~ \`c\` \|\|d\|\|", r"\*not\* \_a\_ \~\~b\~\~ \`c\` \|\|d\|\|"),
        ("snake_case", r"snake\_case"),
        (r"\# no heading", r"\# no heading"),
        (r"\- no list", r"\- no list"),
        (r"\> no quote", r"\> no quote"),
        ("5 > 3 # 2", "5 > 3 # 2"),
        ("[words](https://e.example/a_b)", "[words](<https://e.example/a_b>)"),
        ("<https://e.example/a_b>", "https://e.example/a_b"),
        (r"\[no\](https://e.example)", r"\[no](https://e.example)"),
        (r"\<@1234> \<#5> \<:smile:6>", r"\<@1234> \<#5> \<:smile:6>"),
        ("> one\n> two", "> one two"),
        ("> one\n>\n> two", "> one\n> \n> two"),
        ("```py\nprint('`')\n```", "```py\nprint('`')\n```"),
        ("````\n```\n````", f"```\n``{HIDDEN}`\n```"),
        ("``a ` b``", "``a ` b``"),
        ("## Head", "**Head**"),
        ("**a  \nb**", "**a**\n**b**"),
        ("[**w**](https://e.example)", "**[w](<https://e.example>)**"),
        ("[mail](mailto:a@e.example)", "mail (a@e.example)"),
    ],
)
def test_discord(source: str, chat: str) -> None:
    """Its Markdown marks what is marked, and a backslash keeps every other sign from being a mark."""
    assert said(source, "chat") == chat


@pytest.mark.parametrize(
    ("source", "mrkdwn"),
    [
        ("**b** *i* ~~s~~ `c`", "*b* _i_ ~s~ `c`"),
        ("***both***", "*_both_*"),
        ("un**believ**able", f"un{HIDDEN}*believ*{HIDDEN}able"),
        ("a & b \\<c> 1 > 2", "a &amp; b &lt;c&gt; 1 &gt; 2"),
        (r"\<!channel> \<@U1>", "&lt;!channel&gt; &lt;@U1&gt;"),
        ("[a > b](https://e.example/?a=1&b=|)", "<https://e.example/?a=1&amp;b=%7C|a &gt; b>"),
        ("<https://e.example>", "<https://e.example>"),
        ("**[w](https://e.example)**", "*<https://e.example|w>*"),
        (r"\*not\*", f"*{HIDDEN}not*"),
        ("snake_case 2 * 3", "snake_case 2 * 3"),
        (r"**a \* b**", "a * b"),
        (r"\> no quote", f"{HIDDEN}&gt; no quote"),
        ("> a\n>\n> **b**", "> a\n> \n> *b*"),
        ("```py\na < b\n```", "```\na &lt; b\n```"),
        ("``a ` b``", "a ` b"),
    ],
)
def test_slack(source: str, mrkdwn: str) -> None:
    """`&`, `<` and `>` are escaped everywhere; a mark that Slack would read otherwise is not written."""
    assert said(source, "mrkdwn") == mrkdwn


def test_marks_survive_a_cut() -> None:
    """Whatever a cut leaves of a mark opens and closes within its message."""
    rich = to_rich("**one two** and\n\n```js\na\nb\n```", Style(MARKS))
    cut = rich.text.index("two")
    assert [written(part, PENS["chat"]).text for part in (rich.slice(0, cut), rich.slice(cut, cut + 10))] == [
        "**one** ",
        "**two** and\n\n```js\na\n```",
    ]


@pytest.mark.parametrize("markup", PENS)
def test_links_are_where_the_spans_say(markup: str) -> None:
    """Each link's span holds its address, so that links can be listed and checked."""
    rich = written(to_rich("**a** [b](https://e.example/b) & <https://e.example/c>", Style(MARKS)), PENS[markup])
    for span in rich.spans:
        assert regex.sub(r"\\(.)", r"\1", span.value) in regex.sub(
            r"\\(.)", r"\1", rich.text[span.start : span.end]
        ) or (markup == "littletext")
    assert [span.value for span in rich.spans] == ["https://e.example/b", "https://e.example/c"]


SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12), st.sampled_from([*MARKS, "tag", "mention"])), max_size=8
)


@given(st.text(max_size=40), SPANS)
def test_no_words_are_lost(text: str, spans: list[tuple[int, int, str]]) -> None:
    """Whatever is marked, even marks that overlap: every letter is still there, in order, in every markup."""
    found = [Span(a, min(a + n, len(text)), k, "v") for a, n, k in spans if a < len(text)]  # type: ignore[arg-type]
    plain = [span for span in found if span.kind in (*STYLES, "code", "quote")]
    for markup in PENS:
        whole = written(Rich(text, tuple(plain)), PENS[markup]).text
        letters = [char for char in text if char.isalpha()]
        remaining = iter(regex.sub(r"&(?:amp|lt|gt);", "", whole))
        assert all(any(char == other for other in remaining) for char in letters)
        written(Rich(text, tuple(found)), PENS[markup])


# --- little text ------------------------------------------------------------------------------------------------------


def test_the_little_text_cases() -> None:
    """Every case of the vendor's page: each reserved character, and only those, has its backslash."""
    document = json.loads(specs("linkedin/little-text-format.json").read_text())
    assert {case["plain"]: little(case["plain"]) for case in document["cases"]} == {
        case["plain"]: case["little"] for case in document["cases"]
    }
    for sign in document["reserved"]:
        assert little(sign) == f"\\{sign}"
    assert {chr(n) for n in range(0x10000) if RESERVED.fullmatch(chr(n))} == set(document["reserved"])


@given(st.text() | st.text(alphabet="|{}@[]()<>#\\*_~a ", max_size=40))
def test_unescaping_gives_the_text_back(text: str) -> None:
    """Of any text, backslashes included: a reader of little text sees exactly it."""
    assert regex.sub(r"(?s)\\(.)", r"\1", little(text)) == text


ELEMENT = regex.compile(
    r"(?P<element>@\[(?:\\.|[^\\\[\]])*\]\(urn:li:(?:person|organization):[\w-]+\)|\{hashtag\|\\#\|(?:\\.|[^\\{}|])*\})"
    r"|\\.|(?P<bare>[|{}@\[\]()<>#\\*_~])",
    regex.DOTALL,
)


@given(st.text(alphabet="ab |{}@[]()<>#\\*_~é日\n", max_size=60), SPANS)
def test_nothing_reserved_is_bare_outside_of_our_own_elements(text: str, spans: list[tuple[int, int, str]]) -> None:
    """Whatever the words and the marks: an unescaped reserved character would end the post, without a word from LinkedIn."""
    values = {"mention": "urn:li:organization:7", "tag": "a_b"}
    found = [
        Span(a, min(a + n, len(text)), kind, values.get(kind, "https://e.example/(a)_b"))  # type: ignore[arg-type]
        for a, n, kind in spans
        if a < len(text)
    ]
    whole = written(Rich(text, tuple(found)), PENS["littletext"]).text
    assert [match["bare"] for match in ELEMENT.finditer(whole) if match["bare"]] == []


def test_mentions_and_hashtags_of_linkedin() -> None:
    """An account becomes a mention by its name, a hashtag the template; an address that names no account is only words."""
    style = Style(frozenset({"mention", "tag"}), mentions="urn:li:")
    rich = to_rich("By [Ann (Dr.)](urn:li:person:a-1) and [x](urn:li:nothing:1) #Tag", style)
    tagged = Rich(rich.text, (*rich.spans, Span(len(rich.text) - 4, len(rich.text), "tag", "Tag")))
    assert written(tagged, PENS["littletext"]).text == (
        "By @[Ann \\(Dr.\\)](urn:li:person:a-1) and x {hashtag|\\#|Tag}"
    )
