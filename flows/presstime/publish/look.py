"""What a plan has to look at: everything, or only what may have changed since the last plan of this machine.

A plan depends on Git, the log and the time. What was looked at before and led to nothing leads to nothing again unless one of
them has moved; so every plan leaves behind at which commit, entry and time it was made, and which posts it was not done with.
The next one looks at those, at posts whose files or media differ, at deliveries that the log changed or that are open, and at
what time alone may change. Where that cannot be relied on, everything is looked at, and `why` says so."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from presstime.content.newsroom import Newsroom
from presstime.content.shelf import Memory, Shelf
from presstime.content.stock import NEW
from presstime.ledger.log import Ledger
from presstime.model import Delivery, DeliveryState, JsonObject, Post, digest_of, from_iso, to_iso
from presstime.plan import ON_TIME

MANY = 2000  # deliveries that the log has changed: more are looked at one by one, not all at once


@dataclass(frozen=True)
class Look:
    """Posts, in the order of their paths, and all that the log says of them; `lost` are deliveries of posts that Git does not
    know; `told` are the names of what was missed, is told and over. `why` says why everything was looked at; "": only what may have changed. `data` is to be remembered."""

    posts: list[Post]
    states: dict[Delivery, DeliveryState]
    lost: frozenset[Delivery] = frozenset()
    told: list[str] = field(default_factory=list)
    why: str = ""
    memory: Memory | None = None
    data: JsonObject | None = None


@dataclass(frozen=True)
class Outlook:
    """Chooses for one commit. `engine` is the digest of what renders."""

    newsroom: Newsroom
    ledger: Ledger
    engine: str

    def everything(self, now: datetime) -> Look:
        """All that there is to tell, whatever was looked at before."""
        shelf = self.newsroom.loaded
        if not isinstance(shelf, Shelf):
            return Look(list(shelf.each()), self.ledger.states())
        return self._looked(shelf, *self._unsettled(shelf, now))

    def look(self, now: datetime) -> Look:
        """What may lead to anything, at a time. To be asked with the log just read, within `at_one_commit`."""
        shelf = self.newsroom.loaded
        if not isinstance(shelf, Shelf):
            return self.everything(now)
        head, memory = self.ledger.cache.head().n, shelf.memory()
        data = {"basis": self._basis(shelf), "life": self.ledger.cache.life, "entry": head, "at": to_iso(now)}
        data["commit"] = self.newsroom.commit
        why = memory.why or self._why(memory.data, data)
        look = self._looked(shelf, *(self._unsettled(shelf, now) if why else (self._some(shelf, memory), [])))
        return replace(look, why=why, memory=memory, data=data)

    def _looked(self, shelf: Shelf, ids: Collection[str], told: list[str]) -> Look:
        """The posts of these ids and all that the log says of them, each in the order that everything has."""
        posts = sorted((post for identity in ids if (post := shelf.of_id(identity))), key=shelf.order)
        states = dict(sorted(self._states(ids).items(), key=lambda item: str(item[0])))
        gone = {delivery.post for delivery in states} - {post.id for post in posts}
        unknown = {identity for identity in gone if not shelf.knows(identity)}
        return Look(posts, states, frozenset(d for d in states if d.post in unknown), told)

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

    def _some(self, shelf: Shelf, memory: Memory) -> set[str]:
        """The ids of posts that may lead to something, by what the last plan left and by what has moved since."""
        cache, before = self.ledger.cache, memory.data
        known = (*cache.open(), *cache.changed_since(before["entry"]), *cache.due_after(from_iso(before["at"])))
        ids = {*memory.watched, *memory.stirred, *shelf.timed(before["at"]), *(s.delivery.post for s in known)}
        return ids | self._rivals(self._states(ids).values())

    def _states(self, ids: Iterable[str]) -> dict[Delivery, DeliveryState]:
        return {state.delivery: state for identity in ids for state in self.ledger.cache.of_post(identity)}

    def _rivals(self, states: Iterable[DeliveryState]) -> set[str]:
        """Posts that may hold a slot that one of these was given, too."""
        given = {state.due for state in states if state.slot and not state.begun and state.due}
        return {rival.delivery.post for due in given for rival in self.ledger.cache.due_at(due)}

    # --- everything that is not over ---

    def _unsettled(self, shelf: Shelf, now: datetime) -> tuple[set[str], list[str]]:
        """The ids of everything but posts that are over, those too that only the log knows; and what was missed of the others.
        An archive is looked through without being taken into memory."""
        known = self.ledger.cache.ends()
        for state in self.ledger.cache.due_after(now):
            known[str(state.delivery)] = ""  # what is to come may take a slot
        at, late = to_iso(now), to_iso(now - ON_TIME)
        ids, told = set[str](), list[str]()
        for identity, ends in shelf.ends():
            if not _are_over(ends, known, at, late, told):
                ids.add(identity)
        ids |= {name.partition("/")[0] for name, end in known.items() if not end.startswith(ENDED)}
        return ids, told


ENDED = ("missed", "skipped", "gone")


def _are_over(ends: list[list[str]] | None, known: dict[str, str], at: str, late: str, told: list[str]) -> bool:
    """Whether nothing can come of a post any more, as far as that can be seen at once: each of its deliveries is out and says
    what Git says, or was missed or skipped and told so; these go to `told`. Takes them out of `known`, which is how they ended
    by the log. `late` is so long before the present, `at`, that what was due then is late."""
    if ends is None:
        return False
    over, names = True, list[str]()
    for name, due, content, lapse in ends:
        end = known.pop(name, "")
        missed = end == f"missed {due}" and "" < lapse < at and due < late
        settled = missed or end == f"skipped {due}"
        over = over and due <= at and (settled or end == f"published {content}")
        names += [name] if settled else []
    told += names if over else []
    return over
