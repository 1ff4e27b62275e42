"""Spans count code points; networks count something else. The offsets of a span in UTF-8 bytes or UTF-16 units."""

from presstime.model import Span


def utf8_range(text: str, span: Span) -> tuple[int, int]:
    """Start and end (exclusive) in bytes of UTF-8."""
    start = len(text[: span.start].encode())
    return start, start + len(text[span.start : span.end].encode())


def utf16_range(text: str, span: Span) -> tuple[int, int]:
    """Start and length in UTF-16 code units."""
    return _units(text[: span.start]), _units(text[span.start : span.end])


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
