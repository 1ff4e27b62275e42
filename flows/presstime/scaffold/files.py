"""What is to be written, and what that means where something is already: nothing is ever written over."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Merge = Callable[[str, str], str | None]  # (what is there, ours) -> the two together; None: not safely


@dataclass(frozen=True, slots=True)
class File:
    """A file to write: its path from the content root (`../` leads above it, to the repository's top), its text, and what it
    is for. `merge` puts it into one that is there; without it, that one is left as it is."""

    path: str
    text: str
    why: str
    merge: Merge | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a file: `text` is what it will be. `leave`: it stays as it is; `by_hand`: a person must put it in."""

    file: File
    does: Literal["write", "add to", "leave", "by hand"]
    text: str = ""


def steps(root: Path, files: Iterable[File]) -> list[Step]:
    return [_step(root / file.path, file) for file in files]


def _step(place: Path, file: File) -> Step:
    if not place.exists():
        return Step(file, "write", file.text)
    if file.merge is None or not place.is_file():
        return Step(file, "leave")
    try:
        there = place.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return Step(file, "by hand")
    merged = file.merge(there, file.text)
    if merged is None:
        return Step(file, "by hand")
    return Step(file, "leave") if merged == there else Step(file, "add to", merged)


def write(root: Path, planned: Sequence[Step]) -> list[str]:
    """Write what is to be written; returns the paths. Raises `OSError`."""
    written = []
    for step in planned:
        if step.text:
            place = root / step.file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(step.text, encoding="utf-8")
            written.append(step.file.path)
    return written


# --- ways to put something in -----------------------------------------------------------------------------------------


def add_lines(there: str, ours: str) -> str:
    """The lines of ours that are missing, at the end (of .gitignore). `/public` and `public/` are the same there."""
    known = {line.strip().strip("/") for line in there.splitlines()}
    missing = [line for line in ours.splitlines() if line.strip().strip("/") not in known]
    if not missing:
        return there
    return f"{there}{'' if there.endswith(chr(10)) or not there else chr(10)}" + "".join(
        f"{line}\n" for line in missing
    )


def add_keys(there: str, ours: str) -> str | None:
    """JSON with comments: the keys of ours behind the opening brace, every other byte as it was. None if that does not read
    as both together, or a key is there with another value."""
    before, new = plain_json(there), json.loads(ours)
    if not isinstance(before, dict):
        return None
    missing = {key: value for key, value in new.items() if before.get(key) != value}
    if not missing:
        return there
    brace = _opening(there)
    if brace is None or not missing.keys().isdisjoint(before):
        return None
    lines = [f"  {json.dumps(key)}: {_indented(value)}" for key, value in missing.items()]
    merged = f"{there[: brace + 1]}\n{f',{chr(10)}'.join(lines)}{',' if before else ''}{there[brace + 1 :]}"
    return merged if plain_json(merged) == {**before, **new} else None


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2).replace("\n", "\n  ")


_TOKENS = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])', re.DOTALL)


def plain_json(text: str) -> Any:
    """The value of JSON as Visual Studio Code writes it, with comments and commas at ends; None if it is none."""
    try:
        return json.loads(_TOKENS.sub(lambda token: token[0] if token[0][0] == '"' else " ", text))
    except ValueError:
        return None


def _opening(text: str) -> int | None:
    """Where the opening brace is, outside of comments."""
    bare = _TOKENS.sub(lambda token: token[0] if token[0][0] == '"' else " " * len(token[0]), text)
    found = bare.find("{")
    return found if found >= 0 and not bare[:found].strip("\ufeff \t\r\n") else None


def add_hooks(there: str, ours: str) -> str | None:
    """A .pre-commit-config.yaml with our repository at the end of its `repos`. None if it does not end with that list, or would
    not read as both together."""
    import yaml

    try:
        before, new = yaml.safe_load(there), yaml.safe_load(ours)
        repos = before["repos"]
        if {hook["id"] for repo in new["repos"] for hook in repo["hooks"]} <= set(_ids(repos)):
            return there
        items = re.findall(r"^( *)- +repo:", there, re.MULTILINE)
        indent = items[-1] if items else "  "
        block = re.sub(r"^  ", indent, ours[ours.index("  - repo:") :], flags=re.MULTILINE)
        merged = f"{there.rstrip()}\n{block}"
        expected = {**before, "repos": [*repos, *new["repos"]]}
        return merged if yaml.safe_load(merged) == expected else None
    except (yaml.YAMLError, KeyError, TypeError, ValueError):
        return None


def _ids(repos: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    return [hook["id"] for repo in repos for hook in repo.get("hooks") or []]
