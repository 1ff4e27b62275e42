"""Deliveries cut into pages that a telephone opens, and into days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from presstime.web.board import Board, Card, Story

ENDLESS = 100_000  # a limit of letters that no author comes near: it is not shown
LINES = 300  # deliveries on one page of a list
Pairs = Sequence[tuple[Story, Card]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a list: its `file`, the days on it, and the pages before and after it ("" for none)."""

    file: str
    days: Mapping[date, Pairs]
    number: int
    of: int
    before: str
    after: str


def sheets(found: Board, pairs: Pairs, stem: str) -> list[Sheet]:
    """A list as pages of some LINES, in its order; what goes out together stays so. One page, if there is nothing."""
    parts: list[list[tuple[Story, Card]]] = [[]]
    for together in by_instant(pairs):
        if len(parts[-1]) >= LINES:
            parts.append([])
        parts[-1] += [(together[0], card) for card in together[1]]
    names = [f"{stem}.html" if n == 0 else f"{stem}-{n + 1}.html" for n in range(len(parts))]
    around = ["", *names, ""]
    return [
        Sheet(names[n], by_day(found, part), n + 1, len(parts), around[n], around[n + 2])
        for n, part in enumerate(parts)
    ]


def by_day(found: Board, pairs: Iterable[tuple[Story, Card]]) -> dict[date, Pairs]:
    """Deliveries by the newsroom's days, in the order in which they come."""
    days: dict[date, list[tuple[Story, Card]]] = {}
    for story, card in pairs:
        days.setdefault(found.local(card.at).date(), []).append((story, card))
    return dict(days)


def by_post(pairs: Pairs) -> list[tuple[Story, list[Card]]]:
    """Deliveries of one day by their posts, each post where its first one is."""
    posts: dict[str, tuple[Story, list[Card]]] = {}
    for story, card in pairs:
        posts.setdefault(story.id, (story, []))[1].append(card)
    return list(posts.values())


def by_instant(pairs: Pairs) -> list[tuple[Story, list[Card]]]:
    """Deliveries by their posts, where they go out together."""
    posts: dict[tuple[str, datetime], tuple[Story, list[Card]]] = {}
    for story, card in pairs:
        posts.setdefault((story.id, card.at), (story, []))[1].append(card)
    return list(posts.values())


def repeats(cards: Iterable[Card]) -> list[tuple[Card, list[Card]]]:
    """Each delivery with the later occurrences of its rule that say the same."""
    groups: dict[object, list[Card]] = {}
    for card in cards:
        said = tuple((message.segment.text, message.segment.media) for message in card.messages)
        once = card.delivery.occurrence == "once"
        why = "" if card.state == "planned" else card.reason  # when it is due, and its number
        key = card.delivery if once else (card.delivery.channel, card.state, why, card.trouble, card.met, said)
        groups.setdefault(key, []).append(card)
    return [(first, others) for first, *others in groups.values()]
