"""How the posts that are there are written: in which form, with which keys, in what files."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from presstime.content.frontmatter import split
from presstime.content.identity import Name, name_of
from presstime.content.keys import KEYS
from presstime.content.nodes import FrontMatter
from presstime.content.posts import is_post
from presstime.content.worktree import WorkTree
from presstime.errors import ContentError

LOOKED_AT = 200  # posts, spread over all there are
HABIT = 0.8  # of the posts, which then have the same
COMMON = (
    "layout",
    "type",
    "author",
    "authors",
    "template",
)  # a site's own keys that are taken over where all have the same
_YEAR = re.compile(r"\d{4}(/\d{2})?")
_FENCES: dict[str, Literal["yaml", "toml"]] = {"---": "yaml", "+++": "toml"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """`date` is the key of a post's time; `local`: it is written as local time, else with its offset. `nested`: keys of ours
    stand in [extra]. `needs_date`: the site's generator wants a date of every post. A post is a file, or with `bundle` a folder
    with an index; `dated`: its name begins with the date; `folders`: it is in a folder of its year (`%Y`), or month. `empty` are
    keys that most posts have and a new one is to fill, `common` those that all have alike."""

    kind: Literal["yaml", "toml"] = "yaml"
    date: str = "publish_at"
    local: bool = True
    draft: Literal["status", "draft", "published"] = "status"
    summary: str | None = None
    tags: str | None = None
    nested: bool = False
    needs_date: bool = False
    bundle: bool = False
    dated: bool = False
    folders: str = ""
    suffix: str = ".md"
    common: Mapping[str, str] = field(default_factory=dict)
    seen: int = 0


OURS = Dialect()
USUAL = {
    "Hugo": Dialect(date="date", local=False, draft="draft", needs_date=True, tags="tags"),
    "Jekyll": Dialect(
        date="date", local=False, draft="published", needs_date=True, dated=True, common={"layout": "post"}
    ),
    "Zola": Dialect("toml", date="date", local=False, draft="draft", nested=True, needs_date=True, tags="taxonomies"),
    "Astro": Dialect(date="pubDate", local=False, draft="draft", summary="description", needs_date=True),
}


class _Seen(NamedTuple):
    """A post as it is there: its path, what the path says, and its front matter."""

    path: str
    name: Name
    front: FrontMatter


def dialect_of(root: Path, folders: Sequence[str], generator: str | None) -> Dialect:
    """How a new post is to be written. Where there are posts, like them; else as the generator's own documentation has it."""
    usual = USUAL.get(generator or "", OURS)
    posts = list(_posts(WorkTree(root), folders))
    if not posts:
        return _of_archetype(root, folders, usual) if generator == "Hugo" else usual
    keys = Counter(key for post in posts for key in post.front.keys)
    theirs = [key for key in _spellings("publish_at") if key != OURS.date or not usual.needs_date]
    date = _most(keys, theirs) or usual.date
    return Dialect(
        kind="toml" if _share(posts, lambda post: post.front.kind == "toml") > 0.5 else "yaml",
        date=date,
        local=usual.local and date == OURS.date,
        draft=_draft(keys, usual),
        summary=_habit(keys, _spellings("summary"), len(posts)),
        tags=_habit(keys, ("taxonomies", *_spellings("tags")), len(posts)),
        nested=usual.nested,
        needs_date=usual.needs_date,
        bundle=_share(posts, lambda post: post.path.rpartition("/")[2].startswith("index.")) > 0.5,
        dated=usual.dated or _share(posts, lambda post: post.name.date is not None) > 0.5,
        folders=_dated_folders(posts),
        suffix=Counter(post.path[post.path.rindex(".") :] for post in posts).most_common(1)[0][0],
        common=dict(_alike(posts)),
        seen=len(posts),
    )


def _posts(tree: WorkTree, folders: Sequence[str]) -> Iterator[_Seen]:
    for folder in folders:
        paths = [path for path in tree.names(folder) if is_post(path)]
        for path in paths[:: len(paths) // LOOKED_AT + 1]:
            try:
                front, _, _ = split(tree.read(path), path)
            except ContentError:
                continue  # not ours to mend
            yield _Seen(path, name_of(path, folder), front)


def _spellings(name: str) -> tuple[str, ...]:
    return next((key.name, *key.aliases) for key in KEYS if key.name == name)


def _most(keys: Counter[str], spellings: Collection[str]) -> str | None:
    """Of several spellings, the one that most posts have."""
    return max((s for s in spellings if keys[s]), key=lambda s: keys[s], default=None)


def _habit(keys: Counter[str], spellings: Collection[str], posts: int) -> str | None:
    """The same, if most posts have it at all."""
    most = _most(keys, spellings)
    return most if most and keys[most] > posts / 2 else None


def _draft(keys: Counter[str], usual: Dialect) -> Literal["status", "draft", "published"]:
    if keys["draft"] or keys["published"]:
        return "draft" if keys["draft"] >= keys["published"] else "published"
    return usual.draft


def _share(posts: Sequence[_Seen], holds: Callable[[_Seen], bool]) -> float:
    return sum(map(holds, posts)) / len(posts)


def _dated_folders(posts: Sequence[_Seen]) -> str:
    """Whether posts are in a folder of their year, or of year and month."""
    found = [match for post in posts if (match := _YEAR.fullmatch(post.name.section))]
    if len(found) < HABIT * len(posts):
        return ""
    return "%Y/%m" if all(match[1] for match in found) else "%Y"


def _alike(posts: Sequence[_Seen]) -> Iterator[tuple[str, str]]:
    """The site's own keys that nearly all posts have with the same words."""
    for key in COMMON:
        values = Counter(
            v for p in posts if key in p.front.keys and isinstance(v := p.front.keys[key].plain(), str) and v
        )
        value, number = values.most_common(1)[0] if values else ("", 0)
        if number and number >= HABIT * len(posts) and len(posts) > 1:
            yield key, value


def _of_archetype(root: Path, folders: Sequence[str], usual: Dialect) -> Dialect:
    """Hugo without posts: the form of what `hugo new` would write."""
    for name in (folders[0].rpartition("/")[2], "default") if folders else ("default",):
        try:
            first = (root / "archetypes" / f"{name}.md").read_text(encoding="utf-8-sig").split("\n", 1)[0].strip()
        except (OSError, ValueError):
            continue
        if first in _FENCES:
            return replace(usual, kind=_FENCES[first])
    return usual
