"""The render stage: a post, for one channel, as what will be sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from markdown_it.token import Token

from presstime.errors import RenderError
from presstime.model import (
    Attachment,
    Card,
    Channel,
    Delivery,
    Json,
    JsonObject,
    MediaRef,
    MediaRule,
    Post,
    Segment,
    Span,
    Target,
    TextRule,
    Traits,
    Variant,
    with_payloads,
)
from presstime.render.campaign import Campaign
from presstime.render.entities import Convention, convention_of, find
from presstime.render.filetypes import mime_of
from presstime.render.filters import first_paragraphs
from presstime.render.fit import Room, fit, too_long
from presstime.render.forms import DOCUMENTS, PENS, fit_written, pen_of
from presstime.render.hashtags import hashtags
from presstime.render.markdown import beginning_of, to_rich
from presstime.render.measure import measure, over
from presstime.render.media import check_mixture, prepare_image
from presstime.render.parser import parse
from presstime.render.rich import Rich, ordered
from presstime.render.templates import Templates
from presstime.render.web import Links
from presstime.render.words import Style, words

Compose = Callable[[Variant, Segment], JsonObject]
Read = Callable[[str], bytes]
DESCRIPTION = TextRule(300, "graphemes")  # of a link card: what networks show of it is shorter still


@dataclass(frozen=True, slots=True)
class Rendered:
    """A variant with the bytes of its files by digest, and notes for the author on what was left out or cut."""

    variant: Variant
    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Work:
    """What is gathered while a variant is made."""

    post: Post
    target: Target
    channel: Channel
    traits: Traits
    campaign: Campaign | None
    link: str | None  # the post's own, as readers follow it
    read: Read
    files: dict[str, bytes]
    notes: list[str]

    def note(self, text: str) -> None:
        self.notes.append(text)


def render(
    post: Post,
    target: Target,
    channel: Channel,
    traits: Traits,
    compose: Compose,
    newsroom: Mapping[str, Json],
    templates: Templates,
    read: Read,
    occurrence: str = "once",
    campaign: Campaign | None = None,
) -> Rendered:
    """Make the variant of a post for a channel. Pure: the same arguments give the same bytes.

    `newsroom` has `name` and `vars`; `read` gives the bytes of a Git blob; `campaign` is what links to the newsroom's own site
    get. Raises `RenderError` (its `code` names what is wrong) and what `compose` raises."""
    campaign = campaign if _leads_readers(traits) else None
    link = campaign.tagged(post.link) if campaign and post.link else post.link
    work = _Work(post, target, channel, traits, campaign, link, read, {}, [])
    media = _media(work)
    card = _card(work, bool(media))
    own = target.template or post.template
    said = templates.say(channel.name, traits.network, _data(work, media, card, newsroom, occurrence), own)
    segments = _segments(work, said, media, card)
    variant = Variant(
        delivery=Delivery(post.id, channel.name, occurrence),
        network=traits.network,
        at=target.due,
        segments=segments,
        title=_field(work, "title", post.title),
        summary=_field(work, "summary", post.summary or ""),
        link=work.link,
        language=post.language,
        tags=post.tags,
    )
    payloads = [compose(variant, segment) for segment in segments]
    return Rendered(with_payloads(variant, payloads), work.files, tuple(work.notes))


def _leads_readers(traits: Traits) -> bool:
    """Whether a post there leads its readers to the site; where the whole of it is republished they may well be on it."""
    return traits.link_in_text or traits.markup not in DOCUMENTS


# --- media ------------------------------------------------------------------------------------------------------------


def _media(work: _Work) -> tuple[Attachment, ...]:
    refs = work.post.media if work.target.media is None else work.target.media
    rule, title = work.traits.media, work.traits.title
    if rule is None:
        if refs:
            work.note(f"{title} takes no media: {len(refs)} left out")
        return ()
    if len(refs) > rule.max_count:
        raise RenderError(
            f"{title} takes at most {rule.max_count} media, this post has {len(refs)}",
            f"List those for {work.channel.name} under `channels`, in its `media`.",
            "too-many-media",
        )
    if rule.required and not refs:
        raise RenderError(f"{title} takes no post without a picture", "Give the post `media`.", "media-required")
    items = tuple(_attach(work, ref, rule) for ref in refs)
    check_mixture(items, rule, title)
    return items


def _attach(work: _Work, ref: MediaRef, rule: MediaRule) -> Attachment:
    original = work.read(ref.blob)
    item, data = prepare_image(original, ref, rule)
    work.files[item.digest] = data
    if data != original:
        work.note(f"{ref.path}: sent as {item.mime}, {item.width} x {item.height}, {item.size:,} bytes")
    return item


def _card(work: _Work, has_media: bool) -> Card | None:
    """The link card, where the network takes one. Pictures take its place: they have alt texts, a card's has none."""
    post, traits = work.post, work.traits
    if not traits.card or not work.link or has_media:
        return None
    rule = traits.thumb or traits.media
    first = next((ref for ref in post.media if not _is_film(work.read(ref.blob))), None)
    thumb = _attach(work, replace(first, alt=""), rule) if first and rule else None
    return Card(work.link, post.title, _description(post), thumb)


