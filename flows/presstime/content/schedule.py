"""Which channels a post is meant for, and the instant on each."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from presstime.clock import NonExistentLocalTime, check_rule, parse_instant, resolve_local, to_local
from presstime.content.keys import CHANNEL_SPELLINGS, NEXT_SLOT
from presstime.content.media import Library
from presstime.content.nodes import Node
from presstime.content.values import Values
from presstime.model import UNGIVEN, Late, MediaRef, Repeat, Target
from presstime.problems import Problems, shorten, suggest
from presstime.settings import Settings

Particulars = dict[str, Node]  # what a post says of one channel, by key


class When(NamedTuple):
    """What a post says of time, for all its channels: a time as written, and how to read it. `at` is None if there is none,
    or if it waits for a slot (of the set `slots`, if it names one); `rule` is of a post that repeats."""

    at: datetime | None
    mark: Any
    zone: str | None
    fold: int | None
    waits: bool = False
    slots: Node | None = None
    rule: str | None = None


class Schedule:
    """Works out the targets of one post after the other. Local times are resolved once per zone."""

    def __init__(self, settings: Settings, library: Library) -> None:
        self._settings = settings
        self._library = library
        # The settings' own strings, not each file's: they are kept for every post.
        self._named = {**settings.groups, **{name: (name,) for name in settings.channels}}
        self._defaults: dict[str, Particulars] = {name: {} for name in settings.default_channels}

    def when(self, values: Values, file_date: str | None) -> When:
        """The post's own time: `publish_at`, else the date in its file's name."""
        node = values.found.get("publish_at")
        zone, fold, rule, slots = values.zone("timezone"), _fold(values), _rule(values), _wish(values)
        if node is not None and node.value == NEXT_SLOT:
            return When(None, node.mark, zone, fold, waits=True, slots=slots, rule=rule)
        if node is not None:
            return When(values.as_instant("publish_at", node), node.mark, zone, fold, slots=slots, rule=rule)
        at = _as_date(file_date) if file_date is not None else None
        return When(at, None, zone, fold, slots=slots, rule=rule)

    def targets(self, values: Values, when: When, folder: str, required: bool) -> tuple[Target, ...]:
        """One target per channel, in the order they are named. `required`: whether to ask for what a draft may lack."""
        problems = values.problems
        wanted = self._wanted(values)
        late = values.late("late") or self._settings.late
        resolved: dict[str, datetime | None] = {}
        found = []
        for name, particulars in wanted.items():
            target = (
                self._particular(name, particulars, when, late, folder, problems)
                if particulars
                else self._plain(name, when, late, resolved, problems)
            )
            if target is not None:
                found.append(target)
        if required:
            self._require(values, when, wanted, problems)
        return tuple(found)

    def _require(self, values: Values, when: When, wanted: Mapping[str, Particulars], problems: Problems[Any]) -> None:
        """A post that is no draft needs channels, and a time on each."""
        node = values.found.get("channels")
        if not wanted and not any(p.code in ("unknown-channel", "wrong-type") for p in problems.found):
            advice = "Add channels: [NAME], or [defaults] channels to presstime.toml, or status: draft."
            problems.error(node and node.key, "no-channels", "the post names no channel", advice)
        lacking = when.at is None and "publish_at" not in values.found
        if lacking and (not wanted or any("publish_at" not in p for p in wanted.values())):
            advice = "Add publish_at: 2026-03-24T09:00 (local time), or status: draft."
            problems.error(None, "missing-publish-at", "the post does not say when it goes out", advice)

    def _plain(
        self, name: str, when: When, late: Late, resolved: dict[str, datetime | None], problems: Problems[Any]
    ) -> Target | None:
        """The target of a channel of which the post says nothing particular."""
        zone = when.zone or self._settings.channels[name].timezone or self._settings.timezone
        if when.waits:
            return self._waiting(Target(name, UNGIVEN, late, zone=zone), when, problems)
        if when.at is None:
            return None
        if zone not in resolved:
            resolved[zone] = resolve(when.at, zone, when.fold, when.mark, problems)
        due = resolved[zone]
        return Target(name, due, late, zone=zone, repeat=_repeat(when.rule, due, zone)) if due is not None else None

    def _waiting(self, target: Target, when: When, problems: Problems[Any]) -> Target | None:
        """The target of a post that waits for a slot, with the set that it comes from: the one wished for, the channel's,
        the newsroom's, or the only one there is."""
        settings, known = self._settings, self._settings.slots
        only = next(iter(known)) if len(known) == 1 else None
        wish = str(when.slots.value) if when.slots is not None else None
        chosen = wish or settings.channels[target.channel].slots or settings.default_slots or only
        mark = when.slots.mark if when.slots is not None else when.mark
        if when.rule is not None:
            advice = "Write the first date and time: publish_at: 2026-03-24T09:00."
            problems.error(when.mark, "slot-repeats", "a post that repeats cannot wait for a slot", advice)
        elif chosen in known:
            return replace(target, slots=chosen)
        elif chosen is None:
            advice = 'Write slots: NAME, or a date and time. Slots are made in presstime.toml: [slots] weekday = ["Mon 09:00"].'
            problems.error(mark, "no-slots", f"no set of slots is named for {target.channel!r}", advice)
        else:
            message = f"there is no set of slots {shorten(chosen)} in presstime.toml"
            problems.error(mark, "unknown-slots", message, suggest(chosen, known, "sets of slots"))
        return None

    def _particular(
        self, name: str, particulars: Particulars, when: When, late: Late, folder: str, problems: Problems[Any]
    ) -> Target | None:
        """The target of a channel with what the post says of it in particular."""
        values = Values(particulars, problems)
        own = particulars.get("publish_at")
        waits = when.waits if own is None else own.value == NEXT_SLOT
        at, mark = (when.at, when.mark) if own is None or waits else (values.as_instant("publish_at", own), own.mark)
        zone = values.zone("timezone") or when.zone or self._settings.channels[name].timezone or self._settings.timezone
        fold = _fold(values) or when.fold
        text, late, media = values.text("text"), values.late("late") or late, self._media(particulars, folder, problems)
        template, wish = values.template(), _wish(values)
        if values.flag("skip"):
            return None
        target = Target(name, UNGIVEN, late, text, media, template, zone)
        if waits:
            slots, mark = wish or when.slots, own.mark if own is not None else when.mark
            return self._waiting(target, when._replace(slots=slots, mark=mark), problems)
        due = resolve(at, zone, fold, mark, problems) if at is not None else None
        return replace(target, due=due, repeat=_repeat(when.rule, due, zone)) if due is not None else None

    def _media(self, particulars: Particulars, folder: str, problems: Problems[Any]) -> tuple[MediaRef, ...] | None:
        node = particulars.get("media")
        return None if node is None else self._library.refs(node, folder, problems)

    # --- names ---

    def _wanted(self, values: Values) -> dict[str, Particulars]:
        """The channels, with what is said of each. A channel's own entry comes before that of its group."""
        node, overrides = values.found.get("channels"), values.found.get("overrides")
        if node is None and overrides is None:
            return self._defaults
        wanted: dict[str, Particulars] = dict(self._defaults) if node is None else {}
        own: dict[str, Particulars] = {}
        said = []
        for name, at, particulars in self._entries(node, values) if node is not None else ():
            members = self._members(name, at, values.problems)
            wanted.update((channel, {}) for channel in members if channel not in wanted)
            said.append((name, members, particulars))
        for name, at, particulars in self._overrides(overrides, values) if overrides is not None else ():
            said.append((name, self._chosen(name, at, wanted, values.problems), particulars))
        for name, members, particulars in said:
            for channel in members if particulars else ():
                kind = own if channel == name else wanted
                kind[channel] = {**particulars, **kind.get(channel, {})}
        if not own:
            return wanted
        return {name: {**particulars, **own.get(name, {})} for name, particulars in wanted.items()}

    def _entries(self, node: Node, values: Values) -> list[tuple[str, Any, Particulars]]:
        """The names as written, each with its mark and what is said of it."""
        if type(node.value) is str:
            return [(name, node.mark, {}) for name in node.value.replace(",", " ").split()]
        if type(node.value) is dict:
            return [(n, entry.key, self._said(n, entry, values)) for n, entry in node.value.items()]
        if type(node.value) is not list:
            values.wrong("channels", node, "a list of names, or a map of them")
            return []
        found: list[tuple[str, Any, Particulars]] = []
        for item in node.value:
            if type(item.value) is str:
                found.append((item.value.strip(), item.mark, {}))
            elif type(item.value) is list or type(item.value) in (bool, int, float):
                values.wrong("channels", item, "a list of names, or a map of them")
            elif item.value is not None:
                found += self._entries(item, values)
        return found

    def _overrides(self, node: Node, values: Values) -> list[tuple[str, Any, Particulars]]:
        """As `_entries`, of maps that name their channel themselves."""
        found = []
        for item in node.value if type(node.value) is list else [node]:
            if item.value is None:
                continue
            if type(item.value) is not dict:
                values.wrong("overrides", item, "a list of maps, e.g. [{channel: brand-x, text: Hello}]")
                continue
            particulars = dict(item.value)
            channel = particulars.pop("channel", None)
            if channel is None or type(channel.value) is not str or not channel.value.strip():
                advice = "Write e.g. {channel: brand-x, text: Hello}."
                values.problems.error(item.mark, "no-channel", "an entry of overrides names no channel", advice)
                continue
            name = channel.value.strip()
            found.append((name, channel.mark, self._said(name, Node(particulars, item.mark, item.key), values)))
        return found

    def _said(self, name: str, node: Node, values: Values) -> Particulars:
        """What a map says of one channel. These keys are ours alone, so an unknown one is an error: it would be lost."""
        if node.value is None or _is_flag(node):
            return {"skip": Node("true", node.mark, node.key)} if _is_flag(node) == "false" else {}
        if type(node.value) is not dict:
            values.wrong(f"channels.{name}", node, "a map, e.g. {publish_at: 2026-03-24T09:00}")
            return {}
        found = {}
        for written, value in node.value.items():
            hit = CHANNEL_SPELLINGS.get(written)
            if hit is None:
                advice = suggest(written, CHANNEL_SPELLINGS, "keys")
                values.problems.error(
                    value.key, "unknown-key", f"the key {written!r} has no meaning for a channel", advice
                )
            elif value.value is not None and value.value != "":
                found[hit[0]] = value
        return found

    def _chosen(self, name: str, at: Any, wanted: Collection[str], problems: Problems[Any]) -> tuple[str, ...]:
        """The wanted channels that a name stands for; if there is none, what is said of it would be lost."""
        members = self._members(name, at, problems)
        chosen = tuple(channel for channel in members if channel in wanted)
        if members and not chosen:
            advice = "Name it in channels, too, or take it out of overrides."
            problems.error(at, "not-chosen", f"{name!r} is not among the post's channels", advice)
        return chosen

    def _members(self, name: str, at: Any, problems: Problems[Any]) -> tuple[str, ...]:
        known = self._named.get(name)
        if known is not None:
            return known
        advice = suggest(name, self._named, "channels and groups")
        problems.error(at, "unknown-channel", f"{name!r} is neither a channel nor a group of presstime.toml", advice)
        return ()


