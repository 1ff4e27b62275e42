"""What a change does as one comment of a code host, in Markdown that GitHub and GitLab read alike.

Nobody is pinged and nothing is linked by it: words of posts stand in code blocks, where neither host looks for names, and in every
other word each sign that they act on is parted from what follows by U+2060 (word joiner), which nobody sees. GitLab's quick actions
(`/close` at the start of a line) have no chance either: no line of ours begins with words of others."""

from collections.abc import Iterator
from datetime import UTC, datetime

from presstime.clock import to_local
from presstime.language import Language
from presstime.model import Problem, Segment, Variant
from presstime.plan.standing import PARTS
from presstime.publish.cost import money
from presstime.web.changes import KINDS, Change, Changes, Kind
from presstime.web.listing import ENDLESS
from presstime.web.markdown import calm, code, differing, fenced, listed, plain

MARKER = "<!-- presstime:changes -->"  # the first line, by which the comment is found again
ROOM = 60_000  # of GitHub's 65,536 characters, counted here in bytes, which are never fewer
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
        if found.found and found.zone != "UTC":
            lines += [say(f"Times are those of {calm(found.zone)}, then UTC."), ""]
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
                    "{n} problem was there before.", "{n} problems were there before.", self.found.others
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
        return f"- {sign} {place} {calm(self.say(problem.message))}. {calm(self.say(problem.advice))} ({code(problem.code)})"

    def parts(self) -> Iterator[tuple[str, str]]:
        """Each change in full and in one line; the first of a kind, and of a post, under its heading."""
        kind: Kind | None = None
        post: tuple[str, str] | None = None
        for change, others in grouped(self.found.found):
            head = "" if change.kind == kind else f"\n#### {self.say(HEADS[change.kind])}\n"
            own = change.title, change.path
            if head or own != post:
                file = f" · {code(change.path)}" if change.path else ""
                head += f"\n**{calm(change.title)}**{file}\n\n"
            kind, post = change.kind, own
            line = self._line(change)
            line += f" (+{len(others)})" if others else ""
            yield (
                f"{head}<details><summary>{line}</summary>\n\n{self._inside(change, others)}\n\n</details>",
                f"{head}- {line}",
            )

    def _line(self, change: Change) -> str:
        what = f"<b>{plain(change.delivery.channel)}</b> ({plain(change.network)})"
        if change.kind == "out":
            return f"{what}: {self.say(DOES.get(change.action, change.action))}"
        if change.kind == "moved" and change.from_:
            arrow = f"<s>{self._when(change.from_)}</s> → " if change.due else ""
            return f"{what}: {arrow}{self._when(change.due)}"
        due = change.due or change.from_
        return f"{what}: {self._when(due)}" if due else what

    def _inside(self, change: Change, others: list[Change]) -> str:
        """What is to be known of it, its text, and what the text costs and comes to."""
        lost = [f"{self._head('On the network now, and lost with this')}\n\n{fenced(text)}" for text in change.lost]
        blocks = [listed(self._notes(change, others)), *self._texts(change), *lost, listed(self._facts(change))]
        return "\n\n".join(filter(None, blocks))

    def _notes(self, change: Change, others: list[Change]) -> Iterator[str]:
        say = self.say
        if others:
            times = "; ".join(self._when(other.due or other.from_) for other in others[:SHOWN])
            yield f"{self._head('And again')} {times}{'; …' if len(others) > SHOWN else ''}"
        if change.guessed:
            yield say("Its slot is given by the log after the merge: instant and digest may differ.")
        if change.supposed and change.kind == "moved":
            yield say("If it went out at its time, nothing comes of this: a post goes out once.")
        told = change.action == "edit" and change.parts  # what an edit changes is said by its parts
        if change.kind in ("out", "held", "removed") and change.reason and not told:
            yield f"{self._head('The plan says')} {calm(self.say(change.reason))}"
        if change.lost:
            yield say("Somebody changed it on the network itself since: this edit is put over what stands there now.")
        if change.parts:
            yield f"{self._head('Other than before')} {', '.join(say(part) for part in change.parts)}"
        elif change.kind == "moved" and change.now is not None:
            yield say("What it says stays the same.")

    def _facts(self, change: Change) -> Iterator[str]:
        if change.cost is not None and change.cost.amount:
            yield f"{self._head('Cost')} {money(change.cost.amount)} {change.cost.currency}"
        if change.url:
            yield f"{self._head('Published at')} {code(change.url)}"
        if change.now is not None and change.kind != "held" and change.action in ("", "publish", "wait", "edit"):
            yield f"{self._head('Approved digest')} {code(change.now.digest)}"

    def _texts(self, change: Change) -> Iterator[str]:
        """Its text; where words change, line by line against what they were; of what is taken away, what it was."""
        now, was = change.now, change.was
        if now is None:
            if was is not None and change.kind != "held":
                yield from self._text(was, was, change.network)
        else:
            changed = was is not None and PARTS["text"] in change.parts
            yield from self._text(now, was if was is not None and changed else now, change.network)

    def _text(self, now: Variant, was: Variant, network: str) -> Iterator[str]:
        many = max(len(now.segments), len(was.segments))
        for n in range(many):
            new, old = now.segments[n : n + 1], was.segments[n : n + 1]
            segment = (*new, *old)[0]
            part = f"{n + 1}/{many}" if many > 1 else ""
            yield ", ".join(filter(None, (part, self._count(segment, network) if new else "")))
            before, after = "".join(s.text for s in old), "".join(s.text for s in new)
            yield fenced(after) if before == after else fenced(differing(before, after), "diff")
            yield listed(f"{self._head('Picture')} {code(m.path)}: {calm(m.alt)}" for m in segment.media)

    def _count(self, segment: Segment, network: str) -> str:
        """How much of the network's limit is used; nothing where the limit is for whole pages."""
        if not 0 < segment.limit < ENDLESS:
            return ""
        return self.say(f"{segment.length} of {segment.limit}, as {calm(network)} counts")

    def _when(self, at: datetime | None) -> str:
        """By the newsroom's clock and in UTC, whose date is named where it is another one."""
        if at is None:
            return self.say("no instant yet")
        local, utc = to_local(at, self.found.zone), at.astimezone(UTC)
        here = f"{self.language.dated(local)}, {local:%H:%M}"
        if local.utcoffset() == utc.utcoffset():
            return f"{here} UTC"
        return f"{here} ({utc:%H:%M} UTC)" if local.date() == utc.date() else f"{here} ({utc:%Y-%m-%d %H:%M} UTC)"

    def left_out(self, texts: int, lines: int) -> list[str]:
        """What was too long for a comment."""
        if not texts:
            return []
        said = self.language.say_many(
            "{n} text is left out here, for a comment has an end.",
            "{n} texts are left out here, for a comment has an end.",
            texts,
        )
        if lines:
            said += " " + self.language.say_many(
                "{n} change is not even named.", "{n} changes are not even named.", lines
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
