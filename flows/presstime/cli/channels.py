"""`presstime channels login|list|test`: the accounts that are posted to, their credentials, and until when they work."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from presstime.cli.output import FORMAT, say, say_json, show, table
from presstime.cli.voice import spoken
from presstime.errors import NetworkError, PresstimeError, SettingsError, Unsupported, UsageError
from presstime.model import Channel, Identity, Secret, to_iso
from presstime.networks import load
from presstime.settings import FILE

if TYPE_CHECKING:
    from presstime.accounts.login import Person
    from presstime.wire import Desk


@click.group()
def command() -> None:
    """The accounts: log in to one, list them, ask each whose it is and until when."""


# --- login ------------------------------------------------------------------------------------------------------------


@command.command("login")
@click.argument("name", metavar="CHANNEL|NETWORK")
@click.option(
    "--to",
    "place",
    metavar="PLACE",
    help="Keep it there (file:PATH, prefect:BLOCK, aws-sm:NAME), not where the channel says.",
)
@click.option(
    "--paste", "how", flag_value="paste", help="The browser is on another machine: paste the address it ends at."
)
@click.option("--device", "how", flag_value="device", help="Type a code in elsewhere, where the network has that.")
@click.option("--no-browser", is_flag=True, help="Only print the address; open it yourself.")
@click.pass_obj
def login(directory: Path, name: str, place: str | None, how: str | None, no_browser: bool) -> int:
    """Log a channel in and keep what that gives where its `credentials` say.

    In a browser where the network has OAuth; else an app password or a token is asked for, and tried before it is kept."""
    from presstime.wire import open_desk

    with open_desk(directory, on_disk=True) as desk:
        channel = _one(desk, name)
        to = _destination(desk, channel, place)
        value = _credential(desk, channel, _person(no_browser), how or "browser")
        identity = _tried(desk, channel, value)
        desk.accounts.places.write(to, value)
        show(f"{channel.name}: logged in{f' as {identity.account}' if identity else ''}, kept in {to}.")
        _afterwards(desk, channel, to, value, identity)
    return 0


def _one(desk: "Desk", name: str) -> Channel:
    """The channel of that name, or the only one on that network. Raises `UsageError`."""
    channels = desk.settings.channels
    if name in channels:
        return channels[name]
    found = [c for c in channels.values() if c.network == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{len(found)} channels are on {name}", f"Name one: {', '.join(c.name for c in found)}.")
    raise UsageError(f"{FILE} has no channel {name!r}", f"Channels: {', '.join(channels) or 'none'}.")


def _destination(desk: "Desk", channel: Channel, place: str | None) -> str:
    """Where the credential will be kept. Raises `SettingsError` before anybody is asked anything."""
    from presstime.settings.secrets import LOCATOR_ADVICE, is_locator

    if channel.assisted:
        raise UsageError(
            f"a person posts on {channel.name}", 'There is nothing to log in to while it has mode = "assisted".'
        )
    if not load(channel.network).traits.needs_credentials:
        raise UsageError(
            f"{load(channel.network).traits.title} asks for no credentials", "There is nothing to log in to."
        )
    to = place or channel.credentials or f"file:.presstime/accounts/{channel.name}"
    if not is_locator(to):
        raise UsageError("--to must say where to keep it, not what it is", LOCATOR_ADVICE)
    desk.accounts.places.refuse_unwritable(to, channel.name)
    if to.startswith("file:"):
        desk.state_folder(".presstime")  # with the .gitignore that keeps it out of Git
        path = desk.accounts.places.path(to)
        if desk.repository.would_commit(path):
            raise SettingsError(
                f"{path} lies in the repository, and .gitignore does not keep it out of it",
                "Keep it below .presstime/, or outside the repository. Nothing secret belongs into Git.",
            )
    return to


def _credential(desk: "Desk", channel: Channel, person: "Person", how: str) -> str:
    """What is to be kept: a token document, or what was typed in."""
    from presstime.accounts.accounts import oauth_of
    from presstime.accounts.login import log_in

    placed, kind = desk.placed(channel), load(channel.network)
    if oauth_of(placed) is not None:
        return log_in(desk.accounts.provider(placed), channel.account, person, how).write()
    show(f"{kind.traits.title}: {kind.login}")
    value = person.ask("Paste it here (it does not show)").strip()
    if not value:
        raise UsageError("nothing was pasted", "Run the command again.")
    return value


def _tried(desk: "Desk", channel: Channel, value: str) -> Identity | None:
    """Whose it is, by the network's own word; None where that cannot be asked now. Raises `NetworkError` for what the network does
    not take: that is not kept."""
    from presstime.accounts.document import Tokens

    tokens = Tokens.parse(value)
    try:
        return desk.adapter_with(channel, tokens.access if tokens else Secret(value)).identity()
    except NetworkError as error:
        if error.needs_person and tokens is None:
            raise NetworkError(error.message, error.advice or "Nothing was kept.", needs_person=True) from None
        say(f"warning: kept, but it could not be tried: {error.told}")
    except (SettingsError, Unsupported) as error:  # a network that is only rendered for, or does not tell
        say(f"warning: {error.told}")
    return None


def _afterwards(desk: "Desk", channel: Channel, to: str, value: str, identity: Identity | None) -> None:
    """What is left to do for a person."""
    from presstime.accounts.document import Tokens

    if identity and identity.lacking:
        say(
            f"warning: it lacks rights that publishing needs: {', '.join(identity.lacking)}. Log in again and allow them."
        )
    if identity and channel.account and not _same(channel.account, identity.account):
        say(
            f"warning: the channel's account is {channel.account}, and this is {identity.account}: is it the right one?"
        )
    if to != channel.credentials:
        show(f'In {FILE}, [channels.{channel.name}]: credentials = "{to}"')
    tokens = Tokens.parse(value)
    ends = tokens.ends(desk.accounts.renewal(desk.placed(channel)).oauth) if tokens and channel.credentials else None
    if ends is not None:
        show(
            f"It works until {to_iso(ends)}, and nothing renews it. So that `check` warns of posts after that, everywhere:"
        )
        show(f"In {FILE}, [channels.{channel.name}]: credentials_until = {ends.date().isoformat()}")


def _same(wanted: str, found: str) -> bool:
    return wanted.removeprefix("@").casefold() == found.removeprefix("@").casefold()


def _person(no_browser: bool) -> "Person":
    import webbrowser

    from presstime.accounts.login import Person

    def ask(question: str) -> str:
        answer: str = click.prompt(spoken(question), hide_input=True, err=True, default="", show_default=False)
        return answer

    def browse(url: str) -> bool:
        return not no_browser and webbrowser.open(url)

    return Person(say, ask, browse, time.sleep)


# --- list and test ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a channel's account without asking its network. `needs_person`: somebody has to do something."""

    channel: str
    network: str
    account: str | None
    credentials: str | None
    state: str
    until: str | None
    needs_person: bool


