"""Signatures of commits: whose they are, or why they do not count.

Git's own `verify-commit` is not asked: it takes the kind of signature from the commit, its keys from whatever the
configuration says, and calls a good signature of an unknown key good. Here the kind, the keys, the use ("git") and the time
are given, and `ssh-keygen -Y verify` (PROTOCOL.sshsig of OpenSSH) or `gpgv` says yes or no.
"""

import base64
import binascii
import os
import re
import subprocess
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from presstime.errors import GitError

NAMESPACE = "git"
HEADER = b"gpgsig"  # Git's header of a signature of any kind, in repositories whose ids are SHA-1
LAST = 253_402_300_799  # the last second of the year 9999
SSH = b"-----BEGIN SSH SIGNATURE-----"
PGP = b"-----BEGIN PGP SIGNATURE-----"
PACKAGES = {"ssh-keygen": "openssh-client", "gpgv": "gpgv"}
_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_VALID = re.compile(r"^\[GNUPG:\] VALIDSIG ([0-9A-F]{40,64}) ", re.MULTILINE)
# A host's key that ran out since does not undo its older merges: whoever keeps the file says which keys count.
_GOOD = re.compile(r"^\[GNUPG:\] (GOODSIG|EXPKEYSIG) ", re.MULTILINE)
_BLOCK = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:.+\r?\n)*\r?\n([A-Za-z0-9+/=\s]+?)(?:\r?\n=.{4})?\r?\n-----END"
)
WHY = {  # what ssh-keygen says, and what it means to whoever committed
    "key has expired": "its key was not valid any more",
    "key is not yet valid": "its key was not valid yet",
    "namespace does not match": "it was signed for another use than Git",
    "incorrect signature": "its signature is of something else, or was altered",
    "invalid format": "its signature is damaged",
    "parse signature": "its signature is damaged",
}


class Signature(NamedTuple):
    """Whose a signature is and by which key (as its fingerprint), or why it does not count."""

    principal: str = ""
    key: str = ""
    refused: str = ""


def by_key(commit: bytes, principals: Sequence[str], times: Collection[int], signers: bytes) -> Signature:
    """Whether a commit, as Git stores it, is signed by a key that `signers` (the bytes of an allowed_signers file) lists for
    one of the principals, and that is valid at all of the times (seconds since the epoch).

    Raises `GitError` where ssh-keygen is not installed."""
    payload, signature = split(commit)
    if not signature.startswith(SSH):
        return Signature(refused=_not_of(signature, "SSH"))
    with TemporaryDirectory(prefix="presstime-") as folder:
        return _by_key(Path(folder), payload, signature, [p for p in principals if p], times, signers)


def _by_key(
    folder: Path, payload: bytes, signature: bytes, principals: Sequence[str], times: Collection[int], signers: bytes
) -> Signature:
    written, listed = folder / "signature", folder / "allowed_signers"
    written.write_bytes(signature)
    listed.write_bytes(signers)
    made = _run("ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(written), given=payload)
    key = _KEY.search(made.stdout)
    if made.returncode or key is None:
        return Signature(refused=_why(made.stderr) or "its signature is damaged")
    reasons = []
    for principal in principals:
        command = [
            "ssh-keygen",
            "-Y",
            "verify",
            "-f",
            str(listed),
            "-I",
            principal,
            "-n",
            NAMESPACE,
            "-s",
            str(written),
        ]
        failed = next((done for done in _at(times, command, payload) if done.returncode), None)
        if failed is None:
            return Signature(principal, key[0])
        reasons.append(_why(failed.stderr))
    told = next((reason for reason in reasons if reason), f"its key is not listed for {' or '.join(principals)}")
    return Signature(key=key[0], refused=f"{told} (key {key[0]})")


def _at(times: Collection[int], command: list[str], payload: bytes) -> Iterator[subprocess.CompletedProcess[str]]:
    for time in sorted(times):
        yield _run(*command, "-O", f"verify-time={_stamp(time)}", given=payload)


def _stamp(time: int) -> str:
    """A time as ssh-keygen reads it. A commit may bear any number, and 0 would be taken for now."""
    at = datetime.fromtimestamp(min(max(time, 1), LAST), UTC)
    return f"{at:%Y%m%d%H%M%S}"


def is_listed(principal: str, signers: bytes) -> bool:
    """Whether an allowed_signers file has any line for a principal. Raises `GitError` where ssh-keygen is not installed."""
    with TemporaryDirectory(prefix="presstime-") as folder:
        listed = Path(folder) / "allowed_signers"
        listed.write_bytes(signers)
        return not _run("ssh-keygen", "-Y", "match-principals", "-I", principal, "-f", str(listed)).returncode


def by_host(commit: bytes, keys: bytes) -> Signature:
    """Whether a commit is signed by one of a Git host's OpenPGP keys, armored or not. `principal` is left empty: the host
    signs for the person that it names as author. Raises `GitError` where gpgv is not installed."""
    payload, signature = split(commit)
    if not signature.startswith(PGP):
        return Signature(refused=_not_of(signature, "OpenPGP"))
    with TemporaryDirectory(prefix="presstime-") as name:
        folder = Path(name)
        (folder / "keys").write_bytes(dearmored(keys))
        (folder / "signature").write_bytes(signature)
        options = ("--homedir", name, "--status-fd", "1", "--keyring", str(folder / "keys"))
        done = _run("gpgv", *options, str(folder / "signature"), "-", given=payload)
    valid, one = _VALID.findall(done.stdout), done.stdout.count("[GNUPG:] NEWSIG") == 1
    if done.returncode or not (one and len(valid) == 1 and _GOOD.search(done.stdout)):
        return Signature(refused="its signature is none of the Git host's keys'")
    return Signature(key=valid[0])


def split(commit: bytes) -> tuple[bytes, bytes]:
    """What was signed of a commit as Git stores it, and the signature: b"" if there is none, or not exactly one."""
    head, blank, message = commit.partition(b"\n\n")
    kept: list[bytes] = []
    found: list[list[bytes]] = []
    inside = False
    for line in head.split(b"\n"):
        if inside and line.startswith(b" "):
            found[-1].append(line[1:])
            continue
        name, _, value = line.partition(b" ")
        inside = name == HEADER
        if inside:
            found.append([value])
        else:
            kept.append(line)
    signature = b"\n".join([*found[0], b""]) if len(found) == 1 else b""
    return b"\n".join(kept) + blank + message, signature


def dearmored(keys: bytes) -> bytes:
    """OpenPGP keys without their ASCII armor (RFC 9580, section 6): gpgv reads no other."""
    try:
        return b"".join(base64.b64decode(block) for block in _BLOCK.findall(keys)) or keys
    except binascii.Error:
        return b""


def _not_of(signature: bytes, kind: str) -> str:
    return f"it is signed otherwise than by {kind}" if signature else "it is not signed"


def _why(said: str) -> str:
    return next((meaning for words, meaning in WHY.items() if words in said), "")


def _run(*command: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    """A program with nothing of the caller's environment but where programs are. Times in its files are UTC."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C"}
    try:
        done = subprocess.run(command, input=given, capture_output=True, env=environment, timeout=60, check=False)
    except OSError:
        advice = f"[approval] needs it to check signatures: install the package {PACKAGES[command[0]]}."
        raise GitError(f"the program `{command[0]}` is not installed", advice) from None
    except subprocess.TimeoutExpired:
        raise GitError(f"`{command[0]}` did not end within a minute", "Try again; see what holds it up.") from None
    said, told = (stream.decode(errors="replace") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(command, done.returncode, said, told)
