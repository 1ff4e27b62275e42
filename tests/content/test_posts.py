"""Posts: what each key becomes, what is refused where, and that one bad file stops no other."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from presstime.content.git import Repository
from presstime.content.keys import FOREIGN, KEYS, SPELLINGS
from presstime.content.posts import Loaded, load_posts
from presstime.content.worktree import WorkTree
from presstime.model import UNGIVEN, Late, MediaRef, Post, Problem, Repeat
from presstime.settings import Settings, parse_settings
from tests.content.kit import NAMES, SETTINGS, TREES, GitFolder

HEAD = "id: a\ntitle: T\npublish_at: 2026-03-24T09:00\nchannels: [brand]\n"
NINE_IN_PARIS = datetime(2026, 3, 24, 8, tzinfo=UTC)


def newsroom(extra: str = "") -> Settings:
    return parse_settings((SETTINGS + extra).encode(), "presstime.toml")


def load(folder: GitFolder, extra: str = "", only: set[str] | None = None) -> Loaded:
    return load_posts(WorkTree(folder.path), newsroom(extra), only)


def one(folder: GitFolder, front: str, body: str = "", extra: str = "", path: str = "posts/a.md") -> Loaded:
    """What a newsroom with this one post holds."""
    folder.write(path, f"---\n{front}---\n{body}")
    return load(folder, extra)


def sound(folder: GitFolder, front: str, body: str = "", extra: str = "", path: str = "posts/a.md") -> Post:
    loaded = one(folder, front, body, extra, path)
    assert loaded.problems == ()
    assert len(loaded.posts) == 1
    return loaded.posts[0]


def refused(folder: GitFolder, front: str, body: str = "", extra: str = "") -> list[tuple[int, int, str]]:
    """Where and why a post is refused."""
    loaded = one(folder, front, body, extra)
    assert loaded.posts == ()
    assert all(p.path == "posts/a.md" and p.message and p.advice for p in loaded.problems)
    return [(p.line, p.column, p.code) for p in loaded.problems if p.severity == "error"]


def advice(loaded: Loaded) -> str:
    return "\n".join(f"{p.message} {p.advice}" for p in loaded.problems)


def dues(post: Post) -> dict[str, datetime]:
    return {t.channel: t.due for t in post.targets}


# --- a whole post ---


def test_a_whole_post(folder: GitFolder) -> None:
    """Every key lands in its field."""
    folder.write("posts/news/linen.jpg", b"JPEG")
    post = sound(
        folder,
        """\
id: spring
title: The spring collection
summary: Linen.
publish_at: 2026-03-24T09:00
expires_at: 2026-04-01
late: skip
channels: [brand, agencies]
tags: [linen, spring]
language: en
link: https://verne.example/x
media:
- {file: linen.jpg, alt: A rack, caption: Soon, focus: 0 0.5}
campaign: spring-2026
thread: manual
layout: post
mood: {weather: [mild]}
""".replace("mood:", "params:"),
        "\nText\n",
        path="posts/news/a.md",
    )
    assert (post.id, post.path, post.commit, post.status) == ("spring", "posts/news/a.md", None, "ready")
    assert (post.title, post.summary, post.body) == ("The spring collection", "Linen.", "\nText\n")
    assert (post.tags, post.language, post.link, post.campaign) == (
        ("linen", "spring"),
        "en",
        "https://verne.example/x",
        "spring-2026",
    )
    assert (post.thread, post.on_partial) == ("manual", "resume")
    assert post.expires_at == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert post.media == (
        MediaRef(
            "posts/news/linen.jpg", folder.git("hash-object", "posts/news/linen.jpg"), 4, "A rack", "Soon", (0.0, 0.5)
        ),
    )
    assert dues(post) == {"brand": NINE_IN_PARIS, "lille": NINE_IN_PARIS, "tokyo": datetime(2026, 3, 24, tzinfo=UTC)}
    assert {t.late for t in post.targets} == {Late("skip")}
    assert post.extra == {"layout": "post", "params": {"weather": ["mild"]}}
    assert post.blob == folder.git("hash-object", "posts/news/a.md")


def test_a_commit_gives_the_same_posts_as_the_working_tree(folder: GitFolder) -> None:
    """But for the commit, a post is the same before and after it is committed."""
    post = sound(folder, HEAD)
    commit = folder.commit()
    found = load_posts(Repository.discover(folder.path).at(commit), newsroom()).posts[0]
    assert found.commit == commit
    assert (found.blob, found.targets, found.body) == (post.blob, post.targets, post.body)


def test_one_bad_file_stops_no_other(folder: GitFolder) -> None:
    """The sound posts go on, in the order of their paths; every problem of every file is told at once."""
    folder.write("posts/b.md", f"---\n{HEAD}---\n")
    folder.write("posts/a.md", "no front matter")
    folder.write(
        "posts/c.md", "---\nid: c d\nchannels: nobody\npublish_at: soon\nlink: /x\nstatus: maybe\nlate: never\n---\n"
    )
    loaded = load(folder)
    assert [p.path for p in loaded.posts] == ["posts/b.md"]
    assert loaded.seen == 3
    assert [(p.path[6], p.line, p.code) for p in loaded.problems] == [
        ("a", 1, "no-front-matter"),
        ("c", 1, "missing-title"),
        ("c", 2, "bad-id"),
        ("c", 3, "unknown-channel"),
        ("c", 4, "bad-date"),
        ("c", 5, "bad-link"),
        ("c", 6, "bad-status"),
        ("c", 7, "bad-late"),
    ]


# --- which files ---


def test_only_markdown_in_the_posts_folders_are_posts(folder: GitFolder) -> None:
    """README, Hugo's _index and MDX are told as skipped; other files, other folders and hidden ones are not even looked at."""
    for path in (
        "posts/a.md",
        "posts/README.md",
        "posts/x/_index.md",
        "posts/x/_index.fr.md",
        "posts/b.mdx",
        "posts/c.txt",
        "d.md",
        "posts/.e.md",
    ):
        folder.write(path, f"---\n{HEAD}---\n")
    folder.write("posts/x/F.Markdown", f"---\n{HEAD.replace('id: a', 'id: f')}---\n")
    loaded = load(folder)
    assert [p.path for p in loaded.posts] == ["posts/a.md", "posts/x/F.Markdown"]
    assert [s.path for s in loaded.skipped] == [
        "posts/README.md",
        "posts/b.mdx",
        "posts/x/_index.fr.md",
        "posts/x/_index.md",
    ]


