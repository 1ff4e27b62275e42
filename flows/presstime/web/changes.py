"""What a change of Git does to what goes out: two commits' plans, side by side. It asks `plan` and `render` for both, against one
log and at one time, and has no opinion of its own: what the plan says of both commits is not the change's doing.

Nothing is asked for approval here: the plan of the later commit is the one that there will be when the change is merged."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from presstime.errors import LedgerError, RenderError
from presstime.ledger.log import Ledger
from presstime.model import (
    UNGIVEN,
    Action,
    Delivery,
    DeliveryState,
    Event,
    JsonObject,
    Problem,
    Status,
    Variant,
    to_iso,
)
from presstime.plan import Wanted
from presstime.plan.standing import PARTS, is_out
from presstime.publish.absence import Absence
from presstime.publish.change import difference
from presstime.publish.cost import Cost, costs_of
from presstime.publish.sync import Sync

Kind = Literal["added", "moved", "changed", "removed", "held", "out"]
KINDS: tuple[Kind, ...] = ("added", "moved", "changed", "removed", "held", "out")
OVER = ("missed", "skip")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one delivery. `was` and `now` are what it says before and after, `from_` and `due` its instants (UTC), where it
    has them; `action` is what the plan does with what is out, `reason` the plan's own words; `parts` what readers see change.
    `supposed`: without the log it is not known whether it is out; its time is past, and it is taken to be. `guessed`: its
    slot, and with it the digest, may be another, for the log has those that were given. `lost`: words that somebody wrote on the network
    itself, and that an edit is put over."""

    kind: Kind
    delivery: Delivery
    title: str
    path: str
    network: str
    due: datetime | None
    from_: datetime | None = None
    now: Variant | None = None
    was: Variant | None = None
    parts: tuple[str, ...] = ()
    action: str = ""
    reason: str = ""
    url: str | None = None
    cost: Cost | None = None
    supposed: bool = False
    guessed: bool = False
    lost: tuple[str, ...] = ()

    def to_json(self) -> JsonObject:
        return {
            "kind": self.kind,
            "delivery": str(self.delivery),
            "title": self.title,
            "path": self.path,
            "network": self.network,
            "due": to_iso(self.due) if self.due else None,
            "due_before": to_iso(self.from_) if self.from_ else None,
            "digest": self.now.digest if self.now else None,
            "digest_before": self.was.digest if self.was else None,
            "text": [segment.text for segment in self.now.segments] if self.now else [],
            "parts": list(self.parts),
            "action": self.action or None,
            "reason": self.reason,
            "url": self.url,
            "cost": self.cost.to_json() if self.cost else None,
            "supposed": self.supposed,
            "guessed": self.guessed,
            "lost": list(self.lost),
        }


@dataclass
class Changes:
    """What a change does. `problems` are those that it brings, `others` counts those that were there before; `known`: whether the
    log was read. `notes` are sentences on what could not be compared."""

    name: str
    zone: str
    base: str
    head: str
    at: datetime
    known: bool
    found: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    others: int = 0
    notes: list[str] = field(default_factory=list)

    def of(self, kind: Kind) -> list[Change]:
        return [change for change in self.found if change.kind == kind]

    def to_json(self) -> JsonObject:
        return {
            "base": self.base,
            "head": self.head,
            "at": to_iso(self.at),
            "log": self.known,
            "changes": [change.to_json() for change in self.found],
            "problems": [problem.to_json() for problem in self.problems],
            "other_problems": self.others,
            "notes": self.notes,
        }


def suppose(before: Sync, after: Sync, ledger: Ledger, set_time: Callable[[datetime], None], now: datetime) -> None:
    """Fill a made-up log with what must have gone out if all went well: what `before` wants, whose time is past, as far as `after`
    has another file for it or none. Whoever reads it must say that it is supposed."""
    before.actions(now, told=False)
    after.actions(now, told=False)
    for delivery in sorted(before.deliveries()):
        old, new = before.wanted(delivery), after.wanted(delivery)
        due = _due(old)
        if old is None or due is None or due >= now or (new is not None and new.content == old.content):
            continue
        try:
            said = before.words.variant(old.post, old.target)
        except RenderError:
            continue  # it cannot have gone out
        set_time(due)
        _write(ledger, before, old, said)


