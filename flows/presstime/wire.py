"""The composition root: settings -> concrete parts, built when first needed, in one place."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from presstime.clock import elapsed
from presstime.content.newsroom import Newsroom, read_newsroom
from presstime.content.source import Source
from presstime.errors import NetworkError, RemoteAway, RenderError, SettingsError
from presstime.model import (
    Action,
    Attachment,
    Channel,
    Delivery,
    DeliveryState,
    Post,
    Problem,
    Provenance,
    Secret,
    Status,
    Traits,
    Variant,
)
from presstime.networks import can_send, is_served, load, load_adapter
from presstime.settings import FILE, Settings, no_settings, reveal
from presstime.settings.media import Media

if TYPE_CHECKING:
    from presstime.accounts.accounts import Accounts
    from presstime.content.approval import Approvals
    from presstime.content.catalog import Catalog
    from presstime.content.git import Repository
    from presstime.content.shelf import Shelf
    from presstime.embedded.service import Service
    from presstime.ledger.evidence import Evidence
    from presstime.ledger.log import Ledger
    from presstime.ledger.note import Signer, Verifier
    from presstime.networks.base import Adapter, AddressOf
    from presstime.publish.forecast import Outlook
    from presstime.publish.handout import Handouts
    from presstime.publish.jobs import Jobs
    from presstime.publish.send import Publisher
    from presstime.publish.sync import Sync
    from presstime.publish.timing import Timing
    from presstime.publish.words import Words
    from presstime.stores.base import Store
    from presstime.stores.public import PublicMedia

STATE = ".presstime"  # below the content root: caches and embedded servers, nothing that cannot be lost but embedded S3
FETCHED = "last-fetch"  # a file whose time says when the remote was last reached
STALE_MAX = timedelta(
    hours=24
)  # a remote away for longer than this stops the newsroom: too much may have been taken back
MARK = "last-pass"  # a file whose time says when a pass was last begun
SANDBOX = "PRESSTIME_SANDBOX"  # the URL of a sandbox that stands in for every network


@dataclass
class Desk:
    """Everything one pass needs, for one content root. Enter it through `open_desk`."""

    root: Path
    repository: "Repository"
    environ: Mapping[str, str]
    stack: ExitStack
    on_disk: bool = False  # whether presstime.toml counts as it lies in the folder
    warnings: list[str] = field(default_factory=list)
    last_plan: dict[str, Action] = field(default_factory=dict)
    _adapters: dict[str, "Adapter"] = field(default_factory=dict)
    _logged_out: dict[str, NetworkError] = field(default_factory=dict)
    _read_at: float = field(default_factory=elapsed)  # when the desk was opened, which is before Git is read

    # --- Git ---

    @cached_property
    def newsroom(self) -> Newsroom:
        """The newsroom at the publishing branch's commit, fetched first where presstime.toml names a remote."""
        bootstrap = self._settings_at(self.repository.commit_of())
        git = bootstrap.git
        if git.remote:
            self._fetch(git.remote)
        source = self.repository.at(self.repository.commit_of(git.branch, git.remote))
        found = read_newsroom(source, shelve=self._shelf)
        self._warn_of_uncommitted(found)
        self._warn_of_rewritten(found)
        return found

    def _fetch(self, remote: str) -> None:
        """What is merged is brought here. A remote that is away for a while keeps nothing back that was approved before: then
        what was known at the last fetch counts. Raises `GitError` where that was too long ago, or never."""
        mark = self.state_folder(STATE) / FETCHED
        try:
            self.repository.fetch(remote)
        except RemoteAway as error:
            known = mark.stat().st_mtime if mark.exists() else 0.0
            if time.time() - known > STALE_MAX.total_seconds():
                raise
            at = f"{datetime.fromtimestamp(known, UTC):%Y-%m-%d %H:%M} UTC"
            self._warn(f"{error.message}. Going on with what was merged until {at}; nothing newer is known here")
        else:
            mark.touch()

    @property
    def settings(self) -> Settings:
        return self._settings_on_disk if self.on_disk else self.newsroom.settings

    @cached_property
    def _settings_on_disk(self) -> Settings:
        from presstime.settings import parse_settings

        return parse_settings(read_source(self.root, None).read(FILE), FILE)

    @cached_property
    def problems(self) -> list[Problem]:
        """What is wrong with posts and settings at this commit; rendering problems show in the plan."""
        sandboxed = bool(self.environ.get(SANDBOX))
        return [*network_problems(self.settings, sandboxed), *self.newsroom.loaded.problems]

    def warnings_now(self) -> list[str]:
        """What a person should know before a pass: of use once the newsroom was read."""
        _ = self.newsroom
        return self.warnings

    def _shelf(self, source: Source, settings: Settings, settings_blob: str) -> "Shelf":
        """The posts, as far as they were read before from the catalog."""
        from presstime.content.shelf import Shelf

        return Shelf(self.catalog, source, settings, settings_blob, self.repository.changed)

    @cached_property
    def catalog(self) -> "Catalog":
        from presstime.content.catalog import Catalog

        found = Catalog(self.state_folder(f"{STATE}/cache") / "posts.db")
        self.stack.callback(found.close)
        return found

    def _settings_at(self, commit: str) -> Settings:
        from presstime.settings import parse_settings

        return parse_settings(self.repository.at(commit).read(FILE), FILE)

    def _warn_of_uncommitted(self, newsroom: Newsroom) -> None:
        file = self.root / FILE
        if file.is_file() and file.read_bytes() != newsroom.source.read(FILE):
            self.warnings.append(f"{FILE} differs from the one committed; what is committed counts")

    def _warn_of_rewritten(self, newsroom: Newsroom) -> None:
        """The branch does not go on from the commit that was planned last."""
        before, now = self._shelf(newsroom.source, newsroom.settings, "").last_planned(), newsroom.commit or ""
        if before in ("", now) or self.repository.lies_ahead(before, now):
            return
        self.warnings.append(
            f"commit {now[:12]} does not follow {before[:12]}, which was planned last: the branch was set back or rewritten, or "
            "this clone does not reach that far. What only that commit had is dropped, and nothing goes out twice"
        )

    def _provenance(self, paths: Collection[str]) -> Mapping[str, Provenance]:
        commit = self.newsroom.commit
        assert commit is not None  # noqa: S101 - a desk reads commits, never the working tree
        return self.approvals.marked(self.repository.provenance(commit, paths))

    @cached_property
    def approvals(self) -> "Approvals":
        """Whether the files of the newsroom's commit are approved as its branch asks."""
        commit = self.newsroom.commit
        assert commit is not None  # noqa: S101 - a desk reads commits, never the working tree
        return self.repository.approvals(commit)

    # --- S3 ---

    @cached_property
    def store(self) -> "Store":
        from presstime.stores.s3 import S3Store

        audit = self.settings.audit
        if audit.embedded:
            from presstime.embedded import s3

            folder = self.state_folder(audit.embedded)
            running = self.stack.enter_context(s3.service(folder))
            url, credentials = f"http://127.0.0.1:{running.running_port}", s3.credentials_of(folder)
            store = S3Store(audit.bucket or "presstime", audit.prefix, url, credentials=credentials)
            s3.when_ready(store.make_bucket)
            return store
        if not audit.bucket:
            raise SettingsError(
                f"{FILE} names no bucket for the audit log",
                'Add [audit] with `bucket = "..."`, or `embedded = ".presstime/s3"` to keep it on this machine.',
            )
        return S3Store(audit.bucket, audit.prefix, audit.endpoint_url, audit.region)

    @cached_property
    def ledger(self) -> "Ledger":
        from presstime.ledger.cache import Cache
        from presstime.ledger.log import Ledger
        from presstime.ledger.snapshot import Starter
        from presstime.model import digest_of
        from presstime.processes import own_name

        name = self.settings.audit.embedded or self.store.name  # an embedded server may change its port
        cache = Cache(self.state_folder(f"{STATE}/cache") / f"{digest_of(name.encode())[:16]}.sqlite", name)
        self.stack.callback(cache.close)
        return Ledger(self.store, cache, own_name(), start=Starter(self.trusted) if self.trusted else None)

    @cached_property
    def trusted(self) -> "tuple[Verifier, ...]":
        """The keys that checkpoints and snapshots must be signed by. Raises `SettingsError`."""
        from presstime.ledger.note import Verifier

        return tuple(Verifier.parse(key) for key in self.settings.audit.verifier)

    @cached_property
    def evidence(self) -> "Evidence":
        """The log with its checkpoints, wherever they are."""
        from presstime.ledger.evidence import Evidence
        from presstime.ledger.witness import Witness

        branch, remote = self.settings.audit.witness_branch, self.settings.git.remote
        return Evidence(self.store, self.trusted, Witness(self.root, branch, remote) if branch else None)

    def signer(self) -> "Signer":
        """The key that signs checkpoints. Raises `SettingsError` where there is none, or one that is not trusted."""
        from presstime.ledger.note import KEYGEN_ADVICE, Signer

        place = self.settings.audit.signing_key
        if place is None:
            raise SettingsError(f"{FILE} names no [audit] signing_key: nothing can be signed", KEYGEN_ADVICE)
        try:
            signer = Signer.parse(reveal(place, self.root, self.environ, RESOLVERS))
        except SettingsError as error:
            raise SettingsError(f"[audit] signing_key: {error.message}", error.advice) from error
        if signer.verifier not in self.trusted:
            raise SettingsError(
                f"the signing key {place} is not one of those that [audit] verifier names",
                f'Add to [audit] in {FILE}: verifier = "{signer.verifier}"',
            )
        return signer

    def ledger_states(self) -> Mapping[Delivery, DeliveryState]:
        """What the log says now, read anew."""
        self.ledger.catch_up()
        return self.ledger.states()

    def busy(self) -> list[DeliveryState]:
        """Deliveries Git wants that another worker has claimed, as the log was last read."""
        from presstime.ledger.claims import held_by_another

        now, claimed = self.store.now(), [state for state in self.ledger.cache.open() if state.claim]
        return [s for s in claimed if held_by_another(s, now, self.ledger.writer) and self.sync.wants(s.delivery)]

    # --- the stages ---

    @cached_property
    def timing(self) -> "Timing":
        from presstime.publish.timing import Timing

        return Timing(self.store)

    @cached_property
    def words(self) -> "Words":
        from presstime.publish.published import Published
        from presstime.publish.words import Words

        return Words(self.newsroom, self.repository.read_blob, published=Published(lambda: self.ledger))

    @cached_property
    def sync(self) -> "Sync":
        from presstime.publish.sync import Sync

        newsroom = self.newsroom
        return Sync(
            newsroom,
            self.ledger,
            self.timing,
            self.words,
            self._provenance,
            self.approvals.refused,
            cache(lambda other: self.repository.lies_ahead(newsroom.commit or "", other)),
            self._read_at,
        )

    @cached_property
    def jobs(self) -> "Jobs":
        from presstime.publish.jobs import Jobs

        return Jobs(self.words, self.ledger, self.sync.wanted)

    @cached_property
    def publisher(self) -> "Publisher":
        from presstime.publish.send import Publisher

        return Publisher(self.ledger, self.timing)

    def plan(self, lead: timedelta = timedelta(0)) -> list[Action]:
        """Read the log, plan, write what is new into the log; the plan is kept for `publish`."""
        actions = self.sync.run(lead)
        self.publisher.down.clear()
        self._logged_out.clear()
        (self.state_folder(STATE) / MARK).touch()
        self.handouts.tidy([state.delivery for state in self.waiting()])
        self.last_plan = {str(a.delivery): a for a in actions}
        return actions

    def publish(self, delivery: str) -> DeliveryState | None:
        """Do what the last plan says for a delivery: publish it, edit or retract what is out. None: it is held, and the log
        says why.

        Raises `StoreError` or `LedgerError` where the log cannot be used."""
        from presstime.ledger.claims import claimable, put_off

        action = self.last_plan[delivery]
        if action.action != "publish":
            return self._change(action)
        state, now, me = self.ledger.state(action.delivery), self.store.now(), self.ledger.writer
        if state and state.begun and not claimable(state, state.sent_digest, now, me, self.ledger.is_gone):
            return state  # another worker was quicker: what it says need not be read, and nothing is to be done
        try:
            if self.words.assisted(action.delivery.channel):
                return self._hand(action)
            job = self.jobs.of(action)
            adapter = self._usable(action.delivery.channel)
        except (SettingsError, RenderError, NetworkError) as error:
            person = getattr(error, "needs_person", True)
            put_off(self.ledger, action.delivery, action.digest, self.timing.now, error.told, needs_person=person)
            return self.ledger.state(action.delivery)
        if job is None:
            return None
        return self.publisher.publish(job, adapter)

    def _hand(self, action: Action) -> DeliveryState | None:
        """Hand a delivery to a person, and put down what they need. None: it is held."""
        from presstime.plan.assisted import time_ends

        job, wanted = self.jobs.of(action), self.sync.wanted(action.delivery)
        if job is None or wanted is None:
            return None
        state = self.publisher.hand(job, time_ends(wanted, max(job.due, self.timing.now())))
        if state.status is Status.HANDED:
            self.handouts.put_down(state)
        return state

    @cached_property
    def handouts(self) -> "Handouts":
        """What people need for the deliveries that were handed to them."""
        from presstime.publish.handout import Handouts

        folder, channels = self.state_folder(STATE) / "assisted", self.settings.channels
        return Handouts(folder, self.ledger.payload, self.words.reread, channels.get)

    def waiting(self) -> list[DeliveryState]:
        """What people have to post, as the log was last read; longest first."""
        found = self.ledger.cache.standing(Status.HANDED)
        return sorted(found, key=lambda state: (state.handed or self.timing.now(), state.delivery))

    def _change(self, action: Action) -> DeliveryState | None:
        """Edit or retract what is out."""
        from presstime.ledger.changes import put_off_change

        what: Literal["edit", "retract"] = "edit" if action.action == "edit" else "retract"
        try:
            job = self.jobs.change_of(action)
            adapter = self._usable(action.delivery.channel)
        except (SettingsError, RenderError, NetworkError) as error:
            now, person = self.timing.now, getattr(error, "needs_person", True)
            put_off_change(self.ledger, action.delivery, what, action.digest, now, error.told, needs_person=person)
            return self.ledger.state(action.delivery)
        return self.publisher.change(job, adapter) if job else self.ledger.state(action.delivery)

    # --- the networks ---

    def _usable(self, name: str) -> "Adapter":
        """The adapter, unless its channel was found not to be logged in in this pass: one that waits for a renewal is enough."""
        if name in self._logged_out:
            raise self._logged_out[name]
        try:
            return self.adapter(name)
        except NetworkError as error:
            self._logged_out[name] = error
            raise

    def adapter(self, name: str) -> "Adapter":
        """The adapter of a channel, one for all deliveries of a pass. Raises `SettingsError`, and `NetworkError` where its
        account's access has ended."""
        if name not in self._adapters:
            channel = self.settings.channels[name]
            kind = load_adapter(channel.network)
            placed = self._placed(channel, kind.traits)
            adapter = self.adapter_with(channel, self._secret(channel, kind.traits))
            if kind.traits.public_media:
                adapter.address_of = self._address_on(placed)
            if kind.traits.needs_credentials and channel.credentials is not None:
                adapter.renew = self.accounts.renewal(placed).replacing
            self._adapters[name] = adapter
        return self._adapters[name]

    def _address_on(self, channel: Channel) -> "AddressOf":
        """How a channel's network is shown media: with an address, or with the reason why it could not get there."""
        from presstime.settings.media import MEDIA_ADVICE, unreachable

        obstacle = unreachable(self.settings.media, self.settings.audit, channel)
        if not obstacle:
            return self.public_media.address_of

        def refuse(item: Attachment, content: bytes) -> str:
            message = f"{item.path} cannot be fetched by the network: {obstacle}"
            raise NetworkError(message, MEDIA_ADVICE, needs_person=True)

        return refuse

    @cached_property
    def public_media(self) -> "PublicMedia":
        """The place for media that networks fetch: [media], or the log's bucket."""
        from presstime.stores.public import PublicMedia

        return PublicMedia(lambda: self.store if self.settings.media == Media() else self._media_store)

    @cached_property
    def _media_store(self) -> "Store":
        from presstime.stores.s3 import S3Store

        media, audit = self.settings.media, self.settings.audit
        server = None if audit.embedded else audit.endpoint_url
        return S3Store(
            media.bucket or audit.bucket or "", "", media.endpoint_url or server, media.region or audit.region
        )

    def adapter_with(self, channel: Channel, secret: Secret | None) -> "Adapter":
        """An adapter of a channel with the credential given, closed with the desk. Raises `SettingsError`."""
        kind = load_adapter(channel.network)
        adapter = kind(self._placed(channel, kind.traits), secret)
        self.stack.callback(adapter.close)
        return adapter

    @cached_property
    def accounts(self) -> "Accounts":
        """What is kept for the channels, and its renewal."""
        from presstime.accounts.accounts import Accounts
        from presstime.accounts.places import Places
        from presstime.processes import own_name

        places = Places(self.root, self.environ, RESOLVERS, KEEPERS)
        return Accounts(
            self.settings.apps, places, lambda: self.store, own_name(), self._warn, lambda: self.timing.now()
        )

    def placed(self, channel: Channel) -> Channel:
        """The channel as its adapter sees it."""
        return self._placed(channel, load(channel.network).traits)

    def endings(self, actions: Sequence[Action], now: datetime) -> list[str]:
        """What a plan should say of access that ends, as far as it can be known without asking another machine."""
        from presstime.accounts.endings import ending_warnings

        ends = self.accounts.all_ends(map(self.placed, self._known_channels()), near=True)
        return list(ending_warnings(actions, ends, now, self.settings.timezone))

    def token_ends(self) -> dict[str, datetime]:
        """When access to channels ends, as far as it can be known without asking another machine."""
        return dict(self.accounts.all_ends(map(self.placed, self._known_channels()), near=True))

    def forecast(self) -> "list[Outlook]":
        """What will fail of what is scheduled, against the log as last read. Asks the networks whose credentials these are."""
        from presstime.publish.cost import costs_of
        from presstime.publish.forecast import Forecast

        actions = self.sync.actions(told=False)
        found = Forecast(
            self.adapter,
            self.accounts.all_ends([self.placed(c) for c in self._known_channels() if not c.assisted]),
            self.words.assisted,
            self._said,
            self.waiting(),
            self.settings.budget,
            self.settings.timezone,
        )
        return found.of(actions, costs_of(actions, self.words, self.ledger), self.timing.now())

    def _said(self, digest: str) -> "Variant | None":
        """What a digest says, if the log has it."""
        known = self.ledger.cache.payload_entry(digest)
        return Variant.from_json(self.ledger.payload(digest)) if known else None

    def alert_secrets(self) -> dict[str, str]:
        """The values that [alerts] names, by its keys. Raises `SettingsError`."""
        alerts = self.settings.alerts
        named = {"slack": alerts.slack, "webhook": alerts.webhook, "sendgrid": alerts.sendgrid}
        places = {key: place for key, place in named.items() if place}
        return {key: reveal(place, self.root, self.environ, RESOLVERS).reveal() for key, place in places.items()}

    def tend_accounts(self) -> list[str]:
        """Renew every channel's token that is due for it, whether or not anything is to be posted there: some end if they are not
        renewed for weeks. Returns what a person should know."""
        from presstime.accounts.endings import ending_warnings

        channels = [self.placed(c) for c in self._known_channels() if not c.assisted and c.credentials is not None]
        self.ledger.catch_up()
        known, told = len(self.warnings), list[str]()
        for channel in channels:
            try:
                self.accounts.renewal(channel).fresh()
            except (SettingsError, NetworkError) as error:
                told.append(f"channel {channel.name!r}: {error.told}")
        ends, now = self.accounts.all_ends(channels), self.timing.now()
        return [
            *self.warnings[known:],
            *told,
            *ending_warnings(self.sync.actions(told=False), ends, now, self.settings.timezone),
        ]

    def _known_channels(self) -> list[Channel]:
        """The channels on networks that there are."""
        wrong = {problem.code for problem in self.problems}
        channels = list(self.settings.channels.values())
        return [c for c in channels if is_served(c.network)] if "unknown-network" in wrong else channels

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)
            getLogger(__name__).warning(message)

    def _placed(self, channel: Channel, traits: Traits) -> Channel:
        """The channel with its paths made absolute, and sent to the sandbox if one stands in for the networks."""
        options = dict(channel.options)
        if "path" in options:
            options["path"] = str((self.root / str(options["path"])).absolute())
        sandbox = self.environ.get(SANDBOX)
        if sandbox and traits.needs_credentials:
            return replace(channel, options=options, base_url=f"{sandbox.rstrip('/')}/{channel.network}")
        return replace(channel, options=options)

    def _secret(self, channel: Channel, traits: Traits) -> Secret | None:
        if not traits.needs_credentials:
            return None
        sandbox = self.environ.get(SANDBOX)
        if channel.credentials is None:
            if sandbox:
                return Secret(f"sandbox-{channel.name}")
            raise SettingsError(
                f"channel {channel.name!r} has no credentials", f'Add `credentials = "env:..."` to it in {FILE}.'
            )
        try:
            return self.accounts.renewal(self._placed(channel, traits)).fresh()
        except SettingsError as error:
            if sandbox:
                return Secret(f"sandbox-{channel.name}")
            raise SettingsError(f"channel {channel.name!r}: {error.message}", error.advice) from error

    def state_folder(self, name: str) -> Path:
        return state_folder(self.root, name)

    def prefect_service(self) -> "Service":
        from presstime.embedded import prefect

        return prefect.service(self.state_folder(f"{STATE}/prefect"))


