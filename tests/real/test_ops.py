"""Prefect as ops see it, on a real server: runs that follow the plan, orders from the run form, alarms, limits."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.kit import Newsroom, ask_prefect, newsroom_on, own_prefect
from tests.conftest import S3Server

pytestmark = pytest.mark.real
NOW = datetime.now(UTC).replace(microsecond=0, second=0)
SOON, LATER = NOW + timedelta(hours=3), NOW + timedelta(hours=5)


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with own_prefect(tmp_path_factory) as environment:
        yield environment


@pytest.fixture
def newsroom(s3_server: S3Server, tmp_path: Path) -> Newsroom:
    found = newsroom_on(s3_server, tmp_path / "newsroom")
    limits = '[limits]\nfeed = 1\n[alerts]\nwebhook = "env:HOOK"\n'
    found.folder.write(
        "presstime.toml", found.settings.replace('"site-feed", "brand-mastodon"', '"site-feed"') + limits
    )
    found.folder.post("one", "The first.", SOON, campaign="spring")
    found.folder.post("two", "The second.", SOON)
    found.folder.commit()
    return found


def run(newsroom: Newsroom, prefect: Mapping[str, str], code: str) -> str:
    """Python in a process of its own, as a worker's: `root` is the newsroom."""
    program = f"root = {str(newsroom.folder.path)!r}\n{code}"
    env = {**os.environ, **newsroom.env, **prefect, "HOOK": "http://127.0.0.1:9/hook"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


ARRANGE = """
import asyncio
from pathlib import Path
from presstime.orchestration import runs
from presstime.wire import open_desk
with open_desk(Path(root)) as desk:
    for line in asyncio.run(runs.arrange(desk, desk.plan())):
        print(line)
"""


def coming(newsroom: Newsroom, prefect: Mapping[str, str], state: str = "SCHEDULED") -> list[dict[str, Any]]:
    found = ask_prefect(prefect, "flow_runs/filter", flow_runs={"state": {"type": {"any_": [state]}}})
    mine = [r for r in found if r["parameters"].get("root") == str(newsroom.folder.path) and not r["auto_scheduled"]]
    return sorted(mine, key=lambda r: str(r["name"]))


def deployed(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    done = newsroom.call("deploy", "--moved", "--pool", "ops", env={**prefect, "HOOK": "http://127.0.0.1:9/hook"})
    assert done.code == 0, done.said


def test_runs_follow_the_plan(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    """One run a minute with a name and tags that people read; a post that leaves renames it, a changed time moves it, a paused or
    deleted post has none; asking again changes nothing; a run that was taken and never began is ended."""
    deployed(newsroom, prefect)
    assert run(newsroom, prefect, ARRANGE) == ""
    [first] = coming(newsroom, prefect)
    assert first["name"] == f"{SOON:%H:%M} one +1 -> site-feed"
    assert first["tags"] == ["campaign:spring", "site-feed"] or set(first["tags"]) == {"campaign:spring", "site-feed"}
    newsroom.folder.post("one", "The first.", LATER, campaign="spring")
    newsroom.folder.commit()
    run(newsroom, prefect, ARRANGE)
    assert [r["name"] for r in coming(newsroom, prefect)] == sorted(
        [f"{SOON:%H:%M} two -> site-feed", f"{LATER:%H:%M} one -> site-feed"]
    )
    newsroom.folder.remove("posts/two.md")
    newsroom.folder.commit()
    assert "is taken out: moved, paused, or not wanted any more" in run(newsroom, prefect, ARRANGE)
    [left] = coming(newsroom, prefect)
    newsroom.call("pause", "campaign:spring", "--reason", "x")
    run(newsroom, prefect, ARRANGE)
    assert coming(newsroom, prefect) == []
    newsroom.call("resume", "campaign:spring")
    assert run(newsroom, prefect, ARRANGE) == ""
    [back] = coming(newsroom, prefect)
    assert back["name"] == left["name"]
    _lose(newsroom, prefect)


def _lose(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    """A run as a worker leaves it that was killed between taking it and beginning it, an hour ago."""
    lost = (
        "from datetime import datetime, timedelta, UTC\nfrom prefect.deployments import run_deployment\n"
        "from prefect.client.orchestration import get_client\nfrom prefect.states import Pending\n"
        "r = run_deployment('publish/publish-maison-verne', parameters={'root': root}, timeout=0, as_subflow=False, flow_run_name='lost',\n"
        "    scheduled_time=datetime.now(UTC) - timedelta(hours=1))\n"
        "with get_client(sync_client=True) as client:\n    client.set_flow_run_state(r.id, Pending(), force=True)\n"
    )
    run(newsroom, prefect, lost)
    assert [r["name"] for r in coming(newsroom, prefect, "PENDING")] == ["lost"]
    assert "run 'lost' is marked as crashed" in run(newsroom, prefect, ARRANGE)
    assert coming(newsroom, prefect, "PENDING") == []
    assert [r["name"] for r in coming(newsroom, prefect, "CRASHED")] == ["lost"]


def test_orders_from_the_run_form(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    """The forms say what each parameter is; the flow writes what the verb writes, and its state says what the verb prints."""
    deployed(newsroom, prefect)
    found = ask_prefect(prefect, "deployments/filter")
    forms = {d["name"].removesuffix("-maison-verne"): d for d in found if "ops" in d["tags"]}
    assert forms.keys() == {"pause", "resume", "retry", "skip", "retract", "settle", "accept", "undo"}
    for form in forms.values():
        assert form["description"]
        for name, one in form["parameter_openapi_schema"]["properties"].items():
            assert one.get("description"), (form["name"], name)
    rules = forms["pause"]["parameter_openapi_schema"]["definitions"]["Afterwards"]["enum"]
    assert rules == ["release", "reschedule", "skip"]
    said = run(
        newsroom,
        prefect,
        "from presstime.orchestration.orders import pause, resume\n"
        "for state in (pause('site-feed', 'a storm', 'Ada', root=root, return_state=True),\n"
        "              pause('nobody', 'x', 'Ada', root=root, return_state=True)):\n"
        "    print(state.type.value, state.message)\n",
    ).splitlines()
    assert said[0].startswith("COMPLETED channel site-feed is paused by Ada since")
    assert said[1].startswith("FAILED there is no channel or group 'nobody'")
    [event] = newsroom.call("audit", "log", "--format", "json").json
    assert (event["kind"], event["by"], event["reason"]) == ("paused", "Ada", "a storm")


def test_what_the_server_must_know(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    """`deploy` makes automations, their notification block and the limits, each once; what is not there is an error, not no limit."""
    for _ in range(2):
        deployed(newsroom, prefect)
    found = ask_prefect(prefect, "automations/filter")
    names = [a["name"] for a in found if "Maison Verne" in a["name"]]
    assert sorted(names) == [
        "presstime Maison Verne: no checkpoint for two hours",
        "presstime Maison Verne: no pass for 10 minutes",
        "presstime Maison Verne: runs that died",
        "presstime Maison Verne: somebody is needed",
        "presstime Maison Verne: the log could not be signed",
    ]
    needed = next(a for a in found if a["name"].endswith("somebody is needed"))
    assert [a["type"] for a in needed["actions"]] == ["send-notification"]
    limits = {one["name"]: one["limit"] for one in ask_prefect(prefect, "v2/concurrency_limits/filter")}
    assert limits["presstime:maison-verne:network:feed"] == 1
    newsroom.folder.post("now", "Now.", NOW - timedelta(minutes=1))
    newsroom.folder.commit()
    assert newsroom.call("publish", env={**prefect, "HOOK": "x"}).code == 0
    missing = run(newsroom, prefect, MISSING)
    assert "Prefect knows no limit for network:feed" in missing
    assert "presstime deploy" in missing


MISSING = """
from presstime.errors import SettingsError
from presstime.orchestration import _a_place
from presstime.orchestration.names import limit_name
from presstime.wire import open_desk
from pathlib import Path
from prefect.client.orchestration import get_client
with get_client(sync_client=True) as client, open_desk(Path(root)) as desk:
    client.delete_global_concurrency_limit_by_name(limit_name(desk.settings, 'network:feed'))
    try:
        with _a_place(desk, 'now/site-feed'):
            print('let through')
    except SettingsError as error:
        print(error)
"""


def test_a_problem_is_an_event(newsroom: Newsroom, prefect: Mapping[str, str]) -> None:
    """A delivery that needs a person is a custom event, with the delivery as its resource; a second pass makes no second one."""
    newsroom.folder.post("late", "Late.", NOW - timedelta(hours=9), late="skip")
    newsroom.folder.commit()
    tell = "import asyncio\nfrom presstime.orchestration import _tell, drain\nfrom presstime.orchestration.desks import desk_at\n"
    twice = "with desk_at(root) as desk:\n    desk.plan()\n    asyncio.run(_tell(desk))\n    asyncio.run(_tell(desk))\n    drain()\n"
    run(newsroom, prefect, tell + twice)

    def events() -> list[dict[str, Any]]:
        chosen = {
            "event": {"name": ["presstime.needs-person"]},
            "occurred": {"since": (NOW - timedelta(hours=1)).isoformat()},
        }
        found: list[dict[str, Any]] = ask_prefect(prefect, "events/filter", filter=chosen)["events"]
        return found

    [event] = _eventually(events)
    assert event["resource"]["prefect.resource.id"] == "presstime.delivery.late/site-feed"
    assert event["payload"]["problem"] == "missed"
    assert "publish_at" in event["payload"]["advice"]


def _eventually(ask: Callable[[], list[Any]]) -> list[Any]:
    for _ in range(40):
        if found := ask():
            return found
        asyncio.run(asyncio.sleep(0.5))
    return ask()