def _write(ledger: Ledger, before: Sync, item: Wanted, said: Variant) -> None:
    planned = {
        "digest": said.digest,
        "source": item.source,
        "content": item.content,
        "said": before.words.said(item.post, item.target),
        "engine": before.words.engine,
        "due": to_iso(item.target.due),
        "path": item.post.path,
        "commit": before.newsroom.commit or "",
        "blob": item.post.blob,
    }
    sending = {"segment": 0, "digest": said.digest, "key": "", "epoch": 0}
    events = [
        Event("planned", item.delivery, planned),
        Event("sending", item.delivery, sending),
        Event("published", item.delivery),
    ]
    ledger.append(lambda states: events, {said.digest: said.to_json()})


def compare(before: Sync | None, after: Sync, now: datetime, supposed: bool) -> list[Change]:
    """What differs between two plans, by kind and instant. Both read one log; `supposed`: a made-up one."""
    old = {a.delivery: a for a in before.actions(now, told=False)} if before else {}
    new = {a.delivery: a for a in after.actions(now, told=False)}
    costs = {cost.delivery: cost for cost in costs_of(new.values(), after.words, after.ledger)}
    known = old.keys() | new.keys() | after.deliveries() | (before.deliveries() if before else set())
    found = [
        change
        for delivery in known
        if (change := _Pair(before, after, delivery, old.get(delivery), new.get(delivery), costs, supposed).change(now))
    ]
    last = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(found, key=lambda c: (KINDS.index(c.kind), c.due or c.from_ or last, c.delivery))


