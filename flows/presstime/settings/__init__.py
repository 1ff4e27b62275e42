"""presstime.toml + environment -> Settings. All its problems are reported at once."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from presstime.clock import Slot, parse_duration, parse_slot
from presstime.errors import SettingsError
from presstime.model import Channel, Late, Problem, Traits
from presstime.problems import Place, Problems, nearest, shorten, suggest
from presstime.settings import toml
from presstime.settings.approval import Approval, read_approval
from presstime.settings.apps import App, read_apps
from presstime.settings.channels import check_slots, read_channels, read_groups
from presstime.settings.listening import Listening, read_listening
from presstime.settings.media import MEDIA_ADVICE, Media, read_media, unreachable
from presstime.settings.ops import Alerts, Limits, read_alerts, read_budget, read_limits
from presstime.settings.pauses import Stop, read_pauses
from presstime.settings.policy import Policy, read_policy
from presstime.settings.secrets import LOCATOR_ADVICE, is_locator
from presstime.settings.secrets import reveal as reveal
from presstime.settings.tables import LANGUAGE, Table, url_problem
from presstime.settings.utm import Utm, read_utm
from presstime.settings.versions import check_version

FILE = "presstime.toml"
NOT_YET_ADVICE = (
    'Add mode = "assisted": a person is handed what is due, and posts it. Without it, `presstime render` shows it, and what is '
    "due there is held."
)
LINK_FIELDS = ("section", "name", "slug", "file", "categories", "id", "year", "month", "day", "language")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # S3 user guide, "Bucket naming rules"
_FIELD = re.compile(r"\{([^{}]*)\}")
_VERIFIER = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}")  # of signed notes, see ledger/note.py
_BRANCH = re.compile(r"\w([\w./-]*[\w-])?(?<!\.lock)")


@dataclass(frozen=True, slots=True)
class Audit:
    """Where the log is. Exactly one of `endpoint_url`/AWS and `embedded` serves the bucket."""

    bucket: str | None = None
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None
    embedded: str | None = None  # a folder for the packaged S3 server, relative to the content root
    signing_key: str | None = None  # where the private key of checkpoints is, e.g. `env:NAME`
    verifier: tuple[str, ...] = ()  # the public keys that checkpoints are checked by: today's, and those before it
    witness_branch: str | None = None  # of the content repository: checkpoints are committed to it


@dataclass(frozen=True, slots=True)
class Git:
    branch: str | None = None  # None: the branch that HEAD names
    remote: str | None = None  # fetched before each pass, where set


@dataclass(frozen=True, slots=True)
class Content:
    posts: tuple[str, ...] = ("posts",)  # folders below the content root, "" for the root itself
    identity: str = "id"  # or "name"
    link: str | None = None  # pattern with {section}, {name}, {id}, {language} and others, see LINK_FIELDS
    links: Mapping[str, str] = field(default_factory=dict)  # other patterns, by language
    require_alt: bool = True
    opt_in: bool = False  # whether a file without `channels` is the site's alone: neither checked nor published


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything presstime.toml says, checked."""

    name: str
    timezone: str
    language: str | None = None
    audit: Audit = field(default_factory=Audit)
    media: Media = field(default_factory=Media)
    git: Git = field(default_factory=Git)
    content: Content = field(default_factory=Content)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    apps: Mapping[str, App] = field(default_factory=dict)  # [oauth.NETWORK]: what logs in to a network
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_channels: tuple[str, ...] = ()
    late: Late = field(default_factory=Late)
    min_gap_seconds: int = 0
    remind: timedelta = timedelta(hours=1)  # after which a person is reminded of what waits for them; 0: never
    retract_max: int = 20  # published posts that one commit may take down by removing their files
    pauses: tuple[Stop, ...] = ()
    alerts: Alerts = field(default_factory=Alerts)
    listening: Listening = field(default_factory=Listening)
    limits: Limits = field(default_factory=Limits)
    budget: Mapping[str, Decimal] = field(default_factory=dict)  # a month, by currency
    policy: Policy = field(default_factory=Policy)
    approval: Approval | None = None
    vars: Mapping[str, object] = field(default_factory=dict)  # [newsroom] keys beside the known ones, for templates
    slots: Mapping[str, tuple[Slot, ...]] = field(default_factory=dict)  # sets of weekly slots, for `next-slot`
    default_slots: str | None = None
    utm: Utm | None = None
    warnings: tuple[Problem, ...] = ()
    path: str = FILE
    places: Mapping[toml.Path, Place] = field(default_factory=dict)  # where each key stands, for later problems


