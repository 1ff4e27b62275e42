"""The same newsroom planned the cheap way and the whole way, and what may happen to it: for tests that the two are one."""

import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pygit2

from presstime.content.newsroom import read_newsroom
from presstime.errors import UsageError
from presstime.ledger import by_hand, stopping
from presstime.ledger.assisted import done_by_hand
from presstime.ledger.cache import Cache
from presstime.ledger.drift import keep_by_hand, note_drift, undo_by_hand
from presstime.ledger.log import Ledger
from presstime.model import Action, JsonObject, Status, Variant
from presstime.networks.memory import TRAITS, MemoryNetwork
from presstime.pauses import EVERYTHING, RULES, Scope
from presstime.publish.looking import look_at
from presstime.wire import Desk
from tests.kit import SETTINGS, START, Folder, Office, run_pass

NAMES = ("ant", "ant-hill", "bee", "cat", "dog", "eel")
FOLDERS = ("posts", "posts/2026", "posts/a-z")
SLOTS = (
    SETTINGS
    + '[groups]\nall = ["site-feed", "brand-mastodon"]\n[slots]\nday = ["Mon 09:30", "Mon 10:00", "Tue 09:00"]\n'
)
VARIED = (
    SLOTS,
    SLOTS.replace("[defaults]", '[defaults]\nmin_gap = "20m"'),
    SLOTS.replace("[defaults]", "[defaults]\nretract_max = 1"),
    SLOTS + '[pause.x]\nwhat = "all"\nreason = "x"\nuntil = "2026-11-23T20:00"\nresume = "reschedule"\n',
    SLOTS + '[policy]\nquiet_hours = "22:00-07:00"\nquiet = "move"\n',
    SLOTS.replace('channels = ["site-feed", "brand-mastodon"]', 'channels = ["site-feed"]'),
    SLOTS.replace("[channels.brand-mastodon]", '[channels.brand-mastodon]\nmode = "assisted"'),
)
SCOPES = (EVERYTHING, Scope("channel", "site-feed"), Scope("group", "all"), Scope("campaign", "spring"))
TEXTS = ("One.", "Two.", "Three.")
CHANNELS = ("[site-feed]", "[brand-mastodon]", "[site-feed, brand-mastodon]", None)
MEDIA = ("a.png", "b.png")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)


@dataclass
class World:
    """A log and its networks, and a worker that does passes on them. `cheap`: as `publish` does, with its caches kept; else
    everything is read and looked at anew each time."""

    office: Office
    cheap: bool
    networks: dict[str, MemoryNetwork] = field(default_factory=dict)

    def work(self, act: bool, elsewhere: bool = False) -> list[Action]:
        """One pass, or the plan alone; `elsewhere`: of another worker, which has no caches. The actions that are more than a
        reminder."""
        with self.office.desk("elsewhere/m/1/1" if elsewhere else "worker/m/1/1") as desk:
            self.seat(desk, elsewhere)
            plan = [a for a in run_pass_of(desk, act) if a.action not in ("missed", "skip", "note")]
            desk.ledger.cache.close()
            return plan

    def seat(self, desk: Desk, elsewhere: bool = False) -> None:
        """Give a desk the caches that its worker keeps, and the networks."""
        if self.cheap and not elsewhere:
            cache = Cache(desk.state_folder(".presstime/cache") / "fold.sqlite", "log")
            desk.ledger = Ledger(desk.store, cache, "worker/m/1/1", sleep=self.office.sleep)
        else:
            desk.newsroom = read_newsroom(desk.repository.at(desk.repository.commit_of()))
        for name, channel in desk.settings.channels.items():
            network = self.networks.setdefault(
                name, MemoryNetwork(TRAITS, now=self.office.now, sleep=self.office.sleep)
            )
            desk._adapters[name] = network.adapter_class()(channel, None)

    def explained(self) -> dict[str, str]:
        """What `presstime plan` says: action and reason by delivery, and what was dropped."""
        with self.office.desk("reader/m/1/1") as desk:
            self.seat(desk)
            desk.ledger.catch_up()
            found = {str(s.delivery): f"dropped: {s.reason}" for s in desk.ledger.cache.standing(Status.DROPPED)}
            found |= {str(a.delivery): f"{a.action}: {a.reason}" for a in desk.sync.actions(self.office.now())}
            desk.ledger.cache.close()
            return found

    def warnings(self) -> list[str]:
        with self.office.desk("reader/m/1/1") as desk:
            return desk.warnings_now()

    def events(self) -> list[JsonObject]:
        """What the log says, without what is each worker's own: keys and clocks."""
        return [{k: v for k, v in event.to_json().items() if k not in ("at", "key")} for event in self.office.events()]

    def said(self) -> dict[str, list[str]]:
        return {name: [post.text for post in network.posts] for name, network in self.networks.items()}


