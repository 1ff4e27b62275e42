"""The sample newsroom is what visitors of the demo read: it has no problem, and shows what it is there to show."""

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from presstime.content.newsroom import Newsroom, read_newsroom
from presstime.content.reference import put_into
from presstime.content.worktree import WorkTree
from presstime.model import Late, Post, Target, Variant
from presstime.networks import load
from presstime.publish.words import Words
from presstime.settings import parse_settings
from presstime.settings.policy import Policy

CONTENT = Path(__file__).parents[1] / "content"
WRITTEN = datetime(2026, 10, 31, tzinfo=UTC)  # what lies before has been due whenever anybody tries the demo
FAR = datetime(2031, 1, 1, tzinfo=UTC)  # what lies behind is still to come for years
NARROW = "\u202f"  # the narrow no-break space of French, before ; : ! ?


@cache
def newsroom() -> Newsroom:
    return read_newsroom(WorkTree(CONTENT))


def posts() -> list[Post]:
    return list(newsroom().loaded.each())


def post(name: str) -> Post:
    return next(p for p in posts() if p.id == name)


@cache
def words() -> Words:
    files = {entry.blob_id: entry for entry in newsroom().source.files("media")}
    return Words(newsroom(), lambda blob: newsroom().source.load(files[blob]))


@cache
def variants() -> dict[str, Variant]:
    """Every delivery of the sample by `post/channel`, drafts included."""
    rendered = [words().render(p, t).variant for p in posts() for t in p.targets]
    return {str(v.delivery): v for v in rendered}


def said(delivery: str) -> str:
    return "\n".join(segment.text for segment in variants()[delivery].segments)


def targets() -> list[tuple[Post, Target]]:
    return [(p, t) for p in posts() if p.status == "ready" for t in p.targets]


def test_nothing_is_wrong_with_it() -> None:
    """No error and no warning, in the settings or in any post."""
    assert list(newsroom().settings.warnings) == []
    assert list(newsroom().loaded.problems) == []
    assert len(posts()) == len(list((CONTENT / "posts").rglob("*.md"))) >= 10


def test_every_delivery_fits_its_channel() -> None:
    """Each post can be said on each of its channels, within the network's limit."""
    assert len(variants()) >= 25
    for name, variant in variants().items():
        for segment in variant.segments:
            assert 0 < segment.length <= segment.limit, name


def test_it_goes_to_many_networks() -> None:
    """Those that need no picture at a public address, and a feed; each channel has something to say, each network's address is the sandbox's."""
    settings = newsroom().settings
    assert {c.network for c in settings.channels.values()} == {
        *("bluesky", "facebook", "feed", "linkedin", "mastodon", "pinterest", "telegram", "x")
    }
    assert {t.channel for _, t in targets()} == settings.channels.keys()
    for channel in settings.channels.values():
        traits = load(channel.network).traits
        if traits.needs_credentials:
            assert channel.base_url == f"http://127.0.0.1:8480/{channel.network}"
            assert (channel.credentials or "").startswith("env:")
        assert not channel.options.keys() - traits.options
    assert settings.groups.keys() == {"brand", "agencies"}


def test_what_it_writes_on_disk_git_ignores() -> None:
    """The feed and the embedded bucket lie below .presstime/, which the newsroom's own .gitignore names."""
    settings = newsroom().settings
    places = [settings.audit.embedded, *(c.options["path"] for c in settings.channels.values() if "path" in c.options)]
    assert len(places) == 2
    assert all(str(place).startswith(".presstime/") for place in places)
    assert ".presstime/" in (CONTENT / ".gitignore").read_text().splitlines()


def test_the_dates_make_sense_for_years() -> None:
    """Everything is due either in 2026, before November, or from 2031 on; both happen."""
    dues = [t.due for _, t in targets()]
    assert all(datetime(2026, 1, 1, tzinfo=UTC) <= due < WRITTEN or due >= FAR for due in dues)
    assert {due >= FAR for due in dues} == {True, False}


def test_what_was_due_is_published_but_for_one_that_shows_a_miss() -> None:
    """Of the posts of the past exactly one does not say `late: publish`: the demo shows it as missed, with the reason."""
    past = {p.id: t.late for p, t in targets() if t.due < WRITTEN}
    assert [name for name, late in past.items() if late.rule != "publish"] == ["last-berths-to-venice"]
    assert past["last-berths-to-venice"] == Late("within", timedelta(hours=2))


def test_an_announcement_waits_under_embargo() -> None:
    """A post that is approved and not due for years, on all of head office's channels."""
    found = post("a-hundred-years")
    assert {t.channel for t in found.targets} == set(newsroom().settings.groups["brand"])
    assert {t.due for t in found.targets} == {datetime(2031, 4, 2, 7, 0, tzinfo=UTC)}  # 9 o'clock in Paris


def test_one_post_is_a_draft() -> None:
    """A draft is read and checked with the others."""
    assert [p.id for p in posts() if p.status == "draft"] == ["spring-brochure"]


def test_a_thread_is_a_thread_on_every_network_that_has_them() -> None:
    """The hand-made thread has six parts, numbered in words, on each of its channels."""
    found = post("sleeping-on-trains")
    assert found.thread == "manual"
    for target in found.targets:
        segments = variants()[f"{found.id}/{target.channel}"].segments
        assert len(segments) == 6
        assert segments[5].text.startswith("Five. ")


