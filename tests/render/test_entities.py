"""What a network finds in a text by itself."""

from collections.abc import Iterator, Sequence

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from presstime.render.domains import top_level
from presstime.render.entities import Convention, find, links, mentions, tags
from tests.networks.contracts import specs

ALL = st.sampled_from(["twitter", "mastodon", "bluesky"])


def written(text: str, convention: Convention, kind: str) -> list[str]:
    return [text[one.start : one.end] for one in find(text, convention) if one.kind == kind]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see http://example.com/a.", ["http://example.com/a"]),
        ("see (http://example.com/a_(b)), ok", ["http://example.com/a_(b)"]),
        ("example.com and foo.co.jp/path?x=1", ["example.com", "foo.co.jp/path?x=1"]),
        ("no.domainhere nor file.txt nor 1.5", []),
        ("日本語http://example.com/です", ["http://example.com/"]),
        ("http://foobar.پاکستان/", ["http://foobar.پاکستان/"]),
        ("http://xn--e1afmkfd.xn--p1ai/", ["http://xn--e1afmkfd.xn--p1ai/"]),
        ("a@example.com #example.com", []),
        ("HTTPS://WWW.EXAMPLE.COM/A", ["HTTPS://WWW.EXAMPLE.COM/A"]),
        ("http://example.com:8080/?q=a!", ["http://example.com:8080/?q=a"]),
        ("http://192.168.0.1/", []),
        ("http://under_score.example.com http://a.under_score.com", ["http://under_score.example.com"]),
        ("http://example.com/Русские", ["http://example.com/Русские"]),
        ("example.com?a=1 example.com:80 example.com:80/a?b=1", ["example.com", "example.com", "example.com:80/a?b=1"]),
        ("приветexample.com пример.com", ["example.com"]),
        ("http://xn--はじめ.com http://t.co/abc's http://t.co/" + "a" * 41, ["http://t.co/abc"]),
    ],
)
def test_x_finds_links(text: str, found: list[str]) -> None:
    """With and without a scheme, by the list of top-level domains, without the punctuation that follows."""
    assert written(text, "twitter", "link") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("example.com https://example.com/日本 ok", ["https://example.com/日本"]),
        ("(https://en.wikipedia.org/wiki/A_(b))", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("https://example.com/a|b", ["https://example.com/a|b"]),
        ("https://example.com/a?", ["https://example.com/a"]),
        ("[https://example.com/a], «https://example.com/b»", ["https://example.com/a", "https://example.com/b»"]),
        ("gemini://example.com/a ftp://example.com", ["gemini://example.com/a"]),
    ],
)
def test_mastodon_finds_links(text: str, found: list[str]) -> None:
    """Only with a scheme, with nearly any character in the path."""
    assert written(text, "mastodon", "link") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("start https://example.com/a, end", ["https://example.com/a"]),
        ("(https://example.com/a)", ["https://example.com/a"]),
        ("https://example.com/a_(b)", ["https://example.com/a_(b)"]),
        ("example.com/path. and not.a.domainx", ["example.com/path"]),
        ("tést.com e.g.this", []),
        ("https://", []),
    ],
)
def test_bluesky_finds_links(text: str, found: list[str]) -> None:
    """After white space or a parenthesis; a bare domain too, if it exists; one trailing mark is not part of it."""
    assert written(text, "bluesky", "link") == found


def test_a_bare_domain_leads_to_its_https_address() -> None:
    """What a reader would get by following it."""
    assert [one.value for one in links("see example.com/a", "bluesky")] == ["https://example.com/a"]
    assert [one.value for one in links("see example.com/a", "twitter")] == ["https://example.com/a"]


@pytest.mark.parametrize(
    ("convention", "text", "found"),
    [
        ("twitter", "@me, .@you a@b.c @waytoolongforthistobeanyname @@x", ["me", "you", "waytoolongforthistob"]),
        ("twitter", "RT@me rt:@you start@no の@me/list-1 @étoile @you://x", ["me", "you", "me"]),
        ("mastodon", "@me @you@mastodon.example, a@b.c /@x", ["me", "you@mastodon.example"]),
        ("mastodon", "@a.b-c@d_e.example. @no@ @nö @me@münchen.example!", ["a.b-c@d_e.example", "me@münchen.example"]),
        ("bluesky", "@me.bsky.social, @you (@a.test) a@b.com @nodomain.zzzz", ["me.bsky.social", "a.test"]),
    ],
)
def test_mentions(convention: Convention, text: str, found: list[str]) -> None:
    """Names on X, names with or without a server on Mastodon, domain names on Bluesky; no e-mail addresses."""
    assert [one.value for one in mentions(text, convention)] == found