def _is_film(data: bytes) -> bool:
    return (mime_of(data) or "").startswith("video/")


def _description(post: Post) -> str:
    if post.summary:
        return post.summary
    opening = first_paragraphs(parse(post.body).tokens, Style(frozenset({"link"}), footnotes=False)).text
    opening = opening.replace("\n\n", " ")
    room = Room(DESCRIPTION, DESCRIPTION, "mastodon", order=("shorten",))
    return fit(Rich(opening), room)[0].text if over(opening, DESCRIPTION) else opening


def _field(work: _Work, name: str, text: str) -> str:
    """A text for a field that the network has beside the words, cut at a word if it is too long for it."""
    rule = work.traits.fields.get(name)
    if rule is None or not over(text, rule):
        return text
    work.note(f"the {name} is shortened to {rule.limit} {rule.unit}")
    return fit(Rich(text), Room(rule, rule, convention_of(work.traits), order=("shorten",)))[0].text


# --- words ------------------------------------------------------------------------------------------------------------


def _data(
    work: _Work, media: tuple[Attachment, ...], card: Card | None, newsroom: Mapping[str, Json], occurrence: str
) -> JsonObject:
    """What a template sees; templates/README.md describes it for authors."""
    post, channel, traits = work.post, work.channel, work.traits
    kept = ("title", "summary", "body", "link", "tags", "language", "id", "path", "thread", "campaign", "extra")
    return {
        "post": {name: getattr(post, name) for name in kept},
        "channel": {"name": channel.name, "account": channel.account, "vars": channel.vars},
        "newsroom": {"name": newsroom.get("name", ""), "vars": newsroom.get("vars", {})},
        "network": {
            "name": traits.network,
            "title": traits.title,
            "threads": traits.threads,
            "marks": sorted(traits.marks),
            "mentions": traits.mentions,
            "campaign": asdict(work.campaign) if work.campaign else None,
            "rule": asdict(_first_rule(traits, bool(media))),
            "convention": convention_of(traits),
        },
        "text": work.target.text,
        "hashtags": hashtags(post.tags) if traits.hashtags else [],
        "link": post.link if traits.link_in_text and not card else None,
        "occurrence": occurrence,
        "number": work.target.number,
    }


def _first_rule(traits: Traits, has_media: bool) -> TextRule:
    return traits.caption if traits.caption and has_media else traits.text


def _segments(work: _Work, said: str, media: tuple[Attachment, ...], card: Card | None) -> tuple[Segment, ...]:
    whole = work.traits.markup in DOCUMENTS
    parts = [_document(work, said)] if whole else [(part, "") for part in _words(work, said, bool(media), card)]
    if not media and not parts[0][0].text:
        raise RenderError("there is nothing to say", "Give the post a title, a text or a picture.", "empty")
    return tuple(_segment(work.traits, index, part, plain, media, card) for index, (part, plain) in enumerate(parts))


