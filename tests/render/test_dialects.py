"""Markdown written again, for networks that read Markdown in their own way."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.render.dialects import Dialect, to_markdown
from presstime.render.filters import plain
from presstime.render.markdown import to_rich
from presstime.render.markup import to_html
from presstime.render.parser import parse
from presstime.render.web import Links
from tests.render.test_corpus import BLOG, blog

DEFAULT = Dialect()
LIQUID = Dialect(liquid=True)
SNUDOWN = Dialect(pictures=False, fences=False)
LINKS = Links("https://verne.example/a/b")


def again(source: str, dialect: Dialect = DEFAULT) -> str:
    return to_markdown(parse(source).tokens, LINKS, dialect)


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("soft\nwrap", "soft wrap"),
        ("hard\\\nbreak", "hard  \nbreak"),
        ("Head\n====\n\ntext", "# Head\n\ntext"),
        ("__b__ _i_ ~~s~~ ``a ` b``", "**b** *i* ~~s~~ ``a ` b``"),
        ("**a**_b_", "**a**_b_"),
        ("* a\n* b\n    * c", "- a\n- b\n  - c"),
        ("* a\n\n* b", "- a\n\n- b"),
        ("7) a\n8) b", "7. a\n8. b"),
        ("- a\n\n<!-- -->\n\n* b", "- a\n\n* b"),
        ("- [ ] a\n- [x] b", "- ☐ a\n- ☑ b"),
        ("> a\n> > b", "> a\n>\n> > b"),
        ("    code", "```\ncode\n```"),
        ("~~~py\n```\n~~~", "````py\n```\n````"),
        ("a\n\n---\n\nb", "a\n\n***\n\nb"),
        ("|A|B|\n|:-:|-:|\n|a\\|b|`c`|", "| A | B |\n| :---: | ---: |\n| a\\|b | `c` |"),
        ("[w](/c 'title')", "[w](https://verne.example/c)"),
        ("[w](https://e.example/a_(b))", "[w](https://e.example/a_%28b%29)"),
        ("https://e.example/a_b", "<https://e.example/a_b>"),
        ("[w](javascript:x)", "w"),
        ("![alt](/p.png)", "![alt](https://verne.example/p.png)"),
        ("a[^1]\n\n[^1]: note", "a\\[1\\]\n\n***\n\n1. note"),
        ("<b>raw</b> <a href='https://e.example'>html</a>", "raw [html](https://e.example)"),
        (r"\* \_ \[x\](y) \<b> 2\^3 &amp;lt; \# 1\. a", r"\* \_ \[x\](y) \<b\> 2\^3 &amp;lt; # 1. a"),
        (r"\# a", r"\# a"),
        ("1\\. a", "1\\. a"),
        ("\\- a", "\\- a"),
    ],
)
def test_each_construct_has_one_spelling(source: str, markdown: str) -> None:
    """A line a paragraph, full addresses, and nothing left that another reader could take for markup."""
    assert again(source) == markdown


def test_liquid_is_not_run() -> None:
    """Where Liquid tags are run, words that look like some are set apart; code is safe there by itself."""
    assert again("Say {{ x }} or {% y %}.", LIQUID) == "{% raw %}Say {{ x }} or {% y %}.{% endraw %}"
    assert again("`{{ x }}`\n\n```\n{% y %}\n```", LIQUID) == "`{{ x }}`\n\n```\n{% y %}\n```"
    assert again("Say {{ x }}.") == "Say {{ x }}."


def test_readers_without_pictures_and_fences() -> None:
    """Pictures are links there, code is indented."""
    assert again("![alt](/p.png) [![b](/b.png)](/c)", SNUDOWN) == (
        "[alt](https://verne.example/p.png) [b](https://verne.example/c)"
    )
    assert again("```\na\n\nb\n```", SNUDOWN) == "    a\n\n    b"


@given(st.text(alphabet="ab1 .*_`~[]()<>#!+-=|\\&;:^{}%\né日", max_size=60))
def test_words_are_read_as_they_were(text: str) -> None:
    """Any words, whatever signs are in them, come back as the same words."""
    source = plain(text)
    assert to_rich(again(source)).text == to_rich(source).text


@pytest.mark.skipif(not BLOG.is_dir(), reason="the Node.js blog is not at hand: PRESSTIME_CORPORA names its folder")
def test_real_posts_are_read_as_they_were() -> None:
    """The posts of a real site, written again and read again, give the same HTML but for title attributes, the spelling of
    bare addresses, and footnotes."""
    for post in blog():
        if "^[" not in post.body and len(post.body) < 100_000:
            tokens = parse(post.body).tokens
            read = parse(to_markdown(tokens, LINKS, DEFAULT)).tokens
            assert comparable(to_html(read, LINKS)) == comparable(to_html(tokens, LINKS)), post.path


def comparable(html: str) -> str:
    html = re.sub(r' title="[^"]*"| class="[^"]*task[^"]*"|(?<=<br />\n) +', "", html)
    return re.sub(r'<a href="([^"]*)">([^<]*)</a>', _link, html)


def _link(match: re.Match[str]) -> str:
    bare = re.sub(r"^(https?://|mailto:)?(www\.)?|/$", "", match[2])
    return match[0] if not match[1].rstrip("/").endswith(bare) else f"<{match[1]}>"
