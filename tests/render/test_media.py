"""Pictures are made to fit each network, and nothing private leaves with them."""

from io import BytesIO
from random import Random
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from presstime.errors import RenderError
from presstime.model import MediaRule, digest_of
from presstime.render.filetypes import mime_of
from presstime.render.media import prepare_image
from tests.render.kit import PICTURES, picture, ref

RULE = MediaRule(4, PICTURES, max_bytes=1_000_000, max_side=2000)


def made(data: bytes, rule: MediaRule = RULE, **options: Any) -> tuple[Image.Image, bytes, str]:
    item, sent = prepare_image(data, ref(data, **options), rule)
    image = Image.open(BytesIO(sent))
    assert (item.digest, item.size, item.width, item.height) == (digest_of(sent), len(sent), *image.size)
    return image, sent, item.mime


def noise(width: int, height: int, kind: str = "PNG", mode: str = "RGB") -> bytes:
    """A picture that no encoder makes small."""
    out = BytesIO()
    channels = len(mode)
    Image.frombytes(mode, (width, height), Random(1).randbytes(width * height * channels)).save(out, kind, quality=100)
    return out.getvalue()


def with_exif(orientation: int = 1, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x8825] = {1: "N", 2: (47.0, 13.0, 0.0)}  # GPS
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (0, 0, 20, 20))
    out = BytesIO()
    image.save(out, "JPEG", exif=exif, **options)
    return out.getvalue()


def test_what_fits_goes_out_untouched() -> None:
    """The bytes in Git are the bytes sent, so that the digest is that of the file."""
    for kind in ("PNG", "JPEG", "WEBP"):
        data = picture(kind=kind)
        assert made(data)[1] == data


def test_the_camera_s_notes_stay_here() -> None:
    """EXIF with its GPS place, comments and PNG texts are not sent."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Jane")
    files = (
        with_exif(),
        picture(kind="JPEG", comment=b"secret"),
        picture(kind="PNG", pnginfo=info),
        picture(kind="WEBP", exif=with_exif_bytes()),
        picture(kind="PNG", exif=with_exif_bytes()),
    )
    for data in files:
        image, sent, _ = made(data)
        assert sent != data
        assert not image.getexif()
        assert b"secret" not in sent
        assert b"Jane" not in sent
        assert "comment" not in image.info


def with_exif_bytes() -> bytes:
    return Image.open(BytesIO(with_exif())).getexif().tobytes()


def test_pictures_are_turned_upright() -> None:
    """The orientation that a camera only noted is applied to the picture: here the black half is on top."""
    image, _, _ = made(with_exif(orientation=6))
    assert image.size == (20, 40)
    assert image.convert("L").getpixel((10, 5)) < 50  # type: ignore[operator]
    assert image.convert("L").getpixel((10, 35)) > 200  # type: ignore[operator]


def test_the_type_is_that_of_the_content() -> None:
    """A PNG that is called .jpg is a PNG."""
    assert made(picture(kind="PNG"), path="media/p.jpg")[2] == "image/png"


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x18ftypavif", "image/avif"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "image/svg+xml"),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_types_are_told_by_their_first_bytes(data: bytes, mime: str | None) -> None:
    """Each format's own signature."""
    assert mime_of(data) == mime


def test_a_large_picture_is_made_smaller() -> None:
    """Within the longest side and the number of pixels, in its own proportions."""
    assert made(picture((4000, 1000)))[0].size == (2000, 500)
    small = MediaRule(1, PICTURES, 1_000_000, max_pixels=10_000)
    width, height = made(picture((400, 100)), small)[0].size
    assert width * height <= 10_000
    assert width / height == pytest.approx(4, rel=0.05)


def test_a_heavy_picture_is_encoded_until_it_is_light() -> None:
    """At lower quality, then in fewer pixels; a photograph in PNG becomes a JPEG."""
    for data in (noise(600, 400), noise(600, 400, "JPEG")):
        rule = MediaRule(1, PICTURES, max_bytes=60_000)
        image, sent, mime = made(data, rule)
        assert len(sent) <= 60_000
        assert mime == "image/jpeg"
        assert min(image.size) > 100


