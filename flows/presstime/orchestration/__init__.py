"""The only importer of Prefect: thin flows and tasks, named after the stages. The ledger decides, Prefect runs and shows.

A flow run is never the identity of a publish: a run may come twice, late or never, and each finds from the ledger what is
left to do. Set PREFECT_API_URL before importing this module."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from httpx import HTTPError
from prefect import State, flow, get_run_logger, tags, task
from prefect.artifacts import create_markdown_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.concurrency._asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.context import SyncClientContext
from prefect.events.worker import EventsWorker
from prefect.exceptions import PrefectException
from prefect.futures import PrefectFuture
from prefect.logging.handlers import APILogWorker
from prefect.runtime import deployment, flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import allow_failure
from pydantic import SecretStr

from presstime.errors import PresstimeError, SettingsError, StoreError
from presstime.model import Action, DeliveryState, Status, from_iso
from presstime.orchestration import alarms, pages, runs
from presstime.orchestration.desks import DESKS, desk_at
from presstime.orchestration.names import limit_name, named
from presstime.orders import listen as look_round
from presstime.plan import drift
from presstime.publish.trouble import Troubles
from presstime.wire import Desk

SWEEP = timedelta(seconds=30)  # this long after its time a delivery whose run did not come is taken by `sync` itself
WORKERS = 256  # deliveries under way at once in one run: all of a part, each claimed and ready at its instant
DRAIN_SECONDS = 5
LEASE_SECONDS = 60  # of a place in a limit: so long it stays taken when its run was killed; renewed while it lives

DURATIONS: dict[str, float] = {}  # how long deliveries took in this process, until the run's table tells it
T = TypeVar("T")
RUNNER: Any = ThreadPoolTaskRunner(max_workers=WORKERS)

# --- the flows --------------------------------------------------------------------------------------------------------


@flow(name="sync", flow_run_name="sync", task_runner=RUNNER, validate_parameters=False)
async def sync(root: str) -> State[Any]:
    """Read Git and the log and write the plan down; as a deployment, also schedule what is coming and take what is overdue."""
    with desk_at(root) as desk:
        actions = await asyncio.to_thread(desk.plan)
        if desk.sync.why_all:
            get_run_logger().info("Everything was looked at: %s", desk.sync.why_all)
        _remind(desk)
        if deployment.id is None:
            return Completed(message=f"{len(actions)} actions planned")  # a single pass: `publish` follows at once
        own = flow_run.id and UUID(str(flow_run.id))
        for mended in await _asked_of_prefect(runs.arrange(desk, actions, own)) or []:
            get_run_logger().warning(mended)
        late = [a for a in actions if a.acts and _is_overdue(a)]
        states = await deliver_all(desk, late)
        await _tell(desk)
        await _asked_of_prefect(pages.show_page(desk, actions))
        return _verdict(states)


@flow(name="publish", task_runner=RUNNER, validate_parameters=False)
async def publish(root: str, until: str | None = None, part: str | None = None) -> State[Any]:
    """Publish everything that is due now, within the lead, or before `until` (ISO 8601); of a large fan-out the `part` (2/4) of
    its channels.

    Runs alone or many at once: the ledger keeps them apart."""
    with desk_at(root) as desk:
        lead = max(runs.LEAD, from_iso(until) - datetime.now(UTC)) if until else runs.LEAD
        actions = await asyncio.to_thread(desk.plan, lead)
        _remind(desk)
        states = await deliver_all(desk, runs.in_part([a for a in actions if a.acts], part or ""))
        if deployment.id is not None:
            await _tell(desk)
        return _verdict(states)


@flow(name="checkpoint", flow_run_name="checkpoint", validate_parameters=False)
async def checkpoint(root: str) -> State[Any]:
    """Verify the log since the newest checkpoint, sign where it is, and put a snapshot beside it when it has grown enough."""
    with desk_at(root) as desk:
        if desk.settings.audit.signing_key is None:
            return Completed(message="no [audit] signing_key: nothing is signed, see `presstime audit keygen`")
        sealed = await asyncio.to_thread(lambda: desk.evidence.seal(desk.signer()))
        pages.note_signed(desk, sealed.checkpoint.size)
    if sealed.trouble:
        get_run_logger().warning("The checkpoint is in S3, but not all of it in Git: %s", sealed.trouble)
    return Completed(message=f"{sealed.checkpoint.size} entries, head {sealed.checkpoint.hash[:16]}...")


@flow(name="accounts", flow_run_name="accounts", validate_parameters=False)
async def accounts(root: str) -> State[Any]:
    """Renew the tokens that are due for it, and fail while a person has to log a channel in, so that automations can wake one."""
    with desk_at(root) as desk:
        told = await asyncio.to_thread(desk.tend_accounts)
    for line in told:
        get_run_logger().warning(line)
    if told:
        return Failed(message=told[0] if len(told) == 1 else f"{told[0]} (and {len(told) - 1} more: see the run's log)")
    return Completed(message="all accounts work, as far as they tell")


@flow(name="forecast", flow_run_name="forecast", validate_parameters=False)
async def forecast(root: str) -> State[Any]:
    """Say which scheduled posts will fail, and why: words and media at their commit, access that ends or is refused, rights, prices,
    channels that nobody posts on. Changes nothing."""
    with desk_at(root) as desk:
        found = await asyncio.to_thread(desk.forecast)
        if found:
            await pages.show_forecast(desk, found)
            alarms.forecast_event(desk, len({o.delivery for o in found}), found[0].message)
    for outlook in found:
        get_run_logger().warning("%s: %s", outlook.delivery, outlook.message)
    if any(outlook.severity == "error" for outlook in found):
        return Failed(message=f"{len(found)} scheduled deliveries will fail as things stand: see the table")
    return Completed(
        message=f"{len(found)} warnings" if found else "nothing that is scheduled will fail, as far as can be seen"
    )


@flow(name="listen", flow_run_name="listen", validate_parameters=False)
async def listen(root: str) -> State[Any]:
    """Look at what is out, and write down what was changed or removed on the networks themselves. People are told of it by the next
    `sync`, once."""
    with desk_at(root) as desk:
        heard = await asyncio.to_thread(look_round, desk)
    for line in heard.trouble:
        get_run_logger().warning(line)
    for state in heard.drifted:
        if state.drift is not None:
            get_run_logger().warning("%s: %s", state.delivery, drift.told(state.drift, len(state.receipts)))
    more = f"; {len(heard.trouble)} could not be looked at: see the run's log" if heard.trouble else ""
    return Completed(message=f"{heard.looked} looked at, {len(heard.drifted)} drifted{more}")


@task(name="publish", task_run_name="{delivery}", cache_policy=NO_CACHE)
def deliver(root: str, delivery: str) -> State[Any]:
    """Publish one delivery, once, or edit or retract what is out; its state in the UI is what became of it."""
    with desk_at(root) as desk:
        with _a_place(desk, delivery):
            state = desk.publish(delivery)
        desk.let_others_send(delivery)
        if state is not None and state.status is Status.HANDED:
            _show_handout(desk, state)
    if state is None:
        return Failed(name="Held", message=f"{delivery}: what would be sent is not what was approved")
    return _as_run_state(state)


async def deliver_all(desk: Desk, actions: Sequence[Action]) -> list[DeliveryState]:
    """One task a delivery; those of one channel one after the other in due order, channels side by side.

    Ends with a table of them all, for the run's page in the UI."""
    last: dict[str, PrefectFuture[Any]] = {}
    futures = []
    seconds: dict[str, float] = {}
    # One client for all: each task would make its own, which reads the certificates of the system anew (60 ms, 1 MB).
    with SyncClientContext.get_or_create() if actions else nullcontext():
        for action in actions:
            before = last.get(action.delivery.channel)
            submit: Any = deliver.submit  # its overloads do not know `allow_failure`
            future = submit(str(desk.root), str(action.delivery), wait_for=[allow_failure(before)] if before else [])
            last[action.delivery.channel] = future
            futures.append(future)
        for action, future in zip(actions, futures, strict=True):
            await asyncio.to_thread(future.wait)
            seconds[str(action.delivery)] = DURATIONS.pop(f"{desk.root}/{action.delivery}", 0.0)
    states = [state for a in actions if (state := desk.ledger.state(a.delivery))]
    if states:
        await pages.show_table(desk, states, seconds)
    return states


