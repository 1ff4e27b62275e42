"""What presstime.toml says for ops: [limits] on how much is under way at once, and [alerts], who is told when a person is needed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from presstime.problems import suggest
from presstime.settings.secrets import LOCATOR_ADVICE, is_locator
from presstime.settings.tables import Table


@dataclass(frozen=True, slots=True)
class Alerts:
    """Where to tell it; each names where its secret is. `email` needs `sendgrid`, the key of that service."""

    slack: str | None = None  # the address of an incoming webhook
    webhook: str | None = None  # an address that takes a POST with JSON: {"subject", "body"}
    email: tuple[str, ...] = ()
    sender: str = ""
    sendgrid: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How many deliveries may be under way at once, over all workers, for a network or a channel; no limit where none is set."""

    networks: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[str, int] = field(default_factory=dict)

    def of(self, network: str, channel: str) -> tuple[str, ...]:
        """The names of what a delivery must get a place in."""
        return tuple(name for name in (f"network:{network}", f"channel:{channel}") if name in self.all())

    def all(self) -> dict[str, int]:
        """Every limit by its name."""
        named = {f"network:{name}": limit for name, limit in self.networks.items()}
        return named | {f"channel:{name}": limit for name, limit in self.channels.items()}


def read_alerts(table: Table) -> Alerts:
    found = {}
    for key in ("slack", "webhook", "sendgrid"):
        text = table.text(key)
        if text is not None and not is_locator(text):
            table.error(
                key, "literal-secret", f"alerts.{key} must say where the secret is, not what it is", LOCATOR_ADVICE
            )
        found[key] = text
    email, sender = table.texts("email") or (), table.text("sender") or ""
    if email and not (found["sendgrid"] and sender):
        advice = 'Add sendgrid = "env:SENDGRID_KEY" and sender = "ops@example.com"; or use webhook = "env:..." instead.'
        table.error("email", "missing-key", "alerts.email needs a service that sends them, and a sender", advice)
    table.warn_of_unread()
    return Alerts(email=email, sender=sender, **found)


def read_budget(table: Table) -> dict[str, Decimal]:
    """What a month may cost, by currency (ISO 4217)."""
    found = {}
    for currency in table.names():
        amount = table.take(currency)
        if len(currency) == 3 and currency.isupper() and type(amount) in (int, float) and amount >= 0:
            found[currency] = Decimal(str(amount))
        else:
            table.error(currency, "bad-value", f"budget.{currency} is no amount of a currency", "Write e.g. USD = 25.")
    return found


def read_limits(table: Table, channels: Collection[str], networks: Collection[str]) -> Limits:
    """A number for each name: a channel's, or that of a network which a channel uses."""
    found = Limits({}, {})
    for name in table.names():
        number = table.number(name, 1)
        if number == 0:
            table.error(
                name, "bad-value", f"limits.{name} = 0 would let nothing out", "`presstime pause` stops a channel."
            )
        if name in channels:
            found = Limits(found.networks, {**found.channels, name: number})
        elif name in networks:
            found = Limits({**found.networks, name: number}, found.channels)
        else:
            choices = [*channels, *sorted(networks)]
            message = f"limits.{name} is neither a channel nor the network of one"
            table.error(name, "unknown-channel", message, suggest(name, choices, "names"))
    return found
