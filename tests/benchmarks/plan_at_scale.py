"""Plans over repositories of 1,000, 10,000 and 100,000 posts: how long they take, what they hold in memory, what they ask of S3.

    python -m tests.benchmarks.plan_at_scale [POSTS ...] [--only PART]

Two of a hundred posts (20 to 200) are still to come; of the others half were published on two channels, half were missed.
Each part runs in a process of its own, so that its peak memory is its own; what is compared is measured in one process, in
turn, the best of three each. Times are of the wall, `cpu_s` is what this process and its helpers took.

floor    the blobs read with pygit2 and their front matter parsed with libyaml's BaseLoader, which makes everything a string
first    the first plan that there is: no cache, and what the archive missed is written into the log
cold     the plan of a worker that has lost its catalog of posts, against the floor. Target: at most 1.5 times
fold     the same worker's reading of the log, from nothing and without a snapshot
full     everything looked at anew, posts out of the catalog: after an upgrade of a template, or a walk through a rewritten history
command  what `presstime plan` and `status` ask for: all there is, also what was told before
warm     the plan after a commit of 10 files, and the whole pass with opening everything. Target: under 0.2 s of work
idle     the pass after that, with nothing new; `second` is with another pass before it
fetch    the same with a remote, and how much of it `git ls-remote` alone takes
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pygit2
import yaml

from presstime.ledger.claims import step
from presstime.model import Event, JsonObject, Post, Receipt, Target, to_iso
from presstime.plan import content_of, source_of
from presstime.publish.timing import Timing
from presstime.stores.base import Object, Stat
from presstime.wire import Desk, open_desk
from tests.benchmarks.log_at_scale import Files
from tests.benchmarks.newsrooms import NOW, change, coming, make, path_of, post

SIZES = (1_000, 10_000, 100_000)
CHANGED = 10  # files of a commit
CHANGEABLE = 60  # the oldest posts, which are changed
ENVIRON = {"MASTODON_TOKEN": "sandbox-verne"}
BATCH = 150  # deliveries of one entry of the archive's log


class Counted(Files):
    """The log in files, with S3's requests counted: a listing is one for each thousand keys."""

    def __init__(self, folder: Path, at: datetime) -> None:
        super().__init__(folder)
        self.at = at
        self.requests: Counter[str] = Counter()

    def create(self, key: str, body: bytes) -> Stat:
        self.requests["PUT"] += 1
        return super().create(key, body)

    def get(self, key: str) -> Object:
        self.requests["GET"] += 1
        return super().get(key)

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        for number, stat in enumerate(super().list(prefix, after)):
            self.requests["LIST"] += number % 1000 == 0
            yield stat

    def now(self) -> datetime:
        return self.at


@contextmanager
def desk_at(folder: Path, minutes: float = 0) -> Iterator[Desk]:
    """The desk of the newsroom in a folder, some minutes after the first plan."""
    at = NOW + timedelta(minutes=minutes)
    with open_desk(folder / "newsroom", ENVIRON) as desk:
        desk.store = Counted(folder / "log", at)
        desk.timing = Timing(desk.store, lambda: at, lambda seconds: None)
        yield desk


# --- the archive ------------------------------------------------------------------------------------------------------


def publish_archive(folder: Path) -> JsonObject:
    """Every other post of the past has been published: the log says so."""
    with desk_at(folder) as desk:
        desk.ledger.catch_up()
        out: list[Event] = []
        payloads: dict[str, JsonObject] = {}
        for one in desk.newsroom.loaded.each():
            for target in (
                one.targets if int(one.id[5:]) % 2 == 0 and one.targets[0].due < NOW - timedelta(days=1) else ()
            ):
                digest, payload = _said(desk, one, target)
                out += _life(desk, one, target, digest)
                payloads |= {digest: payload} if payload else {}
            if len(out) >= BATCH * 4:
                _append(desk, out, payloads)
        _append(desk, out, payloads)
        found = {"deliveries": sum(desk.ledger.cache.counts().values()), "entries": desk.ledger.cache.head().n}
    shutil.rmtree(folder / "newsroom/.presstime")
    return found


def _append(desk: Desk, events: list[Event], payloads: dict[str, JsonObject]) -> None:
    written = list(events)
    if written:
        desk.ledger.append(lambda view: written, dict(payloads))
    events.clear()
    payloads.clear()


