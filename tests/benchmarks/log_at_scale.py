"""A log of a million events: how long it takes to verify, to start from, to read again, and what a pass costs in requests.

    python tests/benchmarks/log_at_scale.py [EVENTS] [--only PART]

The log is made of deliveries as they are published: planned 200 an entry with their payloads; then half of them are sent in
bursts of 50 an entry, half of them each by itself. It lies in files; a log of a tenth of the events is made first, so that what
grows can be seen. Each part runs in a process of its own, so that its peak memory is its own.

verify    against hashing the same objects, read from the same files, in the same process, in turn, the best of three each.
          Target: at most 2 times, and a peak that does not grow with the log. `hash_alone_s` is the hashing without the reading
memory    the same, with all objects in memory: no reading hides what verifying costs (for the smaller log only)
full      `verify --full`, without folding
nothing   a new worker that reads the log; take: making a snapshot; snapshot: a new worker that starts from it
second    tests/second_verifier.py on the same files (for the smaller log only)
requests  what passes cost in requests to S3, counted on the twin in memory
s3        the smaller parts on the embedded S3 server, with a log of a hundredth of the events
"""

import argparse
import hashlib
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from presstime.errors import AlreadyExists, Missing
from presstime.ledger import checkpoint, snapshot
from presstime.ledger.cache import Cache
from presstime.ledger.checkpoint import in_store
from presstime.ledger.entry import FOLDER, GENESIS, hash_of, key_of
from presstime.ledger.log import Ledger
from presstime.ledger.note import Signer
from presstime.ledger.snapshot import Starter
from presstime.ledger.verify import verify
from presstime.model import JsonObject, canonical, digest_of
from presstime.stores.base import Object, Stat, Store
from presstime.stores.memory import Bucket, MemoryStore

SIGNER = Signer("verne.example/log", bytes(32))
TRUSTED = (SIGNER.verifier,)
SMALLER = ("memory", "second")
ROOT = Path(__file__).parents[2]
PLANNED, BURST = 200, 50  # deliveries an entry
AT = "2026-11-23T08:59:59.123456+00:00"
WRITER = "worker/host/1234/5678"


class Files(Store):
    """A store in a folder: what a benchmark needs of one, with listings as lazy as S3's."""

    name = "files"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, key: str, body: bytes) -> Stat:
        path = self.folder / key
        if path.exists():
            raise AlreadyExists(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return Stat(key, len(body), "", self.now())

    def put(self, key: str, body: bytes, mime: str = "") -> Stat:
        return self.create(key, body)

    def address(self, key: str, life: timedelta) -> str:
        raise NotImplementedError("nobody is shown anything here")

    def get(self, key: str) -> Object:
        try:
            return Object((self.folder / key).read_bytes(), "", self.now())
        except FileNotFoundError:
            raise Missing(key) from None

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        if prefix == FOLDER:
            n = int(after[4:24]) if after else 0
            while (path := self.folder / key_of(n := n + 1)).exists():
                yield Stat(key_of(n), path.stat().st_size, "", self.now())
            return
        for path in sorted(p for p in (self.folder / prefix).rglob("*") if p.is_file()):
            yield Stat(path.relative_to(self.folder).as_posix(), path.stat().st_size, "", self.now())

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=UTC)


# --- the log ----------------------------------------------------------------------------------------------------------


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _payload(i: int) -> JsonObject:
    text = (
        f"Le train de nuit {i} revient : Paris–Nice en wagon-lit, dès le 12 décembre. Réservations ouvertes lundi à 9 h. "
        f"https://verne.example/posts/train-{i} #voyage #train"
    )
    picture = {
        "path": "media/train.jpg",
        "blob": _hex("b")[:40],
        "digest": _hex("d"),
        "mime": "image/jpeg",
        "size": 123456,
    }
    picture |= {"width": 1600, "height": 900, "alt": "Un train de nuit en gare de Nice", "focus": None}
    segment = {"index": 0, "text": text, "spans": [[115, 153, "link", f"https://verne.example/posts/train-{i}"]]}
    segment |= {"media": [picture], "card": None, "length": 170, "limit": 500, "unit": "characters"}
    segment |= {"payload": {"status": text, "visibility": "public", "language": "fr"}}
    head = {"delivery": f"train-{i}/brand-mastodon", "network": "mastodon", "at": "2026-11-23T09:00:00+00:00"}
    head |= {"title": "Le train de nuit revient", "summary": "", "link": None, "language": "fr", "tags": ["voyage"]}
    return {**head, "segments": [segment]}


