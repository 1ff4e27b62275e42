"""S3, or anything that speaks it. The only user of boto3.

Two clients: one that never retries, for writes that decide something (the SDK's own retry turns one's success into a 412:
aws/aws-sdk-java-v2#6580, measured with boto3 1.44 too), and one that does, for reads. Conditional writes are described in
the S3 user guide under "Add preconditions to S3 operations with conditional requests".
"""

import base64
import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)

from presstime.errors import AlreadyExists, InDoubt, Missing, StoreError, Undecided
from presstime.stores.base import Object, Stat, Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS = 5
READY = "ready"
READ_SECONDS = 45  # a loser of a race on SeaweedFS was seen to wait several seconds; AWS answers at once
NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError, SSLError, NoCredentialsError, PartialCredentialsError)

ADVICE = {
    "NoSuchBucket": "Create the bucket, or correct `bucket` under [audit] in presstime.toml.",
    "InvalidBucketName": "Correct `bucket` under [audit] in presstime.toml: 3 to 63 small letters, digits, hyphens, dots.",
    "InvalidAccessKeyId": "S3 does not know this access key: check AWS_ACCESS_KEY_ID or the AWS profile in use.",
    "SignatureDoesNotMatch": "The secret key is wrong: check AWS_SECRET_ACCESS_KEY or the AWS profile in use.",
    "AccessDenied": "These credentials may not do this here: infra/README.md lists what the writer's policy must allow.",
    "ExpiredToken": "The session credentials have run out: get new ones.",
    "RequestTimeTooSkewed": "This machine's clock is wrong by minutes: set it (NTP), then try again.",
}


