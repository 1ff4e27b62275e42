"""Checkpoints: notes as C2SP writes them, kept in the bucket and witnessed by a branch of the content repository."""

import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime.errors import GitError, LedgerError, SettingsError
from presstime.ledger.checkpoint import Checkpoint, in_store, newest_in_store, write
from presstime.ledger.entry import GENESIS
from presstime.ledger.note import NoteError, Signer, Verifier, generate, open_note
from presstime.ledger.verify import verify
from presstime.ledger.witness import Witness
from presstime.model import Secret
from presstime.stores.memory import Bucket, MemoryStore
from tests.ledger.evidence import SIGNER, TRUSTED, copied, log_of, seen, truncate

# The example that golang.org/x/mod/sumdb/note documents: keys, text, signature.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
NOW = datetime(2026, 11, 23, 9, 0, 1, 500_000, tzinfo=UTC)
HASH = "ab" * 32


# --- notes ------------------------------------------------------------------------------------------------------------


def test_notes_are_those_of_go() -> None:
    """Keys, key ids and signatures are byte for byte those of Go's implementation of signed notes."""
    signer = Signer.parse(Secret(GO_PRIVATE))
    assert str(signer.verifier) == GO_PUBLIC
    assert signer.sign(GO_TEXT).decode() == GO_NOTE
    assert open_note(GO_NOTE.encode(), [Verifier.parse(GO_PUBLIC)]).by == (signer.verifier,)


def test_a_new_key_signs_and_verifies() -> None:
    """A generated pair fits together, survives being written down, and differs from every other."""
    private, verifier = generate("verne.example/log")
    signer = Signer.parse(private)
    assert Verifier.parse(str(verifier)) == signer.verifier == verifier
    assert open_note(signer.sign("hello\n"), [verifier]).by == (verifier,)
    assert generate("verne.example/log")[1] != verifier
    assert "PRIVATE" not in repr(signer)
    for bad in ("", "two words", "a+b"):
        with pytest.raises(SettingsError):
            generate(bad)


@given(st.integers(min_value=0), st.integers(0, 7))
def test_any_bit_changed_is_noticed(where: int, bit: int) -> None:
    """No bit of a note can be changed so that it still counts as signed with another text."""
    note = bytearray(SIGNER.sign("verne.example/log\n7\nabc\n"))
    note[where % len(note)] ^= 1 << bit
    try:
        opened = open_note(bytes(note), TRUSTED)
    except NoteError:
        return
    assert not opened.by or opened.text == "verne.example/log\n7\nabc\n"


def test_what_is_no_note() -> None:
    """Text without signature, control characters, bad UTF-8, malformed and endless notes are refused."""
    good = SIGNER.sign("a\n")
    for data in (
        b"",
        b"a\n",
        b"a\n\n",
        good[:-1],
        good.replace(b"a\n", b"a\t\n"),
        b"\xff" + good,
        good.replace("—".encode(), b"-"),
        good.replace(b"verne.example/log ", b""),
        good + b"x" * 70_000,
    ):
        with pytest.raises(NoteError):
            open_note(data, TRUSTED)
    with pytest.raises(ValueError, match="newline"):
        SIGNER.sign("no newline")