def test_every_picture_is_described() -> None:
    """Each has an alt text of more than a few words, none of which says that it is a picture, and is used somewhere."""
    media = {m.path: m.alt for p in posts() for m in p.media}
    assert len(media) >= 5
    for alt in media.values():
        assert 80 < len(alt) < 420
        assert not re.match(r"(an? )?(image|picture|photo|photograph)\b", alt, re.IGNORECASE)
    used = {Path(path).name for path in media}
    assert used == {file.name for file in (CONTENT / "media").iterdir()}


@pytest.mark.parametrize("file", sorted((CONTENT / "media").iterdir()), ids=lambda f: f.name)
def test_pictures_are_of_a_size_for_git(file: Path) -> None:
    """At most 400 kB and 1600 pixels wide, and nothing of a camera in them."""
    from PIL import Image

    with Image.open(file) as image:
        assert image.width <= 1600
        assert not image.getexif()
    assert file.stat().st_size <= 400_000


def test_the_pictures_have_different_shapes() -> None:
    """Landscape, square and portrait, since networks treat them differently."""
    attachments = [a for v in variants().values() for a in v.attachments()]
    assert {(a.width > a.height) - (a.width < a.height) for a in attachments} == {-1, 0, 1}


def test_a_channel_can_have_words_of_its_own() -> None:
    """On X the Lisbon post says what its front matter gives that channel, elsewhere its summary."""
    assert said("lisbon-by-rail/brand-x").startswith("Paris to Lisbon without leaving the ground")
    assert said("lisbon-by-rail/brand-mastodon").startswith("Three days, two nights")


def test_agencies_say_one_text_with_their_own_names() -> None:
    """The open evening names each agency's town, host and telephone, and no placeholder is left anywhere."""
    for channel in newsroom().settings.groups["agencies"]:
        text, own = said(f"soiree-des-agences/{channel}"), newsroom().settings.channels[channel].vars
        for name in ("town", "host", "treat", "hours", "address", "telephone"):
            assert own[name] in text
    hashtag = re.compile(r"\{hashtag\|[^}]*\}")  # LinkedIn's own way to write one
    assert not [name for name in variants() if re.search(r"[{}]", hashtag.sub("", said(name)))]


def test_each_agency_may_have_its_own_hour_or_none() -> None:
    """The ball is a week later in Lille, and Nantes does not repeat it on Telegram."""
    dues = {t.channel: t.due for t in post("le-bal-du-centenaire").targets}
    assert dues.keys() == {"nantes-mastodon", "lille-mastodon"}
    assert (dues["lille-mastodon"] - dues["nantes-mastodon"]).days == 7


def test_french_is_set_as_french_is() -> None:
    """Two languages; in French a narrow no-break space stands before ; : ! ? and no-break ones within guillemets."""
    assert {p.language for p in posts()} == {"en", "fr"}
    french = [said(name) for name, v in variants().items() if v.language == "fr" and v.network != "feed"]
    assert any(f"{NARROW}?" in text and f"{NARROW}!" in text for text in french)
    for text in french:
        plain = re.sub(r"https?://\S+|\d\d:\d\d", "", text)
        assert not re.search(rf"[^{NARROW}?!][;:!?]", plain), plain
        assert not re.search("«[^\u00a0]|[^\u00a0]»", plain), plain


def test_a_local_time_follows_the_zone_it_names() -> None:
    """Half past six in Lisbon is one instant, written in TOML front matter as people there say it."""
    assert {t.due for t in post("talk-in-lisbon").targets} == {datetime(2026, 9, 24, 17, 30, tzinfo=UTC)}
    assert (CONTENT / post("talk-in-lisbon").path).read_text().startswith("+++\n")


def test_a_table_and_a_list_reach_the_feed_as_such() -> None:
    """The winter timetable is a table where HTML is taken, and lines to read elsewhere."""
    feed = said("winter-timetable/site-feed")
    assert "<table>" in feed
    assert "<ol>" in feed
    assert "Innsbruck" in said("winter-timetable/news-telegram")
    assert "|" not in said("winter-timetable/news-telegram")


def test_mention_and_hashtags_are_marked() -> None:
    """The ferry post names somebody and carries hashtags, and the payloads show them where a network wants to be shown."""
    text = said("islands-by-ferry/brand-mastodon")
    assert "@portsaintmalo@social.example" in text
    assert "#SlowTravel" in text
    kinds = {s.kind for v in variants().values() for segment in v.segments for s in segment.spans}
    assert {"link", "tag", "bold"} <= kinds


def test_it_keeps_to_what_this_version_publishes() -> None:
    """No post uses `repeat` or `next-slot`, which this version does not publish."""
    for file in (CONTENT / "posts").rglob("*.md"):
        assert not re.search(r"^repeat|next-slot", file.read_text(), re.MULTILINE), file.name


def test_the_authors_page_has_the_table_of_keys() -> None:
    """What content/README.md says of the front matter is what the loader reads: `presstime schema --page` changes nothing."""
    page = (CONTENT / "README.md").read_text()
    assert put_into(page) == page


def test_the_house_rules_of_the_authors_page_are_rules() -> None:
    """The [policy] that content/README.md shows can be written as it stands, and sets every rule there is."""
    page = (CONTENT / "README.md").read_text()
    shown = page.partition("## House rules")[2].partition("```toml\n")[2].partition("```")[0]
    settings = parse_settings(f'[newsroom]\ntimezone = "UTC"\n{shown}'.encode())
    assert settings.warnings == ()
    unset = {
        field.name for field in fields(Policy) if getattr(settings.policy, field.name) == getattr(Policy(), field.name)
    }
    assert unset == {"quiet"}  # which the page explains beside the quiet hours
