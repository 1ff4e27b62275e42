"""What a run leaves for people to read: its deliveries in full, as Markdown that shows words as they are."""

from markdown_it import MarkdownIt

from presstime.model import Delivery, DeliveryState, Status

WORDS = "*Prices* fall by 5_000_000!\n\n# 1 of them\n2. <b>Now</b> at https://verne.example/a_b_c"


def shown(states: list[DeliveryState], seconds: dict[str, float] | None = None) -> str:
    from presstime.orchestration.pages import deliveries_page

    return deliveries_page(states, seconds or {}, lambda state: [WORDS])


def state(name: str, status: Status, **more: object) -> DeliveryState:
    return DeliveryState(Delivery(name, "brand-x"), status, **more)  # type: ignore[arg-type]


def test_a_runs_page_has_what_a_cell_cannot_hold() -> None:
    """What needs a person comes first, with its whole reason; each delivery has state, tries, duration and a short link."""
    reason = "the network said: " + "no " * 100
    page = shown(
        [
            state("one", Status.PUBLISHED, attempts=1, url="https://x.example/1"),
            state("two", Status.REFUSED, attempts=2, reason=reason),
        ],
        {"one/brand-x": 0.4},
    )
    assert page.startswith(("**1 published, 1 refused**", "**1 refused, 1 published**"))
    assert "| one/brand-x | published | 1 | 0.40 s | [open](https://x.example/1) |" in page
    assert page.index("| two/brand-x |") < page.index("| one/brand-x |")
    assert reason.strip() in page


def test_words_are_shown_as_they_are() -> None:
    """Nothing in a post's words becomes a heading, a list, markup or HTML of the page; addresses are whole."""
    html = MarkdownIt("gfm-like", {"linkify": False}).render(shown([state("one", Status.PUBLISHED)]))
    quoted = html[html.index("<blockquote>") : html.index("</blockquote>")]
    assert not any(f"<{tag}>" in quoted for tag in ("em", "strong", "h1", "ol", "ul", "b"))
    for line in (
        "*Prices* fall by 5_000_000!",
        "# 1 of them",
        "2. &lt;b&gt;Now&lt;/b&gt; at https://verne.example/a_b_c",
    ):
        assert line in quoted


def test_a_large_run_has_a_page_that_can_be_read() -> None:
    """Beyond a hundred the rest is counted, and what needs a person is not among the rest."""
    many = [state(f"p{n:03}", Status.PUBLISHED) for n in range(200)]
    page = shown([*many, state("last", Status.UNKNOWN, reason="lost")])
    assert page.count("### ") == 100
    assert "### last/brand\\-x" in page
    assert "... and 101 more" in page
