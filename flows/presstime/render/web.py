"""Addresses: which a reader may follow, and when a link's words already say where it leads."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import regex

from presstime.render.campaign import Campaign

# An address as people paste it, up to the punctuation of the sentence it stands in; brackets only in pairs.
ADDRESS = regex.compile(
    r"(?i)https?://(?:[^\s<>()\[\]\"'`|\\^{}«»“”„]|'(?=\w)|\((?:[^\s<>()]*)\))+(?<![.,;:!?*_~'])", regex.VERSION1
)
SAFE_SCHEMES = ("http://", "https://", "mailto:")


@lru_cache(maxsize=1024)
def followed(href: str, base: str | None) -> str | None:
    """The full address of a link, seen from the page `base`; None if it leads nowhere a reader could go."""
    href = href.strip()
    try:
        address = urljoin(base, href) if base and not href.startswith("#") else href
        urlsplit(address)
    except ValueError:  # such as a bracket that is never closed
        return None
    return address if address.lower().startswith(SAFE_SCHEMES) else None


@dataclass(frozen=True, slots=True)
class Links:
    """What becomes of the links of a text: they are seen from the page `base`, and may be counted for a campaign. Those that
    begin with `mentions` name an account of the network, and are for it to understand."""

    base: str | None = None
    campaign: Campaign | None = None
    mentions: str = ""

    def follow(self, href: str) -> str | None:
        """The full address a reader is led to; None if it leads nowhere a reader could go."""
        if self.mentions and href.startswith(self.mentions):
            return href
        address = followed(href, self.base)
        return self.campaign.tagged(address) if address and self.campaign else address

    def picture(self, source: str) -> str | None:
        """The full address of a picture: nobody comes to the site by it."""
        return followed(source, self.base)


def says(words: str, address: str) -> bool:
    """Whether the words of a link are its address, written in full or shortened as people do."""
    return _bare(words) == _bare(address)


def _bare(address: str) -> str:
    return re.sub(r"^(https?://|mailto:)?(www\.)?", "", address.strip(), flags=re.IGNORECASE).rstrip("/")
