"""What a plan has to look at: everything, or only what may have changed since the last plan of this machine.

A plan depends on Git, the log and the time. What was looked at before and led to nothing leads to nothing again unless one of
them has moved; so every plan leaves behind at which commit, entry and time it was made, and which posts it was not done with.
The next one looks at those, at posts whose files or media differ, at deliveries that the log changed or that are open, and at
what time alone may change. Where that cannot be relied on, everything is looked at, and `why` says so."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from presstime.content.newsroom import Newsroom
from presstime.content.shelf import Memory, Shelf
from presstime.content.stock import NEW
from presstime.ledger.log import Ledger
from presstime.model import (
    UNGIVEN,
    Delivery,
    DeliveryState,
    JsonObject,
    Post,
    Status,
    Target,
    digest_of,
    from_iso,
    to_iso,
)
from presstime.plan import Wanted, content_of
from presstime.plan.decide import too_late

MANY = 2000  # deliveries that the log has changed: more are looked at one by one, not all at once


@dataclass(frozen=True)
class Look:
    """Posts, in the order of their paths, and all that the log says of them; `lost` are deliveries of posts that Git does not
    know. `why` says why everything was looked at; "": only what may have changed. `data` is to be remembered."""

    posts: list[Post]
    states: dict[Delivery, DeliveryState]
    lost: frozenset[Delivery] = frozenset()
    why: str = ""
    memory: Memory | None = None
    data: JsonObject | None = None


@dataclass(frozen=True)
class Outlook:
    """Chooses for one commit. `engine` is the digest of what renders."""

    newsroom: Newsroom
    ledger: Ledger
    engine: str

    def everything(self) -> Look:
        """All there is, also what was told before and is over."""
        return Look(list(self.newsroom.loaded.each()), self.ledger.states())

    def look(self, now: datetime) -> Look:
        """What may lead to anything, at a time. To be asked with the log just read, within `at_one_commit`."""
        shelf = self.newsroom.loaded
        if not isinstance(shelf, Shelf):
            return self.everything()
        head, memory = self.ledger.cache.head().n, shelf.memory()
        data = {"basis": self._basis(shelf), "life": self.ledger.cache.life, "entry": head, "at": to_iso(now)}
        data["commit"] = self.newsroom.commit
        why = memory.why or self._why(memory.data, data)
        posts, states = self._unsettled(shelf, now) if why else self._some(shelf, memory)
        states = dict(sorted(states.items(), key=lambda item: str(item[0])))  # as the log's fold has them
        gone = {s.delivery.post for s in states.values()} - {post.id for post in posts}
        unknown = {identity for identity in gone if not shelf.knows(identity)}
        lost = frozenset(d for d in states if d.post in unknown)
        return Look(posts, states, lost, why, memory, data)

    def remember(self, look: Look, unfinished: Collection[str]) -> None:
        """The plan that came of a look is in the log. `unfinished` are the ids of posts that it was not done with."""
        shelf = self.newsroom.loaded
        if isinstance(shelf, Shelf) and look.memory is not None and look.data is not None:
            shelf.remember(look.memory, look.data, unfinished)

    # --- what is known of before ---

    def _basis(self, shelf: Shelf) -> str:
        """The digest of all that changes every delivery at once."""
        return digest_of([shelf.key, self.newsroom.settings_blob, self.newsroom.templates_digest, self.engine])

    def _why(self, before: JsonObject, after: JsonObject) -> str:
        """Why the last plan's memory is of no use now; "" if it is."""
        if not before:
            return NEW
        if before["basis"] != after["basis"]:
            return "presstime.toml, a template or the installed version is another one"
        if before["life"] != after["life"]:
            return "the log's copy on this machine was begun anew"
        if before["at"] > after["at"]:
            return f"the last plan was made at {before['at']}, which is still to come"
        changed = self.ledger.cache.count_since(before["entry"])
        return f"the log has changed {changed} deliveries since the last plan" if changed > MANY else ""

    # --- only some ---

    def _some(self, shelf: Shelf, memory: Memory) -> tuple[list[Post], dict[Delivery, DeliveryState]]:
        """The posts that may lead to something, by what the last plan left and by what has moved since."""
        cache, before = self.ledger.cache, memory.data
        at = from_iso(before["at"])
        known = (*cache.open(), *cache.changed_since(before["entry"]), *cache.due_after(at))
        ids = {*memory.watched, *memory.stirred, *shelf.timed(before["at"]), *(s.delivery.post for s in known)}
        states = self._states(ids)
        ids |= self._rivals(states)
        states |= self._states(ids - {d.post for d in states})
        posts = [post for identity in ids if (post := shelf.of_id(identity))]
        return sorted(posts, key=shelf.order), states

    def _states(self, ids: Iterable[str]) -> dict[Delivery, DeliveryState]:
        return {state.delivery: state for identity in ids for state in self.ledger.cache.of_post(identity)}

    def _rivals(self, states: dict[Delivery, DeliveryState]) -> set[str]:
        """Posts that may hold a slot that one of these was given, too."""
        given = {state.due for state in states.values() if state.slot and not state.begun and state.due}
        return {rival.delivery.post for due in given for rival in self.ledger.cache.due_at(due)}

    # --- everything that is not over ---

    def _unsettled(self, shelf: Shelf, now: datetime) -> tuple[list[Post], dict[Delivery, DeliveryState]]:
        """Everything but posts that are over: looked at one by one, so that an archive needs no memory."""
        posts, ids = [], set[str]()
        states: dict[Delivery, DeliveryState] = {}
        for post in shelf.each():
            ids.add(post.id)
            known = self.ledger.cache.raw_of(post.id)
            if not is_over(post, [orjson.loads(text) for text in known], now):
                posts.append(post)
                states |= self._states([post.id])
        lost = {name.partition("/")[0] for name in self.ledger.cache.names()} - ids
        return posts, states | {d: s for d, s in self._states(lost).items() if s.status not in OVER or s.begun}


OVER = (Status.MISSED, Status.RETRACTED, Status.DROPPED)


def is_over(post: Post, known: list[JsonObject], now: datetime) -> bool:
    """Whether nothing can come of a post any more, as far as that can be seen at once: each of its deliveries is out and says
    what Git says, or was missed and told so. `known` are the states of the log as JSON."""
    if post.status != "ready" or len(known) != len(post.targets):
        return not known and post.status == "draft"
    by_name = {state["delivery"]: state for state in known}
    return all(_is_over(post, target, by_name.get(str(target.of(post.id))), now) for target in post.targets)


def _is_over(post: Post, target: Target, state: JsonObject | None, now: datetime) -> bool:
    if state is None or target.repeat is not None or state["change"] or state["review"] or state["claim"]:
        return False
    if now < target.due != UNGIVEN or not state["due"] or from_iso(state["due"]) > now:
        return False  # what is to come may take a slot
    if state["status"] == Status.PUBLISHED:
        same = state["content"] == content_of(post, target) and state["digest"] in ("", state["sent_digest"])
        return same and not post.retract
    if state["status"] != Status.MISSED or state["due"] != to_iso(target.due):
        return False
    gone = too_late(Wanted(post, target, ""), now)
    return gone is not None and gone.action == "missed"
