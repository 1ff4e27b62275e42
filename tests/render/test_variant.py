"""A post, for one channel, as what will be sent."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from presstime.errors import RenderError, Unsupported
from presstime.model import JsonObject, MediaRule, Segment, TextRule, Traits, Variant
from presstime.networks.offsets import utf8_range, utf16_range
from presstime.render import Templates
from presstime.render.measure import measure, over
from tests.render.kit import BLUESKY, FEED, MASTODON, NETWORKS, PLAIN, TELEGRAM, X, picture, post, ref, say, text_of

LINK = "https://verne.example/launch"
PICTURE = picture()
WITH_PICTURE = post("Look.", link=LINK, media=(ref(PICTURE),))
FILES = {"1" * 40: PICTURE}


def test_a_variant_says_what_the_post_is() -> None:
    """Delivery, instant, title, summary, link, language and tags are the post's and the target's."""
    a_post = post("Words.", link=LINK, summary="Short", language="fr", tags=("a",))
    variant = say(a_post, MASTODON).variant
    assert str(variant.delivery) == "launch/brand"
    assert variant.at.isoformat() == "2026-03-01T09:00:00+00:00"
    assert (variant.title, variant.summary, variant.link) == ("Launch day", "Short", LINK)
    assert (variant.language, variant.tags, variant.network) == ("fr", ("a",), "mastodon")


@pytest.mark.parametrize("traits", NETWORKS, ids=lambda traits: traits.network)
def test_the_same_post_gives_the_same_variant(traits: object) -> None:
    """Rendered twice, everything is the same, digest included; and it survives the log's JSON."""
    a_post = replace(WITH_PICTURE, body="Some *words*. " * 60, tags=("one tag",))
    first, second = (say(a_post, traits, files=FILES) for _ in range(2))  # type: ignore[arg-type]
    assert first == second
    assert Variant.from_json(first.variant.to_json()).digest == first.variant.digest


def test_each_segment_states_its_length() -> None:
    """Length and limit are in the network's unit; a thread's segments are counted from 0."""
    segments = say(post(), X, text="Some words. " * 60).variant.segments
    assert len(segments) > 1
    for index, segment in enumerate(segments):
        assert (segment.index, segment.limit, segment.unit) == (index, 280, "weighted")
        assert segment.length == measure(segment.text, X.text) <= 280


MARKUP = st.sampled_from(
    ["word ", "**bold** ", "*it* ", "`code` ", "[a link](https://e.example/a) ", "https://verne.fr/é ", "verne.fr ", "@me@verne.fr ",
     "@verne.bsky.social ", "#Tag ", "#日本語 ", "#مرحبا ", "👨‍👩‍👧‍👦", "🇫🇷 ", "e\u0301", "« Oui\u202f! » ", "日本語。", "שלום ", "\n\n", "\n", "- ", "> "]
)  # fmt: skip
ANYTHING = st.one_of(
    st.lists(MARKUP, max_size=60).map("".join), st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
)


@given(ANYTHING, st.sampled_from(NETWORKS), st.booleans())
@settings(deadline=None)
def test_whatever_is_said_is_within_the_limits_and_marked_at_its_words(words: str, traits: Traits, own: bool) -> None:
    """No message is over its limit, and the bytes (or UTF-16 units) that a mark names are the words it stands for."""
    tight = replace(traits, text=replace(traits.text, limit=60)) if traits.markup != "html" else traits
    try:
        rendered = say(post("" if own else words, link=LINK), tight, text=words if own else None)
    except RenderError as error:
        if error.code not in ("empty", "too-long"):
            raise
        return
    for segment in rendered.variant.segments:
        assert segment.length == measure(segment.text, tight.text) <= segment.limit
        for span in segment.spans:
            marked = segment.text[span.start : span.end]
            start, end = utf8_range(segment.text, span)
            assert marked
            assert segment.text.encode()[start:end].decode() == marked
            begin, length = utf16_range(segment.text, span)
            assert segment.text.encode("utf-16-le")[2 * begin : 2 * (begin + length)].decode("utf-16-le") == marked


def test_a_thread_is_numbered_where_the_channel_says() -> None:
    """Its last message too, behind the link; the numbers are within the limit."""
    segments = say(post(link=LINK), X, text="Some words. " * 40, numbering=True).variant.segments
    assert [segment.text[-4:] for segment in segments] == [" 1/2", " 2/2"]
    assert all(segment.length <= 280 for segment in segments)


def test_a_post_for_200_branches_is_200_texts() -> None:
    """One file from the head office, each branch's own town and telephone in its text, each within its limits."""
    source = "{{ post.body }}\n\n{{ channel.vars.town | plain }}, {{ channel.vars.telephone | plain }}"
    templates = Templates({f"{traits.network}.j2": source for traits in NETWORKS})
    a_post = post("We open **late** on Thursday, with tea. " * 12)
    said = []
    for number in range(200):
        place = {"town": f"Town *{number}*", "telephone": f"+33 {number}"}
        segments = say(a_post, NETWORKS[number % 5], templates=templates, variables=place).variant.segments
        assert all(segment.length <= segment.limit for segment in segments)
        said.append("\n\n".join(segment.text for segment in segments))
    assert len(set(said)) == 200
    assert f"Town *{7}*, +33 7" in said[7]


