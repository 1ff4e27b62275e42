"""`prefect deploy` with infra/prefect.yaml and `presstime deploy` register the same: asked of a real Prefect server after each."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.kit import PRESSTIME, Newsroom, ask_prefect, newsroom_on, own_prefect
from tests.conftest import S3Server

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
FILE = ROOT / "infra/prefect.yaml"
SAME = ("description", "entrypoint", "parameters", "tags", "paused", "job_variables", "concurrency_options")
LIMIT = ("global_concurrency_limit", "concurrency_limit")


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with own_prefect(tmp_path_factory) as environment:
        yield environment


@pytest.fixture
def newsroom(s3_server: S3Server, tmp_path: Path) -> Newsroom:
    found = newsroom_on(s3_server, tmp_path)
    found.folder.commit()
    return found


def registered(prefect: Mapping[str, str]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What counts of each deployment on the server, by its full name, and when it was last written."""
    flows = {flow["id"]: flow["name"] for flow in ask_prefect(prefect, "flows/filter")}
    found, written = {}, {}
    for one in ask_prefect(prefect, "deployments/filter"):
        schedules = [
            ({k: v for k, v in s["schedule"].items() if k != "anchor_date"}, s["active"]) for s in one["schedules"]
        ]
        limit = next((one[key] for key in LIMIT if one.get(key)), None)
        name = f"{flows[one['flow_id']]}/{one['name']}"
        found[name] = {
            **{key: one.get(key) for key in SAME},
            "schedules": schedules,
            "pool": one["work_pool_name"],
            "limit": limit["limit"] if isinstance(limit, dict) else limit,
            "form": one["parameter_openapi_schema"],
        }
        written[name] = one["updated"]
    return found, written


def test_both_ways_register_the_same(prefect: Mapping[str, str], newsroom: Newsroom) -> None:
    """Names, entrypoints, schedules, parameters, tags, pool, limits and the forms that ops fill in are equal, one by one."""
    root = newsroom.folder.path
    env = {**os.environ, **newsroom.env, **prefect}
    ours = subprocess.run(
        [PRESSTIME, "-C", root, "deploy"], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert ours.returncode == 0, ours.stderr
    by_us, first = registered(prefect)
    command = [str(Path(sys.executable).with_name("prefect")), "--no-prompt", "deploy", "--all"]
    theirs = subprocess.run(
        [*command, "--prefect-file", str(FILE)],
        env={**env, "PRESSTIME_ROOT": str(root), "PRESSTIME_NEWSROOM": "maison-verne"},
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert theirs.returncode == 0, theirs.stdout + theirs.stderr
    by_prefect, second = registered(prefect)
    assert by_prefect.keys() == by_us.keys()
    assert len(by_us) >= 3
    for name, mine in by_us.items():
        assert second[name] > first[name], f"{name} is not in {FILE.name}"
        assert by_prefect[name] == mine, name


def called(newsroom: Newsroom, name: str) -> None:
    newsroom.folder.write("presstime.toml", newsroom.settings.replace("Maison Verne", name))
    newsroom.folder.commit()


def names(prefect: Mapping[str, str], root: Path) -> set[str]:
    """The newsrooms that a folder is deployed as."""
    found = ask_prefect(prefect, "deployments/filter")
    return {one["name"].partition("-")[2] for one in found if one["parameters"]["root"] == str(root)}


def test_newsrooms_share_a_server(s3_server: S3Server, prefect: Mapping[str, str], tmp_path: Path) -> None:
    """Head office and a branch are deployed side by side; one of a name that is there already is refused, before anything is changed,
    until it is said to be the same. A newsroom that gets another name leaves nothing behind under the old."""
    office, branch, other = (newsroom_on(s3_server, tmp_path / name) for name in ("office", "branch", "other"))
    paths = [one.folder.path for one in (office, branch, other)]
    for one, name in ((office, "Head office"), (branch, "Verne, Lyon"), (other, "HEAD OFFICE!")):
        called(one, name)
    for one in (office, branch):
        done = one.call("deploy", env=prefect)
        assert (done.code, done.out.count("deployed ")) == (0, 14), done.said
    assert [names(prefect, path) for path in paths] == [{"head-office"}, {"verne-lyon"}, set()]
    refused = other.call("deploy", env=prefect)
    assert (refused.code, f"in {paths[0]}" in refused.err, "--moved" in refused.err) == (2, True, True), refused.said
    assert [names(prefect, path) for path in paths] == [{"head-office"}, {"verne-lyon"}, set()]
    assert other.call("deploy", "--moved", env=prefect).code == 0
    assert [names(prefect, path) for path in paths] == [set(), {"verne-lyon"}, {"head-office"}]
    called(branch, "Verne, Paris")
    assert branch.call("deploy", env=prefect).code == 0
    assert [names(prefect, path) for path in paths] == [set(), {"verne-paris"}, {"head-office"}]


def test_the_file_names_no_more_than_it_must() -> None:
    """Where it lies is said by one variable; no path of anybody's machine stands in prefect.yaml."""
    text = FILE.read_text()
    assert yaml.safe_load(text)["pull"]
    assert all(one["parameters"] == {"root": "{{ $PRESSTIME_ROOT }}"} for one in yaml.safe_load(text)["deployments"])