@pytest.mark.parametrize(
    ("data", "mimes", "mime"),
    [
        (picture(kind="BMP"), PICTURES, "image/jpeg"),
        (picture(kind="TIFF"), PICTURES, "image/jpeg"),
        (picture(kind="WEBP"), ("image/jpeg", "image/png"), "image/jpeg"),
        (picture(kind="GIF"), PICTURES, "image/png"),
        (picture(kind="WEBP", mode="RGBA", color=(1, 2, 3, 0)), ("image/jpeg", "image/png"), "image/png"),
        (picture(kind="PNG", mode="RGBA", color=(1, 2, 3, 0)), ("image/jpeg",), "image/jpeg"),
        (picture(kind="JPEG", mode="CMYK", color=(0, 0, 0, 0)), ("image/png",), "image/png"),
        (picture(kind="PNG", mode="I;16", color=65535), ("image/jpeg",), "image/jpeg"),
        (picture(kind="PNG", mode="1", color=1), ("image/jpeg",), "image/jpeg"),
        (picture(kind="PNG", mode="LA", color=(255, 255)), ("image/webp",), "image/webp"),
        (picture(kind="PNG", mode="P", color=0), ("image/jpeg",), "image/jpeg"),
    ],
)
def test_what_a_network_does_not_take_is_converted(data: bytes, mimes: tuple[str, ...], mime: str) -> None:
    """Any format and colour mode, without loss where there is transparency."""
    image, _, got = made(data, MediaRule(1, mimes, 1_000_000))
    assert got == mime
    assert image.width == 40


def test_transparency_becomes_white() -> None:
    """In a format that has none."""
    image, _, _ = made(picture(mode="RGBA", color=(1, 2, 3, 0)), MediaRule(1, ("image/jpeg",), 1_000_000))
    assert image.convert("L").getpixel((5, 5)) > 250  # type: ignore[operator]


def test_sixteen_bits_become_eight() -> None:
    """White stays white and a mid grey a mid grey."""
    for value, expected in ((65535, 255), (32768, 127)):
        image, _, _ = made(picture(kind="PNG", mode="I;16", color=value), MediaRule(1, ("image/jpeg",), 1_000_000))
        assert image.convert("L").getpixel((5, 5)) == pytest.approx(expected, abs=2)


def test_the_same_picture_gives_the_same_bytes() -> None:
    """Encoding is repeatable, so that what was planned is what is sent."""
    from presstime.render.media import prepare

    data, rule = noise(300, 200), MediaRule(1, PICTURES, 30_000)
    assert prepare(data, "p", rule) == prepare(data, "p", rule)


def animation(frames: int = 3, size: tuple[int, int] = (40, 30)) -> bytes:
    out = BytesIO()
    images = [Image.new("RGB", size, (80 * n, 0, 0)) for n in range(frames)]
    images[0].save(out, "GIF", save_all=True, append_images=images[1:])
    return out.getvalue()


def test_moving_pictures_pass_or_are_refused() -> None:
    """They are never encoded anew: within the limits untouched, else refused with the limit."""
    data = animation()
    takes = MediaRule(1, ("image/gif",), 1_000_000)
    assert made(data, takes)[1] == data
    refusals = (
        (MediaRule(1, PICTURES, 1_000_000), "media-type", "image/gif is not taken"),
        (MediaRule(1, ("image/gif",), 10), "media-size", "at most 10 are taken"),
        (MediaRule(1, ("image/gif",), 1_000_000, max_side=20), "media-size", "at most 20 a side"),
    )
    for rule, code, message in refusals:
        with pytest.raises(RenderError, match=message) as caught:
            prepare_image(data, ref(data), rule)
        assert caught.value.code == code


def test_video_passes_or_is_refused() -> None:
    """By its type and size alone."""
    data = b"\0\0\0\x18ftypmp42" + b"\0" * 100
    item, sent = prepare_image(data, ref(data), MediaRule(1, ("video/mp4",), 1000))
    assert (sent, item.mime) == (data, "video/mp4")
    with pytest.raises(RenderError, match="video/mp4 is not taken"):
        prepare_image(data, ref(data), RULE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        picture()[:60],
        picture(kind="JPEG")[:200],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        b"GIF89a",
        b"\0\0\0\x18ftypheic",
    ],
)
def test_a_broken_file_is_told(data: bytes) -> None:
    """With its path and what to do, never with a traceback."""
    with pytest.raises(RenderError, match=r"media/p\.png") as caught:
        prepare_image(data, ref(data), RULE)
    assert caught.value.code == "bad-image"
    assert caught.value.advice


def test_a_decompression_bomb_is_not_opened() -> None:
    """A small file that claims to be hundreds of megapixels is refused by its header."""
    for side in (9000, 30_000):
        data = bytearray(picture(mode="L", color=0))
        data[16:24] = side.to_bytes(4, "big") * 2
        import zlib

        data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
        with pytest.raises(RenderError, match="pixels") as caught:
            prepare_image(bytes(data), ref(bytes(data)), RULE)
        assert caught.value.code == "bad-image"


def test_an_alt_text_has_a_limit() -> None:
    """Where the network states one; a network without the field sends the picture without."""
    data = picture()
    with pytest.raises(RenderError, match="2 characters too long: 12 of at most 10") as caught:
        prepare_image(data, ref(data, alt="x" * 12), MediaRule(1, PICTURES, 1_000_000, alt_limit=10))
    assert caught.value.code == "alt-too-long"
    item, _ = prepare_image(data, ref(data, alt="x" * 12), MediaRule(1, PICTURES, 1_000_000, alt_limit=0))
    assert item.alt == "x" * 12
