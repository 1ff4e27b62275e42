"""The [media] of presstime.toml: where pictures and films are put for networks that fetch them, and whether those can."""

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from presstime.model import Channel
from presstime.settings.tables import Table

if TYPE_CHECKING:
    from presstime.settings import Audit

INNER = (".localhost", ".local", ".internal", ".lan", ".home.arpa")  # RFC 6761, 6762, 8375 and custom
MEDIA_ADVICE = (
    'Name a bucket that can be reached from outside, e.g. a table [media] with bucket = "verne-media" on AWS '
    '(infra/README.md); or let a person post there: mode = "assisted".'
)


@dataclass(frozen=True, slots=True)
class Media:
    """A bucket of its own for media, on the log's server unless another one is named; None throughout: the log's bucket."""

    bucket: str | None = None
    endpoint_url: str | None = None
    region: str | None = None


def read_media(table: Table, bucket: str | None, has_audit: bool) -> Media:
    """The [media] table, whose `bucket` is read already; `has_audit`: there is a bucket of the log's that it can stand on."""
    media = Media(bucket, table.url("endpoint_url"), table.text("region"))
    if media != Media() and media.bucket is None and not has_audit and "bucket" not in table:
        message, advice = "[media] names no bucket", 'Add e.g. bucket = "verne-media".'
        table.error(None, "missing-key", message, advice)
    table.warn_of_unread()
    return media


def unreachable(media: Media, audit: "Audit", channel: Channel) -> str:
    """Why a channel's network cannot fetch what is put there, as far as addresses tell; "" if it may. A network on this
    machine, as the sandbox is, reaches what is here."""
    if channel.base_url is not None and is_inner(channel.base_url):
        return ""
    if media.bucket is None and audit.embedded:
        return "the bucket is embedded: on this machine alone"
    url = media.endpoint_url or (None if audit.embedded else audit.endpoint_url)
    if url is not None and is_inner(url):
        return f"the bucket is at {url}, where only this machine or its network gets"
    return ""


def is_inner(url: str) -> bool:
    """Whether a web address leads no further than this machine or its own network; names are not looked up."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return "." not in host or host.endswith(INNER)
