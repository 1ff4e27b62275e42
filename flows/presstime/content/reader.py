"""One post out of one file: every key read as what it means, every problem of the file collected."""

import re
from datetime import datetime
from typing import Any, Literal, NamedTuple
from unicodedata import normalize

from presstime.clock import to_local
from presstime.content.frontmatter import split
from presstime.content.identity import MAX_ID, Name, as_id, fits, name_of
from presstime.content.keys import MODES, PARTIALS, STATUSES, sort_keys
from presstime.content.links import Links, Page
from presstime.content.media import Library
from presstime.content.optin import names_channels, says_channels
from presstime.content.schedule import Schedule, When, resolve
from presstime.content.source import Entry, Source
from presstime.content.values import Values
from presstime.errors import ContentError
from presstime.model import UNGIVEN, Json, MediaRef, Post, Problem, Target
from presstime.problems import Problems, shorten
from presstime.settings import Settings

_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, and bytes that are not UTF-8
MAX_FILE = 4 * 1024 * 1024  # bytes: nobody writes that much, and a worker must not stumble over it
Threading = Literal["auto", "never", "manual"]
Standing = Literal["ready", "draft", "retracted"]
Partial = Literal["resume", "retract", "leave"]


class Read(NamedTuple):
    """One file, read: its id if it has one, the post if it is sound, and what is wrong. Neither: the file is the site's own."""

    path: str
    id: str
    post: Post | None
    problems: list[Problem]


class Reader:
    """Makes a post of a file. What files have in common (zones, media, the link pattern) is worked out once."""

    def __init__(self, source: Source, settings: Settings) -> None:
        self._source = source
        self._settings = settings
        self.library = Library(source, settings.content.require_alt)
        self._schedule = Schedule(settings, self.library)
        self._links = Links(settings.content.link, settings.content.links) if settings.content.link else None
        self._opt_in = settings.content.opt_in

    def read(self, entry: Entry, folder: str) -> Read:
        """The post of one file, or its problems."""
        self.library.begin()
        refusal = _refusal(entry)
        if refusal is not None:
            return Read(entry.path, "", None, [refusal])
        try:
            text = self._source.load(entry)
            if self._opt_in and not says_channels(text):
                return Read(entry.path, "", None, [])
            front, body, _ = split(text, entry.path)
        except ContentError as error:
            ours = not self._opt_in or names_channels(text)
            return Read(entry.path, "", None, list(error.problems) if ours else [])
        problems = Problems(entry.path, front.where)
        found, extra = sort_keys(front, problems)
        if self._opt_in and "channels" not in found:
            return Read(entry.path, "", None, [])
        values = Values(found, problems)
        name = name_of(entry.path, folder)
        identity = self._identity(values, name)
        post = self._post(entry, values, identity, name, body, extra)
        return Read(entry.path, identity, None if problems.failed else post, problems.found)

    def _identity(self, values: Values, name: Name) -> str:
        """The post's id, "" with a problem if it has none that can be used."""
        written = values.text("id")
        if written is not None and fits(written):
            return normalize("NFC", written)
        if written is not None:
            advice = f"Use letters, digits, '.', '_' and '-', at most {MAX_ID}: {as_id(written) or 'spring-2026'}"
            values.problems.error(values.found["id"].mark, "bad-id", f"{shorten(written)} cannot be an id", advice)
            return ""
        if self._settings.content.identity == "name" and (named := as_id(name.name)):
            return named
        advice = "Run `presstime check --fix` to have one written, or add a line id: ..., and never change it."
        values.problems.error(None, "missing-id", "the post has no id", advice)
        return ""

    def _post(self, entry: Entry, values: Values, identity: str, name: Name, body: str, extra: dict[str, Json]) -> Post:
        status = _status(values)
        folder = entry.path.rpartition("/")[0]
        language = values.language("language") or self._settings.language
        when = self._schedule.when(values, name.date)
        targets = self._schedule.targets(values, when, folder, required=status == "ready")
        thread, on_partial = _thread(values)
        return Post(
            id=identity,
            path=entry.path,
            blob=entry.blob_id,
            commit=self._source.commit,
            title=values.line("title") or heading(body) or _no_title(values),
            body=body,
            summary=values.text("summary"),
            status=status,
            link=self._link(values, Page(identity, name, language, extra), when, targets),
            language=language,
            tags=_tags(values),
            media=self._media(values, folder),
            targets=targets,
            thread=thread,
            on_partial=on_partial,
            expires_at=self._expiry(values, when, targets),
            retract=_retracts(values),
            again=values.flag("again") is True,
            campaign=values.line("campaign"),
            template=values.template(),
            extra=extra,
        )

    def _media(self, values: Values, folder: str) -> tuple[MediaRef, ...]:
        node = values.found.get("media")
        return self.library.refs(node, folder, values.problems) if node is not None else ()

    def _link(self, values: Values, page: Page, when: When, targets: tuple[Target, ...]) -> str | None:
        written = values.url("link")
        if written is not None or self._links is None:
            return written
        day = when.at or min((t.due for t in targets if t.due != UNGIVEN), default=None)
        if day is not None and day.tzinfo is not None:
            day = to_local(day, when.zone or self._settings.timezone)
        return self._links.make(page, day)

    def _expiry(self, values: Values, when: When, targets: tuple[Target, ...]) -> datetime | None:
        """The instant after which nothing goes out; it has to be after the first that does."""
        at = values.instant("expires_at")
        if at is None:
            return None
        mark = values.found["expires_at"].mark
        instant = resolve(at, when.zone or self._settings.timezone, when.fold, mark, values.problems)
        if instant and targets and instant <= min(t.due for t in targets):
            advice = "Write a later expires_at, or an earlier publish_at."
            values.problems.error(mark, "expires-too-soon", "the post expires before it goes out", advice)
        return instant


