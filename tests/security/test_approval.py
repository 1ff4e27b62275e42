"""Who signed and who merged: what a branch's rule of approval refuses, and that it cannot be loosened by what it judges."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from presstime.content import signature
from presstime.content.git import Repository
from presstime.errors import GitError
from presstime.model import Provenance
from tests.content.approval_kit import RULE, SignedFolder, fingerprint, key_of, listed, needs_ssh_keygen
from tests.content.kit import SETTINGS

pytestmark = needs_ssh_keygen
POST = "posts/a.md"
# The kit's commits are made from November 2023 on, a minute apart.
SIGNERS = (
    listed("Ada")
    + listed("Bea")
    + listed("Cid", options='valid-before="20230101"')
    + listed("Dan", options='valid-after="20240101"')
)


@pytest.fixture
def folder(tmp_path: Path) -> SignedFolder:
    """A branch with a rule: Ada and Bea may sign, Bea approves."""
    made = SignedFolder(tmp_path / "newsroom")
    made.write("presstime.toml", SETTINGS + RULE)
    made.write("allowed_signers", SIGNERS)
    made.write("posts/old.md", "before the rule, or with it")
    made.save(key=None)
    return made


def verdict(
    folder: SignedFolder, path: str = POST, root: str = "", branch: str = "main"
) -> tuple[str, Provenance | None]:
    """Why a file at the tip of a branch is not approved ("" if it is), and who stands behind it."""
    repo = Repository.discover(folder.path / root)
    commit = repo.commit_of(branch)
    approvals = repo.approvals(commit)
    found = approvals.marked(repo.provenance(commit, [path]))
    return approvals.refused([path]).get(path, ""), found.get(path)


def test_signed_and_merged_by_an_approver_is_approved(folder: SignedFolder) -> None:
    """The signer, both keys and the approver are told, the keys by their fingerprints."""
    folder.propose(POST, "A")
    folder.accept()
    refused, by = verdict(folder)
    assert refused == ""
    assert by is not None
    assert (by.signer, by.signer_key, by.approver_key) == ("ada@verne.example", fingerprint("Ada"), fingerprint("Bea"))
    assert by.approver == "Bea <bea@verne.example>"


def unsigned(folder: SignedFolder) -> None:
    folder.propose(POST, "A", key=None)
    folder.accept()


def unlisted(folder: SignedFolder) -> None:
    folder.propose(POST, "A", key="Eve")
    folder.accept()


def listed_for_another(folder: SignedFolder) -> None:
    folder.propose(POST, "A", author="Eve", key="Ada")
    folder.accept()


def expired(folder: SignedFolder) -> None:
    folder.propose(POST, "A", author="Cid", key="Cid")
    folder.accept()


def not_yet_valid(folder: SignedFolder) -> None:
    folder.propose(POST, "A", author="Dan", key="Dan")
    folder.accept()


def backdated(folder: SignedFolder) -> None:
    folder._clock -= 40_000_000
    folder.propose(POST, "A", author="Cid", key="Cid")
    folder._clock += 40_000_000
    folder.accept()


def another_namespace(folder: SignedFolder) -> None:
    folder.propose(POST, "A", key=None)
    resign(folder, "Ada", "file")
    folder.accept()


def of_another_commit(folder: SignedFolder) -> None:
    good = raw(folder, folder.propose(POST, "good"))
    signature = good[good.index(b"\ngpgsig ") : good.index(b"\n -----END SSH SIGNATURE-----") + 29]
    rewrite(folder, raw(folder, folder.propose(POST, "bad", key=None)), signature)
    folder.accept()


def tampered(folder: SignedFolder) -> None:
    body = raw(folder, folder.propose(POST, "A"))
    rewrite(folder, body.replace(b"\n\nchange", b"\n\nchanged"))
    folder.accept()


def damaged(folder: SignedFolder) -> None:
    body = raw(folder, folder.propose(POST, "A"))
    start = body.index(b"SIGNATURE-----\n") + 40
    rewrite(folder, body[:start] + b"!!!!" + body[start + 4 :])
    folder.accept()


def signed_twice(folder: SignedFolder) -> None:
    body = raw(folder, folder.propose(POST, "A"))
    signature = body[body.index(b"\ngpgsig ") : body.index(b"\n -----END SSH SIGNATURE-----") + 29]
    rewrite(folder, body, signature)
    folder.accept()


def signed_by_pgp(folder: SignedFolder) -> None:
    signature = b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----"
    rewrite(folder, raw(folder, folder.propose(POST, "A", key=None)), signature)
    folder.accept()


def key_brought_by_the_same_merge(folder: SignedFolder) -> None:
    folder.draft()
    folder.write("allowed_signers", SIGNERS + listed("Eve"))
    folder.save()
    folder.write(POST, "A")
    folder.save("Eve", "Eve")
    folder.accept()


def approver_brought_by_the_same_merge(folder: SignedFolder) -> None:
    folder.draft()
    folder.write(
        "presstime.toml",
        SETTINGS + RULE.replace("[", '["ada@verne.example", ').replace('["ada@verne.example", a', "[a", 1),
    )
    folder.write(POST, "A")
    folder.save()
    folder.accept(by="Ada", key="Ada")


def rule_removed_by_the_same_merge(folder: SignedFolder) -> None:
    folder.draft()
    folder.write("presstime.toml", SETTINGS)
    folder.write(POST, "A")
    folder.save("Eve", "Eve")
    folder.accept(by="Eve", key="Eve")


def self_approved(folder: SignedFolder) -> None:
    folder.propose(POST, "A", author="Bea", key="Bea")
    folder.accept()


def committed_onto_the_branch(folder: SignedFolder) -> None:
    folder.write(POST, "A")
    folder.save("Bea", "Bea")


def in_another_s_name(folder: SignedFolder) -> None:
    folder.write(POST, "A")
    folder.save("Ada", "Bea", committer="Bea")


def merged_by_a_bot(folder: SignedFolder) -> None:
    folder.propose(POST, "A")
    folder.accept(by="Bot", key=None)


def merged_by_a_signer(folder: SignedFolder) -> None:
    folder.propose(POST, "A", author="Bea", key="Bea")
    folder.accept(by="Ada", key="Ada")


def merged_in_the_approver_s_name(folder: SignedFolder) -> None:
    folder.propose(POST, "A")
    folder.accept(by="Bea", key="Ada")


def merged_without_a_signature(folder: SignedFolder) -> None:
    folder.propose(POST, "A")
    folder.accept(key=None)


def merged_on_the_host(folder: SignedFolder) -> None:
    folder.propose(POST, "A")
    folder.accept(by="GitHub", author="Bea", key=None)


def approved_for_another_branch(folder: SignedFolder) -> None:
    folder.git("branch", "staging")
    folder.propose(POST, "A")
    folder.accept(into="staging")
    folder.accept("staging", by="Bot", key=None)


def another_text_taken_over(folder: SignedFolder) -> None:
    """Eve's text, beside a newer and signed one of Ada's that the draft's own merge threw away."""
    folder.propose(POST, "Eve's", author="Eve", key=None)
    folder.draft("side")
    folder.write(POST, "Ada's")
    folder.save()
    folder.git("checkout", "-q", "draft")
    folder.signed(None, "merge", "-s", "ours", "-m", "ours", "side", author="Eve")
    folder.accept()


