"""`presstime schema`: the JSON Schema for editors, and the tables of the author's page."""

from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from presstime.content.reference import BEGIN, END, tables
from tests.cli.kit import call


@pytest.mark.parametrize(("options", "sound"), [([], True), (["--toml"], False)])
def test_a_schema_on_stdout(tmp_path: Path, options: list[str], sound: bool) -> None:
    """It needs no newsroom, and prints one JSON Schema: of YAML, where a number is a text, too, or of TOML, where it is none."""
    done = call("schema", *options, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    Draft7Validator.check_schema(done.json)
    assert Draft7Validator(done.json).is_valid({"title": 2026}) is sound


def test_the_tables_stand_between_the_comments(tmp_path: Path) -> None:
    """Only what is between the two comments changes, and a second time changes nothing."""
    page = tmp_path / "page.md"
    page.write_bytes(f"# Über\r\n{BEGIN}\nold\n{END}\nrest\r\n".encode())
    for _ in range(2):
        assert call("schema", "--page", page).code == 0
        assert page.read_bytes().decode() == f"# Über\r\n{BEGIN}\n\n{tables()}\n\n{END}\nrest\r\n"


@pytest.mark.parametrize("text", [None, "no comments", f"{END}\n{BEGIN}\n", "\udcff"])
def test_a_page_that_cannot_hold_them_is_left_alone(tmp_path: Path, text: str | None) -> None:
    """No file, no place for the tables, no text: a usage error, and nothing is written."""
    page = tmp_path / "page.md"
    if text is not None:
        page.write_bytes(text.encode(errors="surrogateescape"))
    done = call("schema", "--page", page)
    assert (done.code, done.out) == (2, "")
    assert "page.md" in done.err
    assert page.exists() is (text is not None)
    assert text is None or page.read_bytes() == text.encode(errors="surrogateescape")