def _said(desk: Desk, one: Post, target: Target) -> tuple[str, JsonObject | None]:
    """The digest of what was said, with the words themselves of those posts that will be changed: to render them all would
    take longer than everything that is measured."""
    if int(one.id[5:]) >= CHANGEABLE:
        return content_of(one, target), None
    whole = desk.newsroom.loaded.whole(one)
    variant = desk.words.variant(whole, next(t for t in whole.targets if t.channel == target.channel))
    return variant.digest, variant.to_json()


def _life(desk: Desk, one: Post, target: Target, digest: str) -> Iterator[Event]:
    """A delivery that was published: planned, sent, accepted."""
    delivery = target.of(one.id)
    source = source_of(one, target, desk.newsroom.settings_blob, desk.newsroom.templates_digest)
    origin = {"commit": desk.newsroom.commit, "blob": one.blob, "author": "Ada Verne", "approver": "Bea Aronnax"}
    more = {"content": content_of(one, target), "said": source, "engine": desk.words.engine, "due": to_iso(target.due)}
    yield step("planned", delivery, desk.timing.now, digest=digest, source=source, path=one.path, **origin, **more)
    intent = {"epoch": 1, "segment": 0, "digest": digest, "key": source}
    yield step("sending", delivery, desk.timing.now, **intent)
    receipt = Receipt(one.id, f"https://mastodon.example/@verne/{one.id}")
    yield step("accepted", delivery, desk.timing.now, epoch=1, segment=0, receipt=receipt.to_json())
    yield step("published", delivery, desk.timing.now, epoch=1, url=receipt.url)


# --- the parts, each in a process of its own ----------------------------------------------------------------------------


def timed(call: Callable[[], Any]) -> JsonObject:
    """Seconds of the wall, and of the processor for this process and the helpers that have ended."""
    cpu, start = _cpu(), time.perf_counter()
    call()
    return {"s": time.perf_counter() - start, "cpu_s": _cpu() - cpu}


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def best(call: Callable[[], JsonObject], tries: int = 3) -> JsonObject:
    return min((call() for _ in range(tries)), key=lambda found: float(found["s"]))


def floor(folder: Path) -> int:
    """The bare work: every post's blob read, and its front matter parsed."""
    repository = pygit2.Repository(str(folder / "newsroom"))
    tree = repository[repository.head.target].peel(pygit2.Tree)
    count = 0
    for blob in _blobs(tree["posts"]):
        text = repository.read(blob)[1].decode()
        yaml.load(text[4 : text.index("\n---\n", 4)], yaml.CBaseLoader)  # noqa: S506 - it makes strings
        count += 1
    return count


def _blobs(tree: Any) -> Iterator[Any]:
    for item in tree:
        if item.type_str == "tree":
            yield from _blobs(item)
        else:
            yield item.id


def forget_posts(folder: Path) -> None:
    for file in (folder / "newsroom/.presstime/cache").glob("posts*"):
        file.unlink()


def part_floor(folder: Path) -> JsonObject:
    return best(lambda: timed(lambda: floor(folder)))


def part_first(folder: Path) -> JsonObject:
    with desk_at(folder) as desk:
        desk.ledger.catch_up()
        return planned(desk)


def part_cold(folder: Path) -> JsonObject:
    """In turn with the floor: both on the same machine in the same minute."""
    found = []
    for _ in range(3):
        bare = timed(lambda: floor(folder))
        forget_posts(folder)
        with desk_at(folder, 1) as desk:
            ours = planned(desk)
        found.append({**ours, "floor_s": bare["s"], "floor_cpu_s": bare["cpu_s"], "ratio": ours["s"] / bare["s"]})
    return min(found, key=lambda one: float(one["ratio"]))


def part_fold(folder: Path) -> JsonObject:
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(folder / "newsroom", Path(name) / "newsroom", ignore=shutil.ignore_patterns(".presstime"))
        (Path(name) / "log").symlink_to(folder / "log")
        with desk_at(Path(name), 1) as desk:
            return {**timed(desk.ledger.catch_up), **desk.store.requests}  # type: ignore[attr-defined]


def part_full(folder: Path) -> JsonObject:
    def again() -> JsonObject:
        with desk_at(folder, 2) as desk:
            desk.catalog.ask("UPDATE head SET why = 'measured'")
            return planned(desk)

    return best(again)


