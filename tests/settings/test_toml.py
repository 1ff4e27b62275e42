"""TOML with places: whatever tomllib reads, the scan finds."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from presstime.settings import toml

DOCUMENT = '''title = "a # b = [" # comment
"quoted key" = 'x'
[owner]  # here
name.first = """
several ] lines""""
  name.last = [ 1, { deep = "x" },
    "]",
    [2026-01-01 09:00:00, 2]]
[[item]]
n = 1
[[item]]
n = 2
[item.sub]
m = { a = 1, b = [ ] }
'''


def all_paths(value: Any, path: toml.Path = ()) -> set[toml.Path]:
    """Every path of a document's values."""
    if isinstance(value, dict):
        return {path}.union(*(all_paths(v, (*path, k)) for k, v in value.items()))
    if isinstance(value, list):
        return {path}.union(*(all_paths(v, (*path, i)) for i, v in enumerate(value)))
    return {path}


def test_every_key_has_its_place() -> None:
    """Strings, comments, arrays, inline tables, dotted keys and arrays of tables do not mislead the scan."""
    found = toml.places(DOCUMENT)
    assert set(found) == all_paths(tomllib.loads(DOCUMENT)) - {()}
    assert found["title",] == (1, 1)
    assert found["quoted key",] == (2, 1)
    assert found["owner",] == (3, 1)
    assert found["owner", "name", "last"] == (6, 3)
    assert found["owner", "name", "last", 1, "deep"] == (6, 22)
    assert found["owner", "name", "last", 2] == (7, 5)
    assert found["item",] == (9, 1)
    assert found["item", 1, "n"] == (12, 1)
    assert found["item", 1, "sub", "m", "b"] == (14, 14)


KEYS = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True), st.text("ab.\"' #=[]\n\\é", max_size=6))
STRINGS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)
VALUES = st.recursive(
    st.one_of(st.integers(-99, 99), st.booleans(), STRINGS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


def quoted(text: str) -> str:
    return '"' + "".join(f"\\u{ord(c):04x}" if c in '"\\\n' else c for c in text) + '"'


def written(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quoted(k)} = {written(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[ # comment ] }\n" + ",\n  ".join(map(written, value)) + "\n]"
    return quoted(value) if isinstance(value, str) else str(value).lower()


@given(
    st.dictionaries(KEYS, VALUES, max_size=4),
    st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=2), max_size=3),
)
@settings(deadline=None)
def test_any_document_has_all_its_places(pairs: dict[str, Any], tables: dict[str, Any]) -> None:
    """Of any document that tomllib reads, the scan finds exactly the keys, each at its own spelling."""
    lines = [f"{quoted(k)} = {written(v)}" for k, v in pairs.items()]
    for name, body in tables.items():
        if name not in pairs:
            lines += [f"[{quoted(name)}]", *(f"{quoted(k)} = {written(v)}" for k, v in body.items())]
    text = "\n".join(lines)
    found = toml.places(text)
    assert set(found) == all_paths(tomllib.loads(text)) - {()}
    for path, (line, column) in found.items():
        if isinstance(path[-1], str):
            assert text.split("\n")[line - 1][column - 1 :].lstrip("[").startswith(quoted(path[-1]))


@pytest.mark.parametrize(
    ("text", "place"),
    [("a = 1\nb = = 2", (2, 5)), ("a = [1,\n", (1, 8)), ("a = 1\na = 2\n", (2, 6)), ("a = " + "9" * 9000, (1, 1))],
)
def test_a_syntax_error_has_its_place(text: str, place: tuple[int, int]) -> None:
    """What tomllib refuses is refused where tomllib stopped."""
    with pytest.raises(toml.TomlError) as refused:
        toml.load(text)
    assert refused.value.place == place
    assert "(at " not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 30_000) + " = 1",
        "[" + ".".join("a" * 30_000) + "]",
        "a = " + "[" * 60_000,
        "a = " + "{ a = " * 10_000,
    ],
)
def test_depth_is_refused_at_once(text: str) -> None:
    """Depth costs tomllib the square of it, or the stack: it is refused before that."""
    with pytest.raises(toml.TomlError):
        toml.load(text)


@given(st.text("ab=[]{}\"'.,#\n\\ 1é\0", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is TOML or a TomlError, and the scan finds every key of the former."""
    try:
        values = toml.load(text)
    except toml.TomlError:
        return
    assert set(toml.places(text)) == all_paths(values) - {()}
