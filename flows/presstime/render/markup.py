"""Markdown as HTML for feeds and sites: the whole text, with nothing in it that could do more than be read."""

from collections.abc import Sequence

from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from presstime.render.web import Links
from presstime.render.words import between

OPTIONS = OptionsDict({"xhtmlOut": True, "langPrefix": "language-", "breaks": False, "html": False, "linkify": False,
                       "typographer": False, "quotes": "", "highlight": None, "maxNesting": 20})  # fmt: skip


def to_html(tokens: Sequence[Token], links: Links) -> str:
    """Safe HTML: no raw HTML, links and pictures only with full http, https or mailto addresses."""
    return _Writer(links).render(tokens, OPTIONS, {}).strip()


def to_chat_html(tokens: Sequence[Token], links: Links) -> str:
    """The same for chats that show no pictures from elsewhere, and know few attributes: a picture is its words."""
    return _ChatWriter(links).render(tokens, OPTIONS, {}).strip()


class _Writer(RendererHTML):
    """markdown-it's own writer, but for addresses, footnotes and the ends of lines."""

    def __init__(self, links: Links) -> None:
        super().__init__()
        self.links = links
        self.open: list[bool] = []

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        address = self.links.follow(str(tokens[idx].attrGet("href") or ""))
        self.open.append(address is not None)
        title = str(tokens[idx].attrGet("title") or "")
        named = f' title="{escapeHtml(title)}"' if title else ""
        return f'<a href="{escapeHtml(address)}"{named}>' if address else ""

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</a>" if self.open.pop() else ""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        source = self.links.picture(str(tokens[idx].attrGet("src") or ""))
        words = escapeHtml(tokens[idx].content)
        return f'<img src="{escapeHtml(source)}" alt="{words}" />' if source else words

    def softbreak(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A space: there are sites that make a new line of every line's end."""
        following = tokens[idx + 1].content if idx + 1 < len(tokens) else ""
        return between(tokens[idx - 1].content if idx else "", following)

    def footnote_ref(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<sup>{tokens[idx].meta['id'] + 1}</sup>"

    def footnote_block_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "<hr />\n<ol>\n"

    def footnote_block_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</ol>\n"

    def footnote_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "<li>"

    def footnote_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</li>\n"

    def footnote_anchor(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return ""


class _ChatWriter(_Writer):
    """Nothing but what the Matrix specification (m.room.message, `formatted_body`) lets clients show."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return escapeHtml(tokens[idx].content)

    @staticmethod
    def renderAttrs(token: Token) -> str:  # noqa: N802 - markdown-it's own name
        known = ("class",) if token.type == "fence" else ("href", "start")
        kept = {name: value for name, value in token.attrs.items() if name in known}
        return "".join(f' {name}="{escapeHtml(str(value))}"' for name, value in kept.items())