def part_command(folder: Path) -> JsonObject:
    with desk_at(folder, 2) as desk:
        desk.ledger.catch_up()
        return timed(desk.sync.actions)


def part_warm(folder: Path) -> JsonObject:
    """A new text for some of the archive that was published or missed, some that is to come, and some new posts."""
    total = len(list(_blobs(_tree(folder)["posts"])))
    for number in range(3):
        names = dict(_changed(total, number))
        change(folder / "newsroom", names)
        start = time.perf_counter()
        with desk_at(folder, 3 + number) as desk:
            found = planned(desk)
        found["with_opening_s"] = time.perf_counter() - start
    return found


def _tree(folder: Path) -> Any:
    repository = pygit2.Repository(str(folder / "newsroom"))
    return repository[repository.head.target].peel(pygit2.Tree)


def _changed(total: int, turn: int) -> Iterator[tuple[str, bytes]]:
    spacing = timedelta(minutes=37)
    for at in range(CHANGED):
        number = total - coming(total) + at if at < 4 else (at + turn * CHANGED) % CHANGEABLE
        due = NOW + spacing * (number - total + coming(total) + 1)
        yield path_of(number, due), post(number, due, f"Turn {turn}.")


def part_idle(folder: Path) -> JsonObject:
    found = {}
    for number, name in enumerate(("first", "second", "third")):
        start = time.perf_counter()
        with desk_at(folder, 10 + number) as desk:
            found[name] = planned(desk)
        found[name]["with_opening_s"] = time.perf_counter() - start
    return found["third"]


def part_fetch(folder: Path) -> JsonObject:
    """With a remote in another folder: what `git fetch` with nothing new adds, and what `ls-remote` takes."""
    git = ["git", "-C", str(folder / "newsroom")]
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(["git", "clone", "--quiet", "--bare", str(folder / "newsroom"), name], check=True)
        subprocess.run([*git, "remote", "add", "elsewhere", f"file://{name}"], check=True)
        with desk_at(folder) as desk:
            desk.repository.fetch("elsewhere")
            ours = best(lambda: timed(lambda: desk.repository.fetch("elsewhere")))
        bare = best(
            lambda: timed(lambda: subprocess.run([*git, "ls-remote", "--quiet", "elsewhere"], capture_output=True))
        )
        subprocess.run([*git, "remote", "remove", "elsewhere"], check=True)
    return {"fetch_s": ours["s"], "ls_remote_s": bare["s"]}


def planned(desk: Desk) -> JsonObject:
    """One plan, with what it asked of the store and why it looked at everything, if it did."""
    found = timed(desk.plan)
    looked = desk.sync.looks[0]
    found |= {"posts_looked_at": len(looked.posts), "actions": len(desk.last_plan)}
    return found | dict(desk.store.requests) | ({"why": looked.why} if looked.why else {})  # type: ignore[attr-defined]


PARTS: dict[str, Callable[[Path], JsonObject]] = {
    "floor": part_floor,
    "first": part_first,
    "cold": part_cold,
    "fold": part_fold,
    "full": part_full,
    "command": part_command,
    "warm": part_warm,
    "idle": part_idle,
    "fetch": part_fetch,
}


def in_process(part: str, folder: Path) -> JsonObject:
    """Run a part in a process of its own; with its peak memory in MiB."""
    command = [sys.executable, "-m", "tests.benchmarks.plan_at_scale", "--folder", str(folder), "--only", part]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def say(name: str, found: JsonObject) -> None:
    shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}
    print(
        f"{name:8}",
        "  ".join(f"{k} {v:,}" if not isinstance(v, str) else f"{k}: {v}" for k, v in shown.items()),
        flush=True,
    )


def measure(posts: int, only: str | None) -> None:
    with tempfile.TemporaryDirectory(prefix="presstime-bench-") as name:
        folder = Path(name)
        say("made", {"posts": posts, **timed(lambda: make(folder / "newsroom", posts))})
        say("archive", in_process("archive", folder))
        for part in PARTS:
            if only in (None, part) or part == "first":
                say(part, in_process(part, folder))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("posts", type=int, nargs="*", default=SIZES)
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--only", choices=[*PARTS, "archive"])
    given = arguments.parse_args()
    if given.folder:
        found = {**PARTS, "archive": publish_archive}[given.only](given.folder)
        print(json.dumps({**found, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    for posts in given.posts:
        measure(posts, given.only)


if __name__ == "__main__":
    main()
