"""What ops are given is held to what README.md promises of it: policies, unit file, containers, constraints, CI recipes."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import threading
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from prefect.settings import Settings
from pydantic import BaseModel

from presstime.cli import VERBS
from presstime.embedded.prefect import KEPT
from presstime.orchestration.deployments import deployments
from presstime.settings import parse_settings
from presstime.standby import LOOK_SECONDS, PATIENCE_SECONDS
from presstime.stores.public import FOLDER, FRESH, LIFE
from presstime.web.comment import MARKER
from presstime.wire import MARK, STATE
from tests.kit import SETTINGS

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


HOUSES = ("compose.yaml", "compose.team.yaml")
houses = pytest.mark.parametrize("name", HOUSES)


def compose(name: str) -> dict[str, Any]:
    """The services of a compose file, YAML's own merges done."""
    found: dict[str, Any] = yaml.safe_load((INFRA / name).read_text())["services"]
    return found


def test_every_image_is_pinned_by_a_tag() -> None:
    """No `latest`: neither in the compose files, nor in the Containerfile, nor on Kubernetes, nor in the CI recipes."""
    images = [service["image"] for name in HOUSES for service in compose(name).values()]
    for path in (INFRA / "Containerfile", INFRA / "kubernetes/presstime.yaml", INFRA / "ci/gitlab-ci.yml"):
        found = re.findall(r"^ *(?:FROM|image:) (\S+)", path.read_text(), re.MULTILINE)
        assert found, path
        images += found
    assert all(re.fullmatch(r"[a-z./-]+:\d+\.\d+[\w.-]*", image) for image in images), images


def test_the_image_is_that_of_this_version() -> None:
    """Compose files, Kubernetes values and recipes name the version that pyproject.toml has."""
    version = project()["version"]
    for name in HOUSES:
        assert compose(name)["worker"]["image"] == f"presstime:{version}"
    assert values("server")["global"]["prefect"]["image"]["prefectTag"] == version
    assert values("worker")["worker"]["image"]["prefectTag"] == version
    for path in [*(INFRA / "ci").iterdir(), *(INFRA / "kubernetes").iterdir()]:
        named = re.findall(r"presstime(?:==|:)(\d[\w.]+)", path.read_text())
        assert set(named) <= {version}, path.name


@houses
def test_everything_that_is_waited_for_is_there(name: str) -> None:
    """Each service waits for services of the same file, and for health only where there is a health check."""
    services = compose(name)
    for service in services.values():
        for other, how in service.get("depends_on", {}).items():
            assert other in services
            if how["condition"] == "service_healthy":
                assert "test" in services[other]["healthcheck"], other


@houses
def test_only_who_passes_has_the_images_health_check(name: str) -> None:
    """The image's own check asks for the age of the last pass: whoever makes none has another, or none."""
    for called, service in compose(name).items():
        if service["image"].startswith("presstime:") and called not in ("worker", "standby"):
            assert "healthcheck" in service, called


def test_the_health_check_reads_the_mark_of_a_pass() -> None:
    """HEALTHCHECK looks at the file that a pass touches, for longer than `up` waits before it does a pass itself."""
    found = re.search(r"find /srv/newsroom/(\S+) -mmin -(\d+)", (INFRA / "Containerfile").read_text())
    assert found
    assert found[1] == f"{STATE}/{MARK}"
    assert int(found[2]) * 60 > PATIENCE_SECONDS + LOOK_SECONDS


def test_the_containers_run_what_there_is() -> None:
    """One machine: `presstime up` as a worker. A team: Prefect's workers, and the flows registered before they start."""
    one, team = compose("compose.yaml"), compose("compose.team.yaml")
    assert verb_of(one["worker"]["command"]) == "up"
    assert verb_of(team["deploy"]["command"]) == "deploy"
    assert [
        *team["worker"]["entrypoint"],
        *team["worker"]["command"],
    ] == ["prefect", "worker", "start", "--pool", "presstime"]
    assert team["worker"]["depends_on"]["deploy"]["condition"] == "service_completed_successfully"
    assert verb_of(team["standby"]["command"]) == "standby"
    assert "prefect" not in team["standby"]["depends_on"]  # it is there for when Prefect is not
    for services in (one, team):
        assert services["worker"]["environment"]["PREFECT_API_URL"] == "http://prefect:4200/api"
    containerfile = (INFRA / "Containerfile").read_text()
    assert json.loads(re.findall(r"^CMD (.+)$", containerfile, re.MULTILINE)[0])[0] in VERBS
    assert re.search(r"^USER (?!root|0\b)", containerfile, re.MULTILINE)


