"""Markdown as words and as HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.render.markdown import beginning_of, html_of, to_rich
from presstime.render.markup import to_html
from presstime.render.parser import parse
from presstime.render.web import Links
from presstime.render.words import Style

LINKS = Style(frozenset({"link"}))
MARKED = Style(frozenset({"link", "bold", "italic", "code", "pre", "quote", "strike"}))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("One\n\nTwo", "One\n\nTwo"),
        ("soft\nbreak", "soft break"),
        ("日本語\nです", "日本語です"),
        ("한국어\n글", "한국어 글"),
        ("hard  \nbreak\\\nhere", "hard\nbreak\nhere"),
        ("# Head\nwords", "Head\n\nwords"),
        ("**b** *i* ~~s~~ `c`", "b i s c"),
        ("- a\n- b\n  - c\n\n1. x\n2. y", "• a\n• b\n  • c\n\n1. x\n2. y"),
        ("3) x\n4) y", "3. x\n4. y"),
        ("- [ ] todo\n- [x] done", "☐ todo\n☑ done"),
        ("> one\n>\n> two", "> one\n>\n> two"),
        ("```py\nif a:\n    b\n```", "if a:\n    b"),
        ("|Who|Age|\n|-|-|\n|Ann|7|\n|Bob|8|", "Ann: 7\nBob: 8"),
        ("|Who|Age|Town|\n|-|-|-|\n|Ann|7|Nantes|\n|Bob||Lille|", "Ann – Age: 7, Town: Nantes\nBob – Town: Lille"),
        ("a &amp; b &eacute; &#x1F600;", "a & b é 😀"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("Text ![alt](p.png) more\n\n![only](p.png)", "Text more"),
        ("note[^1] more[^n]\n\n[^1]: First *note*.\n[^n]: Second.", "note[1] more[2]\n\n[1] First note.\n[2] Second."),
        ("\\*not\\* \\[marked\\]", "*not* [marked]"),
        ("", ""),
    ],
)
def test_markdown_reads_well_as_plain_words(source: str, said: str) -> None:
    """Each construct has a form that needs no markup."""
    assert to_rich(source).text == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("[words](https://e.example/a)", "words (https://e.example/a)"),
        ("[https://e.example/a](https://e.example/a)", "https://e.example/a"),
        ("[e.example/a](https://www.e.example/a/)", "https://www.e.example/a/"),
        ("<https://e.example/a>", "https://e.example/a"),
        ("[a@b.example](mailto:a@b.example)", "a@b.example"),
        ("[words][r]\n\n[r]: https://e.example", "words (https://e.example)"),
        ("[![badge](b.svg)](https://e.example)", "badge (https://e.example)"),
        ("[![](b.svg)](https://e.example)", "https://e.example"),
        ("[own page](/blog/a) [part](#top)", "own page part"),
        ("[run](javascript:alert(1)) [data](data:text/html,x)", "run data"),
        ("https://e.example/_a_/*b*/c. Next", "https://e.example/_a_/*b*/c. Next"),
    ],
)
def test_a_links_address_is_not_lost_without_marks(source: str, said: str) -> None:
    """It follows the words in parentheses, unless they are the address; what leads nowhere is only its words."""
    assert to_rich(source).text == said


def test_links_are_marked_where_the_network_takes_marks() -> None:
    """Only the words are said; pages of the site itself are found from the post's own page."""
    rich = to_rich(
        "See [this](/a) and https://e.example/x_y_z.", Style(frozenset({"link"}), base="https://verne.example/b/c")
    )
    assert rich.text == "See this and https://e.example/x_y_z."
    assert [(rich.text[s.start : s.end], s.value) for s in rich.spans] == [
        ("this", "https://verne.example/a"),
        ("https://e.example/x_y_z", "https://e.example/x_y_z"),
    ]


def test_marks_lie_on_their_words() -> None:
    """Bold, italic, struck, quoted and code stretches are where they were in the source, also inside lists and quotes."""
    rich = to_rich("## Head\n\n- **b** and *i* ~~s~~\n- `c`\n\n> quoted\n> *twice*\n\n```js\ncode\n```", MARKED)
    assert [(rich.text[s.start : s.end], s.kind, s.value) for s in rich.spans] == [
        ("Head", "bold", ""),
        ("b", "bold", ""),
        ("i", "italic", ""),
        ("s", "strike", ""),
        ("c", "code", ""),
        ("quoted twice", "quote", ""),
        ("twice", "italic", ""),
        ("code", "pre", "js"),
    ]


