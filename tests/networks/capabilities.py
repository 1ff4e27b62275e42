"""What each network can do, as tables from the networks' own `Traits`. README.md has them; `python -m tests.networks.capabilities`
writes them anew."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from presstime import networks
from presstime.model import MediaRule, Price, Settling, TextRule, Traits

README = Path(__file__).parents[2] / "README.md"
MARKS = ("<!-- capabilities -->", "<!-- end of capabilities -->")
NOT_ONE = {"memory"}  # a twin for tests
UNBOUNDED = 1_000_000  # a limit that we set where the network has none
NO = "–"
UNITS = {"weighted": "X's characters", "emoji_bytes": "characters, emoji as bytes", "scalars": "characters"}
SETTLED = {
    Settling.NATURAL: "the same again",
    Settling.CONTAINER: "its container",
    Settling.LOOKUP: "read back",
    Settling.NONE: "a person looks",
}
SIGNS = {"USD": "$"}


def kept_for(traits: Traits) -> str:
    """How long a key is honoured."""
    minutes = int(traits.key_window.total_seconds()) // 60
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def settled(traits: Traits) -> str:
    return f"a key, {kept_for(traits)}" if traits.settling is Settling.KEYED else SETTLED[traits.settling]


def length(rule: TextRule) -> str:
    if rule.limit >= UNBOUNDED:
        return "no limit"
    also = f", {rule.max_bytes:,} bytes" if rule.max_bytes else ""
    return f"{rule.limit:,} {UNITS.get(rule.unit, rule.unit)}{also}"


def text(traits: Traits) -> str:
    beside = f"; {traits.caption.limit:,} with media" if traits.caption else ""
    own = "; or as the channel says" if "characters" in traits.limits else ""
    return f"{length(traits.text)}{beside}{own}"


def pictures(traits: Traits) -> str:
    if not traits.media:
        return NO
    return f"{'1 to ' if traits.media.required else ''}{traits.media.max_count}"


def alt(rule: MediaRule | None) -> str:
    if not rule or rule.alt_limit == 0:
        return NO
    return "yes" if rule.alt_limit is None else f"{rule.alt_limit:,}"


def moving(rule: MediaRule | None) -> str:
    """What of GIFs and films is taken."""
    gif = rule and (rule.animation or "image/gif" in rule.mimes)
    found = [name for name, taken in (("GIF", gif), ("video", rule and rule.video)) if taken]
    return ", ".join(found) or NO


def taken_down(traits: Traits) -> str:
    if not traits.can_retract:
        return NO
    window = traits.retract_window
    return f"for {int(window.total_seconds()) // 3600} h" if window else "yes"


def cost(price: Price | None) -> str:
    if price is None:
        return NO
    sign = SIGNS.get(price.currency, f"{price.currency} ")
    look = f", a look {sign}{price.look:.3f}" if price.look else ""
    return f"{sign}{price.message:.3f}, with a link {sign}{price.with_link:.3f}{look}"


def read_back(traits: Traits) -> str:
    """For settling a lost reply, for seeing drift, or for both."""
    found = [name for name, yes in (("lost replies", traits.can_find), ("drift", traits.can_look)) if yes]
    return "yes" if len(found) == 2 else "".join(found) or NO


def said(yes: bool) -> str:
    return "yes" if yes else NO


def listed(words: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(words)) or NO


COLUMNS: dict[str, Callable[[Traits], str]] = {
    "network": lambda traits: traits.title,
    "a lost reply is settled by": settled,
    "text": text,
    "pictures": pictures,
    "alt text": lambda traits: alt(traits.media),
    "GIF, video": lambda traits: moving(traits.media),
    "own link card": lambda traits: said(traits.card),
    "threads": lambda traits: said(traits.threads),
    "edited": lambda traits: listed(traits.edits),
    "taken down": taken_down,
    "read back": read_back,
    "counted": lambda traits: listed([str(metric) for metric in traits.metrics]),
    "replies": lambda traits: said(traits.can_hear),
    "price": lambda traits: cost(traits.price),
}


WORDS = ("network", "text", "pictures", "alt text", "GIF, video", "own link card", "threads")  # what rendering goes by
BY_HAND = (
    'Rendered, previewed and checked for, and posted by a person (`mode = "assisted"`), not by Presstime yet. Any network above'
    " may be used so, too, where there is no access to its API:"
)


def everything() -> list[Traits]:
    """The traits of all networks, by their titles."""
    found = [networks.load(name).traits for name in networks.BUILT_IN if name not in NOT_ONE]
    return sorted(found, key=lambda traits: traits.title.lower())


def tables(found: Sequence[Traits]) -> str:
    """Of the networks that Presstime sends to, and of the others."""
    sent = [traits for traits in found if networks.can_send(traits.network)]
    others = [traits for traits in found if traits not in sent]
    return f"{table(sent, list(COLUMNS))}\n\n{BY_HAND}\n\n{table(others, WORDS)}"


def table(found: Sequence[Traits], columns: Sequence[str]) -> str:
    rows = [[COLUMNS[name](traits) for name in columns] for traits in found]
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *rows))


def section() -> str:
    """The tables that README.md has now."""
    begin, end = MARKS
    return README.read_text().partition(begin)[2].partition(end)[0].strip()


def main() -> int:
    begin, end = MARKS
    before, _, rest = README.read_text().partition(begin)
    README.write_text(f"{before}{begin}\n\n{tables(everything())}\n\n{end}{rest.partition(end)[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
