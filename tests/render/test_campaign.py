"""Parameters that tell a site where its readers came from."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presstime import networks
from presstime.render import Rendered, Templates, render
from presstime.render.campaign import Campaign
from tests.render.kit import BLUESKY, MASTODON, compose, post, say

SPRING = Campaign(
    frozenset({"verne.example"}), (("utm_source", "mastodon"), ("utm_medium", "social"), ("utm_campaign", "a b"))
)
TAIL = "utm_source=mastodon&utm_medium=social&utm_campaign=a+b"
LINK = "https://verne.example/launch"


@pytest.mark.parametrize(
    ("address", "tagged"),
    [
        (LINK, f"{LINK}?{TAIL}"),
        (f"{LINK}?", f"{LINK}?{TAIL}"),
        (f"{LINK}?a=1&b", f"{LINK}?a=1&b&{TAIL}"),
        (f"{LINK}#part?x", f"{LINK}?{TAIL}#part?x"),
        (f"{LINK}?a=1#p", f"{LINK}?a=1&{TAIL}#p"),
        ("http://www.VERNE.example:8080/", f"http://www.VERNE.example:8080/?{TAIL}"),
        (f"{LINK}?utm_source=mine", f"{LINK}?utm_source=mine"),
        ("https://elsewhere.example/verne.example", "https://elsewhere.example/verne.example"),
        ("https://verne.example.evil.example/", "https://verne.example.evil.example/"),
        ("https://shop.verne.example/", "https://shop.verne.example/"),
        ("mailto:a@verne.example", "mailto:a@verne.example"),
    ],
)
def test_only_the_newsrooms_own_addresses(address: str, tagged: str) -> None:
    """Behind the address's own parameters, before its fragment; somebody's own choice is left alone."""
    assert SPRING.tagged(address) == tagged
    assert SPRING.tagged(tagged) == tagged


@given(st.text(alphabet="/?#&=abc", max_size=20))
def test_the_address_stays_the_same_page(tail: str) -> None:
    """Whatever path, query and fragment it has, the parameters stand behind the query and the rest is as it was."""
    whole, sign, fragment = f"https://verne.example/{tail}".partition("#")
    tagged = SPRING.tagged(f"https://verne.example/{tail}")
    assert tagged in {f"{whole}{joint}{TAIL}{sign}{fragment}" for joint in ("?", "&", "")}
    assert urlsplit(tagged).path == urlsplit(whole).path


def said(body: str, traits: object, **changes: object) -> Rendered:
    from datetime import UTC, datetime

    from presstime.model import Channel, Late, Target, Traits

    assert isinstance(traits, Traits)
    return render(
        post(body, link=LINK, **changes), Target("brand", datetime(2026, 3, 1, 9, tzinfo=UTC), Late()),
        Channel("brand", traits.network), traits, compose, {}, Templates(), {}.__getitem__, campaign=SPRING,
    )  # fmt: skip


def test_every_way_to_the_site_is_counted() -> None:
    """The post's own link, in the words and in the card, and links in the words; words that are an address stay so."""
    body = "See [the map](/map), https://verne.example/x and [this](https://elsewhere.example)."
    (segment,) = said(body, MASTODON).variant.segments
    assert segment.text == (
        f"See the map (https://verne.example/map?{TAIL}), https://verne.example/x?{TAIL} and this (https://elsewhere.example)."
        f"\n\n{LINK}?{TAIL}"
    )
    (segment,) = said(body, BLUESKY).variant.segments
    assert segment.text == "See the map, https://verne.example/x and this."
    assert [span.value for span in segment.spans] == [
        f"https://verne.example/map?{TAIL}", f"https://verne.example/x?{TAIL}", "https://elsewhere.example",
    ]  # fmt: skip
    assert segment.card is not None
    assert segment.card.url == f"{LINK}?{TAIL}"


def test_a_post_republished_whole_keeps_its_address() -> None:
    """There the link names the original, and who reads there did not come from anywhere."""
    variant = said("See [the map](/map).", networks.load("feed").traits).variant
    assert variant.link == LINK
    assert variant.segments[0].text == '<p>See <a href="https://verne.example/map">the map</a>.</p>'


def test_without_a_campaign_nothing_is_added() -> None:
    """Links are as the author wrote them."""
    assert say(post("Words", link=LINK), MASTODON).variant.segments[0].text == f"Words\n\n{LINK}"


def test_readers_see_the_address_as_it_is() -> None:
    """Where words and address may differ, the parameters are only followed."""
    (segment,) = said("Words.", networks.load("email").traits).variant.segments
    assert segment.text.endswith(f'<p><a href="{LINK}?{TAIL.replace("&", "&amp;")}">{LINK}</a></p>')
    assert segment.plain == f"Words.\n\n{LINK}?{TAIL}"
    (segment,) = said("Words.", networks.load("slack").traits).variant.segments
    assert segment.text.endswith(f"<{LINK}?{TAIL.replace('&', '&amp;')}|{LINK}>")
    (segment,) = said("Words.", networks.load("discord").traits).variant.segments
    assert segment.text.endswith(f"\n\n{LINK}?{TAIL}")
