"""What deliveries to come will cost, on networks that charge for each message."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from presstime.ledger.log import Ledger
from presstime.model import Action, Delivery, JsonObject, Price, Segment, Traits, Variant
from presstime.publish.words import Words
from presstime.render.entities import convention_of, links


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one delivery, on a network by the name people know it by: of its `messages` that are not out yet, `with_link` have a URL
    in their words, and cost more."""

    delivery: Delivery
    network: str
    messages: int
    with_link: int
    amount: Decimal
    currency: str  # ISO 4217

    def to_json(self) -> JsonObject:
        return {
            "delivery": str(self.delivery),
            "network": self.network,
            "messages": self.messages,
            "with_link": self.with_link,
            "amount": float(self.amount),
            "currency": self.currency,
        }


def costs_of(actions: Iterable[Action], words: Words, ledger: Ledger) -> list[Cost]:
    """The costs of what is to be sent, now or later, in the order of the plan's actions. Nothing is rendered for it: the plan has
    rendered the words, or the log has them; what is to be planned anew only later (behind another worker, say) is left out.

    Raises `StoreError` or `LedgerError` where the log cannot be read."""
    due = [a for a in actions if a.action in ("publish", "wait") and a.digest]
    charged = [(a, t, t.price) for a in due if (t := _charging(words, a.delivery.channel)) and t.price]
    known = {action.digest: words.known(action.delivery) for action, _, _ in charged}
    said = {digest: variant for digest, variant in known.items() if variant and variant.digest == digest}
    logged = ledger.payloads(known.keys() - said.keys()) if charged else {}
    said |= {digest: Variant.from_json(payload) for digest, payload in logged.items()}
    return [
        cost_of(action.delivery, traits, price, said[action.digest].segments[_out(action, ledger) :])
        for action, traits, price in charged
        if action.digest in said
    ]


def totals(costs: Iterable[Cost]) -> dict[str, float]:
    """What they come to, by currency."""
    found: dict[str, Decimal] = {}
    for cost in costs:
        found[cost.currency] = found.get(cost.currency, Decimal(0)) + cost.amount
    return {currency: float(amount) for currency, amount in sorted(found.items())}


def money(amount: Decimal) -> str:
    """An amount as people write it: two digits after the point, and a third where it says something."""
    return f"{amount:.3f}".removesuffix("0")


def _charging(words: Words, channel: str) -> Traits | None:
    """The network of a channel. Where a person posts, no API is paid."""
    return None if words.assisted(channel) else words.traits(channel)


def _out(action: Action, ledger: Ledger) -> int:
    """How many messages of it are out already."""
    state = ledger.state(action.delivery)
    return len(state.receipts) if state is not None and state.sent_digest == action.digest else 0


def cost_of(delivery: Delivery, traits: Traits, price: Price, segments: tuple[Segment, ...]) -> Cost:
    """What these messages of a delivery cost."""
    linked = sum(_has_link(segment, traits) for segment in segments)
    plain = len(segments) - linked
    amount = plain * Decimal(str(price.message)) + linked * Decimal(str(price.with_link))
    return Cost(delivery, traits.title, len(segments), linked, amount, price.currency)


def _has_link(segment: Segment, traits: Traits) -> bool:
    marked = any(span.kind == "link" for span in segment.spans)
    return marked or bool(links(segment.text, convention_of(traits)))
