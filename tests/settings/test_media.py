"""The [media] of presstime.toml, assisted channels, and what `check` says of media that a network could not fetch."""

from dataclasses import replace

import pytest

from presstime.errors import SettingsError
from presstime.model import MediaRule, Traits
from presstime.networks.memory import TRAITS
from presstime.settings import Settings, check_networks, parse_settings
from presstime.settings.media import Media, is_inner

FETCHES = replace(TRAITS, public_media=True, title="Fetcher")
CHANNEL = '[newsroom]\ntimezone = "UTC"\n[channels.one]\nnetwork = "fetcher"\n'


def settings(audit: str, more: str = "") -> Settings:
    return parse_settings(f"{CHANNEL}{more}[audit]\n{audit}".encode(), "presstime.toml")


def problems(found: Settings, traits: Traits = FETCHES, **more: bool) -> list[tuple[str, str, int]]:
    return [(p.severity, p.code, p.line) for p in check_networks(found, lambda name: traits, **more)]


@pytest.mark.parametrize(
    "audit",
    [
        'embedded = ".presstime/s3"',
        'bucket = "verne"\nendpoint_url = "http://127.0.0.1:8333"',
        'bucket = "verne"\nendpoint_url = "http://192.168.1.7:9000"',
        'bucket = "verne"\nendpoint_url = "http://minio:9000"',
        'bucket = "verne"\n[media]\nendpoint_url = "http://[fd00::1]:9000"',
        'embedded = ".presstime/s3"\n[media]\nbucket = "verne-media"\nendpoint_url = "http://localhost:9"',
    ],
)
def test_a_bucket_that_the_outside_cannot_reach(audit: str) -> None:
    """A network that fetches media is told at its line, where the bucket is embedded or at an inner address."""
    assert problems(settings(audit)) == [("warning", "hidden-media", 4)]
    needed = replace(FETCHES, media=MediaRule(1, ("image/jpeg",), 1000, required=True))
    assert problems(settings(audit), needed) == [("error", "hidden-media", 4)]
    assert problems(settings(audit), TRAITS) == []


@pytest.mark.parametrize(
    "audit",
    [
        'bucket = "verne"',
        'bucket = "verne"\nendpoint_url = "https://s3.eu-west-3.amazonaws.com"',
        'embedded = ".presstime/s3"\n[media]\nbucket = "verne-media"',
        'bucket = "verne"\nendpoint_url = "http://10.0.0.1"\n[media]\nendpoint_url = "https://media.verne.example"',
    ],
)
def test_a_bucket_that_the_outside_can_reach(audit: str) -> None:
    """On AWS, or at a public address, for the log's bucket or for one of its own, nothing is said."""
    assert problems(settings(audit)) == []


def test_a_network_on_this_machine_reaches_what_is_here() -> None:
    """A sandbox fetches from the embedded server, whether the channel names it or it stands in for all networks."""
    here = settings('embedded = ".presstime/s3"', 'base_url = "http://127.0.0.1:8480/fetcher"\n')
    assert problems(here) == []
    assert problems(settings('embedded = ".presstime/s3"'), sandboxed=True) == []


def test_media_settings() -> None:
    """The table is read whole; a table that leads to no bucket at all is an error at its place."""
    found = settings('embedded = "x"\n[media]\nbucket = "verne-media"\nregion = "eu-west-3"')
    assert found.media == Media("verne-media", None, "eu-west-3")
    with pytest.raises(SettingsError) as caught:
        settings('embedded = "x"\n[media]\nregion = "eu-west-3"')
    assert [(p.line, p.code) for p in caught.value.problems] == [(7, "missing-key")]
    with pytest.raises(SettingsError, match=r"media\.bucket 'V' is not a name"):
        settings('bucket = "verne"\n[media]\nbucket = "V"')


@pytest.mark.parametrize(
    ("url", "inner"),
    [
        ("http://localhost:8333", True),
        ("http://s3.localhost", True),
        ("http://printer.local/", True),
        ("https://[::1]/", True),
        ("http://169.254.169.254/", True),
        ("https://s3.eu-west-3.amazonaws.com", False),
        ("https://8.8.8.8/", False),
        ("https://localhost.example", False),
    ],
)
def test_inner_addresses(url: str, inner: bool) -> None:
    """What leads no further than this machine or network is known by its form alone."""
    assert is_inner(url) is inner


# --- assisted channels ------------------------------------------------------------------------------------------------


def test_an_assisted_channel_needs_nothing_of_the_network() -> None:
    """No adapter, credentials, account or public bucket is asked for where a person posts; a wrong option still is."""
    demanding = replace(FETCHES, needs_credentials=True, needs_account=True)
    direct = settings('embedded = "x"')
    assert {code for _, code, _ in problems(direct, demanding, can_send=lambda name: False)} == {  # type: ignore[arg-type]
        "not-yet",
        "hidden-media",
        "missing-credentials",
        "missing-account",
    }
    assisted = settings('embedded = "x"', 'mode = "assisted"\nbananas = 3\n')
    assert assisted.channels["one"].assisted
    found = problems(assisted, demanding, can_send=lambda name: False)  # type: ignore[arg-type]
    assert found == [("error", "unknown-option", 6)]


def test_not_yet_says_what_to_do() -> None:
    """Where nothing can be sent, the advice is to have it handed to a person."""
    found = check_networks(settings('bucket = "verne"'), lambda name: TRAITS, lambda name: False)
    assert 'mode = "assisted"' in found[0].advice


def test_a_mode_is_one_of_two() -> None:
    """A slip in `mode` is an error at its place: else a person would wait for nothing, or a machine post."""
    with pytest.raises(SettingsError) as caught:
        settings('bucket = "verne"', 'mode = "asisted"\n')
    assert [(p.line, p.code) for p in caught.value.problems] == [(5, "bad-value")]


def test_remind() -> None:
    """A person is reminded after an hour, unless the newsroom says otherwise; 0m: never."""
    seconds = [
        settings(f'bucket = "verne"\n[defaults]\n{line}').remind.total_seconds()
        for line in ("", 'remind = "30m"', 'remind = "0m"')
    ]
    assert seconds == [3600, 1800, 0]
    with pytest.raises(SettingsError, match="is not a length of time"):
        settings('bucket = "verne"\n[defaults]\nremind = "soon"')
