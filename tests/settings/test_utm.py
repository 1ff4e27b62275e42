"""The [utm] of presstime.toml: whose links are counted, and as what."""

import pytest

from presstime.errors import SettingsError
from presstime.settings import parse_settings
from presstime.settings.utm import Utm

BASE = '[newsroom]\ntimezone = "UTC"\n'
LINKED = BASE + '[content]\nlink = "https://www.verne.example/{id}"\n'
FIELDS = {"network": "x", "channel": "brand-x", "campaign": "spring {post}", "post": "launch"}


def utm(text: str) -> Utm | None:
    return parse_settings(text.encode()).utm


def codes(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text.encode())
    return [problem.code for problem in caught.value.problems]


def test_off_unless_it_is_there() -> None:
    """Without the table nothing is counted; an empty one is enough to begin."""
    assert utm(LINKED) is None
    found = utm(LINKED + "[utm]\n")
    assert found is not None
    assert found.sites == {"verne.example"}
    assert found.parameters(**FIELDS) == (
        ("utm_source", "x"),
        ("utm_medium", "social"),
        ("utm_campaign", "spring {post}"),
        ("utm_content", "brand-x"),
    )


def test_each_parameter_is_a_pattern() -> None:
    """Words and fields, in any order; what a field holds is not read again."""
    found = utm(
        LINKED + '[utm]\nsource = "{network}/{channel}"\nmedium = "posts"\nsites = ["a.example", "B.example"]\n'
    )
    assert found is not None
    assert found.sites == {"a.example", "b.example"}
    assert dict(found.parameters(**FIELDS))["utm_source"] == "x/brand-x"
    assert dict(found.parameters(**FIELDS))["utm_medium"] == "posts"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (BASE + "[utm]\n", ["missing-key"]),
        (BASE + '[content]\nlink = "https://{language}.verne.example/{id}"\n[utm]\n', ["missing-key"]),
        (LINKED + '[utm]\nsource = "{netwrok}"\n', ["bad-value"]),
        (LINKED + '[utm]\nsites = ["https://verne.example/"]\n', ["bad-value"]),
        (LINKED + "[utm]\nmedium = 5\n", ["wrong-type"]),
    ],
)
def test_mistakes_are_told(text: str, found: list[str]) -> None:
    """No site, a field that nothing fills, an address for a host name, a value of another type."""
    assert codes(text) == found
