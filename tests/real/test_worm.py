"""Write once, read many, on a real S3 server: what Object Lock and the bucket policy hold, and what verify sees of the rest.

Object Lock keeps versions, not names: a plain put or delete still changes what a name shows. That is what the policy is for,
and where a server does not know the policy's condition, what verify is for."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from presstime.errors import AlreadyExists, StoreError
from presstime.ledger.checkpoint import in_store, write
from presstime.ledger.entry import key_of
from presstime.ledger.verify import verify
from presstime.model import Delivery
from presstime.stores.s3 import S3Store
from tests.conftest import S3Server
from tests.ledger.evidence import SIGNER, TRUSTED
from tests.ledger.kit import append, ledger_on, planned

pytestmark = pytest.mark.real

POLICY = Path(__file__).parents[2] / "infra" / "bucket-policy.json"
ENTRIES = 6
DENIED = ("AccessDenied", "InvalidRequest", "MethodNotAllowed", "InvalidObjectState")


def client_of(server: S3Server) -> Any:
    """boto3's own client, for what no writer of ours would do."""
    access, secret = server.credentials
    return boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )


class Locked:
    """A bucket with Object Lock, one day in COMPLIANCE mode, and a log of six entries with a checkpoint in it."""

    def __init__(self, server: S3Server, name: str) -> None:
        self.client, self.name = client_of(server), name
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}}
        self.client.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=rule)
        self.store = S3Store(name, "", server.url, credentials=server.credentials)
        ledger = ledger_on(self.store)
        for n in range(ENTRIES):
            append(ledger, planned(Delivery(f"p{n}", "c")))
        head = ledger.cache.head()
        self.checkpoint = write(self.store, SIGNER, head.n, head.hash)[0].key

    def versions(self, key: str) -> list[str]:
        found = self.client.list_object_versions(Bucket=self.name, Prefix=key)
        return [v["VersionId"] for v in found.get("Versions", ()) if v["Key"] == key]

    def verdict(self) -> Any:
        return verify(self.store, None, in_store(self.store, TRUSTED))


@pytest.fixture
def locked(s3_server: S3Server) -> Locked:
    bucket = Locked(s3_server, f"worm-{random.getrandbits(48):x}")
    assert bucket.verdict().ok
    return bucket


def refused(call: Any, **arguments: Any) -> None:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    assert raised.value.response["Error"]["Code"] in DENIED, raised.value


def test_a_version_is_not_deleted(locked: Locked) -> None:
    """No entry's and no checkpoint's version can be deleted within its retention, with governance bypass neither."""
    for key in (key_of(1), key_of(ENTRIES), locked.checkpoint):
        (version,) = locked.versions(key)
        for bypass in (False, True):
            refused(
                locked.client.delete_object,
                Bucket=locked.name,
                Key=key,
                VersionId=version,
                BypassGovernanceRetention=bypass,
            )
        objects = {"Objects": [{"Key": key, "VersionId": version}]}
        answer = locked.client.delete_objects(Bucket=locked.name, Delete=objects)
        assert [e["Code"] for e in answer["Errors"]] == ["AccessDenied"]
    assert locked.verdict().ok


def test_retention_is_not_shortened(locked: Locked) -> None:
    """A retention is not brought forward nor made governance; a longer one is taken."""
    (version,) = locked.versions(key_of(2))
    place = {"Bucket": locked.name, "Key": key_of(2), "VersionId": version}
    until = locked.client.get_object_retention(**place)["Retention"]["RetainUntilDate"]
    assert until > datetime.now(UTC) + timedelta(hours=20)
    for mode, date in (("COMPLIANCE", datetime.now(UTC) + timedelta(minutes=5)), ("GOVERNANCE", until)):
        refused(locked.client.put_object_retention, **place, Retention={"Mode": mode, "RetainUntilDate": date})
    longer = {"Mode": "COMPLIANCE", "RetainUntilDate": until + timedelta(hours=1)}
    locked.client.put_object_retention(**place, Retention=longer)


def test_versions_cannot_be_turned_off(locked: Locked) -> None:
    """The bucket keeps its versions and itself."""
    for call, arguments in (
        (locked.client.put_bucket_versioning, {"VersioningConfiguration": {"Status": "Suspended"}}),
        (locked.client.delete_bucket, {}),
    ):
        with pytest.raises(ClientError):
            call(Bucket=locked.name, **arguments)