@pytest.mark.parametrize(
    ("convention", "text", "found"),
    [
        ("twitter", "#one #1 #1st #日本語 a#b &#c #x_y", ["one", "1st", "日本語", "x_y"]),
        (
            "twitter",
            "#مرحبا_بكم #हिन्दी #été2026 #メ～テレ #עַל־יְדֵי ＃全角",
            ["مرحبا_بكم", "हिन्दी", "été2026", "メ～テレ", "עַל־יְדֵי", "全角"],
        ),
        ("twitter", "#http://x.fr #a#b #️⃣ 👍#go ❤️#now", ["go", "now"]),
        ("mastodon", "#one #1 #été /#x a#b", ["one", "été"]),
        (
            "mastodon",
            "#مرحبا #हिन्दी #ポスト・モダン #a·b· #1·2 #x2026 #日本語。",
            ["مرحبا", "हिन्दी", "ポスト・モダン", "a·b", "1·2", "x2026", "日本語"],
        ),
        ("mastodon", "#taghttp://x.fr (#in) =#no", ["tag", "in"]),
        ("bluesky", "#one, #1 ##x #été! a#b #❤", ["one", "#x", "été", "❤"]),
        (
            "bluesky",
            "#a1 #b_ #été2026. #a-b #_ #مرحبا #हिन्दी #日本語、x",
            ["a1", "b", "été2026", "a-b", "مرحبا", "हिन्दी", "日本語、x"],
        ),
        ("bluesky", "#" + "a" * 64 + " #" + "b" * 65, ["a" * 64]),
    ],
)
def test_hashtags(convention: Convention, text: str, found: list[str]) -> None:
    """Words after `#`, in any script; digits alone are none, and what is glued to a word is none."""
    assert [one.value for one in tags(text, convention)] == found


def test_ticker_symbols() -> None:
    """X and Bluesky link them, in capitals; Mastodon does not."""
    assert [one.value for one in find("buy $aapl now, pay $5 or $brk.a, not $toolong1", "twitter")] == [
        "$AAPL",
        "$BRK.A",
    ]
    assert [one.value for one in find("buy $aapl now, ($btc2) not $toolong", "bluesky")] == ["$AAPL", "$BTC2"]
    assert find("buy $aapl now", "mastodon") == ()


def test_what_stands_in_a_link_is_part_of_the_link() -> None:
    """No hashtag or mention is found inside an address."""
    for convention in ("twitter", "mastodon", "bluesky"):
        text = "see https://example.com/#tag/@me@example.com now"
        assert [one.kind for one in find(text, convention)] == ["link"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "section", ["urls", "tco_urls_with_params", "mentions", "hashtags", "hashtags_from_astral", "cashtags"]
)
def test_the_vendor_agrees_on_what_is_found(section: str) -> None:
    """Every case of twitter-text's extraction file, where it is at hand, finds what the file states."""
    kind, sign = {"m": ("mention", "@＠"), "h": ("tag", "#＃"), "c": ("cashtag", "$")}.get(section[0], ("link", ""))
    for case in yaml.safe_load(specs("x/twitter-text/extract.yml").read_text("utf-8"))["tests"][section]:
        assert [one.lstrip(sign) for one in written(case["text"], "twitter", kind)] == case["expected"], case[
            "description"
        ]


@given(st.text(alphabet="ab.@#$:/ ()é日comhtps\n", max_size=80), ALL)
def test_nothing_overlaps(text: str, convention: Convention) -> None:
    """What is found is in order, apart, not empty and within the text."""
    end = 0
    for one in find(text, convention):
        assert end <= one.start < one.end <= len(text)
        end = one.end


def batched(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))


@pytest.mark.parametrize("convention", ["twitter", "mastodon"])
def test_every_top_level_domain_is_known(convention: Convention) -> None:
    """Whatever script it is in, and however it is written: the pattern that is built for a text knows the text's domains."""
    for some in batched(sorted(top_level()), 100):
        addresses = [f"https://verne.{written}/a" for tld in some for written in (tld, tld.upper())]
        assert [e.value for e in links(" ".join(addresses), convention)] == addresses