def test_code_is_never_inside_another_mark() -> None:
    """Networks refuse code within a mark: the outer mark stays."""
    rich = to_rich("## The `head`\n\n[a `b`](https://e.example) `c`", MARKED)
    assert [(rich.text[s.start : s.end], s.kind) for s in rich.spans] == [
        ("The head", "bold"),
        ("a b", "link"),
        ("c", "code"),
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a <b>bold</b> <span class='x'>word</span>", "a bold word"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("a <!-- hidden --> b", "a b"),
        ("<!-- hidden\n\nstill -->\n\na", "a"),
        ("a <script>alert(1)</script> b", "a b"),
        ("<script>\nalert(1)\n</script>\n\na", "a"),
        (
            "<div>\n<p>One <a href='https://e.example'>two</a></p>\n<p>three &amp; four</p></div>",
            "One two (https://e.example)\n\nthree & four",
        ),
        ('see <a href="https://e.example">this</a>', "see this (https://e.example)"),
        ('<a href="javascript:x">this</a>', "this"),
        ("<img src=x onerror=y>\n\na", "a"),
        ("unclosed <a href='https://e.example'>this", "unclosed this (https://e.example)"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_raw_html_is_never_shown(source: str, said: str) -> None:
    """Its words and links stay, its tags, comments and scripts do not."""
    assert to_rich(source).text == said


def test_html_is_the_whole_text() -> None:
    """Every construct has its element; relative links are made absolute."""
    source = "# H\n\n*a* [b](/c) https://e.example/x_y_\n\n|A|\n|-|\n|1|\n\n![alt](/p.png) n[^1]\n\n[^1]: note"
    html = html_of(source, Links("https://verne.example/post"))
    for part in (
        "<h1>H</h1>",
        '<em>a</em> <a href="https://verne.example/c">b</a>',
        '<a href="https://e.example/x_y">https://e.example/x_y</a>_',
        "<td>1</td>",
        '<img src="https://verne.example/p.png" alt="alt" />',
        "n<sup>1</sup>",
        "<li><p>note </p>",
    ):
        assert part in html or part.replace(" </p>", "</p>") in html, part


DANGEROUS = st.sampled_from(
    ["<script>", "</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "<a href='javascript:x'>", "<a href='https://e/\" onclick=x a=\"'>", "</a>",
     '"><svg onload=x>', "<iframe src=//e>", "![x](javascript:y)", '[x](https://e "\\" onclick=x")', "<https://e/\"onclick=x>",
     "\n\n", "a", "`", "```\n", "<!--", "-->", "&lt;script&gt;", "| ", "> ", "- ", "[^1]", "[^1]: <b onclick=x>", "<div onclick=x>\n"]
)  # fmt: skip


@given(st.lists(DANGEROUS, max_size=12).map("".join))
def test_html_holds_nothing_that_acts(source: str) -> None:
    """Whatever stands in the source, only known elements with known attributes and safe addresses come out."""
    from html.parser import HTMLParser

    class Check(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in {"p", "a", "img", "code", "pre", "ul", "ol", "li", "blockquote", "br", "hr", "sup", "em", "strong", "h1",
                           "h2", "h3", "table", "thead", "tbody", "tr", "th", "td", "s"}, tag  # fmt: skip
            for name, value in attrs:
                assert name in {"href", "src", "alt", "title", "class", "start", "style"}, name
                if name in ("href", "src"):
                    assert (value or "").lower().startswith(("http://", "https://", "mailto:")), value

    Check().feed(html_of(source))


@given(st.text(alphabet="ab*_`~[]()<>!#-+|\\&;:/.\n 1é日", max_size=60))
def test_any_text_can_be_read(source: str) -> None:
    """No Markdown makes conversion fail, and every span marks some of the words."""
    for style in (Style(), MARKED, Style(manual=True)):
        rich = to_rich(source, style)
        assert all(0 <= s.start < s.end <= len(rich.text) for s in rich.spans)
        assert rich.text == rich.text.strip()
    html_of(source)


def test_signs_in_addresses_are_escaped() -> None:
    """An ampersand in an attribute is written as HTML wants it."""
    html = html_of('https://e.example/?a=1&b=2 <a href="https://e.example/&quot; onclick=x">x</a>')
    assert 'href="https://e.example/?a=1&amp;b=2"' in html
    assert 'href="https://e.example/&quot; onclick=x"' in html


def test_control_characters_are_dropped() -> None:
    """They mean nothing to a reader, and XML forbids them."""
    assert to_rich("a\x00b\x0bc\x1bd\r\ne").text == "abcd e"


def test_html_is_cut_behind_a_block() -> None:
    """As many whole blocks as fit, none of them half."""
    source = "One.\n\n- a\n- b\n\nThree."
    tokens = parse(source).tokens

    def within(size: int) -> str:
        return to_html(beginning_of(tokens, lambda some: len(to_html(some, Links())) <= size), Links())

    assert within(50) == "<p>One.</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"
    assert within(20) == "<p>One.</p>"
    assert within(10) == ""