def last_pass(root: Path) -> float:
    """When a pass of this content root was last begun, in seconds since the epoch; 0.0 if never."""
    try:
        return (root / STATE / MARK).stat().st_mtime
    except OSError:
        return 0.0


def _from_prefect(name: str) -> str:
    from presstime.orchestration import secret_block

    return secret_block(name)


def _from_aws(name: str) -> str:
    from presstime.stores.s3 import secret_of

    return secret_of(name)


def _to_prefect(name: str, value: str) -> None:
    from presstime.orchestration import keep_secret_block

    keep_secret_block(name, value)


def _to_aws(name: str, value: str) -> None:
    from presstime.stores.s3 import keep_secret

    keep_secret(name, value)


RESOLVERS = {"prefect": _from_prefect, "aws-sm": _from_aws}
KEEPERS = {"prefect": _to_prefect, "aws-sm": _to_aws}


@contextmanager
def open_desk(directory: Path, environ: Mapping[str, str] | None = None, on_disk: bool = False) -> Iterator[Desk]:
    """The desk of a content root; servers it starts and files it opens are closed with it. With `on_disk` presstime.toml counts as it
    lies in the folder, committed or not: for those who set it up.

    Raises `GitError` and `SettingsError` where the root cannot be used."""
    from presstime.content.git import Repository

    with ExitStack() as stack:
        root = content_root(directory)
        yield Desk(root, Repository.discover(root), os.environ if environ is None else environ, stack, on_disk)


