"""Which folders a form writes to, and how their posts spell our keys."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from presstime.content.form import RESPELT, WHERE_USED, Folder
from presstime.content.frontmatter import split
from presstime.content.keys import KEYS, SPELLINGS
from presstime.content.posts import is_post
from presstime.content.source import Source
from presstime.errors import ContentError
from presstime.settings import Settings

MOST = 12  # folders: more is no menu any longer, and likely one folder a year or month
ASKED = 50  # posts of a folder that are asked how they spell


def folders_of(source: Source, settings: Settings) -> list[Folder]:
    """The folders that hold posts, most used first if there are more than MOST, else in the order of presstime.toml. A posts
    folder without posts is one, too: it is where the first will be."""
    found: dict[tuple[str, bool], list[str]] = {}
    for folder in settings.content.posts:
        held = _held(source, folder) or {(folder, False): []}
        found.update((place, paths) for place, paths in held.items() if place not in found)
    places = sorted(found, key=lambda place: -len(found[place]))[:MOST] if len(found) > MOST else list(found)
    return [Folder(path, bundles, _spellings(source, found[path, bundles])) for path, bundles in places]


def _held(source: Source, folder: str) -> dict[tuple[str, bool], list[str]]:
    """The posts below a folder, by the folder they are in and whether they are bundles (`name/index.md`) there."""
    held: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for path in source.names(folder):
        place, _, name = path.rpartition("/")
        if not is_post(path) or not path.lower().endswith(".md"):
            continue
        bundle = name.startswith("index.") and place != folder
        held[(place.rpartition("/")[0] if bundle else place, bundle)].append(path)
    return held


def _spellings(source: Source, paths: Sequence[str]) -> Mapping[str, str]:
    """By key, the name that most of the posts have for it, where none has ours. Some keys are shown only if they are here."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for written in islice(_keys(source, paths), ASKED):
        for name in written:
            if hit := SPELLINGS.get(name):
                counts[hit[0]][name] += 1
    ours = {key.name: counts[key.name] for key in KEYS if counts[key.name] and key.kind in RESPELT}
    respelt = {name: count.most_common(1)[0][0] for name, count in ours.items() if name not in count}
    return respelt | {name: name for name in WHERE_USED if counts[name]}


def _keys(source: Source, paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for path in paths:
        try:
            front, _, _ = split(source.read(path), path)
        except ContentError:
            continue
        yield list(front.keys)
