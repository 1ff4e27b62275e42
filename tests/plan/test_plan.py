"""The plan: what follows from what Git wants, what the log says and what time it is. Every action says why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from presstime.errors import RenderError
from presstime.model import Delivery, DeliveryState, Late, MediaRef, Post, Status, Target
from presstime.plan import ON_TIME, Situation, plan, source_of
from tests.plan.kit import CLAIM, NOW, D, Words, ago, ahead, begun, decide, partly_out, state, told, wanted

# --- the clock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "lead", "expected"),
    [
        (NOW, 0, "publish: due now"),
        (ago(seconds=119), 0, "publish: due now"),
        (ahead(seconds=1), 0, "wait: due in 1 s"),
        (ahead(minutes=5), 0, "wait: due in 5 min"),
        (ahead(hours=3), 0, "wait: due in 3 h 0 min"),
        (ahead(days=9), 0, "wait: due in 9 days"),
        (ahead(seconds=60), 60, "publish: due in 60 s"),
        (ahead(seconds=61), 60, "wait: due in 61 s"),
    ],
)
def test_due(due: object, lead: int, expected: str) -> None:
    """What is due is published, what is not waits; what is due within the lead is picked up ahead of its time."""
    assert told(wanted(due), lead=timedelta(seconds=lead)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("late", "overdue", "action"),
    [
        ("publish", timedelta(days=900), "publish"),
        ("within 2h", ON_TIME, "publish"),
        ("within 2h", timedelta(hours=2), "publish"),
        ("within 2h", timedelta(hours=2, seconds=1), "missed"),
        ("within 30s", ON_TIME, "publish"),
        ("within 30s", ON_TIME + timedelta(seconds=1), "missed"),
        ("skip", ON_TIME, "publish"),
        ("skip", ON_TIME + timedelta(seconds=1), "missed"),
        ("ask", ON_TIME, "publish"),
        ("ask", ON_TIME + timedelta(seconds=1), "hold"),
    ],
)
def test_late(late: str, overdue: timedelta, action: str) -> None:
    """The late rule decides what is still sent; a tick's length is not late, whatever the rule."""
    found = decide(wanted(NOW - overdue, late))
    assert found is not None
    assert found.action == action


def test_missed_names_the_rule_and_the_remedy() -> None:
    """A missed delivery says when it was due, by which rule it is missed, and how to send it after all."""
    reason = told(wanted(ago(hours=3), "within 2h"))
    for part in ("missed: was due at 2026-11-23 06:00 UTC", "3 h 0 min before", "`within 2h`", "new publish_at"):
        assert part in reason


def test_what_asks_says_the_same_at_every_pass() -> None:
    """The reason of a hold does not move with the clock: it would be news for the log every minute."""
    item = wanted(ago(hours=3), "ask")
    assert told(item) == told(item, now=ahead(minutes=7))
    assert "`ask`" in told(item)
    assert "2026-11-23 06:00 UTC" in told(item)


@pytest.mark.parametrize("late", ["publish", "within 2h"])
def test_expired(late: str) -> None:
    """What has expired is not sent any more, whatever the late rule; at the very instant it has expired."""
    item = wanted(ago(hours=1), late, expires_at=NOW)
    assert told(item) == "missed: expired at 2026-11-23 09:00 UTC before it was published"
    assert told(replace(item, post=replace(item.post, expires_at=ahead(seconds=1)))).startswith("publish")


def test_missed_stays_missed_with_its_first_reason() -> None:
    """What the log calls missed is told with the log's own words, so that nothing is news at the next pass."""
    known = state(Status.MISSED, due=ago(hours=3), reason="was due, is not any more")
    assert told(wanted(ago(hours=3)), known) == "missed: was due, is not any more"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (wanted(ago(hours=3), "publish", source="s2"), "publish: late by 3 h 0 min"),
        (wanted(ago(hours=3), "within 4h", source="s2"), "publish: late by 3 h 0 min"),
        (wanted(ahead(hours=1), source="s2"), "wait: due in 1 h 0 min"),
        (wanted(ago(hours=3), "ask", source="s2"), "hold: was due at 2026-11-23 06:00 UTC"),
    ],
)
def test_missed_comes_back(item: object, expected: str) -> None:
    """A new late rule or a new time brings a missed delivery back."""
    known = state(Status.MISSED, due=ago(hours=3), reason="missed")
    assert told(item, known).startswith(expected)  # type: ignore[arg-type]