@command.command("list")
@FORMAT
@click.pass_obj
def list_command(directory: Path, form: str) -> int:
    """Every channel with its account, where its credentials are, and until when they work, as far as they tell. Asks no network.

    Exit 1 if a person has to do something."""
    from presstime.wire import open_desk

    with open_desk(directory, on_disk=True) as desk:
        rows = [_row(desk, channel) for channel in desk.settings.channels.values()]
    if form == "json":
        say_json([asdict(row) for row in rows])
    elif rows:
        cells = [
            (r.channel, r.network, r.account or "", r.credentials or "", r.until or "", spoken(r.state)) for r in rows
        ]
        click.echo(table(cells, ("channel", "network", "account", "credentials", "until", "state")))
    else:
        show(f"{FILE} has no channels.")
    return 1 if any(row.needs_person for row in rows) else 0


def _row(desk: "Desk", channel: Channel) -> Row:
    state, until, person = _standing(desk, channel)
    return Row(
        channel.name,
        channel.network,
        channel.account,
        channel.credentials,
        state,
        to_iso(until) if until else None,
        person,
    )


def _standing(desk: "Desk", channel: Channel) -> tuple[str, datetime | None, bool]:
    """Where a channel's credential stands: in words, until when, and whether a person is needed."""
    from presstime.accounts.document import Tokens
    from presstime.accounts.endings import SOON

    again = f"`presstime channels login {channel.name}`"
    if channel.assisted:
        return "a person posts there", None, False
    try:
        if not load(channel.network).traits.needs_credentials:
            return "none needed", None, False
        renewal = desk.accounts.renewal(desk.placed(channel))
        tokens = Tokens.parse(renewal.read().reveal())
    except (PresstimeError, ValueError) as error:
        return (error.told if isinstance(error, PresstimeError) else f"{error}: {again}"), None, True
    now, ends = desk.timing.now(), desk.accounts.ends(desk.placed(channel))
    if ends is not None and now >= ends:
        return f"ended: {again}", ends, True
    if ends is not None and ends - now < SOON:
        return f"ends soon, and nothing renews it: {again}", ends, True
    if tokens is None:
        return "a plain token" if ends else "a plain token, whose end nobody wrote down", ends, False
    if tokens.renewable(renewal.oauth):
        due = tokens.due(renewal.oauth, now)
        return "renewed by itself, due at the next pass" if due else "renewed by itself", ends, False
    return "works", ends, False


