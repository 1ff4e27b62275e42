"""What is due after the end of its channel's access: told ahead, by `check` of posts and by `plan` and `status` of deliveries."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from presstime.clock import format_local
from presstime.model import UNGIVEN, Action, Post, Problem
from presstime.problems import Place

SOON = timedelta(days=14)  # before its end, access that nothing renews is a matter for a person


def ending_problems(
    posts: Iterable[Post],
    ends: Mapping[str, datetime],
    now: datetime,
    zone: str,
    place_of: Callable[[Post], Place] = lambda post: (1, 1),
) -> Iterator[Problem]:
    """A warning for each post that is due on a channel whose access ends before. Repeated posts and those that wait for a slot are
    the plan's to tell: it knows their times."""
    for post in posts:
        found = [
            (target, ends[target.channel])
            for target in post.targets
            if post.status == "ready" and target.channel in ends and target.repeat is None
            if max(now, ends[target.channel]) < target.due < UNGIVEN
        ]
        for target, end in found:
            message = (
                f"on channel {target.channel}: access to the account ends on {format_local(end, zone)}, before this goes out on "
                f"{format_local(target.due, zone)}"
            )
            yield Problem(post.path, *place_of(post), "warning", "access-ends", message, _advice(target.channel))


def ending_warnings(actions: Iterable[Action], ends: Mapping[str, datetime], now: datetime, zone: str) -> Iterator[str]:
    """A sentence for each channel whose access has ended, ends soon, or ends before something that is planned for it."""
    waiting: dict[str, list[Action]] = {}
    for action in actions:
        channel, end = action.delivery.channel, ends.get(action.delivery.channel)
        if end is not None and action.action in ("wait", "publish") and action.due and action.due >= end:
            waiting.setdefault(channel, []).append(action)
    for channel, end in sorted(ends.items()):
        late = waiting.get(channel, [])
        if not late and end - now >= SOON:
            continue
        when = f"access of channel {channel!r} {'ended' if end <= now else 'ends'} on {format_local(end, zone)}"
        first = f", before {_count(late)}: {late[0].delivery} is the first" if late else ""
        yield f"{when}{first}. {_advice(channel)}"


def _count(late: list[Action]) -> str:
    return "1 delivery" if len(late) == 1 else f"{len(late)} deliveries"


def _advice(channel: str) -> str:
    return f"Run `presstime channels login {channel}` before, and write the new date into presstime.toml if one stands there."