def test_missed_again_at_a_new_time_says_so_anew() -> None:
    """A new time that is past as well is missed for a reason of its own."""
    known = state(Status.MISSED, due=ago(hours=9), reason="old")
    assert "06:00 UTC" in told(wanted(ago(hours=3)), known)


def test_an_old_archive_is_not_rendered() -> None:
    """Lateness that no text can change is found before anything is rendered."""
    words = Words()
    told(wanted(ago(days=900)), words=words)
    told(wanted(ago(hours=3), "ask"), words=words)
    told(wanted(expires_at=ago(hours=1)), words=words)
    assert words.asked == []


# --- what the log says ------------------------------------------------------------------------------------------------


def test_deferred_waits_until_its_time() -> None:
    """A network that said when to come back is left alone until then, and tried at that instant."""
    known = state(Status.DEFERRED, until=ahead(minutes=15), reason="too many requests")
    assert told(wanted(), known) == "wait: put off until 09:15:00 UTC: too many requests"
    assert told(wanted(), known, now=ahead(minutes=15)) == "publish: tried before: too many requests"


def test_deferred_without_a_time_is_tried_again() -> None:
    """What could not be tried, for no stated time, is tried at the next pass."""
    assert told(wanted(), state(Status.DEFERRED, reason="nobody answers")) == "publish: tried before: nobody answers"


def test_busy_elsewhere_waits() -> None:
    """A delivery that another worker has claimed is that worker's."""
    known = state(Status.CLAIMED, claim=CLAIM)
    assert told(wanted(), known, busy=lambda s: True) == "wait: another worker is at it"
    assert told(wanted(), known, busy=lambda s: False) == "publish: due now"


@pytest.mark.parametrize(
    ("known", "busy"),
    [
        (state(Status.DEFERRED, until=ahead(minutes=15), reason="429"), False),
        (state(Status.CLAIMED, claim=CLAIM), True),
    ],
)
def test_a_text_changed_while_waiting_is_not_approved_unread(known: DeliveryState, busy: bool) -> None:
    """What Git changed while a delivery waits is planned when the wait is over: the old digest is not the new text's."""
    action = decide(wanted(source="s2"), known, busy=lambda s: busy)
    assert action is not None
    assert (action.action, action.digest) == ("wait", "")


@pytest.mark.parametrize("git", [wanted(), wanted(source="s2"), wanted(ahead(hours=1), source="s2"), None])
def test_unknown_for_review_is_a_persons(git: object) -> None:
    """Once only a person can tell, nothing is sent, whatever Git says by now."""
    known = begun(Status.UNKNOWN, review=True, reason="look at the channel")
    assert told(git, known) == "hold: unknown, a person must look: look at the channel"  # type: ignore[arg-type]


@pytest.mark.parametrize("git", [wanted(), wanted(source="s2"), wanted(ago(days=9)), wanted(expires_at=ago(hours=1))])
def test_what_was_begun_is_finished(git: object) -> None:
    """What may be on the network is settled and finished as it was begun, even if Git or the clock say otherwise by now."""
    action = decide(git, begun())  # type: ignore[arg-type]
    assert action is not None
    assert (action.action, action.digest) == ("publish", "d0")
    assert action.reason == "begun before: a send without an answer is settled first"
    assert told(git, partly_out(Status.CLAIMED)) == "publish: begun before: 1 segments are out"  # type: ignore[arg-type]


def test_what_was_begun_waits_for_its_worker_or_its_time() -> None:
    """One that another worker is sending, or that was put off half-way, waits."""
    assert told(wanted(), begun(claim=CLAIM), busy=lambda s: True) == "wait: another worker is sending it"
    known = partly_out(Status.DEFERRED, until=ahead(minutes=1), reason="429")
    assert told(wanted(), known) == "wait: put off until 09:01:00 UTC: 429"


