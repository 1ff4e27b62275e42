"""Who is told, and of what: custom events, one for each problem, and Prefect's automations that act on them and on runs that died.

`up` and `deploy` make them, each under a name of this newsroom's; made again they are brought up to date."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect.blocks.notifications import CustomWebhookNotificationBlock, SendgridEmail, SlackWebhook
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events import emit_event
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from pydantic import SecretStr

from presstime.orchestration.names import block_name, named, slug
from presstime.publish.trouble import Trouble
from presstime.settings import Settings
from presstime.wire import Desk

NEEDS_PERSON = "presstime.needs-person"
HEARTBEAT = "prefect.flow-run.heartbeat"
HEARTBEAT_SECONDS = 30  # of a run: the least that Prefect takes
SILENCE = timedelta(seconds=100)  # three heartbeats, and a little
STANDSTILL = timedelta(minutes=10)  # without a pass
UNSIGNED = timedelta(minutes=150)  # without a checkpoint: two that should have come
ENDED = frozenset(f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled", "Cancelling"))
FLOWS = ("sync", "publish", "checkpoint", "accounts", "forecast", "listen")
SUBJECT = "{{ event.resource.name }}: {{ event.payload.problem }}"
BODY = """{{ event.resource.name }} is {{ event.payload.problem }}: {{ event.payload.reason }}
{{ event.payload.advice }}
{% if event.payload.url %}{{ event.payload.url }}{% endif %}"""


def tell(desk: Desk, troubles: Sequence[Trouble]) -> None:
    """An event for each delivery that needs a person and that nobody was told of yet."""
    for trouble in troubles:
        state = trouble.state
        resource = {
            "prefect.resource.id": f"presstime.delivery.{state.delivery}",
            "prefect.resource.name": str(state.delivery),
            "presstime.newsroom": desk.settings.name,
            "presstime.channel": state.delivery.channel,
        }
        payload = {"problem": trouble.problem, "reason": trouble.reason, "advice": trouble.advice, "url": state.url}
        same = uuid5(NAMESPACE_URL, f"{desk.store.name}/{state.delivery}/{trouble.problem}/{state.entry}")
        emit_event(NEEDS_PERSON, resource=resource, payload=payload, id=same)


def forecast_event(desk: Desk, count: int, first: str) -> None:
    """What a forecast found: one event, however many deliveries it is about."""
    resource = {
        "prefect.resource.id": f"presstime.newsroom.{slug(desk.settings)}",
        "prefect.resource.name": f"{desk.settings.name}'s schedule",
        "presstime.newsroom": desk.settings.name,
    }
    payload = {
        "problem": f"forecast: {count} will fail",
        "reason": first,
        "advice": "See the run's table.",
        "url": None,
    }
    emit_event(NEEDS_PERSON, resource=resource, payload=payload)


async def arrange(client: PrefectClient, settings: Settings, secrets: Mapping[str, str]) -> list[str]:
    """Make this newsroom's automations, and the blocks that they notify through, or bring them up to date. `secrets`: the values that
    [alerts] names, by its keys. Returns the automations' names."""
    blocks = await _blocks(settings, secrets)
    made = []
    for automation in automations(settings, blocks):
        [known, *_] = [*await client.read_automations_by_name(automation.name), None]
        if known is None:
            await client.create_automation(automation)
        else:
            await client.update_automation(known.id, automation)
        made.append(automation.name)
    return made


def automations(settings: Settings, blocks: Sequence[UUID]) -> list[AutomationCore]:
    """Dead runs are marked as such in any case; people are told where [alerts] says how."""
    of = f"presstime {settings.name}"
    ours: dict[str, str | list[str]] = {"prefect.resource.role": "flow", "prefect.resource.name": list(FLOWS)}
    dead = AutomationCore(
        name=f"{of}: runs that died",
        description="A run whose process was killed is marked as crashed when its heartbeat stays away.",
        trigger=EventTrigger(
            after={HEARTBEAT},
            expect={HEARTBEAT, *ENDED},
            match_related=ResourceSpecification(ours),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                force=False,
                state=StateType.CRASHED,
                message="Its heartbeat stayed away: its process is gone.",
            )
        ],
    )
    if not blocks:
        return [dead]
    passes, checkpoints = (_runs_of(named(settings, flow)) for flow in ("sync", "checkpoint"))
    return [
        dead,
        _needed(of, settings, blocks),
        _standstill(of, passes, blocks),
        _failed(of, checkpoints, blocks),
        _unsigned(of, checkpoints, blocks),
    ]