def test_payloads_are_composed_last() -> None:
    """The network's composer sees the whole variant, without payloads; what it gives is in the variant."""
    seen = []

    def compose(variant: Variant, segment: Segment) -> JsonObject:
        seen.append((len(variant.segments), segment.payload))
        return {"n": segment.index}

    variant = say(post(), X, text="Some words. " * 40, compose=compose).variant
    assert [segment.payload for segment in variant.segments] == [{"n": 0}, {"n": 1}]
    assert seen == [(2, {}), (2, {})]


def test_what_a_composer_refuses_is_refused() -> None:
    """A network that cannot express it says so when the post is rendered."""

    def compose(variant: Variant, segment: Segment) -> JsonObject:
        raise Unsupported("not here")

    with pytest.raises(Unsupported):
        say(post(), X, compose=compose)


def test_media_go_with_the_first_message() -> None:
    """The files' bytes come along by digest."""
    rendered = say(WITH_PICTURE, X, text="Some words. " * 40, files=FILES)
    first, second = rendered.variant.segments
    assert [item.alt for item in first.media] == ["A teal wall"]
    assert second.media == ()
    assert rendered.files == {first.media[0].digest: PICTURE}


def test_a_channel_may_have_media_of_its_own() -> None:
    """They take the place of the post's."""
    other = picture(color="red")
    files = {**FILES, "2" * 40: other}
    rendered = say(WITH_PICTURE, X, files=files, media=(ref(other, "media/red.png", "Red", "2" * 40),))
    assert [item.path for item in rendered.variant.segments[0].media] == ["media/red.png"]
    assert say(WITH_PICTURE, X, files=FILES, media=()).variant.segments[0].media == ()


def test_too_many_media_are_not_cut_down_in_silence() -> None:
    """Which ones go is for a person to say."""
    with pytest.raises(RenderError, match="at most 4 media, this post has 5") as caught:
        say(replace(WITH_PICTURE, media=WITH_PICTURE.media * 5), X, files=FILES)
    assert caught.value.code == "too-many-media"
    assert "channels" in caught.value.advice


def test_a_network_of_words_only_leaves_media_out_and_says_so() -> None:
    """As a note, since nobody asked for pictures there."""
    rendered = say(WITH_PICTURE, PLAIN)
    assert rendered.variant.segments[0].media == ()
    assert rendered.notes == ("Plain takes no media: 1 left out",)


def test_some_networks_want_a_picture() -> None:
    """They refuse a post without one before anything is sent."""
    wants = replace(X, media=MediaRule(4, ("image/png",), 1_000_000, required=True))
    with pytest.raises(RenderError) as caught:
        say(post(), wants)
    assert caught.value.code == "media-required"


def test_a_picture_made_anew_is_noted() -> None:
    """The author is told that what is sent is not the file as it is."""
    large = picture((3000, 100))
    rendered = say(
        replace(WITH_PICTURE, media=(ref(large),)), replace(X, media=MediaRule(1, ("image/png",), 10**6, 1000)),
        files={"1" * 40: large},
    )  # fmt: skip
    assert "1000 x 33" in rendered.notes[0]


def test_a_card_stands_for_the_link() -> None:
    """Title and summary, else how the post begins."""
    card = say(post("First paragraph.\n\nSecond.", link=LINK), BLUESKY).variant.segments[0].card
    assert card is not None
    assert (card.url, card.title, card.description) == (LINK, "Launch day", "First paragraph. Second.")
    card = say(post("x", link=LINK, summary="Sum"), BLUESKY).variant.segments[0].card
    assert card is not None
    assert card.description == "Sum"


def test_pictures_take_the_place_of_the_card() -> None:
    """They have alt texts, which a card's picture has not; so the link stands in the words."""
    segment = say(WITH_PICTURE, BLUESKY, files=FILES).variant.segments[0]
    assert segment.card is None
    assert [item.alt for item in segment.media] == ["A teal wall"]
    assert segment.text == f"Look.\n\n{LINK}"
    assert [(s.kind, s.value) for s in segment.spans] == [("link", LINK)]


def test_without_pictures_on_the_channel_the_post_s_first_is_the_card_s() -> None:
    """`media: []` for a channel gives it the card, with a thumbnail made to the card's own rule."""
    segment = say(WITH_PICTURE, BLUESKY, files=FILES, media=()).variant.segments[0]
    assert segment.media == ()
    assert segment.card is not None
    assert segment.card.thumb is not None
    assert segment.card.thumb.mime == "image/png"


