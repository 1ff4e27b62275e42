"""The seal: what is verified is signed, hour by hour, and what is not right is not."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from presstime.errors import LedgerError, SettingsError
from presstime.ledger import snapshot
from presstime.ledger.evidence import Evidence
from presstime.ledger.note import generate
from presstime.ledger.witness import Witness
from presstime.model import Delivery
from presstime.stores.memory import Bucket, MemoryStore
from presstime.wire import Desk
from tests.kit import ENVIRON, SETTINGS, Folder, Office
from tests.ledger.evidence import SIGNER, TRUSTED, copied, flip, forge, log_of, truncate
from tests.ledger.kit import append, ledger_on, planned


@pytest.fixture
def bucket() -> Bucket:
    """A log of 12 entries with a clock that tests set."""
    bucket = log_of(12, random.Random(1))
    bucket.clock = lambda: datetime(2026, 11, 23, 9, tzinfo=UTC)
    return bucket


def evidence(bucket: Bucket, witness: Witness | None = None) -> Evidence:
    return Evidence(MemoryStore(bucket), TRUSTED, witness)


def an_hour_later(bucket: Bucket) -> None:
    now = bucket.clock() + timedelta(hours=1)
    bucket.clock = lambda: now


def test_hour_by_hour(bucket: Bucket) -> None:
    """Each seal is a checkpoint of where the log then is, also when nothing happened; all of them verify."""
    for hour in range(4):
        evidence(bucket).seal(SIGNER)
        an_hour_later(bucket)
        if hour % 2:
            append(ledger_on(bucket), planned(Delivery(f"more{hour}", "c")))
    verdict = evidence(bucket).verdict()
    assert verdict.ok
    assert verdict.exposure == {"entries": 1, "since": "2026-11-23T12:00:00+00:00"}
    assert "1 entries came after" in verdict.notes[0]
    assert sum(k.startswith("checkpoint/") for k in bucket.objects) == 4


def test_only_the_tail_is_read(bucket: Bucket) -> None:
    """A seal reads what is new since the newest checkpoint, however long the log is."""
    evidence(bucket).seal(SIGNER)
    an_hour_later(bucket)
    append(ledger_on(bucket), planned(Delivery("new", "c")))
    bucket.requests.clear()
    assert evidence(bucket).seal(SIGNER).checkpoint.size == 13
    assert bucket.requests == {"list": 3, "get": 3, "create": 1}


@pytest.mark.parametrize("tamper", [flip, forge, truncate])
def test_what_was_changed_is_not_signed(bucket: Bucket, tamper: Any) -> None:
    """A tail that was tampered with gets no signature, and neither bucket nor branch is written."""
    for seed in range(20):
        changed = copied(bucket)
        if tamper is truncate:  # only a checkpoint vouches for the end
            evidence(changed).seal(SIGNER)
            an_hour_later(changed)
        tamper(changed, 12 if tamper is truncate else 11, random.Random(seed))
        before = dict(changed.objects)
        with pytest.raises(LedgerError, match="no checkpoint was made"):
            evidence(changed).seal(SIGNER)
        assert changed.objects == before


def test_a_snapshot_now_and_then(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seal makes a snapshot when the log has grown enough; verify checks it, by itself and with --full against the log."""
    monkeypatch.setattr(snapshot, "EVERY", 10)
    assert evidence(bucket).seal(SIGNER).snapshot == 12
    an_hour_later(bucket)
    assert evidence(bucket).seal(SIGNER).snapshot is None
    assert evidence(bucket).verdict(full=True).ok
    key = f"snapshot/{12:020d}"
    item = bucket.objects[key]
    bucket.objects[key] = type(item)(item.body[:-1], item.etag, item.modified)
    verdict = evidence(bucket).verdict()
    assert (verdict.ok, verdict.first_bad) == (False, None)
    assert "it is not believed" in verdict.problems[0]


