"""What ops read in Prefect's UI: a table for each run, and one page for the newsroom that says what is coming and what is wrong."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from presstime.clock import format_local
from presstime.model import Action, DeliveryState, digest_of
from presstime.orchestration.alarms import slug
from presstime.pauses import Pause
from presstime.publish.forecast import Outlook
from presstime.publish.trouble import Trouble, Troubles
from presstime.wire import STATE, Desk

TEXT_SHOWN = 200  # characters of a rendered text
AHEAD = timedelta(hours=12)
ROWS = 40
SHOWN, SIGNED = "page", "last-checkpoint"  # files below .presstime: the page as last shown; what was last signed here


async def show_table(desk: Desk, states: Sequence[DeliveryState], seconds: dict[str, float]) -> None:
    """What became of each delivery of a run: `seconds` is how long each took, by name."""
    rows = [
        {
            "delivery": str(state.delivery),
            "state": state.status.value,
            "url": state.url or "",
            "text": text_of(desk, state),
            "attempts": state.attempts,
            "seconds": round(seconds[str(state.delivery)], 2) if str(state.delivery) in seconds else "",
            "reason": state.reason,
        }
        for state in states
    ]
    name = f"Deliveries of commit {(desk.newsroom.commit or '')[:12]}"
    made = create_table_artifact(table=rows, key="deliveries", description=name)
    if asyncio.iscoroutine(made):
        await made


async def show_forecast(desk: Desk, found: Sequence[Outlook]) -> None:
    """What will fail, as a table of the run."""
    zone = desk.settings.timezone
    rows = [{**outlook.to_json(), "due": _at(outlook.due, zone)} for outlook in found]
    made = create_table_artifact(table=rows, key="forecast", description="Scheduled deliveries that will fail, and why")
    if asyncio.iscoroutine(made):
        await made


def text_of(desk: Desk, state: DeliveryState) -> str:
    variant = desk.words.known(state.delivery)
    text = " / ".join(s.text for s in variant.segments) if variant else ""
    return text if len(text) <= TEXT_SHOWN else text[:TEXT_SHOWN] + "…"


async def show_page(desk: Desk, actions: Sequence[Action]) -> bool:
    """The newsroom's page, if it says something else than when this machine showed it last. True: it was shown."""
    page = page_of(desk, actions)
    file = desk.state_folder(STATE) / SHOWN
    digest = digest_of(page.encode())
    if file.exists() and file.read_text() == digest:
        return False
    description = f"{desk.settings.name}: what comes next, and what needs somebody"
    made = create_markdown_artifact(markdown=page, key=f"newsroom-{slug(desk.settings.name)}", description=description)
    if asyncio.iscoroutine(made):
        await made
    file.write_text(digest)
    return True


def page_of(desk: Desk, actions: Sequence[Action]) -> str:
    """Nothing in it changes with time alone but what is coming: it is shown anew only when there is news."""
    now, zone = desk.timing.now(), desk.settings.timezone
    pauses = [pause for pause in desk.ledger.cache.pauses() if pause.holds(now)]
    held = [action for action in actions if action.paused]
    troubles = Troubles(desk.ledger, desk.timing).now()
    coming = [a for a in actions if a.action in ("publish", "wait") and a.due and a.due <= now + AHEAD]
    parts = [
        f"# {desk.settings.name}",
        f"Times are of {zone}.",
        "",
        *_paused(pauses, held, zone),
        *_needing(troubles),
        *_by_hand(desk.waiting(), zone),
        *_next(coming, zone),
        *_tokens(desk, zone),
        _signed(desk, zone),
    ]
    return "\n".join(parts)


def _paused(pauses: Sequence[Pause], held: Sequence[Action], zone: str) -> list[str]:
    if not pauses:
        return []
    lines = [
        f"- **{_cell(str(p.scope))}** by {_cell(p.by)} since {_at(p.since, zone)}, until {_at(p.until, zone) or 'somebody resumes it'}, "
        f"then {p.rule}: {_cell(p.reason)}"
        for p in pauses
    ]
    names = [str(action.delivery) for action in held]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    told = f": {', '.join(names[:10])}{more}" if names else ""
    return ["## Paused", *lines, "", f"Held back now: {len(names)}{told}. The flow `resume` lets go of it.", ""]


def _needing(troubles: Sequence[Trouble]) -> list[str]:
    if not troubles:
        return ["Nothing needs a person.", ""]
    lines = [f"- **{t.state.delivery}** is {t.problem}: {_cell(t.state.reason)}. *{t.advice}*" for t in troubles[:ROWS]]
    more = [f"- and {len(troubles) - ROWS} more: `presstime status`"] if len(troubles) > ROWS else []
    return [f"## Needs a person: {len(troubles)}", *lines, *more, ""]


def _by_hand(waiting: Sequence[DeliveryState], zone: str) -> list[str]:
    if not waiting:
        return []
    rows = [(str(s.delivery), _at(s.handed, zone), _at(s.until, zone)) for s in waiting[:ROWS]]
    return ["## To be posted by hand", _table(("delivery", "waits since", "of use until"), rows)]


def _next(coming: Sequence[Action], zone: str) -> list[str]:
    if not coming:
        return [f"Nothing is due within {AHEAD.seconds // 3600} hours."]
    rows = [(_at(a.due, zone), str(a.delivery)) for a in coming[:ROWS]]
    more = [f"... and {len(coming) - ROWS} more."] if len(coming) > ROWS else []
    return [f"## Next {AHEAD.seconds // 3600} hours", _table(("due", "delivery"), rows), *more]


def _tokens(desk: Desk, zone: str) -> list[str]:
    ends = [(name, _at(at, zone)) for name, at in sorted(desk.token_ends().items())]
    return ["## Credentials that end", _table(("channel", "ends"), ends)] if ends else []


def _signed(desk: Desk, zone: str) -> str:
    try:
        data: dict[str, Any] = json.loads((desk.state_folder(STATE) / SIGNED).read_text())
        return f"Last signed here: entry {data['size']}, {_at(datetime.fromisoformat(data['at']), zone)}."
    except (OSError, ValueError, KeyError):
        return ""


def note_signed(desk: Desk, size: int) -> None:
    """Remember what was signed, for the page."""
    data = {"size": size, "at": desk.timing.now().isoformat()}
    (desk.state_folder(STATE) / SIGNED).write_text(json.dumps(data))


def _at(instant: datetime | None, zone: str) -> str:
    """Without the zone's name, which stands at the top."""
    return format_local(instant, zone).partition(" +")[0].partition(" -")[0].partition(" (")[0] if instant else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n" + "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")
