"""What a file is, told by its first bytes: a name proves nothing."""

JPEG, PNG, WEBP, GIF, AVIF, SVG = "image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/svg+xml"
HEIC = "image/heic"
STARTS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
BRANDS = {b"avif": AVIF, b"avis": AVIF, b"heic": HEIC, b"heix": HEIC, b"mif1": HEIC, b"qt  ": "video/quicktime"}


def mime_of(data: bytes) -> str | None:
    """A picture's or video's type by the signature that its format's specification gives; None for anything else."""
    for start, mime in STARTS:
        if data.startswith(start):
            return mime
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":  # ISO base media (ISO/IEC 14496-12): the brand follows
        return BRANDS.get(data[8:12], "video/mp4")
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return SVG if head.startswith((b"<svg", b"<?xml")) and b"<svg" in head else None