def test_a_teams_prefect_is_several() -> None:
    """Two API servers without services, the services once, four workers, the migration before all."""
    team = compose("compose.team.yaml")
    assert (team["prefect"]["deploy"]["replicas"], team["worker"]["deploy"]["replicas"]) == (2, 4)
    assert "--no-services" in team["prefect"]["command"]
    assert team["services"]["command"] == ["server", "services", "start"]
    assert "deploy" not in team["services"]
    assert team["prefect"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


@houses
def test_no_secret_stands_in_a_file(name: str) -> None:
    """Passwords and keys come from the environment: the compose files demand them and have none of their own."""
    for service in compose(name).values():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", variable):
                assert str(value).startswith("${"), variable


# --- Prefect's settings, which stand in four places --------------------------------------------------------------------


def env_file(name: str) -> dict[str, str]:
    lines = (INFRA / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


VALUES = {"server": INFRA / "kubernetes/prefect-server.yaml", "worker": INFRA / "kubernetes/prefect-worker.yaml"}


def values(chart: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(VALUES[chart].read_text())
    return found


@pytest.mark.parametrize("name", ["prefect-server.env", "prefect-worker.env"])
def test_prefect_knows_every_setting(name: str) -> None:
    """Each variable of the env files is a setting of the Prefect that is installed, or of prefect-redis: no typing error is
    passed over in silence, as Prefect does it."""
    known = _names(Settings)
    redis = {"PREFECT_REDIS_MESSAGING_URL", "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL"}
    assert set(env_file(name)) - known - redis - {"DO_NOT_TRACK"} == set()


def _names(model: type[BaseModel]) -> set[str]:
    """Every environment variable that a settings model and those below it read."""
    found: set[str] = set()
    for field in model.model_fields.values():
        below = field.annotation
        if isinstance(below, type) and issubclass(below, BaseModel):
            found |= _names(below)
        choices = getattr(field.validation_alias, "choices", [field.validation_alias])
        found |= {str(choice).upper() for choice in choices if isinstance(choice, str)}
    prefix = str(model.model_config.get("env_prefix", ""))
    return found | {f"{prefix}{name}".upper() for name in model.model_fields}


def test_every_server_forgets_what_is_old() -> None:
    """Wherever a Prefect server is set up, its database is bounded by the settings that `up` gives its own."""
    one = compose("compose.yaml")["prefect"]["environment"]
    assert KEPT.items() <= one.items()
    assert KEPT.items() <= env_file("prefect-server.env").items()


def test_compose_moves_what_is_elsewhere_and_nothing_more() -> None:
    """compose.team.yaml overrides just the settings of prefect-server.env that say 127.0.0.1 of a server that is elsewhere."""
    local = {name for name, value in env_file("prefect-server.env").items() if "127.0.0.1" in value}
    moved = set(compose("compose.team.yaml")["prefect"]["environment"])
    assert moved == local - {"PREFECT_UI_API_URL"}  # that is the browser's


def test_kubernetes_has_the_same_settings() -> None:
    """The values say what prefect-*.env say, as far as the charts do not say it by themselves."""
    server, env = values("server"), env_file("prefect-server.env")
    by_chart = {  # templates/_helpers.tpl, `backgroundServices.envVars`, and the database's secret
        "PREFECT_API_DATABASE_CONNECTION_URL",
        "PREFECT_API_DATABASE_MIGRATE_ON_START",
        "PREFECT_MESSAGING_BROKER",
        "PREFECT_MESSAGING_CACHE",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE",
        "PREFECT_REDIS_MESSAGING_URL",  # as host and port
        "PREFECT_SERVER_DOCKET_URL",
        "PREFECT_SERVER_LOGGING_LEVEL",
        "PREFECT_UI_API_URL",
    }
    ours = {one["name"]: one["value"] for one in server["global"]["prefect"]["env"]}
    assert set(env) - by_chart == set(ours)
    assert {n: v for n, v in ours.items() if "redis://" not in v} == {
        n: v for n, v in env.items() if n in ours and "redis://" not in v
    }
    messaging = server["backgroundServices"]["messaging"]
    where = f"{messaging['redis']['host']}:{messaging['redis']['port']}"
    assert messaging["docket"]["url"] == f"redis://{where}/0" == ours["PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL"]
    config, worker = values("worker")["worker"]["config"], env_file("prefect-worker.env")
    assert str(config["queryInterval"]) == worker["PREFECT_WORKER_QUERY_SECONDS"]
    assert str(config["prefetchSeconds"]) == worker["PREFECT_WORKER_PREFETCH_SECONDS"]


CHARTS = os.environ.get("PRESSTIME_CHARTS")  # the folder `charts` of a clone of PrefectHQ/prefect-helm
LEANED_ON = {  # what our values lean on, where the charts' own schemas are not at hand
    "server": """global.prefect.image.repository global.prefect.image.prefectTag global.prefect.env server.replicaCount
        server.command server.args server.automountServiceAccountToken server.uiConfig.prefectUiApiUrl
        server.basicAuth.enabled server.basicAuth.existingSecret server.resources.requests server.resources.limits
        backgroundServices.runAsSeparateDeployment backgroundServices.replicaCount backgroundServices.command
        backgroundServices.args backgroundServices.automountServiceAccountToken backgroundServices.resources.requests
        backgroundServices.resources.limits backgroundServices.messaging.redis.host backgroundServices.messaging.redis.port
        backgroundServices.messaging.docket.url migrations.entrypoint secret.create secret.name postgresql.enabled
        redis.enabled""",
    "worker": """worker.replicaCount worker.image.repository worker.image.prefectTag worker.command worker.args
        worker.config.workPool worker.config.type worker.config.queryInterval worker.config.prefetchSeconds
        worker.config.http2 worker.apiConfig worker.selfHostedServerApiConfig.apiUrl
        worker.selfHostedServerApiConfig.basicAuth.enabled worker.selfHostedServerApiConfig.basicAuth.existingSecret
        worker.livenessProbe.enabled worker.resources.requests worker.resources.limits worker.podSecurityContext
        worker.containerSecurityContext worker.extraEnvVars worker.extraEnvVarsSecrets worker.initContainer.extraContainers
        worker.extraVolumes worker.extraVolumeMounts role.create rolebinding.create""",
}


@pytest.mark.parametrize("chart", LEANED_ON)
def test_the_values_are_of_the_charts(chart: str) -> None:
    """The values hold to the chart's own values.schema.json (PRESSTIME_CHARTS says where it lies); always, to the names in it that
    were looked up there."""
    if CHARTS:
        schema = json.loads(Path(CHARTS, f"prefect-{chart}", "values.schema.json").read_text())
        jsonschema.validate(values(chart), schema)
    names = LEANED_ON[chart].split()

    def leaves(node: Any, path: str = "") -> Iterator[str]:
        if path in names or not isinstance(node, dict):
            yield path
            return
        for key, below in node.items():
            yield from leaves(below, f"{path}.{key}".lstrip("."))

    assert sorted(leaves(values(chart))) == sorted(names)


def test_a_chart_is_named_with_its_version() -> None:
    """The commands in the values' heads install one version of the charts, the same for both."""
    found = [re.findall(r"--version (\S+)", path.read_text()) for path in VALUES.values()]
    assert found[0] == found[1]
    assert len(found[0]) == 1


def test_every_alarm_has_its_section() -> None:
    """The table of RUNBOOK.md and its sections are the same, and each says what it means, how it shows, what to do, how it was tried."""
    page = (INFRA / "RUNBOOK.md").read_text()
    listed = re.findall(r"^\| \[([^]]+)\]\(#([a-z-]+)\)", page, re.MULTILINE)
    sections = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [title for title, _ in listed] == sections
    assert all(anchor == title.lower().replace(" ", "-") for title, anchor in listed)
    for text in page.split("\n## ")[1:]:
        assert [word in text for word in ("**Means**", "**See**", "**Do**", "**Tried")] == [True] * 4, text[:40]


# --- prefect.yaml -----------------------------------------------------------------------------------------------------


def test_prefect_yaml_has_what_deploy_registers() -> None:
    """Each deployment of `deployments`, and no other, with its entrypoint, words, schedule and tags. What a server makes of both is
    compared in tests/real/test_deployments.py."""
    written = yaml.safe_load((INFRA / "prefect.yaml").read_text())["deployments"]
    settings = parse_settings(SETTINGS.replace("Maison Verne", "Verne").encode())
    root, newsroom = "{{ $PRESSTIME_ROOT }}", "{{ $PRESSTIME_NEWSROOM }}"
    wanted = [
        {
            "name": one.name.replace("verne", newsroom),
            "entrypoint": one.entrypoint,
            "description": one.description,
            **({"tags": one.tags} if one.tags else {}),
            **({"schedules": [_schedule(s.schedule) for s in one.schedules]} if one.schedules else {}),
            "parameters": {key: root if value == "/srv/newsroom" else value for key, value in one.parameters.items()},
            "work_pool": {"name": one.work_pool_name},
        }
        for one in deployments(Path("/srv/newsroom"), settings, "presstime")
    ]
    assert written == wanted, yaml.safe_dump(wanted, sort_keys=False)


def _schedule(schedule: Any) -> dict[str, Any]:
    cron = getattr(schedule, "cron", None)
    return {"cron": cron} if cron else {"interval": schedule.interval.total_seconds()}


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

WORKFLOWS = [ROOT / ".github/workflows/ci.yml", *sorted((INFRA / "ci").glob("github-*.yml"))]
RIGHTS = {"comment": {"contents": "read", "pull-requests": "write"}, "sync": {}}  # of a job; others read the content


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_hold_no_rights_and_pin_their_actions(path: Path) -> None:
    """No permission at the top, what is needed in the job, actions by commit, no token left behind by the checkout."""
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == RIGHTS.get(name, {"contents": "read"})
        uses = [step for step in job["steps"] if "uses" in step]
        assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]) for step in uses)
        assert [step["with"]["persist-credentials"] for step in uses if "checkout" in step["uses"]] == [False] * bool(
            uses
        )


