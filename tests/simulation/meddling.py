"""People behind the newsroom's back: they change and remove posts on the network itself; workers look, and a person decides."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from presstime.errors import LedgerError, StoreError, UsageError
from presstime.feedback.listen import Listener
from presstime.feedback.turns import SETTLED
from presstime.ledger.drift import is_news, keep_by_hand, undo_by_hand
from presstime.model import Delivery, DeliveryState, Seen, Status
from presstime.networks.base import Adapter
from presstime.networks.memory import MemoryPost
from presstime.settings.listening import Listening
from tests.simulation.baton import Killed
from tests.simulation.ends import SimAdapter
from tests.simulation.faults import MINUTE
from tests.simulation.machine import Machine

if TYPE_CHECKING:
    from tests.simulation.world import Decider, Meddler, Worker, World

MEDDLED = "somebody else's words"
QUIET_AFTER = int(
    1.5 * SETTLED.total_seconds() * 1e6
)  # after the last meddling: what was put back is looked at once more


def meddle(world: "World", meddler: "Meddler") -> None:
    """At its time, if the message is there then."""
    world.baton.wait(meddler.at - world.baton.now)
    post = _post_of(world, meddler)
    if post is None:
        return
    name = f"{meddler.delivery} {meddler.segment}"
    world.tell("meddler", "meddled", name, {"does": meddler.does, "post": post.id})
    if meddler.does == "alter":
        world.network.alter(post.id, f"{MEDDLED} {world.baton.now}")
        return
    world.network.remove(post.id)
    world.network.taken.add(post.id)
    if meddler.does == "hide":
        world.baton.wait(meddler.after)
        later = [p for p in world.network.removed if (p.delivery, p.index) == (post.delivery, post.index)]
        if _post_of(world, meddler) is None and later[-1] is post:  # else it stood there anew
            world.network.taken.remove(post.id)
            world.network.removed.remove(post)
            world.network.posts.append(post)
            world.tell("meddler", "meddled", name, {"does": "put back", "post": post.id})


def _post_of(world: "World", meddler: "Meddler") -> MemoryPost | None:
    found = [p for p in world.network.posts if (p.delivery, p.index) == (meddler.delivery, meddler.segment)]
    return found[-1] if found else None


def decide(world: "World", decider: "Decider", name: str) -> None:
    """Look now and then, and decide on each drift; what was to be sent again and left Git meanwhile is let be, as the plan advises."""
    machine = Machine(name)
    item = next(item for item in world.setup.items if item.delivery == decider.delivery)
    while not world.expired():
        world.baton.wait(2 * MINUTE)
        worker = world.boot(machine, name)
        try:
            worker.ledger.catch_up()
            state = worker.ledger.state(decider.delivery)
            if state is not None and state.is_lost and item.says(world.baton.now) is None:
                keep_by_hand(worker.ledger, decider.delivery, worker.process.now, name, "x")
            if state is None or state.drift is None or not state.drift.open:
                continue
            worker.process.pass_time(decider.after)
            wish = decider.does if decider.does != "toss" else world.chance.choice(("accept", "undo"))
            worker.ledger.catch_up()
            _say(worker, decider, name, wish)
        except (StoreError, LedgerError, UsageError, Killed):
            continue
        finally:
            worker.ledger.cache.close()


def _say(worker: "Worker", decider: "Decider", name: str, wish: str) -> None:
    ledger, clock, delivery = worker.ledger, worker.process.now, decider.delivery
    if wish == "undo":
        try:
            undo_by_hand(ledger, delivery, clock, name, "x")
            return
        except UsageError:
            pass  # a part of a thread is gone
    keep_by_hand(ledger, delivery, clock, name, "x")


class Ear(Listener):
    """The real one, which also tells what it found to be as the log has it."""

    def _seen(self, adapter: Adapter, state: DeliveryState) -> tuple[Seen, ...]:
        seen = super()._seen(adapter, state)
        if not is_news(state, seen):
            self.adapter.heard.add(state.delivery)  # type: ignore[attr-defined]
        return seen


@dataclass
class Adapters:
    """Gives a worker's adapters; `heard` is what was looked at in this round, and is as the log says."""

    worker: "Worker"
    heard: set[Delivery] = field(default_factory=set)

    def __call__(self, channel: str) -> Adapter:
        return SimAdapter(self.worker.world, self.worker.process, channel)


def listen(worker: "Worker") -> None:
    """A round of looking, and as often as there are passes. Raises `StoreError`."""
    words, adapters = worker.world.words, Adapters(worker)
    Ear(worker.ledger, worker.timing, words.channels, words.traits, adapters, Listening()).round()
    worker.heard = adapters.heard


def is_over(worker: "Worker", state: DeliveryState) -> bool:
    """Whether nobody meddles any more, and what they did was seen, decided and done."""
    last = max(m.at + m.after for m in worker.world.setup.meddlers)
    if worker.world.baton.now < last + QUIET_AFTER:
        return False
    if state.review:
        return True
    if state.lost:
        return False
    decided = state.drift is None or state.drift.kept
    return state.status is not Status.PUBLISHED or (decided and state.delivery in worker.heard)