def unlogged(newsroom: Newsroom) -> "Sync":
    """A plan of the newsroom as if nothing had ever been published: neither S3 nor credentials are asked for."""
    return against(newsroom, made_up_log(lambda: datetime.now(UTC)))


def against(newsroom: Newsroom, ledger: "Ledger") -> "Sync":
    """A plan of any commit's newsroom against a log, as if it were the branch's and approved: to look at, not to write down."""
    from presstime.publish.published import Published
    from presstime.publish.sync import Sync
    from presstime.publish.timing import Timing
    from presstime.publish.words import Words

    words = Words(newsroom, newsroom.read_blob, published=Published(lambda: ledger))
    return Sync(newsroom, ledger, Timing(ledger.store), words, lambda paths: {})


def made_up_log(clock: Callable[[], datetime]) -> "Ledger":
    """An empty log in this process alone, whose time is the clock's."""
    from presstime.ledger.cache import Cache
    from presstime.ledger.log import Ledger
    from presstime.stores.memory import Bucket, MemoryStore

    store = MemoryStore(Bucket(clock))
    return Ledger(store, Cache(None, store.name), "nobody/here/0/0")


def content_root(directory: Path) -> Path:
    """The folder, made absolute. Raises `SettingsError` where there is none (the working folder may be gone, too)."""
    try:
        root = directory.resolve()
    except FileNotFoundError:
        raise SettingsError("the folder that this runs in is not there any more", "Change to the newsroom's.") from None
    if not root.is_dir():
        raise SettingsError(f"there is no folder {root}", "Point at the newsroom's folder with -C.")
    return root


