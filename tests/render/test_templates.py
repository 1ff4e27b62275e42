"""Templates: what they say, what they may use, and what they may not."""

from pathlib import Path

import pytest

from presstime import networks
from presstime.errors import RenderError
from presstime.render.hashtags import hashtags
from presstime.render.markdown import to_rich
from presstime.render.templates import Templates
from tests.render.kit import BLUESKY, FEED, MASTODON, PLAIN, TELEGRAM, X, post, say, text_of

LINK = "https://verne.example/launch"
FOLDER = Path(__file__).parents[2] / "templates"
LONG = "The first paragraph says what it is about. It has another sentence.\n\n" + "More words follow here. " * 60


def run(source: str, **overrides: str) -> str:
    """What a template for the network `plain` says of a short post."""
    templates = Templates({"plain.j2": source, **{f"{name}.j2": text for name, text in overrides.items()}})
    return text_of(post(tags=("one", "two words")), PLAIN, templates=templates, variables={"town": "Nantes"})


def failure(source: str, **overrides: str) -> RenderError:
    with pytest.raises(RenderError) as caught:
        run(source, **overrides)
    assert caught.value.code == "template"
    return caught.value


# --- the shipped ones -------------------------------------------------------------------------------------------------


def test_x_says_the_title_the_link_and_two_hashtags() -> None:
    """Little room: the title, or the summary where it fits."""
    a_post = post(LONG, link=LINK, tags=("open source", "books", "third"))
    assert text_of(a_post, X) == f"Launch day\n\n{LINK}\n\n#OpenSource #books"
    summary = "We open on Monday, with tea."
    assert text_of(post(LONG, link=LINK, summary=summary), X) == f"{summary}\n\n{LINK}"
    assert text_of(post(LONG, link=LINK, summary="Too long. " * 40), X) == f"Launch day\n\n{LINK}"


def test_mastodon_says_the_words_the_link_and_hashtags_in_camel_case() -> None:
    """A screen reader reads each word of a hashtag that has capitals."""
    a_post = post("A short post, said whole.", link=LINK, tags=("open source", "Maison Verne"))
    assert text_of(a_post, MASTODON) == f"A short post, said whole.\n\n{LINK}\n\n#OpenSource #MaisonVerne"


def test_a_long_post_is_said_by_its_first_paragraph() -> None:
    """Whole sentences of it; the rest is behind the link."""
    said = text_of(post(LONG, link=LINK), MASTODON)
    assert said == f"The first paragraph says what it is about. It has another sentence.\n\n{LINK}"


def test_the_opening_skips_what_says_nothing() -> None:
    """Headings, pictures and footnote marks are no beginning; a greeting alone is none either; a list is not announced."""
    body = (
        "# Heading\n\n![picture](a.png)\n\nDear all,\n\nwe are moving[^1] to [Nantes](https://nantes.example) this spring, "
        "and this is what you need to know:\n\n- a\n- b\n\n" + "word " * 200 + "\n\n[^1]: Really."
    )
    expected = "Dear all,\n\nwe are moving to Nantes this spring, and this is what you need to know…"
    assert text_of(post(body, link=LINK), MASTODON) == f"{expected}\n\n{LINK}"


def test_a_short_announcement_of_what_is_not_said_is_passed_over() -> None:
    """ "This is for:" says nothing without its list; alone it is still better than nothing."""
    rest = "A bug lets others stop the server from afar, in all versions from 0.12 to 5. " + "Word. " * 150
    body = f"This announcement is for:\n\n- one\n- two\n\n{rest}"
    assert text_of(post(body, link=LINK), MASTODON).startswith("A bug lets others stop the server")
    alone = "This announcement is for:\n\n" + "\n".join(f"- item {n}" for n in range(100))
    assert text_of(post(alone, link=LINK), MASTODON).startswith("This announcement is for…")


def test_a_remark_in_parentheses_is_no_opening() -> None:
    """What the post says comes with it."""
    remark = "(Updated on Monday with what was said since, and with corrections to the table.)"
    said = text_of(post(f"{remark}\n\nThe shop opens." + "\n\nMore follows." * 60, link=LINK), MASTODON)
    assert said.startswith(f"{remark}\n\nThe shop opens.")


def test_bluesky_leaves_the_link_to_the_card() -> None:
    """The card carries it, so the words do not."""
    said = say(post("Short words.", link=LINK), BLUESKY).variant.segments[0]
    assert said.text == "Short words."
    assert said.card is not None
    assert said.card.url == LINK


def test_telegram_has_a_bold_title() -> None:
    """The title stands above the words, marked, unless the channel has a text of its own."""
    said = say(post("Short words.", link=LINK), TELEGRAM).variant.segments[0]
    assert said.text == f"Launch day\n\nShort words.\n\n{LINK}"
    assert [(said.text[s.start : s.end], s.kind) for s in said.spans] == [("Launch day", "bold"), (LINK, "link")]
    assert text_of(post("Short words.", link=LINK), TELEGRAM, text="Mine.") == f"Mine.\n\n{LINK}"


