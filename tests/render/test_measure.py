"""How long a text is, in each network's unit."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from presstime.model import TextRule
from presstime.render.entities import find, links
from presstime.render.measure import Weights, graphemes, measure, over, weigh
from tests.networks.contracts import specs
from tests.render.kit import SKEET, TOOT, TWEET

FAMILY = "👨‍👩‍👧‍👦"
UNITS = ("scalars", "characters", "utf16", "graphemes", "bytes", "emoji_bytes")
ANY_RULE = st.sampled_from([TWEET, TOOT, SKEET, *(TextRule(100, unit) for unit in UNITS)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Hi", 2),
        ("Hi http://test.co", 26),
        ("see example.com now", 31),
        ("mail me@example.com", 19),
        ("…", 2),
        ("• → € ₹ ™", 14),
        ("“quoted” – ‘dashed’ —", 21),
        ("日本語", 6),
        ("สวัสดี नमस्ते مرحبا", 19),
        ("e\u0301", 1),
        ("\ufb2c", 3),
        ("👍", 2),
        (FAMILY, 2),
        ("🙋🏽👨‍🎤", 4),
        ("🇫🇷🇩🇪", 4),
        ("1⃣1️⃣", 4),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2),
        ("©®", 2),
        ("©️", 2),
        ("❤️☺", 4),
        ("1 # *", 5),
        ("a\u200bb", 3),
        ("\u202aABC", 5),
    ],
)
def test_x_weighs_as_its_configuration_v3_says(text: str, length: int) -> None:
    """Latin weighs 1, most else 2, an emoji sequence 2, a link 23, all of the text in NFC."""
    assert measure(text, TWEET) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("https://" + "a" * 200 + ".example.com", 8 + 200 + 12),
        ("https://" + "a" * 63 + ".com", 23),
        ("randomurl" * 7 + "s.com", 68),
        ("http://" + "あ" * 54 + ".com", 23),
        ("http://" + "あ" * 62 + ".com", 7 + 124 + 4),
        ("https://example.com/" + "a" * 4076, 23),
        ("https://example.com/" + "a" * 4077, 4097),
    ],
)
def test_x_takes_for_a_link_only_what_dns_and_its_own_bound_allow(text: str, length: int) -> None:
    """A label over 63 octets (in punycode too) or an address over 4,096 characters counts in full."""
    assert measure(text, TWEET) == length


def test_a_link_weighs_what_the_rule_says() -> None:
    """Without a weight of its own a link counts as it is written."""
    assert measure("http://test.co", TextRule(280, "weighted")) == len("http://test.co")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("https://example.com/" + "a" * 100, 23),
        ("(https://example.com/path)", 25),
        ("example.com/path", 16),
        ("xhttps://example.com", 20),
        ("@alice@mastodon.example hi", 9),
        ("@alice hi", 9),
        ("@alice@" + "b" * 254 + " hi", 7 + 254 + 3),
        ("https://example.com/@alice@mastodon.example", 23),
        ("alice@mastodon.example", 22),
        (FAMILY + "e\u0301", 2),
        ("https://example.com/日本語?q=é", 23),
        ("https://example.com, and", 28),
    ],
)
def test_mastodon_counts_characters_with_links_as_23_and_mentions_without_their_server(text: str, length: int) -> None:
    """Only links with a scheme that Mastodon would link are discounted, and only mentions it would make."""
    assert measure(text, TOOT) == length


@pytest.mark.parametrize(
    ("unit", "length"),
    [("graphemes", 2), ("scalars", 8), ("characters", 8), ("utf16", 12), ("bytes", 26), ("emoji_bytes", 26)],
)
def test_a_family_counts_differently_in_each_unit(unit: str, length: int) -> None:
    """One emoji is one grapheme, seven code points, eleven UTF-16 units, 25 bytes; with an `x` one more of each."""
    assert measure(FAMILY + "x", TextRule(100, unit)) == length  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Bonjour à tous", 14),
        ("日本語 مرحبا नमस्ते", 16),
        ("👍", 4),
        ("👍🏽", 8),
        ("❤️", 6),
        ("❤", 3),
        ("🇫🇷", 8),
        ("1️⃣", 7),
        ("©", 1),
        ("1 # *", 5),
        ("\ud83d", 1),
    ],
)
def test_threads_counts_emoji_as_their_bytes(text: str, length: int) -> None:
    """A letter of any script counts 1, each emoji as many as it has bytes of UTF-8 (Threads API, posts: text)."""
    assert measure(text, TextRule(500, "emoji_bytes")) == length


def test_whichever_limit_is_broken_counts() -> None:
    """Bluesky's text may be short enough in characters and too long in bytes."""
    assert over("a" * 301, SKEET) == 1
    assert over(FAMILY * 121, SKEET) == 121 * 25 - 3000
    assert over("a" * 300, SKEET) == 0