def test_what_git_dropped_half_way_is_finished() -> None:
    """A post removed while it was being sent is settled and finished: half a thread helps nobody."""
    action = decide(None, begun())
    assert action is not None
    assert (action.delivery, action.action, action.digest, action.path) == (D, "publish", "d0", "posts/launch.md")
    assert action.reason == "begun before Git dropped it: it is settled and finished"
    assert told(None, begun(claim=CLAIM), busy=lambda s: True) == "wait: another worker is sending it"


@pytest.mark.parametrize(
    "known",
    [
        state(Status.PLANNED),
        state(Status.HELD),
        state(Status.MISSED),
        state(Status.DEFERRED),
        partly_out(Status.REFUSED),
    ],
)
def test_what_git_dropped_and_nobody_began_is_gone(known: DeliveryState) -> None:
    """A delivery that Git does not want and that is not under way has no action."""
    assert told(None, known) == "nothing"


# --- refused ----------------------------------------------------------------------------------------------------------


def test_refused_stays_refused_until_git_changes() -> None:
    """The same text is not offered twice to a network that refused it; it is not even rendered."""
    words = Words()
    known = state(Status.REFUSED, reason="too rude", sent_digest="d1")
    assert told(wanted(), known, words) == "hold: refused by the network: too rude"
    assert words.asked == []


def test_refused_and_changed() -> None:
    """A changed text is a new attempt; a change that leaves the words as they are is not."""
    known = state(Status.REFUSED, reason="too rude", sent_digest="d1")
    assert told(wanted(source="s2"), known, Words(launch="d2")) == "publish: due now"
    same = told(wanted(source="s2"), known, Words(launch="d1"))
    assert same == "hold: refused by the network, and still says the same: too rude"


def test_refused_half_way_is_held() -> None:
    """A thread of which a part is out is not begun again with other words."""
    known = partly_out(Status.REFUSED, reason="too rude")
    assert told(wanted(source="s2"), known, Words(launch="d2")).startswith("hold: refused while 1 message of it is out")


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.PLANNED, Status.HELD, Status.DEFERRED])
def test_drift_is_held(status: Status) -> None:
    """If Git is as it was approved and the words would yet differ, nothing is sent until somebody approves them."""
    action = decide(wanted(), state(status, engine="old"), Words(launch="d2"), engine="new")
    assert action is not None
    assert (action.action, action.digest) == ("hold", "d2")
    assert "differ from what was approved" in action.reason


def test_a_change_in_git_is_a_new_plan() -> None:
    """If Git changed, the new words are what is approved."""
    action = decide(wanted(source="s2"), state(Status.PLANNED), Words(launch="d2"))
    assert action is not None
    assert (action.action, action.digest) == ("publish", "d2")


def test_a_hold_ends_with_its_reason() -> None:
    """A held delivery whose words are again what was approved goes on."""
    assert told(wanted(), state(Status.HELD, reason="drift"), Words(launch="d1")) == "publish: due now"


def test_what_cannot_be_said_is_held() -> None:
    """A post that cannot be rendered is held with the renderer's words, its code and its advice."""
    error = RenderError("the text is 900 characters, 500 fit", "Shorten it.", "too-long")
    expected = "hold: the text is 900 characters, 500 fit [too-long]. Shorten it."
    assert told(wanted(), words=Words(launch=error)) == expected
    assert told(wanted(ahead(days=30)), words=Words(launch=error)) == expected, "it is told long before it is due"


@pytest.mark.parametrize("status", [Status.PLANNED, Status.DEFERRED, Status.CLAIMED])
def test_known_words_are_not_rendered_again(status: Status) -> None:
    """Where nothing changed that words come from, the planned digest stands and nothing is rendered."""
    words = Words()
    action = decide(wanted(), state(status, engine="e1"), words, engine="e1")
    assert action is not None
    assert action.digest == "d1"
    assert words.asked == []


@pytest.mark.parametrize(
    ("item", "engine"), [(wanted(source="s2"), "e1"), (wanted(), "e2"), (wanted(ahead(minutes=1), source="s2"), "e1")]
)
def test_words_are_rendered_where_something_changed(item: object, engine: str) -> None:
    """Another text, another version, another time: the words are made anew."""
    words = Words()
    decide(item, state(Status.PLANNED, engine="e1"), words, engine=engine)  # type: ignore[arg-type]
    assert words.asked == ["launch/brand"]