def state_folder(root: Path, name: str = STATE) -> Path:
    """A folder below the content root, which Git does not see. Raises `SettingsError` where it cannot be made."""
    folder, state = root / name, root / STATE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if state.is_dir() and not (state / ".gitignore").exists():
            (state / ".gitignore").write_text("*\n")
    except OSError as error:
        raise SettingsError(
            f"{error.filename or state}: {error.strerror}",
            "Presstime keeps its caches there: make room, or mend its rights.",
        ) from error
    return folder


def network_problems(settings: Settings, sandboxed: bool = False) -> list[Problem]:
    """What presstime.toml asks of networks that they do not have. `sandboxed`: the sandbox stands in for them."""
    from presstime.settings import check_networks

    today = datetime.now(UTC).date()
    found = check_networks(settings, lambda name: load(name).traits, can_send, sandboxed, today)
    return [*settings.warnings, *found]


def read_source(directory: Path, commit: str | None) -> Source:
    """The content root's files: of a commit, or as they lie in the folder. Raises `GitError` or `SettingsError`."""
    if commit is not None:
        from presstime.content.git import Repository

        repository = Repository.discover(directory)
        return repository.at(repository.resolve(commit))
    from presstime.content.worktree import WorkTree

    if not (directory / FILE).is_file():
        raise no_settings(str(directory.resolve()))
    return WorkTree(directory.resolve())