def test_only_the_paths_that_are_wanted_are_read(folder: GitFolder) -> None:
    """With `only`, nothing else is read; what is no post in a posts folder is left out."""
    folder.write("posts/a.md", f"---\n{HEAD}---\n")
    folder.write("posts/b.md", "broken")
    loaded = load(folder, only={"posts/a.md", "posts/gone.md", "presstime.toml"})
    assert [p.path for p in loaded.posts] == ["posts/a.md"]
    assert loaded.problems == ()


def test_posts_folders_may_overlap_or_be_the_root(folder: GitFolder) -> None:
    """A file in two posts folders is one post; the root itself can be a posts folder."""
    folder.write("posts/news/a.md", f"---\n{HEAD}---\n")
    for written in ('["posts", "posts/news"]', '["."]', '["posts/news/", "./posts"]'):
        assert len(load(folder, f"[content]\nposts = {written}\n").posts) == 1


def test_a_posts_folder_without_posts_is_a_warning(folder: GitFolder) -> None:
    """A slip in [content] posts is told at its line, not passed over."""
    loaded = load(folder, '[content]\nposts = ["blog"]\n')
    assert [(p.path, p.line, p.severity, p.code) for p in loaded.problems] == [
        ("presstime.toml", 15, "warning", "no-posts")
    ]


def test_a_file_of_megabytes_is_refused(folder: GitFolder) -> None:
    """Nobody writes that much: it is a mistake, and not read."""
    folder.write("posts/a.md", b"x" * 5_000_000)
    assert [p.code for p in load(folder).problems] == ["too-large"]


@pytest.mark.parametrize("name", [b"\xff.md", b"a\nb.md", b"\x1b[31m.md"])
@pytest.mark.parametrize("committed", [True, False])
def test_a_file_name_that_no_terminal_can_show_is_refused(folder: GitFolder, name: bytes, committed: bool) -> None:
    """Bytes that are no text, and control characters, make no path that can be told: the problem shows them as `?`."""
    (folder.path / "posts").mkdir()
    (folder.path / "posts" / os.fsdecode(name)).write_bytes(f"---\n{HEAD}---\n".encode())
    source = Repository.discover(folder.path).at(folder.commit()) if committed else WorkTree(folder.path)
    loaded = load_posts(source, newsroom())
    assert [p.code for p in loaded.problems] == ["bad-file-name"]
    assert loaded.problems[0].path.isprintable()


# --- identity ---


@pytest.mark.parametrize("written", ["a", "slug-1", "2026", "no", "Été.2026_x", "हिन्दी", "日本語", "x" * 128])
def test_ids_of_any_script(folder: GitFolder, written: str) -> None:
    """Letters and digits of any script with `.`, `_` and `-` make an id."""
    assert sound(folder, HEAD.replace("id: a", f"id: {written}")).id == written


@pytest.mark.parametrize("written", ["a b", "a/b", "..", "-", "a\u200bb", "x" * 129, "a:b", "é!"])
def test_what_cannot_be_an_id(folder: GitFolder, written: str) -> None:
    """Blanks, slashes, invisible characters, only punctuation: no id."""
    assert refused(folder, HEAD.replace("id: a", f'id: "{written}"')) == [(2, 5, "bad-id")]