def no_settings(folder: str) -> SettingsError:
    """The error of a folder that has no presstime.toml."""
    return SettingsError(
        f"there is no {FILE} in {folder}", "Run `presstime init` there, or point at the content root with -C."
    )


def parse_settings(source: bytes, path: str = FILE) -> Settings:
    """The settings in the bytes of a presstime.toml. Raises `SettingsError` with every error and warning found."""
    data, places = _load(source, path)
    problems: Problems[toml.Path] = Problems(path, lambda mark: _place(places, mark))
    top = Table(data, (), problems)
    channel_table, group_table = top.table("channels"), top.table("groups")
    channels, groups = read_channels(channel_table), read_groups(group_table, channel_table)
    newsroom, defaults = top.table("newsroom"), top.table("defaults")
    git, content = _git(top.table("git")), _content(top.table("content"))
    timezone, slots = _timezone(newsroom), _slots(top.table("slots"))
    check_slots(channels, channel_table, slots)
    audit, media_table = _audit(top.table("audit"), git), top.table("media")
    min_gap = _duration(defaults, "min_gap", "0s")
    settings = Settings(
        name=newsroom.text("name") or "newsroom",
        timezone=timezone,
        language=_newsroom_language(newsroom),
        audit=audit,
        media=read_media(media_table, _bucket(media_table), bool(audit.bucket) and not audit.embedded),
        git=git,
        content=content,
        channels=channels,
        apps=read_apps(top.table("oauth")),
        groups=groups,
        default_channels=_default_channels(defaults, channel_table, groups),
        late=_late(defaults),
        min_gap_seconds=int(min_gap.total_seconds()),
        remind=_duration(defaults, "remind", "1h"),
        budget=read_budget(top.table("budget")),
        alerts=read_alerts(top.table("alerts")),
        listening=read_listening(top.table("listen")),
        limits=read_limits(top.table("limits"), channels, {c.network for c in channels.values()}),
        pauses=read_pauses(top.table("pause"), channels, groups, timezone, min_gap),
        retract_max=defaults.number("retract_max", 20),
        policy=read_policy(top.table("policy"), timezone),
        approval=read_approval(top),
        vars=_newsroom_vars(newsroom),
        slots=slots,
        default_slots=_default_slots(defaults, slots),
        utm=read_utm(top.table("utm"), content.link) if "utm" in top else None,
        path=path,
        places=places,
    )
    defaults.warn_of_unread()
    top.warn_of_unread()
    found = tuple(sorted(problems.found, key=lambda p: (p.line, p.column)))
    if problems.failed:
        raise _unusable(path, found)
    return replace(settings, warnings=found)


def _unusable(path: str, problems: Sequence[Problem]) -> SettingsError:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    return SettingsError(
        f"{path} cannot be used: {count}", "Mend what is listed here and run the command again.", problems
    )


def _load(source: bytes, path: str) -> tuple[dict[str, Any], dict[toml.Path, Place]]:
    """The values and the places. Raises `SettingsError` where tomllib stopped."""
    try:
        text = source.decode("utf-8-sig")
        return toml.load(text), toml.places(text)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        problem = Problem(path, line, 1, "error", "not-utf-8", "the file is not UTF-8 text", "Save it as UTF-8.")
    except toml.TomlError as error:
        advice = "Mend the TOML at this place: texts need quotes, and no key may stand twice."
        problem = Problem(path, *error.place, "error", "syntax", str(error), advice)
    raise _unusable(path, [problem])