def _needed(of: str, settings: Settings, blocks: Sequence[UUID]) -> AutomationCore:
    return AutomationCore(
        name=f"{of}: somebody is needed",
        description="A delivery is unknown, refused, held, missed, drifted or does not come off: told once for each problem.",
        trigger=EventTrigger(
            expect={NEEDS_PERSON},
            match=ResourceSpecification({"presstime.newsroom": settings.name}),
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=_notify(blocks, SUBJECT, BODY),
    )


def _standstill(of: str, passes: ResourceSpecification, blocks: Sequence[UUID]) -> AutomationCore:
    return _silence(
        passes,
        {"prefect.flow-run.Completed", "prefect.flow-run.Failed"},
        STANDSTILL,
        name=f"{of}: no pass for {STANDSTILL.seconds // 60} minutes",
        description="No `sync` ended: workers or Prefect stand still. `presstime up` and `presstime standby` go on without Prefect; workers do not.",
        actions=_notify(
            blocks, "Presstime stands still", "No pass ended for ten minutes. Look at the workers and at Prefect."
        ),
    )


def _failed(of: str, checkpoints: ResourceSpecification, blocks: Sequence[UUID]) -> AutomationCore:
    return AutomationCore(
        name=f"{of}: the log could not be signed",
        description="`checkpoint` failed: something in the log is not as it was written, or cannot be read.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
            match_related=checkpoints,
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=_notify(blocks, "Presstime's log could not be signed", "Run `presstime audit verify`."),
    )


def _unsigned(of: str, checkpoints: ResourceSpecification, blocks: Sequence[UUID]) -> AutomationCore:
    return _silence(
        checkpoints,
        {"prefect.flow-run.Completed"},
        UNSIGNED,
        name=f"{of}: no checkpoint for two hours",
        description="No `checkpoint` completed: what came since could be cut off unseen.",
        actions=_notify(
            blocks,
            "Presstime's log was not signed for two hours",
            "Look at the runs of `checkpoint` and at the workers.",
        ),
    )


def _runs_of(deployment: str) -> ResourceSpecification:
    """The runs of one of this newsroom's deployments: others on the server run while this one stands still."""
    return ResourceSpecification({"prefect.resource.role": "deployment", "prefect.resource.name": deployment})


def _silence(runs: ResourceSpecification, ends: set[str], within: timedelta, **words: Any) -> AutomationCore:
    """What is told once when no run ended so for so long, and again after the next one did."""
    return AutomationCore(
        trigger=EventTrigger(
            after=ends,
            expect=ends,
            match_related=runs,
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        **words,
    )


def _notify(blocks: Sequence[UUID], subject: str, body: str) -> list[Any]:
    return [SendNotification(block_document_id=block, subject=subject, body=body) for block in blocks]


async def _blocks(settings: Settings, secrets: Mapping[str, str]) -> list[UUID]:
    found = []
    for key, block in _notifiers(settings, secrets).items():
        found.append(await block.asave(block_name(settings, key), overwrite=True))
    return found


def _notifiers(settings: Settings, secrets: Mapping[str, str]) -> dict[str, Any]:
    alerts, found = settings.alerts, dict[str, Any]()
    if "slack" in secrets:
        found["slack"] = SlackWebhook(url=SecretStr(secrets["slack"]))
    if "webhook" in secrets:
        message = {"subject": "{{subject}}", "body": "{{body}}"}
        hidden = {"address": secrets["webhook"]}
        made = {"name": f"presstime {settings.name}", "url": "{{address}}", "json_data": message, "secrets": hidden}
        found["webhook"] = CustomWebhookNotificationBlock.model_validate(made)
    if "sendgrid" in secrets and alerts.email:
        key = SecretStr(secrets["sendgrid"])
        found["email"] = SendgridEmail(api_key=key, sender_email=alerts.sender, to_emails=list(alerts.email))
    return found
