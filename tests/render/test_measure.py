"""How long a text is, in each network's unit."""

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from presstime.model import TextRule
from presstime.render.measure import Weights, graphemes, measure, over, weigh
from tests.render.kit import SKEET, TOOT, TWEET

FAMILY = "👨‍👩‍👧‍👦"
SPECS = Path(os.environ.get("PRESSTIME_SPECS") or Path(__file__).resolve().parents[2].parent / "shared" / "specs")
CONFORMANCE = SPECS / "x" / "twitter-text" / "validate.yml"
ANY_RULE = st.sampled_from(
    [TWEET, TOOT, SKEET, *(TextRule(100, unit) for unit in ("scalars", "characters", "utf16", "graphemes"))]
)


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


@pytest.mark.parametrize(("unit", "length"), [("graphemes", 2), ("scalars", 8), ("characters", 8), ("utf16", 12)])
def test_a_family_counts_differently_in_each_unit(unit: str, length: int) -> None:
    """One emoji is one grapheme, seven code points, eleven UTF-16 units; with an `x` one more of each."""
    assert measure(FAMILY + "x", TextRule(100, unit)) == length  # type: ignore[arg-type]


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


def _cases(section: str) -> list[dict[str, object]]:
    if not CONFORMANCE.exists():
        return []
    cases: list[dict[str, object]] = yaml.safe_load(CONFORMANCE.read_text(encoding="utf-8"))["tests"][section]
    return cases


needs_specs = pytest.mark.skipif(
    not CONFORMANCE.exists(),
    reason="twitter-text's validate.yml is not here: set PRESSTIME_SPECS to the vendors' specs",
)


@needs_specs
@pytest.mark.parametrize(
    "section", ["WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"]
)
def test_the_vendor_agrees_on_v3(section: str) -> None:
    """Every case of twitter-text's own conformance file has the length that the file states."""
    cases = _cases(section)
    assert len(cases) >= 2
    for case in cases:
        assert weigh(str(case["text"]), 23) == case["expected"]["weightedLength"], case["description"]  # type: ignore[index]


@needs_specs
def test_the_vendor_agrees_on_v2() -> None:
    """With the weights of the older configuration, read from the vendor's file, the older cases hold too."""
    config = json.loads((CONFORMANCE.parent / "config" / "v2.json").read_text())
    ranges = tuple((r["start"], r["end"], r["weight"]) for r in config["ranges"])
    weights = Weights(config["scale"], config["defaultWeight"], ranges, emoji=False)
    cases = _cases("WeightedTweetsCounterTest")
    assert len(cases) >= 20
    for case in cases:
        length = weigh(str(case["text"]), config["transformedURLLength"], weights)
        assert length == case["expected"]["weightedLength"], case["description"]  # type: ignore[index]


@needs_specs
def test_our_weights_are_the_vendors() -> None:
    """The weights in the code are those of twitter-text's v3.json."""
    config = json.loads((CONFORMANCE.parent / "config" / "v3.json").read_text())
    ranges = tuple((r["start"], r["end"], r["weight"]) for r in config["ranges"])
    assert Weights() == Weights(config["scale"], config["defaultWeight"], ranges, config["emojiParsingEnabled"])