def test_equal_ids_in_two_spellings_are_equal(folder: GitFolder) -> None:
    """An accent typed as one character or as two gives the same id."""
    for path, written in (("posts/a.md", "caf\u00e9"), ("posts/b.md", "cafe\u0301")):
        folder.write(path, "---\n" + HEAD.replace("id: a", f"id: {written}") + "---\n")
    assert [p.code for p in load(folder).problems] == ["duplicate-id", "duplicate-id"]


def test_double_ids_are_an_error_on_each_file(folder: GitFolder) -> None:
    """Neither of two posts with one id is published, and each problem names the other file at the id's line."""
    for name in ("a", "b"):
        folder.write(f"posts/{name}.md", f"---\n{HEAD}---\n")
    folder.write("posts/c.md", "---\ntitle: T\nslug: a\n---\n")
    loaded = load(folder)
    assert loaded.posts == ()
    doubles = [(p.path, p.line) for p in loaded.problems if p.code == "duplicate-id"]
    assert doubles == [("posts/a.md", 2), ("posts/b.md", 2), ("posts/c.md", 3)]
    assert "posts/b.md, posts/c.md" in advice(loaded)


def test_a_missing_id_tells_of_fix(folder: GitFolder) -> None:
    """Without an id there is no post, and the advice names the command that writes one."""
    assert refused(folder, HEAD.replace("id: a\n", "")) == [(1, 1, "missing-id")]
    assert "check --fix" in advice(load(folder))


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("posts/hello.md", "hello"),
        ("posts/2026-01-05-hello.md", "hello"),
        ("posts/news/hello/index.md", "hello"),
        ("posts/2026-01-05-hello/index.fr.md", "hello.fr"),
        ("posts/Hello, World!.md", "Hello-World"),
        ("posts/index.md", "posts"),
        ("posts/été.markdown", "été"),
    ],
)
def test_the_file_s_name_may_be_the_id(folder: GitFolder, path: str, identity: str) -> None:
    """With identity = "name" a post without an id is called as its file is, without date and suffix."""
    front = HEAD.replace("id: a\n", "")
    assert sound(folder, front, extra='[content]\nidentity = "name"\n', path=path).id == identity


def test_an_id_comes_before_the_file_s_name(folder: GitFolder) -> None:
    """Where the front matter has an id or a slug, the file's name does not count."""
    assert sound(folder, HEAD.replace("id:", "slug:"), extra='[content]\nidentity = "name"\n').id == "a"


# --- time ---


def test_local_time_is_of_the_post_then_the_channel_then_the_newsroom(folder: GitFolder) -> None:
    """The nearest named zone counts; an offset needs none."""
    assert dues(sound(folder, HEAD + "timezone: America/New_York\n")) == {
        "brand": datetime(2026, 3, 24, 13, tzinfo=UTC)
    }
    by_channel = dues(sound(folder, HEAD.replace("[brand]", "[brand, tokyo]")))
    assert by_channel == {"brand": NINE_IN_PARIS, "tokyo": datetime(2026, 3, 24, tzinfo=UTC)}
    with_offset = dues(sound(folder, HEAD.replace("09:00", "09:00+05:30").replace("[brand]", "[brand, tokyo]")))
    assert set(with_offset.values()) == {datetime(2026, 3, 24, 3, 30, tzinfo=UTC)}


def test_a_time_in_the_gap_is_a_problem_with_its_neighbours(folder: GitFolder) -> None:
    """A local time that a zone skips is refused once per zone, with the two nearest times there are."""
    front = HEAD.replace("2026-03-24T09:00", "2026-03-29T02:30").replace("[brand]", "[brand, lille, tokyo]")
    assert refused(folder, front) == [(4, 13, "local-time-gap")]
    assert "2026-03-29T01:59 or 2026-03-29T03:00" in advice(load(folder))


def test_an_overlap_is_the_first_unless_fold_says_second(folder: GitFolder) -> None:
    """In the night that clocks go back, fold: 2 means the later of two equal times; fold: 3 means nothing."""
    front = HEAD.replace("2026-03-24T09:00", "2026-10-25T02:30")
    assert dues(sound(folder, front))["brand"] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert dues(sound(folder, front + "fold: 2\n"))["brand"] == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert refused(folder, front + "fold: 3\n") == [(6, 7, "bad-fold")]


def test_the_date_of_a_file_name_counts_if_there_is_no_other(folder: GitFolder) -> None:
    """Jekyll's file names hold the date; front matter comes before it; a date of no calendar is part of the name."""
    front = HEAD.replace("publish_at: 2026-03-24T09:00\n", "")
    assert dues(sound(folder, front, path="posts/2026-01-05-a.md")) == {"brand": datetime(2026, 1, 4, 23, tzinfo=UTC)}
    (folder.path / "posts/2026-01-05-a.md").unlink()
    assert dues(sound(folder, HEAD, path="posts/2026-01-05-b.md")) == {"brand": NINE_IN_PARIS}
    (folder.path / "posts/2026-01-05-b.md").unlink()
    folder.write("posts/2026-13-45-a.md", f"---\n{front}---\n")
    assert [p.code for p in load(folder).problems] == ["missing-publish-at"]


