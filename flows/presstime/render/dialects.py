"""Markdown as Markdown: the whole text again, in a spelling that the network's own reader takes as we do.

What comes out has no raw HTML, full addresses only, one line a paragraph (there are readers that make a new line of every
line's end), and a backslash before every sign that would be markup. Only signs are escaped that Redcarpet and Sundown let
escape, too, not all that CommonMark does. Footnotes are numbers in brackets and a list at the end.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from presstime.render.parser import spread
from presstime.render.web import Links, says
from presstime.render.words import between

MARKS = {"strong_open": "**", "strong_close": "**", "em_open": "*", "em_close": "*", "s_open": "~~", "s_close": "~~"}
SIGN = re.compile(r"[\\`*_\[\]<>~^]|&(?=#?\w+;)")
AT_START = re.compile(r"^(?:(#{1,6}|[+=-]+)(?=\s|$|-)|(\d{1,9})([.)])(?=\s|$))", re.MULTILINE)
LIQUID = re.compile(r"\{\{|\{%")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a reader of Markdown differs from CommonMark with tables."""

    pictures: bool = True  # shows pictures inside a text; else they are links
    fences: bool = True  # knows ``` around code; else it is indented
    liquid: bool = False  # runs {{ ... }} and {% ... %}, but not in code (Forem, markdown_processor/parser.rb)


def to_markdown(tokens: Sequence[Token], links: Links, dialect: Dialect) -> str:
    """The whole of a parsed text."""
    return _Writer(tokens, links, dialect).blocks(0, len(tokens), "\n\n")


class _Writer:
    """Goes once through the tokens; each method answers with the Markdown of one construct."""

    def __init__(self, tokens: Sequence[Token], links: Links, dialect: Dialect) -> None:
        self.tokens = tokens
        self.links = links
        self.dialect = dialect
        self.handlers: dict[str, Callable[[int, int], str]] = {
            "paragraph_open": self.paragraph,
            "heading_open": self.heading,
            "bullet_list_open": self.list,
            "ordered_list_open": self.list,
            "blockquote_open": self.quote,
            "table_open": self.table,
            "footnote_block_open": self.notes,
            "fence": self.code,
            "code_block": self.code,
            "hr": lambda start, end: "***",  # dashes at the beginning would be front matter to some
        }

    def blocks(self, start: int, end: int, separator: str) -> str:
        """The blocks between two indices, the empty ones left out. Lists that follow each other keep apart by their signs."""
        parts: list[str] = []
        before = ""
        for first, behind in spread(self.tokens, start, end):
            kind = self.tokens[first].type
            part = self.handlers[kind](first, behind) if kind in self.handlers else ""
            if part and kind == before == "bullet_list_open" and parts[-1].startswith("- "):
                part = re.sub(r"(?m)^- ", "* ", part)
            if part.strip():
                parts.append(part)
                before = kind
        return separator.join(parts)

    def paragraph(self, start: int, end: int) -> str:
        return AT_START.sub(_unsigned, self.inline(start + 1))

    def heading(self, start: int, end: int) -> str:
        said = self.inline(start + 1).replace("  \n", " ")
        return f"{'#' * int(self.tokens[start].tag[1:])} {said}" if said else ""

    def code(self, start: int, end: int) -> str:
        token = self.tokens[start]
        content = token.content.removesuffix("\n")
        if not self.dialect.fences:
            return _indented(content, " " * 4, " " * 4)
        fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", content)), default=0))
        language = token.info.split()[0].replace("`", "") if token.info.strip() else ""
        return f"{fence}{language}\n{content}\n{fence}"

    def quote(self, start: int, end: int) -> str:
        return _indented(self.blocks(start + 1, end - 1, "\n\n"), "> ", "> ", blank=">")

    def list(self, start: int, end: int) -> str:
        token = self.tokens[start]
        number = int(token.attrGet("start") or 1)
        bullets = token.type == "bullet_list_open"
        inner = [t for t in self.tokens[start + 1 : end] if t.type == "paragraph_open" and t.level == token.level + 2]
        gap = "\n" if all(t.hidden for t in inner) else "\n\n"
        items = []
        for offset, (first, behind) in enumerate(spread(self.tokens, start + 1, end - 1)):
            sign = "- " if bullets else f"{number + offset}. "
            items.append(_indented(self.blocks(first + 1, behind - 1, gap), sign, " " * len(sign)))
        return gap.join(items)

    def table(self, start: int, end: int) -> str:
        rows: list[list[str]] = []
        sides: list[str] = []
        for index in range(start, end):
            token = self.tokens[index]
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "th_open":
                sides.append(
                    {"text-align:right": "---:", "text-align:center": ":---:"}.get(str(token.attrGet("style")), "---")
                )
            elif token.type == "inline":
                rows[-1].append(re.sub(r"(?<!\\)\|", r"\\|", self.inline(index).replace("  \n", " ")))
        head, *body = rows
        return "\n".join(f"| {' | '.join(row)} |" for row in (head, sides, *body))

    def notes(self, start: int, end: int) -> str:
        notes = enumerate(spread(self.tokens, start + 1, end - 1), start=1)
        said = [_indented(self.blocks(first + 1, behind - 1, "\n\n"), f"{n}. ", "   ") for n, (first, behind) in notes]
        return "\n".join(["***\n", *said])

    def inline(self, index: int) -> str:
        return _Line(self.links, self.dialect).read(self.tokens[index].children or [])