def _life(i: int, digest: str) -> list[JsonObject]:
    """The five steps of a delivery: planned, claimed, sending, accepted, published."""
    origin = {"commit": _hex(f"c{i // 50}")[:40], "blob": _hex(f"b{i}")[:40]}
    origin |= {"author": "Ada Lovelace <ada@example.org>", "approver": "Bea Martin <bea@example.org>"}
    url = f"https://mastodon.example/@verne/1122334455{i:08d}"
    steps: list[JsonObject] = [
        {
            "kind": "planned",
            "digest": digest,
            "source": _hex(f"s{i}"),
            "engine": _hex("e"),
            "path": f"posts/train-{i}.md",
        },
        {
            "kind": "claimed",
            "worker": WRITER,
            "epoch": 1,
            "lease": 120.0,
            "digest": digest,
            "run": "",
            "origin": origin,
        },
        {"kind": "sending", "epoch": 1, "segment": 0, "digest": digest, "key": _hex(f"k{i}"), "lease": 120.0},
        {"kind": "accepted", "epoch": 1, "segment": 0, "receipt": {"id": f"1122334455{i:08d}", "url": url, "data": {}}},
        {"kind": "published", "epoch": 1, "url": url},
    ]
    steps[0] |= {"due": "2026-11-23T09:00:00+00:00", **origin}
    steps[2] |= {"origin": origin}
    return [{**step, "delivery": f"train-{i}/brand-mastodon", "at": AT} for step in steps]


