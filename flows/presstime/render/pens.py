"""How each markup for messages is spelled: what opens and closes a mark, and what keeps words from being taken for one."""

from collections.abc import Callable

import regex

from presstime.render.marking import Pen
from presstime.render.web import ADDRESS, says

HIDDEN = "\u200b"  # ZERO WIDTH SPACE: nothing to a reader, the end of a word to a network's parser


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _escaped(
    signs: regex.Pattern[str], said: Callable[[regex.Match[str]], str], text: str, start: int, end: int
) -> str:
    """A stretch of a text with its signs replaced; the pattern sees what stands before the stretch."""
    pieces, at = [], start
    for match in signs.finditer(text, start, end):
        pieces += [text[at : match.start()], said(match)]
        at = match.end()
    return "".join([*pieces, text[at:end]])


# --- Discord's Markdown -----------------------------------------------------------------------------------------------
# docs.discord.com, "Markdown Text 101"; who is pinged is said by `allowed_mentions`, so `@` is a sign as any other.

CHAT_SIGN = regex.compile(r"[\\*_~`|]|\[(?=[^\]\n]*\]\()|<(?=[@#:/\w])|(?m:^)(?:#{1,3}|-#|>>>|>|[-+])(?=\s|$)")


def _chat_escape(text: str, start: int, end: int) -> str:
    return _escaped(CHAT_SIGN, lambda match: f"\\{match[0]}", text, start, end)


def _chat_link(words: str, address: str) -> str:
    """A bare address shows its page below the message; one behind words does not. No address goes behind another."""
    if says(words, address) or ADDRESS.fullmatch(words):
        return address.removeprefix("mailto:")
    if address.startswith("mailto:"):  # not taken behind words
        return f"{_chat_escape(words, 0, len(words))} ({address.removeprefix('mailto:')})"
    label = regex.sub(r"[\\*_~`|\[\]]", r"\\\g<0>", words)
    return f"[{label}](<{address.replace('>', '%3E')}>)"


def _chat_sign(style: str, words: str, before: str, after: str) -> tuple[str, str]:
    if style == "italic":  # an underscore reads best beside asterisks, but not within a word
        sign = "*" if _is_word(before) or _is_word(after) else "_"
    else:
        sign = {"bold": "**", "strike": "~~"}[style]
    return sign, sign


def _chat_code(content: str) -> str:
    fence = "``" if "`" in content else "`"
    pad = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{pad}{content}{pad}{fence}"


CHAT = Pen(
    escape=_chat_escape,
    link=_chat_link,
    code=_chat_code,
    fence=lambda content, language: f"```{language}\n{content.replace('```', f'``{HIDDEN}`')}\n```",
    sign=_chat_sign,
    mention=lambda words, account: _chat_escape(words, 0, len(words)),
    tag=lambda word: f"#{_chat_escape(word, 0, len(word))}",
)

# --- Slack's mrkdwn ---------------------------------------------------------------------------------------------------
# docs.slack.dev, "Formatting text for app surfaces": `&`, `<` and `>` are escaped, and nothing else can be. A sign that
# would open a mark gets a ZERO WIDTH SPACE behind it, as does a mark that ends inside a word.

SLACK_SIGN = regex.compile(r"[&<>]|(?<!\w)[*_~`](?=\S)")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def _entities(text: str) -> str:
    return regex.sub("[&<>]", lambda match: ENTITIES[match[0]], text)


def _slack_escape(text: str, start: int, end: int) -> str:
    def said(match: regex.Match[str]) -> str:
        first = match.start() == 0 or text[match.start() - 1] == "\n"
        if match[0] == ">" and first:  # Slack keeps a quote as `&gt;`
            return f"{HIDDEN}&gt;"
        return ENTITIES.get(match[0]) or match[0] + HIDDEN

    return _escaped(SLACK_SIGN, said, text, start, end)


def _slack_link(words: str, address: str) -> str:
    target = _entities(address).replace("|", "%7C")
    return f"<{target}>" if words == address else f"<{target}|{_entities(words)}>"


def _slack_sign(style: str, words: str, before: str, after: str) -> tuple[str, str]:
    """No mark around words that hold its own sign: they would end it."""
    sign = {"bold": "*", "italic": "_", "strike": "~"}[style]
    if sign in words:
        return "", ""
    return HIDDEN * _is_word(before) + sign, sign + HIDDEN * _is_word(after)


MRKDWN = Pen(
    escape=_slack_escape,
    link=_slack_link,
    code=lambda content: _slack_escape(content, 0, len(content)) if "`" in content else f"`{_entities(content)}`",
    fence=lambda content, language: f"```\n{_entities(content).replace('```', f'``{HIDDEN}`')}\n```",
    sign=_slack_sign,
    mention=lambda words, account: _entities(words),
    tag=lambda word: f"#{_entities(word)}",
)

# --- LinkedIn's little text -------------------------------------------------------------------------------------------
# learn.microsoft.com, "little text format": every reserved character is escaped wherever it stands, in addresses too. One
# that is not ends the post there, and LinkedIn still answers 201.

RESERVED = regex.compile(r"[|{}@\[\]()<>#\\*_~]")
URN = regex.compile(r"urn:li:(?:person|organization|organizationBrand):[A-Za-z0-9-]+")


def little(text: str) -> str:
    """Words as little text that shows exactly them."""
    return RESERVED.sub(r"\\\g<0>", text)


LITTLE = Pen(
    escape=lambda text, start, end: little(text[start:end]),
    link=lambda words, address: little(words),
    code=little,
    fence=lambda content, language: little(content),
    sign=lambda style, words, before, after: ("", ""),
    mention=lambda words, account: f"@[{little(words)}]({account})" if URN.fullmatch(account) else little(words),
    tag=lambda word: f"{{hashtag|\\#|{little(word)}}}",
    quote=r"\> ",
)
