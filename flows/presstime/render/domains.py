"""The top-level domains of the Internet, as data (tlds.txt names its source and date)."""

from functools import lru_cache
from pathlib import Path

MAX_LABEL = 63  # octets of one label in its ASCII form, RFC 1035 section 2.3.4
MAX_NAME = 253  # octets of a whole name as text


@lru_cache(maxsize=1)
def top_level() -> frozenset[str]:
    """Every top-level domain in lower case, internationalised ones in both their forms."""
    lines = Path(__file__).with_name("tlds.txt").read_text(encoding="ascii").splitlines()
    names = {name for line in lines if not line.startswith("#") for name in line.split()}
    return frozenset(names | {_unicode(name) for name in names if name.startswith("xn--")})


def _unicode(name: str) -> str:
    return name.removeprefix("xn--").encode("ascii").decode("punycode")


def is_domain(name: str) -> bool:
    """Whether a name has a dot, and ends in a top-level domain that exists."""
    _, dot, last = name.rpartition(".")
    return bool(dot) and last.lower() in top_level()


def fits_dns(name: str) -> bool:
    """Whether every label of a host name fits into 63 octets once it is in ASCII (RFC 3492 for what is not). A label that
    says it is in ASCII already and is not fits nowhere."""
    labels = name.split(".")
    return all(0 < ascii_length(label) <= MAX_LABEL and (label.isascii() or label[:4] != "xn--") for label in labels)


def ascii_length(label: str) -> int:
    """The length of a label in its ASCII form."""
    if label.isascii():
        return len(label)
    return len("xn--") + len(label.lower().encode("punycode"))
