"""How a finished sentence is said in another language."""

import pytest

from presstime.language import Language, known
from presstime.language.phrases import Phrases

PHRASES = Phrases(
    {
        "there is no time zone {zone}": "il n’y a pas de fuseau {zone}",
        "Write a name such as Europe/Paris.": "Écrivez un nom comme Europe/Paris.",
        "refused: {reason:say}": "refusé\u00a0: {reason}",
        "refused for good: {reason:say}": "refusé pour de bon\u00a0: {reason}",
        "late by {span:time}": "en retard de {span}",
        "{count:n} posts": "{count} publications",
        "known: {names:list}": "connus\u00a0: {names}",
        "the edit{whose:say} was lost": "la modification{whose} a été perdue",
        "(for channel {name:q})": "(pour le canal {name})",
        "held": "retenu",
        ":": "\u00a0:",
        ";": "\u00a0;",
        "and": "et",
        "time\x04days": "jours",
        "month\x04Mar": "mars",
        "weekday\x04Tue": "mar.",
        "time\x04{day} {month} {year} {time}": "{day} {month} {year} à {time}",
        "number\x04,": "\u202f",
    }
)


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("there is no time zone 'X/Y'", "il n’y a pas de fuseau 'X/Y'"),
        (
            "there is no time zone X. Write a name such as Europe/Paris.",
            "il n’y a pas de fuseau X. Écrivez un nom comme Europe/Paris.",
        ),
        ("refused: there is no time zone X", "refusé\u00a0: il n’y a pas de fuseau X"),
        ("refused for good: late by 3 days", "refusé pour de bon\u00a0: en retard de 3 jours"),
        ("refused: 403 Forbidden by us", "refusé\u00a0: 403 Forbidden by us"),
        ("a.jpg: refused: x", "a.jpg\u00a0: refusé\u00a0: x"),
        ("late by 2 h 5 min; 12,345 posts", "en retard de 2 h 5 min\u00a0; 12\u202f345 publications"),
        ("late by 2026-03-24 09:00 UTC", "en retard de 24 mars 2026 à 09:00 UTC"),
        (
            "late by Tue 24 Mar 2026 09:00 +01:00 (Europe/Paris)",
            "en retard de mar. 24 mars 2026 à 09:00 +01:00 (Europe/Paris)",
        ),
        ("known: a, b and held", "connus\u00a0: a, b et held"),  # a single word of a list is a name
        ("the edit was lost", "la modification a été perdue"),
        ("the edit (for channel 'held') was lost", "la modification (pour le canal 'held') a été perdue"),
        ("held", "retenu"),
        ("  held\n    refused: x.\n", "  retenu\n    refusé\u00a0: x.\n"),
        ("refused: Tue 24 Mar 2026 09:00", "refusé\u00a0: mar. 24 mars 2026 à 09:00"),
        ("nothing that is known", "nothing that is known"),
        ("", ""),
    ],
)
def test_what_is_said(english: str, french: str) -> None:
    """Fixed words are translated, values are kept, reasons within reasons are translated in turn, and the rest stays."""
    assert PHRASES.say(english) == french


def test_a_name_is_never_translated() -> None:
    """A channel that is called like a word of ours keeps its name."""
    assert PHRASES.say("there is no time zone held") == "il n’y a pas de fuseau held"


def test_a_long_text_costs_nothing() -> None:
    """What is longer than any message is not looked at."""
    text = "refused: " + "x" * 5_000
    assert PHRASES.say(text) == text


def test_which_language_a_name_means() -> None:
    """A locale, a tag with a region, and a language that is not spoken here."""
    assert [known(name) for name in ("fr", "fr-CA", "fr_FR.UTF-8", "FR", "en_GB", "de", "C", "C.UTF-8", "")] == [
        "fr", "fr", "fr", "fr", "en", None, None, None, None,
    ]  # fmt: skip


def test_english_is_as_it_is_written() -> None:
    """English has no catalog, and nor has a language that is not there."""
    for name in ("en", "de", ""):
        assert Language(name).say("there is no time zone X") == "there is no time zone X"
