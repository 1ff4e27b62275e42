"""What is done to the pixels of a picture: turned, cropped, made smaller, encoded."""

from io import BytesIO
from typing import TYPE_CHECKING

from presstime.model import MediaRule
from presstime.render.filetypes import GIF, JPEG, PNG, WEBP

if TYPE_CHECKING:
    from PIL.Image import Image

Focus = tuple[float, float] | None  # x, y in -1..1, y points up
FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}  # what we write
QUALITIES = (90, 82, 74, 66)


def upright(image: "Image") -> "Image":
    """Turned as the camera noted that it is to be seen."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def shape_within(width: int, height: int, rule: MediaRule, focus: Focus) -> tuple[int, int, int, int] | None:
    """What is to be left of a picture that is too wide or too high for the rule: the part around its focus, or around its
    middle, as left, upper, right and lower edge. None if it is neither."""
    least, most = rule.min_ratio or 0, rule.max_ratio or float("inf")
    if least <= width / height <= most:
        return None
    wide, high = (int(height * most), height) if width / height > most else (width, int(width / least))
    wide, high = max(wide, 1), max(high, 1)
    x, y = focus or (0.0, 0.0)
    left = min(max(round((x + 1) / 2 * width - wide / 2), 0), width - wide)
    upper = min(max(round((1 - y) / 2 * height - high / 2), 0), height - high)
    return left, upper, left + wide, upper + high


def within(image: "Image", rule: MediaRule) -> "Image":
    """Small enough for the rule, in its own proportions or the nearest that the rule takes."""
    factor = 1.0
    if rule.max_side:
        factor = min(factor, rule.max_side / max(image.size))
    if rule.max_pixels:
        factor = min(factor, (rule.max_pixels / (image.width * image.height)) ** 0.5)
    return image if factor >= 1 else trimmed(scaled(image, factor), rule)


def trimmed(image: "Image", rule: MediaRule) -> "Image":
    """Without the row of pixels that rounding may have left beyond the rule's proportions."""
    shape = shape_within(image.width, image.height, rule, None)
    return image.crop(shape) if shape else image


def scaled(image: "Image", factor: float) -> "Image":
    from PIL.Image import Resampling

    size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    plain = image if image.mode in ("RGB", "RGBA", "L", "LA") else _plain(image)
    return plain.resize(size, Resampling.LANCZOS)


def _plain(image: "Image") -> "Image":
    """In a mode that every encoder takes: RGB, or RGBA where something is transparent."""
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def targets(image: "Image", mime: str, rule: MediaRule) -> list[tuple[str, int]]:
    """Formats with their qualities to try, in order: its own, then without loss for drawings and transparency, for photographs with it."""
    if image.has_transparency_data:
        wanted = [mime, PNG, WEBP, JPEG]
    else:
        wanted = [mime, PNG, JPEG, WEBP] if mime == GIF else [mime, JPEG, WEBP, PNG]
    formats = [one for one in dict.fromkeys(wanted) if one in rule.mimes and one in FORMATS]
    return [(one, quality) for one in formats for quality in (QUALITIES if one != PNG else QUALITIES[:1])]


def encode(image: "Image", mime: str, quality: int) -> bytes:
    """As a file that holds the picture and its colours, and nothing that was noted with it."""
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
