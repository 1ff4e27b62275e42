"""The files of a form in the browser, for `presstime init --cms`: what is found out of the folder, around content/cms.py."""

from pathlib import Path

from presstime.content.cms import backend_of, config_text, configuration, page
from presstime.content.formfolders import folders_of
from presstime.content.worktree import WorkTree
from presstime.errors import UsageError
from presstime.language import Language
from presstime.scaffold.extras import place_of
from presstime.scaffold.files import File
from presstime.settings import Settings

ADVICE = "Write e.g. --cms github:verne/newsroom, or --cms gitea:verne/newsroom@https://git.verne.example; --cms test-repo to try it."


def form_files(root: Path, settings: Settings, spec: str) -> list[File]:
    """The page and the configuration of the form. Raises `UsageError` for a host that is not said wholly."""
    prefix = place_of(root).inner
    try:
        backend = backend_of(spec, settings.git.branch or _branch(root))
    except ValueError as error:
        raise UsageError(str(error), ADVICE) from None
    folders = folders_of(WorkTree(root), settings)
    if any(not prefix + folder.path for folder in folders):
        raise UsageError(
            "posts lie at the top of the repository, where the form cannot tell them from other files",
            'Move them into a folder, and name it in presstime.toml: [content] posts = ["posts"].',
        )
    words = Language(settings.language or "en").say
    made = configuration(settings, folders, backend, prefix, _media(root), words)
    folder = _served(root)
    config = config_text(made, backend.setup)
    return [
        File(f"{folder}/index.html", page(settings), "the page of the form"),
        File(f"{folder}/config.yml", config, f"its fields. {' '.join(backend.setup)}"),
    ]


def _branch(root: Path) -> str:
    """The branch that is checked out; `main` where there is no repository yet."""
    import pygit2

    found = pygit2.discover_repository(str(root.resolve()))
    if found is None:
        return "main"
    head = str(pygit2.Repository(found).lookup_reference("HEAD").target)
    return head.removeprefix("refs/heads/") if head.startswith("refs/heads/") else "main"


def _served(root: Path) -> str:
    """Where a site takes files from as they are: Hugo and Zola, then Astro; Jekyll, as most web servers, from anywhere."""
    if (root / "static").is_dir():
        return "static/admin"
    return "public/admin" if any(root.glob("astro.config.*")) else "admin"


def _media(root: Path) -> str:
    """Where new pictures go: one of the folders that the loader looks in."""
    return "static/images" if (root / "static").is_dir() and not (root / "media").is_dir() else "media"