@pytest.mark.parametrize("key", ["publish_at", "publishDate", "publishdate", "date", "Date", "pubDate"])
def test_other_generators_names_of_the_time(folder: GitFolder, key: str) -> None:
    """Hugo's, Jekyll's and Astro's spellings are read, in any case of letters."""
    assert dues(sound(folder, HEAD.replace("publish_at", key))) == {"brand": NINE_IN_PARIS}


def test_the_nearest_spelling_wins_and_the_other_is_data(folder: GitFolder) -> None:
    """With `date` and `publishDate`, the post goes out at publishDate, and templates still see the date."""
    post = sound(folder, "date: 2020-01-01\n" + HEAD.replace("publish_at", "publishDate"))
    assert dues(post) == {"brand": NINE_IN_PARIS}
    assert post.extra == {"date": "2020-01-01"}


SLOTS = '[slots]\nweekday = ["Mon 09:00", "Fri 17:00"]\n'


def waiting(folder: GitFolder, front: str, extra: str = SLOTS) -> dict[str, tuple[str | None, str, bool]]:
    post = sound(folder, front, extra=extra)
    return {t.channel: (t.slots, t.zone, t.due == UNGIVEN) for t in post.targets}


def test_a_post_may_wait_for_a_slot(folder: GitFolder) -> None:
    """`next-slot`, for the post or on one channel, from the set it names or the only one there is; the plan gives the time."""
    slot = HEAD.replace("2026-03-24T09:00", "next-slot")
    assert waiting(folder, slot) == {"brand": ("weekday", "Europe/Paris", True)}
    two = SLOTS + 'evening = ["Sun 20:00"]\n'
    assert waiting(folder, slot + "slots: evening\n", two)["brand"][0] == "evening"
    assert (
        waiting(folder, HEAD.replace("[brand]", "{brand: {publish_at: next-slot, slots: evening}}"), two)["brand"][0]
        == "evening"
    )
    assert waiting(folder, HEAD + "slots: weekday\n")["brand"] == (None, "Europe/Paris", False)


@pytest.mark.parametrize(
    ("front", "extra", "problem"),
    [
        ("", "", (4, 13, "no-slots")),
        ("", SLOTS + 'evening = ["Sun 20:00"]\n', (4, 13, "no-slots")),
        ("slots: weekdays\n", SLOTS, (6, 8, "unknown-slots")),
        ("repeat: FREQ=DAILY\n", SLOTS, (4, 13, "slot-repeats")),
    ],
)
def test_what_cannot_wait_for_a_slot(folder: GitFolder, front: str, extra: str, problem: tuple[int, int, str]) -> None:
    """No set of slots, an unknown one, a post that repeats: each is said at its place."""
    assert refused(folder, HEAD.replace("2026-03-24T09:00", "next-slot") + front, extra=extra) == [problem]


def test_a_post_that_repeats(folder: GitFolder) -> None:
    """The rule begins at publish_at, as local time of the channel; a rule that cannot be followed is refused."""
    [target] = sound(folder, HEAD + "repeat: FREQ=WEEKLY;COUNT=4\n").targets
    assert target.repeat == Repeat("FREQ=WEEKLY;COUNT=4", datetime(2026, 3, 24, 9), "Europe/Paris")
    assert target.due == NINE_IN_PARIS
    assert refused(folder, HEAD + "repeat: every week\n") == [(6, 9, "bad-repeat")]


def test_taking_down_what_is_up(folder: GitFolder) -> None:
    """`retract` takes a post down when it expires, so it needs an expiry; `status: retracted` does so at once."""
    expiring = sound(folder, HEAD + "expires_at: 2027-01-01T09:00\nretract: true\n")
    assert (expiring.retract, expiring.status) == (True, "ready")
    assert refused(folder, HEAD + "retract: true\n") == [(6, 1, "no-expiry")]
    assert sound(folder, HEAD + "status: retracted\n").status == "retracted"
    assert sound(folder, HEAD + "retract: false\n").id == "a"


def test_a_post_that_expires_before_it_goes_out_is_refused(folder: GitFolder) -> None:
    """expires_at has to be after the first publish_at; it is local time as well."""
    assert refused(folder, HEAD + "expires_at: 2026-03-24T09:00\n") == [(6, 13, "expires-too-soon")]
    assert sound(folder, HEAD + "expiryDate: 2026-03-24T09:01\n").expires_at == NINE_IN_PARIS + timedelta(minutes=1)


# --- channels ---


