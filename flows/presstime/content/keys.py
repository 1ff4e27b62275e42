"""The keys of front matter, in one table: the loader, the warnings, the reference page and the JSON Schema read it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from presstime.content.nodes import FrontMatter, Node
from presstime.model import Json
from presstime.problems import Problems, suggest

Kind = Literal[
    "id",
    "text",
    "file",
    "status",
    "flag",
    "instant",
    "when",
    "rule",
    "texts",
    "channels",
    "overrides",
    "media",
    "late",
    "thread",
    "url",
    "zone",
    "language",
    "number",
    "point",
    "map",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name, what else it is called elsewhere (the first that stands in a file counts), what it holds, and an
    example as YAML writes it."""

    name: str
    aliases: tuple[str, ...]
    kind: Kind
    doc: str
    example: str


NEXT_SLOT = "next-slot"
MODES = ("auto", "never", "manual")
PARTIALS = ("resume", "retract", "leave")
STATUSES = ("draft", "retracted", "ready", "published", "publish", "scheduled")  # the last three as other tools call it

KEYS = (
    Key("id", ("slug",), "id", "Who the post is, for ever: renaming the file changes nothing. Letters, digits, `.`, `_`, `-`.", "spring-collection"),
    Key("title", (), "text", "The headline. Without it, the first `# heading` of the text.", "The spring collection is here"),
    Key("summary", ("description", "excerpt"), "text", "One or two sentences, for link cards and feeds.", "Linen, and lots of it."),
    Key(
        "publish_at",
        ("publishDate", "publish_date", "pubDate", "date"),
        "when",
        "When it goes out: with an offset, or as local time of `timezone`, the channel or the newsroom. A bare date is its midnight. "
        "`next-slot` takes the next free one of the weekly slots.",
        "2026-03-24T09:00",
    ),
    Key("timezone", (), "zone", "The zone of this post's local times.", "Europe/Paris"),
    Key("fold", (), "number", "2 means the second of two equal local times, in the night that clocks go back.", "2"),
    Key("expires_at", ("expiryDate", "expires", "unpublishDate"), "instant", "Not published at or after this time.", "2026-04-01"),
    Key("retract", (), "flag", "Take down at `expires_at` what is up.", "true"),
    Key("late", (), "late", "What happens if the time was missed: `publish`, `within 2h`, `skip` or `ask`.", "within 2h"),
    Key("repeat", (), "rule", "A rule (RFC 5545) of further occurrences; `publish_at` is the first. Each goes out by itself, and templates see its number.", "FREQ=WEEKLY;COUNT=4"),
    Key("slots", (), "text", "The set of weekly slots that `publish_at: next-slot` takes from. Without it, the channel's, or the newsroom's.", "weekday"),
    Key(
        "channels",
        (),
        "channels",
        "Names of channels and groups, or a map of them to what is particular there. Without it, the newsroom's default channels.",
        "[brand-mastodon, agencies]",
    ),
    Key(
        "overrides",
        (),
        "overrides",
        "What is particular on one of the channels, as a list: `channel` (or a group) with the keys below. A map in `channels` says the same.",
        "[{channel: brand-x, text: A shorter word for X.}]",
    ),
    Key("status", (), "status", "`draft` keeps the post from being planned, `retracted` takes it down where it is up; `ready` is the rule.", "draft"),
    Key("draft", (), "flag", "Hugo's spelling of `status: draft`.", "true"),
    Key("published", (), "flag", "Jekyll's: `false` is a draft.", "false"),
    Key("tags", ("keywords",), "texts", "A list, or words separated by blanks or commas.", "[linen, spring]"),
    Key("language", ("lang",), "language", "The text's language as a BCP 47 tag. Without it, the newsroom's.", "fr"),
    Key("link", ("canonical_url", "canonicalURL", "canonical"), "url", "The post's own page. Without it, the newsroom's link pattern.", "https://verne.example/spring"),
    Key("media", ("images", "image", "cover"), "media", "Files to send: `file` with `alt`, and `caption`, `focus` (x, y from -1 to 1).", "[{file: linen.jpg, alt: A rack of linen shirts}]"),
    Key("campaign", (), "text", "A name that groups posts in reports, and that `[utm]` tells the site's statistics.", "spring-2026"),
    Key("template", (), "text", "The template that says this post: `offer` is `templates/offer.j2`. Another program's file name is left to it.", "offer"),
    Key("again", (), "flag", "This may say what another post has said: it is meant, not a rename.", "true"),
    Key("thread", (), "thread", "`auto`, `never` or `manual`; and after a partial failure `resume`, `retract` or `leave`.", "auto"),
    Key("taxonomies", (), "map", "Zola's: its `tags` are read.", "{tags: [linen]}"),
    Key("extra", (), "map", "Zola's: keys of this table are read in it too; the rest is for templates.", "{id: spring}"),
)  # fmt: skip

CHANNEL_KEYS = (
    Key("publish_at", (), "when", "When it goes out on this channel.", "2026-03-24T18:00"),
    Key("timezone", (), "zone", "The zone of this channel's local time.", "Asia/Tokyo"),
    Key("slots", (), "text", "The set of slots that `next-slot` takes from on this channel.", "evening"),
    Key("fold", (), "number", "2 means the second of two equal local times, on this channel.", "2"),
    Key("text", (), "text", "What is said here instead of the rendered text.", "See you in Nantes!"),
    Key("media", (), "media", "What is shown here instead of the post's media; `[]` for none.", "[]"),
    Key("template", (), "text", "The template that says the post here.", "offer-short"),
    Key("late", (), "late", "What happens if the time was missed on this channel.", "skip"),
    Key("skip", (), "flag", "Not on this channel, e.g. one of a group.", "true"),
)
MEDIA_KEYS = (
    Key("file", ("path", "src", "image", "url", "name"), "file", "The file, looked up beside the post, at the content root, in `media/` and in `static/`.", "linen.jpg"),
    Key("alt", (), "text", "What the picture shows, for those who do not see it.", "A rack of linen shirts"),
    Key("caption", ("title",), "text", "What is written below it.", "In shops on Monday"),
    Key("focus", (), "point", "The point that cropping keeps: x and y from -1 to 1, 0 0 is the middle.", "0 0.5"),
)  # fmt: skip