def _place(places: Mapping[toml.Path, Place], path: toml.Path) -> Place:
    """Where a key stands, or the nearest table around it."""
    while path and path not in places:
        path = path[:-1]
    return places.get(path, (1, 1))


def _timezone(newsroom: Table) -> str:
    if "timezone" in newsroom:
        return newsroom.zone("timezone") or "UTC"
    advice = 'Add timezone = "Europe/Paris", or "UTC", to [newsroom].'
    newsroom.problems.warning(
        newsroom.path, "no-timezone", "local times are taken to be UTC: no time zone is named", advice
    )
    return "UTC"


def _newsroom_language(newsroom: Table) -> str | None:
    language = newsroom.text("language")
    if language is None or LANGUAGE.fullmatch(language):
        return language
    newsroom.error(
        "language",
        "bad-language",
        f"{shorten(language)} is no language tag",
        'Write a BCP 47 tag, e.g. "fr" or "en-GB".',
    )
    return None


def _newsroom_vars(newsroom: Table) -> Mapping[str, object]:
    """Further keys are for the templates; one that is nearly a known key is more likely a slip."""
    rest = newsroom.unread()
    for key in rest:
        meant = nearest(key, ("name", "timezone", "language"))
        if meant:
            newsroom.problems.warning(
                (*newsroom.path, key),
                "unknown-key",
                f"newsroom.{key} has no meaning of its own",
                f"Did you mean {meant!r}?",
            )
    return rest


def _content(table: Table) -> Content:
    folders = table.texts("posts")
    identity = table.one_of("identity", ("id", "name")) or "id"
    require_alt = table.flag("require_alt", True)
    link, links, opt_in = _link_pattern(table, "link"), _links(table), table.flag("opt_in", False)
    table.warn_of_unread()
    posts = tuple(dict.fromkeys(_folder(table, f) for f in folders)) if folders is not None else ("posts",)
    return Content(posts=posts, identity=identity, link=link, links=links, require_alt=require_alt, opt_in=opt_in)


def _folder(table: Table, written: str) -> str:
    """A folder below the content root, without dots and slashes at its ends. The root itself is ""."""
    parts = [part for part in written.split("/") if part not in ("", ".")]
    if written.startswith("/") or "\\" in written or ".." in parts or "\0" in written:
        table.error(
            "posts",
            "bad-folder",
            f"{shorten(written)} is no folder below this file",
            'Write e.g. posts = ["content/blog"].',
        )
    return "/".join(parts)


def _link_pattern(table: Table, key: str) -> str | None:
    pattern = table.text(key)
    if pattern is None:
        return None
    called = ".".join(map(str, (*table.path, key)))
    for name in _FIELD.findall(pattern):
        if name not in LINK_FIELDS:
            advice = suggest(name, LINK_FIELDS, "fields")
            table.error(key, "bad-value", f"{called} has a field {{{name}}} that nothing fills", advice)
    if url_problem(_FIELD.sub("x", pattern)):
        table.error(
            key,
            "bad-url",
            f"{called} is not a web address",
            'Write e.g. "https://verne.example/{section}/{name}".',
        )
    return pattern


def _links(table: Table) -> dict[str, str]:
    """The patterns of [content.links], by language in lower case: where a site keeps its languages apart."""
    links = table.table("links")
    if links.names() and "link" not in table:
        table.error("links", "missing-key", "content.links needs a content.link", "It is for all other languages.")
    found = {language.lower(): _link_pattern(links, language) for language in links.names()}
    return {language: pattern for language, pattern in found.items() if pattern}


def _git(table: Table) -> Git:
    git = Git(branch=table.text("branch"), remote=table.text("remote"))
    table.warn_of_unread()
    return git


