"""The port every network is reached through. An adapter translates, nothing else: no loop, no retry, no clock of its own.

A module in this folder that serves a network defines a `Composer`, which can say what would be sent, or an `Adapter`, which
can send it as well. Facts about the network are in its `traits`; `compose` turns a rendered segment into the network's own
request (pure, so that preview, digest and send are one); `prepare`, `deposit`, `send`, `find`, `look`, `edit`, `retract`,
`metrics`, `replies`, `identity` and `limits` are the calls that reach the network.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol

from presstime.errors import NetworkError, Unsupported
from presstime.model import (
    Attachment,
    Channel,
    Delivery,
    Identity,
    Json,
    JsonObject,
    Metric,
    Outcome,
    Receipt,
    Refused,
    Reply,
    Secret,
    Segment,
    Sighting,
    Traits,
    Variant,
)
from presstime.networks.oauth import OAuth

ReadBytes = Callable[[Attachment], bytes]
AddressOf = Callable[[Attachment, bytes], str]
Renew = Callable[[Secret], Secret | None]
GONE = "gone"  # the code of `Refused`, where the message that was to be edited is not there any more


def by_hand(receipt: Receipt) -> bool:
    """Whether a person gave the receipt: of what they posted or found themselves, nothing but the address is known."""
    return receipt.id == receipt.url and receipt.id.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Order:
    """One segment to be sent now. `key` is the idempotency key: the same for every try of the same segment of the same
    digest, 64 hex digits. `previous` are the receipts of the earlier segments, `media` what `prepare` returned, `deposit` what
    `deposit` did: while settling, as the log has it from before the send."""

    delivery: Delivery
    variant: Variant
    segment: Segment
    key: str
    at: datetime  # the nominal instant, part of the payload where a network wants one
    previous: tuple[Receipt, ...] = ()
    media: Mapping[str, Json] = field(default_factory=dict)
    deposit: Mapping[str, Json] = field(default_factory=dict)


class Composer(ABC):
    """What a network can do and how it is told: enough to render, preview and check for it."""

    traits: ClassVar[Traits]
    oauth: ClassVar[OAuth | None] = None  # how an account is logged in to; of the networks here, see oauth.py
    login: ClassVar[str] = (
        "a token of the account, as its settings there show it"  # what a person is asked for, where there is none
    )

    @staticmethod
    @abstractmethod
    def compose(variant: Variant, segment: Segment) -> JsonObject:
        """The network's request for this segment, as JSON values, but for what only the network can tell. Pure.

        Raises `Unsupported` for what the network cannot express."""


class Keeps(Protocol):
    """A place on this machine that only its owner reads: "" where nothing is kept. Neither way raises anything."""

    def read(self) -> str: ...

    def write(self, value: str) -> None: ...


class Adapter(Composer):
    """A network, seen through one channel's account.

    `send`, `edit` and `retract` return an `Outcome` and raise nothing for what a network may answer. The others raise
    `NetworkError`: they change nothing that readers see, so they may simply be tried again.

    `address_of` puts a file where the network can fetch it and gives its public address, for those whose traits say
    `public_media`; it raises `NetworkError` where there is no such place. `renew` gives a credential in place of one that the
    network does not take any more, or None where there is no way to; it raises `NetworkError` where it went wrong, which the
    outcome then tells. `keep` is where a login may stay for the next pass. Whoever makes the adapter sets them.
    """

    address_of: AddressOf | None = None
    renew: Renew | None = None
    keep: Keeps | None = None

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        self.channel = channel
        self.secret = secret

    def public_address(self, item: Attachment, content: bytes) -> str:
        """Where the network can fetch a file. Raises `NetworkError`, for a person, where there is no such place."""
        if self.address_of is None:
            raise NetworkError(
                f"{self.traits.title} fetches {item.path} itself, from a public address, and there is none to put it at",
                "Keep the audit log in an S3 bucket that can be reached from outside, or leave the picture out.",
                needs_person=True,
            )
        return self.address_of(item, content)

    def prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        """Everything that can be done ahead and that readers do not see: log in, upload media. Returns what `send` needs,
        media by attachment digest. Safe to repeat. Raises `NetworkError`."""
        return {}

    def deposit(self, order: Order) -> Mapping[str, Json]:
        """Leave with the network, unseen by readers, what `send` will publish (a container), where it works in two steps.
        Returns what names it: the log keeps it before the send, so that settling can ask for it. Each call leaves a new one,
        unless the order's own `deposit` names one that was left for an earlier try, and that can still be published. Raises
        `NetworkError`."""
        return {}

    @abstractmethod
    def send(self, order: Order) -> Outcome:
        """Send one segment, once: at most one request that readers could see."""

    def find(self, order: Order) -> Receipt | Refused | None:
        """Read back whether this segment is there: its receipt, None for "not found", or `Refused` where the network took it
        and then turned it down. Raises `NetworkError` if the network cannot be asked or does not know yet, `Unsupported`
        where this message cannot be."""
        raise NotImplementedError(f"{self.traits.network} declares can_find=False")

    def look(self, order: Order, receipt: Receipt) -> Sighting | None:
        """What stands where `receipt` points, held to what `order` says: None where it is certainly not there any more. What
        is in doubt is not gone, and not changed. Raises `NetworkError` where the network does not answer or does not let us
        look, which says nothing of the message; `Unsupported` where there is no way to look: at this network, or at a message
        of which a person gave the address only (see `by_hand`). Sooner than `traits.visible_after` a message may not show yet."""
        raise Unsupported(f"{self.traits.title} does not let a message be read back")

    def edit(self, order: Order, receipt: Receipt) -> Outcome:
        """Make the message of `receipt` say what `order` says, once what `traits.edits` allows differs. Doing it again
        changes nothing. `Accepted` has the receipt as it is afterwards; a message that is not there any more is `Refused`."""
        raise NotImplementedError(f"{self.traits.network} declares no edits")

    def retract(self, order: Order, receipt: Receipt) -> Outcome:
        """Take the message of `receipt` down. A message that is gone already is `Accepted`, too, with the same receipt."""
        raise NotImplementedError(f"{self.traits.network} declares can_retract=False")

    def identity(self) -> Identity:
        """Whose credentials these are. Raises `NetworkError`, with `needs_person` if they are refused; `Unsupported` where there
        is no way to ask."""
        raise Unsupported(f"{self.traits.title} does not tell whose credentials these are", "Look there yourself.")

    def limits(self) -> Mapping[str, int]:
        """The limits that the server says it has, by the names of `model.LIMITS`: what a channel's own `limits` should say.
        Nothing where it does not tell. Raises `NetworkError`."""
        return {}

    def metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        """What the network counts of a message now: some of those that `traits.metrics` names. Raises `NetworkError`."""
        raise NotImplementedError(f"{self.traits.network} declares no metrics")

    def replies(self, receipt: Receipt) -> Iterable[Reply]:
        """What readers answered to a message, its own replies to itself left out; in any order. Raises `NetworkError`."""
        raise NotImplementedError(f"{self.traits.network} declares can_hear=False")

    def planned(self, order: Order) -> JsonObject:
        """The request as it was planned: the segment's payload, composed anew only where none was kept."""
        return order.segment.payload or self.compose(order.variant, order.segment)

    def close(self) -> None:
        """Give back connections."""
