"""The newsroom's rules as code: what a delivery must not say, and when. Pure.

`check`, the plan and the publish stage ask the same functions, so that none of them can be of another mind."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from unicodedata import normalize

import regex

from presstime.clock import is_within, to_local
from presstime.model import Delivery, Post, Target, Traits, Variant, digest_of
from presstime.settings.policy import QUIET_HOURS, Policy

# Scripts that are written without blanks: in them a word begins and ends wherever it stands.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[\w\p{{M}}--[{_UNSPACED}]]"
_HIDDEN = r"[\u00ad\u200b-\u200d\u2060]*"  # characters that nobody sees: soft hyphens, joiners
_HASHTAG = r"(?<![\w&/])[#＃]\|?(?=[\w\p{M}]*[\p{L}])[\w\p{M}]+"  # compiled by the first newsroom that counts them
_ADDRESS = re.compile(r"(?i)\bhttps?://\S+")
_INLINE = re.compile(r"(?i)</?(?:a|abbr|b|code|del|em|i|ins|mark|s|small|span|strong|sub|sup|u)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a delivery breaks. `word` is what is forbidden, as it is said; `key` the front matter it is about."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    advice: str
    key: str = ""
    word: str = ""


class Said(NamedTuple):
    """What a delivery says, or said, and when: `text` is comparable, see `comparable`."""

    delivery: Delivery
    text: str
    at: datetime


def judge(policy: Policy, post: Post, target: Target, variant: Variant, traits: Traits, zone: str) -> list[Finding]:
    """The rules that a delivery breaks by what it says and when it is due. `zone` is the channel's, or the newsroom's."""
    if not policy.covers(target.due):
        return []
    shown = [_bare(segment.text) if traits.markup == "html" else segment.text for segment in variant.segments]
    found = list(_forbidden(policy, post, target, variant, shown))
    if policy.max_hashtags is not None:
        found += _hashtags(policy, shown)
    if policy.require_link and not _has_link(variant, traits):
        advice = "Give the post a link, or a [content] link pattern to the newsroom."
        found.append(Finding("no-link", policy.severity("no-link"), "what is said leads nowhere", advice, "link"))
    if policy.require_summary and not post.summary:
        advice = "Add summary: one or two sentences."
        found.append(Finding("no-summary", policy.severity("no-summary"), "the post has no summary", advice, "summary"))
    if policy.quiet_hours is not None and policy.quiet != "move":
        found += _quiet(policy, policy.quiet_hours, to_local(target.due, zone))
    return found


# --- words ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def pattern_of(words: Sequence[str]) -> regex.Pattern[str]:
    """Finds any of some words or phrases: whole, in any case of letters, of any script and Unicode form, also where
    invisible characters stand between their letters."""
    return regex.compile("|".join(map(_whole, words)), regex.IGNORECASE | regex.FULLCASE | regex.V1)


def _whole(word: str) -> str:
    before = rf"(?<!{_LETTER})" if regex.match(_LETTER, word[0], regex.V1) else ""
    after = rf"(?!{_LETTER})" if regex.match(_LETTER, word[-1], regex.V1) else ""
    return before + _HIDDEN.join(map(_character, regex.findall(r"\X", word))) + after


def _character(written: str) -> str:
    """What a reader takes for one character, in each form that Unicode has for it."""
    if written == " ":
        return r"\s+"
    forms = dict.fromkeys(regex.escape(normalize(form, written)) for form in ("NFC", "NFD"))
    return f"(?:{'|'.join(forms)})"


def without_addresses(text: str) -> str:
    """The text with blanks where addresses are: what is in them is not said."""
    return _ADDRESS.sub(lambda address: " " * len(address[0]), text)


def _forbidden(policy: Policy, post: Post, target: Target, variant: Variant, shown: Sequence[str]) -> Iterator[Finding]:
    """Each forbidden word that the post holds, or that a template, a variable or a picture adds to it."""
    if not policy.forbidden_words:
        return
    pattern = pattern_of(policy.forbidden_words)
    texts = [*_own_words(post, target), *shown, *_beside(variant)]
    hits = (hit[0] for text in texts for hit in pattern.finditer(without_addresses(text)))
    for word in {hit.casefold(): hit for hit in reversed(list(hits))}.values():
        advice = "Say it in other words: [policy] forbidden_words in presstime.toml lists what the house does not say."
        yield Finding("forbidden-word", policy.severity("forbidden-word"), f"{word!r} is forbidden", advice, word=word)


def _own_words(post: Post, target: Target) -> Iterator[str]:
    """What the author wrote, whether a channel has room for it or not."""
    yield from (post.title, post.summary or "", *post.tags, target.text or "", _plain(post.body))
    for ref in (*post.media, *(target.media or ())):
        yield from (ref.alt, ref.caption or "")


def _beside(variant: Variant) -> Iterator[str]:
    """What is said beside the text of the messages."""
    for segment in variant.segments:
        yield from (item.alt for item in segment.media)
        if segment.card:
            yield from (segment.card.title, segment.card.description)


@lru_cache(maxsize=16)
def _plain(body: str) -> str:
    from presstime.render.markdown import to_rich

    return to_rich(body).text


def _bare(html: str) -> str:
    """The words of HTML: what marks a stretch of words parts none."""
    from html import unescape

    return unescape(_TAG.sub(" ", _INLINE.sub("", html)))


# --- counts, links, hours ---------------------------------------------------------------------------------------------


def _hashtags(policy: Policy, shown: Sequence[str]) -> Iterator[Finding]:
    number = sum(len(regex.findall(_HASHTAG, without_addresses(text))) for text in shown)
    most = policy.max_hashtags or 0
    if number > most:
        code = "too-many-hashtags"
        message = f"{number} hashtags, and [policy] max_hashtags is {most}"
        yield Finding(code, policy.severity(code), message, "Take some of the tags away.", "tags")


def _has_link(variant: Variant, traits: Traits) -> bool:
    spans = (span.kind == "link" for segment in variant.segments for span in segment.spans)
    if any(spans) or any(segment.card or _ADDRESS.search(segment.text) for segment in variant.segments):
        return True
    return not traits.link_in_text and variant.link is not None  # it has a field of its own


def _quiet(policy: Policy, hours: tuple[time, time], local: datetime) -> Iterator[Finding]:
    start, end = hours
    at = local.time()
    if is_within(at, hours):
        message = f"due at {at:%H:%M}, in the quiet hours from {start:%H:%M} to {end:%H:%M}"
        advice = f"Choose an hour from {end:%H:%M} on."
        yield Finding(QUIET_HOURS, policy.severity(QUIET_HOURS), message, advice, "publish_at")


# --- repetition -------------------------------------------------------------------------------------------------------


def comparable(variant: Variant) -> str:
    """The digest of the bare words and pictures: equal for two deliveries that say the same. The log keeps it, too."""
    return digest_of([[" ".join(s.text.split()), [item.blob for item in s.media]] for s in variant.segments])


def repeat_of(mine: Said, known: Iterable[Said], within: timedelta) -> Said | None:
    """Of what is known of the same channel, another delivery that says the same as mine not longer than `within` before
    or after; the nearest in time. None if there is none."""
    same = (s for s in known if s.delivery.channel == mine.delivery.channel and s.delivery.post != mine.delivery.post)
    near = [s for s in same if s.text == mine.text and abs(s.at - mine.at) <= within]
    return min(near, key=lambda said: abs(said.at - mine.at), default=None)


def repeats(said: Iterable[Said], within: timedelta) -> list[tuple[Said, Said]]:
    """Of many deliveries each that says what another one said not longer than `within` before, with that one."""
    last: dict[tuple[str, str], Said] = {}
    found = []
    for mine in sorted(said, key=lambda one: (one.at, one.delivery)):
        before = last.get((mine.delivery.channel, mine.text))
        if before is not None and before.delivery.post != mine.delivery.post and mine.at - before.at <= within:
            found.append((mine, before))
        last[mine.delivery.channel, mine.text] = mine
    return found


def repeated(policy: Policy, before: Said) -> Finding:
    """The finding of a repetition."""
    code = "repeated-text"
    message = f"says the same as {before.delivery.post!r}, due {before.at:%Y-%m-%d %H:%M} UTC"
    return Finding(code, policy.severity(code), message, "Say it in other words, or leave more time between them.")