def resolve(at: datetime, zone: str, fold: int | None, mark: Any, problems: Problems[Any]) -> datetime | None:
    """The instant of a time as written; one that the zone's clocks skip is a problem."""
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    try:
        return resolve_local(at, zone, fold)
    except NonExistentLocalTime as gap:
        advice = f"Write {gap.before:%Y-%m-%dT%H:%M} or {gap.after:%Y-%m-%dT%H:%M}, the nearest times there are, or give an offset."
        problems.error(mark, "local-time-gap", str(gap), advice)
        return None


def _rule(values: Values) -> str | None:
    """The rule of a post that repeats; one that cannot be followed is a problem."""
    rule = values.text("repeat")
    try:
        if rule is not None:
            check_rule(rule)
    except ValueError as error:
        advice = "Write e.g. repeat: FREQ=WEEKLY;COUNT=4, or FREQ=MONTHLY;BYDAY=1MO;UNTIL=20271231."
        values.problems.error(values.found["repeat"].mark, "bad-repeat", str(error), advice)
        return None
    return rule


def _wish(values: Values) -> Node | None:
    """The name of the set of slots that is wished for, where it stands."""
    return values.found["slots"] if values.text("slots") else None


def _repeat(rule: str | None, due: datetime, zone: str) -> Repeat | None:
    return Repeat(rule, to_local(due, zone), zone) if rule else None


def _fold(values: Values) -> int | None:
    fold = values.number("fold")
    if fold in (None, 1, 2):
        return fold
    values.problems.error(
        values.found["fold"].mark,
        "bad-fold",
        "fold is neither 1 nor 2",
        "1 is the first of two equal local times, 2 the second.",
    )
    return None


def _is_flag(node: Node) -> str | None:
    """`channel: true` and `channel: false` in a map: with it, and without."""
    if type(node.value) is bool:
        return str(node.value).lower()
    return node.value.lower() if type(node.value) is str and node.value.lower() in ("true", "false") else None


def _as_date(text: str) -> datetime | None:
    """The date in a file's name, None if no calendar has it."""
    try:
        return parse_instant(text)
    except ValueError:
        return None