CORPUS: dict[Callable[[SignedFolder], None], str] = {
    unsigned: "it is not signed",
    unlisted: "its key is not listed for ada@verne.example",
    listed_for_another: "its key is not listed for eve@verne.example",
    expired: "its key was not valid any more",
    not_yet_valid: "its key was not valid yet",
    backdated: "its key was not valid any more",
    another_namespace: "signed for another use than Git",
    of_another_commit: "its signature is of something else",
    tampered: "its signature is of something else",
    damaged: "its signature is damaged",
    signed_twice: "it is not signed",
    signed_by_pgp: "signed otherwise than by SSH",
    key_brought_by_the_same_merge: "its key is not listed for eve@verne.example",
    approver_brought_by_the_same_merge: "ada@verne.example is not one of the approvers",
    rule_removed_by_the_same_merge: "its key is not listed for eve@verne.example",
    self_approved: "bea@verne.example would approve their own change",
    committed_onto_the_branch: "bea@verne.example would approve their own change",
    in_another_s_name: "bea@verne.example would approve their own change",
    merged_by_a_bot: "bot@verne.example is not one of the approvers",
    merged_by_a_signer: "ada@verne.example is not one of the approvers",
    merged_in_the_approver_s_name: "its key is not listed for bea@verne.example",
    merged_without_a_signature: "it is not signed",
    merged_on_the_host: "made on the Git host's pages",
    approved_for_another_branch: "bot@verne.example is not one of the approvers",
    another_text_taken_over: "it is not signed",
}


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.__name__)
def test_what_is_not_approved_is_refused_with_its_reason(
    folder: SignedFolder, case: Callable[[SignedFolder], None]
) -> None:
    """Every case is refused: the file is named, what is missing, and what to do."""
    case(folder)
    refused, by = verdict(folder)
    assert refused.startswith(f"{POST} is not approved: commit ")
    assert CORPUS[case] in refused
    assert "Commit the file again on a branch, signed with a key that allowed_signers lists for you" in refused
    assert by is not None
    assert "bea@verne.example" in by.approver or "bea@verne.example" in refused