@pytest.mark.parametrize(
    ("written", "channels"),
    [
        ("brand", ["brand"]),
        ("brand, tokyo", ["brand", "tokyo"]),
        ("[tokyo, brand, tokyo]", ["tokyo", "brand"]),
        ("agencies", ["lille", "tokyo"]),
        ("[brand, agencies]", ["brand", "lille", "tokyo"]),
        ("{agencies: , brand: }", ["lille", "tokyo", "brand"]),
        ("{agencies: true, lille: false}", ["tokyo"]),
        ("{agencies: , lille: {skip: true}}", ["tokyo"]),
        ("{lille: {skip: no}}", ["lille"]),
        ("[{agencies: {skip: yes}}, brand]", ["brand"]),
    ],
)
def test_channels_as_text_list_or_map(folder: GitFolder, written: str, channels: list[str]) -> None:
    """Names and groups, each channel once, in the order they are named; a channel of a group can be left out."""
    post = sound(folder, HEAD.replace("[brand]", written))
    assert [t.channel for t in post.targets] == channels


def test_what_a_map_says_of_a_channel(folder: GitFolder) -> None:
    """A channel's own entry comes before its group's, key by key, and both before the post's."""
    folder.write("posts/a.png", b"PNG")
    post = sound(
        folder,
        HEAD.replace(
            "[brand]",
            """
  lille: {text: Bonjour Lille, publish_at: 2026-03-25T10:00}
  agencies: {text: Bonjour, late: ask, publish_at: 2026-03-26T11:00+00:00, media: []}
  brand: {timezone: Europe/London, media: [{file: a.png, alt: A}]}""",
        ),
    )
    lille, tokyo, brand = post.targets
    assert (lille.text, lille.due, lille.late, lille.media) == (
        "Bonjour Lille",
        datetime(2026, 3, 25, 9, tzinfo=UTC),
        Late("ask"),
        (),
    )
    assert (tokyo.text, tokyo.due, tokyo.late) == ("Bonjour", datetime(2026, 3, 26, 11, tzinfo=UTC), Late("ask"))
    assert (brand.text, brand.due, brand.late) == (
        None,
        datetime(2026, 3, 24, 9, tzinfo=UTC),
        Late("within", timedelta(hours=2)),
    )
    assert brand.media is not None
    assert brand.media[0].path == "posts/a.png"


def test_what_overrides_say_of_a_channel(folder: GitFolder) -> None:
    """As a map in `channels`: a channel's own entry before its group's. It adds no channel, and what is empty says nothing."""
    post = sound(
        folder,
        HEAD.replace("[brand]", "[agencies, brand]")
        + """overrides:
  - channel: agencies
    text: Bonjour
    late: ask
  - {channel: lille, text: Bonjour Lille, publish_at: ""}
""",
    )
    lille, tokyo, brand = post.targets
    assert (lille.text, lille.late, lille.due) == ("Bonjour Lille", Late("ask"), NINE_IN_PARIS)
    assert (tokyo.text, tokyo.late) == ("Bonjour", Late("ask"))
    assert (brand.text, brand.late) == (None, Late("within", timedelta(hours=2)))


def test_overrides_apply_to_the_default_channels_too(folder: GitFolder) -> None:
    """Where a post names no channels, those that it goes to are the ones that can be overridden."""
    front = HEAD.replace("channels: [brand]", "overrides: [{channel: lille, text: Lille}]")
    post = sound(folder, front, extra='[defaults]\nchannels = ["agencies"]\n')
    assert [(t.channel, t.text) for t in post.targets] == [("lille", "Lille"), ("tokyo", None)]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{channel: lille, text: x}", "not-chosen"),
        ("{channel: agencies, text: x}", "not-chosen"),
        ("{channel: brnad, text: x}", "unknown-channel"),
        ("{text: x}", "no-channel"),
        ('{channel: "", text: x}', "no-channel"),
        ("{channel: brand, txet: x}", "unknown-key"),
        ("brand", "wrong-type"),
    ],
)
def test_an_override_that_would_be_lost_is_an_error(folder: GitFolder, entry: str, code: str) -> None:
    """What is said of a channel to which the post does not go, or of none, or under an unknown key, stops the post."""
    assert [problem[2] for problem in refused(folder, HEAD + f"overrides: [{entry}]\n")] == [code]


def test_an_empty_text_is_as_if_the_key_were_absent(folder: GitFolder) -> None:
    """Programs that write front matter leave "" where a field was emptied: at every key, as nothing at all."""
    empty = "".join(f'{key.name}: ""\n' for key in KEYS if key.name not in ("id", "title", "publish_at", "channels"))
    assert replace(sound(folder, HEAD + empty), blob="") == replace(sound(folder, HEAD), blob="")
    assert refused(folder, HEAD.replace("2026-03-24T09:00", '""')) == [(1, 1, "missing-publish-at")]


def test_the_defaults_apply_if_no_channels_are_named(folder: GitFolder) -> None:
    """[defaults] channels and late are for posts that say nothing."""
    post = sound(
        folder, HEAD.replace("channels: [brand]\n", ""), extra='[defaults]\nchannels = ["agencies"]\nlate = "ask"\n'
    )
    assert [(t.channel, t.late) for t in post.targets] == [("lille", Late("ask")), ("tokyo", Late("ask"))]


