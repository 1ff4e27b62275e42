"""Markdown as HTML for feeds and sites: the whole text, with nothing in it that could do more than be read."""

from collections.abc import Sequence

from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from presstime.render.web import followed

OPTIONS = OptionsDict({"xhtmlOut": True, "langPrefix": "language-", "breaks": False, "html": False, "linkify": False,
                       "typographer": False, "quotes": "", "highlight": None, "maxNesting": 20})  # fmt: skip


def to_html(tokens: Sequence[Token], base: str | None) -> str:
    """Safe HTML: no raw HTML, links and pictures only with full http, https or mailto addresses."""
    return _Writer(base).render(tokens, OPTIONS, {}).strip()


class _Writer(RendererHTML):
    """markdown-it's own writer, but for addresses and footnotes."""

    def __init__(self, base: str | None) -> None:
        super().__init__()
        self.base = base
        self.links: list[bool] = []

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        address = followed(str(tokens[idx].attrGet("href") or ""), self.base)
        self.links.append(address is not None)
        title = str(tokens[idx].attrGet("title") or "")
        named = f' title="{escapeHtml(title)}"' if title else ""
        return f'<a href="{escapeHtml(address)}"{named}>' if address else ""

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</a>" if self.links.pop() else ""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        source = followed(str(tokens[idx].attrGet("src") or ""), self.base)
        words = escapeHtml(tokens[idx].content)
        return f'<img src="{escapeHtml(source)}" alt="{words}" />' if source else words

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