def raw(folder: SignedFolder, commit: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(folder.path), "cat-file", "commit", commit], check=True, capture_output=True
    ).stdout


def rewrite(folder: SignedFolder, commit: bytes, header: bytes = b"") -> None:
    """Put a commit of these bytes in place of HEAD's, with one more header."""
    head, blank, message = commit.partition(b"\n\n")
    command = ["git", "-C", str(folder.path), "hash-object", "-t", "commit", "-w", "--stdin"]
    made = subprocess.run(command, input=head + header + blank + message, check=True, capture_output=True)
    folder.git("reset", "-q", "--soft", made.stdout.decode().strip())


def resign(folder: SignedFolder, key: str, namespace: str) -> None:
    """Sign HEAD for another use."""
    body = raw(folder, "HEAD")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key_of(key))]
    armor = subprocess.run(command, input=body, check=True, capture_output=True).stdout.strip()
    rewrite(folder, body, b"\ngpgsig " + armor.replace(b"\n", b"\n "))


# --- merges on the host's pages ---


class Host:
    """A Git host that signs with an OpenPGP key of its own what people do on its pages."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.home.mkdir(mode=0o700)
        self.gpg("--passphrase", "", "--quick-gen-key", "GitHub <noreply@github.com>", "ed25519", "sign", "never")

    def gpg(self, *arguments: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "-q", "--batch", *arguments]
        return subprocess.run(command, input=given, check=True, capture_output=True).stdout

    def sign(self, folder: SignedFolder) -> None:
        armor = self.gpg("--armor", "--detach-sign", given=raw(folder, "HEAD")).strip()
        rewrite(folder, raw(folder, "HEAD"), b"\ngpgsig " + armor.replace(b"\n", b"\n "))


@pytest.fixture
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host; its key's agent ends with the test."""
    if not (shutil.which("gpg") and shutil.which("gpgv")):
        pytest.skip("gpg and gpgv are not installed")
    home = tmp_path_factory.mktemp("g") / "h"
    yield Host(home)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


