"""Engines broken on purpose: with each of them the judge must find something, or it proves nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from presstime.ledger.changes import ChangeHandle
from presstime.ledger.claims import Announcement, ClaimHandle, claim
from presstime.pauses import UNHELD
from presstime.publish import send
from presstime.publish.settle import Settlement

Patches = Sequence[tuple[object, str, object]]

CONTROLS: Mapping[str, Patches] = {
    # What is in doubt is sent again without looking.
    "blind resend": [(send, "settle", lambda *args: Settlement("sent again", resend=True))],
    # Nobody looks whether the claim is still good.
    "no fence": [(ClaimHandle, "fence", lambda self: None)],
    # Sends are not announced in the log.
    "no intent": [
        (
            send,
            "claim",
            lambda ledger, delivery, digest, clock, announcement=None, subject=UNHELD: claim(
                ledger, delivery, digest, clock
            ),
        ),
        (ClaimHandle, "intend", lambda self, announcement: None),
    ],
    # The log does not keep what the network was left ahead of a send.
    "no deposit": [(send, "_announcement", lambda order: Announcement(order.segment.index, order.key))],
    # What was edited or taken down is not written down.
    "no record of edits": [
        (ChangeHandle, "edited", lambda self, receipts: None),
        (ChangeHandle, "retracted", lambda self, reason: None),
    ],
    # A worker goes on writing when another one has taken over.
    "no epoch": [
        (ClaimHandle, "_mine", lambda self, view: view(self.delivery)),
        (ClaimHandle, "_is_open", lambda self, view, segment: True),
    ],
}


@contextmanager
def broken(name: str) -> Iterator[None]:
    """The engine with one of its parts taken out."""
    with ExitStack() as stack:
        for owner, attribute, replacement in CONTROLS[name]:
            stack.enter_context(patch.object(owner, attribute, replacement))
        yield
