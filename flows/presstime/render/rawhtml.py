"""Raw HTML inside Markdown: its tags are never shown, its words and links are kept."""

import html
import re
from html.parser import HTMLParser

from markdown_it.token import Token

HIDDEN = {
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "svg",
    "head",
    "title",
}  # what a browser does not show as words
BLOCKS = {
    "p",
    "div",
    "li",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "blockquote",
    "figure",
    "table",
}
BLOCKS |= {"ul", "ol", "dl", "dt", "dd", "figcaption", "details", "summary", "center", "header", "footer", "pre"}
CHECKBOX = '<input class="task-list-item-checkbox"'  # how the task list plugin writes a box
TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)")
HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)


def cleaned_inline(children: list[Token]) -> list[Token]:
    """The tokens of a paragraph without raw HTML: `<a href>` becomes a link, `<br>` a line break, a script nothing."""
    kept: list[Token] = []
    hidden = ""  # the element whose content is not shown
    opened = 0
    for token in children:
        tag = TAG.match(token.content) if token.type == "html_inline" else None
        name = tag["name"].lower() if tag else ""
        if hidden:
            hidden = "" if tag and tag["end"] and name == hidden else hidden
        elif token.type != "html_inline":
            kept.append(token)
        elif token.content.startswith(CHECKBOX):
            kept.append(_text("☑" if "checked" in token.content else "☐"))
        elif name in HIDDEN and tag and not tag["end"] and not token.content.endswith("/>"):
            hidden = name
        elif name == "br":
            kept.append(Token("hardbreak", "br", 0))
        elif name == "a" and tag and tag["end"] and opened:
            opened -= 1
            kept.append(Token("link_close", "a", -1))
        elif name == "a" and (href := _href(token.content)) is not None and not opened:
            opened += 1
            kept.append(Token("link_open", "a", 1, attrs={"href": href}))
    return kept + [Token("link_close", "a", -1)] * opened


def _href(tag: str) -> str | None:
    found = HREF.search(tag)
    return html.unescape(found[1] or found[2] or found[3] or "") if found else None


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


class _Words(HTMLParser):
    """Collects paragraphs of inline tokens from a block of HTML, which it is fed whole.

    A comment or tag that never ends goes on to the end of the block, as the HTML standard has it (tokenization, eof-in-comment
    and eof-in-tag). Older Pythons take its first letters for words and look on behind them, for ever the same end: in time
    that grows with the square of the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[list[Token]] = [[]]
        self.hidden = 0

    def parse_starttag(self, i: int) -> int:
        return self._ended(super().parse_starttag(i))

    def parse_endtag(self, i: int) -> int:
        return self._ended(super().parse_endtag(i))

    def parse_comment(self, i: int, report: bool = True) -> int:
        return self._ended(super().parse_comment(i, report))

    def parse_pi(self, i: int) -> int:
        return self._ended(super().parse_pi(i))

    def parse_html_declaration(self, i: int) -> int:
        return self._ended(super().parse_html_declaration(i))

    def _ended(self, end: int) -> int:
        """Where the look goes on: behind all, if there is no end."""
        return end if end >= 0 else len(self.rawdata)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self.hidden += 1
        elif tag in BLOCKS:
            self.paragraphs.append([])
        elif tag == "br":
            self.paragraphs[-1].append(Token("hardbreak", "br", 0))
        elif tag == "a":
            href = html.escape(dict(attrs).get("href") or "")
            self.paragraphs[-1].append(Token("html_inline", "", 0, content=f'<a href="{href}">'))

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag in BLOCKS:
            self.paragraphs.append([])
        elif tag == "a":
            self.paragraphs[-1].append(Token("html_inline", "", 0, content="</a>"))

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.paragraphs[-1].append(_text(re.sub(r"\s+", " ", data)))


def cleaned_block(block: Token) -> list[Token]:
    """A block of raw HTML as paragraphs of the words and links it shows. Comments, scripts and empty ones vanish."""
    words = _Words()
    words.feed(block.content)
    words.close()
    tokens: list[Token] = []
    for children in words.paragraphs:
        if any(child.content.strip() for child in children if child.type == "text"):
            inline = Token("inline", "", 0, level=block.level + 1, children=cleaned_inline(_trimmed(children)))
            opening = Token("paragraph_open", "p", 1, level=block.level, block=True)
            tokens += [opening, inline, Token("paragraph_close", "p", -1, level=block.level, block=True)]
    return tokens


def _trimmed(children: list[Token]) -> list[Token]:
    """Without white space before the first word and after the last."""
    words = [child for child in children if child.type == "text"]
    words[0].content = words[0].content.lstrip()
    words[-1].content = words[-1].content.rstrip()
    return children