# --- what ops see -----------------------------------------------------------------------------------------------------


def _show_handout(desk: Desk, state: DeliveryState) -> None:
    """What a person is to post, as a page of the UI."""
    page = desk.handouts.put_down(state).as_markdown(desk.handouts.say)
    key = named(desk.settings, f"to-post-{re.sub('[^a-z0-9]+', '-', str(state.delivery).lower())}")
    create_markdown_artifact(markdown=page, key=key, description=f"{state.delivery}: to be posted by a person")


def _remind(desk: Desk) -> None:
    for delivery in desk.sync.reminded:
        get_run_logger().warning("%s still waits for a person to post it: `presstime done` shows it", delivery)


def _as_run_state(state: DeliveryState) -> State[Any]:
    what = f"{state.delivery}: {state.reason or state.url or state.status.value}"
    if state.change is not None and state.reason:
        return Failed(name=f"Not {state.change.what}ed", message=what)
    if state.status in (Status.PUBLISHED, Status.RETRACTED):
        return Completed(name=_named(state), message=what)
    if state.status is Status.HANDED:
        return Completed(
            name="Handed", message=f"{state.delivery}: with a person; `presstime done` says where it is then"
        )
    if state.status in (Status.PLANNED, Status.SKIPPED):
        return Completed(name="Not now", message=f"{state.delivery}: {state.reason or 'paused, or planned anew'}")
    if state.status in (Status.CLAIMED, Status.SENDING):
        return Completed(name="Elsewhere", message=f"{state.delivery}: another worker is at it")
    return Failed(name=state.status.value.capitalize(), message=what)


