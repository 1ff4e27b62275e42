"""An outline: what a plan needs to know of a post, as it is kept between passes. No words are in it.

What is said is rendered from the post as Git has it (`Posts.whole`), never from an outline."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from presstime.model import UNGIVEN, JsonObject, Late, MediaRef, Post, Repeat, Target, from_iso, to_iso

ALWAYS = "9999"  # sorts behind every instant that there is


def to_json(post: Post) -> JsonObject:
    """What `from_json` reads: the post's times, channels, campaign, media and standing."""
    return {
        "status": post.status,
        "media": [_media_to_json(ref) for ref in post.media],
        "targets": [_target_to_json(target) for target in post.targets],
        "on_partial": post.on_partial,
        "expires_at": post.expires_at and to_iso(post.expires_at),
        "retract": post.retract,
        "again": post.again,
        "campaign": post.campaign,
    }


def from_json(data: JsonObject, identity: str, path: str, blob: str, commit: str | None) -> Post:
    """A post without title and text."""
    return Post(
        id=identity,
        path=path,
        blob=blob,
        commit=commit,
        title="",
        body="",
        status=data["status"],
        media=tuple(map(_media_from_json, data["media"])),
        targets=tuple(map(_target_from_json, data["targets"])),
        on_partial=data["on_partial"],
        expires_at=data["expires_at"] and from_iso(data["expires_at"]),
        retract=data["retract"],
        again=data["again"],
        campaign=data["campaign"],
    )


def ends(post: Post) -> list[list[str]] | None:
    """For each delivery of a post by what one sees that it is over: its name, its instant ("" if it waits for a slot), the
    digest of what it says, and after which instant it is too late for it ("" if it never is, or a person is asked). None: that
    is to be looked at each time."""
    if post.status != "ready" or post.retract or any(target.repeat is not None for target in post.targets):
        return None
    own = post.content_on(post.targets[0]) if post.targets and post.targets[0].media is None else ""
    said = [own if own and t.media is None else post.content_on(t) for t in post.targets]
    return [[f"{post.id}/{t.channel}", _due(t), same, _lapse(t)] for t, same in zip(post.targets, said, strict=True)]


def _due(target: Target) -> str:
    return "" if target.due == UNGIVEN else _iso(target.due)


def _lapse(target: Target) -> str:
    late = target.late
    if late.rule not in ("within", "skip") or target.due == UNGIVEN:
        return ""
    return _iso(target.due + late.window if late.rule == "within" else target.due)


def until(post: Post) -> str:
    """Until when time alone may change what a plan makes of a post: the last of its instants, for ever if it repeats.

    A slot is no such instant: what is given one is in the log."""
    if any(target.repeat is not None for target in post.targets):
        return ALWAYS
    instants = [t.due for t in post.targets if t.due != UNGIVEN]
    instants += [post.expires_at] if post.retract and post.expires_at else []
    return _iso(max(instants)) if instants else ""


def _target_to_json(target: Target) -> list[object]:
    """Without what is said on the channel. A target with nothing particular is short: there are many."""
    late, repeat = target.late, target.repeat
    plain = [target.channel, _iso(target.due), late.rule, late.window.total_seconds(), target.zone]
    media = None if target.media is None else [_media_to_json(ref) for ref in target.media]
    rule = repeat and [repeat.rule, repeat.start.isoformat(), repeat.zone]
    return plain if (media, target.slots, rule) == (None, None, None) else [*plain, media, target.slots, rule]


def _target_from_json(data: list[Any]) -> Target:
    channel, due, rule, window, zone = data[:5]
    media, slots, repeat = data[5:] or (None, None, None)
    return Target(
        channel=_one(channel),
        due=_instant(due),
        late=_late(rule, window),
        media=None if media is None else tuple(map(_media_from_json, media)),
        zone=_one(zone),
        slots=slots,
        repeat=repeat and Repeat(repeat[0], datetime.fromisoformat(repeat[1]), repeat[2]),
    )


@lru_cache(maxsize=256)
def _one(text: str) -> str:
    """The same string for every post: names of channels and zones."""
    return text


@lru_cache(maxsize=64)
def _late(rule: Any, window: float) -> Late:
    return Late(rule, timedelta(seconds=window))


_iso = lru_cache(maxsize=8)(to_iso)  # most posts have one instant for all their channels


@lru_cache(maxsize=8)
def _instant(text: str) -> datetime:
    return from_iso(text)


def _media_to_json(ref: MediaRef) -> list[object]:
    return [ref.path, ref.blob, ref.size, ref.alt, ref.caption, ref.focus]


def _media_from_json(data: list[Any]) -> MediaRef:
    path, blob, size, alt, caption, focus = data
    return MediaRef(path, blob, size, alt, caption, focus and (focus[0], focus[1]))
