"""Videos and moving pictures: sent as they are, so each of a network's limits is checked and none is met by changing them.

What a video is like is read from its headers by MediaInfo (the extra `video`), which decodes nothing; it is asked only where
a network has a limit that the type and the size of the file do not tell.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from presstime.errors import RenderError
from presstime.model import MovingRule

if TYPE_CHECKING:
    from PIL.Image import Image

ADVICE = "It is not encoded anew here: make one that fits, or give this channel other `media`."


@dataclass(frozen=True, slots=True)
class Moving:
    """What is known of a moving picture; 0 where it is not. `frames` of a video are not counted."""

    mime: str
    size: int
    width: int = 0
    height: int = 0
    seconds: float = 0
    fps: float = 0
    frames: int = 0


def checked_video(data: bytes, mime: str, path: str, rule: MovingRule) -> Moving:
    """A video within the rule. Raises `RenderError`: `media-type`, `media-size`, `bad-video`, `no-probe`."""
    known = Moving(mime, len(data))
    _check_file(known, path, rule)
    if not _asks(rule):
        return known
    found = probed(data, mime, path)
    _check(found, path, rule)
    return found


def checked_animation(image: "Image", mime: str, size: int, path: str, rule: MovingRule) -> Moving:
    """A moving picture within the rule, its frames counted. Raises as `checked_video` does."""
    found = Moving(mime, size, image.width, image.height, frames=getattr(image, "n_frames", 1))
    _check_file(found, path, rule)
    _check(found, path, rule)
    return found


def _asks(rule: MovingRule) -> bool:
    limits = (rule.min_seconds, rule.max_seconds, rule.min_side, rule.max_width, rule.max_height, rule.min_ratio)
    return any(limit is not None for limit in (*limits, rule.max_ratio, rule.max_fps, rule.max_pixels))


def _check_file(found: Moving, path: str, rule: MovingRule) -> None:
    if found.mime not in rule.mimes:
        raise RenderError(
            f"{path}: {found.mime} {'that moves ' * bool(found.frames)}is not taken here, only {', '.join(rule.mimes)}",
            "Give this channel other `media`.",
            "media-type",
        )
    if found.size > rule.max_bytes:
        raise RenderError(f"{path}: {found.size:,} bytes, at most {rule.max_bytes:,} are taken", ADVICE, "media-size")


def _check(found: Moving, path: str, rule: MovingRule) -> None:
    ratio = found.width / found.height if found.height else 0
    pixels = max(found.frames, 1) * found.width * found.height
    limits = (
        (found.seconds, rule.min_seconds, rule.max_seconds, f"{found.seconds:.1f} seconds"),
        (min(found.width, found.height), rule.min_side, None, f"{found.width} x {found.height} pixels"),
        (found.width, None, rule.max_width, f"{found.width} pixels wide"),
        (found.height, None, rule.max_height, f"{found.height} pixels high"),
        (ratio, rule.min_ratio, rule.max_ratio, f"{ratio:.2f} times as wide as high"),
        (found.fps, None, rule.max_fps, f"{found.fps:.0f} pictures a second"),
        (found.frames, None, rule.max_frames, f"{found.frames} pictures"),
        (pixels, None, rule.max_pixels, f"{pixels:,} pixels in all"),
    )
    for value, least, most, said in limits:
        if value and least is not None and value < least:
            raise RenderError(f"{path}: {said}, at least {least:g} are taken", ADVICE, "media-size")
        if most is not None and value > most:
            raise RenderError(f"{path}: {said}, at most {_figure(most)} are taken", ADVICE, "media-size")


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def probed(data: bytes, mime: str, path: str) -> Moving:
    """What MediaInfo reads in a video's headers, the picture as it is shown: turned if it is to be turned."""
    try:
        from pymediainfo import MediaInfo
    except ImportError:
        raise RenderError(
            f"{path}: this network has limits on videos that cannot be checked here",
            'Install the extra: pip install "presstime[video]".',
            "no-probe",
        ) from None
    tracks: list[Any] = MediaInfo.parse(BytesIO(data)).video_tracks
    if not tracks or not tracks[0].width or not tracks[0].height:
        raise RenderError(f"{path}: there is no video in it that can be read", "Export it again as MP4.", "bad-video")
    track = tracks[0]
    width, height = track.width, track.height
    if round(float(track.rotation or 0)) % 180 == 90:
        width, height = height, width
    seconds, fps = float(track.duration or 0) / 1000, float(track.frame_rate or 0)
    return Moving(mime, len(data), width, height, seconds, fps)
