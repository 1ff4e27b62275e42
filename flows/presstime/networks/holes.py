"""Holes in a composed request: places for what only the network can tell, filled in just before it is sent.

A hole is `{"$hole": NAME}`, NAME being an attachment's digest or another name that `prepare` answers to. Holes are JSON objects,
which no words of a post can be. Inside a text the address of a file stands as `media:DIGEST`.
"""

from collections.abc import Mapping

from presstime.model import Attachment, Json

HOLE = "$hole"


class Unfilled(LookupError):
    """Nothing was prepared for a hole."""


def hole(name: str) -> Json:
    return {HOLE: name}


def media_hole(item: Attachment) -> Json:
    return hole(item.digest)


def media_address(item: Attachment) -> str:
    """What stands inside a text for the address that a file will have."""
    return f"media:{item.digest}"


def file_name(item: Attachment) -> str:
    return item.path.rsplit("/", 1)[-1]


def fill(value: Json, known: Mapping[str, Json]) -> Json:
    """A copy of a composed request with every hole filled. Raises `Unfilled`."""
    if isinstance(value, list):
        return [fill(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    if HOLE not in value:
        return {key: fill(item, known) for key, item in value.items()}
    if value[HOLE] not in known:
        raise Unfilled(value[HOLE])
    return known[value[HOLE]]
