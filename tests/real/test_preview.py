"""The preview in a real browser: it opens, filters, turns its calendar, asks nothing of the outside, and axe finds nothing serious."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from presstime.cli.demo import make_newsroom
from presstime.language import Language
from presstime.web.board import board
from presstime.web.site import write
from presstime.wire import open_desk, unlogged

pytestmark = pytest.mark.real
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The preview of the sample newsroom, by its commit alone."""
    folder = tmp_path_factory.mktemp("preview")
    root = make_newsroom(folder / "newsroom")
    with open_desk(root, {}) as desk:
        sync = unlogged(desk.newsroom)
        write(board(sync, sync.timing.now(), timedelta(days=30), known=False), folder / "site", Language("en"))
    return folder / "site"


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")], ids="-".join)
def page(request: pytest.FixtureRequest, browser: Any, site: Path) -> Iterator[Any]:
    """A page at the start of the site, in every size and colour; what it asks of the outside is a failure."""
    size, scheme = request.param
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    found = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    found.on("request", lambda one: asked.append(one.url))
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.goto(f"file://{site}/index.html")
    yield found
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
    assert wrong == []
    context.close()


def pages(site: Path) -> list[str]:
    return ["index.html", *(str(p.relative_to(site)) for p in sorted(site.glob("*/*.html")))]


def test_filters_links_and_calendar(page: Any) -> None:
    """Choosing a channel leaves its lines alone, a line leads to its card, and the calendar has it."""
    lines = page.locator(".on li:visible")
    every = lines.count()
    page.select_option("select[name=channel]", "brand-x")
    assert 0 < lines.count() < every
    assert set(lines.locator(".where").all_inner_texts()) == {"brand-x"}
    assert page.locator(".line:visible").count() == lines.count()
    lines.first.locator("a").first.click()
    assert page.locator("article:target h2").inner_text() == "brand-x"
    assert page.locator("article:target .words").first.inner_text()
    page.get_by_role("link", name="Calendar").click()
    assert page.locator("td li a").count() >= 1
    page.locator("td li a").first.click()
    assert page.locator("article").count() >= 1


def test_without_javascript_everything_is_there(browser: Any, site: Path) -> None:
    """Every line shows, and no control that would do nothing."""
    context = browser.new_context(java_script_enabled=False)
    found = context.new_page()
    found.goto(f"file://{site}/index.html")
    assert found.locator(".on li:visible").count() == found.locator(".on li").count() > 0
    assert found.locator("form:visible").count() == 0
    context.close()


def test_nothing_is_wider_than_the_screen(page: Any, site: Path) -> None:
    """No page scrolls sideways, on a telephone either."""
    for name in pages(site):
        page.goto(f"file://{site}/{name}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, name


def test_axe_finds_nothing_serious(page: Any, site: Path) -> None:
    """For those who hear the pages, or use a keyboard: no finding of axe that is serious or worse."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    for name in pages(site):
        page.goto(f"file://{site}/{name}")
        found = axe.run(page).response["violations"]
        serious = [
            (v["id"], [n["html"][:120] for n in v["nodes"][:2]])
            for v in found
            if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], name