# What Jekyll, Hugo, Zola, Eleventy, Astro, Pelican and their usual themes mean by keys that are nothing to us. They go to
# `Post.extra`, for templates, without a warning.
FOREIGN = frozenset(
    """
    layout category categories author authors weight aliases permalink type series comments comment toc lastmod updated
    last_modified_at modified section sections path url redirect_from redirect_to sitemap robots noindex
    nav_order parent grand_parent has_children has_toc menu menus linktitle linkTitle subtitle math mermaid katex pin
    hidden featured sticky order position icon header footer sidebar hero hero_image heroImage thumbnail thumb banner
    excerpt_separator render_with_liquid outputs cascade resources params build isCJKLanguage markup translationKey
    translations locale ShowToc TocOpen showtoc tocopen cover_image cover_alt image_alt eleventyComputed
    eleventyExcludeFromCollections collections pagination css js scripts styles sources license copyright rating slug_override
    page_template in_search_index sort_by insert_anchor_links generate_feed word_count reading_time readtime read_time
    readingTime social share og twitter seo opengraph teaser intro topics topic project projects source contributors editor
    reviewers reviewer version versions sidebar_label sidebar_position hide_title hide_table_of_contents pagination_label
    id_override bibliography csl references classes tagline overlay_image gallery show_date show_author
    """.lower().split()
)


def _spellings(keys: tuple[Key, ...]) -> dict[str, tuple[str, int]]:
    """Every spelling, also in lower case (Hugo's keys know no case), with the key's name and the spelling's rank."""
    found: dict[str, tuple[str, int]] = {}
    for key in keys:
        for rank, written in enumerate((key.name, *key.aliases)):
            found[written] = found[written.lower()] = (key.name, rank)
    return found


def _written(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """Every spelling as the page for authors has it, to be suggested."""
    return tuple(name for key in keys for name in (key.name, *key.aliases))


SPELLINGS = _spellings(KEYS)
CHANNEL_SPELLINGS = _spellings(CHANNEL_KEYS)
MEDIA_SPELLINGS = _spellings(MEDIA_KEYS)
MEDIA_NAMES = _written(MEDIA_KEYS)
Chosen = dict[str, tuple[int, str]]  # of each key that was found: the rank of its spelling, and the spelling


def sort_keys(front: FrontMatter, problems: Problems[Any]) -> tuple[dict[str, Node], dict[str, Json]]:
    """The keys that mean something to us, by name, and everything else as plain data.

    An empty value is as if the key were absent. Of several spellings of one key the best ranked counts, and the others
    are data. An unknown key is data too, with a warning that names the nearest known one."""
    found: dict[str, Node] = {}
    extra: dict[str, Json] = {}
    chosen: Chosen = {}
    _sort(front.keys, found, extra, chosen, problems)
    if "taxonomies" in found or "extra" in found:
        _unfold_zola(found, extra, chosen)
    if chosen.get("id", (0,))[0]:  # an id that is written `slug` is also what the site calls the post's page
        extra["slug"] = found["id"].plain()
    return found, extra


@lru_cache(maxsize=256)
def _advice(written: str) -> str:
    """For an unknown key: whole sites misspell the same one."""
    return suggest(written, _written(KEYS), "keys")


def _sort(
    keys: dict[str, Node],
    found: dict[str, Node],
    extra: dict[str, Json],
    chosen: Chosen,
    problems: Problems[Any] | None,
) -> None:
    for written, node in keys.items():
        hit = SPELLINGS.get(written) or SPELLINGS.get(written.lower())
        if hit is None:
            extra[written] = node.plain()
            if problems is not None and written.lower() not in FOREIGN:
                problems.warning(
                    node.key,
                    "unknown-key",
                    f"the key {written!r} has no meaning here",
                    _advice(written),
                )
            continue
        name, rank = hit
        if node.value is None or node.value == "":
            continue
        if name in chosen and chosen[name][0] <= rank:
            extra[written] = node.plain()
            continue
        if name in chosen:
            extra[chosen[name][1]] = found[name].plain()
        chosen[name] = (rank, written)
        found[name] = node


def _unfold_zola(found: dict[str, Node], extra: dict[str, Json], chosen: Chosen) -> None:
    """Zola allows only its own keys at the top: tags are in `taxonomies`, and everything else is in `extra`, where
    `publish_at` still counts before Zola's `date`."""
    taxonomies, more = found.pop("taxonomies", None), found.pop("extra", None)
    if taxonomies is not None and isinstance(taxonomies.value, dict):
        rest = dict(taxonomies.value)
        tags = rest.pop("tags", None)
        if tags is not None and tags.value is not None and "tags" not in found:
            found["tags"], chosen["tags"] = tags, (0, "tags")
        extra.update((name, node.plain()) for name, node in rest.items())
    elif taxonomies is not None:
        extra["taxonomies"] = taxonomies.plain()
    if more is not None and isinstance(more.value, dict):
        _sort(more.value, found, extra, chosen, None)
    elif more is not None:
        extra["extra"] = more.plain()
