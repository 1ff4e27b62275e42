"""From what Git says to what the log knows: plan, and write the plan into the log before anything acts on it.

A `planned` event is the approval that promise 1 is checked against: it binds a delivery to the digest that its commit
gives. What is held or missed is written down too, once, with its reason."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from presstime.content.newsroom import TEMPLATES, Newsroom
from presstime.ledger.claims import held_by_another, step
from presstime.ledger.fold import MARKS
from presstime.ledger.log import Ledger, View
from presstime.model import (
    Action,
    Delivery,
    DeliveryState,
    Event,
    JsonObject,
    Post,
    Provenance,
    Status,
    Target,
    Variant,
    to_iso,
)
from presstime.pauses import Pause
from presstime.plan import Difference, Rules, Situation, Timetable, Wanted, content_of, plan, source_of, timetable
from presstime.plan.approval import is_new
from presstime.plan.assisted import reminder_due
from presstime.plan.decide import by_due
from presstime.plan.situation import action_on, files_of
from presstime.plan.standing import is_out, same_content
from presstime.publish.absence import Absence
from presstime.publish.change import difference
from presstime.publish.look import Look, Outlook
from presstime.publish.stops import Stops
from presstime.publish.timing import Timing
from presstime.publish.words import Words
from presstime.settings import FILE

GIT_AGE_SECONDS = (
    300.0  # a commit read longer ago is not planned from: whoever stood still meanwhile may have an old one
)
OLD = "Git was read too long ago: this worker stood still, and the next pass reads it anew"
BATCH = 200  # events of one entry: some hundred kilobytes with their payloads
# Nothing sent, nothing decided for good; what is handed may be out, and `done` says so whatever happens to it meanwhile.
IDLE = (Status.PLANNED, Status.DEFERRED, Status.CLAIMED, Status.HELD, Status.HANDED)


@dataclass(frozen=True)
class Sync:
    """One look at a commit. `provenance` says who stands behind files of that commit, `refused` which of them are not
    approved, and why."""

    newsroom: Newsroom
    ledger: Ledger
    timing: Timing
    words: Words
    provenance: Callable[[Collection[str]], Mapping[str, Provenance]]
    refused: Callable[[Collection[str]], Mapping[str, str]] = lambda paths: {}
    ahead: Callable[[str], bool | None] = lambda commit: False  # see `Repository.lies_ahead`
    read_at: float | None = None  # when Git was read, by the monotonic clock; None: at any time
    _known: dict[Delivery, Wanted] = field(default_factory=dict)  # what the last plan wanted
    looks: list[Look] = field(default_factory=list)  # what the last plan that was written down looked at
    reminded: list[Delivery] = field(default_factory=list)  # of what a person has, what the last plan reminds of

    def actions(self, now: datetime | None = None, told: bool = True) -> list[Action]:
        """The whole plan as it stands against the log as last read; unless `told` is False, with what was missed and is over.
        Changes nothing."""
        now = now or self.timing.now()
        pauses = self._stops.known(now)
        with self.newsroom.loaded.at_one_commit():
            look = self._outlook.everything(now)
            found = self._lay_out(look, now, pauses)
            actions = plan(found.wanted, self._situation(look, now, pauses), self._digest, found.waiting)
        return sorted([*self._told(look), *actions], key=by_due(now)) if told and look.told else actions

    def _told(self, look: Look) -> Iterator[Action]:
        """What was missed, as the log tells it."""
        for name in look.told:
            if (state := self.ledger.state(Delivery.parse(name))) is not None:
                yield action_on(state, "skip" if state.status is Status.SKIPPED else "missed", state.reason)

    def run(self, lead: timedelta = timedelta(0)) -> list[Action]:
        """Read the log, plan, write down what is new. Returns the plan, without what is over; what is due within `lead` is to
        be published.

        Raises `StoreError` or `LedgerError` where the log cannot be used."""
        self.ledger.catch_up()
        self.timing.check_skew()
        now = self.timing.now()
        self._stops.write(now)
        pauses = self.ledger.cache.pauses()
        with self.newsroom.loaded.at_one_commit():
            look = self._outlook.look(now)
            found = self._lay_out(look, now, pauses)
            situation = replace(self._situation(look, now, pauses), lead=lead)
            actions = plan(found.wanted, situation, self._digest, found.waiting)
            news = list(self._events(actions, self._known, look.states))
            news += self._reminders(actions, look.states, now)
            unfinished = _unfinished(actions, self._known, look)
        self._write(news, look.states)
        self.looks[:] = [look]
        self.reminded[:] = [event.delivery for event, _ in news if event.kind == "reminded"]
        if self._is_old():
            return [replace(a, action="wait", reason=OLD) if a.acts else a for a in actions]
        self._outlook.remember(look, unfinished)
        return actions

    def _is_old(self) -> bool:
        return self.read_at is not None and self.timing.monotonic() - self.read_at > GIT_AGE_SECONDS

    @property
    def why_all(self) -> str:
        """Why the last plan looked at everything; "" if it had only to look at what may have changed."""
        return self.looks[0].why if self.looks else ""

    def wants(self, delivery: Delivery) -> bool:
        """Whether Git wants a delivery, published or not. Of what repeats, the occurrences that the last plan looked at."""
        if delivery in self._known:
            return True
        post = self.newsroom.loaded.of_id(delivery.post)
        if post is None or post.status != "ready" or delivery.occurrence != "once":
            return False
        return any(target.channel == delivery.channel and target.repeat is None for target in post.targets)

    def deliveries(self) -> set[Delivery]:
        """Every delivery that the last plan looked at and that Git wants."""
        return set(self._known)

    def wanted(self, delivery: Delivery) -> Wanted | None:
        """What the last plan wanted of a delivery, with all that its post says."""
        item = self._known.get(delivery)
        if item is None:
            return None
        post, target = self._whole(item.post, item.target)
        return replace(item, post=post, target=target)

    def _whole(self, post: Post, target: Target) -> tuple[Post, Target]:
        """A post and its target as Git has them: the plan may have had their outlines. The instant is the plan's."""
        whole = self.newsroom.loaded.whole(post)
        if whole is post:
            return post, target
        own = next(t for t in whole.targets if t.channel == target.channel)
        given = {name: getattr(target, name) for name in ("due", "slots", "repeat", "occurrence", "number")}
        return whole, replace(own, **given)

    def _digest(self, post: Post, target: Target) -> str:
        return self.words.digest(*self._whole(post, target))

    def _said(self, post: Post, target: Target) -> str:
        return self.words.said(*self._whole(post, target))

    @property
    def _outlook(self) -> Outlook:
        return Outlook(self.newsroom, self.ledger, self.words.engine)

    @property
    def _stops(self) -> Stops:
        return Stops(self.newsroom, self.ledger, self.provenance, self.ahead)

    def _lay_out(self, look: Look, now: datetime, pauses: Sequence[Pause]) -> Timetable:
        """Every delivery that Git wants with its instant, kept until the next time."""
        policy, settings = self.newsroom.settings.policy, self.newsroom.settings
        rules = Rules(settings.slots, policy.quiet_hours if policy.quiet == "move" else None, pauses, settings.groups)
        found = timetable(self._wanted(look.posts), look.states, rules, now)
        self._known.clear()
        self._known.update({item.delivery: item for item in found.wanted})
        self._known.update({item.delivery: item for item, _ in found.waiting})
        return found

    def _wanted(self, posts: Iterable[Post]) -> Iterator[Wanted]:
        settings_blob, templates = self.newsroom.settings_blob, self.newsroom.templates_digest
        for post in posts:
            for target in post.targets if post.status == "ready" else ():
                source = source_of(post, target, settings_blob, templates)
                yield Wanted(post, target, source, content_of(post, target))

    def _situation(self, look: Look, now: datetime, pauses: Sequence[Pause]) -> Situation:
        return Situation(
            states=look.states,
            now=now,
            engine=self.words.engine,
            busy=lambda state: held_by_another(state, self.ledger.store.now(), self.ledger.writer, self.ledger.is_gone),
            min_gap=timedelta(seconds=self.newsroom.settings.min_gap_seconds),
            traits=self.words.traits,
            compare=self._compare,
            gone=Absence(self.newsroom, self.ahead).of,
            ahead=lambda commit: self.ahead(commit) is True,
            twin=self._twin,
            retract_max=self.newsroom.settings.retract_max,
            unapproved=self._unapproved,
            pauses=pauses,
            groups=self.newsroom.settings.groups,
            assisted=self.words.assisted,
            last=self.ledger.cache.last_done,
        )

    def _unapproved(self, files: Mapping[Delivery, Collection[str]]) -> dict[Delivery, str]:
        """Why deliveries are not approved: a file of theirs is not, or one that the words of all come from."""
        shared = (FILE, *(f"{TEMPLATES}/{name}" for name in self.newsroom.templates))
        refused = self.refused({*shared, *(path for paths in files.values() for path in paths)})
        reasons = {d: next((refused[p] for p in (*paths, *shared) if p in refused), "") for d, paths in files.items()}
        return {delivery: reason for delivery, reason in reasons.items() if reason}

    def _compare(self, post: Post, target: Target, state: DeliveryState) -> Difference:
        """What readers would see change, were a published delivery's words of now to stand there. Raises `RenderError`."""
        before = Variant.from_json(self.ledger.payload(state.sent_digest))
        return difference(before, self.words.variant(*self._whole(post, replace(target, due=before.at))))

    def _twin(self, post: Post, target: Target) -> DeliveryState | None:
        """A published delivery of another post that says the same on the channel."""
        twin = next(reversed(self.ledger.cache.saying(target.channel, self._said(post, target))), None)
        return twin if twin is not None and twin.delivery.post != post.id else None

    # --- what is new, as events ---

    def _events(
        self, actions: Sequence[Action], wanted: Mapping[Delivery, Wanted], states: Mapping[Delivery, DeliveryState]
    ) -> Iterator[tuple[Event, str]]:
        """The events to write, each with the digest whose payload goes with it ("" for none)."""
        fresh = [a for a in actions if _is_new_plan(a, wanted.get(a.delivery), states.get(a.delivery))]
        seen = list(_newly_looked_at(actions, wanted, states))
        unseen = self._unapproved({item.delivery: files_of(item) for item, _ in seen}) if seen else {}
        seen = [(item, state) for item, state in seen if item.delivery not in unseen]
        paths = {a.path for a in fresh} | {item.post.path for item, _ in seen}
        origins = self.provenance(paths) if paths else {}
        planned = {a.delivery for a in fresh}
        for action in actions:
            state = states.get(action.delivery)
            if state is not None and state.status is Status.HELD and action.action in ("publish", "wait"):
                yield step("released", action.delivery, self.timing.now, reason="what held it is gone"), ""
            if action.delivery in planned:
                item = wanted[action.delivery]
                due = state.due if state and state.status is Status.PUBLISHED else item.target.due
                said = self._said(item.post, replace(item.target, due=due or item.target.due))
                yield self._planned(item, action.digest, due, said, origins[action.path]), action.digest
            if action.action == "note" and not action.drifted and (state is None or state.reason != action.reason):
                told = {"digest": action.digest or "gone", "reason": action.reason}
                yield step("noted", action.delivery, self.timing.now, **told), ""
            elif action.action == "missed" and _is_news(state, Status.MISSED, action):
                told = {"due": to_iso(action.due or self.timing.now()), "reason": action.reason}
                yield step("missed", action.delivery, self.timing.now, **told), ""
            elif action.action == "skip" and _is_news(state, Status.SKIPPED, action):
                told = {
                    "due": to_iso(action.due or self.timing.now()),
                    "reason": action.reason,
                    "by": "the rule of a pause",
                }
                yield step("skipped", action.delivery, self.timing.now, **told), ""
            elif _is_new_hold(action, state):
                yield step("held", action.delivery, self.timing.now, reason=action.reason), ""
        for item, state in seen:
            yield self._planned(item, state.sent_digest, state.due, state.said, origins[item.post.path]), ""
        yield from self._dropped(wanted, states)

    def _reminders(
        self, actions: Sequence[Action], states: Mapping[Delivery, DeliveryState], now: datetime
    ) -> Iterator[tuple[Event, str]]:
        """Of what a person has for some time now, and may still post."""
        for action in actions:
            state, after = states.get(action.delivery), self.newsroom.settings.remind
            if action.action == "wait" and reminder_due(state, now, after) and state is not None and state.handed:
                told = {"since": to_iso(state.handed), "times": state.reminded + 1}
                yield step("reminded", action.delivery, self.timing.now, **told), ""

    def _planned(self, item: Wanted, digest: str, due: datetime | None, said: str, by: Provenance) -> Event:
        return step(
            "planned",
            item.delivery,
            self.timing.now,
            digest=digest,
            source=item.source,
            content=item.content,
            said=said,
            slot=item.target.slots or "",
            engine=self.words.engine,
            due=to_iso(due or item.target.due),
            **({"moved": to_iso(item.named)} if item.named else {}),
            path=item.post.path,
            commit=by.commit,
            blob=by.blob,
            author=by.author,
            approver=by.approver,
            **{mark: value for mark in MARKS if (value := getattr(by, mark))},
        )

    def _dropped(
        self, wanted: Mapping[Delivery, Wanted], states: Mapping[Delivery, DeliveryState]
    ) -> Iterator[tuple[Event, str]]:
        """Deliveries that were planned and that this commit does not want, or cannot use, any more."""
        reason = f"commit {(self.newsroom.commit or '')[:12]} has it no more: removed, a draft, or a post with problems"
        for delivery, state in states.items():
            gone = delivery not in wanted and not state.begun and state.status in IDLE
            if gone and self.ahead(state.commit) is not True:
                commit, theirs = self.newsroom.commit or "", state.status is Status.HANDED
                told = f"{reason}; a person has it, who is not to post it any more" if theirs else reason
                yield step("dropped", delivery, self.timing.now, reason=told, commit=commit), ""

    def _write(self, news: Sequence[tuple[Event, str]], seen: Mapping[Delivery, DeliveryState]) -> None:
        for first in range(0, len(news), BATCH):
            batch = news[first : first + BATCH]
            payloads: dict[str, JsonObject] = {}
            for event, digest in batch:
                if digest and self.ledger.cache.payload_entry(digest) is None:
                    payloads[digest] = self.words.payload(event.delivery)
            self.ledger.append(lambda view, batch=batch: self._still_true(batch, seen, view), payloads)  # type: ignore[misc]

    def _still_true(
        self, batch: Sequence[tuple[Event, str]], seen: Mapping[Delivery, DeliveryState], view: View
    ) -> list[Event]:
        """The events whose delivery is still as the plan saw it; what changed meanwhile waits for the next plan, as does all
        of it where Git was read too long ago."""
        if self._is_old():
            return []
        return [event for event, _ in batch if _entry(view(event.delivery)) == _entry(seen.get(event.delivery))]


