"""Videos for the tests: the headers of an MP4 file (ISO/IEC 14496-12), with hardly anything to show."""

import struct

TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
SCALE = 1000  # units of time in a second


def box(kind: str, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind.encode()) + content


def full(kind: str, *parts: bytes, flags: int = 0) -> bytes:
    """A box with a version, which is 0, and flags."""
    return box(kind, struct.pack(">I", flags), *parts)


def matrix(turn: int) -> bytes:
    a, b, c, d = (value << 16 for value in TURNS[turn])
    return struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)


def mp4(width: int = 640, height: int = 360, seconds: float = 2, fps: int = 25, turn: int = 0) -> bytes:
    """A film of empty pictures."""
    length, count = int(seconds * SCALE), int(seconds * fps)
    visual = struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 72 << 16, 72 << 16, 0, 1, 24, -1)
    avcc = box("avcC", bytes([1, 66, 0, 30, 0xFF, 0xE0, 0]))
    samples = box(
        "stbl",
        full("stsd", struct.pack(">I", 1), box("avc1", visual, avcc)),
        full("stts", struct.pack(">III", 1, count, SCALE // fps)),
        full("stsc", struct.pack(">IIII", 1, 1, count, 1)),
        full("stsz", struct.pack(">II", 4, count)),
        full("stco", struct.pack(">II", 1, 40)),
    )
    data = box("dinf", full("dref", struct.pack(">I", 1), full("url ", flags=1)))
    media = box(
        "mdia",
        full("mdhd", struct.pack(">IIIIHH", 0, 0, SCALE, length, 0x55C4, 0)),
        full("hdlr", struct.pack(">I4s12x", 0, b"vide"), b"\0"),
        box("minf", full("vmhd", bytes(8), flags=1), data, samples),
    )
    track = full(
        "tkhd",
        struct.pack(">IIIII8xhhHH", 0, 0, 1, 0, length, 0, 0, 0, 0),
        matrix(turn),
        struct.pack(">II", width << 16, height << 16),
        flags=3,
    )
    movie = full(
        "mvhd", struct.pack(">IIIIIH10x", 0, 0, SCALE, length, 1 << 16, 256), matrix(0), bytes(24), struct.pack(">I", 2)
    )
    return (
        box("ftyp", b"isom", struct.pack(">I", 512), b"isomavc1mp41")
        + box("mdat", bytes(4 * count))
        + box("moov", movie, box("trak", track, media))
    )