def test_unknown_channels_are_errors_with_the_nearest_name(folder: GitFolder) -> None:
    """A misspelled channel stops the post, and the advice names the one that was meant."""
    assert refused(folder, HEAD.replace("[brand]", "[brnad, lile]")) == [
        (5, 12, "unknown-channel"),
        (5, 19, "unknown-channel"),
    ]
    assert "'brand'" in advice(load(folder))
    assert refused(folder, HEAD.replace("[brand]", "{agencis: {skip: true}}")) == [(5, 12, "unknown-channel")]


def test_a_slip_in_what_is_said_of_a_channel_is_an_error(folder: GitFolder) -> None:
    """These keys are ours alone: an unknown one would be lost, so it stops the post."""
    assert refused(folder, HEAD.replace("[brand]", "{brand: {publishat: 2026-01-01}}")) == [(5, 20, "unknown-key")]
    assert "'publish_at'" in advice(load(folder))
    assert refused(folder, HEAD.replace("[brand]", "{brand: soon}")) == [(5, 19, "wrong-type")]
    assert refused(folder, HEAD.replace("[brand]", "[[brand]]")) == [(5, 12, "wrong-type")]


def test_a_post_needs_channels_and_a_time_unless_it_is_a_draft(folder: GitFolder) -> None:
    """What would go nowhere or never is refused; a draft may lack both."""
    assert refused(folder, "id: a\ntitle: T\n") == [(1, 1, "no-channels"), (1, 1, "missing-publish-at")]
    assert refused(folder, HEAD.replace("[brand]", "[]")) == [(5, 1, "no-channels")]
    partly = "id: a\ntitle: T\nchannels: {brand: {publish_at: 2026-03-24T09:00}, lille: }\n"
    assert refused(folder, partly) == [(1, 1, "missing-publish-at")]
    assert len(sound(folder, partly.replace(", lille: ", "")).targets) == 1
    assert sound(folder, "id: a\ntitle: T\ndraft: true\n").status == "draft"


@pytest.mark.parametrize(
    "line",
    ["status: draft", "draft: true", "draft: yes", "published: false", "status: Draft", "status: ready\ndraft: true"],
)
def test_the_ways_to_say_draft(folder: GitFolder, line: str) -> None:
    """Each generator's way is read, and any of them is enough."""
    assert sound(folder, f"{HEAD}{line}\n").status == "draft"


@pytest.mark.parametrize("line", ["status: ready", "draft: false", "published: true", "status: published", "draft:"])
def test_the_ways_to_say_ready(folder: GitFolder, line: str) -> None:
    """A post is ready unless it says otherwise."""
    assert sound(folder, f"{HEAD}{line}\n").status == "ready"


# --- words ---


def test_the_title_may_be_the_first_heading(folder: GitFolder) -> None:
    """Without a title, the first `# heading` of the text outside of code is the title."""
    front = HEAD.replace("title: T\n", "")
    assert sound(folder, front, "```\n# code\n```\n\n# The *title* #\n\n# Other\n").title == "The *title*"
    assert refused(folder, front, "## Only a section\n\n```\n# code\n") == [(1, 1, "missing-title")]
    assert sound(folder, HEAD.replace("T\n", '"One\\n  two"\n', 1)).title == "One two"


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("tags: [a, b c, a]", ("a", "b c")),
        ("tags: a b", ("a", "b")),
        ("tags: 'a, b c'", ("a", "b c")),
        ("tags:\n- '#a'\n-\n- 2026", ("a", "2026")),
        ("keywords: a", ("a",)),
        ("taxonomies: {tags: [a, b], categories: [c]}", ("a", "b")),
        ("tags: []", ()),
    ],
)
def test_tags_in_every_generator_s_shape(folder: GitFolder, line: str, tags: tuple[str, ...]) -> None:
    """A list, words, words with commas, Zola's taxonomies; a leading # is not part of a tag."""
    assert sound(folder, f"{HEAD}{line}\n").tags == tags


def test_zola_s_extra_table_holds_our_keys_too(folder: GitFolder) -> None:
    """Zola refuses unknown keys at the top, so ours may stand in [extra]; the rest of it is data."""
    folder.write(
        "posts/a.md",
        "+++\ntitle = 'T'\ndate = 2026-03-24T09:00:00\n[taxonomies]\ncategories = ['x']\n[extra]\nid = 'z'\nchannels = ['brand']\nmood = 'mild'\n+++\n",
    )
    post = load(folder).posts[0]
    assert (post.id, dues(post), post.extra) == ("z", {"brand": NINE_IN_PARIS}, {"categories": ["x"], "mood": "mild"})


