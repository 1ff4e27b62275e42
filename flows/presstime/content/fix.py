"""What `check --fix` writes: an id into each post that has none, and not one byte else."""

import os
import shutil
from collections.abc import Collection
from itertools import count
from pathlib import Path
from typing import NamedTuple

from presstime.content.frontmatter import split
from presstime.content.identity import as_id, name_of, slug
from presstime.content.nodes import FrontMatter
from presstime.content.posts import folder_of, load_posts
from presstime.content.reader import heading
from presstime.content.worktree import WorkTree
from presstime.errors import ContentError, UsageError
from presstime.settings import Settings

BOM = b"\xef\xbb\xbf"
# Words that other tools would not read as texts: YAML 1.1's truth values and nulls.
_NOT_TEXTS = frozenset(["y", "yes", "n", "no", "true", "false", "on", "off", "null"])


class Written(NamedTuple):
    """An id that was written into a file."""

    path: str
    id: str


def fix_ids(tree: WorkTree, settings: Settings, only: Collection[str] | None = None) -> list[Written]:
    """Give an id to every post of the working tree that lacks one, or to those of the paths `only`.

    The id is made of the title, or of the file's name, and is unique in the newsroom. It becomes the first line of the
    front matter. A file in which that would change anything else is left alone. Raises `UsageError` if one cannot be written."""
    loaded = load_posts(tree, settings)
    taken = set(loaded.ids)
    written = []
    for path in (p.path for p in loaded.problems if p.code == "missing-id" and (only is None or p.path in only)):
        source = tree.read(path)
        front, body, _ = split(source, path)
        identity = _unique(_wish(front, body, path, settings), taken)
        fixed = insert_id(source, identity, front.kind)
        if _adds_only_the_id(front, body, fixed, identity):
            _replace(tree.root / path, fixed)
            taken.add(identity)
            written.append(Written(path, identity))
    return written


def _wish(front: FrontMatter, body: str, path: str, settings: Settings) -> str:
    """The id a post would have if it were alone."""
    node = front.keys.get("title")
    title = node.value if node is not None and isinstance(node.value, str) else heading(body) or ""
    return slug(title) or as_id(name_of(path, folder_of(path, settings) or "").name) or "post"


def _unique(wish: str, taken: Collection[str]) -> str:
    return next(i for n in count(1) if (i := wish if n == 1 else f"{wish}-{n}") not in taken)


def insert_id(source: bytes, identity: str, kind: str) -> bytes:
    """The file with `id` as the first line of its front matter, with the line end that the opening line has."""
    opening = source.index(b"\n") + 1
    end = b"\r\n" if source[:opening].endswith(b"\r\n") else b"\n"
    bare = kind == "yaml" and identity[0].isalpha() and identity.lower() not in _NOT_TEXTS
    line = f"id: {identity}" if bare else f'id: "{identity}"' if kind == "yaml" else f'id = "{identity}"'
    return source[:opening] + line.encode() + end + source[opening:]


def _adds_only_the_id(front: FrontMatter, body: str, fixed: bytes, identity: str) -> bool:
    """Whether the new file reads as the old one with an id. (`{title: x}` is front matter too, and no place for a line.)"""
    try:
        new, new_body, _ = split(fixed, "")
    except ContentError:
        return False
    expected = {"id": identity, **{name: node.plain() for name, node in front.keys.items()}}
    return new_body == body and {name: node.plain() for name, node in new.keys.items()} == expected


def _replace(file: Path, content: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whatever happens."""
    temporary = file.with_name(f".{file.name}.presstime")
    try:
        temporary.write_bytes(content)
        shutil.copymode(file, temporary)
        os.replace(temporary, file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"cannot write {file}: {error.strerror}", "Check who may write there.") from None
