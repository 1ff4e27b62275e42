"""The plan for what is out: edited, taken down or left, by what its post says now and what its network can."""

from dataclasses import replace
from datetime import timedelta

import pytest

from presstime.errors import RenderError
from presstime.model import Action, Change, Delivery, DeliveryState, Post, Receipt, Status, Target, Traits
from presstime.networks.memory import TRAITS
from presstime.plan import Difference, Gone, Situation, plan
from tests.plan.kit import CLAIM, NOW, Words, ago, ahead, partly_out, wanted

EDITS = replace(TRAITS, title="Square", edits=frozenset({"text", "media"}), can_retract=True)
FIXED = replace(TRAITS, title="Stone", edits=frozenset(), can_retract=True)
FOR_EVER = replace(TRAITS, title="Granite", edits=frozenset(), can_retract=False)
REMOVED = Gone("its file was removed", retract=True)


def published(**more: object) -> DeliveryState:
    return partly_out(Status.PUBLISHED, **{"sent_digest": "d1", "done": NOW, "content": "c1", **more})


class Compare:
    """Says how what is out differs, and remembers that it was asked."""

    def __init__(self, *parts: str, digest: str = "d2", error: RenderError | None = None) -> None:
        self.parts, self.digest, self.error, self.asked = frozenset(parts), digest, error, 0

    def __call__(self, post: Post, target: Target, state: DeliveryState) -> Difference:
        self.asked += 1
        if self.error:
            raise self.error
        return Difference(self.digest, self.parts)


def one(item: object, known: DeliveryState, traits: Traits | None = EDITS, **situation: object) -> Action | None:
    given = {"now": NOW, "traits": lambda channel: traits, **situation}
    actions = plan([item] if item else [], Situation({known.delivery: known}, **given), Words())  # type: ignore[arg-type, list-item]
    assert len(actions) <= 1
    return actions[0] if actions else None


def told(item: object, known: DeliveryState, traits: Traits | None = EDITS, **situation: object) -> str:
    action = one(item, known, traits, **situation)
    return f"{action.action}: {action.reason}" if action else "nothing"


CHANGED = wanted(content="c2")


# --- edits ------------------------------------------------------------------------------------------------------------


def test_a_changed_post_is_edited() -> None:
    """What readers would see change is named, and the edit is for the new words."""
    action = one(CHANGED, published(), compare=Compare("text", "media"))
    assert action is not None
    assert (action.action, action.digest) == ("edit", "d2")
    assert action.reason == "changed in Git after it was published: the words and the pictures"


def test_a_post_that_looks_the_same_has_no_action() -> None:
    """A change of the file that no reader of this channel would see is no edit."""
    assert told(CHANGED, published(), compare=Compare()) == "nothing"


@pytest.mark.parametrize("due", [ago(days=9), ahead(days=9)])
def test_a_moved_time_moves_nothing_that_is_out(due: object) -> None:
    """A new publish_at after publication neither edits nor publishes again."""
    assert told(wanted(due, content="c2"), published(), compare=Compare()) == "nothing"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "traits", "why"),
    [
        (("text",), FIXED, "Stone changes nothing that is out"),
        (("text", "page"), EDITS, "Square cannot change the title, link or tags"),
        (("thread",), EDITS, "it would be another number of messages"),
        (("text",), None, "its channel is not there any more"),
    ],
)
def test_what_a_network_cannot_edit_is_noted(parts: tuple[str, ...], traits: Traits | None, why: str) -> None:
    """Nobody is woken for what nobody can do: the plan says why what is out stays."""
    expected = f"note: changed in Git after it was published, but {why}: what is out stays"
    assert told(CHANGED, published(), traits, compare=Compare(*parts)) == expected


def test_what_was_looked_at_is_not_rendered_again() -> None:
    """The log knows what an earlier look came to: an edit to make, a note, or nothing."""
    compare = Compare(error=RenderError("never asked"))
    again = wanted(content="c1")
    assert told(again, published(), compare=compare) == "nothing"
    assert told(again, published(digest="d2"), compare=compare).startswith("edit: it was changed in Git")
    assert told(again, published(digest="d2", final="d2", reason="so it stays"), compare=compare) == "note: so it stays"
    assert compare.asked == 0


def test_an_edit_that_cannot_be_rendered_is_held() -> None:
    """A mistake in the new text holds the edit, with the renderer's words; what is out stays."""
    found = told(CHANGED, published(), compare=Compare(error=RenderError("it is too long", "Cut it.", "too-long")))
    assert found == "hold: published, and what it says now cannot be sent: it is too long. Cut it. [too-long]"


def test_an_edit_that_was_begun_goes_on() -> None:
    """An edit without an end is made again, for the words that Git has now; one put off waits for its time."""
    begun = published(digest="d2", change=Change("edit", "d2", NOW))
    assert told(wanted(content="c1"), begun) == "edit: begun before, and not known to be done"
    assert told(CHANGED, begun, compare=Compare("text", digest="d3")).startswith("edit: changed")
    assert (
        told(CHANGED, begun, compare=Compare(digest="d1"))
        == "edit: changed in Git after it was published: what was half changed"
    )
    assert told(wanted(content="c1"), replace(begun, until=ahead(minutes=5), reason="busy")).startswith("wait: put off")
    assert (
        told(wanted(content="c1"), replace(begun, claim=CLAIM), busy=lambda s: True) == "wait: another worker is at it"
    )


