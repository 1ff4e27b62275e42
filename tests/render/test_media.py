"""Pictures are made to fit each network, and nothing private leaves with them."""

import sys
from dataclasses import replace
from io import BytesIO
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from presstime.errors import RenderError
from presstime.model import MediaRule, MovingRule, digest_of
from presstime.render.filetypes import mime_of
from presstime.render.media import check_mixture, prepare_image
from tests.render.clips import mp4
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


def test_the_frames_of_a_moving_picture_are_counted() -> None:
    """Where the network states how many it takes, how large, and how many pixels they may have together."""
    data = animation(frames=5, size=(40, 30))
    fits = MovingRule(("image/gif",), 1_000_000, max_width=40, max_height=30, max_frames=5, max_pixels=6000)
    assert made(data, MediaRule(4, PICTURES, 10, animation=fits))[1] == data
    refusals = (
        (replace(fits, max_frames=4), "5 pictures, at most 4 are taken"),
        (replace(fits, max_pixels=5999), "6,000 pixels in all, at most 5,999"),
        (replace(fits, max_width=39), "40 pixels wide, at most 39"),
        (replace(fits, max_height=29), "30 pixels high, at most 29"),
        (replace(fits, max_bytes=10), "at most 10 are taken"),
        (replace(fits, mimes=("image/webp",)), "image/gif that moves is not taken here"),
    )
    for limits, message in refusals:
        with pytest.raises(RenderError, match=message):
            prepare_image(data, ref(data), MediaRule(4, PICTURES, 10, animation=limits))


def test_a_picture_that_could_move_and_does_not_is_a_picture() -> None:
    """A GIF of one frame is converted where GIF is taken for moving pictures only."""
    rule = MediaRule(4, PICTURES, 1_000_000, animation=MovingRule(("image/gif",), 1_000_000))
    assert made(picture(kind="GIF"), rule)[2] == "image/png"


def test_video_passes_or_is_refused() -> None:
    """Where the network states nothing more, by its type and size alone: nothing is read of it."""
    data = b"\0\0\0\x18ftypmp42" + b"\0" * 100
    for rule in (
        MediaRule(1, ("video/mp4",), 1000),
        MediaRule(1, PICTURES, 10, video=MovingRule(("video/mp4",), 1000)),
    ):
        item, sent = prepare_image(data, ref(data), rule)
        assert (sent, item.mime, item.width) == (data, "video/mp4", 0)
    for rule, message in (
        (RULE, "video/mp4 is not taken"),
        (MediaRule(1, PICTURES, 10**6, video=MovingRule(("video/webm",), 1000)), "video/mp4 is not taken"),
        (MediaRule(1, PICTURES, 10**6, video=MovingRule(("video/mp4",), 100)), "112 bytes, at most 100"),
    ):
        with pytest.raises(RenderError, match=message):
            prepare_image(data, ref(data), rule)


FILM = MovingRule(
    ("video/mp4",), 1_000_000, min_seconds=1, max_seconds=3, min_side=32, max_width=640, max_height=360, min_ratio=1, max_ratio=3, max_fps=30,
    max_pixels=640 * 356,
)  # fmt: skip


@pytest.mark.parametrize(
    ("film", "message"),
    [
        ({"height": 350}, None),
        ({"seconds": 0.5}, "0.5 seconds, at least 1 are taken"),
        ({"seconds": 3.5}, "3.5 seconds, at most 3 are taken"),
        ({"width": 30, "height": 20}, "30 x 20 pixels, at least 32"),
        ({"width": 642, "height": 340}, "642 pixels wide, at most 640"),
        ({"width": 640, "height": 364}, "364 pixels high, at most 360"),
        ({"width": 200, "height": 300}, "0.67 times as wide as high, at least 1"),
        ({"width": 640, "height": 200}, "3.20 times as wide as high, at most 3"),
        ({"width": 200, "height": 300, "turn": 90}, None),
        ({"width": 300, "height": 200, "turn": 270}, "0.67 times as wide as high"),
        ({"fps": 50}, "50 pictures a second, at most 30"),
        ({"width": 640, "height": 358}, "229,120 pixels in all, at most 227,840"),
    ],
)
def test_a_video_is_held_to_each_limit(film: dict[str, Any], message: str | None) -> None:
    """Length, size, shape and pace are read from its headers, as it is shown: turned if it is to be turned. It is sent as
    it is, or refused with the limit that it breaks."""
    pytest.importorskip("pymediainfo", reason="the extra `video` is not installed")
    data, rule = mp4(**film), MediaRule(1, PICTURES, 10, video=FILM)
    if message is None:
        item, sent = prepare_image(data, ref(data), rule)
        assert sent == data
        assert item.width > item.height
        return
    with pytest.raises(RenderError, match=message) as caught:
        prepare_image(data, ref(data), rule)
    assert (caught.value.code, bool(caught.value.advice)) == ("media-size", True)