def run_pass_of(desk: Desk, act: bool) -> list[Action]:
    if not act:
        return desk.plan()
    run_pass(desk)
    return list(desk.last_plan.values())


class Pair:
    """The same newsroom, planned the cheap way and the whole way."""

    def __init__(self, path: Path) -> None:
        self.folder = Folder(path, SLOTS)
        self.commits: list[str] = []
        for name in MEDIA:
            self.folder.write(f"media/{name}", PNG)
        self.folder.post("first", "First.")
        self.commit()
        self.cheap, self.whole = World(Office(self.folder), True), World(Office(self.folder), False)

    def commit(self) -> None:
        self.commits.append(self.folder.commit(f"commit {len(self.commits)}"))

    def pass_time(self, minutes: int) -> None:
        at = max(self.cheap.office.time, self.whole.office.time) + timedelta(minutes=minutes)
        self.cheap.office.time = self.whole.office.time = at

    def check(self, act: bool, elsewhere: bool = False) -> None:
        """A pass of both: the same is planned, written and said."""
        assert self.cheap.office.time == self.whole.office.time
        assert self.cheap.work(act, elsewhere) == self.whole.work(act, elsewhere)
        assert self.cheap.events() == self.whole.events()
        assert self.cheap.said() == self.whole.said()

    # --- what happens: each takes three numbers, and nothing happens where they name nothing ---

    def files(self) -> list[Path]:
        return sorted(p for p in (self.folder.path / "posts").rglob("*.md"))

    def add(self, a: int, b: int, c: int) -> None:
        """A post, at one of several times, with one or another peculiarity."""
        due = START + timedelta(minutes=(-3000, -30, 0, 3, 30, 61, 600, 2000)[b % 8])
        front: dict[str, object] = {"title": "T", "channels": CHANNELS[c % 4]}
        kinds: list[dict[str, object]] = [
            {},
            {},
            {"late": "publish", "campaign": "spring"},
            {"late": "ask"},
            {"repeat": "FREQ=DAILY;COUNT=3"},
            {"publish_at": "next-slot"},
            {"expires_at": (due + timedelta(minutes=40)).isoformat(), "retract": "true"},
            {"media": f"[{{file: {MEDIA[b % 2]}, alt: A}}]"},
            {"status": "retracted"},
            {"media": "[{file: c.png, alt: A}]"},
        ]
        front |= kinds[(a + c) % len(kinds)]
        made = self.folder.post(
            NAMES[a % len(NAMES)], TEXTS[c % 3], str(front.pop("publish_at", due.isoformat())), **front
        )
        place = self.folder.path / FOLDERS[b % 3] / made.name
        place.parent.mkdir(parents=True, exist_ok=True)
        made.rename(place)

    def edit(self, a: int, b: int, c: int) -> None:
        if files := self.files():
            file = files[a % len(files)]
            file.write_text(file.read_text().replace(TEXTS[b % 3], TEXTS[c % 3]) + "\nMore." * (c % 2))

    def move(self, a: int, b: int, c: int) -> None:
        if files := self.files():
            file = files[a % len(files)]
            (self.folder.path / FOLDERS[b % 3]).mkdir(exist_ok=True)
            file.rename(self.folder.path / FOLDERS[b % 3] / f"{'renamed-' * (c % 2)}{file.name}")

    def delete(self, a: int, b: int, c: int) -> None:
        if files := self.files():
            files[a % len(files)].unlink()

    def change_id(self, a: int, b: int, c: int) -> None:
        if files := self.files():
            file = files[a % len(files)]
            file.write_text("".join(f"id: {NAMES[b % 6]}\n" if s.startswith("id:") else s for s in lines(file)))

    def draft(self, a: int, b: int, c: int) -> None:
        if files := self.files():
            file = files[a % len(files)]
            text = file.read_text()
            ready = "status: draft\n" not in text
            file.write_text(
                text.replace("---\n", "---\nstatus: draft\n", 1) if ready else text.replace("status: draft\n", "")
            )

    def spoil(self, a: int, b: int, c: int) -> None:
        """A file that cannot be read, with its id or without; or no post at all."""
        if files := self.files():
            file = files[a % len(files)]
            spoilt = (
                f"---\nid: {file.stem}\ntitle: [\n---\nX",
                f"---\nid: {file.stem}\ntitle: T\ncolour: 1\n---\nX",
                "X",
            )
            file.write_text(spoilt[b % 3])

    def restore(self, a: int, b: int, c: int) -> None:
        """A file as it was in some commit."""
        repository = self.folder._repository
        tree = repository[self.commits[a % len(self.commits)]].peel(pygit2.Tree)
        names = [e.name for e in tree["posts"] if e.name.endswith(".md")] if "posts" in tree else []
        if names:
            name = f"posts/{names[b % len(names)]}"
            self.folder.write(name, tree[name].data)  # type: ignore[attr-defined]

    def picture(self, a: int, b: int, c: int) -> None:
        """A picture changes, comes, goes, or another one takes its place beside the post."""
        name = (*MEDIA, "c.png")[a % 3]
        file = self.folder.path / ("media" if b % 3 else "posts") / name
        if b % 2 and file.exists():
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(PNG + bytes([c % 4]))

    def settings(self, a: int, b: int, c: int) -> None:
        self.folder.write("presstime.toml", VARIED[a % len(VARIED)])

    def template(self, a: int, b: int, c: int) -> None:
        self.folder.write("templates/mastodon.j2", "{{ post.title }}: {{ post.text }}" + "!" * (a % 3))

    def post_by_hand(self, a: int, b: int, c: int) -> None:
        """A person says where one of those that wait for somebody is; the same in both worlds."""
        for world in (self.cheap, self.whole):
            with world.office.desk("person/m/1/1") as desk:
                desk.ledger.catch_up()
                if waiting := sorted(state.delivery for state in desk.waiting()):
                    delivery = waiting[a % len(waiting)]
                    done_by_hand(desk.ledger, delivery, world.office.now, "bea", [f"https://post.example/{delivery}"])

    def nothing(self, a: int, b: int, c: int) -> None:
        self.folder.write("notes.txt", f"{a} {b} {c}")

    def rewrite(self, a: int, b: int, c: int) -> None:
        """A force-push to an earlier commit; the later ones may be gone from the repository altogether."""
        self.commits = self.commits[: a % len(self.commits) + 1]
        self.folder._repository.reset(pygit2.Oid(hex=self.commits[-1]), pygit2.enums.ResetMode.HARD)
        if b % 3 == 0:
            git = ["git", "-C", str(self.folder.path)]
            subprocess.run([*git, "reflog", "expire", "--expire=now", "--all"], check=True)
            subprocess.run([*git, "gc", "--quiet", "--prune=now"], check=True)
            self.folder._repository = pygit2.Repository(str(self.folder.path))

    def stop(self, a: int, b: int, c: int) -> None:
        """Somebody pauses a scope, for a while or until it is resumed."""
        scope = SCOPES[a % len(SCOPES)]
        for world in (self.cheap, self.whole):
            now = world.office.time
            until = None if b % 3 == 0 else now + timedelta(minutes=(5, 60, 700)[c % 3])
            with world.office.desk("ops/m/1/1") as desk:
                stopping.pause(
                    desk.ledger, scope, world.office.now, "ada", "x", until, RULES[b % 3], timedelta(minutes=a)
                )

    def let_go(self, a: int, b: int, c: int) -> None:
        for world in (self.cheap, self.whole):
            with world.office.desk("ops/m/1/1") as desk, suppress(UsageError):
                desk.ledger.catch_up()
                stopping.resume(desk.ledger, SCOPES[a % len(SCOPES)], world.office.now, "bea", "", None, None)

    def order(self, a: int, b: int, c: int) -> None:
        """A person skips a delivery, has it tried again, or withdrawn."""
        does = (by_hand.skip_by_hand, by_hand.retry_by_hand, by_hand.withdraw_by_hand)[b % 3]
        for world in (self.cheap, self.whole):
            with world.office.desk("ops/m/1/1") as desk, suppress(UsageError):
                desk.ledger.catch_up()
                known = sorted(desk.ledger.states())
                if known:
                    does(desk.ledger, known[a % len(known)], world.office.now, "ada", "x")

    def meddle(self, a: int, b: int, c: int) -> None:
        """Somebody changes or removes what is out on a network itself; it is looked at, and a person may decide."""
        for world in (self.cheap, self.whole):
            with world.office.desk("ops/m/1/1") as desk, suppress(UsageError, LookupError):
                desk.ledger.catch_up()
                out = [s for s in desk.ledger.cache.standing(Status.PUBLISHED) if not s.handed and not s.change]
                if not out:
                    continue
                state = out[a % len(out)]
                network = world.networks[state.delivery.channel]
                if b % 2:
                    network.alter(state.receipts[0].id, f"meddled {b}")
                else:
                    network.remove(state.receipts[0].id)
                adapter = network.adapter_class()(desk.settings.channels[state.delivery.channel], None)
                variant = Variant.from_json(desk.ledger.payload(state.sent_digest))
                note_drift(desk.ledger, state, look_at(adapter, variant, state.receipts), world.office.now)
                decide = (None, keep_by_hand, undo_by_hand)[c % 3]
                if decide is not None:
                    decide(desk.ledger, state.delivery, world.office.now, "ada", "x")

    def forget(self, a: int, b: int, c: int) -> None:
        """The caches are deleted, or one of them is."""
        cache = self.folder.path / ".presstime/cache"
        for file in cache.glob(("*", "posts*", "fold*")[a % 3]):
            file.unlink()


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines(keepends=True)