def entries_of(events: int) -> Iterator[tuple[list[JsonObject], dict[str, JsonObject]]]:
    """The events and payloads of each entry."""
    for first in range(0, events // 5, PLANNED):
        batch = range(first, min(first + PLANNED, events // 5))
        payloads = {i: _payload(i) for i in batch}
        digests = {i: digest_of(payloads[i]) for i in batch}
        lives = {i: _life(i, digests[i]) for i in batch}
        yield [lives[i][0] for i in batch], {digests[i]: payloads[i] for i in batch}
        size = BURST if first // PLANNED % 2 else 1
        for start in range(first, batch.stop, size):
            some = range(start, min(start + size, batch.stop))
            yield [step for i in some for step in lives[i][1:3]], {}
            yield [step for i in some for step in lives[i][3:5]], {}


def make(store: Store, events: int) -> JsonObject:
    """Write the log, a checkpoint at its end, and a snapshot a thousand entries before that."""
    prev, n, size = GENESIS, 0, 0
    for n, (steps, payloads) in enumerate(entries_of(events), 1):
        fields = {
            "format": 1,
            "n": n,
            "prev": prev,
            "nonce": _hex(str(n))[:32],
            "writer": WRITER,
            "run": "",
            "time": AT,
        }
        body = canonical({**fields, "events": steps, "payloads": payloads})
        store.create(key_of(n), body)
        prev, size = hash_of(body), size + len(body)
    checkpoint.write(store, SIGNER, n, prev)
    return {"events": events, "entries": n, "bytes": size}


# --- the parts, each in a process of its own ----------------------------------------------------------------------------


def best(call: Callable[[], Any], tries: int = 3) -> tuple[float, Any]:
    """The shortest of some calls, in seconds, and what the last one gave."""
    found = []
    for _ in range(tries):
        start = time.perf_counter()
        result = call()
        found.append(time.perf_counter() - start)
    return min(found), result


def hashed(store: Store) -> int:
    """The bare work: every object read, and hashed with SHA-256."""
    total = 0
    for stat in store.list(FOLDER):
        body = store.get(stat.key).body
        hashlib.sha256(body).hexdigest()
        total += len(body)
    return total


def hashed_alone(store: Store) -> float:
    """Seconds for SHA-256 of the same bytes, object by object, without reading them."""
    spent = 0.0
    for stat in store.list(FOLDER):
        body = store.get(stat.key).body
        start = time.perf_counter()
        hashlib.sha256(body).hexdigest()
        spent += time.perf_counter() - start
    return spent


def part_verify(store: Store) -> JsonObject:
    sightings = in_store(store, TRUSTED)
    bare, _ = best(lambda: hashed(store))
    quick, verdict = best(lambda: verify(store, None, sightings))
    assert verdict.ok, verdict.problems[:3]
    return {
        "hash_s": bare,
        "hash_alone_s": hashed_alone(store),
        "verify_s": quick,
        "ratio": quick / bare,
        "events": verdict.events,
    }


def part_full(store: Store) -> JsonObject:
    bare, _ = best(lambda: hashed(store), 1)
    full, verdict = best(lambda: verify(store, None, in_store(store, TRUSTED), full=True), 1)
    assert verdict.ok, verdict.problems[:3]
    return {"hash_s": bare, "verify_full_s": full, "ratio": full / bare}


def part_nothing(store: Store) -> JsonObject:
    """A new worker reads the whole log."""
    return _started(store, None)


def part_snapshot(store: Store) -> JsonObject:
    """A new worker starts from a snapshot."""
    return _started(store, Starter(TRUSTED))


def _started(store: Store, start: Starter | None) -> JsonObject:
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder) / "cache.sqlite", "log")
        seconds, n = best(lambda: Ledger(store, cache, WRITER, start=start).catch_up(), 1)
        cache.close()
    return {"seconds": seconds, "entries": n}


def part_take(store: Store) -> JsonObject:
    """Making a snapshot of the whole log, from none."""
    seconds, n = best(lambda: snapshot.take(store, SIGNER, TRUSTED, 10**9), 1)
    size = next(store.list(snapshot.FOLDER)).size
    return {"seconds": seconds, "entries": n, "bytes": size}


def part_memory(store: Store) -> JsonObject:
    bucket = Bucket()
    for stat in [*store.list(FOLDER), *store.list(checkpoint.FOLDER)]:
        bucket.objects[stat.key] = store.get(stat.key)
    found = part_verify(MemoryStore(bucket))
    return {k: v for k, v in found.items() if k != "hash_alone_s"}


def part_second(store: Store) -> JsonObject:
    assert isinstance(store, Files)
    spec = importlib.util.spec_from_file_location("second_verifier", ROOT / "tests" / "second_verifier.py")
    assert spec is not None
    assert spec.loader is not None
    second = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(second)
    seconds, verdict = best(lambda: second.verify(store.folder, [str(SIGNER.verifier)]), 1)
    assert verdict["ok"], verdict
    return {"seconds": seconds}


def requests() -> None:
    """Requests by operation: of passes with one feed channel and one post, on a log that is read already."""
    sys.path.insert(0, str(ROOT))
    from tests.kit import Folder, Office, run_pass

    with tempfile.TemporaryDirectory() as name:
        office = Office(Folder(Path(name) / "newsroom"))
        for number in range(20):
            office.folder.post(f"old{number}", channels="[site-feed]", late="publish")
        office.folder.commit()
        with office.desk() as desk:
            run_pass(desk)
            office.bucket.requests.clear()
            run_pass(desk)
            say("idle pass", dict(office.bucket.requests))
        office.folder.post("new", channels="[site-feed]", late="publish")
        office.folder.commit()
        with office.desk() as desk:
            desk.ledger.catch_up()
            office.bucket.requests.clear()
            run_pass(desk)
            say("one due", dict(office.bucket.requests))


def on_s3(events: int) -> None:
    """The embedded server: what requests cost in time."""
    from presstime.embedded import s3
    from presstime.stores.s3 import S3Store

    with s3.temporary() as (url, credentials):
        store = S3Store("bench", "", url, credentials=credentials)
        s3.when_ready(store.make_bucket)
        seconds, made = best(lambda: make(store, events), 1)
        say("s3 log", {**made, "seconds": seconds})
        for part in (part_verify, part_nothing, part_take, part_snapshot):
            say("s3 " + part.__name__.removeprefix("part_"), part(store))
        idle, _ = best(lambda: next(store.list(FOLDER, key_of(10**9)), None), 20)
        say("s3 idle", {"list_s": idle})


PARTS = {
    "verify": part_verify,
    "memory": part_memory,
    "full": part_full,
    "nothing": part_nothing,
    "take": part_take,
    "snapshot": part_snapshot,
    "second": part_second,
}


def in_process(part: str, folder: Path) -> JsonObject:
    """Run a part in a process of its own; with its peak memory in MiB."""
    command = [sys.executable, __file__, "--folder", str(folder), "--only", part]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def say(name: str, found: JsonObject) -> None:
    shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}
    print(f"{name:10}", "  ".join(f"{k} {v:,}" for k, v in shown.items()), flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("events", type=int, nargs="?", default=1_000_000)
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--only", choices=[*PARTS, "requests", "s3"])
    given = arguments.parse_args()
    if given.folder:
        found = PARTS[given.only](Files(given.folder))
        print(json.dumps({**found, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    for events in (given.events // 10, given.events):
        parts = [p for p in PARTS if given.only in (None, p) and (events < given.events or p not in SMALLER)]
        with tempfile.TemporaryDirectory(prefix="presstime-bench-") as name:
            if parts:
                say("log", make(Files(Path(name)), events))
            for part in parts:
                say(part, in_process(part, Path(name)))
    if given.only in (None, "requests"):
        requests()
    if given.only in (None, "s3"):
        on_s3(given.events // 100)


if __name__ == "__main__":
    main()
