"""Markdown as text that reads well without markup, with spans for networks that take marks.

Paragraphs stand apart by a blank line, lists have bullets and numbers, a table is one line a row, pictures are left out
(they come from the front matter). Where a network takes no links in its words, the address follows them in parentheses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import regex
from markdown_it.token import Token

from presstime.model import Span
from presstime.render.campaign import Campaign
from presstime.render.parser import spread
from presstime.render.rich import EMPTY, Rich, joined, ordered
from presstime.render.web import Links, says

CODE = ("code", "pre")
KINDS = {"strong_open": "bold", "em_open": "italic", "s_open": "strike"}
UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uffef]")  # scripts without spaces


@dataclass(frozen=True, slots=True)
class Style:
    """How to say it: which marks the network takes, where relative links start from, whether a `---` rule splits."""

    marks: frozenset[str] = frozenset()
    base: str | None = None
    manual: bool = False
    footnotes: bool = True
    addresses: bool = True  # write out what a link leads to, where the network takes no links in its words
    campaign: Campaign | None = None
    mentions: str = ""  # how the address of an account begins, where a link to one is a mention


def words(tokens: Sequence[Token], style: Style) -> Rich:
    """The whole of a parsed text."""
    said = _Reader(tokens, style).blocks(0, len(tokens), "\n\n").stripped()
    kept = [span for span in said.spans if span.kind in style.marks or span.kind == "link"]
    return replace(said, spans=ordered(_apart(kept)))


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Code stays only where nothing else marks it: networks refuse code inside another mark, or the reverse."""
    others = [span for span in spans if span.kind not in CODE]
    return others + [
        span
        for span in spans
        if span.kind in CODE and not any(o.start < span.end and span.start < o.end for o in others)
    ]


class _Reader:
    """Goes once through the tokens; each method answers with the text of one construct and the index behind it."""

    def __init__(self, tokens: Sequence[Token], style: Style) -> None:
        self.tokens = tokens
        self.style = style
        self.handlers: dict[str, Callable[[int, int], Rich]] = {
            "paragraph_open": self.paragraph,
            "heading_open": self.heading,
            "bullet_list_open": self.list,
            "ordered_list_open": self.list,
            "blockquote_open": self.quote,
            "table_open": self.table,
            "footnote_block_open": self.notes,
            "fence": self.code,
            "code_block": self.code,
            "hr": self.rule,
        }

    def blocks(self, start: int, end: int, separator: str) -> Rich:
        """The blocks between two indices, the empty ones left out."""
        parts: list[Rich] = []
        for first, behind in spread(self.tokens, start, end):
            handler = self.handlers.get(self.tokens[first].type)
            part = handler(first, behind) if handler else EMPTY
            if part.text or part.splits:
                parts.append(part)
        return joined(parts, separator)

    def paragraph(self, start: int, end: int) -> Rich:
        said = inline(self.tokens[start + 1].children or [], self.style)
        return replace(said, glued=(len(said.text),)) if said.text.endswith(":") else said

    def heading(self, start: int, end: int) -> Rich:
        said = inline(self.tokens[start + 1].children or [], self.style)
        if self.style.manual and self.tokens[start].markup == "-":  # a rule right under a line of text
            return replace(said, splits=(len(said.text),))
        return replace(said.marked("bold"), glued=(len(said.text),))

    def rule(self, start: int, end: int) -> Rich:
        return Rich("", splits=(0,)) if self.style.manual else EMPTY

    def code(self, start: int, end: int) -> Rich:
        token = self.tokens[start]
        language = token.info.split()[0] if token.info.strip() else ""
        return Rich(token.content.rstrip("\n")).marked("pre", language)

    def quote(self, start: int, end: int) -> Rich:
        said = self.blocks(start + 1, end - 1, "\n\n")
        return said.marked("quote") if "quote" in self.style.marks else said.prefixed("> ", "> ")

    def list(self, start: int, end: int) -> Rich:
        token = self.tokens[start]
        number = int(token.attrGet("start") or 1)
        items = []
        for offset, (first, behind) in enumerate(spread(self.tokens, start + 1, end - 1)):
            sign = "• " if token.type == "bullet_list_open" else f"{number + offset}. "
            said = self.blocks(first + 1, behind - 1, "\n")
            if said.text.startswith(("☐", "☑")):
                sign = ""
            items.append(said.prefixed(sign, "  "))
        return joined(items, "\n")

    def table(self, start: int, end: int) -> Rich:
        rows: list[list[Rich]] = []
        for index in range(start, end):
            if self.tokens[index].type == "tr_open":
                rows.append([])
            elif self.tokens[index].type == "inline":
                rows[-1].append(inline(self.tokens[index].children or [], self.style))
        head, *body = rows
        return joined([_row(head, row) for row in body] or [joined([cell for cell in head if cell.text], " – ")], "\n")

    def notes(self, start: int, end: int) -> Rich:
        if not self.style.footnotes:
            return EMPTY
        notes = enumerate(spread(self.tokens, start + 1, end - 1), start=1)
        said = [self.blocks(first + 1, behind - 1, "\n").prefixed(f"[{n}] ", "  ") for n, (first, behind) in notes]
        return joined(said, "\n")


