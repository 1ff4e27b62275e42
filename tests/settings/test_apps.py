"""The [oauth] of presstime.toml, and when a channel's credentials end."""

from datetime import UTC, datetime

import pytest

from presstime.errors import SettingsError
from presstime.settings import parse_settings
from presstime.settings.apps import App

CHANNEL = '[newsroom]\ntimezone = "UTC"\n[channels.brand]\nnetwork = "x"\n'


def test_an_app() -> None:
    """An app is read under its network's name: its id as it is, its secret's place, the rest where it is given."""
    text = (
        '[oauth.x]\nclient_id = "aBc"\nclient_secret = "env:S"\nredirect = "http://127.0.0.1:9/"\nscopes = ["a", "b"]\n'
    )
    settings = parse_settings((CHANNEL + text + '[oauth.linkedin]\nclient_id = "env:ID"\n').encode())
    assert settings.apps == {
        "x": App("aBc", "env:S", "http://127.0.0.1:9/", ("a", "b")),
        "linkedin": App("env:ID"),
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[oauth.x]\nclient_id = "a"\nclient_secret = "canary-literal"\n', "literal-secret"),
        ('[oauth.x]\nclient_secret = "env:S"\n', "missing-key"),
        ('[oauth.x]\nclient_id = "a"\nredirect = "nowhere"\n', "bad-url"),
        ("[oauth.x]\nclient_id = 3\n", "wrong-type"),
    ],
)
def test_an_app_that_cannot_be_used(text: str, code: str) -> None:
    """Each mistake is told at its place, and no secret is repeated."""
    with pytest.raises(SettingsError) as raised:
        parse_settings((CHANNEL + text).encode())
    assert [p.code for p in raised.value.problems] == [code]
    assert raised.value.problems[0].line > 4
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2027-01-25", datetime(2027, 1, 25, tzinfo=UTC)),
        ("2027-01-25T10:00:00", datetime(2027, 1, 25, 10, tzinfo=UTC)),
        ("2027-01-25T10:00:00+02:00", datetime(2027, 1, 25, 8, tzinfo=UTC)),
    ],
)
def test_an_end(value: str, instant: datetime) -> None:
    """A date, or a date-time, which is UTC unless it says otherwise."""
    settings = parse_settings((CHANNEL + f"credentials_until = {value}\n").encode())
    assert settings.channels["brand"].credentials_until == instant


@pytest.mark.parametrize("value", ['"soon"', "3", "09:00:00", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_end(value: str) -> None:
    """Anything else is told as that."""
    with pytest.raises(SettingsError) as raised:
        parse_settings((CHANNEL + f"credentials_until = {value}\n").encode())
    assert [(p.code, p.line) for p in raised.value.problems] == [("wrong-type", 5)]