def test_strangers_signatures_are_passed_over() -> None:
    """A second signature by an unknown key changes nothing; an unknown key alone signs nothing (C2SP signed-note)."""
    stranger = Signer("witness.example", b"w" * 32)
    line = stranger.sign("a\n").partition(b"\n\n")[2]
    assert open_note(SIGNER.sign("a\n") + line, TRUSTED).by == TRUSTED
    assert open_note(stranger.sign("a\n"), TRUSTED).by == ()
    both = (*TRUSTED, stranger.verifier)
    assert open_note(SIGNER.sign("a\n") + line, both).by == both


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        GO_PRIVATE,
        GO_PUBLIC.replace("c74f20a3", "c74f20a4"),
        GO_PUBLIC[:-4],
        GO_PUBLIC.replace("+ARpc", "+AhpcAA"),
        GO_PUBLIC.replace("Peter", "Peter "),
    ],
)
def test_keys_copied_wrongly(text: str) -> None:
    """A key that is not one, or lost a letter on the way, is refused with what to do, and is not repeated."""
    for parse in (Verifier.parse, lambda t: Signer.parse(Secret(t.replace("PeterN", "PRIVATE+KEY+PeterN", 1)))):
        with pytest.raises(SettingsError) as raised:
            parse(text)
        assert "presstime audit keygen" in raised.value.advice
        assert "AYEKFAL" not in str(raised.value)


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_a_tlog_checkpoint() -> None:
    """Three lines (origin, size in decimal, hash in base64), then when it was made."""
    text = Checkpoint.at("verne.example/log", 42, HASH, NOW).text()
    assert text == f"verne.example/log\n42\n{'q6ur' * 10}q6s=\ntime 2026-11-23T09:00:01Z\n"
    assert Checkpoint.parse(text).text() == text
    assert Checkpoint.parse(text).hash == HASH
    assert Checkpoint.parse(text).time == NOW.replace(microsecond=0)
    assert Checkpoint.at("o", 42, HASH, NOW).key == "checkpoint/00000000000000000042/20261123T090001Z"


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        f"o\n01\n{'q6ur' * 10}q6s=\n",
        f"o\n-1\n{'q6ur' * 10}q6s=\n",
        f"o\n1\n{'q6ur' * 10}\n",
        "o\n1\n???\n",
        f"o\n1\n{'q6ur' * 10}q6s=\n\nx\n",
        f"\n1\n{'q6ur' * 10}q6s=\n",
        f"o\n١\n{'q6ur' * 10}q6s=\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    """Leading zeros, wrong hashes, empty lines and foreign digits are no checkpoint."""
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_heartbeats_do_not_clash() -> None:
    """Checkpoints of one size at two times lie side by side, and one made twice in a second is one."""
    times = [NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=1)]
    bucket = Bucket()
    for now in times:
        bucket.clock = lambda now=now: now  # type: ignore[misc]
        write(MemoryStore(bucket), SIGNER, 3, HASH)
    assert len(bucket.objects) == 2
    (newest,) = newest_in_store(MemoryStore(bucket), TRUSTED).found
    assert newest.checkpoint.time == times[1].replace(microsecond=0)


def test_a_checkpoint_is_never_overwritten() -> None:
    """A place that another checkpoint has is an error, and a reply that was lost is none."""
    bucket = Bucket(lambda: NOW)
    write(MemoryStore(bucket), SIGNER, 3, HASH)
    with pytest.raises(LedgerError, match="taken by another"):
        write(MemoryStore(bucket), SIGNER, 3, GENESIS)
    lost = MemoryStore(Bucket(lambda: NOW), lambda op, key: "lost-after" if op == "create" else None)
    write(lost, SIGNER, 3, HASH)
    assert len(lost.bucket.objects) == 1


def test_the_newest_is_one_that_is_signed() -> None:
    """Rubbish under a later name does not stand for the newest checkpoint."""
    bucket = log_of(3, random.Random(1), (3,))
    MemoryStore(bucket).put("checkpoint/00000000000000000009/20991231T000000Z", b"rubbish")
    (newest,) = newest_in_store(MemoryStore(bucket), TRUSTED).found
    assert newest.checkpoint.size == 3
    assert newest_in_store(MemoryStore(Bucket()), TRUSTED).found == []


def test_keys_may_change() -> None:
    """With both keys trusted, checkpoints of the old and of the new one count."""
    bucket = log_of(3, random.Random(1), (3,))
    new = Signer("verne.example/log", b"n" * 32)
    bucket.clock = lambda: NOW
    write(MemoryStore(bucket), new, 3, seen(bucket).found[0].checkpoint.hash)
    sightings = in_store(MemoryStore(bucket), (*TRUSTED, new.verifier))
    assert (len(sightings.found), sightings.problems) == (2, [])


# --- the witness ------------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A content repository with one commit, and a bare one that it pushes to."""
    folder = tmp_path / "newsroom"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "a.md").write_text("hello")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    git(tmp_path, "init", "-q", "--bare", "central.git")
    git(folder, "remote", "add", "origin", str(tmp_path / "central.git"))
    git(folder, "push", "-q", "origin", "main")
    return folder


BRANCH = "presstime-checkpoints"


def recorded(witness: Witness, bucket: Bucket, size: int, now: datetime = NOW) -> str | None:
    """A checkpoint of this size, whatever the log holds, committed."""
    from presstime.ledger.entry import hash_of, key_of

    head = hash_of(bucket.objects[key_of(size)].body)
    checkpoint = Checkpoint.at(SIGNER.name, size, head, now)
    return witness.record(checkpoint, SIGNER.sign(checkpoint.text()), now)