def test_a_video_that_cannot_be_read_is_told() -> None:
    """Where its limits are to be checked; not with a traceback."""
    pytest.importorskip("pymediainfo", reason="the extra `video` is not installed")
    for data in (b"\0\0\0\x18ftypmp42" + b"\0" * 100, mp4()[:300], b"\x1aE\xdf\xa3" + b"\xff" * 500):
        with pytest.raises(RenderError, match="no video in it") as caught:
            prepare_image(
                data, ref(data), MediaRule(1, PICTURES, 10, video=replace(FILM, mimes=("video/mp4", "video/webm")))
            )
        assert caught.value.code == "bad-video"


def test_without_the_library_the_limits_of_videos_are_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error that names the extra, not a video that the network refuses at the hour of publishing."""
    monkeypatch.setitem(sys.modules, "pymediainfo", None)
    data = mp4(seconds=2.5)
    with pytest.raises(RenderError, match="cannot be checked here") as caught:
        prepare_image(data, ref(data), MediaRule(1, PICTURES, 10, video=FILM))
    assert caught.value.code == "no-probe"
    assert "presstime[video]" in caught.value.advice


# --- the shape --------------------------------------------------------------------------------------------------------


def striped(width: int, height: int) -> bytes:
    """From black on the left and below to white on the right and above."""
    out = BytesIO()
    image = Image.new("RGB", (width, height))
    for x in range(width):
        for y in range(height):
            image.putpixel((x, y), (x * 255 // (width - 1), 255 - y * 255 // (height - 1), 0))
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("size", "focus", "shape", "middle"),
    [
        ((200, 50), None, (100, 50), (127, 127)),
        ((200, 50), (1.0, 0.0), (100, 50), (191, 127)),
        ((200, 50), (-1.0, 0.0), (100, 50), (64, 127)),
        ((200, 50), (0.25, 0.9), (100, 50), (159, 127)),
        ((50, 200), (0.0, 1.0), (50, 62), (127, 215)),
        ((50, 200), (0.0, -1.0), (50, 62), (127, 39)),
        ((60, 50), (1.0, 1.0), (60, 50), (127, 127)),
    ],
)
def test_a_picture_is_cropped_around_its_focus(
    size: tuple[int, int], focus: tuple[float, float] | None, shape: tuple[int, int], middle: tuple[int, int]
) -> None:
    """Where the network takes no picture so wide or so high: as little goes as can, and what the author pointed at stays."""
    data, rule = striped(*size), MediaRule(1, ("image/png",), 10**6, min_ratio=0.8, max_ratio=2)
    item, sent = prepare_image(data, replace(ref(data), focus=focus), rule)
    image = Image.open(BytesIO(sent))
    assert image.size == (item.width, item.height) == shape
    assert image.getpixel((shape[0] // 2, shape[1] // 2))[:2] == pytest.approx(middle, abs=6)  # type: ignore[index]
    assert (sent == data) == (shape == size)
    assert item.focus == (focus if shape == size else None)


@given(st.integers(1, 400), st.integers(1, 400), st.tuples(st.floats(-1, 1), st.floats(-1, 1)), st.integers(20, 200))
@settings(deadline=None, max_examples=60)
def test_every_picture_gets_a_shape_that_is_taken(
    width: int, height: int, focus: tuple[float, float], side: int
) -> None:
    """Whatever its size, also after it is made smaller."""
    data, rule = (
        picture((width, height)),
        MediaRule(1, ("image/jpeg",), 10**6, max_side=side, min_ratio=0.8, max_ratio=1.91),
    )
    item, _ = prepare_image(data, replace(ref(data), focus=focus), rule)
    assert 0.8 <= item.width / item.height <= 1.91
    assert max(item.width, item.height) <= side


def test_the_same_picture_with_another_focus_is_another_crop() -> None:
    """What is kept for the next channel is kept by focus, too."""
    data, rule = striped(200, 50), MediaRule(1, ("image/png",), 10**6, max_ratio=1)
    left, right = (prepare_image(data, replace(ref(data), focus=(x, 0.0)), rule)[1] for x in (-1.0, 1.0))
    assert left != right


def test_a_picture_too_small_is_not_made_larger() -> None:
    """It is refused, also where it would only become so small to save bytes."""
    with pytest.raises(RenderError, match="40 x 30 pixels, at least 250 a side"):
        made(picture((40, 30)), MediaRule(1, PICTURES, 10**6, min_side=250))
    with pytest.raises(RenderError, match="cannot be brought under"):
        made(noise(300, 300), MediaRule(1, ("image/png",), 20_000, min_side=250))


def test_a_video_goes_alone_where_the_network_wants_it_so() -> None:
    """Beside pictures it is refused before anything is sent; alone it goes."""
    film, still = mp4(), picture()
    rule = MediaRule(4, PICTURES, 10**6, video=MovingRule(("video/mp4",), 10**6, alone=True))
    items = [prepare_image(data, ref(data), rule)[0] for data in (still, film, still)]
    check_mixture(items[1:2], rule, "X")
    check_mixture(items[::2], rule, "X")
    with pytest.raises(RenderError, match="only as the one medium of a message, this post has 3") as caught:
        check_mixture(items, rule, "X")
    assert caught.value.code == "media-mixed"


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
