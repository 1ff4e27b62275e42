"""Where the sample newsroom and its likes are: beside the package in a wheel, at the top of a source checkout."""

from pathlib import Path

from presstime.errors import UsageError

PACKAGE = Path(__file__).parent.parent


def sample_folder() -> Path:
    """The folder of the sample newsroom. Raises `UsageError` if this installation has none."""
    for folder in (PACKAGE / "_sample", PACKAGE.parent.parent / "content"):
        if (folder / "presstime.toml").is_file():
            return folder
    raise UsageError("this installation has no sample newsroom", "Install presstime from a wheel or a checkout.")