@pytest.mark.parametrize("armored", [True, False])
def test_a_merge_signed_by_the_host_is_its_author_s(tmp_path: Path, host: Host, armored: bool) -> None:
    """With the host's keys in the repository, who pressed the button is proven, and only then; as for a text written there."""
    folder = SignedFolder(tmp_path / "hosted")
    folder.write("presstime.toml", SETTINGS + RULE + 'host_keys = "host.asc"\n')
    folder.write("allowed_signers", SIGNERS)
    folder.write("host.asc", host.gpg("--export", *(["--armor"] if armored else [])))
    folder.save(key=None)
    for author, refusal in (("Bea", ""), ("Bot", "bot@verne.example is not one of the approvers")):
        folder.propose(POST, author)
        folder.accept(by="GitHub", author=author, key=None)
        assert "it is not signed" in verdict(folder)[0] or author == "Bot"
        host.sign(folder)
        refused, by = verdict(folder)
        assert refusal in refused
        assert bool(refused) == bool(refusal)
    assert by is not None
    assert by.approver == "Bot <bot@verne.example>"
    for author, listed_ in (("Ada", True), ("Eve", False)):
        folder.draft()
        folder.write(POST, f"written on the host by {author}")
        folder.git("add", "-A")
        folder.signed(None, "commit", "-m", "edit", author=author, committer="GitHub")
        host.sign(folder)
        folder.accept()
        refused, by = verdict(folder)
        assert refused == "" if listed_ else "eve@verne.example is not listed" in refused
        assert by is not None
        assert by.signer == ("ada@verne.example" if listed_ else "")


