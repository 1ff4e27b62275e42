"""What `presstime check` costs: over 1,000 posts, beside a loop that only parses and validates, and to start at all.

    python tests/benchmarks/check_ratio.py [POSTS]          needs `pip install presstime[bench]`

The loop is python-frontmatter and jsonschema, with our own schema and with one of ten lines, over the same files. `load` is
our stage 1 alone, which finds more than they do (places, ids, channels, times, media); `check` also renders every post for
its channels, measures it and holds it against the rules. All run in turn in one process, in seconds of its own time; the
best of the rounds counts.

The start is that of a process, from the shell's view, with byte code written: `check` of one post against
`python -c "import pydantic, yaml"`, in turn, by the clock and in seconds of the processor. Target: at most twice that and
0.1 s.
"""

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import frontmatter  # type: ignore[import-not-found,import-untyped,unused-ignore]  # python-frontmatter has no types
from jsonschema import Draft7Validator

from presstime.content.newsroom import read_newsroom
from presstime.content.posts import load_posts
from presstime.content.schema import schema
from presstime.content.worktree import WorkTree
from presstime.settings import parse_settings
from presstime.wire import network_problems, render_problems

ROUNDS = 5
STARTS = 15
BARE = "import pydantic, yaml"
SETTINGS = """\
[newsroom]
name = "Bench"
timezone = "Europe/Paris"
[channels.one]
network = "mastodon"
base_url = "https://mastodon.example"
account = "@bench"
credentials = "env:X"
[channels.two]
network = "bluesky"
account = "bench.example"
credentials = "env:Y"
[defaults]
channels = ["one"]
"""
BY_HAND = {
    "type": "object",
    "required": ["id", "title", "publish_at"],
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "summary": {"type": "string"},
        "publish_at": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "language": {"type": "string", "pattern": "^[a-z]{2}$"},
        "channels": {"type": ["array", "object"]},
    },
}
SENTENCE = (
    "the quick brown fox jumps over a lazy dog while **many** others [look](https://example.com/a) and `code` waits"
)
WORDS = SENTENCE.split()


def made_up(folder: Path, count: int) -> None:
    """Posts of 3 to 12 paragraphs; every third has keys that only a YAML parser reads."""
    chance = random.Random(7)
    for number in range(count):
        keys = [
            f"id: post-{number}",
            f'title: "Post {number}: the news"',
            "summary: One sentence about it.",
            "tags: [a, b]",
        ]
        keys += [f"publish_at: 2026-{1 + number % 12:02}-{1 + number % 28:02}T09:00", "language: en"]
        if number % 3 == 0:
            keys.append("channels:\n  one:\n    text: >-\n      A text of\n      its own.")
        body = "\n\n".join(
            " ".join(chance.choices(WORDS, k=chance.randint(8, 60))) for _ in range(chance.randint(3, 12))
        )
        (folder / f"{number}.md").write_text("---\n" + "\n".join(keys) + f"\n---\n\n{body}\n")


def timed(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def loop(files: Sequence[Path], validator: Draft7Validator) -> None:
    """What one writes without us. Dates are turned into texts, since JSON Schema knows of none."""
    for file in files:
        data = json.loads(json.dumps(frontmatter.load(str(file)).metadata, default=str))
        assert next(validator.iter_errors(data), None) is None, file


def over_many(root: Path, count: int) -> None:
    tree, settings = WorkTree(root), parse_settings(SETTINGS.encode())
    files = sorted((root / "posts").glob("*.md"))
    both = parse_settings(SETTINGS.replace('channels = ["one"]', 'channels = ["one", "two"]').encode())

    def check(channels: str) -> None:
        (root / "presstime.toml").write_text(SETTINGS.replace('["one"]', channels))
        newsroom = read_newsroom(tree)
        found = [*network_problems(settings), *newsroom.loaded.problems, *render_problems(newsroom)]
        assert (found, newsroom.loaded.seen) == ([], count)

    works: dict[str, Callable[[], object]] = {
        "loop, our schema": lambda: loop(files, Draft7Validator(schema())),
        "loop, ten lines": lambda: loop(files, Draft7Validator(BY_HAND)),
        "load": lambda: load_posts(tree, both),
        "check, one channel": lambda: check('["one"]'),
        "check, two channels": lambda: check('["one", "two"]'),
    }
    rounds = [[timed(work) for work in works.values()] for _ in range(ROUNDS)]
    times = {name: min(found) for name, found in zip(works, zip(*rounds, strict=True), strict=True)}
    print(f"{count} posts, best of {ROUNDS}")
    print(f"{'':20} {'seconds':>8} {'of the loop':>12} {'of ten lines':>13}")
    for name, seconds in times.items():
        print(
            f"{name:20} {seconds:8.3f} {seconds / times['loop, our schema']:12.2f} {seconds / times['loop, ten lines']:13.2f}"
        )


def started(command: Sequence[str], environ: dict[str, str], cwd: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor that a process took."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=cwd, env=environ, check=True, stdout=subprocess.DEVNULL)
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def of_one(root: Path, cache: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTHONPYCACHEPREFIX"] = str(cache)
    check = [str(Path(sys.executable).with_name("presstime")), "check"]
    sample = Path(__file__).parents[2] / "content"
    commands: dict[str, tuple[list[str], Path]] = {
        BARE: ([sys.executable, "-c", BARE], root),
        "a post of words, one channel": ([*check, "posts/1.md"], root),
        "a picture, two channels": ([*check, "posts/en/talk-in-lisbon.md"], sample),
        "a picture, five channels": ([*check, "posts/en/islands-by-ferry.md"], sample),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(STARTS + 1):
        for name, (command, cwd) in commands.items():
            result = started(command, environ, cwd)
            found[name] += [result] if number else []  # the first writes the byte code
    print(f"\n{'starts':30} {'best':>6} {'median':>7} {'processor':>10}")
    rows = {name: _row(results) for name, results in found.items()}
    rows["allowed"] = [2 * seconds + 0.1 for seconds in rows[BARE]]
    for name, (best, median, processor) in rows.items():
        print(f"{name:30} {best:6.3f} {median:7.3f} {processor:10.3f}")


def _row(results: Sequence[tuple[float, float]]) -> list[float]:
    clock, processor = zip(*results, strict=True)
    return [min(clock), statistics.median(clock), min(processor)]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "newsroom")
        (root / "posts").mkdir(parents=True)
        (root / "presstime.toml").write_text(SETTINGS)
        made_up(root / "posts", count)
        over_many(root, count)
        of_one(root, Path(folder, "cache"))


if __name__ == "__main__":
    main()
