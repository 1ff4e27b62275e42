"""Where credentials are written: whole or not at all, for their owner alone, and nothing of them in an error."""

import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from presstime.accounts.places import Places
from presstime.errors import SettingsError, StoreError
from presstime.stores import s3

SECRET = "canary-token-7f"


def places(root: Path, **writers: Any) -> Places:
    return Places(root, {"HERE": "x"}, {}, writers)


def test_a_file(tmp_path: Path) -> None:
    """A new file, folders and all, is the owner's alone, and is read back as it was written; nothing else is left there."""
    here = places(tmp_path)
    for value in (SECRET, SECRET * 2):
        here.write("file:.presstime/accounts/x", value)
        assert here.read("file:.presstime/accounts/x").reveal() == value
    folder = tmp_path / ".presstime/accounts"
    assert [p.name for p in folder.iterdir()] == ["x"]
    assert (folder / "x").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What a link points to is replaced, not the link."""
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    places(tmp_path).write("file:link", SECRET)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == SECRET


def test_a_write_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails at the last moment: the old token is whole, no other file lies about, and the error does not tell it."""
    here = places(tmp_path)
    here.write("file:x", "old")

    def fail(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(SettingsError, match="No space left") as raised:
        here.write("file:x", SECRET)
    assert SECRET not in f"{raised.value!r}{raised.value}{raised.value.__context__!r}{raised.value.__cause__!r}"
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("x", "old")]


def test_the_environment_is_only_read(tmp_path: Path) -> None:
    """A variable cannot be written: the way out is named."""
    with pytest.raises(SettingsError, match="variable of the environment") as raised:
        places(tmp_path).refuse_unwritable("env:HERE", "brand-x")
    assert "presstime channels login brand-x --to file:" in raised.value.advice
    with pytest.raises(SettingsError):
        places(tmp_path).write("env:HERE", SECRET)


def test_others(tmp_path: Path) -> None:
    """Other schemes are written by whoever knows how; one that nobody knows is an error."""
    kept: dict[str, str] = {}
    places(tmp_path, prefect=kept.__setitem__).write("prefect:brand-x", SECRET)
    assert kept == {"brand-x": SECRET}
    with pytest.raises(SettingsError, match="nothing here can write"):
        places(tmp_path).write("aws-sm:brand-x", SECRET)


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """AWS Secrets Manager, as far as botocore's own model of it goes."""
    client = boto3.client("secretsmanager", region_name="eu-west-3", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(boto3.session.Session, "client", lambda self, name: client)
    return Stubber(client)


def test_aws(stubbed: Stubber) -> None:
    """A secret that is there gets a new value; one that is not is made."""
    stubbed.add_response("put_secret_value", {}, {"SecretId": "verne/x", "SecretString": SECRET})
    with stubbed:
        s3.keep_secret("verne/x", SECRET)
    stubbed.add_client_error("put_secret_value", "ResourceNotFoundException")
    stubbed.add_response("create_secret", {}, {"Name": "verne/new", "SecretString": SECRET})
    with stubbed:
        s3.keep_secret("verne/new", SECRET)
    stubbed.assert_no_pending_responses()


def test_aws_says_no(stubbed: Stubber) -> None:
    """A role that may not write is told by its error code, without the value."""
    stubbed.add_client_error("put_secret_value", "AccessDeniedException", f"not {SECRET}")
    with stubbed, pytest.raises(StoreError, match="AccessDeniedException") as raised:
        s3.keep_secret("verne/x", SECRET)
    assert "PutSecretValue" in raised.value.advice
    assert SECRET not in str(raised.value)
    assert raised.value.__context__ is None