def _row(head: Sequence[Rich], row: Sequence[Rich]) -> Rich:
    """A row as a line: what it is about, then each cell under its column's name."""
    first, *rest = row
    named = [
        joined([Rich(f"{column.text}: "), cell]) if column.text else cell
        for column, cell in zip(head[1:], rest, strict=True)
        if cell.text
    ]
    if len(row) == 2 and first.text and row[1].text:
        return joined([first, row[1]], ": ")
    return joined([part for part in (first, joined(named, ", ")) if part.text], " – ")


def between(before: str, after: str) -> str:
    """What a line's end in the source means: a space, but nothing between two characters of a script without spaces."""
    return "" if UNSPACED.match(before[-1:]) and UNSPACED.match(after[:1]) else " "


def inline(children: Sequence[Token], style: Style) -> Rich:
    """The words of one paragraph, heading or cell."""
    return _Line(style).read(children)


class _Line:
    def __init__(self, style: Style) -> None:
        self.style = style
        self.links = Links(style.base, style.campaign)
        self.parts: list[str] = []
        self.length = 0
        self.spans: list[Span] = []
        self.open: list[tuple[str, int, str, str]] = []  # kind, where it began, address, what to say if it has no words

    def read(self, children: Sequence[Token]) -> Rich:
        for token, following in zip(children, [*children[1:], None], strict=False):
            self.one(token, following)
        text = "".join(self.parts)
        return Rich(text, tuple(self.spans)).stripped()

    def say(self, text: str) -> None:
        if text.startswith(" ") and self.parts and self.parts[-1].endswith((" ", "\n")):
            text = text.lstrip(" ")  # something between two spaces was left out
        if text:
            self.parts.append(text)
            self.length += len(text)

    def one(self, token: Token, following: Token | None) -> None:
        if token.type in KINDS:
            self.open.append((KINDS[token.type], self.length, "", ""))
        elif token.type == "link_open":
            self.open.append(("link", self.length, str(token.attrGet("href") or ""), ""))
        elif token.nesting < 0:
            self.close()
        elif token.type == "code_inline":
            start = self.length
            self.say(token.content)
            self.spans.append(Span(start, self.length, "code"))
        elif token.type == "image":
            self.image(token)
        elif token.type == "footnote_ref":
            self.say(f"[{token.meta['id'] + 1}]" if self.style.footnotes else "")
        elif token.type == "softbreak":
            self.say(between(self.parts[-1] if self.parts else "", following.content if following else ""))
        else:
            self.say("\n" if token.type == "hardbreak" else token.content)

    def image(self, token: Token) -> None:
        """Nothing, but a link that has no other words says what its picture shows."""
        if self.open and self.open[-1][0] == "link":
            self.open[-1] = (*self.open[-1][:3], token.content)

    def close(self) -> None:
        kind, start, href, instead = self.open.pop()
        if kind == "link" and self.style.mentions and href.startswith(self.style.mentions):
            self.mention(start, href)
        elif kind == "link":
            self.link(start, href, instead)
        elif start < self.length:
            self.spans.append(Span(start, self.length, kind))  # type: ignore[arg-type]

    def mention(self, start: int, account: str) -> None:
        """An account of the network: marked, or where it takes no marks named as the network names it."""
        if "mention" in self.style.marks and "".join(self.parts)[start:].strip():
            self.spans.append(Span(start, self.length, "mention", account))
        else:
            self.instead(start, account)

    def link(self, start: int, href: str, instead: str) -> None:
        plain, address = Links(self.style.base).follow(href), self.links.follow(href)
        if plain is None or address is None:
            return
        label = "".join(self.parts)[start:]
        if not label.strip():
            label = instead or (plain if "link" in self.style.marks else address)
            self.say(label)
        if "link" in self.style.marks:
            self.spans.append(Span(start, self.length, "link", address))
        elif self.style.addresses or says(label, plain):
            self.spell(start, label, plain, address)

    def spell(self, start: int, label: str, plain: str, address: str) -> None:
        """Without marks the address is written out: instead of words that only shorten it, else behind them. `plain` is
        the address as the author wrote it."""
        if not says(label, plain) and not says(label, address):
            self.say(" (")
            start = self.length
            self.say(f"{address})")
            self.spans.append(Span(start, self.length - 1, "link", address))
        elif label == address or address.startswith("mailto:"):
            self.spans.append(Span(start, self.length, "link", address))
        else:
            self.instead(start, address)
            self.spans.append(Span(start, self.length, "link", address))

    def instead(self, start: int, words: str) -> None:
        """Other words from `start` on."""
        self.parts = ["".join(self.parts)[:start]]
        self.spans = [span for span in self.spans if span.end <= start]
        self.length = start
        self.say(words)
