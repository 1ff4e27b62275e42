"""The table of what networks can do says what the code says, and README.md has it."""

from datetime import timedelta

import pytest

from presstime import networks
from presstime.model import MediaRule, Metric, MovingRule, Price, Settling, TextRule, Traits
from tests.networks.capabilities import COLUMNS, MARKS, README, everything, section, tables

PLAIN = Traits("memory", "Plain", Settling.NONE, TextRule(500, "characters"))
MOVES = MovingRule(("image/gif",), 1)


def test_the_readme_says_what_networks_can_do() -> None:
    """The table is generated; `python -m tests.networks.capabilities` writes it anew."""
    assert all(README.read_text().count(mark) == 1 for mark in MARKS)
    assert section() == tables(everything())


def test_every_network_has_a_row() -> None:
    """Each that a channel may name, but for the twin of tests, in one of the two tables: the other says less, since nobody but
    an adapter edits, reads back or counts."""
    found = [traits.network for traits in everything()]
    assert sorted(found) == sorted(set(networks.BUILT_IN) - {"memory"})
    sent, _, others = tables(everything()).partition("\n\nRendered")
    for traits in everything():
        row = f"| {traits.title} |"
        assert (row in sent, row in others) == (
            networks.can_send(traits.network),
            not networks.can_send(traits.network),
        )
    assert "read back" in sent.partition("\n")[0]
    assert "read back" not in others


@pytest.mark.parametrize(
    ("column", "given", "cell"),
    [
        ("a lost reply is settled by", {}, "a person looks"),
        ("a lost reply is settled by", {"settling": Settling.KEYED, "key_window": timedelta(hours=2)}, "a key, 2 h"),
        (
            "a lost reply is settled by",
            {"settling": Settling.KEYED, "key_window": timedelta(minutes=2)},
            "a key, 2 min",
        ),
        ("text", {"text": TextRule(280, "weighted", url_weight=23)}, "280 X's characters"),
        ("text", {"text": TextRule(300, "graphemes", max_bytes=3000)}, "300 graphemes, 3,000 bytes"),
        ("text", {"caption": TextRule(1024, "scalars")}, "500 characters; 1,024 with media"),
        ("text", {"limits": frozenset({"characters"})}, "500 characters; or as the channel says"),
        ("text", {"text": TextRule(1_000_000, "characters")}, "no limit"),
        ("pictures", {}, "–"),
        ("pictures", {"media": MediaRule(4, ("image/png",), 1)}, "4"),
        ("pictures", {"media": MediaRule(5, ("image/png",), 1, required=True)}, "1 to 5"),
        ("alt text", {"media": MediaRule(4, ("image/png",), 1)}, "yes"),
        ("alt text", {"media": MediaRule(4, ("image/png",), 1, alt_limit=1500)}, "1,500"),
        ("alt text", {"media": MediaRule(4, ("image/png",), 1, alt_limit=0)}, "–"),
        ("GIF, video", {"media": MediaRule(4, ("image/gif",), 1)}, "GIF"),
        ("GIF, video", {"media": MediaRule(4, ("image/png",), 1, animation=MOVES, video=MOVES)}, "GIF, video"),
        ("GIF, video", {"media": MediaRule(4, ("image/png",), 1)}, "–"),
        ("own link card", {"card": True}, "yes"),
        ("threads", {"threads": True}, "yes"),
        ("edited", {"edits": frozenset({"text", "media"})}, "media, text"),
        ("taken down", {}, "–"),
        ("taken down", {"can_retract": True}, "yes"),
        ("taken down", {"can_retract": True, "retract_window": timedelta(hours=48)}, "for 48 h"),
        ("read back", {"can_find": True, "can_look": True}, "yes"),
        ("read back", {"can_find": True}, "lost replies"),
        ("read back", {"can_look": True}, "drift"),
        ("read back", {}, "–"),
        ("counted", {"metrics": frozenset({Metric.VIEWS, Metric.LIKES})}, "likes, views"),
        ("replies", {"can_hear": True}, "yes"),
        ("price", {"price": Price(0.015, 0.2)}, "$0.015, with a link $0.200"),
        ("price", {"price": Price(0.1, 0.2, look=0.005)}, "$0.100, with a link $0.200, a look $0.005"),
        ("price", {"price": Price(1, 2, "CHF")}, "CHF 1.000, with a link CHF 2.000"),
    ],
)
def test_what_a_cell_says(column: str, given: dict[str, object], cell: str) -> None:
    """Each trait in words."""
    fields = {name: getattr(PLAIN, name) for name in ("network", "title", "settling", "text")}
    assert COLUMNS[column](Traits(**{**fields, **given})) == cell  # type: ignore[arg-type]
