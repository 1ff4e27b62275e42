"""A new post: its id and file from its title, its front matter in the words of the posts that are there."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from presstime.content.identity import slug
from presstime.content.keys import NEXT_SLOT
from presstime.scaffold.dialect import Dialect

_PLAIN = re.compile(r"[^\W\d_][\w ,.!?’'()/-]*", re.UNICODE)  # a YAML text that needs no quotes
_NOT_TEXTS = frozenset(["y", "yes", "n", "no", "true", "false", "on", "off", "null"])
Line = tuple[str, str]  # a key, and its value as the form has it
Quote = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. `due` is a local time with its offset, None if there is none yet; `slot`: it waits for one, of the set
    `slots` if that is named; `now` is the time here, with its offset."""

    title: str
    now: datetime
    due: datetime | None = None
    slot: bool = False
    slots: str | None = None
    channels: Sequence[str] = ()
    draft: bool = False
    language: str | None = None  # as it is written, where the newsroom has another
    identity: str | None = None


def identity_of(wish: Wish) -> str:
    """The id that was asked for, or the title's; "" if the title has nothing that can be in one."""
    return wish.identity or slug(wish.title)


def path_of(wish: Wish, dialect: Dialect, folder: str, suffix_language: str | None = None) -> str:
    """The post's file, named as its neighbours are: with its date, in a folder of its year, as a bundle, with its language."""
    day = wish.due or wish.now
    name = identity_of(wish)
    if dialect.dated:
        name = f"{day:%Y-%m-%d}-{name}"
    language = f".{suffix_language}" if suffix_language else ""
    file = f"{name}/index{language}{dialect.suffix}" if dialect.bundle else f"{name}{language}{dialect.suffix}"
    return "/".join(filter(None, [folder, f"{day:{dialect.folders}}" if dialect.folders else "", file]))


def text_of(wish: Wish, dialect: Dialect) -> str:
    """The file's text: front matter and, for whoever writes to replace, the title: a post without words is an error, and
    whatever stands here instead may go out by mistake."""
    if dialect.kind == "toml":
        return f"+++\n{''.join(_toml_lines(wish, dialect))}+++\n\n{wish.title}\n"
    lines = _ordered(_own(wish, _yaml), list(_site(wish, dialect, _yaml)))
    return f"---\n{''.join(f'{key}: {value}{chr(10)}' for key, value in lines)}---\n\n{wish.title}\n"


def _toml_lines(wish: Wish, dialect: Dialect) -> Iterator[str]:
    own, site = _own(wish, _toml), list(_site(wish, dialect, _toml))
    tables = [key for key, _ in site if key == "taxonomies"]
    lines = site if dialect.nested else _ordered(own, site)
    yield from (f"{key} = {value}\n" for key, value in lines if key not in tables)
    if tables:
        yield "\n[taxonomies]\ntags = []\n"
    if dialect.nested:
        yield "\n[extra]\n"
        yield from (f"{key} = {value}\n" for key, value in own)


def _ordered(own: Sequence[Line], site: Sequence[Line]) -> Iterator[Line]:
    """The id, what the site has, and what else is ours."""
    return iter([own[0], *site, *own[1:]])


def _own(wish: Wish, quote: Quote) -> list[Line]:
    """The keys that are Presstime's alone, the id first."""
    lines = [("id", quote(identity_of(wish)))]
    if wish.slot:
        lines.append(("publish_at", quote(NEXT_SLOT)))
    if wish.slot and wish.slots:
        lines.append(("slots", quote(wish.slots)))
    if wish.channels:
        lines.append(("channels", f"[{', '.join(map(quote, wish.channels))}]"))
    if wish.language:
        lines.append(("language", quote(wish.language)))
    return lines


def _site(wish: Wish, dialect: Dialect, quote: Quote) -> Iterator[Line]:
    """The keys that the site reads, too."""
    yield "title", quote(wish.title)
    if when := _date(wish, dialect):
        yield dialect.date, when
    if wish.draft:
        yield dialect.draft, {"status": quote("draft"), "draft": "true", "published": "false"}[dialect.draft]
    yield from ((key, quote(value)) for key, value in dialect.common.items())
    if dialect.summary:
        yield dialect.summary, '""'
    if dialect.tags:
        yield dialect.tags, "{tags: []}" if dialect.tags == "taxonomies" else "[]"


def _date(wish: Wish, dialect: Dialect) -> str | None:
    """The time as it is written: local time for us, with an offset where a generator reads it, too."""
    when = wish.due if not wish.slot else None
    if when is None and not dialect.needs_date:
        return None
    when = when or wish.now
    if dialect.local:
        return f"{when:%Y-%m-%dT%H:%M:%S}" if dialect.kind == "toml" else f"{when:%Y-%m-%d %H:%M}"
    return when.isoformat(timespec="seconds")


# --- how a text is written --------------------------------------------------------------------------------------------


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _yaml(text: str) -> str:
    """Without quotes where YAML of any edition takes it for a text."""
    plain = _PLAIN.fullmatch(text) and not text.endswith(" ") and text.lower() not in _NOT_TEXTS
    return text if plain else json.dumps(text, ensure_ascii=False)
