"""The form's configuration: every key is in it, in the newsroom's words, and it says where drafts go."""

import re
from typing import Any

import pytest
import yaml

from presstime.content.cms import HOSTS, backend_of, config_text, configuration, page
from presstime.content.form import ORDER, WHERE_USED, Folder, Form
from presstime.content.formfolders import MOST, folders_of
from presstime.content.formwords import LABELS
from presstime.content.keys import CHANNEL_KEYS, KEYS, MEDIA_KEYS
from presstime.content.worktree import WorkTree
from presstime.language import Language
from presstime.settings import Settings, parse_settings
from tests.content.kit import SETTINGS, GitFolder

SLOTS = '[slots]\nweekday = ["Mon 09:00"]\n'


def newsroom(extra: str = "") -> Settings:
    return parse_settings((SETTINGS + extra).encode())


def fields(extra: str = "", **spellings: str) -> dict[str, Any]:
    return {field["name"]: field for field in Form(newsroom(extra), str, spellings).fields()}


def made(
    settings: Settings, folders: list[Folder], spec: str = "github:verne/news", prefix: str = ""
) -> dict[str, Any]:
    """The configuration as Decap reads it: out of its YAML."""
    backend = backend_of(spec, "main")
    text = config_text(
        configuration(settings, folders, backend, prefix, "media", Language(settings.language or "en").say),
        backend.setup,
    )
    return dict(yaml.safe_load(text))


# --- fields -----------------------------------------------------------------------------------------------------------


def test_every_key_of_the_table_is_a_field() -> None:
    """But for maps of other generators; other words for `status` are shown where posts have them."""
    found = fields(SLOTS, draft="draft", published="published")
    assert set(found) == {key.name for key in KEYS if key.kind != "map"} | {"body"}
    assert set(fields(SLOTS)) == set(found) - set(WHERE_USED)
    assert [field["name"] for field in found["media"]["fields"]] == [key.name for key in MEDIA_KEYS]
    assert [field["name"] for field in found["overrides"]["fields"]] == ["channel", *(key.name for key in CHANNEL_KEYS)]
    assert set(LABELS) >= {*found, "channel"} - {"body"}
    assert len(ORDER) == len(set(ORDER))


def test_what_can_be_chosen_is_the_newsroom_s() -> None:
    """Channels, groups, sets of slots and rules for lateness are those of presstime.toml; nothing optional is asked for."""
    found = fields('[defaults]\nchannels = ["agencies"]\nlate = "within 5h"\n' + SLOTS)
    assert [option["value"] for option in found["channels"]["options"]] == ["agencies", "brand", "tokyo", "lille"]
    assert found["channels"]["default"] == ["agencies"]
    assert found["slots"]["options"] == ["weekday"]
    assert found["late"]["options"][0]["value"] == "within 5h"
    assert [name for name, field in found.items() if field["required"]] == ["title", "publish_at", "channels"]
    assert [field["name"] for field in found["overrides"]["fields"] if field["required"]] == ["channel"]
    assert not any("default" in field for field in found["overrides"]["fields"])
    assert {f["name"] for f in found["media"]["fields"] if f["required"]} == {"file", "alt"}


def test_on_a_site_whose_posts_opt_in_nothing_is_chosen_beforehand() -> None:
    """There a page becomes a post by naming channels: nobody is asked to, and none is filled in."""
    channels = fields('[content]\nopt_in = true\n[defaults]\nchannels = ["agencies"]\n')["channels"]
    assert not channels["required"]
    assert "default" not in channels


def test_a_time_is_local_and_says_where() -> None:
    """The format has no offset, and the zone is named; where there are slots, a new post waits for one."""
    when = fields()["publish_at"]
    assert (when["widget"], when["format"]) == ("datetime", "YYYY-MM-DDTHH:mm:ss")
    assert "Europe/Paris" in when["hint"]
    assert "default" not in when
    assert fields(SLOTS)["publish_at"]["default"] == "next-slot"
    two = '[slots]\na = ["Mon 09:00"]\nb = ["Tue 09:00"]\n'
    assert "default" not in fields(two)["publish_at"]


def test_a_newsroom_that_names_posts_by_their_files_has_no_ids_in_the_form() -> None:
    """Neither as a field, nor made by the page."""
    by_name = '[content]\nidentity = "name"\n'
    assert "id" not in fields(by_name)
    assert "randomUUID" not in page(newsroom(by_name))
    assert fields()["id"]["widget"] == "hidden"
    assert "randomUUID" in page(newsroom())


