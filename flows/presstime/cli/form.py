"""The files of a form in the browser, for `presstime init --cms`: what is found out of the folder, around content/cms.py."""

from pathlib import Path
from typing import NamedTuple

from presstime.content.cms import backend_of, config_text, configuration, page
from presstime.content.formfolders import folders_of
from presstime.content.worktree import WorkTree
from presstime.errors import UsageError
from presstime.settings import Settings
from presstime.web.language import Language

HELP = "A form in the browser (Decap CMS) that writes to github:OWNER/REPO, gitlab:..., forgejo:...@https://HOST, git-gateway, test-repo."
ADVICE = "Write e.g. --cms github:verne/newsroom, or --cms gitea:verne/newsroom@https://git.verne.example; --cms test-repo to try it."


class FormFiles(NamedTuple):
    """By path from the content root, and what has to be set up."""

    files: dict[str, str]
    setup: tuple[str, ...]


def form_files(root: Path, settings: Settings, spec: str) -> FormFiles:
    """The page and the configuration of the form. Raises `UsageError` for a host that is not said wholly."""
    prefix, branch = _repository(root)
    try:
        backend = backend_of(spec, settings.git.branch or branch)
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
    files = {f"{folder}/index.html": page(settings), f"{folder}/config.yml": config_text(made, backend.setup)}
    return FormFiles(files, backend.setup)


def _repository(root: Path) -> tuple[str, str]:
    """The content root in its repository ("" or with a slash at its end), and the branch that is checked out there."""
    import pygit2

    found = pygit2.discover_repository(str(root.resolve()))
    if found is None:
        return "", "main"
    repository = pygit2.Repository(found)
    head = str(repository.lookup_reference("HEAD").target)
    inner = root.resolve().relative_to(Path(repository.workdir or root).resolve()).as_posix()
    return "" if inner == "." else f"{inner}/", head.removeprefix("refs/heads/") if head.startswith("refs/") else "main"


def _served(root: Path) -> str:
    """Where a site takes files from as they are: Hugo and Zola, then Astro; Jekyll, as most web servers, from anywhere."""
    if (root / "static").is_dir():
        return "static/admin"
    return "public/admin" if any(root.glob("astro.config.*")) else "admin"


def _media(root: Path) -> str:
    """Where new pictures go: one of the folders that the loader looks in."""
    return "static/images" if (root / "static").is_dir() and not (root / "media").is_dir() else "media"
