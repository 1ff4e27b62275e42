"""What templates may use beside Jinja's own: `plain`, `typed`, `opening`, `untitled`, and the test `fitting`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from jinja2 import pass_context
from jinja2.runtime import Context
from markdown_it.token import Token

from presstime.model import TextRule
from presstime.render.campaign import Campaign
from presstime.render.entities import Convention
from presstime.render.fit import Room, beginning
from presstime.render.markdown import to_rich
from presstime.render.measure import over
from presstime.render.parser import parse, spread
from presstime.render.rich import EMPTY, Rich, joined
from presstime.render.web import ADDRESS
from presstime.render.words import Style, words

SIGN = re.compile(r"([!-/:-@\[-`{-~])")  # ASCII punctuation: CommonMark 2.4 lets each be escaped
HEADING = re.compile(r"\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|$)")
ENOUGH = 60  # characters: a shorter first paragraph (a greeting, a date, a remark) does not say what a post is about


def plain(text: str) -> str:
    """Words as Markdown that shows exactly them: no sign in a title becomes markup. Addresses stay links."""
    lines = (line.strip() for line in str(text).strip().splitlines())
    return "  \n".join(map(_escaped, lines))


def _escaped(line: str) -> str:
    pieces, position = [], 0
    for match in ADDRESS.finditer(line):
        pieces += [SIGN.sub(r"\\\1", line[position : match.start()]), match[0]]
        position = match.end()
    return "".join([*pieces, SIGN.sub(r"\\\1", line[position:])])


def typed(text: str) -> str:
    """Markdown in which each line typed is a line read, as people expect of a message."""
    return re.sub(r"(?<=\S)\n(?=\S)", "  \n", str(text).replace("\r\n", "\n"))


@pass_context
def untitled(context: Context, body: str) -> str:
    """A text without a first heading that only repeats the title, for where the title stands above it already."""
    heading = HEADING.match(body)
    same = heading and to_rich(heading[1]).text.casefold() == context["post"]["title"].strip().casefold()
    return body[heading.end() :] if heading and same else body


@pass_context
def opening(context: Context, body: str, beside: str = "") -> str:
    """How a text begins: its first paragraph, cut at a sentence if it does not fit beside what else is to be said."""
    return opening_of(body, beside, _rule(context), context["network"]["convention"], _style(context))


@lru_cache(maxsize=32)  # one post goes to many channels
def opening_of(body: str, beside: str, rule: TextRule, convention: Convention, style: Style) -> str:
    said = first_paragraphs(parse(body).tokens, replace(style, footnotes=False, addresses=not style.base))
    ending = joined([Rich("\n\n"), to_rich(beside, style)]) if beside.strip() else EMPTY
    if over(said.text + ending.text, rule):
        room = Room(rule, rule, convention, order=("shorten",))
        said = beginning(said, ending, room) or EMPTY
        if said.text.endswith(" …"):  # whole sentences need no sign that more is to come: a link follows
            said = said.slice(0, len(said.text) - 2)
    return as_markdown(said)


def first_paragraphs(tokens: Sequence[Token], style: Style) -> Rich:
    """The first paragraph that says something; with the next where it is only a greeting or a date. A short
    one that announces a list or code, which is not said here, is passed over."""
    taken: list[Rich] = []
    announced: list[Rich] = []
    blocks = spread(tokens, 0, len(tokens))
    for n, (start, end) in enumerate(blocks):
        if tokens[start].type == "paragraph_open" and (part := words(tokens[start:end], style)).text:
            follows = tokens[blocks[n + 1][0]].type if n + 1 < len(blocks) else ""
            announces = part.text.endswith(":") and len(part.text) < ENOUGH and follows != "paragraph_open"
            (announced if announces else taken).append(part)
        if sum(len(one.text) for one in taken if not one.text.startswith("(")) >= ENOUGH:
            break
    said = joined(taken or announced[:1], "\n\n") if taken or announced else words(tokens, style)
    if said.text.endswith(":"):  # what it announces is not said here
        said = joined([said.slice(0, len(said.text) - 1), Rich("…")])
    return said


@pass_context
def fitting(context: Context, body: str, beside: str = "") -> bool:
    """Whether a text can be said whole, in one message, beside what else is to be said."""
    rule = _rule(context)
    if len(body) > 8 * rule.limit:
        return False
    style = _style(context)
    whole = "\n\n".join(part for part in (to_rich(body, style).text, to_rich(beside, style).text) if part)
    return not over(whole, rule)


def _rule(context: Context) -> TextRule:
    return TextRule(**context["network"]["rule"])


def _style(context: Context) -> Style:
    network = context["network"]
    marks = frozenset({"link", "mention"} & set(network["marks"]))
    campaign = network["campaign"] and Campaign(
        frozenset(network["campaign"]["sites"]), tuple(map(tuple, network["campaign"]["parameters"]))
    )
    return Style(marks, context["post"]["link"], campaign=campaign, mentions=network["mentions"])


def as_markdown(rich: Rich) -> str:
    """Words and links as Markdown again."""
    pieces, position = [], 0
    for span in (span for span in rich.spans if span.kind in ("link", "mention")):
        label = rich.text[span.start : span.end]
        link = label if label == span.value else f"[{plain(label)}](<{span.value}>)"
        pieces += [_run(rich.text[position : span.start]), link]
        position = span.end
    return "".join([*pieces, _run(rich.text[position:])])


def _run(text: str) -> str:
    """As `plain`, with the white space as it is: it stands between two links, or makes a new line or paragraph."""
    return "".join(_space(part) if part.isspace() else SIGN.sub(r"\\\1", part) for part in re.split(r"(\s+)", text))


def _space(space: str) -> str:
    return "  \n" if space.count("\n") == 1 else space
