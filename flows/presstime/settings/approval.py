"""The [approval] of presstime.toml: who must have signed, and who may merge."""

from dataclasses import dataclass

from presstime.errors import SettingsError
from presstime.problems import Problems, shorten
from presstime.settings import toml
from presstime.settings.tables import Table

NAME = "approval"


@dataclass(frozen=True, slots=True)
class Approval:
    """The rule. Paths are of the content root or, where there is no such file, of the repository's root."""

    allowed_signers: str | None = None  # a file of the form that ssh-keygen(1) describes under ALLOWED SIGNERS
    require_signature: bool = True
    approvers: tuple[str, ...] = ()  # mail addresses in small letters; none: anybody may merge
    self_approval: bool = False
    signed_merges: bool = True  # the merge, too, must be signed: by its approver, or by the Git host for them
    host_keys: str | None = None  # a file of the OpenPGP keys that the Git host signs with


def approval_of(source: bytes) -> Approval | None:
    """The rule in the bytes of a presstime.toml, whatever else is in it; None if it has none. Raises `SettingsError`."""
    problems: Problems[toml.Path] = Problems("presstime.toml", lambda mark: (1, 1))
    try:
        top = Table(toml.load(source.decode("utf-8-sig")), (), problems)
    except (UnicodeDecodeError, toml.TomlError) as error:
        raise SettingsError(f"presstime.toml cannot be read: {error}") from None
    found = read_approval(top)
    if problems.failed:
        raise SettingsError("its [approval] cannot be used", problems=problems.found)
    return found


def read_approval(top: Table) -> Approval | None:
    """The [approval] table of a document, None if there is none."""
    if NAME not in top:
        return None
    table = top.table(NAME)
    require_signature = table.flag("require_signature", True)
    rule = Approval(
        allowed_signers=_file(table, "allowed_signers"),
        require_signature=require_signature,
        approvers=_approvers(table),
        self_approval=table.flag("self_approval", False),
        signed_merges=table.flag("signed_merges", require_signature),
        host_keys=_file(table, "host_keys"),
    )
    _check(table, rule)
    table.warn_of_unread()
    return rule


def _approvers(table: Table) -> tuple[str, ...]:
    found = table.texts("approvers") or ()
    for written in found:
        if "@" not in written or " " in written.strip():
            message = f"approval.approvers names {shorten(written)}, which is no mail address"
            table.error(
                "approvers", "bad-value", message, 'Write the address that they commit with: ["bea@verne.example"].'
            )
    return tuple(dict.fromkeys(written.strip().lower() for written in found))


def _file(table: Table, key: str) -> str | None:
    written = table.text(key)
    parts = written.split("/") if written else []
    if written and ("\\" in written or "\0" in written or {"", ".", ".."} & set(parts)):
        advice = f'Write e.g. {key} = "allowed_signers".'
        table.error(
            key, "bad-path", f"approval.{key} = {shorten(written)} is no path of a file in the repository", advice
        )
        return None
    return written


def _check(table: Table, rule: Approval) -> None:
    """A rule that asks for nothing, or for what it gives no means to check, is a slip."""
    wants_keys = rule.require_signature or (rule.signed_merges and rule.approvers)
    if wants_keys and "allowed_signers" not in table:
        advice = 'Add allowed_signers = "allowed_signers", a file of this repository; or require_signature = false.'
        table.error(None, "no-signers", "[approval] wants signatures, and does not say whose count", advice)
    if not rule.require_signature and not rule.approvers and not table.problems.failed:
        advice = 'Add approvers = ["bea@verne.example"], or remove require_signature = false.'
        table.error(None, "empty-rule", "[approval] asks neither for a signature nor for an approver", advice)
