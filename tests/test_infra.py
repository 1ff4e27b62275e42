"""What ops are given is held to what README.md promises of it: policies, unit file, containers, constraints, CI recipes."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from presstime.cli import VERBS
from presstime.stores.public import FOLDER, FRESH, LIFE

ROOT = Path(__file__).parents[1]
INFRA = ROOT / "infra"
README = (INFRA / "README.md").read_text()
BUCKET = "arn:aws:s3:::verne-audit"
ENTRY = f"{BUCKET}/log/00000000000000000042.json"
WRITER = "arn:aws:iam::111122223333:role/presstime-writer"
AUDITOR = "arn:aws:iam::111122223333:role/presstime-auditor"
ADMIN = "arn:aws:iam::111122223333:root"
CREATE_ONLY = {"s3:if-none-match": "*"}


# --- the bucket for media ---------------------------------------------------------------------------------------------


class Template(yaml.SafeLoader):
    """CloudFormation's YAML, whose tags (!Ref, !Sub) stand for what they are given."""


Template.add_multi_constructor("!", lambda loader, tag, node: getattr(loader, f"construct_{node.id}")(node))


def test_media_do_not_stay_and_are_not_public() -> None:
    """What is put there goes after a day, which is longer than it is taken to be there and shown for; the bucket is private,
    without a lock; the writer may do what showing a file takes, and no more."""
    found = yaml.load((INFRA / "media.cfn.yaml").read_text(), Template)["Resources"]  # noqa: S506 - a SafeLoader
    bucket = found["Bucket"]["Properties"]
    (stays,) = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert (stays["Prefix"], stays["Status"]) == (FOLDER, "Enabled")
    assert timedelta(days=stays["ExpirationInDays"]) > FRESH + LIFE
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert not {"ObjectLockEnabled", "VersioningConfiguration"} & bucket.keys()
    granted = found["WriterPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    actions = {action for statement in granted for action in as_list(statement["Action"])}
    assert actions == {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}


# --- the bucket policy ------------------------------------------------------------------------------------------------


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """Whether every operator of a condition block holds, as IAM evaluates the ones used here."""
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            if operator == "Null":
                passed = (key not in context) == (wanted == "true")
            elif operator in ("Bool", "ArnEquals"):
                passed = context.get(key) in as_list(wanted)
            else:
                raise AssertionError(f"this evaluator does not know {operator}")
            if not passed:
                return False
    return True


def concerns(statement: Mapping[str, Any], who: str, action: str, resource: str, context: Mapping[str, str]) -> bool:
    principal = statement["Principal"]
    return (
        (principal == "*" or who in as_list(principal["AWS"]))
        and any(fnmatchcase(action, a) for a in as_list(statement["Action"]))
        and any(fnmatchcase(resource, r) for r in as_list(statement["Resource"]))
        and holds(statement.get("Condition", {}), context)
    )


def allowed(
    who: str, action: str, resource: str = ENTRY, granted: bool = False, extra: Mapping[str, str] | None = None
) -> bool:
    """IAM's rule: an explicit Deny wins; else some Allow is needed, here or, if `granted`, in the role's own policy."""
    context = {"aws:SecureTransport": "true", "aws:PrincipalArn": who, **(extra or {})}
    effects = [s["Effect"] for s in policy()["Statement"] if concerns(s, who, action, resource, context)]
    return "Deny" not in effects and (granted or "Allow" in effects)


def policy() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((INFRA / "bucket-policy.json").read_text())
    return found


def test_the_writer_creates_entries_and_never_overwrites_them() -> None:
    """A PUT under log/ passes with If-None-Match and is denied without, to the account's own root too."""
    assert allowed(WRITER, "s3:PutObject", extra=CREATE_ONLY)
    assert not allowed(WRITER, "s3:PutObject")
    assert not allowed(ADMIN, "s3:PutObject", granted=True)


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:DeleteObjectVersion"])
@pytest.mark.parametrize("who", [WRITER, AUDITOR, ADMIN])
def test_nobody_deletes_from_the_log(who: str, action: str) -> None:
    """A delete under log/ is denied even to those whose own policy grants everything."""
    assert not allowed(who, action, granted=True)


def test_checkpoints_are_as_safe_as_entries_and_snapshots_may_go() -> None:
    """Checkpoints are created once and never deleted; snapshots and the journals of renewals are created
    once too, and an administrator may delete them."""
    for folder in ("checkpoint", "snapshot", "account"):
        assert allowed(WRITER, "s3:GetObject", f"{BUCKET}/{folder}/x")
        assert allowed(WRITER, "s3:PutObject", f"{BUCKET}/{folder}/x", extra=CREATE_ONLY)
        assert not allowed(ADMIN, "s3:PutObject", f"{BUCKET}/{folder}/x", granted=True)
    assert not allowed(ADMIN, "s3:DeleteObject", f"{BUCKET}/checkpoint/x", granted=True)
    assert not allowed(ADMIN, "s3:PutObjectRetention", f"{BUCKET}/checkpoint/x", granted=True)
    for folder in ("snapshot", "account"):
        assert not allowed(WRITER, "s3:DeleteObject", f"{BUCKET}/{folder}/x")
        assert allowed(ADMIN, "s3:DeleteObject", f"{BUCKET}/{folder}/x", granted=True)


def test_writer_and_auditor_read_and_strangers_do_not() -> None:
    """The two roles read entries and list; a third principal gets nothing from the policy."""
    for who in (WRITER, AUDITOR):
        assert allowed(who, "s3:GetObject")
        assert allowed(who, "s3:ListBucket", BUCKET)
    assert not allowed("arn:aws:iam::999999999999:root", "s3:GetObject")


def test_the_auditor_only_reads() -> None:
    """The auditor sees every version and the rules, and writes nothing."""
    assert allowed(AUDITOR, "s3:GetObjectVersion")
    assert allowed(AUDITOR, "s3:ListBucketVersions", BUCKET)
    assert not allowed(AUDITOR, "s3:PutObject", extra=CREATE_ONLY)


@pytest.mark.parametrize(
    "action",
    [
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "PutLifecycleConfiguration",
        "PutBucketVersioning",
        "PutBucketObjectLockConfiguration",
        "PutReplicationConfiguration",
        "DeleteBucket",
    ],
)
def test_the_writer_does_not_change_the_rules(action: str) -> None:
    """Policy, lifecycle, versioning, lock and replication are denied to the writer and left to an administrator."""
    assert not allowed(WRITER, f"s3:{action}", BUCKET, granted=True)
    assert allowed(ADMIN, f"s3:{action}", BUCKET, granted=True)


def test_nobody_loosens_the_lock_of_an_entry() -> None:
    """Retention and legal hold come from the bucket alone."""
    for action in ("s3:BypassGovernanceRetention", "s3:PutObjectRetention", "s3:PutObjectLegalHold"):
        assert not allowed(ADMIN, action, granted=True)


def test_plain_http_is_denied() -> None:
    """Nothing passes without TLS, reading included."""
    assert not allowed(WRITER, "s3:GetObject", extra={"aws:SecureTransport": "false"})


def test_every_statement_is_explained() -> None:
    """README.md names each statement of the policy, and none that is not there."""
    table = README.partition("## The bucket")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| ([A-Z][A-Za-z, ]+) \|", table, re.MULTILINE) for name in row.split(", ")}
    assert named == {s["Sid"] for s in policy()["Statement"]}


# --- CloudFormation ---------------------------------------------------------------------------------------------------


class CloudFormation(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, resolved with the names that bucket-policy.json uses."""


def resolved(loader: CloudFormation, tag: str, node: yaml.Node) -> object:
    arns = {"Bucket.Arn": BUCKET, "WriterRole.Arn": WRITER, "AuditorRole.Arn": AUDITOR}
    text = str(node.value)
    if tag == "GetAtt":
        return arns[text]
    return text.replace("${Bucket.Arn}", BUCKET) if tag == "Sub" else f"<{text}>"


CloudFormation.add_multi_constructor("!", resolved)


def resources() -> dict[str, Any]:
    template = yaml.load((INFRA / "bucket.cfn.yaml").read_text(), Loader=CloudFormation)  # noqa: S506 - a SafeLoader
    found: dict[str, Any] = template["Resources"]
    return found


def test_the_template_has_the_same_policy() -> None:
    """The CloudFormation template sets bucket-policy.json, statement for statement."""
    assert resources()["BucketPolicy"]["Properties"]["PolicyDocument"] == policy()


def test_the_bucket_is_locked_versioned_and_closed() -> None:
    """COMPLIANCE by default, versions kept, encrypted, nothing public, nothing expires, kept when the stack goes."""
    bucket = resources()["Bucket"]
    properties = bucket["Properties"]
    assert properties["ObjectLockEnabled"] is True
    assert properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"] == "COMPLIANCE"
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert "LifecycleConfiguration" not in properties
    assert bucket["DeletionPolicy"] == "Retain"


def test_the_writers_own_policy_is_no_wider() -> None:
    """What the writer role is granted by itself is what the bucket's policy grants it."""
    own = resources()["WriterRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    bucket = [s for s in policy()["Statement"] if s["Principal"] == {"AWS": WRITER}]
    assert own == [{k: v for k, v in s.items() if k != "Principal"} for s in bucket]


# --- what is started --------------------------------------------------------------------------------------------------


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(INFRA / "presstime.service")
    return parser


def verb_of(arguments: list[str]) -> str:
    """The verb of a `presstime` command line, after its options."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "-C":
            next(rest)
        elif not argument.startswith("-"):
            return argument
    raise AssertionError(f"no verb in {arguments}")


def test_the_unit_starts_a_verb_that_exists_and_stops_it_gently() -> None:
    """systemd runs `presstime up`, sends it SIGTERM, and starts it again only after a failure."""
    service = unit()["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert Path(program).name == "presstime"
    assert verb_of(arguments) == "up"
    assert verb_of(arguments) in VERBS
    assert (service["KillSignal"], service["KillMode"], service["Restart"]) == ("SIGTERM", "mixed", "on-failure")


def test_the_unit_is_hardened() -> None:
    """No privileges to gain, and one folder of the file system to write in."""
    service = unit()["Service"]
    assert service["NoNewPrivileges"] == "true"
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == service["WorkingDirectory"]
    assert service["CapabilityBoundingSet"] == ""
    assert service["User"] not in ("", "root")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text())
    return found


def test_every_image_is_pinned_by_a_tag() -> None:
    """No `latest`: neither in compose.yaml, nor in the Containerfile, nor in the CI recipes."""
    images = [service["image"] for service in compose()["services"].values()]
    images += re.findall(r"^FROM (\S+)", (INFRA / "Containerfile").read_text(), re.MULTILINE)
    images.append(yaml.safe_load((INFRA / "ci/gitlab-ci.yml").read_text())["presstime-check"]["image"])
    assert len(images) > 5
    assert all(re.fullmatch(r"[a-z./-]+:\d+\.\d+[\w.-]*", image) for image in images), images


def test_the_image_is_that_of_this_version() -> None:
    """compose.yaml and the recipes name the version that pyproject.toml has."""
    version = project()["version"]
    assert compose()["services"]["worker"]["image"] == f"presstime:{version}"
    for recipe in (INFRA / "ci").iterdir():
        assert f"presstime=={version}" in recipe.read_text()


def test_the_worker_runs_a_verb_and_finds_prefect() -> None:
    """The worker's command exists, and everything it waits for is a service of the same file."""
    services = compose()["services"]
    assert verb_of(services["worker"]["command"]) in VERBS
    assert services["worker"]["environment"]["PREFECT_API_URL"] == "http://prefect:4200/api"
    for service in services.values():
        assert set(service.get("depends_on", {})) <= services.keys()
    containerfile = (INFRA / "Containerfile").read_text()
    assert json.loads(re.findall(r"^CMD (.+)$", containerfile, re.MULTILINE)[0])[0] in VERBS
    assert re.search(r"^USER (?!root|0\b)", containerfile, re.MULTILINE)


def test_no_secret_stands_in_a_file() -> None:
    """Passwords and keys come from the environment: compose.yaml demands them and has none of its own."""
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", name):
                assert str(value).startswith("${"), name


# --- constraints ------------------------------------------------------------------------------------------------------


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def constraints() -> dict[str, Version]:
    lines = [line for line in (INFRA / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", line) for line in lines)
    return {name: Version(version) for name, version in (line.split("==") for line in lines)}


def required() -> list[Requirement]:
    wanted = [*project()["dependencies"], *(r for extra in project()["optional-dependencies"].values() for r in extra)]
    return [r for r in map(Requirement, wanted) if r.name != project()["name"]]


@pytest.mark.parametrize("requirement", required(), ids=str)
def test_constraints_satisfy_the_project(requirement: Requirement) -> None:
    """Every requirement of pyproject.toml is pinned to a version that it allows."""
    pinned = constraints()
    name = canonicalize_name(requirement.name)
    assert name in pinned
    assert requirement.specifier.contains(pinned[name], prereleases=True)


# --- CI ---------------------------------------------------------------------------------------------------------------

WORKFLOWS = [ROOT / ".github/workflows/ci.yml", INFRA / "ci/github-actions.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_hold_no_rights_and_pin_their_actions(path: Path) -> None:
    """No permission at the top, reading alone in the job, actions by commit, no token left behind by the checkout."""
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        uses = [step for step in job["steps"] if "uses" in step]
        assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]) for step in uses)
        assert uses[0]["with"]["persist-credentials"] is False


def test_our_ci_runs_the_one_entry_point_on_both_ends_of_what_is_supported() -> None:
    """`.ci/run` on the oldest Python that pyproject.toml allows and on a newer one."""
    job = yaml.safe_load(WORKFLOWS[0].read_text())["jobs"]["ci"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert project()["requires-python"] == ">=3.11"
    assert job["steps"][-1]["run"] == ".ci/run"


def commands() -> list[tuple[str, str]]:
    """Every `presstime ...` command line in the files for ops and editors, with the file it stands in."""
    files = [
        *INFRA.rglob("*"),
        ROOT / "content/README.md",
        ROOT / ".pre-commit-hooks.yaml",
        ROOT / ".pre-commit-config.yaml",
    ]
    found = []
    for path in files:
        if path.is_file():
            lines = re.findall(
                r"(?:^|`|run: |entry: |- )(?:/\S+/)?presstime ((?:-C \S+ )?[a-z]+)\b", path.read_text(), re.MULTILINE
            )
            found += [(path.name, line.split()[-1]) for line in lines]
    return found


def test_every_command_in_the_papers_is_a_verb() -> None:
    """No page tells anybody to run a verb that this version does not have."""
    found = commands()
    assert len(found) > 20
    assert [(file, verb) for file, verb in found if verb not in VERBS] == []


def test_content_repositories_are_offered_a_hook() -> None:
    """.pre-commit-hooks.yaml offers presstime-check, which runs `presstime check` on what is about to be committed."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["language"]) == ("presstime-check", "python")
    assert shlex.split(hook["entry"])[:2] == ["presstime", "check"]


def test_links_between_the_papers_lead_somewhere() -> None:
    """Every relative link of infra/README.md and content/README.md is a file of this repository."""
    for page in (INFRA / "README.md", ROOT / "content/README.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


# --- other people's tools, where they are -----------------------------------------------------------------------------

TOOLS: dict[str, list[str]] = {
    "cfn-lint": ["cfn-lint", "infra/bucket.cfn.yaml"],
    "docker-compose": ["docker-compose", "-f", "infra/compose.yaml", "config", "--no-env-resolution", "-q"],
    "hadolint": ["hadolint", "infra/Containerfile"],
    "github-workflows": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)],
    "dependabot": ["check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"],
    "gitlab-ci": ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "infra/ci/gitlab-ci.yml"],
    "compose-spec": ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "infra/compose.yaml"],
    "actionlint": ["actionlint", *map(str, WORKFLOWS)],
}
COMPOSE_ENV = {"PREFECT_DB_PASSWORD": "a", "S3_ACCESS_KEY": "b", "S3_SECRET_KEY": "c", "NEWSROOM": "/srv/newsroom"}


@pytest.mark.parametrize("name", TOOLS)
def test_the_tools_have_nothing_to_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each linter that is installed accepts the file it is for."""
    command = TOOLS[name]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    for variable, value in COMPOSE_ENV.items():
        monkeypatch.setenv(variable, value)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    """systemd-analyze, where it is, finds no fault in the unit (with a program that is there)."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / "presstime.service"
    copy.write_text((INFRA / "presstime.service").read_text().replace("/opt/presstime/bin/presstime", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
