"""The folders and files of one content root."""

from pathlib import Path

from presstime.content.source import Source
from presstime.errors import SettingsError
from presstime.settings import FILE, no_settings

STATE = ".presstime"  # below the content root: caches and embedded servers, nothing that cannot be lost but embedded S3
MARK = "last-pass"  # a file whose time says when a pass was last begun


def content_root(directory: Path) -> Path:
    """The folder, made absolute. Raises `SettingsError` where there is none (the working folder may be gone, too)."""
    try:
        root = directory.resolve()
    except FileNotFoundError:
        raise SettingsError("the folder that this runs in is not there any more", "Change to the newsroom's.") from None
    if not root.is_dir():
        raise SettingsError(f"there is no folder {root}", "Point at the newsroom's folder with -C.")
    return root


def state_folder(root: Path, name: str = STATE) -> Path:
    """A folder below the content root, which Git does not see. Raises `SettingsError` where it cannot be made."""
    folder, state = root / name, root / STATE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if state.is_dir() and not (state / ".gitignore").exists():
            (state / ".gitignore").write_text("*\n")
    except OSError as error:
        raise SettingsError(
            f"{error.filename or state}: {error.strerror}",
            "Presstime keeps its caches there: make room, or mend its rights.",
        ) from error
    return folder


def last_pass(root: Path) -> float:
    """When a pass of this content root was last begun, in seconds since the epoch; 0.0 if never."""
    try:
        return (root / STATE / MARK).stat().st_mtime
    except OSError:
        return 0.0


def read_source(directory: Path, commit: str | None) -> Source:
    """The content root's files: of a commit, or as they lie in the folder. Raises `GitError` or `SettingsError`."""
    if commit is not None:
        from presstime.content.git import Repository

        repository = Repository.discover(directory)
        return repository.at(repository.resolve(commit))
    from presstime.content.worktree import WorkTree

    if not (directory / FILE).is_file():
        raise no_settings(str(directory.resolve()))
    return WorkTree(directory.resolve())


def content_path(directory: Path, path: str) -> str:
    """A path as typed, from here or from the content root, as a path of the content root."""
    for place in (Path(path), directory / path):
        if place.exists() and place.resolve().is_relative_to(directory.resolve()):
            return place.resolve().relative_to(directory.resolve()).as_posix()
    return path
