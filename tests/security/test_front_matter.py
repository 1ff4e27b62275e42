"""T2: front matter means what its author sees, or is refused; whatever the bytes, nothing worse happens."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from presstime.content import yamltext
from presstime.content.frontmatter import split
from presstime.content.posts import load_posts
from presstime.content.worktree import WorkTree
from presstime.errors import ContentError
from presstime.settings import parse_settings
from tests.content.kit import SETTINGS
from tests.security.kit import entries, lines

LONG = os.environ.get("PRESSTIME_ALL") == "1"
CORPUS: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in entries("front_matter.yml")}
USUAL = {"id": "a", "title": "T", "publish_at": "2026-03-24T09:00", "channels": "[brand]"}


def source_of(name: str) -> bytes:
    """The file of a corpus entry."""
    entry = CORPUS[name]
    if "bytes" in entry:
        return str(entry["bytes"]).encode("latin-1")
    pieces = [entry["source"]] if isinstance(entry["source"], str) else entry["source"]
    return "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in pieces).encode()


def refused(source: bytes) -> list[tuple[int, int, str]]:
    """Where and why a file is refused."""
    with pytest.raises(ContentError) as raised:
        split(source, "posts/a.md")
    found = raised.value.problems
    assert all(p.path == "posts/a.md" and p.severity == "error" and p.message and p.advice for p in found)
    return [(p.line, p.column, p.code) for p in found]


@pytest.mark.parametrize("name", CORPUS)
def test_hostile_front_matter_is_refused_at_its_place(name: str) -> None:
    """Tags, anchors, aliases, duplicate keys, bombs and other bytes: each refused, every problem at its line and column."""
    found = refused(source_of(name))
    assert found == [tuple(one) for one in CORPUS[name].get("refused", found)]


@pytest.mark.parametrize("line", lines("values.txt"))
def test_what_would_be_read_as_something_else_is_refused(tmp_path: Path, line: str) -> None:
    """A time of day is no date and no number, `yes` is no time, a local time that no clock shows is none."""
    key = line.partition(":")[0]
    kept = "".join(f"{name}: {value}\n" for name, value in USUAL.items() if name != key)
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_text(f"---\n{kept}{line}\n---\nWords.\n", "utf-8")
    loaded = load_posts(WorkTree(tmp_path), parse_settings(SETTINGS.encode(), "presstime.toml"))
    assert loaded.posts == ()
    assert any(p.severity == "error" for p in loaded.problems)


def test_a_local_time_is_never_left_without_its_zone(tmp_path: Path) -> None:
    """A time that names no offset is the newsroom's, and what is kept of it is an instant."""
    (tmp_path / "posts").mkdir()
    kept = "".join(f"{name}: {value}\n" for name, value in USUAL.items())
    (tmp_path / "posts" / "a.md").write_text(f"---\n{kept}---\nWords.\n", "utf-8")
    loaded = load_posts(WorkTree(tmp_path), parse_settings(SETTINGS.encode(), "presstime.toml"))
    assert [target.due.isoformat() for post in loaded.posts for target in post.targets] == ["2026-03-24T08:00:00+00:00"]


def test_the_parser_s_own_limit_of_depth_is_told_as_ours() -> None:
    """Newer versions of libyaml refuse deep nesting themselves, before they tell of it."""
    assert [code for _, _, code in refused(b"---\na: " + b"[" * 60_000 + b"\n---\n")] == ["too-deep"]


def test_an_alias_bomb_costs_no_more_than_its_bytes() -> None:
    """Aliases are never followed: a bomb is a list of problems, one per anchor and alias."""
    codes = {code for _, _, code in refused(source_of("alias bomb"))}
    assert codes == {"yaml-anchor", "yaml-alias"}


def test_without_libyaml_the_same_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pure Python parser refuses the same files for the same reasons."""
    names = [name for name in CORPUS if "deep" not in name]
    codes = {name: {code for _, _, code in refused(source_of(name))} for name in names}
    monkeypatch.setattr(yamltext, "_new_parser", yaml.BaseLoader)
    found = {name: {code for _, _, code in refused(source_of(name))} for name in names}
    differing = {name for name in names if found[name] != codes[name]}
    assert differing <= {"escaped surrogate"}  # Python's parser lets it pass, and we refuse it as a control character
    assert found["escaped surrogate"] == {"control-character"}


# --- anything at all: 10,000 cases with PRESSTIME_ALL=1, else some hundreds ---


def pieces() -> Iterator[bytes]:
    """What front matter is made of, and what it should not be."""
    yield from (
        b"---\n",
        b"+++\n",
        b"...\n",
        b"\n",
        b"\r\n",
        b"\xe2\x80\xa8",
        b"\t",
        b"  ",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
        b"a",
        b"b",
        b"1",
    )
    yield from (
        b": ",
        b" = ",
        b"- ",
        b"? ",
        b", ",
        b"[",
        b"]",
        b"{",
        b"}",
        b"&x ",
        b"*x",
        b"!t ",
        b"!!python/name:os.system ",
        b"<<: ",
        b"<<",
    )
    yield from (
        b'"',
        b"'",
        b"|",
        b">",
        b"#",
        b"\\",
        b"\\ud800",
        b"%",
        b"%YAML 9.9\n",
        b"@",
        b"`",
        b"~",
        b"9:30",
        b"0x1F",
        b"1e999",
        b".inf",
    )
    yield from (
        b"publish_at: ",
        b"channels: ",
        b"title: ",
        b"2026-03-24T09:00:00",
        b"[a]\n",
        b"a.b.c = 1\n",
        b'"""',
        b"'''",
    )


ANYTHING = st.one_of(
    st.lists(st.sampled_from(list(pieces())), max_size=25).map(b"".join),
    st.binary(max_size=60),
    st.builds(
        lambda source, at, more: source[:at] + more + source[at + len(more) :],
        st.sampled_from([source_of(name) for name in CORPUS if len(source_of(name)) < 500]),
        st.integers(0, 200),
        st.sampled_from(list(pieces())),
    ),
)


@given(ANYTHING, st.sampled_from([b"---\n", b"+++\n", b""]))
@settings(max_examples=10_000 if LONG else 1_500, deadline=None)
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