def test_another_key_in_the_host_s_name_is_refused(
    tmp_path: Path, host: Host, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Anybody can make a key with the host's name and address."""
    folder = SignedFolder(tmp_path / "hosted")
    folder.write("presstime.toml", SETTINGS + RULE + 'host_keys = "host.asc"\n')
    folder.write("allowed_signers", SIGNERS)
    folder.write("host.asc", host.gpg("--export", "--armor"))
    folder.save(key=None)
    folder.propose(POST, "A")
    folder.accept(by="GitHub", author="Bea", key=None)
    other = Host(tmp_path_factory.mktemp("g") / "h")
    other.sign(folder)
    subprocess.run(["gpgconf", "--homedir", str(other.home), "--kill", "all"], check=False)
    assert "none of the Git host's keys" in verdict(folder)[0]


# --- the rule and its history ---


def test_without_a_rule_nothing_is_refused(tmp_path: Path) -> None:
    """A branch that never had an [approval] is judged by nothing, and nobody is said to have signed."""
    folder = SignedFolder(tmp_path / "plain")
    folder.write("presstime.toml", SETTINGS)
    folder.write(POST, "A")
    folder.save("Eve", "Eve")
    refused, by = verdict(folder)
    assert refused == ""
    assert by is not None
    assert by.signer == by.signer_key == by.approver_key == ""


def test_what_was_there_before_the_rule_is_not_judged(folder: SignedFolder) -> None:
    """A newsroom may begin to ask for approval without touching its archive; a later change of it is judged."""
    assert verdict(folder, "posts/old.md")[0] == ""
    folder.write("posts/old.md", "changed")
    folder.save(key=None)
    assert "is not signed" in verdict(folder, "posts/old.md")[0]


def test_an_approved_change_of_the_rule_counts_from_the_next_merge_on(folder: SignedFolder) -> None:
    """Eve's key, merged by the approver, lets her next post through."""
    folder.propose("allowed_signers", SIGNERS + listed("Eve"))
    folder.accept()
    folder.propose(POST, "A", author="Eve", key="Eve")
    folder.accept()
    assert verdict(folder)[0] == ""


def test_a_change_of_the_rule_without_approval_never_counts(folder: SignedFolder) -> None:
    """Whether a key is added, an approver, or the rule is removed: the one before stays in force, and the refusal says so."""
    for path, content in (
        ("allowed_signers", SIGNERS + listed("Eve")),
        ("presstime.toml", SETTINGS + RULE.replace("Bea@", "Eve@")),
        ("presstime.toml", SETTINGS),
        ("presstime.toml", SETTINGS + "[approval]\nrequire_signature = 7\n"),
    ):
        folder.propose(path, content, author="Eve", key="Eve")
        folder.accept(by="Eve", key="Eve")
        folder.propose(POST, content, author="Eve", key="Eve")
        folder.accept(by="Eve", key="Eve")
        assert "does not count: commit" in verdict(folder)[0]
        assert "is not approved" in verdict(folder, path)[0]


def test_a_rule_put_back_is_the_rule(folder: SignedFolder) -> None:
    """After an unapproved change was undone, nothing of it is left."""
    for content in (SIGNERS + listed("Eve"), SIGNERS):
        folder.propose("allowed_signers", content, author="Eve", key="Eve")
        folder.accept(by="Eve", key="Eve")
    folder.propose(POST, "A", author="Eve", key="Eve")
    folder.accept()
    assert "is not listed" in verdict(folder)[0]
    assert "does not count" not in verdict(folder)[0]


def test_a_rule_may_be_given_up_with_approval(folder: SignedFolder) -> None:
    """What comes after an approved removal is judged by nothing."""
    folder.propose("presstime.toml", SETTINGS)
    folder.accept()
    folder.write(POST, "A")
    folder.save(key=None)
    assert verdict(folder)[0] == ""


def test_a_key_taken_out_is_refused_from_then_on(folder: SignedFolder) -> None:
    """What Ada signed before is approved still; what she signs later is not."""
    folder.propose(POST, "A")
    folder.accept()
    folder.propose("allowed_signers", listed("Bea"))
    folder.accept()
    assert verdict(folder)[0] == ""
    folder.propose("posts/b.md", "B")
    folder.accept()
    assert "is not listed" in verdict(folder, "posts/b.md")[0]


def test_without_the_file_of_signers_nobody_is_one(folder: SignedFolder) -> None:
    """An approved removal of the file leaves no key that counts, and the refusal names the file."""
    folder.draft()
    (folder.path / "allowed_signers").unlink()
    folder.save()
    folder.accept()
    folder.propose(POST, "A")
    folder.accept()
    assert "the branch had no file 'allowed_signers'" in verdict(folder)[0]


def test_the_signers_may_be_at_the_repository_s_root(tmp_path: Path) -> None:
    """Where the content root is a folder and has no such file; one that appears in it is a change of the rule."""
    folder = SignedFolder(tmp_path / "site")
    folder.write("content/presstime.toml", SETTINGS + RULE)
    folder.write("allowed_signers", SIGNERS)
    folder.save(key=None)
    folder.propose(f"content/{POST}", "A")
    folder.accept()
    assert verdict(folder, root="content")[0] == ""
    folder.propose("content/allowed_signers", listed("Eve"), author="Eve", key="Eve")
    folder.accept(by="Eve", key="Eve")
    folder.propose(f"content/{POST}", "B", author="Eve", key="Eve")
    folder.accept()
    assert "is not listed" in verdict(folder, root="content")[0]


@pytest.mark.parametrize(
    ("rule", "case"),
    [
        ("self_approval = true", self_approved),
        ("self_approval = true", committed_onto_the_branch),
        ("signed_merges = false", merged_without_a_signature),
        ("signed_merges = false", merged_on_the_host),
        ("require_signature = false", unsigned),
        ("require_signature = false\nsigned_merges = false", merged_on_the_host),
    ],
)
def test_a_rule_may_ask_for_less(tmp_path: Path, rule: str, case: Callable[[SignedFolder], None]) -> None:
    """Each loosening lets through just what it names."""
    folder = SignedFolder(tmp_path / "loose")
    extra = "" if "signed_merges" in rule or "require" not in rule else "\nsigned_merges = true"
    folder.write("presstime.toml", f"{SETTINGS}{RULE}{rule}{extra}\n")
    folder.write("allowed_signers", SIGNERS)
    folder.save(key=None)
    case(folder)
    assert verdict(folder)[0] == ""


def test_without_approvers_anybody_may_merge(tmp_path: Path) -> None:
    """A rule may ask for signatures alone: what is unsigned is refused, whoever merges."""
    folder = SignedFolder(tmp_path / "signed")
    folder.write("presstime.toml", SETTINGS + RULE.replace("approvers", "# approvers"))
    folder.write("allowed_signers", SIGNERS)
    folder.save(key=None)
    merged_by_a_bot(folder)
    refused, by = verdict(folder)
    assert refused == ""
    assert by is not None
    assert (by.signer, by.approver_key) == ("ada@verne.example", "")
    folder.propose("posts/b.md", "B", key=None)
    folder.accept()
    assert "Commit the file again, signed" in verdict(folder, "posts/b.md")[0]


# --- what is gone ---


def test_a_removal_is_judged_as_well(folder: SignedFolder) -> None:
    """Who removed a file, and who merged that, as for any change."""
    folder.propose(POST, "A")
    folder.accept()
    folder.draft()
    (folder.path / POST).unlink()
    folder.save("Eve", "Eve")
    folder.accept()
    assert "its key is not listed for eve@verne.example" in verdict(folder)[0]
    folder.propose(POST, "B")
    folder.accept()
    folder.draft()
    (folder.path / POST).unlink()
    folder.save()
    folder.accept()
    assert verdict(folder)[0] == ""


def test_a_file_moved_and_then_removed_is_judged_by_its_removal(folder: SignedFolder) -> None:
    """The approved move of a file is not the approval of its removal elsewhere."""
    folder.propose(POST, "A")
    folder.accept()
    folder.draft()
    (folder.path / POST).rename(folder.path / "posts/moved.md")
    folder.save()
    folder.accept()
    assert verdict(folder)[0] == ""
    folder.draft()
    (folder.path / "posts/moved.md").unlink()
    folder.save("Eve", "Eve")
    folder.accept(by="Eve", key="Eve")
    assert "posts/moved.md is not approved" in verdict(folder)[0]


def test_what_the_history_does_not_know_was_not_removed_by_anybody(folder: SignedFolder) -> None:
    """A path that a rewritten branch never had is refused: nobody can have approved that it is gone."""
    assert "nothing in the branch's history" in verdict(folder, "posts/never.md")[0]


# --- where it cannot be told ---


def test_a_shallow_clone_approves_nothing(folder: SignedFolder, tmp_path: Path) -> None:
    """Its oldest commit would be taken for the author of everything: the refusal says to fetch the rest."""
    folder.propose(POST, "A")
    folder.accept()
    folder.git("clone", "-q", "--depth=1", f"file://{folder.path}", str(tmp_path / "shallow"))
    assert verdict(folder)[0] == ""
    repo = Repository.discover(tmp_path / "shallow")
    assert "git fetch --unshallow" in repo.approvals(repo.commit_of()).refused([POST])[POST]


def test_without_ssh_keygen_nothing_is_judged(folder: SignedFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot check says which package it lacks, and plans nothing."""
    folder.propose(POST, "A")
    folder.accept()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitError, match=r"`ssh-keygen` is not installed(?s:.)*openssh-client"):
        verdict(folder)


def test_the_machine_s_own_git_settings_change_nothing(
    folder: SignedFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Signers, formats and programs of anybody's Git configuration are not asked."""
    (tmp_path / "config").write_text(
        f'[gpg]\nformat = ssh\n[gpg "ssh"]\nallowedSignersFile = {tmp_path}/mine\nprogram = true\n'
    )
    (tmp_path / "mine").write_text(listed("Eve", "*"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    folder.git("config", "gpg.ssh.allowedSignersFile", f"{tmp_path}/mine")
    folder.git("config", "gpg.ssh.program", "true")
    folder.propose(POST, "A", author="Eve", key=None)
    resign(folder, "Eve", "git")
    folder.git("config", "--unset", "gpg.ssh.program")
    folder.accept()
    assert "is not listed" in verdict(folder)[0]


def test_each_commit_is_examined_once(folder: SignedFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files of one merge cost one look at its signatures, and a second question none."""
    folder.draft()
    for n in range(20):
        folder.write(f"posts/{n}.md", str(n))
    folder.save()
    folder.accept()
    repo = Repository.discover(folder.path)
    approvals = repo.approvals(repo.commit_of())
    calls: list[object] = []
    run = signature._run
    monkeypatch.setattr(signature, "_run", lambda *a, **k: calls.append(a) or run(*a, **k))
    paths = [f"posts/{n}.md" for n in range(20)]
    assert approvals.refused(paths) == approvals.refused(paths) == {}
    assert len(calls) <= 6