@pytest.mark.parametrize("n", [1, 3, ENTRIES])
def test_a_newer_version_over_an_entry(locked: Locked, n: int) -> None:
    """Object Lock lets a plain put lay a new version over an entry. Verify names that entry, and the right bytes are still there."""
    before = locked.store.get(key_of(n)).body
    locked.client.put_object(
        Bucket=locked.name, Key=key_of(n), Body=before.replace(b"Ada", b"Eve"), ContentMD5=md5(n, before)
    )
    assert locked.verdict().first_bad == n
    first = locked.versions(key_of(n))[-1]
    kept = locked.client.get_object(Bucket=locked.name, Key=key_of(n), VersionId=first)["Body"].read()
    assert kept == before
    newest = locked.versions(key_of(n))[0]
    refused(locked.client.delete_object, Bucket=locked.name, Key=key_of(n), VersionId=newest)


def md5(n: int, body: bytes) -> str:
    import base64
    import hashlib

    return base64.b64encode(hashlib.md5(body.replace(b"Ada", b"Eve"), usedforsecurity=False).digest()).decode()


@pytest.mark.parametrize("n", [1, 3, ENTRIES])
def test_a_delete_marker_over_an_entry(locked: Locked, n: int) -> None:
    """A plain delete hides an entry behind a marker: the name is free again, and verify says which entry is gone."""
    before = locked.store.get(key_of(n)).body
    locked.client.delete_object(Bucket=locked.name, Key=key_of(n))
    verdict = locked.verdict()
    assert (verdict.ok, verdict.first_bad) == (False, n)
    locked.store.create(key_of(n), before.replace(b"Ada", b"Eve"))  # If-None-Match does not see what a marker hides
    assert locked.verdict().first_bad == n
    first = locked.versions(key_of(n))[-1]
    assert locked.client.get_object(Bucket=locked.name, Key=key_of(n), VersionId=first)["Body"].read() == before


def test_a_create_over_an_entry_is_refused(locked: Locked) -> None:
    """What our own writers do never lays anything over anything."""
    for key in (key_of(1), locked.checkpoint):
        with pytest.raises(AlreadyExists):
            locked.store.create(key, b"{}")
        assert len(locked.versions(key)) == 1


# --- the policy -------------------------------------------------------------------------------------------------------


@pytest.fixture
def policed(locked: Locked) -> Iterator[Locked]:
    """The same with those statements of infra/bucket-policy.json that this server can be held to (see infra/README.md)."""
    written = POLICY.read_text().replace("verne-audit", locked.name)
    policy = json.loads(written)
    known = ("NobodyDeletesFromTheLog", "NobodyShortensRetention")
    policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] in known]
    assert len(policy["Statement"]) == len(known)
    locked.client.put_bucket_policy(Bucket=locked.name, Policy=json.dumps(policy))
    yield locked
    locked.client.delete_bucket_policy(Bucket=locked.name)


def test_the_policy_denies_deletes(policed: Locked) -> None:
    """Under log/ and checkpoint/ not even a delete marker can be laid, by an administrator neither; elsewhere it can."""
    for key in (key_of(3), policed.checkpoint):
        refused(policed.client.delete_object, Bucket=policed.name, Key=key)
    assert policed.verdict().ok
    policed.store.create("snapshot/1", b"old")
    policed.client.delete_object(Bucket=policed.name, Key="snapshot/1")


def test_the_policy_denies_changes_of_retention(policed: Locked) -> None:
    """With the policy, retention is the bucket's alone: not even a longer one is set on an entry."""
    until = datetime.now(UTC) + timedelta(days=9)
    refused(
        policed.client.put_object_retention,
        Bucket=policed.name,
        Key=key_of(2),
        Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until},
    )


def test_the_policy_lets_our_writers_work(policed: Locked) -> None:
    """Under the policy entries and checkpoints are appended as ever."""
    ledger = ledger_on(policed.store)
    ledger.catch_up()
    append(ledger, planned(Delivery("more", "c")))
    head = ledger.cache.head()
    write(policed.store, SIGNER, head.n, head.hash)
    assert policed.verdict().entries == ENTRIES + 1


def test_the_condition_of_the_policy(policed: Locked) -> None:
    """A plain put is denied by the condition `s3:if-none-match`; a server that does not know it denies every put: this one."""
    policy = json.loads(POLICY.read_text().replace("verne-audit", policed.name))
    policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] == "TheLogIsOnlyCreatedNeverOverwritten"]
    policed.client.put_bucket_policy(Bucket=policed.name, Policy=json.dumps(policy))
    refused(policed.client.put_object, Bucket=policed.name, Key=key_of(1), Body=b"x")
    with pytest.raises(StoreError, match="AccessDenied"):  # AWS lets this one pass
        policed.store.create("snapshot/2", b"x")
