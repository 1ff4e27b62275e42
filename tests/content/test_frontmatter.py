"""Front matter: what is read as what, and what is refused where."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from presstime.content import yamllines, yamltext
from presstime.content.frontmatter import split
from presstime.content.nodes import Node
from presstime.errors import ContentError
from presstime.problems import Problems


def plain(source: str | bytes) -> Any:
    """The front matter of a file as plain data."""
    front, _, _ = split(source if isinstance(source, bytes) else source.encode(), "posts/a.md")
    return {name: node.plain() for name, node in front.keys.items()}


def refused(source: str | bytes) -> list[tuple[int, int, str]]:
    """Where and why a file is refused."""
    with pytest.raises(ContentError) as raised:
        split(source if isinstance(source, bytes) else source.encode(), "posts/a.md")
    assert all(
        p.path == "posts/a.md" and p.severity == "error" and p.message and p.advice for p in raised.value.problems
    )
    return [(p.line, p.column, p.code) for p in raised.value.problems]


def test_yaml_scalars_stay_the_strings_they_look_like() -> None:
    """No sexagesimals, no octals, no `no` that becomes False, no dates: each key's own type reads them."""
    source = "---\nat: 9:30\nno: no\nhex: 0x1F\nday: 2026-01-01\nyes: 'on'\nn: 1e3\nempty:\nnull: ~\nq: ''\nlist: [1, 007]\n---\n"
    assert plain(source) == {
        "at": "9:30",
        "no": "no",
        "hex": "0x1F",
        "day": "2026-01-01",
        "yes": "on",
        "n": "1e3",
        "empty": None,
        "null": None,
        "q": "",
        "list": ["1", "007"],
    }


def test_yaml_blocks_and_nesting_are_read() -> None:
    """Block texts, lists of maps, flow maps, comments and escapes mean what YAML says."""
    source = '---\n# comment\na: |\n  one\n  two\nb: >\n  one\n  two\nc:\n- {x: "\\u00e9", y: [z]}\n-   - deep\nd: "q\\"q" # c\n---\n'
    assert plain(source) == {
        "a": "one\ntwo\n",
        "b": "one two\n",
        "c": [{"x": "é", "y": ["z"]}, ["deep"]],
        "d": 'q"q',
    }


def test_toml_values_are_typed_and_dates_are_the_strings_they_stand_for() -> None:
    """TOML has types of its own; its date-times with and without offset, and its dates, become strings."""
    source = "+++\nt = 'x'\nf = true\nn = 2\nx = 1.5\no = 2026-01-01T09:00:00+01:00\nl = 2026-01-01 09:00:00\nd = 2026-01-01\n[m]\na = [1]\n+++\n"
    assert plain(source) == {
        "t": "x",
        "f": True,
        "n": 2,
        "x": 1.5,
        "o": "2026-01-01T09:00:00+01:00",
        "l": "2026-01-01T09:00:00",
        "d": "2026-01-01",
        "m": {"a": [1]},
    }


@pytest.mark.parametrize(
    ("source", "body", "line"),
    [
        ("---\na: b\n---\nText\nmore", "Text\nmore", 4),
        ("---\na: b\n---", "", 3),
        ("---\n---\n\nText", "\nText", 3),
        ("\ufeff---\r\na: b\r\n---\r\nText\r\nmore\rold\r\n", "Text\nmore\nold\n", 4),
        ("--- \na: b\n--- \t\nText", "Text", 4),
        ("---\na: b\n...\nText\n---\nmore", "Text\n---\nmore", 4),
        ("+++\na = 1\n+++\nText", "Text", 4),
        ("+++\na = 1\n---\nb\n", None, 1),
    ],
)
def test_the_body_begins_after_the_closing_line(source: str, body: str | None, line: int) -> None:
    """The body comes without the front matter, with plain line ends, and with the line it begins on."""
    if body is None:
        assert refused(source) == [(1, 1, "no-closing-line")]
    else:
        assert split(source.encode(), "a.md")[1:] == (body, line)