def test_a_feed_holds_the_whole_post() -> None:
    """As HTML, without hashtags and without its own link, which is a field of the entry."""
    assert text_of(post("One *two*.\n\n" * 100, link=LINK, tags=("a",)), FEED) == "\n".join(
        ["<p>One <em>two</em>.</p>"] * 100
    )


def test_a_channels_own_text_comes_first_and_keeps_its_lines() -> None:
    """What an editor writes for a channel is said there, line by line."""
    a_post = post(LONG, link=LINK, summary="Summary")
    for traits in (X, MASTODON, TELEGRAM):
        assert text_of(a_post, traits, text="Line **one**\nline two") == f"Line one\nline two\n\n{LINK}"


def test_titles_and_summaries_are_not_markup() -> None:
    """Signs in a title are said as they are, addresses in it stay whole."""
    title = "1. *Not* a _list_ [or](link) <b> & `code` #1 https://e.example/a_b_c | \\ ![x]"
    said = text_of(post(LONG, title=title, link=LINK), X)
    assert said == f"{title}\n\n{LINK}"
    summary = "- First\n- Second\n\n> *Third*"
    assert text_of(post(LONG, summary=summary), MASTODON) == "- First\n- Second\n\n> *Third*"


def test_a_post_without_words_is_said_by_its_title() -> None:
    """There is always something to say, or it is an error."""
    assert text_of(post(""), MASTODON) == text_of(post(""), X) == "Launch day"
    assert text_of(post(""), FEED) == "<p>Launch day</p>"
    with pytest.raises(RenderError) as caught:
        say(post("", title=""), MASTODON)
    assert caught.value.code == "empty"


# --- a content repository's own ---------------------------------------------------------------------------------------


def test_a_template_sees_the_post_the_channel_and_the_newsroom() -> None:
    """All that templates/README.md names is there."""
    source = (
        "{{ post.title }}|{{ post.id }}|{{ post.path }}|{{ post.tags | join(',') }}|{{ post.extra | length }}|{{ channel.name }}|"
        "{{ channel.account }}|{{ channel.vars.town }}|{{ newsroom.name }}|{{ newsroom.vars.city }}|{{ text is none }}|"
        "{{ hashtags | join(' ') }}|{{ link }}|{{ occurrence }}|{{ network.title }}"
    )
    assert run(source) == (
        "Launch day|launch|posts/launch.md|one,two words|0|brand|@brand|Nantes|Maison Verne|Nantes|True|"
        "#one #TwoWords|None|once|Plain"
    )


def test_the_channels_template_goes_before_the_networks() -> None:
    """`<channel>.j2`, then `<network>.j2`, then what is shipped."""
    assert run("network", brand="channel") == "channel"
    assert run("network") == "network"
    assert run("{% from 'macros.j2' import words with context %}{{ words() }}") == "The words of the post."


def test_macros_can_be_replaced_too() -> None:
    """An own `macros.j2` serves the shipped templates."""
    templates = Templates(
        {"macros.j2": "{% macro headline(b='') %}Mine{% endmacro %}{% macro ending(t) %}{% endmacro %}"}
    )
    assert text_of(post(), X, templates=templates) == "Mine"


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("\n{{ nope }}", "templates/plain.j2:2", "'nope' is undefined"),
        ("{{ post.nope }}", "templates/plain.j2:1", "no attribute 'nope'"),
        ("a\nb\n{% if %}", "templates/plain.j2:3", "Expected an expression"),
        ("{{ 1 / 0 }}", "templates/plain.j2:1", "division by zero"),
        ("{{ x | nofilter }}", "templates/plain.j2:1", "No filter named 'nofilter'"),
        ("{% include 'none.j2' %}", "templates/plain.j2", "no template 'none.j2'"),
        ("{% include '../plain.j2' %}", "templates/plain.j2", "no template '../plain.j2'"),
        ("{{ post.tags }}", "templates/plain.j2:1", "use `join`"),
    ],
)
def test_a_mistake_is_told_with_its_place(source: str, place: str, message: str) -> None:
    """File and line, what is wrong, and where to read on; no traceback."""
    error = failure(source)
    assert error.message.startswith(place)
    assert message in error.message
    assert "README" in error.advice


def test_a_mistake_in_a_macro_is_placed_there() -> None:
    """The innermost template is named, not the one that called it."""
    error = failure("{% from 'mine.j2' import m %}\n{{ m() }}", mine="{% macro m() %}\n\n{{ nope }}\n{% endmacro %}")
    assert error.message.startswith("templates/mine.j2:3")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{% for a, b in {'x': 1}.items() %}{{ a }}{{ b }}{{ loop.last }}{% endfor %}", "x1True"),
        ("{{ ['b', 'a'] | sort | join('-') | upper }} {{ 'a' ~ 1 ~ none }} {{ 7 // 2 + 2 ** 3 }}", "A-B a1None 11"),
        (
            "{{ 'a,b'.split(',') | last }} {{ 'x' in 'xyz' }} {{ 2.567 | round(1) }} {{ 'aa' | replace('a', 'b', 1) }}",
            "b True 2.6 ba",
        ),
        ("{% set x %}in{% endset %}{{ x }}{% for i in [] %}{% else %}none{% endfor %}", "innone"),
        ("{% for t in post.tags if t != 'one' %}{{ loop.index }}{{ t }}{% endfor %}", "1two words"),
    ],
)
def test_ordinary_templates_work(source: str, said: str) -> None:
    """Counting what a template does changes nothing of what it says."""
    assert run(source) == said