def _named(state: DeliveryState) -> str:
    return "Retracted" if state.status is Status.RETRACTED else "Completed"


def _verdict(states: Sequence[DeliveryState]) -> State[Any]:
    """The run's own state: failed when something in it needs a person, so that automations can wake one."""
    bad = [s for s in states if s.needs_look]
    for state in bad:
        get_run_logger().error("%s is %s: %s", state.delivery, state.status.value, state.reason)
    if bad:
        return Failed(
            message=f"{len(bad)} of {len(states)} deliveries need a look: {', '.join(str(s.delivery) for s in bad[:5])}"
        )
    found = "1 delivery" if len(states) == 1 else f"{len(states)} deliveries"
    return Completed(message=found if states else "nothing was due")


@contextmanager
def _a_place(desk: Desk, delivery: str) -> Iterator[None]:
    """Wait for a place in the limits of a delivery's channel and network, if there are any, and measure what comes then. A limit that
    Prefect does not know is an error, not no limit."""
    channel = desk.settings.channels.get(delivery.split("/")[1])
    names = desk.settings.limits.of(channel.network, channel.name) if channel else ()
    if names:
        held: Any = concurrency(
            [limit_name(desk.settings, name) for name in names], strict=True, lease_duration=LEASE_SECONDS
        )
    else:
        held = nullcontext()
    try:
        with held:
            begun = max(
                datetime.now(UTC), desk.last_plan[delivery].due or datetime.now(UTC)
            )  # waiting for its time counts not
            yield
            DURATIONS[f"{desk.root}/{delivery}"] = max(0.0, (datetime.now(UTC) - begun).total_seconds())
    except ConcurrencySlotAcquisitionError as error:
        known = ", ".join(names)
        raise SettingsError(
            f"{delivery} was not sent: Prefect knows no limit for {known}",
            "Run `presstime deploy` or `presstime up` once more: they make what [limits] says.",
        ) from error