def test_a_long_caption_goes_on_in_the_next_message() -> None:
    """With a picture the first message has the caption's limit, the others the text's."""
    text = "Some words here. " * 100
    first, second = say(WITH_PICTURE, TELEGRAM, text=text, files=FILES).variant.segments
    assert (first.limit, second.limit) == (1024, 4096)
    assert 900 < first.length <= 1024
    assert first.media
    (alone,) = say(replace(WITH_PICTURE, media=()), TELEGRAM, text=text).variant.segments
    assert alone.limit == 4096


def test_threads_need_the_network_the_post_and_the_channel() -> None:
    """Any of the three can say no; then the text is shortened, or refused."""
    long = "Some words here. " * 40
    assert len(say(post(link=LINK), X, text=long).variant.segments) > 1
    assert len(say(post(thread="never", link=LINK), X, text=long).variant.segments) == 1
    assert len(say(post(link=LINK), replace(X, threads=False), text=long).variant.segments) == 1
    assert len(say(post(link=LINK), X, text=long, fit=("shorten",)).variant.segments) == 1
    with pytest.raises(RenderError) as caught:
        say(post(thread="never"), X, text=long, fit=("thread", "refuse"))
    assert caught.value.code == "too-long"


def test_words_are_not_cut_where_the_rest_cannot_be_read() -> None:
    """A post without a page of its own is said whole, as a thread if need be, or refused; never cut short."""
    body = "Some words here. " * 40
    parts = [s.text for s in say(post(body), X).variant.segments]
    assert " ".join(parts).split() == body.split()
    for fit in (("thread", "shorten", "refuse"), ("shorten",)):
        with pytest.raises(RenderError) as caught:
            say(post(body, thread="never"), X, fit=fit)
        assert caught.value.code == "too-long"
        assert "399 " in caught.value.message


def test_a_shortened_text_keeps_its_link_and_is_noted() -> None:
    """The author learns how much of it is said."""
    rendered = say(post(link=LINK), X, text="Some words here. " * 40, fit=("shorten",))
    assert rendered.variant.segments[0].text.endswith(f"…\n\n{LINK}")
    assert rendered.notes[0].startswith("shortened to ")


def test_a_manual_thread_says_the_body_part_by_part() -> None:
    """Where the network has threads; elsewhere the post is said as any other."""
    a_post = post("One.\n\n---\n\nTwo.\n---\nThree.", thread="manual", link=LINK, summary="Summary")
    assert [s.text for s in say(a_post, X).variant.segments] == ["One.", "Two.", f"Three.\n\n{LINK}"]
    assert text_of(a_post, replace(X, threads=False)) == f"Summary\n\n{LINK}"


def test_links_mentions_and_hashtags_are_marked() -> None:
    """For a network that links nothing by itself, each is a span of the segment it stands in."""
    text = "Hi @verne.bsky.social, see verne.fr/a and #Books"
    segment = say(post(), BLUESKY, text=text).variant.segments[0]
    assert [(segment.text[s.start : s.end], s.kind, s.value) for s in segment.spans] == [
        ("@verne.bsky.social", "mention", "verne.bsky.social"),
        ("verne.fr/a", "link", "https://verne.fr/a"),
        ("#Books", "tag", "Books"),
    ]


def test_the_links_of_a_plain_network_are_known_too() -> None:
    """Though it is sent as words only: `presstime render` lists them."""
    segment = say(post(), X, text="See [this](https://e.example/a) and verne.fr").variant.segments[0]
    assert segment.text == "See this (https://e.example/a) and verne.fr"
    assert [s.value for s in segment.spans] == ["https://e.example/a", "https://verne.fr"]


def test_html_that_is_too_long_ends_behind_a_block_with_the_link() -> None:
    """The rest is a click away; without a link, or where the channel does not shorten, it is refused."""
    short = replace(FEED, text=TextRule(100, "characters"))
    said = text_of(post("One paragraph.\n\n" * 20, link=LINK), short)
    assert said.startswith("<p>One paragraph.</p>\n")
    assert said.endswith(f'</p>\n<p><a href="{LINK}">…</a></p>')
    assert not over(said, short.text)
    for a_post, order in (
        (post("One paragraph.\n\n" * 20), ("shorten",)),
        (post("One. " * 99, link=LINK), ("refuse",)),
    ):
        with pytest.raises(RenderError, match="too long"):
            say(a_post, short, fit=order)


def test_a_repeated_post_names_its_occurrence() -> None:
    """The delivery and the template know which time it is."""
    from datetime import UTC, datetime

    from presstime.model import Channel, Late, Target
    from presstime.render import Templates, render

    rendered = render(
        post(), Target("brand", datetime(2026, 3, 1, 9, tzinfo=UTC), Late()), Channel("brand", "plain"), PLAIN,
        lambda variant, segment: {}, {}, Templates({"plain.j2": "{{ occurrence }}"}), {}.__getitem__, "2026-03-01T10:00",
    )  # fmt: skip
    assert rendered.variant.segments[0].text == "2026-03-01T10:00"
    assert str(rendered.variant.delivery) == "launch/brand/2026-03-01T10:00"
