"""[listen] of presstime.toml: how often what is out is looked at on the networks."""

from dataclasses import dataclass
from datetime import timedelta

from presstime.clock import parse_duration
from presstime.settings.tables import Table


@dataclass(frozen=True, slots=True)
class Listening:
    """What went out less than `hourly` ago is looked at each hour, what is older once in a month; at most `per_hour` requests go to one
    channel in an hour."""

    hourly: timedelta = timedelta(days=7)
    per_hour: int = 20


def read_listening(table: Table) -> Listening:
    rule, text = Listening(), table.text("hourly")
    per_hour = table.number("per_hour", rule.per_hour)
    table.warn_of_unread()
    try:
        return Listening(parse_duration(text) if text else rule.hourly, per_hour)
    except ValueError as error:
        table.error("hourly", "bad-duration", str(error), 'Write e.g. hourly = "7d".')
        return rule
