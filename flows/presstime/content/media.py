"""The media a post names, looked up as files of the same tree: no path is ever opened, so none can lead elsewhere."""

from itertools import islice
from typing import Any

from presstime.content.keys import MEDIA_NAMES, MEDIA_SPELLINGS
from presstime.content.nodes import Node
from presstime.content.source import Entry, Source, parts_of
from presstime.content.values import Values
from presstime.model import MediaRef
from presstime.problems import Problems, nearest, shorten, suggest

FOLDERS = ("", "media/", "static/")  # after the post's own; `static/` is Hugo's
LFS = b"version https://git-lfs.github.com/spec/"
LFS_MAX = 1024  # bytes; a pointer is smaller, says its specification
MAX_NEARBY = 1000  # names; to compare more, for each of many mistakes, would take minutes
THEME_KEYS = frozenset(
    [
        "relative",
        "hidden",
        "responsiveimages",
        "linkfullimages",
        "lqip",
        "credit",
        "credits",
        "width",
        "height",
        "class",
        "thumb",
    ]
)


class Library:
    """The media of one source. What was looked up is remembered: many posts share a logo. `asked` is every path that was
    asked for, and `missing` whether a file was not found, since `begin`: what a post depends on beside its own file."""

    def __init__(self, source: Source, require_alt: bool) -> None:
        self._source = source
        self._require_alt = require_alt
        self._entries: dict[str, Entry | None] = {}
        self._pointers: dict[str, bool] = {}
        self._nearby: dict[str, set[str]] = {}
        self.begin()

    def begin(self) -> None:
        """Another post begins."""
        self.asked: dict[str, str | None] = {}
        self.missing = False

    def refs(self, node: Node, folder: str, problems: Problems[Any]) -> tuple[MediaRef, ...]:
        """The media of a front-matter value: a name, a map, or a list of them. `folder` is the post's own. Mistakes are
        noted, and what has one is left out."""
        items = node.value if type(node.value) is list else [node]
        found = [self._ref(item, folder, problems) for item in items if item.value is not None]
        return tuple(ref for ref in found if ref)

    def _ref(self, node: Node, folder: str, problems: Problems[Any]) -> MediaRef | None:
        fields = _fields(node, problems)
        values = Values(fields, problems)
        name = values.text("file")
        if name is None:
            if "file" not in fields or type(fields["file"].value) is str:
                problems.error(
                    node.mark,
                    "no-file",
                    "a media entry names no file",
                    "Write {file: picture.jpg, alt: What it shows}.",
                )
            return None
        at = fields["file"]
        entry = self._find(name, folder, at, problems)
        alt, caption, focus = values.line("alt") or "", values.text("caption"), _focus(values)
        if not alt and self._require_alt:
            advice = (
                f"Say what it shows: media: [{{file: {name}, alt: ...}}], or set require_alt = false in presstime.toml."
            )
            problems.error(at.mark, "missing-alt", f"{shorten(name)} has no alt text", advice)
        return MediaRef(entry.path, entry.blob_id, entry.size, alt, caption, focus) if entry else None

    def _find(self, name: str, folder: str, at: Node, problems: Problems[Any]) -> Entry | None:
        if "://" in name or name.startswith(("//", "data:")):
            advice = "Commit the file beside the post and name it: media are taken from Git only."
            problems.error(at.mark, "remote-media", f"{shorten(name)} is not a file of this repository", advice)
            return None
        local = name.removeprefix("./") if not name.startswith("/") else name[1:]
        if not parts_of(local):
            advice = "Write it relative to the post, or to the content root, without '..'."
            problems.error(at.mark, "bad-media-path", f"{shorten(name)} is not a plain path", advice)
            return None
        own = [folder + "/"] if folder and not name.startswith("/") else []
        entry = next((e for place in (*own, *FOLDERS) if (e := self._lookup(place + local))), None)
        if entry is None:
            self._missing(name, folder, at, problems)
        elif self._is_pointer(entry):
            advice = "Run `git lfs pull`, or keep this file in Git itself: what is published is read from Git."
            problems.error(at.mark, "lfs-pointer", f"{entry.path} is a Git LFS pointer, not the file itself", advice)
            return None
        return entry

    def _lookup(self, path: str) -> Entry | None:
        if path not in self._entries:
            self._entries[path] = self._source.find(path)
        found = self._entries[path]
        self.asked[path] = found and found.blob_id
        return found

    def _is_pointer(self, entry: Entry) -> bool:
        if entry.size >= LFS_MAX:
            return False
        if entry.blob_id not in self._pointers:
            self._pointers[entry.blob_id] = self._source.load(entry).startswith(LFS)
        return self._pointers[entry.blob_id]

    def _missing(self, name: str, folder: str, at: Node, problems: Problems[Any]) -> None:
        """Say so, with the nearest file of the folders that were searched."""
        self.missing = True
        where = ", ".join(dict.fromkeys([f"{folder or '.'}/", "./", "media/", "static/"]))
        nearby = set().union(*map(self._names, (folder, "media", "static")))
        close = nearest(name.rpartition("/")[2], nearby) if len(nearby) <= MAX_NEARBY else None
        advice = f"Did you mean {close!r}?" if close else "Commit it there, or correct its name."
        problems.error(at.mark, "missing-media", f"there is no file {shorten(name)} in {where}", advice)

    def _names(self, folder: str) -> set[str]:
        """The names of the files below a folder, at most one more than are compared."""
        if folder not in self._nearby:
            self._nearby[folder] = {p.rpartition("/")[2] for p in islice(self._source.names(folder), MAX_NEARBY + 1)}
        return self._nearby[folder]


def _fields(node: Node, problems: Problems[Any]) -> dict[str, Node]:
    """The entries of one medium by our names for them; a bare text is the file."""
    if type(node.value) is not dict:
        return {"file": node}
    found: dict[str, tuple[int, Node]] = {}
    for written, value in node.value.items():
        hit = MEDIA_SPELLINGS.get(written.lower())
        if hit is None:
            if written.lower() not in THEME_KEYS:
                advice = suggest(written, MEDIA_NAMES, "keys")
                problems.warning(value.key, "unknown-key", f"the key {written!r} has no meaning for media", advice)
        elif value.value not in (None, "") and (hit[0] not in found or hit[1] < found[hit[0]][0]):
            found[hit[0]] = (hit[1], value)
    return {name: value for name, (_, value) in found.items()}


def _focus(values: Values) -> tuple[float, float] | None:
    """x and y from -1 to 1, as Mastodon counts: 0,0 is the middle and y points up."""
    node = values.found.get("focus")
    if node is None:
        return None
    parts = node.value.replace(",", " ").split() if type(node.value) is str else node.plain()
    try:
        x, y = (float(part) for part in parts)
    except (TypeError, ValueError):
        x = y = 2.0
    if abs(x) <= 1 and abs(y) <= 1:
        return x, y
    values.problems.error(node.mark, "bad-focus", "focus is not two numbers from -1 to 1", "Write e.g. focus: 0 0.5")
    return None
