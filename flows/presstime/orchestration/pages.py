"""What ops read in Prefect's UI: a table for each run, and one page for the newsroom that says what is coming and what is wrong."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from presstime.clock import format_local
from presstime.language import Language
from presstime.model import Action, DeliveryState, Segment, digest_of
from presstime.orchestration.names import named
from presstime.orchestration.runs import COMING
from presstime.pauses import Pause
from presstime.publish.forecast import Outlook
from presstime.publish.trouble import Trouble, Troubles
from presstime.wire import STATE, Desk

IN_FULL = 100  # deliveries with whole texts on a page
MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&-])")  # what Markdown might read as more than itself
NUMBERED = re.compile(r"^(\d+)([.)])")  # or as an item of a list
ADDRESS = re.compile(r"https?://")
AHEAD = timedelta(hours=12)
FRESH = timedelta(days=7)  # Prefect's server deletes what old runs have made: the page is made anew before
ROWS = 40
SHOWN, SIGNED = "page", "last-checkpoint"  # files below .presstime: the page as last shown; what was last signed here


async def show_table(desk: Desk, states: Sequence[DeliveryState], seconds: dict[str, float]) -> None:
    """What became of each delivery of a run: `seconds` is how long each took, by name. A table to search, and a page with whole
    texts, reasons and links: Prefect breaks no cell of a table into lines, makes no links in it, and shows it 580 pixels wide."""
    commit = (desk.newsroom.commit or "")[:12]
    table, in_full = (named(desk.settings, kind) for kind in ("deliveries", "deliveries-in-full"))
    made = create_table_artifact(
        table=[_row(state, seconds) for state in states],
        key=table,
        description=f"Deliveries of commit {commit}; whole texts, reasons and links: the page `{in_full}`",
    )
    if asyncio.iscoroutine(made):
        await made
    page = deliveries_page(states, seconds, lambda state: [s.text for s in _segments(desk, state)])
    made = create_markdown_artifact(
        markdown=page, key=in_full, description=f"Whole texts, reasons and links, of commit {commit}"
    )
    if asyncio.iscoroutine(made):
        await made


def _row(state: DeliveryState, seconds: dict[str, float]) -> dict[str, Any]:
    """Whole names: they are what the forms of the orders want."""
    name, status = str(state.delivery), state.status.value
    return {"delivery": name, "state": status, "tries": state.attempts, "took": _took(state, seconds)}


def _took(state: DeliveryState, seconds: dict[str, float]) -> str:
    name = str(state.delivery)
    return f"{seconds[name]:.2f} s" if name in seconds else ""


def _segments(desk: Desk, state: DeliveryState) -> Sequence[Segment]:
    variant = desk.words.known(state.delivery)
    return variant.segments if variant else ()


def deliveries_page(
    states: Sequence[DeliveryState], seconds: dict[str, float], texts_of: Callable[[DeliveryState], Sequence[str]]
) -> str:
    """A run's deliveries in full, those that need a person first: at most IN_FULL of them. `texts_of` gives a delivery's messages."""
    shown = sorted(states, key=lambda state: not state.needs_look)[:IN_FULL]
    counts = Counter(state.status.value for state in states)
    rows = [
        (
            str(s.delivery),
            s.status.value,
            str(s.attempts),
            _took(s, seconds),
            f"[open]({s.url})" if s.url else "",
        )
        for s in shown
    ]
    parts = [
        "**" + ", ".join(f"{count} {status}" for status, count in counts.most_common()) + "**",
        _table(("delivery", "state", "tries", "took", "there"), rows),
    ]
    if len(states) > len(shown):
        parts.append(f"... and {len(states) - len(shown)} more: see the table.")
    for state in shown:
        parts += [f"### {_plain(str(state.delivery))}", *_in_full(state, texts_of(state)), ""]
    return "\n".join(parts)


def _in_full(state: DeliveryState, texts: Sequence[str]) -> Iterable[str]:
    if state.reason:
        yield f"**{state.status.value}**: {_plain(state.reason)}\n"
    for n, text in enumerate(texts, 1):
        if len(texts) > 1:
            yield f"{n} of {len(texts)}:\n"
        yield "\n".join(f"> {_plain(line)}  " for line in text.splitlines()) + "\n"


async def show_forecast(desk: Desk, found: Sequence[Outlook]) -> None:
    """What will fail, as a table of the run."""
    zone = desk.settings.timezone
    rows = [{**outlook.to_json(), "due": _at(outlook.due, zone)} for outlook in found]
    made = create_table_artifact(
        table=rows,
        key=named(desk.settings, "forecast"),
        description="Scheduled deliveries that will fail, and why",
    )
    if asyncio.iscoroutine(made):
        await made


async def show_page(desk: Desk, actions: Sequence[Action]) -> bool:
    """The newsroom's page, if it says something else than when this machine showed it last, or that was long ago. True: it was shown."""
    page = page_of(desk, actions)
    file = desk.state_folder(STATE) / SHOWN
    digest = digest_of(page.encode())
    shown = file.exists() and time.time() - file.stat().st_mtime < FRESH.total_seconds()
    if shown and file.read_text() == digest:
        return False
    description = f"{desk.settings.name}: what comes next, and what needs somebody"
    made = create_markdown_artifact(markdown=page, key=named(desk.settings, "newsroom"), description=description)
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
        f"[All that is scheduled]({COMING}).",
        *_tokens(desk, zone),
        _signed(desk, zone),
    ]
    say = Language(desk.settings.language or "en").say
    return "\n".join(_said(part, say) for part in parts)


def _said(part: str, say: Callable[[str], str]) -> str:
    """A line in the newsroom's language; of a table the heads, for its cells are names and times."""
    if not part.startswith("\n| "):
        return say(part)
    heads, rest = part[3:].split(" |\n", 1)
    return f"\n| {' | '.join(map(say, heads.split(' | ')))} |\n{rest}"


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
    lines = [f"- **{t.state.delivery}** is {t.problem}: {_cell(t.reason)}. *{t.advice}*" for t in troubles[:ROWS]]
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


def _plain(text: str) -> str:
    """Somebody's words, such that Markdown shows them as they are; addresses stay links."""
    words = [word if ADDRESS.match(word) else MARKS.sub(r"\\\1", word) for word in text.split()]
    return NUMBERED.sub(r"\1\\\2", " ".join(words))
