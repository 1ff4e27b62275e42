"""What ops order, on the command line and in Prefect's run form alike: each is an event in the log with who, why and when, and each
answers in sentences for whoever gave it.

Arguments are as a person writes them. `UsageError` says what is wrong with one, and nothing is written then."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from presstime.clock import format_local, parse_duration, parse_instant, resolve_local
from presstime.errors import UsageError
from presstime.feedback.listen import Heard
from presstime.ledger import by_hand, stopping
from presstime.ledger import drift as drift_by_hand
from presstime.model import Delivery, DeliveryState, Receipt, Status, Variant
from presstime.pauses import Pause, Rule, Scope, scopes_of
from presstime.plan.standing import cannot_retract
from presstime.settings.pauses import GAP, scope_named
from presstime.wire import Desk

AFTERWARDS = {
    "release": "what its late rule still allows goes out, {gap} apart on a channel; what it does not is told as missed",
    "reschedule": "what came due meanwhile goes out as much later as the pause was long",
    "skip": "nothing of what came due meanwhile goes out",
}


def pause(
    desk: Desk, what: str, reason: str, by: str, until: str = "", rule: Rule = "release", gap: str = ""
) -> list[str]:
    """Stop everything, a channel, a group or a campaign. `until` is a time, or how long from now; "": until it is resumed."""
    scope, by, reason = _scope(desk, what), _said(by, "who you are"), _said(reason, "why")
    desk.ledger.catch_up()
    ends, apart = _instant(desk, until), _gap(desk, gap)
    made = stopping.pause(desk.ledger, scope, desk.timing.now, by, reason, ends, rule, apart)
    told = [f"{made.told}.", f"Afterwards, {_afterwards(made)}."]
    if flying := stopping.under_way(desk.ledger, _concerns(desk, scope)):
        names = ", ".join(str(state.delivery) for state in flying)
        told.append(f"Announced before this, and maybe out: {names}. `presstime status` tells in a minute.")
    return told


def resume(desk: Desk, what: str, by: str, reason: str = "", rule: Rule | None = None, gap: str = "") -> list[str]:
    """Let go of what was paused under just this name."""
    scope, by = _scope(desk, what, known=True), _said(by, "who you are")
    desk.ledger.catch_up()
    apart = _gap(desk, gap) if gap else None
    standing = [stop for stop in desk.settings.pauses if stop.scope == scope]
    if standing and not any(
        p.scope == scope and not p.commit and p.holds(desk.timing.now()) for p in desk.ledger.cache.pauses()
    ):
        raise UsageError(f"{scope} is paused in presstime.toml", "Take it out of [pause] there and commit.")
    ended = stopping.resume(desk.ledger, scope, desk.timing.now, by, reason, rule, apart)
    told = [f"{scope} is resumed: {_afterwards(ended)}."]
    told += [f"Still paused: {p.told}." for p in desk.ledger.cache.pauses() if p.holds(desk.timing.now())]
    return told


def retry(desk: Desk, deliveries: Sequence[str], by: str, reason: str) -> list[str]:
    """Try again what was refused, put off or skipped, at the next pass."""
    found, by = _each(desk, deliveries), _said(by, "who you are")
    for delivery in found:
        by_hand.retry_by_hand(desk.ledger, delivery, desk.timing.now, by, reason)
    return [f"{delivery}: tried again at the next pass, if its late rule still lets it." for delivery in found]


def skip(desk: Desk, deliveries: Sequence[str], by: str, reason: str) -> list[str]:
    """Have deliveries not go out at the instant they are planned for."""
    found, by, reason = _each(desk, deliveries), _said(by, "who you are"), _said(reason, "why")
    for delivery in found:
        by_hand.skip_by_hand(desk.ledger, delivery, desk.timing.now, by, reason)
    return [f"{delivery}: will not go out. `presstime retry`, or a new publish_at, undoes that." for delivery in found]


def retract(desk: Desk, deliveries: Sequence[str], by: str, reason: str) -> list[str]:
    """Have what is out taken down at the next pass, though Git still has it."""
    found, by, reason = _each(desk, deliveries), _said(by, "who you are"), _said(reason, "why")
    for delivery in found:
        state = desk.ledger.state(delivery)
        if state is not None and state.receipts and (obstacle := _cannot(desk, state)):
            raise UsageError(
                f"{delivery} stays: {obstacle}", "Take it down there by hand, and remove the post from Git."
            )
        by_hand.withdraw_by_hand(desk.ledger, delivery, desk.timing.now, by, reason)
    return [f"{delivery}: taken down at the next pass." for delivery in found]


def listen(desk: Desk, deliveries: Sequence[str] = ()) -> Heard:
    """Look at these deliveries now; with none, at what has its turn."""
    if deliveries:
        found = [(name, desk.ledger.state(name)) for name in _each(desk, deliveries)]
        for name, state in found:
            if state is None:
                raise UsageError(f"the log knows no delivery {name}", "`presstime audit log` has what went out.")
        return desk.listener.these(state for _, state in found if state)
    desk.ledger.catch_up()
    return desk.listener.round()


def accept(desk: Desk, deliveries: Sequence[str], by: str, reason: str) -> list[str]:
    """Let stand what was changed or removed on the network: it is told no more, and nothing puts it back."""
    found, by, reason = _each(desk, deliveries), _said(by, "who you are"), _said(reason, "why")
    told = []
    for delivery in found:
        drift_by_hand.keep_by_hand(desk.ledger, delivery, desk.timing.now, by, reason)
        state = desk.ledger.state(delivery)
        over = state is not None and state.status is Status.RETRACTED
        told.append(
            f"{delivery}: noted as taken down. A new id is a new post."
            if over
            else f"{delivery}: stays as it is there. The next change of its post in Git is made all the same, in its place."
        )
    return told


def undo(desk: Desk, deliveries: Sequence[str], by: str, reason: str) -> list[str]:
    """Have what was sent put back at the next pass in place of what was changed, or sent again where it is gone."""
    found, by, reason = _each(desk, deliveries), _said(by, "who you are"), _said(reason, "why")
    told = []
    for delivery in found:
        state = desk.ledger.state(delivery)
        if state is not None and state.drift is not None and (obstacle := _cannot_undo(desk, state)):
            raise UsageError(
                f"{delivery} cannot be put back: {obstacle}", "Do it there by hand; or accept it as it is."
            )
        again = drift_by_hand.undo_by_hand(desk.ledger, delivery, desk.timing.now, by, reason)
        told.append(
            f"{delivery}: looked for once more at the next pass, and sent again if it is not there: as a new message, with a new address."
            if again
            else f"{delivery}: what was sent is put back at the next pass."
        )
    return told


def settle(desk: Desk, delivery: str, by: str, url: str | None) -> list[str]:
    """Say what became of a delivery whose answer was lost, or whose edit or takedown was refused: it is there, at `url`, or it is
    not (None)."""
    [found], by = _each(desk, [delivery]), _said(by, "who you are")
    state = desk.ledger.state(found)
    if state is not None and state.change is not None:
        by_hand.end_change_by_hand(desk.ledger, found, desk.timing.now, by, there=url is not None)
        return [f"{delivery}: noted as {'left as it is' if url else 'taken down'}."]
    last = True
    if state is not None and state.intent is not None:
        variant = Variant.from_json(desk.ledger.payload(state.intent.digest))
        last = state.intent.segment == len(variant.segments) - 1
    by_hand.settle_by_hand(desk.ledger, found, desk.timing.now, by, Receipt(url, url) if url else None, last)
    if url is None:
        return [f"{delivery}: noted. The next pass sends it again, if its late rule still lets it (`presstime plan`)."]
    return [
        f"{delivery}: noted as published."
        if last
        else f"{delivery}: noted. The next pass goes on with the rest of the thread."
    ]


def _scope(desk: Desk, what: str, known: bool = False) -> Scope:
    """What a person means. `known`: what is paused may be named though presstime.toml has it no more."""
    settings, what = desk.settings, what.strip()
    try:
        return scope_named(what, settings.channels, settings.groups)
    except ValueError as error:
        if known:
            desk.ledger.catch_up()
            if found := [pause.scope for pause in desk.ledger.cache.pauses() if pause.scope.name == what]:
                return found[-1]
        names = ", ".join(["everything", *settings.channels, *settings.groups, "campaign:NAME"])
        raise UsageError(str(error), f"What can be paused: {names}.") from None


def _said(text: str, what: str) -> str:
    if not text.strip():
        raise UsageError(f"say {what}: it is written into the log", "Others will want to know.")
    return " ".join(text.split())


def _each(desk: Desk, names: Sequence[str]) -> list[Delivery]:
    """Deliveries as they are written, with the log read anew."""
    try:
        found = [Delivery.parse(name) for name in names]
    except ValueError as error:
        raise UsageError(str(error), "`presstime status` and `presstime plan` list them.") from error
    if not found:
        raise UsageError("no delivery is named", "Write POST/CHANNEL; `presstime plan` lists them.")
    desk.ledger.catch_up()
    return found


def _instant(desk: Desk, text: str) -> datetime | None:
    """A time, or a length of time from now; None for nothing."""
    if not text.strip():
        return None
    try:
        return desk.timing.now() + parse_duration(text)
    except ValueError:
        pass
    try:
        found = parse_instant(text)
        return found if found.tzinfo else resolve_local(found, desk.settings.timezone)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is not a time: {error}", "Write 2026-03-24T09:00, or 2h for two hours from now."
        ) from None


def _gap(desk: Desk, text: str) -> timedelta:
    try:
        return parse_duration(text) if text.strip() else timedelta(seconds=desk.settings.min_gap_seconds) or GAP
    except ValueError as error:
        raise UsageError(str(error), "Write the gap like 10m.") from None


def _afterwards(pause: Pause) -> str:
    minutes, seconds = divmod(int(pause.gap.total_seconds()), 60)
    gap = f"{minutes} min" if not seconds else f"{minutes * 60 + seconds} s"
    return f"{AFTERWARDS[pause.rule].format(gap=gap)} (`{pause.rule}`)"


def _concerns(desk: Desk, scope: Scope) -> Callable[[DeliveryState], bool]:
    """Whether a delivery is of a scope; of a campaign, as far as Git knows the post."""

    def concerns(state: DeliveryState) -> bool:
        post = desk.newsroom.loaded.of_id(state.delivery.post) if scope.kind == "campaign" else None
        return scope in scopes_of(state.delivery.channel, desk.settings.groups, post.campaign if post else None)

    return concerns


def _cannot(desk: Desk, state: DeliveryState) -> str:
    if state.handed is not None or desk.words.assisted(state.delivery.channel):
        return "a person posted it"
    return cannot_retract(desk.words.traits(state.delivery.channel), state, desk.timing.now())


def _cannot_undo(desk: Desk, state: DeliveryState) -> str:
    if state.handed is not None or desk.words.assisted(state.delivery.channel):
        return "a person posted it"
    traits = desk.words.traits(state.delivery.channel)
    if traits is None:
        return "its channel is not there any more"
    if state.drift is not None and not state.drift.gone and "text" not in traits.edits:
        return f"{traits.title} lets us change nothing that is out"
    return ""


def ends_at(pause: Pause, zone: str) -> str:
    return f"until {format_local(pause.until, zone)}" if pause.until else "until somebody resumes it"