def _audit(table: Table, git: Git) -> Audit:
    prefix = (table.text("prefix") or "").strip("/")
    audit = Audit(
        bucket=_bucket(table),
        prefix=f"{prefix}/" if prefix else "",
        endpoint_url=table.url("endpoint_url"),
        region=table.text("region"),
        embedded=table.text("embedded"),
        signing_key=_signing_key(table),
        verifier=_verifiers(table),
        witness_branch=_witness_branch(table, git),
    )
    if audit.embedded and audit.endpoint_url:
        message = "audit.embedded and audit.endpoint_url name two places for one log"
        table.error("embedded", "bad-value", message, "Keep one of them.")
    table.warn_of_unread()
    return audit


def _bucket(table: Table) -> str | None:
    text = table.text("bucket")
    if text is None or BUCKET.fullmatch(text):
        return text
    message = f"{'.'.join(map(str, (*table.path, 'bucket')))} {text!r} is not a name that S3 takes"
    table.error(
        "bucket", "bad-value", message, "3 to 63 small letters, digits, hyphens and dots, e.g. maison-verne-audit."
    )
    return None


def _signing_key(table: Table) -> str | None:
    text = table.text("signing_key")
    if text is None or is_locator(text):
        return text
    message = "audit.signing_key must say where the key is, not what it is"
    table.error("signing_key", "literal-secret", message, LOCATOR_ADVICE)
    return None


def _verifiers(table: Table) -> tuple[str, ...]:
    keys = table.texts("verifier") or ()
    advice = "Copy the line `verifier = ...` that `presstime audit keygen` printed."
    if not all(_VERIFIER.fullmatch(key) for key in keys):  # not repeated: it may be the private key
        table.error("verifier", "bad-value", "audit.verifier is not the public key of a signer", advice)
    if "signing_key" in table and not keys:
        message = "checkpoints are signed, and no audit.verifier says by whom: nobody can check them"
        table.problems.warning((*table.path, "signing_key"), "no-verifier", message, advice)
    return keys


def _witness_branch(table: Table, git: Git) -> str | None:
    branch = table.text("witness_branch")
    if branch is not None and (branch == git.branch or ".." in branch or not _BRANCH.fullmatch(branch)):
        message = f"audit.witness_branch = {shorten(branch)} cannot be a branch of checkpoints alone"
        table.error("witness_branch", "bad-value", message, 'Write e.g. witness_branch = "presstime-checkpoints".')
    return branch


def _slots(table: Table) -> dict[str, tuple[Slot, ...]]:
    return {name: found for name in table.names() if (found := tuple(_slots_of(table, name)))}


def _slots_of(table: Table, name: str) -> Iterator[Slot]:
    for text in table.texts(name) or ():
        try:
            yield parse_slot(text)
        except ValueError as error:
            table.error(name, "bad-slot", str(error), f'Write e.g. {name} = ["Mon 09:00", "Wed 12:30"].')


def _default_slots(defaults: Table, slots: Mapping[str, tuple[Slot, ...]]) -> str | None:
    name = defaults.text("slots")
    if name is not None and name not in slots:
        defaults.error("slots", "unknown-slots", f"there are no slots {name!r}", suggest(name, slots, "sets of slots"))
    return name


