"""What is put into a file that is there: everything else in it stays as it was, or nothing is done."""

import json
from pathlib import Path

import pytest
import yaml

from presstime.scaffold.extras import EXTRAS, Place, place_of
from presstime.scaffold.files import File, add_hooks, add_keys, add_lines, plain_json, steps, write
from presstime.settings import parse_settings

KEYS = '{"[markdown]": {"editor.tabCompletion": "onlySnippets"}}'
SETTINGS = parse_settings(
    b'[newsroom]\nname = "N"\ntimezone = "UTC"\n[content]\nposts = ["posts"]\n'
    b'[channels.a]\nnetwork = "memory"\n[channels.b]\nnetwork = "memory"\n[groups]\nagencies = ["a", "b"]\n'
    b'[slots]\nweekday = ["Mon 09:00"]\n'
)
HOOKS = next(EXTRAS["pre-commit"](SETTINGS, Place())).text


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("node_modules/\n", "node_modules/\n.presstime/\npublic/\n"),
        ("node_modules/", "node_modules/\n.presstime/\npublic/\n"),
        ("/public\n# mine\n.presstime\n", "/public\n# mine\n.presstime\n"),
        ("", ".presstime/\npublic/\n"),
    ],
)
def test_missing_lines_are_added(there: str, expected: str) -> None:
    """Of .gitignore: only what is missing, at the end."""
    assert add_lines(there, ".presstime/\npublic/\n") == expected


@pytest.mark.parametrize(
    "there",
    [
        '{\n  // what I like\n  "editor.rulers": [120], /* not more */\n  "x": "a // b",\n}\n',
        '// mine\n{ "a": 1 }',
        "{}",
        "{\n}\n",
        "{ /* nothing yet */ }",
        '{"a": {"b": [1, 2,],},}',
    ],
)
def test_keys_are_added_to_json_with_comments(there: str) -> None:
    """Every byte that was there is there still, in its order, and the whole reads as both together."""
    merged = add_keys(there, KEYS)
    assert merged is not None
    assert plain_json(merged) == {**plain_json(there), **json.loads(KEYS)}
    head, tail = there.split("{", 1)
    assert merged.startswith(head + "{")
    assert merged.endswith(tail)
    assert add_keys(merged, KEYS) == merged


@pytest.mark.parametrize("there", ['{"[markdown]": {"editor.wordWrap": "on"}}', "[]", "not JSON", '{"a": 1', ""])
def test_what_cannot_be_added_safely(there: str) -> None:
    """A key with another value, or a file that cannot be read, is left to a person."""
    assert add_keys(there, KEYS) is None


@pytest.mark.parametrize(
    "there",
    [
        "# mine\nrepos:\n  - repo: https://x.example/y\n    rev: v1  # keep\n    hooks:\n      - id: z\n",
        "repos:\n- repo: https://x.example/y\n  rev: v1\n  hooks:\n  - id: z\n",
        "repos:\n-   repo: https://x.example/y\n    rev: v1\n    hooks:\n    -   id: z",
        "default_stages: [pre-commit]\nrepos:\n  - repo: local\n    hooks: [{id: z, name: z, entry: z, language: system}]\n",
    ],
)
def test_a_hook_is_added(there: str) -> None:
    """At the end of the list, in the list's own indentation; a second time nothing is added."""
    merged = add_hooks(there, HOOKS)
    assert merged is not None
    assert merged.startswith(there.rstrip())
    before, after = yaml.safe_load(there), yaml.safe_load(merged)
    assert after["repos"][:-1] == before["repos"]
    assert after["repos"][-1]["hooks"][0]["id"] == "presstime-check"
    assert add_hooks(merged, HOOKS) == merged


@pytest.mark.parametrize(
    "there", ["repos: []\n", "repos:\n  - repo: x\n    hooks: []\nci: {skip: []}\n", "a: [", "", "- x\n"]
)
def test_where_a_hook_cannot_be_added(there: str) -> None:
    """A list that is not at the end, or no such file at all, is left to a person."""
    assert add_hooks(there, HOOKS) is None


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A file that is there stays, byte for byte, unless ours can be put into it."""
    (tmp_path / "a").write_text("mine")
    (tmp_path / "b").write_bytes(b"\xff\xfe")
    (tmp_path / "c").mkdir()
    wanted = [File("a", "x", ""), File("b", "x", "", add_lines), File("c", "x", "", add_lines), File("d/e", "x", "")]
    planned = steps(tmp_path, wanted)
    assert [step.does for step in planned] == ["leave", "by hand", "leave", "write"]
    assert write(tmp_path, planned) == ["d/e"]
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_bytes()) == ("mine", b"\xff\xfe")


def test_snippets_offer_what_there_is() -> None:
    """Channels, groups and slots of presstime.toml; every key is there; what is written is JSON."""
    text = next(EXTRAS["vscode"](SETTINGS, Place())).text
    snippets = {s["prefix"]: s["body"] for s in json.loads(text).values()}
    assert snippets["pt-channels"] == "channels: [${1|agencies,a,b|}]"
    assert snippets["pt-slots"] == "slots: ${1|weekday|}"
    assert snippets["pt-status"] == "status: ${1|draft,ready,retracted|}"
    assert {"pt-id", "pt-title", "pt-publish_at", "pt-media", "pt-late"} <= snippets.keys()


def test_owners_count_only_when_they_are_filled_in() -> None:
    """Each line is a comment, with the groups that there are; names of people are made up by nobody."""
    file = next(EXTRAS["codeowners"](SETTINGS, Place("site/")))
    assert (file.path, next(EXTRAS["codeowners"](SETTINGS, Place("", gitlab=True))).path) == ("../.github/CODEOWNERS", ".gitlab/CODEOWNERS")  # fmt: skip
    assert all(line.startswith("#") for line in file.text.splitlines())
    assert "# /site/posts/agencies/  @your-org/agencies " in file.text
    assert "# /site/presstime.toml " in file.text


def test_the_schema_inside_of_markdown() -> None:
    """remark is told which files the schema is for, and the editor of the extension that runs it."""
    config, extensions = EXTRAS["remark"](SETTINGS, Place())
    assert '{ schemas: { "./post.schema.json": ["./posts/**/*.md"] } }' in config.text
    assert config.text.count("{") == config.text.count("}")
    assert json.loads(extensions.text) == {"recommendations": ["unifiedjs.vscode-remark"]}
    assert add_keys('{"recommendations": ["a.b"]}', extensions.text) is None


def test_the_hook_runs_where_the_newsroom_is(tmp_path: Path) -> None:
    """In a folder of the repository: the file at its top, the call with the folder."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "web/site").mkdir(parents=True)
    place = place_of(tmp_path / "web/site")
    file = next(EXTRAS["pre-commit"](SETTINGS, place))
    assert file.path == "../../.pre-commit-config.yaml"
    assert yaml.safe_load(file.text)["repos"][0]["hooks"][0]["entry"] == "presstime -C web/site check --worktree"