def test_places_count_characters_and_lines_of_the_file() -> None:
    """Columns count characters, not bytes; lines count from the top of the file."""
    front, _, _ = split("---\né: [日本, x]\nb:\n  c: d\n---\n".encode(), "a.md")
    items = front.keys["é"].value
    assert [front.where(item.mark) for item in items] == [(2, 5), (2, 9)]
    assert front.where(front.keys["b"].value["c"].key) == (4, 3)


def test_only_an_editor_s_line_ends_count_as_lines() -> None:
    """YAML takes U+2028 for the end of a line, editors do not: places are those that an editor shows."""
    assert refused('---\na: "x\u2028y"\nb: &x 1\n---\n') == [(3, 4, "yaml-anchor")]
    assert refused("---\r\na: 1\r\nb: &x 1\r\n---\r\n") == [(3, 4, "yaml-anchor")]


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pure Python parser gives the same values."""
    accepted = "---\na: |\n  x\nb: [~, \"\", {c: 'd'}]\n---\n"
    expected = plain(accepted)
    monkeypatch.setattr(yamltext, "_new_parser", yaml.BaseLoader)
    assert plain(accepted) == expected


# --- the short way for plain lines ---

WORDS = st.text("ab1_-:#\"'[],&*!|>%@~.é日/ ", max_size=8)
PLAIN = st.one_of(
    st.sampled_from(
        [
            "null",
            "~",
            "x  ",
            "a: b",
            "a:",
            "a #b",
            "a#b",
            "é: x",
            "2026-01-01T09:00:00+01:00",
            "9:30",
            "",
            "[]",
            "[null, a]",
        ]
    ),
    st.from_regex(r"[a-z0-9é][a-z0-9 :#,'\"!&*.-]{0,8}", fullmatch=True),
)
LISTS = st.lists(st.from_regex(r"[a-z0-9é~][a-z0-9./-]{0,4}", fullmatch=True), min_size=1, max_size=3)
VALUE = st.one_of(
    PLAIN,
    WORDS,
    WORDS.map('"{}"'.format),
    WORDS.map("'{}'".format),
    LISTS.map(lambda i: f"[{', '.join(i)}]"),
    LISTS.map(lambda i: f"[{','.join(i)}]"),
)
LINE = st.one_of(
    st.builds(
        "{}:{}{}".format,
        st.sampled_from(["a", "key-1", "no", "null", "B_"]),
        st.sampled_from([" ", " ", " ", "  ", ""]),
        VALUE,
    ),
    st.sampled_from(["", "  a: b", "- a", "# c"]),
)


def placed(keys: dict[str, Node], text: str) -> dict[str, Any]:
    """Values with all their places."""
    where = yamllines.Marks(text).where
    return {
        name: (
            node.plain(),
            where(node.key),
            where(node.mark),
            [where(n.mark) for n in node.value] if isinstance(node.value, list) else [],
        )
        for name, node in keys.items()
    }


@given(st.lists(LINE, max_size=3).map("\n".join))
@settings(max_examples=3000, deadline=None)
@example('id: a\ntitle: "One: two"\npublish_at: 2026-03-24T09:00:00+01:00\nchannels: [brand-mastodon, x]\n\nlink:\n')
def test_plain_lines_are_read_as_the_parser_reads_them(text: str) -> None:
    """What the short way takes, the parser takes too, with the same values at the same places."""
    short = yamllines.load(text)
    if short is None:
        return
    problems = Problems("a.md", yamllines.Marks(text).where)
    assert placed(short, text) == placed(yamltext.parse(text, problems), text)
    assert problems.found == []


def test_the_usual_front_matter_goes_the_short_way() -> None:
    """Quoted, plain, empty and list values on lines of their own need no parser."""
    text = "id: a\ntitle: \"One: two\"\nsub: 'x'\ndate: 2026-03-24T09:00:00+01:00\nchannels: [brand, other]\nlink:\n"
    short = yamllines.load(text)
    assert short is not None
    assert set(short) == {"id", "title", "sub", "date", "channels", "link"}
    assert datetime.fromisoformat(short["date"].value).astimezone(UTC).hour == 8
