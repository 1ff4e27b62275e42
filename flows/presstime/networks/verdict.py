"""What an HTTP answer means for a post. One place judges, for every network that is reached over HTTP.

A status says whether something was accepted; how a network words its refusals and its rate limits is its `Dialect`.
"""

import email.utils
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from presstime.model import Deferred, Json, Refused, Traits, Unknown

if TYPE_CHECKING:
    import httpx

Verdict = Refused | Deferred | Unknown
Until = Callable[["httpx.Response"], datetime | None]
LONGEST = 500  # characters of a network's own words that a reason keeps


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one network words things. `words` yields (message, error name) from an error body; `until` when a limit ends;
    `renew` tells a person what to do about refused credentials; `about_credentials` recognises a refusal that is not a
    401 yet is about them; `remedies` says, by error name, what a person does about refusals that no other message would
    change. The others take (status, error name, message) as well: networks that number their errors say a limit, an expired token
    or a blocked account under one status for all."""

    words: Callable[[Json], tuple[str, str]]
    until: Until
    renew: str
    about_credentials: Callable[[int, str, str], bool] = lambda status, code, message: False
    unknown: Callable[[int, str, str], bool] = lambda status, code, message: False  # refusals that prove nothing
    gone: Callable[[int, str, str], bool] = lambda status, code, message: (
        status in (404, 410)
    )  # no such message any more
    limited: Callable[[int, str, str], bool] = lambda status, code, message: False  # a limit that is no 429
    blocked: Callable[[int, str, str], bool] = lambda status, code, message: False  # the account, until someone looks
    expired: Callable[[int, str, str], bool] = lambda status, code, message: status == 401  # worth a newer credential
    remedies: Mapping[str, str] = field(default_factory=dict)


def judge(response: "httpx.Response", traits: Traits, dialect: Dialect) -> Verdict:
    """What an answer that is not a success says of the request: refused, certainly not accepted, or unknown."""
    status = response.status_code
    message, code = _words(response, dialect)
    reason = f"{traits.title} answered {status}" + (f": {message}" if message else "")
    if code in dialect.remedies:
        return Deferred(f"{reason.rstrip('.')}. {dialect.remedies[code]}", needs_person=True)
    if dialect.blocked(status, code, message):
        return Deferred(f"{reason}. Open the account on {traits.title} and do what it asks for.", needs_person=True)
    if status == 429 or status in traits.safe_statuses or dialect.limited(status, code, message):
        return Deferred(reason, until=dialect.until(response))
    if status == 401 or dialect.about_credentials(status, code, message):
        return Deferred(f"{reason.rstrip('.')}. {dialect.renew}", needs_person=True)
    if status == 402:
        return Deferred(f"{reason.rstrip('.')}. The account has no credit or quota left.", needs_person=True)
    if 400 <= status < 500 and status != 408 and not dialect.unknown(status, code, message):
        return Refused(reason, code or str(status))
    return Unknown(reason)


def is_gone(response: "httpx.Response", dialect: Dialect) -> bool:
    """Whether a refusal says that the message it is about is not there any more. Only the network's own words say so: a
    proxy's 404, or that of a server which knows no such path, is about something else."""
    message, code = _words(response, dialect)
    return bool(message) and dialect.gone(response.status_code, code, message)


def is_expired(response: "httpx.Response", dialect: Dialect) -> bool:
    """Whether a refusal says that the credential is not good any more."""
    message, code = _words(response, dialect)
    return response.is_client_error and dialect.expired(response.status_code, code, message)


def _words(response: "httpx.Response", dialect: Dialect) -> tuple[str, str]:
    """The network's own words, or nothing if the body is not its own (a proxy's error page, say)."""
    try:
        message, code = dialect.words(response.json())
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return "", ""
    return " ".join(str(message).split())[:LONGEST], str(code)[:100]


def epoch_seconds(header: str) -> Until:
    """A limit whose end a header names in seconds since 1970 (X, Bluesky); `Retry-After` where it is missing."""
    return lambda response: _from_epoch(response.headers.get(header)) or retry_after(response)


def iso_instant(header: str) -> Until:
    """A limit whose end a header names in ISO 8601 (Mastodon); `Retry-After` where it is missing."""
    return lambda response: _from_iso(response.headers.get(header)) or retry_after(response)


def seconds_left(header: str) -> Until:
    """A limit whose end a header names in seconds from now (Pinterest); `Retry-After` where it is missing."""
    return lambda response: after_seconds(response.headers.get(header, "")) or retry_after(response)


def retry_after(response: "httpx.Response") -> datetime | None:
    """RFC 9110 `Retry-After`: seconds from now, or an HTTP date."""
    text = response.headers.get("retry-after", "")
    return after_seconds(text) or _from_http_date(text)


def utc_midnight(response: "httpx.Response") -> datetime | None:
    """The end of a daily limit that no header tells: midnight, UTC (LinkedIn). Of a 429 only."""
    if response.status_code != 429:
        return None
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)


def after_seconds(value: object) -> datetime | None:
    """A number of seconds from now. None for anything that is not one."""
    try:
        seconds = float(str(value))
        return datetime.now(UTC) + timedelta(seconds=seconds) if seconds >= 0 else None
    except (ValueError, OverflowError):
        return None


def _from_epoch(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _from_iso(text: str | None) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text or "")
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _from_http_date(text: str) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
