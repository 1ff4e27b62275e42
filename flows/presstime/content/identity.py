"""What a post is called: the name of its file, and its id."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import NamedTuple

MAX_ID = 128
_DATED = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_](.+)", re.ASCII)
_INDEX = re.compile(r"index(\.[A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)?")
_LATIN_MARKS = re.compile("([A-Za-z])[\u0300-\u036f]+")
_FIT = {"-", "_", "."}
_JOINED = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"}
)  # no accents, but ASCII has them not


class Name(NamedTuple):
    """What a path says of a post: `name` without folder, date and suffix; `section` is the folder below the posts folder,
    "" at its top; `date` as Jekyll writes it before a name, None if there is none."""

    name: str
    section: str
    date: str | None


def name_of(path: str, folder: str) -> Name:
    """The name of a post's file in a posts folder. A bundle (`name/index.md`) is named by its folder.

    >>> name_of("posts/news/2026-01-05-hello.md", "posts")
    Name(name='hello', section='news', date='2026-01-05')
    """
    inner = path[len(folder) + 1 :] if folder else path
    section, _, file = inner.rpartition("/")
    stem = file.rpartition(".")[0]
    if stem.startswith("index") and (bundle := _INDEX.fullmatch(stem)) and (section or folder):
        section, _, stem = (section or PurePosixPath(folder).name).rpartition("/")
        stem += bundle[1] or ""
    dated = _DATED.fullmatch(stem) if stem[:4].isdecimal() else None
    return Name(dated[2], section, dated[1]) if dated else Name(stem, section, None)


def fits(text: str) -> bool:
    """Whether a text can be an id: letters and digits of any script, `.`, `_` and `-`, at most 128, one of them a letter
    or a digit."""
    if len(text) > MAX_ID:
        return False
    core = text.replace("-", "").replace("_", "").replace(".", "")
    if core.isalnum():
        return True
    return any(c.isalnum() for c in core) and all(_is_word(c) for c in core)


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"  # M: vowel signs and accents are part of letters


def as_id(name: str) -> str:
    """A file's name as an id: what cannot be in one becomes `-`. "" if nothing is left."""
    if fits(name):
        return unicodedata.normalize("NFC", name)
    kept = "".join(c if _is_word(c) or c in _FIT else "-" for c in unicodedata.normalize("NFC", name))
    cut = re.sub("-{2,}", "-", kept).strip("-.")[:MAX_ID]
    return cut if fits(cut) else ""


def slug(text: str) -> str:
    """A title as an id: in lower case, Latin letters in ASCII, `-` between words. "" if nothing is left."""
    bare = _LATIN_MARKS.sub(r"\1", unicodedata.normalize("NFD", text))
    lowered = unicodedata.normalize("NFC", bare).lower().translate(_JOINED).replace("'", "").replace("’", "")
    kept = "".join(c if _is_word(c) else "-" for c in lowered)
    words = re.sub("-{2,}", "-", kept).strip("-")
    cut = words if len(words) <= 80 else words[:80].rpartition("-")[0] or words[:80]
    return cut if fits(cut) else ""