def test_our_ci_runs_the_one_entry_point_on_both_ends_of_what_is_supported() -> None:
    """`.ci/run` on the oldest Python that pyproject.toml allows and on a newer one."""
    job = yaml.safe_load(WORKFLOWS[0].read_text())["jobs"]["ci"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert project()["requires-python"] == ">=3.11"
    assert job["steps"][-1]["run"] == ".ci/run"


class CodeHost(BaseHTTPRequestHandler):
    """As much of GitHub's and GitLab's API for comments as the recipes use. `kept` are the comments, oldest first."""

    kept: ClassVar[list[dict[str, Any]]] = []
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        if self.path.endswith("/user"):
            return self._answer({"id": 7})
        page = int(parse_qs(urlsplit(self.path).query)["page"][0])
        return self._answer(self.kept[(page - 1) * 2 : page * 2])  # pages of two: the recipe must turn them

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        if self.command == "POST":
            self.kept.append(ours(len(self.kept) + 1, body))
        else:
            number = int(self.path.rpartition("/")[2])
            next(c for c in self.kept if c["id"] == number)["body"] = body
        self.asked.append(self.command)
        self._answer({})

    do_PATCH = do_PUT = do_POST  # noqa: N815 - the names that the server looks for

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


def ours(number: int, body: str) -> dict[str, Any]:
    return {"id": number, "body": body, "user": {"login": "github-actions[bot]"}, "author": {"id": 7}}


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_there_is_one_comment_and_it_is_changed_in_place(host: str, tmp_path: Path) -> None:
    """The recipe's own shell, run twice: one comment is made, then changed; somebody's copy of its first line is left alone."""
    if not all(map(shutil.which, ("bash", "curl", "jq"))):
        pytest.skip("bash, curl and jq are needed")
    recipes = {"github": "github-comment.yml", "gitlab": "gitlab-ci.yml"}
    recipe = yaml.safe_load((INFRA / "ci" / recipes[host]).read_text())
    if host == "github":
        script = [step["run"] for step in recipe["jobs"]["comment"]["steps"] if step.get("name", "").endswith(" it")]
    else:
        script = recipe["presstime-comment"]["script"]
    assert len(script) == 2
    stub = tmp_path / "presstime"
    stub.write_text('#!/bin/sh\nprintf "<!-- presstime:changes -->\\n%s \\"x\\" @ada\\n" "$TURN"\n')
    stub.chmod(0o755)
    theirs = {"id": 1, "body": f"{MARKER}\nmine", "user": {"login": "eve"}, "author": {"id": 8}}
    others = [theirs, *({**theirs, "id": n, "body": "Nice"} for n in (2, 3))]
    CodeHost.kept[:], CodeHost.asked[:] = others, []
    with ThreadingHTTPServer(("127.0.0.1", 0), CodeHost) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_API_URL": url, "CI_API_V4_URL": url, "no_proxy": "*"}
        env |= {"GH_TOKEN": "t", "PRESSTIME_COMMENT_TOKEN": "t", "GITHUB_REPOSITORY": "o/r", "NUMBER": "5", "BASE": "b"}
        env |= {"GITHUB_SERVER_URL": url, "CI_MERGE_REQUEST_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "5"}
        env |= {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "b", "CI_PIPELINE_URL": url}
        for turn in ("first", "second"):
            done = subprocess.run(
                ["bash", "-e", "-u", "-c", "\n".join(script)],
                cwd=tmp_path,
                env={**env, "TURN": turn},
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr
        server.shutdown()
    assert CodeHost.asked == ["POST", {"github": "PATCH", "gitlab": "PUT"}[host]]
    assert [c["body"] for c in CodeHost.kept] == [f"{MARKER}\nmine", "Nice", "Nice", f'{MARKER}\nsecond "x" @ada\n']


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
    """Every relative link of infra/README.md, infra/RUNBOOK.md and content/README.md is a file of this repository."""
    for page in (INFRA / "README.md", INFRA / "RUNBOOK.md", ROOT / "content/README.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    """systemd-analyze, where it is, finds no fault in the unit (with a program that is there)."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / "presstime.service"
    copy.write_text((INFRA / "presstime.service").read_text().replace("/opt/presstime/bin/presstime", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