@given(st.text(alphabet="ab \r\n\t"))
def test_graphemes_of_plain_ascii_are_counted_as_all_others(text: str) -> None:
    """The short way for ASCII gives what the long way would: a CR LF is one."""
    assert graphemes(text) == graphemes(text + "é") - 1


@given(st.text(alphabet=st.characters(codec=None)), ANY_RULE)
def test_every_text_has_a_length(text: str, rule: TextRule) -> None:
    """No text, not even half a surrogate pair, makes measuring fail; none is shorter than nothing."""
    assert 0 <= over(text, rule) <= measure(text, rule) + len(text) * 4


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), ANY_RULE)
def test_the_same_text_twice_is_at_least_as_long(text: str, rule: TextRule) -> None:
    """A text after a blank line adds to the length."""
    assert measure(f"{text}\n\n{text}", rule) >= measure(text, rule)


# --- the vendor's own cases: twitter-text's conformance files, where they are at hand ---------------------------------


def cases(section: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = yaml.safe_load(specs("x/twitter-text/validate.yml").read_text("utf-8"))["tests"][
        section
    ]
    return found


def configured(name: str, emoji: bool) -> tuple[Weights, int, int]:
    """The weights, a link's weight and the limit of one of the vendor's configurations."""
    config = json.loads(specs(f"x/twitter-text/config/{name}.json").read_text("utf-8"))
    ranges = tuple((r["start"], r["end"], r["weight"]) for r in config["ranges"])
    weights = Weights(config["scale"], config["defaultWeight"], ranges, config.get("emojiParsingEnabled", emoji))
    return weights, config["transformedURLLength"], config["maxWeightedTweetLength"]


@pytest.mark.parametrize(
    ("section", "config", "count"),
    [
        ("WeightedTweetsWithDiscountedEmojiCounterTest", "v3", 22),
        ("UnicodeDirectionalMarkerCounterTest", "v3", 2),
        ("WeightedTweetsCounterTest", "v2", 20),
    ],
)
def test_the_vendor_agrees_on_every_length(section: str, config: str, count: int) -> None:
    """Each case has the length that the file states, and is valid where it says so, with the configuration it is for."""
    weights, url_weight, limit = configured(config, emoji=False)
    assert len(cases(section)) >= count
    for case in cases(section):
        text, expected = str(case["text"]), case["expected"]
        length = weigh(text, url_weight, weights)
        assert length == expected["weightedLength"], case["description"]  # type: ignore[index]
        if not set(text) & set("\ufffe\ufeff\uffff"):  # which X takes in no text, however short
            assert (0 < length <= limit) == expected["valid"], case["description"]  # type: ignore[index]


def test_the_vendor_agrees_on_the_oldest_rule() -> None:
    """With the first configuration, where every character weighed the same, the legacy cases hold."""
    weights, url_weight, limit = configured("v1", emoji=False)
    assert len(cases("tweets")) >= 8
    for case in cases("tweets"):
        assert (0 < weigh(str(case["text"]), url_weight, weights) <= limit) == case["expected"], case["description"]


@pytest.mark.parametrize(
    ("section", "kind", "count"), [("usernames", "mention", 4), ("lists", "mention", 5), ("hashtags", "tag", 7)]
)
def test_the_vendor_agrees_on_what_a_name_is(section: str, kind: str, count: int) -> None:
    """A valid one is found whole; of one that is not, at most a part is."""
    assert len(cases(section)) >= count
    for case in cases(section):
        text = str(case["text"])
        wanted = kind if section != "lists" or "/" in text.strip("/") else None
        whole = [(one.start, one.end, one.kind) for one in find(text, "twitter")] == [(0, len(text), wanted)]
        assert whole == case["expected"], case["description"]


def test_the_vendor_agrees_on_links_without_a_scheme() -> None:
    """Each of its bare addresses is a link as a whole."""
    assert len(cases("urls_without_protocol")) >= 5
    for case in cases("urls_without_protocol"):
        text = str(case["text"])
        assert ([(one.start, one.end) for one in links(text, "twitter")] == [(0, len(text))]) == case["expected"]


def test_our_weights_are_the_vendors() -> None:
    """The weights in the code are those of twitter-text's v3.json."""
    assert (Weights(), TWEET.url_weight, TWEET.limit) == configured("v3", emoji=False)
