"""What goes wrong, as scripted: which requests, how often, and how."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from fnmatch import fnmatch
from pathlib import Path

from presstime.errors import UsageError
from presstime.model import Json, JsonObject

KINDS = {
    "429": "too many requests, until `seconds` from now, said as the network says it",
    "401": "credentials refused",
    "expired": "a token or session that ran out",
    "forbidden": "the account, the app or its permission was withdrawn",
    "refused": "what was sent is refused for good, as a picture the network cannot read",
    "5xx-before": "the server fails, and accepted nothing",
    "5xx-after": "the server accepts, then fails",
    "drop-before": "the connection breaks, and nothing was accepted",
    "drop-after": "the server accepts, then the connection breaks without an answer",
    "slow": "the answer takes `seconds`",
    "processing": "an uploaded file or a container is not finished at once (Mastodon, Instagram, Threads)",
}


@dataclass(slots=True)
class Fault:
    """One scripted fault. Without a `path` it hits the requests that readers would see the effect of; `path` is a pattern
    (`*` for anything) of the path below the network's prefix. It begins at the `nth` request that matches."""

    network: str
    kind: str
    account: str | None = None
    path: str | None = None
    nth: int = 1
    times: int = 1
    seconds: float = 60.0

    def matches(self, network: str, accounts: tuple[str, ...], path: str, visible: bool) -> bool:
        if self.network != network or (self.account is not None and self.account not in accounts):
            return False
        return visible if self.path is None else fnmatch(path, self.path)


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, data: Json) -> int:
        """Add one fault or a list of them, as JSON. Returns how many. Raises `UsageError` for what is not a fault."""
        found = [_read(item) for item in (data if isinstance(data, list) else [data])]
        self.waiting += found
        return len(found)

    def take(self, network: str, accounts: tuple[str, ...], path: str, visible: bool) -> Fault | None:
        """The fault that hits this request, if any."""
        return self._take(lambda f: f.kind != "processing" and f.matches(network, accounts, path, visible))

    def take_processing(self, network: str, account: str) -> bool:
        """Whether this upload is one that takes its time."""
        return self._take(lambda f: f.kind == "processing" and f.matches(network, (account,), "", True)) is not None

    def _take(self, hits: Callable[[Fault], bool]) -> Fault | None:
        for fault in self.waiting:
            if not hits(fault):
                continue
            if fault.nth > 1:
                fault.nth -= 1
                continue
            fault.times -= 1
            if fault.times < 1:
                self.waiting.remove(fault)
            return fault
        return None


def _read(item: Json) -> Fault:
    known = {f.name for f in fields(Fault)}
    if not isinstance(item, dict) or not {"network", "kind"} <= item.keys() or not item.keys() <= known:
        raise UsageError(
            f"not a fault: {json.dumps(item)[:200]}", f"It has a network, a kind, and of {', '.join(sorted(known))}."
        )
    if item["kind"] not in KINDS:
        raise UsageError(f"there is no fault {item['kind']!r}", f"Known: {', '.join(KINDS)}.")
    numbers: JsonObject = {name: item[name] for name in ("nth", "times", "seconds") if name in item}
    if not all(isinstance(value, int | float) and value >= 0 for value in numbers.values()):
        raise UsageError(f"nth, times and seconds are numbers, not {numbers}")
    return Fault(**item)


def load(text: str) -> Json:
    """Faults from JSON, or from the file of that name. Raises `UsageError`."""
    try:
        return json.loads(text if text.lstrip().startswith(("[", "{")) else Path(text).read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"faults cannot be read: {error}", "Give a JSON list, or a file that holds one.") from error
