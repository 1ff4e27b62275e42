"""What a network does to words by itself is no change of them; what somebody does is one."""

import pytest

from presstime.networks.comparing import comparable, is_ours, sighting

LINK = "https://verne.example/lune?a=1"


@pytest.mark.parametrize(
    ("sent", "there"),
    [
        ("Le Nautilus", "Le Nautilus"),
        ("e\u0301te\u0301", "été"),
        ("Le  Nautilus\r\n\r\npart ", "Le Nautilus\npart"),
        ("5\u00a0€", "5 €"),
        ("\u200fשלום\u200b ☺\ufe0f", "שלום ☺"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("http://verne.example/", "https://verne.example"),
        (f"Lire {LINK} ici", "Lire https://lnkd.in/e4Xy_z1 ici"),
        (f"Lire ({LINK}).", "Lire (https://t.co/AbC123)."),
        (f"{LINK} et {LINK}/b", "https://lnkd.in/a et lnkd.in/b"),
        (f"À lire {LINK}", "À lire"),
        ("À lire #Lune #Été", "À lire"),
        (f"À lire #Lune {LINK} #Été", "À lire #Lune"),
        (LINK, ""),
        ("", ""),
    ],
)
def test_what_a_network_does(sent: str, there: str) -> None:
    """Spelling, signs nobody sees, short links, and what became a card or a topic at the end."""
    assert is_ours(sent, there)
    assert not sighting(sent, there).changed


@pytest.mark.parametrize(
    ("sent", "there"),
    [
        ("Le Nautilus", "Le Nautilus part"),
        ("Le Nautilus part", "Le Nautilus"),
        ("Le Nautilus", ""),
        ("", "Le Nautilus"),
        ("a b", "ab"),
        ("A", "a"),
        (f"À lire {LINK}", "À lire https://verne.example/mars"),
        (f"À lire {LINK} ici", "À lire ici"),
        ("À lire #Lune #Été", "À lire #Mars #Été"),
        ("#Lune est là", "est là"),
        ("Lire ici", "Lire https://lnkd.in/a ici"),
        (f"Lire {LINK} ici", "Lire https://lnkd.in/a là"),
        ("a.c (x*)", "abc xx"),
    ],
)
def test_what_somebody_does(sent: str, there: str) -> None:
    """A word more, less or other; a link or a tag that is another, or missing where something follows."""
    assert not is_ours(sent, there)
    assert sighting(sent, there).changed
    assert sighting(sent, there).text == there


def test_what_the_network_says_besides_is_a_change() -> None:
    """The words are ours, and readers do not see them."""
    found = sighting("Le Nautilus", "Le Nautilus", "nobody sees it")
    assert (found.changed, found.note) == (True, "nobody sees it")


def test_many_short_links_are_compared_in_no_time() -> None:
    """Each may stand for any link of ours."""
    sent = " ".join(f"{LINK}{n}" for n in range(60))
    there = " ".join(f"lnkd.in/{n}" for n in range(60))
    assert is_ours(sent, there)
    assert not is_ours(sent, f"{there} fin")
    assert comparable(sent).count(" ") == 59