def test_keys_are_spelt_as_the_folder_s_posts_spell_them(folder: GitFolder) -> None:
    """A Hugo site has `date` and `description`, and reads these; keys whose values have another shape there stay ours."""
    for n in range(3):
        folder.write(
            f"posts/{n}.md", "---\ntitle: T\ndate: 2026-03-24\ndescription: d\nimage: a.png\ndraft: true\n---\n"
        )
    folder.write("posts/broken.md", "---\n: : :\n")
    (found,) = folders_of(WorkTree(folder.path), newsroom())
    assert found == Folder("posts", False, {"summary": "description", "publish_at": "date", "draft": "draft"})
    names = fields("", **found.spellings)
    assert {"date", "description", "media", "draft"} <= set(names)
    assert not {"publish_at", "summary", "image"} & set(names)
    folder.write("posts/ours.md", "---\ntitle: T\npublish_at: 2026-03-24\n---\n")
    assert folders_of(WorkTree(folder.path), newsroom())[0].spellings == {"summary": "description", "draft": "draft"}


# --- folders ----------------------------------------------------------------------------------------------------------


def test_each_folder_that_holds_posts_is_a_collection(folder: GitFolder) -> None:
    """Sub-folders are their own, bundles are told from files, and a folder without posts is there for the first one."""
    for path in ("posts/en/a.md", "posts/fr/b.md", "posts/trip/index.md", "posts/README.md", "posts/x.txt"):
        folder.write(path, "---\ntitle: T\n---\n")
    settings = newsroom('[content]\nposts = ["posts", "news"]\n')
    found = folders_of(WorkTree(folder.path), settings)
    assert [(f.path, f.bundles) for f in found] == [
        ("posts/en", False),
        ("posts/fr", False),
        ("posts", True),
        ("news", False),
    ]
    collections = made(settings, found, prefix="content/")["collections"]
    assert [c["folder"] for c in collections] == [
        "content/posts/en",
        "content/posts/fr",
        "content/posts",
        "content/news",
    ]
    assert collections[2]["path"] == "{{slug}}/index"
    assert len({c["name"] for c in collections}) == 4


def test_a_folder_a_month_does_not_flood_the_menu(folder: GitFolder) -> None:
    """Of many folders the fullest are shown."""
    for n in range(MOST + 3):
        for m in range(1 + (n == 5)):
            folder.write(f"posts/2026/{n}/{m}.md", "---\ntitle: T\n---\n")
    found = folders_of(WorkTree(folder.path), newsroom())
    assert len(found) == MOST
    assert found[0].path == "posts/2026/5"


def test_jekyll_s_files_have_a_date_in_their_names() -> None:
    """It passes over a file in _posts without one."""
    (collection,) = made(newsroom(), [Folder("_posts")])["collections"]
    assert collection["slug"] == "{{year}}-{{month}}-{{day}}-{{fields.id}}"


# --- where it is written ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec", [f"{name}:verne/news@https://git.example" if host.repo else name for name, host in HOSTS.items()]
)
def test_nothing_is_saved_to_the_branch_that_is_published(spec: str) -> None:
    """A draft is a branch of its own; where Decap cannot do that, all are on one that is not the published one."""
    found = made(newsroom(), [Folder("posts")], spec)
    drafts = found.get("publish_mode") == "editorial_workflow"
    assert drafts or found["backend"]["branch"] != "main"
    assert drafts or spec.startswith("gitea")


@pytest.mark.parametrize(
    "spec", ["", "svn:verne/news", "github", "github:news", "gitea:verne/news", "github:verne/news@ftp://x"]
)
def test_a_host_that_is_not_said_wholly_is_refused(spec: str) -> None:
    """With what it lacks."""
    with pytest.raises(ValueError, match=re.escape(repr(spec))):
        backend_of(spec, "main")


def test_one_s_own_server() -> None:
    """Its API is where that kind of server has it."""
    options = backend_of("gitlab:verne/press/news@https://git.verne.example/", "main").options
    assert options["api_root"] == "https://git.verne.example/api/v4"
    assert (options["repo"], options["auth_type"]) == ("verne/press/news", "pkce")


def test_the_form_is_in_the_newsroom_s_language() -> None:
    """Nothing that a French newsroom's editors read is left in English."""
    asked: list[str] = []

    def say(text: str) -> str:
        asked.append(text)
        return Language("fr").say(text)

    backend = backend_of("test-repo", "main")
    french = newsroom(SLOTS + '[defaults]\nchannels = ["agencies"]\n')
    found = configuration(french, [Folder("posts"), Folder("news")], backend, "", "media", say)
    assert found["locale"] == "fr"
    alike = {"Exception", "Exceptions"}
    assert [text for text in asked if Language("fr").say(text) == text and text not in alike] == []
