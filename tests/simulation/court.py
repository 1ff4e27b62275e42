"""Runs a setup and brings what it left behind before the judge."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from presstime.networks.memory import MemoryPost
from tests.simulation.checker import judge
from tests.simulation.evidence import Evidence, Posted, Verdict
from tests.simulation.faults import SECOND
from tests.simulation.newsroom import START
from tests.simulation.world import Setup, World


@dataclass(frozen=True)
class Trial:
    """One run and what is to be said of it."""

    setup: Setup
    seed: int | str
    world: World
    verdict: Verdict


def try_out(setup: Setup, seed: int | str, choose: Callable[[int], int] | None = None) -> Trial:
    """Run a setup from a seed, and judge."""
    world = World(setup, seed, choose).run()
    return Trial(setup, seed, world, judge(evidence_of(world)))


def evidence_of(world: World) -> Evidence:
    posts, removed = [_posted(p) for p in world.network.posts], [_posted(p) for p in world.network.removed]
    taken = world.network.taken
    return Evidence(
        wanted=world.setup.items,
        history=world.history,
        bodies=[(key, world.bucket.objects[key].body) for key in sorted(world.bucket.objects)],
        posts=posts,
        removed=[post for post in removed if post.id not in taken],
        taken=[post for post in removed if post.id in taken],
        calm=world.setup.calm,
        lag=world.setup.policy.lag * SECOND,
        clocks=world.setup.clocks is not None,
        errors=world.baton.errors,
    )


def _posted(post: MemoryPost) -> Posted:
    at = (post.at - START) // timedelta(microseconds=1)
    return Posted(post.id, str(post.delivery), post.index, post.text, at, post.parent)