# --- published --------------------------------------------------------------------------------------------------------


def published(**more: object) -> DeliveryState:
    return partly_out(Status.PUBLISHED, **{"sent_digest": "d1", "done": NOW, **more})


def test_published_and_unchanged_has_no_action() -> None:
    """What is out and as it was has no action, and is not rendered."""
    words = Words()
    assert told(wanted(), published(), words) == "nothing"
    assert words.asked == []


def test_published_and_rendered_otherwise_has_no_action() -> None:
    """A template, a setting or an upgrade that would say it otherwise edits nothing that is out: only its own file does."""
    words = Words(launch="d2")
    assert told(wanted(source="s2"), published(), words) == "nothing"
    assert words.asked == []


# --- many -------------------------------------------------------------------------------------------------------------


def test_order() -> None:
    """Actions come by their due time, then by name; what has no time comes last."""
    items = [wanted(ahead(hours=h), post=p) for h, p in ((3, "b"), (1, "c"), (3, "a"))]
    lost = begun(delivery=Delivery("lost", "brand"), due=None)
    actions = plan(items, Situation({lost.delivery: lost}, NOW), Words())
    assert [a.delivery.post for a in actions] == ["c", "a", "b", "lost"]


def late_plan(*late: tuple[str, str, float], done: dict[str, float] | None = None) -> list[tuple[str, str, float]]:
    """(post, action, minutes from now) of deliveries given as (post, channel, minutes overdue), five minutes apart."""
    items = [wanted(ago(minutes=m), post=p, channel=c) for p, c, m in late]
    states = {
        Delivery("done", c): published(delivery=Delivery("done", c), done=ago(minutes=m))
        for c, m in (done or {}).items()
    }
    actions = plan(items, Situation(states, NOW, min_gap=timedelta(minutes=5)), Words())
    return [(a.delivery.post, a.action, (a.due - NOW).total_seconds() / 60) for a in actions if a.action != "note"]


def test_a_backlog_is_spaced() -> None:
    """Late deliveries of one channel go out one at a time, oldest first, the gap apart; channels do not wait for each other."""
    assert late_plan(("b", "one", 20), ("a", "one", 30), ("c", "one", 10), ("z", "two", 10)) == [
        ("a", "publish", -30),
        ("b", "wait", 5),
        ("c", "wait", 10),
        ("z", "publish", -10),
    ]


def test_a_backlog_keeps_its_distance_from_what_went_out() -> None:
    """The gap counts from the last post on the channel, also one that was on time."""
    assert late_plan(("a", "one", 30), done={"one": 2}) == [("a", "wait", 3)]
    assert late_plan(("a", "one", 30), done={"one": 5}) == [("a", "publish", -30)]


def test_what_is_on_time_is_not_spaced() -> None:
    """A post at its own time goes out at its own time, though another has just gone out."""
    assert late_plan(("a", "one", 0), ("b", "one", 1), done={"one": 1}) == [("b", "publish", -1), ("a", "publish", 0)]


# --- source -----------------------------------------------------------------------------------------------------------


def test_source_binds_everything_in_git_that_words_come_from() -> None:
    """The source changes with the post, its media, presstime.toml and the templates, and with nothing else."""
    media = MediaRef("media/a.png", "m1", 10, "A map")
    target = Target("brand", NOW, Late())
    post = Post("launch", "posts/launch.md", "b1", "c1", "Launch", "Body", media=(media,), targets=(target,))
    source = source_of(post, target, "t1", "j1")
    assert source == source_of(replace(post, path="posts/other.md", commit="c2"), target, "t1", "j1")
    others = {
        source_of(replace(post, blob="b2"), target, "t1", "j1"),
        source_of(replace(post, media=(replace(media, blob="m2"),)), target, "t1", "j1"),
        source_of(post, replace(target, media=()), "t1", "j1"),
        source_of(post, target, "t2", "j1"),
        source_of(post, target, "t1", "j2"),
    }
    assert len(others) == 5
    assert source not in others