@command.command("test")
@click.argument("names", nargs=-1, metavar="[CHANNEL]...")
@FORMAT
@click.pass_obj
def test_command(directory: Path, names: tuple[str, ...], form: str) -> int:
    """Ask each network whose credentials these are, what they may do, and until when. Posts nothing. Exit 1 if a person has to do
    something."""
    from presstime.wire import open_desk

    with open_desk(directory, on_disk=True) as desk:
        channels = [_one(desk, name) for name in names] or list(desk.settings.channels.values())
        found = [_asked(desk, channel) for channel in channels if _has_account(channel)]
    if form == "json":
        say_json([asdict(one) for one in found])
    elif found:
        cells = [(t.channel, t.account or "", ", ".join(t.rights), t.until or "", spoken(_said(t))) for t in found]
        click.echo(table(cells, ("channel", "whose", "may", "until", "result")))
    else:
        show("No channel needs credentials.")
    return 1 if any(not one.ok for one in found) else 0


@dataclass(frozen=True, slots=True)
class Trial:
    """What a network says of a channel's credentials. `limits` are those of its server that the channel counts otherwise."""

    channel: str
    network: str
    ok: bool
    account: str | None = None
    url: str | None = None
    rights: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    until: str | None = None
    problem: str | None = None
    needs_person: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)


def _has_account(channel: Channel) -> bool:
    return not channel.assisted and load(channel.network).traits.needs_credentials


def _asked(desk: "Desk", channel: Channel) -> Trial:
    try:
        identity = desk.adapter(channel.name).identity()
    except PresstimeError as error:
        person = getattr(error, "needs_person", True)
        return Trial(channel.name, channel.network, False, problem=error.told, needs_person=person)
    until = _earliest((identity.expires_at, desk.accounts.ends(desk.placed(channel))))
    problem = f"lacks {', '.join(identity.lacking)}" if identity.lacking else None
    if channel.account and not _same(channel.account, identity.account):
        say(f"warning: channel {channel.name}: its account is {channel.account}, the network says {identity.account}")
    return Trial(
        channel.name,
        channel.network,
        problem is None,
        identity.account,
        identity.url,
        identity.rights,
        identity.lacking,
        to_iso(until) if until else None,
        problem,
        problem is not None,
        _other_limits(desk, channel),
    )


def _other_limits(desk: "Desk", channel: Channel) -> Mapping[str, int]:
    """The limits that the channel's server has and the channel has not, told as they are to be written."""
    adapter = desk.adapter(channel.name)
    counted = adapter.traits.limited(channel.limits)
    try:
        other = {name: value for name, value in adapter.limits().items() if value != counted.limit(name)}
    except PresstimeError:  # a server that does not tell takes posts all the same
        return {}
    if other:
        lines = "".join(f"\n    {name} = {value}" for name, value in other.items())
        say(
            f"channel {channel.name}: its server has limits of its own. In {FILE}:\n    [channels.{channel.name}.limits]{lines}"
        )
    return other


def _said(trial: Trial) -> str:
    return trial.problem or "works"


def _earliest(instants: Iterable[datetime | None]) -> datetime | None:
    return min(filter(None, instants), default=None)
