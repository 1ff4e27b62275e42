"""The board as a folder of files: one page for all, one for each post, month and week, calendars and a feed."""

import json
from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from presstime.errors import UsageError
from presstime.web.board import Board, Card, Story
from presstime.web.calendar import ics, json_feed
from presstime.web.language import Language
from presstime.web.marks import hue, initials

if TYPE_CHECKING:
    from jinja2 import Environment

MARK = ".presstime-preview"  # a file that says whose folder this is: what else is in it may be replaced
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "video/mp4": "mp4"}
Pairs = Sequence[tuple[Story, Card]]


def write(found: Board, folder: Path, language: Language) -> int:
    """Write the site into a folder. Returns the number of files.

    Raises `UsageError` for a folder that holds something else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UsageError(f"{folder} is not empty and holds no preview", "Name a new folder with --out.")
    _clear(folder)
    count = 0
    for name, content in files(found, language):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        count += 1
    return count


def _clear(folder: Path) -> None:
    """Take away what an earlier preview wrote."""
    for path in sorted(folder.rglob("*"), reverse=True) if folder.exists() else ():
        path.rmdir() if path.is_dir() else path.unlink()


def files(found: Board, language: Language) -> Iterator[tuple[str, str | bytes]]:
    """Every file of the site with its content."""
    yield MARK, ""
    pairs = list(found.cards())
    by_day: dict[date, list[tuple[Story, Card]]] = defaultdict(list)
    for story, card in pairs:
        by_day[found.local(card.at).date()].append((story, card))
    page = _Pages(found, language, by_day)
    yield "style.css", page.text("style.css")
    yield (
        "index.html",
        page.render(
            "index.html",
            "",
            here="index",
            coming=_days(found, found.coming()),
            out=_out(pairs),
            choices=_choices(pairs),
        ),
    )
    for story in found.stories:
        yield story.file, page.render("post.html", "../", story=story)
    months = page.months
    for n, month in enumerate(months):
        near = {"before": months[n - 1] if n else None, "after": months[n + 1] if n + 1 < len(months) else None}
        weeks = Calendar().monthdatescalendar(month.year, month.month)
        yield (
            f"calendar/{month:%Y-%m}.html",
            page.render("month.html", "../", here="calendar", month=month, weeks=weeks, **near),
        )
    for monday in sorted({day - timedelta(days=day.weekday()) for day in by_day}):
        yield (
            f"calendar/{week_of(monday)}.html",
            page.render("week.html", "../", here="calendar", days=[monday + timedelta(n) for n in range(7)]),
        )
    for name, channels in {"all": None, **found.groups}.items():
        chosen = [pair for pair in pairs if channels is None or pair[1].delivery.channel in channels]
        title = found.name if channels is None else f"{found.name}: {name}"
        yield f"{name}.ics", ics(title, chosen, found.now, language)
    yield "coming.json", json.dumps(json_feed(found, language), ensure_ascii=False, indent=1)
    for digest, (item, content) in found.files.items():
        yield f"media/{digest[:20]}.{SUFFIXES.get(item.mime, 'bin')}", content


def week_of(day: date) -> str:
    """The week's name in ISO 8601: `2026-W48`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _days(found: Board, pairs: Pairs) -> list[tuple[date, list[tuple[Story, list[Card]]]]]:
    """By day, a line for each post with all of its channels that day."""
    days: dict[date, dict[str, tuple[Story, list[Card]]]] = defaultdict(dict)
    for story, card in pairs:
        days[found.local(card.at).date()].setdefault(story.id, (story, []))[1].append(card)
    return [(day, list(stories.values())) for day, stories in sorted(days.items())]


def _out(pairs: Pairs) -> list[tuple[Story, Card]]:
    return [pair for pair in reversed(pairs) if pair[1].state == "published"]


def _choices(pairs: Pairs) -> dict[str, list[str]]:
    """What may be filtered by."""
    found = {
        "channel": {c.delivery.channel for _, c in pairs},
        "campaign": {s.campaign for s, _ in pairs if s.campaign},
    }
    return {name: sorted(values) for name, values in {**found, "state": {c.state for _, c in pairs}}.items()}


class _Pages:
    """The templates with what all of them may say."""

    def __init__(self, found: Board, language: Language, by_day: dict[date, list[tuple[Story, Card]]]) -> None:
        self.found, self.by_day = found, by_day
        self.months = sorted({day.replace(day=1) for day in by_day}) or [found.local(found.now).date().replace(day=1)]
        self.shared = {
            "board": found,
            "language": language,
            "_": language.say,
            "many": language.say_many,
            "by_day": by_day,
            "months": self.months,
            "now_month": self._now_month(),
            "week_of": week_of,
            "hue": hue,
            "initials": initials,
            "today": found.local(found.now).date(),
            "media_of": lambda item: f"media/{item.digest[:20]}.{SUFFIXES.get(item.mime, 'bin')}",
            "has_file": lambda item: item.digest in found.files,
        }

    def _now_month(self) -> date:
        """The month that the calendar opens at: this one, or the first that has something."""
        this = self.found.local(self.found.now).date().replace(day=1)
        return next((month for month in self.months if month >= this), self.months[-1])

    def render(self, name: str, up: str, here: str = "", **more: object) -> str:
        return _environment().get_template(name).render(up=up, here=here, **self.shared, **more)

    def text(self, name: str) -> str:
        return _environment().get_template(name).render()


@cache
def _environment() -> "Environment":
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("presstime.web", "pages"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
