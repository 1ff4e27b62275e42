"""The form in a real browser, with Decap CMS as it comes from npm: its own schema takes the configuration, and what it saves is a
post as the loader wants it. `.ci/cms/install` fetches Decap; a browser at hand is enough beside it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from presstime.cli.form import form_files
from presstime.content.cms import SCRIPT
from presstime.content.posts import Loaded, load_posts
from presstime.content.worktree import WorkTree
from presstime.settings import parse_settings
from tests.cli.kit import call
from tests.content.kit import GitFolder

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
SITE = "http://127.0.0.1"  # nothing listens there: every request is answered here
SLOW = 30_000  # ms; Decap is 5 MB, and CI's machine small
SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "Europe/Paris"
language = "{language}"
[audit]
bucket = "verne-audit"
[channels.site-feed]
network = "feed"
path = "public/feed"
[channels.brand-mastodon]
network = "mastodon"
base_url = "https://mastodon.example"
account = "@verne"
credentials = "env:TOKEN"
[channels.tokyo]
network = "mastodon"
base_url = "https://mastodon.example"
account = "@tokyo"
credentials = "env:TOKYO"
timezone = "Asia/Tokyo"
[groups]
brand = ["site-feed", "brand-mastodon"]
[defaults]
channels = ["brand"]
"""
TITLE = '12:30 – « Été » : "Yes", it\'s #tag & 🌊'
# Each is something else to one YAML reader or another.
CAMPAIGN, CAPTION, TAGS = "2031-03-24", "- a: [b] # c", ("yes", "null", "2026")
ALT = 'A rack: linen, "été"'
OLD = """\
---
id: old
title: From before
publish_at: 2031-05-01 09:00
channels: {brand-mastodon: {text: A word of its own}}
weight: 5
media:
  - {file: linen.jpg, alt: A}
  - {file: linen.jpg, alt: B}
---
Words.
"""


@dataclass
class Form:
    """Decap in a page, on the files of one newsroom; `wrong` is what went amiss."""

    page: Any
    files: dict[str, bytes]
    wrong: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.route("**/*", self._answer)
        self.page.goto(f"{SITE}/admin/index.html")

    def _answer(self, route: Any) -> None:
        url = route.request.url
        path = url.removeprefix(f"{SITE}/").partition("?")[0]
        if url == SCRIPT:
            route.fulfill(path=decap(), content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})
        elif path in self.files:
            kind = {".html": "text/html", ".yml": "text/yaml"}.get(Path(path).suffix, "application/octet-stream")
            route.fulfill(body=self.files[path], content_type=kind)
        else:
            if not url.startswith(SITE):
                self.wrong.append(f"asked {url}")
            route.fulfill(status=404)

    def enter(self, old: Mapping[str, str]) -> None:
        """Log in to the test backend, whose repository holds these posts."""
        self.page.evaluate(
            "old => { window.repoFiles.posts = old }", {n: {"path": f"posts/{n}", "content": t} for n, t in old.items()}
        )
        self.page.get_by_role("button", name="Login").click()
        self.page.get_by_role("link", name="Workflow").wait_for()

    def new(self, title: str, at: str) -> None:
        self.page.goto(f"{SITE}/admin/index.html#/collections/posts/new")
        self.page.get_by_label("Title").fill(title)
        self.page.get_by_label("Goes out at").first.fill(at)

    def choose(self, label: str, word: str) -> None:
        box = self.page.get_by_role("combobox", name=label)
        box.fill(word)
        box.press("Enter")
        box.press("Escape")

    def save(self) -> None:
        self.page.get_by_role("button", name="Save").click()
        self.page.wait_for_function("!location.hash.endsWith('/new')")
        self.page.get_by_text("Changes saved").wait_for()

    def publish(self) -> None:
        """As an editor does on the form's own board: the draft is ready, and is merged."""
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.get_by_role("button", name="Status: Draft").click()
        self.page.get_by_role("menuitem", name="Ready").click()
        self.page.get_by_role("button", name="Status: Ready").wait_for()
        self.page.get_by_role("button", name="Publish", exact=True).click()
        self.page.get_by_role("menuitem", name="Publish now").click()
        self.page.get_by_role("button", name="Published", exact=True).wait_for()

    def drafts(self) -> dict[str, str]:
        """The posts that are saved and not merged, by path."""
        script = "Object.values(repoFilesUnpublished).flatMap(e => e.diffs).filter(d => typeof d.content == 'string').map(d => [d.path, d.content])"
        return dict(self.page.evaluate(script))

    def merged(self) -> dict[str, str]:
        script = "Object.values(repoFiles.posts).map(f => [f.path, f.content])"
        return dict(self.page.evaluate(script))

    def pictures(self) -> dict[str, bytes]:
        script = """async () => Promise.all(Object.values(repoFiles.media || {}).map(
            async f => [f.path, Array.from(new Uint8Array(await f.content.fileObj.arrayBuffer()))]))"""
        return {path: bytes(content) for path, content in self.page.evaluate(script)}


@pytest.fixture(scope="module", autouse=True)
def _decap_is_here() -> None:
    decap()


def decap() -> Path:
    """The file that `.ci/cms/install` fetched: PRESSTIME_CMS names its folder. Skips where there is none."""
    file = Path(os.environ.get("PRESSTIME_CMS") or ROOT / ".presstime" / "cms") / "decap-cms.js"
    if not file.exists():
        pytest.skip("Decap CMS is not here: `.ci/cms/install .presstime/cms` fetches it, with npm")
    return file.absolute()


@pytest.fixture
def newsroom(tmp_path: Path) -> GitFolder:
    made = GitFolder(tmp_path / "newsroom")
    made.write("presstime.toml", SETTINGS.format(language="en"))
    made.write("posts/linen.jpg", picture())
    return made


def picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (800, 600), "teal").save(file, "JPEG")
    return file.getvalue()


def form_of(newsroom: GitFolder, browser: Any, zone: str = "America/New_York") -> Form:
    """The form as `init --cms` writes it, in a browser somewhere else."""
    settings = parse_settings((newsroom.path / "presstime.toml").read_bytes())
    files = {file.path: file.text.encode() for file in form_files(newsroom.path, settings, "test-repo")}
    page = browser.new_context(timezone_id=zone, viewport={"width": 900, "height": 600}).new_page()
    page.set_default_timeout(SLOW)
    return Form(page, files)


def loaded(newsroom: GitFolder) -> Loaded:
    settings = parse_settings((newsroom.path / "presstime.toml").read_bytes())
    return load_posts(WorkTree(newsroom.path), settings)


def test_what_is_saved_in_the_form_passes_check(browser: Any, newsroom: GitFolder) -> None:
    """Words that YAML might take for something else, emptied fields, a picture, an exception: filled in, saved, merged; then
    `check` and `render` have nothing against it, and it says what was meant. Before the merge nothing is on the branch."""
    form = form_of(newsroom, browser)
    form.open()
    form.enter({"old.md": OLD})
    page = form.page

    form.new(TITLE, "2031-03-24T09:00")
    page.get_by_label("Summary").fill("x")
    page.get_by_label("Summary").fill("")
    page.get_by_label("Not after").fill("2032-01-01T00:00")
    page.get_by_test_id("clear-button").nth(1).click()
    form.choose("Channels", "tokyo")
    page.get_by_label("Tags").fill(", ".join(TAGS))
    page.get_by_label("Campaign").fill(CAMPAIGN)
    page.locator("[data-slate-editor]").first.click()
    page.keyboard.type("A boat at six, said @verne: #sea, 50% * off_now.")
    page.get_by_role("button", name="Add picture").first.click()
    page.get_by_role("button", name="Choose an image").click()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "Linge d'été.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    page.get_by_role("button", name="Choose selected").click()
    page.get_by_label("What it shows").fill(ALT)
    page.get_by_label("Caption").fill(CAPTION)
    page.get_by_role("button", name="Add exception").click()
    form.choose("Channel or group", "tokyo")
    page.get_by_label("Text").last.fill("Tokyo: one\ntwo")
    form.save()
    assert next(iter(form.drafts())).startswith("posts/12-30-ete-yes-its-tag")
    assert list(form.merged()) == ["posts/old.md"]
    form.publish()

    form.new("Yes", "2031-07-01T12:00")
    form.save()

    page.goto(f"{SITE}/admin/index.html#/collections/posts")
    page.get_by_role("link", name="From before").click()
    page.get_by_label("Title").fill("From before, mended")
    form.save()
    files = form.merged() | form.drafts()
    assert form.wrong == []

    for path, text in files.items():
        newsroom.write(path, text)
    for path, content in form.pictures().items():
        newsroom.write(path, content)
    checked = call("check", cwd=newsroom.path)
    assert (checked.code, checked.err) == (0, ""), checked.said
    posts = {post.title: post for post in loaded(newsroom).each()}
    assert set(posts) == {TITLE, "Yes", "From before, mended"}

    post = posts[TITLE]
    local = {target.channel: target for target in post.targets}
    assert list(local) == ["site-feed", "brand-mastodon", "tokyo"]
    assert local["site-feed"].due == datetime(2031, 3, 24, 8, tzinfo=UTC)  # Paris, not New York
    assert local["tokyo"].due == datetime(2031, 3, 24, 0, tzinfo=UTC)
    assert (local["tokyo"].text, local["brand-mastodon"].text) == ("Tokyo: one\ntwo", None)
    assert [(ref.path, ref.alt, ref.caption) for ref in post.media] == [("media/linge-d-ete.jpg", ALT, CAPTION)]
    assert (post.tags, post.campaign) == (TAGS, CAMPAIGN)
    assert (post.summary, post.expires_at, post.status) == (None, None, "ready")
    shown = call("render", post.path, cwd=newsroom.path)
    assert (shown.code, ALT in shown.out, "#sea, 50% * off_now." in shown.out) == (0, True, True), shown.said

    mended = posts["From before, mended"]
    assert [(target.channel, target.text) for target in mended.targets] == [("brand-mastodon", "A word of its own")]
    assert (mended.id, mended.extra, mended.targets[0].due) == (
        "old",
        {"weight": "5"},
        datetime(2031, 5, 1, 7, tzinfo=UTC),
    )


def test_the_configuration_is_valid_against_decap_s_own_schema(browser: Any, newsroom: GitFolder) -> None:
    """Of a newsroom with slots and several folders, in French: Decap checks it when it starts. And it refuses a wrong one."""
    newsroom.write("presstime.toml", SETTINGS.format(language="fr") + '[slots]\nweekday = ["Mon 09:00"]\n')
    for path in ("posts/fr/a.md", "posts/en/a.md", "posts/trip/index.md"):
        newsroom.write(path, "---\ntitle: T\ndate: 2031-03-24\n---\n")
    form = form_of(newsroom, browser)
    form.open()
    page = form.page
    page.get_by_role("button", name="Se connecter").click()
    page.goto(f"{SITE}/admin/index.html#/collections/posts-fr/new")
    page.get_by_label("Titre").fill("Un")
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_function("!location.hash.endsWith('/new')")
    assert "\ndate: next-slot\n" in "".join(form.drafts().values())
    assert form.wrong == []

    config = form.files["admin/config.yml"].decode()
    form.files["admin/config.yml"] = config.replace("widget: select", "widget: select\n    min: many", 1).encode()
    page.reload()
    page.get_by_text("min' must be").wait_for()
