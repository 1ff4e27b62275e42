"""How each network shows a post, near enough to judge the words by: what stands first, where a text is folded, what there is
to press. None of it is documented by the networks; it is what their pages do, seen in 2026, and meant for the eye alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from presstime.model import Metric, Span


@dataclass(frozen=True, slots=True)
class Look:
    """`fold`: letters after which a reader must press for the rest. `media_first`: pictures stand above the words. `signed`: the
    account's name stands before the words. `acts`: what readers may press, with what is counted of it."""

    fold: int | None = None
    more: str = "Show more"
    media_first: bool = False
    signed: bool = False
    acts: tuple[tuple[str, Metric | None], ...] = ()


LIKE, REPLY, SHARE, SAVE = Metric.LIKES, Metric.REPLIES, Metric.SHARES, Metric.SAVES
LOOKS = {
    "bluesky": Look(acts=(("Reply", REPLY), ("Repost", SHARE), ("Like", LIKE))),
    "facebook": Look(480, "See more", acts=(("Like", LIKE), ("Comment", REPLY), ("Share", SHARE))),
    "google_business": Look(120, "Read more", media_first=True),
    "instagram": Look(
        125,
        "more",
        media_first=True,
        signed=True,
        acts=(("Like", LIKE), ("Comment", REPLY), ("Share", SHARE), ("Save", SAVE)),
    ),
    "linkedin": Look(210, "…more", acts=(("Like", LIKE), ("Comment", REPLY), ("Repost", SHARE), ("Send", None))),
    "mastodon": Look(acts=(("Reply", REPLY), ("Boost", SHARE), ("Favourite", LIKE), ("Bookmark", None))),
    "pinterest": Look(50, "more", media_first=True, acts=(("Visit", Metric.CLICKS), ("Save", SAVE))),
    "telegram": Look(acts=(("Views", Metric.VIEWS),)),
    "threads": Look(acts=(("Like", LIKE), ("Reply", REPLY), ("Repost", SHARE), ("Share", None))),
    "x": Look(280, acts=(("Reply", REPLY), ("Repost", SHARE), ("Like", LIKE), ("Views", Metric.VIEWS))),
}
LOOKS["linkedin_member"] = LOOKS["linkedin"]
PLAIN = Look()
SLACK = 30  # letters that are not worth a fold


def look_of(network: str) -> Look:
    return LOOKS.get(network, PLAIN)


def folded(text: str, spans: Sequence[Span], fold: int | None) -> int:
    """Where a text is folded: its length if it is not. Between words, and never within a marked stretch."""
    if fold is None or len(text) <= fold + SLACK:
        return len(text)
    place = text.rfind(" ", 0, fold + 1)
    place = place if place > 0 else fold
    return min([place, *(span.start for span in spans if span.start < place < span.end)]) or fold


def part(spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """The marks of a stretch of text, counted from its beginning."""
    inside = (s for s in spans if s.start < end and s.end > start)
    return tuple(Span(max(s.start, start) - start, min(s.end, end) - start, s.kind, s.value) for s in inside)