async def _asked_of_prefect(answer: Awaitable[T]) -> T | None:
    """What Prefect's server answers; None, and a word in the log, where it does not: what is due goes out all the same."""
    try:
        return await answer
    except (PrefectException, HTTPError) as error:
        told = "Prefect's server did not answer (%s): runs and pages follow at the next pass"
        get_run_logger().warning(told, type(error).__name__)
        return None


async def _tell(desk: Desk) -> None:
    """An event for what needs a person, once for each problem."""
    troubles = await asyncio.to_thread(Troubles(desk.ledger, desk.timing).tell)
    alarms.tell(desk, troubles)


# --- one machine ------------------------------------------------------------------------------------------------------


def one_pass(desk: Desk, say: Callable[[str], None] = lambda message: None) -> None:
    """`sync`, then everything due, as two flow runs in this process, on a desk that is open already. `say` tells progress.

    Raises what kept a flow from running at all (`StoreError`, `LedgerError`, `PresstimeError` where Prefect is gone)."""
    from presstime.orchestration.deployments import arrange_server  # which deploys the flows of this module

    root, gone = str(desk.root), ""

    async def both() -> None:
        name = f"sync {(desk.newsroom.commit or '')[:12]}"
        _raise(await sync.with_options(flow_run_name=name)(root, return_state=True))
        due = [a for a in desk.last_plan.values() if a.acts]
        if due:
            say(f"Publishing {runs.run_name(due, desk.settings.timezone)} ...")
            named = publish.with_options(flow_run_name=runs.run_name(due, desk.settings.timezone))
            with tags(*runs.run_tags(due, desk.newsroom.loaded.of_id)):
                _raise(await named(root, return_state=True))

    DESKS[root] = desk
    try:
        if desk.settings.limits.all():
            arrange_server(desk)
        asyncio.run(both())
    except (PrefectException, HTTPError, RuntimeError) as error:  # `Failed to reach API` is a bare RuntimeError
        gone = " ".join(str(error).split())[:200] or type(error).__name__
    finally:
        del DESKS[root]
    if gone:
        raise PresstimeError(
            f"Prefect's server stopped answering in the middle of the pass: {gone}",
            "Run it again: what went out is in the log, and nothing is posted twice.",
        )


def _raise(state: State[Any]) -> None:
    """An error of ours that ended a flow is the caller's to tell; a flow that merely failed has told all in its states."""
    cause = getattr(state.data, "result", state.data)  # Prefect wraps what ended a flow
    if isinstance(cause, PresstimeError):
        raise cause


def drain() -> None:
    """Send what Prefect's client still holds of logs and events, before its server goes away."""
    APILogWorker.drain_all(timeout=DRAIN_SECONDS)
    EventsWorker.drain_all(timeout=DRAIN_SECONDS)


def secret_block(name: str) -> str:
    """The value of a Prefect Secret block: as text, though a block whose text is JSON gives what it says. Raises
    `SettingsError`, and `StoreError` where the server cannot be asked."""
    try:
        value = _done(Secret.load(name)).get()
    except ValueError:
        raise SettingsError(
            f"there is no Prefect Secret block {name!r}", "Make it in Prefect's UI, or log in."
        ) from None
    except Exception as error:  # its client raises what httpx does, and more
        said = type(error).__name__
        raise StoreError(f"the Prefect block {name!r} cannot be read: {said}", "Is PREFECT_API_URL right?") from None
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _done(answer: Any) -> Any:
    """What Prefect's client answers: in a thread of a flow that is async it gives a coroutine."""
    return asyncio.run(answer) if asyncio.iscoroutine(answer) else answer


def keep_secret_block(name: str, value: str) -> None:
    """Put a value into a Prefect Secret block, which is made if there is none. Raises `StoreError`."""
    try:
        _done(Secret(value=SecretStr(value)).save(name, overwrite=True))
        return
    except Exception as error:  # its client raises what httpx does, and more, and may hold the value
        said = type(error).__name__
    raise StoreError(f"the Prefect block {name!r} cannot be written: {said}", "Is PREFECT_API_URL right?")


def _is_overdue(action: Action) -> bool:
    return action.due is None or datetime.now(UTC) - action.due >= SWEEP
