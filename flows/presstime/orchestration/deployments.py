"""The flows as a Prefect server knows them: deployments under the newsroom's name, limits, automations. `up` serves them, `deploy` registers
them in a work pool; `infra/prefect.yaml` says the same for Prefect's own command."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from prefect import serve
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.schedules import Interval
from prefect.types.entrypoint import EntrypointType

from presstime.errors import SettingsError
from presstime.orchestration import accounts, alarms, checkpoint, forecast, listen, publish, sync
from presstime.orchestration.names import limit_name, named
from presstime.orchestration.orders import ORDERS
from presstime.settings import Settings
from presstime.wire import Desk

TICK_SECONDS = 60
CHECKPOINT_SECONDS = 3600
LISTEN_SECONDS = 3600
ACCOUNTS_SECONDS = 3600
FORECAST = "30 4 * * *"  # nightly; Prefect's cron is in UTC
FIRST_TICK = timedelta(seconds=8)  # what Prefect's scheduler takes to see a new deployment
FLOWS = (sync, publish, checkpoint, accounts, forecast, listen, *ORDERS)
PAGE = 200  # deployments that the server gives at once


def deployments(root: Path, settings: Settings, pool: str | None = None) -> list[Any]:
    """What `up` serves and `deploy` registers: `sync` every minute, `publish` for the runs that it schedules, `checkpoint`, `accounts`
    and `listen` every hour, `forecast` every night, and what people order from the run form, each called by its flow and the newsroom.
    `pool`: the work pool whose workers run them; None: whoever serves them."""
    parameters, by_module = {"root": str(root)}, EntrypointType.MODULE_PATH  # an installed package has no flow file
    first = datetime.now(UTC) + FIRST_TICK  # else the first tick is a minute away
    common: dict[str, Any] = {"parameters": parameters, "entrypoint_type": by_module, "work_pool_name": pool}
    called = partial(named, settings)
    return [
        sync.to_deployment(
            called("sync"),
            schedule=Interval(TICK_SECONDS, anchor_date=first),
            description="Read Git and the log; plan; schedule what is coming; take what is overdue.",
            **common,
        ),
        publish.to_deployment(called("publish"), description="Publish what is due now or within a minute.", **common),
        checkpoint.to_deployment(
            called("checkpoint"),
            interval=CHECKPOINT_SECONDS,
            description="Verify what is new in the log and sign where it is.",
            **common,
        ),
        accounts.to_deployment(
            called("accounts"),
            interval=ACCOUNTS_SECONDS,
            description="Renew tokens ahead of their end; say who has to log in again.",
            **common,
        ),
        forecast.to_deployment(
            called("forecast"),
            cron=FORECAST,
            description="Say which scheduled posts will fail, and why.",
            **common,
        ),
        listen.to_deployment(
            called("listen"),
            interval=LISTEN_SECONDS,
            description="Look at what is out; note what was changed or removed on the networks themselves.",
            **common,
        ),
        *(order.to_deployment(called(order.name), tags=["ops"], **common) for order in ORDERS),
    ]


def serve_here(desk: Desk) -> None:
    """Stay: run `sync` every minute and `publish` when its runs are due, each in a process of its own. Blocks."""
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(alarms.HEARTBEAT_SECONDS))
    serve(*deployments(desk.root, desk.settings), pause_on_shutdown=False, print_starting_message=False)


def deploy(desk: Desk, pool: str, moved: bool = False) -> list[str]:
    """Register the deployments in a work pool, which is made (for processes) if there is none. Returns their names.

    Raises what `take_over` and `arrange_server` do."""

    async def make_pool() -> None:
        async with get_client() as client:
            with suppress(ObjectAlreadyExists):
                await client.create_work_pool(WorkPoolCreate(name=pool, type="process"))

    take_over(desk, moved)
    asyncio.run(make_pool())
    arrange_server(desk)
    found = deployments(desk.root, desk.settings, pool)
    for one in found:
        one.apply()
    return [f"{one.flow_name}/{one.name}" for one in found]


def arrange_server(desk: Desk) -> list[str]:
    """What the server must know beside the deployments: limits, automations, the blocks that they notify through. Returns what was
    made, by name. Raises `SettingsError` for a secret of [alerts] that is not there."""
    settings, secrets = desk.settings, desk.alert_secrets()

    async def arrange() -> list[str]:
        async with get_client() as client:
            for name, limit in settings.limits.all().items():
                await client.upsert_global_concurrency_limit_by_name(limit_name(settings, name), limit)
            return await alarms.arrange(client, settings, secrets)

    return asyncio.run(arrange())


def take_over(desk: Desk, moved: bool = False) -> None:
    """Take out what this newsroom deployed under another name: it would go on beside the new. Raises `SettingsError` where another
    newsroom on the server has this one's name, unless it is this one, which has `moved`: it would stop without a word."""
    asyncio.run(_take_over(str(desk.root), desk.settings, moved))


async def _take_over(root: str, settings: Settings, moved: bool) -> None:
    name, ours = settings.name, {named(settings, flow.name) for flow in FLOWS}
    async with get_client() as client:
        known = await _known(client)
        there = {str(one.parameters.get("root")) for one in known if one.name in ours} - {root}
        lay = ", ".join(sorted(there))
        if there and not moved:
            raise SettingsError(
                f"the Prefect server has a newsroom {name!r} already, in {lay}",
                "Give this one another name ([newsroom] name), or add `--moved` if it is the same and lay there before.",
            )
        for one in known:
            if one.name not in ours and one.parameters.get("root") == root:
                with suppress(ObjectNotFound):
                    await client.delete_deployment(one.id)


async def _known(client: PrefectClient) -> Sequence[DeploymentResponse]:
    """The deployments of our flows on the server, of whichever newsroom."""
    ours = FlowFilter(name=FlowFilterName(any_=[flow.name for flow in FLOWS]))
    found: list[DeploymentResponse] = []
    while True:
        page = await client.read_deployments(flow_filter=ours, limit=PAGE, offset=len(found))
        found += page
        if len(page) < PAGE:
            return found
