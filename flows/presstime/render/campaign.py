"""Where readers came from, told to the newsroom's own site: parameters added to its addresses."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

OWN = "utm_"  # how the parameters begin that statistics read


@dataclass(frozen=True, slots=True)
class Campaign:
    """The parameters that a post's links get on one channel: those to `sites` (host names), and no others."""

    sites: frozenset[str]
    parameters: tuple[tuple[str, str], ...]

    def tagged(self, address: str) -> str:
        """The address with the parameters behind its own and before its fragment. One that has some already is left alone:
        somebody chose them, or it was here before."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not self.is_own(parts.hostname or ""):
            return address
        if any(name.startswith(OWN) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
            return address
        whole, sign, fragment = address.partition("#")
        joint = "?" if "?" not in whole else "" if whole.endswith(("?", "&")) else "&"
        return f"{whole}{joint}{urlencode(self.parameters)}{sign}{fragment}"

    def is_own(self, host: str) -> bool:
        return host.removeprefix("www.") in self.sites
