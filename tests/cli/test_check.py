"""`presstime check`: what it says, in which form, and how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from presstime.cli import main
from presstime.cli.formats import FORMATS, Report
from presstime.model import Problem
from tests.content.kit import SETTINGS, GitFolder

GOOD = "---\nid: {id}\ntitle: T\npublish_at: 2026-03-24T09:00\nchannels: [brand]\n---\nText\n"
BAD = "---\nid: bad\ntitle: T\npublish_at: 2026-03-29T02:30\nchannels: [brnad]\nsumary: x\n---\nText\n"

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    """A newsroom with a good post and a bad one, not committed."""
    made = GitFolder(tmp_path / "newsroom")
    made.write("presstime.toml", SETTINGS)
    made.write("posts/good.md", GOOD.format(id="good"))
    made.write("posts/news/bad.md", BAD)
    return made


@pytest.fixture
def check(folder: GitFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs the verb in a folder; gives exit code, stdout and stderr."""

    def run(*arguments: str, cwd: Path = folder.path, root: str | None = None) -> tuple[int, str, str]:
        monkeypatch.chdir(cwd)
        options = ["-C", root] if root else []
        monkeypatch.setattr(sys, "argv", ["presstime", *options, "check", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(end.value.code or 0), out, err

    return run


def codes(out: str) -> list[tuple[str, int, str]]:
    return [(p["path"], p["line"], p["code"]) for p in json.loads(out)["problems"]]


def test_problems_are_told_by_file_and_line_with_advice(check: Check) -> None:
    """People read each problem with its remedy, then one line that sums up; errors end with 1."""
    code, out, _ = check()
    assert code == 1
    assert "posts/news/bad.md:5:12: error [unknown-channel]" in out
    assert "    Did you mean 'brand'?" in out
    assert out.splitlines()[-1] == "2 posts: 1 error, 1 warning"


def test_all_is_well(check: Check, folder: GitFolder) -> None:
    """Without a problem there is one line, and 0."""
    (folder.path / "posts/news/bad.md").unlink()
    assert check() == (0, "1 post: no problems\n", "")


def test_json_has_the_promised_shape(check: Check) -> None:
    """Programs read one document with stable keys on stdout."""
    code, out, err = check("--format", "json")
    document = json.loads(out)
    assert (code, err) == (1, "")
    assert (set(document), document["ok"], document["posts"]) == ({"ok", "posts", "problems"}, False, 2)
    assert set(document["problems"][0]) == {"path", "line", "column", "severity", "code", "message", "advice"}
    assert codes(out) == [("posts/news/bad.md", 5, "unknown-channel"), ("posts/news/bad.md", 6, "unknown-key")]


def test_warnings_stop_only_the_strict(check: Check, folder: GitFolder) -> None:
    """A warning ends with 0, with --strict with 1."""
    folder.write("posts/news/bad.md", GOOD.format(id="b").replace("title", "sumary: x\ntitle"))
    assert check()[0] == 0
    code, out, _ = check("--strict", "--format", "json")
    assert (code, json.loads(out)["ok"]) == (1, False)


@pytest.mark.parametrize(
    ("paths", "seen"),
    [
        (["posts/good.md"], 1),
        (["posts/news"], 1),
        (["posts"], 2),
        (["."], 2),
        (["posts/good.md", "posts/news/bad.md", "posts"], 2),
        (["posts/news/"], 1),
        (["./posts/../posts/good.md"], 1),
    ],
)
def test_paths_choose_posts(check: Check, paths: list[str], seen: int) -> None:
    """Files and folders, seen from the content root."""
    assert json.loads(check("--format", "json", *paths)[1])["posts"] == seen


def test_paths_are_seen_from_here_or_from_the_content_root(check: Check, folder: GitFolder) -> None:
    """With -C, a path may be written from where one stands or from the root; an absolute one works too."""
    for path in ("newsroom/posts/good.md", "posts/good.md", str(folder.path / "posts/good.md")):
        code, out, _ = check("--format", "json", path, cwd=folder.path.parent, root="newsroom")
        assert (code, json.loads(out)["posts"]) == (0, 1)
    assert check("good.md", cwd=folder.path / "posts", root="..")[0] == 0
    assert "newsroom/posts/news/bad.md:5:12" in check(cwd=folder.path.parent, root="newsroom")[1]


@pytest.mark.parametrize(
    "path",
    [
        "posts/gone.md",
        "presstime.toml",
        "other",
        "../newsroom2",
        "/etc/passwd",
        "posts/picture.png",
        "posts/news/nothing",
    ],
)
def test_a_path_that_is_no_post_is_wrong_usage(check: Check, folder: GitFolder, path: str) -> None:
    """A path that means no post ends with 2 and a message that names it."""
    folder.write("other/a.md", GOOD.format(id="o"))
    folder.write("posts/picture.png", b"PNG")
    code, out, err = check(path)
    assert (code, out) == (2, "")
    assert path in err


def test_the_working_tree_is_checked_unless_a_commit_is_named(check: Check, folder: GitFolder) -> None:
    """--commit reads what is committed, whatever lies in the folder."""
    folder.commit()
    folder.write("posts/news/bad.md", GOOD.format(id="b"))
    assert check()[0] == check("--worktree")[0] == 0
    assert check("--commit", "HEAD")[0] == 1
    assert check("--commit", "HEAD", "posts/good.md")[0] == 0
    folder.commit()
    assert check("--commit", "main")[0] == 0
    assert check("--commit", "HEAD~1", "posts/news")[0] == 1


@pytest.mark.parametrize(
    "options",
    [["--commit", "HEAD", "--fix"], ["--commit", "HEAD", "--worktree"], ["--commit", "nope"], ["--format", "xml"]],
)
def test_calls_that_cannot_work_end_with_2(check: Check, folder: GitFolder, options: list[str]) -> None:
    """Contradictions and unknown commits are usage errors, not tracebacks."""
    folder.commit()
    code, out, err = check(*options)
    assert (code, out) == (2, "")
    assert err


def test_without_settings_the_message_names_init(check: Check, tmp_path: Path) -> None:
    """A folder that is no newsroom ends with 2 and the command that makes one."""
    (tmp_path / "empty").mkdir()
    code, _, err = check(cwd=tmp_path / "empty")
    assert code == 2
    assert "presstime init" in err


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_problems_of_the_settings_are_told_in_every_form(check: Check, folder: GitFolder, form: str) -> None:
    """An unusable presstime.toml ends with 2, with its problems in the form that was asked for."""
    folder.write("presstime.toml", '[newsroom]\ntimezone = "Europe/Pari"\n')
    code, out, _ = check("--format", form)
    assert code == 2
    assert "presstime.toml" in out
    assert "unknown-zone" in out


def test_channels_are_checked_against_their_networks(check: Check, folder: GitFolder) -> None:
    """A network nobody serves is an error at its line of presstime.toml."""
    folder.write("presstime.toml", SETTINGS.replace('network = "memory"', 'network = "memroy"', 1))
    code, out, _ = check("--format", "json", "posts/good.md")
    assert code == 1
    assert ("presstime.toml", 6, "unknown-network") in codes(out)


def test_fix_writes_ids_and_says_so(check: Check, folder: GitFolder) -> None:
    """--fix mends what it can before the check, and tells on stderr what it wrote."""
    folder.write("posts/news/bad.md", GOOD.format(id="x").replace("id: x\n", ""))
    code, out, err = check("--fix", "--format", "json")
    assert (code, json.loads(out)["ok"]) == (0, True)
    assert err == "posts/news/bad.md: id t\n"
    assert (folder.path / "posts/news/bad.md").read_text().startswith("---\nid: t\ntitle: T\n")


def test_fix_touches_only_the_chosen_posts(check: Check, folder: GitFolder) -> None:
    """With PATHs, other posts keep their lack."""
    for name in ("good", "news/bad"):
        folder.write(f"posts/{name}.md", GOOD.format(id="x").replace("id: x\n", ""))
    assert check("--fix", "posts/good.md")[0] == 0
    assert "id:" not in (folder.path / "posts/news/bad.md").read_text()


RULES = """
[policy]
forbidden_words = ["gratis", "best price"]
repeat_within = "1d"
require_summary = true
quiet_hours = "00:00-10:00"
quiet = "warn"
warn = ["no-summary"]
"""
SALE = """\
---
id: gratis-offer
title: "Nothing is Gratis"
publish_at: 2026-03-24T09:00
channels:
  tokyo:
    publish_at: 2026-03-24T19:00
    text: A text of gratis things
  brand:
tags: [spring, GRATIS]
---
See https://x.example/gratis, the
best
price, and gra**tis**, and gratis.
"""


def test_rules_are_told_where_they_are_broken(check: Check, folder: GitFolder) -> None:
    """A forbidden word at each place where it stands, in front matter and text, not in ids and addresses; other rules at
    the key they are about, with the channels."""
    folder.write("presstime.toml", SETTINGS + RULES)
    folder.write("posts/news/bad.md", SALE)
    code, out, _ = check("--format", "json", "posts/news/bad.md")
    found = [(p["line"], p["column"], p["code"], p["severity"]) for p in json.loads(out)["problems"]]
    assert code == 1
    assert found == [
        (1, 1, "no-summary", "warning"),
        (3, 20, "forbidden-word", "error"),
        (4, 13, "quiet-hours", "warning"),
        (8, 21, "forbidden-word", "error"),
        (10, 16, "forbidden-word", "error"),
        (13, 1, "forbidden-word", "error"),
        (14, 28, "forbidden-word", "error"),
    ]
    [quiet] = [p for p in json.loads(out)["problems"] if p["code"] == "quiet-hours"]
    assert quiet["message"].startswith("on channel brand: due at 09:00")
    assert "file=posts/news/bad.md,line=13,col=1,title=forbidden-word::" in check("--format", "github")[1]


def test_a_word_that_only_a_template_says_is_told_with_the_channel(check: Check, folder: GitFolder) -> None:
    """What stands nowhere in the file is told at its top, with the channels that say it."""
    folder.write("presstime.toml", SETTINGS + RULES.replace("require_summary = true", ""))
    folder.write("templates/tokyo.j2", "{{ post.title | plain }} gratis")
    folder.write(
        "posts/news/bad.md", GOOD.format(id="b").replace("[brand]", "[brand, tokyo]").replace("09:00", "11:00")
    )
    out = json.loads(check("--format", "json", "posts/news")[1])
    assert [(p["line"], p["code"], p["message"]) for p in out["problems"]] == [
        (1, "forbidden-word", "on channel tokyo: 'gratis' is forbidden")
    ]


def test_posts_that_repeat_each_other_are_told(check: Check, folder: GitFolder) -> None:
    """The later of two posts that say the same on one channel within the time; a draft and other channels count not."""
    folder.write("presstime.toml", SETTINGS + '[policy]\nrepeat_within = "1d"\n')
    for name, change in (("good", ""), ("news/bad", "T10"), ("draft", "status: draft\n"), ("far", "[tokyo]")):
        text = GOOD.format(id=name.replace("/", "-")).replace(
            "title", f"{change}title" if "draft" in change else "title"
        )
        text = text.replace("T09", change or "T09") if change == "T10" else text
        folder.write(f"posts/{name}.md", text.replace("[brand]", change if "[" in change else "[brand]"))
    code, out, _ = check("--format", "json")
    assert code == 1
    assert codes(out) == [("posts/news/bad.md", 1, "repeated-text")]
    assert "'good'" in json.loads(out)["problems"][0]["message"]


def test_links_are_looked_at_where_the_newsroom_asks_for_it(check: Check, folder: GitFolder) -> None:
    """With check_links a link that leads nowhere is an error at its place; a host that is not public is not asked."""
    late = GOOD.format(id="b").replace("2026-03-24", "2126-03-24").replace("Text", "A [link](http://127.0.0.1:9/x).")
    folder.write("posts/news/bad.md", late)
    assert check("posts/news")[0] == 0
    folder.write("presstime.toml", SETTINGS + "[policy]\ncheck_links = true\n")
    code, out, _ = check("--format", "json", "posts/news")
    assert (code, codes(out)) == (1, [("posts/news/bad.md", 7, "broken-link")])
    assert "not public" in json.loads(out)["problems"][0]["message"]


def problem(**changes: Any) -> Problem:
    fields = {
        "path": "posts/a b,c.md",
        "line": 3,
        "column": 7,
        "severity": "error",
        "code": "bad",
        "message": "50% :x",
        "advice": "Do\nit",
    }
    return Problem(**{**fields, **changes})


def test_github_s_commands_are_escaped() -> None:
    """Percent, line ends, and in properties colons and commas are written as GitHub wants them."""
    report = Report(1, [problem(), problem(severity="warning", code="a:b")], False, prefix="content/")
    assert FORMATS["github"](report).splitlines() == [
        "::error file=content/posts/a b%2Cc.md,line=3,col=7,title=bad::50%25 :x. Do%0Ait",
        "::warning file=content/posts/a b%2Cc.md,line=3,col=7,title=a%3Ab::50%25 :x. Do%0Ait",
    ]


TEXTS = st.text("a%:,=;{}[]()\r\n \u2028é25A0D", min_size=1)
PROBLEMS = st.builds(
    problem,
    path=TEXTS,
    line=st.integers(1, 10**6),
    severity=st.sampled_from(["error", "warning"]),
    code=TEXTS,
    message=TEXTS,
)


def read_by_the_runner(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner takes it apart (actions/runner, ActionCommand.TryParseV2)."""

    def unescaped(text: str, also: Mapping[str, str]) -> str:
        for written, meant in {"%0D": "\r", "%0A": "\n", **also, "%25": "%"}.items():
            text = text.replace(written, meant)
        return text

    assert line.startswith("::")
    head, _, data = line[2:].partition("::")
    name, _, properties = head.partition(" ")
    pairs = (pair.split("=", 1) for pair in properties.split(","))
    return name, {key: unescaped(value, {"%3A": ":", "%2C": ","}) for key, value in pairs}, unescaped(data, {})


@given(st.lists(PROBLEMS, min_size=1, max_size=3))
def test_github_reads_back_what_was_meant(problems: list[Problem]) -> None:
    """Whatever stands in paths, codes and messages: one line a problem, and nothing of it is lost or taken for another part."""
    lines = FORMATS["github"](Report(1, problems, False)).split("\n")
    for line, meant in zip(lines, problems, strict=True):
        name, properties, data = read_by_the_runner(line)
        assert (name, data) == (meant.severity, f"{meant.message}. {meant.advice}")
        assert properties == {"file": meant.path, "line": str(meant.line), "col": "7", "title": meant.code}


def shape(**parts: Any) -> dict[str, Any]:
    """A closed object: all of these and nothing else."""
    return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


TEXT = {"type": "string", "minLength": 1}
POSITIVE = {"type": "integer", "minimum": 1}
# What we write of SARIF 2.1.0 (OASIS Standard, 3.13 to 3.59), as it defines it.
SARIF = shape(
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": shape(
            tool=shape(
                driver=shape(
                    name=TEXT,
                    version=TEXT,
                    rules={
                        "type": "array",
                        "items": shape(id=TEXT, shortDescription=shape(text=TEXT)),
                        "uniqueItems": True,
                    },
                )
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={
                "type": "array",
                "items": shape(
                    ruleId=TEXT,
                    ruleIndex={"type": "integer", "minimum": 0},
                    level={"enum": ["none", "note", "warning", "error"]},
                    message=shape(text={"type": "string", "pattern": r"^(?:[^{}]|\{\{|\}\})*$"}),
                    locations={
                        "type": "array",
                        "items": shape(
                            physicalLocation=shape(
                                artifactLocation=shape(
                                    uri={"type": "string", "pattern": r"^(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"},
                                    uriBaseId={"const": "%SRCROOT%"},
                                ),
                                region=shape(startLine=POSITIVE, startColumn=POSITIVE),
                            )
                        ),
                    },
                ),
            },
        ),
    },
)


@given(st.lists(PROBLEMS, max_size=3))
def test_sarif_keeps_to_its_definition(problems: list[Problem]) -> None:
    """Any problems, or none: the properties that SARIF 2.1.0 defines, of its types; braces are doubled, no text is a link."""
    document = json.loads(FORMATS["sarif"](Report(1, problems, False)))
    Draft7Validator(SARIF).validate(document)
    [run] = document["runs"]
    assert len({rule["id"] for rule in run["tool"]["driver"]["rules"]}) == len(run["tool"]["driver"]["rules"])
    assert all("](" not in result["message"]["text"] for result in run["results"])


def test_sarif_is_one_run_with_rules_and_places() -> None:
    """Code scanners read SARIF 2.1.0: each result points at its rule and at a place in the repository."""
    document = json.loads(FORMATS["sarif"](Report(1, [problem(), problem(code="a", line=1)], False, prefix="content/")))
    run = document["runs"][0]
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    assert run["tool"]["driver"]["name"] == "Presstime"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[r["ruleIndex"]] for r in run["results"]] == [r["ruleId"] for r in run["results"]] == ["bad", "a"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "content/posts/a%20b%2Cc.md", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3, "startColumn": 7}


def test_code_hosts_see_paths_of_the_repository(check: Check, folder: GitFolder, tmp_path: Path) -> None:
    """Where the content root is a folder of a repository, annotations name the path from the repository's top."""
    site = GitFolder(tmp_path / "site")
    site.write("content/presstime.toml", SETTINGS)
    site.write("content/posts/bad.md", BAD)
    assert "file=content/posts/bad.md,line=5" in check("--format", "github", cwd=site.path, root="content")[1]


def test_check_imports_nothing_that_a_plain_post_does_not_need(folder: GitFolder) -> None:
    """The verb that runs at every save pays for nothing it does not use: no network, no Git, no parser, no pictures."""
    script = (
        "import sys\nfrom presstime.cli import main\nsys.argv = ['presstime', 'check', 'posts/good.md']\n"
        "try:\n    main()\nfinally:\n"
        "    print(sorted({m.partition('.')[0] for m in sys.modules} & {'prefect', 'boto3', 'botocore', 'pygit2', 'httpx', 'fastapi', 'pydantic', 'yaml', 'pendulum', 'PIL'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder.path,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=False,
    )
    assert done.stdout.splitlines() == ["1 post: no problems", "[]"], done.stderr