def _segment(
    traits: Traits, index: int, part: Rich, plain: str, media: tuple[Attachment, ...], card: Card | None
) -> Segment:
    rule = _first_rule(traits, bool(media)) if index == 0 else traits.text
    return Segment(
        index=index,
        text=part.text,
        spans=part.spans,
        media=media if index == 0 else (),
        card=card if index == 0 else None,
        length=measure(part.text, rule),
        limit=rule.limit,
        unit=rule.unit,
        plain=plain,
    )


def _document(work: _Work, said: str) -> tuple[Rich, str]:
    """A whole text in the network's markup, and without any where it takes both. If it is too long it ends behind one of
    its blocks, with the link to the rest."""
    post, rule, form = work.post, work.traits.text, DOCUMENTS[work.traits.markup]
    links, tokens = Links(post.link, work.campaign, work.traits.mentions), parse(said).tokens
    whole = form.write(tokens, links)
    if not over(whole, rule):
        return Rich(whole), _plain(work, tokens)
    if work.link and "shorten" in work.channel.fit:
        more = form.more(work.link)
        if kept := beginning_of(tokens, lambda some: not over(form.write(some, links) + more, rule)):
            text = form.write(kept, links)
            work.note(f"shortened to {measure(text, rule)} of {measure(whole, rule)}")
            return Rich(text + more), f"{_plain(work, kept)}\n\n… {work.link}" if work.traits.fallback else ""
    raise too_long(whole, rule)


def _plain(work: _Work, tokens: Sequence[Token]) -> str:
    return words(tokens, _style(work)).text if work.traits.fallback else ""


def _style(work: _Work, marks: frozenset[str] = frozenset(), manual: bool = False) -> Style:
    """How the words are read. Where the post's own link has a field for itself, addresses in the words lead nowhere."""
    traits = work.traits
    return Style(
        marks,
        work.post.link,
        manual,
        addresses=traits.link_in_text or traits.card or traits.markup != "plain",
        campaign=work.campaign,
        mentions=traits.mentions,
    )


def _words(work: _Work, said: str, has_media: bool, card: Card | None) -> list[Rich]:
    traits, post = work.traits, work.post
    threads = traits.threads and post.thread != "never"
    manual = threads and post.thread == "manual"
    marks = traits.marks if traits.markup == "spans" or traits.markup in PENS else frozenset()
    rich = to_rich(said, _style(work, marks, manual))
    room = Room(
        first=_first_rule(traits, has_media),
        rest=traits.text,
        convention=convention_of(traits),
        threads=threads,
        manual=manual,
        # Cut short with no page to read the rest on, words would simply be lost: then it is too long.
        order=tuple(step for step in work.channel.fit if step != "shorten" or post.link),
        link=work.link if traits.link_in_text and not card else None,
        numbered=work.channel.numbering,
    )
    pen, found = pen_of(traits.markup), marks - {"mention"} if traits.mentions else marks
    parts = fit_written(rich, room, lambda part: pen(_found(part, found, room.convention)))
    if sum(len(part.text.split()) for part in parts) < len(rich.text.split()):
        work.note(f"shortened to {measure(parts[0].text, room.first)} of {measure(rich.text, room.first)}")
    return parts


def _found(part: Rich, marks: frozenset[str], convention: Convention) -> Rich:
    """With spans for what the network would find by itself, or needs to be shown: links, mentions, hashtags."""
    taken = [span for span in part.spans if span.kind in ("link", "mention", "code", "pre")]
    wanted = {"link"} | (marks & {"mention", "tag"})
    more = []
    for entity in find(part.text, convention):
        kind = "tag" if entity.kind == "cashtag" and convention == "bluesky" else entity.kind
        if kind in wanted and not any(span.start < entity.end and entity.start < span.end for span in taken):
            more.append(Span(entity.start, entity.end, kind, entity.value))  # type: ignore[arg-type]
    return replace(part, spans=ordered([*part.spans, *more]))
