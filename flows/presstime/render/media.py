"""Pictures as a network takes them: turned upright, small enough, in a format it knows, without what the camera noted.

The type is read from the content, never from the name. What already fits and holds no notes goes out untouched, so that its
digest is that of the file in Git; all else is encoded anew, the same way each time.
"""

import warnings
from collections import OrderedDict
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from presstime.errors import RenderError
from presstime.model import Attachment, MediaRef, MediaRule, digest_of
from presstime.render.filetypes import GIF, HEIC, JPEG, PNG, SVG, WEBP, mime_of

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 80_000_000  # of a picture that is decoded at all; a decoder takes 4 bytes for each
CACHED_BYTES = 32 * 1024 * 1024
FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}  # what we write
QUALITIES = (90, 82, 74, 66)
NOTES = ("exif", "xmp", "XML:com.adobe.xmp", "photoshop", "comment", "Raw profile type exif", "Raw profile type xmp")
SMALLEST = 64  # pixels: a picture is not made narrower than that to save bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file as it will be sent. `width` and `height` are 0 where they are not known (video)."""

    data: bytes
    mime: str
    width: int
    height: int


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
        focus=ref.focus,
    )
    return item, made.data


def _check_alt(ref: MediaRef, rule: MediaRule) -> None:
    if rule.alt_limit and len(ref.alt) > rule.alt_limit:
        raise RenderError(
            f"{ref.path}: the alt text is {len(ref.alt) - rule.alt_limit} characters too long: {len(ref.alt)} of at most {rule.alt_limit}",
            "Say what matters in the picture; the rest belongs in the text.",
            "alt-too-long",
        )


_kept: OrderedDict[tuple[str, MediaRule], Prepared] = OrderedDict()
_keeping = Lock()


def _cached(ref: MediaRef, rule: MediaRule, data: bytes) -> Prepared:
    """One post goes to many channels: a picture is prepared once for each rule. The oldest go when it is too much."""
    key = (digest_of(data), rule)
    made = _kept.get(key) or prepare(data, ref.path, rule)
    with _keeping:
        _kept[key] = made
        while len(_kept) > 1 and sum(len(one.data) for one in _kept.values()) > CACHED_BYTES:
            _kept.popitem(last=False)
    return made


def prepare(data: bytes, path: str, rule: MediaRule) -> Prepared:
    """As `prepare_image`, for a file called `path` in messages."""
    mime = mime_of(data)
    if mime is None:
        raise RenderError(
            f"{path}: this is no picture or video that is known",
            "Give a JPEG, PNG, WebP, GIF or MP4 file.",
            "bad-image",
        )
    if mime.startswith("video/") or mime == SVG:
        return _untouched(Prepared(data, mime, 0, 0), path, rule)
    if mime == HEIC:
        raise RenderError(f"{path}: HEIC pictures cannot be read", "Export it as JPEG.", "bad-image")
    return _picture(data, mime, path, rule)


def _untouched(made: Prepared, path: str, rule: MediaRule) -> Prepared:
    """What is not encoded anew must fit as it is."""
    if made.mime not in rule.mimes:
        takes = ", ".join(rule.mimes)
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


def _picture(data: bytes, mime: str, path: str, rule: MediaRule) -> Prepared:
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
    if moving:
        return _untouched(Prepared(data, mime, image.width, image.height), path, rule)
    fits = mime in rule.mimes and len(data) <= rule.max_bytes and _small(image.width, image.height, rule)
    if fits and not _has_notes(image):
        return Prepared(data, mime, image.width, image.height)
    return _encoded(image, mime, path, rule)


def _has_notes(image: "Image") -> bool:
    texts = getattr(image, "text", None)
    return image.format == "MPO" or bool(texts) or any(image.info.get(note) for note in NOTES)


def _encoded(image: "Image", mime: str, path: str, rule: MediaRule) -> Prepared:
    """Upright, within the rule's size, and in ever fewer bytes until they are few enough."""
    made = _resized(_upright(image), rule)
    targets = _targets(made, mime, rule)
    while targets:
        for target, quality in ((t, q) for t in targets for q in (QUALITIES if t != PNG else QUALITIES[:1])):
            data = _bytes(made, target, quality)
            if len(data) <= rule.max_bytes:
                return Prepared(data, target, made.width, made.height)
        if max(made.size) <= SMALLEST:
            break
        made = _scaled(made, 0.8)
    raise RenderError(
        f"{path}: the picture cannot be brought under {rule.max_bytes:,} bytes as {' or '.join(rule.mimes)}",
        "Give this channel other `media`.",
        "media-size",
    )


def _upright(image: "Image") -> "Image":
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _resized(image: "Image", rule: MediaRule) -> "Image":
    factor = 1.0
    if rule.max_side:
        factor = min(factor, rule.max_side / max(image.size))
    if rule.max_pixels:
        factor = min(factor, (rule.max_pixels / (image.width * image.height)) ** 0.5)
    return image if factor >= 1 else _scaled(image, factor)


def _scaled(image: "Image", factor: float) -> "Image":
    from PIL.Image import Resampling

    size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    plain = image if image.mode in ("RGB", "RGBA", "L", "LA") else _plain(image)
    return plain.resize(size, Resampling.LANCZOS)


def _plain(image: "Image") -> "Image":
    """In a mode that every encoder takes: RGB, or RGBA where something is transparent."""
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _targets(image: "Image", mime: str, rule: MediaRule) -> list[str]:
    """Formats to try, in order: its own, then without loss for drawings and transparency, for photographs with it."""
    if image.has_transparency_data:
        wanted = [mime, PNG, WEBP, JPEG]
    else:
        wanted = [mime, PNG, JPEG, WEBP] if mime == GIF else [mime, JPEG, WEBP, PNG]
    return [one for one in dict.fromkeys(wanted) if one in rule.mimes and one in FORMATS]


def _bytes(image: "Image", mime: str, quality: int) -> bytes:
    out = BytesIO()
    plain = _flat(image) if mime == JPEG else _plain(image)
    profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA", "P") else None  # else of other colours
    options = {"optimize": True} if mime == PNG else {"quality": quality}
    extra = {"progressive": True, "optimize": True} if mime == JPEG else {"method": 4} if mime == WEBP else {}
    plain.info = {}
    plain.save(out, FORMATS[mime], icc_profile=profile, **options, **extra)
    return out.getvalue()


def _flat(image: "Image") -> "Image":
    """On white, for a format without transparency."""
    from PIL import Image

    plain = _plain(image)
    if plain.mode == "RGB":
        return plain
    ground = Image.new("RGB", plain.size, "white")
    ground.paste(plain, mask=plain.getchannel("A"))
    return ground
