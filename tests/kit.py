"""A newsroom on disk and its passes, for tests of what several stages do together: no Prefect, S3 in memory, time as given."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2

from presstime.ledger.cache import Cache
from presstime.ledger.entry import Entry, decode
from presstime.ledger.log import Ledger
from presstime.model import Action, DeliveryState, Event
from presstime.publish.timing import Timing
from presstime.stores.memory import Bucket, FaultScript, MemoryStore
from presstime.wire import Desk, open_desk

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "UTC"
[audit]
bucket = "audit"
[channels.site-feed]
network = "feed"
path = "public/feed"
[channels.brand-mastodon]
network = "mastodon"
base_url = "https://mastodon.example"
account = "@verne"
credentials = "env:MASTODON_TOKEN"
[defaults]
channels = ["site-feed", "brand-mastodon"]
"""
ENVIRON = {"MASTODON_TOKEN": "sandbox-verne", "BLUESKY_TOKEN": "sandbox-verne.example", "X_TOKEN": "sandbox-verne"}


class Folder:
    """A content root that is a Git repository. Nothing is committed until `commit`."""

    def __init__(self, path: Path, settings: str = SETTINGS) -> None:
        self.path = path
        self._clock = 1_700_000_000
        self._repository = pygit2.init_repository(str(path), initial_head="main")
        self.write(".gitignore", ".presstime/\npublic/\n")
        self.write("presstime.toml", settings)

    def write(self, name: str, content: str | bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def post(self, name: str, text: str = "Hello", due: datetime | str = START, **front: object) -> Path:
        """A post whose id is its name, in posts/NAME.md; `front` adds keys of front matter (`_` for None leaves one out)."""
        keys = {"id": name, "title": name.title(), "publish_at": due if isinstance(due, str) else due.isoformat()}
        lines = [f"{key}: {value}" for key, value in {**keys, **front}.items() if value is not None]
        return self.write(f"posts/{name}.md", "\n".join(["---", *lines, "---", "", text, ""]))

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def commit(self, message: str = "change", author: str = "Ada", approver: str | None = None) -> str:
        """Commit everything there is; returns the commit's id."""
        self._clock += 60
        who, by = (
            pygit2.Signature(name, f"{name.lower()}@verne.example", self._clock)
            for name in (author, approver or author)
        )
        index = self._repository.index
        index.add_all()
        index.write()
        parents = [] if self._repository.head_is_unborn else [self._repository.head.target]
        return str(self._repository.create_commit("HEAD", who, by, message, index.write_tree(), parents))

    def copy(self, path: Path) -> "Folder":
        """Another clone of the same, without its caches: another machine's."""
        shutil.copytree(self.path, path, ignore=shutil.ignore_patterns(".presstime", "public"))
        clone = object.__new__(Folder)
        clone.path, clone._clock, clone._repository = path, self._clock, pygit2.Repository(str(path))
        return clone


@dataclass
class Office:
    """What the workers of a newsroom share: its folder, the bucket of its log, the time."""

    folder: Folder
    time: datetime = START
    bucket: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.bucket = Bucket(self.now)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def pass_time(self, **span: float) -> None:
        self.time += timedelta(**span)

    @contextmanager
    def desk(
        self, worker: str = "elsewhere/m/1/1", fault: FaultScript | None = None, environ: Mapping[str, str] = ENVIRON
    ) -> Iterator[Desk]:
        """The desk of a worker of that name, with a cache of its own."""
        with open_desk(self.folder.path, environ) as desk:
            desk.store = MemoryStore(self.bucket, fault)
            desk.ledger = Ledger(desk.store, Cache(None, "log"), worker, sleep=self.sleep)
            desk.timing = Timing(desk.store, self.now, self.sleep)
            yield desk

    def sync(self, worker: str = "elsewhere/m/1/1") -> dict[str, Action]:
        """One look at Git by a worker: the plan is in the log. The actions by delivery."""
        with self.desk(worker) as desk:
            return {str(a.delivery): a for a in desk.plan()}

    def entries(self) -> list[Entry]:
        return [decode(self.bucket.objects[key].body, key) for key in sorted(self.bucket.objects)]

    def events(self, kind: str | None = None, delivery: str | None = None) -> list[Event]:
        """What is in the log, oldest first."""
        found = [event for entry in self.entries() for event in entry.events]
        return [e for e in found if kind in (None, e.kind) and delivery in (None, str(e.delivery))]

    def state(self, delivery: str) -> DeliveryState:
        with self.desk("reader/m/1/1") as desk:
            return {str(s.delivery): s for s in desk.ledger_states().values()}[delivery]


def run_pass(desk: Desk, lead: timedelta = timedelta(0)) -> dict[str, DeliveryState]:
    """What `presstime publish` does, without Prefect: plan, then do what is to be done. The states afterwards."""
    for action in desk.plan(lead):
        if action.acts:
            desk.publish(str(action.delivery))
    return {str(state.delivery): state for state in desk.ledger.states().values()}