def _default_channels(defaults: Table, channels: Table, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The channels of posts that name none; groups are expanded."""
    found: list[str] = []
    for name in defaults.texts("channels") or ():
        if name not in groups and name not in channels:
            advice = suggest(name, [*channels.names(), *groups], "channels and groups")
            defaults.error(
                "channels",
                "unknown-channel",
                f"defaults.channels names {name!r}, which is neither channel nor group",
                advice,
            )
        found += groups.get(name, (name,))
    return tuple(dict.fromkeys(found))


def parse_late(text: str) -> Late:
    """`publish`, `skip`, `ask`, or `within 2h`. Raises ValueError with the choices."""
    word, _, window = text.strip().partition(" ")
    if word in ("publish", "skip", "ask") and not window:
        return Late(rule=word)  # type: ignore[arg-type]  # mypy does not narrow `in` a tuple to a Literal
    if word == "within" and window.strip():
        return Late("within", parse_duration(window))
    raise ValueError(f"{shorten(text)} is no rule for lateness: write publish, within 2h, skip or ask")


def _late(defaults: Table) -> Late:
    text = defaults.text("late")
    try:
        return parse_late(text) if text else Late()
    except ValueError as error:
        defaults.error("late", "bad-late", str(error), 'Write e.g. late = "within 2h".')
        return Late()


def _duration(defaults: Table, key: str, default: str) -> timedelta:
    text = defaults.text(key)
    try:
        return parse_duration(text or default)
    except ValueError as error:
        defaults.error(key, "bad-duration", str(error), f'Write e.g. {key} = "5m".')
        return parse_duration(default)


def check_networks(
    settings: Settings,
    traits_of: Callable[[str], Traits],
    can_send: Callable[[str], bool] = lambda name: True,
    sandboxed: bool = False,
    today: date | None = None,
) -> list[Problem]:
    """What is wrong between the channels and their networks: a network nobody serves, or that can only be rendered for, an
    option or limit it has not, credentials or an account it needs, media that it could not fetch, a version of its API that is
    not served much longer (as of `today`). Of an assisted channel only what rendering needs. `traits_of` raises `SettingsError`
    for an unknown network; `sandboxed`: this machine's sandbox stands in."""
    problems: Problems[toml.Path] = Problems(settings.path, lambda mark: _place(settings.places, mark))
    for channel in settings.channels.values():
        at: toml.Path = ("channels", channel.name)
        try:
            traits = traits_of(channel.network)
        except SettingsError as error:
            problems.error((*at, "network"), "unknown-network", error.message, error.advice)
            continue
        _check_options(channel, traits, at, problems)
        _check_limits(channel, traits, at, problems)
        if channel.assisted:
            continue
        if not can_send(channel.network):
            message = f"this version renders and checks posts for {traits.title}, and does not send them"
            problems.error((*at, "network"), "not-yet", message, NOT_YET_ADVICE)
        if traits.public_media and (obstacle := unreachable(settings.media, settings.audit, channel)) and not sandboxed:
            needed = traits.media is not None and traits.media.required
            note = problems.error if needed else problems.warning
            message = f"{traits.title} fetches pictures itself, and {obstacle}"
            note((*at, "network"), "hidden-media", message, MEDIA_ADVICE)
        check_version(channel, traits, today, at, problems)
        if traits.needs_credentials and channel.credentials is None:
            message = f"channel {channel.name!r} names no credentials, and {traits.title} wants some"
            problems.error(at, "missing-credentials", message, 'Add e.g. credentials = "env:NAME_OF_A_VARIABLE".')
        if traits.needs_account and channel.account is None:
            message = f"channel {channel.name!r} names no account, and {traits.title} wants one"
            problems.error(at, "missing-account", message, "Add a line account = ... with the account's name or id.")
    return problems.found


def _check_options(channel: Channel, traits: Traits, at: toml.Path, problems: Problems[toml.Path]) -> None:
    known = {f.name for f in fields(Channel)} - {"name", "options"} | traits.options
    for key in channel.options.keys() - traits.options:
        problems.error(
            (*at, key), "unknown-option", f"{traits.title} has no setting {key!r}", suggest(key, known, "settings")
        )
    for key in sorted(traits.required_options - channel.options.keys()):
        message = f"channel {channel.name!r} has no {key!r}, and {traits.title} wants one"
        problems.error(at, "missing-option", message, f"Add a line {key} = ... to it.")


def _check_limits(channel: Channel, traits: Traits, at: toml.Path, problems: Problems[toml.Path]) -> None:
    for key in channel.limits.keys() - traits.limits:
        message = f"{traits.title} has no limit {key!r} that a channel could set"
        advice = (
            suggest(key, traits.limits, "limits") if traits.limits else "Remove it: its limits are the same for all."
        )
        problems.error((*at, "limits", key), "unknown-limit", message, advice)
