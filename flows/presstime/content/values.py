"""Reading front-matter values as the types their keys ask for. A mistake is noted and reads as absent."""

import re
from datetime import datetime
from typing import Any

from presstime.clock import parse_instant, zone_exists
from presstime.content.nodes import Node
from presstime.model import Late
from presstime.problems import Problems, shorten, suggest
from presstime.settings import parse_late
from presstime.settings.tables import LANGUAGE, url_problem

TEMPLATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Values:
    """Some keys of one file, by name, and the file's problems."""

    __slots__ = ("found", "problems")

    def __init__(self, found: dict[str, Node], problems: Problems[Any]) -> None:
        self.found = found
        self.problems = problems

    def wrong(self, name: str, node: Node, wanted: str) -> None:
        self.problems.error(node.mark, "wrong-type", f"{name} is not {wanted}", f"Write {wanted}.")

    def text(self, name: str) -> str | None:
        """A text without blanks around it; None if it is empty."""
        node = self.found.get(name)
        if node is None:
            return None
        if type(node.value) is not str:
            self.wrong(name, node, "a text, in quotes if need be")
            return None
        return node.value.strip() or None

    def line(self, name: str) -> str | None:
        """A text on one line."""
        text = self.text(name)
        return " ".join(text.split()) if text and ("\n" in text or "\t" in text) else text

    def flag(self, name: str) -> bool | None:
        node = self.found.get(name)
        if node is None or type(node.value) is bool:
            return None if node is None else node.value
        known = FLAGS.get(node.value.lower()) if type(node.value) is str else None
        if known is None:
            self.wrong(name, node, "true or false")
        return known

    def number(self, name: str) -> int | None:
        node = self.found.get(name)
        if node is None or type(node.value) is int:
            return None if node is None else node.value
        if type(node.value) is str and node.value.isdecimal() and len(node.value) < 10:
            return int(node.value)
        self.wrong(name, node, "a whole number")
        return None

    def instant(self, name: str) -> datetime | None:
        """Aware if it was written with an offset, else naive."""
        node = self.found.get(name)
        return None if node is None else self.as_instant(name, node)

    def as_instant(self, name: str, node: Node) -> datetime | None:
        if type(node.value) is not str:
            self.wrong(name, node, "a date-time such as 2026-03-24T09:00")
            return None
        try:
            return parse_instant(node.value)
        except ValueError as error:
            advice = "Write local time as 2026-03-24T09:00, or add an offset: 2026-03-24T09:00+01:00."
            self.problems.error(node.mark, "bad-date", f"{name}: {error}", advice)
            return None

    def texts(self, name: str) -> list[str]:
        """A list of texts, or one text that holds several: separated by commas, or if it has none by blanks."""
        node = self.found.get(name)
        if node is None:
            return []
        if type(node.value) is str:
            return [t.strip() for t in node.value.split(",")] if "," in node.value else node.value.split()
        if type(node.value) is not list:
            self.wrong(name, node, "a list of texts")
            return []
        items = [item for item in node.value if item.value is not None]
        for item in items:
            if type(item.value) is not str:
                self.wrong(name, item, "a list of texts")
        return [item.value.strip() for item in items if type(item.value) is str]

    def zone(self, name: str) -> str | None:
        text = self.text(name)
        if text is None or zone_exists(text):
            return text
        from zoneinfo import available_timezones

        advice = (
            suggest(text[:60], available_timezones(), "zones") if "/" in text else "Write a name such as Europe/Paris."
        )
        self.problems.error(self.found[name].mark, "unknown-zone", f"there is no time zone {shorten(text)}", advice)
        return None

    def language(self, name: str) -> str | None:
        text = self.text(name)
        tag = text.replace("_", "-") if text else None
        if tag is None or LANGUAGE.fullmatch(tag):
            return tag
        advice = "Write a BCP 47 tag, e.g. fr or en-GB."
        self.problems.error(self.found[name].mark, "bad-language", f"{shorten(text)} is no language tag", advice)
        return None

    def url(self, name: str) -> str | None:
        text = self.text(name)
        problem = url_problem(text) if text else None
        if problem is None:
            return text
        advice = "Write the whole address, e.g. https://verne.example/spring."
        self.problems.error(self.found[name].mark, "bad-link", f"{name} {problem}", advice)
        return None

    def template(self) -> str | None:
        """The name of a template of ours; None for another program's file name, such as Zola's `page.html`."""
        text = self.text("template")
        return text if text and TEMPLATE.fullmatch(text) else None

    def late(self, name: str) -> Late | None:
        text = self.text(name)
        try:
            return parse_late(text) if text else None
        except ValueError as error:
            self.problems.error(self.found[name].mark, "bad-late", str(error), "Write e.g. late: within 2h")
            return None
