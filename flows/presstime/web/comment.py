"""What a change does as one comment of a code host, in Markdown that GitHub and GitLab read alike.

Nobody is pinged and nothing is linked by it: words of posts stand in code blocks, where neither host looks for names, and in every
other word each sign that they act on is parted from what follows by U+2060 (word joiner), which nobody sees. GitLab's quick actions
(`/close` at the start of a line) have no chance either: no line of ours begins with words of others."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from presstime.clock import to_local
from presstime.model import Problem, Variant
from presstime.publish.cost import money
from presstime.web.changes import KINDS, Change, Changes, Kind
from presstime.web.language import Language

MARKER = "<!-- presstime:changes -->"  # the first line, by which the comment is found again
ROOM = 60_000  # of GitHub's 65,536 characters, counted here in bytes, which are never fewer
JOINER = "\u2060"
SIGNS = re.compile(r"([@#!%&~$^*](?=\S)|GH-(?=\d)|:(?=//)|www(?=\.)|\[(?=\w))", re.IGNORECASE)
MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~$])")
SHOWN = 12  # occurrences that are named with their instants
HEADS: dict[Kind, str] = {
    "added": "Added",
    "moved": "Moved",
    "changed": "Changed",
    "removed": "Removed",
    "held": "Does not go out like this",
    "out": "Already published",
}
DOES = {
    "edit": "is edited in place",
    "retract": "is taken down",
    "note": "stays as it is",
    "hold": "waits for a person",
    "wait": "waits",
}


def comment(found: Changes, language: Language, preview: str = "") -> str:
    """The whole comment, not longer than a code host takes; what was left out is said."""
    said = _Comment(found, language, preview)
    head, parts = said.head(), list(said.parts())
    for left_out in range(2 * len(parts) + 1):  # texts go first, from the end; then whole lines
        texts, whole = max(0, len(parts) - left_out), max(0, 2 * len(parts) - left_out)
        body = [(long if n < texts else short) for n, (long, short) in enumerate(parts) if n < whole or n < texts]
        tail = said.left_out(len(parts) - texts, len(parts) - min(whole, len(parts)))
        text = "\n".join([head, *body, *tail])
        if len(text.encode()) <= ROOM:
            return text
    return f"{head[:ROOM]}\n"


def calm(text: str) -> str:
    """Words of others as plain words: no markup, no name, no number, no link that a code host would act on.

    >>> calm("@ada closes #12").replace(JOINER, "|")
    '@|ada closes \\\\#|12'
    """
    flat = " ".join(text.split())
    apart = SIGNS.sub(lambda match: f"{match[1]}{JOINER}", flat)
    return MARKUP.sub(r"\\\1", apart.replace("&", "&amp;"))


def fenced(text: str) -> str:
    """Words as they are, in a code block that they cannot end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


