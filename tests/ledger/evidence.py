"""A log with checkpoints to tamper with, and the ways to tamper."""

import json
import random
from collections.abc import Callable
from dataclasses import replace

from presstime.ledger import checkpoint
from presstime.ledger.checkpoint import Sightings, in_store
from presstime.ledger.claims import step
from presstime.ledger.entry import GENESIS, hash_of, key_of
from presstime.ledger.note import Signer, Verifier
from presstime.model import Delivery, canonical, digest_of
from presstime.stores.base import Object
from presstime.stores.memory import Bucket, MemoryStore
from tests.ledger.kit import append, ledger_on, planned

SIGNER = Signer("verne.example/log", bytes(range(32)))
TRUSTED = (SIGNER.verifier,)


def log_of(entries: int, chance: random.Random, checkpoints: tuple[int, ...] = ()) -> Bucket:
    """A bucket with a log of so many entries, some with payloads, some with several events, and checkpoints at some sizes."""
    bucket = Bucket()
    ledger = ledger_on(bucket)
    for n in range(1, entries + 1):
        payload = {"text": f"héllo {n} \u2028 {chance.random()}", "n": n}
        delivery = Delivery(f"p{n}", "c")
        event = planned(delivery, digest=digest_of(payload))
        if chance.random() < 0.5:
            ledger.append(lambda view, event=event: [event], {digest_of(payload): payload})  # type: ignore[misc]
        else:
            append(ledger, event, step("claimed", delivery, worker="w1", epoch=1, lease=120.0, digest="d"))
        if n in checkpoints:
            sign(bucket)
    return bucket


def sign(bucket: Bucket, signer: Signer = SIGNER) -> str:
    """A checkpoint of the log as it is; returns its key."""
    numbers = [int(k[4:24]) for k in bucket.objects if k.startswith("log/")]
    n = max(numbers, default=0)
    head = hash_of(bucket.objects[key_of(n)].body) if n else GENESIS
    return checkpoint.write(MemoryStore(bucket), signer, n, head)[0].key


def seen(bucket: Bucket, trusted: tuple[Verifier, ...] = TRUSTED) -> Sightings:
    return in_store(MemoryStore(bucket), trusted)


def body(bucket: Bucket, n: int) -> bytes:
    return bucket.objects[key_of(n)].body


def put(bucket: Bucket, n: int, data: bytes) -> None:
    """Lay other bytes over an entry, as a newer version would."""
    old = bucket.objects.get(key_of(n)) or bucket.objects[key_of(1)]
    bucket.objects[key_of(n)] = replace(old, body=data)


# --- the ways to tamper: each returns the number of the first entry that is then bad -----------------------------------


def flip(bucket: Bucket, last: int, chance: random.Random) -> int:
    """One bit of one entry, anywhere in it."""
    n = chance.randint(1, last)
    data = bytearray(body(bucket, n))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    put(bucket, n, bytes(data))
    return n


def cut(bucket: Bucket, last: int, chance: random.Random) -> int:
    """Some bytes taken out of an entry."""
    n = chance.randint(1, last)
    data = body(bucket, n)
    at = chance.randrange(len(data))
    put(bucket, n, data[:at] + data[at + chance.randint(1, 40) :])
    return n


def forge(bucket: Bucket, last: int, chance: random.Random) -> int:
    """A well-made entry in the place of the right one, its own link intact."""
    n = chance.randint(1, last)
    data = json.loads(body(bucket, n))
    chance.choice(data["events"])["author"] = f"Mallory {chance.random()}"
    put(bucket, n, canonical(data))
    return n


def reword(bucket: Bucket, last: int, chance: random.Random) -> int:
    """Other words under the digest that was approved; where an entry has no payload it gets one."""
    n = chance.randint(1, last)
    data = json.loads(body(bucket, n))
    data["payloads"] = {k: {"text": "other words"} for k in data["payloads"] or ["0" * 64]}
    put(bucket, n, canonical(data))
    return n


def reformat(bucket: Bucket, last: int, chance: random.Random) -> int:
    """The same JSON in other bytes."""
    n = chance.randint(1, last)
    put(bucket, n, json.dumps(json.loads(body(bucket, n))).encode())
    return n


def delete(bucket: Bucket, last: int, chance: random.Random) -> int:
    """One or several entries gone: a delete marker shows no more than that."""
    n = chance.randint(1, last)
    for gone in range(n, min(last, n + chance.choice([0, 0, 3])) + 1):
        del bucket.objects[key_of(gone)]
    return n


def swap(bucket: Bucket, last: int, chance: random.Random) -> int:
    """Two entries in each other's place."""
    one, two = sorted(chance.sample(range(1, last + 1), 2))
    first, second = body(bucket, one), body(bucket, two)
    put(bucket, one, second)
    put(bucket, two, first)
    return one


def duplicate(bucket: Bucket, last: int, chance: random.Random) -> int:
    """An entry laid over another one, or behind the end."""
    source, target = chance.randint(1, last), chance.randint(1, last + 1)
    target += target == source
    put(bucket, target, body(bucket, source))
    return target


def move(bucket: Bucket, last: int, chance: random.Random) -> int:
    """An entry under another name, its own left empty."""
    n = chance.randint(1, last)
    bucket.objects[key_of(last + chance.randint(1, 5))] = bucket.objects.pop(key_of(n))
    return n


def relink(bucket: Bucket, last: int, chance: random.Random) -> int:
    """One entry that names another hash than that of the one before it."""
    n = chance.randint(1, last)
    data = json.loads(body(bucket, n))
    data["prev"] = digest_of(str(chance.random()))
    put(bucket, n, canonical(data))
    return n


def truncate(bucket: Bucket, last: int, chance: random.Random) -> int:
    """The end cut off."""
    n = chance.randint(1, last)
    for gone in range(n, last + 1):
        del bucket.objects[key_of(gone)]
    return n


Tamper = Callable[[Bucket, int, random.Random], int]
WAYS: tuple[Tamper, ...] = (
    flip,
    flip,
    cut,
    forge,
    reword,
    reformat,
    delete,
    swap,
    duplicate,
    move,
    relink,
    truncate,
)


def copied(bucket: Bucket) -> Bucket:
    """The same objects in a bucket of their own."""
    other = Bucket(bucket.clock)
    other.objects = dict[str, Object](bucket.objects)
    return other
