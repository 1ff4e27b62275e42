"""Commits signed by people with SSH keys, for the tests of [approval]: the real git, the real ssh-keygen."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.content.kit import GitFolder

RULE = """\
[approval]
allowed_signers = "allowed_signers"
approvers = ["Bea@verne.example"]
"""
needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


@cache
def key_of(name: str) -> Path:
    """The private key of a person, made once; the public one lies beside it."""
    key = Path(mkdtemp(prefix="presstime-key-")) / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
    return key


def fingerprint(name: str) -> str:
    listed = subprocess.run(["ssh-keygen", "-lf", str(key_of(name))], check=True, capture_output=True, text=True)
    return listed.stdout.split()[1]


def listed(name: str, principal: str | None = None, options: str = "") -> str:
    """A line of an allowed_signers file."""
    public = key_of(name).with_suffix(".pub").read_text().split()
    return " ".join([principal or f"{name.lower()}@verne.example", *([options] if options else []), *public[:2]]) + "\n"


class SignedFolder(GitFolder):
    """A working tree in which people commit, sign and merge. `key` is whose key signs, None for nobody's."""

    def signed(self, key: str | None, *arguments: str, author: str, committer: str | None = None) -> str:
        signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key_of(key)}") if key else ()
        sign = "-S" if key else "--no-gpg-sign"
        verb, *rest = arguments
        self.git(*signing, verb, "-q", sign, *rest, author=author, committer=committer)
        return self.git("rev-parse", "HEAD")

    def save(self, author: str = "Ada", key: str | None = "Ada", committer: str | None = None) -> str:
        """Commit everything there is."""
        self.git("add", "-A")
        return self.signed(key, "commit", "-m", "change", author=author, committer=committer)

    def draft(self, name: str = "draft", base: str = "main") -> None:
        self.git("checkout", "-q", "-B", name, base)

    def accept(
        self,
        name: str = "draft",
        by: str = "Bea",
        key: str | None = "Bea",
        into: str = "main",
        author: str | None = None,
    ) -> str:
        """Merge a branch as somebody."""
        self.git("checkout", "-q", into)
        return self.signed(key, "merge", "--no-ff", "-m", f"merge {name}", name, author=author or by, committer=by)

    def propose(self, path: str, content: str, author: str = "Ada", key: str | None = "Ada") -> str:
        """A change of one file on a draft of its own, ready to be merged."""
        self.draft()
        self.write(path, content)
        return self.save(author, key)