class _Comment:
    """The sentences of one comment."""

    def __init__(self, found: Changes, language: Language, preview: str) -> None:
        self.found, self.language, self.preview = found, language, preview
        self.say = language.say

    def head(self) -> str:
        found, say = self.found, self.say
        lines = [MARKER, f"### {say('What this change does')}", ""]
        lines += [self._summary(), ""]
        lines += [f"> {calm(say(note))}\n" for note in found.notes]
        if found.problems:
            lines += [f"#### {say('Problems')}", "", *map(self._problem, found.problems[:50])]
            rest = len(found.problems) - 50
            lines += [f"- {say('and more: see')} `presstime check` ({rest})"] * (rest > 0)
            lines.append("")
        if found.found:
            lines += [say("Times are those of %(zone)s, then UTC.").replace("%(zone)s", calm(found.zone)), ""]
        return "\n".join(lines)

    def _head(self, text: str) -> str:
        """A word with its colon, as the language sets it."""
        return f"{self.say(text)}\u00a0:" if self.language.code == "fr" else f"{self.say(text)}:"

    def _summary(self) -> str:
        counts = [f"{self._head(HEADS[kind])} **{len(self.found.of(kind))}**" for kind in KINDS if self.found.of(kind)]
        if self.found.problems:
            counts.append(f"{self._head('Problems')} **{len(self.found.problems)}**")
        parts = [" · ".join(counts) or self.say("Nothing of what goes out changes.")]
        if self.found.others:
            parts.append(
                self.language.say_many(
                    "%(n)s problem was there before.", "%(n)s problems were there before.", self.found.others
                )
            )
        if any(change.supposed for change in self.found.found):
            parts.append(self.say("The log was not read: what is past is taken to have gone out."))
        if self.preview.startswith(("https://", "http://")):
            parts.append(f"[{self.say('Preview')}](<{self.preview.replace('>', '%3E')}>)")
        return "  \n".join(parts)

    def _problem(self, problem: Problem) -> str:
        sign = "❌" if problem.severity == "error" else "⚠️"
        place = code(f"{problem.path}:{problem.line}:{problem.column}")
        return f"- {sign} {place} {calm(problem.message)}. {calm(problem.advice)} ({code(problem.code)})"

    def parts(self) -> Iterator[tuple[str, str]]:
        """Each change in full and in one line."""
        before: Kind | None = None
        for change, others in grouped(self.found.found):
            head = "" if change.kind == before else f"\n#### {self.say(HEADS[change.kind])}\n\n"
            before = change.kind
            line = self._line(change)
            line += f" (+{len(others)})" if others else ""
            yield (
                f"{head}<details><summary>{line}</summary>\n\n{self._inside(change, others)}\n\n</details>",
                f"{head}- {line}",
            )

    def _line(self, change: Change) -> str:
        what = f"<b>{plain(change.title)}</b> → {plain(change.delivery.channel)} ({plain(change.network)})"
        if change.kind == "out":
            does = DOES.get(change.action, change.action)
            return f"{what}: <b>{self.say(does)}</b>"
        if change.kind == "moved" and change.from_:
            arrow = f"<s>{self._when(change.from_)}</s> → " if change.due else ""
            return f"{what}: {arrow}{self._when(change.due)}"
        due = change.due or change.from_
        return f"{what}: {self._when(due)}" if due else what

    def _inside(self, change: Change, others: list[Change]) -> str:
        say, facts = self.say, []
        facts.append(f"- {self._head('File')} {code(change.path)}" if change.path else "")
        if change.due and change.kind not in ("out", "held"):
            facts.append(f"- {self._head('Goes out')} {self._when(change.due)}")
        if others:
            times = "; ".join(self._when(other.due or other.from_) for other in others[:SHOWN])
            facts.append(f"- {self._head('And again')} {times}{'; …' if len(others) > SHOWN else ''}")
        if change.guessed:
            facts.append(f"- {say('Its slot is given by the log after the merge: instant and digest may differ.')}")
        if change.supposed and change.kind == "moved":
            facts.append(f"- {say('If it went out at its time, nothing comes of this: a post goes out once.')}")
        elif change.supposed:
            facts.append(f"- {say('If it went out at its time, this is what becomes of it.')}")
        if change.kind in ("out", "held", "removed") and change.reason:
            facts.append(f"- {self._head('The plan says')} {calm(change.reason)}")
        if change.parts:
            facts.append(f"- {self._head('Other than before')} {', '.join(say(part) for part in change.parts)}")
        if change.now is not None and change.kind != "held" and change.action in ("", "publish", "wait", "edit"):
            facts.append(f"- {self._head('Digest that is approved')} {code(change.now.digest)}")
        if change.cost is not None and change.cost.amount:
            facts.append(f"- {self._head('Cost')} {money(change.cost.amount)} {change.cost.currency}")
        if change.url:
            facts.append(f"- {self._head('Published at')} {code(change.url)}")
        blocks = ["\n".join(filter(None, facts))]
        if change.now is not None:
            blocks.append(self._text(change.now))
        if change.was is not None and (change.now is None or "the words" in change.parts):
            blocks.append(f"{self._head('Before')}\n\n{self._text(change.was)}")
        return "\n\n".join(filter(None, blocks))

    def _text(self, variant: Variant) -> str:
        many, blocks = len(variant.segments), []
        for segment in variant.segments:
            part = f"{segment.index + 1}/{many}, " if many > 1 else ""
            blocks.append(f"{part}{segment.length} / {segment.limit} {segment.unit}\n\n{fenced(segment.text)}")
            blocks += [f"- {self._head('Picture')} {code(m.path)}: {calm(m.alt)}" for m in segment.media]
        return "\n\n".join(blocks)

    def _when(self, at: datetime | None) -> str:
        if at is None:
            return self.say("no instant yet")
        local = to_local(at, self.found.zone)
        return f"{self.language.day(local)}, {local:%H:%M} ({at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"

    def left_out(self, texts: int, lines: int) -> list[str]:
        """What was too long for a comment."""
        if not texts:
            return []
        said = self.language.say_many(
            "%(n)s text is left out here, for a comment has an end.",
            "%(n)s texts are left out here, for a comment has an end.",
            texts,
        )
        if lines:
            said += " " + self.language.say_many(
                "%(n)s change is not even named.", "%(n)s changes are not even named.", lines
            )
        return ["", f"_{said} {self._head('All of it')}_ `presstime changes --base {self.found.base[:12]}`"]


def grouped(found: list[Change]) -> Iterator[tuple[Change, list[Change]]]:
    """Each change with what repeats it: the later occurrences of a rule are told with the first."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in found:
        once = change.delivery.occurrence == "once"
        key = (change.kind, change.delivery if once else (change.delivery.post, change.delivery.channel))
        groups.setdefault(key, []).append(change)
    for first, *others in groups.values():
        yield first, others


def code(text: str) -> str:
    """Words in a code span that they cannot end."""
    flat = " ".join(text.split())
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    ticks = "`" * (longest + 1)
    room = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{room}{flat}{room}{ticks}"


def plain(text: str) -> str:
    """Words of others within HTML of ours."""
    flat = SIGNS.sub(lambda match: f"{match[1]}{JOINER}", " ".join(text.split()))
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("`", "&#96;"), ("*", "&#42;"), ("_", "&#95;")):
        flat = flat.replace(sign, entity)
    return flat.replace("[", "&#91;").replace("\\", "&#92;")
