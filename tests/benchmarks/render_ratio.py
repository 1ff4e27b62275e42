"""How long a variant takes, beside the bare parts it cannot do without.

    python tests/benchmarks/render_ratio.py [FOLDER OF MARKDOWN]

First, a head-office post for 200 branches: each channel's text is its own (its town, address and telephone are in it), all
are made in one pass, and each is within its network's limits.

Then, for each post: parse + render + measure + fit of one variant, against markdown-it-py's parse of the same post and Jinja's
render of the same template with the same data, outside the sandbox. Without a folder, posts are made up. Both sides run in
turn in one process, each post's parse is forgotten between networks in the `alone` column and kept, as one run keeps it, in
the `together` column. Times are of the processor, so that other work on the machine says little. Target: at most 3 times the
bare parts.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment
from markdown_it import MarkdownIt

from presstime.model import Channel, Late, Post, Target, Variant
from presstime.networks import load
from presstime.render import Templates, render
from presstime.render.filters import opening_of
from presstime.render.parser import kept

NETWORKS = ("x", "bluesky", "mastodon", "telegram", "feed")
DUE = datetime(2026, 1, 1, 9, tzinfo=UTC)
BARE = """{% macro tail(tags) %}{{ link }}

{{ tags | join(" ") }}{% endmacro %}{% if network == "feed" %}{{ body }}{% else %}{{ title }}

{{ summary or title }}

{{ tail(tags) }}{% endif %}"""
SENTENCE = (
    "the quick brown fox jumps over a lazy dog while **many** others [look](https://example.com/a) and `code` waits"
)
WORDS = SENTENCE.split()


def made_up(count: int) -> list[str]:
    """Posts of 5 to 40 paragraphs with a heading, a list and a table now and then."""
    chance = random.Random(7)
    posts = []
    for _ in range(count):
        parts = []
        for _ in range(chance.randint(5, 40)):
            sentence = " ".join(chance.choice(WORDS) for _ in range(chance.randint(8, 60))).capitalize() + "."
            parts.append(chance.choice(["", "", "", "## Heading\n\n", "- ", "> "]) + sentence)
        posts.append("\n\n".join(parts))
    return posts


def read(folder: Path) -> list[str]:
    """The bodies of a folder's Markdown files, front matter cut off."""
    sources = (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.md")))
    return [source.split("\n---\n", 1)[-1] for source in sources]


def forget() -> None:
    """What one run keeps of the posts it has read."""
    kept.clear()
    opening_of.cache_clear()


def timed(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


BRANCH = """{{ %s }}

{{ channel.vars.town%s }}, {{ channel.vars.address%s }}, {{ channel.vars.telephone%s }}

{{ link }}"""
HEAD_OFFICE = (
    "We open **late** on Thursday: [come and see](https://example.com/late) what is new, with tea at four. " * 3
)


def branch(number: int) -> Channel:
    """One of the house's branches; four networks take turns."""
    place = {"town": f"Town *{number}*", "address": f"{number}, rue de la Paix", "telephone": f"+33 2 {number:04}"}
    return Channel(f"branch-{number}", NETWORKS[number % 4], account=f"@branch{number}", vars=place)


def branches(count: int = 200) -> None:
    """One post for many channels, against the bare parts for each of them."""
    channels = [branch(number) for number in range(count)]
    own = {f"{network}.j2": BRANCH % ("post.body | opening", *[" | plain"] * 3) for network in NETWORKS}
    post = Post("p", "p.md", "0" * 40, None, "Late on Thursday", HEAD_OFFICE, link="https://example.com/p")
    templates = Templates(own)
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    template = Environment().from_string(BRANCH % ("post.body", "", "", ""))  # noqa: S701 - words, not HTML

    def whole(channel: Channel) -> Variant:
        adapter = load(channel.network)
        return render(
            post,
            Target(channel.name, DUE, Late()),
            channel,
            adapter.traits,
            adapter.compose,
            {},
            templates,
            {}.__getitem__,
        ).variant

    def bare(channel: Channel) -> None:
        parser.parse(template.render(post={"body": HEAD_OFFICE}, channel={"vars": channel.vars}, link=post.link))

    for channel in channels[:4]:  # imports and compiled templates
        whole(channel)
    forget()
    variants: list[Variant] = []
    ours = timed(lambda: variants.extend(map(whole, channels)))
    reference = timed(lambda: [bare(channel) for channel in channels])
    texts = {"\n\n".join(segment.text for segment in variant.segments) for variant in variants}
    over = [segment for variant in variants for segment in variant.segments if segment.length > segment.limit]
    print(f"{count} branches: {len(texts)} different texts, {len(over)} messages over their limit")
    each = 1000 * ours / count
    print(
        f"{each:.2f} ms a variant, bare {1000 * reference / count:.2f} ms: {ours / reference:.2f} times the bare parts\n"
    )


def main() -> None:
    branches()
    bodies = read(Path(sys.argv[1])) if len(sys.argv) > 1 else made_up(150)
    templates, bare_parser = Templates(), MarkdownIt("commonmark").enable(["table", "strikethrough"])
    bare_template = Environment().from_string(BARE)  # noqa: S701 - words, not HTML

    def post(number: int) -> Post:
        return Post(
            f"p{number}",
            "p.md",
            "0" * 40,
            None,
            f"Post {number}",
            bodies[number],
            link="https://example.com/p",
            tags=("a b", "c"),
        )

    def variant(number: int, network: str) -> None:
        adapter = load(network)
        render(
            post(number),
            Target("c", DUE, Late()),
            Channel("c", network),
            adapter.traits,
            adapter.compose,
            {},
            templates,
            {}.__getitem__,
        )

    def bare(number: int, network: str) -> None:
        bare_parser.parse(bodies[number])
        bare_template.render(
            network=network, title="Post", summary=None, link="https://example.com/p", tags=["#a"], body=bodies[number]
        )

    for network in NETWORKS:  # imports and compiled templates
        variant(0, network)
    totals: dict[str, dict[str, float]] = {
        network: {"bare": 0.0, "alone": 0.0, "together": 0.0} for network in NETWORKS
    }
    ratios: dict[str, list[float]] = {network: [] for network in NETWORKS}
    for number in range(len(bodies)):
        for network in NETWORKS:
            reference = timed(lambda: bare(number, network))  # noqa: B023 - called at once
            forget()
            alone = timed(lambda: variant(number, network))  # noqa: B023
            totals[network]["bare"] += reference
            totals[network]["alone"] += alone
            ratios[network].append(alone / reference)
        forget()
        for network in NETWORKS:
            totals[network]["together"] += timed(lambda: variant(number, network))  # noqa: B023
    print(f"{len(bodies)} posts, {sum(map(len, bodies)):,} characters")
    print(f"{'network':10} {'bare ms':>8} {'alone ms':>9} {'ratio':>6} {'median':>7} {'together':>9}")
    for network, total in totals.items():
        per = {name: value / len(bodies) * 1000 for name, value in total.items()}
        print(
            f"{network:10} {per['bare']:8.2f} {per['alone']:9.2f} {total['alone'] / total['bare']:6.2f}"
            f" {statistics.median(ratios[network]):7.2f} {total['together'] / total['bare']:9.2f}"
        )
    everything = {name: sum(total[name] for total in totals.values()) for name in ("bare", "alone", "together")}
    print(
        f"all: alone {everything['alone'] / everything['bare']:.2f}, together {everything['together'] / everything['bare']:.2f}"
    )


if __name__ == "__main__":
    main()
