"""What the content tests are made with: Git repositories in a temporary folder, by the real `git`."""

import os
import subprocess
from pathlib import Path

from hypothesis import strategies as st

from presstime.content.keys import SPELLINGS

SETTINGS = """\
[newsroom]
name = "Maison Verne"
timezone = "Europe/Paris"
language = "fr"
[channels.brand]
network = "memory"
[channels.tokyo]
network = "memory"
timezone = "Asia/Tokyo"
[channels.lille]
network = "memory"
[groups]
agencies = ["lille", "tokyo"]
"""

# Keys, and values of any shape as YAML writes them, for whoever wants anything at all.
NAMES = [*sorted(SPELLINGS), "layout", "zzz"]
LEAVES = st.sampled_from(
    [
        "x",
        "",
        "~",
        "true",
        "2",
        "2026-03-24",
        "2026-03-29T02:30",
        "next-slot",
        "brand",
        "agencies",
        "a.png",
        "https://x.example",
        "'é'",
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda i: f"[{', '.join(i)}]"),
        st.dictionaries(
            st.sampled_from(
                ["file", "alt", "brand", "agencies", "channel", "skip", "publish_at", "tags", "id", "focus", "media"]
            ),
            inner,
            max_size=2,
        ).map(lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"),
    ),
    max_leaves=4,
)


class GitFolder:
    """A Git working tree whose commits have the authors and times one asks for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._clock = 1_700_000_000
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, author: str = "Ada", committer: str | None = None) -> str:
        self._clock += 60
        committer = committer or author
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": author,
            "GIT_AUTHOR_EMAIL": f"{author.lower()}@verne.example",
            "GIT_COMMITTER_NAME": committer,
            "GIT_COMMITTER_EMAIL": "noreply@github.com"
            if committer == "GitHub"
            else f"{committer.lower()}@verne.example",
            "GIT_AUTHOR_DATE": f"{self._clock} +0000",
            "GIT_COMMITTER_DATE": f"{self._clock} +0000",
        }
        command = ["git", "-C", str(self.path), "-c", "protocol.file.allow=always", *arguments]
        return subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout.strip()

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def commit(self, message: str = "change", author: str = "Ada", committer: str | None = None) -> str:
        """Commit everything there is; returns the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, author=author, committer=committer)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, by: str, author: str | None = None) -> str:
        self.git("merge", "-q", "--no-ff", "-m", f"merge {branch}", branch, author=author or by, committer=by)
        return self.git("rev-parse", "HEAD")
