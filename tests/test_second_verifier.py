"""The second verifier comes to the same verdict as the first, and shares nothing with it."""

import ast
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from presstime.ledger.export import write_objects
from presstime.ledger.form import inspect
from presstime.ledger.verify import verify
from presstime.model import canonical
from presstime.stores.memory import Bucket, MemoryStore
from tests import second_verifier
from tests.ledger.evidence import TRUSTED, WAYS, body, copied, log_of, put, seen, sign

SCRIPT = Path(second_verifier.__file__)
KEYS = tuple(map(str, TRUSTED))
ENTRIES = 10


def both(bucket: Bucket, folder: Path, signed: bool) -> tuple[object, object]:
    """(ok, first bad) of the second verifier and of ours."""
    write_objects(MemoryStore(bucket), folder)
    theirs = second_verifier.verify(folder, KEYS if signed else ())  # type: ignore[no-untyped-call]
    ours = verify(MemoryStore(bucket), None, seen(bucket, TRUSTED if signed else ()))
    return (theirs["ok"], theirs["first_bad"]), (ours.ok, ours.first_bad)


def tampered(bucket: Bucket, chance: random.Random) -> Bucket:
    """A copy with nothing, one thing, or two things done to log or checkpoints."""
    changed = copied(bucket)
    for _ in range(chance.choice([0, 1, 1, 1, 1, 2])):
        if chance.random() < 0.15:
            on_checkpoints(changed, chance)
            continue
        try:
            chance.choice(WAYS)(changed, ENTRIES, chance)
        except (KeyError, ValueError, TypeError, IndexError):
            continue  # what was done first left nothing to do this with
    return changed


def on_checkpoints(bucket: Bucket, chance: random.Random) -> None:
    """One checkpoint deleted, damaged, moved, or a new one of the log as it is now."""
    keys = sorted(k for k in bucket.objects if k.startswith("checkpoint/"))
    if not keys or chance.random() < 0.3:
        now = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**8))
        bucket.clock = lambda: now
        sign(bucket)
        return
    key = chance.choice(keys)
    item = bucket.objects.pop(key)
    if chance.random() < 0.5:
        data = bytearray(item.body)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        bucket.objects[key] = type(item)(bytes(data), item.etag, item.modified)
    elif chance.random() < 0.5:
        bucket.objects[key.replace("/000", "/001", 1)] = item


def test_the_same_verdict_on_a_thousand_logs(tmp_path: Path) -> None:
    """Good logs and tampered ones, with checkpoints and without, signed and not: the same ok, the same first bad entry."""
    different, bad = [], 0
    for seed in range(1_000):
        chance = random.Random(seed)
        if seed % 50 == 0:
            base = log_of(ENTRIES, chance, tuple(chance.sample(range(1, ENTRIES + 1), chance.randint(0, 3))))
        changed = tampered(base, chance)
        theirs, ours = both(changed, tmp_path / str(seed), signed=seed % 3 > 0)
        bad += not ours[0]  # type: ignore[index]
        if theirs != ours:
            different.append((seed, theirs, ours))
    assert different == []
    assert 300 < bad < 950, "the logs are all good, or all bad: nothing is compared"


ODD = {
    "a number spelt otherwise": b'"lease":1.2E2',
    "a key twice": b'"lease":1,"lease":120.0',
    "a blank": b'"lease": 120.0',
    "an escape": b'"lease":"\\u0041"',
    "a huge number": b'"lease":123456789012345678901234567890',
}


@pytest.mark.parametrize("odd", ODD)
def test_the_same_verdict_on_odd_json(odd: str, tmp_path: Path) -> None:
    """What JSON allows and our form does not is found by both in a last entry, for which nothing else vouches."""
    bucket = log_of(ENTRIES, random.Random(1))
    last = json.loads(body(bucket, ENTRIES))
    last["events"][0]["lease"] = "HERE"
    put(bucket, ENTRIES, canonical(last).replace(b'"lease":"HERE"', ODD[odd]))
    theirs, ours = both(bucket, tmp_path, signed=True)
    assert theirs == ours
    assert (ours == (True, None)) is (odd == "a huge number")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"n": 7},
        {"prev": None},
        {"prev": "0"},
        {"extra": 1},
        {"payloads": []},
        {"payloads": {"0" * 64: {}}},
        {"events": [{"kind": "planned"}]},
        {"events": [{"delivery": "a/b"}]},
        {"events": [{"kind": "x", "delivery": "a"}]},
        {"events": "none"},
        {"events": [7]},
    ],
)
def test_the_same_verdict_on_odd_entries(change: dict[str, object], tmp_path: Path) -> None:
    """Entries that are well-made JSON but not entries are found by both."""
    bucket = log_of(ENTRIES, random.Random(1))
    put(bucket, ENTRIES, canonical({**json.loads(body(bucket, ENTRIES)), **change}))
    theirs, ours = both(bucket, tmp_path, signed=True)
    assert theirs == ours == (False, ENTRIES)
    assert inspect(body(bucket, 1), "log/1", 1)[1] == []


def test_it_shares_no_code() -> None:
    """Under 60 lines, the standard library and `cryptography` alone: no presstime, nothing that reads credentials."""
    tree = ast.parse(SCRIPT.read_text())
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {a.name for n in imports if isinstance(n, ast.Import) for a in n.names}
    names |= {str(n.module) for n in imports if isinstance(n, ast.ImportFrom)}
    assert {n.split(".")[0] for n in names} <= {"json", "re", "sys", "base64", "hashlib", "pathlib", "cryptography"}
    assert len(SCRIPT.read_text().splitlines()) < 60
    assert "environ" not in SCRIPT.read_text()


def test_as_a_script(tmp_path: Path) -> None:
    """Called by itself on a folder it prints its verdict and ends with 0, or with 1."""
    bucket = log_of(ENTRIES, random.Random(1), (ENTRIES,))
    write_objects(MemoryStore(bucket), tmp_path)

    def called(*keys: str) -> tuple[int, dict[str, object]]:
        command = [sys.executable, "-I", str(SCRIPT), str(tmp_path), *keys]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    assert called(*KEYS) == (0, {"ok": True, "first_bad": None, "problems": []})
    other = KEYS[0].replace("verne", "other")
    assert called(other)[0] == 1
    (tmp_path / "log" / "00000000000000000003.json").unlink()
    code, verdict = called(*KEYS)
    assert (code, verdict["first_bad"]) == (1, 3)
