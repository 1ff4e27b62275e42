"""What makes a newsroom pleasant to work in, each for whoever wants it: completion in an editor, a check before each commit,
who must look at a change."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from presstime.content.keys import KEYS, MODES, PARTIALS, Key
from presstime.scaffold.files import File, add_hooks, add_keys
from presstime.settings import Settings

SNIPPETS = ".vscode/presstime.code-snippets"
PREFIX = "pt-"
HOOK = """\
# Run `pre-commit install` once in each clone; see pre-commit.com.
repos:
  - repo: local
    hooks:
      - id: presstime-check
        name: presstime check
        entry: presstime{folder} check --worktree
        language: system
        pass_filenames: false
        files: {files}
"""
POSTS = r"(\.md|\.markdown|(^|/)presstime\.toml|\.j2|\.jpe?g|\.png|\.gif|\.webp)$"
OWNERS = """\
# Who must look at a change before it is merged, as GitHub and GitLab know it (a branch rule must ask for it, too).
# Nothing in here counts yet: who your people and teams are cannot be guessed. Put them in place of @your-org/...,
# and take away the `# ` before each line that you want. Of several lines that match a file, the last one counts.
#
# {root}presstime.toml  @your-org/editors-in-chief
# {root}templates/  @your-org/editors-in-chief
"""
REMARK = """\
// Marks what post.schema.json does not allow, in YAML front matter. Install it once:
//   npm install --save-dev remark remark-cli remark-frontmatter remark-lint-frontmatter-schema
// Then `npx remark .`, or the extension unifiedjs.vscode-remark of Visual Studio Code.
import remarkFrontmatter from "remark-frontmatter";
import remarkLintFrontmatterSchema from "remark-lint-frontmatter-schema";

export default {{
  plugins: [
    remarkFrontmatter,
    [remarkLintFrontmatterSchema, {{ schemas: {{ "./post.schema.json": {globs} }} }}],
  ],
}};
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a newsroom is: `inner` is the way from the repository's top to the content root, "" or with a slash at its end."""

    inner: str = ""
    gitlab: bool = False

    def from_root(self, path: str) -> str:
        """The way from the content root to a path of the repository's top."""
        return "../" * self.inner.count("/") + path


def place_of(root: Path) -> Place:
    """Looks for the repository around a content root; where there is none, the root will be its top."""
    root = root.resolve()
    top = next((p for p in (root, *root.parents) if (p / ".git").exists()), root)
    inner = root.relative_to(top).as_posix()
    return Place("" if inner == "." else f"{inner}/", (top / ".gitlab-ci.yml").exists())


def vscode(settings: Settings, place: Place) -> Iterator[File]:
    """Each key of front matter as a snippet: no extension of Visual Studio Code reads the schema inside of Markdown by itself."""
    text = json.dumps(dict(_snippets(settings)), ensure_ascii=False, indent=2)
    yield File(SNIPPETS, f"{text}\n", f"type {PREFIX} and Tab, or Ctrl+Space, in front matter in Visual Studio Code")
    wanted = {"[markdown]": {"editor.tabCompletion": "onlySnippets"}}
    yield File(".vscode/settings.json", f"{json.dumps(wanted, indent=2)}\n", "Tab completes these", add_keys)


def pre_commit(settings: Settings, place: Place) -> Iterator[File]:
    folder = f" -C {place.inner.rstrip('/')}" if place.inner else ""
    text = HOOK.format(folder=folder, files=f"'{POSTS}'")
    yield File(place.from_root(".pre-commit-config.yaml"), text, "`presstime check` before each commit", add_hooks)


def codeowners(settings: Settings, place: Place) -> Iterator[File]:
    """Owners are placeholders, and commented out: a name that is not there would only be an error on the code host."""
    lines = [OWNERS.format(root=f"/{place.inner}")]
    for folder in settings.content.posts:
        base = f"/{place.inner}{folder}/".replace("//", "/")
        lines.append(f"# {base}  @your-org/editors\n")
        lines += [
            f"# {base}{group}/  @your-org/{group}    # if what goes to {', '.join(members)} has a folder of its own\n"
            for group, members in settings.groups.items()
        ]
    where = ".gitlab/CODEOWNERS" if place.gitlab else ".github/CODEOWNERS"
    yield File(place.from_root(where), "".join(lines), "who must look at a change: to be filled in by you")


def remark(settings: Settings, place: Place) -> Iterator[File]:
    """The schema inside of Markdown: a linter's plugin holds YAML front matter to it, in a terminal and in editors that run it."""
    globs = json.dumps([f"./{folder}/**/*.md" if folder else "./**/*.md" for folder in settings.content.posts])
    yield File(
        ".remarkrc.mjs",
        REMARK.format(globs=globs),
        "remark holds front matter to post.schema.json: see its first lines",
    )
    wanted = {"recommendations": ["unifiedjs.vscode-remark"]}
    text = f"{json.dumps(wanted, indent=2)}\n"
    yield File(".vscode/extensions.json", text, "Visual Studio Code proposes the extension that runs remark", add_keys)


EXTRAS: Mapping[str, Callable[[Settings, Place], Iterator[File]]] = {
    "vscode": vscode,
    "pre-commit": pre_commit,
    "codeowners": codeowners,
    "remark": remark,
}
USUAL = ("vscode", "pre-commit")


# --- snippets ---------------------------------------------------------------------------------------------------------


def _snippets(settings: Settings) -> Iterator[tuple[str, object]]:
    for key in KEYS:
        if key.kind != "map":
            yield f"Presstime: {key.name}", _snippet(key.name, key.doc, f"{key.name}: {_value(key, settings)}")
    yield "Presstime: media with alt", _snippet("picture", "A picture, with what it shows.", ["media:", "  - file: $1", "    alt: $0"])  # fmt: skip


def _snippet(name: str, doc: str, body: str | list[str]) -> dict[str, object]:
    return {"scope": "markdown", "prefix": f"{PREFIX}{name}", "body": body, "description": doc}


def _value(key: Key, settings: Settings) -> str:
    """What is offered for a key: what there is to choose from, else the example."""
    choices = {
        "channels": [*settings.groups, *settings.channels],
        "slots": list(settings.slots),
        "status": ["draft", "ready", "retracted"],
        "late": ["within 2h", "publish", "skip", "ask"],
        "thread": [*MODES, *PARTIALS],
    }.get(key.name, ["true", "false"] if key.kind == "flag" else [])
    if choices:
        chosen = "${1|" + ",".join(map(_escaped, choices)) + "|}"
        return f"[{chosen}]" if key.name == "channels" else chosen
    return "${1:" + _escaped(key.example) + "}"


def _escaped(text: str) -> str:
    r"""A text in a placeholder: `$`, `}` and `\` have a meaning there, and `,` and `|` in a choice."""
    return "".join(f"\\{c}" if c in "$}\\,|" else c for c in text)
