"""How long a variant takes, beside the bare parts it cannot do without.

    python tests/benchmarks/render_ratio.py [FOLDER OF MARKDOWN]

For each post: parse + render + measure + fit of one variant, against markdown-it-py's parse of the same post and Jinja's
render of the same template with the same data, outside the sandbox. Without a folder, posts are made up. Both sides run in
turn in one process, each post's parse is forgotten between networks in the `alone` column and kept, as one run keeps it, in
the `together` column. Target: at most 3 times the bare parts.
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

from presstime.model import Channel, Late, Post, Target
from presstime.networks import load
from presstime.render import Templates, render
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


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
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
            kept.clear()
            alone = timed(lambda: variant(number, network))  # noqa: B023
            totals[network]["bare"] += reference
            totals[network]["alone"] += alone
            ratios[network].append(alone / reference)
        kept.clear()
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