def news(before: Sequence[Problem], after: Sequence[Problem]) -> tuple[list[Problem], int]:
    """The problems that were not there before, and how many were. A problem that only moved to another line is none."""
    was = {(p.path, p.code, p.message) for p in before}
    brought = [p for p in after if (p.path, p.code, p.message) not in was]
    return sorted(brought, key=lambda p: (p.severity, p.path, p.line, p.column)), len(after) - len(brought)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One delivery before and after."""

    before: Sync | None
    after: Sync
    delivery: Delivery
    old: Action | None
    new: Action | None
    costs: dict[Delivery, Cost]
    supposed: bool

    def change(self, now: datetime) -> Change | None:
        state = self.after.ledger.state(self.delivery)
        if state is not None and (is_out(state) or state.begun or state.status is Status.RETRACTED):
            return self._out(state) or self._postponed(state, now)
        old = self.before.wanted(self.delivery) if self.before and self._alive(self.old) else None
        new = self.after.wanted(self.delivery) if self._alive(self.new) else None
        if new is None:
            return self._removed(old) if old else None
        if self.supposed and (due := _due(new)) and due < now and self.old is not None:
            return None  # what is over, and that the change does not touch
        if old is None:
            return self._coming("added", new)
        if old.source == new.source and not self._moved(old, new) and _verdict(self.old) == _verdict(self.new):
            return None
        return self._altered(old, new)

    def _moved(self, old: Wanted, new: Wanted) -> bool:
        """Whether its instant is another one. A slot once given is kept in the log: without it, that others take it says nothing."""
        kept = self.supposed and new.target.slots is not None and new.target.slots == old.target.slots
        return not kept and _due(old) != _due(new)

    @staticmethod
    def _alive(action: Action | None) -> bool:
        return action is not None and action.action not in OVER

    def _out(self, state: DeliveryState) -> Change | None:
        """What the plan does with what is out, where it did not before."""
        if self.new is None or _verdict(self.old) == _verdict(self.new):
            return None
        try:
            was: Variant | None = Variant.from_json(self.after.ledger.payload(state.sent_digest))
        except LedgerError:
            was = None
        now = self._said(self.after, was.at if was else None) if self.new.action != "retract" else None
        found = self._change("out", due=state.due, now=now, was=was, parts=_parts(was, now), url=state.url)
        drift = state.drift if self.new.action == "edit" else None
        return replace(found, lost=tuple(s.text for s in drift.seen if s.text is not None)) if drift else found

    def _postponed(self, state: DeliveryState, now: datetime) -> Change | None:
        """What is only supposed to be out, and gets an instant to come: it is moved, if the supposition is wrong."""
        new = self.after.wanted(self.delivery)
        due = _due(new)
        if not self.supposed or new is None or due is None or due < now:
            return None
        was = self._said(self.before)
        parts = _parts(was, self._said(self.after, state.due))
        return replace(self._coming("moved", new, was, state.due, parts), supposed=True)

    def _removed(self, old: Wanted) -> Change:
        """Not wanted any more, or not to be read: then it is held up rather than taken back."""
        post = old.post
        state = DeliveryState(self.delivery, Status.PLANNED, path=post.path, origin={"blob": post.blob or ""})
        gone = Absence(self.after.newsroom).of(state)
        loaded = self.after.newsroom.loaded
        broken = loaded.of_id(post.id) is None and loaded.knows(post.id)
        reason = self.new.reason if self.new else gone.reason
        was = self._said(self.before)
        return self._change("held" if broken else "removed", due=None, from_=_due(old), was=was, reason=reason)

    def _altered(self, old: Wanted, new: Wanted) -> Change | None:
        was = self._said(self.before)
        parts = _parts(was, self._said(self.after, _due(old)))  # at one instant, which some networks' words hold
        kind: Kind = "moved" if self._moved(old, new) else "changed"
        held = self.new is not None and self.new.action == "hold" and _verdict(self.old) != _verdict(self.new)
        if kind == "changed" and not parts and not held:
            return None  # another source, e.g. a comment in presstime.toml, and the same words
        return self._coming(kind, new, was, _due(old), parts)

    def _coming(
        self,
        kind: Kind,
        item: Wanted,
        was: Variant | None = None,
        from_: datetime | None = None,
        parts: tuple[str, ...] = (),
    ) -> Change:
        held = self.new is not None and self.new.action == "hold" and not self.new.paused
        now = self._said(self.after)
        found = self._change(
            "held" if held else kind, due=_due(item), from_=from_, now=now, was=was, parts=parts, cost=True
        )
        return replace(found, guessed=self.supposed and item.target.slots is not None)

    def _said(self, sync: Sync | None, at: datetime | None = None) -> Variant | None:
        """The words, where they can be said; as they would be at another instant."""
        item = sync.wanted(self.delivery) if sync else None
        if sync is None or item is None or _due(item) is None:
            return None
        try:
            return sync.words.variant(item.post, replace(item.target, due=at or item.target.due))
        except RenderError:
            return None

    def _change(
        self,
        kind: Kind,
        due: datetime | None,
        now: Variant | None = None,
        was: Variant | None = None,
        from_: datetime | None = None,
        parts: tuple[str, ...] = (),
        reason: str | None = None,
        url: str | None = None,
        cost: bool = False,
    ) -> Change:
        item = self.after.wanted(self.delivery) or (self.before.wanted(self.delivery) if self.before else None)
        return Change(
            kind,
            self.delivery,
            (item.post.title if item else None) or self.delivery.post,
            item.post.path if item else "",
            self._network(),
            due,
            from_,
            now,
            was,
            parts,
            self.new.action if self.new else "",
            reason if reason is not None else (self.new.reason if self.new else ""),
            url,
            self.costs.get(self.delivery) if cost else None,
            self.supposed and kind == "out",
        )

    def _network(self) -> str:
        """The network's name for people."""
        for sync in filter(None, (self.after, self.before)):
            if traits := sync.words.traits(self.delivery.channel):
                return traits.title
        return ""


def _due(item: Wanted | None) -> datetime | None:
    """Its instant, if it has one."""
    return item.target.due if item is not None and item.target.due != UNGIVEN else None


def _verdict(action: Action | None) -> tuple[str, str, str] | None:
    """What the plan says of what is out, or does not let go."""
    return (
        (action.action, action.digest, action.reason) if action and action.action not in ("wait", "publish") else None
    )


def _parts(was: Variant | None, now: Variant | None) -> tuple[str, ...]:
    if was is None or now is None:
        return ()
    found = difference(was, now).parts
    return tuple(PARTS[part] for part in PARTS if part in found)


def lines(found: Changes) -> Iterator[str]:
    """For people at a terminal."""
    from presstime.clock import format_local

    for change in found.found:
        due = change.due or change.from_
        when = f", {format_local(due, found.zone)}" if due else ""
        why = f": {change.reason}" if change.reason else ""
        yield f"{change.kind}: {change.delivery}{when}{why}"
    for problem in found.problems:
        yield str(problem)
    if not found.found and not found.problems:
        yield "Nothing of what goes out changes."
