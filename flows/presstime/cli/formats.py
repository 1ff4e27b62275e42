"""Problems in the forms that people, programs and code hosts read."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from presstime import __version__
from presstime.model import JsonObject, Problem

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `shown` and `prefix` come before a problem's path: for people, the way there from where they
    stand; for code hosts, the content root's path in the repository. Both are "" or end with a slash. `say` puts what people read
    into their language; codes, severities and the JSON for programs stay."""

    posts: int
    problems: Sequence[Problem]
    ok: bool
    shown: str = ""
    prefix: str = ""
    say: Callable[[str], str] = str

    def count(self, severity: str) -> int:
        return sum(p.severity == severity for p in self.problems)


def as_text(report: Report) -> str:
    """Every problem with its advice, and a last line that sums up."""
    lines = [report.say(f"{report.shown}{problem}") for problem in report.problems]
    errors, warnings = report.count("error"), report.count("warning")
    parts = [_number(errors, "error")] * bool(errors) + [_number(warnings, "warning")] * bool(warnings)
    return "\n".join([*lines, report.say(f"{_number(report.posts, 'post')}: {', '.join(parts) or 'no problems'}")])


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def as_json(report: Report) -> str:
    """`{"ok", "posts", "problems"}`; paths are relative to the content root."""
    document = {"ok": report.ok, "posts": report.posts, "problems": [p.to_json() for p in report.problems]}
    return json.dumps(document, ensure_ascii=False, indent=2)


def as_github(report: Report) -> str:
    """Workflow commands, which GitHub shows at the lines of a pull request (docs.github.com, "Workflow commands")."""
    return "\n".join(
        f"::{p.severity} file={_property(report.prefix + p.path)},line={p.line},col={p.column},title={_property(p.code)}"
        f"::{_data(f'{report.say(p.message)}. {report.say(p.advice)}')}"
        for p in report.problems
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(report: Report) -> str:
    """One run of SARIF 2.1.0 (OASIS). Columns count code points; paths are relative to the repository."""
    codes = sorted({p.code for p in report.problems})
    driver = {
        "name": "Presstime",
        "version": __version__,
        "rules": [{"id": code, "shortDescription": {"text": code.replace("-", " ")}} for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(p, codes, report) for p in report.problems],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _sarif_result(problem: Problem, codes: Sequence[str], report: Report) -> JsonObject:
    place = {
        "artifactLocation": {"uri": quote(report.prefix + problem.path), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": problem.line, "startColumn": problem.column},
    }
    return {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": problem.severity,
        "message": {"text": _sarif_text(f"{report.say(problem.message)}. {report.say(problem.advice)}")},
        "locations": [{"physicalLocation": place}],
    }


def _sarif_text(text: str) -> str:
    """Braces stand for arguments there, and brackets before a parenthesis for a link (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")


FORMATS: dict[str, Callable[[Report], str]] = {"text": as_text, "json": as_json, "github": as_github, "sarif": as_sarif}