def test_a_refused_edit_is_a_person_s() -> None:
    """It is not tried again until the post changes; putting back the old words ends it."""
    refused = published(digest="d2", change=Change("edit", "d2", NOW), final="d2", reason="too old")
    assert told(wanted(content="c1"), refused).startswith("hold: the edit was refused: too old")
    assert told(CHANGED, refused, compare=Compare("text", digest="d3")).startswith("edit: changed")
    assert told(CHANGED, refused, compare=Compare(digest="d1")) == "nothing"


# --- takedowns --------------------------------------------------------------------------------------------------------


def test_a_removed_post_is_taken_down() -> None:
    """The action names what was sent, and why it goes."""
    action = one(None, published(), gone=lambda s: REMOVED)
    assert action is not None
    assert (action.action, action.digest, action.reason) == ("retract", "d1", "its file was removed")


def test_what_may_be_a_slip_takes_nothing_down() -> None:
    """A draft, a channel that is not named any more, a file that cannot be read: noted, and what is out stays."""
    assert (
        told(None, published(), gone=lambda s: Gone("it is a draft now"))
        == "note: it is a draft now: what is out stays"
    )


@pytest.mark.parametrize(
    ("traits", "done", "why"),
    [
        (FOR_EVER, NOW, "Granite takes nothing down"),
        (
            replace(EDITS, retract_window=timedelta(hours=48)),
            ago(hours=49),
            "Square takes down only what is younger than 2 days",
        ),
        (None, NOW, "its channel is not there any more"),
    ],
)
def test_what_a_network_cannot_take_down_is_noted(traits: Traits | None, done: object, why: str) -> None:
    """The plan says why what is out stays."""
    expected = f"note: its file was removed, but {why}: what is out stays"
    assert told(None, published(done=done), traits, gone=lambda s: REMOVED) == expected


def test_expiry_takes_down_where_the_post_says_so() -> None:
    """`retract: true` at `expires_at`, and not before; without it what is up stays up."""
    expired = wanted(content="c1", expires_at=ago(minutes=1), retract=True)
    assert told(expired, published()) == "retract: it expired at 2026-11-23 08:59 UTC"
    assert told(wanted(content="c1", expires_at=ahead(minutes=1), retract=True), published()) == "nothing"
    assert told(wanted(content="c1", expires_at=ago(minutes=1)), published()) == "nothing"


def test_what_was_taken_down_goes_out_once() -> None:
    """Wanted again, it is held, with the way out; expired, it is over."""
    down = replace(published(), status=Status.RETRACTED, reason="its file was removed")
    found = told(wanted(content="c1"), down)
    assert found.startswith(
        "hold: it was taken down (its file was removed), and a post goes out once: give it a new id"
    )
    assert told(wanted(content="c1", expires_at=ago(minutes=1)), down) == "nothing"
    assert told(None, down) == "nothing"


def test_a_takedown_that_was_begun_is_finished() -> None:
    """Half of a thread that is down cannot be put back: the rest follows, even if Git wants it again."""
    begun = published(change=Change("retract", "", NOW, "its file was removed"))
    assert told(wanted(content="c1"), begun) == "retract: its file was removed"
    assert told(None, begun, gone=lambda s: Gone("a draft")) == "retract: its file was removed"


def test_a_refused_takedown_is_a_person_s() -> None:
    """It is not tried again, and the plan says how a person ends it."""
    refused = published(change=Change("retract", "", NOW), final="retract", reason="no right")
    found = told(None, refused, gone=lambda s: REMOVED)
    assert found.startswith("hold: its file was removed, but its takedown was refused: no right (take it down by hand")


def test_many_removed_posts_at_once_are_held() -> None:
    """A folder that is gone takes nothing down unless settings allow as many; posts that say so themselves always go."""
    known = {d: replace(published(), delivery=d) for d in (Delivery(f"p{n}", "brand") for n in range(3))}
    given = {"now": NOW, "traits": lambda channel: EDITS}
    held = plan([], Situation(known, **given, gone=lambda s: REMOVED, retract_max=2), Words())
    assert {a.action for a in held} == {"hold"}
    assert "3 published posts are gone from Git at once, more than [defaults] retract_max = 2" in held[0].reason
    for allowed in (
        {"gone": lambda s: REMOVED, "retract_max": 3},
        {"gone": lambda s: Gone("it says so", True, True), "retract_max": 2},
    ):
        assert {a.action for a in plan([], Situation(known, **given, **allowed), Words())} == {"retract"}


# --- threads ----------------------------------------------------------------------------------------------------------


def refused(**more: object) -> DeliveryState:
    return partly_out(Status.REFUSED, reason="spam", receipts=(Receipt("1"), Receipt("2")), **more)


def test_a_refused_rest_of_a_thread_does_as_the_post_says() -> None:
    """Taken down, left, or held for a person."""
    assert told(wanted(on_partial="retract"), refused()).startswith("retract: refused while 2 messages of it are out")
    assert told(wanted(on_partial="leave"), refused()).startswith("note: refused while 2 messages of it are out")
    assert told(wanted(on_partial="resume"), refused()).startswith(
        "hold: refused while 2 messages of it are out: spam (remove"
    )


def test_a_thread_that_is_left_needs_nobody() -> None:
    """Once noted, it is not news, and no reason to wake anybody."""
    left = replace(refused(), final="leave", reason="as told")
    assert told(wanted(on_partial="leave"), left) == "note: as told"
    assert not left.needs_look
    assert refused().needs_look


def test_a_removed_thread_that_is_partly_out_is_taken_down() -> None:
    """Removing the post takes down what is out of it."""
    assert told(None, refused(), gone=lambda s: REMOVED) == "retract: its file was removed"
    assert told(None, refused(), gone=lambda s: Gone("a draft now")) == "nothing"
