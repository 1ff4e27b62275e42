"""`presstime audit keygen, checkpoint, verify, export`: from no key to evidence, as people do it."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from presstime.ledger.entry import key_of
from presstime.stores.s3 import S3Store
from tests.cli.kit import Newsroom
from tests.cli.test_audit import kept, store_of  # noqa: F401 - a fixture
from tests.conftest import S3Server
from tests.second_verifier import __file__ as SECOND  # noqa: N812 - a path


@pytest.fixture
def store(kept: Newsroom, s3_server: S3Server) -> S3Store:  # noqa: F811
    return store_of(kept, s3_server)


@pytest.fixture
def keyed(kept: Newsroom, store: S3Store) -> Newsroom:  # noqa: F811
    """The same newsroom after `keygen`, with what it printed in presstime.toml, and a witness branch."""
    printed = kept.call("audit", "keygen")
    assert printed.code == 0, printed.said
    lines = printed.out.removeprefix("[audit]\n") + 'witness_branch = "evidence"\n'
    kept.folder.write("presstime.toml", kept.settings.replace("[audit]\n", f"[audit]\n{lines}"))
    kept.folder.commit()
    return kept


def branch_of(newsroom: Newsroom) -> list[str]:
    command = ["git", "-C", str(newsroom.folder.path), "log", "--format=%s", "evidence"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_keygen(kept: Newsroom) -> None:  # noqa: F811
    """The private key goes into a file of this user alone, which Git does not see; the public half to stdout; no key is
    ever overwritten."""
    done = kept.call("audit", "keygen", "--format", "json")
    file = kept.folder.path / ".presstime" / "audit.key"
    assert done.json["signing_key"] == "file:.presstime/audit.key"
    assert re.fullmatch(r"maison-verne/[\w-]+\+[0-9a-f]{8}\+\S+", done.json["verifier"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("PRIVATE+KEY+maison-verne/")
    assert file.read_text().strip() not in done.said
    assert (kept.folder.path / ".presstime" / ".gitignore").read_text() == "*\n"
    before = file.read_bytes()
    again = kept.call("audit", "keygen")
    assert (again.code, file.read_bytes()) == (2, before)
    assert "never overwritten" in again.err
    assert kept.call("audit", "keygen", "--name", "no blanks", "--out", "x").code == 2


def test_without_a_key(kept: Newsroom) -> None:  # noqa: F811
    """Without a key nothing is signed, and verify says what it could not have seen."""
    refused = kept.call("audit", "checkpoint")
    assert refused.code == 2
    assert "presstime audit keygen" in refused.err
    verdict = kept.call("audit", "verify", "--format", "json").json
    assert (verdict["ok"], verdict["checkpoint"]) == (True, None)
    assert "there is no checkpoint" in verdict["notes"][0]
    assert "Note: there is no checkpoint" in kept.call("audit", "verify").out


def test_a_checkpoint_in_s3_and_git(keyed: Newsroom) -> None:
    """`checkpoint` signs where the log is, in both places; verify finds it, signed."""
    made = keyed.call("audit", "checkpoint", "--format", "json")
    assert made.code == 0, made.said
    assert (made.json["size"], made.json["trouble"], made.json["snapshot"]) == (5, None, None)
    assert branch_of(keyed)[0].endswith(": 5 entries")
    verdict = keyed.call("audit", "verify", "--format", "json").json
    assert verdict["ok"], verdict["problems"]
    checkpoint = verdict["checkpoint"]
    assert (checkpoint["size"], checkpoint["signed"], checkpoint["source"]) == (5, True, "s3+git")
    assert checkpoint["time"] == made.json["time"]
    assert verdict["exposure"] == {"entries": 0, "since": made.json["time"]}
    assert (verdict["events"], verdict["notes"]) == (10, [])
    text = keyed.call("audit", "verify", "--full").out
    assert "5 entries, 10 events, the chain holds" in text
    assert "Newest checkpoint: 5 entries at " in text
    assert ", signed, in s3+git." in text


def test_what_is_not_right_is_not_signed(keyed: Newsroom, store: S3Store) -> None:
    """A log that was cut off since the last checkpoint is not signed over; verify names the first entry gone, exit 1."""
    assert keyed.call("audit", "checkpoint").code == 0
    for n in (4, 5):
        store._reader.delete_object(Bucket=store.bucket, Key=key_of(n))
    refused = keyed.call("audit", "checkpoint")
    assert refused.code == 1
    assert "no checkpoint was made" in refused.err
    assert len(branch_of(keyed)) == 1
    found = keyed.call("audit", "verify", "--format", "json")
    assert (found.code, found.json["first_bad"]) == (1, 4)
    assert "its end was cut off" in found.json["problems"][0]


def test_a_key_that_is_not_the_trusted_one(keyed: Newsroom) -> None:
    """A signing key that presstime.toml does not name signs nothing, and the line to add is given."""
    keyed.call("audit", "keygen", "--out", "other.key")
    settings = keyed.folder.path / "presstime.toml"
    settings.write_text(settings.read_text().replace(".presstime/audit.key", "other.key"))
    (keyed.folder.path / ".gitignore").write_text("*.key\n")
    keyed.folder.commit()
    refused = keyed.call("audit", "checkpoint")
    assert refused.code == 2
    assert 'verifier = "maison-verne/' in refused.err
    missing = keyed.call("audit", "checkpoint", env={})
    assert missing.code == 2


def test_export(keyed: Newsroom, tmp_path: Path) -> None:
    """JSON Lines to stdout or a file, Parquet, and objects that the second verifier finds good."""
    keyed.call("audit", "checkpoint")
    lines = [json.loads(line) for line in keyed.call("audit", "export").out.splitlines()]
    assert [r["kind"] for r in lines][:3] == ["planned", "planned", "claimed"]
    assert keyed.call("audit", "export", "--out", str(tmp_path / "log.jsonl")).code == 0
    assert [json.loads(x) for x in (tmp_path / "log.jsonl").read_text().splitlines()] == lines
    assert keyed.call("audit", "export", "--format", "parquet").code == 2
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: presstime[parquet]")
    assert keyed.call("audit", "export", "--format", "parquet", "--out", str(tmp_path / "log.parquet")).code == 0
    assert parquet.read_table(tmp_path / "log.parquet")["kind"].to_pylist() == [r["kind"] for r in lines]
    assert keyed.call("audit", "export", "--out", str(tmp_path / "no" / "such")).code == 2

    keyed.call("audit", "export", "--format", "objects", "--out", str(tmp_path / "objects"))
    verifier = re.search(r'verifier = "(.*)"', (keyed.folder.path / "presstime.toml").read_text())
    assert verifier is not None
    command = [sys.executable, "-I", SECOND, str(tmp_path / "objects"), verifier[1]]
    assert json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["ok"] is True
