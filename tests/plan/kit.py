"""What the plan's tests are written with: a delivery Git wants, what the log says of it, and words that count their calls."""

from datetime import UTC, datetime, timedelta
from typing import Any

from presstime.errors import RenderError
from presstime.model import Action, Claim, Delivery, DeliveryState, Intent, Late, Post, Receipt, Status, Target
from presstime.plan import Situation, Wanted, plan
from presstime.settings import parse_late

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
D = Delivery("launch", "brand")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def ahead(**span: float) -> datetime:
    return NOW + timedelta(**span)


def wanted(
    due: datetime = NOW,
    late: str | Late = "within 2h",
    *,
    post: str = "launch",
    channel: str = "brand",
    source: str = "s1",
    content: str = "",
    **front: Any,
) -> Wanted:
    """A delivery as Git wants it; `front` is what its post says further."""
    target = Target(channel, due, parse_late(late) if isinstance(late, str) else late)
    path = f"posts/{post}.md"
    return Wanted(Post(post, path, "b1", "c1", post, "Body", targets=(target,), **front), target, source, content)


def state(status: Status, **more: Any) -> DeliveryState:
    """A delivery as the log knows it: planned with the digest `d1` from the source `s1`, due now, unless said otherwise."""
    origin = {"blob": "b1"}
    known = {"digest": "d1", "source": "s1", "due": NOW, "path": "posts/launch.md", "origin": origin, **more}
    return DeliveryState(known.pop("delivery", D), status, **known)


def begun(status: Status = Status.SENDING, **more: Any) -> DeliveryState:
    """One with an open intent: a send that may have taken effect."""
    return state(status, **{"intent": Intent(0, "d0", "k", NOW), "sent_digest": "d0", **more})


def partly_out(status: Status, **more: Any) -> DeliveryState:
    """One of which a segment was accepted."""
    return state(status, **{"receipts": (Receipt("1"),), "sent_digest": "d0", **more})


CLAIM = Claim("elsewhere/m/1/1", 1, NOW + timedelta(minutes=1))


class Words:
    """Gives digests, `d1` unless said otherwise, and remembers what was asked; a RenderError given as a digest is raised."""

    def __init__(self, **digests: str | RenderError) -> None:
        self.digests = digests
        self.asked: list[str] = []

    def __call__(self, post: Post, target: Target) -> str:
        self.asked.append(str(Delivery(post.id, target.channel)))
        digest = self.digests.get(post.id, "d1")
        if isinstance(digest, RenderError):
            raise digest
        return digest


def decide(
    item: Wanted | None, known: DeliveryState | None = None, words: Words | None = None, **situation: Any
) -> Action | None:
    """The one action that follows, None if there is none."""
    states = {known.delivery: known} if known else {}
    actions = plan([item] if item else [], Situation(states, **{"now": NOW, **situation}), words or Words())
    assert len(actions) <= 1
    return actions[0] if actions else None


def told(item: Wanted | None, known: DeliveryState | None = None, words: Words | None = None, **situation: Any) -> str:
    """The action and its reason in one line."""
    action = decide(item, known, words, **situation)
    return f"{action.action}: {action.reason}" if action else "nothing"
