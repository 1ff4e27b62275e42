"""The one Markdown parser: CommonMark with tables, strikethrough, footnotes and task lists.

What comes out is clean: addresses in the text are links as they stand, no raw HTML is left (its words and links are), and
boxes of task lists are characters. So every output is made from the same harmless tokens.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from presstime.render.rawhtml import cleaned_block, cleaned_inline
from presstime.render.web import ADDRESS

KEPT = 16  # texts whose tokens are kept
ROOM = 160_000  # tokens, some 400 bytes each, of all that is kept: one very long text, or KEPT of the usual ones


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text. The tokens are shared between outputs: they are read, never changed."""

    tokens: Sequence[Token]
    size: int = field(init=False)  # in tokens, those within others too

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", sum(1 + len(token.children or ()) for token in self.tokens))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    md.use(footnote_plugin).use(tasklists_plugin)
    md.inline.ruler.before("escape", "address", _address)
    md.core.ruler.push("clean", _clean)
    md.validateLink = lambda url: True  # type: ignore[method-assign]  # which are followed is for each output to say
    return md


def parse(source: str) -> Document:
    """Read Markdown, once for all the channels of a run. Control characters that no text needs (and XML forbids) are
    dropped."""
    found = kept.get(source)
    if found is None:
        found = Document(tuple(_parser().parse(_printable(source))))
    with _keeping:
        kept[source] = found
        kept.move_to_end(source)
        while len(kept) > KEPT or (kept and sum(document.size for document in kept.values()) > ROOM):
            kept.popitem(last=False)
    return found


kept: OrderedDict[str, Document] = OrderedDict()  # the texts parsed last
_keeping = Lock()


def spread(tokens: Sequence[Token], start: int, end: int) -> list[tuple[int, int]]:
    """Where each block between two indices begins and what comes behind it."""
    found, depth, first = [], 0, start
    for index in range(start, end):
        depth += tokens[index].nesting
        if depth == 0:
            found.append((first, index + 1))
            first = index + 1
    return found


def _printable(source: str) -> str:
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", "", source.replace("\r\n", "\n").replace("\r", "\n"))


def _address(state: StateInline, silent: bool) -> bool:
    """An inline rule: `http://...` in the text is a link, and no mark of Markdown has a meaning inside it."""
    if state.src[state.pos : state.pos + 3] != "://" or state.linkLevel > 0:
        return False
    scheme = re.search(r"(?i)(?<![\w@])https?$", state.pending[-6:])
    found = ADDRESS.match(state.src, state.pos - len(scheme[0]), state.posMax) if scheme else None
    if scheme is None or found is None:
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": found[0]}
        state.push("text", "", 0).content = found[0]
        state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


def _clean(state: StateCore) -> None:
    """A core rule: raw HTML becomes the words and links that it shows."""
    tokens: list[Token] = []
    emptied = False
    for token in state.tokens:
        if token.type == "html_block":
            tokens += cleaned_block(token)
            continue
        if token.children:
            token.children = cleaned_inline(token.children)
            if not token.children and tokens[-1].type == "paragraph_open":
                tokens.pop()  # nothing but raw HTML stood there: neither does the paragraph
                emptied = True
                continue
        if emptied and token.type == "paragraph_close":
            emptied = False
            continue
        tokens.append(token)
    state.tokens = _notes_before_ending(tokens)


def _notes_before_ending(tokens: list[Token]) -> list[Token]:
    """Footnotes stand at the end of the words, before the links and hashtags that a message ends with."""
    parts = spread(tokens, 0, len(tokens))
    if not parts or tokens[parts[-1][0]].type != "footnote_block_open":
        return tokens
    notes, before = parts[-1], len(parts) - 1
    while before and _is_ending(tokens[slice(*parts[before - 1])]):
        before -= 1
    at = parts[before][0]
    return [*tokens[:at], *tokens[slice(*notes)], *tokens[at : notes[0]]]


def _is_ending(block: Sequence[Token]) -> bool:
    """Whether a block is a paragraph of nothing but bare addresses and hashtags."""
    if block[0].type != "paragraph_open":
        return False
    words = [child.content for child in block[1].children or [] if child.type == "text"]
    return all(re.fullmatch(r"(?:https?://\S+|[#＃]\w+|\s)*", word) for word in words) and any(map(str.strip, words))
