"""What is to be sent, held to the limits that a server says it has: before the send, and with the line to write."""

from collections.abc import Mapping

from presstime.errors import NetworkError
from presstime.model import Channel, Traits, Variant


def check_sizes(variant: Variant, channel: Channel, traits: Traits, theirs: Mapping[str, int]) -> None:
    """`theirs` by the names of `model.LIMITS`. Raises `NetworkError` where the server takes less than is to be sent."""
    ours = traits.limited(channel.limits).limit("url_weight") or 0
    weight = theirs.get("url_weight", ours)
    sizes = sizes_of(variant, weight - ours)
    beyond = {name: size for name, size in sizes.items() if size > theirs.get(name, size)}
    if not beyond:
        return
    told = ", ".join(f"at most {theirs[name]} {name} (this is {size})" for name, size in beyond.items())
    lines = [f"{name} = {theirs[name]}" for name in beyond] + ([f"url_weight = {weight}"] if weight != ours else [])
    raise NetworkError(
        f"this server takes {told}",
        f"Write under [channels.{channel.name}.limits] in presstime.toml: {'; '.join(lines)}",
        needs_person=True,
        alone=True,
    )


def sizes_of(variant: Variant, more_for_a_link: int = 0) -> dict[str, int]:
    """How much of each limit a variant needs. Lengths were measured with the channel's weight of a link."""
    segments, items = variant.segments, variant.attachments()
    pictures, films = ([item for item in items if item.mime.startswith(kind)] for kind in ("image/", "video/"))
    links = [sum(span.kind == "link" for span in segment.spans) for segment in segments]
    return {
        "characters": max(s.length + more_for_a_link * n for s, n in zip(segments, links, strict=True)),
        "media": max(len(segment.media) for segment in segments),
        "alt": max((len(item.alt) for item in items), default=0),
        "image_bytes": max((item.size for item in pictures), default=0),
        "image_pixels": max((item.width * item.height for item in pictures), default=0),
        "video_bytes": max((item.size for item in films), default=0),
        "video_pixels": max((item.width * item.height for item in films), default=0),
    }
