"""Every file of infra/ and of CI before the linters of others (the extra `lint`), and each linter before a file that is wrong."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
SCHEMA = ["check-jsonschema", "--builtin-schema"]
COMPOSE = ["docker-compose", "-f", "{file}", "config", "--no-env-resolution", "-q"]
RECIPES = ("infra/ci/github-actions.yml", "infra/ci/github-comment.yml", "infra/ci/github-sync.yml")
WORKFLOWS = (".github/workflows/ci.yml", *RECIPES)

# linter: the command, and the files it is for.
LINTERS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "hadolint": (["hadolint", "{file}"], ("infra/Containerfile",)),
    "compose": (COMPOSE, ("infra/compose.yaml", "infra/compose.team.yaml")),
    "compose-spec": ([*SCHEMA, "vendor.compose-spec", "{file}"], ("infra/compose.yaml", "infra/compose.team.yaml")),
    "cfn-lint": (["cfn-lint", "{file}"], ("infra/bucket.cfn.yaml", "infra/media.cfn.yaml")),
    "kubernetes": (["kubernetes-validate", "--strict", "{file}"], ("infra/kubernetes/presstime.yaml",)),
    "github-workflows": ([*SCHEMA, "vendor.github-workflows", "{file}"], WORKFLOWS),
    "actionlint": (["actionlint", "{file}"], WORKFLOWS),
    "zizmor": (["zizmor", "--offline", "--persona", "auditor", "{file}"], WORKFLOWS),
    "dependabot": ([*SCHEMA, "vendor.dependabot", "{file}"], (".github/dependabot.yml",)),
    "gitlab-ci": ([*SCHEMA, "vendor.gitlab-ci", "{file}"], ("infra/ci/gitlab-ci.yml",)),
    "shellcheck": (["shellcheck", "-x", "{file}"], (".ci/run", ".ci/pds/install", ".ci/cms/install")),
}
# What each must refuse: a change (pattern, replacement) of one of its files.
MISTAKES = {
    "hadolint": (r"FROM python:\S+\n", "FROM python\n"),
    "compose": (r"restart: unless-stopped", "restrat: unless-stopped"),
    "compose-spec": (r"interval: 5s", "intervall: 5s"),
    "cfn-lint": (r"VersioningConfiguration:", "VersionConfiguration:"),
    "kubernetes": (r"backoffLimit: 5", "backoffLimit: few"),
    "github-workflows": (r"runs-on:", "run-on:"),
    "actionlint": (r"\$\{\{ github.ref \}\}", "${{ github.rfe.x }}"),
    "zizmor": (r"persist-credentials: false", "persist-credentials: true"),
    "dependabot": (r"interval: weekly", "interval: sometimes"),
    "gitlab-ci": (r"when: always", "when: sometimes"),
    "shellcheck": (r'cd "\$\(dirname "\$0"\)/\.\."', "cd $(dirname $0)/.."),
}
COMPOSE_ENV = {"PREFECT_DB_PASSWORD": "a", "S3_ACCESS_KEY": "b", "S3_SECRET_KEY": "c", "NEWSROOM": "/srv/newsroom"}


def lint(command: list[str], file: Path) -> "subprocess.CompletedProcess[str]":
    beside = Path(sys.executable).with_name(command[0])
    program = str(beside) if beside.exists() else shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not installed: pip install -e '.[lint]'")
    words = [program, *(word.format(file=file) for word in command[1:])]
    return subprocess.run(
        words, cwd=ROOT, env={**os.environ, **COMPOSE_ENV}, capture_output=True, text=True, timeout=120
    )


CASES = [(name, file) for name, (_, files) in LINTERS.items() for file in files]


@pytest.mark.parametrize(("name", "file"), CASES, ids=lambda value: value)
def test_the_linters_have_nothing_to_say(name: str, file: str) -> None:
    """Each linter accepts each file that it is for."""
    if not (ROOT / file).exists():
        pytest.skip(f"{file} is not here")
    done = lint(LINTERS[name][0], ROOT / file)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", LINTERS)
def test_each_linter_would_have_said_something(name: str, tmp_path: Path) -> None:
    """The same command on the same file with one mistake in it is not accepted."""
    command, files = LINTERS[name]
    text = (ROOT / files[0]).read_text()
    wrong, count = re.subn(*MISTAKES[name], text, count=1)
    assert count == 1
    folder = tmp_path / Path(files[0]).parent
    folder.mkdir(parents=True)
    for beside in (ROOT / files[0]).parent.iterdir():
        if beside.is_file():
            shutil.copy(beside, folder)
    file = folder / Path(files[0]).name
    file.write_text(wrong)
    done = lint(command, file)
    assert done.returncode != 0, "it accepted a mistake"


def test_every_yaml_file_is_tidy() -> None:
    """yamllint, with the repository's own settings, has nothing to say of the YAML for ops and CI."""
    done = lint(["yamllint", "--strict", "infra", ".github", ".yamllint", "{file}"], ROOT / ".pre-commit-hooks.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "infra/README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][:40])
def test_the_readmes_commands_are_shell(block: str, tmp_path: Path) -> None:
    """shellcheck accepts every block of commands in infra/README.md."""
    script = tmp_path / "block.sh"
    script.write_text("#!/bin/bash\n" + block)
    done = lint(["shellcheck", "-x", "-e", "SC1091", "{file}"], script)
    assert done.returncode == 0, done.stdout


def test_no_file_of_infra_is_left_out() -> None:
    """Every file in infra/ has a linter, or a test of tests/test_infra.py that reads it."""
    linted = {file for _, files in LINTERS.values() for file in files}
    readers = ("tests/test_infra.py", "tests/real/test_deployments.py", "tests/real/test_alarms.py")
    read = "".join((ROOT / reader).read_text() for reader in readers)
    left = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "infra").rglob("*")
        if path.is_file()
        and str(path.relative_to(ROOT)) not in linted
        and path.name not in read
        and path.name != "channels.env"
    ]
    assert left == []