@pytest.mark.parametrize(
    ("line", "thread"),
    [
        ("thread: never", ("never", "resume")),
        ("thread: retract", ("auto", "retract")),
        ("thread: manual leave", ("manual", "leave")),
        ("thread: [leave, manual]", ("manual", "leave")),
        ("thread: {mode: never, on_partial: retract}", ("never", "retract")),
    ],
)
def test_threads(folder: GitFolder, line: str, thread: tuple[str, str]) -> None:
    """How to split and what to do after a partial failure, as words, list or map."""
    post = sound(folder, f"{HEAD}{line}\n")
    assert (post.thread, post.on_partial) == thread


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("thread: sometimes", "bad-thread"),
        ("language: French of course", "bad-language"),
        ("timezone: Europe/Pari", "unknown-zone"),
        ("late: later", "bad-late"),
        ("link: mailto:x@y", "bad-link"),
        ("link: https://", "bad-link"),
        ("link: 'https://x y'", "bad-link"),
        ("draft: perhaps", "wrong-type"),
        ("summary: [x]", "wrong-type"),
        ("tags: {a: b}", "wrong-type"),
        ("tags: [[a]]", "wrong-type"),
        ("channels: {a: b}", "wrong-type"),
        ("expires_at: [x]", "wrong-type"),
        ("fold: two", "wrong-type"),
    ],
)
def test_values_of_the_wrong_kind_are_refused_at_their_line(folder: GitFolder, line: str, code: str) -> None:
    """Each key says what it wants, at the place of the value."""
    front = HEAD.replace("channels: [brand]\n", "") if line.startswith("channels") else HEAD
    assert (front.count("\n") + 2, code) in [(line, code) for line, _, code in refused(folder, f"{front}{line}\n")]


# --- keys ---


def test_unknown_keys_warn_with_the_nearest_and_are_kept(folder: GitFolder) -> None:
    """An unknown key is for templates, and a warning for the one who misspelled it."""
    loaded = one(folder, HEAD + "sumary: x\n")
    assert [(p.line, p.severity, p.code) for p in loaded.problems] == [(6, "warning", "unknown-key")]
    assert "'summary'" in advice(loaded)
    assert loaded.posts[0].extra == {"sumary": "x"}


def test_the_keys_of_other_generators_pass_in_silence(folder: GitFolder) -> None:
    """What Jekyll, Hugo and others mean by their own keys is no slip."""
    post = sound(folder, HEAD + "layout: x\ncategories: [a]\nauthor: Ada\nweight: 3\naliases: [/old]\nShowToc: true\n")
    assert set(post.extra) == {"layout", "categories", "author", "weight", "aliases", "ShowToc"}


def test_no_key_is_both_ours_and_foreign() -> None:
    """The table of keys and the list of foreign ones do not contradict each other."""
    assert not FOREIGN & {s.lower() for s in SPELLINGS}
    assert len({k.name for k in KEYS}) == len(KEYS)
    assert all(k.doc and k.example for k in KEYS)


# --- links ---


@pytest.mark.parametrize(
    ("pattern", "path", "link"),
    [
        ("https://x.example/{section}/{name}", "posts/news/2026-01-05-hello.md", "https://x.example/news/hello"),
        ("https://x.example/{section}/{name}", "posts/hello.md", "https://x.example/hello"),
        ("https://x.example/{section}/{name}/", "posts/a/b/hello/index.md", "https://x.example/a/b/hello/"),
        ("https://x.example/{year}/{month}/{day}/{id}.html", "posts/hello.md", "https://x.example/2026/03/24/a.html"),
        (
            "https://x.example/{language}/{name}",
            "posts/caf\u00e9 au lait.md",
            "https://x.example/fr/caf%C3%A9%20au%20lait",
        ),
    ],
)
def test_the_link_follows_the_newsroom_s_pattern(folder: GitFolder, pattern: str, path: str, link: str) -> None:
    """Section, name, id, date and language fill the pattern; an empty section leaves no double slash."""
    assert sound(folder, HEAD, extra=f'[content]\nlink = "{pattern}"\n', path=path).link == link


def test_the_link_s_date_is_the_local_one(folder: GitFolder) -> None:
    """A post of half past midnight in Paris is of that day, though it is yesterday in UTC."""
    front = HEAD.replace("2026-03-24T09:00", "2026-03-24T00:30+01:00")
    assert sound(folder, front, extra='[content]\nlink = "https://x.example/{day}"\n').link == "https://x.example/24"


def test_a_link_of_the_post_s_own_comes_first(folder: GitFolder) -> None:
    """`link` and `canonical_url` are taken as they are; a draft without a date has no dated link."""
    extra = '[content]\nlink = "https://x.example/{year}"\n'
    assert (
        sound(folder, HEAD + "canonical_url: https://other.example/x\n", extra=extra).link == "https://other.example/x"
    )
    assert sound(folder, "id: a\ntitle: T\ndraft: true\n", extra=extra).link is None


