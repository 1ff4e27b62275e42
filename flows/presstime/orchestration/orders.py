"""What ops order from Prefect's run form: the same as the verbs of that name, word for word. Each is a flow that writes into the log,
where every worker sees it, and ends with the sentences that the verb would print."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any

from prefect import State, flow
from prefect.states import Completed, Failed
from pydantic import Field

from presstime import orders
from presstime.errors import PresstimeError
from presstime.orchestration.desks import desk_at
from presstime.pauses import RULES, Rule
from presstime.wire import Desk


class Afterwards(StrEnum):
    """What becomes of what came due during a pause."""

    RELEASE = "release"
    RESCHEDULE = "reschedule"
    SKIP = "skip"


class Changed(StrEnum):
    """The same, where it may stay as it was said."""

    KEEP = "as the pause said"
    RELEASE = "release"
    RESCHEDULE = "reschedule"
    SKIP = "skip"


class Seen(StrEnum):
    """Look at the channel first, and wait a few minutes: what was accepted may show late."""

    THERE = "it is there"
    NOT_THERE = "it is not there"


Text = Annotated[str, Field(min_length=1)]
Deliveries = Annotated[list[Text], Field(min_length=1)]

# The run form shows the names of parameters and what stands of them under Args.


@flow(
    name="pause",
    flow_run_name="pause {what}",
    description="Stop everything, a channel, a group or a campaign: nothing of it goes out from now on, whichever worker was to send it. "
    "Takedowns go on. What is paused already is only made longer.",
)
def pause(
    what: Text,
    reason: Text,
    your_name: Text,
    until: str = "",
    afterwards: Afterwards = Afterwards.RELEASE,
    gap: str = "",
    root: str = ".",
) -> State[Any]:
    """Stop a scope.

    Args:
        what: "everything", the name of a channel or of a group, or "campaign:NAME".
        reason: Why: it is written into the audit log, and shown in the plan.
        your_name: Who says so: it is written into the audit log.
        until: A time like 2026-03-24T09:00 (the newsroom's), or how long from now, like 2h. Empty: until somebody resumes it.
        afterwards: What becomes of what came due meanwhile. release: it goes out, spaced, as its late rule still allows. reschedule: it goes out as much later as the pause was long. skip: it does not go out.
        gap: Between two of one channel that are released, like 10m. Empty: the newsroom's min_gap, or 5m.
        root: The newsroom's folder on the worker. Leave it as it is.
    """
    return _given(
        root, lambda desk: orders.pause(desk, what, reason, your_name, until, _rule(afterwards) or "release", gap)
    )


@flow(name="resume", flow_run_name="resume {what}", description="Let go of what was paused under just this name.")
def resume(
    what: Text,
    your_name: Text,
    reason: str = "",
    afterwards: Changed = Changed.KEEP,
    gap: str = "",
    root: str = ".",
) -> State[Any]:
    """Let go of a scope.

    Args:
        what: As it was paused: "everything", the name of a channel or of a group, or "campaign:NAME".
        your_name: Who says so: it is written into the audit log.
        reason: Why, if you like: it is written into the audit log.
        afterwards: What becomes of what came due meanwhile: as the pause said, or otherwise. release: it goes out, spaced, as its late rule still allows. reschedule: it goes out as much later as the pause was long. skip: it does not go out.
        gap: Between two of one channel that are released, like 10m. Empty: as the pause said.
        root: The newsroom's folder on the worker. Leave it as it is.
    """
    return _given(root, lambda desk: orders.resume(desk, what, your_name, reason, _rule(afterwards), gap))


@flow(
    name="retry",
    flow_run_name="retry {deliveries}",
    description="Try again, at the next pass, what the network refused, what was put off, or what was skipped. What may be out already is "
    "not sent again by this: see `settle`.",
)
def retry(deliveries: Deliveries, your_name: Text, reason: str = "", root: str = ".") -> State[Any]:
    """Try again.

    Args:
        deliveries: Each as POST/CHANNEL, as the runs' tables write it; with /OCCURRENCE if it repeats.
        your_name: Who says so: it is written into the audit log.
        reason: Why, if you like: it is written into the audit log.
        root: The newsroom's folder on the worker. Leave it as it is.
    """
    return _given(root, lambda desk: orders.retry(desk, deliveries, your_name, reason))


@flow(
    name="skip",
    flow_run_name="skip {deliveries}",
    description="Have deliveries not go out at the instant they are planned for. A new publish_at, or `retry`, undoes that.",
)
def skip(deliveries: Deliveries, reason: Text, your_name: Text, root: str = ".") -> State[Any]:
    """Skip.

    Args:
        deliveries: Each as POST/CHANNEL, as the runs' tables write it; with /OCCURRENCE if it repeats.
        reason: Why: it is written into the audit log, and shown in the plan.
        your_name: Who says so: it is written into the audit log.
        root: The newsroom's folder on the worker. Leave it as it is.
    """
    return _given(root, lambda desk: orders.skip(desk, deliveries, your_name, reason))


@flow(
    name="retract",
    flow_run_name="retract {deliveries}",
    description="Have what is out taken down at the next pass, though Git still has it. It does not come back: a new id is a new post.",
)
def retract(deliveries: Deliveries, reason: Text, your_name: Text, root: str = ".") -> State[Any]:
    """Take down.

    Args:
        deliveries: Each as POST/CHANNEL, as the runs' tables write it; with /OCCURRENCE if it repeats.
        reason: Why: it is written into the audit log, and shown in the plan.
        your_name: Who says so: it is written into the audit log.
        root: The newsroom's folder on the worker. Leave it as it is.
    """
    return _given(root, lambda desk: orders.retract(desk, deliveries, your_name, reason))


@flow(
    name="settle",
    flow_run_name="settle {delivery}",
    description="Say what became of a delivery whose answer was lost, or whose edit or takedown was refused.",
)
def settle(delivery: Text, on_the_channel: Seen, your_name: Text, address: str = "", root: str = ".") -> State[Any]:
    """Settle a doubt.

    Args:
        delivery: As POST/CHANNEL, as the runs' tables write it; with /OCCURRENCE if it repeats.
        on_the_channel: What you found there.
        your_name: Who says so: it is written into the audit log.
        address: Of the message itself, if it is there.
        root: The newsroom's folder on the worker. Leave it as it is.
    """
    url = address.strip() or None
    if (on_the_channel is Seen.THERE) != bool(url):
        return Failed(message="Give the address of the message if it is there, and none if it is not.")
    return _given(root, lambda desk: orders.settle(desk, delivery, your_name, url))


@flow(
    name="accept",
    flow_run_name="accept {deliveries}",
    description="Let stand what was changed or removed on the network itself: it is told no more, and nothing puts it back. A later edit in "
    "Git is made all the same.",
)
def accept(deliveries: Deliveries, reason: Text, your_name: Text, root: str = ".") -> State[Any]:
    """Let a drift stand.

    Args:
        deliveries: Each as POST/CHANNEL, as the newsroom's page writes it; with /OCCURRENCE if it repeats.
        reason: Why: it is written into the audit log.
        your_name: Who says so: it is written into the audit log.
        root: The newsroom's folder on the worker. Leave it as it is.
    """
    return _given(root, lambda desk: orders.accept(desk, deliveries, your_name, reason))


@flow(
    name="undo",
    flow_run_name="undo {deliveries}",
    description="Have what was sent put back, at the next pass, where it was changed on the network itself; what is gone there is sent again, as "
    "a new message, once it was looked for and is not there.",
)
def undo(deliveries: Deliveries, reason: Text, your_name: Text, root: str = ".") -> State[Any]:
    """Undo a drift.

    Args:
        deliveries: Each as POST/CHANNEL, as the newsroom's page writes it; with /OCCURRENCE if it repeats.
        reason: Why: it is written into the audit log.
        your_name: Who says so: it is written into the audit log.
        root: The newsroom's folder on the worker. Leave it as it is.
    """
    return _given(root, lambda desk: orders.undo(desk, deliveries, your_name, reason))


def _rule(choice: Afterwards | Changed) -> Rule | None:
    return next((rule for rule in RULES if rule == choice.value), None)


def _given(root: str, give: Callable[[Desk], Sequence[str]]) -> State[Any]:
    """The run's state says what came of it: what the verb would print, or what is wrong with the order."""
    try:
        with desk_at(root) as desk:
            return Completed(message=" ".join(give(desk)))
    except PresstimeError as error:
        return Failed(message=error.told)


ORDERS = (pause, resume, retry, skip, retract, settle, accept, undo)
