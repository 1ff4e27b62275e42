"""Prefect's runs as the plan wants them: what is coming is scheduled, what moved is moved, what is not wanted any more is taken out, and
runs that nobody will end are ended. One question to the server each time, and an answer only where something differs."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zlib import crc32
from zoneinfo import ZoneInfo

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from presstime.model import Action, Post, to_iso
from presstime.orchestration.names import named
from presstime.wire import Desk

LEAD = timedelta(seconds=60)  # a delivery is picked up this long before it is due
HORIZON = timedelta(days=30)  # how far ahead runs are scheduled, so that ops see what is coming
CLAIMED = timedelta(seconds=15)  # a run that begins so soon may be a worker's already: it is left alone
LATE = timedelta(minutes=5)  # a run that did not begin by then has nothing left to do: `sync` took its deliveries
STUCK = timedelta(minutes=10)  # a run that a worker took and did not begin, by then, has lost its worker
ENDLESS = timedelta(hours=2)  # none runs so long
PART = 250  # deliveries of one minute that one run takes; more are spread over several, and so over workers
PARTS_MAX = 8
TAGS_MAX = 20
PAGE = 200  # runs that the server gives at once
SYNC, PUBLISH = "sync", "publish"
ARROW = "->"  # in the name of every run that publishes, and of no other
# Where Prefect's UI lists what is scheduled, soonest first: its page of runs
# shows the past unless it is told, and the older UI, which is what /runs alone is, whatever it is told.
COMING = f"/v2/runs?{urlencode({'state': 'Scheduled', 'flow-run-search': ARROW, 'sort': 'START_TIME_ASC'})}"


@dataclass(frozen=True)
class Wish:
    """A `publish` run as the plan wants it."""

    key: str
    name: str
    tags: list[str]
    at: datetime
    until: str
    part: str = ""  # as `publish` takes it


def part_of(channel: str, parts: int) -> int:
    """Which of so many runs takes what is for a channel, from 1: all of a channel is one run's, which keeps it in order."""
    return crc32(channel.encode()) % parts + 1


def in_part(actions: Sequence[Action], part: str) -> list[Action]:
    """What of these is a run's: `part` is like 2/4, or empty for all."""
    if not part:
        return list(actions)
    number, _, parts = part.partition("/")
    return [action for action in actions if part_of(action.delivery.channel, int(parts)) == int(number)]


