"""Front matter: what is read as what, and what is refused where."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from presstime.content import yamllines, yamltext
from presstime.content.frontmatter import MAX_SIZE, split
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


HOSTILE: dict[str, tuple[str | bytes, list[tuple[int, int, str]] | None]] = {
    "no front matter": ("Text", [(1, 1, "no-front-matter")]),
    "empty file": ("", [(1, 1, "no-front-matter")]),
    "front matter after a blank line": ("\n---\na: b\n---\n", [(1, 1, "no-front-matter")]),
    "JSON": ('{"a": 1}\n', [(1, 1, "no-front-matter")]),
    "four dashes": ("----\na: b\n----\n", [(1, 1, "no-front-matter")]),
    "never closed": ("---\na: b\nText\n", [(1, 1, "no-closing-line")]),
    "UTF-16": ("---\na: b\n---\n".encode("utf-16"), [(1, 1, "not-utf-8")]),
    "Latin-1": ("---\na: é\né: caf".encode() + b"\xe9\n---\n", [(3, 7, "not-utf-8")]),
    "Latin-1 in the body": (b"---\na: b\n---\ncaf\xe9", [(4, 4, "not-utf-8")]),
    "surrogates in UTF-8": (b"---\na: \xed\xa0\x80\n---\n", [(2, 4, "not-utf-8")]),
    "too large": ("---\na: " + "x" * MAX_SIZE + "\n---\n", [(1, 1, "too-large")]),
    "too large in bytes": ("---\na: " + "é" * (MAX_SIZE // 2) + "\n---\n", [(1, 1, "too-large")]),
    "duplicate key": ("---\na: 1\nb: 2\na: 3\n---\n", [(4, 1, "duplicate-key")]),
    "duplicate key below": ("---\na:\n  b: 1\n  b: 2\n---\n", [(4, 3, "duplicate-key")]),
    "duplicate key, quoted": ("---\na: 1\n'a': 2\n---\n", [(3, 1, "duplicate-key")]),
    "anchor": ("---\na: &x 1\n---\n", [(2, 4, "yaml-anchor")]),
    "anchor on a list": ("---\na: &x [1]\n---\n", [(2, 4, "yaml-anchor")]),
    "alias": ("---\na: *x\n---\n", [(2, 4, "yaml-alias")]),
    "alias as a key": ("---\n*x : 1\n---\n", [(2, 1, "yaml-alias")]),
    "python tag": ("---\na: !!python/object/apply:os.system [ls]\n---\n", [(2, 4, "yaml-tag")]),
    "harmless tag": ("---\na: !!str 1\n---\n", [(2, 4, "yaml-tag")]),
    "bare tag": ("---\na: ! 1\n---\n", [(2, 4, "yaml-tag")]),
    "tag on the whole": ("---\n!!map\na: 1\n---\n", [(2, 1, "yaml-tag")]),
    "merge key": ("---\n<<: {a: 1}\n---\n", [(2, 1, "yaml-merge")]),
    "merge of an alias": ("---\na: &x {b: 1}\nc:\n  <<: *x\n---\n", [(2, 4, "yaml-anchor"), (4, 7, "yaml-alias"), (4, 3, "yaml-merge")]),
    "all at once": ("---\na: 1\na: 2\nb: &x 1\nc: *x\nd: !t 1\n---\n", [(3, 1, "duplicate-key"), (4, 4, "yaml-anchor"), (5, 4, "yaml-alias"), (6, 4, "yaml-tag")]),
    "list as a key": ("---\n? [a]\n: b\n---\n", [(2, 3, "yaml-key")]),
    "map as a key": ("---\n{a: b}: c\n---\n", [(2, 1, "yaml-key")]),
    "a list": ("---\n- a\n---\n", [(2, 1, "not-a-mapping")]),
    "a text": ("---\nhello\n---\n", [(2, 1, "not-a-mapping")]),
    "colon in a title": ("---\ntitle: One: two\n---\n", [(2, 11, "yaml-syntax")]),
    "tab": ("---\na:\n\tb: c\n---\n", [(3, 1, "yaml-syntax")]),
    "open quote": ('---\na: "b\n---\n', [(3, 1, "yaml-syntax")]),
    "open bracket": ("---\na: [b\n---\n", [(3, 1, "yaml-syntax")]),
    "directive": ("---\n%YAML 1.1\na: 1\n---\n", [(3, 1, "yaml-syntax")]),
    "control character": ("---\na: b\nc: \x1b[31m\n---\n", [(3, 4, "yaml-syntax")]),
    "escaped control character": ('---\na: "\\x1b[31m"\n---\n', [(2, 4, "control-character")]),
    "escaped NUL": ('---\na: "\\0"\n---\n', [(2, 4, "control-character")]),
    "escaped surrogate": ('---\na: "\\ud800"\n---\n', [(2, 7, "yaml-syntax")]),
    "impossible escape": ('---\na: "\\UFFFFFFFF"\n---\n', [(2, 7, "yaml-syntax")]),
    "deep flow": ("---\na: " + "[" * 500 + "\n---\n", [(2, 13, "too-deep")]),
    "deep block": ("---\na:\n  " + "- " * 30_000 + "\n---\n", [(3, 21, "too-deep")]),
    "eleven deep": ("---\na: " + "[" * 10 + "x" + "]" * 10 + "\n---\n", [(2, 13, "too-deep")]),
    "many values": ("---\na: [" + "x," * 5_000 + "]\n---\n", [(2, 10_003, "too-many-values")]),
    "alias bomb": ("---\na: &a [x]\n" + "".join(f"{c}: &{c} [*{b},*{b}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)) + "---\n", None),
    "TOML duplicate": ("+++\na = 1\na = 2\n+++\n", [(3, 6, "toml-syntax")]),
    "TOML without quotes": ("+++\na = b\n+++\n", [(2, 5, "toml-syntax")]),
    "TOML deep": ("+++\na = " + "[" * 11 + "]" * 11 + "\n+++\n", [(2, 14, "too-deep")]),
    "TOML deep keys": ("+++\n" + ".".join("a" * 30_000) + " = 1\n+++\n", [(2, 1, "toml-syntax")]),
    "TOML many values": ("+++\na = [" + "1," * 5_001 + "]\n+++\n", [(2, 10_002, "too-many-values")]),
    "TOML not a number": ("+++\na = nan\n+++\n", [(2, 1, "bad-value")]),
    "TOML control character": ('+++\na = "\\u001b"\n+++\n', [(2, 1, "control-character")]),
    "TOML date of no calendar": ("+++\na = 2026-02-30\n+++\n", [(2, 5, "toml-syntax")]),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_front_matter_is_refused_at_its_place(name: str) -> None:
    """Each of these is refused, with every problem at its line and column."""
    source, expected = HOSTILE[name]
    found = refused(source)
    assert found == (expected or found)


def test_the_parser_s_own_limit_of_depth_is_told_as_ours() -> None:
    """Newer versions of libyaml refuse deep nesting themselves, before they tell of it."""
    assert [code for _, _, code in refused("---\na: " + "[" * 60_000 + "\n---\n")] == ["too-deep"]


def test_an_alias_bomb_costs_no_more_than_its_bytes() -> None:
    """Aliases are never followed: a bomb is a list of problems, one per anchor and alias."""
    codes = {code for _, _, code in refused(HOSTILE["alias bomb"][0])}
    assert codes == {"yaml-anchor", "yaml-alias"}


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


PIECES = [
    b"---\n",
    b"+++\n",
    b"a",
    b"b",
    b": ",
    b" = ",
    b"\n",
    b"- ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"&x ",
    b"*x",
    b"!t ",
    b"<<",
    b'"',
    b"'",
    b"|",
    b">",
]
PIECES += [
    b"  ",
    b"#",
    b"\\",
    b"\xff",
    b"\xc3\xa9",
    b"\0",
    b"\r\n",
    b"?",
    b",",
    b"...\n",
    b"%",
    b"~",
    b"1",
    b"\t",
    b"\xe2\x80\xa8",
    b"\\ud800",
    b"@",
    b"`",
]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join), st.sampled_from([b"---\n", b"+++\n", b""]))
@settings(max_examples=1500, deadline=None)
@example(b'a: "\\U0011ffff"\n', b"---\n")
@example(b'"\xe2\x80\xa8\xe2\x80\xa8\xe2\x80\xa8\xe2\x80\xa8', b"---\n")
def test_no_bytes_raise_anything_but_a_content_error(source: bytes, fence: bytes) -> None:
    """Whatever the bytes, the answer is front matter or a ContentError with problems at lines of the file."""
    whole = fence + source + b"\n" + fence
    try:
        split(whole, "a.md")
    except ContentError as error:
        found = error.problems
    else:
        return
    assert found
    assert all(1 <= p.line <= whole.count(b"\n") + 3 and p.column >= 1 for p in found)


def test_without_libyaml_the_same_is_read_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pure Python parser gives the same values, and refuses the same files for the same reasons."""
    accepted = "---\na: |\n  x\nb: [~, \"\", {c: 'd'}]\n---\n"
    expected, codes = (
        plain(accepted),
        {n: {c for _, _, c in refused(s)} for n, (s, _) in HOSTILE.items() if "deep" not in n},
    )
    monkeypatch.setattr(yamltext, "_new_parser", yaml.BaseLoader)
    assert plain(accepted) == expected
    found = {n: {c for _, _, c in refused(HOSTILE[n][0])} for n in codes}
    differing = {n for n in codes if found[n] != codes[n]}
    assert differing <= {"escaped surrogate"}  # Python's parser lets it pass, and we refuse it as a control character
    assert found["escaped surrogate"] == {"control-character"}


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
    where = yamltext.Marks(text).where
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
    problems = Problems("a.md", yamltext.Marks(text).where)
    assert placed(short, text) == placed(yamltext.parse(text, problems), text)
    assert problems.found == []


def test_the_usual_front_matter_goes_the_short_way() -> None:
    """Quoted, plain, empty and list values on lines of their own need no parser."""
    text = "id: a\ntitle: \"One: two\"\nsub: 'x'\ndate: 2026-03-24T09:00:00+01:00\nchannels: [brand, other]\nlink:\n"
    short = yamllines.load(text)
    assert short is not None
    assert set(short) == {"id", "title", "sub", "date", "channels", "link"}
    assert datetime.fromisoformat(short["date"].value).astimezone(UTC).hour == 8