def test_git_witnesses_the_log(repository: Path) -> None:
    """Checkpoints committed to the branch are found again, each at its commit; nothing else in the repository changes."""
    bucket, witness = log_of(5, random.Random(1)), Witness(repository, BRANCH)
    assert witness.sightings(TRUSTED).found == []
    before = git(repository, "rev-parse", "main"), git(repository, "status", "--porcelain")
    for size in (2, 5):
        assert recorded(witness, bucket, size) is None
    assert (git(repository, "rev-parse", "main"), git(repository, "status", "--porcelain")) == before
    assert git(repository, "rev-list", "--count", BRANCH) == "2"
    sightings = witness.sightings(TRUSTED)
    assert sorted(s.checkpoint.size for s in sightings.found) == [2, 5]
    verdict = verify(MemoryStore(bucket), None, sightings)
    assert verdict.ok
    assert verdict.checkpoint is not None
    assert verdict.checkpoint["source"] == "git"


def test_truncation_of_log_and_checkpoints_is_seen_by_git(repository: Path) -> None:
    """Whoever cuts off the end of the log and every checkpoint in the bucket is found by the branch: all 40 cuts of 40."""
    bucket, witness = log_of(20, random.Random(1), (20,)), Witness(repository, BRANCH)
    recorded(witness, bucket, 20)
    sightings = witness.sightings(TRUSTED)
    for seed in range(40):
        changed = copied(bucket)
        n = truncate(changed, 20, random.Random(seed))
        changed.objects = {k: v for k, v in changed.objects.items() if k.startswith("log/")}
        assert verify(MemoryStore(changed), None, seen(changed)).ok, "the bucket alone does not know"
        assert verify(MemoryStore(changed), None, sightings).first_bad == n


def test_the_branch_is_pushed(repository: Path, tmp_path: Path) -> None:
    """With a remote the branch goes there, and another clone has the evidence without one of its own."""
    bucket, witness = log_of(3, random.Random(1)), Witness(repository, BRANCH, "origin")
    assert recorded(witness, bucket, 3) is None
    git(tmp_path, "clone", "-q", str(tmp_path / "central.git"), "clone")
    assert len(Witness(tmp_path / "clone", BRANCH, "origin").sightings(TRUSTED).found) == 1


def test_workers_share_the_branch(repository: Path, tmp_path: Path) -> None:
    """Two clones that both commit and push end with one history that holds the checkpoints of both."""
    bucket = log_of(4, random.Random(1))
    one = Witness(repository, BRANCH, "origin")
    recorded(one, bucket, 1)
    git(tmp_path, "clone", "-q", str(tmp_path / "central.git"), "other")
    two = Witness(tmp_path / "other", BRANCH, "origin")
    assert recorded(two, bucket, 2) is None
    apart = Witness(repository, BRANCH)  # commits without looking at what the other pushed
    recorded(apart, bucket, 3)
    assert recorded(one, bucket, 4) is None
    git(tmp_path / "other", "fetch", "-q")
    assert sorted(s.checkpoint.size for s in two.sightings(TRUSTED).found) == [1, 2, 3, 4]


def test_a_failed_push_is_told_and_not_fatal(repository: Path, tmp_path: Path) -> None:
    """Where the remote cannot be reached the checkpoint is committed here, and git's own words come back."""
    (tmp_path / "central.git").rename(tmp_path / "gone.git")
    witness = Witness(repository, BRANCH, "origin")
    trouble = recorded(witness, log_of(1, random.Random(1)), 1)
    assert trouble is not None
    assert trouble.startswith("git push: ")
    assert len(witness.sightings(TRUSTED).found) == 1


def test_newsrooms_share_a_repository(repository: Path) -> None:
    """Checkpoints of two logs on one branch do not get in each other's way."""
    bucket, witness = log_of(3, random.Random(1)), Witness(repository, BRANCH)
    recorded(witness, bucket, 3)
    other = Signer("other.example/log", b"o" * 32)
    checkpoint = Checkpoint.at(other.name, 9, HASH, NOW)
    witness.record(checkpoint, other.sign(checkpoint.text()), NOW)
    assert [s.checkpoint.size for s in witness.sightings(TRUSTED).found] == [3]
    assert [s.checkpoint.size for s in witness.sightings([other.verifier]).found] == [9]


def test_the_branch_that_is_worked_on_is_not_written(repository: Path) -> None:
    """Checkpoints need a branch of their own, and a repository."""
    with pytest.raises(GitError, match="main"):
        recorded(Witness(repository, "main"), log_of(1, random.Random(1)), 1)
    with pytest.raises(GitError, match="not in a Git repository"):
        Witness(Path("/"), BRANCH).sightings(TRUSTED)
