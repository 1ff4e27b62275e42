"""The cheap plan is the whole plan: whatever happens to Git, to the log and to the time, looking only at what may have changed
gives the actions and the log that looking at everything gives."""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.publish.pair import Pair

CHANGES: list[Callable[[Pair, int, int, int], None]] = [
    Pair.add,
    Pair.add,
    Pair.add,
    Pair.edit,
    Pair.move,
    Pair.delete,
    Pair.change_id,
    Pair.draft,
    Pair.spoil,
    Pair.restore,
    Pair.picture,
    Pair.settings,
    Pair.template,
    Pair.post_by_hand,
    Pair.nothing,
    Pair.rewrite,
    Pair.stop,
    Pair.stop,
    Pair.let_go,
    Pair.order,
    Pair.meddle,
    Pair.forget,
]
# What is done after the changes: planned only, planned and acted on, or acted on by another worker first.
WORK = (("plan",), ("pass",), ("elsewhere", "plan"), ("elsewhere", "pass"))
numbers = st.integers(0, 47)
changes = st.tuples(st.sampled_from(CHANGES), numbers, numbers, numbers)
steps = st.tuples(st.lists(changes, max_size=3), st.sampled_from([0, 1, 3, 31, 500, 1500]), st.sampled_from(WORK))


Story = list[tuple[list[tuple[Callable[[Pair, int, int, int], None], int, int, int]], int, tuple[str, ...]]]


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=2, max_size=8))
def test_what_is_looked_at_is_all_that_matters(story: Story) -> None:
    """Whatever is added, changed, renamed, moved, deleted, restored or rewritten in Git, while time passes, people pause, resume, skip, retry and withdraw, posts are changed on the networks, deliveries go out
    and another worker does some of it: the cheap plan and the whole plan come to the same actions, the same log and the same
    words on the networks."""
    with TemporaryDirectory(prefix="presstime-cheap-") as name:
        pair = Pair(Path(name) / "newsroom")
        for happening, minutes, work in story:
            for change, *given_numbers in happening:
                change(pair, *given_numbers)
            pair.commit()
            pair.pass_time(minutes)
            for what in (*work, work[-1]):  # again at the same time: nothing is new but what the pass itself wrote
                pair.check(what != "plan", what == "elsewhere")
        assert pair.cheap.explained() == pair.whole.explained()
        shutil.rmtree(pair.folder.path)
