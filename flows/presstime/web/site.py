"""The board as a folder of files: lists of what is coming and past, a page for each post, month and week, calendars and a feed."""

import json
from calendar import Calendar
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from presstime.errors import UsageError
from presstime.language import Language
from presstime.model import Attachment
from presstime.web.board import Board
from presstime.web.calendar import ics, json_feed
from presstime.web.listing import ENDLESS, Pairs, Sheet, by_day, by_instant, by_post, repeats, sheets
from presstime.web.marks import hue, initials

if TYPE_CHECKING:
    from jinja2 import Environment

MARK = ".presstime-preview"  # a file that says whose folder this is: what else is in it may be replaced
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "video/mp4": "mp4"}
MOST = 6  # posts of one day that a month shows; a week shows ten times as many


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
    over = found.past()
    coming, past = sheets(found, found.coming(), "index"), sheets(found, over, "past") if over else []
    page = _Pages(found, language, by_day(found, pairs), [*coming, *past])
    yield "style.css", page.text("style.css")
    for here, title, some, all_of in (
        ("index", "What is coming", coming, found.coming()),
        ("past", "Past", past, over),
    ):
        for sheet in some:
            yield (
                sheet.file,
                page.render("list.html", "", here=here, sheet=sheet, title=title, choices=_choices(all_of)),
            )
    for story in found.stories:
        yield story.file, page.render("post.html", "../", story=story)
    yield from page.calendar()
    for file, name, channels in _calendars(found):
        chosen = [pair for pair in pairs if channels is None or pair[1].delivery.channel in channels]
        yield file, ics(f"{found.name}: {name}" if name else found.name, chosen, found.now, language)
    yield "coming.json", json.dumps(json_feed(found, language), ensure_ascii=False, indent=1)
    for item, content in found.pictures.each():
        yield media_of(item), content


def _calendars(found: Board) -> Iterator[tuple[str, str, Sequence[str] | None]]:
    """The file, name and channels of each calendar: that of all is nobody's group, though a group may have its name."""
    yield "all.ics", "", None
    for name, channels in found.groups.items():
        yield f"{name if name.lower() != 'all' else 'group-all'}.ics", name, channels


def media_of(item: Attachment) -> str:
    return f"media/{item.digest[:20]}.{SUFFIXES.get(item.mime, 'bin')}"


def week_of(day: date) -> str:
    """The week's name in ISO 8601: `2026-W48`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _choices(pairs: Pairs) -> dict[str, list[str]]:
    """What may be filtered by."""
    found = {
        "channel": {c.delivery.channel for _, c in pairs},
        "campaign": {s.campaign for s, _ in pairs if s.campaign},
    }
    return {name: sorted(values) for name, values in {**found, "state": {c.state for _, c in pairs}}.items()}


class _Pages:
    """The templates with what all of them may say."""

    def __init__(self, found: Board, language: Language, days: Mapping[date, Pairs], lists: Sequence[Sheet]) -> None:
        self.found, self.days = found, days
        self.months = sorted({day.replace(day=1) for day in days}) or [found.local(found.now).date().replace(day=1)]
        self.weeks = sorted({day - timedelta(days=day.weekday()) for day in days})
        self.shared = {
            "board": found,
            "language": language,
            "_": language.say,
            "many": language.say_many,
            "days": days,
            "months": self.months,
            "now_month": self._now_month(),
            "week_of": week_of,
            "by_instant": by_instant,
            "by_post": by_post,
            "repeats": repeats,
            "hue": hue,
            "initials": initials,
            "today": found.local(found.now).date(),
            "over": bool(found.past()),
            "missed": sum(card.state == "missed" for _, card in found.cards()),
            "calendars": [file for file, _, _ in _calendars(found)],
            "listed": {day: f"{sheet.file}#d{day}" for sheet in reversed(lists) for day in sheet.days},
            "endless": ENDLESS,
            "media_of": media_of,
            "has_file": found.pictures.__contains__,
        }

    def _now_month(self) -> date:
        """The month that the calendar opens at: this one, or the first that has something."""
        this = self.found.local(self.found.now).date().replace(day=1)
        return next((month for month in self.months if month >= this), self.months[-1])

    def calendar(self) -> Iterator[tuple[str, str]]:
        """A page for each month and each week that has something."""
        for before, month, after in _with_neighbours(self.months):
            weeks = Calendar().monthdatescalendar(month.year, month.month)
            yield (
                f"calendar/{month:%Y-%m}.html",
                self.render(
                    "month.html",
                    "../",
                    here="calendar",
                    month=month,
                    weeks=weeks,
                    before=before,
                    after=after,
                    most=MOST,
                ),
            )
        for before, monday, after in _with_neighbours(self.weeks):
            week = [monday + timedelta(n) for n in range(7)]
            yield (
                f"calendar/{week_of(monday)}.html",
                self.render("week.html", "../", here="calendar", week=week, before=before, after=after, most=10 * MOST),
            )

    def render(self, name: str, up: str, here: str = "", **more: object) -> str:
        return _environment().get_template(name).render(up=up, here=here, **self.shared, **more)

    def text(self, name: str) -> str:
        return _environment().get_template(name).render()


def _with_neighbours(days: Sequence[date]) -> Iterator[tuple[date | None, date, date | None]]:
    """Each with the one before and the one after it; nothing of none."""
    return zip([None, *days], days, [*days[1:], None], strict=False)


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
