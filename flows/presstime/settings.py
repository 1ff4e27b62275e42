"""presstime.toml + environment -> Settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from presstime.model import Channel, Late


@dataclass(frozen=True, slots=True)
class Audit:
    """Where the log is. Exactly one of `endpoint_url`/AWS and `embedded` serves the bucket."""

    bucket: str | None = None
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None
    embedded: str | None = None  # a folder for the packaged S3 server, relative to the content root


@dataclass(frozen=True, slots=True)
class Git:
    branch: str | None = None  # None: the branch that HEAD names
    remote: str | None = None  # fetched before each pass, where set


@dataclass(frozen=True, slots=True)
class Content:
    posts: tuple[str, ...] = ("posts",)
    identity: str = "id"  # or "name"
    link: str | None = None  # pattern with {section}, {name}, {id}, {language}
    require_alt: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything presstime.toml says, checked."""

    name: str
    timezone: str
    language: str | None = None
    audit: Audit = field(default_factory=Audit)
    git: Git = field(default_factory=Git)
    content: Content = field(default_factory=Content)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_channels: tuple[str, ...] = ()
    late: Late = field(default_factory=Late)
    min_gap_seconds: int = 0
    vars: Mapping[str, object] = field(default_factory=dict)  # [newsroom] keys beside the known ones, for templates
