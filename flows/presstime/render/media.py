"""Pictures as a network takes them: turned upright, small enough, in a shape and format it knows, without what the camera
noted.

The type is read from the content, never from the name. What already fits and holds no notes goes out untouched, so that its
digest is that of the file in Git; all else is encoded anew, the same way each time.
"""

import warnings
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from presstime.errors import RenderError
from presstime.model import Attachment, MediaRef, MediaRule, digest_of
from presstime.render.filetypes import HEIC, SVG, mime_of
from presstime.render.moving import checked_animation, checked_video
from presstime.render.pictures import Focus, encode, scaled, shape_within, targets, trimmed, upright, within

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 80_000_000  # of a picture that is decoded at all; a decoder takes 4 bytes for each
CACHED_BYTES = 32 * 1024 * 1024
NOTES = ("exif", "xmp", "XML:com.adobe.xmp", "photoshop", "comment", "Raw profile type exif", "Raw profile type xmp")
SMALLEST = 64  # pixels: a picture is not made narrower than that to save bytes
SHRINK = 0.8  # of each side, where no quality makes it small enough


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file as it will be sent. `width` and `height` are 0 where they are not known (video)."""

    data: bytes
    mime: str
    width: int
    height: int
    cropped: bool = False  # around its focus, which therefore says no more


def prepare_image(data: bytes, ref: MediaRef, rule: MediaRule) -> tuple[Attachment, bytes]:
    """The file as the rule wants it. Raises `RenderError`: `bad-image` (broken, unknown or far too large), `media-type`,
    `media-size`, `alt-too-long`."""
    _check_alt(ref, rule)
    return attached(ref, _cached(ref, rule, data))


def attached(ref: MediaRef, made: Prepared) -> tuple[Attachment, bytes]:
    item = Attachment(
        path=ref.path,
        blob=ref.blob,
        digest=digest_of(made.data),
        mime=made.mime,
        size=len(made.data),
        width=made.width,
        height=made.height,
        alt=ref.alt,
        focus=None if made.cropped else ref.focus,
    )
    return item, made.data


def check_mixture(items: Sequence[Attachment], rule: MediaRule, title: str) -> None:
    """Refuse what a network takes only alone, such as a video, beside anything else."""
    moving = [kind for kind in (rule.animation, rule.video) if kind and kind.alone]
    alone = [one for one in items if any(one.mime in kind.mimes for kind in moving) and one.mime not in rule.mimes]
    if alone and len(items) > 1:
        raise RenderError(
            f"{title} takes {alone[0].path} only as the one medium of a message, this post has {len(items)}",
            "List under `channels`, in its `media`, what this channel is to have.",
            "media-mixed",
        )


def _check_alt(ref: MediaRef, rule: MediaRule) -> None:
    if rule.alt_limit and len(ref.alt) > rule.alt_limit:
        raise RenderError(
            f"{ref.path}: the alt text is {len(ref.alt) - rule.alt_limit} characters too long: {len(ref.alt)} of at most {rule.alt_limit}",
            "Say what matters in the picture; the rest belongs in the text.",
            "alt-too-long",
        )


_kept: OrderedDict[tuple[str, MediaRule, Focus], Prepared] = OrderedDict()
_keeping = Lock()


def _cached(ref: MediaRef, rule: MediaRule, data: bytes) -> Prepared:
    """One post goes to many channels: a picture is prepared once for each rule. The oldest go when it is too much."""
    shaped = rule.min_ratio is not None or rule.max_ratio is not None
    key = (digest_of(data), rule, ref.focus if shaped else None)
    made = _kept.get(key) or prepare(data, ref.path, rule, ref.focus)
    with _keeping:
        _kept[key] = made
        while len(_kept) > 1 and sum(len(one.data) for one in _kept.values()) > CACHED_BYTES:
            _kept.popitem(last=False)
    return made


def prepare(data: bytes, path: str, rule: MediaRule, focus: Focus = None) -> Prepared:
    """As `prepare_image`, for a file called `path` in messages."""
    mime = mime_of(data)
    if mime is None:
        raise RenderError(
            f"{path}: this is no picture or video that is known",
            "Give a JPEG, PNG, WebP, GIF or MP4 file.",
            "bad-image",
        )
    if mime.startswith("video/") and rule.video:
        film = checked_video(data, mime, path, rule.video)
        return Prepared(data, mime, film.width, film.height)
    if mime.startswith("video/") or mime == SVG:
        return _untouched(Prepared(data, mime, 0, 0), path, rule)
    if mime == HEIC:
        raise RenderError(f"{path}: HEIC pictures cannot be read", "Export it as JPEG.", "bad-image")
    return _picture(data, mime, path, rule, focus)


def _untouched(made: Prepared, path: str, rule: MediaRule) -> Prepared:
    """What is not encoded anew must fit as it is."""
    if made.mime not in rule.mimes:
        moving = [mime for kind in (rule.animation, rule.video) if kind for mime in kind.mimes]
        takes = ", ".join(dict.fromkeys([*rule.mimes, *moving]))
        raise RenderError(
            f"{path}: {made.mime} is not taken here, only {takes}", "Give this channel other `media`.", "media-type"
        )
    if len(made.data) > rule.max_bytes:
        raise RenderError(
            f"{path}: {len(made.data):,} bytes, at most {rule.max_bytes:,} are taken",
            "Make the file smaller: a video or moving picture is not encoded anew.",
            "media-size",
        )
    if not _small(made.width, made.height, rule):
        raise RenderError(
            f"{path}: {made.width} x {made.height} pixels, {_bounds(rule)}",
            "Make it smaller: a moving picture is not encoded anew.",
            "media-size",
        )
    return made


def _bounds(rule: MediaRule) -> str:
    side = f"at most {rule.max_side} a side" if rule.max_side else ""
    area = f"at most {rule.max_pixels:,} in all" if rule.max_pixels else ""
    return " and ".join(part for part in (side, area) if part)


def _small(width: int, height: int, rule: MediaRule) -> bool:
    sides = rule.max_side is None or max(width, height) <= rule.max_side
    return sides and (rule.max_pixels is None or width * height <= rule.max_pixels)


def _picture(data: bytes, mime: str, path: str, rule: MediaRule, focus: Focus) -> Prepared:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(data))
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        moving = getattr(image, "is_animated", False) and image.format != "MPO"  # MPO: a JPEG with a second view
        image.load()
    except Image.DecompressionBombError:
        raise RenderError(
            f"{path}: more than {MAX_PIXELS:,} pixels", "Make the picture smaller.", "bad-image"
        ) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, MemoryError) as error:
        raise RenderError(
            f"{path}: the picture is broken ({error})", "Save it again as JPEG or PNG.", "bad-image"
        ) from None
    if moving and rule.animation:
        checked_animation(image, mime, len(data), path, rule.animation)
        return Prepared(data, mime, image.width, image.height)
    if moving:
        return _untouched(Prepared(data, mime, image.width, image.height), path, rule)
    turned = upright(image)
    shape = shape_within(turned.width, turned.height, rule, focus)
    fits = mime in rule.mimes and len(data) <= rule.max_bytes and _small(image.width, image.height, rule)
    if fits and shape is None and not _has_notes(image):
        _check_side(image.width, image.height, path, rule)
        return Prepared(data, mime, image.width, image.height)
    return _encoded(turned.crop(shape) if shape else turned, mime, path, rule, cropped=shape is not None)


def _has_notes(image: "Image") -> bool:
    texts = getattr(image, "text", None)
    return image.format == "MPO" or bool(texts) or any(image.info.get(note) for note in NOTES)


def _check_side(width: int, height: int, path: str, rule: MediaRule) -> None:
    if rule.min_side and min(width, height) < rule.min_side:
        raise RenderError(
            f"{path}: {width} x {height} pixels, at least {rule.min_side} a side are taken",
            "Give a larger picture: it is not made larger here.",
            "media-size",
        )


def _encoded(image: "Image", mime: str, path: str, rule: MediaRule, cropped: bool) -> Prepared:
    """Within the rule's size, and in ever fewer bytes until they are few enough."""
    made = within(image, rule)
    _check_side(made.width, made.height, path, rule)
    while formats := targets(made, mime, rule):
        for target, quality in formats:
            data = encode(made, target, quality)
            if len(data) <= rule.max_bytes:
                return Prepared(data, target, made.width, made.height, cropped)
        smallest = max(made.size) <= SMALLEST or (rule.min_side and min(made.size) * SHRINK < rule.min_side)
        if smallest:
            break
        made = trimmed(scaled(made, SHRINK), rule)
    raise RenderError(
        f"{path}: the picture cannot be brought under {rule.max_bytes:,} bytes as {' or '.join(rule.mimes)}",
        "Give this channel other `media`.",
        "media-size",
    )