def test_a_long_post_does_not_use_up_the_budget() -> None:
    """What the post itself says is not the template's doing."""
    assert len(text_of(post("Words. " * 20_000), FEED)) > 130_000
    long = post("The opening sentence, which is said.\n\n" + "Words. " * 150_000, link=LINK)
    often = Templates({"x.j2": "{% for i in range(40) %}{% set body = post.body | trim %}{% endfor %}{{ post.title }}"})
    assert text_of(long, X, templates=often) == "Launch day"
    for traits in (X, MASTODON, BLUESKY, TELEGRAM):
        assert text_of(long, traits)


# --- filters and hashtags ---------------------------------------------------------------------------------------------


def test_an_opening_keeps_its_links() -> None:
    """Where the network takes links in its words, those of the opening stay links."""
    body = (
        "We moved to [Nantes, *France*](https://nantes.example/a_b) and wrote https://e.example/x_y about it. "
        + "Word. " * 99
    )
    said = say(post(body), BLUESKY).variant.segments[0]
    assert said.text.startswith("We moved to Nantes, France and wrote https://e.example/x_y about it.")
    assert [s.value for s in said.spans] == ["https://nantes.example/a_b", "https://e.example/x_y"]


def test_an_opening_leaves_room_for_what_comes_with_it() -> None:
    """Words, link and hashtags together fit into one message."""
    for traits in (X, MASTODON, BLUESKY):
        rendered = say(post("word " * 400, title="", link=LINK, tags=("some tag", "another one")), traits)
        (segment,) = rendered.variant.segments
        assert segment.length <= segment.limit
        assert segment.text.endswith("#SomeTag #AnotherOne")
        assert "word…" in segment.text


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (["open source", "python"], ["#OpenSource", "#python"]),
        (["C++", "C#", "Node.js", "R&D"], ["#CPlusPlus", "#CSharp", "#NodeJS", "#RAndD"]),
        (["2026", "2026 budget", "10-minute read"], ["#2026Budget", "#10MinuteRead"]),
        (["日本 語", "новости дня", "ελλάδα", "हिन्दी"], ["#日本語", "#НовостиДня", "#ελλάδα", "#हिन्दी"]),
        (["l'été", "œuvre d’art", "snake_case"], ["#lété", "#ŒuvreDart", "#snake_case"]),
        (["Python", "python", "#python", "", " ", "!?"], ["#Python"]),
    ],
)
def test_tags_become_hashtags(tags: list[str], said: list[str]) -> None:
    """One word each, with capitals where words meet, in any script; what no network links is left out."""
    assert hashtags(tags) == said
    assert to_rich(" ".join(said)).text == " ".join(said)


# --- a post's own template --------------------------------------------------------------------------------------------


def test_a_post_may_have_a_template_of_its_own() -> None:
    """It comes before the channel's and the network's; a channel's entry in the post comes before the post's."""
    templates = Templates({"brand.j2": "channel", "offer.j2": "offer, {{ network.title }}", "short.j2": "short"})
    assert text_of(post(), PLAIN, templates=templates) == "channel"
    assert text_of(post(template="offer"), PLAIN, templates=templates) == "offer, Plain"
    assert text_of(post(template="offer"), PLAIN, templates=templates, template="short") == "short"


def test_a_template_that_is_not_there_is_named() -> None:
    """The author reads which file is missing."""
    with pytest.raises(RenderError, match=r"offer\.j2") as caught:
        say(post(template="offer"), PLAIN)
    assert caught.value.code == "template"


def test_a_title_shown_above_is_not_said_again() -> None:
    """A first heading that only repeats the title is left out where the title stands already, and nowhere else."""
    body = "# Launch *day*\n\nWords."
    assert text_of(post(body, link=LINK), FEED) == "<p>Words.</p>"
    assert text_of(post(body, link=LINK), TELEGRAM) == f"Launch day\n\nWords.\n\n{LINK}"
    assert text_of(post(body, link=LINK), MASTODON) == f"Launch day\n\nWords.\n\n{LINK}"
    assert text_of(post("# Other\n\nWords."), FEED) == "<h1>Other</h1>\n<p>Words.</p>"


@pytest.mark.parametrize("network", networks.names())
def test_every_network_has_a_template(network: str) -> None:
    """Each says its own words; only the network in memory, which is for tests, takes the default."""
    assert (FOLDER / f"{network}.j2").is_file() or network == "memory"
