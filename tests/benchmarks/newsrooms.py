"""Repositories of many posts for benchmarks, made with `git fast-import`: an archive of years, and a queue of what is to come."""

import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPACING = timedelta(minutes=37)  # between two posts
SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "Europe/Paris"
[content]
posts = ["posts"]
link = "https://verne.example/{section}/{name}"
[audit]
bucket = "audit"
[channels.site-feed]
network = "feed"
path = "public/feed"
[channels.brand-mastodon]
network = "mastodon"
base_url = "https://mastodon.example"
account = "@verne"
credentials = "env:MASTODON_TOKEN"
[groups]
all = ["site-feed", "brand-mastodon"]
[defaults]
channels = ["site-feed", "brand-mastodon"]
"""
WORDS = [
    "le",
    "train",
    "de",
    "nuit",
    "revient",
    "à",
    "quai",
    "sous",
    "la",
    "verrière",
    "où",
    "les",
    "voyageurs",
    "attendent",
    "depuis",
    "midi",
    "une",
    "annonce",
    "qui",
    "ne",
    "vient",
    "pas",
    "harbour",
    "winter",
    "island",
    "lantern",
    "captain",
    "engine",
    "compass",
    "whale",
    "balloon",
    "tide",
    "the",
    "of",
    "and",
    "through",
    "across",
    "before",
    "ocean",
    "depth",
]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
PICTURES = 50


def make(folder: Path, posts: int) -> None:
    """A repository with its first commit on `main`, checked out except for its posts and media, which nobody needs there."""
    folder.mkdir(parents=True)
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    importer = subprocess.Popen([*git, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert importer.stdin is not None
    importer.stdin.writelines(_commit(files(posts), "Archive", int(NOW.timestamp()) - 86_400))
    importer.stdin.close()
    if importer.wait():
        raise RuntimeError("git fast-import failed")
    (folder / "presstime.toml").write_text(SETTINGS)


def change(folder: Path, names: dict[str, bytes], message: str = "Change") -> None:
    """One commit more, of a few files."""
    git = ["git", "-C", str(folder)]
    importer = subprocess.Popen([*git, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert importer.stdin is not None
    importer.stdin.writelines(_commit(names.items(), message, int(NOW.timestamp()), "from refs/heads/main^0\n"))
    importer.stdin.close()
    if importer.wait():
        raise RuntimeError("git fast-import failed")


def coming(posts: int) -> int:
    """How many of so many posts are not due yet: as many as a newsroom has ready, whatever the size of its archive."""
    return min(200, max(20, posts // 50))


def files(posts: int) -> Iterator[tuple[str, bytes]]:
    """The paths and contents of a newsroom: settings, pictures, posts in a folder for each month."""
    yield "presstime.toml", SETTINGS.encode()
    for number in range(PICTURES):
        yield f"media/picture-{number}.png", PNG + number.to_bytes(4, "big")
    for number in range(posts):
        due = NOW + SPACING * (number - posts + coming(posts) + 1)
        yield path_of(number, due), post(number, due)


def path_of(number: int, due: datetime) -> str:
    return f"posts/{due:%Y/%m}/{due:%Y-%m-%d}-{number}.md"


def post(number: int, due: datetime, text: str = "") -> bytes:
    """A post as newsrooms write them: eight to ten keys, and a body of some two kilobytes."""
    chance = random.Random(number)
    title = " ".join(chance.choices(WORDS, k=7)).capitalize()
    lines = ["---", f"id: post-{number}", f'title: "{title}: {number}"', f"publish_at: {due:%Y-%m-%dT%H:%M}"]
    lines += [f"summary: {' '.join(chance.choices(WORDS, k=18)).capitalize()}.", "tags: [voyage, train, mer]"]
    lines += [f"author: {chance.choice(['Ada Verne', 'Bea Aronnax', 'Cleo Fogg'])}", "language: fr"]
    if number % 3 == 0:
        picture = f"picture-{chance.randrange(PICTURES)}.png"
        lines += ["media:", f"  - file: {picture}", f"    alt: {' '.join(chance.choices(WORDS, k=6))}"]
    if number % 5 == 0:
        lines += ["channels: [all]"]
    if number % 7 == 0:
        lines += ["late: within 6h"]
    paragraphs = [" ".join(chance.choices(WORDS, k=chance.randrange(40, 110))) for _ in range(chance.randrange(2, 6))]
    return "\n".join([*lines, "---", "", text, *(f"{p.capitalize()}.\n" for p in paragraphs)]).encode()


def _commit(names: Iterator[tuple[str, bytes]], message: str, at: int, parent: str = "") -> Iterator[bytes]:
    who = f"Ada Verne <ada@verne.example> {at} +0000"
    yield f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message)}\n{message}\n{parent}".encode()
    for name, content in names:
        yield b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content)