def _parts(actions: Sequence[Action]) -> list[str]:
    count = min(PARTS_MAX, -(-len(actions) // PART))
    return [f"{n}/{count}" for n in range(1, count + 1)] if count > 1 else [""]


def run_name(actions: Sequence[Action], zone: str) -> str:
    """How a run reads in the UI's list: `09:00 launch-notes +3 -> 18 channels`."""
    posts = list(dict.fromkeys(a.delivery.post for a in actions))
    channels = {a.delivery.channel for a in actions}
    due = min((a.due for a in actions if a.due), default=datetime.now(UTC))
    time = due.astimezone(ZoneInfo(zone)).strftime("%H:%M")
    more = f" +{len(posts) - 1}" if len(posts) > 1 else ""
    to = next(iter(channels)) if len(channels) == 1 else f"{len(channels)} channels"
    return f"{time} {posts[0]}{more} {ARROW} {to}"


def run_tags(actions: Sequence[Action], post_of: Callable[[str], Post | None] = lambda identity: None) -> list[str]:
    """The channels and campaigns that a run is for: what ops filter the list by."""
    posts = (post_of(identity) for identity in dict.fromkeys(a.delivery.post for a in actions))
    campaigns = {f"campaign:{post.campaign}" for post in posts if post and post.campaign}
    return [*sorted({a.delivery.channel for a in actions})[:TAGS_MAX], *sorted(campaigns)[:TAGS_MAX]]


def wishes(desk: Desk, actions: Sequence[Action], now: datetime) -> dict[str, Wish]:
    """A run for each coming minute in which something is due, by its key."""
    groups: dict[datetime, list[Action]] = defaultdict(list)
    for action in actions:
        state = desk.ledger.state(action.delivery)
        if state is not None and state.due is not None and state.due < now:
            continue  # late, and waiting for its turn: that instant moves with each pass, and `sync` takes it when it has come
        if action.action == "wait" and action.due and now < action.due <= now + HORIZON and action.digest:
            groups[action.due.replace(second=0, microsecond=0)].append(action)
    found = {}
    for minute, group in groups.items():
        due = min(a.due for a in group if a.due)
        until = to_iso(minute + timedelta(minutes=1))
        for part in _parts(group):
            if not (mine := in_part(group, part)):
                continue
            key = f"{desk.root}:{to_iso(minute)}:{to_iso(due)}" + (f":{part}" if part else "")
            name = run_name(mine, desk.settings.timezone) + (f" ({part})" if part else "")
            labels = run_tags(mine, desk.newsroom.loaded.of_id)
            found[key] = Wish(key, name, labels, max(due - LEAD, now), until, part)
    return found


async def arrange(desk: Desk, actions: Sequence[Action], own: UUID | None = None) -> list[str]:
    """Bring the runs of this newsroom in line with the plan. Returns what was mended, in sentences; `own` is the run that asks."""
    now = datetime.now(UTC)
    wanted = wishes(desk, actions, now)
    async with get_client() as client:
        runs = [run for run in await _unended(client, desk) if run.id != own]
        coming = {
            r.idempotency_key: r for r in runs if r.state_type is StateType.SCHEDULED and r.idempotency_key in wanted
        }
        told = [said for run in runs if (said := await _mended(client, run, run.idempotency_key in wanted, now))]
        for key, run in coming.items():
            await _renamed(client, run, wanted[str(key)])
        for run in runs:
            if run.auto_scheduled and run.state_type is StateType.SCHEDULED and run.name != SYNC:
                await client.update_flow_run(run.id, name=SYNC)  # else the list is full of made-up names
    for key, wish in wanted.items():
        if key not in coming:
            await _make(desk, wish)
    return told


async def _make(desk: Desk, wish: Wish) -> None:
    """Two workers that make the same make one: the key is the server's to hold apart."""
    made = run_deployment(
        f"{PUBLISH}/{named(desk.settings, PUBLISH)}",
        parameters={"root": str(desk.root), "until": wish.until} | ({"part": wish.part} if wish.part else {}),
        scheduled_time=wish.at,
        flow_run_name=wish.name,
        idempotency_key=wish.key,
        tags=wish.tags,
        timeout=0,
        as_subflow=False,
    )
    if asyncio.iscoroutine(made):
        await made


async def _unended(client: PrefectClient, desk: Desk) -> list[FlowRun]:
    """A newsroom's runs of `sync` and `publish` that are neither over nor forgotten, wherever it lay when they were made."""
    ours = [named(desk.settings, flow) for flow in (SYNC, PUBLISH)]
    states = FlowRunFilterStateType(any_=[StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING])
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=ours)),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=states)),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=PAGE,
            offset=len(found),
        )
        found += page
        if len(page) < PAGE:
            return found


async def _mended(client: PrefectClient, run: FlowRun, is_wanted: bool, now: datetime) -> str:
    """End what nobody will end, and take out what is not wanted; "" where a run is as it should be."""
    due, begun = run.expected_start_time or now, run.start_time or now
    if run.state_type is StateType.PENDING and due < now - STUCK:
        return await _crashed(client, run, "its worker took it and was gone before it began")
    if run.state_type is StateType.RUNNING and begun < now - ENDLESS:
        return await _crashed(client, run, "its process was gone before it ended")
    if run.state_type is not StateType.SCHEDULED:
        return ""
    late = due < now - LATE
    dropped = not is_wanted and run.idempotency_key and not run.auto_scheduled and due > now + CLAIMED
    if not late and not dropped:
        return ""
    try:
        await client.delete_flow_run(run.id)
    except ObjectNotFound:
        return ""
    why = "hours or minutes late, and its work is done" if late else "moved, paused, or not wanted any more"
    return f"run {run.name!r} is taken out: {why}"


async def _crashed(client: PrefectClient, run: FlowRun, why: str) -> str:
    message = f"{why}; what it was to do is found in the log, and done"
    await client.set_flow_run_state(run.id, Crashed(message=message), force=True)
    return f"run {run.name!r} is marked as crashed: {why}"


async def _renamed(client: PrefectClient, run: FlowRun, wish: Wish) -> None:
    if (run.name, sorted(run.tags)) != (wish.name, sorted(wish.tags)):
        await client.update_flow_run(run.id, name=wish.name, tags=wish.tags)
