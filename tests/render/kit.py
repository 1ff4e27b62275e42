"""Networks as data, posts and pictures for the tests of the render stage. Facts: each vendor's documentation."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from PIL import Image

from presstime.model import (
    Channel,
    JsonObject,
    Late,
    MediaRef,
    MediaRule,
    Post,
    Segment,
    Settling,
    Target,
    TextRule,
    Traits,
    Variant,
)
from presstime.render import Rendered, Templates, render

PICTURES = ("image/jpeg", "image/png", "image/webp")
TWEET = TextRule(280, "weighted", url_weight=23)
TOOT = TextRule(500, "graphemes", url_weight=23, mention_local_part=True)
SKEET = TextRule(300, "graphemes", max_bytes=3000)
LETTERS = TextRule(40, "characters")

X = Traits("x", "X", Settling.LOOKUP, TWEET, media=MediaRule(4, PICTURES, 5_000_000, alt_limit=1000), threads=True)
MASTODON = Traits("mastodon", "Mastodon", Settling.KEYED, TOOT, media=MediaRule(4, PICTURES, 16_000_000), threads=True)
BLUESKY = Traits(
    "bluesky",
    "Bluesky",
    Settling.NATURAL,
    SKEET,
    media=MediaRule(4, PICTURES, 2_000_000),
    thumb=MediaRule(1, PICTURES, 1_000_000),
    threads=True,
    markup="spans",
    marks=frozenset({"link", "mention", "tag"}),
    card=True,
)
TELEGRAM = Traits(
    "telegram",
    "Telegram",
    Settling.NONE,
    TextRule(4096, "scalars"),
    caption=TextRule(1024, "scalars"),
    media=MediaRule(10, PICTURES, 10_000_000, alt_limit=0),
    threads=True,
    markup="spans",
    marks=frozenset({"link", "bold", "italic", "code", "pre", "quote", "strike"}),
)
FEED = Traits("feed", "Feed", Settling.NATURAL, TextRule(1_000_000, "characters"), markup="html", hashtags=False)
PLAIN = Traits("plain", "Plain", Settling.NONE, TextRule(200, "characters"), threads=True)
NETWORKS = (X, MASTODON, BLUESKY, TELEGRAM, FEED)


def post(body: str = "The words of the post.", **changes: Any) -> Post:
    plain = Post(id="launch", path="posts/launch.md", blob="b" * 40, commit="c" * 40, title="Launch day", body=body)
    return replace(plain, **changes)


def compose(variant: Variant, segment: Segment) -> JsonObject:
    return {"text": segment.text}


def say(
    a_post: Post,
    traits: Traits,
    *,
    fit: tuple[str, ...] = ("thread", "shorten", "refuse"),
    numbering: bool = False,
    files: Mapping[str, bytes] | None = None,
    templates: Templates | None = None,
    compose: Callable[[Variant, Segment], JsonObject] = compose,
    variables: Mapping[str, Any] | None = None,
    **target: Any,
) -> Rendered:
    """Render a post for a channel of a network."""
    return render(
        a_post,
        Target("brand", datetime(2026, 3, 1, 9, tzinfo=UTC), Late(), **target),
        Channel("brand", traits.network, account="@brand", fit=fit, numbering=numbering, vars=variables or {}),
        traits,
        compose,
        {"name": "Maison Verne", "vars": {"city": "Nantes"}},
        templates or Templates(),
        (files or {}).__getitem__,
    )


def text_of(a_post: Post, traits: Traits, **options: Any) -> str:
    """The words of the one message it takes."""
    (segment,) = say(a_post, traits, **options).variant.segments
    return segment.text


def picture(
    size: tuple[int, int] = (40, 30), kind: str = "PNG", mode: str = "RGB", color: Any = "teal", **options: Any
) -> bytes:
    out = BytesIO()
    Image.new(mode, size, color).save(out, kind, **options)
    return out.getvalue()


def ref(data: bytes, path: str = "media/p.png", alt: str = "A teal wall", blob: str = "1" * 40) -> MediaRef:
    return MediaRef(path=path, blob=blob, size=len(data), alt=alt)