class S3Store(Store):
    """A bucket and prefix on S3. `credentials` is (access key, secret key); None: as boto3 finds them."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        region: str | None = None,
        credentials: tuple[str, str] | None = None,
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.endpoint_url = endpoint_url
        self._region = region
        self._credentials = credentials
        self._date: tuple[datetime, float] | None = None

    @property
    def name(self) -> str:
        at = f" at {self.endpoint_url}" if self.endpoint_url else ""
        return f"s3://{self.bucket}/{self.prefix}{at}"

    def create(self, key: str, body: bytes) -> Stat:
        try:
            answer = self._writer.put_object(
                Bucket=self.bucket,
                Key=self.prefix + key,
                Body=body,
                IfNoneMatch="*",
                ContentType="application/json",
                ContentMD5=_md5(body),
            )
        except ClientError as error:
            raise self._lost_race(error, key) from error
        except NEVER_SENT as error:
            raise self._unusable(error) from error
        except BotoCoreError as error:
            raise InDoubt(f"{key}: the reply was lost ({type(error).__name__})") from error
        return Stat(key, len(body), answer["ETag"].strip('"'), self._seen(answer))

    def get(self, key: str) -> Object:
        try:
            answer = self._reader.get_object(Bucket=self.bucket, Key=self.prefix + key)
            body = answer["Body"].read()
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                raise Missing(f"there is no object {self.prefix}{key} in {self.bucket}") from error
            raise self._unusable(error) from error
        except Exception as error:  # botocore lets urllib3's errors through while a body is read
            raise self._unusable(error) from error
        self._seen(answer)
        return Object(body, answer["ETag"].strip('"'), answer["LastModified"].astimezone(UTC))

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        start = self.prefix + after if after else ""
        token: dict[str, Any] = {"StartAfter": start} if start else {}
        while True:
            try:
                page = self._reader.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix + prefix, **token)
            except (ClientError, BotoCoreError) as error:
                raise self._unusable(error) from error
            self._seen(page)
            for item in page.get("Contents", ()):
                key = item["Key"][len(self.prefix) :]
                yield Stat(key, item["Size"], item["ETag"].strip('"'), item["LastModified"].astimezone(UTC))
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def put(self, key: str, body: bytes, mime: str = "") -> Stat:
        kind: dict[str, Any] = {"ContentType": mime} if mime else {}
        try:
            answer = self._reader.put_object(
                Bucket=self.bucket, Key=self.prefix + key, Body=body, ContentMD5=_md5(body), **kind
            )
        except (ClientError, BotoCoreError) as error:
            raise self._unusable(error) from error
        return Stat(key, len(body), answer["ETag"].strip('"'), self._seen(answer))

    def address(self, key: str, life: timedelta) -> str:
        wanted = {"Bucket": self.bucket, "Key": self.prefix + key}
        try:
            return self._reader.generate_presigned_url("get_object", wanted, ExpiresIn=int(life.total_seconds()))
        except BotoCoreError as error:
            raise self._unusable(error) from error

    def now(self) -> datetime:
        if self._date is None:
            next(self.list("clock/"), None)  # any answer carries a Date
        assert self._date is not None  # noqa: S101 - every answer of S3 has been seen to set it
        date, at = self._date
        return date + timedelta(seconds=_elapsed() - at)

    def make_bucket(self) -> None:
        """Create the bucket unless it is there, and see that it can be written and read: for the embedded server, whose
        buckets are ours to make, and which for a second after its start can do the one and not yet the other."""
        try:
            self._reader.create_bucket(Bucket=self.bucket)
        except ClientError as error:
            if _code(error) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise self._unusable(error) from error
        except BotoCoreError as error:
            raise self._unusable(error) from error
        try:
            self.get(READY)  # an object of an earlier start: where it can be read, all that is old can
        except Missing:
            self.put(READY, READY.encode())  # not empty: an empty object takes no place that could be missing
            self.get(READY)

    @cached_property
    def _writer(self) -> "S3Client":
        return self._client(attempts=1)

    @cached_property
    def _reader(self) -> "S3Client":
        return self._client(attempts=3)

    def _client(self, attempts: int) -> "S3Client":
        access, secret = self._credentials or (None, None)
        config = Config(
            signature_version="s3v4",  # else addresses are signed the old way, which new regions refuse
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": attempts},
            s3={"addressing_style": "path"} if self.endpoint_url else {},
            # Checksums in trailers are refused by many servers that speak S3; the log has its own hashes.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            max_pool_connections=32,
        )
        try:
            return boto3.session.Session().client(
                "s3",
                endpoint_url=self.endpoint_url,
                region_name=self._region or ("us-east-1" if self.endpoint_url else None),
                aws_access_key_id=access,
                aws_secret_access_key=secret,
                config=config,
            )
        except (BotoCoreError, ValueError) as error:
            raise self._unusable(error) from error

    def _seen(self, answer: Any) -> datetime:
        """Note the server's clock; S3 answers every request with a `Date` (RFC 9110, 6.6.1), to the second."""
        date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)
        self._date = (date, _elapsed())
        return date

    def _lost_race(self, error: ClientError, key: str) -> StoreError:
        code, status = _code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in ("PreconditionFailed", "412") or status == 412:
            return AlreadyExists(f"{key} is there already")
        if code in ("ConditionalRequestConflict", "OperationAborted", "409") or status == 409:
            return Undecided(f"{key}: a concurrent write, nothing decided")
        if status >= 500 or status == 200:  # an error inside a 200 was seen: aws/aws-sdk-java-v2#6023
            return InDoubt(f"{key}: S3 answered {code} ({status})")
        return self._unusable(error)

    def _unusable(self, error: Exception) -> StoreError:
        where = f"{self.name}: "
        if isinstance(error, ClientError):
            code = _code(error)
            said = error.response.get("Error", {}).get("Message") or code
            return StoreError(where + f"{said} [{code}]", ADVICE.get(code, "S3 refused; its message is above."))
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return StoreError(
                where + "no S3 credentials were found",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, an AWS profile, or a role.",
            )
        if isinstance(error, EndpointConnectionError | ConnectTimeoutError | SSLError):
            return StoreError(
                where + "cannot be reached", "Check `endpoint_url` under [audit] in presstime.toml, and the network."
            )
        return StoreError(where + str(error), "Check [audit] in presstime.toml and the AWS settings.")


def _md5(body: bytes) -> str:
    """What a bucket with a default Object Lock asks of every write, and S3 checks (S3 API, PutObject, Content-MD5)."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _elapsed() -> float:
    """Seconds that also pass while the machine sleeps, where the system can tell (Linux CLOCK_BOOTTIME)."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else time.monotonic()


def secret_of(name: str) -> str:
    """A secret of AWS Secrets Manager, as boto3 finds its credentials. Raises `StoreError`."""
    try:
        answer = boto3.session.Session().client("secretsmanager").get_secret_value(SecretId=name)
    except (ClientError, BotoCoreError) as error:
        said = _code(error) if isinstance(error, ClientError) else str(error)
        raise StoreError(
            f"the secret aws-sm:{name} cannot be read: {said}", "Check its name, the region and the role."
        ) from error
    return str(answer["SecretString"])


def keep_secret(name: str, value: str) -> None:
    """Put a value into a secret of AWS Secrets Manager, which is made if there is none. Raises `StoreError`."""
    client = boto3.session.Session().client("secretsmanager")
    try:
        try:
            client.put_secret_value(SecretId=name, SecretString=value)
        except client.exceptions.ResourceNotFoundException:
            client.create_secret(Name=name, SecretString=value)
        return
    except (ClientError, BotoCoreError) as error:
        said = _code(error) if isinstance(error, ClientError) else type(error).__name__
    raise StoreError(
        f"the secret aws-sm:{name} cannot be written: {said}",
        "The role must be allowed secretsmanager:PutSecretValue, and CreateSecret for a new one.",
    )
