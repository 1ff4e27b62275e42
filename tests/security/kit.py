"""The corpora: what somebody who means harm, or a tired editor, may write. One entry each, as data."""

from pathlib import Path
from typing import Any

import yaml

CORPUS = Path(__file__).parent / "corpus"


def lines(name: str) -> list[str]:
    """The entries of a corpus with one on each line."""
    found = (CORPUS / name).read_text("utf-8").splitlines()
    return [line for line in found if line and not line.startswith("# ")]


def entries(name: str) -> list[Any]:
    """The entries of a corpus in YAML."""
    found: list[Any] = yaml.safe_load((CORPUS / name).read_text("utf-8"))
    return found
