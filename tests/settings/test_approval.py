"""The [approval] of presstime.toml: what it may say, and which slips are told."""

import pytest

from presstime.errors import SettingsError
from presstime.settings import parse_settings
from presstime.settings.approval import Approval, approval_of

TOP = '[newsroom]\ntimezone = "UTC"\n[approval]\n'


def test_what_it_may_say() -> None:
    """Addresses lose their capitals, merges are to be signed where commits are."""
    text = 'allowed_signers = "infra/signers"\napprovers = "Bea@Verne.example"\nself_approval = true\nhost_keys = "h.asc"\n'
    expected = Approval("infra/signers", True, ("bea@verne.example",), True, True, "h.asc")
    assert parse_settings((TOP + text).encode()).approval == expected
    assert approval_of((TOP + text).encode()) == expected
    names_only = parse_settings((TOP + 'require_signature = false\napprovers = ["b@x"]\n').encode()).approval
    assert names_only == Approval(None, False, ("b@x",), False, False)


def test_without_the_table_there_is_no_rule() -> None:
    """Nothing is asked of a newsroom that says nothing of approval."""
    assert parse_settings(TOP.removesuffix("[approval]\n").encode()).approval is None
    assert approval_of(b"") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no-signers"),
        ('approvers = ["b@x"]', "no-signers"),
        ("require_signature = false", "empty-rule"),
        ('require_signature = false\nsigned_merges = true\napprovers = ["b@x"]', "no-signers"),
        ('allowed_signers = "s"\napprovers = ["Bea"]', "bad-value"),
        ('allowed_signers = "/etc/signers"', "bad-path"),
        ('allowed_signers = "../signers"', "bad-path"),
        ('allowed_signers = "a//b"', "bad-path"),
        ("allowed_signers = 1", "wrong-type"),
    ],
)
def test_slips_are_told(text: str, code: str) -> None:
    """A rule that asks for nothing, or gives no means to check what it asks for, is an error and not a looser rule."""
    with pytest.raises(SettingsError) as error:
        parse_settings((TOP + text).encode())
    assert [p.code for p in error.value.problems] == [code]
    with pytest.raises(SettingsError):
        approval_of((TOP + text).encode())


def test_an_unknown_key_is_told() -> None:
    """A misspelled key does not loosen the rule in silence."""
    settings = parse_settings((TOP + 'allowed_signers = "s"\napprover = "b@x"\n').encode())
    assert [(w.code, "approvers" in w.advice) for w in settings.warnings] == [("unknown-key", True)]


def test_the_rule_is_read_whatever_else_is_wrong() -> None:
    """Of an older presstime.toml only its rule counts; text that is no TOML is none at all."""
    assert approval_of((TOP + 'allowed_signers = "s"\n[channels.x]\nnetwork = 7\n').encode()) == Approval("s")
    for broken in (b"[approval", b"\xff"):
        with pytest.raises(SettingsError):
            approval_of(broken)
