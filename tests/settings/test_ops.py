"""[pause], [limits], [alerts], [budget] and [listen] of presstime.toml: what they mean, and every mistake at its place."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from presstime.errors import SettingsError
from presstime.pauses import EVERYTHING, Scope
from presstime.settings import Settings, parse_settings
from presstime.settings.listening import Listening
from tests.kit import SETTINGS

GROUPED = SETTINGS + '[groups]\nhouse = ["site-feed"]\n'


def read(text: str) -> Settings:
    return parse_settings((GROUPED + text).encode())


def codes(text: str) -> list[str]:
    with pytest.raises(SettingsError) as error:
        read(text)
    return [problem.code for problem in error.value.problems if problem.severity == "error"]


def test_a_pause() -> None:
    """Scopes by the names that people use, a time of the newsroom's zone as text or as TOML's own, a rule and a gap."""
    found = read(
        '[pause.a]\nwhat = ["house", "campaign:spring"]\nreason = "x"\nuntil = "2026-12-01T09:00"\nresume = "skip"\ngap = "1m"\n'
        '[pause.b]\nwhat = "everything"\nreason = "y"\nuntil = 2026-12-01\n'
        '[pause.c]\nwhat = "site-feed"\nreason = "z"\n'
    ).pauses
    until = datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert [(s.scope, s.reason, s.until, s.rule) for s in found] == [
        (Scope("group", "house"), "x", until, "skip"),
        (Scope("campaign", "spring"), "x", until, "skip"),
        (EVERYTHING, "y", datetime(2026, 12, 1, tzinfo=UTC), "release"),
        (Scope("channel", "site-feed"), "z", None, "release"),
    ]
    assert [s.gap for s in found] == [timedelta(minutes=1)] * 2 + [timedelta(minutes=5)] * 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[pause.a]\nwhat = "house"\n', "missing-key"),
        ('[pause.a]\nreason = "x"\n', "missing-key"),
        ('[pause.a]\nwhat = "hose"\nreason = "x"\n', "unknown-channel"),
        ('[pause.a]\nwhat = "campaign:"\nreason = "x"\n', "unknown-channel"),
        ('[pause.a]\nwhat = "house"\nreason = "x"\nuntil = "noon"\n', "bad-time"),
        ('[pause.a]\nwhat = "house"\nreason = "x"\nresume = "later"\n', "bad-value"),
        ('[pause.a]\nwhat = "house"\nreason = "x"\ngap = "soon"\n', "bad-duration"),
        ('[pause.a]\nwhat = "house"\nreason = "x"\n[pause.b]\nwhat = "house"\nreason = "y"\n', "duplicate-name"),
        ("[limits]\nmastodn = 2\n", "unknown-channel"),
        ("[limits]\nmastodon = 0\n", "bad-value"),
        ('[limits]\nmastodon = "2"\n', "wrong-type"),
        ('[alerts]\nslack = "https://hooks.example/T0"\n', "literal-secret"),
        ('[alerts]\nemail = ["ops@verne.example"]\n', "missing-key"),
        ("[budget]\nusd = 3\n", "bad-value"),
        ("[budget]\nUSD = -3\n", "bad-value"),
    ],
)
def test_mistakes(text: str, code: str) -> None:
    """Each has its own code, and the settings are not used."""
    assert code in codes(text)


def test_limits_alerts_budget() -> None:
    """A limit is of a network or a channel; a delivery must get a place in each that concerns it; nothing set is no limit."""
    found = read('[limits]\nmastodon = 2\nsite-feed = 1\n[alerts]\nwebhook = "env:HOOK"\n[budget]\nUSD = 2.5\n')
    assert found.limits.of("mastodon", "brand-mastodon") == ("network:mastodon",)
    assert found.limits.of("feed", "site-feed") == ("channel:site-feed",)
    assert read("").limits.of("mastodon", "brand-mastodon") == ()
    assert (found.alerts.webhook, found.budget) == ("env:HOOK", {"USD": Decimal("2.5")})


def test_listening() -> None:
    """How often what is out is looked at; a channel says for itself whether it is."""
    assert read("").listening == Listening(timedelta(days=7), 20)
    assert read('[listen]\nhourly = "36h"\nper_hour = 5\n').listening == Listening(timedelta(hours=36), 5)
    assert codes('[listen]\nhourly = "soon"\n') == ["bad-duration"]
    assert codes("[listen]\nper_hour = -1\n") == ["wrong-type"]
    channels = parse_settings(
        SETTINGS.replace('path = "public/feed"', 'path = "public/feed"\nlisten = false').encode()
    ).channels
    assert [channels[name].listen for name in ("site-feed", "brand-mastodon")] == [False, None]
