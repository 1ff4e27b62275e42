"""What holds of every plan, whatever Git wants and the log says."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from presstime.errors import RenderError
from presstime.model import Change, Delivery, DeliveryState, Intent, Late, Receipt, Status
from presstime.plan import Situation, Wanted, plan
from tests.plan.kit import CLAIM, NOW, Words, wanted

minutes = st.integers(-4000, 4000).map(lambda m: NOW + timedelta(minutes=m))
lates = st.sampled_from([Late("publish"), Late("skip"), Late("ask"), Late("within", timedelta(hours=2))])
digests = st.sampled_from(["d1", "d2"])
sources = st.sampled_from(["s1", "s2"])
posts = st.sampled_from("abcd")
channels = st.sampled_from(["one", "two"])


@st.composite
def wanteds(draw: st.DrawFn) -> Wanted:
    return wanted(
        draw(minutes),
        draw(lates),
        post=draw(posts),
        channel=draw(channels),
        source=draw(sources),
        expires_at=draw(st.none() | minutes),
    )


@st.composite
def states(draw: st.DrawFn) -> DeliveryState:
    """States as the fold makes them, and a few it does not."""
    status = draw(st.sampled_from(Status))
    sending = status in (Status.SENDING, Status.UNKNOWN)
    intent = Intent(0, "d1", "k", NOW) if sending else None
    out = status is Status.PUBLISHED or draw(st.booleans())
    return DeliveryState(
        Delivery(draw(posts), draw(channels)),
        status,
        digest=draw(st.just("") | digests),
        source=draw(sources),
        engine=draw(st.sampled_from(["", "e1"])),
        due=draw(minutes),
        path="posts/a.md",
        reason=draw(st.sampled_from(["", "why"])),
        review=status is Status.UNKNOWN and draw(st.booleans()),
        claim=draw(st.sampled_from([None, CLAIM])),
        intent=intent,
        change=draw(st.sampled_from([None, Change("edit", "d2", NOW), Change("retract", "", NOW, "why")]))
        if out
        else None,
        final=draw(st.sampled_from(["", "d2", "retract", "leave"])),
        receipts=(Receipt("1"),) if out else (),
        sent_digest=draw(digests) if out or intent else "",
        until=draw(st.none() | minutes),
        done=draw(minutes) if status is Status.PUBLISHED else None,
    )


unsayable = RenderError("it cannot be said", "Say something else.", "render")
words = st.dictionaries(posts, digests | st.just(unsayable)).map(lambda found: Words(**found))
situations = st.tuples(
    st.lists(wanteds(), max_size=8, unique_by=lambda w: w.delivery),
    st.lists(states(), max_size=8, unique_by=lambda s: s.delivery),
    words,
    st.booleans(),
    st.sampled_from([timedelta(0), timedelta(minutes=5)]),
)


@settings(deadline=None)
@given(situations)
def test_every_delivery_has_one_action_with_a_reason(
    drawn: tuple[list[Wanted], list[DeliveryState], Words, bool, timedelta],
) -> None:
    """Whatever Git wants is published and as it was, or taken down and expired, or has exactly one action, which says why; none is lost, none is double."""
    items, known, say, busy, gap = drawn
    by_delivery = {s.delivery: s for s in known}
    actions = plan(items, Situation(by_delivery, NOW, "e1", busy=lambda s: busy, min_gap=gap), say)
    named = [a.delivery for a in actions]
    assert len(named) == len(set(named))
    assert all(a.reason.strip() for a in actions)
    for item in items:
        state = by_delivery.get(item.delivery)
        quiet = state is not None and state.status in (Status.PUBLISHED, Status.RETRACTED)
        assert item.delivery in named or quiet


@settings(deadline=None)
@given(situations)
def test_nothing_is_sent_against_the_log(
    drawn: tuple[list[Wanted], list[DeliveryState], Words, bool, timedelta],
) -> None:
    """What is published, waits for a person or is another worker's is never to be published, and nothing goes out early;
    only what is out is changed."""
    items, known, say, busy, gap = drawn
    by_delivery = {s.delivery: s for s in known}
    for action in plan(items, Situation(by_delivery, NOW, "e1", busy=lambda s: busy, min_gap=gap), say):
        state = by_delivery.get(action.delivery)
        if action.action in ("edit", "retract"):
            assert state is not None
            assert state.receipts
            assert not state.review
            assert not busy
        if action.action != "publish":
            continue
        assert action.digest
        assert state is None or (state.status is not Status.PUBLISHED and not state.review and not busy)
        early = action.due is None or action.due > NOW
        assert not early or (state is not None and state.begun)