def content_path(directory: Path, path: str) -> str:
    """A path as typed, from here or from the content root, as a path of the content root."""
    for place in (Path(path), directory / path):
        if place.exists() and place.resolve().is_relative_to(directory.resolve()):
            return place.resolve().relative_to(directory.resolve()).as_posix()
    return path


def access_problems(newsroom: Newsroom, directory: Path, environ: Mapping[str, str]) -> list[Problem]:
    """What is due after the end of its channel's access, as far as presstime.toml tells it, or a credential that lies here."""
    settings, root = newsroom.settings, directory.resolve()
    channels = [c for c in settings.channels.values() if is_served(c.network) and _may_end(c, root, environ)]
    if not channels:
        return []
    from presstime.accounts.accounts import Accounts
    from presstime.accounts.endings import ending_problems
    from presstime.accounts.places import Places
    from presstime.clock import now
    from presstime.content.places import Places as InFile

    def no_store() -> "Store":
        raise SettingsError("a check renews nothing")

    accounts = Accounts(settings.apps, Places(root, environ, {}, {}), no_store, "")
    ends = accounts.all_ends(channels, near=True)

    def place_of(post: Post) -> tuple[int, int]:
        return InFile.of(newsroom.source.read(post.path)).of_key("publish_at")

    return list(ending_problems(newsroom.loaded.each(), ends, now(), settings.timezone, place_of)) if ends else []


def _may_end(channel: Channel, root: Path, environ: Mapping[str, str]) -> bool:
    """Whether anything here tells of an end: most often not, and then a check need not look."""
    scheme, _, name = (channel.credentials or "").partition(":")
    here = (scheme == "env" and name in environ) or (scheme == "file" and (root / os.path.expanduser(name)).is_file())
    return channel.credentials_until is not None or here


def render_problems(newsroom: Newsroom) -> list[Problem]:
    """What would keep a post from being said on a channel: text too long, media refused, a rule of the newsroom's."""
    from presstime.publish.checks import Checks

    return Checks(newsroom).problems()
