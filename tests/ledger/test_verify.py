"""Verification: every way to tamper with the log is found, and the first bad entry is named."""

import json
import random
from dataclasses import replace

import pytest

from presstime.ledger.entry import key_of
from presstime.ledger.verify import verify
from presstime.model import Delivery, canonical, digest_of
from presstime.stores.memory import Bucket, MemoryStore
from tests.ledger.kit import ledger_on, planned

COUNT = 12


@pytest.fixture
def bucket() -> Bucket:
    bucket = Bucket()
    ledger = ledger_on(bucket)
    for n in range(COUNT):
        payload = {"text": f"hello {n}"}
        event = planned(Delivery(f"p{n}", "c"), digest=digest_of(payload))
        ledger.append(lambda view, event=event: [event], {digest_of(payload): payload})  # type: ignore[misc]
    return bucket


def body(bucket: Bucket, n: int) -> bytes:
    return bucket.objects[key_of(n)].body


def replace_body(bucket: Bucket, n: int, data: bytes) -> None:
    bucket.objects[key_of(n)] = replace(bucket.objects[key_of(n)], body=data)


def test_an_honest_log(bucket: Bucket) -> None:
    """A log that nobody touched is ok, and counted."""
    verdict = verify(MemoryStore(bucket))
    assert (verdict.ok, verdict.entries, verdict.events, verdict.first_bad) == (True, COUNT, COUNT, None)
    assert verify(MemoryStore(Bucket())).ok


def flip(bucket: Bucket, n: int) -> None:
    data = bytearray(body(bucket, n))
    data[len(data) // 2] ^= 1
    replace_body(bucket, n, bytes(data))


def delete(bucket: Bucket, n: int) -> None:
    del bucket.objects[key_of(n)]


def swap(bucket: Bucket, n: int) -> None:
    one, two = body(bucket, n), body(bucket, n + 1)
    replace_body(bucket, n, two)
    replace_body(bucket, n + 1, one)


def forge(bucket: Bucket, n: int) -> None:
    """A well-made entry in the place of the right one, its own link intact."""
    data = json.loads(body(bucket, n))
    data["events"][0]["commit"] = "forged"
    replace_body(bucket, n, canonical(data))


def payload(bucket: Bucket, n: int) -> None:
    data = json.loads(body(bucket, n))
    data["payloads"] = {k: {"text": "other words"} for k in data["payloads"]}
    replace_body(bucket, n, canonical(data))


def duplicate(bucket: Bucket, n: int) -> None:
    replace_body(bucket, n + 1, body(bucket, n))


@pytest.mark.parametrize("tamper", [flip, delete, swap, forge, payload, duplicate])
def test_tampering_is_found(bucket: Bucket, tamper: object) -> None:
    """Flip, delete, reorder, forge, change a payload, duplicate: found, and the first bad entry is the one touched."""
    for n in (1, 5, COUNT - 1):
        kept = dict(bucket.objects)
        tamper(bucket, n)  # type: ignore[operator]
        verdict = verify(MemoryStore(bucket))
        bucket.objects = kept
        assert not verdict.ok, (tamper, n)
        assert verdict.first_bad in (n, n + 1) if tamper is duplicate else verdict.first_bad == n, verdict.problems


def test_random_damage_is_found(bucket: Bucket) -> None:
    """Any byte changed in any entry but the last is found; in the last one whatever is not a valid rewrite is."""
    chance = random.Random(7)
    for _ in range(300):
        n, kept = chance.randint(1, COUNT - 1), dict(bucket.objects)
        data = bytearray(body(bucket, n))
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        replace_body(bucket, n, bytes(data))
        assert not verify(MemoryStore(bucket)).ok
        bucket.objects = kept


def test_rewriting_the_whole_tail_needs_every_entry(bucket: Bucket) -> None:
    """Changing one entry and relinking only some of those after it is found at the first that was not relinked."""
    forge(bucket, 3)
    from presstime.ledger.entry import hash_of

    data = json.loads(body(bucket, 4))
    data["prev"] = hash_of(body(bucket, 3))
    replace_body(bucket, 4, canonical(data))
    assert verify(MemoryStore(bucket)).first_bad == 4


def test_strangers_in_the_log(bucket: Bucket) -> None:
    """An object that is no entry is reported, and does not hide the entries."""
    MemoryStore(bucket).put("log/zz", b"?")
    verdict = verify(MemoryStore(bucket))
    assert not verdict.ok
    assert verdict.entries == COUNT
    assert "log/zz" in verdict.problems[0]