def _newly_looked_at(
    actions: Sequence[Action], wanted: Mapping[Delivery, Wanted], states: Mapping[Delivery, DeliveryState]
) -> Iterator[tuple[Wanted, DeliveryState]]:
    """Published deliveries whose post changed without any change for readers: that they were looked at is written down, so
    that nobody renders them again at each pass."""
    acting = {a.delivery for a in actions}
    for delivery, item in wanted.items():
        state = None if delivery in acting else states.get(delivery)
        if state is not None and state.status is Status.PUBLISHED and not same_content(item, state):
            yield item, state


def _is_new_plan(action: Action, item: Wanted | None, state: DeliveryState | None) -> bool:
    """Whether the log must learn of this digest before anything acts on it."""
    return item is not None and is_new(action, item, state)


def _is_new_hold(action: Action, state: DeliveryState | None) -> bool:
    """Holds of what nothing was sent of; the others (refused, unknown, published) are in the log as what they are."""
    idle = state is None or (state.status in IDLE and not state.begun)
    return action.action == "hold" and not action.paused and idle and _is_news(state, Status.HELD, action)


def _is_news(state: DeliveryState | None, status: Status, action: Action) -> bool:
    return state is None or state.status is not status or state.reason != action.reason


def _unfinished(actions: Sequence[Action], wanted: Mapping[Delivery, Wanted], look: Look) -> set[str]:
    """The posts that the next plan has to look at, whatever happens until then: those that something is to come of, those that
    were changed without any change for readers, and what is out of posts that Git does not know. What was missed, skipped or noted is
    told and over."""
    found = {action.delivery.post for action in actions if action.action not in ("missed", "skip", "note")}
    found |= {item.post.id for item, _ in _newly_looked_at(actions, wanted, look.states)}
    return found | {delivery.post for delivery in look.lost if is_out(look.states[delivery])}


def _entry(state: DeliveryState | None) -> int:
    return state.entry if state else 0