def test_git_is_asked_too(bucket: Bucket, tmp_path: Path) -> None:
    """With a witness each seal is in Git as well; a branch without checkpoints is noted, and one that cannot be written is
    trouble, not a failure."""
    folder = Folder(tmp_path / "newsroom")
    folder.commit()
    witness = Witness(folder.path, "evidence")
    assert "holds no checkpoints" in evidence(bucket, witness).verdict().notes[0]
    assert evidence(bucket, witness).seal(SIGNER).trouble is None
    verdict = evidence(bucket, witness).verdict()
    assert verdict.checkpoint is not None
    assert verdict.checkpoint["source"] == "s3+git"
    an_hour_later(bucket)
    trouble = evidence(bucket, Witness(folder.path, "evidence", "nowhere")).seal(SIGNER).trouble
    assert trouble is not None
    assert trouble.startswith("git push")
    assert sum(k.startswith("checkpoint/") for k in bucket.objects) == 2


def test_no_key_is_trusted(bucket: Bucket) -> None:
    """Without a verifier, checkpoints are said to be nobody's."""
    evidence(bucket).seal(SIGNER)
    notes = Evidence(MemoryStore(bucket)).verdict().notes
    assert "who signed the checkpoints is not known" in notes[0]


# --- the flow ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A newsroom with a signing key, and one post in its log."""
    private, verifier = generate("verne.example/log")
    lines = f'[audit]\nsigning_key = "env:AUDIT_KEY"\nverifier = "{verifier}"\n'
    office = Office(Folder(tmp_path / "newsroom", SETTINGS.replace("[audit]\n", lines)))
    office.folder.post("one")
    office.folder.commit()
    office.sync()
    office.key = private.reveal()  # type: ignore[attr-defined]
    return office


@pytest.fixture
def desk(office: Office) -> Iterator[Desk]:
    with office.desk(environ={**ENVIRON, "AUDIT_KEY": office.key}) as desk:  # type: ignore[attr-defined]
        yield desk


def flow_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the flow does, without a Prefect server."""
    from presstime import orchestration

    monkeypatch.setattr("presstime.orchestration.desks.DESKS", {str(desk.root): desk})
    return asyncio.run(orchestration.checkpoint.fn(str(desk.root)))  # type: ignore[arg-type]


def test_the_flow_seals(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hourly flow signs with the newsroom's key, and what it made verifies."""
    state = flow_run(desk, monkeypatch)
    assert state.is_completed()
    assert state.message.startswith("1 entries")
    verdict = desk.evidence.verdict()
    assert verdict.checkpoint is not None
    assert (verdict.checkpoint["size"], verdict.checkpoint["signed"]) == (1, True)


def test_the_flow_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newsroom without a key has nothing to sign with, and that is no failure."""
    office = Office(Folder(tmp_path / "newsroom"))
    office.folder.commit()
    with office.desk() as desk:
        assert "nothing is signed" in flow_run(desk, monkeypatch).message
    assert office.bucket.objects == {}


def test_the_key_must_be_there_and_trusted(office: Office) -> None:
    """A variable that is not set, or another key in it, is told in a sentence that does not repeat it."""
    other = generate("verne.example/log")[0].reveal()
    for environ in (ENVIRON, {**ENVIRON, "AUDIT_KEY": other}, {**ENVIRON, "AUDIT_KEY": "rubbish"}):
        with office.desk(environ=environ) as desk, pytest.raises(SettingsError) as raised:
            desk.signer()
        assert other not in str(raised.value)
        assert "AUDIT_KEY" in str(raised.value) or "signing key" in str(raised.value)


def test_it_is_served_every_hour(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    """`up` serves the checkpoint flow beside the others, once an hour."""
    from presstime.orchestration import deployments

    served: list[Any] = []
    monkeypatch.setattr(deployments, "serve", lambda *deployments, **options: served.extend(deployments))
    deployments.serve_here(desk)
    (found,) = [d for d in served if d.flow_name == "checkpoint"]
    assert found.schedules[0].schedule.interval == timedelta(hours=1)
    assert found.parameters == {"root": str(desk.root)}