# --- media ---


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("posts/news/a.png", "a.png"),
        ("posts/news/a.png", "./a.png"),
        ("posts/news/img/a.png", "img/a.png"),
        ("posts/news/a.png", "posts/news/a.png"),
        ("media/a.png", "a.png"),
        ("static/img/a.png", "/img/a.png"),
        ("img/a.png", "/img/a.png"),
    ],
)
def test_where_media_are_looked_up(folder: GitFolder, path: str, written: str) -> None:
    """Beside the post, then from the content root, then in media/ and Hugo's static/."""
    folder.write(path, b"PNG")
    post = sound(folder, f"{HEAD}media: [{{file: {written}, alt: A}}]\n", path="posts/news/p.md")
    assert [m.path for m in post.media] == [path]


def test_the_post_s_own_folder_comes_first(folder: GitFolder) -> None:
    """Of two files of one name, the one beside the post is meant."""
    folder.write("posts/a.png", b"own")
    folder.write("media/a.png", b"other")
    assert sound(folder, f"{HEAD}media: [{{file: a.png, alt: A}}]\n").media[0].path == "posts/a.png"


@pytest.mark.parametrize(
    "line",
    [
        "media: a.png",
        "images: [a.png]",
        "image: a.png",
        "cover: {image: a.png}",
        "media: {path: a.png}",
        "image: {src: a.png, relative: true}",
        "images: [{url: a.png}]",
    ],
)
def test_media_in_every_generator_s_shape(folder: GitFolder, line: str) -> None:
    """A name, a list of names, a map, a list of maps."""
    folder.write("posts/a.png", b"PNG")
    post = sound(folder, f"{HEAD}{line}\n", extra="[content]\nrequire_alt = false\n")
    assert [(m.path, m.alt) for m in post.media] == [("posts/a.png", "")]


def test_alt_text_is_required_unless_the_newsroom_says_otherwise(folder: GitFolder) -> None:
    """A picture without words is refused at its name; pictures in the text itself are not sent and need none here."""
    folder.write("posts/a.png", b"PNG")
    assert refused(folder, f"{HEAD}media: [a.png]\n", "![](b.png)") == [(6, 9, "missing-alt")]
    assert refused(folder, f"{HEAD}media: [{{file: a.png, alt: ' '}}]\n") == [(6, 16, "missing-alt")]


def test_missing_media_are_told_with_the_nearest_name(folder: GitFolder) -> None:
    """A file that is not there is a problem, and a near one is named."""
    folder.write("media/linen.jpg", b"JPEG")
    assert refused(folder, f"{HEAD}media: [{{file: lines.jpg, alt: A}}]\n") == [(6, 16, "missing-media")]
    assert "linen.jpg" in advice(load(folder))


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{alt: A}", "no-file"),
        ("{file: '', alt: A}", "no-file"),
        ("{file: [x], alt: A}", "wrong-type"),
        ("{file: a.png, alt: A, focus: 2 0}", "bad-focus"),
        ("{file: a.png, alt: A, focus: [0, x]}", "bad-focus"),
        ("{file: a.png, alt: A, focus: {x: 1}}", "bad-focus"),
    ],
)
def test_media_entries_that_say_nothing_usable(folder: GitFolder, entry: str, code: str) -> None:
    """An entry without a file, and a focus that is no point, are refused."""
    folder.write("posts/a.png", b"PNG")
    assert [c for _, _, c in refused(folder, f"{HEAD}media: [{entry}]\n")] == [code]


# --- anything at all ---


@given(st.dictionaries(st.sampled_from(NAMES), TREES, max_size=6))
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_front_matter_breaks_the_loader(folder: GitFolder, keys: dict[str, Any]) -> None:
    """Any value at any key gives a sound post or problems with places; never both an error and a post."""
    front = "".join(f"{k}: {v}\n" for k, v in keys.items())
    loaded = one(folder, front, extra='[content]\nlink = "https://x.example/{section}/{year}"\nidentity = "name"\n')
    failed = [p for p in loaded.problems if p.severity == "error"]
    assert bool(failed) != bool(loaded.posts)
    lines = front.count("\n") + 2
    assert all(isinstance(p, Problem) and 1 <= p.line <= lines and p.column >= 1 for p in loaded.problems)


def test_every_real_post_of_a_corpus_loads(folder: GitFolder) -> None:
    """An existing site's posts can be taken as they are."""
    corpus = Path(__file__).parents[3] / "shared" / "corpora" / "nodejs-blog"
    if not corpus.is_dir():
        pytest.skip("the corpus of real posts is not here")
    files = [p for p in sorted(corpus.rglob("*")) if p.suffix in (".md", ".mdx")]
    for file in files:
        folder.write(f"blog/{file.relative_to(corpus).as_posix()}", file.read_bytes())
    extra = '[content]\nposts = ["blog"]\nidentity = "name"\n[defaults]\nchannels = ["brand"]\n'
    loaded = load_posts(Repository.discover(folder.path).at(folder.commit()), newsroom(extra))
    assert loaded.problems == ()
    assert len(loaded.posts) + len(loaded.skipped) == len(files)
    assert {s.path.rpartition(".")[2] for s in loaded.skipped} == {"mdx"}
