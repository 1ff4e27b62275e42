"""Addresses: which a reader may follow, and when a link's words already say where it leads."""

import re
from urllib.parse import urljoin, urlsplit

import regex

# An address as people paste it, up to the punctuation of the sentence it stands in; brackets only in pairs.
ADDRESS = regex.compile(
    r"(?i)https?://(?:[^\s<>()\[\]\"'`|\\^{}«»“”„]|'(?=\w)|\((?:[^\s<>()]*)\))+(?<![.,;:!?*_~'])", regex.VERSION1
)
SAFE_SCHEMES = ("http://", "https://", "mailto:")


def followed(href: str, base: str | None) -> str | None:
    """The full address of a link, seen from the page `base`; None if it leads nowhere a reader could go."""
    href = href.strip()
    try:
        address = urljoin(base, href) if base and not href.startswith("#") else href
        urlsplit(address)
    except ValueError:  # such as a bracket that is never closed
        return None
    return address if address.lower().startswith(SAFE_SCHEMES) else None


def says(words: str, address: str) -> bool:
    """Whether the words of a link are its address, written in full or shortened as people do."""
    return _bare(words) == _bare(address)


def _bare(address: str) -> str:
    return re.sub(r"^(https?://|mailto:)?(www\.)?", "", address.strip(), flags=re.IGNORECASE).rstrip("/")