def _indented(text: str, first: str, rest: str, blank: str = "") -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *((rest + line if line else blank) for line in lines[1:])])


def _unsigned(match: re.Match[str]) -> str:
    """What would make a heading, list or line of its own at the beginning of a line."""
    return f"{match[2]}\\{match[3]}" if match[2] else f"\\{match[1]}"


class _Line:
    """The words of one paragraph, heading or cell."""

    def __init__(self, links: Links, dialect: Dialect) -> None:
        self.links = links
        self.dialect = dialect
        self.out: list[str] = []
        self.open: list[tuple[int, str | None]] = []  # where a link's words begin, and its address
        self.signs: list[str] = []

    def read(self, children: Sequence[Token]) -> str:
        for index, token in enumerate(children):
            self.one(token, children[index - 1] if index else None, children[index + 1 : index + 2])
        return "".join(self.out).strip()

    def one(self, token: Token, before: Token | None, after: Sequence[Token]) -> None:
        if token.type in MARKS:
            self.out.append(self.mark(token))
        elif token.type == "link_open":
            self.open.append((len(self.out), self.links.follow(str(token.attrGet("href") or ""))))
        elif token.type == "link_close":
            self.link(*self.open.pop())
        elif token.type == "code_inline":
            self.out.append(_code(token.content))
        elif token.type == "image":
            self.image(token)
        elif token.type == "footnote_ref":
            self.out.append(f"\\[{token.meta['id'] + 1}\\]")
        elif token.type == "softbreak":
            self.out.append(between(before.content if before else "", after[0].content if after else ""))
        elif token.type == "hardbreak":
            self.out.append("  \n")
        elif token.content:
            self.out.append(self.escaped(token.content))

    def mark(self, token: Token) -> str:
        """The sign of a mark. Right behind the end of another one an asterisk would be read as part of it."""
        if token.nesting < 0:
            return self.signs.pop()
        sign = MARKS[token.type]
        sign = "_" if sign == "*" and self.out and self.out[-1] in ("*", "**") else sign
        self.signs.append(sign)
        return sign

    def link(self, start: int, address: str | None) -> None:
        if address is None:
            return
        label = "".join(self.out[start:])
        bare = re.sub(r"\\(.)", r"\1", label)
        del self.out[start:]
        if not label or says(bare, address):
            self.out.append(
                f"<{address}>"
                if "mailto:" not in address
                else f"[{label or self.escaped(address[7:])}]({_target(address)})"
            )
        else:
            self.out.append(f"[{label}]({_target(address)})")

    def image(self, token: Token) -> None:
        source = self.links.picture(str(token.attrGet("src") or ""))
        words = self.escaped(token.content)
        if source is None or (self.open and not self.dialect.pictures):
            self.out.append(words)
        elif self.dialect.pictures:
            self.out.append(f"![{words}]({_target(source)})")
        else:
            self.out.append(f"[{words or self.escaped(source)}]({_target(source)})")

    def escaped(self, text: str) -> str:
        said = SIGN.sub(lambda match: "&amp;" if match[0] == "&" else f"\\{match[0]}", text)
        return f"{{% raw %}}{said}{{% endraw %}}" if self.dialect.liquid and LIQUID.search(said) else said


def _code(content: str) -> str:
    fence = "`" * (1 + max(map(len, re.findall(r"`+", content)), default=0))
    pad = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def _target(address: str) -> str:
    """An address between the parentheses of a link, without a sign that could end it."""
    return re.sub(r"[\s()<>{}\\]", lambda match: f"%{ord(match[0]):02X}", address)
