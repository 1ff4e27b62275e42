"""What stands on a network in the place of what was sent, message by message."""

import re
from collections.abc import Sequence

from presstime.errors import NetworkError, Unsupported
from presstime.model import Receipt, Seen, Variant, digest_of
from presstime.networks.base import Adapter, Order

# Words of anybody's: what would drive a terminal, or turn the direction of a line, is left out of what is shown.
UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
KEPT = 2000  # characters of the words that the log keeps; beyond them the digest tells


def look_at(adapter: Adapter, variant: Variant, receipts: Sequence[Receipt]) -> tuple[Seen, ...]:
    """Where the messages of these receipts are not as the variant has them; nothing where all are. One question for each of them.

    Raises `NetworkError` where the network cannot tell, or not now: that something is gone is only ever its own word."""
    found = []
    for n, receipt in enumerate(receipts):
        segment = variant.segments[n]
        key = digest_of([str(variant.delivery), variant.digest, n])
        order = Order(variant.delivery, variant, segment, key, variant.at, tuple(receipts[:n]))
        try:
            sighting = adapter.look(order, receipt)
        except Unsupported as error:
            raise NetworkError(error.message, error.advice, needs_person=True, alone=True) from error
        if sighting is None:
            found.append(Seen(n, None))
        elif sighting.changed:
            found.append(Seen(n, UNSAFE.sub("", sighting.text)[:KEPT], digest_of(sighting.text.encode())))
    return tuple(found)