def _refusal(entry: Entry) -> Problem | None:
    """Why a file is not even read."""
    if entry.size > MAX_FILE:
        message = f"the file is larger than {MAX_FILE >> 20} MiB"
        return Problem(entry.path, 1, 1, "error", "too-large", message, "Shorten it.")
    if not entry.path.isprintable() and _UNSHOWABLE.search(entry.path):
        shown = _UNSHOWABLE.sub("?", entry.path)
        return Problem(shown, 1, 1, "error", "bad-file-name", "the file's name is not readable text", "Rename it.")
    return None


def _status(values: Values) -> Standing:
    """What any of the ways to say so says of the post: a draft is not planned, `retracted` takes down what is up."""
    status = (values.text("status") or "ready").lower()
    if status not in STATUSES:
        advice = "Write status: draft, retracted or ready, or leave the line out."
        values.problems.error(
            values.found["status"].mark, "bad-status", f"there is no status {shorten(status)}", advice
        )
    if status == "draft" or values.flag("draft") is True or values.flag("published") is False:
        return "draft"
    return "retracted" if status == "retracted" else "ready"


def _retracts(values: Values) -> bool:
    """Whether what is up is taken down at `expires_at`, without which `retract` would mean nothing."""
    retract = values.flag("retract") is True
    if retract and "expires_at" not in values.found:
        advice = "Add expires_at: 2026-04-01T09:00, or write status: retracted to take it down now."
        values.problems.error(values.found["retract"].key, "no-expiry", "`retract` needs an expires_at", advice)
    return retract


def _tags(values: Values) -> tuple[str, ...]:
    found = values.texts("tags")
    return tuple(dict.fromkeys(tag for text in found if (tag := text.lstrip("#").strip()))) if found else ()


def _thread(values: Values) -> tuple[Threading, Partial]:
    """How the text may be split, and what happens if a part of the thread fails. Words, in any order, or a map."""
    node = values.found.get("thread")
    if node is None:
        return "auto", "resume"
    mode: Any = "auto"
    partial: Any = "resume"
    words = node.value.values() if type(node.value) is dict else None
    for word in [str(w.value) for w in words] if words is not None else values.texts("thread"):
        if word in MODES:
            mode = word
        elif word in PARTIALS:
            partial = word
        else:
            advice = f"Choices: {', '.join(MODES)}; and after a failure {', '.join(PARTIALS)}."
            values.problems.error(node.mark, "bad-thread", f"{shorten(word)} says nothing about threads", advice)
    return mode, partial


def heading(body: str) -> str | None:
    """The first `# heading` of a text, outside of code."""
    fence = ""
    for line in body.split("\n") if "# " in body else ():
        bare = line.strip()
        if fence:
            fence = "" if bare.startswith(fence) and not bare.strip(fence[0]) else fence
        elif bare.startswith(("```", "~~~")):
            fence = bare[:3]
        elif line.startswith("# "):
            return line[2:].strip().rstrip("#").strip() or None
    return None


def _no_title(values: Values) -> str:
    if "title" not in values.found or values.found["title"].value == "":
        advice = "Add a line title: ..., or begin the text with a line # ..."
        values.problems.error(None, "missing-title", "the post has no title", advice)
    return ""
